//! Where objects come from: attributes, parameters, returns, constructors.

use super::{EXACT, check};

#[test]
fn an_injected_service_is_known_by_the_argument() {
    check(
        "#- app.py
from stores import Store
class Service:
    def __init__(self, store):
        self.store = store
    def run(self):
        return self.store.load(1)  # here
Service(Store())
",
        EXACT,
    );
}

#[test]
fn a_keyword_argument_reaches_the_attribute() {
    check(
        "#- app.py
from stores import Store, Other
class Service:
    def __init__(self, other, *, store=None):
        self.other = other
        self.store = store
    def run(self):
        self.other.load(1)  # here
        return self.store.load(1)  # here
Service(Other(), store=Store())
",
        &format!("foreign\n{EXACT}"),
    );
}

#[test]
fn the_same_attribute_name_of_an_unrelated_class_does_not_count() {
    check(
        "#- app.py
from stores import Store, Other
class A:
    def __init__(self, store):
        self.store = store
    def run(self):
        return self.store.load(1)  # here
class B:
    def __init__(self, store):
        self.store = store
    def run(self):
        return self.store.load(1)  # here
A(Store())
B(Other())
",
        &format!("{EXACT}\nforeign"),
    );
}

#[test]
fn a_base_class_sees_what_children_write() {
    check(
        "#- app.py
from stores import Store
class Base:
    store = None
    def run(self):
        return self.store.load(1)  # here
class Derived(Base):
    def __init__(self, store):
        self.store = store
Derived(Store())
",
        EXACT,
    );
}

#[test]
fn super_init_hands_on_star_arguments() {
    check(
        "#- app.py
from stores import Store
class Base:
    def __init__(self, store):
        self.store = store
    def run(self):
        return self.store.load(1)  # here
class Derived(Base):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
class Third(Base):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
Derived(Store())
Third(store=Store())
",
        EXACT,
    );
}

#[test]
fn a_namespace_holds_what_is_written_to_it() {
    check(
        "#- app.py
from types import SimpleNamespace
from typing import Any
from stores import Store
def build() -> Any:
    app = SimpleNamespace(state=SimpleNamespace())
    app.state.store = Store()
    return app
#- main.py
from app import build
def main():
    app = build()
    app.state.store.load(1)  # here
    getattr(app.state, 'store', None).load(1)  # here
    vars(app)['state'].store.load(1)  # here
",
        &[EXACT; 3].join("\n"),
    );
}

#[test]
fn setattr_with_a_literal_name_writes() {
    check(
        "#- app.py
from stores import Store
class App: pass
def setup(app):
    setattr(app, 'store', Store())
def main():
    app = App()
    setup(app)
    app.store.load(1)  # here
",
        EXACT,
    );
}

#[test]
fn a_factory_without_annotation_returns_what_it_returns() {
    check(
        "#- app.py
from typing import Any
from stores import Store
_store: Any = None
def get_store():
    global _store
    if _store is None:
        _store = Store()
    return _store
def main():
    get_store().load(1)  # here
    store = get_store()
    store.load(1)  # here
",
        &[EXACT; 2].join("\n"),
    );
}

#[test]
fn an_async_factory_is_awaited() {
    check(
        "#- app.py
from typing import Any
from stores import Store
async def get_store() -> Any:
    return Store()
async def main():
    (await get_store()).load(1)  # here
",
        EXACT,
    );
}

#[test]
fn defaults_and_conditions_are_alternatives() {
    check(
        "#- app.py
from typing import Any
from stores import Store, Other
class Service:
    def __init__(self, store: Any = None, flag=False):
        self.store: Any = store or Store()
        self.either: Any = Store() if flag else Other()
    def run(self):
        self.store.load(1)  # here
        self.either.load(1)  # here
Service()
Service(Store())
",
        &format!("{EXACT}\nstores.Store.load | stores.Other.load [flow]"),
    );
}

