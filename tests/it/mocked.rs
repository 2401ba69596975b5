//! Mocks that a test calls itself, and what replaces functions without mocks.

use crate::support::{Project, check_project};

const CONFIG: &str =
    "#- awaitify.toml\ncodemods = [\"persistence\", \"pytest\"]\n#- pytest.ini\n[pytest]\nasyncio_mode = auto\n";

const CODE: &str = "#- app.py
def load(key):
    return persistence.get(key)

class Users:
    def create(self, name):
        return persistence.save(name)

class Service:
    def __init__(self, users):
        self.users = users

    async def add(self, name):
        return self.users.create(load(name))
";

const AFTER: &str = "#- app.py
import asyncio


async def load(key):
    return await asyncio.to_thread(persistence.get, key)

class Users:
    async def create(self, name):
        return await asyncio.to_thread(persistence.save, name)

class Service:
    def __init__(self, users):
        self.users = users

    async def add(self, name):
        return await self.users.create(await load(name))
";

#[test]
fn methods_of_a_mock_that_is_made_after_a_class_are_awaited() {
    let before = "#- test_app.py
from unittest.mock import MagicMock, Mock, create_autospec
import app
from app import Users

def make():
    return MagicMock(spec=Users)

def test_made():
    users = make()
    users.create.side_effect = [1, 2]
    assert users.create('a') == 1
    users.create.assert_called_once_with('a')

def test_set():
    users = Mock(spec_set=Users)
    assert users.create('a') is users.create.return_value

def test_positional():
    assert Mock(Users).create('a')

def test_object():
    users = create_autospec(Users, instance=True)
    assert users.create('a')

def test_plugin(mocker):
    users = mocker.MagicMock(spec=Users)
    assert users.create('a')

class TestHeld:
    def setup_method(self):
        self.users = MagicMock(spec=Users, name='users')

    def test_held(self):
        self.users.create('a')
        self.users.other = 3
";
    let after = before
        .replace("def test_", "async def test_")
        .replace("assert users.create('a') is", "assert await users.create('a') is")
        .replace("assert users.create('a')", "assert await users.create('a')")
        .replace("assert Mock(Users).create('a')", "assert await Mock(Users).create('a')")
        .replace("        self.users.create('a')", "        await self.users.create('a')");
    check_project(&format!("{CONFIG}{CODE}{before}"), &format!("{CONFIG}{AFTER}{after}"));
}

#[test]
fn a_mock_that_only_the_test_calls_stays_as_it_is() {
    let before = "#- test_app.py
from unittest.mock import MagicMock
from app import Service

def test_alone():
    users = MagicMock()
    users.create('a')
    users.create.assert_called_once()

async def test_handed_on():
    users = MagicMock()
    await Service(users).add('a')
";
    let after = before
        .replace("import MagicMock", "import AsyncMock, MagicMock")
        .replace("MagicMock()\n    await", "MagicMock(create=AsyncMock(return_value=MagicMock()))\n    await");
    check_project(&format!("{CONFIG}{CODE}{before}"), &format!("{CONFIG}{AFTER}{after}"));
}

#[test]
fn a_mock_that_the_test_and_the_code_call_is_named() {
    let test = "#- test_app.py
from unittest.mock import MagicMock
from app import Service

async def test_both():
    users = MagicMock()
    users.create('a')
    await Service(users).add('a')
";
    let says = "it is not clear how the code uses `create` of the mock or fake `MagicMock()`";
    Project::new(&format!("{CONFIG}{CODE}{test}")).run("diff").returned(1).says(&["test_both: ", says]);
}

#[test]
fn what_flexmock_replaces_is_named() {
    let test = "#- test_app.py
from flexmock import flexmock
import app

async def test_received():
    flexmock(app).should_receive('load').and_return(1)
    assert await app.Service(app.Users()).add('a')

async def test_short():
    flexmock(app.Users, create=lambda name: 1)
    assert await app.Service(app.Users()).add('a')

async def test_other():
    flexmock(app, other=1).should_receive('else').and_return(1)
    assert await app.Service(app.Users()).add('a')
";
    let says =
        |place: &str| format!("the code awaits the function that `{place}` replaces by one that gives no awaitable");
    Project::new(&format!("{CONFIG}{CODE}{test}")).run("diff").returned(1).says(&[
        "tests that may break (2)",
        &format!("test_received: {}", says("'load'")),
        &format!("test_short: {}", says("lambda name: 1")),
    ]);
}
