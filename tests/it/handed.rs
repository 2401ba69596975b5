//! What tests hand to code that awaits it now.

use crate::support::{Project, check_project};

const CONFIG: &str = "#- awaitify.toml\ncodemods = [\"persistence\", \"pytest\"]\nexported = \"convert\"\n#- pytest.ini\n[pytest]\nasyncio_mode = auto\n";
const ENGINE: &str = "#- engine.py
class Engine:
    def __init__(self):
        self.handlers = {}

    def register(self, name, handler):
        self.handlers[name] = handler

    def execute(self, name, context):
        handler = self.handlers[name]
        return handler(context)


class Guard:
    def __init__(self, persistence):
        self.persistence = persistence
        self.engine = Engine()
        self.engine.register('save', self.save)

    def save(self, context):
        return self.persistence.put(context)
";
const AFTER: &str = "#- engine.py
import asyncio


class Engine:
    def __init__(self):
        self.handlers = {}

    def register(self, name, handler):
        self.handlers[name] = handler

    async def execute(self, name, context):
        handler = self.handlers[name]
        return await handler(context)


class Guard:
    def __init__(self, persistence):
        self.persistence = persistence
        self.engine = Engine()
        self.engine.register('save', self.save)

    async def save(self, context):
        return await asyncio.to_thread(self.persistence.put, context)
";

#[track_caller]
fn check(before: &str, after: &str) {
    check_project(&format!("{CONFIG}{ENGINE}{before}"), &format!("{AFTER}{after}"));
}

#[test]
fn functions_lambdas_and_mocks_that_a_test_registers() {
    check(
        "#- tests/test_engine.py
from unittest.mock import Mock
from engine import Engine

def test_function():
    def test_handler(context):
        return context

    engine = Engine()
    engine.register('x', test_handler)
    assert engine.execute('x', 1) == 1

def test_lambda():
    engine = Engine()
    engine.handlers['x'] = lambda context: context
    assert engine.execute('x', 1) == 1

def test_mock():
    handler = Mock(return_value=2)
    engine = Engine()
    engine.handlers = {'x': handler}
    assert engine.execute('x', 1) == 2

def test_method_of_a_list():
    received = []
    engine = Engine()
    engine.register('x', received.append)
    engine.execute('x', 1)
    assert received == [1]

class TestEngine:
    def answer(self, context):
        return context

    def test_method(self):
        engine = Engine()
        engine.register('x', handler=self.answer)
        assert engine.execute('x', 1) == 1
",
        "#- tests/test_engine.py
from unittest.mock import AsyncMock
from engine import Engine

async def test_function():
    async def test_handler(context):
        return context

    engine = Engine()
    engine.register('x', test_handler)
    assert await engine.execute('x', 1) == 1

async def test_lambda():
    engine = Engine()
    engine.handlers['x'] = AsyncMock(side_effect=lambda context: context)
    assert await engine.execute('x', 1) == 1

async def test_mock():
    handler = AsyncMock(return_value=2)
    engine = Engine()
    engine.handlers = {'x': handler}
    assert await engine.execute('x', 1) == 2

async def test_method_of_a_list():
    received = []
    engine = Engine()
    engine.register('x', AsyncMock(side_effect=received.append))
    await engine.execute('x', 1)
    assert received == [1]

class TestEngine:
    async def answer(self, context):
        return context

    async def test_method(self):
        engine = Engine()
        engine.register('x', handler=self.answer)
        assert await engine.execute('x', 1) == 1
",
    );
}

#[test]
fn what_a_fixture_gives_is_handed_on() {
    check(
        "#- tests/test_engine.py
from unittest.mock import AsyncMock, Mock
import pytest
from engine import Engine

@pytest.fixture
def handler():
    return Mock(return_value=5)

def test_fixture(handler):
    engine = Engine()
    engine.register('x', handler)
    assert engine.execute('x', 1) == 5

async def test_what_is_async():
    engine = Engine()
    engine.register('x', AsyncMock())
",
        "#- tests/test_engine.py
from unittest.mock import AsyncMock, Mock
import pytest
from engine import Engine

@pytest.fixture
def handler():
    return AsyncMock(return_value=5)

async def test_fixture(handler):
    engine = Engine()
    engine.register('x', handler)
    assert await engine.execute('x', 1) == 5

async def test_what_is_async():
    engine = Engine()
    engine.register('x', AsyncMock())
",
    );
}

