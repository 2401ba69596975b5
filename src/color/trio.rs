//! Code that may run on trio: `asyncio.to_thread` and `asyncio.sleep` find no loop there.

use super::World;
use super::cause::Cause;
use crate::config::OffloadVia;
use crate::index::facts::RefId;
use crate::resolve::trio::imports;

/// Why nothing of asyncio may be put at this place; none when it may.
pub fn found(world: World, id: RefId) -> Option<Cause> {
    let needs_asyncio = matches!(world.config.offload, OffloadVia::Asyncio | OffloadVia::Asgiref);
    let may_run = needs_asyncio && !world.graph.trio.is_empty() && may_run_on_it(world, id);
    may_run.then_some(Cause::OnTrio { site: id })
}

/// A file says what it runs on by what it imports. One that imports neither runs on both, where the program has code for trio.
fn may_run_on_it(world: World, id: RefId) -> bool {
    let imports_trio = world.graph.trio.contains(&id.file);
    if !imports(world.index.file(id.file), "asyncio") {
        let has_code_for_it = || world.graph.trio.iter().any(|file| !world.in_tests(*file));
        return imports_trio || !world.in_tests(id.file) && has_code_for_it();
    }
    imports_trio && is_named_around(world, id)
}

/// Does the outermost function around the place name trio?
fn is_named_around(world: World, id: RefId) -> bool {
    let mut func = world.context(id).func;
    while let Some(parent) = func.and_then(|func| world.index.func(func).parent) {
        func = Some(parent);
    }
    let Some(func) = func else { return false };
    let range = world.index.func(func).range;
    let mut names = world.index.refs_in(id.file, "trio");
    names.any(|name| range.contains_range(world.index.site(name).range))
}
