"""The blocking layer: rows in memory, behind the interface of a slow database client.

Set STRICT=1 to make every call refuse to run on a thread that runs an event loop.
"""

import asyncio
import copy
import os
import threading
from typing import Any

Row = dict[str, Any]


class Persistence:
    def __init__(self, tables: dict[str, dict[str, Row]] | None = None) -> None:
        self._tables = copy.deepcopy(tables or {})
        self._mutex = threading.Lock()
        self.calls = 0

    def _enter(self, name: str) -> None:
        if os.environ.get("STRICT") == "1":
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                pass
            else:
                raise AssertionError(f"persistence.{name} blocks the event loop")
        with self._mutex:
            self.calls += 1

    def get_row(self, table: str, key: str) -> Row | None:
        self._enter("get_row")
        return copy.deepcopy(self._tables.get(table, {}).get(key))

    def put_row(self, table: str, key: str, row: Row) -> None:
        self._enter("put_row")
        self._tables.setdefault(table, {})[key] = copy.deepcopy(row)

    def list_keys(self, table: str, *, prefix: str = "") -> list[str]:
        self._enter("list_keys")
        return sorted(key for key in self._tables.get(table, {}) if key.startswith(prefix))

    def add_to(self, table: str, key: str, field: str, amount: int) -> int:
        """Adds to a number and returns the new value."""
        self._enter("add_to")
        with self._mutex:
            row = self._tables.setdefault(table, {}).setdefault(key, {})
            row[field] = row.get(field, 0) + amount
            return row[field]
