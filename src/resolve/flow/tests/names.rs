//! Imports, globals, modules.

use super::{EXACT, check};

#[test]
fn a_module_attribute_that_another_module_writes() {
    check(
        "#- registry.py
store = None
#- setup.py
import registry
from stores import Store
registry.store = Store()
#- main.py
import registry
def main():
    registry.store.load(1)  # here
",
        EXACT,
    );
}

#[test]
fn a_reexport_through_a_package() {
    check(
        "#- pkg/__init__.py
from .inner import make as make_store
#- pkg/inner.py
from stores import Store
def make():
    return Store()
#- main.py
from pkg import make_store
class App:
    def __init__(self):
        self.store = make_store()
def main(app):
    app.store.load(1)  # here
main(App())
",
        EXACT,
    );
}

#[test]
fn a_star_import_is_looked_into() {
    check(
        "#- shared.py
from stores import Store
STORE = Store()
#- main.py
from shared import *
def run(x):
    x.load(1)  # here
run(STORE)
",
        EXACT,
    );
}

#[test]
fn an_import_cycle_ends() {
    check(
        "#- a.py
from b import thing as other
thing = other
def run(x):
    x.load(1)  # here
run(thing)
#- b.py
from a import thing
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_site_whose_target_becomes_a_node_later_is_settled_again() {
    check(
        "#- app.py
class Late:
    def load(self, key):
        return first(key)
def first(key):
    return second(key)
def second(key):
    return db.get(key)
class App:
    def __init__(self, late):
        self.late = late
    def run(self):
        return self.late.load(1)  # here
App(Late())
",
        "app.Late.load [flow]",
    );
}

#[test]
fn a_declared_class_is_found_behind_untyped_injection() {
    check(
        "#- layer.py
class Layer:
    def fetch(self, key): ...
#- app.py
from layer import Layer
class Repo:
    def __init__(self, layer):
        self.inner = layer
    def get_row(self, key):
        return self.inner.fetch(key)
def run(repo):
    repo.get_row(1)  # here
run(Repo(Layer()))
",
        "app.Repo.get_row [flow]",
    );
}
