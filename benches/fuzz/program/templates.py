"""The texts of the scenes."""
from __future__ import annotations

TEMPLATES = {}
TEMPLATES["aliases"] = '''
class Aliased@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        self.get = self.load

    def load(self, k<<hint int>>):
        return <<int self.persistence k>>

    fetch = load


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    aliased = Aliased@(persistence)
    [[short = aliased.load||short = aliased.get||short = aliased.fetch]]
    return aliased.fetch(k) + aliased.get(2) + short(k)
'''
TEMPLATES["partials"] = '''
import functools


class Partials@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        self.bound = functools.partial(self.load, 3)
        self.table = {"x": functools.partial(self.load, 2), "y": [[self.plain||functools.partial(self.plain, 5)||self.load]]}

    def load(self, kind, k=1):
        return <<int self.persistence k kind>> + kind

    def plain(self, kind, k=1):
        return kind - k

    both = functools.partialmethod(load, 4)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    partials = Partials@(persistence)
    once = functools.partial(partials.load, k, [[k=2||2||k=k]])
    return partials.bound(k) + partials.table["x"](k) + partials.table["y"](k) [[+ partials.both(k)||]] + once()
'''
TEMPLATES["commands"] = '''
class Shell@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        self.commands = {"who": self.do_who, "look": self.do_look, "sum": [[lambda a: self.do_who(a) + 1||self.do_sum||abs]]}

    def do_who(self, a):
        return <<int self.persistence a>>

    def do_look(self, a):
        return [[<<int self.persistence a>>||a + 1]]

    def do_sum(self, a):
        return a * 2

    def handle(self, word, a):
        [[handler = self.commands.get(word)
        if not handler:
            return -1
        return handler(a)||return self.commands[word](a)||for name, handler in self.commands.items():
            if name == word:
                return handler(a)
        return -1]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    shell = Shell@(persistence)
    return sum([shell.handle(word, k) for word in ("who", "look", "sum")])
'''
TEMPLATES["computed"] = '''
import operator


class Table@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def do_a@(self, a):
        return <<int self.persistence a>>

    def do_b@(self, a):
        return [[<<int self.persistence a>>||-a]]

    def other@(self, a):
        return <<int self.persistence a>>

    def handle(self, letter, a):
        [[return getattr(self, f"do_{letter}{@}")(a)||return getattr(self, "do_" + letter + str(@), None)(a)||return operator.methodcaller("do_" + letter + str(@), a)(self)||do = getattr(self, "do_%s" % letter + str(@))
        return do(a)]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    table = Table@(persistence)
    return table.handle("a", k) + table.handle("b", k) + table.other@(k) [[+ table.do_a@(2)||+ getattr(table, "other@")(k)||]]
'''
TEMPLATES["registered"] = '''
# stateful
HANDLERS@ = {}


def handler@(name):
    def register(fn):
        HANDLERS@[name] = fn
        return fn

    return register


@handler@("load")
def load@(k, persistence):
    return <<int persistence k>>


@handler@("other")
def other@(k, persistence):
    return [[<<int persistence k>>||k + 2]]


def dispatch@(name, *args):
    return HANDLERS@[name](*args)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return dispatch@("load", k, persistence) + dispatch@("other", k, persistence) [[+ load@(k, persistence)||]]
'''
TEMPLATES["takers"] = '''
def call@(fn):
    return fn()


def twice@(fn, k):
    first = fn(k)
    return first + fn(k + 1)


def retry@(fn, *args, attempts=2, **kwargs):
    for attempt in range(attempts):
        try:
            return fn(*args, **kwargs)
        except KeyError:
            print("again")
    return 0


def load@(k, persistence):
    return <<int persistence k>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    one = call@(lambda: load@(k, persistence)) + call@(lambda: [[<<int persistence k>>||3||k + 1||load@(k, persistence) + 1]])
    two = twice@(lambda q: load@(q, persistence), k) [[+ twice@(abs, k)||+ twice@(lambda q: <<int persistence q>>, k)||]]
    return one + two + retry@(load@, k, [[persistence||persistence=persistence||persistence, attempts=3]])
'''
TEMPLATES["closures"] = '''
def make@(persistence, upper):
    def load(k):
        found = <<int persistence k>>
        return found + 1 if upper else found

    [[return load||made = load
    return made||if upper:
        return load
    return load||return lambda k: load(k)]]


def even@(n, persistence):
    return 0 if n <= 0 else odd@(n - 1, persistence)


def odd@(n, persistence):
    found = <<int persistence n>>
    return found if n <= 0 else even@(n - 1, persistence)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    load = make@(persistence, True)
    return load(k) + make@(persistence, False)(k) + even@(2, persistence) + odd@(1, persistence)
'''
TEMPLATES["operators"] = '''
import functools


@functools.total_ordering
class Ranked@:
    def __init__(self, k<<hint int>>, persistence<<hint persistence>>):
        self.k = k
        self.persistence = persistence

    def rank(self):
        return <<int! self.persistence self.k>>

    def __lt__(self, other):
        return self.rank() < other.rank()

    def __eq__(self, other):
        return isinstance(other, Ranked@) and self.rank() == other.rank()

    def __hash__(self):
        return self.k

    def __add__(self, other):
        return self.rank() + other.rank()

    def __str__(self):
        return f"r{self.rank()}"

    def __bool__(self):
        return self.rank() > 20

    def __getitem__(self, k):
        return <<int! self.persistence k self.k>>

    def __len__(self):
        return self.rank() % 5


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    one, two = Ranked@(k, persistence), Ranked@(2, persistence)
    found = one + two
    [[print(str(one), f"{two}")||print(sorted([one, two])[0].k, max(one, two).k)||if one < two:
        found += 1||if one:
        found += 2||print(one == two, one in [two], not one)||print(len(one), one[k], two[1])||print("%s" % one, one[0] + two[0])||while one and found > 0:
        found = -1]]
    return found
'''
TEMPLATES["properties"] = '''
class Box@:
    def __init__(self, k<<hint int>>, persistence<<hint persistence>>):
        self.k = k
        self.persistence = persistence

    @property
    def size(self):
        return <<int! self.persistence self.k>>

    @size.setter
    def size(self, value):
        self.k = <<int! self.persistence value>>

    def grow(self, by):
        [[self.size = by||self.size += by||setattr(self, "size", by)]]
        return self.size


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    box = Box@(k, persistence)
    [[box.size = 2||box.size += k||pass||print(getattr(box, "size"))]]
    return box.grow(1) + box.size + [[<<int persistence k>>||1]]
'''
TEMPLATES["mixed_with"] = '''
import contextlib


@contextlib.contextmanager
def session@(k, persistence):
    row = <<int persistence k>>
    yield row
    print("saved", <<int persistence k>>)


class Plain@:
    def __enter__(self):
        print("enter plain")
        return 4

    def __exit__(self, *exc):
        print("leave plain", exc[0])
        return False


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    with [[contextlib.nullcontext(k) as one, session@(k, persistence) as two||session@(k, persistence) as one, Plain@() as two||Plain@() as one, session@(k, persistence) as two, contextlib.nullcontext(3) as three||session@(k, persistence) as one, contextlib.nullcontext(one) as two||Plain@() as one, session@(one, persistence) as two, session@(two, persistence) as three]]:
        [[return one + two||text = f"""{one}
  {two}"""
        print(text)||print(one, two)||if one > two:
            return 0]]
    return [[<<int persistence k>>||7]]
'''
TEMPLATES["stacks"] = '''
import contextlib


@contextlib.contextmanager
def session@(k, persistence):
    row = <<int persistence k>>
    try:
        yield row
    finally:
        print("closed", <<int persistence row>>)


class Lease@:
    def __init__(self, k, persistence):
        self.k, self.persistence = k, persistence

    def __enter__(self):
        return <<int self.persistence self.k>>

    def __exit__(self, *exc):
        print("released", exc[0] is None, <<int self.persistence self.k>>)


def note@(k, persistence, *, why="w"):
    print("noted", why, <<int persistence k>>)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    with [[contextlib.ExitStack() as stack||session@(k, persistence), contextlib.ExitStack() as stack||contextlib.ExitStack() as stack, session@(k, persistence)]]:
        rows = [stack.enter_context(session@(q, persistence)) for q in (1, 2)]
        [[stack.callback(note@, k, persistence)||stack.callback(note@, k, persistence, why="x")||stack.callback(print, "plain")||stack.push(Lease@(k, persistence))||rows.append(stack.enter_context(Lease@(k, persistence)))||rows.append(stack.enter_context(contextlib.nullcontext(3)))||kept = stack.pop_all()
        kept.close()||stack.callback(lambda: note@(k, persistence))]]
        [[return sum(rows)||print(rows)||rows.append(stack.enter_context(session@(3, persistence)) + 1)||if rows[0] > 5:
            return 1]]
    return [[sum(rows)||<<int persistence k>>]]
'''
TEMPLATES["early_exit"] = '''
def walk@(k, persistence):
    print("open")
    try:
        for q in (1, 2, k):
            yield <<int persistence q k>>
    finally:
        print("closed", <<int persistence k>>)


def first@(k, persistence):
    for found in walk@(k, persistence):
        [[return found||if found % 2:
            return found||if found > 4:
            break
        print("next", found)||break]]
    print("after")
    return [[found||0||<<int persistence k>>]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    one = first@(k, persistence)
    [[for found in walk@(k, persistence):
        print(found)||print(list(walk@(k, persistence)))||for found in walk@(k, persistence):
        one += found
        break
    print("left")||print(next(walk@(k, persistence), 0))||for found in walk@(k, persistence):
        if found == one:
            continue
        try:
            raise KeyError(found)
        except KeyError:
            break
    else:
        print("all")]]
    return one
'''
TEMPLATES["decorating_cm"] = '''
import contextlib


@contextlib.contextmanager
def logged@():
    print("in")
    yield
    print("out")


class marked@(contextlib.ContextDecorator):
    def __enter__(self):
        print("marked")
        return self

    def __exit__(self, *exc):
        print("unmarked")


@logged@()
def show@(k, persistence):
    return <<int persistence k>>


@marked@()
def other@(k, persistence):
    return <<int persistence k>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    with logged@():
        print("scene")
    [[with marked@():
        print("other", <<int persistence k>>)||pass]]
    return show@(k, persistence) + other@(k, persistence)
'''
TEMPLATES["fallback_b"] = '''
# stateful
import asyncio


async def mark@(seen, value):
    seen.append(value)
    print("marked", value)


def send@(seen, k, persistence):
    value = <<int persistence k>>
    loop = asyncio.get_event_loop()
    if loop.is_running():
        [[loop.create_task(mark@(seen, value))||asyncio.ensure_future(mark@(seen, value))]]
    else:
        # nobody runs a loop
        [[loop.run_until_complete(mark@(seen, value))||asyncio.run(mark@(seen, value))]]


class Sender@:
    def __init__(self, persistence):
        self.persistence, self.seen = persistence, []

    async def send(self, k):
        send@(self.seen, k, self.persistence)
        for _ in range(50):
            await asyncio.sleep(0)
        return len(self.seen)


async def run@(k, persistence):
    return await Sender@(persistence).send(k)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return <<int persistence k>>
'''
TEMPLATES["twins"] = '''
import asyncio


class Fight@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    def damage(self, k):
        return <<int self.persistence k>>

    async def async_damage(self, k):
        return self.damage(k)

    async def heal(self, k):
        found = await self.async_damage(k)
        return [[found||found + self.damage(k)||await asyncio.to_thread(self.damage, found)]]


async def run@(k, persistence):
    fight = Fight@(persistence)
    return await fight.heal(k) + await fight.async_damage(k)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return Fight@(persistence).damage(k)
'''
TEMPLATES["consumers"] = '''
def walk@(k, persistence):
    for q in (1, k):
        yield <<int persistence q k>>


def pairs@(k, persistence):
    for q in (1, k):
        yield q, <<int persistence q>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    found = []
    [[first, *rest = walk@(k, persistence)
    print(first, rest)||(a, b) = walk@(k, persistence)
    print(a, b)||found.extend(walk@(k, persistence))||found += walk@(k, persistence)||for at, value in enumerate(walk@(k, persistence), 1):
        print(at, value)||for value, mark in zip(walk@(k, persistence), "xy"):
        print(value, mark)||print(3 in walk@(k, persistence), dict(pairs@(k, persistence)))||print(max(walk@(k, persistence)), {*walk@(k, persistence)} == set(walk@(k, persistence)))||rows = walk@(k, persistence)
    print(next(rows), [row for row in rows])||print(*walk@(k, persistence), sep="/")||print([f"{a}{b}" for a, b in enumerate(walk@(k, persistence))])||print({a: b for a, b in pairs@(k, persistence) if b % 2})||print(", ".join(str(row) for row in walk@(k, persistence)))||rows = iter(walk@(k, persistence))
    print(next(rows, 0))||print([*walk@(k, persistence), 1], tuple(walk@(k, persistence)))||for a, b in pairs@(k, persistence):
        found.append(a + b)||print(any(walk@(k, persistence)), all(row > 3 for row in walk@(k, persistence)))||print(sorted(walk@(k, persistence), key=[[lambda q: -q||lambda q: <<int! persistence q>>||abs]], reverse=True))||print(min(walk@(k, persistence), key=abs), frozenset(walk@(k, persistence)) == set())||print(list(map(abs, walk@(k, persistence))), list(filter(None, walk@(k, persistence))))]]
    return sum(found) + [[sum(walk@(k, persistence))||len(list(walk@(k, persistence)))||len(found)]]
'''
TEMPLATES["guarding_cm"] = '''
import contextlib


@contextlib.contextmanager
def guarded@(k, persistence):
    row = <<int persistence k>>
    try:
        yield row
    except KeyError as error:
        print("rolled back", error, <<int persistence k>>)
    else:
        print("kept", <<int persistence k>>)
    finally:
        print("closed")


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    with guarded@(k, persistence) as row:
        [[if row % 2:
            raise KeyError(row)||print(row)||return row||raise KeyError(k)]]
    return [[<<int persistence k>>||1]]
'''
TEMPLATES["kinds"] = '''
import dataclasses
import enum
from typing import NamedTuple
import layer


class Point@(NamedTuple):
    k: int

    def row(self):
        return <<int layer.get_persistence() self.k>>


class Kind@(enum.Enum):
    ONE = 1
    TWO = 2

    def row(self):
        return <<int layer.get_persistence() self.value>>


class Outer@:
    class Inner:
        def row(self, k):
            return <<int layer.get_persistence() k>>

    def __init__(self):
        self.inner = self.Inner()


@dataclasses.dataclass
class Data@:
    k: int
    found: int = 0

    def __post_init__(self):
        self.found = <<int! layer.get_persistence() self.k>>


def build@(kind, k):
    return kind(k)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    total = Point@(k).row() + Outer@().inner.row(k) + Data@(k).found
    [[total += build@(Data@, k).found||total += sum([kind.row() for kind in Kind@])||total += Kind@(1).row()||print([Data@(q).found for q in (1, 2)])||total += build@(Point@, 2).row()]]
    return total
'''
TEMPLATES["iterable"] = '''
class Rows@:
    def __init__(self, k<<hint int>>, persistence<<hint persistence>>):
        self.k, self.persistence = k, persistence

    def __iter__(self):
        [[for q in (1, 2):
            yield <<int self.persistence q self.k>>||yield from [1, <<int self.persistence self.k>>]||return iter([<<int! self.persistence self.k>>, 2])]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    rows = Rows@(k, persistence)
    total = 0
    [[for row in rows:
        total += row||total += sum(rows)||print(list(rows), 3 in rows)||total += max([row + 1 for row in rows])||one, *_ = rows
    total += one]]
    for row in Rows@(2, persistence):
        total += row
    return total
'''
TEMPLATES["dispatched"] = '''
import functools
import layer


@functools.singledispatch
def show@(value):
    return 1


@show@.register
def _(value: int):
    return <<int layer.get_persistence() value>>


@show@.register(str)
def text@(value):
    return len(value) + <<int layer.get_persistence() 3>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return show@(k) + show@("two") + show@(None)
'''
TEMPLATES["trees"] = '''
class Tree@:
    def __init__(self, persistence<<hint persistence>>, children=()):
        self.persistence, self.children = persistence, list(children)

    def walk(self, k, depth=0):
        yield depth, <<int self.persistence k depth>>
        for child in self.children:
            [[yield from child.walk(k, depth + 1)||for pair in child.walk(k, depth + 1):
                yield pair]]

    def total(self, k):
        return sum([value for _, value in self.walk(k)]) + sum([child.total(k) for child in self.children])


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    tree = Tree@(persistence, [Tree@(persistence)])
    for depth, value in tree.walk(k):
        print(" " * depth, value)
    return tree.total(k)
'''
TEMPLATES["handlers"] = '''
import inspect
import asyncio


class Bus@:
    def __init__(self):
        self.handlers = []

    def on(self, handler):
        self.handlers.append(handler)

    async def emit(self, *args):
        total = 0
        for handler in self.handlers:
            result = handler(*args)
            if inspect.isawaitable(result):
                result = await result
            total += result
        return total


def load@(k, persistence):
    return <<int persistence k>>


async def run@(k, persistence):
    bus = Bus@()
    bus.on(load@)
    bus.on(lambda k, persistence: [[load@(k, persistence)||k + 1||<<int persistence k>>]])
    return await bus.emit(k, persistence)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    return load@(k, persistence)
'''
TEMPLATES["locked"] = '''
# stateful
import threading


class Mover@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence
        self._lock = threading.[[Lock||RLock]]()
        self.moved = 0

    def move(self, k):
        with self._lock:
            self.moved += 1
            return <<int! self.persistence k>>

    def look(self, k):
        [[with self._lock:
            return <<int! self.persistence k>>||self._lock.acquire()
        try:
            return <<int! self.persistence k>>
        finally:
            self._lock.release()||if self._lock.acquire():
            try:
                return <<int! self.persistence k>>
            finally:
                self._lock.release()
        return 0||return <<int! self.persistence k>>]]


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    mover = Mover@(persistence)
    [[worker = threading.Thread(target=mover.move, args=(k,))
    worker.start()
    worker.join()||print(mover._lock.acquire())
    mover._lock.release()||pass||with mover._lock:
        print("held")]]
    return mover.move(k) + mover.look(2)
'''
TEMPLATES["wrapped"] = '''
import functools


def logged@(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        [[print("call", fn.__name__)
        return fn(*args, **kwargs)||return fn(*args, **kwargs)||try:
            return fn(*args, **kwargs)
        except KeyError:
            return -1||result = fn(*args, **kwargs)
        print("done", result)
        return result]]

    return wrapper


def all_logged@(cls):
    for name in ("load", "other"):
        setattr(cls, name, logged@(getattr(cls, name)))
    return cls


[[@all_logged@
||]]class Wrapped@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence = persistence

    [[@logged@
    ||]]def load(self, k):
        return <<int self.persistence k>>

    def other(self, k):
        return k + 1


@logged@
def load@(k, persistence):
    return <<int persistence k>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    wrapped = Wrapped@(persistence)
    return load@(k, persistence) + wrapped.load(k) + wrapped.other(2) [[+ logged@(wrapped.load)(k)||]]
'''
TEMPLATES["stopping"] = '''
class Keys@:
    def __init__(self, persistence<<hint persistence>>):
        self.persistence, self.left = persistence, [1, 2]

    def take(self):
        if not self.left:
            raise [[StopIteration||IndexError]]
        key = self.left.pop()
        return <<int self.persistence key>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    keys, total = Keys@(persistence), 0
    while True:
        try:
            total += keys.take()
        except (StopIteration, IndexError):
            break
    try:
        total += <<int persistence k>>
    except [[KeyboardInterrupt||Exception||BaseException]]:
        raise
    return total
'''
TEMPLATES["sends"] = '''
def echo@(k, persistence):
    got = yield 1
    while got:
        got = yield <<int persistence got>>


def counted@(k, persistence):
    total = 0
    for q in (1, k):
        yield <<int persistence q>>
        total += q
    return total


def outer@(k, persistence):
    total = yield from counted@(k, persistence)
    yield total


def plain@(k, persistence):
    for q in (1, k, 2):
        yield <<int persistence q>>


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    steps = echo@(k, persistence)
    total = next(steps) + steps.send(2) + steps.send(1)
    steps.close()
    [[print(list(outer@(k, persistence)))||it = plain@(k, persistence)
    print(next(it))
    it.close()
    print(list(it))||it = plain@(k, persistence)
    print(next(it), next(it, 0), list(it))||print(sum(plain@(k, persistence)))]]
    return total
'''
TEMPLATES["late"] = '''
import atexit
import threading


def note@(k, persistence):
    print("note", <<int! persistence k>>)


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    [[timer = threading.Timer(0.001, note@, (k, persistence))
    timer.start()
    timer.join()||worker = threading.Thread(target=lambda: note@(k, persistence))
    worker.start()
    worker.join()||worker = threading.Thread(target=note@, args=(k,), kwargs={"persistence": persistence})
    worker.start()
    worker.join()]]
    note@(k, persistence)
    return [[<<int persistence k>>||2]]
'''
TEMPLATES["conditional"] = '''
def first@(k, persistence):
    return <<int persistence k>>


def pick@(flag, k, persistence):
    return first@(k, persistence) if flag else first@(1, persistence) or first@(k, persistence)


def check@(k, persistence):
    return first@(k, persistence) is not None and not first@(k, persistence) == 2 and 0 <= first@(k, persistence) < 90


def scene@(k<<hint int>>, persistence<<hint persistence>>):
    rows = {"x": [1, 2, 3, 4]}
    [[del rows["x"][first@(k, persistence) % 4]||rows["x"][first@(k, persistence) % 4] += first@(1, persistence)||print((lambda v=first@(k, persistence): v)())||print(f"{first@(k, persistence)!r:>{first@(1, persistence) % 5 + 1}}")||print(*(first@(q, persistence) for q in (1, 2)))||def inner(found=first@(k, persistence)):
        return found
    print(inner())||queue = [1, 2]
    while queue and (found := first@(queue.pop(), persistence)):
        print(found)||print({**{"a": first@(k, persistence)}}, [*range(first@(k, persistence) % 3)])||for rows["x"][first@(k, persistence) % 2] in (5, 6):
        print(rows)||try:
        raise KeyError(first@(k, persistence)) from ValueError(first@(1, persistence))
    except KeyError as error:
        print(error, error.__cause__)]]
    return pick@(True, k, persistence) + pick@(False, k, persistence) + check@(k, persistence)
'''
