//! What functions of the library hand to a function: `sorted(rows, key=lambda row: row.size)` gives it the elements of `rows`.

use super::binds::Binds;
use super::object::{Path, Place, Selector};
use super::solver::{Solver, into};
use crate::index::consumers::Consumer;
use crate::index::facts::*;
use crate::resolve::names::Meaning;

/// What the parameters of the function are.
enum Hands {
    /// Elements of these, one a parameter.
    Elements(Vec<ValueId>),
    /// Any of these, as they are.
    Each(Vec<ValueId>),
}

impl Solver<'_> {
    /// What arrives at a parameter of a lambda that a function of the library runs. Returns whether that is known.
    pub(super) fn element_for_lambda(&mut self, func: FuncId, at: u32, path: &Path) -> bool {
        let lambda = self.index.func(func).lambda;
        lambda.is_some_and(|lambda| self.element_for(func, lambda.value, at, 0, path))
    }

    /// The same for a function that is named at the place.
    pub(super) fn element_at(&mut self, func: FuncId, (file, range): Place, at: u32, path: &Path) -> bool {
        let mut refs = self.index.file(file).refs.iter();
        let Some(named) = refs.find(|site| site.range == range && !site.is_implicit()) else { return false };
        let (value, is_member) = (named.value, named.receiver.is_some());
        let bound = u32::from(is_member && self.binding_of(func) != Binds::Nothing);
        self.element_for(func, value, at, bound, path)
    }

    /// `value` is the function, with its first `bound` parameters filled.
    fn element_for(&mut self, func: FuncId, value: ValueId, at: u32, bound: u32, path: &Path) -> bool {
        let param = &self.index.func(func).params[at as usize];
        let is_plain = param.default.is_none() && matches!(param.kind, ParamKind::Standard | ParamKind::PositionalOnly);
        let Some(at) = at.checked_sub(bound).filter(|_| is_plain) else { return false };
        let consumers = self.consumers(value.file);
        let [Consumer::Argument(call, index)] = consumers.of_value(value) else { return false };
        match self.hands(*call, *index as usize) {
            Some(Hands::Elements(of)) => match of.get(at as usize) {
                Some(value) => self.flow_value(*value, into(Selector::Element, path)),
                None => return false,
            },
            Some(Hands::Each(values)) if at == 0 => {
                values.iter().for_each(|value| self.flow_value(*value, path.clone()));
            }
            Some(Hands::Each(_)) | None => return false,
        }
        true
    }

    fn hands(&self, call: CallId, index: usize) -> Option<Hands> {
        let facts = self.index.call(call);
        if facts.args.iter().any(|arg| arg.is_star) {
            return None;
        }
        let mut positional: Vec<ValueId> =
            facts.args.iter().filter(|arg| arg.keyword.is_none()).map(|arg| arg.value).collect();
        let is_key = facts.args[index].keyword.as_deref() == Some("key");
        let names = self.names();
        let function = match names.evaluate(facts.func).as_slice() {
            [Meaning::External(path)] => path.clone(),
            _ => String::new(),
        };
        let of = |at: usize| positional.get(at).map(|value| Hands::Elements(vec![*value]));
        match (function.as_str(), index) {
            ("builtins.sorted" | "builtins.min" | "builtins.max" | "itertools.groupby", _)
                if is_key && positional.len() == 1 =>
            {
                of(0)
            }
            ("builtins.min" | "builtins.max", _) if is_key => Some(Hands::Each(positional)),
            ("itertools.groupby", 1) => of(0),
            ("heapq.nlargest" | "heapq.nsmallest", _) if is_key || index == 2 => of(1),
            ("builtins.map", 0) => Some(Hands::Elements(positional.split_off(1))),
            ("builtins.filter" | "itertools.filterfalse" | "itertools.takewhile" | "itertools.dropwhile", 0) => of(1),
            _ => match self.index.value(facts.func) {
                Value::Attribute { receiver, name }
                    if name == "sort" && is_key && self.index.funcs_of(name).is_empty() =>
                {
                    Some(Hands::Elements(vec![*receiver]))
                }
                _ => None,
            },
        }
    }
}
