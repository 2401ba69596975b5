//! Attributes that a hook may compute: every attribute in the program may be one, so what needs no question is left out.

use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use super::Use;
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::flow;
use crate::resolve::hierarchy;
use crate::resolve::names::Meaning;

const HOOK: &str = "__getattr__";

/// Is the attribute looked for first, and the hook only where there is none?
pub(super) fn is_asked_last(one: &Use) -> bool {
    one.chain.len() > 1 && one.chain[1] == HOOK
}

/// Leaves out attributes of modules, and of `self` where no class that it may be has the hook.
pub(super) fn leave_out(builder: &mut Builder, file: FileId, uses: &mut Vec<Use>) {
    if !uses.iter().any(is_asked_last) {
        return;
    }
    let refs = &builder.index.file(file).refs;
    let named = refs.iter().filter(|site| !site.is_implicit() && site.receiver.is_none());
    let values: FxHashMap<TextRange, ValueId> = named.map(|site| (site.range, site.value)).collect();
    uses.retain(|one| {
        let value = values.get(&one.operand).filter(|_| is_asked_last(one));
        value.is_none_or(|value| may_have_hook(builder, *value))
    });
}

fn may_have_hook(builder: &mut Builder, value: ValueId) -> bool {
    if let Some(classes) = flow::self_classes(builder, value) {
        return classes.into_iter().any(|class| hierarchy::method(builder.index, class, HOOK).is_some());
    }
    let meanings = builder.names().evaluate(value);
    let is_module = |meaning: &Meaning| matches!(meaning, Meaning::Module(_) | Meaning::External(_));
    meanings.is_empty() || !meanings.iter().all(is_module)
}
