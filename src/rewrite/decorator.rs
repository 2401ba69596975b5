//! What it does: adds a decorator above a function or class.
//! Before: `def test_it():`
//! After: `@pytest.mark.asyncio` / `def test_it():`
//! Left alone: nothing.
//! Safety: as safe as the decorator, which the plan chooses.

use ruff_text_size::TextRange;

use super::Outcome;
use super::context::Context;
use crate::edit::EditKind;
use crate::edit::import::newline;

/// `decorator` is dotted; `function` is the whole statement.
pub(super) fn rewrite(context: &mut Context, function: TextRange, decorator: &str) -> Outcome {
    let expression = context.imports.request(decorator, function.start());
    let indentation = context.indentation(function.start());
    let line = format!("@{expression}{}{indentation}", newline(context.text));
    let change = context.edits.change(EditKind::Decorator { function, decorator: decorator.to_owned() });
    context.edits.open(change, function, line);
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::testing::{check, check_all};

    fn mark(function: TextRange) -> Action {
        Action::Decorator { function, decorator: "pytest.mark.asyncio".into() }
    }

    #[test]
    fn the_line_stands_on_top() {
        check(
            "import pytest\r\n\r\nclass TestIt:\r\n    «@other\r\n    def test_it(self): pass»\r\n",
            mark,
            "import pytest\r\n\r\nclass TestIt:\r\n    @pytest.mark.asyncio\r\n    @other\r\n    def test_it(self): pass\r\n",
        );
    }

    #[test]
    fn with_other_changes_to_the_same_function() {
        check_all(
            "«def test_it():\n    pass»\n",
            |ranges| vec![Action::AsyncDef { function: ranges[0] }, mark(ranges[0])],
            "import pytest\n\n\n@pytest.mark.asyncio\nasync def test_it():\n    pass\n",
        );
    }
}
