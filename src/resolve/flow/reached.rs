//! Which calls a function may get to that is named as a value, by names alone: an answer that takes in too much. The solver
//! needs it while it runs, to find the arguments of such a function; it checks what each call calls.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::scope::Home;
use super::solver::Solver;
use crate::index::Defined;
use crate::index::consumers::Consumer;
use crate::index::facts::*;
use crate::resolve::boundary;
use crate::resolve::names::Meaning;

/// More steps than this are not followed.
const STEPS: usize = 400;

/// More places of one attribute than this are not looked at.
const PLACES: usize = 300;

/// Functions that look at what they are given, and neither call nor keep it.
const LOOKING: [&str; 14] = [
    "isinstance",
    "callable",
    "iscoroutinefunction",
    "isawaitable",
    "hasattr",
    "id",
    "repr",
    "str",
    "bool",
    "len",
    "print",
    "signature",
    "wraps",
    "update_wrapper",
];

/// Methods of containers that keep what they are given.
const KEEPING: [&str; 9] =
    ["append", "appendleft", "add", "insert", "extend", "update", "setdefault", "put", "put_nowait"];

/// Methods of containers that hand out what is in them.
pub(crate) const GIVING: [&str; 11] =
    ["get", "pop", "popleft", "setdefault", "values", "items", "copy", "__iter__", "__getitem__", "union", "popitem"];

/// Where it may get.
#[derive(Debug, Default)]
pub(super) struct Reached {
    pub(super) calls: BTreeSet<CallId>,
    /// Where it decorates something: the expression, and what is decorated.
    pub(super) decorated: Vec<(ValueId, Defined)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Spot {
    Value(ValueId),
    Name(ScopeId, Name),
    Attribute(Name),
    Result(FuncId),
}

struct Walk<'w, 'a> {
    solver: &'w mut Solver<'a>,
    pending: Vec<Spot>,
    seen: FxHashSet<Spot>,
    /// Names of containers that it was put into.
    containers: FxHashSet<(ScopeId, Name)>,
    reached: Reached,
    is_lost: bool,
}

impl<'a> Solver<'a> {
    /// Where a value gets; none when it is lost sight of.
    pub(super) fn reached_from(&mut self, from: ValueId) -> Option<Reached> {
        self.reached(Spot::Value(from), FxHashSet::default())
    }

    /// Where a parameter gets, but for what its function returns.
    pub(super) fn reached_from_param(&mut self, func: FuncId, at: u32) -> Option<Reached> {
        let facts = self.index.func(func);
        let start = Spot::Name(facts.scope, facts.params[at as usize].name.clone());
        self.reached(start, FxHashSet::from_iter([Spot::Result(func)]))
    }

    fn reached(&mut self, start: Spot, seen: FxHashSet<Spot>) -> Option<Reached> {
        let (containers, reached) = (FxHashSet::default(), Reached::default());
        let mut walk = Walk { solver: self, pending: vec![start], seen, containers, reached, is_lost: false };
        while let Some(spot) = walk.pending.pop() {
            if walk.seen.insert(spot.clone()) {
                walk.step(spot);
            }
            if walk.is_lost || walk.seen.len() > STEPS {
                return None;
            }
        }
        Some(walk.reached)
    }
}

impl Walk<'_, '_> {
    fn step(&mut self, spot: Spot) {
        match spot {
            Spot::Value(value) => self.value(value),
            Spot::Name(scope, name) => self.name(scope, &name),
            Spot::Attribute(name) => self.attribute(&name),
            Spot::Result(func) => self.result(func),
        }
    }

    fn go(&mut self, spot: Spot) {
        self.pending.push(spot);
    }

    fn value(&mut self, value: ValueId) {
        let consumers = self.solver.consumers(value.file);
        for consumer in consumers.of_value(value) {
            match consumer {
                Consumer::Either(whole)
                | Consumer::Part(whole)
                | Consumer::Spread(whole)
                | Consumer::Subscript(whole)
                | Consumer::Element(whole)
                | Consumer::Unpacked(whole)
                | Consumer::Entered(whole)
                | Consumer::Await(whole) => self.go(Spot::Value(*whole)),
                Consumer::Attribute(attribute) => self.member(*attribute),
                Consumer::Callee(call) => drop(self.reached.calls.insert(*call)),
                Consumer::Argument(call, at) => self.argument(*call, *at),
                Consumer::Bound(scope, name) => self.bound(*scope, name),
                Consumer::Written(name, _) => self.go(Spot::Attribute(name.clone())),
                Consumer::Item(container) => self.kept_in(*container),
                Consumer::Returned(func) | Consumer::Yielded(func) => self.go(Spot::Result(*func)),
                Consumer::Default(func, at) => self.param(*func, *at as usize),
                Consumer::Decorator(what) => self.reached.decorated.push((value, *what)),
                Consumer::Searched => {}
                Consumer::Lambda(_) | Consumer::Lost => self.is_lost = true,
            }
        }
    }

