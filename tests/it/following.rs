//! Tests that follow the code.

use crate::support::{Project, check_project};

const CONFIG: &str =
    "#- awaitify.toml\ncodemods = [\"persistence\", \"pytest\", \"unittest\"]\nexported = \"convert\"\n";
const STORE: &str = "#- store.py
class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    def insert(self, key):
        return self.persistence.put(key)
";
const AFTER: &str = "#- store.py
import asyncio


class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    async def insert(self, key):
        return await asyncio.to_thread(self.persistence.put, key)
";

/// Migrates the store with these tests.
#[track_caller]
fn check(before: &str, after: &str) {
    check_project(&format!("{CONFIG}{STORE}{before}"), &format!("{AFTER}{after}"));
}

#[test]
fn tests_in_a_base_class_get_the_marker_of_those_that_collect_them() {
    check(
        "#- tests/common.py
from store import Store

class CommonTests:
    def test_insert(self):
        assert Store(None).insert('a')
#- tests/test_store.py
from common import CommonTests

class TestStore(CommonTests):
    pass
",
        "#- tests/common.py
import pytest
from store import Store

class CommonTests:
    @pytest.mark.asyncio
    async def test_insert(self):
        assert await Store(None).insert('a')
",
    );
}

#[test]
fn a_helper_that_a_test_class_overrides_is_the_one_of_that_class() {
    check(
        "#- tests/test_store.py
from store import Store
import unittest
import other

class Mixin:
    def make(self):
        return Store(None)

class TestStore(Mixin, unittest.TestCase):
    def test_insert(self):
        store = self.make()
        assert store.insert('a')

class TestOther(Mixin, unittest.TestCase):
    def make(self):
        return other.thing()
",
        "#- tests/test_store.py
from store import Store
import unittest
import other

class Mixin:
    def make(self):
        return Store(None)

class TestStore(Mixin, unittest.IsolatedAsyncioTestCase):
    async def test_insert(self):
        store = self.make()
        assert await store.insert('a')

class TestOther(Mixin, unittest.TestCase):
    def make(self):
        return other.thing()
",
    );
}

#[test]
fn an_object_that_hands_every_name_on() {
    check(
        "#- db.py
from store import Store

class Database:
    def __init__(self, persistence):
        self._persistence = persistence

    def table(self) -> Store:
        return Store(self._persistence)

    def __getattr__(self, name):
        return getattr(self.table(), name)
#- tests/test_db.py
from db import Database

def test_insert():
    with open('a') as file:
        database = Database(file)
    assert database.insert('a')
",
        "#- tests/test_db.py
import pytest
from db import Database

@pytest.mark.asyncio
async def test_insert():
    with open('a') as file:
        database = Database(file)
    assert await database.insert('a')
",
    );
}

