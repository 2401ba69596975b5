//! What the code keeps or gives back, and its tests run.

use crate::support::{Project, check_project, check_round};

const CONFIG: &str = "#- awaitify.toml\ncodemods = [\"persistence\", \"pytest\"]\nexported = \"convert\"\n#- pytest.ini\n[pytest]\nasyncio_mode = auto\n";
const CODE: &str = "#- app.py
from functools import partial

def load(key):
    return persistence.get(key)

def rows(keys):
    for key in keys:
        yield persistence.get(key)

class Board:
    def __init__(self):
        self.table = {'load': load}

    def run(self):
        return self.table['load'](1)

    def pick(self):
        return load

TABLE = {'load': load}

def make():
    def inner(key):
        return persistence.get(key)
    return inner

def get_rows():
    return rows([1])

def bound():
    return partial(load, 1)

async def main():
    Board().run()
    Board().pick()(1)
    make()(1)
    bound()()
    for row in get_rows():
        print(row)
    return TABLE['load'](3)
";
const AFTER: &str = "#- app.py
import asyncio
from functools import partial

async def load(key):
    return await asyncio.to_thread(persistence.get, key)

async def rows(keys):
    for key in keys:
        yield await asyncio.to_thread(persistence.get, key)

class Board:
    def __init__(self):
        self.table = {'load': load}

    async def run(self):
        return await self.table['load'](1)

    def pick(self):
        return load

TABLE = {'load': load}

def make():
    async def inner(key):
        return await asyncio.to_thread(persistence.get, key)
    return inner

def get_rows():
    return rows([1])

def bound():
    return partial(load, 1)

async def main():
    await Board().run()
    await Board().pick()(1)
    await make()(1)
    await bound()()
    async for row in get_rows():
        print(row)
    return await TABLE['load'](3)
";

#[test]
fn tests_await_what_they_take_out_of_the_code() {
    check_project(
        &format!(
            "{CONFIG}{CODE}#- tests/test_app.py
from inspect import iscoroutinefunction
from app import Board, TABLE, bound, get_rows, make

def test_kept():
    assert Board().table['load'](1) == 2
    assert TABLE['load'](1) == 2

def test_given_back():
    assert Board().pick()(1) == 2
    inner = make()
    assert inner(1) == 2

def test_bound():
    assert bound()() == 2

def test_all():
    for func in TABLE.values():
        assert func(1) == 2

def test_rows():
    for row in get_rows():
        assert row

def test_kind():
    inner = make()
    assert inner(1) == 2
    assert not iscoroutinefunction(Board)
"
        ),
        &format!(
            "{AFTER}#- tests/test_app.py
from inspect import iscoroutinefunction
from app import Board, TABLE, bound, get_rows, make

async def test_kept():
    assert await Board().table['load'](1) == 2
    assert await TABLE['load'](1) == 2

async def test_given_back():
    assert await Board().pick()(1) == 2
    inner = make()
    assert await inner(1) == 2

async def test_bound():
    assert await bound()() == 2

async def test_all():
    for func in TABLE.values():
        assert await func(1) == 2

async def test_rows():
    async for row in get_rows():
        assert row

async def test_kind():
    inner = make()
    assert await inner(1) == 2
    assert not iscoroutinefunction(Board)
"
        ),
    );
}

#[test]
fn a_test_that_gives_it_away_is_named() {
    let project = Project::new(&format!(
        "{CONFIG}{CODE}#- tests/test_app.py
from app import TABLE, make

def test_mapped():
    assert list(map(make(), [1])) == [2]

def test_decorates():
    @make()
    def inner():
        pass

def test_compared():
    assert make() is not make()
    assert set(TABLE) == {{'load'}}
"
    ));
    project.run("diff .").returned(1).says(&[
        "tests that may break (2):",
        "test_mapped: it is passed on as a value: `map`",
        "test_decorates: it is passed on as a value: `make`",
    ]);
}

/// Nothing else uses it, and a decorator cannot be awaited.
#[test]
fn what_only_tests_decorate_with_stays() {
    check_project(
        &format!(
            "{CONFIG}#- app.py
def register(kind):
    def decorate(func):
        persistence.put(kind, func)
        return func
    return decorate

#- tests/test_app.py
from app import register

def test_register():
    @register('x')
    def inner():
        pass
"
        ),
        "",
    );
}

