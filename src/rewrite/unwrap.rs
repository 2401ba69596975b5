//! What it does: calls a function directly that was offloaded, because it is async now. An `await` around it stays.
//! Before: `asyncio.to_thread(f, a, k=1)`, `loop.run_in_executor(None, partial(f, a))`, `sync_to_async(f)(a)`
//! After: `f(a, k=1)`, `f(a)`, `f(a)`
//! Left alone: a starred function argument, arguments that cannot be merged, comments inside of the callee, what bounds the
//! threads: `to_thread.run_sync(f, limiter=limiter)`.
//! Safety: Safe where `f` is a coroutine function now, which the plan makes sure of.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::context::{Context, is_primary};
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::plan::UnwrapForm;

/// Keyword arguments of `anyio.to_thread.run_sync`; the function gets positional ones only.
const OWN_KEYWORDS: [&str; 3] = ["abandon_on_cancel", "cancellable", "limiter"];

pub(super) fn rewrite(context: &mut Context, call: &ExprCall, form: UnwrapForm) -> Outcome {
    context.check_callee(call)?;
    if is_bounded(call) {
        return Err(Leave::KeywordArguments);
    }
    match form {
        UnwrapForm::First => unwrap_named(context, call, 0, form),
        UnwrapForm::Second => unwrap_named(context, call, 1, form),
        UnwrapForm::Partial { argument } => unwrap_partial(context, call, argument, form),
        UnwrapForm::Lambda { argument } => unwrap_lambda(context, call, argument, form),
        UnwrapForm::Curried => unwrap_curried(context, call, form),
    }
}

/// Is an argument meant for anyio's `to_thread.run_sync` itself?
fn is_bounded(call: &ExprCall) -> bool {
    let name = match &*call.func {
        Expr::Attribute(attribute) => &attribute.attr.id,
        Expr::Name(name) => &name.id,
        _ => return false,
    };
    let keywords = call.arguments.keywords.iter().filter_map(|keyword| keyword.arg.as_deref());
    name == "run_sync" && keywords.into_iter().any(|name| OWN_KEYWORDS.contains(&name))
}

fn record(context: &mut Context, call: &ExprCall, form: UnwrapForm) -> usize {
    context.edits.change(EditKind::Unwrap { call: call.range(), form })
}

/// The positional argument at `index`, when nothing starred stands up to there.
fn argument(call: &ExprCall, index: usize) -> Result<&Expr, Leave> {
    let arguments = call.arguments.args.get(..=index).ok_or(Leave::OtherShape)?;
    if arguments.iter().any(Expr::is_starred_expr) {
        return Err(Leave::StarredFunction);
    }
    arguments.last().ok_or(Leave::OtherShape)
}

/// `to_thread(f, a)` to `f(a)`.
fn unwrap_named(context: &mut Context, call: &ExprCall, index: usize, form: UnwrapForm) -> Outcome {
    let function = argument(call, index)?;
    let change = record(context, call, form);
    let range = context.argument_range(function, &call.arguments);
    let before = TextRange::new(call.start(), range.start());
    if context.has_comment(before) || (context.needs_brackets(range) && range == function.range()) {
        // `(  # why` / `f)(a)`: the parenthesis of the call now groups the function.
        let empty = context.spaced_before(call.start(), "", call.arguments.start());
        context.edits.replace(change, TextRange::new(call.start(), call.arguments.start()), empty);
        context.delete_tokens(change, TextRange::new(call.arguments.inner_range().start(), range.start()));
        open_arguments(context, change, range, call, ")(");
    } else {
        let groups = !is_primary(function.into()) && range == function.range();
        let open = context.spaced_before(call.start(), if groups { "(" } else { "" }, range.start());
        context.edits.replace(change, before, open);
        open_arguments(context, change, range, call, if groups { ")(" } else { "(" });
    }
    Ok(())
}

