//! Tests that take away what an event loop needs: `monkeypatch.setattr("socket.socket", refuse)`. They cannot run on one.

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::TextRange;

use super::super::World;
use super::super::cause::Cause;
use super::requested;
use crate::index::facts::*;
use crate::resolve::Site;
use crate::resolve::fixtures::{self, conftest_distance};

/// What a new loop is made with: a fixture that replaces it leaves no loop for the test.
const MAKES: [(&str, &str); 4] =
    [("socket", "socket"), ("socket", "socketpair"), ("socket", "create_connection"), ("os", "pipe")];

/// What a running loop uses, and its threads.
const RUNS: [(&str, &str); 4] = [
    ("threading", "Thread"),
    ("time", "monotonic"),
    ("concurrent.futures", "ThreadPoolExecutor"),
    ("queue", "SimpleQueue"),
];

/// Modules of which a loop uses everything.
const MODULES: [&str; 2] = ["select", "selectors"];

/// Methods of a test class that run on its loop, before the test.
const HOOKS: [&str; 2] = ["setUp", "setup_method"];

/// The fixtures that take something away, with its name.
pub(super) fn takers(world: World) -> BTreeMap<FuncId, String> {
    let all = world.graph.fixtures.all();
    all.filter_map(|(_, fixture)| Some((fixture, taken_for_a_new_loop(world, fixture)?))).collect()
}

/// What a test takes away: itself, the hook of its class, or a fixture that it gets.
pub(super) fn taken(world: World, takers: &BTreeMap<FuncId, String>, func: FuncId) -> Option<String> {
    let facts = world.index.func(func);
    let methods = facts.class.into_iter().flat_map(|class| world.index.class(class).methods.iter().copied());
    let hooks = methods.filter(|method| HOOKS.contains(&world.index.func(*method).name.as_str()));
    let mut own = hooks.chain([func]);
    own.find_map(|func| taken_from_a_running_loop(world, func)).or_else(|| taken_by_fixture(world, takers, func))
}

/// The async tests that take something away from the loop that runs them, in files that import code which waits more often than
/// before: `@patch("time.monotonic", side_effect=[1, 2])`.
pub(super) fn disturbed(world: World, is_moved: impl Fn(&Site) -> bool) -> BTreeMap<FuncId, Cause> {
    let tests = super::test_functions(world).into_iter().filter(|func| {
        let facts = world.index.func(*func);
        facts.is_async && facts.name.starts_with("test")
    });
    let mut found: BTreeMap<FuncId, Cause> = tests
        .filter_map(|func| Some((func, Cause::TakesFromLoop { name: taken_from_a_running_loop(world, func)? })))
        .collect();
    if !found.is_empty() {
        let sites = world.graph.sites.values().filter(|site| is_moved(site));
        let moved: BTreeSet<FileId> = sites.map(|site| site.id.file).collect();
        found.retain(|func, _| moved.contains(&func.file) || imports_one_of(world, func.file, &moved));
    }
    found
}

/// Does the file import one of these modules, or something of it?
fn imports_one_of(world: World, file: FileId, modules: &BTreeSet<FileId>) -> bool {
    let names = world.names();
    let is_one = |path: &str| world.index.modules.file(path).is_some_and(|module| modules.contains(&module));
    world.index.file(file).imports.iter().any(|import| {
        let Some(path) = names.absolute(file, import) else { return false };
        is_one(&path) || import.name.as_ref().is_some_and(|name| is_one(&format!("{path}.{name}")))
    })
}

fn taken_by_fixture(world: World, takers: &BTreeMap<FuncId, String>, func: FuncId) -> Option<String> {
    if takers.is_empty() {
        return None;
    }
    let used = takers.keys().copied().filter(|fixture| is_used_everywhere(world, *fixture, func));
    let mut pending: Vec<FuncId> = requested(world, func).into_iter().chain(used).collect();
    let mut seen = BTreeSet::new();
    while let Some(fixture) = pending.pop() {
        if let Some(name) = takers.get(&fixture) {
            return Some(name.clone());
        }
        if seen.insert(fixture) {
            pending.extend(requested(world, fixture));
        }
    }
    None
}

/// `@pytest.fixture(autouse=True)` that stands in the module, the class, or a `conftest.py` above.
fn is_used_everywhere(world: World, fixture: FuncId, func: FuncId) -> bool {
    let call = fixtures::decorator(&world.names(), fixture).and_then(|decorator| decorator.call);
    let is_autouse = call.is_some_and(|call| {
        world.index.call(call).args.iter().any(|argument| argument.keyword.as_deref() == Some("autouse"))
    });
    let class = world.index.func(fixture).class;
    let is_in_scope = match class {
        Some(class) => world.index.func(func).class == Some(class),
        None => fixture.file == func.file || conftest_distance(world.project, func.file, fixture.file).is_some(),
    };
    is_autouse && is_in_scope
}

fn taken_for_a_new_loop(world: World, func: FuncId) -> Option<String> {
    let facts = world.index.file(func.file);
    let range = facts[func].range;
    let refuses = facts.calls.iter().any(|call| {
        range.contains_range(call.range)
            && world.names().last_name(call.func) == Some("disable_socket")
            && call.args.is_empty()
    });
    let is_needed = |path: &(String, String)| is_one_of(path, &MAKES) || is_used(path);
    let replaced = replaced(world, func.file, range).into_iter().find(is_needed);
    replaced.map(|(module, name)| format!("{module}.{name}")).or_else(|| refuses.then(|| "socket.socket".into()))
}

fn taken_from_a_running_loop(world: World, func: FuncId) -> Option<String> {
    let replaced = replaced(world, func.file, world.index.func(func).range);
    replaced.into_iter().find(is_used).map(|(module, name)| format!("{module}.{name}"))
}

fn is_used(path: &(String, String)) -> bool {
    is_one_of(path, &RUNS) || MODULES.contains(&path.0.as_str())
}

fn is_one_of((module, name): &(String, String), all: &[(&str, &str)]) -> bool {
    all.iter().any(|(own, attribute)| own == module && attribute == name)
}

/// The module and the name of everything that is replaced in a range by `patch`, `patch.object` and `setattr`. A module that another one
/// imports is the same module: `patch("app.net.socket.socket")`.
fn replaced(world: World, file: FileId, range: TextRange) -> Vec<(String, String)> {
    let lookups = world.index.file(file).lookups.iter().filter(|lookup| range.contains_range(lookup.range));
    let path = |lookup: &Lookup| {
        let call = world.index.call(lookup.call);
        let replaces = matches!(world.names().last_name(call.func)?, "patch" | "object" | "setattr");
        let holder = match lookup.text.rsplit_once('.') {
            Some((holder, _)) => holder.to_owned(),
            None => world.names().dotted(call.args.first()?.value)?,
        };
        let known = holder == "concurrent.futures" || holder.ends_with(".concurrent.futures");
        let module = if known { "concurrent.futures" } else { holder.rsplit('.').next()? };
        replaces.then(|| (module.to_owned(), lookup.name.to_string()))
    };
    lookups.filter_map(path).collect()
}
