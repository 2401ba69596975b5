//! What runs where nothing names it: hooks of classes, methods that libraries and containers run, and objects that are written to.

use crate::support::{Project, check_project, check_round};

/// Migrates `files`, in which nothing may change; stderr has `words`.
#[track_caller]
fn check_stays(files: &str, words: &[&str]) {
    let diff = check_round(&Project::new(files)).says(words);
    assert_eq!(diff.text(), "");
}

#[test]
fn what_a_function_of_a_library_runs_under_whatever_name_it_is_imported() {
    let sink = "class Sink:
    def write(self, text):
        persistence.save(text)

async def main():
";
    for (import, call) in [
        ("from json import dump", "dump(1, Sink())"),
        ("from json import dump as put", "put(1, Sink())"),
        ("import json as j", "j.dump(1, fp=Sink())"),
        ("import csv", "csv.DictWriter(Sink(), ['a'])"),
        ("from contextlib import redirect_stdout as to", "to(Sink())"),
        ("import pickle", "pickle.dump(1, file=Sink())"),
    ] {
        check_stays(
            &format!("#- app.py\n{import}\n\n{sink}    {call}\n"),
            &["operator (1)", "runs `app.Sink.write`, which blocks"],
        );
    }
}

#[test]
fn hooks_that_python_runs_by_itself_are_said_to_block_anywhere() {
    for hook in [
        "class A:\n    def __del__(self):\n        persistence.save(self)\n",
        "class A:\n    def __set_name__(self, owner, name):\n        persistence.save(name)\n",
        "class A:\n    def __setstate__(self, state):\n        persistence.save(state)\n",
        "class A(type):\n    def __call__(cls, *args):\n        return persistence.get(args)\n",
        "import enum\n\nclass A(enum.Enum):\n    ONE = 1\n\n    @classmethod\n    def _missing_(cls, value):\n        return persistence.get(value)\n",
        "from collections.abc import Mapping\n\nclass A(Mapping):\n    def __getitem__(self, key):\n        return persistence.get(key)\n",
        "def __getattr__(name):\n    return persistence.get(name)\n",
        "class A:\n    def find_spec(self, name, path, target=None):\n        return persistence.get(name)\n\n    def exec_module(self, module):\n        pass\n",
        "class A:\n    def load_module(self, name):\n        pass\n\n    def get_data(self, path):\n        return persistence.get(path)\n",
    ] {
        check_stays(&format!("#- app.py\n{hook}"), &["run-unseen (1)", "wherever that is in async code"]);
    }
}

#[test]
fn keys_and_missing_keys_run_methods_where_a_table_is_read() {
    check_stays(
        "#- app.py
class Key:
    def __hash__(self):
        return persistence.get(1)

class Rows(dict):
    def __missing__(self, name):
        return persistence.get(name)

class Repo:
    def __class_getitem__(cls, name):
        return persistence.get(name)

async def main(table: dict, key: Key, rows: Rows):
    table[key]
    table.get(key)
    rows[2]
    Repo[3]
    {key}
",
        &["app.py:14", "app.py:15", "app.py:16", "app.py:17", "app.py:18", "5 sites left"],
    );
}

/// The parameter has no type: `put` blocks all the same.
#[test]
fn a_descriptor_of_an_object_that_only_flow_knows() {
    check_project(
        "#- app.py
class Field:
    def __set__(self, row, value):
        persistence.save(value)

class Row:
    name = Field()

def put(row):
    row.name = 3

async def main():
    put(Row())
",
        "#- app.py
import asyncio


class Field:
    def __set__(self, row, value):
        persistence.save(value)

class Row:
    name = Field()

def put(row):
    row.name = 3

async def main():
    await asyncio.to_thread(put, Row())
",
    );
}

/// `cls.load = load` says nothing of what the hook of another class finds.
#[test]
fn a_method_that_is_written_to_some_class_leaves_others_of_its_name_uncertain() {
    let project = Project::new(
        "#- app.py
class Proxy:
    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        if name == 'size':
            return 1
        return getattr(self.inner, name)

class Box:
    def load(self, key):
        return persistence.get(key)

def counted(cls):
    plain = cls.load

    def load(self, key):
        return plain(self, key)

    cls.load = load
    return cls

@counted
class Counted:
    def load(self, key):
        return persistence.get(key)

def scene():
    proxy = Proxy(Box())
    return proxy.load(3) + 1

async def main():
    return scene(), Counted().load(4), Box().load(5)
",
    );
    check_round(&project);
    project.run("apply --allow-dirty");
    let text = project.text("app.py");
    let is_awaited = text.contains("await proxy.load(3)");
    assert!(is_awaited || !text.contains("async def load"), "{text}");
}

