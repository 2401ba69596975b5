"""Notes to customers. Two classes fit the protocol, neither names it as its base."""

from typing import Protocol

from .persistence import Persistence


class Notifier(Protocol):
    def deliver_note(self, who: str, text: str) -> int: ...


class Mailbox:
    """Keeps the notes with the customer's other rows."""

    def __init__(self, persistence: Persistence) -> None:
        self.persistence = persistence

    def deliver_note(self, who: str, text: str) -> int:
        number = self.persistence.add_to("counters", f"notes/{who}", "last", 1)
        self.persistence.put_row("notes", f"{who}/{number:03}", {"text": text})
        return number

    def notes_of(self, who: str) -> list[str]:
        return [
            row["text"]
            for key in self.persistence.list_keys("notes", prefix=f"{who}/")
            if (row := self.persistence.get_row("notes", key)) is not None
        ]


class Pocket:
    """Remembers the notes and tells nobody. For tests and quiet evenings."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []

    def deliver_note(self, who: str, text: str) -> int:
        self.notes.append((who, text))
        return len(self.notes)
