//! Objects that never leave the names they are bound to. Where only a part of the program is to be async, a class is replaced
//! by its async twin only if all that is done with its objects is seen: a lock that is handed to a thread stays a lock of
//! threads.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use super::World;
use super::swap::{self, Held, Kept, Why};
use crate::config::Reach;
use crate::index::facts::*;
use crate::resolve::SiteKind;
use crate::resolve::renames::How;

/// The renames of classes whose objects go where they cannot be followed.
pub fn escaping(world: World) -> Kept {
    let graph = world.graph;
    let partly = graph.swaps.iter().filter(|(entry, _)| {
        let entry = &graph.entries[**entry];
        entry.reach.unwrap_or(world.config.reach) != Reach::All
    });
    let numbers: BTreeSet<usize> = partly.flat_map(|(_, renames)| renames.iter().copied()).collect();
    let kept = numbers.into_iter().filter_map(|number| Some((number, escape(world, number)?))).collect();
    swap::with_siblings(world, kept)
}

/// The first place where an object of the class gets away.
fn escape(world: World, number: usize) -> Option<Held> {
    let mut names = BTreeSet::new();
    for ((file, _), place) in world.graph.renames.places.iter().filter(|(_, place)| place.entry == number) {
        let held = Held { file: *file, range: place.range, why: Why::Escapes };
        let facts = world.index.file(*file);
        if facts.imports.iter().any(|import| import.range == place.range && import.alias.is_some()) {
            return Some(held);
        }
        let is_there = |site: &&Ref| {
            !site.is_implicit() && !matches!(place.how, How::Mention(_)) && site.range.end() == place.range.end()
        };
        let Some(site) = facts.refs.iter().find(is_there) else { continue };
        match site.usage {
            Usage::Annotation => {}
            Usage::Called(call) => {
                let bound = bound_to(facts, call);
                if facts[call].usage != Usage::Assigned || bound.is_empty() {
                    return Some(held);
                }
                names.extend(bound);
            }
            _ => return Some(held),
        }
    }
    names.into_iter().find_map(|name| escape_by_name(world, number, &name))
}

/// The names and attributes that the result of a call is assigned to.
fn bound_to(facts: &FileFacts, call: CallId) -> Vec<Name> {
    let is_result = |value: Option<ValueId>| {
        value.is_some_and(|value| matches!(facts[value], Value::Call { call: made } if made == call))
    };
    let attributes = facts.attribute_writes.iter().filter(|write| is_result(write.value));
    let bindings = facts.scopes.iter().flat_map(|scope| &scope.bindings).filter(|binding| match binding.bound {
        Bound::Value(value) => is_result(Some(value)),
        Bound::Annotated { value, .. } => is_result(value),
        _ => false,
    });
    attributes.map(|write| write.name.clone()).chain(bindings.map(|binding| binding.name.clone())).collect()
}

/// The first use of the name that is more than a call which is followed.
fn escape_by_name(world: World, number: usize, name: &Name) -> Option<Held> {
    for file in world.index.words.files(name) {
        let held = |range: TextRange| Some(Held { file, range, why: Why::Escapes });
        if world.index.loaded(file).is_none() {
            return held(TextRange::default());
        }
        let facts = world.index.file(file);
        let renamed = |import: &&Import| import.name.as_ref() == Some(name) && import.alias.is_some();
        if let Some(import) = facts.imports.iter().find(renamed) {
            return held(import.range);
        }
        if let Some(lookup) = facts.lookups.iter().find(|lookup| lookup.name == *name) {
            return held(lookup.range);
        }
        for site in facts.refs.iter().filter(|site| site.name == *name && !site.is_implicit()) {
            let is_seen = match site.usage {
                Usage::Store | Usage::Delete | Usage::Compared | Usage::Condition | Usage::Statement => true,
                Usage::WithItem { .. } => facts.refs.iter().enumerate().any(|(index, entered)| {
                    entered.range == site.range
                        && entered.name == "__enter__"
                        && is_followed(world, number, RefId { file, index: index as u32 })
                }),
                Usage::Receiver => facts.refs.iter().enumerate().any(|(index, member)| {
                    member.receiver == Some(site.value)
                        && is_used_plainly(world, number, RefId { file, index: index as u32 })
                }),
                _ => false,
            };
            if !is_seen {
                return held(site.range);
            }
        }
    }
    None
}

/// Is it a call of one of the methods that become async, without arguments that the twin may not take, or of another one?
fn is_used_plainly(world: World, number: usize, id: RefId) -> bool {
    let site = world.index.site(id);
    let Usage::Called(call) = site.usage else { return false };
    let entries = world.graph.swaps.iter().filter(|(_, renames)| renames.contains(&number));
    let mut methods = entries.map(|(entry, _)| &world.graph.entries[*entry].method);
    match methods.any(|method| method.matches(&site.name)) {
        true => is_followed(world, number, id) && world.index.call(call).args.is_empty(),
        false => true,
    }
}

/// Is it known that a method of the class runs there?
fn is_followed(world: World, number: usize, id: RefId) -> bool {
    world.graph.sites.get(&id).is_some_and(|site| match site.kind {
        SiteKind::Blocking { entry, native: Some(_) } => {
            world.graph.swaps.get(&entry).is_some_and(|renames| renames.contains(&number))
        }
        _ => false,
    })
}
