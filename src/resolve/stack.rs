//! `contextlib.ExitStack`, by scopes and imports: also in code that inference says never runs.

use super::names::{Meaning, Names};
use crate::index::facts::*;

/// The classes of stacks.
pub const CLASSES: [&str; 2] = ["contextlib.ExitStack", "contextlib.AsyncExitStack"];

/// Is the call `ExitStack()`, or `AsyncExitStack()`?
pub fn is_stack(names: &Names, call: CallId) -> bool {
    let func = names.index.call(call).func;
    matches!(names.last_name(func), Some("ExitStack" | "AsyncExitStack"))
        && names.dotted(func).is_some_and(|path| CLASSES.contains(&path.as_str()))
}

/// The value that a name stands for, when it is one value and nothing else.
pub fn only_value(names: &Names, scope: ScopeId, name: &str) -> Option<ValueId> {
    match names.lookup(scope, name).as_slice() {
        [Meaning::Value(value)] => Some(*value),
        _ => None,
    }
}

/// The call that makes the stack, of what `with ExitStack() as stack` binds.
pub fn made_by(names: &Names, entered: ValueId) -> Option<CallId> {
    let Value::Entered(made) = names.index.value(entered) else { return None };
    match names.index.value(*made) {
        Value::Call { call } if is_stack(names, *call) => Some(*call),
        _ => None,
    }
}

/// Is the expression a method of an entered stack: `stack.enter_context`?
pub fn is_method(names: &Names, func: ValueId) -> bool {
    let Value::Attribute { receiver, .. } = names.index.value(func) else { return false };
    let Value::Name { name, scope } = names.index.value(*receiver) else { return false };
    only_value(names, *scope, name).is_some_and(|value| made_by(names, value).is_some())
}
