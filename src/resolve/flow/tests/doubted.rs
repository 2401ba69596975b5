//! Annotations that the program does not keep to.

use super::check;

const UNCERTAIN: &str = "stores.Store.load [uncertain]";

#[test]
fn an_argument_of_another_class_makes_the_site_uncertain() {
    check(
        "#- app.py
from stores import Other, Store
def use(it: Other):
    return it.load(1)  # here
def other(it: Store):
    return it.load(1)  # here
def main():
    use(Store())
    other(Other())
",
        &format!("{UNCERTAIN}\n{UNCERTAIN}"),
    );
}

#[test]
fn what_is_handed_on_or_kept_is_followed() {
    check(
        "#- app.py
from dataclasses import dataclass
from stores import Other, Store
class Keeper:
    def __init__(self, it: Other):
        self.it = it
    def run(self):
        return self.it.load(1)  # here
@dataclass
class Record:
    it: Other
    def run(self):
        return self.it.load(1)  # here
def inner(it: Other):
    return it.load(1)  # here
def outer(it: Other):
    return inner(it)
def main(given: Store):
    Keeper(Store()).run()
    Record(Store()).run()
    outer(given)
",
        &[UNCERTAIN; 3].join("\n"),
    );
}

#[test]
fn children_and_what_was_tested_keep_to_the_annotation() {
    check(
        "#- app.py
from stores import Other, Store
class Child(Store):
    def load(self, key):
        return 1
class Base:
    pass
class Near(Base):
    def load(self, key):
        return db.get(key)
class Far(Base):
    def load(self, key):
        return 2
def use(it: Store):
    return it.load(1)  # here
def tested(it: Base):
    if isinstance(it, Near):
        return it.load(1)  # here
def main():
    use(Child())
    use(Store())
    tested(Far())
    tested(Near())
",
        "stores.Store.load [type]\napp.Near.load [type]",
    );
}

#[test]
fn methods_that_all_block_are_targets_together() {
    check(
        "#- app.py
from stores import Store
class Second:
    def load(self, key):
        return db.get(key)
def use(it: Store):
    return it.load(1)  # here
def main():
    use(Second())
",
        "app.Second.load | stores.Store.load [flow]",
    );
}

#[test]
fn what_tests_give_is_no_contradiction() {
    check(
        "#- app.py
from stores import Store
def use(it: Store):
    return it.load(1)  # here
#- tests/test_app.py
from app import use
from stores import Other
class Fake:
    def load(self, key):
        return 3
def test_use():
    assert use(Fake()) == 3
    use(Other())
",
        "stores.Store.load [type]",
    );
}
