//! What it does: iterates over an async generator that holds something open, and closes it where the loop is left.
//! Before: `for row in rows():` / `    if row: break`
//! After: `async with aclosing(rows()) as items:` / `    async for row in items:` / `        if row: break`
//! Left alone: an `async for`, a comment in the header.
//! Safety: Safe: a generator is closed when nothing refers to it any more, an async one some time after that.

use ruff_python_ast::StmtFor;
use ruff_python_ast::token::parentheses_iterator;
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::nest::Nest;
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::edit::import::newline;

pub(super) fn rewrite<'a>(context: &mut Context<'a>, statement: &'a StmtFor, parents: Parents<'_, 'a>) -> Outcome {
    if statement.is_async {
        return Err(Leave::AlreadyAsync);
    }
    let iterable = parentheses_iterator((&*statement.iter).into(), Some(statement.into()), context.tokens).last();
    let iterable = iterable.unwrap_or(statement.iter.range());
    if context.has_comment(TextRange::new(statement.start(), iterable.end())) {
        return Err(Leave::CommentInside);
    }
    let name = context.fresh_name("items", parents.scope().range());
    let aclosing = context.imports.request("contextlib.aclosing", statement.start());
    let unit = context.indentation_unit().to_owned();
    let indentation = context.indentation(statement.start()).to_owned();
    let newline = newline(context.text);
    let body = TextRange::new(iterable.end(), context.end_with_comments(statement.range()));
    let target = parentheses_iterator((&*statement.target).into(), Some(statement.into()), context.tokens).last();
    let target = target.unwrap_or(statement.target.range());
    context.clear(target)?;
    let target = context.slice(target);
    let change = context.edits.change(EditKind::Closing { statement: statement.range() });
    let head = TextRange::new(statement.start(), iterable.start());
    context.edits.replace(change, head, format!("async with {aclosing}("));
    let loop_ = format!(") as {name}:{newline}{indentation}{unit}async for {target} in {name}");
    context.edits.close(change, iterable, loop_);
    context.nests.push(Nest { change, body, unit });
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check_all, check_left};

    #[test]
    fn the_generator_is_closed_behind_the_loop() {
        check_all(
            "from contextlib import aclosing\n\nasync def f(items):\n    «for a, b in (g(«h()»)):  # each\n        if a: break\n    else:\n        return b»\n",
            |ranges| vec![Action::AsyncForClosing { statement: ranges[0] }, Action::Await { call: ranges[1] }],
            "from contextlib import aclosing\n\nasync def f(items):\n    async with aclosing((g(await h()))) as items_:\n        async for a, b in items_:  # each\n            if a: break\n        else:\n            return b\n",
        );
    }

    #[test]
    fn comments_in_the_header_leave_it() {
        check_left(
            "async def f():\n    «for a in (  # why\n        g()): pass»\n",
            |statement: TextRange| Action::AsyncForClosing { statement },
            Leave::CommentInside,
        );
    }
}
