//! Definitions that are one function to its callers: overloads, and the implementations of a generic function.

use std::collections::BTreeSet;

use super::boundary::decorator_name;
use super::builder::Builder;
use super::decorator::{is_generic, registers_with};
use crate::index::facts::*;

/// All definitions that must have the color of `id`, itself included; nothing when it stands alone.
pub(super) fn of(builder: &mut Builder, id: FuncId) -> BTreeSet<FuncId> {
    let mut found = overloads(builder, id);
    let generic = match is_generic(&builder.names(), id) {
        true => Some(id),
        false => {
            let decorators = &builder.index.func(id).decorators;
            decorators.iter().find_map(|decorator| registers_with(&builder.names(), decorator))
        }
    };
    if let Some(generic) = generic {
        let name = builder.index.func(generic).name.clone();
        builder.index.load_words(builder.project, [name.as_str()]);
        found.insert(generic);
        found.extend(implementations(builder, generic));
    }
    found
}

/// Definitions of the same name in the same scope, when `@overload` stands on one of them.
fn overloads(builder: &Builder, id: FuncId) -> BTreeSet<FuncId> {
    let facts = builder.index.func(id);
    let bindings = builder.index.scope(facts.outer_scope).bindings_of(&facts.name);
    let all: BTreeSet<FuncId> = bindings
        .iter()
        .filter_map(|binding| match binding.bound {
            Bound::Func(func) => Some(func),
            _ => None,
        })
        .collect();
    let is_overload = |func: &FuncId| {
        let mut decorators = builder.index.func(*func).decorators.iter();
        decorators.any(|decorator| decorator_name(builder.index, decorator) == Some("overload"))
    };
    if all.iter().any(is_overload) { all } else { BTreeSet::new() }
}

fn implementations(builder: &Builder, generic: FuncId) -> BTreeSet<FuncId> {
    let names = builder.names();
    let mut found = BTreeSet::new();
    for (file, facts) in builder.index.loaded_files() {
        for (index, func) in facts.funcs.iter().enumerate() {
            if func.decorators.iter().any(|decorator| registers_with(&names, decorator) == Some(generic)) {
                found.insert(FuncId { file, index: index as u32 });
            }
        }
    }
    found
}
