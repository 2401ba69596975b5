//! Functions that keep their sync face over an async body: console scripts, and the commands of click and typer. They are
//! called from outside, where no loop runs, and run one.

use super::World;
use super::cause::Cause;
use crate::config::builtin;
use crate::index::facts::*;
use crate::resolve::names::Meaning;

/// Decorators are looked through this far: a command of a group of a group.
const DEPTH: usize = 6;

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
    (is_plain_script() || is_command(world, func, DEPTH)) && !calls_itself
}

/// Does a packaging file name it as what an installed command calls?
pub fn is_script(world: World, func: FuncId) -> bool {
    !world.project.scripts.is_empty() && world.project.scripts.contains(&world.names().qualified_func(func))
}

/// Is it decorated as a command, of a group that is itself one?
fn is_command(world: World, func: FuncId, fuel: usize) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    world.index.func(func).decorators.iter().any(|decorator| {
        let value = match world.index.value(decorator.value) {
            Value::Call { call } => world.index.call(*call).func,
            _ => decorator.value,
        };
        let is_pattern = |path: String| {
            let own = &world.config.codemods;
            own.iter().filter_map(|codemod| codemod.commands.as_ref()).any(|patterns| patterns.matches(&path))
                || builtin::commands().any(|patterns| patterns.matches(&path))
        };
        if world.names().dotted(value).is_some_and(is_pattern) {
            return true;
        }
        // `@group.command()`, where `group` is a function under `@click.group()`.
        let Value::Attribute { receiver, name } = world.index.value(value) else { return false };
        let of_group = || match world.names().evaluate(*receiver).as_slice() {
            [Meaning::Func(group)] => is_command(world, *group, fuel),
            _ => false,
        };
        matches!(name.as_str(), "command" | "group" | "result_callback") && of_group()
    })
}
