//! Names that the program computes: where all that they may find converts, the call is awaited; else it all stays sync.

use crate::support::{Project, check_project, check_round};

#[test]
fn a_string_that_reaches_getattr_through_an_argument() {
    check_project(
        "#- app.py
class Client:
    def __init__(self, persistence):
        self.persistence = persistence

    def touch(self, key):
        return self.persistence.get(key)

    def drop(self, key):
        return self.persistence.get(key)

class Ring:
    def __init__(self):
        self.clients = {}

    def run(self, command, key):
        client = self.clients[key]
        func = getattr(client, command)
        return self.guard(func, key)

    def guard(self, func, key):
        return func(key)

    def touch(self, key):
        return self.run('touch', key)

def main():
    Client(None).touch('a')
    Client(None).drop('a')
",
        "#- app.py
import asyncio


class Client:
    def __init__(self, persistence):
        self.persistence = persistence

    def touch(self, key):
        return self.persistence.get(key)

    async def drop(self, key):
        return await asyncio.to_thread(self.persistence.get, key)

class Ring:
    def __init__(self):
        self.clients = {}

    def run(self, command, key):
        client = self.clients[key]
        func = getattr(client, command)
        return self.guard(func, key)

    def guard(self, func, key):
        return func(key)

    def touch(self, key):
        return self.run('touch', key)

async def main():
    await asyncio.to_thread(Client(None).touch, 'a')
    await Client(None).drop('a')
",
    );
}

#[test]
fn a_name_put_together_of_parts_is_awaited_where_all_that_fits_converts() {
    for name in ["f'do_{verb}'", "'do_' + verb", "'do_%s' % verb", "'do_{}'.format(verb)"] {
        let program = |before: &str, after: &str, color: &str, call: &str, wait: &str| {
            format!(
                "#- app.py
{before}class Handler:
    def __init__(self, persistence):
        self.persistence = persistence

    {color}def do_get(self):
        return {call}

    {color}def handle(self, verb):
        method = getattr(self, {name}, None)
        return {wait}method()
{after}"
            )
        };
        check_project(
            &program("", "", "", "self.persistence.get('a')", ""),
            &program(
                "import asyncio\n\n\n",
                "",
                "async ",
                "await asyncio.to_thread(self.persistence.get, 'a')",
                "await ",
            ),
        );
    }
}

#[test]
fn a_name_put_together_of_parts_that_fits_something_foreign_stays() {
    check_project(
        "#- app.py
class Handler:
    def __init__(self, persistence):
        self.persistence = persistence

    def list_all(self):
        return self.persistence.get('a')

    def do_get(self):
        return self.persistence.get('a')

    do_dump = repr

    def handle(self, verb):
        return getattr(self, f'do_{verb}')()
",
        "#- app.py
import asyncio


class Handler:
    def __init__(self, persistence):
        self.persistence = persistence

    async def list_all(self):
        return await asyncio.to_thread(self.persistence.get, 'a')

    def do_get(self):
        return self.persistence.get('a')

    do_dump = repr

    async def handle(self, verb):
        return await asyncio.to_thread(getattr(self, f'do_{verb}'))
",
    );
}

#[test]
fn a_name_that_is_read_and_not_called_holds_nothing() {
    check_project(
        "#- app.py
class Row:
    def __init__(self, persistence):
        self.persistence = persistence

    def load(self):
        return self.persistence.get('a')

    def as_dict(self, names):
        return {name: str(getattr(self, name)) for name in names}
",
        "#- app.py
import asyncio


class Row:
    def __init__(self, persistence):
        self.persistence = persistence

    async def load(self):
        return await asyncio.to_thread(self.persistence.get, 'a')

    def as_dict(self, names):
        return {name: str(getattr(self, name)) for name in names}
",
    );
}

#[test]
fn names_from_a_table_and_a_loop() {
    check_project(
        "#- app.py
class Job:
    def __init__(self, persistence):
        self.persistence = persistence

    def fetch(self):
        return self.persistence.get('a')

    def store(self):
        return self.persistence.get('a')

    def clean(self):
        return self.persistence.get('a')

STEPS = ('fetch', 'store')

def run_all(job):
    for step in STEPS:
        getattr(job, step)()
",
        "#- app.py
import asyncio


class Job:
    def __init__(self, persistence):
        self.persistence = persistence

    def fetch(self):
        return self.persistence.get('a')

    def store(self):
        return self.persistence.get('a')

    async def clean(self):
        return await asyncio.to_thread(self.persistence.get, 'a')

STEPS = ('fetch', 'store')

def run_all(job):
    for step in STEPS:
        getattr(job, step)()
",
    );
}

#[test]
fn a_test_that_computes_a_name_is_named() {
    let project = Project::new(
        "#- app.py
class Job:
    def __init__(self, persistence):
        self.persistence = persistence

    def fetch(self):
        return self.persistence.get('a')
#- test_app.py
import pytest
from app import Job

@pytest.mark.parametrize('name', ['fetch'])
def test_all(name):
    assert getattr(Job(None), name)() == 1
",
    );
    project
        .run("diff")
        .returned(1)
        .says(&["1 function made async", "test_app.py:5 test_all: `getattr(Job(None), name)`"]);
}

