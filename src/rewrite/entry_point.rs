//! What it does: runs the coroutine of a process's entry point.
//! Before: `main()`
//! After: `asyncio.run(main())`
//! Left alone: nothing.
//! Safety: Safe where no event loop runs, which the plan makes sure of.

use ruff_python_ast::ExprCall;
use ruff_text_size::Ranged;

use super::Outcome;
use super::context::Context;
use crate::edit::EditKind;

pub(super) fn rewrite(context: &mut Context, call: &ExprCall) -> Outcome {
    let run = context.imports.request("asyncio.run", call.start());
    let change = context.edits.change(EditKind::EntryPoint { call: call.range() });
    let open = context.spaced(call.start(), &format!("{run}("));
    context.edits.open(change, call.range(), open);
    context.edits.close(change, call.range(), ")");
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::testing::check;

    #[test]
    fn the_call_is_run() {
        check(
            "async def main(): pass\n\nif __name__ == \"__main__\":\n    sys.exit(«main(\n        1\n    )»)\n",
            |call: TextRange| Action::EntryPoint { call },
            "import asyncio\n\n\nasync def main(): pass\n\nif __name__ == \"__main__\":\n    sys.exit(asyncio.run(main(\n        1\n    )))\n",
        );
    }

    #[test]
    fn imports_stand_above_a_call_at_the_start_of_the_file() {
        check("«main()»", |call: TextRange| Action::EntryPoint { call }, "import asyncio\n\nasyncio.run(main())");
    }
}