/// A function may have the name of the property that it reads.
#[test]
fn a_property_that_may_be_read_in_a_function_which_a_coroutine_calls_is_listed() {
    let app = "#- app.py
class Row:
    @property
    def size(self):
        return persistence.get(1)

def size(row):
    return row.size

KIND main(row):
    return size(row)
";
    check_stays(&app.replace("KIND", "async def"), &["1 uncertain", "annotate `row: Row` at app.py:6: settles 1 site"]);
    check_stays(&app.replace("KIND", "def"), &["0 uncertain"]);
}

/// `[x async for x in rows]` would not ask for the length.
#[test]
fn objects_whose_length_blocks_are_not_iterated_over_asynchronously() {
    let rows = "#- app.py
class Rows:
    def __iter__(self):
        yield persistence.get(1)

    def __len__(self):
        return persistence.get(2)

async def main():
    return list(Rows())
";
    check_project(
        rows,
        &format!(
            "#- app.py\nimport asyncio\n\n\n{}",
            rows.trim_start_matches("#- app.py\n").replace("list(Rows())", "await asyncio.to_thread(list, Rows())")
        ),
    );
}

#[test]
fn a_class_that_a_builtin_calls_constructs_there() {
    check_stays(
        "#- app.py
class Row:
    def __init__(self, key):
        self.data = persistence.get(key)

async def main(keys):
    for row in map(Row, keys):
        print(row)
",
        &["1 site left", "app.py:6"],
    );
}

/// `await str(...)` would be what is left of the offload.
#[test]
fn a_lambda_that_does_more_than_one_call_stays_in_its_thread() {
    for body in [
        "str(store.load(1))",
        "print(store.load(1))",
        "all(store.load(key) for key in 'ab')",
        "sum(store.load(key) for key in 'ab')",
        "sorted(store.load(key) for key in 'ab')",
        "dict(a=store.load(1))",
        "store.load(store.load(1))",
        "store.load(1) + 1",
    ] {
        let text = format!(
            "#- app.py
import asyncio

class Store:
    def load(self, key):
        return persistence.get(key)

async def main():
    store = Store()
    await asyncio.to_thread(lambda: {body})
    return LAST
"
        );
        check_project(
            &text.replace("LAST", "store.load(2)"),
            &text.replace("LAST", "await asyncio.to_thread(store.load, 2)"),
        );
    }
}

/// What is left of the generator is closed where it is let go of, and its `finally` runs there.
#[test]
fn a_generator_that_holds_something_open_is_made_in_the_worker_that_stops_early() {
    check_project(
        "#- app.py
import functools

class Store:
    def rows(self, key):
        try:
            yield persistence.get(key)
        finally:
            persistence.save(key)

async def main():
    store = Store()
    return next(functools.partial(store.rows, 3)(), 0)
",
        "#- app.py
import asyncio
import functools

class Store:
    def rows(self, key):
        try:
            yield persistence.get(key)
        finally:
            persistence.save(key)

async def main():
    store = Store()
    return await asyncio.to_thread(lambda: next(functools.partial(store.rows, 3)(), 0))
",
    );
}

/// A function that stays is said where it is given to the dispatcher, by its name. A lambda has none.
#[test]
fn a_lambda_that_a_dispatcher_gets_is_listed_where_nothing_can_be_awaited() {
    let bus = "#- app.py
import inspect

class Bus:
    def __init__(self):
        self.handlers = []

    def on(self, handler):
        self.handlers.append(handler)

    async def emit(self, *args):
        for handler in self.handlers:
            result = handler(*args)
            if inspect.isawaitable(result):
                await result

async def main():
    bus = Bus()
    bus.on(lambda key: persistence.save(key) + persistence.get(key))
    await bus.emit(1)
";
    for line in ["reach = 'none'", "target-version = '3.8'"] {
        let config = format!("#- awaitify.toml\ncodemods = ['persistence']\n{line}\n");
        check_stays(&format!("{config}{bus}"), &["lambda (1)", "app.py:18 app.main.<lambda>"]);
    }
}

