//! What it does: replaces a name in a docstring.
//! Before: `"""Closes :class:`Client`."""`
//! After: `"""Closes :class:`AsyncClient`."""`
//! Left alone: nothing.
//! Safety: Safe; docstrings are not run.

use ruff_text_size::TextRange;

use super::Outcome;
use super::context::Context;
use crate::edit::EditKind;

/// `None` when the text has no such range.
pub(super) fn rewrite(context: &mut Context, name: TextRange, to: &str) -> Option<Outcome> {
    context.text.get(name.to_std_range()).filter(|name| !name.is_empty())?;
    let change = context.edits.change(EditKind::Mention { name, to: to.to_owned() });
    context.edits.replace(change, name, to);
    Some(Ok(()))
}

#[cfg(test)]
mod tests {
    use crate::plan::Action;
    use crate::rewrite::testing::check;

    #[test]
    fn a_name_in_a_docstring() {
        check(
            "def f():\n    \"\"\"Closes :class:`«Client»`, \\n whatever it is.\"\"\"\n",
            |name| Action::Mention { name, to: "AsyncClient".into() },
            "def f():\n    \"\"\"Closes :class:`AsyncClient`, \\n whatever it is.\"\"\"\n",
        );
    }
}
