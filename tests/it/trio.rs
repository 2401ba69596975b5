//! Programs that run on trio: nothing of `asyncio` may be put where trio may run it.

use crate::support::*;

const PROJECT: &str = "#- onloop.py
import asyncio
from store import load

async def run(key):
    await asyncio.sleep(0)
    return load(key)
#- ontrio.py
import trio
from store import load

async def run(key):
    await trio.sleep(0)
    return load(key)

async def get(key):
    return persistence.get(key)
#- both.py
async def run(key):
    return persistence.get(key)
#- two.py
import asyncio
import trio

async def on_loop(key):
    await asyncio.sleep(0)
    return persistence.get(key)

async def on_trio(key):
    await trio.sleep(0)
    return persistence.get(key)
#- store.py
class Store:
    def __init__(self):
        self.rows = persistence.get('rows')

def load(key):
    return Store().rows
";

#[test]
fn nothing_of_asyncio_is_put_where_trio_may_run_it() {
    let project = Project::new(PROJECT);
    check_round(&project);
    let run = project.run("diff").returned(1).says(&["on trio", "offload = \"anyio\"", "ontrio.py:9", "both.py:2"]);
    assert!(run.text().contains("+    return await asyncio.to_thread(load, key)"), "{}", run.text());
    assert!(run.text().contains("+    return await asyncio.to_thread(persistence.get, key)"), "{}", run.text());
    assert_eq!(run.text().matches("\n+    return await").count(), 2, "{}", run.text());
    assert!(!run.text().contains("ontrio.py") && !run.text().contains("both.py"), "{}", run.text());
}

#[test]
fn anyio_runs_on_both() {
    let project =
        Project::new(&format!("#- awaitify.toml\ncodemods = [\"persistence\"]\noffload = \"anyio\"\n{PROJECT}"));
    check_round(&project);
    let run = project.run("diff").returned(1);
    for file in ["onloop.py", "ontrio.py", "both.py", "two.py"] {
        assert!(run.text().contains(&format!("+++ b/{file}")), "{}", run.text());
    }
}

/// Tests for trio make no program that runs on it.
#[test]
fn only_the_tests_of_trio_are_left() {
    let project = Project::new(
        "#- app.py
async def run(key):
    return persistence.get(key)
#- test_app.py
import trio
from app import run

async def test_run():
    await trio.sleep(0)
    assert persistence.get('a') == await run('a')
",
    );
    let run = project.run("diff").returned(1);
    assert!(run.text().contains("+++ b/app.py") && !run.text().contains("test_app.py"), "{}", run.text());
}
