//! The leaves: calls that a codemod declares blocking, by receiver pattern, by class, or by qualified function.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::name::Name;

use super::builder::Builder;
use super::{Evidence, Site, SiteKind};
use super::{flow, site};
use crate::config::{Blocking, BlockingAction, Names as Patterns};
use crate::index::facts::*;
use crate::py::infer::{Answer, Certainty, Questions};

/// Finds the blocking calls of all entries and puts them, and the functions around them, into the graph.
pub(crate) fn find(builder: &mut Builder) {
    let entries: Vec<Blocking> =
        builder.config.codemods.iter().flat_map(|codemod| codemod.blocking.iter().cloned()).collect();
    for entry in entries {
        let number = builder.graph.entries.len();
        builder.graph.entries.push(entry.clone());
        if let Some(patterns) = &entry.receiver {
            by_receiver(builder, number, &entry, patterns);
        }
        if let Some(patterns) = &entry.class {
            by_class(builder, number, &entry, patterns);
        }
        if let Some(patterns) = &entry.function {
            by_function(builder, number, patterns);
        }
    }
}

/// The literal identifiers of a dotted pattern: the last one when it is literal, else all literal parts.
fn search_words(pattern: &str) -> Vec<String> {
    let parts: Vec<&str> = pattern.split('.').collect();
    let literal = |part: &&str| !part.is_empty() && part.chars().all(|char| char.is_alphanumeric() || char == '_');
    match parts.last() {
        Some(last) if literal(last) => vec![(*last).to_owned()],
        _ => parts.into_iter().filter(literal).map(str::to_owned).collect(),
    }
}

fn included(patterns: &Patterns) -> impl Iterator<Item = &String> {
    patterns.patterns.iter().filter(|pattern| !pattern.starts_with('!'))
}

