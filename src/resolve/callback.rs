//! Callbacks that a codemod names: `receiver = "auth_callback"` with `method = "__call__"` says that calling what has this name
//! blocks. Of what nobody knows the codemod decides; functions of the program that get there become async with it.

use super::blocking::{add, calls};
use super::builder::Builder;
use super::layer;
use super::site::{self, Found};
use super::{Evidence, boundary, flow};
use crate::config::{Blocking, BlockingAction, Names as Patterns};
use crate::index::facts::*;
use crate::py::infer::Answer;

/// Finds the calls of what the entry names, in the files that have its words.
pub(super) fn find(builder: &mut Builder, number: usize, entry: &Blocking, patterns: &Patterns) {
    if !layer::included(&entry.method).any(|method| method == "__call__") {
        return;
    }
    let found = calls(builder, |site| {
        !site.is_implicit() && matches!(site.usage, Usage::Called(_)) && patterns.matches(&site.name)
    });
    for (id, answer) in builder.ask_sites(&found) {
        if !answer.as_ref().is_some_and(|answer| is_definition(builder, answer)) {
            settle(builder, number, entry, id, answer.as_ref());
        }
    }
}

/// Does the name stand for a function by its definition, and not for what somebody put there?
fn is_definition(builder: &Builder, answer: &Answer) -> bool {
    let is_outside = |path: &std::path::PathBuf| builder.project.find(path).is_none();
    !site::targets_of(builder, answer).is_empty()
        || answer.definitions.iter().any(|definition| definition.path.as_ref().is_none_or(is_outside))
}

fn settle(builder: &mut Builder, number: usize, entry: &Blocking, id: RefId, answer: Option<&Answer>) {
    let Usage::Called(call) = builder.index.site(id).usage else { return };
    let callee = builder.index.call(call).func;
    // What a call of something else gives, a class perhaps, cannot be awaited.
    let Some(funcs) = flow::arriving_callees(builder, callee) else { return };
    let is_native = matches!(entry.action, BlockingAction::Native { .. });
    if is_native {
        builder.carried.callbacks.insert(id);
    }
    match funcs {
        funcs if funcs.is_empty() => add(builder, number, id, answer, Evidence::Pattern),
        funcs if is_native && funcs.iter().all(|func| may_become_async(builder, *func)) => {
            for func in &funcs {
                builder.graph.declared.entry(*func).or_insert(number);
                builder.add_node(*func);
            }
            site::settle(builder, id, Found::Targets(funcs), Evidence::Pattern);
        }
        _ => {}
    }
}

fn may_become_async(builder: &Builder, func: FuncId) -> bool {
    let facts = builder.index.func(func);
    !facts.is_async
        && !site::is_constructor(&facts.name)
        && !boundary::is_property(builder.index, func)
        && !builder.graph.layer.contains(&func)
}
