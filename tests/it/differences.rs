//! Programs that behaved otherwise after a migration: random ones (`benches/fuzz`), made small.

use crate::support::{Project, check_project, check_round};

/// A decorator that acts around the call awaits it; one of its module that knows coroutine functions stays as it is.
#[test]
fn only_a_decorator_that_tests_what_it_is_given_takes_both_colors() {
    check_project(
        "#- decorators.py
import inspect

def is_async(fn):
    return inspect.iscoroutinefunction(fn)

def aware(fn):
    def wrapper(*args):
        print(is_async(fn))
        return fn(*args)
    return wrapper

def timed(fn):
    def wrapper(*args):
        try:
            return fn(*args)
        finally:
            print(fn.__name__)
    return wrapper
#- app.py
import asyncio

from decorators import aware, timed

@timed
def load(persistence):
    return persistence.get(1)

@aware
def find(persistence):
    return persistence.get(2)

async def main(persistence):
    print(load(persistence), find(persistence))
",
        "#- decorators.py
import inspect

def is_async(fn):
    return inspect.iscoroutinefunction(fn)

def aware(fn):
    def wrapper(*args):
        print(is_async(fn))
        return fn(*args)
    return wrapper

def timed(fn):
    async def wrapper(*args):
        try:
            return await fn(*args)
        finally:
            print(fn.__name__)
    return wrapper
#- app.py
import asyncio

from decorators import aware, timed

@timed
async def load(persistence):
    return await asyncio.to_thread(persistence.get, 1)

@aware
async def find(persistence):
    return await asyncio.to_thread(persistence.get, 2)

async def main(persistence):
    print(await load(persistence), await find(persistence))
",
    );
}

/// A class that is offloaded in the first run gives its objects in the second run too.
#[test]
fn what_an_offload_gives_is_known() {
    check_project(
        "#- store.py
class Player:
    def __init__(self, persistence):
        self.persistence = persistence

    def refresh(self, k):
        return self.persistence.get(k)

class Cache:
    def __init__(self, player: Player):
        self.first = player.refresh(4)

    def clear(self):
        self.first = None
#- app.py
from store import Cache

async def main(player, other):
    for each in [Cache(player), other]:
        each.clear()
",
        "#- store.py
class Player:
    def __init__(self, persistence):
        self.persistence = persistence

    def refresh(self, k):
        return self.persistence.get(k)

class Cache:
    def __init__(self, player: Player):
        self.first = player.refresh(4)

    def clear(self):
        self.first = None
#- app.py
import asyncio

from store import Cache

async def main(player, other):
    for each in [await asyncio.to_thread(Cache, player), other]:
        each.clear()
",
    );
}

/// What a lambda runs in a worker beside the converted function would block the loop once the lambda is gone.
#[test]
fn a_lambda_is_unwrapped_only_when_nothing_else_in_it_blocks() {
    check_project(
        "#- app.py
import asyncio

class Cache:
    def __init__(self, persistence):
        self.persistence = persistence
        self.first = persistence.get(1)

    def pick(self, k):
        return self.persistence.get(k)

def find(k, persistence):
    return persistence.get(k)

def load(k, persistence):
    return persistence.get(k)

async def main(persistence):
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, lambda: Cache(persistence).pick(3)))
    print(await loop.run_in_executor(None, lambda: find(persistence.get(4), persistence)))
    print(await loop.run_in_executor(None, lambda: load(int('5'), persistence)))
    print(load(6, persistence))
",
        "#- app.py
import asyncio

class Cache:
    def __init__(self, persistence):
        self.persistence = persistence
        self.first = persistence.get(1)

    def pick(self, k):
        return self.persistence.get(k)

def find(k, persistence):
    return persistence.get(k)

async def load(k, persistence):
    return await asyncio.to_thread(persistence.get, k)

async def main(persistence):
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, lambda: Cache(persistence).pick(3)))
    print(await loop.run_in_executor(None, lambda: find(persistence.get(4), persistence)))
    print(await load(int('5'), persistence))
    print(await load(6, persistence))
",
    );
}