/// Puts `open` in the place of the comma behind `function`, which is an argument of `call`.
fn open_arguments(context: &mut Context, change: usize, function: TextRange, call: &ExprCall, open: &str) {
    let end = call.arguments.inner_range().end();
    let next = context.next_token(function.end()).filter(|token| token.kind() == TokenKind::Comma);
    let rest = TextRange::new(next.map_or(function.end(), |comma| comma.end()), end);
    let is_last = context.next_token(rest.start()).is_none_or(|token| token.start() >= end);
    let gap = TextRange::new(function.end(), rest.start());
    if is_last && !context.has_comment(gap) && !context.has_comment(rest) {
        context.edits.replace(change, TextRange::new(function.end(), end), open);
        return;
    }
    match next {
        Some(comma) => {
            let comma = context.with_blanks(comma.range());
            context.edits.replace(change, comma, open);
        }
        None => context.edits.close(change, function, open),
    }
}

/// `to_thread(partial(f, a), b)` to `f(a, b)`.
fn unwrap_partial(context: &mut Context, call: &ExprCall, index: usize, form: UnwrapForm) -> Outcome {
    let Expr::Call(partial) = argument(call, index)? else { return Err(Leave::OtherShape) };
    let function = argument(partial, 0)?;
    let range = context.argument_range(function, &partial.arguments);
    if range == function.range() && (!is_primary(function.into()) || context.needs_brackets(range)) {
        return Err(Leave::OtherShape);
    }
    let has_more = call.arguments.args.len() > index + 1 || !call.arguments.keywords.is_empty();
    let kept = TextRange::new(range.start(), partial.end());
    if !has_more {
        context.check_callee(partial)?;
        let change = record(context, call, form);
        open_arguments(context, change, range, partial, "(");
        context.reduce(change, call, kept, "", "");
        return Ok(());
    }
    merge(context, call, index, partial, range, form)
}

/// The arguments of both calls follow each other: those of the partial first.
fn merge(
    context: &mut Context,
    call: &ExprCall,
    index: usize,
    partial: &ExprCall,
    function: TextRange,
    form: UnwrapForm,
) -> Outcome {
    check_mergeable(call, index, partial)?;
    let outer = context.argument_range(&call.arguments.args[index], &call.arguments);
    let before = TextRange::new(call.start(), function.start());
    let last = last_argument_end(context, partial);
    let comma = context.next_token(outer.end()).filter(|token| token.kind() == TokenKind::Comma);
    let comma = comma.ok_or(Leave::OtherShape)?.range();
    let tail = TextRange::new(last, outer.end());
    if context.has_comment(before) || context.has_comment(tail) {
        return Err(Leave::CommentInside);
    }
    let change = record(context, call, form);
    let open = context.spaced_before(call.start(), "", function.start());
    context.edits.replace(change, before, open);
    if last == function.end() {
        let comma = context.with_blanks(comma);
        context.edits.replace(change, TextRange::new(function.end(), comma.end()), "(");
    } else {
        open_arguments(context, change, function, partial, "(");
        context.edits.delete(change, tail);
    }
    Ok(())
}

/// The end of the last argument of `call`, its parentheses included, without a trailing comma.
fn last_argument_end(context: &Context, call: &ExprCall) -> TextSize {
    let tokens = context.tokens.in_range(call.arguments.inner_range()).iter().rev();
    let mut tokens = tokens.filter(|token| !token.kind().is_trivia() && token.kind() != TokenKind::Comma);
    tokens.next().map_or(call.arguments.inner_range().start(), Ranged::end)
}

/// Keywords of the partial must not stand before positional arguments, nor meet the same keywords again.
fn check_mergeable(call: &ExprCall, index: usize, partial: &ExprCall) -> Outcome {
    let (inner, outer) = (&partial.arguments.keywords, &call.arguments.keywords);
    let positional = call.arguments.args.len() > index + 1;
    let unpacks = inner.iter().chain(outer).any(|keyword| keyword.arg.is_none());
    let repeats = inner.iter().any(|keyword| outer.iter().any(|other| other.arg.as_deref() == keyword.arg.as_deref()));
    let both = !inner.is_empty() && !outer.is_empty();
    if (positional && !inner.is_empty()) || (both && unpacks) || repeats {
        Err(Leave::PartialArguments)
    } else {
        Ok(())
    }
}