/// Calls in the loaded files that `accept` takes and nothing awaits or runs elsewhere already.
fn calls(builder: &Builder, accept: impl Fn(&Ref) -> bool) -> Vec<RefId> {
    let mut found = vec![];
    for (file, facts) in builder.index.loaded_files() {
        for (index, site) in facts.refs.iter().enumerate() {
            let Usage::Called(call) = site.usage else { continue };
            let id = RefId { file, index: index as u32 };
            if accept(site)
                && !is_async_already(facts[call].usage)
                && !builder.graph.sites.contains_key(&id)
                && !site::under_carrier(builder, id)
            {
                found.push(id);
            }
        }
    }
    found
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

fn by_receiver(builder: &mut Builder, number: usize, entry: &Blocking, patterns: &Patterns) {
    let words: Vec<String> =
        builder.index.words.matching(|word| patterns.matches(word)).into_iter().map(str::to_owned).collect();
    builder.index.load_words(builder.project, words.iter().map(String::as_str));
    let names = builder.names();
    let found = calls(builder, |site| {
        let receiver = site.receiver.and_then(|receiver| names.last_name(receiver));
        let original = || site.receiver.and_then(|receiver| names.original_name(receiver));
        (receiver.is_some_and(|receiver| patterns.matches(receiver))
            || original().is_some_and(|original| patterns.matches(&original)))
            && entry.method.matches(&site.name)
            && !site.name.starts_with("__")
    });
    for (id, answer) in builder.ask_sites(&found) {
        if answer.as_ref().is_none_or(|answer| pattern_holds(builder, answer)) {
            let evidence = match &answer {
                Some(answer) if answer.certainty == Certainty::Known => Evidence::Type,
                _ => Evidence::Pattern,
            };
            add(builder, number, id, answer.as_ref(), evidence);
        }
    }
}

/// A receiver pattern loses against a type that says it is something else: a class of the standard library, an async
/// method, a module.
fn pattern_holds(builder: &Builder, answer: &Answer) -> bool {
    if answer.certainty == Certainty::Unknown {
        return true;
    }
    let targets = site::targets_of(builder, answer);
    if targets.iter().any(|target| builder.index.func(*target).is_async) {
        return false;
    }
    let is_stdlib = |module: &str| {
        let top = module.split('.').next().unwrap_or(module);
        matches!(top, "builtins" | "typing" | "collections" | "unittest" | "types" | "re" | "pathlib" | "logging")
    };
    let foreign =
        answer.definitions.iter().any(|definition| definition.path.is_none() && is_stdlib(&definition.module));
    !foreign && !answer.own.starts_with("CoroutineType")
}

fn by_class(builder: &mut Builder, number: usize, entry: &Blocking, patterns: &Patterns) {
    let words: BTreeSet<String> = included(patterns).flat_map(|pattern| search_words(pattern)).collect();
    builder.index.load_words(builder.project, words.iter().map(String::as_str));
    let classes: Vec<ClassId> = builder
        .index
        .loaded_files()
        .flat_map(|(file, facts)| (0..facts.classes.len() as u32).map(move |index| ClassId { file, index }))
        .filter(|class| patterns.matches(&builder.names().qualified_class(*class)))
        .collect();
    let mut methods: BTreeSet<Name> = BTreeSet::new();
    for class in &classes {
        builder.index_close(*class);
        for below in builder.graph.hierarchy.descendants(*class) {
            let defined = builder.index.class(below).methods.clone();
            builder.graph.layer.extend(defined);
        }
        for above in builder.graph.hierarchy.ancestors(*class) {
            let defined = builder.index.class(above).methods.clone();
            for func in defined.into_iter().map(|id| builder.index.func(id)) {
                if !func.name.starts_with('_') && !func.is_async && entry.method.matches(&func.name) {
                    methods.insert(func.name.clone());
                }
            }
        }
    }
    if classes.is_empty() {
        methods.extend(included(&entry.method).filter(|name| !name.contains('*')).map(Name::new));
    }
    builder.index.load_words(builder.project, methods.iter().map(Name::as_str));
    let every = classes.is_empty() && methods.is_empty();
    let found = calls(builder, |site| {
        site.receiver.is_some() && (methods.contains(&site.name) || every && !site.name.starts_with('_'))
    });
    for (id, answer) in builder.ask_sites(&found) {
        let Some(answer) = answer else { continue };
        let ours = site::targets_of(builder, &answer).into_iter().any(|target| {
            builder.index.func(target).class.is_some_and(|class| {
                classes.iter().any(|wanted| {
                    builder.graph.hierarchy.ancestors(class).contains(wanted)
                        || builder.graph.hierarchy.ancestors(*wanted).contains(&class)
                })
            })
        });
        let foreign = answer.definitions.iter().any(|definition| {
            let path = format!("{}.{}", definition.module, definition.name);
            path.rsplit_once('.').is_some_and(|(class, _)| patterns.matches(class))
        });
        let spelled = |builder: &Builder| {
            let receiver = builder.index.site(id).receiver.and_then(|receiver| builder.names().dotted(receiver));
            receiver.is_some_and(|path| patterns.matches(&path)) && entry.method.matches(&builder.index.site(id).name)
        };
        let by_flow = (answer.certainty == Certainty::Unknown && !ours && !foreign && !classes.is_empty())
            .then(|| flow::is_of_class(builder, id, &classes))
            .flatten();
        if let Some(support) = by_flow {
            builder.support.insert(id, support);
            add(builder, number, id, Some(&answer), Evidence::Flow);
        } else if ours || foreign || answer.certainty == Certainty::Unknown && spelled(builder) {
            let evidence = if ours || foreign { Evidence::Type } else { Evidence::Import };
            add(builder, number, id, Some(&answer), evidence);
        }
    }
}

fn by_function(builder: &mut Builder, number: usize, patterns: &Patterns) {
    let words: BTreeSet<String> = included(patterns).flat_map(|pattern| search_words(pattern)).collect();
    builder.index.load_words(builder.project, words.iter().map(String::as_str));
    let names = builder.names();
    let found = calls(builder, |site| {
        let dotted = match site.receiver {
            None => names.dotted_name(site, builder.index),
            Some(receiver) => names.dotted(receiver).map(|path| format!("{path}.{}", site.name)),
        };
        dotted.is_some_and(|path| patterns.matches(&path))
    });
    for (id, answer) in builder.ask_sites(&found) {
        let is_async = answer.as_ref().is_some_and(|answer| {
            answer.own.starts_with("async ")
                || site::targets_of(builder, answer).iter().any(|target| builder.index.func(*target).is_async)
        });
        if !is_async {
            add(builder, number, id, answer.as_ref(), Evidence::Import);
        }
    }
}

fn add(builder: &mut Builder, number: usize, id: RefId, answer: Option<&Answer>, evidence: Evidence) {
    let mut targets = answer.map(|answer| site::targets_of(builder, answer)).unwrap_or_default();
    targets.retain(|target| !site::is_constructor(&builder.index.func(*target).name));
    for target in &targets {
        let class = builder.index.func(*target).class;
        builder.graph.layer.insert(*target);
        for method in class.map(|class| builder.index.class(class).methods.clone()).unwrap_or_default() {
            builder.graph.layer.insert(method);
        }
    }
    let native = native_method(builder, number, id);
    let support = builder.support.get(&id).cloned().unwrap_or_default();
    let kind = SiteKind::Blocking { entry: number, native };
    builder.add_site(Site { support, ..Site::new(id, kind, targets, evidence) });
}

/// The codemod renames the class to its async twin, so the twin's methods are not to be looked for on the class.
fn is_replaced(builder: &Builder, number: usize) -> bool {
    let entry = &builder.graph.entries[number];
    let renames = builder.config.codemods.iter().filter(|codemod| codemod.name == entry.codemod);
    entry
        .class
        .as_ref()
        .is_some_and(|class| renames.flat_map(|codemod| &codemod.renames).any(|rename| class.matches(&rename.from)))
}

/// The async twin of the called method: awaited in place when it has the same name (`native = "{name}"`), or when inference finds it on the receiver's class.
fn native_method(builder: &Builder, number: usize, id: RefId) -> Option<String> {
    let BlockingAction::Native { template } = &builder.graph.entries[number].action else { return None };
    let site = builder.index.site(id);
    let twin = Name::new(template.replace("{name}", &site.name));
    if is_replaced(builder, number) || twin == site.name {
        return Some(twin.to_string());
    }
    let questions = Questions { siblings: vec![(site.range, twin.clone())], ..Questions::default() };
    let answers = builder.ask(BTreeMap::from([(id.file, questions)]));
    let definitions = answers.get(&id.file)?.siblings.get(&(site.range, twin.clone()))?;
    let answer = Answer {
        definitions: definitions.clone(),
        certainty: Certainty::Known,
        shown: String::new(),
        own: String::new(),
    };
    let targets = site::targets_of(builder, &answer);
    let is_async = !definitions.is_empty() && targets.iter().all(|target| builder.index.func(*target).is_async);
    is_async.then(|| twin.to_string())
}
