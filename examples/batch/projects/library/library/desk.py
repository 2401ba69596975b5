"""What readers ask for at the desk, one coroutine a question."""

from .shelf import Shelf


class Desk:
    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    async def ask_for(self, title: str, reader: str) -> str:
        if not self.shelf.lend(title, reader):
            return f"{title} is lent already"
        return f"{title} for {reader}"

    async def show_titles(self) -> str:
        return ", ".join(self.shelf.titles())
