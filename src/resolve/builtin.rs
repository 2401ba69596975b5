//! Receivers that are builtin containers by what stands in the text: a display, `**options`, a parameter that is annotated
//! `dict[str, Any]`. A name such as `get` has thousands of such sites, and ty would infer a whole function for each.

use super::names::{Meaning, Names};
use crate::index::facts::*;

/// Aliases of types are followed this far.
const DEPTH: usize = 4;

/// Methods of a mapping that is annotated by its interface.
const OF_MAPPINGS: [&str; 7] = ["get", "items", "keys", "values", "pop", "setdefault", "update"];

/// Is the method called on a builtin, whatever else happens in the program? `false` says nothing.
pub(super) fn is_receiver(names: Names, id: RefId, is_builtin_method: impl Fn(&str) -> bool) -> bool {
    let site = names.index.site(id);
    let Some(receiver) = site.receiver.filter(|_| matches!(site.usage, Usage::Called(_)) && !site.is_implicit()) else {
        return false;
    };
    if !is_builtin_method(&site.name) {
        return false;
    }
    match names.index.value(receiver) {
        Value::Name { name, scope } => is_local(names, *scope, name, receiver, &site.name),
        value => is_display(value),
    }
}

/// A local name that is never bound to anything else.
fn is_local(names: Names, scope: ScopeId, name: &str, value: ValueId, method: &str) -> bool {
    let home = names.home(scope, name);
    let facts = names.index.file(home.file);
    let bindings = facts[home].bindings_of(name);
    matches!(facts[home].kind, ScopeKind::Function(_))
        && !bindings.is_empty()
        && !facts.declares_outer(name)
        && facts.narrowed_to(value).is_none()
        && bindings.iter().all(|binding| is_bound(names, binding.bound, method))
}

fn is_bound(names: Names, bound: Bound, method: &str) -> bool {
    match bound {
        Bound::Value(value) => is_display(names.index.value(value)),
        Bound::Annotated { annotation, .. } => is_annotation(names, annotation, method, 0),
        Bound::Param { func, index } => {
            let param = &names.index.func(func).params[index as usize];
            match param.kind {
                ParamKind::Variadic | ParamKind::Keywords => true,
                ParamKind::PositionalOnly | ParamKind::Standard | ParamKind::KeywordOnly => {
                    param.annotation.is_some_and(|annotation| is_annotation(names, annotation, method, 0))
                }
            }
        }
        Bound::Func(_) | Bound::Class(_) | Bound::Import(_) | Bound::Outer | Bound::Unknown => false,
    }
}

fn is_display(value: &Value) -> bool {
    matches!(
        value,
        Value::Elements(_)
            | Value::Dict(_)
            | Value::Comprehension { .. }
            | Value::Text(_)
            | Value::Pattern(_)
            | Value::Builtin
    )
}

/// `dict[str, Any] | None`, `Mapping[str, int]`, or a name that stands for such a type.
fn is_annotation(names: Names, annotation: ValueId, method: &str, depth: usize) -> bool {
    let is_type = |value: ValueId| {
        let meanings = names.evaluate(value);
        !meanings.is_empty()
            && meanings.iter().all(|meaning| match meaning {
                Meaning::External(path) => is_container(path, method),
                Meaning::Value(alias) | Meaning::Annotated { value: Some(alias), .. } => {
                    *alias != value && depth < DEPTH && is_annotation(names, *alias, method, depth + 1)
                }
                _ => false,
            })
    };
    match names.index.value(annotation) {
        Value::Name { .. } | Value::Attribute { .. } => is_type(annotation),
        Value::Subscript { value, index, .. } => match names.last_name(*value) {
            Some("Optional") => is_annotation(names, *index, method, depth),
            _ => is_type(*value),
        },
        Value::Either(parts) => {
            let mut parts = parts.iter().filter(|part| !matches!(names.index.value(**part), Value::None)).peekable();
            parts.peek().is_some() && parts.all(|part| is_annotation(names, *part, method, depth))
        }
        _ => false,
    }
}

/// A builtin type, or an interface of mappings.
fn is_container(path: &str, method: &str) -> bool {
    match path {
        "builtins.dict" | "builtins.list" | "builtins.set" | "builtins.str" | "builtins.tuple" | "builtins.bytes"
        | "builtins.frozenset" | "typing.Dict" | "typing.List" | "typing.Set" | "typing.Tuple" => true,
        "typing.Mapping"
        | "typing.MutableMapping"
        | "collections.abc.Mapping"
        | "collections.abc.MutableMapping"
        | "types.MappingProxyType" => OF_MAPPINGS.contains(&method),
        _ => false,
    }
}