/// A worker would set its own copy of a context variable, and see another `threading.local`.
#[test]
fn what_is_bound_to_a_thread_or_context_is_not_offloaded() {
    let project = Project::new(
        "#- kept.py
import contextvars
import sqlite3
import threading

CURRENT = contextvars.ContextVar('current')
LOCAL = threading.local()

class State(threading.local):
    value = None
#- app.py
import sqlite3

import kept
from kept import LOCAL, State

STATE = State()

class Store:
    def __init__(self, persistence):
        self.persistence = persistence
        self.connection = sqlite3.connect(':memory:')
        self.lock = threading.Lock()

    @timed
    def in_context(self):
        kept.CURRENT.set(1)
        return self.persistence.get(1)

    @timed
    def in_thread(self):
        LOCAL.value = 1
        return self.persistence.get(1)

    @timed
    def in_state(self):
        return STATE.value, self.persistence.get(1)

    @timed
    def in_database(self):
        return self.connection.execute('select 1'), self.persistence.get(1)

    @timed
    def held(self):
        self.lock.acquire()
        return self.persistence.get(1)

    @timed
    def free(self):
        return kept.CURRENT.get(), self.persistence.get(1)

async def main(store: Store):
    print(store.in_context(), store.in_thread(), store.in_state(), store.in_database(), store.held(), store.free())
",
    );
    check_round(&project);
    let applied = project.run("apply --allow-dirty").says(&[
        "sets a context variable",
        "`threading.local` made",
        "`sqlite3.connect` made",
        "a lock held",
    ]);
    assert_eq!(applied.code, 0);
    let line = "    print(store.in_context(), store.in_thread(), store.in_state(), store.in_database(), store.held(), await asyncio.to_thread(store.free))";
    assert!(project.text("app.py").contains(line), "{}", project.text("app.py"));
}

/// An object with coroutine methods may be tied to the loop by what its foreign base does when it is made.
#[test]
fn what_a_foreign_base_makes_is_not_made_in_a_thread() {
    let project = Project::new(
        "#- app.py
from tasks import TaskManager
from records import Record

class Download(TaskManager):
    def __init__(self, persistence):
        super().__init__()
        self.state = persistence.get('state')

    async def stop(self):
        pass

class Row(Record):
    def __init__(self, persistence):
        super().__init__()
        self.state = persistence.get('row')

async def main(persistence):
    print(Download(persistence), Row(persistence))
",
    );
    check_round(&project);
    project
        .run("apply --allow-dirty")
        .returned(0)
        .says(&["`app.Download.__init__` makes an object that may need the running loop (`super().__init__`)"]);
    let line = "    print(Download(persistence), await asyncio.to_thread(Row, persistence))";
    assert!(project.text("app.py").contains(line), "{}", project.text("app.py"));
}

/// A thread would give the coroutine of a child's method back.
#[test]
fn what_a_child_makes_async_is_not_offloaded() {
    let project = Project::new(
        "#- app.py
class Base:
    def __init__(self, persistence):
        self.persistence = persistence

    @timed
    def load(self, key):
        return self.persistence.get(key)

class Child(Base):
    async def load(self, key):
        return key

class Asking(Base):
    async def load(self, key):
        return super().load(key)

async def main(base: Base):
    print(base.load(1))
",
    );
    check_round(&project);
    let applied = project.run("apply --allow-dirty").says(&["`app.Child.load` may be what is called, and is async"]);
    assert_eq!(applied.code, 0);
    let text = project.text("app.py");
    assert!(text.contains("    print(base.load(1))"), "{text}");
    // `super()` finds no child's.
    assert!(text.contains("return await asyncio.to_thread(super().load, key)"), "{text}");
}

/// What `getattr` may find, and a variable of another module, are objects that are called like others.
#[test]
fn objects_are_called_by_way_of_getattr_and_modules() {
    check_project(
        "#- store.py
import asyncio

class Tracker:
    def __call__(self, k):
        return persistence.get(k)

TRACKER = Tracker()
#- main.py
from types import SimpleNamespace

import store

async def main():
    state = SimpleNamespace()
    setattr(state, 'tracker', store.Tracker())
    tracker = getattr(state, 'tracker', None)
    tracker(3)
    store.TRACKER(4)
",
        "#- store.py
import asyncio

class Tracker:
    async def __call__(self, k):
        return await asyncio.to_thread(persistence.get, k)

TRACKER = Tracker()
#- main.py
from types import SimpleNamespace

import store

async def main():
    state = SimpleNamespace()
    setattr(state, 'tracker', store.Tracker())
    tracker = getattr(state, 'tracker', None)
    await tracker(3)
    await store.TRACKER(4)
",
    );
}

/// A test for awaitables somewhere in the module says nothing of code that calls what is in the table.
#[test]
fn the_readers_of_a_table_await_what_they_do_not_test() {
    check_project(
        "#- app.py
import asyncio
import inspect

HANDLERS = {}

def handler(name):
    def register(fn):
        HANDLERS[name] = fn
        return fn
    return register

@handler('load')
def load(k):
    return persistence.get(k)

def dispatch(name, k):
    return HANDLERS[name](k)

async def other(result):
    if inspect.isawaitable(result):
        await result
",
        "#- app.py
import asyncio
import inspect

HANDLERS = {}

def handler(name):
    def register(fn):
        HANDLERS[name] = fn
        return fn
    return register

@handler('load')
async def load(k):
    return await asyncio.to_thread(persistence.get, k)

async def dispatch(name, k):
    return await HANDLERS[name](k)

async def other(result):
    if inspect.isawaitable(result):
        await result
",
    );
}