#[test]
fn what_is_called_without_or_named_again_is_left_and_the_test_named() {
    let project = Project::new(&format!(
        "{CONFIG}{ENGINE}#- tests/test_engine.py
from unittest.mock import Mock
from engine import Engine

def test_both():
    handler = Mock(return_value=2)
    engine = Engine()
    engine.register('x', handler)
    assert handler(1) == 2

def test_again():
    received = []
    engine = Engine()
    engine.register('x', received.append)
    assert engine.handlers['x'] == received.append
"
    ));
    project.run("diff .").returned(1).says(&[
        "tests that may break (2):",
        "test_both: the code awaits `Mock(return_value=2)`",
        "test_again: the code awaits `received.append`",
    ]);
}

#[test]
fn what_decorators_parameters_and_patched_tables_bring() {
    check(
        "#- bus.py
class Bus:
    def __init__(self):
        self.subscribers = []

    def on(self, name):
        def register(callback):
            self.subscribers.append(callback)
            return callback
        return register

    def publish(self, event):
        for callback in self.subscribers:
            callback(event)

class Keeper:
    def __init__(self, persistence):
        self.persistence = persistence
        Bus().on('save')(self.save)

    def save(self, event):
        self.persistence.put(event)

def load(persistence, key):
    return persistence.get(key)

TABLE = {'load': load}

def dispatch(name, key):
    return TABLE[name](None, key)

class Worker:
    def __init__(self, persistence, on_done=None):
        self.persistence = persistence
        self.on_done = on_done or self.done

    def done(self, key):
        self.persistence.put(key)

    def work(self, key):
        self.on_done(key)
#- tests/test_bus.py
from unittest.mock import Mock, patch
import bus
import pytest

def test_decorator():
    received = []
    b = bus.Bus()

    @b.on('x')
    def handle(event):
        received.append(event)

    b.publish(1)
    assert received == [1]

def test_setitem(monkeypatch):
    monkeypatch.setitem(bus.TABLE, 'load', lambda persistence, key: 2)
    assert bus.dispatch('load', 'a') == 2

def test_patch():
    with patch.dict('bus.TABLE', load=Mock(return_value=2)), patch.dict(bus.TABLE, {'save': Mock()}):
        assert bus.dispatch('load', 'a') == 2

@pytest.mark.parametrize('done, key', [(lambda key: None, 'a'), (Mock(), 'b')])
def test_worker(done, key):
    bus.Worker(Mock(), done).work(key)
",
        "#- bus.py
import asyncio


class Bus:
    def __init__(self):
        self.subscribers = []

    def on(self, name):
        def register(callback):
            self.subscribers.append(callback)
            return callback
        return register

    async def publish(self, event):
        for callback in self.subscribers:
            await callback(event)

class Keeper:
    def __init__(self, persistence):
        self.persistence = persistence
        Bus().on('save')(self.save)

    async def save(self, event):
        await asyncio.to_thread(self.persistence.put, event)

async def load(persistence, key):
    return await asyncio.to_thread(persistence.get, key)

TABLE = {'load': load}

async def dispatch(name, key):
    return await TABLE[name](None, key)

class Worker:
    def __init__(self, persistence, on_done=None):
        self.persistence = persistence
        self.on_done = on_done or self.done

    async def done(self, key):
        await asyncio.to_thread(self.persistence.put, key)

    async def work(self, key):
        await self.on_done(key)
#- tests/test_bus.py
from unittest.mock import AsyncMock, Mock, patch
import bus
import pytest

async def test_decorator():
    received = []
    b = bus.Bus()

    @b.on('x')
    async def handle(event):
        received.append(event)

    await b.publish(1)
    assert received == [1]

async def test_setitem(monkeypatch):
    monkeypatch.setitem(bus.TABLE, 'load', AsyncMock(side_effect=lambda persistence, key: 2))
    assert await bus.dispatch('load', 'a') == 2

async def test_patch():
    with patch.dict('bus.TABLE', load=AsyncMock(return_value=2)), patch.dict(bus.TABLE, {'save': AsyncMock()}):
        assert await bus.dispatch('load', 'a') == 2

@pytest.mark.parametrize('done, key', [(AsyncMock(side_effect=lambda key: None), 'a'), (AsyncMock(), 'b')])
async def test_worker(done, key):
    await bus.Worker(Mock(), done).work(key)
",
    );
}

