//! Values in containers: what `append` and `x[k] = v` fill, and what methods of containers give back.

use ruff_python_ast::name::Name;

use super::{Spot, Token, Walk};
use crate::index::consumers::Consumer;
use crate::index::facts::*;
use crate::resolve::flow::caller::Caller;
use crate::resolve::flow::field::FieldCall;
use crate::resolve::flow::object::{Node, Object, Owner};
use crate::resolve::flow::scope::Home;
use crate::resolve::hierarchy;

/// Attributes of a function that say nothing of who calls it: all but these.
const CALLING: [&str; 6] = ["__call__", "__wrapped__", "__get__", "__func__", "func", "__self__"];

/// Methods of containers that hand on none of the elements.
const SILENT: [&str; 24] = [
    "append",
    "add",
    "insert",
    "extend",
    "update",
    "clear",
    "remove",
    "discard",
    "keys",
    "index",
    "count",
    "reverse",
    "appendleft",
    "extendleft",
    "__contains__",
    "__len__",
    "put",
    "put_nowait",
    "task_done",
    "join",
    "qsize",
    "empty",
    "full",
    "move_to_end",
];

/// Containers in containers are followed this far.
const DEPTH: u32 = 8;

impl Walk<'_, '_> {
    /// `x.name`, where `x` is or holds the value.
    pub(super) fn member(&mut self, attribute: ValueId, depth: u32) {
        let Value::Attribute { name, receiver } = self.builder.index.value(attribute).clone() else { return };
        if depth == 0 {
            self.trace.members.insert(attribute);
            let hands_on = match self.token {
                Token::Function(_) | Token::Layer => CALLING.contains(&name.as_str()),
                // Of a class, or an object: its methods and attributes.
                Token::Class(_) => false,
                Token::Instance(_) if name == "__class__" => return self.class_of(attribute),
                Token::Instance(_) => {
                    matches!(name.as_str(), "__iter__" | "__next__" | "__dict__") || hierarchy::is_hook(&name)
                }
                Token::Generator(_) | Token::Manager(_) => true,
            };
            if hands_on {
                self.escape_at(attribute);
            }
            return;
        }
        if self.member_of_tuple(receiver, &name, attribute, depth) {
            return;
        }
        let consumers = self.consumers(attribute.file);
        for consumer in consumers.of_value(attribute) {
            let Consumer::Callee(call) = consumer else { return self.escape_at(attribute) };
            let Some(result) = consumers.result(*call) else { continue };
            match name.as_str() {
                "pop" | "popleft" | "setdefault" | "__getitem__" => self.reach_value(result, depth - 1),
                "get" | "get_nowait" => self.taken_out(result, depth - 1),
                "values" | "copy" | "__iter__" | "popitem" | "union" | "difference" | "most_common" => {
                    self.reach_value(result, depth);
                }
                "items" => self.reach_value(result, depth + 1),
                name if SILENT.contains(&name) => {}
                _ => self.escape_at(attribute),
            }
        }
    }

    /// The value becomes an element of a container (`depth` layers below what holds it).
    pub(super) fn put_into(&mut self, container: ValueId, depth: u32) {
        if depth > DEPTH {
            return self.escape_at(container);
        }
        match self.builder.index.value(container).clone() {
            Value::Name { name, scope } => {
                let home = self.builder.solver().home(scope, &name);
                let Home::Scope(home) = home else { return self.escape_at(container) };
                // `node = node[key]`: names that are bound to one another.
                if !self.filled.insert((Spot::Name(home, name.clone()), depth)) {
                    return;
                }
                self.reach(Spot::Name(home, name.clone()), depth);
                let bindings = self.builder.solver().bindings(home, &name);
                for (bound, _) in bindings {
                    match bound {
                        // `handlers = self.handlers` and then `handlers.append(f)`.
                        Bound::Value(alias) | Bound::Annotated { value: Some(alias), .. } => {
                            self.put_into_alias(alias, depth);
                        }
                        Bound::Param { func, index } => self.put_into_argument(func, index, depth),
                        Bound::Annotated { value: None, .. } | Bound::Import(_) | Bound::Outer => {}
                        Bound::Func(_) | Bound::Class(_) | Bound::Unknown => self.escape_at(container),
                    }
                }
            }
            // `self.__dict__.update(values)`: attributes of any name.
            Value::Attribute { name, .. } if name == "__dict__" => self.escape_at(container),
            Value::Attribute { receiver, .. } if self.is_put_into_foreign(receiver) => self.escape_at(container),
            Value::Attribute { name, receiver } => {
                let owner = self.owner(receiver);
                if !self.filled.insert((Spot::Attribute(name.clone(), owner), depth)) {
                    return;
                }
                self.put_into_kept(&name, owner, depth);
                if let Owner::Exactly(class) | Owner::Below(class) = owner {
                    self.put_into_field(class, &name, depth);
                }
                self.reach(Spot::Attribute(name, owner), depth);
            }
            _ => self.put_into_alias(container, depth),
        }
    }

