//! Codemods with `native`: calls that are awaited in place, and methods of the project that become async under their own name.

use crate::support::check_project;

const CONFIG: &str = "#- awaitify.toml\ncodemods = [\"./own.toml\"]\n#- own.toml\n";

/// Migrates `files` with the codemod `own`; `expect` has the files that change.
#[track_caller]
fn check(own: &str, files: &str, expect: &str) {
    check_project(&format!("{CONFIG}{own}\n{files}"), expect);
}

#[test]
fn a_call_of_the_same_name_is_awaited_in_place() {
    check(
        "[[blocking]]\nreceiver = \"client\"\nnative = \"{name}\"",
        "#- app.py
def load(client, key):
    return client.get(key).rows
def show(client):
    print(load(client, 'a'))
",
        "#- app.py
async def load(client, key):
    return (await client.get(key)).rows
async def show(client):
    print(await load(client, 'a'))
",
    );
}

#[test]
fn an_interface_becomes_async_in_place_with_what_implements_it() {
    check(
        "[[blocking]]\nclass = \"store.Store\"\nmethod = [\"get\", \"put\"]\nnative = \"{name}\"",
        "#- store.py
from abc import ABC, abstractmethod

class Store(ABC):
    @abstractmethod
    def get(self, key): ...

    @abstractmethod
    def put(self, key, value): ...

    def describe(self):
        return 'a store'

class Memory(Store):
    def __init__(self):
        self.rows = {}

    def get(self, key):
        return self.rows.get(key)

    def put(self, key, value):
        self.rows[key] = value
#- app.py
from store import Store

class Service:
    def __init__(self, store: Store):
        self.store = store

    def rename(self, key, name):
        self.store.put(key, {**self.store.get(key), 'name': name})
        return self.store.describe()
",
        "#- store.py
from abc import ABC, abstractmethod

class Store(ABC):
    @abstractmethod
    async def get(self, key): ...

    @abstractmethod
    async def put(self, key, value): ...

    def describe(self):
        return 'a store'

class Memory(Store):
    def __init__(self):
        self.rows = {}

    async def get(self, key):
        return self.rows.get(key)

    async def put(self, key, value):
        self.rows[key] = value
#- app.py
from store import Store

class Service:
    def __init__(self, store: Store):
        self.store = store

    async def rename(self, key, name):
        await self.store.put(key, {**await self.store.get(key), 'name': name})
        return self.store.describe()
",
    );
}

#[test]
fn a_method_with_an_async_one_beside_it_stays() {
    check(
        "[[blocking]]\nclass = \"web.Response\"\nmethod = \"read\"\nnative = \"a{name}\"",
        "#- web.py
class Response:
    def read(self):
        return b''

    async def aread(self):
        return b''
#- app.py
from web import Response

def body(response: Response):
    return response.read().decode()
",
        "#- app.py
from web import Response

async def body(response: Response):
    return (await response.aread()).decode()
",
    );
}

#[test]
fn a_method_declared_by_a_re_export_is_found() {
    check(
        "[[blocking]]\nclass = \"web.Response\"\nmethod = \"read\"\nnative = \"{name}\"",
        "#- web/__init__.py
from web.models import Response
#- web/models.py
class Response:
    def read(self):
        return b''
#- app.py
from web.models import Response

def body(response: Response):
    return response.read()
",
        "#- web/models.py
class Response:
    async def read(self):
        return b''
#- app.py
from web.models import Response

async def body(response: Response):
    return await response.read()
",
    );
}

#[test]
fn a_caller_that_cannot_await_keeps_an_interface_sync() {
    check(
        "[[blocking]]\nclass = \"store.Store\"\nnative = \"{name}\"",
        "#- store.py
class Store:
    def size(self): ...
    def get(self, key): ...
#- app.py
from store import Store

class Shelf:
    def __init__(self, store: Store):
        self.store = store

    def __len__(self):
        return self.store.size()

    def first(self):
        return self.store.get(0)
",
        "#- store.py
class Store:
    def size(self): ...
    async def get(self, key): ...
#- app.py
from store import Store

class Shelf:
    def __init__(self, store: Store):
        self.store = store

    def __len__(self):
        return self.store.size()

    async def first(self):
        return await self.store.get(0)
",
    );
}

