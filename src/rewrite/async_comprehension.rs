//! What it does: makes one clause of a comprehension asynchronous.
//! Before: `[x async for y in z for x in y]`, the second clause
//! After: `[x async for y in z async for x in y]`
//! Left alone: an `async for` clause.
//! Safety: Safe where the iterable is asynchronous, which the plan proves.

use ruff_python_ast::Comprehension;
use ruff_text_size::Ranged;

use super::context::Context;
use super::{Leave, Outcome};
use crate::edit::EditKind;

pub(super) fn rewrite(context: &mut Context, clause: &Comprehension) -> Outcome {
    if clause.is_async {
        return Err(Leave::AlreadyAsync);
    }
    let change = context.edits.change(EditKind::AsyncComprehension { comprehension: clause.range() });
    context.edits.open(change, clause.range(), "async ");
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn convert(clause: TextRange) -> Action {
        Action::AsyncComprehension { clause }
    }

    #[test]
    fn the_clause_gets_async() {
        check(
            "async def f():\n    x = [x «for y in z if y» # c\n        «for x in y»]\n",
            convert,
            "async def f():\n    x = [x async for y in z if y # c\n        async for x in y]\n",
        );
        check(
            "async def f():\n    x = {g()«for y in z»}\n",
            convert,
            "async def f():\n    x = {g()async for y in z}\n",
        );
    }

    #[test]
    fn async_clauses_are_left() {
        check_left("async def f():\n    [x «async for x in y»]\n", convert, Leave::AlreadyAsync);
    }
}
