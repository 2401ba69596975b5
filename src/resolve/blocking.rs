//! The leaves: calls that a codemod declares blocking, by receiver pattern, by class, or by qualified function.

use std::collections::BTreeSet;

use rayon::prelude::*;
use ruff_python_ast::name::Name;

use super::builder::{Builder, implicit_words};
use super::layer::{self, Layer};
use super::{Evidence, Site, SiteKind};
use super::{callback, flow, function, hierarchy, native, replaced, site};
use crate::config::{Blocking, BlockingAction, Names as Patterns};
use crate::index::facts::*;
use crate::index::words;
use crate::py::infer::{Answer, Certainty};

/// Finds the blocking calls of all entries and puts them, and the functions around them, into the graph.
pub(crate) fn find(builder: &mut Builder) {
    // What goes through the project's own offload is off the loop: it is known by its module.
    if let Some(own) = builder.config.offload.own_path() {
        builder.index.load_words(builder.project, own.rsplit('.').take(1));
    }
    let entries: Vec<Blocking> =
        builder.config.codemods.iter().flat_map(|codemod| codemod.blocking.iter().cloned()).collect();
    for entry in entries {
        let number = builder.graph.entries.len();
        builder.graph.entries.push(entry.clone());
        let renames = native::replaced_by(builder, &entry);
        if !renames.is_empty() {
            builder.graph.swaps.insert(number, renames);
        }
        let layer = Layer::find(builder, &entry);
        if let Some(layer) = &layer {
            native::declare(builder, number, &entry, layer);
        }
        if let Some(patterns) = &entry.receiver {
            by_receiver(builder, number, &entry, patterns, layer.as_ref());
            callback::find(builder, number, &entry, patterns);
        }
        if let Some(layer) = &layer {
            by_class(builder, number, &entry, layer);
        }
        if let Some(patterns) = &entry.function {
            function::find(builder, number, patterns);
            for (own, layer) in function::methods(builder, &entry, patterns) {
                by_class(builder, number, &own, &layer);
            }
        }
    }
}

/// What may be of a layer, where nothing else was found.
pub(crate) fn leave_open(builder: &mut Builder) {
    for site in std::mem::take(&mut builder.may_be_of_layer) {
        if !builder.graph.sites.contains_key(&site.id) {
            builder.graph.foreign.remove(&site.id);
            builder.graph.sites.insert(site.id, site);
        }
    }
}

/// Calls in the loaded files that `accept` takes and nothing awaits or runs elsewhere already.
pub(super) fn calls(builder: &Builder, accept: impl Fn(&Ref) -> bool + Sync) -> Vec<RefId> {
    let files: Vec<(FileId, &FileFacts)> = builder.index.loaded_files().collect();
    let accepted: Vec<RefId> = files
        .into_par_iter()
        .flat_map_iter(|(file, facts)| {
            let may_block = |site: &Ref| match site.usage {
                Usage::Called(call) => !is_async_already(facts[call].usage),
                usage => (site.is_implicit() || is_value(usage)) && !is_async_already(usage),
            };
            let found = facts.refs.iter().enumerate().filter(|(_, site)| may_block(site) && accept(site));
            found.map(|(index, _)| RefId { file, index: index as u32 }).collect::<Vec<_>>()
        })
        .collect();
    let is_new = |id: &RefId| !builder.graph.sites.contains_key(id) && !site::under_carrier(builder, *id);
    accepted.into_iter().filter(is_new).collect()
}

/// The function is named, and something else may call it.
fn is_value(usage: Usage) -> bool {
    matches!(
        usage,
        Usage::Argument { .. }
            | Usage::Assigned
            | Usage::Returned
            | Usage::Element { .. }
            | Usage::Default
            | Usage::Other
    )
}

/// Keeps a function that is named as a value, to be followed. Returns whether it is one.
fn keep_value(builder: &mut Builder, number: usize, id: RefId, answer: Option<&Answer>) -> bool {
    let site = builder.index.site(id);
    let (usage, value) = (site.usage, site.value);
    let is_value = !site.is_implicit() && is_value(usage);
    let offloads = match &builder.graph.entries[number].action {
        BlockingAction::Offload => true,
        // Without a twin, it is offloaded.
        BlockingAction::Native { template } => template != "{name}",
        BlockingAction::Replace { .. } | BlockingAction::Tell => false,
    };
    if is_value {
        builder.graph.blocking_values.insert(value);
    }
    if is_value && offloads && !builder.in_tests(id.file) {
        builder.carried.layer_values.push((builder.index.site(id).value, number));
        let targets = answer.map(|answer| site::targets_of(builder, answer)).unwrap_or_default();
        native::keep(builder, number, &targets);
    }
    // The stack runs it where it is left.
    if let Usage::Argument { call, index: 0 } = usage
        && !builder.in_tests(id.file)
        && site::is_exit_callback(builder, call)
    {
        let kind = SiteKind::Blocking { entry: number, native: None };
        builder.add_site(Site::new(id, kind, vec![], Evidence::Pattern));
    }
    is_value
}

