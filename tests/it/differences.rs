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
#- app.py
import sqlite3

import kept
from kept import LOCAL

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
    print(store.in_context(), store.in_thread(), store.in_database(), store.held(), store.free())
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
    let line = "    print(store.in_context(), store.in_thread(), store.in_database(), store.held(), await asyncio.to_thread(store.free))";
    assert!(project.text("app.py").contains(line), "{}", project.text("app.py"));
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
