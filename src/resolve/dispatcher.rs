//! Dispatchers of the project: what takes functions of both colors, for it awaits what can be awaited.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::flow::GIVING;
use super::names::{Meaning, Names};
use crate::index::facts::*;

/// Who takes a coroutine function in the place of a plain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// A dispatcher of the project, which calls plain functions where it stands.
    Here,
    /// A framework, or a dispatcher that has a worker for plain functions.
    Elsewhere,
}

/// What runs a plain function in a worker.
const OFFLOADS: [&str; 6] =
    ["to_thread", "run_in_executor", "run_sync", "run_in_threadpool", "sync_to_async", "submit"];

/// What a dispatcher of the project does with plain functions: its class, or module, has an offload for them or not.
pub(crate) fn accepts(names: Names, func: FuncId) -> Accepts {
    let facts = names.index.file(func.file);
    let class = names.index.func(func).class;
    let around = |call: &Call| facts[call.context].func.map(|at| names.index.outermost(at));
    let is_near = |call: &&Call| class.is_none() || around(call).is_some_and(|at| names.index.func(at).class == class);
    let offloads = facts.calls.iter().filter(is_near).any(|call| is_one_of(names, call, &OFFLOADS));
    if offloads { Accepts::Elsewhere } else { Accepts::Here }
}

/// A dispatcher of the project: it tests what it was given with `iscoroutinefunction` or `isawaitable`, itself or in a function
/// of its module that it calls, so it takes both colors. One that only keeps what it is given does too, when all that calls what
/// it keeps tests: in its class, or in its module for a plain function.
pub fn takes_both(names: Names, func: FuncId) -> bool {
    !testers(names, func).is_empty()
}

/// Does a coroutine function run plain functions that the dispatcher is given, on the loop's thread?
pub(crate) fn runs_on_loop(names: Names, func: FuncId) -> bool {
    accepts(names, func) == Accepts::Here
        && testers(names, func).into_iter().any(|tester| names.index.func(tester).is_async)
}

/// The functions that test what `func` is given; none where something calls it that does not test.
fn testers(names: Names, func: FuncId) -> Vec<FuncId> {
    let own = names.index.func(func).class;
    let facts = names.index.file(func.file);
    let all: FxHashSet<FuncId> = facts
        .calls
        .iter()
        .filter(|call| is_coroutine_test(names, call))
        .filter_map(|call| facts[call.context].func)
        .filter(|around| !only_schedules(names, *around))
        .map(|around| names.index.outermost(around))
        .filter(|around| !only_refuses(names, *around))
        .collect();
    if all.is_empty() {
        return vec![];
    }
    let called = called_in_module(names, func);
    let reached: Vec<FuncId> = all.iter().copied().filter(|tester| called.contains(tester)).collect();
    if !reached.is_empty() || calls_parameter(names, func) {
        return reached;
    }
    match own {
        Some(own) if callers_test(names, func, own, &all) => {
            all.into_iter().filter(|tester| names.index.func(*tester).class == Some(own)).collect()
        }
        None if readers_test(names, func, &all) => all.into_iter().collect(),
        _ => vec![],
    }
}

/// What runs a coroutine in sync code.
const RUNNERS: [&str; 6] =
    ["run", "run_until_complete", "run_coroutine_threadsafe", "create_task", "ensure_future", "async_to_sync"];

/// Does the function test for coroutine functions only to refuse them? It calls what it tests and raises, and awaits nothing, nor
/// does another method of its class.
pub(super) fn only_refuses(names: Names, func: FuncId) -> bool {
    let facts = names.index.file(func.file);
    let func = names.index.outermost(func);
    let class = names.index.func(func).class;
    let is_near = |context: ContextId| {
        let around = facts[context].func.map(|around| names.index.outermost(around));
        around == Some(func) || class.is_some() && around.is_some_and(|at| names.index.func(at).class == class)
    };
    let runs = |call: &Call| {
        call.usage == Usage::Awaited && !is_one_of(names, call, &OFFLOADS) || is_one_of(names, call, &RUNNERS)
    };
    names.index.func(func).traits.raises
        && (calls_parameter(names, func) || offloads_parameter(names, func))
        && !facts.calls.iter().any(|call| is_near(call.context) && runs(call))
        && !facts.refs.iter().any(|site| site.usage == Usage::Awaited && is_near(site.context))
}

/// Does it begin a task with what can be awaited, and go on? A plain function is done by then.
pub(super) fn only_schedules(names: Names, func: FuncId) -> bool {
    let facts = names.index.file(func.file);
    let calls = |wanted: &[&str]| {
        let mut own = facts.calls.iter().filter(|call| facts[call.context].func == Some(func));
        own.any(|call| is_one_of(names, call, wanted))
    };
    let begins_tasks = || calls(&["create_task", "ensure_future", "run_coroutine_threadsafe"]);
    // Where plain functions run later, too, the order is nobody's.
    let defers_all = || calls(&["call_soon", "call_soon_threadsafe", "call_later", "run_in_executor", "submit"]);
    !names.index.func(func).is_async && begins_tasks() && !defers_all()
}

/// Does every method of the class that calls what the keeper put into an attribute test it?
fn callers_test(names: Names, keeper: FuncId, class: ClassId, testers: &FxHashSet<FuncId>) -> bool {
    let facts = names.index.file(keeper.file);
    let kept = attributes_of(names, names.index.outermost(keeper));
    let is_kept = |value: ValueId| comes_from_attribute(names, value, &kept);
    let callers = facts.calls.iter().filter(|call| is_kept(call.func) || is_handed_to_caller(names, call, is_kept));
    let callers: FxHashSet<FuncId> = callers
        .filter_map(|call| facts[call.context].func.map(|around| names.index.outermost(around)))
        .filter(|around| names.index.func(*around).class == Some(class))
        .collect();
    callers.into_iter().all(|caller| !called_in_module(names, caller).is_disjoint(testers))
}

