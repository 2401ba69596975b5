//! Programs that behaved otherwise after a migration: random ones (`benches/fuzz`), made small.

use crate::support::check_project;

/// A decorator that acts around the call keeps its function sync, also when another of its module knows coroutine functions.
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
        "#- app.py
import asyncio

from decorators import aware, timed

@timed
def load(persistence):
    return persistence.get(1)

@aware
async def find(persistence):
    return await asyncio.to_thread(persistence.get, 2)

async def main(persistence):
    print(await asyncio.to_thread(load, persistence), await find(persistence))
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
