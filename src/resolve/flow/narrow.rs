//! What `isinstance` leaves of a set: members of the tested classes, and in place of what nobody knows, those classes.

use super::object::{Node, Object};
use super::solver::Solver;
use crate::index::facts::*;
use crate::resolve::names::Meaning;

impl Solver<'_> {
    /// The classes that a name was tested for where it stands; none when one of them is not the project's.
    pub(super) fn narrowed(&mut self, value: ValueId) -> Option<Vec<ClassId>> {
        let mut pending = vec![self.index.file(value.file).narrowed_to(value)?];
        let mut found = vec![];
        while let Some(value) = pending.pop() {
            match self.index.value(value) {
                Value::Elements(values) | Value::Either(values) => pending.extend(values),
                _ => match self.meaning(value) {
                    Meaning::Class(class) => found.push(class),
                    _ => return None,
                },
            }
        }
        found.sort_unstable();
        Some(found)
    }

    /// What of a node's set is of one of these classes.
    pub(super) fn narrow(&mut self, node: Node, classes: &[ClassId]) {
        for (object, place) in self.read_source(node, vec![]).iter() {
            match object {
                Object::Instance(own) => {
                    self.close(own);
                    let ancestors = self.hierarchy.ancestors(own);
                    if classes.iter().any(|class| ancestors.contains(class)) {
                        self.push(object, place);
                    }
                }
                Object::Below(own) => {
                    self.close(own);
                    let ancestors = self.hierarchy.ancestors(own);
                    if classes.iter().any(|class| ancestors.contains(class)) {
                        self.push(object, place);
                        continue;
                    }
                    let cohort = self.cohort(own);
                    for class in classes.iter().filter(|class| cohort.contains(class)) {
                        self.push(Object::Below(*class), place);
                    }
                }
                Object::Unknown | Object::ExternalMember(_) | Object::ExternalInstance(_) | Object::Made(_) => {
                    classes.iter().for_each(|class| self.push(Object::Below(*class), place));
                }
                Object::Mock => self.push(Object::Mock, place),
                _ => {}
            }
        }
    }
}
