//! What it does: replaces a name.
//! Before: `def __enter__(self):`
//! After: `def __aenter__(self):`
//! Left alone: nothing.
//! Safety: Safe where all uses of the name change together, which the plan makes sure of.

use ruff_text_size::TextRange;

use super::Outcome;
use super::context::Context;
use crate::edit::EditKind;

/// `None` when the text has no such range.
pub(super) fn rewrite(context: &mut Context, name: TextRange, to: &str) -> Option<Outcome> {
    context.text.get(name.to_std_range()).filter(|name| !name.is_empty())?;
    let change = context.edits.change(EditKind::Rename { name, to: to.to_owned() });
    context.edits.replace(change, name, to);
    Some(Ok(()))
}

#[cfg(test)]
mod tests {
    use crate::plan::Action;
    use crate::rewrite::testing::check;

    #[test]
    fn names_and_strings() {
        check(
            "class A:\n    def «__enter__»(self): pass\n\npatch(\"a.«__enter__»\")\n",
            |name| Action::Rename { name, to: "__aenter__".into() },
            "class A:\n    def __aenter__(self): pass\n\npatch(\"a.__aenter__\")\n",
        );
    }
}
