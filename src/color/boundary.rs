//! Functions that cannot convert, whoever calls them (DESIGN section 7).

use std::collections::BTreeSet;

use super::World;
use super::beside::{decorates, has_twin, is_half_a_pair, replaced_below};
use super::bridge;
use super::by_base::{called_by_base, is_dunder, is_run_unseen};
use super::cause::Cause;
use super::frameworks;
use super::iteration;
use super::outside;
use super::shape::{Shape, becomes_async_def, delegations, shape, shape_of_targets};
use super::tests::framework;
use crate::config::Uncertain;
use crate::index::facts::*;
use crate::project::{PYTEST, Plugin};
use crate::resolve::SiteKind;
use crate::resolve::boundary::{decorator_accepts_async, decorator_name, is_property};
use crate::resolve::decorator;
use crate::resolve::fixtures;
use crate::resolve::hierarchy;
use crate::resolve::intercepted::is_intercepted;

/// Decorators that do not care about the color of a function.
pub(super) const COLORLESS: [&str; 11] = [
    "staticmethod",
    "classmethod",
    "abstractmethod",
    "override",
    "final",
    "overload",
    "no_type_check",
    "deprecated",
    "wraps",
    "singledispatch",
    "singledispatchmethod",
];

/// What keeps `func` sync by itself; none when nothing does.
pub fn cause(world: World, func: FuncId) -> Option<Cause> {
    let facts = world.index.func(func);
    let file = world.project.file(func.file);
    if world.graph.layer.contains(&func) {
        return Some(Cause::Layer);
    }
    if facts.lambda.is_some() {
        return lambda(world, func);
    }
    if facts.keep {
        return Some(Cause::KeepComment);
    }
    if let Some(member) = below_kept(world, facts) {
        return Some(Cause::Family { member });
    }
    if world.config.keep_sync.matches(&world.names().qualified_func(func)) {
        return Some(Cause::KeepSync);
    }
    if !file.editable {
        let is_declaration = world.index.modules.described_by(func.file).is_some();
        return Some(if is_declaration { Cause::StubFile } else { Cause::NotEditable });
    }
    if is_property(world.index, func) {
        return Some(Cause::Property);
    }
    if world.config.uncertain == Uncertain::Block
        && let Some(call) = world.graph.text_calls.get(&func)
    {
        return Some(Cause::CalledInText { call: call.clone() });
    }
    if is_run_unseen(world, func) {
        return Some(Cause::RunUnseen);
    }
    if is_dunder(&facts.name)
        && !matches!(facts.name.as_str(), "__enter__" | "__exit__" | "__iter__" | "__next__" | "__call__")
    {
        return Some(Cause::Dunder);
    }
    if let Some(site) = decorates(world, facts) {
        return Some(Cause::Escapes { site });
    }
    if let Some(class) = replaced_below(world, func) {
        return Some(Cause::Replaced { class });
    }
    if is_half_a_pair(world, facts) {
        return Some(Cause::Dunder);
    }
    if let Some(site) = world.graph.crowded.get(&func) {
        return Some(Cause::RunsMany { site: *site });
    }
    if let Some(protocol) = world.graph.declared_for_many.get(&func) {
        return Some(Cause::DeclaredForMany { protocol: *protocol });
    }
    if let Some(hook) = intercepted(world, facts) {
        return Some(Cause::Intercepted { hook });
    }
    if has_twin(world, facts) {
        return Some(Cause::HasTwin);
    }
    if let Some(cause) = iteration::cause(world, func) {
        return Some(cause);
    }
    if facts.name == "_" {
        return Some(Cause::Nameless);
    }
    if facts.traits.raises_stop_iteration && !facts.traits.is_generator && facts.name != "__next__" {
        return Some(Cause::StopsIteration { func });
    }
    if let Some(cause) = decorators(world, facts) {
        return Some(cause);
    }
    if let Some(cause) = generator(world, func) {
        return Some(cause);
    }
    let family = world.graph.family_of(func).chain([&func]);
    if let Some(call) = family.into_iter().find_map(|member| world.graph.passed_on.get(member)) {
        return Some(Cause::PassedOn { call: *call });
    }
    if called_by_test_runner(world, func) {
        return Some(Cause::CalledByTestRunner);
    }
    let is_accepted = frameworks::take_override(world, func);
    if let Some(path) = world.graph.overrides_external.get(&func)
        && !is_accepted
    {
        return Some(Cause::OverridesExternal { path: path.clone() });
    }
    if world.graph.awaitable_returns.contains_key(&func) && !every_call_awaits(world, func) {
        return Some(Cause::ReturnsAwaitable);
    }
    // Who calls it from outside was told by the codemod.
    if world.graph.family_of(func).chain([&func]).any(|member| world.graph.declared.contains_key(member)) {
        return None;
    }
    if is_shipped_fixture(world, func) {
        return Some(Cause::Exported);
    }
    let accepted = |decorator| decorator_accepts_async(&world.names(), world.config, decorator);
    if is_accepted || facts.decorators.iter().any(accepted) {
        return None;
    }
    let given_outside = || {
        let (file, range) = *world.graph.given_outside.get(&func)?;
        Some(Cause::GivenOutside { file, range })
    };
    entry_point(world, func)
        .or_else(|| outside::cause(world, func))
        .or_else(given_outside)
        .or_else(|| called_by_base(world, func))
        .or_else(|| exported(world, func))
}

