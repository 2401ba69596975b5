"""The till. Its balance is a property, and reading it asks the persistence layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .persistence import Persistence


class Till:
    def __init__(self, persistence: Persistence) -> None:
        self.persistence = persistence

    @property
    def balance(self) -> int:
        row = self.persistence.get_row("till", "main")
        return row["coins"] if row else 0

    def take_in(self, coins: int) -> int:
        return self.persistence.add_to("till", "main", "coins", coins)

    def describe_till(self) -> str:
        return f"{self.balance} coins in the till"
