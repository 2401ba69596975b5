//! Whole projects: files in, changed files out. The harness also proves that the output parses, that `git apply` makes the
//! same bytes, that a second diff is empty, and that undo restores every byte.

use crate::support::{Project, check_project};

#[test]
fn a_call_through_three_files_is_awaited_all_the_way() {
    check_project(
        "#- app/__init__.py
#- app/store.py
class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    def is_admin(self, who):
        return self.persistence.get(who) == 'admin'
#- app/service.py
from app.store import Store

class Service:
    def __init__(self, store: Store) -> None:
        self.store = store

    def may_open(self, who):
        return not self.store.is_admin(who)
#- app/web.py
from app.service import Service

async def open_door(service: Service, who):
    if service.may_open(who):
        return 'closed'
",
        "#- app/store.py
import asyncio


class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    async def is_admin(self, who):
        return await asyncio.to_thread(self.persistence.get, who) == 'admin'
#- app/service.py
from app.store import Store

class Service:
    def __init__(self, store: Store) -> None:
        self.store = store

    async def may_open(self, who):
        return not await self.store.is_admin(who)
#- app/web.py
from app.service import Service

async def open_door(service: Service, who):
    if await service.may_open(who):
        return 'closed'
",
    );
}

#[test]
fn a_property_stays_and_its_async_reader_is_not_broken() {
    check_project(
        "#- app.py
class Till:
    def __init__(self, persistence):
        self.persistence = persistence

    @property
    def balance(self):
        return self.persistence.get('till')

    def describe(self):
        return f'{self.balance} coins'

async def show(till: Till):
    return till.describe()
",
        "#- app.py
import asyncio


class Till:
    def __init__(self, persistence):
        self.persistence = persistence

    @property
    def balance(self):
        return self.persistence.get('till')

    def describe(self):
        return f'{self.balance} coins'

async def show(till: Till):
    return await asyncio.to_thread(till.describe)
",
    );
}

#[test]
fn a_family_converts_together_through_super() {
    check_project(
        "#- app.py
from abc import ABC, abstractmethod

class Base(ABC):
    @abstractmethod
    def load(self, key): ...

class Plain(Base):
    def load(self, key):
        return persistence.get(key)

class Loud(Plain):
    def load(self, key):
        return super().load(key).upper()

async def show(base: Base):
    print(base.load('a'))
",
        "#- app.py
import asyncio
from abc import ABC, abstractmethod

class Base(ABC):
    @abstractmethod
    async def load(self, key): ...

class Plain(Base):
    async def load(self, key):
        return await asyncio.to_thread(persistence.get, key)

class Loud(Plain):
    async def load(self, key):
        return (await super().load(key)).upper()

async def show(base: Base):
    print(await base.load('a'))
",
    );
}

#[test]
fn what_a_test_runner_calls_by_name_stays_sync_outside_of_test_files_too() {
    check_project(
        "#- app/__init__.py
#- app/fixtures.py
class StoreSuite:
    def setup_method(self, method):
        self.persistence.clear()

    def teardown_method(self, method):
        self.persistence.clear()

    def test_it_is_empty(self):
        assert not self.persistence.list_keys()


class MoreSuite(StoreSuite):
    def teardown_method(self, method):
        super().teardown_method(method)
",
        "",
    );
}

