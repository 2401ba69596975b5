//! What it does: collects an async iterable with a comprehension where a call used up a sync one.
//! Before: `list(g())`, `set(g())`, `sorted(g(), key=k)`, `[*g()]`
//! After: `[item async for item in g()]`, `{item async for item in g()}`, `sorted([item async for item in g()], key=k)`,
//! `[*[item async for item in g()]]`
//! Left alone: calls whose first argument is missing, starred, a generator expression, or has a `:=` in it.
//! Safety: Safe for calls that use up the whole iterable; Unsafe for `any` and `all`, which stop early.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, ExprCall, ExprRef};
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::edit::EditKind;

/// Builtins that take an iterable first.
const COLLECTORS: [&str; 12] =
    ["list", "set", "tuple", "frozenset", "dict", "sorted", "sum", "min", "max", "any", "all", "enumerate"];

/// The expression that is iterated, and how the comprehension goes around it.
struct Iterable {
    range: TextRange,
    /// `item async for item in `, and `(` where the expression needs it.
    open: String,
    close: &'static str,
}

/// Puts a list in the place of any iterable.
pub(super) fn rewrite_whole<'a>(context: &mut Context<'a>, iterable: ExprRef<'a>, parents: Parents<'_, 'a>) -> Outcome {
    let range = iterable.range();
    if binds(context, range) {
        return Err(Leave::OtherShape);
    }
    let item = context.fresh_name("item", parents.scope().range());
    let change = context.edits.change(EditKind::Collect { call: range, iterable: range });
    wrap(context, change, &Iterable { range, open: format!("{item} async for {item} in "), close: "" });
    Ok(())
}

pub(super) fn rewrite<'a>(context: &mut Context<'a>, call: &'a ExprCall, parents: Parents<'_, 'a>) -> Outcome {
    let item = context.fresh_name("item", parents.scope().range());
    let open = format!("{item} async for {item} in ");
    if binds(context, call.range()) {
        return Err(Leave::OtherShape);
    }
    if parents.parent().is_some_and(|parent| parent.is_expr_starred()) && !is_collector(&call.func) {
        let change = context.edits.change(EditKind::Collect { call: call.range(), iterable: call.range() });
        wrap(context, change, &Iterable { range: call.range(), open, close: "" });
        return Ok(());
    }
    let argument = call.arguments.args.first().ok_or(Leave::OtherShape)?;
    if argument.is_starred_expr() || argument.is_generator_expr() {
        return Err(Leave::OtherShape);
    }
    let iterable = iterable(context, call, argument, open);
    let brackets = brackets(call);
    if brackets.is_some() {
        context.check_callee(call)?;
    }
    match brackets {
        Some(brackets) => {
            let change = context.edits.change(EditKind::Collect { call: call.range(), iterable: argument.range() });
            fold(context, change, call, &iterable, brackets);
        }
        // The call itself may be offloaded: `sorted(g(), key=blocks)`.
        None => {
            let whole = EditKind::Collect { call: argument.range(), iterable: argument.range() };
            let change = context.edits.change(whole);
            wrap(context, change, &iterable);
        }
    }
    Ok(())
}

fn iterable(context: &Context, call: &ExprCall, argument: &Expr, open: String) -> Iterable {
    let outer = context.argument_range(argument, &call.arguments);
    if stands_after_in(argument) {
        Iterable { range: argument.range(), open, close: "" }
    } else if outer == argument.range() {
        Iterable { range: outer, open: format!("{open}("), close: ")" }
    } else {
        Iterable { range: outer, open, close: "" }
    }
}

/// Is there a `:=`? None may stand in the iterable of a comprehension.
fn binds(context: &Context, range: TextRange) -> bool {
    context.tokens.in_range(range).iter().any(|token| token.kind() == TokenKind::ColonEqual)
}

/// Puts a list comprehension around the iterable.
fn wrap(context: &mut Context, change: usize, iterable: &Iterable) {
    context.edits.open(change, iterable.range, format!("[{}", iterable.open));
    context.edits.close(change, iterable.range, format!("{}]", iterable.close));
}

