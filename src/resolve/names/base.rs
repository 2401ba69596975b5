//! Which classes the expression of a base class stands for.

use rustc_hash::FxHashSet;

use super::{Meaning, Names, last, without_repeats};
use crate::index::facts::*;
use crate::resolve::eager;

impl Names<'_> {
    /// What the expression of a base class stands for, also behind `Base = Other`, `Base = Other[int]`, and a call of a
    /// function of the project that returns a class.
    pub fn class_meanings(&self, value: ValueId) -> Vec<Meaning> {
        let mut found = vec![];
        let mut seen = FxHashSet::default();
        let mut pending = vec![value];
        while let Some(value) = pending.pop() {
            if !seen.insert(value) {
                continue;
            }
            for meaning in self.evaluate(value) {
                let (Meaning::Value(bound) | Meaning::Annotated { value: Some(bound), .. }) = meaning else {
                    found.push(meaning);
                    continue;
                };
                match self.index.value(bound) {
                    Value::Name { .. } | Value::Attribute { .. } | Value::Subscript { .. } => pending.push(bound),
                    Value::Call { call } => {
                        let before = pending.len();
                        pending.extend(self.made(*call));
                        if pending.len() == before {
                            found.extend(self.classes_of_computed_bases(*call));
                            found.push(meaning);
                        }
                    }
                    _ => found.push(meaning),
                }
            }
        }
        without_repeats(found)
    }

    /// The bases that `type("Name", bases, {})` is given; none of another call.
    fn given_bases(&self, call: CallId) -> Option<ValueId> {
        let facts = self.index.call(call);
        let [_, bases, _] = facts.args.as_slice() else { return None };
        eager::is_builtin(self, facts, &["type"]).then_some(bases.value)
    }

    /// `type("Name", tuple(getmembers(...)), {})`: it may be any class that stands above it.
    fn classes_of_computed_bases(&self, call: CallId) -> Vec<Meaning> {
        if self.given_bases(call).is_none() {
            return vec![];
        }
        let end = self.index.call(call).range.start();
        let classes = self.index.file(call.file).classes.iter().enumerate();
        let above = classes.filter(|(_, class)| class.name_range.end() < end);
        above.map(|(index, _)| Meaning::Class(ClassId { file: call.file, index: index as u32 })).collect()
    }

    /// Is it a call of `type` that may make a child of the class of this name in its file, or of one that it names?
    pub fn may_derive(&self, value: ValueId, class: &str, is_own_file: bool) -> bool {
        let Value::Call { call } = self.index.value(value) else { return false };
        let Some(bases) = self.given_bases(*call) else { return false };
        match self.index.value(bases) {
            Value::Elements(bases) => bases.iter().any(|base| self.last_name(*base) == Some(class)),
            _ => is_own_file,
        }
    }

    /// The expressions of what a call gives: what a function of the project returns, and the bases for `six.with_metaclass` and `type`.
    fn made(&self, id: CallId) -> Vec<ValueId> {
        let call = self.index.call(id);
        let given = |meaning: Meaning| match meaning {
            Meaning::Func(func) => self.index.func(func).returns.iter().map(|returned| returned.value).collect(),
            Meaning::External(path) if last(&path) == "with_metaclass" => {
                call.args.iter().skip(1).map(|arg| arg.value).collect()
            }
            _ => vec![],
        };
        self.evaluate(call.func).into_iter().flat_map(given).chain(self.literal_bases(id)).collect()
    }

    fn literal_bases(&self, call: CallId) -> Vec<ValueId> {
        match self.given_bases(call).map(|bases| self.index.value(bases)) {
            Some(Value::Elements(bases)) => bases.clone(),
            _ => vec![],
        }
    }

    /// Does all of an expression come from outside the project, as `db.Model` does with `db = SQLAlchemy()`?
    pub fn is_made_outside(&self, value: ValueId) -> bool {
        let mut seen = FxHashSet::default();
        let mut pending = vec![value];
        while let Some(value) = pending.pop() {
            if !seen.insert(value) {
                continue;
            }
            match self.index.value(value) {
                Value::Attribute { receiver: inner, .. } | Value::Subscript { value: inner, .. } => {
                    pending.push(*inner)
                }
                Value::Call { call } => pending.push(self.index.call(*call).func),
                Value::Name { name, scope } => {
                    for meaning in self.lookup(*scope, name) {
                        match meaning {
                            Meaning::External(_) => {}
                            Meaning::Value(bound) => pending.push(bound),
                            _ => return false,
                        }
                    }
                }
                _ => return false,
            }
        }
        true
    }
}