/// The `__getattribute__` of a class below or above that hands out something else in the place of the method.
fn intercepted(world: World, facts: &Func) -> Option<FuncId> {
    let class = facts.class?;
    let mut hooks = world.graph.intercepting.iter();
    hooks.find(|(_, own)| is_intercepted(&world.graph.hierarchy, class, **own)).map(|(hook, _)| *hook)
}

/// What the method overrides of a class that a codemod would replace, and that stays: what is below is a family with it again.
fn below_kept(world: World, facts: &Func) -> Option<FuncId> {
    let class = facts.class.filter(|_| !world.kept.is_empty())?;
    let entries = &world.graph.renames.entries;
    let kept: BTreeSet<ClassId> = world.kept.keys().flat_map(|number| entries[*number].classes()).collect();
    let above = world.graph.hierarchy.ancestors(class).into_iter().filter(|id| *id != class && kept.contains(id));
    above.into_iter().find_map(|id| hierarchy::method(world.index, id, &facts.name))
}

fn is_fixture(world: World, func: FuncId) -> bool {
    fixtures::any_decorator(&world.names(), func).is_some()
}

/// Is it a fixture that stands with the code and that nothing in the project asks for? It is for the tests of whoever installs the package.
fn is_shipped_fixture(world: World, func: FuncId) -> bool {
    let name = &world.index.func(func).name;
    !world.in_tests(func.file) && is_fixture(world, func) && world.index.words.files(name).all(|file| file == func.file)
}

/// Does the package name the function, or its class, for something that finds it by its name and calls it?
fn entry_point(world: World, func: FuncId) -> Option<Cause> {
    let names = world.names();
    if bridge::is_script(world, func) {
        return Some(Cause::EntryPoint { group: "console_scripts".to_owned() });
    }
    let facts = world.index.func(func);
    if world.project.plugins.is_empty() {
        return None;
    }
    let paths = [Some(names.qualified_func(func)), facts.class.map(|class| names.qualified_class(class))];
    let is_hidden = facts.class.is_some() && (facts.name.starts_with('_') || is_called(world, func));
    let plugins = world.project.plugins.iter().filter(|_| !is_hidden);
    let names_it = |plugin: &&Plugin| match plugin.group.as_str() {
        // For the tests of whoever installs the package.
        PYTEST => plugin.path == world.project.file(func.file).module && is_fixture(world, func),
        _ => paths.iter().flatten().any(|path| *path == plugin.path),
    };
    let found = plugins.into_iter().find(names_it)?;
    Some(Cause::EntryPoint { group: found.group.clone() })
}

/// A lambda can hand on the one awaitable that its body gives, or become a definition before its statement.
fn lambda(world: World, func: FuncId) -> Option<Cause> {
    if !world.project.file(func.file).editable {
        return Some(Cause::NotEditable);
    }
    let facts = world.index.func(func);
    let (Some(used), Some(lambda)) = (world.graph.lambdas.get(&func), facts.lambda) else { return Some(Cause::Lambda) };
    let hands_on = hands_on_awaitable(world, func);
    let can_hoist = lambda.is_hoistable && !world.vetoes.contains(&(func.file, facts.range));
    let is_lost = used.lost_at.is_some() || world.graph.crowded.contains_key(&func);
    (is_lost || !hands_on && !can_hoist).then_some(Cause::Lambda)
}

