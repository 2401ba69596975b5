//! What codemods and decorators say about where a function may be async.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::builder::Builder;
use crate::config::{AcceptsAsync, Config};
use crate::index::Index;
use crate::index::facts::*;
use crate::resolve::names::{Meaning, Names};

/// Last names of decorators that turn a method into a property.
const PROPERTIES: [&str; 5] = ["property", "cached_property", "setter", "getter", "deleter"];

/// Is the function read like an attribute?
pub fn is_property(index: &Index, id: FuncId) -> bool {
    index.func(id).decorators.iter().any(|decorator| {
        decorator_name(index, decorator).is_some_and(|name| {
            PROPERTIES.contains(&name)
                || name.ends_with("_property")
                || name.ends_with("Property")
                || index.func(id).class.is_some() && index.gives_property(name)
        })
    })
}

/// Does calling the function give a context manager that its own `yield` makes?
pub fn is_manager(index: &Index, id: FuncId) -> bool {
    let func = index.func(id);
    let is_decorated = |decorator: &Decorator| decorator_name(index, decorator) == Some("contextmanager");
    func.traits.is_generator && !func.is_async && func.decorators.iter().any(is_decorated)
}

/// What a function is to a property of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accessor {
    Getter,
    Setter,
    Deleter,
}

/// Which accessor the function is; a getter when it is none.
pub(crate) fn accessor(index: &Index, func: FuncId) -> Accessor {
    match index.func(func).decorators.last().and_then(|decorator| decorator_name(index, decorator)) {
        Some("setter") => Accessor::Setter,
        Some("deleter") => Accessor::Deleter,
        _ => Accessor::Getter,
    }
}

/// The accessor that a use of an attribute runs.
pub(crate) fn accessor_for(usage: Usage) -> Accessor {
    match usage {
        Usage::Store => Accessor::Setter,
        Usage::Delete => Accessor::Deleter,
        _ => Accessor::Getter,
    }
}

/// Do the decorators hand on arguments and results as they are?
pub(crate) fn is_transparent(index: &Index, id: FuncId) -> bool {
    index.func(id).decorators.iter().all(|decorator| is_transparent_decorator(index, decorator))
}

/// Does a decorator of this name hand on arguments and results as they are?
pub(crate) fn is_transparent_decorator(index: &Index, decorator: &Decorator) -> bool {
    decorator_name(index, decorator).is_some_and(|name| {
        matches!(
            name,
            "staticmethod"
                | "classmethod"
                | "property"
                | "cached_property"
                | "abstractmethod"
                | "override"
                | "overload"
                | "final"
                | "lru_cache"
                | "cache"
                | "wraps"
                | "contextmanager"
                | "asynccontextmanager"
                | "fixture"
                | "deprecated"
        )
    })
}

/// The last name of a decorator, of its callee for `@decorator(...)`.
pub fn decorator_name<'a>(index: &'a Index, decorator: &Decorator) -> Option<&'a str> {
    let mut value = decorator.value;
    loop {
        match index.value(value) {
            Value::Name { name, .. } | Value::Attribute { name, .. } => return Some(name),
            Value::Call { call } => value = index.call(*call).func,
            _ => return None,
        }
    }
}

/// Does a codemod say that this argument may be an async function?
pub(crate) fn accepts_async(builder: &Builder, call: CallId, index: u32) -> Option<Accepts> {
    let path = builder.names().dotted(builder.index.call(call).func)?;
    let spelled = spelled(builder.names(), call, index)?;
    if let Some(taker) = builder.names().func_of_path(&path)
        && tests_for_coroutines(builder.names(), taker)
    {
        return Some(dispatcher(builder.names(), taker));
    }
    let mut entries = builder.config.codemods.iter().flat_map(|codemod| &codemod.accepts_async);
    let accepts = entries.any(|entry| entry.parameter.as_ref().is_some_and(|parameter| parameter.matches(&spelled)));
    accepts.then_some(Accepts::Elsewhere)
}

/// Does a codemod say that this argument is awaited where it can be?
pub fn accepts_awaitable(names: Names, config: &Config, call: CallId, index: u32) -> bool {
    let mut entries = config.codemods.iter().flat_map(|codemod| &codemod.accepts_async).peekable();
    if entries.peek().is_none() {
        return false;
    }
    let spelled = spelled(names, call, index);
    let says =
        |entry: &AcceptsAsync, spelled: &str| entry.awaitable.as_ref().is_some_and(|names| names.matches(spelled));
    spelled.is_some_and(|spelled| entries.any(|entry| says(entry, &spelled)))
}

/// An argument as codemods spell it: `fastapi.Depends:0`, `fastapi.Depends:dependency`.
fn spelled(names: Names, call: CallId, index: u32) -> Option<String> {
    let call = names.index.call(call);
    let path = names.dotted(call.func)?;
    let position = call.args[..index as usize].iter().filter(|other| other.keyword.is_none()).count();
    Some(match &call.args[index as usize].keyword {
        Some(keyword) => format!("{path}:{keyword}"),
        None => format!("{path}:{position}"),
    })
}

/// Who takes a coroutine function in the place of a plain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// A dispatcher of the project, which calls plain functions where it stands.
    Here,
    /// A framework, or a dispatcher that has a worker for plain functions.
    Elsewhere,
}