/// `to_thread(lambda: f(a))` to `f(a)`.
fn unwrap_lambda(context: &mut Context, call: &ExprCall, index: usize, form: UnwrapForm) -> Outcome {
    let Expr::Lambda(lambda) = argument(call, index)? else { return Err(Leave::OtherShape) };
    let has_more = call.arguments.args.len() > index + 1 || !call.arguments.keywords.is_empty();
    if lambda.parameters.is_some() || has_more || !lambda.body.is_call_expr() {
        return Err(Leave::OtherShape);
    }
    let change = record(context, call, form);
    context.reduce(change, call, lambda.body.range(), "", "");
    Ok(())
}

/// `sync_to_async(f)(a)` to `f(a)`. Options of the wrapper (`thread_sensitive=True`) go with it.
fn unwrap_curried(context: &mut Context, call: &ExprCall, form: UnwrapForm) -> Outcome {
    let Expr::Call(wrapper) = &*call.func else { return Err(Leave::OtherShape) };
    let function = argument(wrapper, 0)?;
    context.check_callee(wrapper)?;
    let range = context.argument_range(function, &wrapper.arguments);
    let groups = !is_primary(function.into()) && range == function.range();
    let change = record(context, call, form);
    let (open, close) = if groups { ("(", ")") } else { ("", "") };
    context.reduce(change, wrapper, range, open, close);
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::{Action, UnwrapForm};
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_all, check_left};

    fn unwrap(form: UnwrapForm) -> impl Fn(TextRange) -> Action {
        move |call| Action::Unwrap { call, form }
    }

    #[track_caller]
    fn check_form(form: UnwrapForm, before: &str, after: &str) {
        let module = |body: &str| format!("async def g():\n    {body}\n");
        check(&module(before), unwrap(form), &module(after));
    }

    const PARTIAL: UnwrapForm = UnwrapForm::Partial { argument: 1 };
    const LAMBDA: UnwrapForm = UnwrapForm::Lambda { argument: 1 };

    #[test]
    fn the_function_is_the_first_argument() {
        let first = UnwrapForm::First;
        check_form(first, "x = await «asyncio.to_thread(p.f, a, *b, k=1)»", "x = await p.f(a, *b, k=1)");
        check_form(first, "x = await «to_thread(f)»", "x = await f()");
        check_form(first, "x = await «to_thread( f, )»", "x = await f()");
        check_form(first, "x = (await «to_thread((f), a)»).b", "x = (await (f)(a)).b");
        check_form(first, "x = await «to_thread(a or b, 1)»", "x = await (a or b)(1)");
        check_form(first, "x = [«to_thread(f, k)» for k in y]", "x = [f(k) for k in y]");
    }

    #[test]
    fn layout_and_comments_of_the_arguments_stay() {
        let first = UnwrapForm::First;
        check_form(
            first,
            "x = await «to_thread(\n        f,  # f\n        a,  # a\n    )»",
            "x = await f(  # f\n        a,  # a\n    )",
        );
        check_form(first, "x = await «to_thread(\n        f,\n        a,\n    )»", "x = await f(\n        a,\n    )");
        check_form(first, "x = await «to_thread(\n        f,\n    )»", "x = await f()");
        check_form(first, "x = await «to_thread(\n        f  # f\n    )»", "x = await f(  # f\n    )");
        check_form(first, "x = await «to_thread(  # why\n        f, a)»", "x = await (  # why\n        f)(a)");
        check_form(
            first,
            "x = await «to_thread(\n        p\n        .f, a)»",
            "x = await (\n        p\n        .f)(a)",
        );
    }

    #[test]
    fn the_function_is_the_second_argument() {
        let second = UnwrapForm::Second;
        check_form(second, "x = await «loop.run_in_executor(None, f, \"b\")»", "x = await f(\"b\")");
        check_form(
            second,
            "x = await «loop.run_in_executor(\n        None,  # default\n        f,\n        a,\n    )»",
            "x = await (\n          # default\n        f)(\n        a,\n    )",
        );
    }

    #[test]
    fn partials() {
        check_form(
            PARTIAL,
            "x = await «l.run_in_executor(None, partial(f, \"b\", u=True))»",
            "x = await f(\"b\", u=True)",
        );
        check_form(PARTIAL, "x = await «l.run_in_executor(None, functools.partial(f),)»", "x = await f()");
        check_form(
            UnwrapForm::Partial { argument: 0 },
            "x = await «to_thread(partial(f, 1,), 2, k=3)»",
            "x = await f(1, 2, k=3)",
        );
        check_form(UnwrapForm::Partial { argument: 0 }, "x = await «to_thread(partial(f), 2)»", "x = await f(2)");
        check_form(
            UnwrapForm::Partial { argument: 0 },
            "x = await «to_thread(partial(f, (1)), 2)»",
            "x = await f((1), 2)",
        );
        check_form(
            PARTIAL,
            "x = await «l.run_in_executor(\n        None,\n        partial(\n            f,\n            a,  # a\n        ),\n    )»",
            "x = await f(\n        a,  # a\n    )",
        );
        check_form(
            PARTIAL,
            "x = await «l.run_in_executor(\n        None,\n        partial(\n            f,\n        ),\n    )»",
            "x = await f()",
        );
        check_form(
            PARTIAL,
            "x = await «l.run_in_executor(\n        None,  # default\n        partial(f, a),\n    )»",
            "x = await (\n          # default\n        f(a)\n    )",
        );
    }

    #[test]
    fn lambdas() {
        check_form(LAMBDA, "x = await «l.run_in_executor(None, lambda: p.f(\"a\"))»", "x = await p.f(\"a\")");
        check_form(LAMBDA, "x = await «l.run_in_executor(None, (lambda: (f(1))))»", "x = await f(1)");
        check_form(
            LAMBDA,
            "x = await «l.run_in_executor(\n        None,\n        lambda: f(\n            1,\n        ),\n    )»",
            "x = await f(\n        1,\n    )",
        );
    }

    #[test]
    fn curried() {
        check_form(UnwrapForm::Curried, "x = await «sync_to_async(p.f)(a, k=1)»", "x = await p.f(a, k=1)");
        check_form(
            UnwrapForm::Curried,
            "x = await «sync_to_async(a or b, thread_sensitive=True)()»",
            "x = await (a or b)()",
        );
    }

    #[test]
    fn nested_changes() {
        check_all(
            "async def g():\n    await «to_thread(«h()».f, «to_thread(k)»)»\n",
            |ranges| {
                let first = unwrap(UnwrapForm::First);
                vec![first(ranges[0]), Action::Await { call: ranges[1] }, first(ranges[2])]
            },
            "async def g():\n    await (await h()).f(k())\n",
        );
    }

    #[test]
    fn what_cannot_be_merged_is_left() {
        let in_function = |call: &str| format!("async def g():\n    {call}\n");
        check_left(&in_function("«to_thread(*a)»"), unwrap(UnwrapForm::First), Leave::StarredFunction);
        let bounded = in_function("«to_thread.run_sync(f, a, limiter=b)»");
        check_left(&bounded, unwrap(UnwrapForm::First), Leave::KeywordArguments);
        check_left(&in_function("«to_thread(func=f)»"), unwrap(UnwrapForm::First), Leave::OtherShape);
        let partial = UnwrapForm::Partial { argument: 0 };
        check_left(&in_function("«to_thread(partial(f, k=1), 2)»"), unwrap(partial), Leave::PartialArguments);
        check_left(&in_function("«to_thread(partial(f, k=1), k=2)»"), unwrap(partial), Leave::PartialArguments);
        check_left(&in_function("«l.run_in_executor(None, lambda x: f(x), 1)»"), unwrap(LAMBDA), Leave::OtherShape);
        check_left(&in_function("«l.run_in_executor(None, lambda: x)»"), unwrap(LAMBDA), Leave::OtherShape);
    }
}
