//! Classes that are iterated over: `__iter__` and `__next__`. No name stands where they run, so the objects are followed, from
//! where they are made, up to every place that iterates over one.

use std::collections::{BTreeMap, BTreeSet};

use super::builder::Builder;
use super::carried;
use super::flow::{self, Arrives, Runs};
use super::{IteratorUse, hierarchy, objects};
use crate::index::facts::*;

/// What iterating over an object of the class runs first.
pub(crate) fn of_class(builder: &mut Builder, class: ClassId) -> Option<FuncId> {
    builder.index_close(class);
    let ancestors = builder.graph.hierarchy.ancestors(class);
    let find = |name: &str| ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, name));
    find("__iter__").or_else(|| find("__next__"))
}

/// Follows the objects of classes whose iteration leads to something blocking. Returns whether anything came of it.
pub(super) fn follow(builder: &mut Builder) -> bool {
    let nodes = builder.graph.nodes.iter().copied();
    let new: Vec<FuncId> = nodes
        .filter(|func| !builder.graph.iterators.contains_key(func) && !builder.in_tests(func.file))
        .filter(|func| matches!(builder.index.func(*func).name.as_str(), "__iter__" | "__next__"))
        .collect();
    let mut by_class: BTreeMap<ClassId, BTreeSet<FuncId>> = BTreeMap::new();
    for func in new {
        if let Some(class) = builder.index.func(func).class {
            by_class.entry(class).or_default().insert(func);
        }
    }
    let mut changed = false;
    for (class, funcs) in by_class {
        changed |= follow_class(builder, class, &funcs);
    }
    changed
}

/// `funcs`: the methods of the class that lead to something blocking.
fn follow_class(builder: &mut Builder, class: ClassId, funcs: &BTreeSet<FuncId>) -> bool {
    let trace = objects::trace(builder, class);
    let annotations: Vec<_> = trace
        .annotations
        .iter()
        .filter_map(|(file, value)| carried::annotation_range(builder, *file, *value))
        .collect();
    let shares_place = carried::shares_place(builder, trace.uses.iter());
    let mut changed = false;
    for func in funcs {
        let returned = returned(builder, *func);
        let together: BTreeSet<FuncId> = returned.funcs.iter().copied().chain([*func]).collect();
        builder.tie(&together);
        let used = IteratorUse {
            lost_at: trace.escape,
            annotations: annotations.clone(),
            through: if shares_place { trace.through.clone() } else { BTreeSet::new() },
            hands_on_others: returned.others || returned.unknown,
        };
        builder.graph.iterators.insert(*func, used);
        for func in returned.funcs {
            changed |= !builder.graph.nodes.contains(&func);
            builder.add_node(func);
        }
    }
    let Some(runs) = of_class(builder, class) else { return changed };
    for place in trace.uses {
        changed |= carried::add_place(builder, place, BTreeSet::from([runs]), Runs::Iterates);
    }
    for method in trace.handed_on {
        if builder.index.func(method).class.is_some_and(|owner| !is_related(builder, owner, class)) {
            let together = funcs.iter().copied().chain([method]).collect();
            builder.tie(&together);
            builder.add_node(method);
            changed = true;
        }
    }
    changed
}

/// What a plain `__iter__` returns, as far as it is iterated over.
fn returned(builder: &mut Builder, func: FuncId) -> Arrives {
    let facts = builder.index.func(func);
    let mut found = Arrives::default();
    if facts.name != "__iter__" || facts.traits.is_generator || facts.traits.is_stub {
        return found;
    }
    let values: Vec<ValueId> = facts.returns.iter().map(|returned| returned.value).collect();
    for value in values {
        let Arrives { funcs, others, unknown } = flow::arriving(builder, value, Runs::Iterates);
        found.funcs.extend(funcs);
        found.others |= others;
        found.unknown |= unknown;
    }
    found
}

fn is_related(builder: &mut Builder, one: ClassId, other: ClassId) -> bool {
    builder.index_close(one);
    let hierarchy = &builder.graph.hierarchy;
    hierarchy.ancestors(one).contains(&other) || hierarchy.ancestors(other).contains(&one)
}
