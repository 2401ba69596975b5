//! Functions under decorators of the project: what the decorator does with them is followed as any other use of a function is.
//! A wrapper that calls the function has its color, and the sites of the function are sites of the wrapper.

use std::collections::BTreeSet;

use super::boundary::{self, decorator_accepts_async, decorator_name};
use super::builder::Builder;
use super::flow::{self, Decorating, Runs, Token};
use super::{SiteKind, carried, decorator};
use crate::index::facts::*;

/// Decorators that do not care about the color of a function, or are looked at elsewhere.
const COLORLESS: [&str; 19] = [
    "staticmethod",
    "classmethod",
    "abstractmethod",
    "override",
    "final",
    "overload",
    "no_type_check",
    "deprecated",
    "wraps",
    "contextmanager",
    "asynccontextmanager",
    "fixture",
    "property",
    "cached_property",
    "setter",
    "getter",
    "deleter",
    "singledispatch",
    "singledispatchmethod",
];

/// Follows the decorated functions that became nodes since the last time. Returns whether anything came of it.
pub(super) fn follow(builder: &mut Builder) -> bool {
    let new: Vec<FuncId> = builder
        .graph
        .nodes
        .iter()
        .copied()
        .filter(|func| !builder.in_tests(func.file) && !builder.index.func(*func).decorators.is_empty())
        .filter(|func| !builder.carried.decorated.contains(func))
        .collect();
    let mut changed = false;
    for func in new {
        builder.carried.decorated.insert(func);
        for at in 0..builder.index.func(func).decorators.len() {
            changed |= follow_decorator(builder, func, at);
        }
    }
    changed | carried::settle_wrappers(builder)
}

fn follow_decorator(builder: &mut Builder, func: FuncId, at: usize) -> bool {
    let value = load(builder, func, at);
    let decorator = &builder.index.func(func).decorators[at];
    let known = decorator_name(builder.index, decorator).is_some_and(|name| COLORLESS.contains(&name))
        || decorator_accepts_async(&builder.names(), builder.config, decorator)
        || decorator::passes(&builder.names(), decorator, |func| builder.graph.may_convert(func));
    if known || builder.index.func(func).traits.is_generator {
        return false;
    }
    let Some(Decorating { params, wrappers }) = flow::decorating(builder, value) else { return false };
    let mut changed = false;
    let mut escaped = false;
    for (taker, at) in params {
        let trace = flow::trace_param(builder, Token::Function(func), taker, at);
        escaped |= trace.escape.is_some();
        for place in trace.calls {
            changed |= match builder.index.site(place).usage {
                Usage::Called(_) if is_inside(builder, place, taker) => carried::add_wrapped(builder, place, func),
                // `to_thread(fn, x)`, and what calls the functions that the decorator registered.
                _ => carried::add_place(builder, place, BTreeSet::from([func]), Runs::Calls),
            };
        }
    }
    // A wrapper that never calls the function takes its place: its sites are not the function's.
    let calls = |wrapper: FuncId| {
        builder.graph.sites.values().any(|site| {
            site.kind == SiteKind::Call
                && site.targets.contains(&func)
                && builder.index.context(builder.index.site(site.id).context).func == Some(wrapper)
        })
    };
    if escaped || !wrappers.iter().all(|wrapper| calls(*wrapper)) {
        return changed;
    }
    if !wrappers.is_empty() {
        builder.tie(&wrappers.iter().copied().chain([func]).collect());
        wrappers.iter().for_each(|wrapper| builder.add_node(*wrapper));
    }
    builder.graph.followed_decorators.insert(value);
    true
}

/// What a decorator does can only be told when its module is read, whatever asked for it before.
fn load(builder: &mut Builder, func: FuncId, at: usize) -> ValueId {
    let value = builder.index.func(func).decorators[at].value;
    let named = builder.names().last_name(value).map(str::to_owned);
    let names: Vec<String> = named.into_iter().chain(builder.names().original_name(value)).collect();
    builder.index.load_words(builder.project, names.iter().map(String::as_str));
    value
}

/// Is the method read like an attribute, by what its decorators do?
pub(super) fn is_property(builder: &mut Builder, func: FuncId) -> bool {
    for at in 0..builder.index.func(func).decorators.len() {
        let decorator = &builder.index.func(func).decorators[at];
        if decorator_name(builder.index, decorator).is_some_and(|name| !COLORLESS.contains(&name)) {
            load(builder, func, at);
        }
    }
    boundary::is_property(builder.index, func)
}

/// Does the place stand in a function that is defined in `outer`, as a wrapper does?
fn is_inside(builder: &Builder, place: RefId, outer: FuncId) -> bool {
    let mut func = builder.index.context(builder.index.site(place).context).func;
    while let Some(at) = func {
        if at == outer {
            return true;
        }
        func = builder.index.func(at).parent;
    }
    false
}
