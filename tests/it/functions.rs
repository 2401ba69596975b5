//! What `function` patterns reach, and the objects of foreign classes that nobody has installed.

use crate::support::{Project, check_project, check_round};

const CONFIG: &str = "#- awaitify.toml
codemods = [\"./own.toml\"]
#- own.toml
[[blocking]]
";

#[track_caller]
fn check(entry: &str, before: &str, after: &str) {
    check_project(&format!("{CONFIG}{entry}\n#- app.py\n{before}"), &format!("#- app.py\n{after}"));
}

#[test]
fn a_star_reaches_functions_and_the_methods_of_what_a_class_makes() {
    check(
        "function = \"webby.*\"",
        "import webby
from webby.api import put as send

async def show(url):
    session = webby.Session()
    session.get(url)
    webby.tools.Probe(url).run()
    send(url)
    with webby.Session() as other:
        other.base
    return webby.get(url)
",
        "import asyncio

import webby
from webby.api import put as send

async def show(url):
    session = webby.Session()
    await asyncio.to_thread(session.get, url)
    await asyncio.to_thread(webby.tools.Probe(url).run)
    await asyncio.to_thread(send, url)
    with webby.Session() as other:
        other.base
    return await asyncio.to_thread(webby.get, url)
",
    );
}

#[test]
fn a_star_does_not_reach_what_a_call_gives_or_an_object_holds() {
    check(
        "function = \"webby.*\"",
        "import webby

def parse(reply: webby.Reply):
    return reply.json()

async def show(url):
    reply = webby.get(url)
    reply.check(1)
    data = webby.get(url).json()['a'].get('b', 1)
    full = webby.Request(url).url
    full = full.replace('http', 'ws')
    if not data:
        raise webby.errors.WebError(url)
    return parse(reply), full, reply.text.strip('x')
",
        "import asyncio

import webby

def parse(reply: webby.Reply):
    return reply.json()

async def show(url):
    reply = await asyncio.to_thread(webby.get, url)
    reply.check(1)
    data = (await asyncio.to_thread(webby.get, url)).json()['a'].get('b', 1)
    full = webby.Request(url).url
    full = full.replace('http', 'ws')
    if not data:
        raise webby.errors.WebError(url)
    return parse(reply), full, reply.text.strip('x')
",
    );
}

#[test]
fn what_a_pattern_spells_it_reaches() {
    check(
        "function = [\"mailing.SMTP\", \"dbase.connect.*\", \"dbase.connect.cursor.{execute,fetchall}\", \"dbase.connect\"]",
        "import dbase
import mailing

async def show(url):
    mail = mailing.SMTP(url)
    conn = dbase.connect(url)
    cursor = conn.cursor()
    cursor.execute('select')
    rows = cursor.fetchall()
    conn.commit()
    cursor.close()
    return mail, rows
",
        "import asyncio

import dbase
import mailing

async def show(url):
    mail = await asyncio.to_thread(mailing.SMTP, url)
    conn = await asyncio.to_thread(dbase.connect, url)
    cursor = await asyncio.to_thread(conn.cursor)
    await asyncio.to_thread(cursor.execute, 'select')
    rows = await asyncio.to_thread(cursor.fetchall)
    await asyncio.to_thread(conn.commit)
    cursor.close()
    return mail, rows
",
    );
}

#[test]
fn what_a_pattern_of_the_projects_own_module_defines_it_reaches() {
    check(
        "function = \"layer.*\"",
        "import layer

async def show():
    return layer.connect().execute('select')
#- layer.py
class Connection:
    def execute(self, text):
        return [text]

def connect():
    return Connection()
",
        "import asyncio

import layer

async def show():
    return await asyncio.to_thread((await asyncio.to_thread(layer.connect)).execute, 'select')
",
    );
}

#[test]
fn what_a_pattern_leaves_is_said() {
    let project = Project::new(&format!(
        "{CONFIG}function = \"webby.*\"
#- app.py
import webby

async def show(url):
    session = webby.Session()
    a = webby.get(url).json()
    b = webby.get(url)
    return session, a, b.json()
"
    ));
    project
        .run("diff")
        .returned(1)
        .says(&["app.py:4:21: `webby.*` does not reach", "`webby.get.*` (2), `webby.Session` (1)"]);
}

#[test]
fn objects_of_a_class_that_is_not_installed_are_followed() {
    check(
        "class = \"webby.Session\"\nmethod = [\"get\"]",
        "import webby

class Client:
    def __init__(self):
        self.session = webby.Session()

    def fetch(self, url):
        return self.session.get(url)

class Given:
    def __init__(self, session: webby.Session | None = None):
        self.session = session

    def fetch(self, url):
        return self.session.get(url)

class Own(webby.Session):
    def fetch(self, url):
        return self.get(url)

def load(session, url):
    return session.get(url)

def show(options, url):
    return options.get(url)

async def main(url, given: Given, own: Own):
    Client().fetch(url)
    given.fetch(url)
    own.fetch(url)
    load(webby.Session(), url)
    with webby.Session() as session:
        session.get(url)
    show({}, url)
",
        "import asyncio

import webby

class Client:
    def __init__(self):
        self.session = webby.Session()

    async def fetch(self, url):
        return await asyncio.to_thread(self.session.get, url)

class Given:
    def __init__(self, session: webby.Session | None = None):
        self.session = session

    async def fetch(self, url):
        return await asyncio.to_thread(self.session.get, url)

class Own(webby.Session):
    async def fetch(self, url):
        return await asyncio.to_thread(self.get, url)

async def load(session, url):
    return await asyncio.to_thread(session.get, url)

def show(options, url):
    return options.get(url)

async def main(url, given: Given, own: Own):
    await Client().fetch(url)
    await given.fetch(url)
    await own.fetch(url)
    await load(webby.Session(), url)
    with webby.Session() as session:
        await asyncio.to_thread(session.get, url)
    show({}, url)
",
    );
}

#[test]
fn a_name_that_is_bound_over_and_over_is_looked_at_once() {
    let bound = "    word = word.strip().lower()\n    word = word[1:].join(word)\n".repeat(40);
    let text =
        |call: &str| format!("import webby\n\nasync def show(word):\n{bound}    word.get()\n    return {call}\n");
    let after = format!("import asyncio\n\n{}", text("await asyncio.to_thread(webby.get, word)"));
    check("function = \"webby.*\"", &text("webby.get(word)"), &after);
}

#[test]
fn a_run_that_changes_nothing_says_why() {
    let text = "#- app.py
import time

def wait():
    time.sleep(1)
";
    let run = |config: &str, expect: &str| {
        let project = Project::new(&format!("#- awaitify.toml\n{config}\n{text}"));
        project.run("diff").returned(0).says(&[expect]);
    };
    run("codemods = [\"time-sleep\"]", "1 blocking call (1 of `time-sleep`) stands where no async code gets");
    run("codemods = [\"requests\"]", "nothing that a codemod declares blocking is called here");
    run("codemods = [\"pytest\"]", "no codemod that is on says what blocks: name one that does");
}

#[test]
fn entry_points_are_called_by_what_loads_them() {
    check_project(
        "#- awaitify.toml
codemods = [\"persistence\"]
exported = \"convert\"
#- pyproject.toml
[project.entry-points.\"shop.commands\"]
load = \"commands:load\"
[project.entry-points.\"other.plugins\"]
save = \"commands:save\"
#- commands.py
def load(args):
    return persistence.get(args)

def save(args):
    return persistence.put(args)

def drop(args):
    return persistence.drop(args)
#- shop.py
from importlib.metadata import entry_points

def run(name, args):
    command = entry_points(group=\"shop.commands\")[name].load()
    return command(args)
",
        "#- commands.py
import asyncio


def load(args):
    return asyncio.run(_load(args))


async def _load(args):
    return await asyncio.to_thread(persistence.get, args)

def save(args):
    return persistence.put(args)

async def drop(args):
    return await asyncio.to_thread(persistence.drop, args)
",
    );
}

#[test]
fn what_a_string_names_by_its_path_stays() {
    check_project(
        "#- shop/__init__.py
#- shop/tasks.py
def load(key):
    return persistence.get(key)

def save(key):
    return persistence.put(key)

def fetch_all(key):
    return persistence.all(key)

class Hook:
    def __call__(self, key):
        return persistence.hook(key)
#- shop/more.py
def drop(key):
    return persistence.drop(key)
#- shop/free.py
def keep(key):
    return persistence.keep(key)
#- main.py
from somewhere import queue

SETTINGS = {'save': 'shop.tasks:save', 'hook': 'shop.tasks.Hook'}

def start(name):
    \"\"\"Runs shop.free.keep.\"\"\"
    queue.enqueue('shop.tasks.load', 1)
    queue.enqueue(f'shop.more.{name}', 1)
",
        "#- shop/tasks.py
import asyncio


def load(key):
    return persistence.get(key)

def save(key):
    return persistence.put(key)

async def fetch_all(key):
    return await asyncio.to_thread(persistence.all, key)

class Hook:
    def __call__(self, key):
        return persistence.hook(key)
#- shop/free.py
import asyncio


async def keep(key):
    return await asyncio.to_thread(persistence.keep, key)
",
    );
}

/// A name that ends in a class and a method means the method, whoever has the object.
#[test]
fn a_method_of_the_project_is_named_by_its_path() {
    check_project(
        "#- awaitify.toml
codemods = [\"./own.toml\"]
#- own.toml
[[blocking]]
function = [\"app.Store.{load,_find}\", \"app.Other.*\", \"!app.Other.size\"]
#- app.py
class Store:
    def load(self, key):
        return key

    def _find(self, key):
        return key

    def save(self, key):
        return key

    async def twice(self):
        return self.load(1), self._find(2), self.save(3)

class Other:
    def run(self):
        return 1

    def size(self):
        return 1

    def _own(self):
        return 1

class User:
    def __init__(self):
        self.other = Other()

    async def main(self):
        return self.other.run(), self.other.size(), self.other._own()
#- use.py
async def main(anything, store):
    return store.load(1)

async def start():
    from app import Store
    return await main(1, Store())
",
        "#- app.py
import asyncio


class Store:
    def load(self, key):
        return key

    def _find(self, key):
        return key

    def save(self, key):
        return key

    async def twice(self):
        return await asyncio.to_thread(self.load, 1), await asyncio.to_thread(self._find, 2), self.save(3)

class Other:
    def run(self):
        return 1

    def size(self):
        return 1

    def _own(self):
        return 1

class User:
    def __init__(self):
        self.other = Other()

    async def main(self):
        return await asyncio.to_thread(self.other.run), self.other.size(), self.other._own()
#- use.py
import asyncio


async def main(anything, store):
    return await asyncio.to_thread(store.load, 1)

async def start():
    from app import Store
    return await main(1, Store())
",
    );
}

/// Two names that stand for one another stand for no context.
#[test]
fn names_that_go_in_a_circle_end_the_search_for_what_runs_a_function() {
    let project = Project::new(
        "#- app.py
import contextvars

held = other
other = held

def work():
    return persistence.get(1)

def job():
    return persistence.get(2)

async def main():
    held.run(work)
    context = contextvars.copy_context()
    context.run(job)
",
    );
    let diff = check_round(&project).says(&["escapes (2)"]);
    assert!(diff.text().contains("+    await asyncio.to_thread(context.run, job)"), "{}", diff.text());
}
