"""The texts of scenes about how applications are put together: lambdas in workers, wrappers with arguments, pipelines, units of work, containers of services, queues, collections of their own."""
from __future__ import annotations

TEMPLATES = {}
TEMPLATES["worker_lambdas"] = '''
import asyncio
import functools


class Clerk@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def pick(self, k):
        return <<int self.persistence k>>

    def rows(self, k):
        for q in range(2):
            yield self.persistence.count(q + k)


def call@(fn, *args):
    return fn(*args)


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    clerk = Clerk@(persistence)
    loop = asyncio.get_running_loop()
    found = [[await asyncio.to_thread(lambda: clerk.pick(1))||await asyncio.to_thread(lambda: str(clerk.pick(k)))||await asyncio.to_thread(lambda: all(clerk.pick(q) for q in (k, 2)))||await asyncio.to_thread(lambda: sum(clerk.pick(q) for q in (k, 2)))||await asyncio.to_thread(lambda: [clerk.pick(q) for q in (k, 2)])||await loop.run_in_executor(None, lambda: clerk.pick(clerk.pick(2)))||await asyncio.to_thread(lambda: clerk.pick(k) + 1)||await asyncio.to_thread(lambda: dict(a=clerk.pick(k)))||await asyncio.to_thread(lambda: next(functools.partial(clerk.rows, 1)(), 0))||await asyncio.to_thread(lambda: call@(clerk.pick, k))||await asyncio.to_thread(call@, lambda: clerk.pick(3))||await asyncio.to_thread(sorted, [2, k], key=clerk.pick)||await asyncio.to_thread(lambda: max([2, k], key=lambda q: clerk.pick(q)))||await loop.run_in_executor(None, functools.partial(call@, clerk.pick, k))||await asyncio.to_thread(lambda *args: clerk.pick(*args), 3)]]
    print(found)
    return [[clerk.pick(k)||call@(clerk.pick, k)||sum(clerk.rows(k))||len(list(clerk.rows(k)))]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return Clerk@(persistence).pick(k)
'''
TEMPLATES["wrappers_with_arguments"] = '''
import functools


def times@(count, [[note=None||*, note=None]]):
    def decorate(fn):
        @functools.wraps(fn)
        def wrapper(*args, **kwargs):
            total = 0
            for _ in range(count):
                total += fn(*args, **kwargs)
            return total

        return wrapper

    return decorate


def guarded@(fn=None, *, default=7):
    if fn is None:
        return functools.partial(guarded@, default=default)

    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        try:
            return fn(*args, **kwargs)
        except KeyError:
            return default

    return wrapper


class Retry@:
    def __init__(self, fn):
        functools.update_wrapper(self, fn)
        self.fn = fn

    def __call__(self, *args):
        return self.fn(*args)


@times@(2)
def one@(k<<hint int>>, persistence<<hint persistence>>):
    return <<int persistence k>>


@[[guarded@||guarded@(default=3)]]
def two@(k<<hint int>>, persistence<<hint persistence>>):
    if k > 90:
        raise KeyError(k)
    return <<int persistence k>>


@Retry@
def three@(k, persistence):
    return persistence.count(k)


class Api@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    @times@(1, note="n")
    def load(self, k):
        return <<int self.persistence k>>

    @guarded@
    def save(self, k):
        return [[self.load(k)||self.persistence.save(k)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    api = Api@(persistence)
    return one@(k, persistence) + [[two@(95, persistence)||two@(k, persistence)]] + [[three@(k, persistence)||1]] + api.load(k) + [[api.save(k)||0]]
'''
TEMPLATES["steps"] = '''
import abc


class Step@(abc.ABC):
    name = "step"

    def run(self, value):
        print(self.name, value)
        [[before = self.prepare(value)
        return self.work(value) + before||return self.finish(self.work(value))]]

    def prepare(self, value):
        return 1

    def finish(self, value):
        return value

    @abc.abstractmethod
    def work(self, value):
        ...


class Load@(Step@):
    name = "load"

    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def work(self, value):
        return <<int self.persistence value>>


class Add@(Step@):
    def work(self, value):
        return value + 1


class Both@(Load@):
    def work(self, value):
        return super().work(value) + [[1||self.prepare(value)]]

    def prepare(self, value):
        return [[2||self.persistence.count(value)]]


class Line@:
    def __init__(self, *steps):
        self.steps = [[list(steps)||steps||tuple(step for step in steps)]]

    def run(self, value):
        [[for step in self.steps:
            value = step.run(value)
        return value % 97||for name, step in enumerate(self.steps):
            value += step.run(value) + name
        return value % 97||return sum([step.run(value) for step in self.steps]) % 97||value = [step.run(value) for step in self.steps if step.prepare(value)]
        return len(value)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    line = Line@(Add@(), Load@(persistence), [[Both@(persistence)||Add@()]])
    return line.run(k)
'''
TEMPLATES["unit_of_work"] = '''
import contextlib


class Unit@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence, self.rows = persistence, None

    def __enter__(self):
        self.rows = Rows@(self.persistence)
        [[print("begin", self.persistence.count(1))||pass]]
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.commit()
        else:
            self.rollback()
        return [[False||kind is KeyError]]

    def commit(self):
        print("commit", <<int self.persistence>>)

    def rollback(self):
        print("rollback", [[<<int self.persistence>>||1]])


class Rows@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def get(self, k):
        return <<int self.persistence k>>

    def add(self, k):
        return self.persistence.save(k)


@contextlib.contextmanager
def unit@(persistence):
    with Unit@(persistence) as one:
        try:
            yield one
        finally:
            print("after", [[1||one.rows.get(2)]])


def work@(k, persistence):
    [[with Unit@(persistence) as one:
        found = one.rows.get(k)
        one.rows.add(k)
        return found||with unit@(persistence) as one:
        return one.rows.get(k)||try:
        with Unit@(persistence) as one:
            one.rows.add(k)
            raise KeyError(k)
    except KeyError:
        return 4
    else:
        return one.rows.get(2)
    finally:
        print("done", persistence.count(3))||with contextlib.ExitStack() as stack:
        one = stack.enter_context(Unit@(persistence))
        stack.callback(print, "called", 1)
        return one.rows.get(k)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return work@(k, persistence) or 5
'''
TEMPLATES["services"] = '''
import functools


class Mail@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def send(self, k):
        return <<int self.persistence k>>


class Users@:
    def __init__(self, mail, persistence<<hint persistence>>):
        self.mail, self.persistence = mail, persistence

    @classmethod
    def of(cls, services):
        return cls(services.mail, services.persistence)

    def greet(self, k):
        return self.mail.send(k) + [[1||self.persistence.count(k)]]


class Services@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        self._mail = None
        self.made = {}

    @property
    def mail(self):
        if self._mail is None:
            self._mail = Mail@(self.persistence)
        return self._mail

    @functools.cached_property
    def users(self):
        return [[Users@(self.mail, self.persistence)||Users@.of(self)]]

    def get(self, kind):
        if kind not in self.made:
            self.made[kind] = [[kind.of(self)||kind(self.mail, self.persistence)]]
        return self.made[kind]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    services = Services@(persistence)
    return services.users.greet(k) + [[services.get(Users@).greet(2)||services.mail.send(k)||getattr(services, "users").greet(1)||(lambda users: users.greet(k))(services.users)]]
'''
TEMPLATES["queues"] = '''
import asyncio
import functools


class Jobs@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence, self.done = persistence, []

    def handle(self, k):
        self.done.append(<<int self.persistence k>>)

    def rows(self, k):
        return [self.persistence.count(q) for q in range(k % 3)]

    async def worker(self, queue):
        while True:
            k = await queue.get()
            try:
                if k is None:
                    return
                [[self.handle(k)||for row in self.rows(k):
                    self.handle(row)||await asyncio.to_thread(self.handle, k)||handler = self.handle
                handler(k)]]
            finally:
                queue.task_done()

    async def stream(self, k):
        for row in self.rows(k):
            yield row + [[1||self.persistence.count(k)]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    jobs = Jobs@(persistence)
    queue = asyncio.Queue()
    [[worker = asyncio.create_task(jobs.worker(queue))
    for q in (k, 2, None):
        await queue.put(q)
    await queue.join()
    await worker||async for row in jobs.stream(k):
        print(row)||print([row async for row in jobs.stream(2) if row])||future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(functools.partial(future.set_result, 4))
    jobs.handle(await future)||async with asyncio.TaskGroup() as group:
        group.create_task(jobs.worker(queue))
        queue.put_nowait(k)
        queue.put_nowait(None)||def later(task):
        print("later", len(jobs.done))

    task = asyncio.create_task(asyncio.to_thread(jobs.handle, k))
    task.add_done_callback(later)
    await task]]
    return len(jobs.done) + [[len(jobs.rows(k))||0]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    jobs = Jobs@(persistence)
    jobs.handle(k)
    return jobs.done[0]
'''
TEMPLATES["own_collections"] = '''
import collections
from collections.abc import Mapping, MutableMapping, Sequence


class Table@([[Mapping||MutableMapping]]):
    def __init__(self, persistence<<hint persistence>>):
        self.persistence, self.kept = persistence, {1: 2, 3: 4}

    def __getitem__(self, k):
        return [[self.kept[k]||self.persistence.count(k)]]

    def __setitem__(self, k, value):
        self.kept[k] = value

    def __delitem__(self, k):
        del self.kept[k]

    def __iter__(self):
        [[return iter(self.kept)||yield from (key for key in self.kept if self.persistence.count(key) >= 0)]]

    def __len__(self):
        return [[len(self.kept)||self.persistence.count(3) % 3]]


class Items@(Sequence):
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def __getitem__(self, at):
        if at > 2:
            raise IndexError(at)
        return [[at||self.persistence.count(at)]]

    def __len__(self):
        return [[3||3 + self.persistence.count(1) * 0]]


class Cache@(collections.OrderedDict):
    def __missing__(self, k):
        persistence = PERSISTENCE@[0]
        self[k] = [[len(self)||persistence.count(k)]]
        return self[k]


PERSISTENCE@ = []


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    PERSISTENCE@[:] = [persistence]
    table, items, cache = Table@(persistence), Items@(persistence), Cache@()
    [[print(table.get(1), 3 in table)||print(list(table.items()))||print(sum(table.values()))||for key in table:
        print(key)||print(dict(table))||print({**table}, len(table))||print(bool(table), sorted(table))]]
    [[print(list(items), len(items[:1]) if k > 99 else items[1])||for at, item in enumerate(items):
        print(at, item)||print(items.count(1), list(reversed(items)))||first, *rest = items
    print(first, rest)||print(max(items), 2 in items)]]
    return cache[k] + cache[1]
'''
TEMPLATES["chain_of_handlers"] = '''
class Request@:
    def __init__(self, k, persistence<<hint persistence>>):
        self.k, self.persistence, self.notes = k, persistence, []


def logging@(next_):
    def handle(request):
        request.notes.append("in")
        result = next_(request)
        request.notes.append([["out"||request.persistence.name(1)]])
        return result

    return handle


class Limit@:
    def __init__(self, next_):
        self.next_ = next_

    def __call__(self, request):
        if request.k > 90:
            return -1
        return self.next_(request) + [[0||request.persistence.count(1)]]


def view@(request):
    return <<int request.persistence request.k>>


class App@:
    def __init__(self, view):
        self.view, self.layers, self.routes = view, [], {}

    def use(self, layer):
        self.layers.append(layer)
        return self

    def route(self, path):
        def register(fn):
            self.routes[path] = fn
            return fn

        return register

    def handle(self, request):
        handler = self.view
        for layer in [[reversed(self.layers)||self.layers]]:
            handler = layer(handler)
        return handler(request)

    def dispatch(self, path, request):
        return self.routes.get(path, self.handle)(request)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    app = App@(view@).use(logging@).use(Limit@)
    request = Request@(k, persistence)

    @app.route("/")
    def index(request):
        return [[request.k||request.persistence.count(2)]]

    return app.handle(request) + [[app.dispatch("/", request)||len(request.notes)||view@(request)]]
'''
TEMPLATES["typed_factories"] = '''
import dataclasses
from typing import Callable, Generic, Protocol, TypeVar, overload

T = TypeVar("T", bound="Model@")


class Source@(Protocol):
    def fetch(self, k: int) -> int: ...


class Direct@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def fetch(self, k: int) -> int:
        return <<int self.persistence k>>


@dataclasses.dataclass(order=True)
class Model@:
    k: int
    source: Source@ = dataclasses.field(compare=False, repr=False)

    @classmethod
    def load(cls: type[T], k: int, source: Source@) -> T:
        return cls([[source.fetch(k)||k]], source)

    def size(self) -> int:
        return self.source.fetch(self.k)


@dataclasses.dataclass(order=True)
class Child@(Model@):
    extra: int = 2

    def size(self) -> int:
        return super().size() + self.extra


class Store@(Generic[T]):
    def __init__(self, kind: type[T], source: Source@) -> None:
        self.kind, self.source = kind, source

    @overload
    def find(self, k: int) -> T: ...

    @overload
    def find(self, k: str) -> None: ...

    def find(self, k):
        if isinstance(k, str):
            return None
        return self.kind.load(k, self.source)

    def all(self) -> list[T]:
        return [found for k in (1, 2) if (found := self.find(k)) and found.size() is not None]


def apply@(fn: Callable[[int], T], k: int) -> T:
    return fn(k)


def first@(items: list[T], default: T) -> T:
    return items[0] if items else default


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    source = Direct@(persistence)
    store = Store@([[Model@||Child@]], source)
    [[return store.find(k).size()||return sum(model.size() for model in store.all())||return first@(store.all(), Model@(1, source)).size()||return apply@(store.find, k).size()||return max(store.all(), default=Model@(1, source)).size()||return apply@(lambda q: Child@.load(q, source), k).size()||return 0 if store.find("a") else store.find(2).size()]]
'''
TEMPLATES["ways_out"] = '''
class Reader@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence, self.closed = persistence, False

    def read(self, k):
        if k % 5 == 4:
            raise ValueError(k)
        return <<int self.persistence k>>

    def close(self):
        self.closed = True
        return [[self.persistence.count(1)||1]]


def read@(reader, k):
    try:
        found = reader.read(k)
    except ValueError as problem:
        return len(str(problem)) + [[reader.persistence.count(2)||0]]
    else:
        if found > 40:
            return found
        found += reader.read(1)
    finally:
        print("closed", reader.close())
    return found


def loop@(reader):
    total = 0
    for k in range(6):
        try:
            if k == 3:
                continue
            total += reader.read(k)
            if [[k == 5||reader.read(1) > 90]]:
                break
        except ValueError:
            continue
        finally:
            total += [[reader.close()||1]]
    else:
        total += reader.read(2)
    while (last := reader.read(1)) > 60 and total < 900:
        total += last
        if total > 500:
            return total
    return total


def raised@(reader, k):
    try:
        try:
            return reader.read(4)
        except ValueError as problem:
            raise KeyError(reader.close()) from problem
    except (KeyError, TypeError) as problem:
        return len(problem.args) + (1 if isinstance(problem.__cause__, ValueError) else reader.read(k))


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    reader = Reader@(persistence)
    return [[read@(reader, k)||loop@(reader)||raised@(reader, k)||read@(reader, 4) + read@(reader, 3)]]
'''
TEMPLATES["late_bound"] = '''
import functools
import operator


class Shape@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence, self.name = persistence, "s"

    def size(self, k=1):
        return <<int self.persistence k>>

    @property
    def label(self):
        return [[self.name||self.persistence.name(1)]]

    def visit_int(self, value):
        return self.persistence.count(value)

    def visit_str(self, value):
        return len(value)

    def visit(self, value):
        [[return getattr(self, "visit_" + type(value).__name__)(value)||visitor = getattr(self, f"visit_{type(value).__name__}", None)
        return visitor(value) if visitor else 0]]


def label@(shape):
    return shape.label


def size(shape):
    return shape.size(2)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    shape = Shape@(persistence)
    [[print(label@(shape))||print(operator.methodcaller("size", 2)(shape))||print(sorted([3, 1], key=shape.size))||print(size(shape))||print(list(map(shape.visit, [1, "a"])))||print(functools.reduce(lambda total, q: total + shape.size(q), (1, 2), 0))||print(min((shape, Shape@(persistence)), key=operator.attrgetter("name")).size())]]
    return shape.visit(k) + shape.visit("ab")
'''
