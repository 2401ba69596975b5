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
    check_round(&project).says(&["cli.start: it runs an event loop of its own (`"]);
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
    // A registry of one's own makes no children.
    assert!(diff.text().contains(line) && !diff.text().contains("-    def read(self):"), "{}", diff.text());
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

/// A framework, or whoever takes a coroutine in sync code, runs a loop, and fails under another one.
#[test]
fn what_starts_a_loop_of_a_framework_stays() {
    let project = Project::new(
        "#- bot.py
from textual.app import App
from somewhere import execute

class Viewer(App):
    pass

async def start():
    print(1)

def view():
    print(persistence.get(1))
    Viewer().run()

def poll(application):
    print(persistence.get(2))
    application.run_polling()

def other():
    print(persistence.get(3))
    execute.run(start())
",
    );
    check_round(&project).says(&[
        "bot.view: it runs an event loop of its own (`bot.Viewer.run`)",
        "bot.poll: it runs an event loop of its own (`run_polling`)",
        "bot.other: it runs an event loop of its own (`somewhere.execute.run`)",
    ]);
}

/// A command runs a loop of its own: what calls it where no loop runs has nothing to wait for.
#[test]
fn calls_of_commands_stay_where_no_loop_runs() {
    let project = Project::new(
        "#- cli.py
import click

@click.group()
def cli():
    print(persistence.get(1))

def main():
    cli(prog_name='app')

if __name__ == '__main__':
    main()
#- served.py
import asyncio
import click

@click.command()
def serve():
    asyncio.run(run())

async def run():
    print(persistence.get(2))
",
    );
    let diff = check_round(&project);
    let text = diff.text();
    assert!(
        text.contains("+async def _cli():") && !text.contains("+async def main") && !text.contains("_serve"),
        "{text}"
    );
}

/// A repository may hold several packages, each with commands; a method that a command is cannot keep a face.
#[test]
fn commands_of_every_package_in_the_tree_keep_their_faces() {
    let project = Project::new(
        "#- client/pyproject.toml
[project.scripts]
client = 'client_pkg.cli:main'
other = 'client_pkg.cli:Other.run'
#- client/client_pkg/__init__.py
#- client/client_pkg/cli.py
def main():
    print(persistence.get(1))

class Other:
    @classmethod
    def run(cls):
        print(persistence.get(2))
",
    );
    let diff = check_round(&project);
    assert!(diff.text().contains("+    asyncio.run(_main())"), "{}", diff.text());
    diff.says(&["client_pkg.cli.Other.run: an entry point of the package (`console_scripts`) names it"]);
}

/// A global that is read by a string goes where the string is.
#[test]
fn tables_of_modules_that_are_read_by_a_string_are_followed() {
    let project = Project::new(
        "#- hooks.py
def hook(key):
    return persistence.get(key)

HOOKS = {'key': hook}
#- app.py
import importlib

def load(name):
    return getattr(importlib.import_module(name), 'HOOKS', {})

def main():
    for name, hook in load('hooks').items():
        if hook('a'):
            print('valid')
",
    );
    assert!(check_round(&project).text().contains("+        if await hook('a'):"), "the call is awaited");
}

/// A child process has no loop, and fixtures that only others ask for have no test that could await them.
#[test]
fn what_forks_and_what_a_package_ships_for_tests_stays() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['persistence', 'pytest']
#- server.py
import os

def detach():
    print(persistence.get(4))
    if os.fork():
        os._exit(0)

detach()
#- shipped.py
import pytest

@pytest.fixture
def stored():
    return persistence.get(1)
",
    );
    check_round(&project).says(&[
        "server.detach: it goes on in another process (`os.fork`), where no loop runs",
        "shipped.stored: the library exports it, and nothing in the project calls it",
    ]);
}

/// pytest-asyncio takes async fixtures by its own decorator, wherever they stand.
#[test]
fn fixtures_beside_the_code_get_the_decorator_of_the_plugin() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['persistence', 'pytest']
#- requirements.txt
pytest-asyncio
#- app/__init__.py
#- app/testing.py
import pytest

@pytest.fixture
def stored():
    return persistence.get(1)
#- tests/conftest.py
pytest_plugins = ['app.testing']
#- tests/test_app.py
def test_it(stored):
    assert stored
",
    );
    let diff = check_round(&project);
    assert!(diff.text().contains("+@pytest_asyncio.fixture\n+async def stored():"), "{}", diff.text());
}

