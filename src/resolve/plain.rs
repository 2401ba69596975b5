//! Values that are plainly neither awaitable nor callable: what rules a definition out at a call that is awaited already, or an
//! attribute out at a call.

use ruff_python_ast::name::Name;

use super::boundary;
use super::builder::Builder;
use crate::index::Index;
use crate::index::facts::*;

/// Types of data.
const DATA: [&str; 12] =
    ["None", "bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "set", "frozenset", "dict"];

/// Declarations of columns and fields, which are data on an object.
const COLUMNS: [&str; 3] = ["Column", "mapped_column", "relationship"];

/// Leaves out the functions that the site cannot mean because its result is awaited already, and theirs never can be.
pub(super) fn leave_out_never_awaited(builder: &Builder, id: RefId, targets: &mut Vec<FuncId>) {
    let Usage::Called(call) = builder.index.site(id).usage else { return };
    if builder.index.call(call).usage == Usage::Awaited
        && targets.iter().any(|target| !is_never_awaited(builder.index, *target))
    {
        targets.retain(|target| !is_never_awaited(builder.index, *target));
    }
}

/// Does a sync function return plain data, by its annotation or by every `return`?
fn is_never_awaited(index: &Index, id: FuncId) -> bool {
    let func = index.func(id);
    if func.is_async || func.traits.is_generator || !boundary::is_transparent(index, id) {
        return false;
    }
    match func.returns_annotation {
        Some(annotation) => names_data(index, annotation),
        None => !func.traits.is_stub && func.returns.iter().all(|returned| is_data(index, returned.value)),
    }
}

/// `bool`, `list[str]`, `int | None`.
pub(super) fn names_data(index: &Index, annotation: ValueId) -> bool {
    match index.value(annotation) {
        Value::Name { name, .. } => DATA.contains(&name.as_str()),
        Value::Subscript { value, .. } => names_data(index, *value),
        Value::Either(parts) => parts.iter().all(|part| names_data(index, *part)),
        Value::None => true,
        _ => false,
    }
}

/// A literal, a comparison, a display.
fn is_data(index: &Index, value: ValueId) -> bool {
    match index.value(value) {
        Value::Builtin | Value::Text(_) | Value::None | Value::Elements(_) | Value::Dict(_) => true,
        Value::Comprehension { .. } => true,
        Value::Either(parts) => parts.iter().all(|part| is_data(index, *part)),
        _ => false,
    }
}

/// May an attribute of this name, stored on an object or a field of a class outside of tests, be called?
pub(super) fn may_be_called(builder: &Builder, name: &Name) -> bool {
    let is_stored =
        builder.index.writes_of(name).iter().filter(|(file, _)| !builder.in_tests(*file)).any(|(file, at)| {
            let write = &builder.index.file(*file).attribute_writes[*at as usize];
            may_hold_callable(builder, write.annotation, write.value)
        });
    is_stored
        || builder.index.members_of(name).iter().filter(|class| !builder.in_tests(class.file)).any(|class| {
            let scope = builder.index.scope(builder.index.class(*class).scope);
            scope.bindings_of(name).iter().any(|binding| match binding.bound {
                Bound::Value(value) => may_hold_callable(builder, None, Some(value)),
                Bound::Annotated { annotation, value } => may_hold_callable(builder, Some(annotation), value),
                _ => false,
            })
        })
}

fn may_hold_callable(builder: &Builder, annotation: Option<ValueId>, value: Option<ValueId>) -> bool {
    let index = &*builder.index;
    if let Some(annotation) = annotation {
        // `Mapped[bool]` is a `bool` on an object.
        let inner = match index.value(annotation) {
            Value::Subscript { value, index: inner, .. } if builder.names().last_name(*value) == Some("Mapped") => {
                *inner
            }
            _ => annotation,
        };
        return !names_data(index, inner);
    }
    value.is_some_and(|value| match index.value(value) {
        Value::Call { call } => {
            !builder.names().last_name(index.call(*call).func).is_some_and(|name| COLUMNS.contains(&name))
        }
        _ => !is_data(index, value),
    })
}
