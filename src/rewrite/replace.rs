//! What it does: awaits an async function in the place of a blocking one, with the same arguments.
//! Before: `time.sleep(1)`
//! After: `await asyncio.sleep(1)`
//! Left alone: a callee that is not a dotted name, or has a comment inside.
//! Safety: Unsafe unless both functions take the same arguments, which the codemod promises.

use ruff_python_ast::ExprCall;
use ruff_text_size::Ranged;

use super::context::{Context, Parents, dotted};
use super::{Leave, Outcome};
use crate::edit::EditKind;

pub(super) fn rewrite<'a>(
    context: &mut Context<'a>,
    call: &'a ExprCall,
    parents: Parents<'_, 'a>,
    function: &str,
) -> Outcome {
    dotted(&call.func).ok_or(Leave::OtherShape)?;
    if context.has_comment(call.func.range()) {
        return Err(Leave::CommentInside);
    }
    let old = context.slice(call.func.range());
    let twin = context.imports.request_like(call.func.range(), function, context.other_uses(old));
    let change = context.edits.change(EditKind::Replace { call: call.range(), function: function.to_owned() });
    let parenthesize = context.await_needs_parentheses(call.into(), parents);
    context.open_await(change, call.range(), "", parenthesize);
    context.edits.replace(change, call.func.range(), twin);
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn sleep(call: TextRange) -> Action {
        Action::Replace { call, function: "asyncio.sleep".into() }
    }

    #[test]
    fn the_callee_is_replaced_and_imported() {
        check(
            "import time\n\nasync def g():\n    «time.sleep(1)»\n",
            sleep,
            "import asyncio\nimport time\n\nasync def g():\n    await asyncio.sleep(1)\n",
        );
        check(
            "from asyncio import sleep as nap\nfrom time import sleep\n\nasync def g():\n    «sleep(1)»\n",
            sleep,
            "from asyncio import sleep as nap\nfrom time import sleep\n\nasync def g():\n    await nap(1)\n",
        );
    }

    #[test]
    fn computed_callees_are_left() {
        check_left("async def g():\n    «sleeps[0](1)»\n", sleep, Leave::OtherShape);
        check_left("async def g():\n    «(time  # c\n    .sleep)(1)»\n", sleep, Leave::CommentInside);
    }
}
