//! Calls by the type of a class from outside whose methods may be async below it (`accepts_async` with `method`): they may run a
//! method of the project.

use super::builder::Builder;
use super::{Evidence, signature};
use crate::config::Config;
use crate::index::facts::*;
use crate::py::infer::Answer;

/// Does a codemod say that what overrides the method may be async?
pub fn may_be_async(config: &Config, path: &str) -> bool {
    let mut entries = config.codemods.iter().flat_map(|codemod| &codemod.accepts_async);
    entries.any(|entry| entry.method.as_ref().is_some_and(|names| names.matches(path)))
}

/// Keeps a call that ty settles by such a method.
pub(super) fn note(builder: &mut Builder, id: RefId, answer: &Answer) {
    let mut paths = answer.definitions.iter().map(|definition| format!("{}.{}", definition.module, definition.name));
    if paths.any(|path| may_be_async(builder.config, &path)) {
        builder.by_base.push(id);
    }
}

/// What overrides the method may be meant, or the method itself.
pub(super) fn leave_open(builder: &mut Builder) {
    for id in std::mem::take(&mut builder.by_base) {
        let site = builder.index.site(id);
        let Usage::Called(call) = site.usage else { continue };
        let call = builder.index.call(call);
        let is_accepted = |func: &FuncId| {
            let bases = builder.index.func(*func).class.map(|class| builder.names().foreign_bases(class));
            bases.into_iter().flatten().any(|base| may_be_async(builder.config, &format!("{base}.{}", site.name)))
        };
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
