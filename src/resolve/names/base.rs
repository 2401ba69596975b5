//! Which classes the expression of a base class stands for.

use rustc_hash::FxHashSet;

use super::{Meaning, Names, last, without_repeats};
use crate::index::facts::*;

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
                            found.push(meaning);
                        }
                    }
                    _ => found.push(meaning),
                }
            }
        }
        without_repeats(found)
    }

    /// The expressions of what a call gives: what a function of the project returns, and the bases for `six.with_metaclass`.
    fn made(&self, call: CallId) -> Vec<ValueId> {
        let call = self.index.call(call);
        let given = |meaning: Meaning| match meaning {
            Meaning::Func(func) => self.index.func(func).returns.iter().map(|returned| returned.value).collect(),
            Meaning::External(path) if last(&path) == "with_metaclass" => {
                call.args.iter().skip(1).map(|arg| arg.value).collect()
            }
            _ => vec![],
        };
        self.evaluate(call.func).into_iter().flat_map(given).collect()
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
