//! What codemods say of the frameworks that run a function.

use super::World;
use crate::config::Names;
use crate::index::facts::*;
use crate::resolve::boundary::spelled;
use crate::resolve::overriding::may_be_async;

/// Does a framework run the function in threads of its own: by a decorator, where it is named as an argument, or as a method of
/// a class of the framework's?
pub fn is_threaded(world: World, func: FuncId) -> bool {
    let threaded = || world.config.codemods.iter().filter_map(|codemod| codemod.threaded.as_ref());
    let matches = |paths: Vec<String>| paths.iter().any(|path| threaded().any(|names| names.matches(path)));
    threaded().next().is_some()
        && (matches(decorating(world, func)) || matches(taking(world, func)) || matches(overridden(world, func)))
}

/// Does a framework run the function on the loop, whatever color it has?
pub fn runs_on_loop(world: World, func: FuncId) -> bool {
    let mut entries = world.config.codemods.iter().flat_map(|codemod| &codemod.accepts_async);
    let matches = |names: &Option<Names>, paths: fn(World, FuncId) -> Vec<String>| {
        let is_one = |names: &Names| paths(world, func).iter().any(|path| names.matches(path));
        names.as_ref().is_some_and(is_one)
    };
    entries.any(|entry| {
        entry.on_loop
            && (matches(&entry.decorator, decorating)
                || matches(&entry.parameter, taking)
                || matches(&entry.method, overridden))
    })
}

/// Does a codemod say that the method overrides one that may be async?
pub fn take_override(world: World, func: FuncId) -> bool {
    overridden(world, func).iter().any(|path| may_be_async(world.config, path))
}

/// The dotted paths of the decorators of a function.
fn decorating(world: World, func: FuncId) -> Vec<String> {
    let names = world.names();
    let paths = world.index.func(func).decorators.iter().filter_map(|decorator| names.dotted(decorator.value));
    paths.flat_map(|path| names.inherited_paths(&path)).collect()
}

/// The arguments that the function is given as.
fn taking(world: World, func: FuncId) -> Vec<String> {
    let sites = world.graph.sites_of(func).iter();
    let given = sites.filter_map(|id| match world.index.site(*id).usage {
        Usage::Argument { call, index } => Some(spelled(world.names(), call, index)),
        _ => None,
    });
    given.flatten().collect()
}

/// The methods of classes from outside that a method stands for.
fn overridden(world: World, func: FuncId) -> Vec<String> {
    let facts = world.index.func(func);
    let bases = facts.class.map(|class| world.names().foreign_bases(class));
    bases.into_iter().flatten().map(|base| format!("{base}.{}", facts.name)).collect()
}