/// What a dispatcher of the project does with plain functions: its class, or module, has an offload for them or not.
pub(crate) fn dispatcher(names: Names, func: FuncId) -> Accepts {
    let facts = names.index.file(func.file);
    let class = names.index.func(func).class;
    let around = |call: &Call| facts[call.context].func.map(|at| outermost(names.index, at));
    let is_near = |call: &&Call| class.is_none() || around(call).is_some_and(|at| names.index.func(at).class == class);
    let offloads = facts.calls.iter().filter(is_near).any(|call| {
        let name = names.last_name(call.func).unwrap_or_default();
        matches!(name, "to_thread" | "run_in_executor" | "run_sync" | "run_in_threadpool" | "sync_to_async" | "submit")
    });
    if offloads { Accepts::Elsewhere } else { Accepts::Here }
}

/// A dispatcher of the project: it tests what it was given with `iscoroutinefunction` or `isawaitable`, itself or in a function
/// of its module that it calls, so it takes both colors. One that only keeps what it is given does too, when its class (its
/// module, for a plain function) tests.
pub fn tests_for_coroutines(names: Names, func: FuncId) -> bool {
    let own = names.index.func(func).class;
    let facts = names.index.file(func.file);
    let testers: Vec<FuncId> = facts
        .calls
        .iter()
        .filter(|call| is_coroutine_test(names, call))
        .filter_map(|call| facts[call.context].func.map(|around| outermost(names.index, around)))
        .collect();
    if testers.is_empty() {
        return false;
    }
    let called = called_in_module(names, func);
    if calls_parameter(names, func) {
        return testers.iter().any(|around| called.contains(around));
    }
    testers.iter().any(|around| called.contains(around))
        || match own {
            Some(own) => testers.iter().any(|around| names.index.func(*around).class == Some(own)),
            None => readers_test(names, func, &testers),
        }
}

/// Does every other function of the module that names a table which this one fills test what it takes out?
fn readers_test(names: Names, func: FuncId, testers: &[FuncId]) -> bool {
    let keeper = outermost(names.index, func);
    let tables = globals_of(names, keeper);
    let facts = names.index.file(func.file);
    let others: FxHashSet<FuncId> =
        facts.contexts.iter().filter_map(|context| context.func).map(|func| outermost(names.index, func)).collect();
    let mut readers = others
        .into_iter()
        .filter(|other| *other != keeper && !globals_of(names, *other).is_disjoint(&tables))
        .peekable();
    let tests = |reader: FuncId| {
        let reached = called_in_module(names, reader);
        testers.iter().any(|tester| reached.contains(tester))
    };
    readers.peek().is_some() && readers.all(tests)
}

/// The variables of the module that the function, or one nested in it, names.
fn globals_of(names: Names, func: FuncId) -> FxHashSet<Name> {
    let facts = names.index.file(func.file);
    let module = ScopeId { file: func.file, index: 0 };
    let is_own = |site: &&Ref| {
        let context = &facts[site.context];
        site.receiver.is_none()
            && context.func.is_some_and(|around| outermost(names.index, around) == func)
            && names.home(context.scope, &site.name) == module
            && names.lookup(context.scope, &site.name).iter().any(Meaning::is_variable)
    };
    facts.refs.iter().filter(is_own).map(|site| site.name.clone()).collect()
}

/// The function around `func` that stands in no other, and the functions of its module that it calls.
fn called_in_module(names: Names, func: FuncId) -> FxHashSet<FuncId> {
    let facts = names.index.file(func.file);
    let mut found = FxHashSet::default();
    let mut pending = vec![outermost(names.index, func)];
    while let Some(at) = pending.pop() {
        if !found.insert(at) {
            continue;
        }
        let calls = facts
            .calls
            .iter()
            .filter(|call| facts[call.context].func.is_some_and(|around| outermost(names.index, around) == at));
        pending.extend(calls.flat_map(|call| names.evaluate(call.func)).filter_map(|meaning| match meaning {
            Meaning::Func(callee) if callee.file == func.file => Some(callee),
            _ => None,
        }));
    }
    found
}

/// Does the function, or one nested in it, call what it was given?
fn calls_parameter(names: Names, func: FuncId) -> bool {
    let facts = names.index.file(func.file);
    let is_own = |meaning: &Meaning| matches!(meaning, Meaning::Param { func: owner, .. } if outermost(names.index, *owner) == outermost(names.index, func));
    facts.calls.iter().any(|call| names.evaluate(call.func).iter().any(is_own))
}

/// `iscoroutinefunction(f)` and the like.
pub fn is_coroutine_test(names: Names, call: &Call) -> bool {
    names.last_name(call.func).is_some_and(|name| matches!(name, "iscoroutinefunction" | "isawaitable" | "iscoroutine"))
}

/// The method or module-level function that a nested function stands in.
fn outermost(index: &Index, mut func: FuncId) -> FuncId {
    while let Some(parent) = index.func(func).parent {
        func = parent;
    }
    func
}

/// Does a codemod say that functions under this decorator may be async?
pub fn decorator_accepts_async(names: &Names, config: &Config, decorator: &Decorator) -> bool {
    let Some(path) = names.dotted(decorator.value) else { return false };
    let paths = names.inherited_paths(&path);
    config
        .codemods
        .iter()
        .flat_map(|codemod| &codemod.accepts_async)
        .filter_map(|entry| entry.decorator.as_ref())
        .any(|pattern| paths.iter().any(|path| pattern.matches(path)))
}
