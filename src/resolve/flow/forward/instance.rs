//! Objects of a class: what is done with them that iterates over nothing.

use super::{Token, Walk};
use crate::index::consumers::Consumer;
use crate::index::facts::*;
use crate::resolve::flow::object::{Node, Object};
use crate::resolve::hierarchy;

impl Walk<'_, '_> {
    pub(super) fn is_object(&self) -> bool {
        matches!(self.token, Token::Instance(_))
    }

    /// May the object be one of the class that is followed?
    pub(super) fn may_be(&mut self, object: Object) -> bool {
        let wanted = match self.token {
            Token::Instance(class) => class,
            // An object that is called stands for its `__call__`.
            Token::Function(func) => {
                let facts = self.builder.index.func(func);
                let Some(class) = facts.class.filter(|_| facts.name == "__call__") else { return false };
                class
            }
            Token::Class(_) | Token::Layer | Token::Generator(_) | Token::Manager(_) => return false,
        };
        match object {
            Object::Instance(class) | Object::Below(class) => {
                self.builder.index_close(class);
                let hierarchy = &self.builder.graph.hierarchy;
                hierarchy.ancestors(class).contains(&wanted) || hierarchy.ancestors(wanted).contains(&class)
            }
            Object::Unknown => true,
            _ => false,
        }
    }

    /// May the value be an object of one of the project's classes?
    pub(super) fn is_of_project(&mut self, value: ValueId) -> bool {
        let set = self.builder.solver().solve(Node::Value(value), vec![]);
        set.objects().any(|object| matches!(object, Object::Instance(_) | Object::Below(_)))
    }

    /// `x in value`: without a `__contains__`, that iterates over it.
    pub(super) fn searched(&mut self, value: ValueId, depth: u32) {
        if depth == 0 && !self.searches_itself() {
            self.escape_at(value);
        }
    }

    /// `k in x` where `x` is iterated over.
    pub(super) fn is_searched(&mut self, value: ValueId) -> bool {
        let consumers = self.consumers(value.file);
        let is_searched = consumers.of_value(value).iter().any(|consumer| matches!(consumer, Consumer::Searched));
        is_searched && matches!(self.token, Token::Generator(_))
    }

    fn searches_itself(&self) -> bool {
        match self.token {
            Token::Function(_) | Token::Class(_) | Token::Layer => true,
            Token::Generator(_) | Token::Manager(_) => false,
            Token::Instance(class) => {
                let ancestors = self.builder.graph.hierarchy.ancestors(class);
                ancestors.iter().any(|id| hierarchy::method(self.builder.index, *id, "__contains__").is_some())
            }
        }
    }

    /// `type(x)` and `x.__class__`: calling it makes another object.
    pub(super) fn class_of(&mut self, class: ValueId) {
        let consumers = self.consumers(class.file);
        for consumer in consumers.of_value(class) {
            match consumer {
                Consumer::Attribute(attribute) => drop(self.trace.members.insert(*attribute)),
                Consumer::Callee(call) => {
                    consumers.result(*call).into_iter().for_each(|result| self.reach_value(result, 0));
                }
                _ => self.escape_at(class),
            }
        }
    }
}
