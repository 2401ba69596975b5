"""What lies on the shelves. Typed throughout."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .models import Item, NoSuchItem, SoldOut
from .persistence import Persistence


class StockService:
    def __init__(self, persistence: Persistence) -> None:
        self.persistence = persistence
        self._lock = threading.Lock()

    def find_item(self, key: str) -> Item | None:
        row = self.persistence.get_row("items", key)
        return Item.from_row(key, row) if row else None

    def walk_items(self, kind: str | None = None) -> Iterator[Item]:
        """Yields the items of one kind, or all, in the order of their keys."""
        for key in self.persistence.list_keys("items"):
            item = self.find_item(key)
            if item is not None and kind in (None, item.kind):
                yield item

    def shelf_of(self, kind: str | None = None) -> list[str]:
        return [f"{item.name} ({item.left})" for item in self.walk_items(kind)]

    def total_worth(self) -> int:
        return sum(item.price * item.left for item in self.walk_items())

    def take_item(self, key: str, pieces: int = 1) -> int:
        """Takes pieces off the shelf and returns how many are left."""
        return self._change_left(key, -pieces)

    def put_back(self, key: str, pieces: int = 1) -> int:
        return self._change_left(key, +pieces)

    @contextmanager
    def on_the_counter(self, key: str) -> Iterator[Item]:
        """Lays one piece on the counter while a customer looks at it."""
        item = self.find_item(key)
        if item is None:
            raise NoSuchItem(key)
        self.take_item(key)
        try:
            yield item
        finally:
            self.put_back(key)

    def look_closely(self, key: str) -> str:
        with self.on_the_counter(key) as item:
            remaining = self.find_item(key)
            return f"{item.name}, {item.price} coins, {remaining.left if remaining else 0} more on the shelf"

    def _change_left(self, key: str, by: int) -> int:
        # Read and write belong together: nobody may come in between.
        with self._lock:
            row = self.persistence.get_row("items", key)
            if row is None:
                raise NoSuchItem(key)
            if row["left"] + by < 0:
                raise SoldOut(row["name"])
            row["left"] += by
            self.persistence.put_row("items", key, row)
            return row["left"]
