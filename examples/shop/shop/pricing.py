"""What a piece costs: an abstract base and its implementations."""

from abc import ABC, abstractmethod

from .models import NoSuchItem
from .persistence import Persistence


class Pricer(ABC):
    @abstractmethod
    def price_for(self, who: str, key: str) -> int:
        """The price of one piece, in coins."""

    def price_tag(self, who: str, key: str) -> str:
        return f"{self.price_for(who, key)}c"


class ListPricer(Pricer):
    """The price that is written in the book."""

    def __init__(self, persistence: Persistence) -> None:
        self.shop_persistence = persistence

    def price_for(self, who: str, key: str) -> int:
        row = self.shop_persistence.get_row("items", key)
        if row is None:
            raise NoSuchItem(key)
        return row["price"]


class FriendPricer(ListPricer):
    """Friends of the house pay a fifth less."""

    def price_for(self, who: str, key: str) -> int:
        full = super().price_for(who, key)
        friend = (self.shop_persistence.get_row("customers", who) or {}).get("friend", False)
        return full - full // 5 if friend else full

    def price_tag(self, who: str, key: str) -> str:
        return super().price_tag(who, key) + " for you"


class GiftPricer(Pricer):
    """On the night of lanterns everything is free."""

    def price_for(self, who: str, key: str) -> int:
        return 0
