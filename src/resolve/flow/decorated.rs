//! Decorators of the project: does calling the decorated function run it with the same arguments, and give its result?

use super::solver::Solver;
use crate::index::facts::*;
use crate::resolve::boundary;
use crate::resolve::names::Meaning;

impl Solver<'_> {
    /// Do the decorators hand on arguments and results as they are?
    pub(super) fn is_transparent(&mut self, func: FuncId) -> bool {
        if boundary::is_transparent(self.index, func) {
            return true;
        }
        if let Some(known) = self.state.transparent.get(&func) {
            return *known;
        }
        // A decorator that decorates itself in a circle is none that is known.
        self.state.transparent.insert(func, false);
        let found = (0..self.index.func(func).decorators.len()).all(|at| {
            let decorator = &self.index.func(func).decorators[at];
            let value = decorator.value;
            boundary::is_transparent_decorator(self.index, decorator)
                || self.decorating(value).is_some_and(|decorate| self.hands_on(decorate))
        });
        self.state.transparent.insert(func, found);
        found
    }

    /// The function that is given what the expression decorates.
    pub(super) fn decorating(&mut self, value: ValueId) -> Option<FuncId> {
        let Value::Call { call } = *self.index.value(value) else { return self.only_function(value) };
        let factory = self.only_function(self.index.call(call).func)?;
        match self.index.func(factory).returns.as_slice() {
            [returned] => match self.names().evaluate(returned.value).as_slice() {
                [Meaning::Func(inner)] if self.index.func(*inner).parent == Some(factory) => Some(*inner),
                _ => None,
            },
            _ => None,
        }
    }

    /// The function that a name or attribute stands for by scopes, or by being the only one of that name.
    fn only_function(&mut self, value: ValueId) -> Option<FuncId> {
        if let Meaning::Func(func) = self.meaning(value) {
            return Some(func);
        }
        let Value::Attribute { name, .. } = self.index.value(value).clone() else { return None };
        self.load_name(&name);
        match self.index.funcs_of(&name) {
            [func] if self.index.writes_of(&name).is_empty() => Some(*func),
            _ => None,
        }
    }

    /// The position of the parameter that takes the decorated function.
    pub(super) fn decorated_parameter(&self, decorate: FuncId) -> Option<u32> {
        let params = &self.index.func(decorate).params;
        params.iter().position(|param| !matches!(param.name.as_str(), "self" | "cls")).map(|at| at as u32)
    }

    /// Does it return what it was given, or a wrapper that calls it with its own arguments and returns the result?
    fn hands_on(&self, decorate: FuncId) -> bool {
        let Some(param) = self.decorated_parameter(decorate) else { return false };
        let facts = self.index.func(decorate);
        if facts.is_async || facts.traits.is_generator || facts.returns.is_empty() || !facts.decorators.is_empty() {
            return false;
        }
        let given = Meaning::Param { func: decorate, index: param };
        facts.returns.iter().all(|returned| match self.names().evaluate(returned.value).as_slice() {
            [Meaning::Func(wrapper)] => self.wraps(*wrapper, decorate, &given),
            [meaning] => *meaning == given,
            _ => false,
        })
    }

    fn wraps(&self, wrapper: FuncId, decorate: FuncId, given: &Meaning) -> bool {
        let facts = self.index.func(wrapper);
        let file = self.index.file(wrapper.file);
        if facts.parent != Some(decorate) || facts.is_async || facts.traits.is_generator || facts.returns.is_empty() {
            return false;
        }
        let is_given = |value: ValueId| self.names().evaluate(value) == [given.clone()];
        let calls: Vec<&Call> =
            file.calls.iter().filter(|call| file[call.context].func == Some(wrapper) && is_given(call.func)).collect();
        let is_result = |value: ValueId| match self.index.value(value) {
            Value::Call { call } => is_given(self.index.call(*call).func),
            _ => false,
        };
        let returns_result = facts.returns.iter().all(|returned| {
            is_result(returned.value)
                || self.names().evaluate(returned.value).iter().all(|meaning| match meaning {
                    Meaning::Value(value) => is_result(*value),
                    _ => false,
                })
        });
        !calls.is_empty() && returns_result && calls.iter().all(|call| self.hands_on_arguments(wrapper, call))
    }

    /// `fn(self, *args, **kwargs)` in `def wrapper(self, *args, **kwargs)`.
    fn hands_on_arguments(&self, wrapper: FuncId, call: &Call) -> bool {
        let params = &self.index.func(wrapper).params;
        let is_named = |value: ValueId, at: usize| {
            let index = at as u32;
            self.names().evaluate(value) == [Meaning::Param { func: wrapper, index }]
        };
        params.iter().enumerate().all(|(at, param)| match param.kind {
            ParamKind::Variadic => call.args.iter().any(|arg| arg.is_star && is_named(arg.value, at)),
            ParamKind::Keywords => call.args.iter().any(|arg| arg.is_mapping && is_named(arg.value, at)),
            ParamKind::KeywordOnly => {
                call.args.iter().any(|arg| arg.keyword.as_ref() == Some(&param.name) && is_named(arg.value, at))
            }
            ParamKind::PositionalOnly | ParamKind::Standard => {
                call.args.get(at).is_some_and(|arg| arg.keyword.is_none() && is_named(arg.value, at))
            }
        })
    }
}
