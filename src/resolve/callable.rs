//! Calls of objects: `obj(x)` runs `__call__` without naming it, so all calls of the program are looked at once a
//! `__call__` may convert.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::builder::Builder;
use super::flow::Runs;
use super::names::Meaning;
use super::site::{self, Found};
use super::{Evidence, agreement, carried, flow, signature, stack};
use crate::index::facts::*;
use crate::py::infer::{Answer, Certainty, Questions};

/// Which calls of objects matter, and which were looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Search {
    wanted: Option<Where>,
    done: Option<Where>,
}

/// Code that is tested knows nothing of the classes of its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Where {
    Tests,
    Everywhere,
}

impl Search {
    /// A `__call__` became a node.
    pub(crate) fn want(&mut self, place: Where) {
        self.wanted = self.wanted.max(Some(place));
    }
}

/// Looks at all calls of the program, once. Returns whether anything new may have come of it.
pub(crate) fn enumerate(builder: &mut Builder) -> bool {
    if builder.callables.wanted <= builder.callables.done {
        return false;
    }
    let everywhere = builder.callables.wanted == Some(Where::Everywhere);
    builder.callables.done = builder.callables.wanted;
    let searched = |file: &FileId| everywhere || builder.in_tests(*file);
    let files: Vec<FileId> = builder.project.ids().filter(searched).collect();
    builder.index.load(builder.project, &files);
    let mut calls = open_calls(builder);
    calls.retain(|id| everywhere || builder.in_tests(id.file));
    let name = Name::new_static("__call__");
    let mut by_file: BTreeMap<FileId, Questions> = BTreeMap::new();
    for id in &calls {
        let range = builder.index.site(*id).range;
        let questions = by_file.entry(id.file).or_default();
        questions.ranges.push(range);
        questions.members.push((range, name.clone()));
    }
    let answers = builder.ask(by_file);
    passed_on(builder);
    for id in calls {
        let range = builder.index.site(id).range;
        let Some(found) = answers.get(&id.file) else { continue };
        let Some(answer) = found.expressions.get(&range) else { continue };
        settle(builder, id, &answer.of_member(found.members.get(&(range, name.clone()))));
    }
    true
}

/// Functions outside the project that call, or keep to call, what they are given.
const CALLERS: [&str; 22] = [
    "partial",
    "partialmethod",
    "map",
    "filter",
    "filterfalse",
    "starmap",
    "reduce",
    "sorted",
    "min",
    "max",
    "sort",
    "iter",
    "Thread",
    "Timer",
    "submit",
    "run_in_executor",
    "to_thread",
    "call_soon",
    "call_later",
    "add_done_callback",
    "register",
    "sub",
];

/// Objects with a `__call__` that are given to something that calls them.
fn passed_on(builder: &mut Builder) {
    let name = Name::new_static("__call__");
    let mut given = vec![];
    let mut by_file: BTreeMap<FileId, Questions> = BTreeMap::new();
    for (file, facts) in builder.index.loaded_files() {
        for (index, call) in facts.calls.iter().enumerate() {
            if !builder.names().last_name(call.func).is_some_and(|taker| CALLERS.contains(&taker)) {
                continue;
            }
            for arg in &call.args {
                by_file.entry(file).or_default().members.push((arg.range, name.clone()));
                given.push((CallId { file, index: index as u32 }, arg.range, arg.value));
            }
        }
    }
    let answers = builder.ask(by_file);
    for (call, range, value) in given {
        let members = answers.get(&call.file).map(|found| &found.members);
        let definitions = members.and_then(|members| members.get(&(range, name.clone()))).cloned().unwrap_or_default();
        let mut targets: Vec<FuncId> =
            definitions.iter().flat_map(|definition| site::defined(builder, definition)).collect();
        if targets.is_empty() {
            // ty knows no type: `getattr(state, "service", None)`.
            targets = flow::arriving(builder, value, Runs::Calls).funcs;
            targets.retain(|func| builder.index.func(*func).name == name);
        }
        for target in targets {
            if !is_followed(builder, call, value, target) {
                builder.graph.passed_on.entry(target).or_insert(call);
            }
        }
    }
}

/// `partial(obj, x)`: every place that calls it is a site, when all are seen.
fn is_followed(builder: &mut Builder, call: CallId, given: ValueId, target: FuncId) -> bool {
    let facts = builder.index.call(call);
    let is_first = facts.args.first().is_some_and(|arg| arg.value == given && !arg.is_star && arg.keyword.is_none());
    let is_partial = builder.names().dotted(facts.func).is_some_and(|path| path == "functools.partial");
    let Some(result) = carried::result_of(builder, call).filter(|_| is_first && is_partial) else { return false };
    let trace = flow::trace(builder, flow::Token::Function(target), result);
    for place in trace.calls {
        carried::add_place(builder, place, BTreeSet::from([target]), Runs::Calls);
    }
    trace.escape.is_none() && trace.callbacks.is_empty() && trace.accepted.is_none() && trace.decorates.is_empty()
}

