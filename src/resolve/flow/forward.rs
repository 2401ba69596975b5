//! Forward: where a function goes that is named as a value (or the generator that a call made), up to every place that runs
//! it. The counterpart of the solver, which asks what may arrive at a place.
//!
//! A walk over the turned-round facts: through names, attributes, containers, parameters and results. What it cannot follow is
//! an escape: somebody that nobody sees may call the function there.

mod argument;
mod computed;
mod container;
mod generated;
mod handed_out;
mod holder;
mod instance;
mod narrowed;
mod queue;
mod requested;
mod typed;

use std::collections::BTreeSet;
use std::rc::Rc;

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use super::object::Owner;
use super::object::{Node, Place};
use super::scope::Home;
use crate::index::consumers::{Consumer, Consumers};
use crate::index::facts::*;
use crate::resolve::Builder;
use crate::resolve::dispatcher::Accepts;
use crate::resolve::eager;

/// What is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Token {
    /// A function, up to its calls.
    Function(FuncId),
    /// A class, up to where it is instantiated.
    Class(ClassId),
    /// A function that a codemod declares blocking.
    Layer,
    /// What calling a generator function gives, up to where it is iterated over.
    Generator(FuncId),
    /// What calling a function under `@contextmanager` gives, up to where it is entered.
    Manager(FuncId),
    /// An object of this class or of a child, up to where it is iterated over.
    Instance(ClassId),
}

/// Where it went.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// Calls that run the function, by the place of the callee.
    pub(crate) calls: BTreeSet<RefId>,
    /// Places that iterate over the generator, or enter the context manager.
    pub(crate) uses: BTreeSet<RefId>,
    /// Attributes that are read of it.
    pub(crate) members: FxHashSet<ValueId>,
    /// `__iter__` methods that return it.
    pub(crate) handed_on: BTreeSet<FuncId>,
    /// Annotations of what it is held in.
    pub(crate) annotations: BTreeSet<(FileId, ValueId)>,
    /// Functions that return it.
    pub(crate) through: BTreeSet<FuncId>,
    /// Calls of library functions that run the function before they return, by the place of their callee.
    pub(crate) callbacks: BTreeSet<(RefId, CallId)>,
    /// It goes where async functions are accepted.
    pub(crate) accepted: Option<Accepts>,
    /// Functions in whose place it stands: it is returned by their decorator.
    pub(crate) decorates: BTreeSet<FuncId>,
    /// Where it comes to be in tests, which are not walked through.
    pub(crate) in_tests: Vec<(Spot, u32)>,
    /// The first place where it is lost sight of.
    pub(crate) escape: Option<Place>,
    /// The first call of something outside that is given it, and may do more than look at it.
    pub(crate) given: Option<Place>,
    /// All places in tests where it is lost sight of.
    pub(crate) lost_in_tests: Vec<Place>,
    /// It was not followed to the end: there are more places than are looked at.
    pub(crate) is_endless: bool,
}

impl Trace {
    /// Was a place seen that runs it?
    pub(crate) fn is_run(&self) -> bool {
        !self.calls.is_empty() || !self.uses.is_empty()
    }
}

/// More places than this are not looked at.
const STEPS: usize = 2_000;

/// Containers in containers are followed this far.
const NESTING: u32 = 5;

/// What holds the followed value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Spot {
    Value(ValueId),
    Name(ScopeId, Name),
    /// The attribute of what the owner is.
    Attribute(Name, Owner),
    Param(FuncId, u32),
    Returned(FuncId),
}

struct Walk<'w, 'a> {
    builder: &'w mut Builder<'a>,
    token: Token,
    /// What begins in a test goes on in tests.
    in_tests: bool,
    /// Spots to look at, with how many containers are around the value there.
    pending: Vec<(Spot, u32)>,
    seen: FxHashSet<(Spot, u32)>,
    /// Names of containers that the value was put into, so deep.
    filled: FxHashSet<(Spot, u32)>,
    until: Until,
    /// Reads of computed names: is what comes of them run?
    runs: FxHashMap<(ValueId, u32), bool>,
    trace: Trace,
}

/// Follows `token` from the expression that names or makes it.
pub(crate) fn trace(builder: &mut Builder, token: Token, from: ValueId) -> Trace {
    trace_from(builder, token, from.file, vec![(Spot::Value(from), 0)], Until::TheEnd)
}

/// Follows `token` from an expression that has it inside of so many containers.
pub(crate) fn trace_inside(builder: &mut Builder, token: Token, from: ValueId, depth: u32) -> Trace {
    trace_from(builder, token, from.file, vec![(Spot::Value(from), depth)], Until::TheEnd)
}

/// Follows `token` from a parameter that is given it.
pub(crate) fn trace_param(builder: &mut Builder, token: Token, func: FuncId, at: u32) -> Trace {
    trace_from(builder, token, func.file, vec![(Spot::Param(func, at), 0)], Until::TheEnd)
}

