//! What something outside of the program calls, and what only tests put there.

use crate::support::{Project, check_project, check_round};

/// Migrates `files`, in which nothing may change; stderr has `words`.
#[track_caller]
fn check_stays(files: &str, words: &[&str]) {
    let project = Project::new(files);
    let diff = check_round(&project).says(words);
    assert_eq!(diff.text(), "");
}

const UPGRADE: &str = "def upgrade():\n    persistence.save(1)\n";

#[test]
fn what_only_a_path_can_load_stays_when_nothing_calls_it() {
    for name in ["651f54.py", "0001_initial.py", "my-script.py", "gunicorn.conf.py", "class.py"] {
        check_stays(&format!("#- pkg/{name}\n{UPGRADE}"), &["loaded-by-path (1)", "no identifier"]);
    }
    // What the file itself calls is the program's.
    check_project(
        &format!("#- my-script.py\n{UPGRADE}\n\nif __name__ == '__main__':\n    upgrade()\n"),
        "#- my-script.py\nimport asyncio\n\n\nasync def upgrade():\n    await asyncio.to_thread(persistence.save, 1)\n\n\nif __name__ == '__main__':\n    asyncio.run(upgrade())\n",
    );
}

#[test]
fn what_is_found_by_its_name_stays() {
    let revision = format!("#- versions/first.py\nrevision = '1'\ndown_revision = None\n\n{UPGRADE}");
    check_stays(&revision, &["found-by-name (1)", "the codemod `sqlalchemy`"]);
    let server = "#- wsgi.py\ndef serve(environ, start_response):\n    return [persistence.get(1)]\n";
    check_stays(server, &["the codemod `hooks`"]);
    let factory = "#- app.py\ndef create_app():\n    return persistence.get(1)\n#- tests/test_app.py\nfrom app import create_app\n\ndef test_app():\n    create_app()\n";
    check_stays(factory, &["the codemod `hooks`"]);
    let own = "#- awaitify.toml\ncodemods = ['persistence']\n[[found_by_name]]\nfunction = 'job_*'\nfile = 'jobs_*.py'\n#- jobs_night.py\ndef job_clean():\n    persistence.save(1)\n";
    check_stays(own, &["the codemod `config`"]);
}

/// A name alone says nothing of what the program calls.
#[test]
fn a_factory_that_the_program_calls_converts() {
    check_project(
        "#- app.py
def create_app():
    return persistence.get(1)

async def main():
    return create_app()
",
        "#- app.py
import asyncio


async def create_app():
    return await asyncio.to_thread(persistence.get, 1)

async def main():
    return await create_app()
",
    );
}

/// A test's class below one of the code, which reads its caller, keeps nothing on the loop.
#[test]
fn what_a_test_overrides_is_no_hazard_of_the_code() {
    let store = "#- store.py
class Store:
    @timed
    def get(self, key):
        return persistence.get(self.name() + key)

    def name(self):
        return eval('1')

async def show(store: Store):
    print(store.get('a'))
#- tests/test_store.py
import sys

from store import Store

class Fake(Store):
    def name(self):
        return sys._getframe(1).f_code.co_name
";
    let project = Project::new(store);
    check_round(&project);
    project.run("apply --allow-dirty").returned(0);
    assert!(project.text("store.py").contains("print(await asyncio.to_thread(store.get, 'a'))"));
}

/// A function that would be converted for an offload which is refused says so.
#[test]
fn a_function_that_stays_for_a_hazard_names_it() {
    let project = Project::new(
        "#- store.py
import threading

LOCAL = threading.local()

@timed
def connect():
    LOCAL.connection = persistence.connect()
    return LOCAL.connection

def load(key):
    return connect().get(key)
",
    );
    let line = "`connect` (store.py:11) must not run in a thread: `store.connect` uses what `threading.local` made";
    check_round(&project).says(&["not-moved (1)", line]);
}

