//! Definitions that are one function to its callers: overloads, the implementations of a generic function, and what a stub file
//! says of it.

use std::collections::BTreeSet;

use super::boundary::decorator_name;
use super::builder::Builder;
use super::decorator::{is_generic, registers_with};
use super::names::{Names, Unloaded};
use crate::index::facts::*;

/// All definitions that must have the color of `id`, itself included; nothing when it stands alone.
pub(super) fn of(builder: &mut Builder, id: FuncId) -> BTreeSet<FuncId> {
    let mut found = overloads(builder, id);
    found.extend(declared_in_stub(builder, id));
    let generic = match is_generic(&builder.names(), id) {
        true => Some(id),
        false => registered_with(builder, id),
    };
    if let Some(generic) = generic {
        let name = builder.index.func(generic).name.clone();
        builder.index.load_words(builder.project, [name.as_str()]);
        found.insert(generic);
        found.extend(implementations(builder, generic));
    }
    found
}

/// The generic function that `id` implements. The modules that its decorator names are read for that.
fn registered_with(builder: &mut Builder, id: FuncId) -> Option<FuncId> {
    loop {
        let unloaded = Unloaded::default();
        let names = Names::noting(builder.project, builder.index, &unloaded);
        let decorators = &builder.index.func(id).decorators;
        let generic = decorators.iter().find_map(|decorator| registers_with(&names, decorator));
        if generic.is_some() || builder.index.load(builder.project, &unloaded.take()).is_empty() {
            return generic;
        }
    }
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

/// The declarations of a function in the stub file beside its module, and itself; of a declaration, the function.
fn declared_in_stub(builder: &mut Builder, id: FuncId) -> BTreeSet<FuncId> {
    let modules = &builder.index.modules;
    let Some(beside) = modules.described_by(id.file).or_else(|| modules.stub_of(id.file)) else {
        return BTreeSet::new();
    };
    builder.index.load(builder.project, &[beside]);
    let Some(facts) = builder.index.loaded(beside) else { return BTreeSet::new() };
    let qualname = &builder.index.func(id).qualname;
    let same = facts.funcs.iter().enumerate().filter(|(_, func)| func.qualname == *qualname);
    same.map(|(index, _)| FuncId { file: beside, index: index as u32 }).chain([id]).collect()
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
