//! `native` entries on classes of the project. A method that an entry names becomes async in place, unless its class has an
//! async method beside it (`read` and `aread`), or the codemod replaces the class by an async twin that is there already.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::builder::Builder;
use super::layer::{self, Layer};
use super::renames::Entry;
use super::{Evidence, Gives, SiteKind, Twin, boundary, hierarchy, replaced, site, swapped};
use crate::config::{Blocking, BlockingAction};
use crate::index::facts::*;
use crate::py::functions;
use crate::py::infer::{Answer, Certainty, Definition, Questions};

/// Decides about the methods of the project's classes that an entry names, before any site of them is looked for.
pub(crate) fn declare(builder: &mut Builder, number: usize, entry: &Blocking, layer: &Layer) {
    let names = layer.method_names(builder, entry);
    for class in &layer.classes {
        builder.index_close(*class);
        if !matches!(entry.action, BlockingAction::Native { .. }) {
            for below in builder.graph.hierarchy.descendants(*class) {
                keep_class(builder, below);
            }
        } else if is_swapped(builder, *class) {
            keep_class(builder, *class);
            for name in &names {
                let methods: Vec<FuncId> = hierarchy::methods(builder.index, *class, name).collect();
                builder.graph.twinned.extend(methods);
            }
        } else {
            for name in &names {
                let ancestors = builder.graph.hierarchy.ancestors(*class);
                let owner = ancestors.into_iter().find(|id| hierarchy::method(builder.index, *id, name).is_some());
                let Some(owner) = owner else { continue };
                let methods: Vec<FuncId> = hierarchy::methods(builder.index, owner, name).collect();
                for method in methods {
                    declare_method(builder, number, method);
                }
            }
        }
    }
}

/// Declares one method; what has an async twin stays as it is.
fn declare_method(builder: &mut Builder, number: usize, method: FuncId) {
    let func = builder.index.func(method);
    if func.is_async || boundary::is_property(builder.index, method) {
        return;
    }
    match becomes(builder, number, method) {
        Becoming::Async => {
            builder.graph.declared.entry(method).or_insert(number);
            builder.add_node(method);
        }
        Becoming::Twin | Becoming::Worker => drop(builder.graph.layer.insert(method)),
    }
}

/// What a `native` entry makes of a method.
enum Becoming {
    /// Async in place, under its own name.
    Async,
    /// Nothing: calls go to an async twin.
    Twin,
    /// Nothing: calls go to a thread.
    Worker,
}

fn becomes(builder: &Builder, number: usize, method: FuncId) -> Becoming {
    let BlockingAction::Native { template } = &builder.graph.entries[number].action else { return Becoming::Worker };
    let func = builder.index.func(method);
    let twin = template.replace("{name}", &func.name);
    let async_name = if twin == *func.name { async_dunder(&func.name).unwrap_or(&twin) } else { &twin };
    let has_twin = func.class.is_some_and(|class| {
        is_swapped(builder, class)
            || has_async(builder, class, async_name)
            || has_twin_class(builder, class, async_name)
    });
    if has_twin {
        Becoming::Twin
    } else if twin == *func.name {
        Becoming::Async
    } else {
        Becoming::Worker
    }
}

fn async_dunder(name: &str) -> Option<&'static str> {
    match name {
        "__enter__" => Some("__aenter__"),
        "__exit__" => Some("__aexit__"),
        _ => None,
    }
}

fn has_async(builder: &Builder, class: ClassId, name: &str) -> bool {
    let ancestors = builder.graph.hierarchy.ancestors(class);
    ancestors
        .into_iter()
        .any(|id| hierarchy::methods(builder.index, id, name).any(|method| builder.index.func(method).is_async))
}

/// `AsyncStore` beside `Store` or `SyncStore` in the same module, with an async method of the name.
fn has_twin_class(builder: &Builder, class: ClassId, name: &str) -> bool {
    let facts = builder.index.class(class);
    let twin = format!("Async{}", facts.name.strip_prefix("Sync").unwrap_or(&facts.name));
    let scope = builder.index.scope(facts.outer_scope);
    scope.bindings_of(&twin).iter().any(|binding| match binding.bound {
        Bound::Class(twin) => has_async(builder, twin, name),
        _ => false,
    })
}

/// Does the codemod replace the class by one that is there already?
fn is_swapped(builder: &Builder, class: ClassId) -> bool {
    builder.graph.swapped.contains(&class)
}

