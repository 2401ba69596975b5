"""The texts of scenes about what is held for later: generators, cursors and context managers that functions hand on, classes of objects, partials of objects."""
from __future__ import annotations

TEMPLATES = {}
TEMPLATES["handed_on_generator"] = '''
class Rows@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def walk(self, k<<hint int>>):
        for q in (k, 2, 3):
            yield <<int self.persistence q>>

    def checked(self, k<<hint int>>):
        [[if <<bool self.persistence k>>:
            print("checked")||start = <<int self.persistence k>>
        k = start % 3||pass]]
        return self.walk(k)

    def local(self, k<<hint int>>):
        first = <<int self.persistence k>>

        def rows():
            yield first
            yield <<int self.persistence k>>

        [[return rows()||found = rows()
        return found||return rows() if first % 2 else self.walk(1)]]

    def chained(self, k<<hint int>>):
        yield k + 1
        yield from self.checked(k)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    rows = Rows@(persistence)
    total = 0
    for q in rows.[[checked||local||chained]](k):
        total += q
    [[print([*rows.checked(k)], [q for q in rows.local(k)])||first, *rest = rows.checked(k)
    print(first, rest)||held = rows.local(2)
    for q in held:
        total += q||print(next(rows.checked(k)), list(rows.chained(1)))||found = [0]
    found += rows.checked(2)
    print(found)||print(sum(q + 1 for q in rows.checked(k)), max(rows.local(k)))||print(5 in rows.checked(k))||print(dict(zip("abc", rows.checked(k))))]]
    return total
'''
TEMPLATES["handed_on_cursor"] = '''
class Cursor@:
    def __init__(self, persistence<<hint persistence>>, left):
        self.persistence, self.left = persistence, left

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        self.left -= 1
        return <<int self.persistence self.left>>


class Table@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def select(self, k<<hint int>>):
        [[left = <<int self.persistence k>> % 3 + 1||left = 2]]
        return Cursor@(self.persistence, left)

    def all(self):
        return [<<int self.persistence>>, 2]

    def __iter__(self):
        [[return iter(self.all())||return self.select(1)||for q in self.select(1):
            yield q||found = [<<int self.persistence>>]
        return iter(found)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    table, total = Table@(persistence), 0
    for q in table.select(k):
        total += q
    [[for q in table:
        total += q||total += len([q for q in table])||print([*table], [*table.select(k)])||cursor = table.select(2)
    for q in cursor:
        total += q
        break
    print(list(cursor))||print(list(table), sorted(table.select(k)))||print(next(table.select(k)))]]
    return total
'''
TEMPLATES["held_manager"] = '''
import contextlib


class Repo@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        self.kept = self.tx(7)

    @contextlib.contextmanager
    def tx(self, k<<hint int>>):
        print("begin", <<int self.persistence k>>)
        [[try:
            yield k
        finally:
            print("end", <<int self.persistence k>>)||yield k
        print("end", <<int self.persistence k>>)]]

    def begin(self, k<<hint int>>):
        [[print(<<int self.persistence k>>)||pass]]
        return self.tx(k)

    def run(self):
        with self.kept as value:
            return value


def enter@(scope):
    with scope as value:
        return value


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    repo = Repo@(persistence)
    scope = repo.[[tx||begin]](k)
    with scope as value:
        print(value)
    [[print(repo.run())||with repo.begin(2) as value, repo.tx(3):
        print(value)||print(enter@(repo.tx(k)))||chosen = repo.tx(k) if k else repo.begin(1)
    with chosen:
        print("chosen")||with repo.tx(k) if k % 2 else contextlib.nullcontext(4) as value:
        print(value)||for scope in [repo.tx(1), repo.begin(2)]:
        with scope as value:
            print(value)||with contextlib.ExitStack() as stack:
        scope = repo.begin(k)
        print(stack.enter_context(scope), stack.enter_context(repo.tx(2)))]]
    return value
'''
TEMPLATES["class_of_object"] = '''
class Room@:
    def __init__(self, persistence<<hint persistence>>, k=1):
        self.persistence, self.k = persistence, k
        [[self.size = <<int persistence k>>||self.size = k]]

    def beside(self, k<<hint int>>):
        return [[self.__class__(self.persistence, k)||type(self)(self.persistence, k)||self.other(k)]]

    @classmethod
    def make(cls, persistence, k):
        return cls(persistence, k)

    def other(self, k):
        kind = [[self.__class__||type(self)]]
        return kind(self.persistence, k)

    def value(self):
        return self.size + <<int self.persistence self.k>>


class Hall@(Room@):
    def value(self):
        return super().value() + 1


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    hall = Hall@(persistence, k)
    return hall.beside(2).value() + Hall@.make(persistence, 1).value() [[+ hall.other(k).value()||]]
'''
TEMPLATES["protocol_typed"] = '''
from typing import Protocol


class Loads@(Protocol):
    def load@(self, k: int) -> int: ...


class Blocking@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def load@(self, k: int) -> int:
        return <<int self.persistence k>>


class Plain@:
    def load@(self, k: int) -> int:
        return k + 1


def use@(loads: Loads@, k: int) -> int:
    return loads.load@(k) + 1


class Holder@:
    def __init__(self, loads: Loads@) -> None:
        self.loads = loads

    def total(self, k: int) -> int:
        return sum([self.loads.load@(q) for q in (k, 1)])


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    chosen = [[Blocking@(persistence)||Plain@() if k else Blocking@(persistence)]]
    return use@(Blocking@(persistence), k) + use@(chosen, 2) [[+ Holder@(Blocking@(persistence)).total(k)||+ sum([use@(each, k) for each in (Blocking@(persistence), Plain@())])||]]
'''
TEMPLATES["objects_in_partials"] = '''
import functools


class Step@:
    def __init__(self, persistence<<hint persistence>>, add):
        self.persistence, self.add = persistence, add

    def __call__(self, k, more=0):
        return <<int self.persistence k>> + self.add + more


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    step = Step@(persistence, 1)
    [[bound = functools.partial(step, k)||bound = functools.partial(step, k, more=2)||bound = lambda: step(k)||steps = [step, Step@(persistence, 2)]
    bound = functools.partial(steps[1], k)]]
    return step(1) + bound()
'''
TEMPLATES["async_workers"] = '''
import asyncio


class Worker@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        self.seen = []

    def handle(self, k<<hint int>>):
        self.seen.append(<<int self.persistence k>>)
        return len(self.seen)

    def feed(self, k):
        [[return self.handle(k)||self.seen.append(k)
        return self.flush() if len(self.seen) > 1 else 0]]

    def flush(self):
        found, self.seen = self.seen, []
        return self.persistence.save_many([(q, q) for q in found]) and len(found)

    async def work(self, queue):
        while True:
            k = await queue.get()
            try:
                if k is None:
                    return
                self.handle(k)
            finally:
                queue.task_done()


async def ticks@(k):
    for q in (k, 2, 3):
        await asyncio.sleep(0)
        yield q


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    worker = Worker@(persistence)
    [[queue = asyncio.Queue()
    for q in (k, 1, None):
        await queue.put(q)
    await worker.work(queue)||async for q in ticks@(k):
        worker.feed(q)||found = [worker.feed(q) async for q in ticks@(k)]
    print(found)||async with asyncio.timeout(5):
        worker.handle(k)||event = asyncio.Event()
    event.set()
    await event.wait()
    print(worker.feed(k), worker.handle(2))]]
    return worker.handle(k)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return Worker@(persistence).handle(k)
'''
