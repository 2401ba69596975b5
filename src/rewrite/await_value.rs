//! What it does: awaits an expression that is awaitable now.
//! Before: `x = f(1).rows`, `return not f(1)`
//! After: `x = (await f(1)).rows`, `return not await f(1)`
//! Left alone: nothing.
//! Safety: Safe where the operand is awaitable, which the plan proves. `f"{f()=}"` prints the new source text.

use ruff_python_ast::ExprRef;
use ruff_python_ast::token::parentheses_iterator;
use ruff_text_size::Ranged;

use super::Outcome;
use super::context::{Context, Parents, is_primary};
use crate::edit::EditKind;

pub(super) fn rewrite<'a>(context: &mut Context<'a>, operand: ExprRef<'a>, parents: Parents<'_, 'a>) -> Outcome {
    let change = context.edits.change(EditKind::Await { operand: operand.range() });
    if is_primary(operand) {
        let parenthesize = context.await_needs_parentheses(operand, parents);
        context.open_await(change, operand.range(), "", parenthesize);
        return Ok(());
    }
    // `await (a or b)`: the operand needs parentheses, its own or new ones.
    let existing =
        parents.parent().and_then(|parent| parentheses_iterator(operand, Some(parent), context.tokens).next());
    match existing {
        Some(parentheses) => context.open_await(change, parentheses, "", binds_tighter_outside(parents)),
        None => {
            context.open_await(change, operand.range(), "(", false);
            context.edits.close(change, operand.range(), ")");
        }
    }
    Ok(())
}

/// `(a or b).rows`: the parentheses are the operand's, so the `await` around them needs its own.
fn binds_tighter_outside(parents: Parents) -> bool {
    parents.parent().is_some_and(|parent| {
        parent.is_expr_attribute() || parent.is_expr_subscript() || parent.is_expr_call() || parent.is_expr_await()
    })
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::testing::check;

    fn awaited(call: TextRange) -> Action {
        Action::Await { call }
    }

    #[track_caller]
    fn check_line(before: &str, after: &str) {
        check(&format!("async def g():\n    {before}\n"), awaited, &format!("async def g():\n    {after}\n"));
    }

    #[test]
    fn parenthesized_before_trailers() {
        check_line("x = «f()».rows", "x = (await f()).rows");
        check_line("x = «f()»[0]", "x = (await f())[0]");
        check_line("x = y[«f()»]", "x = y[await f()]");
        check_line("x = «f()»(1)", "x = (await f())(1)");
        check_line("x = g(«f()»)", "x = g(await f())");
        check_line("x = «f()» ** 2", "x = (await f()) ** 2");
        check_line("x = 2 ** «f()»", "x = 2 ** await f()");
    }

    #[test]
    fn plain_elsewhere() {
        check_line("«f()»", "await f()");
        check_line("return not «f()»", "return not await f()");
        check_line("x = -«f()» + «h()» * 2", "x = -await f() + await h() * 2");
        check_line("g(*«f()», **«h()»)", "g(*await f(), **await h())");
        check_line("x = «f()» if «h()» else y", "x = await f() if await h() else y");
        check_line("if (y := «f()») > 1: pass", "if (y := await f()) > 1: pass");
        check_line("x = f\"{«f()»!r:>{«h()»}}\"", "x = f\"{await f()!r:>{await h()}}\"");
        check_line("x = lambda: 1; «f()»", "x = lambda: 1; await f()");
    }

    #[test]
    fn parentheses_of_the_source_are_enough() {
        check_line("x = («f()»).rows", "x = (await f()).rows");
        check_line("x = await («f()»)", "x = await (await f())");
        check_line("x = (  # why\n        «f()»\n    ).rows", "x = (  # why\n        await f()\n    ).rows");
    }

    #[test]
    fn an_awaited_operand_is_awaited_again() {
        check_line("x = await «f()»", "x = await (await f())");
    }

    #[test]
    fn nested_in_a_chain() {
        check_line("x = ««f()».g()».h", "x = (await (await f()).g()).h");
    }

    #[test]
    fn an_operand_that_is_not_primary_gets_parentheses() {
        check_line("x = «a or b»", "x = await (a or b)");
        check_line("x = («a if b else c»)", "x = await (a if b else c)");
        check_line("x = («a or b»).rows", "x = (await (a or b)).rows");
        check_line("g(«a or b»)", "g(await (a or b))");
    }

    #[test]
    fn words_do_not_grow_together() {
        check_line("return«\"\".join(x)»", "return await \"\".join(x)");
        check_line("x = 1 if a else«[].pop()»", "x = 1 if a else await [].pop()");
    }
}