#[test]
fn methods_of_what_a_patched_class_returns() {
    check(
        "#- service.py
from store import Store

def run(key):
    store = Store(None)
    return store.insert(key)
#- tests/test_service.py
from unittest.mock import patch
import service

def test_it_inserts():
    with patch('service.Store') as store:
        service.run('a')
        store.return_value.insert.assert_called_once_with('a')

@patch.object(service, 'Store')
def test_what_it_returns(store):
    store.return_value.insert.return_value = 3
    assert service.run('a') == 3
",
        "#- service.py
from store import Store

async def run(key):
    store = Store(None)
    return await store.insert(key)
#- tests/test_service.py
from unittest.mock import AsyncMock, MagicMock, patch
import pytest
import service

@pytest.mark.asyncio
async def test_it_inserts():
    with patch('service.Store', **{\"return_value.insert\": AsyncMock(return_value=MagicMock())}) as store:
        await service.run('a')
        store.return_value.insert.assert_called_once_with('a')

@pytest.mark.asyncio
@patch.object(service, 'Store')
async def test_what_it_returns(store):
    store.return_value.insert = AsyncMock(return_value=3)
    assert await service.run('a') == 3
",
    );
}

#[test]
fn a_receiver_that_is_named_after_a_class() {
    check(
        "#- other.py
class Cage:
    def insert(self, key):
        return key
#- tests/test_store.py
from helpers import anything

def test_insert():
    store = anything()
    assert store.insert('a')

def test_cage():
    cage = anything()
    assert cage.insert('a')
",
        "#- tests/test_store.py
import pytest
from helpers import anything

@pytest.mark.asyncio
async def test_insert():
    store = anything()
    assert await store.insert('a')

def test_cage():
    cage = anything()
    assert cage.insert('a')
",
    );
}

#[test]
fn a_mock_in_the_place_of_an_object_of_a_module() {
    check(
        "#- state.py
from store import Store

class Other:
    def insert(self, key):
        return key

store = Store(None)
#- service.py
from state import Other, store

def run(key):
    store.insert(key)
    Other().insert(key)
#- tests/test_service.py
from unittest.mock import Mock, patch
import service

def test_by_name():
    with patch('service.store') as mock:
        mock.insert.return_value = 1
        service.run('a')

def test_by_value():
    mock = Mock()
    mock.insert = Mock(return_value=1)
    with patch('service.store', mock):
        service.run('a')
",
        "#- service.py
from state import Other, store

async def run(key):
    await store.insert(key)
    Other().insert(key)
#- tests/test_service.py
from unittest.mock import AsyncMock, Mock, patch
import pytest
import service

@pytest.mark.asyncio
async def test_by_name():
    with patch('service.store') as mock:
        mock.insert = AsyncMock(return_value=1)
        await service.run('a')

@pytest.mark.asyncio
async def test_by_value():
    mock = Mock()
    mock.insert = AsyncMock(return_value=1)
    with patch('service.store', mock):
        await service.run('a')
",
    );
}

#[test]
fn a_method_that_has_another_name_too() {
    check_project(
        &format!(
            "{CONFIG}{STORE}    insert_one = insert\n#- tests/test_store.py\nfrom store import Store\n\nclass Mixin:\n    def make(self):\n        return Store(None)\n\nclass TestStore(Mixin):\n    def test_it(self):\n        store = self.make()\n        assert store.insert_one('a')\n"
        ),
        &format!(
            "{AFTER}    insert_one = insert\n#- tests/test_store.py\nimport pytest\nfrom store import Store\n\nclass Mixin:\n    def make(self):\n        return Store(None)\n\nclass TestStore(Mixin):\n    @pytest.mark.asyncio\n    async def test_it(self):\n        store = self.make()\n        assert await store.insert_one('a')\n"
        ),
    );
}

#[test]
fn what_the_code_keeps_on_a_function_under_another_name() {
    check_project(
        &format!(
            "{CONFIG}#- store.py
def cached(persistence):
    def decorator(function):
        def renew(*args):
            value = function(*args)
            persistence.put(value)
            return value

        function.refresh = renew
        return function

    return decorator
#- test_store.py
import store

def test_refresh():
    @store.cached(None)
    def go(a):
        return a

    assert go.refresh(1) == 1
"
        ),
        "#- store.py
import asyncio


def cached(persistence):
    def decorator(function):
        async def renew(*args):
            value = function(*args)
            await asyncio.to_thread(persistence.put, value)
            return value

        function.refresh = renew
        return function

    return decorator
#- test_store.py
import pytest
import store

@pytest.mark.asyncio
async def test_refresh():
    @store.cached(None)
    def go(a):
        return a

    assert await go.refresh(1) == 1
",
    );
}

#[test]
fn a_sync_test_of_a_fallback_that_goes_is_named() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['asyncio-run', 'pytest']
#- bus.py
import asyncio


async def send(event):
    pass


def publish(event):
    try:
        asyncio.get_running_loop().create_task(send(event))
    except RuntimeError:
        asyncio.run(send(event))
#- test_bus.py
import bus


def test_publish():
    bus.publish('x')


async def test_publish_in_a_loop():
    bus.publish('x')
",
    );
    project
        .run("diff")
        .returned(1)
        .says(&["tests that may break (1)", "test_publish: it calls `publish` without a running loop"]);
}

