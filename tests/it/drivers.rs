//! The idioms of the users of drivers: what is iterated over, entered or looked up without a call that names it, and connections
//! that belong to a thread.

use crate::support::*;

#[test]
fn what_is_used_up_at_once_is_used_up_in_a_thread() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['subprocess', 'open']
#- app.py
import asyncio
import os
import subprocess

def tail(path):
    process = subprocess.Popen(['tail', path], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        print(line)
    return process.wait()

async def main(process: subprocess.Popen[str], key):
    lines = process.stdout
    tail('a')
    print(list(lines), sorted(lines, key=key), next(lines, None), [line for line in lines], dict(os.walk('a')))
    print(sum(len(line) for line in lines), any(lines), [*os.walk('b')])
    first, second = os.walk('c')
    for line in lines:
        print(line)
    print(next(lines))
",
    );
    check_round(&project);
    project.run("apply --allow-dirty").returned(0).says(&[
        "each turn of an iteration over `lines` (app.py:15) blocks",
        "each turn of an iteration over `lines` (app.py:17) blocks",
        "each step of `lines` (app.py:19) blocks",
    ]);
    let text = project.text("app.py");
    for line in [
        "await asyncio.to_thread(tail, 'a')",
        "print(await asyncio.to_thread(list, lines), sorted(await asyncio.to_thread(list, lines), key=key), await asyncio.to_thread(next, lines, None), [line for line in await asyncio.to_thread(list, lines)], dict(await asyncio.to_thread(list, os.walk('a'))))",
        "print(sum(len(line) for line in await asyncio.to_thread(list, lines)), any(lines), [*await asyncio.to_thread(list, os.walk('b'))])",
        "first, second = await asyncio.to_thread(list, os.walk('c'))",
        "    for line in lines:\n        print(line)\n    print(next(lines))\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn special_methods_of_a_foreign_class_are_run_in_a_thread_or_said() {
    let project = Project::new(
        "#- awaitify.toml
codemods = []
[[blocking]]
class = 'shelve.Shelf'
method = ['get', '__getitem__', '__setitem__', '__contains__', '__len__', '__exit__']
#- app.py
import asyncio
import shelve

def room(shelf: shelve.Shelf, key):
    return shelf[key] if key in shelf else None

def closes(shelf: shelve.Shelf):
    with shelf:
        return shelf.get('a')

async def main(shelf: shelve.Shelf):
    print(room(shelf, 'a'), closes(shelf), len(shelf))
    shelf['a'] = 1
    with shelf:
        print(shelf['a'])
",
    );
    check_round(&project);
    project
        .run("apply --allow-dirty")
        .returned(0)
        .says(&["`__setitem__` of `shelf` (app.py:13) blocks", "entering or leaving `shelf` (app.py:14) blocks"]);
    let text = project.text("app.py");
    for line in [
        "return await asyncio.to_thread(lambda: shelf[key]) if await asyncio.to_thread(lambda: key in shelf) else None",
        "print(await room(shelf, 'a'), await asyncio.to_thread(closes, shelf), await asyncio.to_thread(len, shelf))",
        "def closes(shelf: shelve.Shelf):\n    with shelf:\n        return shelf.get('a')\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

const SQLITE: &str = "#- awaitify.toml
codemods = ['sqlite3']
#- app.py
import asyncio
import sqlite3
from contextlib import closing

def opened():
    return sqlite3.connect('a.db')

def names():
    with closing(sqlite3.connect('a.db')) as connection:
        return [row[0] for row in connection.execute('select name from players')]

def rename(connection: sqlite3.Connection, name):
    connection.execute('update players set name = ?', [name])

def rename_all(name):
    connection = sqlite3.connect('a.db')
    with connection:
        rename(connection, name)

class Store:
    def __init__(self):
        self.connection = sqlite3.connect('a.db')

    def count(self):
        return self.connection.execute('select 1').fetchone()

async def main():
    print(names(), rename_all('a'))
    connection = sqlite3.connect('a.db')
    rename(connection, 'b')
    rows = list(connection.execute('select 1'))
    print(Store().count(), opened(), rows)
";

#[test]
fn a_connection_of_sqlite_stays_in_its_thread() {
    let project = Project::new(SQLITE);
    check_round(&project);
    project.run("apply --allow-dirty").returned(0).says(&[
        "app.py:29: `app.main` uses what `sqlite3.connect` made, which belongs to one thread",
        "app.py:30: `app.rename` uses what `sqlite3.connect` made, which belongs to one thread",
        "app.py:31: `app.main` uses what `sqlite3.connect` made, which belongs to one thread",
        "app.py:32: `app.Store.__init__` uses what `sqlite3.connect` made, which belongs to one thread",
        "app.py:32: `app.Store.count` uses what `sqlite3.connect` made, which belongs to one thread",
        "app.py:32: `app.opened` uses what `sqlite3.connect` made, which belongs to one thread",
    ]);
    let moved = "    print(await asyncio.to_thread(names), await asyncio.to_thread(rename_all, 'a'))\n";
    let before = SQLITE.split_once("#- app.py\n").unwrap().1;
    assert_eq!(project.text("app.py"), before.replace("    print(names(), rename_all('a'))\n", moved));
}

#[test]
fn a_connection_that_lets_other_threads_in_is_used_by_them() {
    let project = Project::new(&SQLITE.replace("'a.db'", "'a.db', check_same_thread=False"));
    check_round(&project);
    project.run("apply --allow-dirty").returned(0);
    let text = project.text("app.py");
    for line in [
        "connection = await asyncio.to_thread(sqlite3.connect, 'a.db', check_same_thread=False)",
        "await asyncio.to_thread(rename, connection, 'b')",
        "rows = await asyncio.to_thread(list, await asyncio.to_thread(connection.execute, 'select 1'))",
        "await asyncio.to_thread(names)",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn lazy_goes_with_nothing_but_a_thread() {
    let project = Project::new(
        "#- awaitify.toml
codemods = []
[[blocking]]
function = 'os.walk'
replace = 'aio.walk'
lazy = true
#- app.py
",
    );
    project.run("diff").returned(2).says(&["awaitify.toml:2", "`lazy` is for calls that go to a thread"]);
}

#[test]
fn what_functions_of_drivers_give_is_followed_through_code_without_types() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['sqlite3', 'smtplib']
#- db.py
import contextlib
import smtplib
import sqlite3

def connect():
    connection = sqlite3.connect('a.db', check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection

@contextlib.contextmanager
def cursor():
    connection = connect()
    try:
        yield connection.cursor()
    finally:
        connection.commit()

class Players:
    def __init__(self, db):
        self.db = db

    def all(self):
        return self.db.execute('select 1').fetchall()

class Store:
    def execute(self, query):
        return query
#- app.py
import db

async def main(key, unknown):
    print(db.Players(db.connect()).all())
    with db.cursor() as cursor:
        cursor.execute('select 2')
    print(db.Store().execute(key))
    for thing in (unknown, db.Store()):
        thing.execute(key)
",
    );
    check_round(&project);
    project.run("apply --allow-dirty").returned(0);
    let text = project.text("app.py");
    for line in [
        "print(await db.Players(await db.connect()).all())",
        "async with db.cursor() as cursor:\n        await asyncio.to_thread(cursor.execute, 'select 2')",
        "print(db.Store().execute(key))",
        "        thing.execute(key)",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let text = project.text("db.py");
    let line = "return await asyncio.to_thread((await asyncio.to_thread(self.db.execute, 'select 1')).fetchall)";
    assert!(text.contains(line), "{text}");
}

/// In a tuple, as a cursor, by another function, behind `closing`: it would be a worker's, and used on the loop.
#[test]
fn what_gives_away_a_connection_of_sqlite_stays_in_its_thread() {
    for body in [
        "return opened()",
        "conn = sqlite3.connect('a.db')\n    return conn, 2",
        "return sqlite3.connect('a.db').cursor()",
        "return closing(opened())",
        "return Repo(sqlite3.connect('a.db'))",
    ] {
        let project = Project::new(&format!(
            "#- awaitify.toml
codemods = ['sqlite3']
#- app.py
import sqlite3
from contextlib import closing

class Repo:
    def __init__(self, conn):
        self.conn = conn

def opened():
    return sqlite3.connect('a.db')

def get():
    {body}

async def main():
    return get()
"
        ));
        let diff = check_round(&project).says(&["`app.get` uses what `sqlite3.connect` made", "1 site left"]);
        assert_eq!(diff.text(), "");
    }
}

/// A reader takes a line of the file at each turn.
#[test]
fn what_csv_reads_from_is_iterated_over() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['open']
#- app.py
import csv

def rows(path):
    with open(path) as file:
        return [row for row in csv.reader(file)]

async def main(path):
    with open(path) as file:
        found = list(csv.DictReader(file))
    with open(path) as file:
        for row in csv.DictReader(file):
            print(row)
    return rows(path), found
",
    );
    let diff = check_round(&project).says(&["app.py:11: each turn of an iteration over `file` (app.py:11) blocks"]);
    let text = diff.text();
    for line in [
        "+        found = list(csv.DictReader(await asyncio.to_thread(list, file)))\n",
        "+    return await asyncio.to_thread(rows, path), found\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

/// The session belongs to the thread that made it, and a query runs on the session.
#[test]
fn a_query_is_of_the_thread_of_its_session() {
    let project = Project::new(
        "#- awaitify.toml
codemods = [\"sqlalchemy\"]
#- app.py
from sqlalchemy.orm import Query, Session

async def rows(query: Query):
    return query.all()

async def save(session: Session):
    session.commit()
",
    );
    project.run("diff").returned(1).says(&["app.py:4:12: AW405", "app.py:7:5: AW405"]);
}