/// What gives the logger is called: the line of a fallback cannot go through the attribute.
#[test]
fn methods_that_give_a_logger_are_no_logger() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['asyncio-run']
#- app.py
import asyncio

class Controller(Base):
    def start(self):
        self.logger().info('started')
        loop = asyncio.get_event_loop()
        if loop.is_running():
            asyncio.create_task(self.fetch())
        else:
            loop.run_until_complete(self.fetch())

    async def fetch(self):
        self.logger().info('fetched')
",
    );
    assert!(!check_round(&project).text().contains("self.logger.warning"), "the logger of the module");
}

/// A list may name more than connections of sqlite3.
#[test]
fn only_what_sqlite_makes_belongs_to_one_thread() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['./c.toml']
#- c.toml
[[blocking]]
function = ['time.sleep', 'sqlite3.connect']
#- app.py
import time

def wait(seconds):
    time.sleep(seconds)

async def show():
    wait(1)
",
    );
    assert!(check_round(&project).text().contains("+    await wait(1)"), "it converts");
}

/// Who has an object that is not the project's calls what is stored in it; what the project reads there is followed.
#[test]
fn functions_that_are_stored_in_what_is_not_ours_stay() {
    let project = Project::new(
        "#- app.py
import sys
import mqtt
from jinja2 import Environment
from web import App, View

app = App()

def on_message(client, message):
    persistence.get(1)

def report(kind, value, trace):
    persistence.get(2)

def raw(key):
    return persistence.get(key)

def show():
    return persistence.get(4)

def load(key):
    return persistence.get(key)

class Page(View):
    render = show

client = mqtt.Client()
client.on_message = on_message
sys.excepthook = report
environment = Environment()
environment.filters['raw'] = raw
app.state.load = load

async def read(request):
    print(request.app.state.load(1))
",
    );
    let before = project.text("app.py");
    let escape = "it is passed on as a value";
    for name in ["on_message", "report", "raw"] {
        let why = project.run(&format!("why app.{name}"));
        assert!(why.text().contains(escape), "{}", why.text());
    }
    project.run("apply --allow-dirty").returned(0);
    let after = project.text("app.py");
    assert!(
        after.contains("async def load(key):") && after.contains("print(await request.app.state.load(1))"),
        "{after}"
    );
    let kept = |function: &str| before.contains(function) && after.contains(function);
    assert!(["def on_message", "def report", "def raw", "def show"].into_iter().all(|name| kept(&format!("\n{name}"))));
}

/// A class may become another's child by a call.
#[test]
fn classes_that_are_registered_with_others_have_one_color_with_them() {
    let project = Project::new(
        "#- app.py
from abc import ABC, abstractmethod
from zope.interface import Interface, implementer

class Base(ABC):
    @abstractmethod
    def read(self, key): ...

@Base.register
class Storage:
    def read(self, key):
        return persistence.get(key)

class IStore(Interface):
    def write(key): ...

class Registry:
    @classmethod
    def register(cls, other):
        return other

    def read(self):
        return 1

@Registry.register
class Entry:
    def read(self):
        return 2

@implementer(IStore)
class Store:
    def write(self, key):
        return persistence.put(key)

def show(base: Base, store: IStore):
    if base.read(1) and store.write(2):
        print('there')
",
    );
    let diff = check_round(&project);
    let line = "+    if await base.read(1) and await asyncio.to_thread(store.write, 2):";
    // A registry of one's own makes no children.
    assert!(diff.text().contains(line) && !diff.text().contains("-    def read(self):"), "{}", diff.text());
}

/// Falcon calls the responders of an object that the application is given.
#[test]
fn responders_of_falcon_stay() {
    let project = Project::new(
        "#- app.py
import falcon

class Things:
    def on_get(self, req, resp):
        resp.text = persistence.get(1)

app = falcon.App()
app.add_route('/things', Things())
",
    );
    check_round(&project).says(&["app.Things.on_get: it is found by its name and called without an await"]);
}