/// How far something is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Everywhere, whatever is lost sight of.
    TheEnd,
    /// Up to the first place where it is lost sight of.
    Lost,
    /// Up to the first place that runs it, whatever is lost sight of.
    Run,
}

/// Follows `token` from several spots, each with how many containers are around it there.
pub(crate) fn trace_from(
    builder: &mut Builder,
    token: Token,
    file: FileId,
    from: Vec<(Spot, u32)>,
    until: Until,
) -> Trace {
    let in_tests = builder.in_tests(file);
    let mut walk = Walk {
        builder,
        token,
        in_tests,
        pending: vec![],
        seen: FxHashSet::default(),
        filled: FxHashSet::default(),
        until,
        runs: FxHashMap::default(),
        trace: Trace::default(),
    };
    from.into_iter().for_each(|(spot, depth)| walk.reach(spot, depth));
    while let Some((spot, depth)) = walk.pending.pop() {
        let is_done = match until {
            Until::TheEnd => false,
            Until::Lost => walk.trace.escape.is_some(),
            Until::Run => walk.trace.is_run(),
        };
        if is_done {
            break;
        }
        if walk.seen.len() > STEPS {
            walk.escape((file, ruff_text_size::TextRange::default()));
            walk.trace.is_endless = true;
            break;
        }
        walk.step(spot, depth);
    }
    walk.trace
}

impl Walk<'_, '_> {
    fn reach(&mut self, spot: Spot, depth: u32) {
        if self.seen.insert((spot.clone(), depth)) {
            self.pending.push((spot, depth));
        }
    }

    /// Is the file one of the tests, of which code that is tested knows nothing?
    fn is_apart(&self, file: FileId) -> bool {
        !self.in_tests && self.builder.in_tests(file)
    }

    /// Does nobody ask where in the tests it comes to be?
    fn ends_before_tests(&self) -> bool {
        match self.token {
            Token::Function(_) | Token::Generator(_) | Token::Manager(_) => false,
            Token::Class(_) | Token::Layer | Token::Instance(_) => true,
        }
    }

    /// Goes on there, or notes that tests do.
    fn reach_in(&mut self, file: FileId, spot: Spot, depth: u32) {
        match self.is_apart(file) {
            true => self.trace.in_tests.push((spot, depth)),
            false => self.reach(spot, depth),
        }
    }

    fn reach_value(&mut self, value: ValueId, depth: u32) {
        self.reach(Spot::Value(value), depth);
    }

    fn escape(&mut self, place: Place) {
        if self.builder.in_tests(place.0) {
            self.trace.lost_in_tests.push(place);
        }
        self.trace.escape.get_or_insert(place);
    }

    fn escape_at(&mut self, value: ValueId) {
        let place = (value.file, self.place_of(value));
        self.escape(place);
    }

    /// The text around a value, as far as it is known.
    fn place_of(&mut self, value: ValueId) -> ruff_text_size::TextRange {
        let consumers = self.consumers(value.file);
        match (self.builder.index.value(value), consumers.site(value)) {
            (_, Some(site)) => self.builder.index.site(site).range,
            (Value::Call { call }, _) => self.builder.index.call(*call).range,
            _ => ruff_text_size::TextRange::default(),
        }
    }

    fn consumers(&mut self, file: FileId) -> Rc<Consumers> {
        self.builder.solver().consumers(file)
    }

    fn step(&mut self, spot: Spot, depth: u32) {
        match spot {
            Spot::Value(value) => self.value(value, depth),
            Spot::Name(scope, name) => self.name(scope, &name, depth),
            Spot::Attribute(name, owner) => self.attribute(&name, owner, depth),
            Spot::Param(func, at) => self.param(func, at, depth),
            Spot::Returned(func) => self.returned(func, depth),
        }
    }

    fn value(&mut self, value: ValueId, depth: u32) {
        if depth > NESTING {
            return self.escape_at(value);
        }
        if depth == 0 && (self.is_ruled_out(value) || self.is_iterated(value) || self.is_entered(value)) {
            return;
        }
        let consumers = self.consumers(value.file);
        for consumer in consumers.of_value(value) {
            self.consumer(value, consumer, depth);
        }
    }

    /// Is what is followed iterated over here? The place is noted then.
    fn is_iterated(&mut self, value: ValueId) -> bool {
        let (Token::Generator(_) | Token::Instance(_)) = self.token else { return false };
        let Some((site, usage)) = self.usage(value) else { return false };
        let iterated = match usage {
            Usage::ForIter { .. }
            | Usage::ComprehensionIter { .. }
            | Usage::YieldFrom { .. }
            | Usage::Starred { .. }
            | Usage::Unpacked
            | Usage::Added => true,
            Usage::Compared => self.is_searched(value),
            Usage::Receiver if matches!(self.token, Token::Generator(_)) => {
                let index = &self.builder.index;
                eager::METHODS_OF_GENERATORS.iter().any(|name| eager::method_call(index, value, name).is_some())
            }
            Usage::Argument { call, index } => {
                let names = self.builder.names();
                if eager::is_iter(&names, call) {
                    let result = self.consumers(call.file).result(call);
                    result.into_iter().for_each(|result| self.reach_value(result, 0));
                    true
                } else {
                    let is_one_of = |wanted: &[&str]| eager::is_builtin(&names, self.builder.index.call(call), wanted);
                    eager::takes_all(&names, call, index)
                        || index == 0 && (eager::is_next(&names, call) || is_one_of(&["enumerate"]))
                        || is_one_of(if index == 0 { &["zip"] } else { &["zip", "map", "filter"] })
                }
            }
            _ => false,
        };
        if iterated {
            self.trace.uses.insert(site);
        }
        iterated
    }

