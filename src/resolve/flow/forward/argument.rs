//! Arguments: the parameters of the project's functions that get the value, and what library functions do with it.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;

use super::{Spot, Token, Walk};
use crate::index::facts::*;
use crate::resolve::flow::object::{Node, Object};
use crate::resolve::{Builder, PickSite, boundary, computed, dispatcher, eager, hierarchy, site};

/// Functions that look at what they are given, and neither call nor keep it.
const LOOKING: [&str; 26] = [
    "isinstance",
    "issubclass",
    "callable",
    "iscoroutinefunction",
    "isawaitable",
    "iscoroutine",
    "isgenerator",
    "isgeneratorfunction",
    "isasyncgenfunction",
    "isfunction",
    "ismethod",
    "hasattr",
    "id",
    "hash",
    "repr",
    "str",
    "bool",
    "len",
    "type",
    "print",
    "signature",
    "getdoc",
    "get_type_hints",
    "format",
    "wraps",
    "update_wrapper",
];

/// Methods that only print what they are given.
const LOGGING: [&str; 8] = ["debug", "info", "warning", "warn", "error", "exception", "critical", "log"];

/// What only holds its arguments.
const HOLDERS: [&str; 3] = ["SimpleNamespace", "Namespace", "namedtuple"];

/// Further than so many places, attributes of one name are mistaken for one another.
const NEAR: usize = 100;

/// An argument of a call.
#[derive(Clone, Copy)]
pub(super) struct Given {
    pub(super) call: CallId,
    pub(super) at: u32,
    /// What gets it.
    pub(super) callee: ValueId,
    /// Where the arguments of that begin: behind the function, in `to_thread(f, x)`.
    pub(super) from: usize,
}

impl Given {
    fn of(builder: &Builder, call: CallId, at: u32) -> Self {
        let facts = builder.index.call(call);
        let offloaded = site::carrier(builder, call).filter(|carrier| *carrier < at as usize);
        match offloaded.map(|carrier| (carrier, &facts.args[carrier])) {
            Some((carrier, arg)) if !arg.is_star && arg.keyword.is_none() => {
                Self { call, at, callee: arg.value, from: carrier + 1 }
            }
            _ => Self { call, at, callee: facts.func, from: 0 },
        }
    }
}

impl Walk<'_, '_> {
    /// The value is the argument at `at` of a call.
    pub(super) fn argument(&mut self, value: ValueId, call: CallId, at: u32, depth: u32) {
        let (Token::Function(_) | Token::Layer, true) = (self.token, depth == 0) else {
            return self.given(call, at, depth);
        };
        if let Some(accepts) = boundary::accepts_async(self.builder, call, at) {
            self.trace.accepted.get_or_insert(accepts);
            return;
        }
        if !site::is_offload_of(self.builder, call, at) {
            return self.given(call, at, depth);
        }
        match self.consumers(call.file).site(value) {
            Some(site) => drop(self.trace.calls.insert(site)),
            // `to_thread(handlers[name], x)`
            None => self.escape_at(value),
        }
    }

    fn given(&mut self, call: CallId, at: u32, depth: u32) {
        let given = Given::of(self.builder, call, at);
        let func = given.callee;
        let set = self.builder.solver().solve(Node::Value(func), vec![]);
        for object in set.objects().collect::<Vec<_>>() {
            match object {
                Object::Func(func) => self.given_to(func, given, depth),
                Object::Class(class) => self.given_to_class(class, given, depth),
                Object::ClassBelow(class) => {
                    self.builder.index_close(class);
                    for below in self.builder.graph.hierarchy.descendants(class) {
                        self.given_to_class(below, given, depth);
                    }
                }
                Object::Instance(class) | Object::Below(class) => {
                    self.builder.index_close(class);
                    let ancestors = self.builder.graph.hierarchy.ancestors(class);
                    let method = ancestors.iter().find_map(|id| hierarchy::method(self.builder.index, *id, "__call__"));
                    match method {
                        Some(func) => self.given_to(func, given, depth),
                        None => self.escape_at(func),
                    }
                }
                Object::External(_) | Object::ExternalMember(_) | Object::Unknown if given.from > 0 => {
                    self.escape_at(func)
                }
                Object::External(_) | Object::ExternalMember(_) | Object::Unknown => {
                    self.given_outside(call, at, depth)
                }
                Object::None => {}
                _ => self.escape_at(func),
            }
        }
        if set.is_empty() {
            self.give_away(call, at);
            self.escape_at(func);
        }
    }