/// What a metaclass makes is of one of its classes, and what it calls on `cls` may be theirs.
#[test]
fn a_metaclass_calls_methods_of_its_classes() {
    check_project(
        "#- app.py
class Meta(type):
    def __init__(cls, name, bases, body):
        super().__init__(name, bases, body)
        cls.declare(1)

    def __call__(cls, *args):
        made = super().__call__(*args)
        made.start()
        return made

class Made(metaclass=Meta):
    @classmethod
    def declare(cls, k):
        return persistence.get(k)

    def start(self):
        return persistence.get(1)

    def stop(self):
        return persistence.get(2)

async def main():
    Made().stop()
",
        "#- app.py
import asyncio


class Meta(type):
    def __init__(cls, name, bases, body):
        super().__init__(name, bases, body)
        cls.declare(1)

    def __call__(cls, *args):
        made = super().__call__(*args)
        made.start()
        return made

class Made(metaclass=Meta):
    @classmethod
    def declare(cls, k):
        return persistence.get(k)

    def start(self):
        return persistence.get(1)

    async def stop(self):
        return await asyncio.to_thread(persistence.get, 2)

async def main():
    await Made().stop()
",
    );
}

/// A decorator of the project's own that runs the method where it is read.
#[test]
fn a_descriptor_that_runs_a_method_is_a_property() {
    check_project(
        "#- tools.py
import functools

class lazy:
    def __init__(self, fn):
        self.fn = fn

    def __get__(self, obj, owner=None):
        return self if obj is None else self.fn(obj)

class bound:
    def __init__(self, fn):
        self.fn = fn

    def __get__(self, obj, owner=None):
        return functools.partial(self.fn, obj)

def kept(fn):
    @property
    def wrapper(self):
        return fn(self)
    return wrapper
#- app.py
from tools import bound, kept, lazy

class Row:
    @lazy
    def depth(self):
        return persistence.get(1)

    @kept
    def height(self):
        return persistence.get(1)

    @bound
    def width(self, k):
        return persistence.get(k)

async def main():
    row = Row()
    print(row.depth, row.height, row.width(2))
",
        "#- app.py
import asyncio

from tools import bound, kept, lazy

class Row:
    @lazy
    def depth(self):
        return persistence.get(1)

    @kept
    def height(self):
        return persistence.get(1)

    @bound
    def width(self, k):
        return persistence.get(k)

async def main():
    row = Row()
    print(await asyncio.to_thread(lambda: row.depth), await asyncio.to_thread(lambda: row.height), await asyncio.to_thread(row.width, 2))
",
    );
}

/// An item that is written to itself is nothing that anybody knows; what the list began with gets there, too.
#[test]
fn an_operator_on_what_may_be_an_object_is_said() {
    let project = Project::new(
        "#- app.py
class Money:
    def __contains__(self, k):
        return persistence.get(k)

class Wallet:
    def __init__(self, *coins):
        self.coins = list(coins)

    def size(self):
        return 2 in self.coins[0]

    def grow(self):
        coin = self.coins[0]
        self.coins[0] += coin

async def main():
    return Wallet(Money()).size()
",
    );
    check_round(&project).says(&["app.py:10: `self.coins[0]` may be `app.Money.__contains__`"]);
}

/// What a pattern binds is no property of that name.
#[test]
fn a_captured_name_is_no_property() {
    check_stays(
        "#- app.py
class Shape:
    @property
    def tag(self):
        return persistence.get(1)

async def main(shape):
    match shape:
        case (1, tag):
            print(tag)
",
        &["property (1)"],
    );
}

#[test]
fn what_is_unpacked_is_asked_for_its_length_and_sums_add() {
    check_stays(
        "#- app.py
class Money:
    def __len__(self):
        return persistence.get(2)

    def __getitem__(self, at):
        return [1, 2][at]

    def __add__(self, other):
        return persistence.get(3)

async def main():
    print([*Money()])
    print(list(Money()))
    return sum([Money()], Money())
",
        &["app.py:12: an operator", "app.py:13: an operator", "run-unseen (1)"],
    );
}

/// Nobody knows what a queue names: that no async function reaches it would be a guess.
#[test]
fn what_async_code_may_look_up_by_any_name_is_said_to_be_looked_up() {
    check_stays(
        "#- awaitify.toml
codemods = [\"persistence\"]
reach = \"async\"
#- app.py
class Sink:
    def store(self, k):
        return persistence.get(k)

async def main(queue):
    sink = Sink()
    return getattr(sink, queue.get_nowait())(1)
",
        &["uncertain (1)", "app.py:7: it is not certain what `getattr(sink, queue.get_nowait())`"],
    );
}
