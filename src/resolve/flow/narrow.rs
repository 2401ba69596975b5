//! What `isinstance` leaves of a set: members of the tested classes, and in place of what nobody knows, those classes.

use super::object::{Node, Object};
use super::solver::Solver;
use crate::index::facts::*;
use crate::resolve::hierarchy::{BaseClass, Hierarchy};
use crate::resolve::names::Meaning;

/// Builtin types that nothing is an instance of but what derives from them.
const CONCRETE: [&str; 12] =
    ["list", "tuple", "dict", "set", "frozenset", "str", "bytes", "bytearray", "int", "float", "bool", "complex"];

/// The classes of the project and the builtin types that a name was tested for.
#[derive(Debug, Default)]
pub(super) struct Tested {
    classes: Vec<ClassId>,
    builtins: Vec<String>,
}

impl Tested {
    /// May objects of the class itself pass the test? The classes are closed.
    pub(super) fn admits(&self, hierarchy: &Hierarchy, class: ClassId) -> bool {
        let ancestors = hierarchy.ancestors(class);
        let is_builtin = |base: &BaseClass| match base {
            BaseClass::External(path) => {
                path.strip_prefix("builtins.").is_none_or(|name| self.builtins.iter().any(|builtin| builtin == name))
            }
            BaseClass::Unknown => true,
            BaseClass::Class(_) => false,
        };
        self.classes.iter().any(|tested| ancestors.contains(tested))
            || !self.builtins.is_empty() && hierarchy.external_bases(class).iter().any(|(_, base)| is_builtin(base))
    }
}

impl Solver<'_> {
    /// What a name was tested for where it stands; none when one of the classes is neither the project's nor a plain builtin type.
    pub(super) fn tested(&mut self, value: ValueId) -> Option<Tested> {
        let mut pending = vec![self.index.file(value.file).narrowed_to(value)?];
        let mut found = Tested::default();
        while let Some(value) = pending.pop() {
            match self.index.value(value) {
                Value::Elements(values) | Value::Either(values) => pending.extend(values),
                _ => match self.meaning(value) {
                    Meaning::Class(class) => {
                        self.close(class);
                        found.classes.push(class);
                    }
                    Meaning::External(path) => {
                        let name = path.strip_prefix("builtins.").filter(|name| CONCRETE.contains(name))?;
                        found.builtins.push(name.to_owned());
                    }
                    _ => return None,
                },
            }
        }
        found.classes.sort_unstable();
        Some(found)
    }

    /// What of a node's set passes the test.
    pub(super) fn narrow(&mut self, node: Node, tested: &Tested) {
        for (object, place) in self.read_source(node, vec![]).iter() {
            match object {
                Object::Instance(own) => {
                    self.close(own);
                    if tested.admits(self.hierarchy, own) {
                        self.push(object, place);
                    }
                }
                Object::Below(own) => {
                    self.close(own);
                    if tested.admits(self.hierarchy, own) {
                        self.push(object, place);
                        continue;
                    }
                    let cohort = self.cohort(own);
                    if !tested.builtins.is_empty() && cohort.iter().any(|class| tested.admits(self.hierarchy, *class)) {
                        self.push(object, place);
                        continue;
                    }
                    for class in tested.classes.iter().filter(|class| cohort.contains(class)) {
                        self.push(Object::Below(*class), place);
                    }
                }
                Object::Unknown | Object::ExternalMember(_) | Object::ExternalInstance(_) | Object::Made(_) => {
                    tested.classes.iter().for_each(|class| self.push(Object::Below(*class), place));
                    if !tested.builtins.is_empty() {
                        self.push(object, place);
                    }
                }
                Object::Mock => self.push(Object::Mock, place),
                Object::Builtin if !tested.builtins.is_empty() => self.push(object, place),
                _ => {}
            }
        }
    }
}
