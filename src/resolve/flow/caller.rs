//! The places that may call a function, found by its names (the class's, for constructors). A function that leaves as a value
//! has callers that nobody sees.

use std::rc::Rc;

use ruff_python_ast::name::Name;

use super::object::{Node, Object, Place};
use super::reached::Reached;
use super::solver::Solver;
use crate::index::Defined;
use crate::index::consumers::Consumer;
use crate::index::facts::*;
use crate::resolve::Builder;
use crate::resolve::boundary;
use crate::resolve::hierarchy;
use crate::resolve::names::Meaning;
use crate::resolve::signature;

/// More possible callers than this: the arguments are unknown.
pub(super) const CALLERS: usize = 400;

/// More places of its names than this are not looked at.
const REFS: usize = 4_000;

/// More other names than this for one function: its arguments are unknown.
const ALIASES: usize = 12;

/// A place that may call a function.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    Call {
        /// What holds the callee.
        callee: Node,
        receiver: Option<ValueId>,
        call: CallId,
        /// Arguments before this one are not the function's: `partial(f, a)`.
        from: usize,
    },
    /// `@decorator`: it is called with what is decorated. What `callee` holds must be able to run `of`.
    Decorates { callee: Node, of: FuncId, object: Object },
    /// Named in a way that lets it be called from anywhere.
    Escape { callee: Node, place: Place },
    /// Nobody knows who calls it.
    Anyone,
}

/// Every call of a function; none when others may call it, or when nothing does.
pub(crate) fn calls_of(builder: &mut Builder, func: FuncId) -> Option<Vec<CallId>> {
    let callers = builder.solver().callers(func);
    let calls = callers.iter().map(|caller| match caller {
        Caller::Call { call, .. } => Some(*call),
        Caller::Decorates { .. } | Caller::Escape { .. } | Caller::Anyone => None,
    });
    calls.collect::<Option<Vec<CallId>>>().filter(|calls| !calls.is_empty())
}