#[test]
fn what_a_file_of_settings_names_stays() {
    let code = "#- shop/tasks.py\ndef clean():\n    persistence.save(1)\n\nclass Job:\n    def run(self):\n        persistence.save(2)\n";
    for (file, text, count) in [
        ("conf.yaml", "_target_: shop.tasks.clean\nother:\n  handler: shop/tasks.Job\n", 2),
        ("serverless.yml", "handler: ./shop/tasks.clean\n", 1),
        ("babel.cfg", "[extractors]\nshop = shop.tasks:clean\n", 1),
        ("function.json", "{\"entryPoint\": \"shop.tasks.clean\"}\n", 1),
        ("pyproject.toml", "[tool.awaitify]\ncodemods = ['persistence']\n[tool.hatch]\nhook = 'tasks:clean'\n", 1),
    ] {
        let project = Project::new(&format!("#- {file}\n{text}{code}"));
        let diff = check_round(&project).says(&[&format!("called-in-text ({count})"), &format!("{file}:")]);
        assert_eq!(
            diff.text().matches("+    async def").count() + diff.text().matches("+async def").count(),
            2 - count
        );
    }
    // What awaitify is told, keys, and files of tests name nobody.
    let project =
        Project::new(&format!("#- tests/conf.yaml\nx: shop.tasks.clean\n#- log.yaml\nshop.tasks.clean: 1\n{code}"));
    assert_eq!(check_round(&project).text().matches("async def").count(), 2);
}

/// Nothing calls the methods of what is given away but whoever gets it.
#[test]
fn methods_of_what_something_outside_is_given_stay() {
    let project = Project::new(
        "#- app.py
import fire
from lib import expose, serve

class Tool:
    def add(self):
        return persistence.get(1)

class Api:
    def get(self):
        return persistence.get(2)

    def called(self):
        return persistence.get(3)

@expose
class Page:
    def show(self):
        return persistence.get(4)

class Root:
    def index(self):
        return persistence.get(5)

    index.exposed = True

class Own:
    def dead(self):
        return persistence.get(6)

def run(api: Api):
    server = serve()
    server.mount(Root(), '/')
    server.register(api)
    print(api.called(), isinstance(api, Own), Own())
    fire.Fire(Tool)
",
    );
    let diff = check_round(&project).says(&["given-outside (4)", "which is given its class or an object of it, may"]);
    let found: Vec<&str> = diff.text().lines().filter(|line| line.starts_with('+') && line.contains("def ")).collect();
    assert_eq!(found, ["+    async def called(self):", "+    async def dead(self):", "+async def run(api: Api):"]);
}

#[test]
fn functions_in_what_nothing_in_the_project_reads_stay() {
    let body = "(*args):\n    return persistence.get(1)\n";
    check_stays(&format!("#- app.py\ndef upper{body}\nFILTERS = {{'upper': upper}}\n"), &["1 function blocks"]);
    check_stays(
        &format!("#- lazy.py\ndef load{body}\n__getattr__ = load\n#- app.py\nimport lazy\nprint(lazy.x)\n"),
        &["1 function blocks"],
    );
    check_stays(
        &format!("#- app.py\nimport sys\ndef load{body}\nprint(vars(sys.modules[__name__])[sys.argv[1]]())\n"),
        &["1 function blocks"],
    );
    let group = "#- pyproject.toml\n[project.entry-points.'app.drivers']\na = 'drv:Driver'\n";
    let loader = "#- app.py\nfrom stevedore.driver import DriverManager\nprint(DriverManager('app.drivers').driver.allowed(1))\n";
    let driver = "#- drv.py\nclass Driver:\n    def allowed(self, key):\n        return persistence.get(key)\n";
    let project = Project::new(&format!("{group}[tool.awaitify]\ncodemods = ['persistence']\n{loader}{driver}"));
    assert_eq!(check_round(&project).says(&["entry-point (1)"]).text(), "");
}

#[test]
fn parameters_tell_what_is_found_by_its_name() {
    for (name, parameters) in [
        ("anything", "event, _context"),
        ("post_fork", "server, worker"),
        ("register", "linter"),
        ("on_page_markdown", "markdown, **kwargs"),
        ("get_app", ""),
    ] {
        check_stays(
            &format!("#- app.py\ndef {name}({parameters}):\n    persistence.save(1)\n"),
            &["the codemod `hooks`"],
        );
    }
    let app =
        "#- app.py\nclass App:\n    def __call__(self, environ, start_response):\n        return persistence.get(1)\n";
    check_stays(app, &["the codemod `hooks`"]);
    let open = "#- awaitify.toml\ncodemods = ['persistence']\n[[found_by_name]]\nfunction = '*'\nparameters = ['self', 're?', '...']\n#- app.py\nclass A:\n    def f(self, req, more):\n        persistence.save(1)\n";
    check_stays(open, &["the codemod `config`"]);
}