#[test]
fn a_patched_function_of_another_package_stands_for_none_of_the_code() {
    let project = Project::new(&format!(
        "{CONFIG}#- app.py
import json

class Settings:
    def load(self):
        return persistence.get(1)

class Other:
    def load(self):
        return 2

async def main():
    return Settings().load(), json.load(open('x'))
#- tests/test_app.py
from unittest.mock import patch
from app import Settings

@patch('json.load')
def test_settings(load):
    load.side_effect = [1]
    assert load() == 1
"
    ));
    let run = project.run("diff .").returned(1);
    assert!(!run.stderr.contains("may break"), "{}", run.stderr);
}

/// A fixture that gives a function: what asks for the fixture runs it, and awaits it.
#[test]
fn what_a_fixture_gives_is_awaited_where_it_is_asked_for() {
    let tests = "#- tests/conftest.py
import pytest
from app import load

@pytest.fixture
def make():
    made = []

    def inner(key=1):
        made.append(load(key))
        return made[-1]

    yield inner
    made.clear()

@pytest.fixture(name='maker')
def _maker(make):
    return make

@pytest.fixture
def made(make):
    return [make(1), make(2)]
#- tests/test_app.py
class TestIt:
    def test_make(self, make):
        assert make(2)

    def test_maker(self, maker, made):
        assert maker() and made

def test_dynamic(request):
    make = request.getfixturevalue('make')
    assert make(1)

def test_other(other):
    assert other
";
    let awaited = "#- tests/conftest.py
import pytest
from app import load

@pytest.fixture
def make():
    made = []

    async def inner(key=1):
        made.append(await load(key))
        return made[-1]

    yield inner
    made.clear()

@pytest.fixture(name='maker')
def _maker(make):
    return make

@pytest.fixture
async def made(make):
    return [await make(1), await make(2)]
#- tests/test_app.py
class TestIt:
    async def test_make(self, make):
        assert await make(2)

    async def test_maker(self, maker, made):
        assert await maker() and made

async def test_dynamic(request):
    make = request.getfixturevalue('make')
    assert await make(1)

def test_other(other):
    assert other
";
    check_project(&format!("{CONFIG}{CODE}{tests}"), &format!("{AFTER}{awaited}"));
}

/// A client that another package makes is nothing of the code, whatever its methods are called.
#[test]
fn what_another_package_makes_is_not_of_the_code() {
    let tests = "#- tests/test_app.py
import pytest
from fastapi.testclient import TestClient
from app import main

@pytest.fixture
def client():
    with TestClient(main) as client:
        yield client

def test_put(client):
    assert client.put(1) == 1

def test_get_back():
    client = TestClient(main)
    assert client.put(1) == 1
";
    let code = "#- app.py
class Store:
    def put(self, key):
        persistence.get(key)

async def main(store: Store):
    store.put(1)
";
    let project = Project::new(&format!("{CONFIG}{code}{tests}"));
    let run = project.run("diff --exit-zero");
    let text = format!("{}{}", run.text(), run.stderr);
    assert!(text.contains("await store.put(1)"), "{text}");
    assert!(!text.contains("await client"), "{text}");
    assert!(!text.contains("may break"), "{text}");
}

/// A double of the tests that overrides one half of a pair gets the new name with it.
#[test]
fn a_double_that_overrides_the_exit_follows() {
    let code = "#- app.py
class Work:
    def __enter__(self):
        persistence.get(1)
        return self

    def __exit__(self, *error):
        persistence.put(1)

async def main(work: Work):
    with work:
        return 1
#- tests/test_app.py
from app import Work, main

class FakeWork(Work):
    committed = False

    def __exit__(self, *error):
        super().__exit__(*error)
        self.committed = True

async def test_main():
    work = FakeWork()
    await main(work)
    assert work.committed
";
    let after = "#- app.py
import asyncio


class Work:
    async def __aenter__(self):
        await asyncio.to_thread(persistence.get, 1)
        return self

    async def __aexit__(self, *error):
        await asyncio.to_thread(persistence.put, 1)

async def main(work: Work):
    async with work:
        return 1
#- tests/test_app.py
from app import Work, main

class FakeWork(Work):
    committed = False

    async def __aexit__(self, *error):
        await super().__aexit__(*error)
        self.committed = True

async def test_main():
    work = FakeWork()
    await main(work)
    assert work.committed
";
    check_project(&format!("{CONFIG}{code}"), after);
}