#[test]
fn code_in_strings_and_reflection_hold_what_they_may_name() {
    let uses = [
        "eval('job.fetch()')",
        "eval(f'job.{verb}ch()')",
        "cProfile.runctx('job.fetch()', globals(), locals())",
        "timeit.timeit('job.fetch()', globals=globals())",
        "Job.__dict__['fetch'](job)",
        "[method() for _, method in inspect.getmembers(job, inspect.ismethod)]",
        "[method(job) for method in vars(Job).values() if callable(method)]",
        "operator.attrgetter(verb + 'ch')(job)()",
    ];
    for used in uses {
        let fetch = format!(
            "    def fetch(self):
        return self.persistence.get('a')

def run(job, verb):
    return {used}
"
        );
        let before = "import cProfile, inspect, operator, timeit

class Job:
    def __init__(self, persistence):
        self.persistence = persistence

";
        let project =
            Project::new(&format!("#- app.py\n{before}{fetch}#- main.py\nimport app\napp.run(app.Job(None), 'fet')\n"));
        let run = project.run("diff").returned(0);
        assert_eq!(run.text(), "", "{used}");
    }
}

#[test]
fn a_name_from_a_table_that_is_handed_to_code_of_others() {
    check_project(
        "#- app.py
from router import Rule

class API:
    VIEWS = [('like', ('POST', '/like')), ('show', ('GET', '/show'))]

    def __init__(self, persistence, urls):
        self.persistence = persistence
        for view, (method, path) in self.VIEWS:
            urls.add(Rule(path, methods=[method], endpoint=getattr(self, view)))

    def like(self, request):
        return self.persistence.get(request)

    def other(self, request):
        return self.persistence.get(request)
",
        "#- app.py
import asyncio

from router import Rule

class API:
    VIEWS = [('like', ('POST', '/like')), ('show', ('GET', '/show'))]

    def __init__(self, persistence, urls):
        self.persistence = persistence
        for view, (method, path) in self.VIEWS:
            urls.add(Rule(path, methods=[method], endpoint=getattr(self, view)))

    def like(self, request):
        return self.persistence.get(request)

    async def other(self, request):
        return await asyncio.to_thread(self.persistence.get, request)
",
    );
}

/// By the class of the object, whether its package is installed or not, and by the module.
#[test]
fn what_is_looked_up_of_a_foreign_layer_is_a_function_of_it() {
    check_project(
        "#- awaitify.toml
codemods = [\"requests\", \"open\"]
#- client.py
import os
import requests

class Client:
    def __init__(self):
        self.session = requests.Session()

    def ask(self, verb, url):
        return getattr(self.session, verb.lower())(url).text

def ask(verb, url):
    call = getattr(requests, verb)
    return call(url)

def known(kind, path):
    return getattr(os, f'{kind}dir')(path), getattr(os, kind)()

async def main(verb, kind):
    Client().ask(verb, '/')
    ask(verb, '/')
    known(kind, '/')
",
        "#- client.py
import asyncio
import os
import requests

class Client:
    def __init__(self):
        self.session = requests.Session()

    async def ask(self, verb, url):
        return (await asyncio.to_thread(getattr(self.session, verb.lower()), url)).text

async def ask(verb, url):
    call = getattr(requests, verb)
    return await asyncio.to_thread(call, url)

async def known(kind, path):
    return await asyncio.to_thread(getattr(os, f'{kind}dir'), path), getattr(os, kind)()

async def main(verb, kind):
    await Client().ask(verb, '/')
    await ask(verb, '/')
    await known(kind, '/')
",
    );
}

/// Any of the methods may be meant: each such call is listed, as something that may block there.
#[test]
fn a_name_that_may_be_any_is_uncertain_where_the_object_is_known() {
    let project = Project::new(
        "#- app.py
class Disk:
    def __init__(self, persistence):
        self.persistence = persistence

    def read(self, key):
        return self.persistence.get(key)

    def close(self):
        pass

async def by_name(disk: Disk, name):
    return getattr(disk, name)(1)

async def held(disk: Disk, name):
    method = getattr(disk, name)
    return method(1)

async def too_many(disk: Disk, name):
    return getattr(disk, name)(1, 2, 3)
",
    );
    let diff = check_round(&project).says(&[
        "uncertain (1)",
        "app.py:12: it is not certain what `getattr(disk, name)` (app.py:12) calls",
        "app.py:12: `getattr(disk, name)` may be `app.Disk.read`",
        "app.py:16: `method` may be `app.Disk.read`",
    ]);
    assert!(!diff.stderr.contains("app.py:19"));
}

/// What a decorator looks up by the name of what it decorates, on an object that nobody knows.
#[test]
fn the_name_of_a_decorated_function_is_known() {
    let program = |fetch: &str, before: &str, call: &str| {
        format!(
            "#- app.py
{before}class Shop:
    def __init__(self, persistence):
        self.persistence = persistence

    def load(self, key):
        return self.persistence.get(key)

    {fetch}

def proxied(f):
    def call(self, key):
        return getattr(self.shops[key], f.__name__)(key)
    return call

class Shops:
    @proxied
    def load(self, key):
        pass

async def main(shops: Shops):
    return {call}
"
        )
    };
    check_project(
        &program("def fetch(self, key):\n        return self.persistence.get(key)", "", "shops.load('a')"),
        &program(
            "async def fetch(self, key):\n        return await asyncio.to_thread(self.persistence.get, key)",
            "import asyncio\n\n\n",
            "await asyncio.to_thread(shops.load, 'a')",
        ),
    );
}