/// A server has its loop, and its signals, in the main thread: nothing moves it to another, and no loop runs around it.
#[test]
fn what_leads_to_a_loop_of_the_main_thread_stays() {
    let body = "def start(options):\n    persistence.save(options)\n    RUN\n\ndef main():\n    start(persistence.get(1))\n\nif __name__ == '__main__':\n    main()\n";
    for (import, run) in [
        ("import uvicorn", "uvicorn.run('app:x')"),
        ("import kopf", "kopf.run()"),
        ("from playwright.sync_api import sync_playwright", "with sync_playwright() as p: pass"),
        ("from django.db import connection", "connection.cursor().execute('x')"),
        ("from django.contrib.auth.models import User", "print(User.objects.count())"),
        ("import click\n\n@click.command()\ndef show():\n    pass", "show()"),
        ("import typer\n\napp = typer.Typer()", "app()"),
    ] {
        check_stays(&format!("#- app.py\n{import}\n\n{}", body.replace("RUN", run)), &["runs-loop (2)"]);
    }
}

/// A coroutine is awaited by the next lines, and what others return is not.
#[test]
fn what_is_tested_before_it_is_awaited_stays_bare() {
    for lines in [
        "result = store.get(1)\n    if inspect.isawaitable(result):\n        result = await result\n    return result",
        "result = store.get(1)\n    return await result if isinstance(result, Awaitable) else result",
        "if inspect.iscoroutine(result := store.get(1)):\n        result = await result\n    return result",
        "result = store.get(1)\n    return await maybe(result)",
    ] {
        let project = Project::new(&format!(
            "#- app.py\nimport inspect\nfrom collections.abc import Awaitable\n\nclass Store:\n    def get(self, key):\n        return persistence.get(key)\n\nasync def maybe(value):\n    return await value if inspect.isawaitable(value) else value\n\nasync def run(store: Store):\n    {lines}\n"
        ));
        let diff = check_round(&project);
        assert!(diff.text().contains("+    async def get") && !diff.text().contains("+    result"), "{}", diff.text());
        assert_eq!(
            diff.text().matches("await").count(),
            diff.text().matches("+        return await asyncio.to").count()
                + diff
                    .text()
                    .lines()
                    .filter(|line| line.starts_with(' ') && line.contains("await"))
                    .map(|line| line.matches("await").count())
                    .sum::<usize>()
        );
    }
}

/// More modules than are told apart are one with the methods of a Protocol that they satisfy.
#[test]
fn many_modules_satisfy_a_protocol() {
    let names: Vec<String> = (1..=20).map(|number| format!("m{number}")).collect();
    let modules: String = names
        .iter()
        .map(|name| format!("#- langs/{name}.py\ndef install(prefix):\n    return persistence.get(prefix)\n"))
        .collect();
    let table: String = names.iter().map(|name| format!("    '{name}': {name},\n")).collect();
    let project = Project::new(&format!(
        "#- langs/__init__.py\n{modules}#- app.py\nfrom typing import Protocol\nfrom langs import {}\n\nclass Language(Protocol):\n    def install(self, prefix: str) -> str: ...\n\nlanguages: dict[str, Language] = {{\n{table}}}\n\ndef main(name):\n    lang = languages[name]\n    if lang.install('/x'):\n        print('yes')\n",
        names.join(", ")
    ));
    let diff = check_round(&project);
    assert!(diff.text().contains("+    if await lang.install('/x'):"), "{}", diff.text());
}

#[test]
fn keywords_are_no_names_of_functions() {
    let project = Project::new(
        "#- app.py
type Text = str

class Keyboard:
    def type(self, text: Text):
        persistence.save(text)

    def match(self, text):
        persistence.save(text)

def main(keyboard: Keyboard, x):
    keyboard.type('a')
    match x:
        case 1:
            keyboard.match('b')
",
    );
    let diff = check_round(&project);
    assert!(diff.text().contains("+            await keyboard.match('b')"), "{}", diff.text());
}

