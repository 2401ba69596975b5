"""Parcels get a number and a place."""

from .persistence import Persistence


class Counter:
    def __init__(self, persistence: Persistence) -> None:
        self.persistence = persistence

    def next_number(self) -> int:
        """Reads, adds and writes back: right only while nothing else runs in between."""
        number = (self.persistence.get_row("last") or 0) + 1
        self.persistence.put_row("last", number)
        return number

    def place_of(self, number: int) -> str | None:
        return self.persistence.get_row(f"parcel/{number}")

    def put(self, number: int, place: str) -> None:
        self.persistence.put_row(f"parcel/{number}", place)


async def accept(counter: Counter, place: str) -> int:
    number = counter.next_number()
    counter.put(number, place)
    return number


async def hand_out(counter: Counter, number: int) -> str:
    return counter.place_of(number) or "unknown"
