//! The audit: which lines get which codes, in small projects whose comments say what is expected.

use std::collections::BTreeSet;

use crate::support::{Project, sections, snapshots};

/// Checks `fixture` and compares the findings with its `#! AW101` comments: each names the codes that its line gets.
#[track_caller]
fn check(fixture: &str) {
    check_with("", fixture);
}

#[track_caller]
fn check_with(flags: &str, fixture: &str) {
    let project = Project::new(&format!("#- pyproject.toml\n[project]\nname = 'x'\n{fixture}"));
    let run = project.run(&format!("check --format json {flags}"));
    let json: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    let found: BTreeSet<(String, u64, String)> = json["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().expect("text").to_owned();
            (text("file"), one["line"].as_u64().expect("a number"), text("code"))
        })
        .collect();
    assert_eq!(found, expected(fixture), "{json:#}");
    assert_eq!(run.code, i32::from(!found.is_empty()));
}

fn expected(fixture: &str) -> BTreeSet<(String, u64, String)> {
    let mut wanted = BTreeSet::new();
    for (path, text) in sections(fixture) {
        for (number, line) in text.lines().enumerate() {
            let Some((_, codes)) = line.split_once("#! ") else { continue };
            wanted.extend(codes.split_whitespace().map(|code| (path.to_owned(), number as u64 + 1, code.to_owned())));
        }
    }
    wanted
}

#[test]
fn blocking_calls_and_the_helpers_that_lead_there() {
    check(
        "#- app.py
import subprocess
import time
from time import sleep as nap
from urllib.request import urlopen

import requests


def fetch(url):
    return requests.get(url)


def twice(url):
    return fetch(url), fetch(url)


class Page:
    def __init__(self, url):
        self.text = fetch(url)

    @property
    def size(self):
        return len(fetch('size').text)

    def rank(self, row):
        return fetch(row)


async def handler(page: Page, rows):
    time.sleep(1)  #! AW101
    nap(1)  #! AW101
    urlopen('x')  #! AW101
    subprocess.run(['ls'])  #! AW101
    subprocess.Popen(['ls'])  #! AW101
    twice('x')  #! AW102
    Page('x')  #! AW102
    page.size  #! AW103
    sorted(rows, key=page.rank)  #! AW102
    [fetch(row) for row in rows]  #! AW102
    any(fetch(row) for row in rows)  #! AW102
    with open('x') as file:  #! AW104
        file.read()


async def harmless(page, rows):
    import asyncio

    def inner():
        time.sleep(1)

    await asyncio.to_thread(inner)
    await asyncio.to_thread(fetch, 'x')
    lazy = (fetch(row) for row in rows)
    later = lambda: fetch('x')
    return inner, lazy, later


def sync_caller():
    time.sleep(1)
    return twice('x')
",
    );
}

#[test]
fn operators_that_block() {
    check(
        "#- app.py
import requests


class Remote:
    def __getitem__(self, key):
        return requests.get(key)

    def __contains__(self, key):
        return requests.get(key).ok

    def __len__(self):
        return len(requests.get('count').text)

    def __add__(self, other):
        return requests.get(other)

    def __str__(self):
        return requests.get('name').text


def first(remote: Remote):
    return remote['first']


async def main(remote: Remote, table: dict, text: str):
    remote['a']  #! AW103
    'a' in remote  #! AW103
    len(remote)  #! AW103
    remote + 'a'  #! AW103
    print(f'{remote}')  #! AW103
    if not remote:  #! AW103
        pass
    first(remote)  #! AW102
    table['a']
    'a' in table
    len(text + 'a')
    if not table:
        pass
    remote.x = 1
    remote is None
",
    );
}

#[test]
fn what_is_async_elsewhere_ends_no_chain() {
    check(
        "#- app.py
import asyncio
import time


def dual(x):
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        time.sleep(1)
    return x


class Sync:
    def read(self):
        time.sleep(1)


class Async:
    async def read(self):
        await asyncio.sleep(1)


def generate():
    time.sleep(1)
    yield 1


class File:
    def __init__(self, source):
        if isinstance(source, bytes):
            self.data = source
        else:
            self.data = open(source).read()


async def main(client: Sync | Async, unknown):
    dual(1)
    await asyncio.gather(client.read(), unknown.read())
    generate()
    File(b'x')
    for x in generate():  #! AW102
        print(x)
",
    );
}

