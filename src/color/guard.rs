//! `if __name__ == "__main__":` at module level: one converting call in it is run, several statements become a function.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use super::World;
use super::cause::Cause;
use super::hazard;
use super::shape::{Shape, shape_of_targets};
use crate::index::facts::*;
use crate::resolve::runner::{Runner, runner};
use crate::resolve::{Site, SiteKind};

/// A guard, by its file and place among the file's guards.
pub type GuardId = (FileId, usize);

/// The guard that a site stands in, outside of any function.
pub fn of_site(world: World, site: &Site) -> Option<GuardId> {
    let context = world.context(site.id);
    if !context.main_guard || context.func.is_some() {
        return None;
    }
    let at = world.index.site(site.id).range;
    let guards = &world.index.file(site.id.file).main_guards;
    Some((site.id.file, guards.iter().position(|guard| guard.range.contains_range(at))?))
}

/// Can a site in a guard be run by itself: `asyncio.run(f())` in the place of `f()`?
pub fn runs_alone(world: World, site: &Site) -> bool {
    let barrier = world.context(site.id).barrier;
    site.kind == SiteKind::Call
        && barrier.is_none()
        && shape_of_targets(world, site) == Some(Shape::Coroutine)
        && !matches!(world.result_usage(site.id), None | Some(Usage::Decorator | Usage::YieldFrom { .. }))
        && !leaves_context(world, site)
        && !keeps_loop(world, site)
}

/// Does the guard keep a loop of its own, for what comes later? `asyncio.run` leaves the thread without a current one.
fn keeps_loop(world: World, site: &Site) -> bool {
    let Some((file, at)) = of_site(world, site) else { return false };
    let (facts, names) = (world.index.file(file), world.names());
    let makers = ["new_event_loop", "set_event_loop", "get_event_loop"];
    calls(facts, &facts.main_guards[at])
        .any(|call| names.last_name(call.func).is_some_and(|name| makers.contains(&name)))
}

/// The calls that the guard makes itself.
fn calls<'a>(facts: &'a FileFacts, guard: &'a MainGuard) -> impl Iterator<Item = &'a Call> {
    let is_inside = move |call: &&Call| facts[call.context].func.is_none() && guard.range.contains_range(call.range);
    facts.calls.iter().filter(is_inside)
}

/// Does it set a context variable that the rest of the guard may read? `asyncio.run` works on a copy of the context.
fn leaves_context(world: World, site: &Site) -> bool {
    let facts = world.index.file(site.id.file);
    let (at, guard) = (world.index.site(site.id).range, of_site(world, site));
    let is_behind = |other: &Ref| {
        guard.is_some_and(|(_, guard)| facts.main_guards[guard].range.contains_range(other.range))
            && other.range.start() > at.end()
    };
    facts.refs.iter().any(is_behind) && matches!(hazard::needs_worker(world, site), Some(Cause::SetsContext { .. }))
}

/// Can the statements of the guard become the body of a function?
pub fn moves(world: World, (file, at): GuardId) -> bool {
    let facts = world.index.file(file);
    let guard = &facts.main_guards[at];
    let names = world.names();
    let runs_own_loop = calls(facts, guard).any(|call| runner(&names, call) == Some(Runner::Own));
    let star = bindings(facts, guard).any(|binding| binding.name == "*");
    let shared = shared_names(world, file, guard);
    let declared = bindings(facts, guard)
        .any(|binding| matches!(binding.bound, Bound::Annotated { .. }) && shared.contains(&binding.name));
    let is_vetoed = world.vetoes.contains(&(file, guard.range));
    guard.is_plain && !runs_own_loop && !star && !declared && !is_vetoed
}

/// The names of the module that the guard binds, and that something outside of it uses: they have to stay the module's.
pub fn shared_names(world: World, file: FileId, guard: &MainGuard) -> BTreeSet<Name> {
    let facts = world.index.file(file);
    let module = &world.project.file(file).module;
    let used_outside = |name: &Name| {
        let is_use = |id: &RefId| {
            let site = world.index.site(*id);
            let scope = world.index.context(site.context).scope;
            id.file == file
                && site.receiver.is_none()
                && !guard.range.contains_range(site.range)
                && world.names().home(scope, name) == ScopeId { file, index: 0 }
        };
        let imported = world.index.imports_of(name).iter().any(|(from, index)| {
            let import = &world.index.file(*from).imports[*index as usize];
            world.names().absolute(*from, import).as_ref() == Some(module)
        });
        let also_outside =
            facts.scopes[0].bindings_of(name).iter().any(|other| !guard.range.contains_range(other.range));
        imported || also_outside || world.index.refs_of(name).iter().any(is_use)
    };
    bindings(facts, guard).map(|binding| binding.name.clone()).filter(used_outside).collect()
}

/// What the statements of a guard bind in the module.
fn bindings<'a>(facts: &'a FileFacts, guard: &'a MainGuard) -> impl Iterator<Item = &'a Binding> {
    let inside = |range: TextRange| guard.range.contains_range(range);
    facts.scopes[0].bindings.iter().filter(move |binding| inside(binding.range))
}
