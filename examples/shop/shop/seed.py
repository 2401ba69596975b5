"""The rows that a new shop opens with."""

from .persistence import Persistence

TABLES = {
    "items": {
        "cloak": {"name": "moth-grey cloak", "kind": "wear", "price": 12, "left": 2},
        "lamp": {"name": "crooked lamp", "kind": "light", "price": 7, "left": 3},
        "rope": {"name": "elven rope", "kind": "gear", "price": 5, "left": 9},
        "wick": {"name": "spare wick", "kind": "light", "price": 1, "left": 0},
    },
    "customers": {
        "mira": {"name": "Mira", "coins": 30, "friend": True, "keeper": False},
        "odo": {"name": "Odo", "coins": 99, "friend": True, "keeper": True},
        "pell": {"name": "Pell", "coins": 6, "friend": False, "keeper": False},
    },
    "till": {"main": {"coins": 50}},
}


def stocked() -> Persistence:
    return Persistence(TABLES)
