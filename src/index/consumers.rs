//! Where each value of a file goes: the facts turned round, for analyses that follow a value forward.

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Defined;
use super::facts::*;

/// One thing that takes a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// Any of several values: `a or b`, `a if c else b`.
    Either(ValueId),
    /// A part of a display or comprehension.
    Part(ValueId),
    /// `*x` in a display.
    Spread(ValueId),
    /// Before `[`.
    Subscript(ValueId),
    /// Before a dot.
    Attribute(ValueId),
    Await(ValueId),
    /// Iterated over.
    Element(ValueId),
    /// Unpacked: the n-th part of it.
    Unpacked(ValueId),
    /// Entered by `with x as name`.
    Entered(ValueId),
    /// What a lambda returns.
    Lambda(ValueId),
    /// Bound to a name in this scope.
    Bound(ScopeId, Name),
    /// `x.name = value`.
    Written(Name, ValueId),
    /// `container[key] = value`.
    Item(ValueId),
    Argument(CallId, u32),
    Callee(CallId),
    Returned(FuncId),
    Yielded(FuncId),
    /// The default of a parameter.
    Default(FuncId, u32),
    /// It decorates this function or class.
    Decorator(Defined),
    /// Behind `in`.
    Searched,
    /// Somewhere that is not followed.
    Lost,
}

/// The consumers of a file's values, by value, and what the values are.
#[derive(Debug, Default)]
pub struct Consumers {
    consumers: FxHashMap<ValueId, Vec<Consumer>>,
    /// The result of each call.
    results: FxHashMap<CallId, ValueId>,
    /// The place of each name.
    refs: FxHashMap<ValueId, RefId>,
    /// The callee of each call that is no name: the place of its `__call__`.
    callees: FxHashMap<ValueId, RefId>,
    /// The places that iterate over a value.
    iterated: FxHashMap<ValueId, RefId>,
    /// The places that enter a context manager.
    entered: FxHashMap<ValueId, RefId>,
}

impl Consumers {
    /// Turns the facts of one file round.
    pub fn of(file: FileId, facts: &FileFacts) -> Self {
        let mut found = Self::default();
        for (index, value) in facts.values.iter().enumerate() {
            found.value(ValueId { file, index: index as u32 }, value);
        }
        for (index, call) in facts.calls.iter().enumerate() {
            let id = CallId { file, index: index as u32 };
            found.add(call.func, Consumer::Callee(id));
            for (at, arg) in call.args.iter().enumerate() {
                found.add(arg.value, Consumer::Argument(id, at as u32));
            }
        }
        for (index, scope) in facts.scopes.iter().enumerate() {
            let id = ScopeId { file, index: index as u32 };
            for binding in &scope.bindings {
                if let Bound::Value(value) | Bound::Annotated { value: Some(value), .. } = binding.bound {
                    found.add(value, Consumer::Bound(id, binding.name.clone()));
                }
            }
        }
        for write in &facts.attribute_writes {
            found.add_some(write.value, Consumer::Written(write.name.clone(), write.receiver));
        }
        for write in &facts.item_writes {
            found.add_some(write.value, Consumer::Item(write.container));
        }
        for (index, func) in facts.funcs.iter().enumerate() {
            found.func(FuncId { file, index: index as u32 }, func);
        }
        for (index, class) in facts.classes.iter().enumerate() {
            let id = ClassId { file, index: index as u32 };
            let what = Consumer::Decorator(Defined::Class(id));
            class.decorators.iter().for_each(|decorator| found.add(decorator.value, what.clone()));
        }
        facts.lost.iter().for_each(|value| found.add(*value, Consumer::Lost));
        found.unfollowed(facts);
        for (index, site) in facts.refs.iter().enumerate() {
            let id = RefId { file, index: index as u32 };
            if !site.is_implicit() {
                found.refs.insert(site.value, id);
            } else if site.name == "__call__" {
                found.callees.insert(site.value, id);
            } else if matches!(site.name.as_str(), "__iter__" | "__next__") {
                found.iterated.insert(site.value, id);
            } else if site.name == "__enter__" {
                found.entered.insert(site.value, id);
            } else if site.name == "__contains__" {
                found.add(site.value, Consumer::Searched);
            }
        }
        found
    }

