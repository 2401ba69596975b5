//! What it does: makes the generator that is the sole argument of a call a list comprehension, so that it may await.
//! Before: `sum(x for x in y)`, `sorted((x for x in y), key=k)`
//! After: `sum([x for x in y])`, `sorted([x for x in y], key=k)`
//! Left alone: nothing.
//! Safety: Safe for calls that use up the whole iterable (`sum`, `list`, `sorted`, `"".join`). Unsafe for `any` and `all`,
//! which stop early.

use ruff_python_ast::ExprGenerator;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::Outcome;
use super::context::Context;
use crate::edit::EditKind;

pub(super) fn rewrite(context: &mut Context, generator: &ExprGenerator) -> Outcome {
    let range = generator.range();
    let change = context.edits.change(EditKind::ListComprehension { generator: range });
    if generator.parenthesized {
        let one = TextSize::from(1);
        context.edits.replace(change, TextRange::at(range.start(), one), "[");
        context.edits.replace(change, TextRange::new(range.end() - one, range.end()), "]");
    } else {
        context.edits.open(change, range, "[");
        context.edits.close(change, range, "]");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::testing::{check, check_all};

    fn list(generator: TextRange) -> Action {
        Action::ListComprehension { generator }
    }

    #[test]
    fn brackets_are_added_or_replace_parentheses() {
        check("sum(«x for x in y»)\n", list, "sum([x for x in y])\n");
        check("sum((«x)for x in y»)\n".replace("(«x", "«(x").as_str(), list, "sum([(x)for x in y])\n");
        check("sum(«(x for x in y)»)\n", list, "sum([x for x in y])\n");
        check("sorted(«(  # c\n    x for x in y\n)», key=k)\n", list, "sorted([  # c\n    x for x in y\n], key=k)\n");
        check("print(f\"{sum(«x for x in y»)}\")\n", list, "print(f\"{sum([x for x in y])}\")\n");
    }

    #[test]
    fn what_is_awaited_inside_stays_inside() {
        check_all(
            "async def f():\n    sum(««g()» for x in «h()»»)\n",
            |ranges| {
                let awaited = ranges[1..].iter().map(|call| Action::Await { call: *call });
                awaited.chain([list(ranges[0])]).collect()
            },
            "async def f():\n    sum([await g() for x in await h()])\n",
        );
    }
}
