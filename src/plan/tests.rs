//! What a test framework needs besides `async def`: markers, fixtures of the plugin, base classes, and names.

use std::collections::BTreeSet;

use super::{Action, Plan};
use crate::color::shape::Adaptation;
use crate::color::tests::framework::{self, TestCase};
use crate::color::tests::site;
use crate::color::{SiteVerdict, Verdicts, World};
use crate::error::Problem;
use crate::index::facts::*;
use crate::project::plugin::TestPlugin;
use crate::resolve::fixtures;

/// Plans what the converted tests need.
pub(super) fn plan(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    let plugin = plugin(world);
    // A module that tests load by its name may stand with the code.
    for func in verdicts.converts.keys() {
        fixture(world, plugin, *func, plan.entry(func.file).or_default());
    }
    let mut bases = BTreeSet::new();
    for func in verdicts.tests.converts.keys() {
        let actions = plan.entry(func.file).or_default();
        if let Some(marker) =
            marker(plugin).filter(|_| framework::is_pytest_test(world, *func) && !is_marked(world, *func))
        {
            actions.push(Action::Decorator { function: world.index.func(*func).range, decorator: marker.into() });
        }
        fixture(world, plugin, *func, actions);
        loops(world, *func, actions);
        renamed_hook(world, verdicts, *func, actions);
        if let Some(class) = framework::class_of(world, *func).filter(|_| is_run_by_unittest(world, *func)) {
            for case in framework::test_cases(world, class) {
                if let TestCase::Plain(found) = case {
                    bases.extend(found);
                }
            }
        }
    }
    for (class, at) in bases {
        let name = world.index.class(class).bases[at].range;
        let to = "unittest.IsolatedAsyncioTestCase".to_owned();
        plan.entry(class.file).or_default().push(Action::RenameImported { name, to });
    }
    for (id, verdict) in verdicts.sites.iter().filter(|(id, _)| world.in_tests(id.file)) {
        if *verdict == SiteVerdict::Await {
            plan.entry(id.file).or_default().extend(around(world, *id));
        }
        if let SiteVerdict::Adapt(Adaptation::Next { .. }) = verdict
            && let Some(Usage::Argument { call, .. }) = world.result_usage(*id)
            && site::iterated(world, call).is_some()
        {
            let name = world.index.call(call).func_range;
            plan.entry(id.file).or_default().push(Action::Rename { name, to: "aiter".into() });
        }
        plan.entry(id.file).or_default().extend(renamed_call(world, verdicts, *id, verdict));
    }
}

/// The plugin of the project, by its configuration, else by what its tests use already.
pub fn plugin(world: World) -> TestPlugin {
    match world.project.pytest.plugin {
        TestPlugin::Missing if world.index.words.files("pytest_asyncio").len() > 0 => TestPlugin::AsyncioStrict,
        TestPlugin::Missing if world.index.words.files("anyio_backend").len() > 0 => TestPlugin::Anyio,
        plugin => plugin,
    }
}

fn marker(plugin: TestPlugin) -> Option<&'static str> {
    match plugin {
        TestPlugin::AsyncioAuto => None,
        TestPlugin::AsyncioStrict | TestPlugin::Missing => Some("pytest.mark.asyncio"),
        TestPlugin::Anyio => Some("pytest.mark.anyio"),
    }
}

/// Remarks on tests that need something that awaitify does not write.
pub fn problems(world: World, verdicts: &Verdicts) -> Vec<Problem> {
    let is_test = |func: &FuncId| framework::is_pytest_test(world, *func);
    if plugin(world) != TestPlugin::Missing || !verdicts.tests.converts.keys().any(is_test) {
        return vec![];
    }
    let message = "the tests become async, and no plugin that runs async tests is named: add `pytest-asyncio` to what the \
                   tests need (with `asyncio_mode = \"auto\"` under `[tool.pytest.ini_options]`, no marker is written)";
    vec![Problem::whole_file("pyproject.toml", message)]
}

/// A marker on the function, its class or its module does for it.
fn is_marked(world: World, func: FuncId) -> bool {
    let facts = world.index.func(func);
    let marks = |decorator: &Decorator| {
        let path = world.names().dotted(decorator.value).unwrap_or_default();
        path.ends_with("mark.asyncio") || path.ends_with("mark.anyio") || path.ends_with("mark.trio")
    };
    let file = world.index.file(func.file);
    let in_module = file[ScopeId { file: func.file, index: 0 }]
        .bindings_of("pytestmark")
        .iter()
        .any(|binding| matches!(binding.bound, Bound::Value(value) if mentions_plugin(world, value)));
    let class = facts.class.map(|class| world.index.class(class));
    facts.decorators.iter().any(marks)
        || class.is_some_and(|class| {
            let own = file[class.scope].bindings_of("pytestmark");
            class.decorators.iter().any(marks)
                || own
                    .iter()
                    .any(|binding| matches!(binding.bound, Bound::Value(value) if mentions_plugin(world, value)))
        })
        || in_module
}

