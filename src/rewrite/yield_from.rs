//! What it does: delegates to another iterable inside of a function that is an async generator now.
//! Before: `yield from g()`
//! After: `async for item in g():` / `    yield item` (`for` when `g()` is sync; under `async with aclosing(g()) as items:` when it
//! holds something open)
//! Left alone: a `yield from` that shares its line with other statements, or is parenthesized.
//! Safety: Safe where nothing is sent to or returned from the generator, which the plan makes sure of.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, StmtExpr};
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::edit::import::newline;
use crate::plan::YieldSource;

pub(super) fn rewrite<'a>(
    context: &mut Context<'a>,
    statement: &'a StmtExpr,
    parents: Parents<'_, 'a>,
    source: YieldSource,
) -> Outcome {
    let Expr::YieldFrom(yield_from) = &*statement.value else { return Err(Leave::OtherShape) };
    if yield_from.range() != statement.range() {
        return Err(Leave::OtherShape);
    }
    if shares_line(context, statement.range()) {
        return Err(Leave::SharedLine);
    }
    let mut tokens = context.tokens.in_range(TextRange::new(statement.start(), yield_from.value.start())).iter();
    let from = tokens.find(|token| token.kind() == TokenKind::From).ok_or(Leave::OtherShape)?;
    let item = context.fresh_name("item", parents.scope().range());
    let unit = context.indentation_unit().to_owned();
    let indentation = format!("{}{unit}", context.indentation(statement.start()));
    let newline = newline(context.text);
    let (head, body) = match source {
        YieldSource::Async => (format!("async for {item} in"), format!(":{newline}{indentation}yield {item}")),
        YieldSource::Sync => (format!("for {item} in"), format!(":{newline}{indentation}yield {item}")),
        YieldSource::Closing => {
            let items = context.fresh_name("items", parents.scope().range());
            let aclosing = context.imports.request("contextlib.aclosing", statement.start());
            let inner = format!("async for {item} in {items}:{newline}{indentation}{unit}yield {item}");
            (format!("async with {aclosing}("), format!(") as {items}:{newline}{indentation}{inner}"))
        }
    };
    let head_end = match source {
        YieldSource::Closing => context.skip_blanks(from.end()),
        YieldSource::Async | YieldSource::Sync => from.end(),
    };
    let change = context.edits.change(EditKind::YieldFrom { statement: statement.range(), source });
    context.edits.replace(change, TextRange::new(statement.start(), head_end), head);
    context.edits.close(change, statement.range(), body);
    Ok(())
}

/// True when anything but a comment stands on the lines of `statement`.
fn shares_line(context: &Context, statement: TextRange) -> bool {
    let starts_line = context.skip_blanks(context.line_start(statement.start())) == statement.start();
    let mut behind = context.tokens.after(statement.end()).iter().filter(|token| token.kind() != TokenKind::Comment);
    let ends_line = behind.next().is_none_or(|token| token.kind() == TokenKind::Newline);
    !(starts_line && ends_line)
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::{Action, YieldSource};
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn delegate(statement: TextRange) -> Action {
        Action::YieldFrom { statement, source: YieldSource::Async }
    }

    #[test]
    fn the_statement_becomes_a_loop() {
        check(
            "async def f():\n    «yield from g(item)»  # all\n",
            delegate,
            "async def f():\n    async for item_ in g(item):\n        yield item_  # all\n",
        );
        check(
            "async def f():\r\n\tif x:\r\n\t\t«yield from(\r\n\t\t\tg())»",
            delegate,
            "async def f():\r\n\tif x:\r\n\t\tasync for item in(\r\n\t\t\tg()):\r\n\t\t\tyield item",
        );
        check(
            "async def f():\n  «yield from (a, b)»\n",
            |statement| Action::YieldFrom { statement, source: YieldSource::Sync },
            "async def f():\n  for item in (a, b):\n    yield item\n",
        );
        check(
            "from contextlib import aclosing\n\nasync def f(items):\n  if x:\n    «yield from  g(x)»  # all\n",
            |statement| Action::YieldFrom { statement, source: YieldSource::Closing },
            "from contextlib import aclosing\n\nasync def f(items):\n  if x:\n    async with aclosing(g(x)) as items_:\n      async for item in items_:\n        yield item  # all\n",
        );
    }

    #[test]
    fn statements_that_share_their_line_are_left() {
        check_left("async def f():\n    if x: «yield from g()»\n", delegate, Leave::SharedLine);
        check_left("async def f():\n    «yield from g()»; x\n", delegate, Leave::SharedLine);
        check_left("async def f():\n    «(yield from g())»\n", delegate, Leave::OtherShape);
    }
}
