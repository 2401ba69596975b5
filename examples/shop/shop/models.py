"""What the shop talks about: items, receipts, and the things that go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Item:
    key: str
    name: str
    kind: str
    price: int
    left: int

    @classmethod
    def from_row(cls, key: str, row: dict[str, Any]) -> Item:
        return cls(key=key, name=row["name"], kind=row["kind"], price=row["price"], left=row["left"])


@dataclass(frozen=True)
class Receipt:
    number: int
    who: str
    item: Item
    pieces: int
    cost: int

    def line(self) -> str:
        return f"#{self.number:03} {self.pieces} x {self.item.name} for {self.cost} coins"


class ShopError(Exception):
    """Something to tell the customer."""


class NoSuchItem(ShopError):
    def __init__(self, key: str) -> None:
        super().__init__(f"we have no {key}")


class SoldOut(ShopError):
    def __init__(self, name: str) -> None:
        super().__init__(f"the last {name} is gone")


class TooPoor(ShopError):
    def __init__(self, coins: int, cost: int) -> None:
        super().__init__(f"that costs {cost} coins, you have {coins}")
