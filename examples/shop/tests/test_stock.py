import pytest

from shop.models import Item, NoSuchItem, SoldOut


def test_find_item(stock):
    assert stock.find_item("rope") == Item("rope", "elven rope", "gear", 5, 9)
    assert stock.find_item("crown") is None


@pytest.mark.parametrize(
    ("kind", "keys"),
    [(None, ["cloak", "lamp", "rope", "wick"]), ("light", ["lamp", "wick"]), ("food", [])],
)
def test_walk_items(stock, kind, keys):
    assert [item.key for item in stock.walk_items(kind)] == keys


def test_walk_items_one_by_one(stock):
    first = next(iter(stock.walk_items()))
    assert first.key == "cloak"


def test_take_and_put_back(stock):
    assert stock.take_item("rope", 4) == 5
    assert stock.put_back("rope") == 6


def test_the_last_one_is_gone(sold_out):
    with pytest.raises(SoldOut, match="crooked lamp"):
        sold_out.take_item("lamp")


def test_the_counter_gives_back_what_it_took(stock):
    with pytest.raises(ZeroDivisionError):
        with stock.on_the_counter("lamp") as item:
            assert item.left == 3
            assert stock.find_item("lamp").left == 2
            1 / 0
    assert stock.find_item("lamp").left == 3


def test_look_closely_at_nothing(stock):
    with pytest.raises(NoSuchItem):
        stock.look_closely("crown")


class TestWorth:
    def test_total(self, stock):
        assert stock.total_worth() == 24 + 21 + 45

    def test_total_after_a_sale(self, stock):
        before = stock.total_worth()
        stock.take_item("cloak")
        assert before - stock.total_worth() == 12
