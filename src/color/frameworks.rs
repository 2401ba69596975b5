//! What codemods say of the frameworks that run a function.

use super::World;
use crate::config::{AcceptsAsync, Names};
use crate::index::facts::*;
use crate::resolve::boundary::spelled;
use crate::resolve::overriding::{may_be_async, overridden};

/// Does a framework run the function in threads of its own: by a decorator, where it is named as an argument, or as a method of
/// a class of the framework's?
pub fn is_threaded(world: World, func: FuncId) -> bool {
    let threaded = || world.config.codemods.iter().filter_map(|codemod| codemod.threaded.as_ref());
    let matches = |paths: Vec<String>| threaded().any(|names| names.matches_any(&paths));
    threaded().next().is_some()
        && (matches(decorating(world, func))
            || matches(taking(world, func))
            || matches(overridden(world.names(), func)))
}

/// Does a framework run the function on the loop, whatever color it has?
pub fn runs_on_loop(world: World, func: FuncId) -> bool {
    let entries = || {
        let entries = world.config.codemods.iter().flat_map(|codemod| &codemod.accepts_async);
        entries.filter(|entry| entry.on_loop)
    };
    let matches = |names: fn(&AcceptsAsync) -> Option<&Names>, paths: Vec<String>| {
        entries().filter_map(names).any(|names| names.matches_any(&paths))
    };
    entries().next().is_some()
        && (matches(|entry| entry.decorator.as_ref(), decorating(world, func))
            || matches(|entry| entry.parameter.as_ref(), taking(world, func))
            || matches(|entry| entry.method.as_ref(), overridden(world.names(), func)))
}

/// Does a codemod say that the method overrides one that may be async?
pub fn take_override(world: World, func: FuncId) -> bool {
    may_be_async(world.config, || overridden(world.names(), func))
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
