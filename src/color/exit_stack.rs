//! `ExitStack`: what is entered on it or called back by it may become async when the stack is one function's own and every
//! use of it has an async twin.

use ruff_text_size::TextRange;

use super::World;
use crate::index::facts::*;
use crate::resolve::names::Meaning;

/// Methods that an async stack has as well, and what they do there stays the same.
const KEPT: [&str; 6] =
    ["enter_context", "callback", "push", "enter_async_context", "push_async_callback", "push_async_exit"];

/// The `with` statement that opens a stack.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    pub statement: TextRange,
    pub is_async: bool,
}

/// The `with` statement that opens the stack whose method is called; none when the stack cannot be an async one.
pub fn of_call(world: World, call: CallId) -> Option<Opened> {
    let Value::Attribute { receiver, .. } = world.index.value(world.index.call(call).func) else { return None };
    let Value::Name { name, scope } = world.index.value(*receiver) else { return None };
    let entered = own_stack(world, *scope, name)?;
    let owner = |context: ContextId| world.index.context(context).owner();
    let opened = made_by(world, entered)?;
    let (stack, here) = (world.index.call(opened), world.index.call(call));
    if owner(stack.context) != owner(here.context) || world.index.context(stack.context).barrier.is_some() {
        return None;
    }
    let Usage::WithItem { statement, is_async } = stack.usage else { return None };
    adapts(world, opened).then_some(Opened { statement, is_async })
}

/// Is the call `ExitStack()`, or `AsyncExitStack()`?
pub fn is_stack(world: World, call: CallId) -> bool {
    let func = world.index.call(call).func;
    matches!(world.names().last_name(func), Some("ExitStack" | "AsyncExitStack"))
        && matches!(world.names().dotted(func).as_deref(), Some("contextlib.ExitStack" | "contextlib.AsyncExitStack"))
}

/// Has every use of a new stack an async twin?
pub fn adapts(world: World, made: CallId) -> bool {
    let file = world.index.file(made.file);
    let scopes = file.scopes.iter().enumerate();
    let mut bound = scopes.flat_map(|(index, scope)| {
        let id = ScopeId { file: made.file, index: index as u32 };
        scope.bindings.iter().map(move |binding| (id, binding))
    });
    bound.all(|(scope, binding)| match binding.bound {
        Bound::Value(value) if made_by(world, value) == Some(made) => {
            own_stack(world, scope, &binding.name) == Some(value)
                && uses(world, scope, &binding.name).into_iter().all(|id| is_kept(world, id))
        }
        _ => true,
    })
}

/// What `with ExitStack() as stack` binds, when the name stands for nothing else.
fn own_stack(world: World, scope: ScopeId, name: &str) -> Option<ValueId> {
    match world.names().lookup(scope, name).as_slice() {
        [Meaning::Value(value)] => Some(*value),
        _ => None,
    }
}

fn made_by(world: World, entered: ValueId) -> Option<CallId> {
    let Value::Entered(made) = world.index.value(entered) else { return None };
    match world.index.value(*made) {
        Value::Call { call } if is_stack(world, *call) => Some(*call),
        _ => None,
    }
}

/// Every place that reads the name.
fn uses(world: World, scope: ScopeId, name: &str) -> Vec<RefId> {
    let names = world.names();
    let home = names.home(scope, name);
    let refs = world.index.refs_of(name).iter().copied();
    refs.filter(|id| match world.index.value(world.index.site(*id).value) {
        Value::Name { scope: other, .. } => id.file == scope.file && names.home(*other, name) == home,
        _ => false,
    })
    .collect()
}

/// Does the place only call a method that an async stack has as well?
fn is_kept(world: World, id: RefId) -> bool {
    let used = world.index.site(id);
    if used.usage != Usage::Receiver {
        return used.usage == Usage::Store;
    }
    let refs = &world.index.file(id.file).refs;
    refs.iter().any(|other| {
        let is_kept = KEPT.contains(&other.name.as_str());
        other.receiver == Some(used.value) && is_kept && matches!(other.usage, Usage::Called(_))
    })
}
