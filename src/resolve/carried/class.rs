//! Classes whose construction blocks, where they are named as values or constructed without being named.

use std::collections::BTreeSet;

use super::{add_place, result_of};
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::flow::{self, Runs, Token};
use crate::resolve::names::Meaning;
use crate::resolve::{Site, site};

/// Is a class named whose construction blocks?
pub(super) fn names_class(builder: &Builder, site: &Site) -> bool {
    let is_constructor = |func: &FuncId| site::is_constructor(&builder.index.func(*func).name);
    let is_value = !matches!(
        builder.index.site(site.id).usage,
        Usage::Annotation
            | Usage::Base
            | Usage::Receiver
            | Usage::Subscripted
            | Usage::Decorator
            | Usage::Store
            | Usage::Delete
    );
    is_value && !site.targets.is_empty() && site.targets.iter().all(is_constructor)
}

/// A class that is named as a value is no obstacle: constructors never convert. Where it is called, its construction runs.
pub(super) fn follow_class(builder: &mut Builder, id: RefId) -> bool {
    let (from, targets) = (builder.index.site(id).value, builder.graph.sites[&id].targets.clone());
    let meanings = builder.names().evaluate(from);
    let mut changed = false;
    for meaning in meanings {
        let Meaning::Class(class) = meaning else { continue };
        let trace = flow::trace(builder, Token::Class(class), from);
        for place in trace.calls {
            changed |= add_place(builder, place, targets.iter().copied().collect(), Runs::Calls);
        }
    }
    changed
}

/// The calls in the classes that share a constructor which may construct one of them without naming it.
pub(super) fn unnamed_constructions(builder: &mut Builder, func: FuncId) -> Vec<RefId> {
    let Some(class) = builder.index.func(func).class else { return vec![] };
    builder.index_close(class);
    let below = builder.graph.hierarchy.descendants(class);
    let family: BTreeSet<ClassId> = below.into_iter().flat_map(|id| builder.graph.hierarchy.ancestors(id)).collect();
    let files: BTreeSet<FileId> = family.iter().map(|id| id.file).collect();
    let mut found = vec![];
    for name in ["cls", "__class__", "__call__"] {
        for id in builder.index.refs_of(name).iter().filter(|id| files.contains(&id.file)) {
            let site = builder.index.site(*id);
            let Usage::Called(call) = site.usage else { continue };
            let is_type = || match builder.index.value(builder.index.call(call).func) {
                Value::Call { call } => builder.names().last_name(builder.index.call(*call).func) == Some("type"),
                _ => false,
            };
            if name != "__call__" || site.is_implicit() && is_type() {
                found.push((*id, builder.index.call(call).func));
            }
        }
    }
    found.retain(|(_, callee)| flow::may_construct(builder, *callee, &family));
    let held = held_classes(builder, &files).into_iter().filter(|value| flow::may_construct(builder, *value, &family));
    let held: Vec<ValueId> = held.collect();
    let mut places: BTreeSet<RefId> = BTreeSet::new();
    for value in held {
        places.extend(flow::trace(builder, Token::Class(class), value).calls);
    }
    places.extend(kept_by_metaclass(builder, class, &family));
    found.into_iter().map(|(id, _)| id).chain(places).collect()
}

/// `kind = self.__class__`, `kind = type(self)`: classes that are held without a name of their own.
fn held_classes(builder: &Builder, files: &BTreeSet<FileId>) -> Vec<ValueId> {
    let is_here = |id: &&RefId| files.contains(&id.file);
    let looked_up = builder.index.refs_of("__class__").iter().filter(is_here).filter_map(|id| {
        let site = builder.index.site(*id);
        (!matches!(site.usage, Usage::Called(_) | Usage::Receiver | Usage::Compared)).then_some(site.value)
    });
    let asked = builder.index.refs_of("type").iter().filter(is_here).filter_map(|id| {
        let Usage::Called(call) = builder.index.site(*id).usage else { return None };
        let facts = builder.index.call(call);
        let is_held =
            facts.args.len() == 1 && !matches!(facts.usage, Usage::Called(_) | Usage::Receiver | Usage::Compared);
        if is_held { result_of(builder, call) } else { None }
    });
    // `known.append(cls)` in an `__init_subclass__`.
    let own = builder.index.refs_of("cls").iter().filter(is_here).filter_map(|id| {
        let site = builder.index.site(*id);
        let is_held =
            matches!(site.usage, Usage::Argument { .. } | Usage::Assigned | Usage::Returned | Usage::Element { .. });
        is_held.then_some(site.value)
    });
    looked_up.chain(asked).chain(own).collect()
}

/// Where a class is called that a metaclass of the project keeps: what its `__new__` makes, and `cls` in its other methods.
fn kept_by_metaclass(builder: &mut Builder, class: ClassId, family: &BTreeSet<ClassId>) -> BTreeSet<RefId> {
    let written = family.iter().filter_map(|id| builder.index.class(*id).metaclass);
    let meanings: Vec<Meaning> = written.flat_map(|value| builder.names().evaluate(value)).collect();
    let metaclasses: BTreeSet<ClassId> = meanings.iter().filter_map(Meaning::class).collect();
    let mut found = BTreeSet::new();
    for metaclass in metaclasses {
        builder.index_close(metaclass);
        let above = builder.graph.hierarchy.ancestors(metaclass);
        let methods: Vec<FuncId> = above.iter().flat_map(|id| builder.index.class(*id).methods.clone()).collect();
        for func in methods {
            if builder.index.func(func).name != "__new__" {
                found.extend(flow::trace_param(builder, Token::Class(class), func, 0).calls);
                continue;
            }
            let facts = builder.index.file(func.file);
            let calls = (0..facts.calls.len() as u32).map(|index| CallId { file: func.file, index });
            let makes = |call: &CallId| {
                let call = builder.index.call(*call);
                let name = builder.names().last_name(call.func);
                builder.index.context(call.context).func == Some(func) && matches!(name, Some("__new__" | "type"))
            };
            let made: Vec<ValueId> = calls.filter(makes).filter_map(|call| result_of(builder, call)).collect();
            for value in made {
                found.extend(flow::trace(builder, Token::Class(class), value).calls);
            }
        }
    }
    found
}