/// Makes the call itself the comprehension: `list(x)` and `set(x)`.
fn fold(
    context: &mut Context,
    change: usize,
    call: &ExprCall,
    iterable: &Iterable,
    (open_bracket, close_bracket): (&str, &str),
) {
    // `f"{set(x)}"`: two braces in a row would be an escape.
    let in_braces = open_bracket == "{" && context.text[..call.start().to_usize()].ends_with('{');
    let open_bracket = format!("{}{open_bracket}", if in_braces { " " } else { "" });
    let callee = TextRange::new(call.start(), call.arguments.l_paren_range().end());
    context.edits.replace(change, callee, open_bracket);
    context.edits.open(change, iterable.range, iterable.open.as_str());
    context.edits.close(change, iterable.range, iterable.close);
    let rest = TextRange::new(iterable.range.end(), call.arguments.inner_range().end());
    if let Some(comma) = context.tokens.in_range(rest).iter().find(|token| token.kind() == TokenKind::Comma) {
        context.edits.delete(change, comma.range());
    }
    context.edits.replace(change, call.arguments.r_paren_range(), close_bracket);
}

/// True for what may stand after `in` without parentheses.
fn stands_after_in(expression: &Expr) -> bool {
    !matches!(expression, Expr::If(_) | Expr::Lambda(_) | Expr::Named(_) | Expr::Yield(_) | Expr::YieldFrom(_))
}

/// The brackets of a call that is nothing but a comprehension.
fn brackets(call: &ExprCall) -> Option<(&'static str, &'static str)> {
    let Expr::Name(name) = &*call.func else { return None };
    if call.arguments.args.len() > 1 || !call.arguments.keywords.is_empty() {
        return None;
    }
    match name.id.as_str() {
        "list" => Some(("[", "]")),
        "set" => Some(("{", "}")),
        _ => None,
    }
}

fn is_collector(function: &Expr) -> bool {
    match function {
        Expr::Name(name) => COLLECTORS.contains(&name.id.as_str()),
        Expr::Attribute(attribute) => attribute.attr.as_str() == "join",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn collect(call: TextRange) -> Action {
        Action::Collect { call }
    }

    #[track_caller]
    fn check_body(before: &str, after: &str) {
        let module = |body: &str| format!("async def f():\n    {body}\n");
        check(&module(before), collect, &module(after));
    }

    #[test]
    fn list_and_set_become_comprehensions() {
        check_body("x = «list(g(1))»[0]", "x = [item async for item in g(1)][0]");
        check_body("x = «set(g(),)»", "x = {item async for item in g()}");
        check_body("x = f\"{«set(g())»}\"", "x = f\"{ {item async for item in g()}}\"");
        check_body(
            "x = «list(  # c\n        g(),  # d\n    )»",
            "x = [  # c\n        item async for item in g()  # d\n    ]",
        );
    }

    #[test]
    fn other_calls_take_a_list() {
        check_body("x = «tuple(g())»", "x = tuple([item async for item in g()])");
        check_body("x = «sorted(g(), key=k)»", "x = sorted([item async for item in g()], key=k)");
        check_body("x = «\", \".join(g())»", "x = \", \".join([item async for item in g()])");
        check_body("x = «dict((g()), a=1)»", "x = dict(([item async for item in g()]), a=1)");
        check_body("x = «max(g(), default=None)»", "x = max([item async for item in g()], default=None)");
    }

    #[test]
    fn starred_calls_take_a_list() {
        check_body("x = [*«g()», 1]", "x = [*[item async for item in g()], 1]");
        check_body("h(*«g()»)", "h(*[item async for item in g()])");
        check_body("x = [*«sorted(g())»]", "x = [*sorted([item async for item in g()])]");
    }

    #[test]
    fn the_name_is_fresh_in_the_function() {
        check_body("item = 1; x = «list(g())»", "item = 1; x = [item_ async for item_ in g()]");
        check_body("x = «list(h(«list(g())»))»", "x = [item async for item in h([item async for item in g()])]");
        check(
            "item = 1\n\nasync def f():\n    «list(g())»\n",
            collect,
            "item = 1\n\nasync def f():\n    [item async for item in g()]\n",
        );
    }

    #[test]
    fn conditions_are_parenthesized() {
        check_body("x = «list(g() if y else h())»", "x = [item async for item in (g() if y else h())]");
        check_body("x = «tuple((g() if y else h()))»", "x = tuple([item async for item in (g() if y else h())])");
    }

    #[test]
    fn other_arguments_are_left() {
        check_left("async def f():\n    «list()»\n", collect, Leave::OtherShape);
        check_left("async def f():\n    «list(*g())»\n", collect, Leave::OtherShape);
        check_left("async def f():\n    «list(x for x in g())»\n", collect, Leave::OtherShape);
        check_left("async def f():\n    «list(g(y := 1))»\n", collect, Leave::OtherShape);
    }
}
