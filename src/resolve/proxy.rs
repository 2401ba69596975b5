//! Proxies: `__getattr__` that gives what it looks up other arguments than its caller gives. Where there is one, the arguments of a
//! call say nothing of what it runs.

use super::builder::Builder;
use super::hierarchy;
use super::names::Meaning;
use crate::index::facts::*;

/// Is there such a hook in the program?
pub(super) fn change_arguments(builder: &mut Builder) -> bool {
    if let Some(known) = builder.computed.changes_arguments {
        return known;
    }
    builder.index.load_words(builder.project, hierarchy::HOOKS);
    let hooks = hierarchy::HOOKS.iter().flat_map(|name| builder.index.funcs_of(name));
    let found = hooks.copied().any(|hook| changes_arguments(builder, hook));
    builder.computed.changes_arguments = Some(found);
    found
}

/// `return partial(getattr(self.inner, name), self.session)`, and a function inside that calls it with more than it is given.
fn changes_arguments(builder: &Builder, hook: FuncId) -> bool {
    let names = builder.names();
    let facts = builder.index.file(hook.file);
    let is_looked_up = |value: ValueId| match builder.index.value(value) {
        Value::Call { call } => names.last_name(builder.index.call(*call).func) == Some("getattr"),
        _ => false,
    };
    let is_it = |value: ValueId| {
        is_looked_up(value)
            || matches!(names.evaluate(value).as_slice(), [Meaning::Value(bound)] if is_looked_up(*bound))
    };
    let is_inside = |call: &&Call| {
        let mut around = facts.contexts[call.context.index as usize].func;
        while let Some(func) = around.filter(|func| *func != hook) {
            around = builder.index.func(func).parent;
        }
        around.is_some()
    };
    facts.calls.iter().filter(is_inside).any(|call| {
        let given = match call.args.first() {
            _ if is_it(call.func) => &call.args[..],
            Some(first) if is_it(first.value) && names.last_name(call.func) == Some("partial") => &call.args[1..],
            _ => &[],
        };
        given.iter().any(|arg| !arg.is_star)
    })
}
