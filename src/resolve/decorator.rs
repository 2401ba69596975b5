//! Decorators of the project: does what they return behave as the function did, whatever its color?

use super::dispatcher;
use super::names::{Meaning, Names};
use crate::index::facts::*;

/// True when a coroutine function can stand under the decorator as a function did: it hands the function (or its result)
/// on untouched, or tests what it was given. `may_convert`: of a function that may become async itself; a coroutine that its wrapper
/// hands on would be given inside of another one.
pub fn passes(names: &Names, decorator: &Decorator, may_convert: impl Fn(FuncId) -> bool + Copy) -> bool {
    let (value, is_factory) = callee(names, decorator);
    let Some(func) = decorator_function(names, value) else { return false };
    if dispatcher::takes_both(*names, func) {
        return true;
    }
    if is_factory {
        let inner = returned_functions(names, func);
        !inner.is_empty() && inner.iter().all(|inner| inner.is_some_and(|inner| hands_on(names, inner, may_convert)))
    } else {
        hands_on(names, func, may_convert)
    }
}

/// Does the decorator give the function to coroutine functions of the project that call it on the loop?
pub fn runs_on_loop(names: &Names, decorator: &Decorator) -> bool {
    let (value, _) = callee(names, decorator);
    decorator_function(names, value).is_some_and(|func| dispatcher::runs_on_loop(*names, func))
}

/// What stands behind the `@`, without the call of a decorator with arguments; and is there one?
fn callee(names: &Names, decorator: &Decorator) -> (ValueId, bool) {
    match names.index.value(decorator.value) {
        Value::Call { call } => (names.index.call(*call).func, true),
        _ => (decorator.value, false),
    }
}

/// The project's function behind `@name`, `@module.name` or `@instance.method`.
fn decorator_function(names: &Names, value: ValueId) -> Option<FuncId> {
    match names.evaluate(value).as_slice() {
        [Meaning::Func(func)] => Some(*func),
        _ => names.func_of_path(&names.dotted(value)?),
    }
}

/// What a function returns, as functions nested in it; none for anything else.
fn returned_functions(names: &Names, func: FuncId) -> Vec<Option<FuncId>> {
    let facts = names.index.func(func);
    facts
        .returns
        .iter()
        .map(|returned| match names.evaluate(returned.value).as_slice() {
            [Meaning::Func(inner)] if names.index.func(*inner).parent == Some(func) => Some(*inner),
            _ => None,
        })
        .collect()
}

/// `def decorate(f)`: returns `f`, or a wrapper that returns `f(...)` and nothing around the call.
fn hands_on(names: &Names, decorate: FuncId, may_convert: impl Fn(FuncId) -> bool) -> bool {
    let facts = names.index.func(decorate);
    let first = facts.params.iter().position(|param| !matches!(param.name.as_str(), "self" | "cls"));
    let Some(index) = first.filter(|_| !facts.returns.is_empty() && !facts.traits.is_generator) else { return false };
    let name = facts.params[index].name.clone();
    let is_param = |site: &Ref| {
        let scope = names.index.context(site.context).scope;
        site.receiver.is_none()
            && names.lookup(scope, &name) == [Meaning::Param { func: decorate, index: index as u32 }]
    };
    let file = names.index.file(decorate.file);
    let wrappers: Vec<FuncId> = returned_functions(names, decorate).into_iter().flatten().collect();
    let returns_known = facts.returns.iter().all(|returned| {
        matches!(names.evaluate(returned.value).as_slice(),
            [Meaning::Func(inner)] if wrappers.contains(inner))
            || matches!(names.evaluate(returned.value).as_slice(),
            [Meaning::Param { func, index: at }] if *func == decorate && *at == index as u32)
    });
    returns_known
        && !wrappers.iter().any(|wrapper| may_convert(*wrapper))
        && names
            .index
            .refs_in(decorate.file, &name)
            .map(|id| &file[id])
            .filter(|site| is_param(site))
            .all(|site| is_untouched(names, decorate, &wrappers, site))
}

/// A use of the decorated function that leaves its result as it is.
fn is_untouched(names: &Names, decorate: FuncId, wrappers: &[FuncId], site: &Ref) -> bool {
    let context = names.index.context(site.context);
    match site.usage {
        Usage::Returned => context.func == Some(decorate),
        Usage::Called(call) => {
            let wrapper = context.func.filter(|func| wrappers.contains(func));
            wrapper.is_some_and(|wrapper| !names.index.func(wrapper).is_async)
                && names.index.call(call).usage == Usage::Returned
                && context.withs.is_empty()
                && !context.in_try
                && context.barrier.is_none()
        }
        Usage::Argument { call, .. } => {
            let taker = names.index.call(call).func;
            names.last_name(taker).is_some_and(|name| matches!(name, "wraps" | "update_wrapper"))
        }
        // `f.__name__`
        Usage::Receiver => true,
        _ => false,
    }
}

/// A name is followed through this many others.
const RENAMINGS: usize = 4;

/// The generic function that `@generic.register` adds an implementation to (`functools.singledispatch`).
pub fn registers_with(names: &Names, decorator: &Decorator) -> Option<FuncId> {
    let value = names.index.callee(decorator.value);
    let Value::Attribute { receiver, name } = names.index.value(value) else { return None };
    if name != "register" {
        return None;
    }
    generic(names, *receiver, RENAMINGS)
}

/// `show = shows.show`: the function behind so many names.
fn generic(names: &Names, value: ValueId, steps: usize) -> Option<FuncId> {
    match names.evaluate(value).as_slice() {
        [Meaning::Func(generic)] if is_generic(names, *generic) => Some(*generic),
        [Meaning::Value(other)] if steps > 0 => generic(names, *other, steps - 1),
        _ => None,
    }
}

/// Is the function one that dispatches on the type of an argument?
pub fn is_generic(names: &Names, func: FuncId) -> bool {
    names.index.func(func).decorators.iter().any(|decorator| {
        names
            .dotted(decorator.value)
            .is_some_and(|path| matches!(path.as_str(), "functools.singledispatch" | "functools.singledispatchmethod"))
    })
}
