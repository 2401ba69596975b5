//! The new names that a change writes are the ones that it records.

use super::Context;
use super::imports::Imports;
use crate::edit::EditKind;

/// Modules that have the same abstract types.
const TYPING: [&str; 3] = ["typing", "typing_extensions", "collections.abc"];

impl Context<'_> {
    /// True when the edits of a change write the name that it records.
    pub(super) fn writes_what_it_says(&self, change: usize, kind: &EditKind) -> bool {
        let texts = || self.file.edits.edits.iter().filter(|edit| edit.change == change);
        match kind {
            EditKind::Rename { name, to } => {
                let own: Vec<_> = texts().filter(|edit| edit.range == *name).collect();
                matches!(own.as_slice(), [edit] if edit.text == *to || self.imports.stands_for(&edit.text, to))
            }
            EditKind::Mention { name, to } => {
                let own: Vec<_> = texts().collect();
                matches!(own.as_slice(), [edit] if edit.range == *name && edit.text == *to)
            }
            EditKind::Native { method, .. } => {
                let replaced: Vec<_> = texts().filter(|edit| !edit.range.is_empty()).collect();
                matches!(replaced.as_slice(), [edit] if edit.text == *method)
            }
            EditKind::Replace { function, .. } => {
                let replaced: Vec<_> = texts().filter(|edit| !edit.range.is_empty()).collect();
                matches!(replaced.as_slice(), [edit] if self.imports.stands_for(&edit.text, function))
            }
            EditKind::Await { .. }
            | EditKind::Offload { .. }
            | EditKind::AsyncDef { .. }
            | EditKind::AsyncWith { .. }
            | EditKind::SplitWith { .. }
            | EditKind::Closing { .. }
            | EditKind::Counted { .. }
            | EditKind::AsyncFor { .. }
            | EditKind::AsyncComprehension { .. }
            | EditKind::ListComprehension { .. }
            | EditKind::Collect { .. }
            | EditKind::Unwrap { .. }
            | EditKind::Schedule { .. }
            | EditKind::UnwrapRun { .. }
            | EditKind::Fallback { .. }
            | EditKind::Joined { .. }
            | EditKind::EntryPoint { .. }
            | EditKind::OffloadExpression { .. }
            | EditKind::OffloadIterable { .. }
            | EditKind::MainGuard { .. }
            | EditKind::Bridge { .. }
            | EditKind::Hoist { .. }
            | EditKind::YieldFrom { .. }
            | EditKind::Decorator { .. }
            | EditKind::Annotation { .. }
            | EditKind::Raises { .. }
            | EditKind::MockAttributes { .. }
            | EditKind::AsyncFake { .. }
            | EditKind::MockConfigured { .. }
            | EditKind::MockReturned { .. }
            | EditKind::Import
            | EditKind::Logger => true,
        }
    }
}

impl Imports {
    /// True when the dotted `name` of the file may stand for the dotted `path`, or is the builtin `path`.
    pub(super) fn stands_for(&self, name: &str, path: &str) -> bool {
        let Some((module, last)) = path.rsplit_once('.') else { return name == path };
        let defined_here = name == last && self.assigns(name);
        defined_here || self.resolve(name).iter().any(|found| is_same(found, path, module, last))
    }
}

fn is_same(found: &str, path: &str, module: &str, last: &str) -> bool {
    if found == path {
        return true;
    }
    // A relative import: `..twins.sleep`.
    if let Some(rest) = found.strip_prefix('.') {
        let rest = rest.trim_start_matches('.');
        return path == rest || path.strip_suffix(rest).is_some_and(|before| before.ends_with('.'));
    }
    let Some((found_module, found_last)) = found.rsplit_once('.') else { return false };
    found_last == last && TYPING.contains(&found_module) && TYPING.contains(&module)
}
