//! Functions that cannot convert, whoever calls them (DESIGN section 7).

use std::collections::BTreeSet;

use super::World;
use super::bridge;
use super::cause::Cause;
use super::frameworks;
use super::iteration;
use super::outside;
use super::shape::{Shape, async_twin, becomes_async_def, delegations, shape, shape_of_targets};
use super::tests::framework;
use crate::config::Uncertain;
use crate::index::facts::*;
use crate::project::{PYTEST, Plugin};
use crate::resolve::boundary::{decorator_accepts_async, decorator_name, is_property};
use crate::resolve::decorator;
use crate::resolve::fixtures;
use crate::resolve::hierarchy::{self, BaseClass};
use crate::resolve::intercepted::is_intercepted;
use crate::resolve::names::Meaning;
use crate::resolve::operators;
use crate::resolve::site::is_constructor;
use crate::resolve::{Evidence, SiteKind};

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

/// Bases that say nothing about who calls the methods.
const PLAIN_BASES: [&str; 14] = [
    "builtins.object",
    "abc.ABC",
    "typing.Generic",
    "typing.Protocol",
    "typing.NamedTuple",
    "typing.TypedDict",
    "typing_extensions.Protocol",
    "enum.Enum",
    "enum.IntEnum",
    "enum.StrEnum",
    "builtins.Exception",
    "pydantic.BaseModel",
    "pydantic_settings.BaseSettings",
    "sqlalchemy.orm.DeclarativeBase",
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
    entry_point(world, func)
        .or_else(|| outside::cause(world, func))
        .or_else(|| given_outside(world, func))
        .or_else(|| called_by_base(world, func))
        .or_else(|| exported(world, func))
}

