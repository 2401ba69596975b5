//! Calls that take all elements of an iterable before they return.

use super::names::{Meaning, Names};
use crate::index::Index;
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
const METHODS: [&str; 12] = [
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
    "writerows",
    "executemany",
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
        Value::Attribute { name, .. } if METHODS.contains(&name.as_str()) => {
            index == u32::from(name == "executemany") && is_method(names, facts.func)
        }
        _ => index == 0 && is_builtin(names, facts, &BUILTINS) || is_function(names, facts.func, index),
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

fn is_function(names: &Names, func: ValueId, index: u32) -> bool {
    let takes = |path: &str| match path {
        "functools.reduce" | "heapq.nlargest" | "heapq.nsmallest" => index == 1,
        path => index == 0 && FUNCTIONS.contains(&path),
    };
    matches!(names.evaluate(func).as_slice(), [Meaning::External(path)] if takes(path))
}

/// Methods of a generator that run it and are given nothing.
pub const METHODS_OF_GENERATORS: [&str; 2] = ["__next__", "close"];

/// The call of a method of a value, without arguments, and the place of its name.
pub fn method_call(index: &Index, receiver: ValueId, name: &str) -> Option<(CallId, RefId)> {
    index.refs_in(receiver.file, name).find_map(|id| match *index.site(id) {
        Ref { receiver: Some(of), usage: Usage::Called(call), .. } if of == receiver => {
            index.call(call).args.is_empty().then_some((call, id))
        }
        _ => None,
    })
}

/// Does the call give on what its first argument gives, one after the other?
pub fn gives_on(names: &Names, call: &Call) -> bool {
    let is_reader = |path: &str| matches!(path, "csv.reader" | "csv.DictReader" | "_csv.reader");
    is_builtin(names, call, &["enumerate"])
        || matches!(names.evaluate(call.func).as_slice(), [Meaning::External(path)] if is_reader(path))
}

/// `next(x)` and `next(x, default)`.
pub fn is_next(names: &Names, call: CallId) -> bool {
    let call = names.index.call(call);
    is_builtin(names, call, &["next"])
        && (1..=2).contains(&call.args.len())
        && call.args.iter().all(|arg| !arg.is_star && arg.keyword.is_none())
}

/// `iter(x)`
pub fn is_iter(names: &Names, call: CallId) -> bool {
    let call = names.index.call(call);
    is_builtin(names, call, &["iter"]) && matches!(call.args.as_slice(), [arg] if !arg.is_star && arg.keyword.is_none())
}

/// Library functions that call a function before they return: by dotted path, with the position and the keyword it is given at.
const CALLBACKS: [(&str, Option<u32>, &str); 17] = [
    ("builtins.sorted", None, "key"),
    ("builtins.min", None, "key"),
    ("builtins.max", None, "key"),
    ("functools.reduce", Some(0), ""),
    ("re.sub", Some(1), "repl"),
    ("re.subn", Some(1), "repl"),
    ("heapq.nlargest", Some(2), "key"),
    ("heapq.nsmallest", Some(2), "key"),
    ("bisect.bisect", None, "key"),
    ("bisect.bisect_left", None, "key"),
    ("bisect.bisect_right", None, "key"),
    ("bisect.insort", None, "key"),
    ("json.loads", None, "object_hook"),
    ("json.load", None, "object_hook"),
    ("json.dumps", None, "default"),
    ("json.dump", None, "default"),
    ("shutil.copytree", None, "copy_function"),
];

/// The call that runs the function which is the argument at `index`, before it returns: the call itself, or the one that takes
/// all of a `map`. A `map` that a loop takes from runs it there.
pub fn runs_callback(names: &Names, call: CallId, index: u32) -> Option<CallId> {
    let facts = names.index.call(call);
    let arg = facts.args.get(index as usize).filter(|arg| !arg.is_star)?;
    let path = match names.evaluate(facts.func).as_slice() {
        [Meaning::External(path)] => path.clone(),
        _ => String::new(),
    };
    let fits = |(known, position, keyword): &(&str, Option<u32>, &str)| {
        path == *known
            && match &arg.keyword {
                Some(name) => name == keyword,
                None => *position == Some(index),
            }
    };
    if CALLBACKS.iter().any(fits) {
        return Some(call);
    }
    // `rows.sort(key=rank)`
    if let Value::Attribute { name, .. } = names.index.value(facts.func)
        && name == "sort"
        && arg.keyword.as_ref().is_some_and(|name| name == "key")
        && is_method(names, facts.func)
    {
        return Some(call);
    }
    // `contextvars.copy_context().run(work)`
    if let Value::Attribute { receiver, name } = names.index.value(facts.func)
        && name == "run"
        && index == 0
        && is_context(names, *receiver)
    {
        return Some(call);
    }
    let maps = match path.as_str() {
        "builtins.map" | "builtins.filter" | "itertools.filterfalse" | "itertools.starmap" => true,
        // `iter(pop, None)`
        "builtins.iter" => facts.args.len() == 2,
        _ => false,
    };
    let is_looped_over = || match facts.usage {
        Usage::ForIter { is_async: false, .. }
        | Usage::YieldFrom { .. }
        | Usage::Starred { .. }
        | Usage::Unpacked
        | Usage::Added => true,
        Usage::ComprehensionIter { is_async: false, kind, .. } => !matches!(kind, ComprehensionKind::Generator(_)),
        _ => false,
    };
    if !maps || index != 0 {
        return None;
    }
    taken_whole(names, call).or_else(|| is_looped_over().then_some(call))
}

/// Is it a context of `contextvars`, by what makes it?
fn is_context(names: &Names, value: ValueId) -> bool {
    let bound = match names.evaluate(value)[..] {
        [Meaning::Value(bound)] => bound,
        _ => value,
    };
    let Value::Call { call } = names.index.value(bound) else { return false };
    matches!(names.evaluate(names.index.call(*call).func).as_slice(), [Meaning::External(path)]
        if matches!(path.as_str(), "contextvars.copy_context" | "contextvars.Context"))
}

/// The call that takes all elements of what this one gives: `list(map(f, x))`.
pub fn taken_whole(names: &Names, call: CallId) -> Option<CallId> {
    let Usage::Argument { call: outer, index } = names.index.call(call).usage else { return None };
    if takes_all(names, outer, index) || is_builtin(names, names.index.call(outer), &["any", "all"]) {
        return Some(outer);
    }
    if is_lazy(names, names.index.call(outer)) { taken_whole(names, outer) } else { None }
}

/// Builtins that hand on the elements of their arguments one by one, when they are asked for.
const LAZY: [&str; 7] = ["map", "filter", "zip", "enumerate", "iter", "reversed", "aiter"];

/// `map(f, x)`, `itertools.islice(x, 2)`, `csv.reader(x)`.
pub fn is_lazy(names: &Names, call: &Call) -> bool {
    is_builtin(names, call, &LAZY)
        || gives_on(names, call)
        || matches!(names.evaluate(call.func).as_slice(),
            [Meaning::External(path)] if path.starts_with("itertools."))
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
