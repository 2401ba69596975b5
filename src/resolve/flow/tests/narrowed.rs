//! Names that were tested with `isinstance`.

use super::check;

const BELOW: &str = "stores.Store.load [flow]";

#[test]
fn a_test_tells_the_class_in_its_block() {
    check(
        "#- app.py
from stores import Store, Other
def keep(kept, thing):
    if isinstance(thing, Store):
        kept['a'] = thing
    elif isinstance(thing, Other):
        pass
def run(things):
    kept = {}
    for thing in things:
        keep(kept, thing)
class Keeper:
    def __init__(self):
        self.kept = []
    def add(self, thing):
        if not isinstance(thing, Store):
            raise TypeError
        self.kept.append(thing)
    def run(self):
        for thing in self.kept:
            thing.load(1)  # here
",
        BELOW,
    );
}

#[test]
fn and_or_and_assert_tell_it_too() {
    check(
        "#- app.py
from stores import Store, Other
class Keeper:
    def __init__(self, one, two, three):
        self.one = one if isinstance(one, Store) else None
        assert isinstance(two, (Store, Other))
        self.two = two
        self.three = not isinstance(three, Other) or three
        self.four = isinstance(three, Other) and three
    def run(self):
        self.one.load(1)  # here
        self.two.load(1)  # here
        self.four.load(1)  # here
",
        "stores.Store.load [type]\nstores.Store.load | stores.Other.load [flow]\nstores.Other.load [type]",
    );
}

#[test]
fn a_name_that_is_bound_again_in_a_loop_is_not_what_it_was() {
    check(
        "#- app.py
from stores import Store
class Keeper:
    def walk(self, thing):
        assert isinstance(thing, Store)
        while thing:
            self.last = thing
            thing = thing.after
    def run(self):
        self.last.load(1)  # here
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn objects_of_the_project_do_not_pass_a_test_for_a_builtin_type() {
    check(
        "#- app.py
from stores import Store
class Rows(dict):
    pass
def show(row):
    if isinstance(row, (dict, list)):
        row.load(1)  # here
    else:
        row.load(2)  # here
def run():
    show(Store())
    show(Rows())
",
        "foreign\nstores.Store.load [uncertain]",
    );
}
