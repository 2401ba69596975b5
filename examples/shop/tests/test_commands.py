import asyncio
from types import SimpleNamespace
from unittest.mock import Mock, patch

import pytest

from shop.commands import Counter


@pytest.fixture
def counter(app):
    return Counter(app)


@pytest.mark.parametrize(
    ("who", "line", "answer"),
    [
        ("mira", "hello", "Welcome to the Crooked Lantern, Mira!"),
        ("mira", "buy lamp 2", "#001 2 x crooked lamp for 12 coins"),
        ("mira", "buy wick", "Sorry, the last spare wick is gone."),
        ("pell", "buy cloak", "Come back when you have the coins."),
        ("pell", "worth", "Pardon?"),
        ("odo", "worth", "the shelves hold 90 coins, 50 coins in the till"),
        ("odo", "names", "4 names in the book"),
        ("odo", "page noon", "noon: 4 kinds of goods, 50 coins"),
        ("zed", "purse", "Sorry, nobody here is called zed."),
    ],
)
async def test_lines(counter, who, line, answer):
    assert await counter.say(who, line) == answer


async def test_send(counter):
    with patch("shop.commands.send_parcel", return_value="sent") as send:
        assert await counter.say("mira", "send lamp") == "sent"
    send.assert_called_once_with(counter.app.state.courier, "mira", "lamp", pause=0.001)


def test_with_its_own_loop():
    customers = Mock(greet=Mock(side_effect=lambda who: f"hi {who}"))
    counter = Counter(SimpleNamespace(state=SimpleNamespace(customers=customers)))
    assert asyncio.run(counter.say("mira", "hello")) == "hi mira"
