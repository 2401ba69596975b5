//! Functions that nothing in the program needs to call: something outside loads their file by its path, or finds them by their
//! names, and takes no coroutine from them.

use super::World;
use super::cause::Cause;
use crate::config::{FoundByName, Parameters, builtin};
use crate::index::facts::*;

/// Why the function stays for what is outside; none when nothing there is known to call it.
pub fn cause(world: World, func: FuncId) -> Option<Cause> {
    if world.in_tests(func.file) || world.index.func(func).parent.is_some() {
        return None;
    }
    let mut own = world.config.codemods.iter().flat_map(|codemod| &codemod.found_by_name);
    let own = own.find(|entry| is_named(world, func, entry));
    if let Some(entry) = own.or_else(|| builtin::found_by_name().find(|entry| is_named(world, func, entry))) {
        return Some(Cause::FoundByName { codemod: entry.codemod.clone() });
    }
    let is_importable = world.project.file(func.file).is_importable();
    (!is_importable && !is_called(world, func)).then_some(Cause::LoadedByPath)
}

/// Does the entry mean this function?
fn is_named(world: World, func: FuncId, entry: &FoundByName) -> bool {
    let facts = world.index.func(func);
    let file = || world.project.file(func.file).relative.rsplit('/').next().unwrap_or_default();
    let binds = |name: &String| !world.index.scope(ScopeId { file: func.file, index: 0 }).bindings_of(name).is_empty();
    let takes = |parameters: &Parameters| parameters.fit(facts.params.iter().map(|param| param.name.as_str()));
    let is_method_meant = || entry.parameters.as_ref().is_some_and(Parameters::begin_with_self);
    (facts.class.is_none() || is_method_meant())
        && facts.decorators.is_empty()
        && entry.function.matches(&facts.name)
        && entry.file.as_ref().is_none_or(|names| names.matches(file()))
        && entry.binds.iter().all(binds)
        && entry.parameters.as_ref().is_none_or(takes)
        && (!is_name_alone(entry) || !is_called(world, func))
}

/// Is there nothing but a name to tell the function by? Then what the program calls is the program's.
fn is_name_alone(entry: &FoundByName) -> bool {
    entry.file.is_none() && entry.binds.is_empty() && entry.parameters.is_none()
}

/// Does something other than the function itself and tests name it?
fn is_called(world: World, func: FuncId) -> bool {
    let mut sites = world.graph.sites_of(func).iter();
    sites.any(|id| world.owner(*id) != Some(func) && !world.in_tests(id.file))
}
