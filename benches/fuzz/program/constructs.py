"""The texts of more scenes: the constructs that a small program is likely to have. `templates.py` says how they are written."""
from __future__ import annotations

# Those that keep every blocking call off the loop, whatever fills them.
HARD = {"fluent", "cooperative", "finally_returns", "defaults", "stars", "async_code", "nested", "matching", "dataclassed", "factories", "raising"}

TEMPLATES = {}
TEMPLATES["fluent"] = '''
class Query@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        self.found = []

    def where(self, k<<hint int>>) -> "Query@":
        self.found.append(<<int self.persistence k>>)
        return self

    def limit(self, n<<hint int>>) -> "Query@":
        self.found = self.found[:n]
        return self

    def total(self) -> int:
        return sum(self.found) + [[<<int self.persistence>>||0]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    query = Query@(persistence).where(k).where(2).limit([[2||1||3]])
    [[query = query.where(3)||print(query.where(1).limit(3).total())||pass]]
    return query.limit(2).total() + Query@(persistence).where(k).total()
'''
TEMPLATES["cooperative"] = '''
class Root@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def load(self, k<<hint int>>) -> list:
        return [<<int self.persistence k>>]


class Left@(Root@):
    def load(self, k<<hint int>>) -> list:
        return [k, *super().load(k)]


class Right@(Root@):
    def load(self, k<<hint int>>) -> list:
        found = super().load(k + 1)
        found.append(<<int self.persistence k>>)
        return found


class Both@(Left@, Right@):
    def load(self, k<<hint int>>) -> list:
        [[return super().load(k)||return super(Both@, self).load(k) + [1]||return Left@.load(self, k)||base = super()
        return base.load(k)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return sum(sum(one.load(k)) for one in (Left@(persistence), Right@(persistence), Both@(persistence)))
'''
TEMPLATES["finally_returns"] = '''
def guarded@(k<<hint int>>, persistence<<hint persistence>>) -> int:
    try:
        if k > 2:
            return <<int persistence k>>
        [[raise KeyError(k)||found = {}[k]||found = <<int persistence k>>]]
    except KeyError as error:
        [[return -<<int persistence k>>||print("caught", error)
        found = 3]]
    else:
        found = [[<<int persistence k>>||k]]
    finally:
        print("finally", <<int persistence k>>)
        [[if k == 2:
            return 7||pass||k += 1]]
    return found


def looped@(k<<hint int>>, persistence<<hint persistence>>) -> int:
    for q in (1, 2, 3):
        try:
            if <<int persistence q k>> % 2:
                [[continue||break||return q]]
            print("even", q)
        finally:
            print("after", q)
    else:
        return <<int persistence k>>
    return -1


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return guarded@(1, persistence) + guarded@(2, persistence) + guarded@(k, persistence) + looped@(k, persistence)
'''
TEMPLATES["defaults"] = '''
def keyed@(k<<hint int>>, persistence<<hint persistence>>, *, extra=2, scale=lambda value: value + 1) -> int:
    return scale(<<int persistence k extra>>)


def kept@(k<<hint int>>, persistence<<hint persistence>>, seen=None, /, more=(1, 2)) -> int:
    seen = [] if seen is None else seen
    seen.append(<<int persistence k>>)
    return sum(seen) + sum(more)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    seen = [k]
    found = keyed@(k, persistence) + keyed@(1, persistence, extra=k, scale=[[abs||lambda value: -value||int]])
    return found + kept@(k, persistence) + kept@(k, persistence, seen, more=[<<int persistence k>>]) + len(seen)
'''
TEMPLATES["stars"] = '''
def plain@(k<<hint int>>, persistence<<hint persistence>>, *more<<hint int>>, scale=1, **named<<hint int>>) -> int:
    return <<int persistence k>> * scale + sum(more) + len(named)


def through@(*args, **kwargs):
    [[return plain@(*args, **kwargs)||found = plain@(*args, **kwargs)
    return found||return plain@(*args, **{**kwargs, "b": 1})]]


def both@(first<<hint int>>, *rest):
    return through@(first, *rest)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    options = {"scale": 2, "a": k}
    parts = [k, persistence, <<int persistence k>>]
    one, *others = [through@(k, persistence, q) for q in (1, 2, 3)]
    return through@(*parts, **options) + both@(1, persistence, 4) + one + sum(others)
'''
TEMPLATES["async_code"] = '''
import asyncio


def load@(k<<hint int>>, persistence<<hint persistence>>) -> int:
    return <<int persistence k>>


def find@(k<<hint int>>, persistence<<hint persistence>>) -> bool:
    return <<bool persistence k>>


async def numbers@(k<<hint int>>):
    for q in (k, 2, 3):
        await asyncio.sleep(0)
        yield q


class Gate@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    async def __aenter__(self):
        return <<int self.persistence>>

    async def __aexit__(self, *exc):
        print("gate", exc[0] is None, <<int self.persistence>>)
        return False


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    [[found = [load@(q, persistence) async for q in numbers@(k) if find@(q, persistence)]||found = {q: load@(q, persistence) async for q in numbers@(k)}||found = [load@(q, persistence) + p async for q in numbers@(1) for p in persistence.keys(q)]||found = []
    async for q in numbers@(k):
        if not find@(q, persistence):
            continue
        found.append(load@(q, persistence))]]
    async with Gate@(persistence) as opened:
        print(opened, load@(k, persistence))
    async with asyncio.Semaphore(2):
        print(load@(1, persistence))
    [[queue = asyncio.Queue()
    await queue.put(load@(k, persistence))
    print(await queue.get())||event = asyncio.Event()
    event.set()
    await event.wait()||print(await asyncio.gather(*[asyncio.to_thread(load@, 3, persistence)]))||try:
        async with asyncio.timeout(30):
            print(load@(2, persistence))
    except TimeoutError:
        print("late")]]
    return len(found)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return load@(k, persistence) + find@(k, persistence)
'''
TEMPLATES["nested"] = '''
def outer@(k<<hint int>>, persistence<<hint persistence>>) -> int:
    total = 0

    def add(by<<hint int>>) -> int:
        nonlocal total
        found = <<int persistence by k>>
        total += found
        return found

    def twice(by<<hint int>>) -> int:
        def again() -> int:
            return add(by) + 1

        return again() + [[again()||add(by + 1)||1]]

    def deep(n<<hint int>>) -> int:
        return add(n) if n <= 0 else deep(n - 1) + 1

    return twice(k) + deep(2) + total


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return outer@(k, persistence) + outer@(1, persistence)
'''
TEMPLATES["matching"] = '''
from dataclasses import dataclass


@dataclass
class Move@:
    kind: str
    k: int = 1


def allowed@(k<<hint int>>, persistence<<hint persistence>>) -> bool:
    return <<bool persistence k>>


def value@(k<<hint int>>, persistence<<hint persistence>>) -> int:
    return <<int persistence k>>


def step@(move, k<<hint int>>, persistence<<hint persistence>>) -> int:
    match move:
        case Move@(kind="a", k=q) if allowed@(q, persistence):
            return value@(q, persistence)
        case Move@(kind="b" | "c" as kind):
            return value@(k, persistence) + len(kind)
        case [first, *rest] if value@(first, persistence) > 5:
            return value@(len(rest), persistence)
        case {"k": q, **rest}:
            return q + len(rest)
        case int() | str():
            return -1
        case _:
            return value@(0, persistence)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    moves = [Move@("a", k), Move@("b"), Move@("d"), [k, 1], {"k": 2, "x": 1}, "text"]
    return sum([step@(move, k, persistence) for move in moves])
'''
TEMPLATES["dataclassed"] = '''
from dataclasses import dataclass, field


@dataclass
class Unit@:
    k: int
    names: list = field(default_factory=list)

    def load(self, persistence<<hint persistence>>) -> int:
        self.names.append(<<str persistence self.k>>)
        return <<int persistence self.k>>

    @classmethod
    def build(cls, k<<hint int>>, persistence<<hint persistence>>) -> "Unit@":
        return cls(<<int persistence k>> % 7)

    @staticmethod
    def other(k<<hint int>>, persistence<<hint persistence>>) -> int:
        return <<int persistence k>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    unit = Unit@(k)
    built = Unit@.build(k, persistence)
    units = sorted([unit, built], key=lambda one: one.k)
    return sum([one.load(persistence) for one in units]) + Unit@.other(k, persistence) + unit.other(1, persistence) + len(unit.names)
'''
TEMPLATES["factories"] = '''
import abc


class Source@(abc.ABC):
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    @abc.abstractmethod
    def read(self, k<<hint int>>) -> int:
        ...

    def both(self, k<<hint int>>) -> int:
        return self.read(k) + self.read(k + 1)


class First@(Source@):
    def read(self, k<<hint int>>) -> int:
        return <<int self.persistence k>>


class Second@(Source@):
    def read(self, k<<hint int>>) -> int:
        return [[k * 2||<<int self.persistence k>>||len(str(k))]]


KINDS@ = {"first": First@, "second": Second@}


def make@(kind, persistence<<hint persistence>>) -> Source@:
    [[return KINDS@[kind](persistence)||cls = KINDS@.get(kind, First@)
    return cls(persistence)||if kind == "first":
        return First@(persistence)
    return Second@(persistence)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    sources = [make@("first", persistence), make@("second", persistence)]
    return sources[0].read(k) + sum([source.both(k) for source in sources]) + max([source.read(1) for source in sources])
'''
TEMPLATES["raising"] = '''
class Missing@(Exception):
    def __init__(self, k):
        super().__init__(f"no {k}")
        self.k = k


def find@(k<<hint int>>, persistence<<hint persistence>>) -> int:
    found = <<int persistence k>>
    if found % 3 == 0:
        raise Missing@(k)
    return found


def safe@(k<<hint int>>, persistence<<hint persistence>>) -> int:
    try:
        return find@(k, persistence)
    except Missing@ as error:
        [[return error.k||print(error)
        return <<int persistence k>>||try:
            return find@(error.k + 1, persistence)
        except Missing@:
            return -1||raise ValueError(<<int persistence k>>) from error]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    total = 0
    for q in (1, 2, k):
        try:
            total += safe@(q, persistence)
        except ValueError as error:
            print("value", error, error.__cause__)
        except (KeyError, Missing@):
            continue
        else:
            total += [[1||<<int persistence q>>]]
    return total
'''
TEMPLATES["generated"] = '''
import itertools


def rows@(k<<hint int>>, persistence<<hint persistence>>):
    for q in (1, 2, k):
        yield <<int persistence q>>


def pairs@(k<<hint int>>, persistence<<hint persistence>>):
    yield from ((q, <<int. persistence q>>) for q in (1, 2))
    yield from [[rows@(k, persistence)||[k, 2]||map(abs, rows@(k, persistence))||sorted(rows@(k, persistence))]]


def big@(rows):
    return [row for row in rows if row > 5]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    total = 0
    for at, row in enumerate(rows@(k, persistence)[[, 1||]]):
        total += at * row
    for one, two in zip(rows@(k, persistence), [[(1, 2, 3)||rows@(1, persistence)||itertools.count()]]):
        total += one - two
    [[print(dict(enumerate(rows@(k, persistence))))||print(k in rows@(k, persistence))||print(list(reversed(list(rows@(k, persistence)))))||print(big@(rows@(k, persistence)))||print(list(map(str, rows@(k, persistence))), list(filter(None, rows@(1, persistence))))||print(list(itertools.chain(rows@(k, persistence), [1])), list(itertools.islice(rows@(k, persistence), 2)))||first, *rest = rows@(k, persistence)
    print(first, rest)||print(" ".join(f"{row}" for row in rows@(k, persistence)), {row % 3 for row in rows@(k, persistence)})||iterator = iter(rows@(k, persistence))
    print(next(iterator), next(iterator, None), sum(iterator))]]
    return total + len([*pairs@(k, persistence)]) + sum(rows@(1, persistence)) + max(rows@(k, persistence), default=0)
'''
TEMPLATES["decorators"] = '''
import functools


def plain@(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        [[return fn(*args, **kwargs)||found = fn(*args, **kwargs)
        return found + 1||print("before")
        try:
            return fn(*args, **kwargs)
        finally:
            print("after")||for attempt in range(2):
            found = fn(*args, **kwargs)
            if found > 3:
                break
        return found]]

    return wrapper


def scaled@(by, *, name="x"):
    def decorate(fn):
        @functools.wraps(fn)
        def wrapper(*args, **kwargs):
            return fn(*args, **kwargs) * by

        return wrapper

    return decorate


class Counting@:
    def __init__(self, fn):
        self.fn = fn
        self.count = 0

    def __call__(self, *args, **kwargs):
        self.count += 1
        return self.fn(*args, **kwargs)


@plain@
def first@(k<<hint int>>, persistence<<hint persistence>>) -> int:
    return <<int persistence k>>


@scaled@(2)
@plain@
def second@(k<<hint int>>, persistence<<hint persistence>>) -> int:
    return <<int persistence k>>


[[@Counting@||@scaled@(by=3, name="y")||@functools.lru_cache(maxsize=None)||@plain@]]
def third@(k<<hint int>>, persistence<<hint persistence>>) -> int:
    return <<int persistence k>>


class Owner@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    @plain@
    def load(self, k<<hint int>>) -> int:
        return <<int self.persistence k>>

    [[@functools.cached_property
    def kept(self) -> int:
        return <<int! self.persistence>>||@property
    def kept(self) -> int:
        return 3]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    owner = Owner@(persistence)
    return first@(k, persistence) + second@(k, persistence) + third@(k, persistence) + owner.load(k) + owner.kept
'''