/// Does the lambda give the awaitable of its body to who calls it? The body is one call, and nothing inside of it awaits.
pub fn hands_on_awaitable(world: World, func: FuncId) -> bool {
    let (Some(used), Some(lambda)) = (world.graph.lambdas.get(&func), world.index.func(func).lambda) else {
        return false;
    };
    if used.is_accepted {
        return false;
    }
    let mut sites =
        world.graph.sites_in_file(func.file).filter(|site| world.owner(site.id) == Some(func) && site.kind.runs());
    let (Some(site), None) = (sites.next(), sites.next()) else { return false };
    let is_plain = matches!(site.kind, SiteKind::Call | SiteKind::Blocking { native: None, .. });
    let whole = match world.index.site(site.id).usage {
        Usage::Called(call) => world.index.call(call).range == lambda.body,
        _ => false,
    };
    is_plain && whole && shape_of_targets(world, site) == Some(Shape::Coroutine)
}

/// Generators that no async generator can stand for: they take values, return one, or hold something open while a consumer
/// may leave early. And what is in one family with a generator and is none.
pub(super) fn generator(world: World, func: FuncId) -> Option<Cause> {
    let facts = world.index.func(func);
    let shape = shape(world, func);
    if !becomes_async_def(world, func) && shape != Shape::Iterable {
        return (!facts.traits.is_stub).then_some(Cause::Generator);
    }
    if delegations(world, func).into_iter().any(|statement| world.vetoes.contains(&(func.file, statement))) {
        return Some(Cause::Generator);
    }
    match shape {
        Shape::Manager => facts.traits.is_coroutine_like_generator.then_some(Cause::ContextManager),
        Shape::Generator => {
            let returns = !facts.returns.is_empty();
            (facts.traits.is_coroutine_like_generator || returns).then_some(Cause::Generator)
        }
        Shape::Coroutine | Shape::Entered | Shape::Iterable | Shape::Next => None,
    }
}

fn decorators(world: World, func: &Func) -> Option<Cause> {
    for decorator in &func.decorators {
        let name = decorator_name(world.index, decorator).unwrap_or("?");
        let alone = func
            .decorators
            .iter()
            .filter_map(|other| decorator_name(world.index, other))
            .all(|other| other == "contextmanager" || COLORLESS.contains(&other));
        if name == "contextmanager" && func.traits.is_generator && alone {
            continue;
        }
        if COLORLESS.contains(&name)
            || decorator_accepts_async(&world.names(), world.config, decorator)
            || decorator::passes(&world.names(), decorator, |func| world.graph.may_convert(func))
            || world.graph.followed_decorators.contains(&decorator.value)
            || decorator::registers_with(&world.names(), decorator).is_some()
        {
            continue;
        }
        return Some(Cause::Decorator { name: name.to_owned() });
    }
    None
}

/// Every call of the function awaits its result at once.
pub fn every_call_awaits(world: World, func: FuncId) -> bool {
    let mut sites = world.graph.sites_of(func).to_vec();
    sites.retain(|id| !world.in_tests(id.file));
    !sites.is_empty() && sites.iter().all(|id| world.result_usage(*id) == Some(Usage::Awaited))
}

/// A hook, or a test, in a file that is no test file itself: a suite that others inherit. The runner finds it by its name
/// and awaits nothing, whatever `super()` calls there are. Test files have rules of their own.
fn called_by_test_runner(world: World, func: FuncId) -> bool {
    let facts = world.index.func(func);
    if world.in_tests(func.file) {
        return false;
    }
    let common = matches!(facts.name.as_str(), "setup" | "teardown");
    let is_called_by_name = || world.graph.family_of(func).chain([&func]).any(|member| is_called(world, *member));
    let is_hook = framework::is_sync_hook(world, func) && !(common && is_called_by_name());
    let in_suite = facts.class.is_some_and(|class| is_suite(world, class));
    is_hook || in_suite && facts.name.starts_with("test_") && !is_called(world, func)
}

/// Is the class made for tests: by its name, or because tests inherit from it? An application may have a method
/// `test_connection`.
fn is_suite(world: World, class: ClassId) -> bool {
    let name = &world.index.class(class).name;
    let below = world.graph.hierarchy.descendants(class);
    ["Test", "Suite", "Fixture"].iter().any(|word| name.contains(word))
        || below.iter().any(|class| world.in_tests(class.file))
}

fn exported(world: World, func: FuncId) -> Option<Cause> {
    let keeps = world.config.exported.keeps(world.project.is_library);
    let is_public = !world.index.func(func).qualname.split('.').any(|part| part.starts_with('_'));
    let is_api = world.index.func(func).parent.is_none() && !world.in_tests(func.file);
    let is_declaration = world.index.modules.described_by(func.file).is_some();
    (keeps && is_public && is_api && !is_declaration && !is_called(world, func)).then_some(Cause::Exported)
}

/// Is there a call of the function outside of itself?
fn is_called(world: World, func: FuncId) -> bool {
    world.graph.sites_of(func).iter().any(|id| world.owner(*id) != Some(func))
}
