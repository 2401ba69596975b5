//! Calls whose results go to something that awaits what can be awaited, and takes the rest as it is:
//! `await ensure_async(self.load())`. It is handed the coroutine.

use super::{SiteVerdict, World};
use crate::index::facts::*;
use crate::resolve::Site;
use crate::resolve::boundary::accepts_awaitable;
use crate::resolve::names::Meaning;

/// Names of functions that tell an awaitable from other values.
const TESTS: [&str; 3] = ["isawaitable", "iscoroutine", "isfuture"];

/// The verdict where nothing stands between the call and what awaits its result. What is offloaded is awaited first: a method that
/// overrides it may be async, and then the worker gives a coroutine, which is still to be awaited.
pub fn handed_on(world: World, site: &Site, verdict: SiteVerdict) -> SiteVerdict {
    match verdict {
        SiteVerdict::Await if is_taken(world, site.id) => SiteVerdict::HandedOn,
        verdict => verdict,
    }
}

/// Does what awaits what can be awaited get the result, and nothing stand between?
pub fn is_taken(world: World, id: RefId) -> bool {
    let Some(Usage::Argument { call, index }) = world.result_usage(id) else { return false };
    let facts = world.index.call(call);
    if facts.usage != Usage::Awaited || facts.args.iter().take(index as usize + 1).any(|arg| arg.is_star) {
        return false;
    }
    let names = world.names();
    if accepts_awaitable(names, world.config, call, index) {
        return true;
    }
    let takers = names.evaluate(facts.func);
    let takes = |meaning: &Meaning| match meaning {
        Meaning::Func(func) => awaits_what_can_be(world, *func, &facts.args[index as usize], index as usize),
        _ => false,
    };
    !takers.is_empty() && takers.iter().all(takes)
}

/// Does a coroutine function test its parameter with `isawaitable`, and await it?
fn awaits_what_can_be(world: World, func: FuncId, arg: &Arg, position: usize) -> bool {
    let target = world.index.func(func);
    let param = match &arg.keyword {
        Some(keyword) => target.params.iter().find(|param| param.name == *keyword),
        None => target.params.get(position).filter(|param| {
            target.class.is_none() && matches!(param.kind, ParamKind::Standard | ParamKind::PositionalOnly)
        }),
    };
    let Some(param) = param.filter(|_| target.is_async && !target.traits.is_generator) else { return false };
    let facts = world.index.file(func.file);
    let uses: Vec<&Ref> = world
        .index
        .refs_in(func.file, &param.name)
        .map(|id| world.index.site(id))
        .filter(|site| site.receiver.is_none() && facts[site.context].func == Some(func))
        .collect();
    let tested = |site: &&Ref| match site.usage {
        Usage::Argument { call, .. } => {
            world.names().last_name(facts[call].func).is_some_and(|name| TESTS.contains(&name))
        }
        _ => false,
    };
    uses.iter().any(tested) && uses.iter().any(|site| site.usage == Usage::Awaited)
}
