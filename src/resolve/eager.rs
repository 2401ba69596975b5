//! Calls that take all elements of an iterable before they return.

use super::names::{Meaning, Names};
use crate::index::facts::*;

/// Builtins that take all of their first argument, in order.
const BUILTINS: [&str; 9] = ["list", "tuple", "set", "frozenset", "sorted", "sum", "dict", "max", "min"];

/// Functions of the standard library that do.
const FUNCTIONS: [&str; 12] = [
    "collections.deque",
    "collections.Counter",
    "collections.OrderedDict",
    "math.fsum",
    "math.prod",
    "statistics.mean",
    "statistics.fmean",
    "statistics.median",
    "statistics.mode",
    "statistics.stdev",
    "statistics.pstdev",
    "statistics.variance",
];

/// Methods of builtin containers that do.
const METHODS: [&str; 10] = [
    "extend",
    "extendleft",
    "update",
    "union",
    "difference",
    "intersection",
    "symmetric_difference",
    "difference_update",
    "intersection_update",
    "writelines",
];

/// Does the call take all elements of the argument at `index`, in order?
pub fn takes_all(names: &Names, call: CallId, index: u32) -> bool {
    let facts = names.index.call(call);
    let Some(arg) = facts.args.get(index as usize) else { return false };
    if arg.is_star || arg.keyword.is_some() {
        return false;
    }
    match names.index.value(facts.func) {
        // `", ".join(...)`, and `separator.join(...)` where it is not the `join` of a module.
        Value::Attribute { receiver, name } if name == "join" => {
            index == 0 && (matches!(names.index.value(*receiver), Value::Text(_)) || is_method(names, facts.func))
        }
        Value::Attribute { name, .. } if METHODS.contains(&name.as_str()) => index == 0 && is_method(names, facts.func),
        _ => index == 0 && (is_builtin(names, facts, &BUILTINS) || is_function(names, facts.func)),
    }
}

/// A method of something that is no module, and that no class of the project defines.
fn is_method(names: &Names, func: ValueId) -> bool {
    let Value::Attribute { receiver, name } = names.index.value(func) else { return false };
    let of_module = names
        .evaluate(*receiver)
        .iter()
        .any(|meaning| matches!(meaning, Meaning::Module(_) | Meaning::External(_) | Meaning::Class(_)));
    !of_module && names.index.funcs_of(name).is_empty()
}

fn is_function(names: &Names, func: ValueId) -> bool {
    let meanings = names.evaluate(func);
    matches!(meanings.as_slice(), [Meaning::External(path)] if FUNCTIONS.contains(&path.as_str()))
}

/// `next(x)` and `next(x, default)`.
pub fn is_next(names: &Names, call: CallId) -> bool {
    let call = names.index.call(call);
    is_builtin(names, call, &["next"])
        && (1..=2).contains(&call.args.len())
        && call.args.iter().all(|arg| !arg.is_star && arg.keyword.is_none())
}

/// Is the callee one of these builtins?
pub fn is_builtin(names: &Names, call: &Call, wanted: &[&str]) -> bool {
    match names.index.value(call.func) {
        Value::Name { name, scope } => {
            wanted.contains(&name.as_str())
                && names.lookup(*scope, name) == [Meaning::External(format!("builtins.{name}"))]
        }
        _ => false,
    }
}