#[test]
fn dataclass_fields_take_constructor_arguments() {
    check(
        "#- app.py
from dataclasses import dataclass, field
from typing import Any
from stores import Store, Other
@dataclass
class Context:
    name: str
    store: Any
    other: Any = None
    third: Any = field(default_factory=Store)
def run(context):
    context.store.load(1)  # here
    context.other.load(1)  # here
    context.third.load(1)  # here
run(Context('x', Store(), other=Other()))
",
        &format!("{EXACT}\nforeign\n{EXACT}"),
    );
}

#[test]
fn an_annotation_with_a_project_class_ends_the_search() {
    check(
        "#- app.py
from stores import Store, Other
def f(thing: 'Store'):
    g(thing)
def g(thing):
    thing.load(1)  # here
f(Other())
",
        EXACT,
    );
}

#[test]
fn a_parameter_nobody_fills_is_unknown() {
    check(
        "#- app.py
def run(store):
    return store.load(1)  # here
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_function_that_escapes_has_unknown_arguments() {
    check(
        "#- app.py
from stores import Other
def run(store):
    return store.load(1)  # here
run(Other())
register(run)
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_function_under_an_unknown_decorator_has_unknown_arguments() {
    check(
        "#- app.py
from stores import Other
from lib import inject
@inject
def run(store):
    return store.load(1)  # here
run(Other())
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn partial_hands_on_arguments() {
    check(
        "#- app.py
from functools import partial
from stores import Store
def run(store, key):
    return store.load(key)  # here
job = partial(run, Store())
job(1)
",
        EXACT,
    );
}

#[test]
fn a_thread_offload_hands_on_arguments() {
    check(
        "#- app.py
import asyncio
from stores import Store
def run(store, key):
    return store.load(key)  # here
async def main():
    await asyncio.to_thread(run, Store(), 1)
",
        EXACT,
    );
}

#[test]
fn a_context_manager_yields() {
    check(
        "#- app.py
from contextlib import contextmanager
from stores import Store
@contextmanager
def session():
    yield Store()
class Scope:
    def __init__(self, store):
        self.store = store
    def __enter__(self):
        return self.store
    def __exit__(self, *args): pass
def main():
    with session() as store:
        store.load(1)
    with Scope(Store()) as inner:
        inner.load(1)  # here
",
        EXACT,
    );
}

/// `get_db = contextmanager(get_session)`, imported from elsewhere; and stacks and `closing`.
#[test]
fn a_generator_that_is_made_a_context_manager_yields() {
    check(
        "#- app.py
from contextlib import ExitStack, closing
from db import scope
from stores import Store
def main():
    with scope() as store:
        store.load(1)  # here
    with ExitStack() as stack:
        entered = stack.enter_context(scope())
        entered.load(1)  # here
    with closing(Store()) as closed:
        closed.load(1)  # here
#- db.py
from contextlib import contextmanager
from stores import Store
def rows():
    store = Store()
    yield store
scope = contextmanager(rows)
",
        &[EXACT; 3].join("\n"),
    );
}

#[test]
fn classes_as_values_construct() {
    check(
        "#- app.py
from stores import Store, Other
class A:
    store_class = Store
    def run(self):
        return self.store_class().load(1)
class Base:
    @classmethod
    def create(cls, store):
        return cls(store)
    def __init__(self, store):
        self.store = store
    def run(self):
        self.store.load(1)  # here
    def clone(self):
        return type(self)(self.store)
Base.create(Store())
",
        EXACT,
    );
}

#[test]
fn a_class_that_escapes_is_constructed_by_anyone() {
    check(
        "#- app.py
from stores import Other
class Service:
    def __init__(self, store):
        self.store = store
    def run(self):
        self.store.load(1)  # here
Service(Other())
container.register(Service)
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_renamed_class_is_still_constructed() {
    check(
        "#- app.py
class Service:
    def __init__(self, store):
        self.store = store
    def run(self):
        self.store.load(1)  # here
#- main.py
from app import Service as S
from stores import Store
S(Store())
",
        EXACT,
    );
}

#[test]
fn properties_hand_on() {
    check(
        "#- app.py
from stores import Store
class App:
    def __init__(self, store):
        self._store = store
    @property
    def store(self):
        return self._store
def main(app):
    app.store.load(1)  # here
main(App(Store()))
",
        EXACT,
    );
}

#[test]
fn a_child_may_override_the_provider() {
    check(
        "#- app.py
from stores import Store, Other
class Base:
    def provide(self):
        raise NotImplementedError
    def run(self):
        return self.provide().load(1)  # here
class A(Base):
    def provide(self):
        return Other()
class B(Base):
    def provide(self):
        return Store()
",
        "stores.Store.load | stores.Other.load [flow]",
    );
}

#[test]
fn a_mixin_uses_what_its_siblings_write() {
    check(
        "#- app.py
from stores import Store
class Mixin:
    def run(self):
        return self.store.load(1)  # here
class Base:
    def __init__(self, store):
        self.store = store
class Service(Mixin, Base): pass
Service(Store())
",
        EXACT,
    );
}

#[test]
fn injected_dependencies_are_what_the_provider_returns() {
    check(
        "#- app.py
from fastapi import Depends
from stores import Store
def get_store():
    return Store()
async def handler(store=Depends(get_store)):
    store.load(1)  # here
",
        EXACT,
    );
}

#[test]
fn fixtures_reach_tests() {
    check(
        "#- conftest.py
import pytest
from stores import Store
@pytest.fixture
def store():
    yield Store()
#- test_store.py
def test_it(store):
    store.load(1)  # here
",
        EXACT,
    );
}

#[test]
fn a_protocol_does_not_end_the_search() {
    check(
        "#- app.py
from typing import Protocol
from stores import Store, Other
class Loads(Protocol):
    def load(self, key): ...
def run(thing: Loads):
    helper(thing)
def helper(thing):
    thing.load(1)  # here
run(Store())
",
        EXACT,
    );
}

#[test]
fn a_lambda_factory_returns() {
    check(
        "#- app.py
from stores import Store
class App:
    def __init__(self, factory):
        self.factory = factory
    def run(self):
        self.factory().load(1)  # here
App(lambda: Store())
App(factory=Store)
",
        EXACT,
    );
}

#[test]
fn a_class_in_an_attribute_is_constructed_through_it() {
    check(
        "#- app.py
from stores import Store
class Model:
    def __init__(self, attrs=None, store=None):
        self.store = store
class User(Model):
    def save(self):
        self.store.load(1)  # here
class Collection:
    model = None
    def __init__(self, store):
        self.store = store
    def make(self, attrs):
        return self.model(attrs=attrs, store=self.store)
class Users(Collection):
    model = User
Users(Store()).make({})
",
        EXACT,
    );
}

#[test]
fn keywords_of_another_key_do_not_mix() {
    check(
        "#- app.py
from stores import Store, Other
class Base:
    def __init__(self, store=None, other=None):
        self.store = store
        self.other = other
    def run(self):
        self.store.load(1)  # here
        self.other.load(1)  # here
class Swarm(Base):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
def elsewhere(**kwargs):
    kwargs['store'] = 1
Swarm(store=Store(), other=Other())
",
        &format!("{EXACT}\nforeign"),
    );
}

#[test]
fn a_call_with_other_arguments_is_no_caller() {
    check(
        "#- app.py
from stores import Store
class Service:
    def work(self, store):
        return store.load(1)  # here
def main(unknown):
    Service().work(Store())
    unknown.work(1, 2, 3)
",
        EXACT,
    );
}

#[test]
fn arguments_of_a_function_that_a_decorator_keeps() {
    check(
        "#- app.py
from stores import Store, Other
HANDLERS = {}
def handler(name):
    def deco(f):
        HANDLERS[name] = f
        return f
    return deco
@handler('one')
def one(first, second):
    first.load(1)  # here
    second.load(1)  # here
@handler('two')
def two(first, second):
    pass
def run(name):
    HANDLERS[name](Store(), Other())
",
        &format!("{EXACT}\nforeign"),
    );
}