#[test]
fn a_name_that_is_only_tested_or_looked_up_holds_nothing_back() {
    check_project(
        "#- app/__init__.py
#- app/users.py
class Users:
    def __init__(self, persistence):
        self.persistence = persistence

    def is_admin(self, who):
        return self.persistence.get(who)
#- app/web.py
from app.users import Users

def describe(player):
    if player.is_admin or getattr(player, 'is_admin', False):
        return 'admin'
    found = getattr(player, 'is_admin', None)
    return bool(player.is_admin) if found is None else 'admin'

async def show(users: Users, who):
    if hasattr(users, 'is_admin') and not getattr(users, 'is_admin')(who):
        return 'no'
",
        "#- app/users.py
import asyncio


class Users:
    def __init__(self, persistence):
        self.persistence = persistence

    async def is_admin(self, who):
        return await asyncio.to_thread(self.persistence.get, who)
#- app/web.py
from app.users import Users

def describe(player):
    if player.is_admin or getattr(player, 'is_admin', False):
        return 'admin'
    found = getattr(player, 'is_admin', None)
    return bool(player.is_admin) if found is None else 'admin'

async def show(users: Users, who):
    if hasattr(users, 'is_admin') and not await getattr(users, 'is_admin')(who):
        return 'no'
",
    );
}

#[test]
fn a_name_whose_value_goes_on_from_a_test_holds_its_function_back() {
    check_project(
        "#- app/__init__.py
#- app/users.py
class Users:
    def __init__(self, persistence):
        self.persistence = persistence

    def is_admin(self, who):
        return self.persistence.get(who)
#- app/web.py
def pick(player, other):
    return player.is_admin or other
",
        "",
    );
}

#[test]
fn a_receiver_that_is_tested_for_truth_first_is_still_awaited() {
    check_project(
        "#- app/__init__.py
#- app/users.py
class Users:
    def __init__(self, persistence):
        self.persistence = persistence

    def find_user(self, who):
        return self.persistence.get(who)
#- app/web.py
class Page:
    def __init__(self, users=None):
        self.users = users

    async def show(self, who):
        if not self.users:
            return None
        return self.users.find_user(who)
",
        "#- app/users.py
import asyncio


class Users:
    def __init__(self, persistence):
        self.persistence = persistence

    async def find_user(self, who):
        return await asyncio.to_thread(self.persistence.get, who)
#- app/web.py
class Page:
    def __init__(self, users=None):
        self.users = users

    async def show(self, who):
        if not self.users:
            return None
        return await self.users.find_user(who)
",
    );
}

#[test]
fn a_type_without_the_member_proves_nothing() {
    check_project(
        "#- app/__init__.py
#- app/users.py
class Node:
    pass

class Users(Node):
    def __init__(self, persistence):
        self.persistence = persistence

    def find_user(self, who):
        return self.persistence.get(who)
#- app/web.py
from logging import Handler
from typing import Hashable, TypeVar

from app.users import Node

T = TypeVar('T')

async def show(node: Node, who):
    return node.find_user(who)

async def show_all(nodes: list[Hashable], who):
    return [node.find_user(who) for node in nodes]

async def show_any(node: T, other: Handler, who):
    return node.find_user(who), other.find_user(who)
",
        "#- app/users.py
import asyncio


class Node:
    pass

class Users(Node):
    def __init__(self, persistence):
        self.persistence = persistence

    async def find_user(self, who):
        return await asyncio.to_thread(self.persistence.get, who)
#- app/web.py
from logging import Handler
from typing import Hashable, TypeVar

from app.users import Node

T = TypeVar('T')

async def show(node: Node, who):
    return await node.find_user(who)

async def show_all(nodes: list[Hashable], who):
    return [await node.find_user(who) for node in nodes]

async def show_any(node: T, other: Handler, who):
    return await node.find_user(who), await other.find_user(who)
",
    );
}

#[test]
fn a_function_in_a_list_that_is_added_to_another_is_lost_sight_of() {
    check_project(
        "#- app/__init__.py
#- app/log.py
import structlog

from app.store import persistence

def add_name(logger, name, event):
    event['name'] = persistence.get(event['id'])
    return event

def plain(logger, name, event):
    return event

def set_up():
    base = [plain, add_name]
    structlog.configure(processors=base + [plain])

def set_up_twice():
    structlog.configure(processors=[add_name] * 2)
",
        "",
    );
}

