//! Programs whose right migration verification refused, or which a second run found more to do in: random ones (`benches/fuzz`),
//! made small.

use crate::support::{Project, check_project, check_round};

/// The look-up of the loop goes with the offload that is unwrapped; it is not renamed as well.
#[test]
fn the_loop_of_an_unwrapped_offload_goes_with_it() {
    check_project(
        "#- app.py
import asyncio

class Room:
    def find(self, k):
        return persistence.get(k)

async def main():
    print(await asyncio.get_event_loop().run_in_executor(None, lambda: Room().find(3)))
    print(Room().find(asyncio.get_event_loop().time()))
",
        "#- app.py
import asyncio

class Room:
    async def find(self, k):
        return await asyncio.to_thread(persistence.get, k)

async def main():
    print(await Room().find(3))
    print(await Room().find(asyncio.get_running_loop().time()))
",
    );
}

/// In a lambda that becomes a definition, and around a call that is offloaded with what it runs.
#[test]
fn generator_expressions_become_lists_where_something_inside_is_awaited() {
    check_project(
        "#- app.py
class Service:
    def act(self):
        total = lambda: sum(self.persistence.get(x) for x in (1, 2))
        return total()

    def find(self, k):
        return sum(self.persistence.get(x) for x in (1, 2) if any(self.persistence.is_admin(y) for y in (x, k)))
",
        "#- app.py
import asyncio


class Service:
    async def act(self):
        async def call():
            return sum([await asyncio.to_thread(self.persistence.get, x) for x in (1, 2)])
        total = call
        return await total()

    async def find(self, k):
        return sum([await asyncio.to_thread(self.persistence.get, x) for x in (1, 2) if await asyncio.to_thread(any, (self.persistence.is_admin(y) for y in (x, k)))])
",
    );
}

/// A loop that is nested deeper, and a lambda that becomes a definition, move what stands in them.
#[test]
fn what_moves_with_a_construct_is_found_again() {
    check_project(
        "#- app.py
from contextlib import aclosing

def render(persistence):
    try:
        yield persistence.get(1)
    finally:
        print('closed')

async def visit(persistence):
    for row in render(persistence):
        def inner(): return persistence.get(row)
        if (lambda k: persistence.get(k))(row) in [inner()]:
            break

def total(persistence):
    return persistence.get(1) * persistence.save(2) * (lambda k: k + persistence.get(k))(3)
",
        "#- app.py
import asyncio
from contextlib import aclosing

async def render(persistence):
    try:
        yield await asyncio.to_thread(persistence.get, 1)
    finally:
        print('closed')

async def visit(persistence):
    async with aclosing(render(persistence)) as items:
        async for row in items:
            async def inner(): return await asyncio.to_thread(persistence.get, row)
            if await (lambda k: asyncio.to_thread(persistence.get, k))(row) in [await inner()]:
                break

async def total(persistence):
    async def call(k):
        return k + await asyncio.to_thread(persistence.get, k)
    return await asyncio.to_thread(persistence.get, 1) * await asyncio.to_thread(persistence.save, 2) * await (call)(3)
",
    );
}

/// The lambda is offloaded as it is when no definition can stand before its statement.
#[test]
fn a_lambda_behind_a_line_end_stays() {
    check_project(
        "#- app.py
import asyncio

def several(persistence):
    return print(
        1,
        (lambda k: k + persistence.get(k))(3),
    )
",
        "#- app.py
import asyncio

async def several(persistence):
    return print(
        1,
        await asyncio.to_thread((lambda k: k + persistence.get(k)), 3),
    )
",
    );
}

/// A worker that evaluates `x[k]` evaluates `k` too. What has to be awaited cannot stand in it.
#[test]
fn an_expression_in_a_worker_holds_no_await() {
    check_project(
        "#- store.py
import asyncio

class Table:
    def __getitem__(self, k):
        return persistence.get(k)

    def load(self, k):
        return persistence.get(k)
#- main.py
import asyncio

from store import Table

async def main(table: Table, other: Table):
    print(table[persistence.get(1)], table[2])
    print(table[other.load(3)])
",
        "#- store.py
import asyncio

class Table:
    def __getitem__(self, k):
        return persistence.get(k)

    async def load(self, k):
        return await asyncio.to_thread(persistence.get, k)
#- main.py
import asyncio

from store import Table

async def main(table: Table, other: Table):
    print(await asyncio.to_thread(lambda: table[persistence.get(1)]), await asyncio.to_thread(lambda: table[2]))
    print(table[await other.load(3)])
",
    );
}

/// Every `_` in the program would be a use of it.
#[test]
fn a_function_without_a_name_stays() {
    check_project(
        "#- app.py
import asyncio
import functools

@functools.singledispatch
def show(value):
    return value

@show.register
def _(value: int):
    return persistence.get(value)

async def main():
    for _ in range(3):
        print(show(1))
",
        "#- app.py
import asyncio
import functools

@functools.singledispatch
def show(value):
    return value

@show.register
def _(value: int):
    return persistence.get(value)

async def main():
    for _ in range(3):
        print(await asyncio.to_thread(show, 1))
",
    );
}

