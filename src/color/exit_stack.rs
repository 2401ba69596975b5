//! `ExitStack`: what is entered on it or called back by it may become async when the stack is one function's own and every
//! use of it has an async twin.

use ruff_text_size::TextRange;

use super::World;
use crate::index::facts::*;
use crate::resolve::stack;

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
    let entered = stack::only_value(&world.names(), *scope, name)?;
    let owner = |context: ContextId| world.index.context(context).owner();
    let opened = stack::made_by(&world.names(), entered)?;
    let (made, here) = (world.index.call(opened), world.index.call(call));
    if owner(made.context) != owner(here.context) || world.index.context(made.context).barrier.is_some() {
        return None;
    }
    let Usage::WithItem { statement, is_async } = made.usage else { return None };
    adapts(world, opened).then_some(Opened { statement, is_async })
}

/// Is the call `ExitStack()`, or `AsyncExitStack()`?
pub fn is_stack(world: World, call: CallId) -> bool {
    stack::is_stack(&world.names(), call)
}

/// Has every use of a new stack an async twin?
pub fn adapts(world: World, made: CallId) -> bool {
    let file = world.index.file(made.file);
    let names = world.names();
    let scopes = file.scopes.iter().enumerate();
    let mut bound = scopes.flat_map(|(index, scope)| {
        let id = ScopeId { file: made.file, index: index as u32 };
        scope.bindings.iter().map(move |binding| (id, binding))
    });
    bound.all(|(scope, binding)| match binding.bound {
        Bound::Value(value) if stack::made_by(&names, value) == Some(made) => {
            stack::only_value(&names, scope, &binding.name) == Some(value)
                && uses(world, scope, &binding.name).into_iter().all(|id| is_kept(world, id))
        }
        _ => true,
    })
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
