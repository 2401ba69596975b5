//! Receivers that are builtin containers by what stands in the text: a display, `**options`, a parameter that is annotated
//! `dict[str, Any]`. A name such as `get` has thousands of such sites, and ty would infer a whole function for each.

use super::builder::Builder;
use super::hierarchy::BaseClass;
use super::names::{Meaning, Names};
use super::unknown;
use crate::index::facts::*;

/// Aliases of types are followed this far.
const DEPTH: usize = 4;

/// Types that make objects of themselves when they are called.
const MADE: [&str; 4] = ["builtins.dict", "builtins.list", "builtins.set", "builtins.str"];

/// Methods of mappings.
pub const OF_MAPPINGS: [&str; 7] = ["get", "items", "keys", "values", "pop", "setdefault", "update"];

/// Is the method called on a builtin, whatever else happens in the program? `false` says nothing.
pub(super) fn is_receiver(builder: &Builder, id: RefId, is_builtin_method: impl Fn(&str) -> bool) -> bool {
    let names = builder.names();
    let site = names.index.site(id);
    let Some(receiver) = site.receiver.filter(|_| matches!(site.usage, Usage::Called(_)) && !site.is_implicit()) else {
        return false;
    };
    if !is_builtin_method(&site.name) {
        return false;
    }
    match names.index.value(receiver) {
        Value::Name { name, scope } => is_local(names, *scope, name, receiver, &site.name),
        Value::Attribute { .. } => {
            let func = names.index.context(site.context).func;
            declared(builder, receiver, func).is_some_and(|annotation| is_annotation(names, annotation, &site.name, 0))
        }
        _ => is_display(names, receiver),
    }
}

/// A name of a function or module that is never bound to anything else.
fn is_local(names: Names, scope: ScopeId, name: &str, value: ValueId, method: &str) -> bool {
    let home = names.home(scope, name);
    let facts = names.index.file(home.file);
    let bindings = facts[home].bindings_of(name);
    let is_followed = match facts[home].kind {
        ScopeKind::Function(_) => true,
        ScopeKind::Module => !facts.imports_all(),
        ScopeKind::Class(_) | ScopeKind::Lambda | ScopeKind::Comprehension => false,
    };
    is_followed
        && !bindings.is_empty()
        && !facts.declares_outer(name)
        && facts.narrowed_to(value).is_none()
        && bindings.iter().all(|binding| is_bound(names, binding.bound, method))
}

/// The annotation of an attribute in the body of the class that an annotation names for its object, or that `self` is of: in
/// `entry.data`, where the function is given `entry: Entry`, and does not write the attribute.
fn declared(builder: &Builder, value: ValueId, func: Option<FuncId>) -> Option<ValueId> {
    let index = &*builder.index;
    let Value::Attribute { receiver, name } = index.value(value) else { return None };
    let class = class_of(builder, *receiver, func)?;
    let mut writes = index.file(value.file).attribute_writes.iter().filter(|write| write.name == *name);
    if writes.any(|write| index.context(write.context).func == func) {
        return None;
    }
    let hierarchy = &builder.graph.hierarchy;
    let own = hierarchy.ancestors(class).into_iter().find_map(|id| {
        let is_lost = !hierarchy.is_registered(id.file) || hierarchy.bases(id).contains(&BaseClass::Unknown);
        let bindings = index.scope(index.class(id).scope).bindings_of(name);
        (is_lost || !bindings.is_empty()).then_some(bindings)
    });
    match own {
        Some([Binding { bound: Bound::Annotated { annotation, .. }, .. }]) => Some(*annotation),
        _ => None,
    }
}

/// The class of an object, by the annotation of a parameter or an attribute.
fn class_of(builder: &Builder, value: ValueId, func: Option<FuncId>) -> Option<ClassId> {
    let names = builder.names();
    if let Some(class) = unknown::self_class(names, value) {
        return Some(class);
    }
    let annotation = match names.index.value(value) {
        Value::Name { name, scope } => {
            let home = names.home(*scope, name);
            let facts = names.index.file(home.file);
            let [Binding { bound: Bound::Param { func, index }, .. }] = facts[home].bindings_of(name) else {
                return None;
            };
            let is_plain = !facts.declares_outer(name) && facts.narrowed_to(value).is_none();
            names.index.func(*func).params[*index as usize].annotation.filter(|_| is_plain)?
        }
        Value::Attribute { .. } => declared(builder, value, func)?,
        _ => return None,
    };
    match names.evaluate(annotation).as_slice() {
        [Meaning::Class(class)] => Some(*class),
        _ => None,
    }
}

fn is_bound(names: Names, bound: Bound, method: &str) -> bool {
    match bound {
        Bound::Value(value) => is_display(names, value),
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

/// A display, or what `dict(...)` gives.
fn is_display(names: Names, value: ValueId) -> bool {
    match names.index.value(value) {
        Value::Elements(_)
        | Value::Dict(_)
        | Value::Comprehension { .. }
        | Value::Text(_)
        | Value::Pattern(_)
        | Value::Builtin => true,
        Value::Call { call } => {
            let made = names.evaluate(names.index.call(*call).func);
            matches!(made.as_slice(), [Meaning::External(path)] if MADE.contains(&path.as_str()))
        }
        _ => false,
    }
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
