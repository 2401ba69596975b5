//! What it does: makes a `for` asynchronous.
//! Before: `for row in rows():`
//! After: `async for row in rows():`
//! Left alone: an `async for`.
//! Safety: Safe where the iterable is asynchronous, which the plan proves.

use ruff_python_ast::StmtFor;
use ruff_text_size::Ranged;

use super::context::Context;
use super::{Leave, Outcome};
use crate::edit::EditKind;

pub(super) fn rewrite(context: &mut Context, statement: &StmtFor) -> Outcome {
    if statement.is_async {
        return Err(Leave::AlreadyAsync);
    }
    let change = context.edits.change(EditKind::AsyncFor { statement: statement.range() });
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
        Action::AsyncFor { statement }
    }

    #[test]
    fn the_statement_gets_async() {
        check(
            "async def f():\n    «for x in y: # c\n        pass\n    else: pass»\n",
            convert,
            "async def f():\n    async for x in y: # c\n        pass\n    else: pass\n",
        );
    }

    #[test]
    fn async_statements_are_left() {
        check_left("async def f():\n    «async for x in y: pass»\n", convert, Leave::AlreadyAsync);
    }
}
