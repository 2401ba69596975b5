//! What the first parameter of a method stands for.

use super::object::{Node, Object};
use super::solver::Solver;
use crate::index::facts::*;
use crate::resolve::boundary;

/// What the first parameter of a method is bound to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Binds {
    Instance,
    Class,
    Nothing,
}

/// Is it the class itself (`cls`), or an instance (`self`)?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IsClass {
    Yes,
    No,
}

impl Solver<'_> {
    /// The class whose first parameter the value is: `self` in a method.
    pub(super) fn self_class(&self, value: ValueId) -> Option<(ClassId, IsClass)> {
        let Value::Name { name, scope } = self.index.value(value) else { return None };
        let mut at = Some(*scope);
        while let Some(id) = at {
            let here = self.index.scope(id);
            let binding = match here.bindings_of(name) {
                [] => {
                    at = here.parent;
                    continue;
                }
                [binding] => binding,
                _ => return None,
            };
            let Bound::Param { func, index: 0 } = binding.bound else { return None };
            let class = self.index.func(func).class?;
            return match self.binding_of(func) {
                Binds::Instance => Some((class, IsClass::No)),
                Binds::Class => Some((class, IsClass::Yes)),
                Binds::Nothing => None,
            };
        }
        None
    }

    /// The objects whose attributes are read of an expression; `self` stands for any of its class.
    pub(super) fn receivers(&mut self, value: ValueId) -> Vec<Object> {
        match self.self_class(value) {
            Some((class, _)) => vec![Object::Below(class)],
            None => self.solve(Node::Value(value), vec![]).objects().collect(),
        }
    }

    /// What the first parameter of a function stands for.
    pub(super) fn binding_of(&self, func: FuncId) -> Binds {
        let facts = self.index.func(func);
        if facts.class.is_none() {
            return Binds::Nothing;
        }
        let has = |wanted: &str| {
            facts.decorators.iter().any(|decorator| boundary::decorator_name(self.index, decorator) == Some(wanted))
        };
        if has("staticmethod") {
            Binds::Nothing
        } else if has("classmethod")
            || matches!(facts.name.as_str(), "__new__" | "__init_subclass__" | "__class_getitem__")
        {
            Binds::Class
        } else {
            Binds::Instance
        }
    }
}
