//! What pytest and unittest take for a test, and what a class needs to run async tests.

use super::super::World;
use crate::index::facts::*;
use crate::project::plugin::TestPlugin;
use crate::resolve::fixtures;
use crate::resolve::names::Meaning;

/// Bases of unittest that run async tests.
const ASYNC_BASES: [&str; 8] = [
    "unittest.IsolatedAsyncioTestCase",
    "unittest.async_case.IsolatedAsyncioTestCase",
    "django.test.TestCase",
    "django.test.SimpleTestCase",
    "django.test.TransactionTestCase",
    "django.test.testcases.TestCase",
    "django.test.testcases.SimpleTestCase",
    "django.test.testcases.TransactionTestCase",
];
/// The base that has an async twin.
const PLAIN_BASES: [&str; 2] = ["unittest.TestCase", "unittest.case.TestCase"];

/// What kind of test class a class is, by its bases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestCase {
    /// None of unittest's: pytest collects its methods.
    No,
    /// `unittest.TestCase`: the base expressions that name it.
    Plain(Vec<(ClassId, usize)>),
    /// Runs async tests as it is.
    Async,
    /// A test case from elsewhere; its dotted path.
    Foreign(String),
}

/// Looks through the bases of a class.
pub fn test_case(world: World, class: ClassId) -> TestCase {
    let mut plain = vec![];
    let mut found = TestCase::No;
    for ancestor in world.graph.hierarchy.ancestors(class) {
        for (at, base) in bases(world, ancestor) {
            let path = base.as_str();
            if PLAIN_BASES.contains(&path) {
                plain.push((ancestor, at));
            } else if ASYNC_BASES.contains(&path) || runs_async_tests(world, ancestor, path) {
                return TestCase::Async;
            } else if path.ends_with("TestCase") && found == TestCase::No {
                found = TestCase::Foreign(path.to_owned());
            }
        }
    }
    match found {
        TestCase::No if !plain.is_empty() => TestCase::Plain(plain),
        found => found,
    }
}

/// Does a class of the file with this base from elsewhere have async tests without a marker? Then the base runs them.
fn runs_async_tests(world: World, class: ClassId, base: &str) -> bool {
    if matches!(base, "builtins.object" | "abc.ABC") || base.starts_with("typing.") {
        return false;
    }
    let facts = world.index.file(class.file);
    let is_bare = |func: &FuncId| {
        let func = world.index.func(*func);
        func.is_async && func.name.starts_with("test") && func.decorators.is_empty()
    };
    let classes = (0..facts.classes.len() as u32).map(|index| ClassId { file: class.file, index });
    world.in_tests(class.file)
        && world.project.pytest.plugin != TestPlugin::AsyncioAuto
        && classes
            .filter(|other| world.index.class(*other).methods.iter().any(is_bare))
            .any(|other| other == class || bases(world, other).iter().any(|(_, path)| path == base))
}

/// The bases of a class that come from outside of the project, with their positions.
fn bases(world: World, class: ClassId) -> Vec<(usize, String)> {
    let names = world.names();
    let external = |meaning| match meaning {
        Meaning::External(path) => Some(path),
        _ => None,
    };
    let bases = world.index.class(class).bases.iter().enumerate();
    bases
        .filter_map(|(at, base)| Some((at, names.class_meanings(base.value).into_iter().find_map(external)?)))
        .collect()
}

/// The test cases among a class and its children: a mixin has its tests run by them.
pub fn test_cases(world: World, class: ClassId) -> Vec<TestCase> {
    world.graph.hierarchy.descendants(class).into_iter().map(|below| test_case(world, below)).collect()
}

/// The class whose methods the function is one of; the class around it for functions inside of methods.
pub fn class_of(world: World, func: FuncId) -> Option<ClassId> {
    world.index.func(func).class
}

/// Does pytest collect the function as a test of its own, with parameters that ask for fixtures? A method of a base class is
/// collected with the classes below it.
pub fn is_pytest_test(world: World, func: FuncId) -> bool {
    let facts = world.index.func(func);
    if !world.in_tests(func.file) || !facts.name.starts_with("test") || facts.parent.is_some() {
        return false;
    }
    let is_collected = match facts.class {
        None => is_collected(world, func.file),
        Some(class) => {
            let below = world.graph.hierarchy.descendants(class);
            below.iter().any(|class| is_collected(world, class.file))
                && below.iter().all(|class| test_case(world, *class) == TestCase::No)
        }
    };
    is_collected && fixtures::decorator(&world.names(), func).is_none()
}

/// Does pytest look for tests in the file?
fn is_collected(world: World, file: FileId) -> bool {
    let name = world.project.file(file).relative.rsplit('/').next().unwrap_or_default();
    name.starts_with("test") || name.ends_with("_test.py") || world.project.pytest.python_files.is_match(name)
}

/// Names that pytest and unittest call themselves, without awaiting the result.
pub fn is_sync_hook(world: World, func: FuncId) -> bool {
    let facts = world.index.func(func);
    let unittest = ["setUpClass", "tearDownClass", "setUpModule", "tearDownModule", "load_tests", "setUpTestData"];
    let pytest = ["setup", "teardown", "setup_method", "teardown_method", "setup_class", "teardown_class"];
    let module = ["setup_module", "teardown_module", "setup_function", "teardown_function"];
    let name = facts.name.as_str();
    if fixtures::decorator(&world.names(), func).is_some() || facts.parent.is_some() {
        return false;
    }
    unittest.contains(&name)
        || module.contains(&name)
        || name.starts_with("pytest_")
        || (pytest.contains(&name) && facts.class.is_some())
}
