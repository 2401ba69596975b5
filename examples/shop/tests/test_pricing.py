import pytest

from shop.models import NoSuchItem
from shop.pricing import FriendPricer, GiftPricer, ListPricer


def tag(pricer, who):
    """A helper between the tests and the code."""
    return pricer.price_tag(who, "cloak")


@pytest.mark.parametrize(
    ("make", "expected"),
    [(ListPricer, "12c"), (FriendPricer, "10c for you"), (lambda _: GiftPricer(), "0c")],
)
def test_tags(persistence, make, expected):
    assert tag(make(persistence), "mira") == expected


def test_strangers_pay_the_full_price(persistence):
    assert FriendPricer(persistence).price_for("zed", "cloak") == 12


def test_no_such_item(persistence):
    with pytest.raises(NoSuchItem):
        FriendPricer(persistence).price_for("mira", "crown")


def test_the_tag_shows_the_price(monkeypatch, persistence):
    pricer = ListPricer(persistence)
    monkeypatch.setattr(pricer, "price_for", lambda who, key: 99)
    assert pricer.price_tag("mira", "cloak") == "99c"