#[test]
fn coroutines_that_nobody_awaits() {
    check(
        "#- app.py
import asyncio


async def is_admin(user) -> bool:
    return user == 'root'


async def rows():
    yield 1


class Session:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *args):
        pass


def sync_caller():
    is_admin('x')  #! AW201
    return is_admin('x')


async def main(user):
    is_admin(user)  #! AW201
    asyncio.sleep(1)  #! AW201
    if is_admin(user):  #! AW202
        pass
    if not is_admin(user) and user:  #! AW202
        pass
    assert is_admin(user)  #! AW202
    x = [u for u in user if is_admin(u)]  #! AW202
    y = user and is_admin(user)
    is_admin(user) or y  #! AW202
    print(f'{is_admin(user)}')  #! AW203
    is_admin(user).real  #! AW203
    is_admin(user) == True  #! AW203
    one, two = is_admin(user)  #! AW203
    bool(is_admin(user))  #! AW203
    asyncio.gather(is_admin(user))  #! AW204
    unread = is_admin(user)  #! AW205
    for row in rows():  #! AW206
        print(row)
    with Session():  #! AW206
        pass
    await print('x')  #! AW207


async def fine(user, cache):
    if await is_admin(user):
        pass
    task = asyncio.create_task(is_admin(user))
    await task
    later = is_admin(user)
    await later
    value = cache or is_admin(user)
    await value
    await (cache.get(user) or is_admin(user))
    async for row in rows():
        print(row)
    async with Session():
        pass
    is_admin(user).close()
    return is_admin(user)
",
    );
}

#[test]
fn overrides_have_the_color_of_their_base() {
    check(
        "#- app.py
from typing import Protocol


class Base:
    async def run(self):
        return 1

    async def other(self):
        return 1

    async def stream(self):
        yield 1


class Child(Base):
    def run(self):  #! AW208
        print(1)

    def other(self):
        return super().other()

    def stream(self):
        return []


class Likeness(Protocol):
    async def run(self): ...


class NoChild:
    def run(self):
        print(1)
",
    );
}

#[test]
fn cancellation_is_handed_on() {
    check(
        "#- app.py
async def work(log, future):
    try:
        await log()
    except:  #! AW210
        print('x')
    try:
        await log()
    except BaseException as error:  #! AW210
        log.error('x %s', error)
    try:
        await log()
    except BaseException as error:
        future.set_exception(error)
    try:
        await log()
    except BaseException:
        raise
    try:
        print('x')
    except:
        print('x')
    try:
        await log()
    except Exception:  #! AW703
        pass
    import asyncio
    try:
        await log()
    except asyncio.CancelledError:
        pass
    except BaseException:
        pass
",
    );
}

#[test]
fn loops_of_ones_own() {
    check(
        "#- lib/client.py
import asyncio
import threading


async def fetch():
    return asyncio.get_event_loop().time()  #! AW303


def fetch_sync():
    return asyncio.run(fetch())  #! AW301


class Client:
    def get(self, loop):
        return loop.run_until_complete(fetch())  #! AW301

    def open(self):
        threading.Thread(target=self.spin).start()

    def spin(self):
        asyncio.run(fetch())


async def nested():
    asyncio.run(fetch())  #! AW302
    fetch_sync()  #! AW302
#- lib/__main__.py
import asyncio
from lib.client import fetch


def main():
    asyncio.run(fetch())


main()
",
    );
}

#[test]
fn awaits_and_exclusion() {
    check(
        "#- app.py
import asyncio
import threading


class Counter:
    def __init__(self):
        self.guard = threading.Lock()
        self.turn = asyncio.Lock()
        self.total = 0

    async def load(self):
        return 1

    async def add(self):
        with self.guard:  #! AW401
            await self.load()
        with self.guard:
            self.total += 1
        async with self.turn:
            self.total += await self.load()
        self.total += await self.load()  #! AW402
        self.total = self.total + await self.load()  #! AW402
        self.total = await self.load() + self.total
        before = self.total
        await self.load()
        self.total = before + 1  #! AW402
        count = len(str(self.total))
        await self.load()
        self.total = self.total - count
        local = 0
        local += await self.load()
        return local
#- db.py
import asyncio
import sqlite3


async def rows(connection: sqlite3.Connection):
    return await asyncio.to_thread(connection.execute, 'SELECT 1')  #! AW405
",
    );
}

#[test]
fn tasks_have_owners() {
    check(
        "#- app.py
import asyncio


async def work():
    pass


class Service:
    async def start(self):
        self.kept = asyncio.create_task(work())  #! AW502
        self.task = asyncio.create_task(work())

    async def stop(self):
        self.task.cancel()


async def main():
    asyncio.create_task(work())  #! AW501
    asyncio.get_running_loop().create_task(work())  #! AW501
    loop = asyncio.get_running_loop()
    loop.create_task(work())  #! AW501
    unread = asyncio.create_task(work())  #! AW501
    _ = asyncio.create_task(work())
    kept = asyncio.create_task(work())
    await kept
    async with asyncio.TaskGroup() as group:
        group.create_task(work())
",
    );
}

