import asyncio
from unittest.mock import MagicMock, Mock

from shop.notices import Pocket
from shop.tick import Crier, Ticker


def test_ticks_fill_the_shelves(persistence, stock):
    async def day():
        pocket = Pocket()
        crier = Crier(pocket)
        filled = await Ticker(persistence, stock, crier).run_ticks(3)
        await crier.silence()
        return filled, pocket.notes

    filled, notes = asyncio.run(day())
    assert filled == 1
    assert notes == [("everyone", "fresh spare wick, in round 1!")]


async def test_the_crier_keeps_the_order():
    notifier = Mock()
    crier = Crier(notifier)
    for text in ("one", "two", "three"):
        crier.announce(text)
    await crier.silence()
    assert [call.args[1] for call in notifier.deliver_note.call_args_list] == ["one", "two", "three"]


def test_fill_up():
    persistence, stock = Mock(), MagicMock()
    persistence.list_keys.return_value = ["lamp", "rope"]
    stock.find_item.side_effect = lambda key: Mock(left=len(key) - 4)
    ticker = Ticker(persistence, stock, Mock())
    assert len(ticker.fill_up(at_least=1)) == 2
    stock.put_back.assert_called_with("rope", pieces=12)
