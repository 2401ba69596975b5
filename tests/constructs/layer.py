"""A blocking layer. It logs its calls, and under STRICT it fails on a thread that runs an event loop."""

import asyncio
import os

LOG = []


class Persistence:
    def __init__(self, rows=None):
        self.rows = dict(
            rows
            or {
                "a": {"name": "Ann", "room": "hall", "tags": ["x", "y"]},
                "b": {"name": "Bob", "room": "attic", "tags": []},
                "hall": {"name": "Hall", "exits": ["attic"]},
                "attic": {"name": "Attic", "exits": []},
            }
        )

    def _enter(self, name, *args):
        if os.environ.get("STRICT"):
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                pass
            else:
                raise AssertionError(f"{name} blocks the event loop")
        LOG.append(" ".join([name, *map(str, args)]))

    def get_player(self, key):
        self._enter("get_player", key)
        return self.rows.get(key)

    def get_room(self, key, *, deep=False):
        self._enter("get_room", key, deep)
        return self.rows.get(key)

    def list_keys(self):
        self._enter("list_keys")
        return sorted(self.rows)

    def save_player(self, key, row):
        self._enter("save_player", key)
        self.rows[key] = row
        return True

    def save_many(self, rows):
        rows = list(rows)
        self._enter("save_many", len(rows))
        for key, row in rows:
            self.rows[key] = row
        return len(rows)

    def is_admin(self, key):
        self._enter("is_admin", key)
        return key == "a"


def get_persistence():
    return Persistence()
