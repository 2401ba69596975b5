"""Puts the shop together. Everything ends up on `app.state`."""

from types import SimpleNamespace
from typing import Any

from .backup import Daybook
from .catalog import Catalog
from .customers import CustomerService
from .delivery import Courier
from .notices import Mailbox
from .orders import OrderService
from .persistence import Persistence
from .pricing import FriendPricer
from .seed import stocked
from .stock import StockService
from .tick import Crier, Ticker
from .till import Till


class App:
    def __init__(self) -> None:
        self.state: Any = SimpleNamespace()


def build_app(persistence: Persistence | None = None) -> App:
    app = App()
    state = app.state
    state.persistence = persistence or stocked()
    state.catalog = Catalog(state.persistence)
    state.stock = StockService(state.persistence)
    state.customers = CustomerService(state.persistence)
    state.till = Till(state.persistence)
    state.mailbox = Mailbox(state.persistence)
    state.courier = Courier(state.persistence)
    state.orders = OrderService(
        persistence=state.persistence,
        stock=state.stock,
        pricer=FriendPricer(state.persistence),
        customers=state.customers,
        till=state.till,
        notifier=state.mailbox,
    )
    state.daybook = Daybook(state.persistence, state.till)
    state.ticker = Ticker(state.persistence, state.stock, Crier(state.mailbox))
    state.daybook.open_in_background()
    return app
