//! Sites that a type settled, where flow sees an object of another class arrive: the annotation of a parameter is not kept to.
//!
//! Where the methods of all that arrives lead to blocking calls, they are targets of the site together; else the site is
//! uncertain, and none of them converts.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::names::Meaning;
use super::{Evidence, Site, SiteKind, flow, hierarchy, site};
use crate::index::facts::*;

/// Looks again at what types have settled.
pub(super) fn settle(builder: &mut Builder) {
    let mut disputed: FxHashMap<Name, bool> = FxHashMap::default();
    let parked = builder.parked_sites.iter().filter(|(_, (_, evidence))| *evidence == Evidence::Type);
    let mut settled: Vec<(RefId, Vec<FuncId>)> = parked.map(|(id, (targets, _))| (*id, targets.clone())).collect();
    let certain = builder.graph.sites.values().filter(|site| {
        site.evidence == Evidence::Type && !site.uncertain && matches!(site.kind, SiteKind::Call | SiteKind::Read)
    });
    settled.extend(certain.map(|site| (site.id, site.targets.clone())));
    settled.retain(|(id, _)| !builder.in_tests(id.file) && is_annotated(builder, *id));
    settled.sort_unstable_by_key(|(id, _)| *id);
    for (id, targets) in settled {
        let name = builder.index.site(id).name.clone();
        if *disputed.entry(name).or_insert_with_key(|name| has_unrelated(builder, name)) {
            look(builder, id, targets);
        }
    }
}

/// Is the receiver a parameter with an annotation, or an attribute, which may have been given one?
fn is_annotated(builder: &Builder, id: RefId) -> bool {
    let Some(receiver) = builder.index.site(id).receiver else { return false };
    match builder.index.value(receiver) {
        Value::Attribute { .. } => true,
        Value::Name { name, scope } => builder.names().lookup(*scope, name).iter().any(|meaning| match meaning {
            Meaning::Param { func, index } => builder.index.func(*func).params[*index as usize].annotation.is_some(),
            _ => false,
        }),
        _ => false,
    }
}

/// Are there methods of the name of which one leads to a blocking call and another has nothing to do with it?
fn has_unrelated(builder: &Builder, name: &Name) -> bool {
    let methods = || builder.index.funcs_of(name).iter().filter(|func| builder.index.func(**func).class.is_some());
    // When all others are of the family of one, none is unrelated to any.
    let node = methods().find(|func| builder.graph.nodes.contains(func));
    node.is_some_and(|func| {
        let family: BTreeSet<FuncId> = builder.graph.family_of(*func).copied().collect();
        methods().any(|other| other != func && !family.contains(other))
    })
}

fn look(builder: &mut Builder, id: RefId, targets: Vec<FuncId>) {
    let Some(receiver) = builder.index.site(id).receiver else { return };
    let name = builder.index.site(id).name.clone();
    let mut all = targets.clone();
    let mut support = vec![];
    for (class, place) in flow::contradictions(builder, receiver, &targets) {
        let ancestors = builder.graph.hierarchy.ancestors(class);
        let method = ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, &name));
        if let Some(method) = method.filter(|method| !all.contains(method)) {
            all.push(method);
            support.push(place);
        }
    }
    let nodes: Vec<FuncId> = all.iter().copied().filter(|func| builder.graph.nodes.contains(func)).collect();
    if support.is_empty() || nodes.is_empty() {
        return;
    }
    all.sort_unstable();
    builder.parked_sites.remove(&id);
    builder.graph.foreign.remove(&id);
    builder.support.insert(id, support.clone());
    if nodes.len() == all.len() {
        site::settle(builder, id, site::Found::Targets(all), Evidence::Flow);
        return;
    }
    let kind = site::kind_of(builder, id, &nodes);
    let site = Site::new(id, kind, nodes, Evidence::Flow);
    builder.graph.sites.insert(id, Site { uncertain: true, support, candidates: all, ..site });
}
