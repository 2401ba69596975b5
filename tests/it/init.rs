//! `awaitify init`, and names in `keep_sync` that match nothing.

use crate::support::Project;

const SERVER: &str = "#- pyproject.toml
[project]
name = \"server\"
requires-python = \">=3.11\"

[tool.pytest.ini_options]
asyncio_mode = \"auto\"
#- server/__init__.py
#- server/layer.py
import psycopg2


class Rows:
    def __init__(self, dsn):
        self.connection = psycopg2.connect(dsn)

    def get(self, key):
        return psycopg2.connect(key)

    def put(self, key):
        psycopg2.connect(key)

    def drop(self, key):
        psycopg2.connect(key)
#- server/api.py
import time

import boto3
from fastapi import FastAPI

from server.layer import Rows

app = FastAPI()


@app.get('/')
async def show(rows: Rows, db):
    time.sleep(1)
    db.one()
    db.two()
    db.three()
    return rows.get('a'), rows.put('a')
#- server/offline.py
import subprocess


def report():
    subprocess.run(['ls'])
#- tests/test_api.py
import pytest


async def test_show():
    pass
";

#[test]
fn a_project_is_looked_at_and_a_config_proposed() {
    let project = Project::new(SERVER);
    let run = project.run("init").returned(0);
    let text = run.text();
    for line in [
        "# Proposed by `awaitify init` for 5 Python files with 2 async functions.",
        "# A first run would change 1 file: move 3 blocking calls off the loop, make 0 functions async and await 0 calls.",
        "    \"time-sleep\",    # 1 call, 1 in async functions",
        "    \"fastapi\",       # imported by 1 file",
        "    \"pytest\",        # imported by 1 file, async tests run by pytest-asyncio in auto mode",
        "#   \"subprocess\": 1 call",
        "# Sync packages without a codemod: boto3 (1 file).",
        "# The project asks for Python >=3.11, which is the target by itself.",
        "# 3 of 3 public methods block, 2 calls, 2 in async functions from outside.",
        "class = \"server.layer.Rows\"",
        "# 3 calls on `db`, 3 in async functions.",
        "# receiver = \"db\"",
    ] {
        assert!(text.contains(line), "`{line}` is not in\n{text}");
    }
    assert!(!project.root().join("awaitify.toml").exists(), "it is only printed");

    project.run("init --write").returned(0).says(&["awaitify.toml", "awaitify diff"]);
    assert_eq!(project.text("awaitify.toml"), text);
    let diff = project.run("diff").returned(1).says(&["1 file to change: 3 blocking calls"]);
    assert!(diff.text().contains("+    return await asyncio.to_thread(rows.get, 'a')"), "{}", diff.text());
    assert!(!diff.text().contains("layer.py"), "the layer is left as it is");
    project.run("init --write").returned(2).says(&["awaitify.toml", "nothing was written"]);
    assert_eq!(project.text("awaitify.toml"), text);
    assert_eq!(project.run("init").returned(0).says(&["configures awaitify already"]).text(), text);
}

#[test]
fn a_config_in_pyproject_is_not_written_over() {
    let project = Project::new("#- pyproject.toml\n[tool.awaitify]\ncodemods = []\n#- a.py\n");
    project.run("init --write").returned(2).says(&["pyproject.toml"]);
    assert!(!project.root().join("awaitify.toml").exists());
}

const KEPT: &str = "#- shop/__init__.py
#- shop/cli.py
def main():
    return persistence.get('a')


class Shell:
    def run(self):
        return main()
";

#[test]
fn a_name_in_keep_sync_that_matches_nothing_is_an_error() {
    let with = |names: &str| {
        Project::new(&format!("#- awaitify.toml\ncodemods = [\"persistence\"]\nkeep_sync = [{names}]\n{KEPT}"))
    };
    for names in
        ["\"shop.cli.main\"", "\"shop.cli.*\"", "\"shop.*\"", "\"*.Shell.run\"", "\"*\"", "\"!shop.cli.mian\", \"*\""]
    {
        let run = with(names).run("diff");
        assert_ne!(run.code, 2, "{names}: {}", run.stderr);
    }
    with("\"shop.cli.main\", \"shop.cli.mian\"")
        .run("diff")
        .returned(2)
        .says(&["awaitify.toml:2:31: `keep_sync`: no function of the project is named `shop.cli.mian`; did you mean `shop.cli.main`?"]);
    with("\"shop.cmd.*\"").run("diff").returned(2).says(&["`shop.cmd.*`"]);
    let flag = Project::new(KEPT).run("diff --keep-sync shop.cli.Shell.ran").returned(2);
    assert!(flag.stderr.contains("command line: ") && flag.stderr.contains("`shop.cli.Shell.run`"), "{}", flag.stderr);
}

/// A layer whose handle belongs to one thread is told of, and its calls would be remarked on.
#[test]
fn a_layer_that_is_bound_to_a_thread_is_proposed_with_a_warning() {
    let store = "#- store.py
import sqlite3

class Store:
    def __init__(self):
        self.connection = sqlite3.connect('a.db')

    def get(self, key):
        return self.connection.execute('select ?', key).fetchone()

    def put(self, key):
        self.connection.execute('insert ?', key)

    def drop(self, key):
        self.connection.execute('delete ?', key)

async def main(store: Store):
    store.get(1), store.put(2), store.drop(3)
";
    let project = Project::new(&format!("#- pyproject.toml\n[project]\nname = 'a'\n{store}"));
    let proposed = project.run("init");
    assert!(proposed.text().contains("belongs to the thread that made it"), "{}", proposed.text());
    assert!(
        proposed.text().contains("# class = \"store.Store\"") && !proposed.text().contains("\nclass = \"store.Store\"")
    );
    let declared = Project::new(&format!("#- awaitify.toml\n[[blocking]]\nclass = 'store.Store'\n{store}"));
    declared.run("diff").says(&["AW405", "sqlite3 connection"]);
}

/// A project for a Python without `asyncio.to_thread` is told what keeps a first run from moving anything.
#[test]
fn an_old_target_is_told_of_with_what_to_change() {
    let code = "#- app.py\ndef load(path):\n    return open(path).name\n\nasync def main():\n    return load(1)\n";
    let old = Project::new(&format!("#- pyproject.toml\n[project]\nname = 'a'\nrequires-python = '>=3.7'\n{code}"));
    let proposed = old.run("init");
    assert!(proposed.text().contains("That has no `asyncio.to_thread`"), "{}", proposed.text());
    assert!(proposed.text().contains("\n# target-version = \"3.9\"\n"), "{}", proposed.text());
    let new = Project::new(&format!("#- pyproject.toml\n[project]\nname = 'a'\nrequires-python = '>=3.9'\n{code}"));
    assert!(!new.run("init").text().contains("asyncio.to_thread"));
}

/// `why` knows of the functions that keep their sync face, and of tests.
#[test]
fn why_tells_of_commands_and_tests() {
    let code = "#- app.py
import click

def load():
    return persistence.get(1)

@click.command()
def show():
    load()

async def main():
    load()
#- tests/test_app.py
from app import load

def test_load():
    load()
";
    let config = "#- awaitify.toml\ncodemods = ['persistence', 'click', 'pytest']\nexported = 'convert'\n";
    let project = Project::new(&format!("{config}{code}"));
    let text = project.run("why app.show").text().to_owned();
    assert!(
        text.contains("`app.show` (app.py:7) keeps its sync face over an async body: it calls `app.load`"),
        "{text}"
    );
    let text = project.run("why test_load").text().to_owned();
    assert!(text.contains("becomes async: it calls `app.load`"), "{text}");
}
