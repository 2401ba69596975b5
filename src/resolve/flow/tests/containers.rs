//! Objects in lists, dicts and tuples.

use super::{EXACT, check};

#[test]
fn a_list_that_is_appended_to() {
    check(
        "#- app.py
from stores import Store
class App:
    def __init__(self):
        self.stores = []
    def add(self, store):
        self.stores.append(store)
    def run(self):
        for store in self.stores:
            store.load(1)  # here
        self.stores[0].load(1)  # here
        return [each.load(1) for each in self.stores]  # here
App().add(Store())
",
        &[EXACT; 3].join("\n"),
    );
}

#[test]
fn a_table_with_literal_keys() {
    check(
        "#- app.py
from stores import Store, Other
TABLE = {'a': Store(), 'b': Other()}
def run(key):
    TABLE['a'].load(1)
    run_one(TABLE['a'])
    run_two(TABLE['b'])
    run_any(TABLE[key])
    run_any(TABLE.get(key))
def run_one(x):
    x.load(1)  # here
def run_two(x):
    x.load(1)  # here
def run_any(x):
    x.load(1)  # here
",
        &format!("{EXACT}\nstores.Other.load [flow]\nstores.Store.load | stores.Other.load [flow]"),
    );
}

#[test]
fn a_registry_that_is_written_by_key() {
    check(
        "#- app.py
from stores import Store
class Registry:
    def __init__(self):
        self._items = {}
    def register(self, name, item):
        self._items[name] = item
    def get_item(self, name):
        return self._items[name]
    def all_items(self):
        return self._items.values()
def main():
    registry = Registry()
    registry.register('x', Store())
    registry.get_item('x').load(1)  # here
    for item in registry.all_items():
        item.load(1)  # here
    for key, item in registry._items.items():
        item.load(1)  # here
",
        &[EXACT; 3].join("\n"),
    );
}

#[test]
fn a_returned_tuple_is_unpacked() {
    check(
        "#- app.py
from stores import Store, Other
def build():
    store = Store()
    other = Other()
    return store, other
def main():
    store, other = build()
    store.load(1)
    run(store)
    skip(other)
def run(x):
    x.load(1)  # here
def skip(x):
    x.load(1)  # here
",
        &format!("{EXACT}\nforeign"),
    );
}

#[test]
fn what_stands_after_a_star_is_any_element() {
    check(
        "#- app.py
from stores import Store, Other
def main(xs):
    first, *rest, last = [Other(), Other(), Store()]
    run(last)
def run(x):
    x.load(1)  # here
",
        "stores.Store.load | stores.Other.load [flow]",
    );
}

#[test]
fn a_nested_list_in_a_dict() {
    check(
        "#- app.py
from stores import Store
class Bus:
    def __init__(self):
        self._subs = {}
    def on(self, topic, sub):
        self._subs.setdefault(topic, []).append(sub)
    def fire(self, topic):
        for sub in self._subs.get(topic, []):
            sub.load(1)  # here
Bus().on('x', Store())
",
        EXACT,
    );
}

#[test]
fn a_function_fills_a_container_that_it_is_given() {
    check(
        "#- app.py
from stores import Store, Other
def fill(items):
    items.append(Store())
class App:
    def __init__(self):
        self.things = [Other()]
        fill(self.things)
    def run(self):
        for thing in self.things:
            go(thing)
def go(thing):
    thing.load(1)  # here
",
        "stores.Store.load | stores.Other.load [flow]",
    );
}

#[test]
fn an_alias_fills_the_container() {
    check(
        "#- app.py
from stores import Store, Other
class App:
    def __init__(self):
        self.things = [Other()]
    def add(self):
        things = self.things
        things.append(Store())
    def run(self):
        for thing in self.things:
            thing.load(1)  # here
",
        "stores.Store.load | stores.Other.load [flow]",
    );
}

#[test]
fn builtins_hand_elements_on() {
    check(
        "#- app.py
from stores import Store
class App:
    def __init__(self, stores):
        self.stores = tuple(stores)
    def run(self):
        for at, store in enumerate(sorted(self.stores)):
            store.load(1)  # here
        next(iter(self.stores)).load(1)  # here
App([Store()])
",
        &[EXACT; 2].join("\n"),
    );
}

#[test]
fn a_list_that_is_never_filled_is_unknown() {
    check(
        "#- app.py
class App:
    def __init__(self):
        self.stores = []
    def run(self):
        for store in self.stores:
            store.load(1)  # here
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_name_that_is_bound_to_a_part_of_itself() {
    check(
        "#- app.py
from stores import Store
def keep(tree, path, store):
    node = tree
    for step in path:
        node = node[step]
        node.setdefault(step, {}).update(last=run)
def run(store):
    store.load(1)  # here
keep({}, 'abc', 1)
run(Store())
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_container_of_a_class_that_others_fill() {
    check(
        "#- app.py
from stores import Store
class App:
    services = {}
    def __init__(self):
        self.tree = {'x': [{'y': (1, Store())}]}
def run():
    App.services['x'] = Store()
    App.services['x'].load(1)  # here
    App().services.get('x').load(1)  # here
    first, second = App().tree['x'][0]['y']
    second.load(1)  # here
",
        &format!("stores.Store.load [type]\n{EXACT}\nstores.Store.load [type]"),
    );
}

#[test]
fn what_an_object_is_made_with_is_filled_by_its_methods() {
    let program = |producer: &str| {
        format!(
            "#- app.py
import asyncio
from dataclasses import dataclass
from stores import Store, Other
{producer}
    def fill(self):
        self.queue.put_nowait((Other(), 2))
def start(q):
    Producer(queue=q).fill()
async def run():
    queue = asyncio.Queue()
    queue.put_nowait((Store(), 1))
    start(queue)
    return await worker(queue)
async def worker(queue):
    store, key = await queue.get()
    store.load(key)  # here
"
        )
    };
    let both = "stores.Store.load | stores.Other.load [flow]";
    check(&program("class Producer:\n    def __init__(self, queue):\n        self.queue = queue"), both);
    check(&program("@dataclass\nclass Producer:\n    queue: object"), both);
}