/// Is it given to a function of the module that calls it?
fn is_handed_to_caller(names: Names, call: &Call, is_kept: impl Fn(ValueId) -> bool) -> bool {
    call.args.iter().any(|arg| is_kept(arg.value))
        && names
            .evaluate(call.func)
            .iter()
            .any(|meaning| matches!(meaning, Meaning::Func(func) if calls_parameter(names, *func)))
}

/// The attributes of its own object that a method, or a function nested in it, names.
fn attributes_of(names: Names, method: FuncId) -> FxHashSet<Name> {
    let facts = names.index.file(method.file);
    let Some(own) = names.index.func(method).params.first().map(|param| &param.name) else {
        return FxHashSet::default();
    };
    let is_own = |site: &&Ref| {
        let receiver = site.receiver.map(|receiver| names.index.value(receiver));
        matches!(receiver, Some(Value::Name { name, .. }) if name == own)
            && facts[site.context].func.is_some_and(|around| names.index.outermost(around) == method)
            && !matches!(site.usage, Usage::Called(_))
    };
    facts.refs.iter().filter(is_own).map(|site| site.name.clone()).collect()
}

/// Is it one of these attributes, or taken out of one: `self.handlers[name]`, an element of `self.handlers.values()`, a name for it?
fn comes_from_attribute(names: Names, value: ValueId, attributes: &FxHashSet<Name>) -> bool {
    let (mut pending, mut seen) = (vec![value], FxHashSet::default());
    while let Some(value) = pending.pop() {
        if !seen.insert(value) {
            continue;
        }
        match names.index.value(value) {
            Value::Attribute { name, .. } if attributes.contains(name) => return true,
            Value::Name { name, scope } => {
                let bound = names.lookup(*scope, name).into_iter();
                pending.extend(bound.filter_map(|meaning| match meaning {
                    Meaning::Value(value) => Some(value),
                    _ => None,
                }));
            }
            Value::ElementOf(inner) | Value::PartOf(inner, _) | Value::Subscript { value: inner, .. } => {
                pending.push(*inner)
            }
            Value::Either(sides) => pending.extend(sides),
            Value::Call { call } => {
                let call = names.index.call(*call);
                match names.index.value(call.func) {
                    Value::Attribute { receiver, name } if GIVING.contains(&name.as_str()) => pending.push(*receiver),
                    Value::Name { .. } => pending.extend(call.args.iter().map(|arg| arg.value)),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    false
}

/// Does every other function of the module that names a table which this one fills test what it takes out?
fn readers_test(names: Names, func: FuncId, testers: &FxHashSet<FuncId>) -> bool {
    let keeper = names.index.outermost(func);
    let tables = globals_of(names, keeper);
    let facts = names.index.file(func.file);
    let others: FxHashSet<FuncId> =
        facts.contexts.iter().filter_map(|context| context.func).map(|func| names.index.outermost(func)).collect();
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
            && context.func.is_some_and(|around| names.index.outermost(around) == func)
            && names.home(context.scope, &site.name) == module
            && names.lookup(context.scope, &site.name).iter().any(Meaning::is_variable)
    };
    facts.refs.iter().filter(is_own).map(|site| site.name.clone()).collect()
}

/// The function around `func` that stands in no other, and the functions of its module that it calls.
fn called_in_module(names: Names, func: FuncId) -> FxHashSet<FuncId> {
    let facts = names.index.file(func.file);
    let mut found = FxHashSet::default();
    let mut pending = vec![names.index.outermost(func)];
    while let Some(at) = pending.pop() {
        if !found.insert(at) {
            continue;
        }
        let calls = facts
            .calls
            .iter()
            .filter(|call| facts[call.context].func.is_some_and(|around| names.index.outermost(around) == at));
        pending.extend(calls.flat_map(|call| names.evaluate(call.func)).filter_map(|meaning| match meaning {
            Meaning::Func(callee) if callee.file == func.file => Some(callee),
            _ => None,
        }));
    }
    found
}

/// Does the function, or one nested in it, call what it was given?
fn calls_parameter(names: Names, func: FuncId) -> bool {
    names.index.file(func.file).calls.iter().any(|call| is_given(names, func, call.func))
}

/// Does it hand what it was given to a worker?
fn offloads_parameter(names: Names, func: FuncId) -> bool {
    let offloads = names.index.file(func.file).calls.iter().filter(|call| is_one_of(names, call, &OFFLOADS));
    offloads.flat_map(|call| &call.args).any(|arg| is_given(names, func, arg.value))
}

/// Is the value a parameter of the function, of the one around it, or of one nested there?
fn is_given(names: Names, func: FuncId, value: ValueId) -> bool {
    let around = names.index.outermost(func);
    let is_own =
        |meaning: &Meaning| matches!(meaning, Meaning::Param { func, .. } if names.index.outermost(*func) == around);
    names.evaluate(value).iter().any(is_own)
}

fn is_one_of(names: Names, call: &Call, wanted: &[&str]) -> bool {
    names.last_name(call.func).is_some_and(|name| wanted.contains(&name))
}

/// `iscoroutinefunction(f)` and the like.
pub fn is_coroutine_test(names: Names, call: &Call) -> bool {
    names.last_name(call.func).is_some_and(|name| matches!(name, "iscoroutinefunction" | "isawaitable" | "iscoroutine"))
}
