"""Books and who has them."""

from .persistence import Persistence


class Shelf:
    def __init__(self, persistence: Persistence) -> None:
        self.persistence = persistence

    def is_lent(self, title: str) -> bool:
        row = self.persistence.get_row(f"book/{title}")
        return row is not None and row["reader"] is not None

    def lend(self, title: str, reader: str) -> bool:
        if self.is_lent(title):
            return False
        self.persistence.put_row(f"book/{title}", {"reader": reader})
        return True

    def titles(self) -> list[str]:
        return [key.removeprefix("book/") for key in self.persistence.list_keys("book/")]
