//! Functions that are sync for some callers and async for others, and results that are awaited after all: no chain goes
//! through them.

use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::parsed;
use crate::color::World;
use crate::index::facts::*;
use crate::resolve::boundary::decorator_name;
use crate::resolve::decorator;
use crate::resolve::dispatcher::takes_both;
use crate::resolve::names::Meaning;

/// Calls by which a function finds out whether a loop is running.
const LOOP_TESTS: [&str; 8] = [
    "get_running_loop",
    "_get_running_loop",
    "get_event_loop",
    "is_running",
    "current_async_library",
    "iscoroutinefunction",
    "isawaitable",
    "iscoroutine",
];

/// Takers of coroutines and futures.
const TAKERS: [&str; 14] = [
    "gather",
    "create_task",
    "ensure_future",
    "wait_for",
    "shield",
    "wait",
    "as_completed",
    "run",
    "run_until_complete",
    "run_coroutine_threadsafe",
    "start_soon",
    "isawaitable",
    "iscoroutine",
    "maybe_await",
];

/// Does the function do something else where a loop runs: by itself, or by a decorator that nobody can tell about?
pub fn is_dual(world: World, func: FuncId) -> bool {
    let facts = world.index.func(func);
    world.graph.awaitable_returns.contains_key(&func)
        || calls_any(world, func, &LOOP_TESTS)
        || facts.decorators.iter().any(|decorator| may_dispatch(world, decorator))
}

fn calls_any(world: World, func: FuncId, wanted: &[&str]) -> bool {
    wanted.iter().any(|name| {
        world
            .index
            .refs_in(func.file, name)
            .any(|id| world.context(id).func == Some(func) && matches!(world.index.site(id).usage, Usage::Called(_)))
    })
}

/// Decorators of others that run the function when it is called.
const PLAIN: [&str; 21] = [
    "staticmethod",
    "classmethod",
    "abstractmethod",
    "override",
    "final",
    "overload",
    "property",
    "cached_property",
    "contextmanager",
    "lru_cache",
    "cache",
    "cached",
    "wraps",
    "retry",
    "on_exception",
    "on_predicate",
    "deprecated",
    "setter",
    "getter",
    "deleter",
    "no_type_check",
];

/// A decorator that may hand the call to something else than the function, here and now.
fn may_dispatch(world: World, decorator: &Decorator) -> bool {
    let name = decorator_name(world.index, decorator).unwrap_or("?");
    if PLAIN.contains(&name)
        || name.ends_with("property")
        || decorator::passes(&world.names(), decorator, |func| world.graph.may_convert(func))
            && !tests(world, decorator)
    {
        return false;
    }
    match own(world, decorator) {
        // One of the project that does not ask about loops calls the function some time.
        Some(func) => takes_both(world.names(), func) || file_asks(world, func.file),
        None => true,
    }
}

fn tests(world: World, decorator: &Decorator) -> bool {
    own(world, decorator).is_some_and(|func| takes_both(world.names(), func))
}

fn file_asks(world: World, file: FileId) -> bool {
    LOOP_TESTS.iter().any(|name| world.index.refs_in(file, name).next().is_some())
}

/// The function of the project that makes the decorator.
fn own(world: World, decorator: &Decorator) -> Option<FuncId> {
    let value = world.index.callee(decorator.value);
    world.names().evaluate(value).into_iter().find_map(|meaning| match meaning {
        Meaning::Func(func) => Some(func),
        _ => None,
    })
}

/// The branches of `if isinstance(x, ...)`: what runs there depends on what the function is given.
pub fn branches(suite: &[Stmt]) -> Vec<TextRange> {
    let mut found = vec![];
    for body in parsed::bodies(suite) {
        parsed::own_nodes(body.statements, &mut |node| {
            if let parsed::Node::Stmt(Stmt::If(node)) = node
                && let Some(first) = node.body.first()
                && asks_for_type(&node.test)
            {
                found.push(TextRange::new(first.start(), node.end()));
            }
        });
    }
    found
}

fn asks_for_type(test: &Expr) -> bool {
    let mut found = false;
    parsed::own_expressions(test, &mut |expr| {
        if let Expr::Call(call) = expr {
            found |=
                matches!(parsed::last_name(&call.func), Some("isinstance" | "issubclass" | "hasattr" | "callable"));
        }
    });
    found
}

/// Is the result of the call at a site awaited, at once or later?
pub fn is_awaited(world: World, id: RefId) -> bool {
    match world.result_usage(id) {
        Some(Usage::Awaited) => true,
        Some(
            Usage::ForIter { is_async, .. }
            | Usage::ComprehensionIter { is_async, .. }
            | Usage::WithItem { is_async, .. },
        ) => is_async,
        Some(Usage::Argument { call, .. } | Usage::Element { taker: Some(call) }) => takes_awaitables(world, call),
        Some(Usage::Assigned) => is_awaited_by_name(world, id),
        _ => false,
    }
}

fn takes_awaitables(world: World, call: CallId) -> bool {
    world.names().last_name(world.index.call(call).func).is_some_and(|name| TAKERS.contains(&name))
}

/// `coro = f()`, and later `await coro` or `gather(coro)` in the same function.
fn is_awaited_by_name(world: World, id: RefId) -> bool {
    let Usage::Called(own) = world.index.site(id).usage else { return false };
    let facts = world.index.file(id.file);
    let is_result = |bound: &Bound| match bound {
        Bound::Value(value) | Bound::Annotated { value: Some(value), .. } => {
            matches!(&facts[*value], Value::Call { call } if *call == own)
        }
        _ => false,
    };
    let scope = world.context(id).scope;
    let names: Vec<&Name> =
        facts[scope].bindings.iter().filter(|binding| is_result(&binding.bound)).map(|binding| &binding.name).collect();
    names.into_iter().any(|name| {
        world.index.refs_in(id.file, name).any(|other| {
            let site = world.index.site(other);
            site.receiver.is_none()
                && facts[site.context].func == world.context(id).func
                && match site.usage {
                    Usage::Awaited => true,
                    Usage::Argument { call, .. }
                    | Usage::Element { taker: Some(call) }
                    | Usage::Starred { taker: Some(call) } => takes_awaitables(world, call),
                    _ => false,
                }
        })
    })
}