/// A worker that runs the generator would run `check` too, which sets a context variable.
#[test]
fn what_a_function_hands_on_runs_in_its_worker_too() {
    check_project(
        "#- app.py
import contextvars

KEPT = contextvars.ContextVar('kept', default=0)

class Guild:
    def check(self, k):
        KEPT.set(k)
        return persistence.get(k)

def rows(guild):
    yield sum(map(guild.check, (1, 2)))

async def main():
    print(sum(rows(Guild())), KEPT.get())
",
        "",
    );
}

/// The only call of `walk` goes by another name. It is no decorator for that.
#[test]
fn a_function_that_is_called_by_another_name_is_no_decorator() {
    check_project(
        "#- services.py
import asyncio

class Npc:
    def __call__(self, k):
        return persistence.get(k)

def walk(k, npc):
    return npc(k)
#- main.py
from services import Npc, walk as go

async def main():
    return go(4, npc=Npc())
",
        "#- services.py
import asyncio

class Npc:
    async def __call__(self, k):
        return await asyncio.to_thread(persistence.get, k)

async def walk(k, npc):
    return await npc(k)
#- main.py
from services import Npc, walk as go

async def main():
    return await go(4, npc=Npc())
",
    );
}

/// `push` runs `__exit__` when the stack is left, and an async stack knows no `__aexit__` there. The function is offloaded as a whole.
#[test]
fn what_is_pushed_on_a_stack_keeps_its_exit() {
    check_project(
        "#- app.py
import asyncio
import contextlib

class Lease:
    def __enter__(self):
        return persistence.get(1)

    def __exit__(self, *exc):
        persistence.save(1)

def session(k):
    with contextlib.ExitStack() as stack:
        stack.push(Lease())
        return persistence.get(k)
",
        "",
    );
}

/// `x[k]` that blocks cannot be awaited in a list: the call that takes the generator is offloaded with all that blocks in it.
#[test]
fn what_blocks_beside_a_subscript_in_a_generator_goes_to_the_same_worker() {
    check_project(
        "#- app.py
import asyncio

class Rows:
    def __init__(self, persistence):
        self.persistence = persistence

    def __getitem__(self, k):
        return self.persistence.get(k)

async def one(rows: Rows, persistence):
    return sum(rows[x] + persistence.get(8) for x in range(3) if persistence.is_admin(x))
",
        "#- app.py
import asyncio

class Rows:
    def __init__(self, persistence):
        self.persistence = persistence

    def __getitem__(self, k):
        return self.persistence.get(k)

async def one(rows: Rows, persistence):
    return await asyncio.to_thread(sum, (rows[x] + persistence.get(8) for x in range(3) if persistence.is_admin(x)))
",
    );
}

/// A `:=` may not stand in the iterable of a comprehension.
#[test]
fn a_generator_whose_argument_is_bound_on_the_way_is_not_collected_in_a_comprehension() {
    check_project(
        "#- app.py
import asyncio

def walk(k, persistence):
    for q in (1, k):
        yield persistence.get(q)

async def all_of(k, persistence):
    return list(walk((v := k), persistence)), v
",
        "#- app.py
import asyncio

def walk(k, persistence):
    for q in (1, k):
        yield persistence.get(q)

async def all_of(k, persistence):
    return await asyncio.to_thread(list, walk((v := k), persistence)), v
",
    );
}

/// The key blocks, so `sorted` runs in a worker, and what it sorts is taken from an async generator before.
#[test]
fn what_is_sorted_by_a_blocking_key_is_collected_first() {
    check_project(
        "#- app.py
import asyncio

def rows(k, persistence):
    for q in (1, k):
        yield persistence.get(q)

async def ranked(k, persistence):
    return sorted(rows(k, persistence), key=lambda q: persistence.count(q), reverse=True)
",
        "#- app.py
import asyncio

async def rows(k, persistence):
    for q in (1, k):
        yield await asyncio.to_thread(persistence.get, q)

async def ranked(k, persistence):
    return await asyncio.to_thread(sorted, [item async for item in rows(k, persistence)], key=lambda q: persistence.count(q), reverse=True)
",
    );
}

