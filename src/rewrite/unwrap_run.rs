//! What it does: awaits what was run in a loop of its own.
//! Before: `x = asyncio.run(c()).rows`, `loop.run_until_complete(c())`
//! After: `x = (await c()).rows`, `await c()`
//! Left alone: calls with keyword arguments (`debug=True`), or with anything but one argument.
//! Safety: Unsafe: the coroutine runs on the caller's loop now, which is what the migration asks for.

use ruff_python_ast::ExprCall;
use ruff_text_size::Ranged;

use super::context::{Context, Parents, is_primary};
use super::{Leave, Outcome};
use crate::edit::EditKind;

pub(super) fn rewrite<'a>(context: &mut Context<'a>, call: &'a ExprCall, parents: Parents<'_, 'a>) -> Outcome {
    if !call.arguments.keywords.is_empty() {
        return Err(Leave::KeywordArguments);
    }
    let [argument] = &*call.arguments.args else { return Err(Leave::OtherShape) };
    if argument.is_starred_expr() {
        return Err(Leave::OtherShape);
    }
    context.check_callee(call)?;
    let kept =
        if is_primary(argument.into()) { argument.range() } else { context.argument_range(argument, &call.arguments) };
    let needs_own = !is_primary(argument.into()) && kept == argument.range();
    let (inner_open, inner_close) = if needs_own { ("(", ")") } else { ("", "") };
    let (open, close) = match context.await_needs_parentheses(call.into(), parents) {
        true => ("(await ", ")"),
        false => ("await ", ""),
    };
    let change = context.edits.change(EditKind::UnwrapRun { call: call.range() });
    context.reduce(change, call, kept, &format!("{open}{inner_open}"), &format!("{inner_close}{close}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_all, check_left};

    fn run(call: TextRange) -> Action {
        Action::UnwrapRun { call }
    }

    #[track_caller]
    fn check_body(before: &str, after: &str) {
        let module = |body: &str| format!("async def g():\n    {body}\n");
        check(&module(before), run, &module(after));
    }

    #[test]
    fn the_argument_is_awaited() {
        check_body("x = «asyncio.run(c(1))»", "x = await c(1)");
        check_body("x = «asyncio.run( c(1), )».rows", "x = (await c(1)).rows");
        check_body("return «loop.run_until_complete(c())»", "return await c()");
        check_body("x = «asyncio.run((c()))»", "x = await c()");
        check_body("x = «asyncio.run(c() if y else d())»", "x = await (c() if y else d())");
        check_body("x = «asyncio.run((c() if y else d()))»", "x = await (c() if y else d())");
        check_body("x = f\"{«run(c())»[0]}\"", "x = f\"{(await c())[0]}\"");
    }

    #[test]
    fn lines_are_dedented() {
        check_body(
            "x = «asyncio.run(\n        c(\n            1,  # one\n        ),\n    )»",
            "x = await c(\n        1,  # one\n    )",
        );
    }

    #[test]
    fn parentheses_stay_for_comments_and_line_breaks() {
        check_body(
            "x = «asyncio.run(  # why\n        c(1),  # one\n    )»",
            "x = await (  # why\n        c(1)  # one\n    )",
        );
        check_body(
            "x = «asyncio.run(\n        a\n        .b()\n    )».c",
            "x = (await (\n        a\n        .b()\n    )).c",
        );
    }

    #[test]
    fn nested_changes() {
        check_all(
            "async def g():\n    x = «asyncio.run(c(«d()»))»\n",
            |ranges| vec![run(ranges[0]), Action::Await { call: ranges[1] }],
            "async def g():\n    x = await c(await d())\n",
        );
    }

    #[test]
    fn other_arguments_are_left() {
        check_left("async def g():\n    «asyncio.run(c(), debug=True)»\n", run, Leave::KeywordArguments);
        check_left("async def g():\n    «asyncio.run(*c)»\n", run, Leave::OtherShape);
        check_left(
            "async def g():\n    «asyncio  # c\n    .run(c())»\n"
                .replace("«asyncio  # c\n    .run(c())»", "(«asyncio  # c\n    .run(c())»)")
                .as_str(),
            run,
            Leave::CommentInside,
        );
    }
}