#[test]
fn a_mock_that_is_put_on_a_known_object_takes_the_color_of_its_method() {
    check_project(
        "#- app/__init__.py
#- app/names.py
class Players:
    def __init__(self, persistence):
        self.persistence = persistence

    def find_name(self, who):
        return self.persistence.get(who)

    async def greet(self, who):
        return 'hello ' + self.find_name(who)

class Books:
    def find_name(self, book):
        return book.title

    def show(self, book):
        return self.find_name(book)
#- tests/test_names.py
import asyncio
from unittest.mock import Mock
from app.names import Books, Players

class TestNames:
    def setup_method(self):
        self.players = Players(Mock())
        self.books = Books()

    def test_greet(self):
        self.players.find_name = Mock(return_value='Ann')
        assert asyncio.run(self.players.greet(1)) == 'hello Ann'

    def test_show(self):
        self.books.find_name = Mock(return_value='Emma')
        assert self.books.show(1) == 'Emma'
",
        "#- app/names.py
import asyncio


class Players:
    def __init__(self, persistence):
        self.persistence = persistence

    async def find_name(self, who):
        return await asyncio.to_thread(self.persistence.get, who)

    async def greet(self, who):
        return 'hello ' + await self.find_name(who)

class Books:
    def find_name(self, book):
        return book.title

    def show(self, book):
        return self.find_name(book)
#- tests/test_names.py
import asyncio
from unittest.mock import AsyncMock, Mock
from app.names import Books, Players

class TestNames:
    def setup_method(self):
        self.players = Players(Mock())
        self.books = Books()

    def test_greet(self):
        self.players.find_name = AsyncMock(return_value='Ann')
        assert asyncio.run(self.players.greet(1)) == 'hello Ann'

    def test_show(self):
        self.books.find_name = Mock(return_value='Emma')
        assert self.books.show(1) == 'Emma'
",
    );
}

#[test]
fn what_can_never_be_awaited_or_called_is_no_candidate() {
    check_project(
        "#- app/__init__.py
#- app/rooms.py
class Rooms:
    def __init__(self, persistence):
        self.persistence = persistence

    def subscribe_to(self, who) -> bool:
        return self.persistence.add(who)

class Connections:
    async def subscribe_to(self, who):
        return who

class Users:
    def __init__(self, persistence):
        self.persistence = persistence

    def is_admin(self, who):
        return self.persistence.get(who)

class Player:
    is_admin = Column(int)

    def __init__(self):
        self.is_admin = False
#- app/web.py
async def show(app, who):
    await app.connections.subscribe_to(who)
    return app.users.is_admin(who)
",
        "#- app/rooms.py
import asyncio


class Rooms:
    def __init__(self, persistence):
        self.persistence = persistence

    async def subscribe_to(self, who) -> bool:
        return await asyncio.to_thread(self.persistence.add, who)

class Connections:
    async def subscribe_to(self, who):
        return who

class Users:
    def __init__(self, persistence):
        self.persistence = persistence

    async def is_admin(self, who):
        return await asyncio.to_thread(self.persistence.get, who)

class Player:
    is_admin = Column(int)

    def __init__(self):
        self.is_admin = False
#- app/web.py
async def show(app, who):
    await app.connections.subscribe_to(who)
    return await app.users.is_admin(who)
",
    );
}

#[test]
fn a_project_without_blocking_calls_stays_as_it_is() {
    check_project("#- app.py\ndef f(x):\n    return x + 1\n", "");
}

#[test]
fn a_file_without_a_final_newline_keeps_its_end() {
    check_project(
        "#- app.py\nasync def f():\n    return persistence.get('a')",
        "#- app.py\nimport asyncio\n\n\nasync def f():\n    return await asyncio.to_thread(persistence.get, 'a')",
    );
}

