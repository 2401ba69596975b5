//! Return annotations of functions that become async generators or async context managers.

use ruff_text_size::TextRange;

use super::Action;
use crate::color::World;
use crate::index::facts::*;

/// `Iterator[T]` to `AsyncIterator[T]`, `Generator[Y, S, R]` to `AsyncGenerator[Y, S]`. Other annotations stay.
pub fn iterator(world: World, func: FuncId) -> Option<Action> {
    let facts = world.index.func(func);
    let range = facts.returns_annotation_range?;
    let name = annotation_name(world, func.file, range)?;
    let path = world.names().dotted(facts.returns_annotation?)?;
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
