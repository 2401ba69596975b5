"""What a customer can type at the counter."""

from typing import Any

from .delivery import send_parcel
from .models import ShopError


class Counter:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def say(self, who: str, line: str) -> str:
        try:
            return self._dispatch(who, line)
        except ShopError as error:
            return f"Sorry, {error}."

    def _dispatch(self, who: str, line: str) -> str:
        state = self.app.state
        match line.split():
            case ["hello"]:
                return state.customers.greet(who)
            case ["look"]:
                return ", ".join(state.stock.shelf_of())
            case ["look", key]:
                return state.stock.look_closely(key)
            case ["buy", key, *rest]:
                return self._buy(who, key, int(rest[0]) if rest else 1)
            case ["purse"]:
                return f"{state.customers.coins_of(who)} coins"
            case ["send", key]:
                return send_parcel(
                    state.courier,
                    who,
                    key,
                    pause=0.001,  # They live next door.
                )
            case ["names"] if state.customers.is_keeper(who):
                return f"{state.catalog.refresh_names()} names in the book"
            case ["worth"] if state.customers.is_keeper(who):
                return f"the shelves hold {state.stock.total_worth()} coins, {state.till.describe_till()}"
            case ["page", title] if state.customers.is_keeper(who):
                return state.daybook.write_page(title)
            case _:
                return "Pardon?"

    def _buy(self, who: str, key: str, pieces: int) -> str:
        orders = self.app.state.orders
        if orders.quote_price(who, key, pieces) > self.app.state.customers.coins_of(who) and not self._is_friend(who):
            return "Come back when you have the coins."
        return orders.place_order(who, key, pieces).line()

    def _is_friend(self, who: str) -> bool:
        row = self.app.state.persistence.get_row("customers", who)
        return row is not None and row["friend"]