fn mentions_plugin(world: World, value: ValueId) -> bool {
    match world.index.value(value) {
        Value::Elements(values) => values.iter().any(|value| mentions_plugin(world, *value)),
        _ => matches!(world.names().last_name(value), Some("asyncio" | "anyio" | "trio")),
    }
}

/// pytest-asyncio takes async fixtures by its own decorator, unless its mode is `auto`.
fn fixture(world: World, plugin: TestPlugin, func: FuncId, actions: &mut Vec<Action>) {
    let Some(decorator) = fixtures::any_decorator(&world.names(), func) else { return };
    let own = matches!(plugin, TestPlugin::AsyncioStrict | TestPlugin::Missing) && !decorator.is_asyncio;
    if own {
        actions.push(Action::RenameImported { name: decorator.range, to: "pytest_asyncio.fixture".into() });
    }
}

/// `loop.run_until_complete(c())` in a test that runs on a loop now.
fn loops(world: World, func: FuncId, actions: &mut Vec<Action>) {
    let facts = world.index.file(func.file);
    let names = world.names();
    let own = facts.calls.iter().filter(|call| facts[call.context].func == Some(func) && call.args.len() == 1);
    let runs = own.filter(|call| names.last_name(call.func) == Some("run_until_complete"));
    actions.extend(runs.map(|call| Action::UnwrapRun { call: call.range }));
}

/// Does unittest call the function by its name?
fn is_run_by_unittest(world: World, func: FuncId) -> bool {
    let name = &world.index.func(func).name;
    name.starts_with("test") || twin(name).is_some()
}

/// unittest's names for the async forms.
fn twin(name: &str) -> Option<&'static str> {
    match name {
        "setUp" => Some("asyncSetUp"),
        "tearDown" => Some("asyncTearDown"),
        _ => None,
    }
}

/// Is the function a `setUp` or `tearDown` that has another name when it is async?
fn hook_twin(world: World, verdicts: &Verdicts, func: FuncId) -> Option<&'static str> {
    let facts = world.index.func(func);
    let to = twin(&facts.name).filter(|_| verdicts.tests.converts.contains_key(&func))?;
    let cases = framework::test_cases(world, facts.class?);
    cases.iter().any(|case| *case != TestCase::No).then_some(to)
}

/// `def setUp` to `async def asyncSetUp`, and `super().setUp()` in it to `await super().asyncSetUp()`.
fn renamed_hook(world: World, verdicts: &Verdicts, func: FuncId, actions: &mut Vec<Action>) {
    let Some(to) = hook_twin(world, verdicts, func) else { return };
    let facts = world.index.func(func);
    actions.push(Action::Rename { name: facts.name_range, to: to.into() });
    for id in world.index.refs_of(&facts.name) {
        let site = world.index.site(*id);
        let own = id.file == func.file && world.context(*id).func == Some(func);
        let Usage::Called(call) = site.usage else { continue };
        let of_super = site.receiver.is_some_and(|receiver| world.names().last_name(receiver) == Some("super"));
        // What a class outside of the project defines is no site.
        if own && of_super && !world.graph.sites.contains_key(id) {
            actions.push(Action::Rename { name: site.name_range, to: to.into() });
            actions.push(Action::Await { call: world.index.call(call).range });
        }
    }
}

/// A call of a `setUp` that has another name now.
fn renamed_call(world: World, verdicts: &Verdicts, id: RefId, verdict: &SiteVerdict) -> Option<Action> {
    if !matches!(verdict, SiteVerdict::Await) {
        return None;
    }
    let targets = &world.graph.sites.get(&id)?.targets;
    let to = targets.iter().find_map(|target| hook_twin(world, verdicts, *target))?;
    Some(Action::Rename { name: world.index.site(id).name_range, to: to.into() })
}

/// A lambda around an awaited call that is expected to raise.
fn around(world: World, id: RefId) -> Option<Action> {
    let call = site::raises_lambda(world, &world.graph.sites[&id])?;
    Some(Action::Raises { call: world.index.call(call).range })
}