/// What a test patches is what it gets, and not what the code does.
#[test]
fn what_tests_write_is_not_all_that_the_code_has() {
    let code = "#- app.py
import entrypoints

class Local:
    def read(self, path):
        return persistence.get(path)

class Handlers:
    def __init__(self):
        self.handlers = []

    def add(self, handler):
        self.handlers.append(handler)

    def add_all(self):
        for point in entrypoints.get_group_all('app'):
            self.add(point.load())

    def fetch(self, path):
        for handler in self.handlers:
            return handler.read(path)

handlers = Handlers()
handlers.add(Local())
";
    let test = "#- tests/test_app.py\nfrom unittest.mock import Mock\n\ndef test_it():\n    Mock(load=Mock())\n";
    for files in [code.to_owned(), format!("{code}{test}")] {
        check_round(&Project::new(&files)).says(&["1 uncertain"]);
    }
}

/// In a library, observers are those of its users.
#[test]
fn what_calls_the_callbacks_of_others_goes_to_no_thread() {
    let project = Project::new(
        "#- pyproject.toml
[project]
classifiers = ['Topic :: Software Development :: Libraries']
[tool.awaitify]
codemods = ['persistence']
#- app.py
import threading

class Restarter:
    def __init__(self):
        self.callbacks = []

    def add(self, callback):
        self.callbacks.append(callback)

    def fire(self):
        persistence.save(1)
        for callback in list(self.callbacks):
            callback()

    async def poll(self):
        self.fire()

threading.Thread(target=Restarter().fire).start()
",
    );
    check_round(&project).says(&["`app.Restarter.fire` calls what others put into `self.callbacks`, which may need"]);
}

/// What a class pattern binds is an attribute of what is matched.
#[test]
fn what_a_class_pattern_binds_is_followed() {
    let head = "#- app.py
from dataclasses import dataclass

class Service:
    def load(self):
        return persistence.get(1)

@dataclass
class Box:
    item: object
    name: str = 'x'

def main():
    match Box(Service()):
";
    for pattern in ["Box(item=s)", "Box(item=s, name='x') as box", "Box(item=s) | Box(item=s, name='y')"] {
        let project = Project::new(&format!(
            "{head}        case {pattern}:\n            if s.load():\n                print(1)\n"
        ));
        let diff = check_round(&project);
        assert!(diff.text().contains("+            if await s.load():"), "{pattern}: {}", diff.text());
    }
    // Which attribute it is, `__match_args__` says.
    let project =
        Project::new(&format!("{head}        case Box(s, 'x'):\n            if s.load():\n                print(1)\n"));
    let diff = check_round(&project);
    assert!(diff.text().is_empty() || diff.text().contains("await s.load()"), "{}", diff.text());
}

/// Python runs it without its name.
#[test]
fn what_is_bound_to_the_name_of_a_special_method_stays() {
    let class = "#- app.py\nclass Store:\n    def run(self, *args):\n        return persistence.get(1)\n";
    for line in [
        "    __bool__ = run",
        "    __eq__ = run",
        "Store.__call__ = Store.run",
        "setattr(Store, '__next__', Store.run)",
    ] {
        check_stays(
            &format!("{class}\n{line}\n\ndef main():\n    if Store():\n        print(1)\n"),
            &["1 function blocks"],
        );
    }
    check_stays(
        "#- app.py\nclass Log:\n    def __exit__(self, *args):\n        persistence.save(1)\n",
        &["dunder (1)"],
    );
}

/// Under `asyncio.run`, Ctrl-C arrives as something else.
#[test]
fn what_runs_where_an_interrupt_is_caught_stays() {
    let head = "#- app.py\nimport contextlib\nimport sys\n\n@contextlib.contextmanager\ndef shown():\n    try:\n        yield\n    except (OSError, KeyboardInterrupt):\n        print('bye')\n\nclass Shown:\n    def __enter__(self):\n        return self\n\n    def __exit__(self, kind, error, trace):\n        return kind is KeyboardInterrupt\n\ndef main():\n";
    for lines in [
        "    with shown():\n        persistence.save(1)",
        "    with Shown():\n        persistence.save(1)",
        "    with contextlib.suppress(KeyboardInterrupt):\n        persistence.save(1)",
        "    try:\n        persistence.save(1)\n    except BaseException as error:\n        print(isinstance(error, KeyboardInterrupt))",
        "    try:\n        persistence.save(1)\n    except:\n        print(sys.exc_info()[0] is KeyboardInterrupt)",
    ] {
        check_stays(
            &format!("{head}{lines}\n\nif __name__ == '__main__':\n    main()\n"),
            &["KeyboardInterrupt is caught"],
        );
    }
}

