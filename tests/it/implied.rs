//! What is read and run where no name or no call says it: attributes of patterns, members of enumerations, keys.

use crate::support::{Project, check_project, check_round};

/// Migrates `files`, in which nothing may change; stderr has `words`.
#[track_caller]
fn check_stays(files: &str, words: &[&str]) {
    let diff = check_round(&Project::new(files)).says(words);
    assert_eq!(diff.text(), "");
}

const SHAPE: &str = "#- app.py
class Shape:
    @property
    def side(self):
        return persistence.get(1)

class Square(Shape):
    pass

";

#[test]
fn a_class_pattern_reads_properties() {
    for pattern in ["Shape(side=0)", "Square(side=size)", "{'shape': Shape(side=0)}", "Shape() | Square(side=1)"] {
        let text = format!("async def main(shape):\n    match shape:\n        case {pattern}:\n            return 1\n");
        check_stays(&format!("{SHAPE}{text}"), &["property (1)", "app.py:11", "runs `app.Shape.side`, which blocks"]);
    }
}

#[test]
fn a_function_whose_pattern_reads_a_property_goes_to_a_thread() {
    let kind = "def kind(shape):
    match shape:
        case Shape(side=0):
            return 1

";
    check_project(
        &format!("{SHAPE}{kind}async def main(shape):\n    return kind(shape)\n"),
        &format!(
            "{}{kind}async def main(shape):\n    return await asyncio.to_thread(kind, shape)\n",
            SHAPE.replace("class Shape", "import asyncio\n\n\nclass Shape")
        ),
    );
}

/// What a member of an enumeration has comes out by names of the enumeration's own.
#[test]
fn what_an_enumeration_keeps_stays() {
    for (value, read) in [
        ("functools.partial(leaf)", "K.A.value(1)"),
        ("functools.partial(leaf)", "K.A()"),
        ("('a', leaf)", "k.value[1](1)"),
    ] {
        check_stays(
            &format!(
                "#- app.py
import enum
import functools

def leaf(k):
    return persistence.get(k)

class K(enum.Enum):
    A = {value}

    def __call__(self):
        return self.value(1)

async def main(k):
    return {read}
"
            ),
            &["escapes (1)", "app.py:4 app.leaf: it is passed on as a value: `leaf` (app.py:8)"],
        );
    }
}

#[test]
fn a_function_gets_the_elements_of_what_it_orders_and_maps() {
    for (before, after) in [
        ("min(self.rows, key=lambda row: row.width)", "min, self.rows, key=lambda row: row.width"),
        ("sorted(self.rows, key=lambda row: row.width)", "sorted, self.rows, key=lambda row: row.width"),
        ("sorted(self.rows, key=measure)", "sorted, self.rows, key=measure"),
        ("max(Row(), Row(), key=lambda row: row.width)", "max, Row(), Row(), key=lambda row: row.width"),
        (
            "sorted(self.named.items(), key=lambda item: item[1].width)",
            "sorted, self.named.items(), key=lambda item: item[1].width",
        ),
    ] {
        let files = |call: &str, import: &str| {
            format!(
                "#- app.py
{import}class Row:
    @property
    def width(self):
        return persistence.get(2)

def measure(row):
    return row.width

class Table:
    def __init__(self):
        self.rows = []
        self.named = {{}}

    def add(self, name):
        self.named[name] = Row()
        self.rows.append(Row())

    async def best(self):
        return {call}
"
            )
        };
        check_project(&files(before, ""), &files(&format!("await asyncio.to_thread({after})"), "import asyncio\n\n\n"));
    }
}

/// What `closing` was given closes on the loop, whoever made it.
#[test]
fn what_gives_something_that_closes_later_goes_to_no_thread() {
    check_stays(
        "#- app.py
from contextlib import closing

class Conn:
    def close(self):
        persistence.save(1)

def opened():
    held = closing(Conn())
    return held

async def main():
    with opened() as conn:
        print(conn)
",
        &["app.py:12: `app.opened` returns something that does its work later, on the loop"],
    );
}

#[test]
fn a_generic_function_is_registered_with_under_another_name() {
    check_project(
        "#- shows.py
from functools import singledispatch

@singledispatch
def show(value):
    return value
#- app.py
import shows

show = shows.show

@show.register(str)
def text(value):
    return persistence.get(value)

async def main():
    return show(2), show('a')
",
        "#- shows.py
from functools import singledispatch

@singledispatch
async def show(value):
    return value
#- app.py
import asyncio

import shows

show = shows.show

@show.register(str)
async def text(value):
    return await asyncio.to_thread(persistence.get, value)

async def main():
    return await show(2), await show('a')
",
    );
}

/// What only wraps an object iterates over nothing yet, and is no call to move to a thread.
#[test]
fn what_iterates_later_is_moved_with_what_uses_it_up() {
    const SOURCE: &str = "import csv


class Source:
    def __iter__(self):
        return self

    def __next__(self):
        return persistence.get(1)

";
    for (wrapped, import) in [("csv.reader(source)", ""), ("enumerate(source)", "")] {
        let body = format!(
            "async def main(source: Source, kept):\n    kept.add(source)\n    for row in {wrapped}:\n        print(row)\n"
        );
        check_stays(&format!("#- app.py\n{import}{SOURCE}{body}"), &["app.py:13: the result of `source`"]);
        let body =
            |list: &str| format!("async def main(source: Source, kept):\n    kept.add(source)\n    return {list}\n");
        check_project(
            &format!("#- app.py\n{SOURCE}{}", body(&format!("list({wrapped})"))),
            &format!(
                "#- app.py\nimport asyncio\n{SOURCE}{}",
                body(&format!("await asyncio.to_thread(list, {wrapped})"))
            ),
        );
    }
}
