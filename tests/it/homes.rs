//! Several programs in one tree that share the names of their modules: an import finds what is nearest to its file.

use crate::support::check_project;

/// Two services with a package `app` each, of which the second blocks.
const SERVICES: &str = "#- a/app/__init__.py
#- a/app/store.py
class Store:
    def load(self, key):
        return [key]

def find(key):
    return [key]
#- a/app/service.py
from app.store import Store, find

def build() -> Store:
    return Store()

async def handle(key):
    return build().load(key), find(key)
#- b/app/__init__.py
#- b/app/store.py
class Store:
    def load(self, key):
        return persistence.get(key)

def find(key):
    return persistence.get(key)
#- b/app/service.py
from app.store import Store, find

def build() -> Store:
    return Store()

async def handle(key):
    return build().load(key), find(key)
#- b/scripts/show.py
from app import store
from app.service import build

def main():
    print(build().load('x'), store.find('x'))

if __name__ == '__main__':
    main()
#- b/tests/test_store.py
import pytest
from app.service import build
from app.store import Store, find

@pytest.fixture
def store():
    return build()

def test_load(store):
    assert store.load('x')
    assert Store().load('x')

def test_find():
    assert find('x')
";

#[test]
fn an_import_finds_the_module_of_its_own_service() {
    check_project(
        SERVICES,
        "#- b/app/store.py
import asyncio


class Store:
    async def load(self, key):
        return await asyncio.to_thread(persistence.get, key)

async def find(key):
    return await asyncio.to_thread(persistence.get, key)
#- b/app/service.py
from app.store import Store, find

def build() -> Store:
    return Store()

async def handle(key):
    return await build().load(key), await find(key)
#- b/scripts/show.py
import asyncio

from app import store
from app.service import build

async def main():
    print(await build().load('x'), await store.find('x'))

if __name__ == '__main__':
    asyncio.run(main())
#- b/tests/test_store.py
import pytest
from app.service import build
from app.store import Store, find

@pytest.fixture
def store():
    return build()

@pytest.mark.asyncio
async def test_load(store):
    assert await store.load('x')
    assert await Store().load('x')

@pytest.mark.asyncio
async def test_find():
    assert await find('x')
",
    );
}

#[test]
fn a_function_is_declared_in_every_service() {
    let config = "#- awaitify.toml
[[blocking]]
function = \"app.db.read\"
";
    let service = |name: &str, calls: &str| {
        format!(
            "#- {name}/app/db.py
def read(key):
    return key
#- {name}/app/main.py
{calls}"
        )
    };
    let before = "from app import db
from app.db import read

async def handle(key):
    return db.read(key), read(key)
";
    let after = "import asyncio

from app import db
from app.db import read

async def handle(key):
    return await asyncio.to_thread(db.read, key), await asyncio.to_thread(read, key)
";
    let fixture = |calls| format!("{}{}", service("a", calls), service("b", calls));
    let packages = "#- a/app/__init__.py\n#- b/app/__init__.py\n";
    check_project(&format!("{config}{packages}{}", fixture(before)), &fixture(after));
}