    fn bound(&mut self, scope: ScopeId, name: &Name) {
        match self.solver.home(scope, name) {
            Home::Scope(home) => self.go(Spot::Name(home, name.clone())),
            Home::Builtin | Home::Unknown => self.is_lost = true,
        }
    }

    /// `x.name`, where `x` is it, or has it inside.
    fn member(&mut self, attribute: ValueId) {
        let Value::Attribute { name, .. } = self.solver.index.value(attribute).clone() else { return };
        let consumers = self.solver.consumers(attribute.file);
        let mut calls = consumers.of_value(attribute).iter().filter_map(|consumer| match consumer {
            Consumer::Callee(call) => Some(*call),
            _ => None,
        });
        match calls.next() {
            None => self.is_lost |= matches!(name.as_str(), "__call__" | "__wrapped__" | "__func__"),
            Some(call) if GIVING.contains(&name.as_str()) => {
                self.pending.extend(consumers.result(call).map(Spot::Value));
            }
            Some(_) if KEEPING.contains(&name.as_str()) => {}
            Some(_) => {
                self.is_lost |= !matches!(name.as_str(), "keys" | "remove" | "discard" | "clear" | "index" | "count");
            }
        }
    }

    fn name(&mut self, scope: ScopeId, name: &Name) {
        let here = self.solver.index.scope(scope);
        let (is_class, is_module) = (matches!(here.kind, ScopeKind::Class(_)), here.parent.is_none());
        if is_class {
            self.go(Spot::Attribute(name.clone()));
        }
        if is_module && !self.solver.load_name(name) {
            self.is_lost = true;
            return;
        }
        for id in self.solver.index.refs_from(scope, name) {
            let site = self.solver.index.site(id);
            let (value, receiver, usage) = (site.value, site.receiver, site.usage);
            if site.is_implicit() || !usage.is_read() {
                continue;
            }
            let used_in = self.solver.index.context(site.context).scope;
            let reads = match receiver {
                None if id.file == scope.file || self.solver.index.file(id.file).imports_all() => {
                    matches!(self.solver.home(used_in, name), Home::Scope(home) if home == scope)
                }
                Some(receiver) if is_module => self.is_module_with(receiver, name, scope.file),
                _ => false,
            };
            if reads {
                self.go(Spot::Value(value));
            }
        }
        if is_module {
            for (from, at) in self.solver.index.imports_of(name).to_vec() {
                let import = &self.solver.index.file(from).imports[at as usize];
                let (into, binds) = (import.scope, import.binds.clone());
                let names = self.solver.names();
                if names.absolute(from, import).is_some_and(|path| names.is_handed_on(&path, name, scope.file)) {
                    self.go(Spot::Name(into, binds));
                }
            }
        }
    }

    /// Is the receiver a module whose `name` is that of `home`?
    fn is_module_with(&self, receiver: ValueId, name: &str, home: FileId) -> bool {
        let names = self.solver.names();
        matches!(self.solver.index.value(receiver), Value::Name { .. } | Value::Attribute { .. })
            && names.evaluate(receiver).iter().any(|meaning| match meaning {
                Meaning::Module(module) => names.is_handed_on(module, name, home),
                _ => false,
            })
    }

    fn attribute(&mut self, name: &Name) {
        if !self.solver.load_name(name) || self.solver.index.refs_of(name).len() > PLACES {
            self.is_lost = true;
            return;
        }
        for id in self.solver.index.refs_of(name).to_vec() {
            let site = self.solver.index.site(id);
            if site.receiver.is_some() && !site.is_implicit() && site.usage.is_read() {
                self.pending.push(Spot::Value(site.value));
            }
        }
    }

    fn result(&mut self, func: FuncId) {
        let facts = self.solver.index.func(func);
        let (name, class) = (facts.name.clone(), facts.class);
        if boundary::is_property(self.solver.index, func) {
            return self.go(Spot::Attribute(name));
        }
        if !boundary::is_transparent(self.solver.index, func) || !self.solver.load_name(&name) {
            self.is_lost = true;
            return;
        }
        for id in self.solver.index.refs_of(&name).to_vec() {
            let site = self.solver.index.site(id);
            match site.usage {
                // Without a class, it is only called by its name or as a member of its module.
                Usage::Called(call) if class.is_none() || site.receiver.is_some() => {
                    let result = self.solver.consumers(id.file).result(call);
                    self.pending.extend(result.map(Spot::Value));
                }
                Usage::Called(_) | Usage::Store | Usage::Annotation | Usage::Receiver | Usage::Condition => {}
                _ => self.is_lost = true,
            }
        }
    }

