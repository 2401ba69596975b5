//! Classes whose constructor Python makes: a dataclass keeps what it is given in attributes, a `TypedDict` is a dict, and a
//! `NamedTuple` is a tuple as well.

use ruff_python_ast::name::Name;

use super::Walk;
use super::argument::Given;
use crate::index::consumers::Consumer;
use crate::index::facts::*;
use crate::resolve::flow::forward::Spot;
use crate::resolve::flow::object::{Node, Object, Owner};

/// What an object of such a class is besides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Dict,
    Tuple,
}

/// Methods of a `NamedTuple` that give its elements.
const GIVING: [&str; 2] = ["_asdict", "_replace"];

impl Walk<'_, '_> {
    /// An argument for the constructor that nobody wrote.
    pub(super) fn given_to_generated(&mut self, class: ClassId, given: Given, depth: u32) {
        let args = &self.builder.index.call(given.call).args[given.from..];
        let at = given.at as usize - given.from;
        let (keyword, is_star) = (args[at].keyword.clone(), args[..=at].iter().any(|arg| arg.is_star));
        let kind = self.kind(class);
        let result = self.consumers(given.call.file).result(given.call).filter(|_| given.from == 0);
        if kind == Kind::Dict {
            // `Handlers(saved=f)`, `Handlers(handlers)`
            let depth = if keyword.is_some() { depth + 1 } else { depth };
            return match result {
                Some(result) if depth > 0 => self.reach_value(result, depth),
                Some(_) => self.escape_at(given.callee),
                None if given.from > 0 => self.escape_at(given.callee),
                None => {}
            };
        }
        let ancestors = self.builder.graph.hierarchy.ancestors(class);
        let field = match keyword {
            Some(keyword) => Some(keyword),
            None if is_star => None,
            None => self.builder.solver().fields(&ancestors).get(at).cloned(),
        };
        match field {
            Some(field) => self.reach(Spot::Attribute(field, Owner::Exactly(class)), depth),
            None => self.escape_at(given.callee),
        }
        if kind == Kind::Tuple {
            match result {
                Some(result) => self.reach_value(result, depth + 1),
                None if given.from > 0 => self.escape_at(given.callee),
                None => {}
            }
        }
    }

    fn kind(&self, class: ClassId) -> Kind {
        let bases = self.builder.graph.hierarchy.external_bases(class);
        let is = |name: &str| bases.iter().any(|(_, base)| base.is_named(name));
        match (is("TypedDict"), is("NamedTuple")) {
            (true, _) => Kind::Dict,
            (_, true) => Kind::Tuple,
            _ => Kind::Plain,
        }
    }

    /// `row.name`, where the value is an element of the `NamedTuple` `row`: reads of the field are followed as those of other
    /// attributes. `row._asdict()` has the elements in it. Returns whether it was one of these.
    pub(super) fn member_of_tuple(&mut self, receiver: ValueId, name: &Name, attribute: ValueId, depth: u32) -> bool {
        let set = self.builder.solver().solve(Node::Value(receiver), vec![]);
        let objects: Vec<Object> = set.objects().collect();
        let is_tuple = |walk: &mut Self, object: &Object| match object {
            Object::Instance(class) | Object::Below(class) => {
                walk.builder.index_close(*class);
                let ancestors = walk.builder.graph.hierarchy.ancestors(*class);
                let is_member =
                    GIVING.contains(&name.as_str()) || walk.builder.solver().fields(&ancestors).contains(name);
                is_member && walk.kind(*class) == Kind::Tuple
            }
            _ => false,
        };
        if objects.is_empty() || !objects.iter().all(|object| is_tuple(self, object)) {
            return false;
        }
        if GIVING.contains(&name.as_str()) {
            let consumers = self.consumers(attribute.file);
            for consumer in consumers.of_value(attribute) {
                match consumer {
                    Consumer::Callee(call) => {
                        consumers.result(*call).into_iter().for_each(|result| self.reach_value(result, depth));
                    }
                    _ => self.escape_at(attribute),
                }
            }
        }
        true
    }
}
