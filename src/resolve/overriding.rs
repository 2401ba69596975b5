//! Calls by the type of a class from outside whose methods may be async below it (`accepts_async` with `method`): they may run a
//! method of the project.

use super::builder::Builder;
use super::names::Names;
use super::{Evidence, signature};
use crate::config::Config;
use crate::index::facts::*;
use crate::py::infer::{Answer, Definition};

/// The methods of classes from outside that a method stands for, by dotted paths.
pub fn overridden(names: Names, func: FuncId) -> Vec<String> {
    let facts = names.index.func(func);
    let bases = facts.class.map(|class| names.foreign_bases(class));
    bases.into_iter().flatten().map(|base| format!("{base}.{}", facts.name)).collect()
}

/// Does a codemod say that one of these methods may be async where a class of the project overrides it? They are asked for only
/// where a codemod says such a thing at all.
pub fn may_be_async(config: &Config, methods: impl FnOnce() -> Vec<String>) -> bool {
    let entries = config.codemods.iter().flat_map(|codemod| &codemod.accepts_async);
    let mut said = entries.filter_map(|entry| entry.method.as_ref()).peekable();
    if said.peek().is_none() {
        return false;
    }
    let methods = methods();
    said.any(|names| names.matches_any(&methods))
}

/// Keeps a call that ty settles by such a method.
pub(super) fn note(builder: &mut Builder, id: RefId, answer: &Answer) {
    let path = |definition: &Definition| format!("{}.{}", definition.module, definition.name);
    if may_be_async(builder.config, || answer.definitions.iter().map(path).collect()) {
        builder.by_base.push(id);
    }
}

/// What overrides the method may be meant, or the method itself.
pub(super) fn leave_open(builder: &mut Builder) {
    for id in std::mem::take(&mut builder.by_base) {
        let site = builder.index.site(id);
        let Usage::Called(call) = site.usage else { continue };
        let call = builder.index.call(call);
        let is_accepted = |func: &FuncId| may_be_async(builder.config, || overridden(builder.names(), *func));
        let targets: Vec<FuncId> = builder
            .index
            .funcs_of(&site.name)
            .iter()
            .copied()
            .filter(|func| builder.graph.nodes.contains(func) && signature::fits(builder.index, *func, call))
            .filter(is_accepted)
            .collect();
        builder.leave_uncertain(id, targets, Evidence::Agreement);
    }
}