    fn argument(&mut self, call: CallId, at: u32) {
        let func = self.solver.index.call(call).func;
        let last = self.solver.names().last_name(func).unwrap_or_default().to_owned();
        let is_method = matches!(self.solver.index.value(func), Value::Attribute { .. });
        let takers = self.takers(func, &last);
        for taker in &takers {
            self.given_to(*taker, call, at);
        }
        let result = self.solver.consumers(call.file).result(call);
        let keeps = is_method && KEEPING.contains(&last.as_str());
        let passes = match last.as_str() {
            "partial" | "partialmethod" | "staticmethod" | "classmethod" | "cast" | "list" | "tuple" | "set"
            | "frozenset" | "dict" | "sorted" | "reversed" | "iter" | "enumerate" | "zip" | "deque" | "OrderedDict"
            | "next" | "copy" | "deepcopy" => true,
            "get" | "pop" | "setdefault" if is_method => true,
            "getattr" => at == 2,
            _ => false,
        };
        if keeps && let Value::Attribute { receiver, .. } = *self.solver.index.value(func) {
            self.kept_in(receiver);
        }
        if passes {
            self.pending.extend(result.map(Spot::Value));
        }
        let looks = LOOKING.contains(&last.as_str());
        self.is_lost |= takers.is_empty() && !keeps && !passes && !looks;
    }

    /// The functions of the project that a callee may be, by its name.
    fn takers(&mut self, func: ValueId, last: &str) -> Vec<FuncId> {
        let mut found = vec![];
        let meanings = match self.solver.index.value(func) {
            Value::Name { .. } | Value::Attribute { .. } => self.solver.names().evaluate(func),
            _ => return found,
        };
        for meaning in meanings {
            match meaning {
                Meaning::Func(func) => found.push(func),
                Meaning::Class(class) => found.extend(self.constructor(class)),
                _ => {}
            }
        }
        if found.is_empty() && matches!(self.solver.index.value(func), Value::Attribute { .. }) {
            if !self.solver.load_name(last) {
                self.is_lost = true;
            }
            found.extend(self.solver.index.funcs_of(last));
            // What is stored under that name may be called instead.
            self.is_lost |= !self.solver.index.writes_of(last).is_empty();
        }
        found
    }

    fn constructor(&mut self, class: ClassId) -> Option<FuncId> {
        self.solver.close(class);
        let ancestors = self.solver.hierarchy.ancestors(class);
        let init =
            ancestors.iter().find_map(|id| crate::resolve::hierarchy::method(self.solver.index, *id, "__init__"));
        self.is_lost |= init.is_none();
        init
    }

    /// The parameters that may take an argument; with stars around, all of them.
    fn given_to(&mut self, taker: FuncId, call: CallId, at: u32) {
        let args = &self.solver.index.call(call).args;
        let arg = &args[at as usize];
        let before = &args[..at as usize];
        let is_moved = arg.is_star || before.iter().any(|arg| arg.is_star);
        let position = before.iter().filter(|arg| arg.keyword.is_none()).count();
        let facts = self.solver.index.func(taker);
        let is_method = facts.class.is_some();
        let takes = |(index, param): &(usize, &Param)| match (&arg.keyword, param.kind) {
            (_, ParamKind::Keywords) => arg.keyword.is_some() || arg.is_mapping,
            (Some(keyword), _) => param.name == *keyword,
            (None, ParamKind::KeywordOnly) => arg.is_mapping,
            (None, ParamKind::Variadic) => true,
            // `C.f(x)` and `x.f()` differ by one.
            (None, _) => is_moved || *index == position || is_method && *index == position + 1,
        };
        let found: Vec<usize> = facts.params.iter().enumerate().filter(takes).map(|(index, _)| index).collect();
        found.into_iter().for_each(|index| self.param(taker, index));
    }

    fn param(&mut self, func: FuncId, at: usize) {
        let facts = self.solver.index.func(func);
        let spot = Spot::Name(facts.scope, facts.params[at].name.clone());
        self.go(spot);
    }

    /// It is put into a container: whoever has the container has it.
    fn kept_in(&mut self, container: ValueId) {
        match self.solver.index.value(container).clone() {
            Value::Name { name, scope } => {
                let Home::Scope(home) = self.solver.home(scope, &name) else {
                    self.is_lost = true;
                    return;
                };
                if self.containers.insert((home, name.clone())) {
                    self.go(Spot::Name(home, name.clone()));
                    for (bound, _) in self.solver.bindings(home, &name) {
                        match bound {
                            Bound::Value(alias) | Bound::Annotated { value: Some(alias), .. } if alias != container => {
                                self.kept_in(alias);
                            }
                            Bound::Value(_) | Bound::Annotated { .. } => {}
                            _ => self.is_lost = true,
                        }
                    }
                }
            }
            Value::Attribute { name, .. } => self.go(Spot::Attribute(name)),
            Value::Subscript { value, .. } | Value::ElementOf(value) | Value::PartOf(value, _) => self.kept_in(value),
            Value::Either(sides) | Value::Sum(sides) => sides.into_iter().for_each(|side| self.kept_in(side)),
            Value::Call { call } => match self.solver.index.value(self.solver.index.call(call).func).clone() {
                Value::Attribute { receiver, name } if GIVING.contains(&name.as_str()) => self.kept_in(receiver),
                Value::Name { .. } => {}
                _ => self.is_lost = true,
            },
            Value::Elements(_) | Value::Dict(_) | Value::Comprehension { .. } | Value::None | Value::Builtin => {}
            _ => self.is_lost = true,
        }
    }
}