    /// Something outside gets it, near to where it is made. Where it may be a coroutine function, it may have such methods.
    fn give_away(&mut self, call: CallId, at: u32) {
        let name = self.builder.names().last_name(self.builder.index.call(call).func).unwrap_or_default();
        if self.trace.given.is_none()
            && self.seen.len() < NEAR
            && !HOLDERS.contains(&name)
            && boundary::accepts_async(self.builder, call, at).is_none()
        {
            self.trace.given = Some((call.file, self.builder.index.call(call).range));
        }
    }

    /// A function of the project, and those that override it.
    fn given_to(&mut self, func: FuncId, given: Given, depth: u32) {
        if !self.builder.solver().is_transparent(func) {
            return self.escape_at(given.callee);
        }
        let facts = self.builder.index.func(func);
        let (class, name) = (facts.class, facts.name.clone());
        let mut family = vec![func];
        if let Some(class) = class.filter(|_| !site::is_constructor(&name)) {
            family.extend(self.family(class, &name));
            family.sort_unstable();
            family.dedup();
        }
        let receiver = match self.builder.index.value(given.callee) {
            Value::Attribute { receiver, .. } => Some(*receiver),
            _ => None,
        };
        let bound = self.bound_arguments(func, receiver);
        for member in family {
            for bound in &bound {
                self.fill(member, *bound, given, depth);
            }
        }
    }

    /// How many parameters a call on that receiver fills by itself.
    pub(super) fn bound_arguments(&mut self, func: FuncId, receiver: Option<ValueId>) -> Vec<usize> {
        let mut solver = self.builder.solver();
        if let Some(receiver) = receiver {
            solver.solve(Node::Value(receiver), vec![]);
        }
        solver.bound_arguments(func, receiver)
    }

    /// The methods that override one another with that of a class; looked for again when the hierarchy is another one.
    fn family(&mut self, class: ClassId, name: &Name) -> BTreeSet<FuncId> {
        self.builder.index_close(class);
        let version = self.builder.graph.hierarchy.version();
        let key = (class, name.clone());
        match self.builder.flow.families.get(&key) {
            Some((known, family)) if *known == version => family.clone(),
            _ => {
                let family = self.builder.graph.hierarchy.family(self.builder.index, class, name);
                self.builder.flow.families.insert(key, (version, family.clone()));
                family
            }
        }
    }

    /// The parameter that takes the argument.
    fn fill(&mut self, func: FuncId, bound: usize, given: Given, depth: u32) {
        let args = &self.builder.index.call(given.call).args[given.from..];
        let at = given.at as usize - given.from;
        let arg = &args[at];
        let (keyword, is_star, is_mapping) = (arg.keyword.clone(), arg.is_star, arg.is_mapping);
        let before = args[..at].iter().filter(|arg| arg.keyword.is_none() && !arg.is_mapping).count();
        let behind_star = args[..at].iter().any(|arg| arg.is_star && !arg.is_mapping);
        let params: Vec<(Name, ParamKind)> =
            self.builder.index.func(func).params.iter().map(|param| (param.name.clone(), param.kind)).collect();
        let positional =
            |(_, kind): &(Name, ParamKind)| matches!(kind, ParamKind::PositionalOnly | ParamKind::Standard);
        let places: Vec<usize> = (0..params.len()).filter(|index| positional(&params[*index])).collect();
        let of_kind = |wanted: ParamKind| params.iter().position(|(_, kind)| *kind == wanted);
        let reach = |walk: &mut Self, at: Option<usize>, depth: u32| match at {
            Some(at) => walk.reach(Spot::Param(func, at as u32), depth),
            None => walk.escape_at(given.callee),
        };
        match keyword {
            Some(keyword) => {
                let named = params.iter().position(|(name, kind)| {
                    *name == keyword && matches!(kind, ParamKind::Standard | ParamKind::KeywordOnly)
                });
                match named {
                    Some(at) => reach(self, Some(at), depth),
                    None => reach(self, of_kind(ParamKind::Keywords), depth + 1),
                }
            }
            None if is_mapping || depth == 0 && is_star => self.escape_at(given.callee),
            // `*functions`: any of the parameters from there on.
            None if is_star || behind_star => {
                let inner = if is_star { depth - 1 } else { depth };
                for at in places.into_iter().skip(before + bound) {
                    self.reach(Spot::Param(func, at as u32), inner);
                }
                if let Some(at) = of_kind(ParamKind::Variadic) {
                    self.reach(Spot::Param(func, at as u32), inner + 1);
                }
            }
            None => match places.get(before + bound) {
                Some(at) => reach(self, Some(*at), depth),
                None => reach(self, of_kind(ParamKind::Variadic), depth + 1),
            },
        }
    }

