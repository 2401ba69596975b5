//! The classes of the objects that a value may be, as far as flow tells.

use super::object::{Node, Object};
use crate::index::facts::*;
use crate::resolve::Builder;

/// The classes whose objects get to the value. What is not known is left out.
pub(crate) fn classes(builder: &mut Builder, value: ValueId) -> Vec<ClassId> {
    let set = builder.solver().solve(Node::Value(value), vec![]);
    let found = set.objects().filter_map(|object| match object {
        Object::Instance(class) | Object::Below(class) => Some(class),
        _ => None,
    });
    found.collect()
}

/// The same, when every object that gets there is of a class of the project, and known.
pub(crate) fn known_classes(builder: &mut Builder, value: ValueId) -> Option<Vec<ClassId>> {
    let set = builder.solver().solve(Node::Value(value), vec![]);
    let mut found = vec![];
    for object in set.objects() {
        match object {
            Object::Instance(class) | Object::Below(class) => found.push(class),
            Object::None => {}
            _ => return None,
        }
    }
    (!found.is_empty()).then_some(found)
}
