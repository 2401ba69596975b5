//! Functions that keep their sync face over an async body: console scripts, and the commands of click and typer. They are
//! called from outside, where no loop runs, and run one.

use super::World;
use super::cause::Cause;
use crate::index::facts::*;
use crate::resolve::command;

/// Can the body of the function move into a coroutine function that it runs? `cause`: what keeps it sync.
pub fn applies(world: World, func: FuncId, cause: Option<&Cause>) -> bool {
    let facts = world.index.func(func);
    let is_kept_otherwise = match cause {
        None | Some(Cause::Exported | Cause::Decorator { .. }) => false,
        Some(Cause::EntryPoint { .. }) => !is_script(world, func),
        Some(_) => true,
    };
    if !world.config.bridge
        || is_kept_otherwise
        || facts.is_async
        || facts.class.is_some()
        || facts.parent.is_some()
        || facts.traits.is_generator
        || world.in_tests(func.file)
        || world.graph.family_of(func).count() > 1
        || world.vetoes.contains(&(func.file, facts.range))
    {
        return false;
    }
    let calls_itself = world.graph.sites_of(func).iter().any(|id| world.context(*id).func == Some(func));
    let is_plain_script = || facts.decorators.is_empty() && is_script(world, func);
    let is_wrapped = || command::is_wrapped_outside(world.names(), func);
    (is_plain_script() || !is_wrapped() && command::is_command(world.names(), world.config, func)) && !calls_itself
}

/// Does a packaging file name it as what an installed command calls?
pub fn is_script(world: World, func: FuncId) -> bool {
    !world.project.scripts.is_empty() && world.project.scripts.contains(&world.names().qualified_func(func))
}