    /// A constructor's parameter, or a field of a dataclass.
    fn given_to_class(&mut self, class: ClassId, given: Given, depth: u32) {
        self.builder.index_close(class);
        let ancestors = self.builder.graph.hierarchy.ancestors(class);
        let constructors: Vec<FuncId> = ["__new__", "__init__"]
            .iter()
            .filter_map(|name| ancestors.iter().find_map(|id| hierarchy::method(self.builder.index, *id, name)))
            .collect();
        if !constructors.is_empty() {
            for func in constructors {
                self.given_to(func, given, depth);
            }
            return;
        }
        self.given_to_generated(class, given, depth);
    }

    /// A function that is not the project's.
    fn given_outside(&mut self, call: CallId, at: u32, depth: u32) {
        let consumers = self.consumers(call.file);
        let result = consumers.result(call);
        let facts = self.builder.index.call(call);
        let (func, is_plain) = (facts.func, facts.args[..=at as usize].iter().all(|arg| !arg.is_star));
        let name = self.builder.names().last_name(func).unwrap_or_default().to_owned();
        let place = consumers.callee(func);
        if let (Token::Function(_) | Token::Layer, 0, Some(place)) = (self.token, depth, place)
            && let Some(taker) = eager::runs_callback(&self.builder.names(), call, at)
        {
            self.trace.callbacks.insert((place, taker));
            return;
        }
        let is_method = matches!(self.builder.index.value(func), Value::Attribute { .. });
        let (keyword, count) = (facts.args[at as usize].keyword.clone(), facts.args.len());
        let into = |walk: &mut Self, depth: u32| result.into_iter().for_each(|result| walk.reach_value(result, depth));
        match name.as_str() {
            // A class is made, and has it in its body.
            "type" if count == 3 && at == 2 => self.escape_at(func),
            "type" if depth == 0 && self.is_object() => result.into_iter().for_each(|result| self.class_of(result)),
            "iscoroutinefunction" if depth == 0 && self.follows_function() && self.is_refused(call) => {
                self.escape_at(func);
            }
            name if LOOKING.contains(&name) => {}
            // What is read is another value, and what is written is followed by itself.
            "getattr" | "setattr" | "delattr" if at == 0 && depth == 0 && self.is_object() && !self.is_hook(call) => {
                if name == "getattr" && self.may_read_anything(call) {
                    self.give_away(call, at);
                }
            }
            _ if is_method && LOGGING.contains(&name.as_str()) => self.escape_at(func),
            _ if !is_plain => {
                self.give_away(call, at);
                self.escape_at(func);
            }
            "partial" | "partialmethod" if at == 0 && depth == 0 => into(self, 0),
            "staticmethod" | "classmethod" if at == 0 && depth == 0 => into(self, 0),
            "cast" if at == 1 => into(self, depth),
            // Entered, they give what they are made of.
            "closing" | "aclosing" | "nullcontext" if at == 0 && depth == 0 && self.is_object() => into(self, 0),
            "enter_context" | "enter_async_context" if at == 0 && depth == 0 && self.is_object() => {
                result.into_iter().for_each(|result| self.entered_as(result));
            }
            "getattr" if at == 2 => into(self, depth),
            // The write is followed by itself.
            "setattr" if at == 2 && self.is_literal(call, 1) => {}
            "append" | "add" | "appendleft" | "put_nowait" if is_method && at == 0 => {
                self.fill_receiver(func, depth + 1)
            }
            "put" if at == 0 && self.is_of_queue(func) => self.fill_receiver(func, depth + 1),
            "insert" if is_method && at == 1 => self.fill_receiver(func, depth + 1),
            "setdefault" if is_method && at == 1 => {
                self.fill_receiver(func, depth + 1);
                into(self, depth);
            }
            "update" if is_method && keyword.is_some() => self.fill_receiver(func, depth + 1),
            "extend" | "extendleft" | "update" if is_method && depth > 0 => self.fill_receiver(func, depth),
            "remove" | "discard" | "index" | "count" if is_method => {}
            "get" | "pop" if is_method && at == 1 => into(self, depth),
            "dict" if keyword.is_some() => into(self, depth + 1),
            "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter" | "dict" | "deque" | "copy"
            | "deepcopy" | "MappingProxyType"
                if depth > 0 =>
            {
                into(self, depth);
            }
            "enumerate" | "zip" if depth > 0 => into(self, depth + 1),
            "next" if depth > 0 && at == 0 => into(self, depth - 1),
            "chain" if depth > 0 => into(self, depth),
            _ if depth > 0 && eager::takes_all(&self.builder.names(), call, at) && !self.hands_out(call) => {}
            _ => {
                self.give_away(call, at);
                self.escape_at(func);
            }
        }
    }

