//! Attributes that nobody names where they are written: `setattr(self, name, value)`, `self.__dict__.update(values)`.

use ruff_python_ast::name::Name;

use super::asks::Asks;
use super::object::{Object, Owner, Path, Selector};
use super::solver::{Solver, into};
use super::spelled::{ANY, fits};
use crate::index::facts::*;
use crate::resolve::names::Meaning;

/// A write of attributes that does not name them.
#[derive(Clone, Copy)]
pub(super) struct BulkWritten {
    receiver: ValueId,
    key: Option<ValueId>,
    value: ValueId,
    /// The class in whose method it writes to `self`.
    of: Option<ClassId>,
}

impl Solver<'_> {
    /// What computed names may write to an attribute.
    pub(super) fn bulk_written(&mut self, owner: Owner, name: &Name, path: &Path) {
        let asks = self.state.asks;
        let counts = |pattern: &Name| asks != Asks::Doubts || pattern != ANY;
        self.read_bulk_writes();
        for at in 0..self.state.bulk_writes.len() {
            let BulkWritten { receiver, key, value, of } = self.state.bulk_writes[at];
            // An object that nobody knows may be any: that tells nothing. Nor does a name that may be any tell what certainly arrives.
            let may_own = match of {
                Some(class) => self.may_be(owner, Object::Below(class)),
                None => !self.read_value(receiver).has_unknown() && self.may_own(owner, receiver),
            };
            if !may_own {
                continue;
            }
            match key {
                None => self.flow_value(value, into(Selector::Key(name.clone()), path)),
                Some(key) => match self.mapping_of(key, value) {
                    Some(mapping) => self.flow_value(mapping, into(Selector::Key(name.clone()), path)),
                    None if self.patterns(key).iter().any(|pattern| counts(pattern) && fits(pattern, name)) => {
                        self.flow_value(value, path.clone());
                    }
                    None => {}
                },
            }
        }
    }

    /// Adds the writes of files that were loaded since the last time.
    fn read_bulk_writes(&mut self) {
        for at in self.state.bulk_writes.len()..self.index.bulk_writes().len() {
            let (file, at) = self.index.bulk_writes()[at];
            let write = &self.index.file(file).bulk_writes[at as usize];
            let of = self.self_class(write.receiver).map(|(class, _)| class);
            let (receiver, key, value) = (write.receiver, write.name, write.value);
            self.state.bulk_writes.push(BulkWritten { receiver, key, value, of });
        }
    }

    /// `for name, value in mapping.items()`: the mapping.
    fn mapping_of(&self, key: ValueId, value: ValueId) -> Option<ValueId> {
        let part = |value: ValueId, at: u32| {
            let value = match self.index.value(value) {
                Value::Name { name, scope } => match self.names().lookup(*scope, name).as_slice() {
                    [Meaning::Value(value)] => *value,
                    _ => return None,
                },
                _ => value,
            };
            let Value::PartOf(pair, own) = self.index.value(value) else { return None };
            let Value::ElementOf(items) = self.index.value(*pair) else { return None };
            (*own == at).then_some(*items)
        };
        let items = part(key, 0).filter(|items| part(value, 1) == Some(*items))?;
        let Value::Call { call } = self.index.value(items) else { return None };
        match self.index.value(self.index.call(*call).func) {
            Value::Attribute { receiver, name } if name == "items" => Some(*receiver),
            _ => None,
        }
    }
}