/// `__init__` sets a context variable, so no test moves it to a thread: only what it makes is entered in another way.
#[test]
fn a_class_whose_object_is_entered_where_it_is_made() {
    let config = "#- awaitify.toml\ncodemods = [\"persistence\", \"pytest\"]\nexported = \"convert\"\n";
    check_project(
        &format!(
            "{config}#- store.py
import contextvars

current = contextvars.ContextVar('current')

class Store:
    def __init__(self, persistence):
        self.persistence = persistence
        current.set(persistence.get('user'))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.persistence.put('closed')
#- tests/test_store.py
from store import Store

class Fake:
    pass

def test_close():
    with Store(Fake()) as store:
        assert store
"
        ),
        "#- store.py
import asyncio
import contextvars

current = contextvars.ContextVar('current')

class Store:
    def __init__(self, persistence):
        self.persistence = persistence
        current.set(persistence.get('user'))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        await asyncio.to_thread(self.persistence.put, 'closed')
#- tests/test_store.py
import pytest
from store import Store

class Fake:
    pass

@pytest.mark.asyncio
async def test_close():
    async with Store(Fake()) as store:
        assert store
",
    );
}

/// Nothing says what `raises` returns here: it is a function of somebody else, and gives no object of the project.
#[test]
fn what_a_function_of_others_gives_is_entered_as_it_is() {
    check_project(
        &format!(
            "{CONFIG}#- store.py
class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.persistence.put('closed')
#- tests/test_store.py
from others import raises
from store import Store

def test_close():
    with Store(None):
        with raises(ValueError):
            raise ValueError
"
        ),
        "#- store.py
import asyncio


class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        await asyncio.to_thread(self.persistence.put, 'closed')
#- tests/test_store.py
import pytest
from others import raises
from store import Store

@pytest.mark.asyncio
async def test_close():
    async with Store(None):
        with raises(ValueError):
            raise ValueError
",
    );
}