/// Does something outside have objects with the method, or with what it belongs to, and nothing in the project call it?
fn given_outside(world: World, func: FuncId) -> Option<Cause> {
    let (file, range) = *world.graph.given_outside.get(&func)?;
    Some(Cause::GivenOutside { file, range })
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

/// Has the class, or one that it shares methods with, an async method of the same purpose already?
fn has_twin(world: World, func: &Func) -> bool {
    let (Some(class), Some(twin)) = (func.class, async_twin(&func.name)) else { return false };
    let hierarchy = &world.graph.hierarchy;
    let related = hierarchy.ancestors(class).into_iter().chain(hierarchy.descendants(class));
    let mut scopes = related.map(|id| world.index.scope(world.index.class(id).scope));
    scopes.any(|scope| !scope.bindings_of(twin).is_empty())
}

/// Bases whose own methods run the special methods of what is below them.
const MIXINS: [&str; 15] = [
    "Mapping",
    "MutableMapping",
    "UserDict",
    "Sequence",
    "MutableSequence",
    "UserList",
    "Set",
    "MutableSet",
    "AbstractSet",
    "Collection",
    "type",
    "EnumMeta",
    "EnumType",
    "ABCMeta",
    "UserString",
];

/// What `import` asks of the finders on `sys.meta_path` and `sys.path_hooks` and of their loaders (PEP 302, PEP 451).
const FINDS_AND_LOADS: [&str; 6] =
    ["find_spec", "find_module", "find_loader", "create_module", "exec_module", "load_module"];
/// What it and the tools around it ask of a loader beside that.
const OF_LOADERS: [&str; 6] =
    ["get_data", "get_code", "get_source", "get_filename", "is_package", "get_resource_reader"];

/// Does `import` run it? The names are common ones, so the class has two of those that finders and loaders have, at least.
fn is_import_hook(world: World, class: ClassId, name: &str) -> bool {
    if !FINDS_AND_LOADS.contains(&name) && !OF_LOADERS.contains(&name) {
        return false;
    }
    let classes = world.graph.hierarchy.ancestors(class);
    let has = |wanted: &str| classes.iter().any(|id| hierarchy::method(world.index, *id, wanted).is_some());
    let found = FINDS_AND_LOADS.into_iter().filter(|wanted| has(wanted)).count();
    found > 1 || found == 1 && OF_LOADERS.into_iter().any(has)
}

/// Does Python run it where nothing names it and no operator stands: when an object goes away, a class is made, a missing member of
/// a module or an enumeration is looked for, a module is imported, or a base from outside does it?
fn is_run_unseen(world: World, func: FuncId) -> bool {
    let facts = world.index.func(func);
    let name = facts.name.as_str();
    let Some(class) = facts.class else {
        return facts.parent.is_none() && matches!(name, "__getattr__" | "__dir__");
    };
    let derives =
        |wanted: &str| world.graph.hierarchy.external_bases(class).into_iter().any(|(_, base)| base.is_named(wanted));
    if matches!(name, "_missing_" | "_generate_next_value_") {
        return ["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"].iter().any(|base| derives(base));
    }
    if is_import_hook(world, class, name) {
        return true;
    }
    let is_own = matches!(name, "__enter__" | "__exit__" | "__call__" | "__iter__" | "__next__" | "__aiter__")
        || operators::is_looked_for(name);
    is_dunder(name) && !is_constructor(name) && (!is_own || MIXINS.iter().any(|base| derives(base)))
}

fn is_dunder(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

/// Where a class with the `__call__` decorates a function: calls of its object name the function.
fn decorates(world: World, func: &Func) -> Option<RefId> {
    let class = func.class.filter(|_| func.name == "__call__")?;
    let is_decorator = |id: &RefId| {
        let is_it = match world.index.site(*id).usage {
            Usage::Decorator => true,
            Usage::Called(call) => world.index.call(call).usage == Usage::Decorator,
            _ => false,
        };
        is_it && !world.in_tests(id.file)
    };
    world.graph.hierarchy.descendants(class).into_iter().find_map(|below| {
        let named = world.index.refs_of(&world.index.class(below).name).iter().copied();
        named
            .filter(is_decorator)
            .find(|id| world.names().evaluate(world.index.site(*id).value).contains(&Meaning::Class(below)))
    })
}

/// A class below that binds the name of the method to something else, as `load = make_loader()` does. Another method of the family
/// under that name is the same.
fn replaced_below(world: World, func: FuncId) -> Option<ClassId> {
    let facts = world.index.func(func);
    let class = facts.class?;
    let names = world.names();
    let is_related = |meaning: &Meaning| match meaning {
        Meaning::Func(other) => {
            *other == func || world.graph.nodes.contains(other) || world.graph.family_of(func).any(|own| own == other)
        }
        _ => false,
    };
    let is_other = |binding: &Binding| match binding.bound {
        Bound::Value(value) | Bound::Annotated { value: Some(value), .. } => match world.index.value(value) {
            Value::None => false,
            Value::Name { .. } | Value::Attribute { .. } => !names.evaluate(value).iter().all(is_related),
            Value::Lambda { func, .. } => !world.graph.nodes.contains(func),
            // `load = cached(load)`: what is under the name below is followed.
            Value::Call { call } => {
                !world.index.call(*call).args.iter().any(|arg| names.evaluate(arg.value).iter().any(is_related))
            }
            _ => true,
        },
        _ => false,
    };
    let below = world.graph.hierarchy.descendants(class);
    below
        .into_iter()
        .filter(|id| *id != class && !world.in_tests(id.file))
        .find(|id| world.index.scope(world.index.class(*id).scope).bindings_of(&facts.name).iter().any(is_other))
}

/// `__exit__` where nothing is entered, `__next__` where nothing is iterated over: whoever calls it names it.
fn is_half_a_pair(world: World, func: &Func) -> bool {
    let other = match func.name.as_str() {
        "__exit__" => "__enter__",
        "__next__" => "__iter__",
        _ => return false,
    };
    let Some(class) = func.class else { return false };
    let hierarchy = &world.graph.hierarchy;
    let below = hierarchy.descendants(class);
    let is_known = below.iter().all(|id| hierarchy.external_bases(*id).iter().all(|(_, base)| base.is_plain()));
    let mut related = below.into_iter().flat_map(|id| hierarchy.ancestors(id));
    is_known && !related.any(|id| !world.index.scope(world.index.class(id).scope).bindings_of(other).is_empty())
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

/// Nothing in the tree calls the method, and a base outside the tree may. Tests say so only where scopes or types tell
/// what they call: their `client.post(...)` may be anything.
fn called_by_base(world: World, func: FuncId) -> Option<Cause> {
    let class = world.index.func(func).class?;
    if found_by_base(world, class, &world.index.func(func).name) {
        return Some(Cause::CalledByBase);
    }
    let foreign = world.graph.hierarchy.external_bases(class).into_iter().any(|(_, base)| match base {
        BaseClass::External(path) => !PLAIN_BASES.contains(&path.as_str()),
        BaseClass::Unknown => true,
        BaseClass::Class(_) => false,
    });
    let calls = |id: &RefId| {
        let site = &world.graph.sites[id];
        let is_told = !world.in_tests(id.file) || site.evidence < Evidence::Flow;
        !site.uncertain && is_told && world.owner(*id) != Some(func)
    };
    let is_called = || world.graph.sites_of(func).iter().any(calls);
    (foreign && !is_called()).then_some(Cause::CalledByBase)
}

/// Classes that look up methods of those below them by names, whoever else calls them: the package, the class, and the names (with
/// `*` at the end for more).
const FOUND_BY_BASE: [(&str, &str, &[&str]); 9] = [
    ("cmd", "Cmd", &["do_*", "help_*", "complete_*"]),
    ("http", "BaseHTTPRequestHandler", &["do_*"]),
    ("http", "SimpleHTTPRequestHandler", &["do_*"]),
    ("html", "HTMLParser", &["handle_*"]),
    ("ast", "NodeVisitor", &["visit_*"]),
    ("ast", "NodeTransformer", &["visit_*"]),
    ("django", "BaseCommand", &["handle", "add_arguments"]),
    ("django", "Model", &["save", "delete", "clean", "full_clean", "get_absolute_url"]),
    ("pydantic", "BaseModel", &["model_post_init"]),
];

fn found_by_base(world: World, class: ClassId, name: &str) -> bool {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    let is_meant = |path: &str| {
        let ends = |(package, class): (&str, &str)| {
            path.split('.').next() == Some(package) && path.rsplit('.').next() == Some(class)
        };
        FOUND_BY_BASE
            .iter()
            .any(|(package, class, names)| ends((package, class)) && names.iter().any(|pattern| fits(pattern)))
    };
    let bases = world.graph.hierarchy.external_bases(class);
    bases.iter().any(|(_, base)| matches!(base, BaseClass::External(path) if is_meant(path)))
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
    use crate::config::Exported;
    let keeps = match world.config.exported {
        Exported::Convert => false,
        Exported::Keep => true,
        Exported::Auto => world.project.is_library,
    };
    let is_public = !world.index.func(func).qualname.split('.').any(|part| part.starts_with('_'));
    let is_api = world.index.func(func).parent.is_none() && !world.in_tests(func.file);
    let is_declaration = world.index.modules.described_by(func.file).is_some();
    (keeps && is_public && is_api && !is_declaration && !is_called(world, func)).then_some(Cause::Exported)
}

/// Is there a call of the function outside of itself?
fn is_called(world: World, func: FuncId) -> bool {
    world.graph.sites_of(func).iter().any(|id| world.owner(*id) != Some(func))
}
