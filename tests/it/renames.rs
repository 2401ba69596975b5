//! The renaming map of a codemod: what it names, every place of it, and what it must leave.

use crate::support::{Project, check_project};

/// Migrates `files` with the codemod `own`; `expect` has the files that change.
#[track_caller]
fn check(own: &str, files: &str, expect: &str) {
    check_project(&format!("#- awaitify.toml\ncodemods = [\"./own.toml\"]\n#- own.toml\n{own}\n{files}"), expect);
}

#[test]
fn a_class_with_everything_that_names_it() {
    check(
        "[[rename]]\nfrom = \"pkg.client.Client\"\nto = \"AsyncClient\"",
        "#- pkg/__init__.py
from .client import Client, helper

__all__ = ['Client', \"helper\"]
#- pkg/client.py
from __future__ import annotations

import typing

class Client:
    \"\"\"A :class:`Client`, see `pkg.client.Client.get` and ``Client()``. Every Client is one.\"\"\"

    def copy(self) -> Client:
        return Client()

def helper(client: 'Client', other: typing.Optional['Client'] = None) -> list[\"Client\"]:
    return [typing.cast('Client', client)]
#- app.py
import pkg
import pkg.client as c
from pkg import Client as Mine
from other import Client

def run(x: pkg.Client, y: Mine, z: Client, t: 'c.Client'):
    return isinstance(x, (pkg.client.Client, c.Client)), getattr(pkg, 'Client'), x.Client
",
        "#- pkg/__init__.py
from .client import AsyncClient, helper

__all__ = ['AsyncClient', \"helper\"]
#- pkg/client.py
from __future__ import annotations

import typing

class AsyncClient:
    \"\"\"A :class:`AsyncClient`, see `pkg.client.AsyncClient.get` and ``AsyncClient()``. Every Client is one.\"\"\"

    def copy(self) -> AsyncClient:
        return AsyncClient()

def helper(client: 'AsyncClient', other: typing.Optional['AsyncClient'] = None) -> list[\"AsyncClient\"]:
    return [typing.cast('AsyncClient', client)]
#- app.py
import pkg
import pkg.client as c
from pkg import AsyncClient as Mine
from other import Client

def run(x: pkg.AsyncClient, y: Mine, z: Client, t: 'c.AsyncClient'):
    return isinstance(x, (pkg.client.AsyncClient, c.AsyncClient)), getattr(pkg, 'AsyncClient'), x.Client
",
    );
}

#[test]
fn a_method_by_type() {
    check(
        "[[blocking]]\nreceiver = \"socket\"\nnative = \"{name}\"\n[[rename]]\nfrom = \"app.Stream.close\"\nto = \"aclose\"",
        "#- app.py
class Stream:
    \"\"\"Call `Stream.close` at the end, or :meth:`File.close`.\"\"\"

    def __init__(self, socket):
        self.socket = socket

    def close(self):
        self.socket.close()

class Tls(Stream):
    def close(self):
        super().close()

class File:
    def close(self): ...

def end(stream: Stream, file: File, both: Stream | File, any_file):
    stream.close()
    file.close()
    if hasattr(stream, 'close') and hasattr(file, 'close'):
        any_file.close()
",
        "#- app.py
class Stream:
    \"\"\"Call `Stream.aclose` at the end, or :meth:`File.close`.\"\"\"

    def __init__(self, socket):
        self.socket = socket

    async def aclose(self):
        await self.socket.close()

class Tls(Stream):
    async def aclose(self):
        await super().aclose()

class File:
    def close(self): ...

async def end(stream: Stream, file: File, both: Stream | File, any_file):
    await stream.aclose()
    file.close()
    if hasattr(stream, 'aclose') and hasattr(file, 'close'):
        any_file.close()
",
    );
}

#[test]
fn a_class_of_another_package() {
    check(
        "[[rename]]\nfrom = \"http.Client\"\nto = \"AsyncClient\"\n[[rename]]\nfrom = \"db.Lock\"\nto = \"aio.Lock\"",
        "#- app.py
import db
import http as h
from http import Client, Response

client: Client = Client()
other = h.Client()
lock = db.Lock()

def make() -> 'Client':
    return Client()
",
        "#- app.py
import aio
import db
import http as h
from http import AsyncClient, Response

client: AsyncClient = AsyncClient()
other = h.AsyncClient()
lock = aio.Lock()

def make() -> 'AsyncClient':
    return AsyncClient()
",
    );
}

#[test]
fn a_module() {
    check(
        "[[rename]]\nfrom = \"pkg._sync\"\nto = \"pkg._async\"",
        "#- pkg/__init__.py
from ._sync.client import Client
from . import _sync
#- pkg/_sync/__init__.py
#- pkg/_sync/client.py
from .._sync import other
class Client: ...
#- pkg/_sync/other.py
#- app.py
import pkg._sync.client
from pkg._sync import client

print(pkg._sync.client.Client, client.Client)
",
        "#- pkg/__init__.py
from ._async.client import Client
from . import _async
#- pkg/_sync/client.py
from .._async import other
class Client: ...
#- app.py
import pkg._async.client
from pkg._async import client

print(pkg._async.client.Client, client.Client)
",
    );
}

#[test]
fn a_twin_that_is_there_is_used_where_something_converts() {
    check(
        "[[blocking]]
class = \"net.Stream\"
native = \"{name}\"
[[rename]]
from = \"net.Stream\"
to = \"AsyncStream\"",
        "#- net.py
class Stream:
    def read(self): ...

    def copy(self) -> 'Stream':
        return Stream()

class AsyncStream:
    async def read(self): ...
#- real.py
from net import Stream

class File(Stream):
    def read(self):
        return open('x').read()
#- api.py
from net import AsyncStream, Stream

def is_stream(x):
    return isinstance(x, (AsyncStream, Stream))
#- app.py
from net import Stream

class Upgraded(Stream):
    def __init__(self, stream: Stream):
        self.stream = stream

    def read(self):
        return self.stream.read()

def run(stream: Stream):
    return Upgraded(stream).read() + stream.read()
",
        "#- app.py
from net import AsyncStream

class Upgraded(AsyncStream):
    def __init__(self, stream: AsyncStream):
        self.stream = stream

    async def read(self):
        return await self.stream.read()

async def run(stream: AsyncStream):
    return await Upgraded(stream).read() + await stream.read()
",
    );
}

/// Else the class would stand below a name that its file no longer imports, and be awaited where it is sync.
#[test]
fn a_class_is_not_replaced_in_a_file_where_one_below_it_stays() {
    check(
        "[[blocking]]
class = \"net.Stream\"
method = \"read\"
native = \"{name}\"
[[rename]]
from = \"net.Stream\"
to = \"AsyncStream\"",
        "#- net.py
class Stream:
    def read(self): ...

class AsyncStream:
    async def read(self): ...
#- app.py
import asyncio
from net import Stream

class Fixed(Stream):
    def read(self):
        return 1

class Above(Stream):
    def read(self):
        return super().read()

def run(stream: Stream):
    return stream.read()

async def main():
    print(run(Fixed()), run(Above()), Above().read())
",
        "#- app.py
import asyncio
from net import Stream

class Fixed(Stream):
    def read(self):
        return 1

class Above(Stream):
    def read(self):
        return super().read()

async def run(stream: Stream):
    return await asyncio.to_thread(stream.read)

async def main():
    print(await run(Fixed()), await run(Above()), await asyncio.to_thread(Above().read))
",
    );
}

#[test]
fn a_name_that_is_taken_somewhere_stays_everywhere() {
    let project = Project::new(
        "#- awaitify.toml
codemods = [\"./own.toml\"]
#- own.toml
[[rename]]
from = \"pkg.Client\"
to = \"AsyncClient\"
#- pkg.py
class Client: ...
#- app.py
from pkg import Client

class AsyncClient:
    made = Client
",
    );
    project.run("diff").returned(0).says(&["app.py:3:7: `[[rename]]` of `pkg.Client` is left out"]);
}

/// The error of a run with this rename in the user's own codemod.
#[track_caller]
fn check_unmatched(rename: &str, expect: &str) {
    let files = "#- shop/__init__.py
#- shop/store.py
import requests

class Store:
    def load(self, persistence):
        return persistence.get(requests.get('x'))
";
    let own = format!("#- awaitify.toml\ncodemods = [\"persistence\", \"./own.toml\"]\n#- own.toml\n{rename}\n");
    let run = Project::new(&format!("{own}{files}")).run("diff").returned(2).says(&[expect]);
    assert!(run.stdout.is_empty(), "{}", run.text());
}

#[test]
fn an_entry_that_names_nothing_is_an_error_with_the_nearest_name() {
    check_unmatched(
        "[[rename]]\nfrom = \"Stor\"\nto = \"AsyncStore\"",
        "own.toml:2:8: `rename`: nothing in the program is named `Stor`; did you mean `Store`?",
    );
    check_unmatched(
        "[[rename]]\nfrom = \"shop.store.Store.lod\"\nto = \"aload\"",
        "own.toml:2:8: `rename`: nothing in the program is named `shop.store.Store.lod`; did you mean `shop.store.Store.load`?",
    );
    check_unmatched(
        "[[rename]]\nfrom = \"urllib3.PoolManager\"\nto = \"httpx.AsyncClient\"",
        "nothing in the program is named `urllib3.PoolManager`",
    );
}

/// A codemod for a package need not be used up, and a built-in one is for every program.
#[test]
fn an_entry_of_a_package_that_is_imported_may_find_nothing() {
    check(
        "[[rename]]\nfrom = \"requests.Session\"\nto = \"httpx.AsyncClient\"",
        "#- app.py\nimport requests\n\nprint(requests.get)\n",
        "",
    );
    let project = Project::new("#- awaitify.toml\ncodemods = [\"asyncio-locks\"]\n#- app.py\nprint(1)\n");
    project.run("diff").returned(0);
}

/// `check` runs it again behind itself: the old name is gone then, and that is no error.
#[test]
fn an_entry_that_was_carried_out_is_no_error() {
    check(
        "[[rename]]\nfrom = \"app.Store\"\nto = \"AsyncStore\"",
        "#- app.py\nclass Store: ...\n",
        "#- app.py\nclass AsyncStore: ...\n",
    );
}

#[test]
fn a_name_that_is_imported_from_where_nobody_looks() {
    check(
        "[[rename]]\nfrom = \"pkg.Client\"\nto = \"AsyncClient\"",
        "#- pkg/tools.py
X = 1
#- app.py
from pkg import Client

def run(x: Client):
    return Client()
",
        "#- app.py
from pkg import AsyncClient

def run(x: AsyncClient):
    return AsyncClient()
",
    );
}
