import pytest

from shop.app import build_app
from shop.seed import stocked
from shop.stock import StockService


@pytest.fixture
def persistence():
    return stocked()


@pytest.fixture
def stock(persistence):
    return StockService(persistence)


@pytest.fixture
def app(persistence):
    return build_app(persistence)


@pytest.fixture
def sold_out(stock):
    """The shop after somebody bought every lamp, and restocked afterwards."""
    taken = stock.find_item("lamp").left
    stock.take_item("lamp", taken)
    yield stock
    stock.put_back("lamp", taken)
