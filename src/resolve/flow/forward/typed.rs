//! What types say of who has an attribute: flow follows a name, and ty knows more of some receivers than flow does.

use rustc_hash::FxHashSet;

use super::Owner;
use crate::index::facts::*;
use crate::py::infer::{Answer, Certainty, Definition};
use crate::resolve::Builder;

/// Leaves out the reads of an attribute on receivers whose type has it from a class that is never one with the owner.
pub(super) fn may_own(builder: &mut Builder, owner: Owner, reads: Vec<RefId>) -> Vec<RefId> {
    let (Owner::Exactly(class) | Owner::Below(class)) = owner else { return reads };
    let asked: Vec<RefId> = reads.iter().copied().filter(|id| !builder.flow.definers.contains_key(id)).collect();
    for (id, answer) in builder.ask_sites(&asked) {
        let definers = answer.and_then(|answer| definers(builder, &answer));
        builder.flow.definers.insert(id, definers);
    }
    let cohort = builder.solver().cohort(class);
    let ancestors = builder.graph.hierarchy.ancestors(class);
    let may_be = |definer: &ClassId| match owner {
        Owner::Exactly(_) => ancestors.contains(definer),
        _ => cohort.contains(definer),
    };
    let is_other = |id: &RefId| {
        let definers = builder.flow.definers[id].as_ref();
        definers.is_some_and(|classes| !classes.iter().any(may_be))
    };
    reads.into_iter().filter(|id| !is_other(id)).collect()
}

/// The classes that define the attribute for the receiver's type; none when anything of that is not known.
fn definers(builder: &mut Builder, answer: &Answer) -> Option<FxHashSet<ClassId>> {
    if answer.certainty != Certainty::Known || answer.definitions.is_empty() {
        return None;
    }
    answer.definitions.iter().map(|definition| class_of(builder, definition)).collect()
}

/// The class whose body binds the name that is defined here.
fn class_of(builder: &mut Builder, definition: &Definition) -> Option<ClassId> {
    let file = builder.project.find(definition.path.as_ref()?)?;
    builder.index.load(builder.project, &[file]);
    let scopes = &builder.index.loaded(file)?.scopes;
    scopes.iter().find_map(|scope| match scope.kind {
        ScopeKind::Class(class) if scope.bindings.iter().any(|bound| bound.range.start() == definition.offset) => {
            Some(class)
        }
        _ => None,
    })
}
