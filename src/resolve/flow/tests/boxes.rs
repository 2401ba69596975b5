//! Objects in what libraries keep them in: records, queues, context variables, weak references; and attributes that are
//! written without their names.

use super::{EXACT, check};

#[test]
fn named_tuples() {
    check(
        "#- app.py
from collections import namedtuple
from typing import NamedTuple
from stores import Store, Other
Pair = namedtuple('Pair', 'store other')
Made = NamedTuple('Made', [('store', Store), ('other', Other)])
class Typed(NamedTuple):
    store: object
    other: object
def make():
    return Pair(Store(), Other())
def run():
    pair = make()
    pair.store.load(1)  # here
    pair.other.load(1)  # here
    store, other = pair
    store.load(1)  # here
    Made(other=Other(), store=Store()).store.load(1)  # here
    Typed(Store(), Other()).store.load(1)  # here
",
        &format!("{EXACT}\nforeign\n{EXACT}\nstores.Store.load [type]\n{EXACT}"),
    );
}

#[test]
fn queues_and_context_variables() {
    check(
        "#- app.py
import asyncio
import queue
from contextvars import ContextVar
from stores import Store, Other
JOBS = queue.Queue()
current = ContextVar('current')
given = ContextVar('given', default=Other())
class Worker:
    def __init__(self):
        self.inbox = asyncio.Queue()
    def put(self):
        JOBS.put(Store())
        current.set(Store())
        self.inbox.put_nowait(Store())
    def run(self):
        job = JOBS.get(timeout=1)
        job.load(1)  # here
        current.get().load(1)  # here
        given.get().load(1)  # here
    async def wait(self):
        item = await self.inbox.get()
        item.load(1)  # here
",
        &format!("{EXACT}\n{EXACT}\nforeign\n{EXACT}"),
    );
}

#[test]
fn weak_references() {
    check(
        "#- app.py
import weakref
from stores import Store
class Watcher:
    def __init__(self, store):
        self.ref = weakref.ref(store)
        self.proxy = weakref.proxy(store)
    def run(self):
        self.ref().load(1)  # here
        self.proxy.load(1)  # here
Watcher(Store())
",
        &format!("{EXACT}\n{EXACT}"),
    );
}

#[test]
fn attributes_that_are_written_by_computed_names() {
    check(
        "#- app.py
from stores import Store, Other
class Options:
    def __init__(self, **values):
        for name, value in values.items():
            setattr(self, name, value)
class Bag:
    def __init__(self, **values):
        self.__dict__.update(values)
class Slots:
    def fill(self, kind):
        setattr(self, f'the_{kind}', Store())
        self.__dict__['own'] = Store()
def run():
    options = Options(store=Store(), other=Other())
    options.store.load(1)  # here
    options.other.load(1)  # here
    Bag(store=Store()).store.load(1)  # here
    slots = Slots()
    slots.the_first.load(1)  # here
    slots.own.load(1)  # here
",
        &format!("{EXACT}\nforeign\n{EXACT}\n{EXACT}\n{EXACT}"),
    );
}

#[test]
fn a_dataclass_field_with_a_factory() {
    check(
        "#- app.py
from dataclasses import dataclass, field
from stores import Store, Other
@dataclass
class Conf:
    more: list = field(default_factory=list)
def run():
    c = Conf()
    c.more.append(Store())
    c.more[0].load(1)  # here
    d = Conf()
    d.more.append(Store())
    for each in d.more:
        each.load(1)  # here
",
        &format!("{EXACT}\n{EXACT}"),
    );
}