#[test]
fn a_receiver_of_another_class_is_not_meant() {
    check(
        "[[blocking]]\nreceiver = \"store\"\nclass = \"store.Store\"\nnative = \"{name}\"",
        "#- store.py
class Store:
    def get(self, key): ...
#- app.py
class Shop:
    def get(self, key): ...

def first(store: Shop):
    return store.get(0)

def second(store):
    return store.get(0)
",
        "#- store.py
class Store:
    async def get(self, key): ...
#- app.py
class Shop:
    def get(self, key): ...

def first(store: Shop):
    return store.get(0)

async def second(store):
    return await store.get(0)
",
    );
}

#[test]
fn a_with_on_a_class_that_can_do_both_becomes_async() {
    check(
        "[[blocking]]\nclass = \"trace.Trace\"\nmethod = [\"__enter__\", \"__exit__\"]\nnative = \"{name}\"",
        "#- trace.py
class Trace:
    def __enter__(self): ...
    def __exit__(self, *args): ...
    async def __aenter__(self): ...
    async def __aexit__(self, *args): ...
#- app.py
from trace import Trace

def run(job):
    with Trace() as trace:
        trace.note = job()
    with open('log') as log:
        log.read()
",
        "#- app.py
from trace import Trace

async def run(job):
    async with Trace() as trace:
        trace.note = job()
    with open('log') as log:
        log.read()
",
    );
}

