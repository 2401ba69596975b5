"""Item names, read once: the constructor warms the cache."""

from .persistence import Persistence


class Catalog:
    def __init__(self, persistence: Persistence) -> None:
        self.persistence = persistence
        self._names: dict[str, str] = {}
        self.refresh_names()

    def refresh_names(self) -> int:
        """Reads all names again and returns how many there are."""
        names = {}
        for key in self.persistence.list_keys("items"):
            row = self.persistence.get_row("items", key)
            names[key] = row["name"] if row else key
        self._names = names
        return len(names)

    def title_of(self, key: str) -> str:
        return self._names.get(key, key).title()