/// `for row in self.source.rows():` gets no iterator from an `async def rows` of a double, so the test is named.
#[test]
fn a_double_of_what_stays_sync_stays() {
    let code = "#- app.py
class Source:
    def rows(self, view):
        yield 1

class View:
    def __init__(self, source: Source):
        self.source = source

    def load(self, key):
        return persistence.get(key)

    def __iter__(self):
        for row in self.source.rows(self):
            yield row

async def main(view: View):
    return view.load(1)
#- tests/test_app.py
from app import Source, View

class Empty(Source):
    def rows(self, view):
        yield 0

def test_empty():
    assert list(View(Empty())) == [0]

def test_loads():
    class Loads(Source):
        def rows(self, view):
            return [view.load(1)]

    assert list(View(Loads())) == [1]
";
    let project = Project::new(&format!("{CONFIG}{code}"));
    let run = project.run("diff --exit-zero");
    let text = format!("{}{}", run.text(), run.stderr);
    assert!(text.contains("async def load(self, key)") && !text.contains("async def rows"), "{text}");
    assert!(
        text.contains("tests that may break") && text.contains("test_loads.Loads.rows: it has one color with"),
        "{text}"
    );
    let why = project.run("why test_app.test_loads.Loads.rows");
    assert!(why.text().contains("stays sync: it has one color with `app.Source.rows`"), "{}", why.text());
}

/// What a decorator gives may be anything that it was ever given: flow that ends at something unknown finds now one part of it, now
/// another.
#[test]
fn what_a_call_gave_is_no_reason_for_a_thread_in_a_test() {
    let layer = "#- awaitify.toml\ncodemods = ['pytest']\n[[blocking]]\nfunction = 'store.add'\n#- pytest.ini\n[pytest]\nasyncio_mode = auto\n";
    let code = "#- store.py
def add(func):
    func.marks = []
    return func
#- marks.py
from store import add

def mark(text):
    def decorate(func):
        func = add(func)
        func.marks.append(text)
        return func

    return decorate

def always(func=None):
    def decorate(func):
        func = add(func)
        func.marks.append(1)
        return func

    if callable(func):
        return decorate(func)
    return decorate
#- test_marks.py
from marks import always, mark

async def get():
    async def skill(x):
        return x

    return skill

async def test_always(given):
    skill = await get()
    given.append(always()(skill))

async def test_given(given):
    given.append(always(given[0]))
    given.append(always()(given[0]))

async def test_mark(given):
    given.append(mark('x')(given[0]))
";
    let project = Project::new(&format!("{layer}{code}"));
    check_round(&project);
    let run = project.run("diff").returned(1);
    assert!(run.text().contains("+    given.append((await always())(skill))"), "{}", run.text());
    assert!(!run.text().contains("+    given.append(await asyncio.to_thread("), "{}", run.text());
}

/// The loop reads the clock whenever something waits: a clock with three answers has none for it.
#[test]
fn an_async_test_that_replaces_the_clock_of_its_loop_is_named() {
    let tests = "#- test_clock.py
from unittest.mock import patch
import app

@patch('time.monotonic', side_effect=[1, 2, 3])
async def test_clock(clock):
    assert await app.show('a') == 1

@patch('app.name', return_value='x')
async def test_other(name):
    assert await app.show('a') == 1
#- test_else.py
from unittest.mock import patch

@patch('time.monotonic', side_effect=[1, 2, 3])
async def test_else(clock):
    assert clock() == 1
#- app.py
def name():
    return 'a'

async def show(key):
    return persistence.get(key)
";
    let project = Project::new(&format!("{CONFIG}{tests}"));
    let run = project
        .run("diff")
        .returned(1)
        .says(&["tests that may break (1)", "test_clock: an event loop needs `time.monotonic`"]);
    assert!(run.text().contains("+    return await asyncio.to_thread(persistence.get, key)"), "{}", run.text());
}
