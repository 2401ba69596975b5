//! Decorators of the project: does what they return behave as the function did, whatever its color?

use super::World;
use crate::index::facts::*;
use crate::resolve::boundary::tests_for_coroutines;
use crate::resolve::names::Meaning;

/// True when a coroutine function can stand under the decorator as a function did: it hands the function (or its result)
/// on untouched, or tests what it was given.
pub fn passes(world: World, decorator: &Decorator) -> bool {
    let (value, is_factory) = match world.index.value(decorator.value) {
        Value::Call { call } => (world.index.call(*call).func, true),
        _ => (decorator.value, false),
    };
    let Some(func) = decorator_function(world, value) else { return false };
    if tests_for_coroutines(world.names(), func) {
        return true;
    }
    if is_factory {
        let inner = returned_functions(world, func);
        !inner.is_empty() && inner.iter().all(|inner| inner.is_some_and(|inner| hands_on(world, inner)))
    } else {
        hands_on(world, func)
    }
}

/// The project's function behind `@name`, `@module.name` or `@instance.method`.
fn decorator_function(world: World, value: ValueId) -> Option<FuncId> {
    let names = world.names();
    match names.evaluate(value).as_slice() {
        [Meaning::Func(func)] => Some(*func),
        _ => names.func_of_path(&names.dotted(value)?),
    }
}

/// What a function returns, as functions nested in it; none for anything else.
fn returned_functions(world: World, func: FuncId) -> Vec<Option<FuncId>> {
    let facts = world.index.func(func);
    facts
        .returns
        .iter()
        .map(|returned| match world.names().evaluate(returned.value).as_slice() {
            [Meaning::Func(inner)] if world.index.func(*inner).parent == Some(func) => Some(*inner),
            _ => None,
        })
        .collect()
}

/// `def decorate(f)`: returns `f`, or a wrapper that returns `f(...)` and nothing around the call.
fn hands_on(world: World, decorate: FuncId) -> bool {
    let facts = world.index.func(decorate);
    let first = facts.params.iter().position(|param| !matches!(param.name.as_str(), "self" | "cls"));
    let Some(index) = first.filter(|_| !facts.returns.is_empty() && !facts.traits.is_generator) else { return false };
    let name = facts.params[index].name.clone();
    let is_param = |site: &Ref| {
        let scope = world.index.context(site.context).scope;
        site.receiver.is_none()
            && world.names().lookup(scope, &name) == [Meaning::Param { func: decorate, index: index as u32 }]
    };
    let file = world.index.file(decorate.file);
    let wrappers: Vec<FuncId> = returned_functions(world, decorate).into_iter().flatten().collect();
    let returns_known = facts.returns.iter().all(|returned| {
        matches!(world.names().evaluate(returned.value).as_slice(),
            [Meaning::Func(inner)] if wrappers.contains(inner))
            || matches!(world.names().evaluate(returned.value).as_slice(),
            [Meaning::Param { func, index: at }] if *func == decorate && *at == index as u32)
    });
    returns_known
        && world
            .index
            .refs_of(&name)
            .iter()
            .filter(|id| id.file == decorate.file)
            .map(|id| &file[*id])
            .filter(|site| is_param(site))
            .all(|site| is_untouched(world, decorate, &wrappers, site))
}

/// A use of the decorated function that leaves its result as it is.
fn is_untouched(world: World, decorate: FuncId, wrappers: &[FuncId], site: &Ref) -> bool {
    let context = world.index.context(site.context);
    match site.usage {
        Usage::Returned => context.func == Some(decorate),
        Usage::Called(call) => {
            let wrapper = context.func.filter(|func| wrappers.contains(func));
            wrapper.is_some_and(|wrapper| !world.index.func(wrapper).is_async)
                && world.index.call(call).usage == Usage::Returned
                && context.withs.is_empty()
                && !context.in_try
                && context.barrier.is_none()
        }
        Usage::Argument { call, .. } => {
            let taker = world.index.call(call).func;
            world.names().last_name(taker).is_some_and(|name| matches!(name, "wraps" | "update_wrapper"))
        }
        // `f.__name__`
        Usage::Receiver => true,
        _ => false,
    }
}