/// Under a loop no other can be run: a command that runs one stays as it is, whatever else blocks in it.
#[test]
fn a_command_that_runs_a_loop_further_down_stays() {
    let bot = "#- bot.py
import asyncio

class Bot:
    def __init__(self):
        self.loop = asyncio.get_event_loop()

    async def serve(self):
        print(persistence.get(1))

    def run(self):
        self.loop.run_until_complete(self.serve())
#- cli.py
import click
from bot import Bot

@click.command()
def start():
    print(persistence.get(2))
    bot = Bot()
    bot.run()
";
    let project = Project::new(bot);
    check_round(&project).says(&["cli.start: `bot.run` (cli.py:8) blocks and cannot be moved to a thread by itself"]);
    let before = project.text("cli.py");
    project.run("apply --allow-dirty").returned(0);
    assert_eq!(project.text("cli.py"), before);
}

/// Where only async code counts, a command that no async code reaches has nothing to move off the loop.
#[test]
fn a_command_keeps_its_body_where_only_async_code_counts() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['persistence', 'click']
reach = 'async'
#- app.py
import click

@click.command()
def lint():
    check()

def check():
    print(load())

@timed
def load():
    return persistence.get(1)

async def show():
    print(load())
",
    );
    let diff = check_round(&project);
    assert!(
        diff.text().contains("await asyncio.to_thread(load)") && !diff.text().contains("asyncio.run"),
        "{}",
        diff.text()
    );
}

/// A generator or context manager of a layer does its work later: to make it in a thread moves nothing.
#[test]
fn what_a_layer_does_later_is_left_and_said() {
    let project = Project::new(
        "#- awaitify.toml
[[blocking]]
class = 'store.Store'
#- store.py
import contextlib

class Store:
    def get(self, key):
        return key

    def rows(self):
        yield 1

    @contextlib.contextmanager
    def session(self):
        yield
#- app.py
from store import Store

async def main(store: Store):
    with store.session():
        print(store.get(1), next(store.rows(), None))
",
    );
    let diff = check_round(&project).says(&["1 site left:", "`store.session` (app.py:4)"]);
    let line = "print(await asyncio.to_thread(store.get, 1), await asyncio.to_thread(next, store.rows(), None))";
    assert!(diff.text().contains(line), "{}", diff.text());
}

/// Whether the package is installed or not: what runs a base's method by `super()` overrides it, if it has its name.
#[test]
fn super_runs_what_a_foreign_class_does() {
    check_project(
        "#- awaitify.toml
codemods = [\"requests\"]
#- client.py
import requests

class Client(requests.Session):
    def request(self, method, url):
        return super().request(method, 'http://host' + url)

    def fetch(self, url):
        return super().get(url).text

class Counted:
    def post(self, url):
        return super().post(url)

    def asked(self, urls):
        above = super()
        return [above.get(url) for url in urls]

class CountedClient(Counted, requests.Session):
    pass
#- app.py
from client import Client, CountedClient

async def main():
    client, counted = Client(), CountedClient()
    client.request('GET', '/')
    client.fetch('/')
    counted.post('/')
    counted.asked(['/'])
",
        "#- client.py
import asyncio

import requests

class Client(requests.Session):
    def request(self, method, url):
        return super().request(method, 'http://host' + url)

    async def fetch(self, url):
        return (await asyncio.to_thread(super().get, url)).text

class Counted:
    def post(self, url):
        return super().post(url)

    async def asked(self, urls):
        above = super()
        return [await asyncio.to_thread(above.get, url) for url in urls]

class CountedClient(Counted, requests.Session):
    pass
#- app.py
import asyncio

from client import Client, CountedClient

async def main():
    client, counted = Client(), CountedClient()
    await asyncio.to_thread(client.request, 'GET', '/')
    await client.fetch('/')
    await asyncio.to_thread(counted.post, '/')
    await counted.asked(['/'])
",
    );
}
