//! The search through what a function calls, for what must not run in a thread.

use std::cell::RefCell;
use std::sync::Arc;

use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{NESTING, bound_to_thread, handles, is_declared, is_met_by, made, overriding, remembered, resolved_in};
use crate::color::cause::Cause;
use crate::color::{World, iteration};
use crate::index::facts::*;
use crate::resolve::SiteKind;
use crate::resolve::builtin::OF_MAPPINGS;
use crate::resolve::hierarchy::{self, BaseClass};
use crate::resolve::names::{Meaning, Names};
use crate::resolve::signature::fits;

/// Calls that need the thread of the running loop, or its context.
const LOOP_CALLS: [&str; 12] = [
    "get_running_loop",
    "create_task",
    "create_future",
    "ensure_future",
    "current_task",
    "call_soon",
    "call_later",
    "call_at",
    "add_signal_handler",
    "run_coroutine_threadsafe",
    "get_event_loop",
    "run_until_complete",
];

/// Calls that only the main thread may make.
const MAIN_CALLS: [&str; 2] = ["signal.signal", "signal.set_wakeup_fd"];

/// Classes whose objects send from the thread of the loop alone, and the methods that send.
const SENDERS: [&str; 2] = ["tornado.web.", "tornado.websocket."];
const SENDING: [&str; 6] = ["finish", "flush", "redirect", "render", "send_error", "write_message"];

/// What a function does, as far as a worker thread minds.
#[derive(Clone, Debug)]
pub enum Step {
    /// One of [`LOOP_CALLS`] or [`MAIN_CALLS`].
    Loop(String),
    /// It makes an object that may be tied to the loop.
    Foreign(String),
    /// It calls what users of the library put into an attribute.
    Others(String),
    /// It may run the function; there, `StopIteration` may be caught.
    Runs { callee: FuncId, caught: bool },
}

/// What a search found, and the functions that it did not go through because they convert.
type Answer = (Option<Cause>, Vec<FuncId>);

/// The answers with the colors as they were: for a function, and whether what runs it catches `StopIteration`.
pub type Searched = RefCell<FxHashMap<(FuncId, bool), Answer>>;

/// The colors as they are while they are settled.
pub struct Colors<'a> {
    converts: &'a dyn Fn(FuncId) -> bool,
    searched: &'a Searched,
}

impl<'a> Colors<'a> {
    pub fn new(converts: &'a dyn Fn(FuncId) -> bool, searched: &'a Searched) -> Self {
        Self { converts, searched }
    }

    /// Looks through the function and what it calls, but not through what converts: a name may lead there by mistake, but no sync
    /// function runs it.
    pub(super) fn search(&self, world: World, func: FuncId, caught: bool) -> Option<Cause> {
        transitive(world, func, caught)?;
        if let Some((found, passed)) = self.searched.borrow().get(&(func, caught))
            && passed.iter().all(|func| (self.converts)(*func))
        {
            return found.clone();
        }
        let answer = search(world, func, caught, self.converts);
        self.searched.borrow_mut().insert((func, caught), answer.clone());
        answer.0
    }
}

/// Looks through the function and what it calls: by scopes, by `self`, else everything of that name that fits. `caught`: what
/// runs the function catches `StopIteration`.
pub fn transitive(world: World, func: FuncId, caught: bool) -> Option<Cause> {
    remembered(&world.hazards.answers, (func, caught), || search(world, func, caught, &|_| false).0)
}

fn search(world: World, func: FuncId, caught: bool, converts: &dyn Fn(FuncId) -> bool) -> Answer {
    let (mut seen, mut passed) = (FxHashSet::default(), vec![]);
    // Functions, and whether the way there catches `StopIteration`.
    let mut pending = vec![(func, caught)];
    while let Some((at, caught)) = pending.pop() {
        // What a codemod declares blocking is meant to run in a thread.
        if !seen.insert((at, caught)) || world.index.func(at).is_async || is_declared(world, at) {
            continue;
        }
        if at != func && converts(at) {
            passed.push(at);
            continue;
        }
        if let Some(cause) = own(world, at, caught)
            .or_else(|| bound_to_thread(world, at))
            .or_else(|| handles(world).given(world, at, func))
        {
            return (Some(cause), passed);
        }
        if !caught && iteration::may_stop(world, at) && iteration::is_awaited_above(world, func) {
            return (Some(Cause::StopsIteration { func: at }), passed);
        }
        for step in steps(world, at).iter() {
            match step {
                Step::Loop(name) => return (Some(Cause::NeedsLoop { func: at, name: name.clone() }), passed),
                // Further away it may be another function of that name.
                Step::Others(name) if is_of_class(world, at, func) => {
                    return (Some(Cause::CallsOthers { func: at, name: name.clone() }), passed);
                }
                Step::Others(_) => {}
                Step::Foreign(name) => return (Some(Cause::MayNeedLoop { func: at, name: name.clone() }), passed),
                Step::Runs { callee, caught: within } => pending.push((*callee, caught || *within)),
            }
        }
    }
    (None, passed)
}