fn is_async_already(usage: Usage) -> bool {
    match usage {
        Usage::Awaited => true,
        Usage::ForIter { is_async, .. }
        | Usage::ComprehensionIter { is_async, .. }
        | Usage::WithItem { is_async, .. } => is_async,
        _ => false,
    }
}

fn by_receiver(builder: &mut Builder, number: usize, entry: &Blocking, patterns: &Patterns, layer: Option<&Layer>) {
    let words: Vec<String> = match layer::included(patterns).all(|pattern| layer::is_literal(pattern)) {
        true => layer::included(patterns).cloned().collect(),
        false => words::matching(builder.project, |word| patterns.matches(word)),
    };
    builder.index.load_words(builder.project, words.iter().map(String::as_str));
    let methods = layer.map(|layer| layer.method_names(builder, entry)).unwrap_or_default();
    if methods.len() > 1 {
        keep_offloaded(builder, number, patterns, &methods);
    }
    let names = builder.names();
    let found = calls(builder, |site| {
        let receiver = site.receiver.and_then(|receiver| names.last_name(receiver));
        let original = || site.receiver.and_then(|receiver| names.original_name(receiver));
        (receiver.is_some_and(|receiver| patterns.matches(receiver))
            || original().is_some_and(|original| patterns.matches(&original)))
            && layer::takes(entry, &site.name)
    });
    for (id, answer) in builder.ask_sites(&found) {
        if answer.as_ref().is_none_or(|answer| pattern_holds(builder, id, layer, &methods, answer)) {
            let evidence = match &answer {
                Some(answer) if answer.certainty == Certainty::Known => Evidence::Type,
                _ => Evidence::Pattern,
            };
            if keep_value(builder, number, id, answer.as_ref())
                || !native::settle(builder, number, id, answer.as_ref(), evidence)
            {
                add(builder, number, id, answer.as_ref(), evidence);
            }
        }
    }
}

/// A receiver pattern loses against a type that says it is something else: another class than the entry names, a class of
/// the standard library, an async method, a module.
fn pattern_holds(
    builder: &Builder,
    id: RefId,
    layer: Option<&Layer>,
    methods: &BTreeSet<Name>,
    answer: &Answer,
) -> bool {
    if answer.certainty == Certainty::Unknown {
        return true;
    }
    let targets = site::targets_of(builder, answer);
    if targets.iter().any(|target| builder.index.func(*target).is_async) {
        return false;
    }
    if let Some(layer) = layer
        && answer.certainty == Certainty::Known
        && !answer.definitions.is_empty()
    {
        return layer.has(builder, &builder.index.site(id).name, answer) || stands_in(builder, methods, &targets);
    }
    !is_something_else(answer)
}

/// Is what ty knows a member of a plain object of the standard library, or a coroutine?
pub(super) fn is_something_else(answer: &Answer) -> bool {
    let is_plain = |module: &str| {
        let top = module.split('.').next().unwrap_or(module);
        matches!(top, "builtins" | "typing" | "collections" | "unittest" | "types" | "re" | "pathlib" | "logging")
    };
    let is_foreign =
        answer.definitions.iter().any(|definition| definition.path.is_none() && is_plain(&definition.module));
    answer.certainty != Certainty::Unknown && (is_foreign || answer.own.starts_with("CoroutineType"))
}

/// Keeps what stands in for the layer where it is offloaded already: `to_thread(storage.write, x)`.
fn keep_offloaded(builder: &mut Builder, number: usize, patterns: &Patterns, methods: &BTreeSet<Name>) {
    let names = builder.names();
    let mut found = vec![];
    for (file, facts) in builder.index.loaded_files() {
        for (index, site) in facts.refs.iter().enumerate().filter(|(_, site)| methods.contains(&site.name)) {
            let receiver = site.receiver.and_then(|receiver| names.last_name(receiver));
            let is_given = matches!(site.usage, Usage::Argument { .. });
            if is_given && receiver.is_some_and(|receiver| patterns.matches(receiver)) {
                found.push(RefId { file, index: index as u32 });
            }
        }
    }
    for (_, answer) in builder.ask_sites(&found) {
        let targets = answer.map(|answer| site::targets_of(builder, &answer)).unwrap_or_default();
        if stands_in(builder, methods, &targets) {
            native::keep(builder, number, &targets);
        }
    }
}

