//! Attributes that nobody names where they are written: `setattr(self, name, value)`, `self.__dict__.update(values)`.

use ruff_python_ast::name::Name;

use super::asks::Asks;
use super::object::{Owner, Path, Selector};
use super::solver::{Solver, into};
use super::spelled::{ANY, fits};
use crate::index::facts::*;
use crate::resolve::names::Meaning;

impl Solver<'_> {
    /// What computed names may write to an attribute.
    pub(super) fn bulk_written(&mut self, owner: Owner, name: &Name, path: &Path) {
        let asks = self.state.asks;
        let counts = |pattern: &Name| asks != Asks::Doubts || pattern != ANY;
        for (file, at) in self.index.bulk_writes().to_vec() {
            let write = &self.index.file(file).bulk_writes[at as usize];
            let (receiver, key, value) = (write.receiver, write.name, write.value);
            // An object that nobody knows may be any: that tells nothing. Nor does a name that may be any tell what certainly arrives.
            let is_known = self.self_class(receiver).is_some() || !self.read_value(receiver).has_unknown();
            if !is_known || !self.may_own(owner, receiver) {
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