/// Is it the function itself, or a method of its class, or of one above it?
fn is_of_class(world: World, at: FuncId, func: FuncId) -> bool {
    let class = |func: FuncId| world.index.func(func).class;
    let above = |own: ClassId| world.graph.hierarchy.ancestors(own);
    at == func || class(func).zip(class(at)).is_some_and(|(own, other)| above(own).contains(&other))
}

/// What a function calls itself.
fn steps(world: World, func: FuncId) -> Arc<[Step]> {
    remembered(&world.hazards.calls, func, || steps_in(world, func).into())
}

fn steps_in(world: World, func: FuncId) -> Vec<Step> {
    let mut found = steps_of(world, func, |_, call| stands_in(world, func, call.context, call.range));
    // Who iterates takes `StopIteration` for the end.
    let iterated = iterated(world, func).into_iter().chain(unnamed(world, func));
    found.extend(iterated.map(|callee| Step::Runs { callee, caught: true }));
    found
}

/// What some of the calls in a function do, up to one that ends the question.
pub(super) fn steps_of(world: World, func: FuncId, counts: impl Fn(CallId, &Call) -> bool) -> Vec<Step> {
    let (facts, names) = (world.index.file(func.file), world.names());
    let resolved = resolved_in(world, func.file);
    let calls = facts.calls.iter().enumerate();
    let calls = calls.map(|(number, call)| (CallId { file: func.file, index: number as u32 }, call));
    let mut found = vec![];
    for (id, call) in calls.filter(|(id, call)| counts(*id, call)) {
        if world.graph.blocking_calls.contains(&id) {
            continue;
        }
        let name = names.last_name(call.func).unwrap_or_default();
        let main_call = MAIN_CALLS.into_iter().find(|path| path.ends_with(name) && is_path(names, call.func, path));
        if let Some(name) = main_call.or_else(|| LOOP_CALLS.into_iter().find(|own| *own == name)) {
            found.push(Step::Loop(name.to_owned()));
            break;
        }
        if SENDING.contains(&name) && sends(world, func, call.func) {
            found.push(Step::Loop(format!("self.{name}")));
            break;
        }
        let made = made::classes(world, call);
        if let Some(name) = made::foreign(world, func, call, &made) {
            found.push(Step::Foreign(name));
            break;
        }
        if let Some(name) = registered(world, call) {
            found.push(Step::Others(name));
        }
        let caught = facts[call.context].catches_stop;
        let callees = resolved.get(&id).cloned().unwrap_or_else(|| callees(world, func, call));
        // What it is given may be called there: `map(self.load, keys)`.
        let given = call
            .args
            .iter()
            .filter(|arg| !arg.is_star && !world.graph.blocking_values.contains(&arg.value))
            .flat_map(|arg| named(world, func, arg.value));
        let run = callees
            .into_iter()
            .chain(made::initializers(world, &made))
            .chain(given)
            .filter(|callee| is_met_by(world, *callee, func));
        found.extend(run.map(|callee| Step::Runs { callee, caught }));
    }
    found
}

/// `for callback in self.callbacks: callback()` in a library: what others put there may need the thread that it was called in. The
/// name of the attribute.
fn registered(world: World, call: &Call) -> Option<String> {
    let Value::Name { name, scope } = world.index.value(call.func) else { return None };
    if !world.project.is_library {
        return None;
    }
    world.names().lookup(*scope, name).into_iter().find_map(|meaning| match meaning {
        Meaning::Value(value) => kept_for_others(world, value, false, NESTING),
        _ => None,
    })
}

/// The attribute of `self` whose elements a value comes from. `is_element`: an element was taken on the way.
fn kept_for_others(world: World, value: ValueId, is_element: bool, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match world.index.value(value) {
        Value::ElementOf(whole) => kept_for_others(world, *whole, true, depth),
        Value::PartOf(whole, _) => kept_for_others(world, *whole, is_element, depth),
        Value::Subscript { value: whole, .. } => kept_for_others(world, *whole, is_element, depth),
        Value::Call { call } => {
            let call = world.index.call(*call);
            let whole = match (world.index.value(call.func), call.args.first()) {
                (Value::Attribute { receiver, name }, _)
                    if matches!(name.as_str(), "values" | "items" | "get" | "copy") =>
                {
                    *receiver
                }
                (Value::Name { name, .. }, Some(arg)) if matches!(name.as_str(), "list" | "tuple" | "reversed") => {
                    arg.value
                }
                _ => return None,
            };
            kept_for_others(world, whole, is_element, depth)
        }
        Value::Attribute { receiver, name } if is_element && world.names().last_name(*receiver) == Some("self") => {
            Some(format!("self.{name}"))
        }
        _ => None,
    }
}

