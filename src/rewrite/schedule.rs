//! What it does: makes a task of the coroutine that takes the place of a future.
//! Before: `future = loop.run_in_executor(None, f, x)`, which is unwrapped to `f(x)`
//! After: `future = asyncio.create_task(f(x))`
//! Left alone: nothing.
//! Safety: Safe where an event loop runs, which the plan makes sure of.

use ruff_python_ast::ExprCall;
use ruff_text_size::Ranged;

use super::Outcome;
use super::context::Context;
use crate::edit::EditKind;

pub(super) fn rewrite(context: &mut Context, call: &ExprCall) -> Outcome {
    let create = context.imports.request("asyncio.create_task", call.start());
    let change = context.edits.change(EditKind::Schedule { call: call.range() });
    let open = context.spaced(call.start(), &format!("{create}("));
    context.edits.open(change, call.range(), open);
    context.edits.close(change, call.range(), ")");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::plan::{Action, UnwrapForm};
    use crate::rewrite::testing::check_all;

    #[test]
    fn a_future_becomes_a_task() {
        check_all(
            "import asyncio\n\nasync def g():\n    work = «loop.run_in_executor(None, f, 1)»\n    return work\n",
            |ranges| {
                let call = ranges[0];
                vec![Action::Schedule { call }, Action::Unwrap { call, form: UnwrapForm::Second }]
            },
            "import asyncio\n\nasync def g():\n    work = asyncio.create_task(f(1))\n    return work\n",
        );
    }
}