/// `SERVICE.pick` cannot be the `pick` that sets a context variable, before the migration and after it.
#[test]
fn hazards_are_looked_for_where_the_graph_leads() {
    let project = Project::new(
        "#- app.py
import contextvars
import threading

KEPT = contextvars.ContextVar('kept', default=0)

def scoped(k):
    KEPT.set(k)
    return k

class Service:
    def __init__(self):
        self.lock = threading.Lock()

    def pick(self, k):
        with self.lock:
            return persistence.get(k)

class Chat:
    def pick(self, k):
        return scoped(k) + persistence.get(k)

SERVICE = Service()

class Other:
    def __init__(self):
        self.first = SERVICE.pick(3)

async def main():
    print(Other(), Chat().pick(2))
",
    );
    let run = check_round(&project).returned(1);
    assert!(run.text().contains("+    print(await asyncio.to_thread(Other), await Chat().pick(2))"), "{}", run.text());
}

/// `service.load` may be any `load` by its name, but none that becomes async.
#[test]
fn no_hazard_is_in_what_becomes_async() {
    check_project(
        "#- app.py
import contextvars
import functools
import threading

KEPT = contextvars.ContextVar('kept', default=0)

class Service:
    def load(self, k):
        return persistence.get(k)

class Chat:
    def load(self, k):
        KEPT.set(k)
        return persistence.get(k)

def once(k):
    service = Service()
    return functools.partial(service.load, k)()

threading.Thread(target=once, args=(1,)).start()

async def main():
    print(once(3), Chat().load(2))
",
        "#- app.py
import asyncio
import contextvars
import functools
import threading

KEPT = contextvars.ContextVar('kept', default=0)

class Service:
    def load(self, k):
        return persistence.get(k)

class Chat:
    async def load(self, k):
        KEPT.set(k)
        return await asyncio.to_thread(persistence.get, k)

def once(k):
    service = Service()
    return functools.partial(service.load, k)()

threading.Thread(target=once, args=(1,)).start()

async def main():
    print(await asyncio.to_thread(once, 3), await Chat().load(2))
",
    );
}

/// A `match` that the oldest Python of the project does not know stood there before.
#[test]
fn a_match_that_the_target_version_lacks_is_no_fault_of_ours() {
    check_project(
        "#- awaitify.toml
codemods = [\"persistence\"]
target-version = \"3.9\"
#- app.py
async def main(persistence):
    match (abs)(persistence.get(1)) % 3:
        case 0:
            return 1
    match (persistence.get(1)):
        case 0:
            return 1
",
        "#- app.py
import asyncio


async def main(persistence):
    match (abs)(await asyncio.to_thread(persistence.get, 1)) % 3:
        case 0:
            return 1
    match (await asyncio.to_thread(persistence.get, 1)):
        case 0:
            return 1
",
    );
}

/// A pool bounds how many run at once, and may be one of processes: what runs in it stays.
#[test]
fn an_executor_of_the_programs_own_is_left() {
    check_project(
        "#- app.py
import asyncio
from concurrent.futures import ProcessPoolExecutor

def load(k):
    return persistence.get(k)

def keep(k):
    return persistence.get(k)

async def main(loop):
    with ProcessPoolExecutor(max_workers=1) as pool:
        print(await loop.run_in_executor(pool, load, 1))
    print(await loop.run_in_executor(None, keep, 1))
    print(load(2), keep(2))
",
        "#- app.py
import asyncio
from concurrent.futures import ProcessPoolExecutor

def load(k):
    return persistence.get(k)

async def keep(k):
    return await asyncio.to_thread(persistence.get, k)

async def main(loop):
    with ProcessPoolExecutor(max_workers=1) as pool:
        print(await loop.run_in_executor(pool, load, 1))
    print(await keep(1))
    print(await asyncio.to_thread(load, 2), await keep(2))
",
    );
}

/// What a test posts with says nothing of who calls the handler: its base does.
#[test]
fn a_method_that_only_an_outside_base_calls_stays_whatever_tests_call() {
    let project = Project::new(
        "#- api.py
from flask_restful import Resource

class Import(Resource):
    def post(self):
        return persistence.put(1)

class Other:
    def post(self):
        return persistence.put(2)

async def main():
    return Other().post()
#- tests/test_api.py
from api import Import

def add(client):
    return client.post()

def test_import(client):
    assert add(client) == 1
    assert client.post() == 1
",
    );
    let run = project.run("diff .").returned(1);
    assert!(!run.text().contains("-        return persistence.put(1)"), "{}", run.text());
    run.says(&["api.Import.post: nothing in the project calls it, but a base class from outside may"]);
}
