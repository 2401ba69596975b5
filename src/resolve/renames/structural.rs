//! Classes that say what a value does and not whose it is: `Iterable`. Only what is said of the values that an entry names
//! changes with them, in annotations and in `isinstance`.

use ruff_text_size::TextRange;

use crate::config::Names as Patterns;
use crate::index::facts::*;
use crate::resolve::builder::Builder;

/// The receivers of the entries that such a class is replaced for; none when the rename is about any other class.
pub(super) fn receivers(builder: &Builder, number: usize) -> Option<Vec<Patterns>> {
    let from = &builder.graph.renames.entries[number].from;
    let (module, _) = from.rsplit_once('.')?;
    if !matches!(module, "typing" | "typing_extensions" | "collections.abc") {
        return None;
    }
    let entries = builder.graph.swaps.iter().filter(|(_, renames)| renames.contains(&number));
    let receivers: Vec<Patterns> =
        entries.filter_map(|(entry, _)| builder.graph.entries[*entry].receiver.clone()).collect();
    (!receivers.is_empty()).then_some(receivers)
}

/// Does the name at `range` say something of a value that goes by one of the names?
pub(super) fn is_said_of(builder: &Builder, file: FileId, range: TextRange, receivers: &[Patterns]) -> bool {
    let facts = builder.index.file(file);
    let is_one = |name: &str| receivers.iter().any(|patterns| patterns.matches(name));
    let mut annotations = facts.annotations.iter().filter(|(_, around)| around.contains_range(range));
    let annotated = annotations.any(|(value, _)| annotated_by(facts, *value).any(&is_one));
    let tested = facts.calls.iter().any(|call| match call.args.as_slice() {
        [tested, class] if class.range.contains_range(range) => {
            builder.names().last_name(call.func) == Some("isinstance")
                && builder.names().last_name(tested.value).is_some_and(is_one)
        }
        _ => false,
    });
    annotated || tested
}

/// Parameters, names and attributes with this annotation.
fn annotated_by(facts: &FileFacts, annotation: ValueId) -> impl Iterator<Item = &str> {
    let params = facts.funcs.iter().flat_map(|func| &func.params);
    let params = params.filter(move |param| param.annotation == Some(annotation)).map(|param| param.name.as_str());
    let attributes = facts.attribute_writes.iter().filter(move |write| write.annotation == Some(annotation));
    let bindings = facts.scopes.iter().flat_map(|scope| &scope.bindings).filter(move |binding| match binding.bound {
        Bound::Annotated { annotation: own, .. } => own == annotation,
        _ => false,
    });
    params.chain(attributes.map(|write| write.name.as_str())).chain(bindings.map(|binding| binding.name.as_str()))
}
