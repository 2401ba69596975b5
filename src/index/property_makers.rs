//! Decorators of the program that give a property: a class whose `__get__` runs what it decorates, and a function that makes one.

use ruff_python_ast::name::Name;

use super::facts::*;

/// The names of a file's decorators under which reading an attribute runs the method.
pub(super) fn names(facts: &FileFacts) -> impl Iterator<Item = &Name> {
    let is_builtin = |value: ValueId| matches!(&facts[value], Value::Name { name, .. } if name == "property");
    let makes = move |func: &Func| {
        func.returns
            .iter()
            .any(|returned| matches!(facts[returned.value], Value::Call { call } if is_builtin(facts[call].func)))
    };
    facts.funcs.iter().filter_map(move |func| match (func.parent, func.class) {
        // `def lazy(fn): @property def wrapper(self): ...`
        (Some(parent), None) if func.decorators.iter().any(|decorator| is_builtin(decorator.value)) => {
            Some(&facts[parent].name)
        }
        (None, None) if makes(func) => Some(&func.name),
        (None, Some(class)) if func.name == "__get__" && runs(facts, func) => Some(&facts[class].name),
        _ => None,
    })
}

/// `def __get__(self, obj, owner): return self.fn(obj)`
fn runs(facts: &FileFacts, get: &Func) -> bool {
    let is_param = |value: ValueId, at: usize| match (&facts[value], get.params.get(at)) {
        (Value::Name { name, .. }, Some(param)) => *name == param.name,
        _ => false,
    };
    let is_inside = |call: &&Call| get.range.contains_range(call.range);
    facts.calls.iter().filter(is_inside).any(|call| {
        let is_own = matches!(facts[call.func], Value::Attribute { receiver, .. } if is_param(receiver, 0));
        is_own && call.args.iter().any(|arg| is_param(arg.value, 1))
    })
}
