"""The blocking layer of every generated program. It is copied into each program and never converted (`keep_sync`).

What it does is the driver's business: `PROBE` records each call and answers it with a number. Nothing here names an event loop, a context or a
lock, so that a tool that reads this file sees plain blocking functions.
"""

PROBE = None  # the driver's recorder


class LayerError(Exception):
    pass


def _enter(name, *args):
    return PROBE(name, args)


class Persistence:
    """Every public method blocks."""

    def count(self, key):
        return _enter("count", key)

    def get(self, key, default=0, *, deep=False):
        return _enter("get", key, default, deep)

    def name(self, key):
        return f"n{_enter('name', key)}"

    def is_admin(self, key):
        return _enter("is_admin", key) % 2 == 0

    def keys(self, key):
        value = _enter("keys", key)
        return [value % 7, value % 5, value % 3][: value % 3 + 1]

    def row(self, key):
        value = _enter("row", key)
        return {"v": value, "w": value % 11, "name": f"r{value}", "keys": [value % 4, value % 9]}

    def save(self, key, value=0, *more):
        return _enter("save", key, value, *more)

    def save_many(self, rows):
        return _enter("save_many", *rows)

    def risky(self, key):
        value = _enter("risky", key)
        if value % 3 == 0:
            raise LayerError(f"no row {key}")
        return value


def get_persistence():
    return Persistence()


def fetch_row(key):
    """A blocking function outside of the class, for the codemod's `function` entries."""
    return _enter("fetch_row", key)
