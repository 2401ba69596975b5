"""The blocking layer of every generated program: it logs its calls per task, and its answers depend on their order.

It is copied into each program and never converted (`keep_sync`). A call made twice gives two different answers, so a program
that makes its calls in another order prints something else. STRICT=1 refuses a call on a thread that runs an event loop
(BaseException, so that no handler of the program hides it); STRICT=record notes it and goes on.
"""
import asyncio
import contextvars
import os
import sys
import threading
import zlib

TAG = contextvars.ContextVar("tag", default="main")  # the task (or thread) that a call belongs to; the driver sets it
LOG = []  # (tag, call)
BLOCKED = []  # calls made on a running loop, with the lines that led there
DEMAND = set()  # (file, qualified name) of sync functions seen between the loop and the layer
_COUNT = {}
_STRICT = os.environ.get("STRICT", "")
_ORDERED = not os.environ.get("FUZZ_UNORDERED")
_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class BlocksTheLoop(BaseException):
    pass


class LayerError(Exception):
    pass


def _stack():
    """Project frames from the layer's caller up to the coroutine that the loop runs: (file, name, line, is_async)."""
    frame, found = sys._getframe(2), []
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(_HERE) and not code.co_filename.endswith(("layer.py", "driver.py")):
            is_async = bool(code.co_flags & 0x280)  # coroutine, async generator
            found.append((code.co_filename[len(_HERE):], code.co_qualname, frame.f_lineno, is_async))
            if is_async:
                break
        frame = frame.f_back
    return found


def _enter(name, *args):
    """Log a call and answer it with a number that depends on the arguments and on how often the task called before."""
    tag = TAG.get()
    stack = _stack()
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        on_loop = False
    else:
        on_loop = True
    if on_loop and _STRICT:
        BLOCKED.append((name, [f"{file}:{line} {qualname}" for file, qualname, line, _ in stack]))
        if _STRICT != "record":
            raise BlocksTheLoop(f"{name} blocks the event loop")
    if on_loop or threading.current_thread() is threading.main_thread():
        DEMAND.update((file, qualname) for file, qualname, _, is_async in stack if not is_async)
    count = _COUNT[tag] = _COUNT.get(tag, 0) + 1
    LOG.append((tag, " ".join([name, *map(str, args)])))
    return zlib.crc32(repr((name, args, count if _ORDERED else 0)).encode()) % 97


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
