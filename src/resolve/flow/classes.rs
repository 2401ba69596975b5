//! The classes of the objects that a value may be, as far as flow tells.

use ruff_python_ast::name::Name;

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

/// The classes that `self`, or `cls`, may be of or derive from; none for other values.
pub(crate) fn self_classes(builder: &mut Builder, value: ValueId) -> Option<Vec<ClassId>> {
    let mut solver = builder.solver();
    let (class, _) = solver.self_class(value)?;
    Some(solver.cohort(class).iter().copied().collect())
}

/// May an object be of both classes?
pub(crate) fn may_be_one(builder: &mut Builder, one: ClassId, other: ClassId) -> bool {
    builder.solver().cohort(one).contains(&other)
}

/// What the methods of a class, and of those that share an object with it, write to an attribute of `self`.
pub(crate) fn written_by(builder: &mut Builder, class: ClassId, name: &Name) -> Vec<ValueId> {
    let mut solver = builder.solver();
    let cohort = solver.cohort(class);
    let writes = solver.index.writes_of(name).iter();
    let writes = writes.map(|(file, at)| &solver.index.file(*file).attribute_writes[*at as usize]);
    let own =
        writes.filter(|write| solver.self_class(write.receiver).is_some_and(|(class, _)| cohort.contains(&class)));
    own.filter_map(|write| write.value).collect()
}