#[test]
fn clients_pools_and_transactions() {
    check(
        "#- app.py
import aiohttp
import asyncpg
import httpx


class Service:
    async def start(self):
        self.session = aiohttp.ClientSession()
        self.leaked = aiohttp.ClientSession()  #! AW601
        await self.leaked.get('x')

    async def stop(self):
        await self.session.close()


async def main(conn, rows):
    client = httpx.AsyncClient()  #! AW601
    await client.get('x')
    await httpx.AsyncClient().get('x')  #! AW601
    async with httpx.AsyncClient() as other:
        await other.get('x')
    mine = httpx.AsyncClient()
    await mine.aclose()
    pool = await asyncpg.create_pool(max_size=10)  #! AW602 AW604
    try:
        pool = await asyncpg.create_pool()
    except OSError:
        raise
    async with conn.transaction():
        for row in rows:
            try:
                await conn.execute('x', row)
            except Exception:  #! AW603 AW703
                continue
        for row in rows:
            try:
                async with conn.transaction():
                    await conn.execute('x', row)
            except ValueError:
                continue
    return httpx.AsyncClient(), pool
",
    );
}

#[test]
fn text_where_values_belong() {
    check(
        "#- app.py
import logging

logger = logging.getLogger(__name__)
TABLE = 'x'


async def main(conn, user, ids):
    await conn.execute(f'SELECT * FROM users WHERE name = {user}')  #! AW701
    await conn.execute('DELETE FROM users WHERE name = %s' % user)  #! AW701
    await conn.execute(f'SELECT * FROM {TABLE} WHERE id = $1', user)
    await conn.execute(f'SELECT * FROM x WHERE id IN ({\", \".join(ids)})')
    query = f'SELECT * FROM users WHERE name = {user.name}'  #! AW701
    await conn.fetch(query)
    logger.info(f'user {user}')  #! AW702
    logger.info('user %s', user)
    logger.info(f'nothing')
#- other.py
async def main():
    await asyncio.sleep(1)  #! AW704
#- unused.py
import asyncio  #! AW704


async def main():
    pass
",
    );
}

#[test]
fn comments_ignore_findings() {
    check(
        "#- app.py
import time


def rests():
    time.sleep(1)  # awaitify: ignore[AW101] once a day


async def main():
    time.sleep(1)  # awaitify: ignore[AW101]
    time.sleep(1)  # awaitify: ignore
    time.sleep(1)  # awaitify: ignore[AW1, AW702] #! AW001
    time.sleep(1)  # noqa: ASYNC251
    time.sleep(1)  # noqa
    time.sleep(1)  # noqa: E501 #! AW101
    time.sleep(1)  # awaitify: ignore[AW201] #! AW101 AW001
    time.sleep(1)  # awaitify: ignore[AW999] #! AW101 AW001
    rests()
    print('# awaitify: ignore[AW101]')
    time.sleep(
        1
    )  # awaitify: ignore[blocking-call]
#- whole.py
# awaitify: ignore-file[AW1]
import time


async def main():
    time.sleep(1)
#- ruff.py
# ruff: noqa: ASYNC
import time


async def main():
    time.sleep(1)
",
    );
}

#[test]
fn tests_only_get_what_cannot_work() {
    check(
        "#- tests/test_app.py
import time


async def load():
    pass


async def test_it():
    time.sleep(1)
    load()  #! AW201
",
    );
}

#[test]
fn codes_are_selected_and_ignored() {
    let fixture = "#- app.py
import time


async def main(log, x):
    time.sleep(1)  #! AW101
    main(log, x)
";
    check_with("--select AW1", fixture);
    check_with("--ignore AW2", fixture);
    let project = Project::new(fixture);
    project.run("check --fail-on AW4").returned(0);
    project.run("check --fail-on AW4,AW2").returned(1);
    project.run("check --exit-zero").returned(0);
    project.run("check --select AW9").returned(2).says(&["`AW9`", "`--select`"]);
    project.run("check --fail-on blocking-cal").returned(2).says(&["`blocking-call`"]);
}

const SMALL: &str = "#- shop/db.py
import time


def load(key):
    time.sleep(1)
    return key
#- shop/api.py
from shop.db import load


async def show(key):
    print(load(key))


async def drop(key):
    show(key)
";