/// A class whose base is replaced overrides all that the base's twin has as async methods, or nothing of it: methods of it
/// that convert take the others with them.
pub(crate) fn join_overrides(builder: &mut Builder, class: ClassId, name: &str) {
    let ancestors = builder.graph.hierarchy.ancestors(class);
    let replaced: Vec<ClassId> = ancestors.iter().copied().filter(|id| builder.graph.swapped.contains(id)).collect();
    let twins: Vec<Name> = replaced
        .into_iter()
        .flat_map(|id| builder.index.class(id).methods.clone())
        .filter(|method| builder.graph.twinned.contains(method))
        .map(|method| builder.index.func(method).name.clone())
        .collect();
    if !twins.iter().any(|twin| *twin == *name) {
        return;
    }
    let own = builder.index.class(class).methods.clone();
    let overrides: BTreeSet<FuncId> =
        own.into_iter().filter(|id| twins.contains(&builder.index.func(*id).name)).collect();
    builder.join(&overrides);
    for method in overrides {
        builder.add_node(method);
    }
}

fn keep_class(builder: &mut Builder, class: ClassId) {
    let methods = builder.index.class(class).methods.clone();
    builder.graph.layer.extend(methods);
}

/// Is what ty found a method that becomes async in place, or an override of one? Its sites are found by its name.
pub(crate) fn is_declared(builder: &Builder, answer: &Answer) -> bool {
    site::targets_of(builder, answer).iter().any(|target| {
        let func = builder.index.func(*target);
        let ancestors = func.class.map(|class| builder.graph.hierarchy.ancestors(class)).unwrap_or_default();
        let overridden = ancestors.into_iter().flat_map(|id| hierarchy::methods(builder.index, id, &func.name));
        overridden.chain([*target]).any(|method| builder.graph.declared.contains_key(&method))
    })
}

/// Settles a site of a `native` entry whose method becomes async in place: by its type, or by the pattern of its receiver.
/// Returns whether it is one.
pub(crate) fn settle(
    builder: &mut Builder,
    number: usize,
    id: RefId,
    answer: Option<&Answer>,
    evidence: Evidence,
) -> bool {
    if !matches!(builder.graph.entries[number].action, BlockingAction::Native { .. }) {
        return false;
    }
    let mut targets = answer.map(|answer| site::targets_of(builder, answer)).unwrap_or_default();
    targets.retain(|target| !site::is_constructor(&builder.index.func(*target).name));
    for target in &targets {
        if matches!(becomes(builder, number, *target), Becoming::Async) && !builder.graph.layer.contains(target) {
            declare_method(builder, number, *target);
        }
    }
    let is_unknown = answer.is_none_or(|answer| answer.certainty == Certainty::Unknown);
    if targets.is_empty() && is_unknown {
        let name = &builder.index.site(id).name;
        let declared = builder.graph.declared.iter().filter(|(_, entry)| **entry == number).map(|(func, _)| *func);
        targets = declared.filter(|func| builder.index.func(*func).name == *name).collect();
    }
    if targets.is_empty() || !targets.iter().all(|target| builder.graph.declared.contains_key(target)) {
        return false;
    }
    site::settle(builder, id, site::Found::Targets(targets), evidence);
    true
}

/// Keeps what a site calls as it is: the call goes to a thread or to a twin.
pub(crate) fn keep(builder: &mut Builder, number: usize, targets: &[FuncId]) {
    let is_native = matches!(builder.graph.entries[number].action, BlockingAction::Native { .. });
    for target in targets {
        builder.graph.layer.insert(*target);
        match builder.index.func(*target).class {
            Some(class) if !is_native => keep_class(builder, class),
            _ => {}
        }
    }
}

/// The renames of classes of the entry to their async twins. The twins' methods are not to be looked for on the classes then.
pub(crate) fn replaced_by(builder: &Builder, entry: &Blocking) -> BTreeSet<usize> {
    let (BlockingAction::Native { .. }, Some(class)) = (&entry.action, &entry.class) else { return BTreeSet::new() };
    let last = |path: &str| path.rsplit('.').next().map(str::to_owned);
    let is_one = |rename: &Entry| {
        let plain = !rename.from.contains('.')
            && layer::included(class).any(|pattern| last(pattern).as_deref() == Some(&rename.from));
        (rename.is_swap || rename.is_external()) && (plain || class.matches(&rename.from))
    };
    let renames = builder.graph.renames.entries.iter().enumerate();
    renames.filter(|(_, rename)| is_one(rename)).map(|(number, _)| number).collect()
}

