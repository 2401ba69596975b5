from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock, PropertyMock

from shop.backup import Daybook
from shop.till import Till


def test_the_opening_page(app):
    assert app.state.daybook.pages == ["opening: 4 kinds of goods, 50 coins"]


def test_pages_from_threads(persistence):
    daybook = Daybook(persistence, Till(persistence))
    with ThreadPoolExecutor(max_workers=2) as pool:
        pages = list(pool.map(daybook.write_page, ["one", "two"]))
    assert pages == ["one: 4 kinds of goods, 50 coins", "two: 4 kinds of goods, 50 coins"]


def test_the_balance_is_a_property():
    till = Mock()
    type(till).balance = PropertyMock(return_value=3)
    persistence = Mock()
    persistence.list_keys.return_value = []
    assert Daybook(persistence, till).write_page("empty") == "empty: 0 kinds of goods, 3 coins"