    /// Is the context manager that is followed entered here? The place is noted then.
    fn is_entered(&mut self, value: ValueId) -> bool {
        let Token::Manager(_) = self.token else { return false };
        let Some(place) = self.consumers(value.file).entered(value) else { return false };
        self.trace.uses.insert(place);
        true
    }

    /// What is done with an expression, and the place of its name. A call has a place for what it calls, and one for what
    /// iterates over its result.
    fn usage(&mut self, value: ValueId) -> Option<(RefId, Usage)> {
        let consumers = self.consumers(value.file);
        if let Some(site) = consumers.site(value) {
            return Some((site, self.builder.index.site(site).usage));
        }
        let Value::Call { call } = self.builder.index.value(value) else { return None };
        let call = self.builder.index.call(*call);
        let place = consumers.iterated(value).or_else(|| consumers.callee(call.func));
        Some((place?, call.usage))
    }

    fn consumer(&mut self, value: ValueId, consumer: &Consumer, depth: u32) {
        match consumer {
            Consumer::Either(whole) => self.reach_value(*whole, depth),
            // The display takes what is in it, and not itself.
            Consumer::Spread(spread) if depth > 0 => self.reach_value(*spread, depth - 1),
            Consumer::Spread(_) => self.escape_at(value),
            Consumer::Part(whole) => self.reach_value(*whole, depth + 1),
            Consumer::Subscript(_) if depth == 0 && self.is_object() => {}
            Consumer::Unpacked(part) if depth == 1 && self.is_another_part(*part) => {}
            Consumer::Subscript(part) | Consumer::Element(part) | Consumer::Unpacked(part) => match depth {
                0 => self.escape_at(value),
                _ => self.reach_value(*part, depth - 1),
            },
            Consumer::Attribute(attribute) => self.member(*attribute, depth),
            Consumer::Callee(call) => self.called(*call, depth),
            Consumer::Argument(call, at) => self.argument(value, *call, *at, depth),
            Consumer::Bound(scope, name) => {
                let home = self.builder.solver().home(*scope, name);
                match home {
                    Home::Scope(home) => self.reach(Spot::Name(home, name.clone()), depth),
                    Home::Builtin | Home::Unknown => self.escape_at(value),
                }
            }
            Consumer::Written(name, _) if name == "__dict__" => self.escape_at(value),
            Consumer::Written(name, receiver) => {
                if name == "__call__" || self.runs_unnamed(name, depth) || self.is_handed_out(*receiver, name, depth) {
                    self.escape_at(value);
                }
                let owner = self.owner(*receiver);
                self.reach(Spot::Attribute(name.clone(), owner), depth);
            }
            // A class of the project keeps it where it likes.
            Consumer::Item(container) if self.is_object() && self.is_of_project(*container) => self.escape_at(value),
            Consumer::Item(container) => self.put_into(*container, depth + 1),
            Consumer::Returned(func) => self.reach(Spot::Returned(*func), depth),
            Consumer::Yielded(func) => self.reach(Spot::Returned(*func), depth + 1),
            Consumer::Default(func, at) => self.reach(Spot::Param(*func, *at), depth),
            Consumer::Searched => self.searched(value, depth),
            Consumer::Entered(entered) if depth == 0 && self.is_object() => self.entered_as(*entered),
            Consumer::Await(_)
            | Consumer::Entered(_)
            | Consumer::Lambda(_)
            | Consumer::Decorator(_)
            | Consumer::Lost => {
                self.escape_at(value);
            }
        }
    }

    /// What entering the object gives, which may be itself.
    fn entered_as(&mut self, entered: ValueId) {
        let set = self.builder.solver().solve(Node::Value(entered), vec![]);
        if set.is_empty() || set.objects().any(|object| self.may_be(object)) {
            self.reach_value(entered, 0);
        }
    }

    fn called(&mut self, call: CallId, depth: u32) {
        let func = self.builder.index.call(call).func;
        let consumers = self.consumers(call.file);
        match (self.token, depth, consumers.callee(func)) {
            (Token::Function(_) | Token::Class(_) | Token::Layer, 0, Some(site)) => drop(self.trace.calls.insert(site)),
            // Its `__call__` is a method like others.
            (Token::Instance(_), 0, _) => {}
            _ => self.escape_at(func),
        }
    }
}
