//! `with f() as x:`, where `f` goes to a thread or is awaited: what is entered there is entered and left on the loop.

use super::shape::{adaptation, shape_of_targets};
use super::{World, swap};
use crate::index::facts::*;
use crate::resolve::names::Meaning;
use crate::resolve::{Site, SiteKind};

/// Does entering what the call returns run nothing that blocks? `with await f() as x:` enters it on the loop.
pub fn enters_freely(world: World, site: &Site) -> bool {
    const FILES: [&str; 14] = [
        "TextIOWrapper",
        "BufferedReader",
        "BufferedWriter",
        "BufferedRandom",
        "FileIO",
        "BytesIO",
        "StringIO",
        "_TemporaryFileWrapper",
        "IO",
        "ZipFile",
        "TarFile",
        "Response",
        "HTTPResponse",
        "addinfourl",
    ];
    let Usage::Called(call) = world.index.site(site.id).usage else { return false };
    let range = world.index.call(call).range;
    let name = |shown: &String| shown.split('[').next().unwrap_or_default().to_owned();
    let is_file =
        || world.graph.entered_types.get(&(site.id.file, range)).is_some_and(|shown| FILES.contains(&&*name(shown)));
    // `async with await f() as x:` enters it as it should.
    let becomes_async =
        |other: &Site| shape_of_targets(world, other).is_some_and(|shape| adaptation(world, other, shape).is_some());
    let entering = || {
        world.graph.sites_in_file(site.id.file).filter(|other| {
            let facts = world.index.site(other.id);
            facts.runs_unseen() && facts.range == range
        })
    };
    match site.kind {
        // `async with await Connection.connect() as conn:`
        SiteKind::Blocking { .. } if swap::twin(world, site).is_some_and(|twin| twin.by_definition) => {
            is_file() || entering().next().is_some() && entering().all(becomes_async)
        }
        SiteKind::Blocking { .. } => is_file(),
        // What a layer returned would be entered on the loop.
        _ => entering().all(becomes_async) && !site.targets.iter().any(|target| hands_on_layer(world, *target)),
    }
}

/// Does the function return what a blocking call gave?
fn hands_on_layer(world: World, func: FuncId) -> bool {
    let is_layer = |value: ValueId| match world.index.value(value) {
        Value::Call { call } => world.graph.blocking_calls.contains(call),
        _ => false,
    };
    world.index.func(func).returns.iter().any(|returned| match world.index.value(returned.value) {
        Value::Name { name, scope } => world.names().lookup(*scope, name).iter().any(|meaning| match meaning {
            Meaning::Value(value) => is_layer(*value),
            _ => false,
        }),
        _ => is_layer(returned.value),
    })
}
