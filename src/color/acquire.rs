//! Functions that acquire a lock by hand: no await may stand in them.

use super::hazard::bound;
use super::{World, obstacle};
use crate::index::facts::*;
use crate::resolve::{Site, SiteKind};

/// Methods of the project that call `acquire` themselves are looked into this far.
const DEPTH: usize = 3;

/// Does the function acquire something that may be a lock?
pub fn by_hand(world: World, func: FuncId) -> bool {
    is_by_hand(world, func, DEPTH)
}

fn is_by_hand(world: World, func: FuncId, depth: usize) -> bool {
    let facts = world.index.file(func.file);
    world.index.refs_in(func.file, "acquire").any(|id| {
        facts[facts[id].context].func == Some(func)
            && matches!(facts[id].usage, Usage::Called(_))
            && !obstacle::is_native(world, id)
            && !lends(world, id, depth)
    })
}

/// `pool.acquire()`, where methods of the project are called that acquire no lock themselves.
fn lends(world: World, id: RefId, depth: usize) -> bool {
    let facts = world.index.site(id);
    let is_lock = facts.receiver.is_some_and(|receiver| bound::is_lock(world, receiver));
    let (Some(depth), false) = (depth.checked_sub(1), is_lock) else { return false };
    let is_certain = |site: &&Site| site.kind == SiteKind::Call && !site.uncertain && !site.others;
    let site = world.graph.sites.get(&id).filter(is_certain).map(|site| &site.targets);
    let elsewhere = world.graph.foreign.get(&id).map(|found| &found.targets);
    let targets = site.or(elsewhere).map_or(&[][..], Vec::as_slice);
    let mut run = targets.iter().flat_map(|target| world.graph.family_of(*target).copied().chain([*target]));
    !targets.is_empty() && run.all(|target| !is_by_hand(world, target, depth))
}
