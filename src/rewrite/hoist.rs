//! What it does: gives a lambda that has to await a definition before its statement.
//! Before: `retry(lambda key: f(key)["x"])`
//! After: `async def call(key):` / `    return (await f(key))["x"]` / `retry(call)`
//! Left alone: a statement that shares its line, or has other changes before the lambda; a lambda over several lines.
//! Safety: Safe where what takes the lambda awaits its result, which the plan proves.

use ruff_python_ast::{AnyNodeRef, ExprLambda};
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::edit::import::newline;

pub(super) fn rewrite<'a>(context: &mut Context<'a>, lambda: &'a ExprLambda, parents: Parents<'_, 'a>) -> Outcome {
    let statement = parents.0.iter().rev().find(|node| node.is_statement()).ok_or(Leave::OtherShape)?.range();
    let starts_line = context.skip_blanks(context.line_start(statement.start())) == statement.start();
    let is_second =
        |change: &EditKind| matches!(change, EditKind::Hoist { statement: other, .. } if *other == statement);
    if context.edits.changes.iter().any(is_second) {
        return Err(Leave::OtherShape);
    }
    let body = body_range(context, lambda);
    let spans_lines = context.slice(lambda.range()).contains(['\n', '\r']);
    if !starts_line || spans_lines {
        return Err(Leave::SharedLine);
    }
    let before = TextRange::new(statement.start(), lambda.start());
    if context.slice(before).contains(['\n', '\r']) {
        return Err(Leave::SharedLine);
    }
    let name = context.fresh_name("call", parents.scope().range());
    let newline = newline(context.text);
    let indentation = context.indentation(statement.start()).to_owned();
    let inner = format!("{indentation}{}", context.indentation_unit());
    let parameters = lambda.parameters.as_deref().map_or("", |parameters| context.slice(parameters.range()));
    let moved = context.edits.absorb(context.text, before).map_err(|_| Leave::OtherShape)?;
    let change = context.edits.change(EditKind::Hoist { statement, lambda: lambda.range() });
    let head = TextRange::new(statement.start(), body.start());
    context.edits.replace(change, head, format!("async def {name}({parameters}):{newline}{inner}return "));
    let tail = format!("{newline}{indentation}{moved}{name}");
    let rest = TextRange::new(body.end(), lambda.end());
    if rest.is_empty() {
        context.edits.close(change, lambda.range(), tail);
    } else {
        context.edits.replace(change, rest, tail);
    }
    Ok(())
}

/// The body with its parentheses.
fn body_range(context: &Context, lambda: &ExprLambda) -> TextRange {
    let inner = ruff_python_ast::token::parentheses_iterator(
        (&*lambda.body).into(),
        Some(AnyNodeRef::from(lambda)),
        context.tokens,
    );
    inner.last().unwrap_or(lambda.body.range())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check_all, check_left};

    fn hoist(lambda: TextRange) -> Action {
        Action::Hoist { lambda }
    }

    #[test]
    fn the_lambda_becomes_a_definition() {
        check_all(
            "async def g():\n    x = «retry(«lambda key, n=1: «f(key)»[n]», 3)».y  # why\n",
            |ranges| vec![Action::Await { call: ranges[0] }, hoist(ranges[1]), Action::Await { call: ranges[2] }],
            "async def g():\n    async def call(key, n=1):\n        return (await f(key))[n]\n    x = (await retry(call, 3)).y  # why\n",
        );
    }

    #[test]
    fn bodies_in_parentheses_and_names_that_are_taken() {
        check_all(
            "call = 1\nbus.on((«lambda: («f()» or 2)»))\n",
            |ranges| vec![hoist(ranges[0]), Action::Await { call: ranges[1] }],
            "call = 1\nasync def call_():\n    return (await f() or 2)\nbus.on((call_))\n",
        );
    }

    #[test]
    fn several_lines_are_left() {
        check_left("f(\n    «lambda: g()»,\n)\n", hoist, Leave::SharedLine);
        check_left("f(«lambda: g(\n    1)»)\n", hoist, Leave::SharedLine);
        check_left("x = 1; f(«lambda: g()»)\n", hoist, Leave::SharedLine);
    }
}
