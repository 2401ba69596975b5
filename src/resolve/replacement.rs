//! Functions that the code writes in the place of methods: `api.load = self._load`. What calls the attribute runs either, so
//! both have one color, and the write is no obstacle.

use std::collections::BTreeSet;

use super::SiteKind;
use super::builder::Builder;
use super::flow::{self, Runs};
use crate::index::facts::*;

/// Ties a method to what is written in its place. Returns whether anything came of it.
pub(super) fn follow(builder: &mut Builder, id: RefId) -> bool {
    let site = builder.index.site(id);
    let mut writes = builder.index.file(id.file).attribute_writes.iter();
    let Some(written) = writes.find(|write| write.range == site.range).and_then(|write| write.value) else {
        return false;
    };
    let arriving = flow::arriving(builder, written, Runs::Calls);
    let mut together: BTreeSet<FuncId> = builder.graph.sites[&id].targets.iter().copied().collect();
    together.extend(&arriving.funcs);
    if arriving.funcs.is_empty() || arriving.others || arriving.unknown || !are_alike(builder, &together) {
        return false;
    }
    builder.tie(&together);
    if let Some(site) = builder.graph.sites.get_mut(&id) {
        site.kind = SiteKind::Carried;
    }
    together.into_iter().for_each(|func| builder.add_node(func));
    true
}

/// Could all of them become async in the same way?
fn are_alike(builder: &Builder, funcs: &BTreeSet<FuncId>) -> bool {
    let mut kinds = funcs.iter().map(|func| {
        let func = builder.index.func(*func);
        (func.is_async, func.lambda.is_some(), func.traits.is_generator)
    });
    kinds.next().is_some_and(|first| first == (false, false, first.2) && kinds.all(|kind| kind == first))
}