/// What a handler is called with reaches the parameters of a lambda too.
#[test]
fn a_lambda_among_handlers_knows_its_arguments() {
    check_project(
        "#- awaitify.toml
codemods = [\"./layer.toml\"]
keep_sync = [\"layer.*\"]
#- layer.toml
[[blocking]]
class = \"layer.Persistence\"
#- layer.py
class Persistence:
    def count(self, k):
        return k

    def save(self, k, *more):
        return k
#- app.py
import asyncio
import inspect

from layer import Persistence

class Bus:
    def __init__(self):
        self.handlers = []

    def on(self, fn):
        self.handlers.append(fn)

    async def fire(self, k, store):
        total = 0
        for handler in self.handlers:
            result = handler(k, store)
            if inspect.isawaitable(result):
                result = await result
            total += result
        return total

async def run(k, store: Persistence):
    bus = Bus()
    bus.on(lambda k, p: p.save(k, *[k, 1]))
    return await bus.fire(k, store)
",
        "#- app.py
import asyncio
import inspect

from layer import Persistence

class Bus:
    def __init__(self):
        self.handlers = []

    def on(self, fn):
        self.handlers.append(fn)

    async def fire(self, k, store):
        total = 0
        for handler in self.handlers:
            result = handler(k, store)
            if inspect.isawaitable(result):
                result = await result
            total += result
        return total

async def run(k, store: Persistence):
    bus = Bus()
    async def call(k, p):
        return await asyncio.to_thread(p.save, k, *[k, 1])
    bus.on(call)
    return await bus.fire(k, store)
",
    );
}

/// The project's own offload is never changed, is taken away where it runs what converts, and gives what its function gives.
#[test]
fn the_own_offload_of_a_project_is_known_as_one() {
    check_project(
        "#- awaitify.toml
codemods = [\"persistence\"]
offload = \"offloading:offload\"
#- offloading.py
import asyncio

async def offload(f, *args, **kwargs):
    return await asyncio.to_thread(f, *args, **kwargs)
#- app.py
from offloading import offload

class Store:
    def __init__(self, persistence):
        self.persistence = persistence
        self.first = persistence.get(0)

    def load(self, k):
        return self.persistence.get(k)

class Service:
    def __init__(self, store):
        self.store = store

    def find(self, k):
        return self.store.load(k)

def fetch(persistence, k):
    return persistence.get(k)

async def main(persistence):
    service = Service(Store(persistence))
    print(service.find(1), await offload(fetch, persistence, 1), await offload(lambda: fetch(persistence, 1)), fetch(persistence, 2))
#- other.py
class Other:
    def load(self, k):
        return k
",
        "#- app.py
from offloading import offload

class Store:
    def __init__(self, persistence):
        self.persistence = persistence
        self.first = persistence.get(0)

    async def load(self, k):
        return await offload(self.persistence.get, k)

class Service:
    def __init__(self, store):
        self.store = store

    async def find(self, k):
        return await self.store.load(k)

async def fetch(persistence, k):
    return await offload(persistence.get, k)

async def main(persistence):
    service = Service(await offload(Store, persistence))
    print(await service.find(1), await fetch(persistence, 1), await fetch(persistence, 1), await fetch(persistence, 2))
",
    );
}

/// A generator that blocks is taken by a call inside of a generator that becomes a list: that call goes to a worker.
#[test]
fn the_innermost_call_that_takes_a_generator_is_offloaded() {
    check_project(
        "#- app.py
import asyncio

class Rows:
    def __init__(self, persistence):
        self.persistence = persistence
        self.first = persistence.get(0)

    def total(self, k):
        yield self.first + k
        return 3

async def ranked(persistence):
    return sorted(sum(Rows(persistence).total(x)) for x in range(3))
",
        "#- app.py
import asyncio

class Rows:
    def __init__(self, persistence):
        self.persistence = persistence
        self.first = persistence.get(0)

    def total(self, k):
        yield self.first + k
        return 3

async def ranked(persistence):
    return sorted([sum((await asyncio.to_thread(Rows, persistence)).total(x)) for x in range(3)])
",
    );
}

/// A worker holds on to its arguments, and what is stopped before its end is closed when it is let go of: it is made there.
#[test]
fn a_generator_that_is_left_early_is_made_and_closed_by_the_worker() {
    check_project(
        "#- app.py
class Rows:
    def __init__(self, persistence):
        self.persistence = persistence

    def walk(self, k):
        try:
            yield self.persistence.get(k)
            return 3
        finally:
            print(self.persistence.count(k))

def closes(k):
    try:
        yield k
    finally:
        print(k)

async def first(persistence):
    return next(Rows(persistence).walk(1), 0)

async def most(persistence):
    return any(x > 3 for x in Rows(persistence).walk(1) if persistence.is_admin(x))

async def other(persistence):
    return all(persistence.is_admin(x) for x in closes(3))

async def every(persistence):
    return sum(Rows(persistence).walk(1))

async def bound(persistence):
    return next(Rows(persistence).walk((k := 1)), 0), k
",
        "#- app.py
import asyncio


class Rows:
    def __init__(self, persistence):
        self.persistence = persistence

    def walk(self, k):
        try:
            yield self.persistence.get(k)
            return 3
        finally:
            print(self.persistence.count(k))

def closes(k):
    try:
        yield k
    finally:
        print(k)

async def first(persistence):
    return await asyncio.to_thread(lambda: next(Rows(persistence).walk(1), 0))

async def most(persistence):
    return await asyncio.to_thread(lambda: any(x > 3 for x in Rows(persistence).walk(1) if persistence.is_admin(x)))

async def other(persistence):
    return await asyncio.to_thread(lambda: all(persistence.is_admin(x) for x in closes(3)))

async def every(persistence):
    return await asyncio.to_thread(sum, Rows(persistence).walk(1))

async def bound(persistence):
    return next(Rows(persistence).walk((k := 1)), 0), k
",
    );
}

/// A function whose own calls block without an await stays; one that takes from it goes to a worker, in the first run already.
#[test]
fn what_takes_from_a_generator_that_stays_is_offloaded_at_once() {
    check_project(
        "#- app.py
class Room:
    def __init__(self, persistence):
        self.persistence = persistence

    @property
    def size(self):
        return self.persistence.count(1)

def sizes(persistence):
    yield 1
    yield Room(persistence).size

def ranked(persistence):
    return sorted(sizes(persistence))

async def main(persistence):
    return ranked(persistence), persistence.get(1)
",
        "#- app.py
import asyncio


class Room:
    def __init__(self, persistence):
        self.persistence = persistence

    @property
    def size(self):
        return self.persistence.count(1)

def sizes(persistence):
    yield 1
    yield Room(persistence).size

async def ranked(persistence):
    return await asyncio.to_thread(sorted, sizes(persistence))

async def main(persistence):
    return await ranked(persistence), await asyncio.to_thread(persistence.get, 1)
",
    );
}

/// A decorator that nobody uses runs no object that is called.
#[test]
fn a_decorator_without_uses_says_nothing_about_objects_that_are_called() {
    check_project(
        "#- decorators.py
def timed(fn):
    def wrapper(*args):
        try:
            return fn(*args)
        finally:
            print(fn.__name__)
    return wrapper
#- app.py
class Loader:
    def __init__(self, persistence):
        self.persistence = persistence

    def __call__(self, k):
        return self.persistence.get(k)

async def main(persistence):
    load = Loader(persistence)
    print(load(1))
",
        "#- app.py
import asyncio


class Loader:
    def __init__(self, persistence):
        self.persistence = persistence

    async def __call__(self, k):
        return await asyncio.to_thread(self.persistence.get, k)

async def main(persistence):
    load = Loader(persistence)
    print(await load(1))
",
    );
}

/// `super()` under a name of its own.
#[test]
fn a_call_on_super_that_was_bound_to_a_name_is_awaited() {
    check_project(
        "#- app.py
class Root:
    def __init__(self, persistence):
        self.persistence = persistence

    def load(self, k):
        return [self.persistence.get(k)]

class Left(Root):
    def load(self, k):
        base = super()
        return base.load(k)

def run(base, k):
    return base.load(k)

class Right(Root):
    def load(self, k):
        return run(super(), k)

async def main(persistence):
    print(Left(persistence).load(1), Right(persistence).load(2))
",
        "#- app.py
import asyncio


class Root:
    def __init__(self, persistence):
        self.persistence = persistence

    async def load(self, k):
        return [await asyncio.to_thread(self.persistence.get, k)]

class Left(Root):
    async def load(self, k):
        base = super()
        return await base.load(k)

async def run(base, k):
    return await base.load(k)

class Right(Root):
    async def load(self, k):
        return await run(super(), k)

async def main(persistence):
    print(await Left(persistence).load(1), await Right(persistence).load(2))
",
    );
}

/// What a table of handlers gives to a function that runs it in a thread is awaited there instead.
/// Handlers in a table, and a helper that runs one in a thread.
const REGISTRY: &str = "#- threads.py
import asyncio

async def run_blocking(fn, /, *args, **kwargs):
    return await asyncio.to_thread(fn, *args, **kwargs)
#- app.py
from threads import run_blocking

HANDLERS = {}

def handler(name):
    def register(fn):
        HANDLERS[name] = fn
        return fn
    return register

@handler(\"load\")
def load(k, persistence):
    return persistence.get(k)

@handler(\"other\")
def other(k, persistence):
    return k + 2

async def dispatch(name, *args):
    return await run_blocking(HANDLERS[name], *args)
";

#[test]
fn a_registered_handler_that_a_helper_offloads_is_not_lost_sight_of() {
    check_project(
        &format!(
            "{REGISTRY}
async def direct(k, persistence):
    return load(k, persistence)
"
        ),
        "#- threads.py
import asyncio

async def run_blocking(fn, /, *args, **kwargs):
    return await fn(*args, **kwargs)
#- app.py
import asyncio

from threads import run_blocking

HANDLERS = {}

def handler(name):
    def register(fn):
        HANDLERS[name] = fn
        return fn
    return register

@handler(\"load\")
async def load(k, persistence):
    return await asyncio.to_thread(persistence.get, k)

@handler(\"other\")
async def other(k, persistence):
    return k + 2

async def dispatch(name, *args):
    return await run_blocking(HANDLERS[name], *args)

async def direct(k, persistence):
    return await load(k, persistence)
",
    );
}

#[test]
fn a_registered_handler_that_only_a_helper_in_a_thread_runs_stays() {
    let project = Project::new(REGISTRY);
    project.run("diff").returned(0).says(&["app.load: every caller runs it in a thread already"]);
}

/// The project's own offload stays an offload, whatever it is given out of a table.
#[test]
fn a_registered_handler_that_the_own_offload_runs_stays() {
    let project = Project::new(&format!(
        "#- awaitify.toml
codemods = [\"persistence\"]
offload = \"threads:run_blocking\"
{REGISTRY}"
    ));
    project.run("diff").returned(0).says(&["decorator (1): 1 under `handler`"]);
}

/// The first iterable of a generator expression is evaluated before the worker gets it.
#[test]
fn what_the_first_iterable_of_a_generator_runs_is_awaited_before() {
    check_project(
        "#- app.py
async def one(persistence):
    return any(persistence.is_admin(x) for x in sorted(persistence.count(y) for y in (1, 2)))
",
        "#- app.py
import asyncio


async def one(persistence):
    return await asyncio.to_thread(any, (persistence.is_admin(x) for x in sorted([await asyncio.to_thread(persistence.count, y) for y in (1, 2)])))
",
    );
}

/// What a decorator does is read in its module, also when it has another name here.
#[test]
fn a_decorator_under_another_name_that_hands_on_holds_nothing_together() {
    check_project(
        "#- decorators.py
import functools

def traced(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        return fn(*args)
    return wrapper
#- rooms.py
from decorators import traced as shown

class Room:
    def __init__(self, persistence):
        self.size = self.measure(persistence)

    @shown
    def measure(self, persistence):
        return persistence.get(1)
#- app.py
import decorators
from rooms import Room

@decorators.traced
def plain(k):
    return k

async def main(persistence):
    print(plain(1), Room(persistence).size)
",
        "#- app.py
import asyncio

import decorators
from rooms import Room

@decorators.traced
def plain(k):
    return k

async def main(persistence):
    print(plain(1), (await asyncio.to_thread(Room, persistence)).size)
",
    );
}

/// Where the generator becomes a list because of what it iterates over, what blocks in it is offloaded by itself.
#[test]
fn a_length_that_blocks_in_a_list_over_an_async_generator_is_offloaded_by_itself() {
    check_project(
        "#- app.py
class Room:
    def __init__(self, persistence):
        self.persistence = persistence

    def __len__(self):
        return self.persistence.count(1)

def steps(persistence):
    yield persistence.get(1)

async def main(persistence):
    return sorted(len(Room(persistence)) for x in steps(persistence))
",
        "#- app.py
import asyncio


class Room:
    def __init__(self, persistence):
        self.persistence = persistence

    def __len__(self):
        return self.persistence.count(1)

async def steps(persistence):
    yield await asyncio.to_thread(persistence.get, 1)

async def main(persistence):
    return sorted([await asyncio.to_thread(len, Room(persistence)) async for x in steps(persistence)])
",
    );
}

/// A generator that a base only declares holds open what its overrides do.
#[test]
fn a_declared_generator_is_closed_like_its_overrides() {
    check_project(
        "#- app.py
import abc

class Source(abc.ABC):
    @abc.abstractmethod
    def rows(self, k): ...

class Stored(Source):
    def __init__(self, persistence):
        self.persistence = persistence

    def rows(self, k):
        try:
            yield self.persistence.get(k)
        finally:
            print(self.persistence.count(k))

async def first(source: Source):
    for row in source.rows(1):
        if row:
            return row

async def main(persistence):
    print(await first(Stored(persistence)))
",
        "#- app.py
import abc
import asyncio
from contextlib import aclosing

class Source(abc.ABC):
    @abc.abstractmethod
    def rows(self, k): ...

class Stored(Source):
    def __init__(self, persistence):
        self.persistence = persistence

    async def rows(self, k):
        try:
            yield await asyncio.to_thread(self.persistence.get, k)
        finally:
            print(await asyncio.to_thread(self.persistence.count, k))

async def first(source: Source):
    async with aclosing(source.rows(1)) as items:
        async for row in items:
            if row:
                return row

async def main(persistence):
    print(await first(Stored(persistence)))
",
    );
}

/// An object that is called through a `partial`, and of which no type is known.
#[test]
fn an_object_of_unknown_type_in_a_partial_stays_what_it_is() {
    check_project(
        "#- app.py
import asyncio
import functools
from types import SimpleNamespace

class Guild:
    def __init__(self, persistence):
        self.persistence = persistence

    def __call__(self, k):
        return self.persistence.get(k)

async def main(persistence):
    state = SimpleNamespace()
    setattr(state, \"guild\", Guild(persistence))
    guild = getattr(state, \"guild\", None)
    print(guild(1))
    return functools.partial(guild, 2)
",
        "#- app.py
import asyncio
import functools
from types import SimpleNamespace

class Guild:
    def __init__(self, persistence):
        self.persistence = persistence

    def __call__(self, k):
        return self.persistence.get(k)

async def main(persistence):
    state = SimpleNamespace()
    setattr(state, \"guild\", Guild(persistence))
    guild = getattr(state, \"guild\", None)
    print(await asyncio.to_thread(guild, 1))
    return functools.partial(guild, 2)
",
    );
}

/// Inference knows no types in code that never runs. A method of an exit stack is still no object of the project that is called.
#[test]
fn an_exit_stack_in_code_that_never_runs_is_known() {
    check_project(
        "#- app.py
import contextlib

class Lease:
    def __init__(self, persistence):
        self.persistence = persistence

    def __enter__(self):
        return self.persistence.count()

    def __exit__(self, *exc):
        return None

class Service:
    def __init__(self, persistence):
        self.persistence = persistence

    def __call__(self, k):
        return self.persistence.get(k)

async def main(persistence):
    if 1:
        return
    with contextlib.ExitStack() as stack:
        print(stack.enter_context(Lease(persistence)))
",
        "#- app.py
import asyncio
import contextlib

class Lease:
    def __init__(self, persistence):
        self.persistence = persistence

    async def __aenter__(self):
        return await asyncio.to_thread(self.persistence.count)

    async def __aexit__(self, *exc):
        return None

class Service:
    def __init__(self, persistence):
        self.persistence = persistence

    async def __call__(self, k):
        return await asyncio.to_thread(self.persistence.get, k)

async def main(persistence):
    if 1:
        return
    async with contextlib.AsyncExitStack() as stack:
        print(await stack.enter_async_context(Lease(persistence)))
",
    );
}

/// A class that has the names of a Protocol and cannot be called as it declares is none of its implementations.
#[test]
fn a_generator_is_no_implementation_of_what_is_declared_to_give_a_truth_value() {
    check_project(
        "#- app.py
from typing import Protocol

class Rule(Protocol):
    def check(self, k) -> bool: ...

class Owner:
    def __init__(self, persistence):
        self.persistence = persistence

    def check(self, k) -> bool:
        return self.persistence.is_admin(k)

class Walker:
    def __init__(self, persistence):
        self.persistence = persistence

    def check(self, k):
        yield self.persistence.get(k)

def allows(rule: Rule, k):
    return rule.check(k)

async def main(persistence):
    print(allows(Owner(persistence), 1), list(Walker(persistence).check(2)))
",
        "#- app.py
import asyncio
from typing import Protocol

class Rule(Protocol):
    async def check(self, k) -> bool: ...

class Owner:
    def __init__(self, persistence):
        self.persistence = persistence

    async def check(self, k) -> bool:
        return await asyncio.to_thread(self.persistence.is_admin, k)

class Walker:
    def __init__(self, persistence):
        self.persistence = persistence

    async def check(self, k):
        yield await asyncio.to_thread(self.persistence.get, k)

async def allows(rule: Rule, k):
    return await rule.check(k)

async def main(persistence):
    print(await allows(Owner(persistence), 1), [item async for item in Walker(persistence).check(2)])
",
    );
}

/// What a worker does to its copy of a context variable stays there, so the offload is not taken away.
#[test]
fn an_offload_of_what_sets_a_context_variable_stays() {
    check_project(
        "#- app.py
import asyncio
import contextvars

KEPT = contextvars.ContextVar(\"kept\", default=0)

def scoped(persistence, k):
    KEPT.set(k)
    return persistence.get(k)

async def main(persistence):
    print(await asyncio.to_thread(scoped, persistence, 1), KEPT.get(), persistence.get(2))
",
        "#- app.py
import asyncio
import contextvars

KEPT = contextvars.ContextVar(\"kept\", default=0)

def scoped(persistence, k):
    KEPT.set(k)
    return persistence.get(k)

async def main(persistence):
    print(await asyncio.to_thread(scoped, persistence, 1), KEPT.get(), await asyncio.to_thread(persistence.get, 2))
",
    );
}

/// Importing it from the module that is being loaded would fail.
#[test]
fn the_own_offload_needs_no_import_where_it_is_defined() {
    check_project(
        "#- awaitify.toml
codemods = [\"persistence\"]
offload = \"app.offloading:offload\"
#- app/__init__.py
#- app/offloading.py
import asyncio

async def offload(f, *args, **kwargs):
    return await asyncio.to_thread(f, *args, **kwargs)

async def first(persistence):
    return persistence.get(0)
#- main.py
import asyncio
from app.offloading import first
from layer import Persistence

print(asyncio.run(first(Persistence())))
",
        "#- app/offloading.py
import asyncio

async def offload(f, *args, **kwargs):
    return await asyncio.to_thread(f, *args, **kwargs)

async def first(persistence):
    return await offload(persistence.get, 0)
",
    );
}

#[test]
fn what_becomes_async_reaches_calls_that_count_in_async_code_alone() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['open']
reach = 'all'
[[blocking]]
function = 'web.*'
reach = 'all'
#- web.py
def fetch(name):
    return name
#- settings.py
def load(name):
    return open(name)
def unused(name):
    return open(name)
#- auth.py
import settings
import web

def register(name):
    return web.fetch(settings.load(name))
",
    );
    check_round(&project).says(&["2 functions made async, 1 call awaited"]);
    project.run("apply --allow-dirty").returned(0);
    assert!(
        project.text("settings.py").contains("async def load(name):\n    return await asyncio.to_thread(open, name)")
    );
    assert!(project.text("settings.py").contains("\ndef unused(name):\n    return open(name)"));
}

/// It calls something that blocks and stays, and no async code gets there: all is as it was.
#[test]
fn what_no_async_code_reaches_is_not_made_async_to_offload() {
    let code = "import asyncio
import sys
import time

import click

def read(key):
    time.sleep(1)
    return key

class Config:
    def __init__(self):
        self.name = read('a')

async def serve(config):
    print(config.name, read('b'))

@click.group()
@click.pass_context
def cli(ctx):
    ctx.obj = Config()

@cli.command()
@click.pass_obj
def run(config):
    asyncio.run(serve(config))

def main(argv=None):
    return cli(argv or sys.argv[1:])

if __name__ == '__main__':
    main()
";
    let after = code.replace(", read('b'))", ", await asyncio.to_thread(read, 'b'))");
    check_project(
        &format!("#- awaitify.toml\ncodemods = ['time-sleep']\n#- app.py\n{code}"),
        &format!("#- app.py\n{after}"),
    );
}

/// isort's order, and ruff's, holds where it held.
#[test]
fn names_of_an_import_stay_in_order() {
    check_project(
        "#- awaitify.toml
codemods = ['persistence']
#- app.py
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

@contextmanager
def opened(done: Callable[[], None]) -> Iterator[int]:
    yield persistence.get(1)

def keys(of: Sequence[int]) -> Iterator[int]:
    for key in of:
        yield persistence.get(key)

async def main():
    with closing(open('x')):
        with opened(print) as first:
            for key in keys([first]):
                print(key)
",
        "#- app.py
import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing

@asynccontextmanager
async def opened(done: Callable[[], None]) -> AsyncIterator[int]:
    yield await asyncio.to_thread(persistence.get, 1)

async def keys(of: Sequence[int]) -> AsyncIterator[int]:
    for key in of:
        yield await asyncio.to_thread(persistence.get, key)

async def main():
    with closing(open('x')):
        async with opened(print) as first:
            async for key in keys([first]):
                print(key)
",
    );
}

/// Under another name, too: the thread would drop the coroutine.
#[test]
fn what_a_lambda_in_a_thread_calls_stays() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['time-sleep']
#- store.py
import time

def note(key):
    time.sleep(1)
#- app.py
import threading
from store import note as kept

note = kept

async def main():
    threading.Thread(target=lambda: note(1)).start()
    note(2)
",
    );
    let run = check_round(&project);
    assert!(!run.text().contains("async def note"), "{}", run.text());
    assert!(run.text().contains("+    await asyncio.to_thread(note, 2)"), "{}", run.text());
}
