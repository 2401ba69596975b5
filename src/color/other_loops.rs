//! Code that may run on trio, curio or twisted: `asyncio.to_thread` and `asyncio.sleep` find no loop there.

use super::World;
use super::cause::Cause;
use crate::config::OffloadVia;
use crate::index::facts::RefId;
use crate::resolve::other_loops::{OtherLoop, imports};

/// Why nothing of asyncio may be put at this place; none when it may.
pub fn found(world: World, id: RefId) -> Option<Cause> {
    let library = if world.graph.other_loops.is_empty() { None } else { may_run_on(world, id) };
    let runs_there = match world.config.offload {
        OffloadVia::Asyncio | OffloadVia::Asgiref => false,
        OffloadVia::Anyio | OffloadVia::Starlette => library == Some(OtherLoop::Trio),
        OffloadVia::Custom { .. } | OffloadVia::Here { .. } => true,
    };
    library.filter(|_| !runs_there).map(|library| Cause::OnOtherLoop { site: id, library })
}

/// A file says what it runs on by what it imports. One that imports neither runs on both, where the program has code for the other.
fn may_run_on(world: World, id: RefId) -> Option<OtherLoop> {
    let imported = world.graph.other_loops.get(&id.file).copied();
    if imports(world.index.file(id.file), "asyncio") {
        return imported.filter(|library| is_named_around(world, id, library.name()));
    }
    imported.or(world.graph.elsewhere.filter(|_| !world.in_tests(id.file)))
}

/// Does the outermost function around the place name the library?
fn is_named_around(world: World, id: RefId, library: &str) -> bool {
    let Some(func) = world.context(id).func else { return false };
    let range = world.index.func(world.index.outermost(func)).range;
    let mut names = world.index.refs_in(id.file, library);
    names.any(|name| range.contains_range(world.index.site(name).range))
}