/// One test says what the method of a shared mock returns, the other does not.
#[test]
fn a_fixture_gives_what_one_of_its_tests_configures() {
    let config = "#- awaitify.toml\ncodemods = [\"persistence\", \"pytest\"]\nexported = \"convert\"\n";
    let app = "#- app.py
from store import Store

def main(persistence, key):
    store = Store(persistence)
    return store.insert(key)
";
    let app_after = "#- app.py
from store import Store

async def main(persistence, key):
    store = Store(persistence)
    return await store.insert(key)
";
    check_project(
        &format!(
            "{config}{STORE}{app}#- tests/test_app.py
from unittest import mock

import app
import pytest

@pytest.fixture
def store():
    with mock.patch('app.Store') as cls:
        yield cls.return_value

def test_result(store):
    store.insert.return_value = 1
    assert app.main(None, 'a') == 1

def test_call(store):
    app.main(None, 'a')
    store.insert.assert_called_with('a')
"
        ),
        &format!(
            "{AFTER}{app_after}#- tests/test_app.py
from unittest import mock

import app
import pytest

@pytest.fixture
def store():
    with mock.patch('app.Store', **{{\"return_value.insert\": mock.AsyncMock(return_value=mock.MagicMock())}}) as cls:
        yield cls.return_value

@pytest.mark.asyncio
async def test_result(store):
    store.insert = mock.AsyncMock(return_value=1)
    assert await app.main(None, 'a') == 1

@pytest.mark.asyncio
async def test_call(store):
    await app.main(None, 'a')
    store.insert.assert_called_with('a')
"
        ),
    );
}

/// Only what is named in the report may break: the mock's `StopIteration` leaves no coroutine, and no loop runs in another.
#[test]
fn tests_that_wait_for_the_end_of_a_mock_or_run_a_script_are_named() {
    let project = Project::new(
        "#- pyproject.toml
[project]
name = \"app\"
version = \"1\"
[project.scripts]
app = \"app:main\"
[tool.awaitify]
codemods = [\"persistence\", \"asyncio-run\", \"pytest\"]
exported = \"convert\"
#- app.py
from deps import persistence

def ask():
    while persistence.get(input()):
        pass

def main():
    ask()
#- tests/test_app.py
import app

def test_ask(inputs):
    try:
        app.ask()
    except StopIteration:
        pass

def test_main():
    app.main()

def test_both():
    app.main()
    app.ask()
",
    );
    let run = project.run("apply --allow-dirty").returned(0);
    run.says(&[
        "tests that may break (2):",
        "tests/test_app.py:3 test_ask: `app.ask` raises StopIteration",
        "tests/test_app.py:12 test_both: it runs an event loop of its own (`main`)",
    ]);
    project.run("diff").returned(0);
}

/// Any call of a value that nobody knows may be one of an object; a test does not guess so.
#[test]
fn what_may_be_an_object_with_a_call_is_called_as_it_is() {
    check(
        "#- tests/test_store.py
from store import Store

class Insert:
    def __call__(self, key):
        return Store(None).insert(key)

def test_insert(anything):
    anything.select('a')
    assert Insert()('a')
",
        "#- tests/test_store.py
import pytest
from store import Store

class Insert:
    async def __call__(self, key):
        return await Store(None).insert(key)

@pytest.mark.asyncio
async def test_insert(anything):
    anything.select('a')
    assert await Insert()('a')
",
    );
}

#[test]
fn the_tests_of_a_helper_that_hands_the_method_on_are_named() {
    let project = Project::new(&format!(
        "{CONFIG}{STORE}#- tests/test_store.py
from deps import Pool
from store import Store

def insert(key):
    return Pool().run(Store(None).insert, key)

def test_insert():
    assert insert('a')
"
    ));
    project.run("apply --allow-dirty").returned(0).says(&[
        "tests that may break (2):",
        "tests/test_store.py:5 insert: it is passed on as a value",
        "tests/test_store.py:7 test_insert: it uses `test_store.insert`",
    ]);
}

/// A mock on a class is not bound: the lambda would miss the object.
#[test]
fn a_lambda_in_the_place_of_a_method_of_a_class_becomes_a_function() {
    let project = Project::new(&format!(
        "{CONFIG}{STORE}#- app.py
from store import Store

def main(key):
    return Store(None).insert(key)
#- tests/test_app.py
import app
from store import Store

def test_class(monkeypatch):
    monkeypatch.setattr(Store, 'insert', lambda self, key: 1)
    assert app.main('a') == 1

def test_lines(monkeypatch):
    monkeypatch.setattr(
        Store, 'insert', lambda self, key: 1
    )
    assert app.main('a') == 1

def test_any(monkeypatch):
    monkeypatch.setattr(Store, 'insert', lambda *args: 1)
    assert app.main('a') == 1
"
    ));
    project.run("apply --allow-dirty").returned(0).says(&[
        "tests that may break (1):",
        "tests/test_app.py:10 test_lines: it is not clear how the code uses `insert` of the mock or fake `lambda self, key: 1`",
    ]);
    let text = project.text("tests/test_app.py");
    assert!(text.contains("'insert', AsyncMock(side_effect=lambda *args: 1))"));
    let hoisted = "    async def call(self, key):\n        return 1\n    monkeypatch.setattr(Store, 'insert', call)\n";
    assert!(text.contains(hoisted), "{text}");
}

/// What gives methods of the code under the names of others.
#[test]
fn a_patched_class_a_spy_and_a_started_patch() {
    check(
        "#- cache.py
class Cache:
    def insert(self, key):
        return key
#- app.py
from store import Store

def load(key):
    return key

def main(key):
    store = Store(None)
    store.insert(load(key))
    return store.insert(key)
#- tests/test_app.py
from unittest.mock import Mock, patch
import unittest
import app
from store import Store

def test_class():
    with patch('app.Store') as made:
        made.return_value.insert.return_value = 3
        assert app.main('a') == 3

def test_spy():
    store = Store(Mock())
    with patch.object(app, 'Store', return_value=store), patch.object(store, 'insert', wraps=store.insert) as spy:
        assert app.main('a')
    assert spy.called

class TestApp(unittest.TestCase):
    def setUp(self):
        self.insert = patch('cache.Cache.insert').start()

    def test_main(self):
        self.insert.return_value = 2
        with patch.object(Store, 'insert', return_value=1):
            self.assertEqual(app.main('a'), 1)
",
        "#- app.py
from store import Store

def load(key):
    return key

async def main(key):
    store = Store(None)
    await store.insert(load(key))
    return await store.insert(key)
#- tests/test_app.py
from unittest.mock import AsyncMock, Mock, patch
import unittest
import app
import pytest
from store import Store

@pytest.mark.asyncio
async def test_class():
    with patch('app.Store') as made:
        made.return_value.insert = AsyncMock(return_value=3)
        assert await app.main('a') == 3

@pytest.mark.asyncio
async def test_spy():
    store = Store(Mock())
    with patch.object(app, 'Store', return_value=store), patch.object(store, 'insert', wraps=store.insert) as spy:
        assert await app.main('a')
    assert spy.called

class TestApp(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.insert = patch('cache.Cache.insert').start()

    async def test_main(self):
        self.insert.return_value = 2
        with patch.object(Store, 'insert', return_value=1):
            self.assertEqual(await app.main('a'), 1)
",
    );
}

#[test]
fn a_test_that_takes_away_what_a_loop_needs_is_named() {
    let project = Project::new(&format!(
        "{CONFIG}{STORE}#- tests/conftest.py
import pytest

@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setattr('socket.socket', None)
#- tests/test_store.py
from store import Store

def test_insert():
    assert Store(None).insert('a')
#- other/test_other.py
from unittest.mock import patch
import store

def test_thread():
    with patch('store.threading.Thread'):
        store.Store(None).insert('a')

def test_socket():
    with patch('socket.socket'):
        store.Store(None).insert('a')
"
    ));
    project.run("apply --allow-dirty").returned(0).says(&[
        "tests that may break (2):",
        "tests/test_store.py:3 test_insert: an event loop needs `socket.socket`",
        "other/test_other.py:4 test_thread: an event loop needs `threading.Thread`",
    ]);
    assert!(project.text("other/test_other.py").contains("async def test_socket"));
}

#[test]
fn a_test_that_looks_at_the_line_of_a_warning_calls_in_place() {
    check(
        "#- app.py
class App:
    def __init__(self, persistence):
        self.first = persistence.get('first')
#- tests/test_app.py
import warnings
from app import App
from store import Store

def test_line():
    assert Store(None).insert('a')
    with warnings.catch_warnings(record=True) as found:
        App(None)
    assert found[0].filename == __file__

def test_warning():
    assert Store(None).insert('a')
    with warnings.catch_warnings(record=True) as found:
        App(None)
    assert found
",
        "#- tests/test_app.py
import asyncio
import warnings
import pytest
from app import App
from store import Store

@pytest.mark.asyncio
async def test_line():
    assert await Store(None).insert('a')
    with warnings.catch_warnings(record=True) as found:
        App(None)
    assert found[0].filename == __file__

@pytest.mark.asyncio
async def test_warning():
    assert await Store(None).insert('a')
    with warnings.catch_warnings(record=True) as found:
        await asyncio.to_thread(App, None)
    assert found
",
    );
}

/// A method that only a test's class overrides stands for the one of the code.
#[test]
fn where_a_class_of_a_test_arrives_the_class_of_the_code_may() {
    let project = Project::new(&format!(
        "{CONFIG}{STORE}#- sync.py
import os

class Local:
    def __getattr__(self, name):
        return getattr(os, name)

class Syncer:
    def __init__(self, target):
        self.target = target

    def copy(self, key):
        return self.target.insert(key)
#- tests/test_sync.py
from store import Store
from sync import Local, Syncer

class Checking(Store):
    def insert(self, key):
        assert key

def test_copy():
    Syncer(Checking(None)).copy('a')

def test_local():
    Syncer(Local()).copy('a')
"
    ));
    project.run("apply --allow-dirty").returned(0);
    assert!(project.text("store.py").contains("    def insert"), "{}", project.text("store.py"));
}

/// Nothing of the project bears the name of the parameter, so it asks a plugin for its fixture.
#[test]
fn a_fixture_of_a_plugin_is_no_object_of_the_project() {
    check(
        "#- api.py
class Api:
    def __init__(self, persistence):
        self.persistence = persistence

    def post(self, key):
        return self.persistence.put(key)
#- tests/conftest.py
import pytest
from api import Api

@pytest.fixture
def api(given):
    return given(Api)
#- tests/test_api.py
def test_post(api, requests_mock):
    mock = requests_mock.post('http://x')
    assert api.post('a')
",
        "#- api.py
import asyncio


class Api:
    def __init__(self, persistence):
        self.persistence = persistence

    async def post(self, key):
        return await asyncio.to_thread(self.persistence.put, key)
#- tests/test_api.py
import pytest


@pytest.mark.asyncio
async def test_post(api, requests_mock):
    mock = requests_mock.post('http://x')
    assert await api.post('a')
",
    );
}

#[test]
fn a_helper_of_the_tests_that_calls_what_it_is_given() {
    check(
        "#- tests/test_store.py
from store import Store

class Plain:
    def keep(self, key):
        return key

def call(function, *args):
    return function(*args)

def either(function):
    return function('a')

def insert(store, key):
    return call(store.insert, key)

def test_insert():
    assert insert(Store(None), 'a')

def test_other():
    assert either(Plain().keep)
",
        "#- tests/test_store.py
import pytest
from store import Store

class Plain:
    def keep(self, key):
        return key

async def call(function, *args):
    return await function(*args)

def either(function):
    return function('a')

async def insert(store, key):
    return await call(store.insert, key)

@pytest.mark.asyncio
async def test_insert():
    assert await insert(Store(None), 'a')

def test_other():
    assert either(Plain().keep)
",
    );
}

/// What a helper gives, a hook keeps on the test case, and a method of the base class calls.
#[test]
fn tests_that_find_functions_by_name_in_modules_are_named() {
    let project = Project::new(&format!(
        "{CONFIG}#- tools/__init__.py
#- tools/copy.py
persistence = None

def main(argv):
    return persistence.put(argv)
#- tests/test_tools.py
import importlib
from unittest import TestCase

def get_var(name, entry='main'):
    module = importlib.import_module('tools.%s' % name.replace('-', '_'))
    return getattr(module, entry)

class Tool(TestCase):
    NAME = None

    def setUp(self):
        self._main = get_var(self.NAME)

    def call(self, *args):
        return self._main(list(args))

class CopyTest(Tool):
    NAME = 'copy'

    def test_copy(self):
        self.assertEqual(self.call('a'), 1)
"
    ));
    project.run("apply --allow-dirty").returned(0).says(&[
        "tests/test_tools.py:4 get_var: `getattr(module, entry)`",
        "tests/test_tools.py:20 CopyTest.test_copy: it uses",
    ]);
}

/// A base from elsewhere that runs async tests needs no marker.
#[test]
fn a_base_that_runs_async_tests_gets_no_marker() {
    check(
        "#- tests/test_store.py
from other.testing import TestBase
from store import Store

class TestStore(TestBase):
    async def test_nothing(self):
        pass

    def test_insert(self):
        self.assertTrue(Store(self.persistence).insert('a'))

class TestMore(TestBase):
    def test_more(self):
        Store(self.persistence).insert('b')
",
        "#- tests/test_store.py
from other.testing import TestBase
from store import Store

class TestStore(TestBase):
    async def test_nothing(self):
        pass

    async def test_insert(self):
        self.assertTrue(await Store(self.persistence).insert('a'))

class TestMore(TestBase):
    async def test_more(self):
        await Store(self.persistence).insert('b')
",
    );
}

/// What a property hands on is awaited on the mock that the object was made with.
#[test]
fn mocks_behind_properties_follow() {
    check(
        "#- service.py
from store import Store

class Service:
    def __init__(self, store: Store):
        self._store = store

    @property
    def store(self):
        return self._store

    def add(self, key):
        if self.store.insert(key):
            return 1
#- tests/test_service.py
from unittest.mock import MagicMock
from service import Service

def test_add():
    assert Service(MagicMock()).add('a') == 1
",
        "#- service.py
from store import Store

class Service:
    def __init__(self, store: Store):
        self._store = store

    @property
    def store(self):
        return self._store

    async def add(self, key):
        if await self.store.insert(key):
            return 1
#- tests/test_service.py
from unittest.mock import AsyncMock, MagicMock
import pytest
from service import Service

@pytest.mark.asyncio
async def test_add():
    assert await Service(MagicMock(insert=AsyncMock(return_value=MagicMock()))).add('a') == 1
",
    );
}

/// The same where what awaits it was async before, and is run by something that was.
#[test]
fn mocks_follow_to_what_was_async_before() {
    check(
        "#- service.py
from store import Store

class Service:
    def __init__(self, store: Store):
        self._store = store

    async def add(self, key):
        await self._add(key)

    async def _add(self, key):
        if self._store.insert(key):
            return 1
#- tests/test_service.py
from unittest.mock import MagicMock
import pytest
from service import Service

@pytest.mark.asyncio
async def test_add():
    await Service(MagicMock()).add('a')
",
        "#- service.py
from store import Store

class Service:
    def __init__(self, store: Store):
        self._store = store

    async def add(self, key):
        await self._add(key)

    async def _add(self, key):
        if await self._store.insert(key):
            return 1
#- tests/test_service.py
from unittest.mock import AsyncMock, MagicMock
import pytest
from service import Service

@pytest.mark.asyncio
async def test_add():
    await Service(MagicMock(insert=AsyncMock(return_value=MagicMock()))).add('a')
",
    );
}

/// An object that a test replaces by name has methods that the code awaits now, and so has what a replaced class makes.
#[test]
fn patched_objects_and_classes_follow_to_what_was_async_before() {
    let service = |wait: &str| {
        format!(
            "#- service.py
from store import Store

store = Store(None)

class Direct:
    def __init__(self):
        self.store = Store(None)

    async def add(self, key):
        {wait}self.store.insert(key)

async def add(key):
    return {wait}store.insert(key)
"
        )
    };
    let tests = |mocks: &str, made: &str, returned: &str, patched: &str| {
        format!(
            "#- tests/test_service.py
from unittest.mock import {mocks}MagicMock, patch
import pytest
import service

@pytest.mark.asyncio
async def test_patch():
    with patch('service.store'{patched}):
        await service.add('a')

@pytest.mark.asyncio
async def test_patch_object():
    with patch.object(service, 'store'{patched}):
        await service.add('a')

@pytest.mark.asyncio
async def test_setattr(monkeypatch):
    monkeypatch.setattr(service, 'store', MagicMock({made}))
    await service.add('a')

@pytest.mark.asyncio
@patch('service.Store'{returned})
async def test_class(store):
    await service.Direct().add('a')
"
        )
    };
    check(
        &(service("") + &tests("", "", "", "")),
        &(service("await ")
            + &tests(
                "AsyncMock, ",
                "insert=AsyncMock(return_value=MagicMock())",
                ", **{\"return_value.insert\": AsyncMock()}",
                ", **{\"insert\": AsyncMock(return_value=MagicMock())}",
            )),
    );
}

/// What a replaced object has that only code awaits which the test does not run stays out of the test.
#[test]
fn patched_objects_get_what_the_test_runs() {
    let project = |make: &str, wait: &str, patched: &str| {
        let call = |method: &str| match wait {
            "" => format!("self.persistence.{method}(key)"),
            _ => format!("{wait}asyncio.to_thread(self.persistence.{method}, key)"),
        };
        let (put, delete) = (call("put"), call("delete"));
        let mocks = if patched.is_empty() { "" } else { "AsyncMock, MagicMock, " };
        let imports = if wait.is_empty() { "" } else { "import asyncio\n\n\n" };
        format!(
            "#- store.py
{imports}class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    {make}def insert(self, key):
        return {put}

    {make}def drop(self, key):
        return {delete}
#- service.py
from store import Store

store = Store(None)

async def add(key):
    return {wait}store.insert(key)

async def remove(key):
    return {wait}store.drop(key)
#- tests/test_service.py
from unittest.mock import {mocks}patch
import pytest
import service

@pytest.mark.asyncio
@patch('service.store'{patched})
async def test_add(store):
    await service.add('a')
"
        )
    };
    let patched = ", **{\"insert\": AsyncMock(return_value=MagicMock())}";
    check_project(&format!("{CONFIG}{}", project("", "", "")), &project("async ", "await ", patched));
}

/// A file that a test opens delays nobody: only what blocks wherever it stands is moved there.
#[test]
fn what_only_async_code_minds_stays_in_tests() {
    check_project(
        "#- awaitify.toml
codemods = [\"persistence\", \"open\", \"pytest\"]
#- app.py
def read(path):
    with open(path) as file:
        return file.read()

async def load(path):
    return read(path)
#- tests/test_app.py
import pytest
from app import load, read

@pytest.mark.asyncio
async def test_load(tmp_path, persistence):
    (tmp_path / 'a').write_text('1')
    open(tmp_path / 'b', 'w').close()
    persistence.save('a')
    assert await load(tmp_path / 'a') == read(tmp_path / 'a')
",
        "#- app.py
import asyncio


async def read(path):
    with await asyncio.to_thread(open, path) as file:
        return await asyncio.to_thread(file.read)

async def load(path):
    return await read(path)
#- tests/test_app.py
import asyncio

import pytest
from app import load, read

@pytest.mark.asyncio
async def test_load(tmp_path, persistence):
    (tmp_path / 'a').write_text('1')
    open(tmp_path / 'b', 'w').close()
    await asyncio.to_thread(persistence.save, 'a')
    assert await load(tmp_path / 'a') == await read(tmp_path / 'a')
",
    );
}
