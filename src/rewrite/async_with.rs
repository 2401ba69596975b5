//! What it does: makes a `with` asynchronous.
//! Before: `with pool.get() as c:`
//! After: `async with pool.get() as c:`
//! Left alone: an `async with`.
//! Safety: Safe where all its items are asynchronous context managers, which the plan proves.

use ruff_python_ast::StmtWith;
use ruff_text_size::Ranged;

use super::context::Context;
use super::{Leave, Outcome};
use crate::edit::EditKind;

pub(super) fn rewrite(context: &mut Context, statement: &StmtWith) -> Outcome {
    if statement.is_async {
        return Err(Leave::AlreadyAsync);
    }
    let change = context.edits.change(EditKind::AsyncWith { statement: statement.range() });
    context.edits.open(change, statement.range(), "async ");
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn convert(statement: TextRange) -> Action {
        Action::AsyncWith { statement }
    }

    #[test]
    fn the_statement_gets_async() {
        check(
            "async def f():\n    «with (  # c\n        a as x,\n        b,\n    ): pass»\n",
            convert,
            "async def f():\n    async with (  # c\n        a as x,\n        b,\n    ): pass\n",
        );
    }

    #[test]
    fn async_statements_are_left() {
        check_left("async def f():\n    «async with a: pass»\n", convert, Leave::AlreadyAsync);
    }
}
