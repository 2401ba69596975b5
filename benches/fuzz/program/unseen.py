"""The texts of scenes about methods and functions that nothing names where they run: what the standard library calls, what operators and attributes run, hooks of classes, dispatch by type, mocks."""
from __future__ import annotations

TEMPLATES = {}
TEMPLATES["given_to_library"] = '''
import contextlib
import io
import json


class Log@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence, self.lines = persistence, []

    def write(self, text):
        self.lines.append(text.strip())
        return self.persistence.count(5)

    def flush(self):
        pass

    def close(self):
        self.lines.append(str(self.persistence.count(6)))

    def note(self, k):
        [[self.write(f"{k}")||self.lines.append(str(k))]]
        return len(self.lines)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    log = Log@(persistence)
    [[print("one", k, file=log)||with contextlib.redirect_stdout(log):
        print("two")||json.dump({"k": k}, log)||with contextlib.closing(log) as held:
        print(held.note(k))||with contextlib.suppress(KeyError), contextlib.closing(Log@(persistence)) as held:
        held.write("three")
        raise KeyError(k)]]
    print(log.lines)
    return log.note(k)
'''
TEMPLATES["unseen_methods"] = '''
import contextlib


class Lease@(contextlib.AbstractContextManager):
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def __exit__(self, *exc):
        print("left", <<int self.persistence>>)
        return [[False||None||exc[0] is KeyError]]


class Shown@:
    def __init__(self, persistence<<hint persistence>>, k):
        self.persistence, self.k = persistence, k

    def [[__repr__||__str__]](self):
        return f"shown {<<int self.persistence self.k>>}"

    def __hash__(self):
        return hash(self.k)

    def __eq__(self, other):
        return self.k == other.k

    def __lt__(self, other):
        return <<int self.persistence self.k>> % 7 < <<int self.persistence other.k>> % 7

    def __iadd__(self, by):
        self.k = self.k + by + <<int self.persistence>> % 3
        return self

    def __abs__(self):
        return <<int self.persistence self.k>>


def enter@(lease):
    with lease:
        return 1


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    shown = Shown@(persistence, k)
    with Lease@(persistence) as lease:
        print("in", lease is not None)
    [[print(enter@(lease), enter@(Lease@(persistence)))||with contextlib.ExitStack() as stack:
        stack.enter_context(lease)
        print("stacked")||with contextlib.suppress(KeyError), lease:
        raise KeyError(k)||pass]]
    [[print("%s" % len(f"{shown}"), len(str(shown)))||print(len("{}".format(shown)))||print(min(shown, Shown@(persistence, 2)).k, sorted([Shown@(persistence, 1), shown])[0].k)||shown += 2
    print(shown.k)||print(abs(shown))||print(len(repr(shown)[:5]))]]
    return shown.k
'''
TEMPLATES["attribute_hooks"] = '''
class Column@:
    def __init__(self, key):
        self.key = key

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, row, owner=None):
        if row is None:
            return self
        return row.persistence.count(self.key)

    def __set__(self, row, value):
        row.persistence.save(self.key, value)


class Row@:
    first = Column@(1)
    second = Column@(2)

    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def total(self, k):
        [[self.first = k||self.second = self.first||setattr(self, "first", 3)||pass]]
        return self.first + k


class Proxy@:
    def __init__(self, inner, persistence<<hint persistence>>):
        self.inner, self.persistence = inner, persistence

    def __getattr__(self, name):
        [[return getattr(self.inner, name)||print("asked", name)
        return getattr(self.inner, name)||if name == "size":
            return self.inner.persistence.count(9)
        return getattr(self.inner, name)]]


class Box@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence, self.kept = persistence, 0

    @property
    def size(self):
        return [[self.kept||<<int self.persistence>>]]

    @size.setter
    def size(self, value):
        self.kept = value + [[<<int self.persistence>>||1]]

    def load(self, k):
        return <<int self.persistence k>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    row, box = Row@(persistence), Box@(persistence)
    proxy = Proxy@(box, persistence)
    setattr(box, "size", k)
    [[print(getattr(row, "second"), box.size)||print(row.second, proxy.size)||box.size += 1
    print(box.size)||print([each.first for each in (row, Row@(persistence))])||proxy.size = 3
    print(proxy.load(2))]]
    return row.total(k) + proxy.load(k)
'''
TEMPLATES["class_hooks"] = '''
import dataclasses
import functools


class Base@:
    known = {}

    def __init_subclass__(cls, key="", **rest):
        super().__init_subclass__(**rest)
        cls.known[key or cls.__name__] = cls

    def run(self, k):
        raise NotImplementedError


class First@(Base@, key="first"):
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def run(self, k):
        return <<int self.persistence k>>


class Second@(First@, key="second"):
    def run(self, k):
        return [[super().run(k) + 1||k + 2]]


class Meta@(type):
    made = []

    def __new__(mcs, name, bases, body, **rest):
        made = super().__new__(mcs, name, bases, body)
        Meta@.made.append(made)
        return made

    def __call__(cls, *args):
        print("make", cls.__name__[:4])
        return super().__call__(*args)


class Made@(metaclass=Meta@):
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        [[self.size = <<int persistence>>||self.size = 1]]

    def run(self, k):
        return <<int self.persistence k>> + self.size


def counted@(cls):
    plain = cls.load

    @functools.wraps(plain)
    def load(self, k):
        self.calls += 1
        return plain(self, k)

    cls.load = load
    return cls


@counted@
class Counted@:
    calls = 0

    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def load(self, k):
        return <<int self.persistence k>>


@dataclasses.dataclass
class Config@:
    persistence: object
    rows: list = dataclasses.field(default_factory=[[list||lambda: sorted((1, 2))]])
    size: int = 0

    def __post_init__(self):
        [[self.size = self.persistence.count(4)||self.size = len(self.rows)]]

    def load(self, k):
        return self.persistence.count(k) + len(self.rows)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    total = Base@.known[[["first"]||["second"]||.get("first")]](persistence).run(k)
    [[total += sum([cls(persistence).run(q) for q, cls in enumerate(Base@.known.values()) if cls is not Base@])||total += Made@(persistence).run(k)||total += Meta@.made[-1](persistence).run(2)||total += Counted@(persistence).load(k)||total += Config@(persistence).load(k) + Config@(persistence, size=2).size||total += dataclasses.replace(Config@(persistence), rows=[1]).load(2)]]
    return total
'''
TEMPLATES["by_type"] = '''
import enum
import functools
from typing import Generic, NamedTuple, TypedDict, TypeVar

T = TypeVar("T")


class Kind@(enum.Enum):
    ONE = 1
    TWO = 2

    def load(self, persistence):
        return persistence.count(self.value)

    @property
    def label(self):
        return f"k{self.value}"

    @classmethod
    def of(cls, k, persistence):
        return cls.ONE if persistence.count(k) % 2 else cls.TWO


class Point@(NamedTuple):
    x: int
    persistence: object

    def load(self):
        return self.persistence.count(self.x)


class Repo@(Generic[T]):
    def __init__(self, make, persistence):
        self.make, self.persistence = make, persistence

    def get(self, k) -> T:
        return self.make(self.persistence.count(k), self.persistence)

    def all(self) -> list[T]:
        return [self.get(q) for q in (1, 2)]


class Shape@(TypedDict):
    k: int


class Shower@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    @functools.singledispatchmethod
    def show(self, value):
        return 1

    @show.register
    def _(self, value: int):
        return <<int self.persistence value>>

    @show.register
    def show_text(self, value: str):
        return len(value)


def matched@(value, persistence):
    match value:
        case Point@(x=1 | 2) as point:
            return point.load()
        case Point@(x=x) if persistence.count(x) % 2:
            return x
        case Kind@.ONE | Kind@.TWO:
            return value.load(persistence)
        case {"k": int(k)}:
            return persistence.count(k)
        case [first, *_]:
            return matched@(first, persistence)
        case _:
            return 0


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    shape: Shape@ = {"k": 3}
    total = Kind@.of(k, persistence).load(persistence)
    [[total += sum([matched@(each, persistence) for each in (Point@(1, persistence), Kind@.ONE, shape, [shape], k)])||total += Shower@(persistence).show(k) + Shower@(persistence).show("ab")||total += Repo@(Point@, persistence).get(k).load()||total += sum([point.load() for point in Repo@[Point@](Point@, persistence).all()])||total += Point@(k, persistence)._replace(x=2).load()||total += len(Kind@(2).label) + max(Kind@, key=lambda kind: kind.value).load(persistence)]]
    return total
'''
TEMPLATES["async_tools"] = '''
import asyncio
import contextlib
import functools
import queue
import threading
import weakref


class Store@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def load(self, k):
        return <<int self.persistence k>>

    async def __aenter__(self):
        print("entered", self.load(1))
        return self

    async def __aexit__(self, *exc):
        print("exited", self.load(2))

    async def one(self, k):
        return self.load(k)


def work@(store, found, k):
    found.put(store.load(k))


def plain@(k, store):
    return store.load(k) + 1


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    store = Store@(persistence)
    loop = asyncio.get_running_loop()
    [[async with store as held:
        print(held.load(k))||async with asyncio.TaskGroup() as group:
        task = group.create_task(store.one(k))
    print(task.result())||async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(asyncio.to_thread(store.load, k)) for _ in (1,)]
    print([task.result() for task in tasks])||for done in asyncio.as_completed([store.one(k)]):
        print(await done)||print(await loop.run_in_executor(None, functools.partial(store.load, k)))||print(await loop.run_in_executor(None, lambda: plain@(k, store)))||print(await asyncio.wait_for(store.one(k), 5))||found = queue.Queue()
    worker = threading.Thread(target=work@, args=(store, found, k))
    worker.start()
    worker.join()
    print(found.get())||with contextlib.nullcontext(store) as held:
        print(held.load(k))||async with contextlib.AsyncExitStack() as stack:
        held = await stack.enter_async_context(store)
        stack.callback(print, "callback")
        print(held.load(k))||ref = weakref.ref(store)
    print(ref().load(k), weakref.proxy(store).load(2))||held = weakref.WeakValueDictionary({"a": store})
    print(held["a"].load(k))||print(await asyncio.gather(store.one(1), asyncio.to_thread(plain@, k, store)))||future = loop.create_future()
    loop.call_soon(lambda: future.set_result(k + 1))
    print(await future, store.load(1))||print(await asyncio.shield(asyncio.ensure_future(store.one(2))))]]
    return [[store.load(k)||plain@(k, store)||await store.one(k)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    store = Store@(persistence)
    return plain@(k, store)
'''
TEMPLATES["mocked"] = '''
import unittest
from unittest import mock


class Client@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def fetch(self, k):
        return <<int self.persistence k>>

    def both(self, k):
        return self.fetch(k) + self.fetch(1)


class Client@Checks(unittest.TestCase):
    def test_both(self):
        client = Client@(None)
        [[with mock.patch.object(client, "fetch", return_value=3) as fetch:
            self.assertEqual(client.both(2), 6)
        fetch.assert_called_with(1)||with mock.patch.object(Client@, "fetch", autospec=True, return_value=2):
            self.assertEqual(client.both(2), 4)||with mock.patch.object(Client@, "fetch", side_effect=[1, 2]) as fetch:
            self.assertEqual(client.both(2), 3)
        self.assertEqual(fetch.call_count, 2)||with mock.patch.object(Client@, "fetch", side_effect=lambda k: k):
            self.assertEqual(client.both(2), 3)||client.fetch = mock.Mock(return_value=4)
        self.assertEqual(client.both(2), 8)||with mock.patch.object(Client@, "fetch", side_effect=KeyError("no")):
            with self.assertRaises(KeyError):
                client.both(2)||persistence = mock.Mock()
        persistence.count.return_value = persistence.save.return_value = 2
        self.assertTrue(Client@(persistence) is not None)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Client@Checks)
    result = unittest.TestResult()
    suite.run(result)
    print("tests", result.testsRun, len(result.failures), len(result.errors))
    return Client@(persistence).both(k)
'''