/// Calls of names and attributes that scopes do not tie to a function, a class, or something foreign.
fn open_calls(builder: &Builder) -> Vec<RefId> {
    let mut found = vec![];
    let kept = kept_names(builder);
    for (file, facts) in builder.index.loaded_files() {
        for (index, site) in facts.refs.iter().enumerate() {
            let id = RefId { file, index: index as u32 };
            if site.is_implicit()
                || !matches!(site.usage, Usage::Called(_))
                || builder.graph.sites.contains_key(&id)
                || builder.parked_sites.contains_key(&id)
            {
                continue;
            }
            let is_variable = site.receiver.is_none() && {
                let scope = facts[site.context].scope;
                builder.names().lookup(scope, &site.name).iter().any(|meaning| meaning.is_variable())
            };
            let is_attribute = site.receiver.is_some() && {
                let mut writes = builder.index.writes_of(&site.name).iter();
                writes.any(|(other, _)| builder.in_tests(file) || !builder.in_tests(*other))
            };
            // `module.name(...)`
            let is_global = || match site.usage {
                Usage::Called(call) if site.receiver.is_some() && kept.contains(&site.name) => {
                    let func = builder.index.call(call).func;
                    let names = builder.names();
                    names.evaluate(func).iter().any(|meaning| meaning.is_variable()) && !stack::is_method(&names, func)
                }
                _ => false,
            };
            if is_variable || is_attribute || is_global() {
                found.push(id);
            }
        }
    }
    found
}

/// Names under which modules and classes keep objects: of any other name, nobody can have one.
fn kept_names(builder: &Builder) -> FxHashSet<Name> {
    let scopes = builder.index.loaded_files().flat_map(|(_, facts)| &facts.scopes);
    let scopes = scopes.filter(|scope| scope.parent.is_none() || matches!(scope.kind, ScopeKind::Class(_)));
    let bindings = scopes.flat_map(|scope| &scope.bindings);
    let kept = bindings.filter(|binding| !matches!(binding.bound, Bound::Func(_) | Bound::Class(_) | Bound::Import(_)));
    kept.map(|binding| binding.name.clone()).collect()
}

fn settle(builder: &mut Builder, id: RefId, answer: &Answer) {
    let mut targets = site::targets_of(builder, answer);
    if answer.may_be_class() {
        // What it constructs is found by following the classes.
        return;
    }
    if answer.certainty == Certainty::Known && !targets.is_empty() {
        builder.graph.foreign.remove(&id);
        site::settle(builder, id, Found::Targets(targets), Evidence::Type);
    } else if (answer.certainty != Certainty::Known || is_any_callable(&answer.shown)) && !is_decorated(builder, id) {
        match flow::called_objects(builder, id) {
            Some(found) if found.is_empty() && targets.is_empty() => {}
            Some(found) => {
                targets.extend(found.into_iter().filter(|func| !targets.contains(func)).collect::<Vec<_>>());
                builder.graph.foreign.remove(&id);
                site::settle(builder, id, Found::Targets(targets), Evidence::Flow);
            }
            None => builder.unknown_calls.push(id),
        }
    }
}

/// A type that says how something is called, and not what: `(str, /) -> None` for `Callable[[str], None]`.
fn is_any_callable(shown: &str) -> bool {
    shown.split(" | ").any(|part| part.starts_with('('))
}

/// `fn(...)` in a decorator that is used as nothing else: `fn` is a function.
fn is_decorated(builder: &Builder, id: RefId) -> bool {
    let site = builder.index.site(id);
    let scope = builder.index.context(site.context).scope;
    site.receiver.is_none()
        && builder.names().lookup(scope, &site.name).iter().all(|meaning| match meaning {
            Meaning::Param { func, .. } => only_decorates(builder, *func),
            _ => false,
        })
}

fn only_decorates(builder: &Builder, func: FuncId) -> bool {
    let facts = builder.index.func(func);
    if let Some(factory) = facts.parent {
        // `@retry(3)`: the inner function is returned by the factory, and only the factory is named.
        let factory = builder.index.func(factory);
        let is_factory = factory.class.is_none() && factory.returns.len() == 1;
        return is_factory && decorates_everywhere(builder, &factory.name, wraps(builder, func));
    }
    facts.class.is_none() && decorates_everywhere(builder, &facts.name, wraps(builder, func))
}

/// Does the function have the form of a decorator: it returns functions of its own, and nothing else?
fn wraps(builder: &Builder, func: FuncId) -> Form {
    let returns = &builder.index.func(func).returns;
    let is_own = |meaning: &Meaning| match meaning {
        Meaning::Func(inner) => builder.index.func(*inner).parent == Some(func),
        _ => false,
    };
    let gives_own = |returned: &Return| builder.names().evaluate(returned.value).iter().all(is_own);
    if !returns.is_empty() && returns.iter().all(gives_own) { Form::Decorator } else { Form::Other }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Decorator,
    Other,
}

/// All uses of the name are decorators, or the callee of one, and there is no other name of it. What nobody uses is one by its
/// form.
fn decorates_everywhere(builder: &Builder, name: &str, form: Form) -> bool {
    let uses = builder.index.refs_of(name);
    let mut imports = builder.index.loaded_files().flat_map(|(_, facts)| &facts.imports);
    let is_renamed = imports.any(|import| import.name.as_deref() == Some(name) && import.alias.is_some());
    let decorates = uses.iter().all(|id| builder.index.is_decorator(*id));
    (!uses.is_empty() || form == Form::Decorator) && !is_renamed && decorates
}

/// Calls of unknown objects may run any `__call__` that fits.
pub(crate) fn leave_open(builder: &mut Builder) {
    for id in std::mem::take(&mut builder.unknown_calls) {
        let Usage::Called(call) = builder.index.site(id).usage else { continue };
        let call = builder.index.call(call);
        let targets: Vec<FuncId> = builder
            .index
            .funcs_of("__call__")
            .iter()
            .copied()
            .filter(|func| builder.graph.nodes.contains(func))
            .filter(|func| agreement::may_meet(builder, id.file, *func))
            .filter(|func| signature::fits(builder.index, *func, call))
            .collect();
        builder.leave_uncertain(id, targets, Evidence::Agreement);
    }
}