    /// `self.handlers = handlers`: what the object keeps is known by another name, too.
    fn put_into_kept(&mut self, name: &Name, owner: Owner, depth: u32) {
        for (file, at) in self.builder.index.writes_of(name).to_vec() {
            let write = &self.builder.index.file(file).attribute_writes[at as usize];
            let (receiver, value) = (write.receiver, write.value);
            let Some(value) = value.filter(|_| !self.is_apart(file)) else { continue };
            let mut sides = vec![value];
            while let Some(side) = sides.pop() {
                match self.builder.index.value(side).clone() {
                    Value::Either(values) => sides.extend(values),
                    Value::Name { .. } if self.may_have(receiver, owner) => self.put_into(side, depth),
                    _ => {}
                }
            }
        }
    }

    /// The container is a field of a class whose constructor Python makes.
    fn put_into_field(&mut self, class: ClassId, name: &Name, depth: u32) {
        let mut solver = self.builder.solver();
        let Some(calls) = solver.field_calls(class, name) else {
            let place = (class.file, self.builder.index.class(class).name_range);
            return self.escape(place);
        };
        let mut given = vec![];
        for FieldCall { call, class, position } in calls {
            let callee = solver.solve(Node::Value(solver.index.call(call).func), vec![]);
            if callee.objects().any(|object| object == Object::Class(class)) {
                given.extend(solver.field_arguments(call, position));
                let by_name = solver.index.call(call).args.iter().filter(|arg| arg.keyword.as_ref() == Some(name));
                given.extend(by_name.map(|arg| (Some(arg.value), (call.file, arg.range))));
            }
        }
        given.retain(|(_, place)| !self.is_apart(place.0));
        for (value, place) in given {
            match value {
                Some(value) => self.put_into_alias(value, depth),
                None => self.escape(place),
            }
        }
    }

    /// The container is a parameter: it is what callers give.
    fn put_into_argument(&mut self, func: FuncId, at: u32, depth: u32) {
        if !self.filled.insert((Spot::Param(func, at), depth)) {
            return;
        }
        let facts = self.builder.index.func(func);
        let place = (func.file, facts.name_range);
        let (param, default) = (facts.params[at as usize].name.clone(), facts.params[at as usize].default);
        let callers = self.builder.solver().callers(func);
        for caller in callers.iter() {
            let Caller::Call { call, from, receiver, .. } = caller else {
                self.escape(place);
                continue;
            };
            if self.is_apart(call.file) {
                continue;
            }
            for bound in self.bound_arguments(func, *receiver) {
                let args = &self.builder.index.call(*call).args[*from..];
                let by_name = args.iter().find(|arg| arg.keyword.as_ref() == Some(&param));
                let by_place = (at as usize).checked_sub(bound).and_then(|at| args.get(at));
                let given = by_name.or(by_place.filter(|arg| arg.keyword.is_none()));
                match given.map(|arg| arg.value).or(default) {
                    _ if args.iter().any(|arg| arg.is_star) => self.escape(place),
                    Some(value) => self.put_into_alias(value, depth),
                    None => {}
                }
            }
        }
    }

    /// The same for what a name of the container was bound to.
    fn put_into_alias(&mut self, value: ValueId, depth: u32) {
        match self.builder.index.value(value).clone() {
            Value::Attribute { .. } | Value::Name { .. } => self.put_into(value, depth),
            Value::Subscript { value, .. } | Value::ElementOf(value) | Value::PartOf(value, _) => {
                self.put_into(value, depth + 1);
            }
            Value::Either(values) => values.into_iter().for_each(|value| self.put_into_alias(value, depth)),
            Value::Call { call } => match self.builder.index.value(self.builder.index.call(call).func).clone() {
                Value::Attribute { receiver, name } if !self.makes_queue(call) => match name.as_str() {
                    "values" | "items" | "copy" => self.put_into(receiver, depth),
                    "get" | "setdefault" | "pop" => self.put_into(receiver, depth + 1),
                    _ => self.escape_at(value),
                },
                // `handlers = list()`, `defaultdict(list)`: a new one.
                Value::Name { name, .. } if is_container(&name) => {}
                _ if self.makes_queue(call) => {}
                _ => self.escape_at(value),
            },
            Value::Elements(_) | Value::Dict(_) | Value::Comprehension { .. } | Value::None => {}
            _ => self.escape_at(value),
        }
    }
}

fn is_container(name: &str) -> bool {
    matches!(name, "list" | "dict" | "set" | "deque" | "defaultdict" | "OrderedDict" | "WeakSet" | "WeakKeyDictionary")
}