/// Functions that lead to a call of a method that is async under its own name, or of a class that is replaced, with their
/// families.
pub(crate) fn no_sync_form(builder: &Builder) -> FxHashSet<FuncId> {
    let mut callers: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
    let mut pending = vec![];
    for site in builder.graph.sites.values() {
        let facts = builder.index.site(site.id);
        let Some(owner) = builder.index.context(facts.context).func.filter(|_| site.kind.runs()) else { continue };
        match &site.kind {
            SiteKind::Blocking { entry, native: Some(twin) } => {
                let is_async = *twin.method == *facts.name || builder.graph.swaps.contains_key(entry);
                pending.extend(is_async.then_some(owner));
            }
            _ => site.targets.iter().for_each(|target| callers.entry(*target).or_default().push(owner)),
        }
    }
    let mut found = FxHashSet::default();
    while let Some(func) = pending.pop() {
        if builder.graph.layer.contains(&func) || !found.insert(func) {
            continue;
        }
        pending.extend(callers.get(&func).into_iter().flatten().copied());
        pending.extend(builder.graph.family_of(func).copied());
    }
    found
}

/// The async twin of the called method: awaited in place when it has the same name (`native = "{name}"`), or when inference
/// finds it on the receiver's class.
pub(crate) fn twin(builder: &Builder, number: usize, id: RefId, answer: Option<&Answer>) -> Option<Twin> {
    let BlockingAction::Native { template } = &builder.graph.entries[number].action else { return None };
    let site = builder.index.site(id);
    let name = Name::new(template.replace("{name}", &site.name));
    let defined = swapped::gives(builder, number, id, &name);
    let given = defined.unwrap_or_else(|| gives(builder, answer));
    let method = Twin { method: name.to_string(), gives: given, by_definition: defined.is_some() };
    if builder.graph.swaps.contains_key(&number) || name == site.name {
        return Some(method);
    }
    let targets = answer.map(|answer| site::targets_of(builder, answer)).unwrap_or_default();
    if targets.iter().any(|target| overridden_alone(builder, *target, &name)) {
        return None;
    }
    let questions = Questions { siblings: vec![(site.range, name.clone())], ..Questions::default() };
    let answers = builder.ask(BTreeMap::from([(id.file, questions)]));
    let definitions = answers.get(&id.file)?.siblings.get(&(site.range, name))?;
    let given: Vec<Option<Gives>> = definitions
        .iter()
        .filter_map(|definition| functions::signature(builder.db, definition))
        .map(|signature| replaced::of_function(&signature))
        .collect();
    let is_data = |definition: &Definition| site::is_data(builder, definition);
    match given.first() {
        None => (!definitions.is_empty() && !definitions.iter().all(is_data)).then_some(method),
        Some(Some(gives)) if *gives != Gives::AwaitedFirst && given.iter().all(|other| *other == Some(*gives)) => {
            Some(Twin { gives: *gives, by_definition: true, ..method })
        }
        Some(_) => None,
    }
}

/// Does a class override the method, and leave the twin to a class above it? What it does beside it would be left out.
fn overridden_alone(builder: &Builder, target: FuncId, twin: &Name) -> bool {
    let func = builder.index.func(target);
    let Some(class) = func.class else { return false };
    let hierarchy = &builder.graph.hierarchy;
    let is_alone = |below: &ClassId| {
        let ancestors = hierarchy.ancestors(*below);
        let first = |name: &str| ancestors.iter().position(|id| builder.index.binds(*id, name));
        match (first(&func.name), first(twin)) {
            (Some(method), Some(twin)) => method < twin,
            // The twin is that of a base from outside.
            (Some(_), None) => true,
            (None, _) => false,
        }
    };
    let in_code = |id: &ClassId| !builder.in_tests(id.file) || builder.in_tests(target.file);
    hierarchy.descendants(class).iter().filter(|id| in_code(id)).any(is_alone)
}

/// What the blocking method returns tells what its twin gives.
fn gives(builder: &Builder, answer: Option<&Answer>) -> Gives {
    let Some(answer) = answer else { return Gives::Unknown };
    let targets = site::targets_of(builder, answer);
    let all = |is: &dyn Fn(&Func) -> bool| !targets.is_empty() && targets.iter().all(|id| is(builder.index.func(*id)));
    let is_manager = |func: &Func| {
        let mut names = func.decorators.iter().map(|decorator| boundary::decorator_name(builder.index, decorator));
        names.any(|name| name == Some("contextmanager"))
    };
    let Some((_, returned)) = answer.own.rsplit_once(" -> ") else { return Gives::Unknown };
    let returned = returned.trim_end_matches(']');
    let is = |names: &[&str]| names.iter().any(|name| returned.starts_with(&format!("{name}[")));
    if all(&is_manager) || is(&["AbstractContextManager", "_GeneratorContextManager", "ContextManager"]) {
        Gives::Manager
    } else if all(&|func| func.traits.is_generator) || is(&["Iterator", "Generator", "Iterable"]) {
        Gives::Iterator
    } else if matches!(returned, "Unknown" | "Any") {
        Gives::Unknown
    } else {
        Gives::Awaitable
    }
}