/// `self.finish(data)` in a handler of tornado, whose method is its own.
fn sends(world: World, func: FuncId, called: ValueId) -> bool {
    let Value::Attribute { receiver, name } = world.index.value(called) else { return false };
    let Value::Name { name: object, .. } = world.index.value(*receiver) else { return false };
    let facts = world.index.func(func);
    let is_self = facts.params.first().is_some_and(|param| param.name == *object);
    let Some(class) = facts.class.filter(|_| is_self) else { return false };
    let hierarchy = &world.graph.hierarchy;
    let is_sender = |base: &BaseClass| match base {
        BaseClass::External(path) => SENDERS.iter().any(|module| path.starts_with(module)),
        BaseClass::Class(_) | BaseClass::Unknown => false,
    };
    hierarchy.overridden(world.index, class, name).is_empty()
        && hierarchy.external_bases(class).into_iter().any(|(_, base)| is_sender(base))
}

/// Is it in the body of the function? What is in a lambda is of the lambda, and of the function around it.
fn stands_in(world: World, func: FuncId, context: ContextId, range: TextRange) -> bool {
    let facts = world.index.func(func);
    world.index.context(context).func == Some(func) || facts.lambda.is_some() && facts.range.contains_range(range)
}

/// What a function runs without a call: `with x`, `for y in x`, a property.
fn unnamed(world: World, func: FuncId) -> Vec<FuncId> {
    let sites = world.graph.sites_in_file(func.file).filter(|site| {
        let runs = matches!(site.kind, SiteKind::Call | SiteKind::Iterated | SiteKind::Read);
        let facts = world.index.site(site.id);
        runs && stands_in(world, func, facts.context, facts.range)
            && (site.kind == SiteKind::Iterated || !matches!(facts.usage, Usage::Called(_)))
    });
    sites.flat_map(|site| &site.targets).flat_map(|target| overriding(world, *target).to_vec()).collect()
}

/// The `__next__` of what an `__iter__` returns.
fn iterated(world: World, func: FuncId) -> Vec<FuncId> {
    let facts = world.index.func(func);
    let Some(class) = facts.class.filter(|_| facts.name == "__iter__") else { return vec![] };
    let made = facts.returns.iter().filter_map(|returned| match world.index.value(returned.value) {
        Value::Call { call } => Some(world.names().evaluate(world.index.call(*call).func)),
        _ => None,
    });
    let mut classes: Vec<ClassId> = made.flatten().filter_map(|meaning| meaning.class()).collect();
    classes.push(class);
    let hierarchy = &world.graph.hierarchy;
    let related =
        classes.iter().flat_map(|class| hierarchy.ancestors(*class).into_iter().chain(hierarchy.descendants(*class)));
    related.filter_map(|class| hierarchy::method(world.index, class, "__next__")).collect()
}

fn own(world: World, func: FuncId, caught: bool) -> Option<Cause> {
    let traits = world.index.func(func).traits;
    if traits.reads_current_exception || traits.reads_callers {
        return Some(Cause::ReadsCaller { func });
    }
    (traits.raises_stop_iteration && !caught).then_some(Cause::StopsIteration { func })
}

fn callees(world: World, func: FuncId, call: &Call) -> Vec<FuncId> {
    let names = world.names();
    let own_class = world.index.func(func).class;
    match world.index.value(call.func) {
        Value::Attribute { receiver, name } if names.last_name(*receiver) == Some("self") => {
            own_class.into_iter().flat_map(|class| world.graph.hierarchy.family(world.index, class, name)).collect()
        }
        Value::Attribute { name, .. } => match function_meanings(names, call.func) {
            found if !found.is_empty() || is_outside(names, call.func) => found,
            // Nearly always a mapping's; many classes have an `update` of their own.
            _ if name != "update" && OF_MAPPINGS.contains(&name.as_str()) => vec![],
            _ => world
                .index
                .funcs_of(name)
                .iter()
                .copied()
                .filter(|candidate| fits(world.index, *candidate, call))
                .collect(),
        },
        _ => function_meanings(names, call.func),
    }
}

/// The functions that a value may be: a name, or an attribute that is the name of methods.
fn named(world: World, func: FuncId, value: ValueId) -> Vec<FuncId> {
    let own_class = world.index.func(func).class;
    match world.index.value(value) {
        Value::Attribute { receiver, name } if world.names().last_name(*receiver) == Some("self") => {
            own_class.into_iter().flat_map(|class| world.graph.hierarchy.family(world.index, class, name)).collect()
        }
        Value::Attribute { name, .. } => world.index.funcs_of(name).to_vec(),
        Value::Name { .. } => function_meanings(world.names(), value),
        _ => vec![],
    }
}

/// Does an import say that it is nothing of the project: `pickle.loads`?
pub(super) fn is_outside(names: Names, value: ValueId) -> bool {
    let meanings = names.evaluate(value);
    !meanings.is_empty() && meanings.iter().all(|meaning| matches!(meaning, Meaning::External(_)))
}

fn is_path(names: Names, value: ValueId, path: &str) -> bool {
    names.dotted(value).as_deref() == Some(path)
}

fn function_meanings(names: Names, value: ValueId) -> Vec<FuncId> {
    let meanings = names.evaluate(value).into_iter();
    meanings
        .filter_map(|meaning| match meaning {
            Meaning::Func(id) => Some(id),
            _ => None,
        })
        .collect()
}