    /// Names and results that are used for more than a look, where nothing above says what takes them.
    fn unfollowed(&mut self, facts: &FileFacts) {
        let names = facts.refs.iter().filter(|site| !site.is_implicit()).map(|site| (site.value, site.usage));
        let results = facts.calls.iter().enumerate().filter_map(|(index, call)| {
            let id = CallId { file: call.func.file, index: index as u32 };
            Some((self.result(id)?, call.usage))
        });
        // `container[key] = value` takes nothing out.
        let filled: FxHashSet<ValueId> =
            facts.item_writes.iter().filter(|write| write.value.is_some()).map(|write| write.container).collect();
        for (value, usage) in names.chain(results).filter(|(value, _)| !filled.contains(value)).collect::<Vec<_>>() {
            let is_looked_at = matches!(
                usage,
                Usage::Statement
                    | Usage::Condition
                    | Usage::Compared
                    | Usage::Annotation
                    | Usage::Store
                    | Usage::Delete
                    // Of an attribute or element that is written or deleted.
                    | Usage::Receiver
                    | Usage::Subscripted
            );
            if !is_looked_at && self.of_value(value).is_empty() {
                self.add(value, Consumer::Lost);
            }
        }
    }

    /// The value that a call gives.
    pub fn result(&self, call: CallId) -> Option<ValueId> {
        self.results.get(&call).copied()
    }

    /// The place of the name that an expression is.
    pub fn site(&self, value: ValueId) -> Option<RefId> {
        self.refs.get(&value).copied()
    }

    /// The place where a value is iterated over.
    pub fn iterated(&self, value: ValueId) -> Option<RefId> {
        self.iterated.get(&value).copied()
    }

    /// The place where a value is entered: `with x`, `stack.enter_context(x)`.
    pub fn entered(&self, value: ValueId) -> Option<RefId> {
        self.entered.get(&value).copied()
    }

    /// The place of a callee, by the value that is called.
    pub fn callee(&self, value: ValueId) -> Option<RefId> {
        self.refs.get(&value).or_else(|| self.callees.get(&value)).copied()
    }

    /// What takes a value; nothing when it is only looked at (a comparison, a test, a statement).
    pub fn of_value(&self, value: ValueId) -> &[Consumer] {
        self.consumers.get(&value).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, value: ValueId, consumer: Consumer) {
        self.consumers.entry(value).or_default().push(consumer);
    }

    fn add_some(&mut self, value: Option<ValueId>, consumer: Consumer) {
        if let Some(value) = value {
            self.add(value, consumer);
        }
    }

    fn value(&mut self, id: ValueId, value: &Value) {
        match value {
            Value::Attribute { receiver, .. } => self.add(*receiver, Consumer::Attribute(id)),
            Value::Await { value } => self.add(*value, Consumer::Await(id)),
            Value::Subscript { value, index, .. } => {
                self.add(*value, Consumer::Subscript(id));
                self.add(*index, Consumer::Lost);
            }
            Value::Either(values) => values.iter().for_each(|value| self.add(*value, Consumer::Either(id))),
            Value::Sum(values) => values.iter().for_each(|value| self.add(*value, Consumer::Either(id))),
            Value::Spread(value) => self.add(*value, Consumer::Spread(id)),
            Value::Elements(values) => values.iter().for_each(|value| self.add(*value, Consumer::Part(id))),
            Value::Dict(items) => items.iter().for_each(|(_, value)| self.add(*value, Consumer::Part(id))),
            Value::Comprehension { element, .. } => self.add(*element, Consumer::Part(id)),
            Value::ElementOf(value) => self.add(*value, Consumer::Element(id)),
            Value::PartOf(value, _) => self.add(*value, Consumer::Unpacked(id)),
            Value::Entered(value) => self.add(*value, Consumer::Entered(id)),
            Value::Lambda { result, .. } => self.add(*result, Consumer::Lambda(id)),
            Value::Call { call } => drop(self.results.insert(*call, id)),
            Value::Name { .. } | Value::Text(_) | Value::Pattern(_) | Value::None | Value::Builtin | Value::Unknown => {
            }
        }
    }

    fn func(&mut self, id: FuncId, func: &Func) {
        func.returns.iter().for_each(|returned| self.add(returned.value, Consumer::Returned(id)));
        func.yields.iter().for_each(|value| self.add(*value, Consumer::Yielded(id)));
        let what = Consumer::Decorator(Defined::Func(id));
        func.decorators.iter().for_each(|decorator| self.add(decorator.value, what.clone()));
        for (index, param) in func.params.iter().enumerate() {
            self.add_some(param.default, Consumer::Default(id, index as u32));
        }
    }
}