/// More classes than are told apart, and names that nobody knows.
#[test]
fn methods_of_a_crowd_that_are_looked_up_by_a_name_stay() {
    let classes: String = (0..20)
        .map(|n| format!("class P{n}:\n    def on_start(self, x):\n        return persistence.get(x)\n\n"))
        .collect();
    let all = (0..20).map(|n| format!("P{n}()")).collect::<Vec<_>>().join(", ");
    for lookup in [
        "for name in dir(p):\n            if getattr(p, name)(1):",
        "for name in NAMES[p]:\n            if getattr(p, name)(1):",
    ] {
        check_stays(
            &format!(
                "#- app.py\nimport sys\nNAMES = load()\n\n{classes}PLUGINS = []\nfor plugin in [{all}]:\n    PLUGINS.append(plugin)\n\ndef run():\n    for p in PLUGINS:\n        {lookup}\n                print(1)\n"
            ),
            &["given-outside (20)"],
        );
    }
    // What is put into a table later may be any name.
    let project = Project::new(
        "#- app.py\nclass A:\n    def on_start(self):\n        return persistence.get(1)\n\nNAMES = {'x': 'y'}\nNAMES.update((k, 'on_' + k) for k in ('start', 'stop'))\n\ndef run():\n    for name in NAMES.values():\n        if getattr(A(), name)():\n            print(1)\n",
    );
    check_round(&project).says(&["1 uncertain"]);
}

#[test]
fn names_that_are_also_something_else_stay() {
    let two = "#- app.py\nimport sys\nHEAD\n    def load():\n        return persistence.get(1)\n\ndef main():\n    if load():\n        print(1)\n";
    for head in [
        "try:\n    import fast\n    load = fast.load\nexcept ImportError:",
        "if sys.platform == 'win32':\n    load = lambda: 1\nelse:",
    ] {
        let project = Project::new(&two.replace("HEAD", head));
        let diff = check_round(&project);
        assert!(diff.text().contains("+    if await asyncio.to_thread(load):"), "{}", diff.text());
    }
    let below = "#- app.py\nfrom functools import partialmethod\n\ndef helper(self):\n    return 1\n\nclass A:\n    def load(self):\n        return persistence.get(1)\n\nclass C(A):\n    LINE\n\ndef main(a: A):\n    if a.load():\n        print(1)\n";
    for line in ["load = helper", "load = lambda self: 1", "load = partialmethod(helper)"] {
        let project = Project::new(&below.replace("LINE", line));
        let diff = check_round(&project).says(&["`app.C` (app.py:10) has something else under its name"]);
        assert!(diff.text().contains("+    if await asyncio.to_thread(a.load):"), "{}", diff.text());
    }
}

/// A package may have no file, and look names up when they are asked for.
#[test]
fn functions_in_packages_are_found() {
    let lib = "def load():\n    return persistence.get(1)\n";
    let app = "\n\ndef main():\n    if CALL():\n        print(1)\n";
    for (files, import, call) in [
        (format!("#- ns/a/lib.py\n{lib}"), "import ns.a.lib", "ns.a.lib.load"),
        (
            format!(
                "#- pkg/lib.py\n{lib}#- pkg/__init__.py\nimport importlib\nNAMES = {{'load': 'lib'}}\n\ndef __getattr__(name):\n    return getattr(importlib.import_module('.' + NAMES[name], __name__), name)\n"
            ),
            "import pkg",
            "pkg.load",
        ),
    ] {
        let project = Project::new(&format!("{files}#- app.py\n{import}{}", app.replace("CALL", call)));
        let diff = check_round(&project);
        assert!(diff.text().contains(&format!("+    if await {call}():")), "{}", diff.text());
    }
}

/// Nobody puts an `await` into a program without the name of one.
#[test]
fn what_a_script_under_another_name_calls_stays() {
    let lib = "#- lib.py\ndef load():\n    return persistence.get(1)\n#- other.py\ndef load():\n    return persistence.get(2)\n";
    for script in ["bin/tool", "tool.pyw", "fast.pyx", "app.py.j2"] {
        let text = "#!/usr/bin/env python3\nfrom lib import load\nprint(load())\n";
        let project = Project::new(&format!("#- {script}\n{text}{lib}"));
        let diff = check_round(&project).says(&["called-in-text (1)", script]);
        assert!(diff.text().contains("other.py") && !diff.text().contains("a/lib.py"), "{}", diff.text());
    }
}