#[test]
fn every_format_says_it() {
    let project = Project::new(SMALL);
    let mut out = String::new();
    for line in [
        "check",
        "check --format json",
        "check --format github",
        "check --format markdown --scorecard",
        "check --scorecard",
    ] {
        let run = project.run(line).returned(1);
        out += &format!("$ awaitify {line}\n{}", run.text());
        if line == "check" {
            out += &format!("(stderr)\n{}", run.stderr);
        }
        out.push('\n');
    }
    snapshots().bind(|| insta::assert_snapshot!("formats_of_check", out));
    let html = project.run("check --format html --scorecard").returned(1);
    assert!(html.text().starts_with("<!doctype html>") && html.text().contains("<code>load</code>"), "{}", html.text());
    let sarif = project.run("check --format sarif").returned(1);
    let json: serde_json::Value = serde_json::from_slice(&sarif.stdout).expect("JSON");
    let results = json["runs"][0]["results"].as_array().expect("results");
    let ids: Vec<&str> = results.iter().filter_map(|result| result["ruleId"].as_str()).collect();
    assert_eq!(ids, ["AW102", "AW201"]);
    assert_eq!(results[0]["codeFlows"][0]["threadFlows"][0]["locations"].as_array().map(Vec::len), Some(2));
    let rules = json["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in results {
        assert_eq!(rules[result["ruleIndex"].as_u64().expect("a number") as usize]["id"], result["ruleId"]);
    }
}

#[test]
fn a_clean_project_passes() {
    let project = Project::new("#- app.py\nasync def main():\n    pass\n");
    let card = project.run("check --scorecard").returned(0);
    assert!(card.text().contains("Grade A: 10 of 10"), "{}", card.text());
    let text = project.run("check").returned(0).says(&["0 findings in 1 file, 1 async function"]);
    assert_eq!(text.text(), "");
}

const CREATES: &str = "#- awaitify.toml
codemods = [\"persistence\"]
keep_sync = [\"app.Cache.refresh\"]
#- app.py
import asyncio


class Cache:
    def __init__(self, persistence):
        self.persistence = persistence
        self.total = 0

    def refresh(self):
        self.total = self.persistence.get('total')

    def load(self, key):
        return self.persistence.get(key)

    def add(self, key):
        self.total += self.load(key)

    def careful(self, key):
        try:
            return self.load(key)
        except:
            return None


async def main(cache: Cache):
    cache.add('a')
    cache.careful('b')
    cache.refresh()
    await asyncio.to_thread(cache.load, 'c')
";

#[test]
fn what_the_edits_create_is_told_first() {
    let project = Project::new(CREATES);
    let diff = project.run("diff").returned(1);
    let first: Vec<&str> = diff.stderr.lines().take_while(|line| !line.contains("to change")).collect();
    let told: Vec<&str> = first
        .iter()
        .filter(|line| line.starts_with("app.py"))
        .map(|line| line.split(' ').take(2).last().unwrap())
        .collect();
    assert_eq!(told, ["AW402", "AW210", "AW403", "AW404"], "{}", diff.stderr);
    let json = project.run("diff --format json").returned(1);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["hazards"][0]["code"], "AW402");
    assert_eq!(json["hazards"][0]["line"], 16);

    project.run("diff --fail-on AW401").returned(0);
    project.run("diff --fail-on AW4").returned(1);
    let before = project.tree();
    project.run("apply --allow-dirty --fail-on AW402").returned(1).says(&["nothing was written"]);
    assert_eq!(project.tree(), before);
    project.run("apply --allow-dirty --fail-on AW401").returned(0);
    assert_ne!(project.tree(), before);
    // They stand now: an audit finds them.
    let check = project.run("check --select AW402,AW210").returned(1);
    assert_eq!(check.text().lines().filter(|line| line.contains("AW402") || line.contains("AW210")).count(), 2);
}

#[test]
fn a_diff_is_told_to_code_scanning() {
    let project = Project::new(CREATES);
    let sarif = project.run("diff --format sarif").returned(1);
    let json: serde_json::Value = serde_json::from_slice(&sarif.stdout).expect("JSON");
    let ids: Vec<&str> = json["runs"][0]["results"]
        .as_array()
        .expect("results")
        .iter()
        .filter_map(|result| result["ruleId"].as_str())
        .collect();
    assert_eq!(ids, ["AW402", "AW210", "AW102", "AW102", "AW102", "AW403", "AW404"]);
    let github = project.run("diff --format github").returned(1);
    assert!(github.text().contains("::warning file=app.py,line=16,"), "{}", github.text());
    project.run("diff --format html").returned(2).says(&["human, json, sarif, github"]);
    project.run("apply --format sarif").returned(2).says(&["human, json"]);
}