#[test]
fn a_stub_of_keywords_stands_in_for_a_class_with_all_of_its_members() {
    check_project(
        &format!(
            "{CONFIG}#- store.py
class Store:
    kind = 'plain'

    def load(self, key):
        return persistence.get(key)

    def name(self):
        return self.kind


class Service:
    def __init__(self, make):
        self.make = make

    def show(self, key):
        store: Store = self.make()
        return store.load(key), store.name()
#- test_store.py
from pretend import stub

from store import Service


def test_show():
    store = stub(load=lambda key: 1, name=lambda: 'x')
    other = stub(load=lambda key: 1, weight=2)
    assert Service(lambda: store).show('a') == (1, 'x')
    assert other.weight == 2
"
        ),
        "#- store.py
import asyncio


class Store:
    kind = 'plain'

    async def load(self, key):
        return await asyncio.to_thread(persistence.get, key)

    def name(self):
        return self.kind


class Service:
    def __init__(self, make):
        self.make = make

    async def show(self, key):
        store: Store = self.make()
        return await store.load(key), store.name()
#- test_store.py
from unittest.mock import AsyncMock

from pretend import stub

from store import Service


async def test_show():
    store = stub(load=AsyncMock(side_effect=lambda key: 1), name=lambda: 'x')
    other = stub(load=lambda key: 1, weight=2)
    assert await Service(lambda: store).show('a') == (1, 'x')
    assert other.weight == 2
",
    );
}

/// What the test says is no reason to wrap the function twice.
#[test]
fn a_lambda_that_a_test_assigns_is_wrapped_once() {
    check_project(
        &format!(
            "{CONFIG}#- store.py
class Store:
    def load(self, key):
        return persistence.get(key)

class Service:
    def __init__(self, store: Store):
        self.store = store

    def total(self, keys):
        return sum(self.store.load(key) for key in keys)
#- test_store.py
from unittest import mock
import store

def test_total():
    kept = store.Store()
    kept.load = lambda key: 8
    assert store.Service(kept).total(['a']) == 8
"
        ),
        "#- store.py
import asyncio


class Store:
    async def load(self, key):
        return await asyncio.to_thread(persistence.get, key)

class Service:
    def __init__(self, store: Store):
        self.store = store

    async def total(self, keys):
        return sum([await self.store.load(key) for key in keys])
#- test_store.py
from unittest import mock
import store

async def test_total():
    kept = store.Store()
    kept.load = mock.AsyncMock(side_effect=lambda key: 8)
    assert await store.Service(kept).total(['a']) == 8
",
    );
}

/// The type of `store` is open, as a test puts something else in the place of `load`.
#[test]
fn a_test_that_hands_the_function_to_something_sync_is_named() {
    let project = Project::new(&format!(
        "{CONFIG}#- store.py
class Store:
    def load(self, key):
        return persistence.get(key)
#- tests/conftest.py
import pytest
from store import Store

@pytest.fixture
def store():
    store = Store()
    store.load('x')
    return store
#- tests/test_store.py
from functools import partial
import pytest
from store import Store

def test_sorted(store):
    assert sorted(['b', 'a'], key=store.load)

def test_known():
    assert sorted(['b', 'a'], key=Store().load)

def test_tried(store):
    def attempt(function):
        return function('a')

    assert attempt(store.load)

def test_raises(store):
    pytest.raises(KeyError, store.load, 'a')

def test_replaced(store):
    store.load = lambda key: 8
    assert store.load('a') == 8
"
    ));
    project.run("diff").returned(1).says(&["test_sorted: ", "test_known: ", "test_tried: "]);
}

