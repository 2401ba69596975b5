//! Annotations: of what async generators and context managers return, and of what holds functions that become async.

use ruff_text_size::TextRange;

use super::Action;
use crate::color::World;
use crate::index::facts::*;
use crate::resolve::SiteKind;
use crate::resolve::names::Meaning;

/// `Iterator[T]` to `AsyncIterator[T]`, `Generator[Y, S, R]` to `AsyncGenerator[Y, S]`. Other annotations stay.
pub fn iterator(world: World, func: FuncId) -> Option<Action> {
    let facts = world.index.func(func);
    iterates(world, func.file, facts.returns_annotation?, facts.returns_annotation_range?)
}

/// What changes in the annotations of everything that holds the function or generator of a carried site: the file of each
/// action stands beside it.
pub fn held(world: World, site: RefId) -> Vec<(FileId, Action)> {
    let Some(carriage) = world.graph.carriages.get(&site) else { return vec![] };
    let is_called = matches!(world.index.site(site).usage, Usage::Called(_));
    let mut actions = vec![];
    for (file, range) in &carriage.annotations {
        let facts = world.index.file(*file);
        if is_called {
            actions.extend(iterated(world, &[(*file, *range)]));
        } else {
            actions.extend(awaitable_results(facts, *range).map(|action| (*file, action)));
        }
    }
    actions
}

/// What changes in the annotation of a parameter that is called with an await: `func: Callable[P, R]` of a decorator.
pub fn called(world: World, id: RefId) -> Vec<Action> {
    let site = world.index.site(id);
    let facts = world.index.file(id.file);
    // What a codemod says of a callback says nothing of annotations.
    if world.graph.sites.get(&id).is_none_or(|site| site.kind != SiteKind::Call) {
        return vec![];
    }
    let meanings = world.names().lookup(facts[site.context].scope, &site.name);
    let ([Meaning::Param { func, index }], None) = (meanings.as_slice(), site.receiver) else { return vec![] };
    let annotation = world.index.func(*func).params[*index as usize].annotation;
    let range = annotation.and_then(|annotation| facts.annotation_range(annotation));
    range.map(|range| awaitable_results(facts, range).collect()).unwrap_or_default()
}

/// The results of what an annotation says is called.
fn awaitable_results(facts: &FileFacts, annotation: TextRange) -> impl Iterator<Item = Action> {
    let results = facts.callable_results.iter().filter(move |result| annotation.contains_range(**result));
    results.map(|result| Action::AwaitableResult { result: *result })
}

/// What changes in the annotations of what is iterated over.
pub fn iterated(world: World, annotations: &[(FileId, TextRange)]) -> Vec<(FileId, Action)> {
    let mut actions = vec![];
    for (file, range) in annotations {
        let annotations = &world.index.file(*file).annotations;
        let value = annotations.iter().find(|(_, own)| own == range).map(|(value, _)| *value);
        let action = value.and_then(|value| iterates(world, *file, value, *range));
        actions.extend(action.map(|action| (*file, action)));
    }
    actions
}

fn iterates(world: World, file: FileId, annotation: ValueId, range: TextRange) -> Option<Action> {
    let name = annotation_name(world, file, range)?;
    let path = world.names().dotted(annotation)?;
    let twin = match path.strip_prefix("typing.").or_else(|| path.strip_prefix("collections.abc."))? {
        "Iterator" => "collections.abc.AsyncIterator",
        "Iterable" => "collections.abc.AsyncIterable",
        "Generator" => return Some(Action::AsyncGenerator { subscript: range }),
        _ => return None,
    };
    Some(Action::RenameImported { name, to: twin.into() })
}

/// The range of the name (dotted or not) that an annotation starts with.
fn annotation_name(world: World, file: FileId, range: TextRange) -> Option<TextRange> {
    let facts = world.index.file(file);
    facts
        .refs
        .iter()
        .filter(|site| site.usage == Usage::Annotation && site.range.start() == range.start())
        .map(|site| site.range)
        .filter(|found| range.contains_range(*found))
        .max_by_key(|found| found.len())
}