/// What is scheduled is done later, and a plain function is done at once.
#[test]
fn a_dispatcher_that_schedules_takes_no_async_functions_unseen() {
    let project = Project::new(
        "#- app.py
import asyncio
import inspect

handlers = []

def fire():
    for handler in handlers:
        result = handler()
        if inspect.isawaitable(result):
            asyncio.create_task(result)

def save():
    persistence.save(1)

handlers.append(save)

async def click():
    fire()
",
    );
    let diff = check_round(&project);
    let awaits = diff.text().contains("+        result = await handler()") && diff.text().contains("+    await fire()");
    assert!(awaits || !diff.text().contains("async def save"), "{}", diff.text());
}

/// A base finds some methods by their names, whoever else calls them.
#[test]
fn methods_that_a_base_finds_by_their_names_stay() {
    for (import, base, method) in [
        ("import cmd", "cmd.Cmd", "do_go"),
        ("from http.server import BaseHTTPRequestHandler", "BaseHTTPRequestHandler", "do_GET"),
        ("from ast import NodeVisitor", "NodeVisitor", "visit_Name"),
        ("from django.core.management.base import BaseCommand", "BaseCommand", "handle"),
    ] {
        let project = Project::new(&format!(
            "#- app.py\n{import}\n\nclass Own({base}):\n    def {method}(self, *args):\n        return persistence.get(1)\n\ndef main(own: Own):\n    own.{method}(1)\n"
        ));
        let diff = check_round(&project).says(&["1 function blocks and stays sync"]);
        assert!(!diff.text().contains(&format!("async def {method}")), "{}", diff.text());
    }
}

/// What tests for coroutine functions to refuse them, or to leave them out, takes none.
#[test]
fn what_only_refuses_coroutine_functions_takes_none() {
    for body in [
        "    if inspect.iscoroutinefunction(f):\n        raise TypeError(f)\n    return f()",
        "    assert callable(f)\n    if inspect.iscoroutinefunction(f):\n        raise ValueError(f)\n    for number in range(2):\n        print(f())",
    ] {
        let project = Project::new(&format!(
            "#- app.py\nimport inspect\n\ndef run(f):\n{body}\n\ndef load():\n    return persistence.get(1)\n\ndef main():\n    print(run(load))\n"
        ));
        let diff = check_round(&project);
        assert!(!diff.text().contains("async def load"), "{body}: {}", diff.text());
    }
}

#[test]
fn a_fake_that_setattr_puts_there_is_wrapped() {
    let project = Project::new(
        "#- app.py
class Store:
    def load(self):
        return persistence.get(1)

def use(store: Store):
    return store.load()
#- tests/test_app.py
from app import Store, use

def test_it():
    store = Store()
    setattr(store, 'load', lambda: 'b')
    assert use(store) == 'b'
",
    );
    let diff = check_round(&project);
    assert!(diff.text().contains("+    setattr(store, 'load', AsyncMock(side_effect=lambda: 'b'))"), "{}", diff.text());
}

/// A command under a decorator of others may run in a loop already.
#[test]
fn a_command_that_others_wrap_keeps_its_body() {
    check_stays(
        "#- app.py\nimport click\nfrom quart.cli import with_appcontext\n\n@click.command()\n@with_appcontext\ndef show():\n    print(persistence.get(1))\n",
        &["decorator (1)"],
    );
}

/// Calls of an object that stands in the place of a function name the function.
#[test]
fn what_a_class_that_decorates_calls_stays() {
    let project = Project::new(
        "#- app.py
from typing import Protocol

class Step(Protocol):
    def __call__(self, key):
        pass

class First:
    def __call__(self, key):
        return persistence.get(key)

class Retry:
    def __init__(self, fn):
        self.fn = fn

    def __call__(self, *args):
        return self.fn(*args)

@Retry
def three(key):
    return persistence.count(key)

def scene(step: Step):
    return step(1) + three(2)
",
    );
    let diff = check_round(&project);
    assert!(!diff.text().contains("async def __call__(self, *args)"), "{}", diff.text());
    assert!(diff.text().contains("await asyncio.to_thread(three, 2)"), "{}", diff.text());
}
