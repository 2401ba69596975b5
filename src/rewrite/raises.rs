//! What it does: awaits a function that a test handed to `assertRaises`, under a `with`.
//! Before: `self.assertRaises(Error, f, x)`, `pytest.raises(Error, lambda: f(x))`
//! After: `with self.assertRaises(Error):` / `await f(x)`, and for the lambda its body
//! Left alone: calls that share their line, comments between the arguments, and lambdas over several lines.
//! Safety: Safe in an async function: both forms run the same call and expect the same.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::edit::import::newline;

pub(super) fn rewrite<'a>(context: &mut Context<'a>, call: &'a ExprCall, parents: Parents<'_, 'a>) -> Outcome {
    let statement = parents.parent().filter(|parent| parent.is_stmt_expr()).ok_or(Leave::OtherShape)?;
    let position = position(call).ok_or(Leave::OtherShape)?;
    let arguments: Vec<&Expr> = call.arguments.args.iter().collect();
    let (Some(last), Some(function)) = (arguments.get(position - 1), arguments.get(position)) else {
        return Err(Leave::OtherShape);
    };
    let start = call.start();
    let shares_line = context.skip_blanks(context.line_start(start)) != start
        || context
            .tokens
            .after(call.end())
            .iter()
            .find(|token| token.kind() != TokenKind::Comment)
            .is_some_and(|token| !matches!(token.kind(), TokenKind::Newline | TokenKind::EndOfFile));
    if shares_line || statement.range() != call.range() {
        return Err(Leave::SharedLine);
    }
    let head = TextRange::new(context.argument_range(last, &call.arguments).end(), function.start());
    let close = call.arguments.r_paren_range();
    let indentation = format!("{}{}", context.indentation(start), context.indentation_unit());
    let body = format!("):{}{indentation}", newline(context.text));
    match function {
        Expr::Lambda(lambda) if lambda.parameters.is_none() => {
            let head = TextRange::new(head.start(), lambda.body.start());
            let tail = TextRange::new(lambda.body.end(), close.end());
            if context.has_comment(head) || context.has_comment(tail) {
                return Err(Leave::CommentInside);
            }
            if context.needs_brackets(lambda.body.range()) || has_parentheses(context, head, tail) {
                return Err(Leave::OtherShape);
            }
            let change = context.edits.change(EditKind::Raises { statement: call.range() });
            context.edits.open(change, call.range(), "with ");
            context.edits.replace(change, head, body);
            context.edits.delete(change, tail);
        }
        _ => {
            let next = call.arguments.iter_source_order().nth(position + 1).map(|argument| argument.range());
            let tail = TextRange::new(function.end(), next.map_or(close.start(), |next| next.start()));
            if context.has_comment(head) || context.has_comment(tail) {
                return Err(Leave::CommentInside);
            }
            if has_parentheses(context, head, tail) || !function.is_name_expr() && !function.is_attribute_expr() {
                return Err(Leave::OtherShape);
            }
            let change = context.edits.change(EditKind::Raises { statement: call.range() });
            context.edits.open(change, call.range(), "with ");
            context.edits.replace(change, head, format!("{body}await "));
            context.edits.replace(change, tail, "(");
        }
    }
    Ok(())
}

/// Brackets of an argument stand in what goes.
fn has_parentheses(context: &Context, head: TextRange, tail: TextRange) -> bool {
    let opens = context.tokens.in_range(head).iter().any(|token| token.kind() == TokenKind::Lpar);
    opens || context.tokens.in_range(tail).iter().filter(|token| token.kind() == TokenKind::Rpar).count() > 1
}

/// How many arguments stand before the function.
fn position(call: &ExprCall) -> Option<usize> {
    let name = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return None,
    };
    match name {
        "assertRaises" | "assertWarns" | "raises" | "warns" => Some(1),
        "assertRaisesRegex" | "assertWarnsRegex" => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_all, check_left};

    fn raises(call: TextRange) -> Action {
        Action::Raises { call }
    }

    #[test]
    fn the_call_stands_under_the_with() {
        check(
            "async def t(self):\n    «self.assertRaises(KeyError, self.svc.load, 1, k=2)»\n",
            raises,
            "async def t(self):\n    with self.assertRaises(KeyError):\n        await self.svc.load(1, k=2)\n",
        );
        check(
            "async def t(self):\n  if x:\n    «self.assertRaisesRegex(E, \"no\", load)»  # why\n",
            raises,
            "async def t(self):\n  if x:\n    with self.assertRaisesRegex(E, \"no\"):\n      await load()  # why\n",
        );
        check(
            "async def t():\n    «pytest.raises(\n        E,\n        load,\n        1,\n    )»\n",
            raises,
            "async def t():\n    with pytest.raises(\n        E):\n        await load(1,\n    )\n",
        );
    }

    #[test]
    fn a_lambda_gives_its_body() {
        check_all(
            "async def t():\n    «pytest.raises(E, lambda: len(«load(1)»))»\n",
            |ranges| vec![raises(ranges[0]), Action::Await { call: ranges[1] }],
            "async def t():\n    with pytest.raises(E):\n        len(await load(1))\n",
        );
    }

    #[test]
    fn what_does_not_stand_alone_is_left() {
        check_left("async def t():\n    x = «raises(E, f)»\n", raises, Leave::OtherShape);
        check_left("async def t():\n    «raises(E, f)»; x = 1\n", raises, Leave::SharedLine);
        check_left("async def t():\n    «raises(E,  # no\n        f)»\n", raises, Leave::CommentInside);
    }
}