    /// `reduce(lambda x, f: f(x), functions)`, `max(functions, key=...)`: another function gets the elements.
    fn hands_out(&self, call: CallId) -> bool {
        let args = &self.builder.index.call(call).args;
        let at = |at: usize| {
            args.get(at).is_some_and(|_| eager::runs_callback(&self.builder.names(), call, at as u32).is_some())
        };
        (0..args.len()).any(at)
    }

    /// `getattr(self.inner, name)` in `__getattr__`: what stands before a dot elsewhere stands for the object.
    fn is_hook(&self, call: CallId) -> bool {
        let context = self.builder.index.context(self.builder.index.call(call).context);
        context.func.is_some_and(|func| hierarchy::is_hook(&self.builder.index.func(func).name))
    }

    /// Does the function around the test refuse coroutine functions?
    fn is_refused(&self, call: CallId) -> bool {
        let around = self.builder.index.context(self.builder.index.call(call).context).func;
        around.is_some_and(|around| dispatcher::only_refuses(self.builder.names(), around))
    }

    /// `getattr(plugin, name)`, where nobody knows the name, and more classes get there than are told apart.
    fn may_read_anything(&mut self, call: CallId) -> bool {
        let facts = self.builder.index.file(call.file);
        let is_it = |pick: &Pick| matches!(facts[pick.value], Value::Call { call: own } if own == call);
        let Some(index) = facts.picks.iter().position(is_it) else { return false };
        let Holder::Object(object) = facts.picks[index].holder else { return false };
        computed::spelled(self.builder, PickSite { file: call.file, index: index as u32 }).is_any()
            && self.builder.solver().solve(Node::Value(object), vec![]).has_unknown()
    }

    fn is_literal(&self, call: CallId, at: usize) -> bool {
        let arg = &self.builder.index.call(call).args[at];
        matches!(self.builder.index.value(arg.value), Value::Text(_))
    }

    fn fill_receiver(&mut self, func: ValueId, depth: u32) {
        if let Value::Attribute { receiver, .. } = self.builder.index.value(func) {
            self.put_into(*receiver, depth);
        }
    }
}
