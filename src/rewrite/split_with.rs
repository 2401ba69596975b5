//! What it does: makes a `with` asynchronous for those of its context managers that are, and leaves the others in one of their own.
//! Before: `with lock() as a, rows() as b:` / `    use(a, b)`
//! After: `with lock() as a:` / `    async with rows() as b:` / `        use(a, b)`
//! Left alone: an `async with`, a comment between the items, items that need the parentheses around all of them.
//! Safety: Safe: the managers are entered and left in the same order.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{StmtWith, WithItem};
use ruff_text_size::{Ranged, TextRange};

use super::context::Context;
use super::nest::Nest;
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::edit::import::newline;

/// `entered`: the expressions of the items that become asynchronous.
pub(super) fn rewrite(context: &mut Context, statement: &StmtWith, entered: &[TextRange]) -> Outcome {
    if statement.is_async {
        return Err(Leave::AlreadyAsync);
    }
    let [.., last] = statement.items.as_slice() else { return Err(Leave::OtherShape) };
    let [first, ..] = statement.body.as_slice() else { return Err(Leave::OtherShape) };
    let tokens = context.tokens.in_range(TextRange::new(last.end(), first.start()));
    let colon = tokens.iter().find(|token| token.kind() == TokenKind::Colon).ok_or(Leave::OtherShape)?;
    if context.has_comment(TextRange::new(statement.start(), colon.start())) {
        return Err(Leave::CommentInside);
    }
    let needs_brackets = |item: &WithItem| context.needs_brackets(item.range());
    if statement.items.iter().any(needs_brackets) {
        return Err(Leave::OtherShape);
    }
    let unit = context.indentation_unit().to_owned();
    let newline = newline(context.text);
    let mut indentation = context.indentation(statement.start()).to_owned();
    let change = context.edits.change(EditKind::SplitWith { statement: statement.range(), entered: entered.to_vec() });
    let word = |item: &WithItem| if is_entered(item, entered) { "async with " } else { "with " };
    let mut depth = 0;
    let mut before = statement.start();
    for (index, item) in statement.items.iter().enumerate() {
        let gap = TextRange::new(before, item.start());
        let text = match index.checked_sub(1).map(|last| &statement.items[last]) {
            None => word(item).to_owned(),
            Some(last) if is_entered(last, entered) == is_entered(item, entered) => ", ".to_owned(),
            Some(_) => {
                depth += 1;
                indentation.push_str(&unit);
                format!(":{newline}{indentation}{}", word(item))
            }
        };
        if context.slice(gap) != text {
            context.edits.replace(change, gap, text);
        }
        before = item.end();
    }
    let body = TextRange::new(colon.end(), context.end_with_comments(statement.range()));
    if before < colon.start() {
        context.edits.delete(change, TextRange::new(before, colon.start()));
    }
    context.nests.push(Nest { change, body, unit: unit.repeat(depth) });
    Ok(())
}

fn is_entered(item: &WithItem, entered: &[TextRange]) -> bool {
    entered.contains(&item.context_expr.range())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check_all, check_left};

    /// The first range is the statement, the others are what becomes asynchronous.
    fn split(ranges: &[TextRange]) -> Vec<Action> {
        vec![Action::SplitWith { statement: ranges[0], entered: ranges[1..].to_vec() }]
    }

    #[track_caller]
    fn check_body(before: &str, after: &str) {
        check_all(&format!("async def g():\n{before}"), split, &format!("async def g():\n{after}"));
    }

    #[test]
    fn what_stays_is_entered_by_itself() {
        check_body(
            "    «with a() as x, «b()» as y:\n        use(x)  # x\n\n        use(y)»\n    rest()\n",
            "    with a() as x:\n        async with b() as y:\n            use(x)  # x\n\n            use(y)\n    rest()\n",
        );
        check_body(
            "    «with «a()», b(), c(), «d()»: pass»\n",
            "    async with a():\n        with b(), c():\n            async with d(): pass\n",
        );
        check_body(
            "    «with (\n        a() as x,\n        «b(\n            1\n        )»,\n    ):\n        use(x)»\n",
            "    with a() as x:\n        async with b(\n            1\n        ):\n            use(x)\n",
        );
    }

    #[test]
    fn strings_and_comments_keep_their_place() {
        check_body(
            "    «with a(), «b()»:\n        x = \"\"\"1\n  2\"\"\"\n        y = f\"\"\"{\n    x}\n\"\"\"»\n        # last\n    # outside\n",
            "    with a():\n        async with b():\n            x = \"\"\"1\n  2\"\"\"\n            y = f\"\"\"{\n    x}\n\"\"\"\n            # last\n    # outside\n",
        );
    }

    #[test]
    fn changes_inside_go_along() {
        check_all(
            "async def g():\n    «with a(«f()»), «b()»:\n        «with c(), «d(«f()»)»:\n            x = «f()».y»»\n",
            |ranges| {
                let split = |outer: usize, inner: usize| Action::SplitWith {
                    statement: ranges[outer],
                    entered: vec![ranges[inner]],
                };
                let awaited = |at: usize| Action::Await { call: ranges[at] };
                vec![split(0, 2), awaited(1), split(3, 4), awaited(5), awaited(6)]
            },
            "async def g():\n    with a(await f()):\n        async with b():\n            with c():\n                async with d(await f()):\n                    x = (await f()).y\n",
        );
    }

    #[test]
    fn comments_between_the_items_leave_it() {
        check_left(
            "async def g():\n    «with (a(),  # first\n          b()): pass»\n",
            |statement| Action::SplitWith { statement, entered: vec![] },
            Leave::CommentInside,
        );
    }
}
