"""Orders: where all the other services meet."""

from typing import Any

from .models import NoSuchItem, Receipt, TooPoor
from .notices import Notifier
from .persistence import Persistence
from .pricing import Pricer
from .stock import StockService
from .till import Till


class OrderService:
    def __init__(
        self,
        persistence: Persistence,
        stock: StockService,
        pricer: Pricer,
        customers: Any,
        till: Till,
        notifier: Notifier,
    ) -> None:
        self._persistence = persistence
        self.stock = stock
        self.pricer = pricer
        self.customers = customers
        self.till = till
        self.notifier = notifier

    def quote_price(self, who: str, key: str, pieces: int = 1) -> int:
        return self.pricer.price_for(who, key) * pieces

    async def async_quote_price(self, who: str, key: str, pieces: int = 1) -> int:
        return self.quote_price(who, key, pieces)

    def place_order(self, who: str, key: str, pieces: int = 1) -> Receipt:
        item = self.stock.find_item(key)
        if item is None:
            raise NoSuchItem(key)
        cost = self.quote_price(who, key, pieces)
        if (coins := self.customers.coins_of(who)) < cost:
            raise TooPoor(coins, cost)
        self.stock.take_item(key, pieces)
        self.customers.pay_coins(who, cost)
        self.till.take_in(cost)
        number = self._persistence.add_to(
            "counters",
            "orders",  # Orders are numbered from 1.
            field="last",
            amount=1,
        )
        receipt = Receipt(number, who, item, pieces, cost)
        self._persistence.put_row("orders", f"{number:03}", {"who": who, "line": receipt.line()})
        self.notifier.deliver_note(who, f"Thank you for {pieces} x {item.name}.")
        return receipt

    def history_of(self, who: str) -> list[str]:
        rows = [self._persistence.get_row("orders", key) for key in self._persistence.list_keys("orders")]
        return [row["line"] for row in rows if row and row["who"] == who]

    def spent_by(self, who: str, *, nothing: str = "nothing yet") -> str:
        lines = self.history_of(who)
        return f"{who}: {len(lines)} order{'s' if len(lines) != 1 else ''}" if lines else f"{who}: {nothing}"
