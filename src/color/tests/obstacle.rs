//! What keeps a function of a test from becoming async, whatever its sites.

use super::super::World;
use super::super::boundary::{self, COLORLESS};
use super::super::cause::Cause;
use super::super::shape;
use super::framework::{self, TestCase};
use crate::index::facts::*;
use crate::plan::is_asyncio_run;
use crate::resolve::boundary::{decorator_accepts_async, decorator_name, is_property};
use crate::resolve::{Fake, decorator, fixtures};

/// Packages whose decorators take async tests. (`requests_mock`, `hypothesis` and `moto` call the test and drop its coroutine.)
const FRAMEWORKS: [&str; 13] = [
    "pytest",
    "_pytest",
    "pytest_asyncio",
    "anyio",
    "unittest",
    "mock",
    "freezegun",
    "responses",
    "respx",
    "vcr",
    "parameterized",
    "time_machine",
    "flaky",
];

/// Why `func` cannot become async; none when it can. `follows`: one of the code that it overrides does.
pub(super) fn cause(world: World, func: FuncId, demand: &Cause, follows: bool) -> Option<Cause> {
    let facts = world.index.func(func);
    if is_fixed(world, func.file) {
        return Some(Cause::NotEditable);
    }
    if facts.keep {
        return Some(Cause::KeepComment);
    }
    if world.config.keep_sync.matches(&world.names().qualified_func(func)) {
        return Some(Cause::KeepSync);
    }
    if is_property(world.index, func) {
        return Some(Cause::Property);
    }
    let is_renamed = follows && shape::async_twin(&facts.name).is_some();
    if facts.name.starts_with("__") && facts.name.ends_with("__") && facts.name != "__call__" && !is_renamed {
        return Some(Cause::Dunder);
    }
    if framework::is_sync_hook(world, func) {
        return Some(Cause::TestHook { name: facts.name.to_string() });
    }
    let is_fixture = fixtures::decorator(&world.names(), func).is_some();
    let generator = match is_fixture {
        // pytest takes one element, and closes nothing early.
        true => facts.traits.is_coroutine_like_generator.then_some(Cause::Generator),
        false => boundary::generator(world, func),
    };
    if generator.is_some() {
        return generator;
    }
    decorators(world, func).or_else(|| base(world, func)).or_else(|| runs_loop(world, func, demand))
}

/// The method of the code that a double overrides, when it stays sync and the code calls it: `for x in self.model.run():` gets
/// no iterator from an `async def run` of a test.
pub(super) fn sync_base(world: World, func: FuncId, is_coroutine: impl Fn(FuncId) -> bool) -> Option<Cause> {
    let facts = world.index.func(func);
    let above = world.graph.hierarchy.above(world.index, facts.class?, &facts.name).into_iter();
    let mut staying = above.filter(|member| !world.in_tests(member.file) && !is_coroutine(*member));
    let member = staying.next()?;
    let in_code = world.index.refs_of(&facts.name).iter().filter(|id| !world.in_tests(id.file));
    let mut called = in_code.filter(|id| matches!(world.index.site(**id).usage, Usage::Called(_)));
    called.next().map(|_| Cause::Family { member })
}

/// Is the file not to be edited?
pub(super) fn is_fixed(world: World, file: FileId) -> bool {
    !world.project.file(file).editable
}

fn decorators(world: World, func: FuncId) -> Option<Cause> {
    let facts = world.index.func(func);
    let is_handed = world.graph.fakes.values().flatten().any(|fake| *fake == Fake::Func(func));
    for decorator in &facts.decorators {
        let name = decorator_name(world.index, decorator).unwrap_or("?");
        let path = world.names().dotted(decorator.value).unwrap_or_default();
        let root = path.split('.').next().unwrap_or_default();
        if name == "contextmanager" && facts.traits.is_generator && facts.decorators.len() == 1 {
            continue;
        }
        let is_own = is_handed && world.index.funcs_of(name).iter().any(|func| !world.in_tests(func.file));
        let known = is_own || FRAMEWORKS.contains(&root) || COLORLESS.contains(&name);
        if !known
            && !decorator::passes(&world.names(), decorator, |func| world.graph.may_convert(func))
            && !decorator_accepts_async(&world.names(), world.config, decorator)
        {
            return Some(Cause::Decorator { name: name.to_owned() });
        }
    }
    None
}

/// A test case from elsewhere that is not known to run async tests.
fn base(world: World, func: FuncId) -> Option<Cause> {
    let facts = world.index.func(func);
    if !facts.name.starts_with("test") && !matches!(facts.name.as_str(), "setUp" | "tearDown") {
        return None;
    }
    let class = framework::class_of(world, func)?;
    let (mut foreign, mut fixed) = (None, false);
    for case in framework::test_cases(world, class) {
        match case {
            TestCase::Foreign(path) => foreign = Some(path),
            TestCase::Plain(bases) => fixed |= bases.iter().any(|(class, _)| is_fixed(world, class.file)),
            TestCase::No | TestCase::Async => {}
        }
    }
    match foreign {
        Some(path) => Some(Cause::TestBase { path }),
        None if fixed => Some(Cause::NotEditable),
        None => None,
    }
}

/// A loop inside a loop: what `asyncio.run(x)` ran is awaited; other runners cannot follow.
fn runs_loop(world: World, func: FuncId, demand: &Cause) -> Option<Cause> {
    let facts = world.index.file(func.file);
    let only_asks = matches!(demand, Cause::AsksFor { .. });
    facts.calls.iter().filter(|call| facts[call.context].func == Some(func)).find_map(|call| {
        let name = world.names().last_name(call.func)?;
        let runs = match name {
            "run" => is_asyncio_run(world, call) && (only_asks || call.args.len() != 1),
            "run_until_complete" => only_asks || call.args.len() != 1,
            "run_forever" => true,
            // Click's and typer's test runners: the command may run a loop.
            "invoke" => only_asks,
            _ => false,
        };
        runs.then(|| Cause::RunsLoop { name: name.to_owned() })
    })
}