/// A plugin sets an async fixture up in a loop of its own, which it cannot start in an async test.
#[test]
fn a_test_that_looks_an_async_fixture_up_is_named() {
    let project = Project::new(&format!(
        "{CONFIG}#- store.py
class Store:
    def load(self, key):
        return persistence.get(key)
#- tests/test_store.py
import pytest
from store import Store

@pytest.fixture
def store():
    store = Store()
    store.load('x')
    return store

def test_awaits(request):
    assert request.getfixturevalue('store').load('a')

def test_sync(request):
    assert request.getfixturevalue('store')
"
    ));
    let run = project.run("diff").returned(1).says(&["test_awaits: `getfixturevalue`"]);
    assert!(!run.stderr.contains("test_sync"), "{}", run.stderr);
}

#[test]
fn what_a_foreign_recorder_makes_of_a_function_is_named() {
    let project = Project::new(&format!(
        "{CONFIG}#- store.py
def load(key):
    return persistence.get(key)

def show(key):
    return load(key)
#- test_store.py
import pretend
import store

def test_show(monkeypatch):
    load = pretend.call_recorder(lambda key: 1)
    monkeypatch.setattr(store, 'load', load)
    assert store.show('a') == 1
"
    ));
    project.run("diff").returned(1).says(&["test_show: it is not clear how the code uses `load`"]);
}

#[test]
fn a_mock_that_stands_in_for_a_method_called_name_is_named() {
    let project = Project::new(&format!(
        "{CONFIG}#- store.py
class Store:
    def name(self):
        return persistence.get('name')

def show(store):
    kept: Store = store
    return kept.name()
#- test_store.py
from unittest.mock import Mock
import store

def test_show():
    fake = Mock(name='fake')
    assert store.show(fake)

def test_other():
    assert Mock(name='other').size
"
    ));
    let run = project.run("diff").returned(1).says(&["test_show: it is not clear how the code uses `name`"]);
    assert!(!run.stderr.contains("test_other"), "{}", run.stderr);
}

/// What awaits whatever can be awaited is handed the coroutine. An offload is awaited first: what overrides the method may be async.
#[test]
fn a_function_that_takes_awaitables_gets_the_coroutine() {
    check_project(
        "#- app.py
import inspect

async def ensure(value):
    if inspect.isawaitable(value):
        return await value
    return value

async def shown(value):
    print(value)
    return value

class Store:
    def __init__(self, persistence):
        self.persistence = persistence
        self.keep('a')

    def load(self, key):
        return self.persistence.get(key)

    def keep(self, key):
        return self.persistence.get(key)

class Later(Store):
    async def keep(self, key):
        return key

async def main(store: Store):
    print(await ensure(store.load('a')), await shown(store.load('b')))
    return await ensure(store.keep('a'))
#- other.py
from app import Store, ensure

async def run(store: Store):
    return await ensure(store.load('a'))
",
        "#- app.py
import asyncio
import inspect

async def ensure(value):
    if inspect.isawaitable(value):
        return await value
    return value

async def shown(value):
    print(value)
    return value

class Store:
    def __init__(self, persistence):
        self.persistence = persistence
        self.keep('a')

    async def load(self, key):
        return await asyncio.to_thread(self.persistence.get, key)

    def keep(self, key):
        return self.persistence.get(key)

class Later(Store):
    async def keep(self, key):
        return key

async def main(store: Store):
    print(await ensure(store.load('a')), await shown(await store.load('b')))
    return await ensure(await asyncio.to_thread(store.keep, 'a'))
#- other.py
from app import Store, ensure

async def run(store: Store):
    return await ensure(store.load('a'))
",
    );
}