/// The example prints the same before and after, and leaves no coroutine un-awaited. Python: `AWAITIFY_PYTHON`, else `python3`.
#[test]
fn the_shop_runs_as_before() {
    let python = std::env::var("AWAITIFY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let shop = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let project = Project::copy_of(&shop);
    let run = || {
        let mut command = std::process::Command::new(&python);
        command.args(["-W", "always", "-m", "shop"]).current_dir(project.root()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.output()
    };
    let Ok(before) = run() else {
        eprintln!("SKIPPED the_shop_runs_as_before: there is no `{python}`; AWAITIFY_PYTHON names one");
        return;
    };
    assert!(before.status.success(), "{}", String::from_utf8_lossy(&before.stderr));
    project.run("apply --allow-dirty").returned(0);
    let after = run().expect("it ran before");
    let stderr = String::from_utf8_lossy(&after.stderr);
    assert!(after.status.success() && !stderr.contains("never awaited"), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&after.stdout), String::from_utf8_lossy(&before.stdout));
}

#[test]
fn what_has_all_methods_of_the_layer_stands_in_for_it() {
    check_project(
        "#- awaitify.toml
codemods = ['./layer.toml', 'pytest']
exported = 'convert'
#- layer.toml
[[blocking]]
class = 'app.Storage'
receiver = 'storage'
#- app.py
class Storage:
    def read(self): ...
    def write(self, data): ...

class Cache:
    def __init__(self, storage):
        self.storage = storage
        self.data = None

    def read(self):
        return self.data or self.storage.read()

    def write(self, data):
        self.storage.write(data)

    def drop(self):
        self.storage.write(None)

class Database:
    def __init__(self, storage: Storage):
        self.inner: Storage = storage

    def load(self):
        return self.inner.read()
#- test_app.py
from app import Cache, Database, Storage

def test_it():
    storage = Cache(Storage())
    storage.write(1)
    assert Database(storage).load() == 1
",
        "#- app.py
import asyncio


class Storage:
    def read(self): ...
    def write(self, data): ...

class Cache:
    def __init__(self, storage):
        self.storage = storage
        self.data = None

    def read(self):
        return self.data or self.storage.read()

    def write(self, data):
        self.storage.write(data)

    def drop(self):
        self.storage.write(None)

class Database:
    def __init__(self, storage: Storage):
        self.inner: Storage = storage

    async def load(self):
        return await asyncio.to_thread(self.inner.read)
#- test_app.py
import asyncio

import pytest
from app import Cache, Database, Storage

@pytest.mark.asyncio
async def test_it():
    storage = Cache(Storage())
    await asyncio.to_thread(storage.write, 1)
    assert await Database(storage).load() == 1
",
    );
}

#[test]
fn a_method_of_an_application_may_be_called_test() {
    check_project(
        "#- app.py
from fastapi import APIRouter

class Router(APIRouter):
    pass

router = Router()

class Webhooks:
    @router.post('/test')
    def test_one(self):
        return persistence.get('a')

async def nightly(webhooks: Webhooks):
    return webhooks.test_one()
#- awaitify.toml
codemods = ['persistence', 'fastapi']
exported = 'convert'
",
        "#- app.py
import asyncio

from fastapi import APIRouter

class Router(APIRouter):
    pass

router = Router()

class Webhooks:
    @router.post('/test')
    async def test_one(self):
        return await asyncio.to_thread(persistence.get, 'a')

async def nightly(webhooks: Webhooks):
    return await webhooks.test_one()
",
    );
}

#[test]
fn an_operator_with_a_call_inside_that_is_awaited_stays() {
    check_project(
        "#- app.py
class Table:
    def __init__(self, persistence):
        self.persistence = persistence

    def __getitem__(self, key):
        return self.persistence.get(key)

    def key(self):
        return self.persistence.get('key')

async def run(table: Table):
    return table[table.key()]
",
        "#- app.py
import asyncio


class Table:
    def __init__(self, persistence):
        self.persistence = persistence

    def __getitem__(self, key):
        return self.persistence.get(key)

    async def key(self):
        return await asyncio.to_thread(self.persistence.get, 'key')

async def run(table: Table):
    return table[await table.key()]
",
    );
}
