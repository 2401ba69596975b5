"""Where everything is kept. Slow, as a disk is, and safe to use from any thread."""

import threading


class Persistence:
    def __init__(self) -> None:
        self._rows: dict[str, object] = {}
        self._lock = threading.Lock()

    def get_row(self, key: str):
        with self._lock:
            return self._rows.get(key)

    def put_row(self, key: str, row) -> None:
        with self._lock:
            self._rows[key] = row

    def list_keys(self, prefix: str) -> list[str]:
        with self._lock:
            return sorted(key for key in self._rows if key.startswith(prefix))
