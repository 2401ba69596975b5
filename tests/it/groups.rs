//! Parts of a migration: every part leaves a working program, and the parts come to the whole.

use std::path::Path;

use awaitify::analysis;
use awaitify::config::flags::Flags;

use crate::support::{Project, run};

/// `save` and `load` block; `both` calls them, and `show` and `keep` are async.
const TWO: &str = "#- app.py
def load(key):
    return persistence.get(key)

def save(key):
    return persistence.put(key)

def both(key):
    return load(key), save(key)

def alone(key):
    return persistence.drop(key)

async def show(key):
    return both(key), alone(key)

async def keep(key):
    persistence.keep(key)
";

/// The lines that a diff adds, without the import.
fn added(project: &Project, line: &str) -> String {
    let diff = project.run(line).returned(1);
    let lines = diff.text().lines().filter_map(|line| line.strip_prefix('+').filter(|line| !line.starts_with("++")));
    lines.map(str::trim).filter(|line| !line.is_empty() && *line != "import asyncio").collect::<Vec<_>>().join("\n")
}

#[test]
fn one_function_brings_its_callers_and_nothing_else() {
    let project = Project::new(TWO);
    let expected = "async def load(key):\nreturn await asyncio.to_thread(persistence.get, key)\n\
                    async def both(key):\nreturn await load(key), save(key)\nreturn await both(key), alone(key)";
    for name in ["app.load", "app.lo*"] {
        assert_eq!(added(&project, &format!("diff --only {name}")), expected);
    }
    let expected = "await asyncio.to_thread(persistence.keep, key)";
    assert_eq!(added(&project, "diff --only app.keep"), expected);
    let run = project.run("diff --only app.laod").returned(2);
    run.says(&["nothing that changes is named `app.laod`; did you mean `app.load`?"]);
}

#[test]
fn what_is_left_out_is_not_offloaded_in_its_place() {
    let project = Project::new(TWO);
    let run = project.run("diff --only app.alone").returned(1);
    run.says(&["1 of 5 groups chosen, with 1 function; 4 functions left for later"]);
    let expected = "async def alone(key):\nreturn await asyncio.to_thread(persistence.drop, key)\n\
                    return both(key), await alone(key)";
    assert_eq!(added(&project, "diff --only app.alone"), expected);
}

#[test]
fn pieces_are_as_small_as_asked_and_come_to_the_whole() {
    let whole = Project::new(TWO);
    whole.run("apply --allow-dirty").returned(0);
    for flags in ["--max-functions 1", "--max-functions 2", "--max-functions 2 --leaf-first"] {
        let project = Project::new(TWO);
        let mut rounds = 0;
        while project.run("diff").code == 1 {
            let diff = project.run(&format!("diff {flags}")).returned(1);
            let count = diff.text().lines().filter(|line| line.starts_with("+async def")).count();
            assert!((0..=2).contains(&count), "{}", diff.text());
            project.run(&format!("apply --allow-dirty {flags}")).returned(0);
            rounds += 1;
            assert!(rounds <= 5, "{flags} comes to an end");
        }
        assert!(rounds >= 2);
        assert_eq!(project.text("app.py"), whole.text("app.py"), "{flags}");
    }
}

#[test]
fn the_list_of_groups_says_what_can_be_typed() {
    let listing = "groups:
  app.load: `app.load` becomes async, with 1 function around it
  app.save: `app.save` becomes async, with 1 function around it
  app.alone: `app.alone` becomes async
  app.keep: blocking calls in `app.keep`
";
    Project::new(TWO).run("diff -v").says(&[listing]);
    let json = Project::new(TWO).run("diff --format json --only app.load");
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let chosen = json["groups"].as_array().expect("groups").iter().filter(|group| group["chosen"] == true);
    assert_eq!(chosen.map(|group| group["id"].as_str().expect("an id")).collect::<Vec<_>>(), ["app.load", "app.both"]);
}

/// Every group of the example with what it needs, and each such part together with the one before it, passes all checks.
#[test]
fn every_part_of_the_shop_is_verified() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let mut analysis = analysis::analyze(&[shop], &Flags::default()).expect("it is analyzed");
    analysis::rewrite_all(&mut analysis).expect("it is rewritten");
    let groups = analysis.groups();
    assert!(groups.len() > 20);
    let mut last = vec![];
    for start in 0..groups.len() {
        let closed = closed(&groups, start);
        for part in [closed.clone(), [closed.clone(), last].concat()] {
            let functions: Vec<_> = part.iter().flat_map(|at| groups[*at].functions.clone()).collect();
            analysis.choose(functions.iter().copied());
            let rewritten = analysis::rewrite_all(&mut analysis).expect("it is rewritten");
            let failures = analysis::verify_all(&analysis, &rewritten);
            assert!(failures.is_empty(), "{part:?}: {failures:?}");
            let world = analysis.world();
            let converts = analysis.verdicts.converts.keys().filter(|func| !world.in_tests(func.file));
            assert!(converts.copied().all(|func| functions.contains(&func)));
        }
        last = closed;
    }
}

fn closed(groups: &[awaitify::plan::groups::Group], start: usize) -> Vec<usize> {
    let mut found = vec![start];
    let mut next = 0;
    while next < found.len() {
        let needs = groups[found[next]].needs.iter().filter(|needed| !found.contains(needed)).copied();
        found.extend(needs.collect::<Vec<_>>());
        next += 1;
    }
    found
}

#[test]
fn tests_follow_the_part_that_was_chosen() {
    let project = Project::new(
        "#- app.py
def load(key):
    return persistence.get(key)

def save(key):
    return persistence.put(key)

async def show(key):
    return load(key), save(key)
#- tests/test_app.py
from app import load, save

def read(key):
    return load(key)

def test_load():
    assert read(1)

def test_save():
    assert save(1)

def test_both():
    assert load(1) and save(1)
",
    );
    let after = project.copy();
    after.run("apply --allow-dirty --only app.load").returned(0);
    assert_eq!(
        after.text("tests/test_app.py"),
        "import pytest
from app import load, save

async def read(key):
    return await load(key)

@pytest.mark.asyncio
async def test_load():
    assert await read(1)

def test_save():
    assert save(1)

@pytest.mark.asyncio
async def test_both():
    assert await load(1) and save(1)
"
    );
    let rest = after.copy();
    rest.run("apply --allow-dirty").returned(0);
    project.run("apply --allow-dirty").returned(0);
    assert_eq!(rest.text("tests/test_app.py"), project.text("tests/test_app.py"));
    run(&project.root(), &["diff"], b"").returned(0);
}