impl Solver<'_> {
    /// Every place that may call a function, by name.
    pub(super) fn callers(&mut self, func: FuncId) -> Rc<[Caller]> {
        if let Some(known) = self.state.callers.get(&func) {
            return known.clone();
        }
        // Who asks for the callers of a function to find its callers, takes them as unknown.
        self.state.callers.insert(func, Rc::new([Caller::Anyone]));
        let mut found = self.find_callers(func);
        // What makes the arguments unknown comes first: the rest need not be looked at then.
        found.sort_by_key(|caller| match caller {
            Caller::Anyone => 0,
            Caller::Escape { .. } => 1,
            Caller::Call { .. } | Caller::Decorates { .. } => 2,
        });
        let found: Rc<[Caller]> = found.into();
        self.state.callers.insert(func, found.clone());
        found
    }

    fn find_callers(&mut self, func: FuncId) -> Vec<Caller> {
        let facts = self.index.func(func);
        if let Some(lambda) = facts.lambda {
            return self.lambda_callers(func, lambda.value);
        }
        let (name, class) = (facts.name.clone(), facts.class);
        let is_constructor = matches!(name.as_str(), "__init__" | "__new__") && class.is_some();
        let mut found = self.called_through_decorators(func);
        if !is_constructor && (self.is_called_unseen(func) || name.starts_with("__") && name.ends_with("__")) {
            found.push(Caller::Anyone);
        }
        let mut names = vec![name.clone()];
        if let Some(class) = class.filter(|_| is_constructor) {
            self.close(class);
            let below = self.hierarchy.descendants(class);
            names.extend(below.into_iter().map(|id| self.index.class(id).name.clone()));
        }
        names.sort_unstable();
        names.dedup();
        if !names.iter().all(|name| self.load_name(name)) {
            return vec![Caller::Anyone];
        }
        let aliases: Vec<Name> = names
            .iter()
            .flat_map(|name| self.index.imports_of(name))
            .filter_map(|(file, at)| self.index.file(*file).imports[*at as usize].alias.clone())
            .collect();
        if !aliases.iter().all(|name| self.load_name(name)) {
            return vec![Caller::Anyone];
        }
        names.extend(aliases);
        names.sort_unstable();
        names.dedup();
        let Some(mut refs) = self.aliased_refs(names) else { return vec![Caller::Anyone] };
        refs.retain(|id| !self.is_other_variable(*id));
        if let Some(class) = class.filter(|_| is_constructor) {
            refs.extend(self.constructing_refs(class));
            found.extend(self.constructing_calls(class));
        }
        found.extend(refs.iter().filter_map(|id| self.caller(*id, func, is_constructor)));
        if let Some(factory) = self.index.func(func).parent {
            found = self.handed_out(found, factory, &refs);
        }
        found = self.reached_by(func, found, &refs);
        if found.len() > CALLERS {
            return vec![Caller::Anyone];
        }
        for lookup in self.index.lookups_of(&name) {
            let call = self.index.call(self.index.file(lookup.0).lookups[lookup.1 as usize].call);
            let finder = self.names().last_name(call.func).unwrap_or_default();
            if matches!(finder, "getattr" | "methodcaller" | "attrgetter") {
                found.push(Caller::Anyone);
            }
        }
        let is_call =
            |caller: &Caller| matches!(caller, Caller::Call { .. } | Caller::Decorates { .. } | Caller::Anyone);
        if !found.iter().any(is_call) {
            found.push(Caller::Anyone);
        }
        found
    }

    /// A lambda has no name: it is called where its value gets.
    fn lambda_callers(&mut self, func: FuncId, value: ValueId) -> Vec<Caller> {
        match self.reached_from(value) {
            Some(reached) if !reached.calls.is_empty() => self.calls_of(func, reached),
            _ => vec![Caller::Anyone],
        }
    }

    /// A parameter or variable that only shares the name: what reaches it is named elsewhere.
    fn is_other_variable(&self, id: RefId) -> bool {
        let site = self.index.site(id);
        let Value::Name { name, scope } = self.index.value(site.value) else { return false };
        let meanings = self.names().lookup(*scope, name);
        !meanings.is_empty()
            && meanings.iter().all(|meaning| match meaning {
                Meaning::Param { .. } => true,
                Meaning::Value(value) => matches!(self.index.value(*value), Value::Call { .. } | Value::Builtin),
                _ => false,
            })
    }

    /// A function that its factory returns is called where the result of the factory is: `@handler("x")`, `handler("x")(f)`.
    fn handed_out(&mut self, found: Vec<Caller>, factory: FuncId, refs: &[RefId]) -> Vec<Caller> {
        let is_returned = |id: &&RefId| {
            let site = self.index.site(**id);
            site.usage == Usage::Returned && self.index.context(site.context).func == Some(factory)
        };
        let returned: Vec<Place> =
            refs.iter().filter(is_returned).map(|id| (id.file, self.index.site(*id).range)).collect();
        if returned.is_empty() {
            return found;
        }
        let mut kept: Vec<Caller> = found
            .into_iter()
            .filter(|caller| !matches!(caller, Caller::Escape { place, .. } if returned.contains(place)))
            .collect();
        for caller in self.callers(factory).iter() {
            match caller {
                Caller::Call { callee, call, from, .. } => {
                    let call = *call;
                    let outer = match (*from, self.index.call(call).usage) {
                        (0, Usage::Decorator) => {
                            kept.push(match self.decorated(call) {
                                Some(object) => Caller::Decorates { callee: callee.clone(), of: factory, object },
                                None => Caller::Anyone,
                            });
                            continue;
                        }
                        (0, Usage::Called(outer)) => Some(outer),
                        (_, Usage::Awaited) => self.called_once_awaited(call),
                        (0, _) => None,
                        (_, _) => {
                            kept.push(Caller::Anyone);
                            continue;
                        }
                    };
                    kept.push(match outer {
                        Some(call) => Caller::Call {
                            callee: Node::Value(self.index.call(call).func),
                            receiver: None,
                            call,
                            from: 0,
                        },
                        None => Caller::Escape { callee: callee.clone(), place: returned[0] },
                    });
                }
                // Decorating with the factory itself gives the inner function in the place of what is decorated.
                Caller::Decorates { .. } => {}
                Caller::Escape { .. } | Caller::Anyone => kept.push(Caller::Anyone),
            }
        }
        kept
    }

    /// The call of what awaiting a call gives: `(await factory())(f)`.
    fn called_once_awaited(&mut self, call: CallId) -> Option<CallId> {
        let consumers = self.consumers(call.file);
        let awaited = consumers.of_value(consumers.result(call)?).iter().find_map(|consumer| match consumer {
            Consumer::Await(whole) => Some(*whole),
            _ => None,
        })?;
        consumers.of_value(awaited).iter().find_map(|consumer| match consumer {
            Consumer::Callee(outer) => Some(*outer),
            _ => None,
        })
    }

    /// What a decorator that is a call stands above.
    fn decorated(&self, call: CallId) -> Option<Object> {
        let is_it = |value: ValueId| matches!(self.index.value(value), Value::Call { call: own } if *own == call);
        self.decorated_by(call.file, is_it)
    }

    /// The function or class under the decorator that `is_it` finds.
    fn decorated_by(&self, file: FileId, is_it: impl Fn(ValueId) -> bool) -> Option<Object> {
        let facts = self.index.file(file);
        let has = |decorators: &[Decorator]| decorators.iter().any(|decorator| is_it(decorator.value));
        let func = facts.funcs.iter().position(|func| has(&func.decorators));
        let class = || facts.classes.iter().position(|class| has(&class.decorators));
        match func {
            Some(index) => Some(Object::Func(FuncId { file, index: index as u32 })),
            None => class().map(|index| Object::Class(ClassId { file, index: index as u32 })),
        }
    }

    /// The calls that a function gets to which is named as a value; an escape stays where not all are known.
    fn reached_by(&mut self, func: FuncId, found: Vec<Caller>, refs: &[RefId]) -> Vec<Caller> {
        let (escapes, mut kept): (Vec<Caller>, Vec<Caller>) =
            found.into_iter().partition(|caller| matches!(caller, Caller::Escape { .. }));
        for escape in escapes {
            let Caller::Escape { place, .. } = &escape else { continue };
            let is_it = |id: &&RefId| (id.file, self.index.site(**id).range) == *place;
            let from = refs.iter().find(is_it).map(|id| self.index.site(*id).value);
            match from.and_then(|from| self.reached_from(from)) {
                Some(reached) => kept.extend(self.calls_of(func, reached)),
                None => kept.push(escape),
            }
        }
        kept
    }

    fn calls_of(&self, func: FuncId, reached: Reached) -> Vec<Caller> {
        let calls = reached.calls.into_iter().map(|call| {
            let callee = Node::Value(self.index.call(call).func);
            Caller::Call { callee, receiver: None, call, from: 0 }
        });
        let decorated = reached.decorated.into_iter().map(|(value, what)| {
            let object = match what {
                Defined::Func(func) => Object::Func(func),
                Defined::Class(class) => Object::Class(class),
            };
            Caller::Decorates { callee: Node::Value(value), of: func, object }
        });
        calls.chain(decorated).collect()
    }

    /// Calls of what a decorator keeps; none when it may be called by anyone.
    fn called_through_decorators(&mut self, func: FuncId) -> Vec<Caller> {
        if boundary::is_transparent(self.index, func) || !self.is_transparent(func) {
            return vec![];
        }
        let decorators: Vec<ValueId> =
            self.index.func(func).decorators.iter().map(|decorator| decorator.value).collect();
        let mut found = vec![];
        for value in decorators {
            let Some(decorate) = self.decorating(value) else { continue };
            let Some(param) = self.decorated_parameter(decorate) else { continue };
            let Some(mut reached) = self.reached_from_param(decorate, param) else { return vec![Caller::Anyone] };
            // What a wrapper calls is called by those that name the decorated function.
            reached.calls.retain(|call| {
                let around = self.index.context(self.index.call(*call).context).func;
                around.is_none_or(|around| self.index.func(around).parent != Some(decorate))
            });
            found.extend(self.calls_of(func, reached));
        }
        found
    }

    /// The places of these names, and of the names and attributes that something of that name is assigned to
    /// (`model = Container`, and then `self.model(...)`). None when there are too many.
    fn aliased_refs(&mut self, mut names: Vec<Name>) -> Option<Vec<RefId>> {
        let mut refs = vec![];
        let (mut done, most) = (0, names.len() + ALIASES);
        while let Some(name) = names.get(done).cloned() {
            done += 1;
            if done > most || !self.load_name(&name) {
                return None;
            }
            let own = self.index.refs_of(&name).to_vec();
            if refs.len() + own.len() > REFS {
                return None;
            }
            for id in &own {
                if self.index.site(*id).usage == Usage::Assigned {
                    for alias in self.assigned_names(id.file, &name) {
                        if !names.contains(&alias) {
                            names.push(alias);
                        }
                    }
                }
            }
            refs.extend(own);
        }
        Some(refs)
    }

    /// What `x = name`, `self.x = name` and `x = y.name` in a file bind.
    fn assigned_names(&self, file: FileId, name: &Name) -> Vec<Name> {
        let facts = self.index.file(file);
        let is_it = |value: ValueId| match self.index.value(value) {
            Value::Name { name: own, .. } | Value::Attribute { name: own, .. } => own == name,
            _ => false,
        };
        let bound = facts.scopes.iter().flat_map(|scope| &scope.bindings).filter_map(|binding| match binding.bound {
            Bound::Value(value) | Bound::Annotated { value: Some(value), .. } => {
                is_it(value).then(|| binding.name.clone())
            }
            _ => None,
        });
        let written = facts
            .attribute_writes
            .iter()
            .filter(|write| write.value.is_some_and(is_it))
            .map(|write| write.name.clone());
        bound.chain(written).collect()
    }

    /// A framework may call what it was given through a decorator, or what a class of its own is overridden with.
    fn is_called_unseen(&mut self, func: FuncId) -> bool {
        if !self.is_transparent(func) {
            return true;
        }
        let facts = self.index.func(func);
        let is_setter = facts
            .decorators
            .iter()
            .any(|decorator| matches!(boundary::decorator_name(self.index, decorator), Some("setter" | "deleter")));
        let Some(class) = facts.class else { return is_setter };
        self.close(class);
        is_setter
            || self.hierarchy.external_bases(class).iter().any(|(_, base)| match base {
                hierarchy::BaseClass::External(path) => !super::member::is_bare(path),
                hierarchy::BaseClass::Unknown | hierarchy::BaseClass::Class(_) => true,
            })
    }

    /// `cls(...)` and `self.__class__(...)` in the class's own methods and its ancestors'.
    fn constructing_refs(&self, class: ClassId) -> Vec<RefId> {
        let files: std::collections::BTreeSet<FileId> =
            self.hierarchy.ancestors(class).into_iter().map(|id| id.file).collect();
        ["cls", "__class__"]
            .iter()
            .flat_map(|name| self.index.refs_of(name))
            .copied()
            .filter(|id| files.contains(&id.file))
            .collect()
    }

    /// `type(self)(...)`.
    fn constructing_calls(&self, class: ClassId) -> Vec<Caller> {
        let files: std::collections::BTreeSet<FileId> =
            self.hierarchy.ancestors(class).into_iter().map(|id| id.file).collect();
        let mut found = vec![];
        for file in files {
            for (index, call) in self.index.file(file).calls.iter().enumerate() {
                let Value::Call { call: inner } = self.index.value(call.func) else { continue };
                if self.names().last_name(self.index.call(*inner).func) == Some("type") {
                    let call = CallId { file, index: index as u32 };
                    let callee = Node::Value(self.index.call(call).func);
                    found.push(Caller::Call { callee, receiver: None, call, from: 0 });
                }
            }
        }
        found
    }

    fn caller(&self, id: RefId, func: FuncId, is_constructor: bool) -> Option<Caller> {
        let site = self.index.site(id);
        let scope = self.index.context(site.context).scope;
        let callee = match site.receiver {
            Some(receiver) => Node::Member(receiver, site.name.clone()),
            None => Node::Name(scope, site.name.clone()),
        };
        let receiver = site.receiver;
        let place = (id.file, site.range);
        match site.usage {
            Usage::Called(call) => {
                let fits = is_constructor || signature::fits(self.index, func, self.index.call(call));
                fits.then_some(Caller::Call { callee, receiver, call, from: 0 })
            }
            Usage::Argument { call, index } => {
                let func = self.index.call(call).func;
                let taker = match self.is_own_carrier(func) {
                    true => "to_thread",
                    false => self.names().last_name(func).unwrap_or_default(),
                };
                match (taker, index) {
                    ("partial" | "to_thread" | "submit" | "run_in_threadpool", 0)
                    | ("run_in_executor" | "call_later", 1) => {
                        Some(Caller::Call { callee, receiver, call, from: index as usize + 1 })
                    }
                    (
                        "isinstance"
                        | "issubclass"
                        | "iscoroutinefunction"
                        | "callable"
                        | "signature"
                        | "getattr"
                        | "hasattr"
                        | "patch"
                        | "object"
                        | "repr"
                        | "print"
                        | "id"
                        | "cast"
                        | "TypeVar"
                        | "spec",
                        _,
                    ) => None,
                    _ => Some(Caller::Escape { callee, place }),
                }
            }
            // Its other names are looked at too.
            Usage::Assigned if !self.assigned_names(id.file, &site.name).is_empty() => None,
            Usage::Compared
            | Usage::Implied { .. }
            | Usage::Store
            | Usage::Delete
            | Usage::Annotation
            | Usage::Base
            | Usage::Receiver
            | Usage::Statement
            | Usage::Condition
            | Usage::Awaited => None,
            Usage::Decorator => match self.decorated_by(id.file, |value| value == site.value) {
                Some(object) => Some(Caller::Decorates { callee, of: func, object }),
                None => Some(Caller::Escape { callee, place }),
            },
            Usage::ForIter { .. }
            | Usage::ComprehensionIter { .. }
            | Usage::WithItem { .. }
            | Usage::YieldFrom { .. }
            | Usage::Subscripted
            | Usage::Returned
            | Usage::Assigned
            | Usage::Unpacked
            | Usage::Added
            | Usage::Default
            | Usage::Element { .. }
            | Usage::Starred { .. }
            | Usage::Yielded
            | Usage::Other => Some(Caller::Escape { callee, place }),
        }
    }
}
