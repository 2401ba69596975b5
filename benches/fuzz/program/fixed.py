"""Modules that are the same in every program that uses them."""
from __future__ import annotations


CODEMOD = '[[blocking]]\nclass = "layer.Persistence"\n\n[[blocking]]\nreceiver = ["persistence", "*_persistence"]\n\n[[blocking]]\nfunction = "layer.fetch_row"\n'
ERRORS = '"""Exceptions of the program."""\n\n\nclass Oops(Exception):\n    pass\n'
OFFLOADING = '''"""The program's own way to a thread."""
import asyncio


async def offload(fn, /, *args, **kwargs):
    return await asyncio.to_thread(fn, *args, **kwargs)
'''
HELPERS = '''"""Functions that take functions, and an object that passes everything on."""


class Proxy:
    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)


def apply_once(fn, k):
    return fn(k)


def apply_twice(fn, k):
    first = fn(k)
    return first + fn(first % 5)


def dispatch(fn, k):
    table = {"run": fn, "skip": abs}
    return table["run" if k >= 0 else "skip"](k)
'''
DECORATORS = '''"""Decorators: one that passes through, two that act around the call, one that knows coroutine functions."""
import functools
import inspect

import errors


def traced(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


def timed(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        print("enter", fn.__name__)
        try:
            return fn(*args, **kwargs)
        finally:
            print("leave", fn.__name__)

    return wrapper


def aware(fn):
    if inspect.iscoroutinefunction(fn):

        @functools.wraps(fn)
        async def async_wrapper(*args, **kwargs):
            print("aware", fn.__name__)
            return await fn(*args, **kwargs)

        return async_wrapper

    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        print("aware", fn.__name__)
        return fn(*args, **kwargs)

    return wrapper


def retry(times):
    def decorate(fn):
        @functools.wraps(fn)
        def wrapper(*args, **kwargs):
            for attempt in range(times):
                try:
                    return fn(*args, **kwargs)
                except errors.Oops as problem:
                    print("retry", fn.__name__, problem)
            return fn(*args, **kwargs)

        return wrapper

    return decorate
'''