/// Has the class of what is called all methods of the entry's class? It is used in its place then (PEP 544).
fn stands_in(builder: &Builder, methods: &BTreeSet<Name>, targets: &[FuncId]) -> bool {
    let has_all = |func: &FuncId| {
        builder.index.func(*func).class.is_some_and(|class| {
            let ancestors = builder.graph.hierarchy.ancestors(class);
            let defines =
                |name: &Name| ancestors.iter().any(|id| hierarchy::method(builder.index, *id, name).is_some());
            methods.iter().all(defines)
        })
    };
    methods.len() > 1 && !targets.is_empty() && targets.iter().all(has_all)
}

fn by_class(builder: &mut Builder, number: usize, entry: &Blocking, layer: &Layer) {
    let methods = layer.method_names(builder, entry);
    let words: Vec<&str> =
        methods.iter().flat_map(|name| implicit_words(name).iter().copied().chain([name.as_str()])).collect();
    builder.index.load_words(builder.project, words);
    let every = layer.classes.is_empty() && layer::included(&entry.method).any(|name| name.contains('*'));
    let found = calls(builder, |site| {
        let named = || methods.contains(&site.name) || every && layer::takes(entry, &site.name);
        site.receiver.is_some() && named()
    });
    // What no class of the project stands for is looked for by flow, when the program names it.
    let is_foreign = layer.classes.is_empty() && layer.is_imported(builder);
    for (id, answer) in builder.ask_sites(&found) {
        let Some(answer) = answer else { continue };
        if native::is_declared(builder, &answer) {
            continue;
        }
        let has = layer.has(builder, &builder.index.site(id).name, &answer);
        let spelled = |builder: &Builder| {
            let receiver = builder.index.site(id).receiver.and_then(|receiver| builder.names().dotted(receiver));
            receiver.is_some_and(|path| layer.names(&path)) && entry.method.matches(&builder.index.site(id).name)
        };
        // `Unknown | None`, of a parameter without annotation whose default is `None`, has no member either.
        let is_open = answer.certainty != Certainty::Known && answer.definitions.is_empty() && !has;
        let by_flow = match layer.classes.is_empty() {
            false if is_open => match flow::is_of_class(builder, id, &layer.classes) {
                Some(found) if runs_in_thread(builder, number, &found) => {
                    native::keep(builder, number, &found.others);
                    Some(found.support)
                }
                Some(found) => {
                    let uncertain = may_be_of_layer(builder, number, id, found);
                    builder.may_be_of_layer.extend(uncertain);
                    None
                }
                None => None,
            },
            true if is_foreign && answer.definitions.is_empty() && !has && !spelled(builder) => {
                flow::is_of_foreign(builder, id, layer)
            }
            _ => None,
        };
        if let Some(support) = by_flow {
            builder.support.insert(id, support);
            add(builder, number, id, Some(&answer), Evidence::Flow);
        } else if has || answer.certainty == Certainty::Unknown && spelled(builder) {
            let evidence = if has { Evidence::Type } else { Evidence::Import };
            add(builder, number, id, Some(&answer), evidence);
        }
    }
}

/// Is what gets there of the layer, or of other classes of the project whose methods a thread can run, too?
fn runs_in_thread(builder: &Builder, number: usize, found: &flow::OfClass) -> bool {
    let offloads = matches!(builder.graph.entries[number].action, BlockingAction::Offload);
    !found.has_more && found.others.iter().all(|func| offloads && !builder.index.func(*func).is_async)
}

/// The uncertain call of what may be of the layer; none in tests, and where nothing is called.
fn may_be_of_layer(builder: &mut Builder, number: usize, id: RefId, found: flow::OfClass) -> Option<Site> {
    let is_call = matches!(builder.index.site(id).usage, Usage::Called(_));
    if !is_call || builder.in_tests(id.file) {
        return None;
    }
    let annotate = flow::annotation_place(builder, id);
    let candidates = found.ours.into_iter().chain(found.others).collect();
    let site = Site::new(id, SiteKind::Blocking { entry: number, native: None }, vec![], Evidence::Flow);
    Some(Site { uncertain: true, support: found.support, candidates, annotate, ..site })
}

pub(super) fn add(builder: &mut Builder, number: usize, id: RefId, answer: Option<&Answer>, evidence: Evidence) {
    if keep_value(builder, number, id, answer) {
        return;
    }
    let mut targets = answer.map(|answer| site::targets_of(builder, answer)).unwrap_or_default();
    targets.retain(|target| !site::is_constructor(&builder.index.func(*target).name));
    native::keep(builder, number, &targets);
    let native = native::twin(builder, number, id, answer);
    replaced::look_up(builder, number, id);
    let support = builder.support.get(&id).cloned().unwrap_or_default();
    let kind = SiteKind::Blocking { entry: number, native };
    builder.add_site(Site { support, ..Site::new(id, kind, targets, evidence) });
}