#[test]
fn a_lock_that_becomes_async_holds_nothing_back() {
    check(
        "[[blocking]]
receiver = \"_lock\"
method = [\"__enter__\", \"__exit__\", \"acquire\"]
native = \"{name}\"
[[blocking]]
receiver = \"store\"
native = \"{name}\"",
        "#- app.py
class Shelf:
    def __init__(self, lock, thread_lock, store):
        self._lock = lock
        self.thread_lock = thread_lock
        self.store = store

    def take(self, key):
        with self._lock:
            return self.store.get(key)

    def put(self, key, value):
        self._lock.acquire()
        self.store.put(key, value)
        self._lock.release()

    def look(self, key):
        with self.thread_lock:
            return self.store.get(key)
",
        "#- app.py
class Shelf:
    def __init__(self, lock, thread_lock, store):
        self._lock = lock
        self.thread_lock = thread_lock
        self.store = store

    async def take(self, key):
        async with self._lock:
            return await self.store.get(key)

    async def put(self, key, value):
        await self._lock.acquire()
        await self.store.put(key, value)
        self._lock.release()

    def look(self, key):
        with self.thread_lock:
            return self.store.get(key)
",
    );
}

#[test]
fn what_a_method_returns_says_how_its_twin_is_used() {
    check(
        "[[blocking]]
class = \"web.Client\"
method = [\"stream\", \"lines\", \"get\"]
native = \"a{name}\"",
        "#- web.py
from collections.abc import Iterator
from contextlib import contextmanager

class Client:
    @contextmanager
    def stream(self):
        yield 1
    def lines(self) -> Iterator[str]: ...
    def get(self) -> str: ...
    async def astream(self): ...
    async def alines(self): ...
    async def aget(self): ...
#- app.py
from web import Client

def run(client: Client):
    with client.stream() as stream:
        print(stream, client.get())
    for line in client.lines():
        print(line)
    return [line for line in client.lines()]
",
        "#- app.py
from web import Client

async def run(client: Client):
    async with client.astream() as stream:
        print(stream, await client.aget())
    async for line in client.alines():
        print(line)
    return [line async for line in client.alines()]
",
    );
}

#[test]
fn an_override_that_is_known_by_its_own_type_follows_the_interface() {
    check(
        "[[blocking]]\nclass = \"store.Store\"\nmethod = [\"get\"]\nnative = \"{name}\"",
        "#- store.py
class Store:
    def get(self, key):
        raise NotImplementedError

class Memory(Store):
    def get(self, key):
        return key

    def get_twice(self, key):
        return self.get(key), Memory().get(key)
",
        "#- store.py
class Store:
    async def get(self, key):
        raise NotImplementedError

class Memory(Store):
    async def get(self, key):
        return key

    async def get_twice(self, key):
        return await self.get(key), await Memory().get(key)
",
    );
}

/// `Iterable` says what a value does: it changes where it is said of the streams that the entry names, and nowhere else.
#[test]
fn a_stream_is_said_to_be_async_where_it_is_iterated_over() {
    let own = "[[blocking]]
class = \"typing.Iterable\"
receiver = [\"stream\", \"_stream\"]
method = [\"__iter__\"]
native = \"{name}\"

[[blocking]]
class = \"typing.Iterable\"
receiver = [\"_stream\"]
method = [\"close\"]
native = \"aclose\"

[[rename]]
from = \"typing.Iterable\"
to = \"typing.AsyncIterable\"";
    check(
        own,
        "#- body.py
import typing

class Body:
    def __init__(self, stream: typing.Iterable[bytes], sizes: typing.Iterable[int]):
        assert isinstance(stream, typing.Iterable)
        self._stream = stream
        self.total = sum(sizes)

    def send(self):
        for part in self._stream:
            print(part)
        if hasattr(self._stream, 'close'):
            self._stream.close()
        if hasattr(self.total, 'close'):
            print(self.total)
",
        "#- body.py
import typing

class Body:
    def __init__(self, stream: typing.AsyncIterable[bytes], sizes: typing.Iterable[int]):
        assert isinstance(stream, typing.AsyncIterable)
        self._stream = stream
        self.total = sum(sizes)

    async def send(self):
        async for part in self._stream:
            print(part)
        if hasattr(self._stream, 'aclose'):
            await self._stream.aclose()
        if hasattr(self.total, 'close'):
            print(self.total)
",
    );
}

/// Reading an attribute cannot be awaited, whatever an entry names.
#[test]
fn a_property_of_an_interface_is_not_declared() {
    check(
        "[[blocking]]\nclass = \"store.Store\"\nnative = \"{name}\"",
        "#- store.py
class Store:
    @property
    def name(self):
        return 'store'

    def get(self, key): ...

class Shelf(Store):
    @property
    def name(self):
        return 'shelf'

    def get(self, key):
        return key
#- app.py
from store import Store

def show(store: Store):
    return store.name, store.get(1)
",
        "#- store.py
class Store:
    @property
    def name(self):
        return 'store'

    async def get(self, key): ...

class Shelf(Store):
    @property
    def name(self):
        return 'shelf'

    async def get(self, key):
        return key
#- app.py
from store import Store

async def show(store: Store):
    return store.name, await store.get(1)
",
    );
}

/// `body` is iterated over as the codemod says, though an object of the project whose `__iter__` converts may stand there.
#[test]
fn what_a_codemod_says_of_iterating_holds_where_objects_of_the_project_may_stand_too() {
    check(
        "[[blocking]]
class = \"typing.Iterable\"
receiver = [\"stream\"]
method = [\"__iter__\"]
native = \"{name}\"
[[blocking]]
receiver = \"socket\"
native = \"{name}\"
[[rename]]
from = \"typing.Iterable\"
to = \"typing.AsyncIterable\"
[[rename]]
from = \"typing.Iterator\"
to = \"typing.AsyncIterable\"",
        "#- app.py
import typing

class Body:
    def __init__(self, socket):
        self.socket = socket

    def __iter__(self) -> typing.Iterator[bytes]:
        yield self.socket.read()

class Request:
    def __init__(self, stream: typing.Iterable[bytes]):
        self.stream = stream

    def send(self, socket):
        for part in self.stream:
            socket.write(part)

def forward(socket):
    Request(Body(socket)).send(socket)
    Request([b'a']).send(socket)
",
        "#- app.py
import typing

class Body:
    def __init__(self, socket):
        self.socket = socket

    async def __aiter__(self) -> typing.AsyncIterable[bytes]:
        yield await self.socket.read()

class Request:
    def __init__(self, stream: typing.AsyncIterable[bytes]):
        self.stream = stream

    async def send(self, socket):
        async for part in self.stream:
            await socket.write(part)

async def forward(socket):
    await Request(Body(socket)).send(socket)
    await Request([b'a']).send(socket)
",
    );
}

/// The codemod has the last word on an annotation that the conversion would change as well, spelled either way.
#[test]
fn an_annotation_that_changes_anyway_changes_as_the_codemod_says() {
    check(
        "[[blocking]]
receiver = \"socket\"
native = \"{name}\"
[[rename]]
from = \"typing.Iterator\"
to = \"typing.AsyncIterable\"",
        "#- app.py
from typing import Iterator

def parts(socket) -> Iterator[bytes]:
    yield socket.read()
",
        "#- app.py
from typing import AsyncIterable

async def parts(socket) -> AsyncIterable[bytes]:
    yield await socket.read()
",
    );
}

/// What a driver has in both forms, as psycopg does.
const DRIVER: &str = "#- db.py
from contextlib import asynccontextmanager, contextmanager

class Cursor:
    def __enter__(self): return self
    def __exit__(self, *exc): pass
    def execute(self, query): ...

class Connection:
    @classmethod
    def connect(cls) -> 'Connection': return cls()
    def __enter__(self) -> 'Connection': return self
    def __exit__(self, *exc): pass
    def cursor(self) -> Cursor: return Cursor()
    @contextmanager
    def transaction(self):
        yield

class AsyncCursor:
    async def __aenter__(self): return self
    async def __aexit__(self, *exc): pass
    async def execute(self, query): ...

class AsyncConnection:
    @classmethod
    async def connect(cls) -> 'AsyncConnection': return cls()
    async def __aenter__(self) -> 'AsyncConnection': return self
    async def __aexit__(self, *exc): pass
    def cursor(self) -> AsyncCursor: return AsyncCursor()
    @asynccontextmanager
    async def transaction(self):
        yield
";

const DRIVER_CODEMOD: &str = "[[blocking]]
class = \"db.{Connection,Cursor}\"
method = [\"connect\", \"execute\", \"transaction\", \"__enter__\", \"__exit__\"]
native = \"{name}\"
[[rename]]
from = \"db.Connection\"
to = \"AsyncConnection\"
[[rename]]
from = \"db.Cursor\"
to = \"AsyncCursor\"";

#[test]
fn what_the_twin_gives_as_a_coroutine_is_awaited_and_entered() {
    check(
        DRIVER_CODEMOD,
        &format!(
            "{DRIVER}#- app.py
from db import Connection

def run(query):
    with Connection.connect() as conn:
        with conn.cursor() as cursor:
            cursor.execute(query)
"
        ),
        "#- app.py
from db import AsyncConnection

async def run(query):
    async with await AsyncConnection.connect() as conn:
        async with conn.cursor() as cursor:
            await cursor.execute(query)
",
    );
}

#[test]
fn a_transaction_that_is_entered_by_async_with_is_no_lock() {
    check(
        DRIVER_CODEMOD,
        &format!(
            "{DRIVER}#- app.py
from db import Connection, Cursor

def run(conn: Connection, cursor: Cursor, query):
    with conn.transaction():
        cursor.execute(query)
    with conn.transaction(), conn.cursor() as other:
        other.execute(query)
"
        ),
        "#- app.py
from db import AsyncConnection, AsyncCursor

async def run(conn: AsyncConnection, cursor: AsyncCursor, query):
    async with conn.transaction():
        await cursor.execute(query)
    async with conn.transaction(), conn.cursor() as other:
        await other.execute(query)
",
    );
}

const CALLBACK: &str = "[[blocking]]
receiver = [\"on_token\", \"next\"]
method = \"__call__\"
native = \"{name}\"";

#[test]
fn callbacks_of_a_name_are_awaited() {
    check(
        CALLBACK,
        "#- app.py
from typing import Callable, Optional

class Options:
    def __init__(self, on_token: Optional[Callable[[str], str]] = None):
        self.on_token = on_token

def token(options: Options, on_token=None) -> str:
    on_token = on_token or options.on_token
    return on_token('a') + options.on_token('b')

def process(request, *, next: Callable[[], str]) -> str:
    return next() if request else ''

def first(rows):
    return next(iter(rows))
",
        "#- app.py
from typing import Callable, Optional

class Options:
    def __init__(self, on_token: Optional[Callable[[str], str]] = None):
        self.on_token = on_token

async def token(options: Options, on_token=None) -> str:
    on_token = on_token or options.on_token
    return await on_token('a') + await options.on_token('b')

async def process(request, *, next: Callable[[], str]) -> str:
    return await next() if request else ''

def first(rows):
    return next(iter(rows))
",
    );
}

#[test]
fn what_the_program_passes_as_such_a_callback_becomes_async() {
    check(
        CALLBACK,
        "#- app.py
class Middleware:
    def process(self, request, next):
        return next(request)

def answer(request):
    return request.upper()

def handle(middleware: Middleware, request):
    return middleware.process(request, next=answer)
",
        "#- app.py
class Middleware:
    async def process(self, request, next):
        return await next(request)

async def answer(request):
    return request.upper()

async def handle(middleware: Middleware, request):
    return await middleware.process(request, next=answer)
",
    );
}

#[test]
fn what_arrives_as_a_callback_and_stays_goes_to_no_thread_for_it() {
    check(
        "[[blocking]]\nreceiver = \"check\"\nmethod = \"__call__\"\nnative = \"{name}\"
[[blocking]]\nfunction = \"time.sleep\"\nreplace = \"asyncio.sleep\"",
        "#- app.py
import time

class Matcher:
    def __init__(self, check):
        self.check = check

    def matches(self, body):
        return self.check(body)

def is_event(body):
    return 'event' in body

HANDLERS = list(map(is_event, [{}]))

def run(body):
    time.sleep(1)
    return Matcher(is_event).matches(body) or is_event(body)
",
        "#- app.py
import asyncio
import time

class Matcher:
    def __init__(self, check):
        self.check = check

    def matches(self, body):
        return self.check(body)

def is_event(body):
    return 'event' in body

HANDLERS = list(map(is_event, [{}]))

async def run(body):
    await asyncio.sleep(1)
    return Matcher(is_event).matches(body) or is_event(body)
",
    );
}

#[test]
fn a_callback_that_may_be_a_class_stays() {
    check(
        CALLBACK,
        "#- app.py
def token(on_token=None):
    on_token = on_token or str
    return on_token('a')
",
        "",
    );
}

#[test]
fn a_lambda_that_stands_in_for_a_callback_becomes_async_too() {
    check(
        CALLBACK,
        "#- app.py
def token(on_token=None):
    on_token = on_token or (lambda text: text.upper())
    return on_token('a')
",
        "#- app.py
async def token(on_token=None):
    async def call(text):
        return text.upper()
    on_token = on_token or (call)
    return await on_token('a')
",
    );
}

#[test]
fn functions_are_replaced_by_a_pattern() {
    check(
        "[[blocking]]\nfunction = \"tasks.{get,cancel}_task\"\nreplace = \"{module}.async_{name}\"\n
[[blocking]]\nfunction = \"api.*.sync_detailed\"\nreplace = \"{module}.asyncio_detailed\"",
        "#- tasks.py
def get_task(key): ...
def cancel_task(key): ...
async def async_get_task(key): ...
async def async_cancel_task(key): ...
#- api/__init__.py
#- api/users.py
def sync_detailed(key): ...
async def asyncio_detailed(key): ...
#- app.py
from api import users
from tasks import cancel_task, get_task

def run(key):
    cancel_task(get_task(key))
    return users.sync_detailed(key)
",
        "#- app.py
from api import users
from tasks import async_cancel_task, async_get_task

async def run(key):
    await async_cancel_task(await async_get_task(key))
    return await users.asyncio_detailed(key)
",
    );
}

/// What a class does beside the method, its twin above does not.
#[test]
fn a_class_that_overrides_the_method_alone_has_no_twin() {
    check(
        "[[blocking]]\nclass = \"layer.Layer\"\nnative = \"async_{name}\"",
        "#- layer.py
class Layer:
    def get(self, key):
        return key

    async def async_get(self, key):
        return key

    def put(self, key):
        return key

    async def async_put(self, key):
        return key
#- app.py
import asyncio

from layer import Layer

class Checked(Layer):
    def get(self, key):
        if key == 'secret':
            raise PermissionError(key)
        return super().get(key)

async def show(layer: Layer, checked: Checked):
    return layer.get(1), checked.get(2), checked.put(3)
",
        "#- app.py
import asyncio

from layer import Layer

class Checked(Layer):
    def get(self, key):
        if key == 'secret':
            raise PermissionError(key)
        return super().get(key)

async def show(layer: Layer, checked: Checked):
    return await asyncio.to_thread(layer.get, 1), await asyncio.to_thread(checked.get, 2), await checked.async_put(3)
",
    );
}
