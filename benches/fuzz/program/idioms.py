"""The texts of scenes about idioms of real programs: classes below a layer's, constructors beside `__init__`, descriptors, operators, enumerations, named tuples, callbacks of the loop."""
from __future__ import annotations

TEMPLATES = {}
TEMPLATES["below_the_layer"] = '''
import asyncio
import layer as layer@
# declared


class Counting@:
    def count(self, key):
        found = super().count(key)
        print("counted", key)
        return found


class Cached@([[layer@.Persistence||Counting@, layer@.Persistence]]):
    def __init__(self):
        [[super().__init__()||pass]]
        self.hits = {}

    def get(self, key, default=0, *, deep=False):
        if key not in self.hits:
            self.hits[key] = [[super().get(key)||super().get(key, default, deep=deep)||layer@.Persistence.get(self, key)||super(Cached@, self).get(key)]]
        return self.hits[key]

    def both(self, k):
        return [[self.get(k) + super().count(k)||sum([super().count(k), self.count(2)])||len(super().keys(k)) + self.row(k)["w"]||getattr(super(), "count")(k)]]

    [[@property
    def size(self):
        return super().count(9)||def size_of(self, *keys):
        return sum(map(super().count, keys))||@classmethod
    def made(cls):
        return cls()||def total(self):
        read = super().count
        return read(1) + read(2)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    cached = Cached@()
    [[held: layer@.Persistence = cached||held = [cached][0]||held = cached]]
    return cached.both(k) + held.get(k) + [[cached.get(2)||held.save(3)||1]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    cached = Cached@()
    print([[cached.get(k)||cached.both(2)||await asyncio.to_thread(cached.both, 3)||[cached.get(q) for q in (1, 2, 1)] ]])
    return cached.both(k)
'''
TEMPLATES["alternate_constructors"] = '''
class Record@:
    kind = "plain"

    def __init__(self, k, [[name="x"||*, name="x"]]):
        self.k, self.name = k, name

    @classmethod
    def load(cls, persistence<<hint persistence>>, k<<hint int>>):
        return cls(<<int persistence k>>, name=cls.kind)

    @classmethod
    def many(cls, persistence<<hint persistence>>, *keys):
        return [[[cls.load(persistence, key) for key in keys]||list(cls.load(persistence, key) for key in keys)||[*map(lambda key: cls.load(persistence, key), keys)]||sorted((cls.load(persistence, key) for key in keys), key=lambda one: one.k)]]

    @staticmethod
    def parse(text, persistence<<hint persistence>>):
        return Record@(len(text) + <<int persistence>>)

    def again(self, persistence<<hint persistence>>):
        return [[type(self).load(persistence, self.k)||self.__class__.load(persistence, self.k)||self.load(persistence, self.k)]]


class Special@(Record@):
    kind = "special"

    @classmethod
    def load(cls, persistence<<hint persistence>>, k<<hint int>>):
        made = super().load(persistence, k)
        made.k += [[1||<<int persistence k>>]]
        return made


class Empty@(Record@):
    [[@classmethod
    def load(cls, persistence, k):
        return cls(0)||kind = "empty"]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    total = 0
    for kind in [[(Record@, Special@, Empty@)||[Special@, Empty@]||Record@.__subclasses__()]]:
        made = kind.load(persistence, k)
        total += made.k + [[made.again(persistence).k||0]]
    return total + sum(one.k for one in Special@.many(persistence, 1, k)) + [[Record@.parse("ab", persistence).k||0]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    found = Special@.load(persistence, k)
    print(found.name, [[len(Record@.many(persistence, 1, 2))||found.again(persistence).name||Empty@.load(persistence, 2).k]])
    return found.k
'''
TEMPLATES["plugin_registry"] = '''
class Plugin@:
    known = {}

    def __init_subclass__(cls, /, [[name=None||*, name=None]], **options):
        super().__init_subclass__(**options)
        Plugin@.known[name or cls.__name__] = cls

    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def start(self, k):
        return k

    @classmethod
    def of(cls, name, *args):
        return cls.known[name](*args)


class Reader@(Plugin@, name="reader"):
    def start(self, k):
        return <<int self.persistence k>>


class Writer@(Plugin@, name="writer"):
    def start(self, k):
        return [[super().start(k) + 1||self.persistence.save(k)||Reader@(self.persistence).start(k)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    [[one = Plugin@.of("reader", persistence)||one = Plugin@.known["reader"](persistence)||one = next(kind for name, kind in Plugin@.known.items() if name == "reader")(persistence)]]
    return one.start(k) + [[sum(kind(persistence).start(k) for kind in Plugin@.known.values())||Plugin@.of("writer", persistence).start(2)||sum(Plugin@.known[name](persistence).start(2) for name in sorted(Plugin@.known))]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    total = 0
    for name, kind in Plugin@.known.items():
        total += kind(persistence).start(k)
    return total + Plugin@.of("writer", persistence).start(k)
'''
TEMPLATES["fields_of_callables"] = '''
import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass, field


def first@(persistence, k):
    return <<int persistence k>>


def second@(persistence, k):
    return k + 1


@dataclass
class Job@:
    persistence: object
    read: Callable = first@
    [[steps: list = field(default_factory=lambda: [first@, second@])||steps: list = field(default_factory=list)||steps: tuple = (second@, first@)]]
    table: dict = field(default_factory=dict)
    [[total: int = 0||total: int = field(init=False, default=0)]]

    def __post_init__(self):
        self.table["own"] = self.own
        [[self.steps = list(self.steps) + [self.other]||pass||self.total = self.persistence.count(4)]]

    def own(self, k):
        return <<int self.persistence k>>

    def other(self, persistence, k):
        return self.own(k)

    def run(self, k):
        total = self.read(self.persistence, k) [[+ self.table["own"](k)||]]
        for step in self.steps:
            total += step(self.persistence, k)
        return total


@dataclass(frozen=True)
class Frozen@:
    job: Job@
    call: Callable = field(default=lambda k: k)

    @property
    def [[value||run]](self):
        return self.job.run(2)

    def go(self, k):
        return self.call(k) + self.job.run(k)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    job = Job@(persistence[[||, second@||, read=second@]])
    frozen = [[Frozen@(job)||Frozen@(job, job.own)||Frozen@(job, call=functools.partial(first@, persistence))||dataclasses.replace(Frozen@(job), call=job.run)]]
    return job.run(k) + frozen.go(k)


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    job = Job@(persistence)
    frozen = Frozen@(job, call=[[job.own||lambda k: job.own(k)||abs]])
    return job.run(k) + frozen.go(2)
'''
TEMPLATES["dispatched_methods"] = '''
import functools
import typing


class Visitor@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    @functools.singledispatchmethod
    def visit(self, node):
        return [[0||self.persistence.count(1)]]

    @visit.register
    def _(self, node: int):
        return <<int self.persistence node>>

    @visit.register(list)
    def [[_||visit_list]](self, node):
        return sum(self.visit(each) for each in node)

    [[@visit.register
    def _(self, node: str):
        return len(node)||@visit.register(str)
    def visit_str(self, node):
        return len(node) + self.persistence.count(2)]]


class Typed@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    @typing.overload
    def load(self, k: int) -> int: ...
    @typing.overload
    def load(self, k: str) -> str: ...
    def load(self, k):
        if isinstance(k, str):
            return k
        return <<int self.persistence k>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    visitor = Visitor@(persistence)
    return visitor.visit([[k||[k, "ab", [2] ]||"abc"]]) + Typed@(persistence).load(k) + [[len(Typed@(persistence).load("a"))||0]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    visitor = Visitor@(persistence)
    print(visitor.visit(k), visitor.visit("a"))
    return Typed@(persistence).load(k)
'''
TEMPLATES["contexts"] = '''
import contextlib


class Handle@:
    def __init__(self, persistence<<hint persistence>>, k):
        self.persistence, self.k, self.open = persistence, k, True

    def read(self):
        return <<int self.persistence self.k>>

    def close(self):
        self.open = False
        print("closed", [[self.persistence.count(3)||self.k]])


def opened@(persistence, k, held=None):
    return contextlib.nullcontext(held) if held is not None else contextlib.closing(Handle@(persistence, k))


@contextlib.contextmanager
def guarded@(persistence<<hint persistence>>):
    [[before = persistence.count(1)||before = 1]]
    try:
        yield before
    except KeyError:
        print("lost", persistence.count(2))
    finally:
        print("left")


class Pool@([[contextlib.ExitStack||object]]):
    def __init__(self, persistence<<hint persistence>>):
        [[super().__init__()||pass]]
        self.persistence = persistence

    def take(self, k):
        with contextlib.ExitStack() as stack:
            one = stack.enter_context(contextlib.closing(Handle@(self.persistence, k)))
            [[stack.callback(print, "back")||stack.callback(self.persistence.count, 5)||stack.push(lambda *exc: self.persistence.count(6) < 0)]]
            return one.read()


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    total = Pool@(persistence).take(k)
    with [[contextlib.suppress(KeyError)||guarded@(persistence)]]:
        total += <<int persistence k>>
        [[raise KeyError(k)||total += 1]]
    with opened@(persistence, k[[||, Handle@(persistence, 2)]]) as handle:
        total += handle.read()
    with guarded@(persistence) as a, contextlib.closing(Handle@(persistence, a)) as handle:
        total += handle.read()
    return total


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    total = Pool@(persistence).take(k)
    with contextlib.suppress(KeyError), guarded@(persistence) as a:
        total += a + persistence.count(k)
    with [[contextlib.closing(Handle@(persistence, k)) as handle||opened@(persistence, 3) as handle]]:
        total += handle.read()
    return total
'''
TEMPLATES["ways_out_again"] = '''
class Lost@(Exception):
    def __init__(self, persistence, k):
        super().__init__(k)
        self.code = [[persistence.count(k)||k]]

    def __str__(self):
        return f"lost {self.args[0]}"


def attempt@(persistence<<hint persistence>>, k<<hint int>>):
    for q in range(3):
        try:
            if q == 0:
                raise Lost@(persistence, q)
            found = <<int persistence k>>
        except Lost@ as lost:
            print(lost, lost.code, [[persistence.count(q)||q]])
            continue
        else:
            [[if found >= 0:
                break||return found||print("else", persistence.count(q))]]
        finally:
            print("finally", [[persistence.count(9)||q]])
    else:
        return persistence.count(7)
    return k


def last@(persistence<<hint persistence>>, k<<hint int>>):
    try:
        return [[persistence.count(k)||attempt@(persistence, k)]]
    finally:
        [[return persistence.count(2)||print("left", persistence.count(2))||attempt@(persistence, 1)]]


def chained@(persistence<<hint persistence>>, k<<hint int>>):
    try:
        try:
            raise KeyError(persistence.count(k))
        except KeyError as problem:
            raise Lost@(persistence, k) from [[problem||None]]
    except (Lost@, ValueError) as lost:
        return lost.code + [[attempt@(persistence, k)||(persistence.count(3) if lost.__cause__ else 0)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return attempt@(persistence, k) + last@(persistence, k) + chained@(persistence, k)


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    try:
        print(last@(persistence, k))
        return [[attempt@(persistence, 2)||chained@(persistence, 2)]]
    finally:
        print("done", chained@(persistence, 1))
'''
TEMPLATES["generators_talk"] = '''
def average@(persistence<<hint persistence>>):
    total, count = 0, 0
    while True:
        sent = yield total
        if sent is None:
            return [[total||persistence.count(total)]]
        total += sent + [[persistence.count(sent)||1]]
        count += 1


def outer@(persistence<<hint persistence>>, seen):
    result = yield from average@(persistence)
    seen.append(result)
    yield [[-1||persistence.count(8)]]


def numbers@(persistence<<hint persistence>>, depth):
    yield persistence.count(depth)
    if depth:
        yield from numbers@(persistence, depth - 1)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    seen = []
    talk = [[outer@(persistence, seen)||average@(persistence)]]
    next(talk)
    total = talk.send(k)
    [[try:
        talk.send(None)
    except StopIteration as stop:
        total += stop.value||talk.close()||total += talk.send(2)]]
    return total + sum(numbers@(persistence, 2)) + [[next(numbers@(persistence, 1))||max(numbers@(persistence, 1))||len([*numbers@(persistence, 1)])]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    total = 0
    for number in numbers@(persistence, 2):
        total += number
        [[if number > 5:
            break||pass]]
    return total
'''
TEMPLATES["queued_callbacks"] = '''
import asyncio
import inspect


class Sink@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence, self.seen = persistence, []

    def store(self, k):
        self.seen.append(k)
        return <<int self.persistence k>>

    def plain(self, k):
        self.seen.append(-k)
        return k

    async def later(self, k):
        return [[self.persistence.count(k)||self.store(k)||k]]


async def worker@(queue, sink):
    total = 0
    while (item := await queue.get()) is not None:
        callback, k = item
        found = callback(k)
        if inspect.isawaitable(found):
            found = await found
        total += found
        queue.task_done()
    return total


async def direct@(queue, sink):
    total = 0
    while not queue.empty():
        name, k = queue.get_nowait()
        total += [[sink.store(k)||getattr(sink, name)(k)||{"store": sink.store, "plain": sink.plain}[name](k)]]
    return total


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    queue, sink = asyncio.Queue(), Sink@(persistence)
    [[queue.put_nowait((sink.store, k))||await queue.put((lambda q: sink.store(q), k))||queue.put_nowait((sink.plain, 1))]]
    queue.put_nowait((sink.[[plain||later]], 2))
    queue.put_nowait(None)
    total = await worker@(queue, sink)
    queue.put_nowait(("[[store||plain]]", k))
    return total + await direct@(queue, sink) + len(sink.seen)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return Sink@(persistence).store(k)
'''
TEMPLATES["kept_results"] = '''
import functools
import weakref


class Cache@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    @functools.lru_cache(maxsize=None)
    def load(self, k):
        return <<int self.persistence k>>

    @functools.cached_property
    def size(self):
        return self.persistence.count(1) + [[self.load(1)||0]]

    def read(self, k):
        return [[self.load(k)||self.size + k||Cache@.load(self, k)]]

    def hook(self):
        return self.persistence.count(3)


@functools.cache
def table@(k):
    return {"k": k}


CACHES@ = weakref.WeakValueDictionary()


class Watch@:
    def __init__(self, cache):
        self.cache = weakref.ref(cache)
        self.method = weakref.WeakMethod(cache.hook)

    def look(self, k):
        cache = self.cache()
        return cache.read(k) if cache is not None else -1

    def call(self):
        return [[self.method()()||self.cache().hook()]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    cache = Cache@(persistence)
    CACHES@["one"] = cache
    watch = Watch@(cache)
    return watch.look(k) + watch.call() + [[CACHES@["one"].read(2)||cache.load(k)||table@(k)["k"] ]] + [[weakref.proxy(cache).read(k)||cache.size]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    cache = Cache@(persistence)
    watch = Watch@(cache)
    print([[cache.load(k)||cache.size||watch.look(k)||watch.call()]])
    return cache.read(k) + [[watch.look(2)||watch.call()]]
'''
TEMPLATES["descriptors"] = '''
import functools


class Column@:
    def __init__(self, k):
        self.k = k

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, obj, owner=None):
        if obj is None:
            return self
        return obj.__dict__.get(self.name, self.k) + [[obj.persistence.count(self.k)||0]]

    [[def __set__(self, obj, value):
        obj.__dict__[self.name] = value + obj.persistence.count(2)||def __set__(self, obj, value):
        obj.__dict__[self.name] = value]]


class bound_method@:
    def __init__(self, fn):
        self.fn = fn

    def __get__(self, obj, owner=None):
        return self if obj is None else functools.partial(self.fn, obj)


class lazy@:
    def __init__(self, fn):
        self.fn = fn
        self.__doc__ = fn.__doc__

    def __get__(self, obj, owner=None):
        if obj is None:
            return self
        value = obj.__dict__[self.fn.__name__] = self.fn(obj)
        return value


class Row@:
    width = Column@(1)
    height = Column@(2)

    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        [[self.width = 3||pass]]

    @bound_method@
    def area(self, k):
        return self.width * self.height + <<int self.persistence k>>

    @lazy@
    def depth(self):
        return self.persistence.count(4)

    def total(self, k):
        return [[self.area(k)||self.depth + k||self.width]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    row = Row@(persistence)
    row.height = k
    return row.total(k) + [[row.width||row.area(2)||row.depth + row.depth||getattr(row, "width")]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    row = Row@(persistence)
    print([[row.area(k)||row.depth||row.width]])
    return row.total(k)
'''
TEMPLATES["operator_overloads"] = '''
import functools
import operator


@functools.total_ordering
class Money@:
    def __init__(self, persistence<<hint persistence>>, k):
        self.persistence, self.k = persistence, k

    def __add__(self, other):
        return Money@(self.persistence, self.k + [[self.persistence.count(self.k)||other.k]])

    __radd__ = [[__add__||lambda self, other: self]]

    def __eq__(self, other):
        return self.k == other.k

    def __hash__(self):
        return self.k

    def __lt__(self, other):
        return [[self.persistence.count(self.k) < other.k||self.k < other.k]]

    def __contains__(self, k):
        return [[self.persistence.is_admin(k)||k == self.k]]

    def __len__(self):
        return [[self.persistence.count(2) % 5||3]]

    def __bool__(self):
        return [[self.persistence.is_admin(3)||True]]

    def __getitem__(self, at):
        if at > 2:
            raise IndexError(at)
        return [[self.persistence.count(at)||at]]

    def __format__(self, spec):
        return f"m{[[self.persistence.count(1)||self.k]]}"

    def __iadd__(self, other):
        self.k += [[self.persistence.count(4)||1]]
        return self

    def __neg__(self):
        return Money@(self.persistence, -self.k)

    def value(self):
        return self.k + <<int self.persistence>>


class Wallet@:
    def __init__(self, *coins):
        self.coins = list(coins)

    def best(self):
        return [[max(self.coins)||sorted(self.coins)[-1]||min(self.coins, key=lambda coin: coin.value())||functools.reduce(operator.add, self.coins)]].k

    def size(self):
        return sum(1 for coin in self.coins if coin) + [[len(self.coins[0])||list(self.coins[0])[0]||(2 in self.coins[0])]]

    def grow(self):
        coin = self.coins[0]
        coin += self.coins[-1]
        [[self.coins[0] += coin||coin = -coin]]
        return f"{coin}"


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    wallet = Wallet@(Money@(persistence, k), Money@(persistence, 2))
    return wallet.best() + wallet.size() + len(wallet.grow())


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    one, two = Money@(persistence, k), Money@(persistence, 2)
    print([[(one + two).k||one < two||one == two||k in one||len(one)||bool(one)||one[1]||f"{one}"||sorted([one, two])[0].k||not one||[*one]||(one and 1) is one||sum([one, two], Money@(persistence, 0)).k||one >= two]])
    [[if one:
        print("yes")||one += two||while one[2] < 0:
        pass||assert one != two or k == 2]]
    return one.value()
'''
TEMPLATES["match_properties"] = '''
import dataclasses


class Shape@:
    __match_args__ = ("side", "name")

    def __init__(self, persistence<<hint persistence>>, k):
        self.persistence, self.k = persistence, k

    @property
    def side(self):
        return [[self.persistence.count(self.k) % 3||self.k % 3]]

    @property
    def name(self):
        return [[self.persistence.name(1)||"n"]]

    def area(self):
        return <<int self.persistence self.k>>


@dataclasses.dataclass
class Point@:
    x: int
    y: int

    def far(self, persistence<<hint persistence>>):
        return persistence.count(self.x)


def tell@(value, persistence<<hint persistence>>):
    match value:
        case Shape@(0, name):
            return len(name)
        case Shape@(side=1 | 2 as side) if value.area() > side:
            return side
        case Point@(x, 0):
            return x + value.far(persistence)
        case {"k": k, **rest}:
            return k + persistence.count(k)
        case [first, *others]:
            return tell@(first, persistence) + len(others)
        case int() | float():
            return persistence.count(value)
        case _:
            return -1


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return tell@([[Shape@(persistence, k)||Point@(k, 0)||{"k": k}||[Point@(1, 0), k]||k||"text"]], persistence) + tell@(k, persistence)


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    match [[Shape@(persistence, k)||Point@(k, 0)]]:
        case Shape@(side=0):
            print("none")
        case Shape@(1, name=name):
            print(name)
        case Point@(x=x) as point if point.far(persistence) >= 0:
            print(x)
    return tell@([k, 2], persistence)
'''
TEMPLATES["enumerations"] = '''
import enum
import functools
import typing


class Kind@(enum.Enum):
    READ = "read"
    WRITE = "write"

    def run(self, persistence<<hint persistence>>, k<<hint int>>):
        if self is Kind@.READ:
            return <<int persistence k>>
        return [[persistence.save(k)||-1]]

    @classmethod
    def of(cls, k):
        return cls.READ if k % 2 else cls.WRITE

    @property
    def label(self):
        return self.value.upper()


def one@(persistence, k):
    return <<int persistence k>>


def two@(persistence, k):
    return k


class Action@(enum.Enum):
    ONE = enum.member(functools.partial(one@))
    TWO = enum.member(functools.partial(two@))

    def __call__(self, *args):
        return self.value(*args)


class Pair@(typing.NamedTuple):
    k: int
    name: str = "x"

    def load(self, persistence<<hint persistence>>):
        return <<int persistence self.k>>

    @property
    def size(self):
        return len(self.name)

    @classmethod
    def of(cls, persistence<<hint persistence>>, k):
        return cls([[persistence.count(k)||k]], "ab")


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    total = sum(kind.run(persistence, k) for kind in Kind@) + [[Kind@.of(k).run(persistence, 2)||Kind@("read").run(persistence, 3)||Kind@["WRITE"].run(persistence, 1)]]
    pair = Pair@.of(persistence, k)
    number, name = pair
    return total + [[Action@.ONE(persistence, k)||Action@["TWO"](persistence, k)||sum(action(persistence, 1) for action in Action@)]] + pair.load(persistence) + number [[+ pair._replace(k=2).load(persistence)||]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    for kind in Kind@:
        print(kind.label, kind.run(persistence, k))
    [[action = Action@.ONE
    print(action(persistence, 1))||print(Action@.TWO(persistence, 2))]]
    return Pair@(k).load(persistence) + Pair@.of(persistence, 2).size
'''
TEMPLATES["callable_tables"] = '''
import functools


class Load@:
    def __init__(self, persistence<<hint persistence>>, k=1):
        self.persistence, self.k = persistence, k

    def __call__(self, k):
        return <<int self.persistence k>>


class Plain@:
    def __call__(self, k):
        return k


class Bound@(Load@):
    def __call__(self, k):
        return super().__call__(k) + 1


def forward@(*args, **kwargs):
    return target@(*args, **kwargs)


def target@(persistence<<hint persistence>>, k<<hint int>>, *, extra=0):
    return <<int persistence k>> + extra


class Facade@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        self.table = {"load": Load@(persistence), "plain": Plain@(), "bound": Bound@(persistence)}
        self.chain = [[[Load@(persistence), Plain@()]||(Plain@(), Bound@(persistence))]]

    def call(self, name, *args, **kwargs):
        return [[self.table[name](*args, **kwargs)||getattr(self, name + "_it")(*args, **kwargs)||self.table.get(name, Plain@())(*args)]]

    def load_it(self, k):
        return self.table["load"](k)

    def plain_it(self, *args):
        return [[args[0]||self.table["plain"](*args)]]

    def all(self, k):
        for each in self.chain:
            k = each(k)
        return k

    first = functools.partialmethod(call, "load")


def wrap@(fn):
    return lambda *args, **kwargs: fn(*args, **kwargs)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    facade = Facade@(persistence)
    return facade.call("load", k) + facade.call("plain", 2) + facade.all(k) + [[forward@(persistence, k, extra=2)||wrap@(target@)(persistence, k)||facade.first(k)||forward@(*(persistence, k))]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    facade = Facade@(persistence)
    print([[forward@(persistence, k)||wrap@(target@)(persistence, k)||facade.first(k)||facade.table["bound"](k)]])
    return facade.call([["load"||"plain"]], k) + facade.all(2)
'''
TEMPLATES["loop_callbacks"] = '''
import asyncio
import functools


class Timer@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence, self.seen = persistence, []

    def tick(self, k=1):
        self.seen.append(<<int self.persistence k>>)
        return len(self.seen)

    def done(self, task):
        self.seen.append([[self.persistence.count(2)||2]])

    def quiet(self, k=1):
        self.seen.append(k)

    async def work(self, k):
        await asyncio.sleep(0)
        return [[self.tick(k)||k]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    timer, loop = Timer@(persistence), asyncio.get_running_loop()
    [[loop.call_soon(timer.tick, k)||loop.call_soon(functools.partial(timer.tick, k))||loop.call_later(0, timer.tick)||loop.call_soon(lambda: timer.tick(k))||loop.call_soon(timer.quiet, 2)||loop.call_soon_threadsafe(timer.tick, 2)]]
    task = asyncio.create_task(timer.work(k))
    task.add_done_callback([[timer.done||lambda task: timer.tick(2)||functools.partial(Timer@.done, timer)]])
    await task
    await asyncio.sleep(0.01)
    [[print(await loop.run_in_executor(None, timer.tick, k))||print(await asyncio.to_thread(timer.tick))||print(await asyncio.wait_for(asyncio.to_thread(functools.partial(timer.tick, k=2)), 5))||print(await asyncio.gather(asyncio.to_thread(timer.tick, 1)))||print(timer.tick(k))]]
    return len(timer.seen)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return Timer@(persistence).tick(k)
'''
TEMPLATES["repositories"] = '''
import abc
import typing

T@ = typing.TypeVar("T@")


class Entity@:
    def __init__(self, k):
        self.k = k

    def value(self):
        return self.k


class Repo@(abc.ABC, typing.Generic[T@]):
    model: type = Entity@

    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def find(self, k) -> T@:
        return self.build(<<int self.persistence k>>)

    @abc.abstractmethod
    def build(self, k) -> T@: ...

    @property
    @abc.abstractmethod
    def label(self): ...

    def __class_getitem__(cls, item):
        return cls

    def all(self, *keys) -> "list[T@]":
        return [[[self.find(key) for key in keys]||list(map(self.find, keys))||[*(self.find(key) for key in keys)] ]]


class People@(Repo@[Entity@]):
    label = "people"

    def build(self, k):
        return self.model(k)


class Checked@(Repo@):
    @property
    def label(self):
        return [[self.persistence.name(1)||"checked"]]

    def build(self, k):
        return Entity@(k + [[self.persistence.count(k)||1]])

    def find(self, k):
        [[if self.persistence.is_admin(k):
            return Entity@(0)||pass]]
        return super().find(k)


class Session@:
    def __init__(self, persistence<<hint persistence>>):
        self.repos: dict = {}
        self.persistence = persistence

    def repo(self, kind: "type[Repo@]") -> "Repo@":
        if kind not in self.repos:
            self.repos[kind] = kind(self.persistence)
        return self.repos[kind]

    def __getattr__(self, name):
        if name == "people":
            return self.repo(People@)
        raise AttributeError(name)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    session = Session@(persistence)
    return session.repo(Checked@).find(k).value() + len(session.repo(People@).all(1, k)) + [[session.people.find(2).k||len(session.repo(Checked@).label)]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    session = Session@(persistence)
    repo = [[session.repo(People@)||Checked@(persistence)||session.people]]
    print(repo.label, repo.find(k).value())
    return len(repo.all(1, 2))
'''
TEMPLATES["async_shell"] = '''
import asyncio


class Core@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def step(self, k):
        return <<int self.persistence k>>

    def setup(self):
        return [[self.step(1)||1]]


class Shell@:
    def __init__(self, core):
        self.core, self.left = core, 2

    async def __aenter__(self):
        print("in", self.core.setup())
        return self

    async def __aexit__(self, *exc):
        print("out", [[self.core.step(2)||2]])
        return False

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.left == 0:
            raise StopAsyncIteration
        self.left -= 1
        return self.core.step(self.left)

    async def numbers(self):
        for q in range(2):
            yield [[self.core.step(q)||q]]

    async def fast(self, k):
        async with asyncio.timeout(5):
            return self.core.step(k)


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    total = 0
    async with Shell@(Core@(persistence)) as shell:
        async for number in shell:
            total += number
        [[total += sum([number async for number in shell.numbers()])||async for number in shell.numbers():
            total += number||total += await shell.fast(k)]]
        async with asyncio.TaskGroup() as group:
            [[task = group.create_task(shell.fast(k))||task = group.create_task(asyncio.to_thread(shell.core.step, k))||task = group.create_task(asyncio.sleep(0, 3))]]
    return total + task.result()


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return Core@(persistence).step(k)
'''
TEMPLATES["observers"] = '''
import collections
import contextvars
import itertools

CURRENT@ = contextvars.ContextVar("current@", default=None)


class Events@:
    def __init__(self):
        self.listeners = collections.defaultdict(list)

    def on(self, name):
        def keep(fn):
            self.listeners[name].append(fn)
            return fn

        return keep

    def emit(self, name, *args):
        return [listener(*args) for listener in [[self.listeners[name]||self.listeners.get(name, ())||reversed(self.listeners[name]) ]] ]


EVENTS@ = Events@()


@EVENTS@.on("[[made||other]]")
def stored@(persistence, k):
    return <<int persistence k>>


@EVENTS@.on("made")
def told@(persistence, k):
    return k


class Model@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        [[EVENTS@.listeners["kept"].append(self.kept)||self.keep = EVENTS@.on("kept")(self.kept)||pass]]

    def kept(self, k):
        return self.persistence.count(k)

    def save(self, k):
        return sum(EVENTS@.emit("made", self.persistence, k)) + [[sum(EVENTS@.emit("kept", k)) % 90||stored@(self.persistence, k)||0]]


def current@():
    return CURRENT@.get()


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    # stateful
    token = CURRENT@.set(Model@(persistence))
    [[try:
        return current@().save(k)
    finally:
        CURRENT@.reset(token)||found = current@().save(k) + len(list(itertools.takewhile(lambda q: current@().kept(q) >= 0, (1, 2))))
    CURRENT@.reset(token)
    return found]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    model = Model@(persistence)
    print(EVENTS@.emit("made", persistence, k))
    return model.save(k)
'''
TEMPLATES["module_state"] = '''
import functools
import types

SERVICE@ = None
HOOKS@ = types.SimpleNamespace(before=None, after=None)


class Service@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def get(self, k):
        return <<int self.persistence k>>

    def __getitem__(self, k):
        return [[self.get(k)||self.persistence.count(k)||k]]

    def __call__(self, k):
        return self.get(k)


def service@(persistence=None):
    global SERVICE@
    if SERVICE@ is None:
        SERVICE@ = Service@(persistence)
    return SERVICE@


def hooked@(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        if HOOKS@.before is not None:
            print("before", HOOKS@.before(2))
        return fn(*args)

    return wrapper


[[@hooked@
||]]def ask@(k, persistence):
    return service@(persistence).get(k) + [[service@()[k]||0]]


class Meta@(type):
    def __call__(cls, *args):
        made = super().__call__(*args)
        [[made.start()||print("made")]]
        return made

    def find(cls, persistence, k):
        return cls(persistence).read(k)


class Made@(metaclass=Meta@):
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def start(self):
        return self.persistence.count(1)

    def read(self, k):
        return <<int self.persistence k>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    # stateful
    [[HOOKS@.before = service@(persistence).get||HOOKS@.before = abs||setattr(HOOKS@, "before", service@(persistence))||pass]]
    return ask@(k, persistence) + [[Made@.find(persistence, k)||Made@(persistence).read(k)]]


async def run@(k<<hint int>>, persistence<<hint persistence>>):
    return ask@(k, persistence) + [[Made@(persistence).read(2)||service@(persistence)(k)||service@(persistence)[k] ]]
'''
