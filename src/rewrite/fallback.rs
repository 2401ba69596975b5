//! What it does: removes the `asyncio.run` arm of a fallback for callers without a running loop.
//! Before: `try:` / `    asyncio.get_running_loop().create_task(c())` / `except RuntimeError:` / `    asyncio.run(c())`
//! After: in a sync function the last line is a log line or `raise`; in an async one all is `asyncio.create_task(c())`.
//! Left alone: fallbacks whose result is returned or stored, or with more than scheduling in the `try`.
//! Safety: Unsafe: without a running loop the work is dropped (and logged) now. The codemod asks for it.

mod logger;
mod shape;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, StmtTry};
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::config::Fallback;
use crate::edit::EditKind;
use shape::Shape;

/// Replaces the `asyncio.run(...)` statement of the handler.
pub(super) fn rewrite_in_sync<'a>(
    context: &mut Context<'a>,
    statement: &'a StmtTry,
    parents: Parents<'_, 'a>,
    style: Fallback,
) -> Outcome {
    let shape = shape::analyze(context, statement)?;
    let replacement = match style {
        Fallback::Log => logger::line(context, parents, &shape),
        Fallback::Raise => "raise".to_owned(),
        Fallback::Threadsafe => return Err(Leave::NoLoopHandle),
    };
    let run = shape.run.range();
    let replaced = context.with_trailing_comment(run);
    let comments = context.attached_comments(run.start());
    let lines = match comments < run.start() {
        true => TextRange::new(context.line_start(comments), context.line_start(run.start())),
        false => TextRange::empty(run.start()),
    };
    let statement = TextRange::new(lines.start(), replaced.end());
    let change = context.edits.change(EditKind::Fallback { statement });
    context.edits.delete(change, lines);
    context.edits.replace(change, replaced, replacement);
    Ok(())
}

/// Replaces the whole `try` by the statements that schedule the coroutine.
pub(super) fn rewrite_in_async<'a>(
    context: &mut Context<'a>,
    statement: &'a StmtTry,
    parents: Parents<'_, 'a>,
) -> Outcome {
    let shape = shape::analyze(context, statement)?;
    if statement.handlers.len() != 1 || !statement.finalbody.is_empty() {
        return Err(Leave::OtherShape);
    }
    if let Some(name) = shape.loop_name
        && is_used_outside(context, name, parents.scope().range(), &shape, statement.range())
    {
        return Err(Leave::LoopUsed);
    }
    let (first, last) = (&shape.scheduled[0], &shape.scheduled[shape.scheduled.len() - 1]);
    let create_task = (!is_module_function(context, &shape.task.func))
        .then(|| context.imports.request("asyncio.create_task", statement.start()));
    let whole = context.with_trailing_comment(statement.range());
    let change = context.edits.change(EditKind::Fallback { statement: whole });
    let kept = context.with_trailing_comment(TextRange::new(first.start(), last.end()));
    let kept = TextRange::new(context.attached_comments(kept.start()), kept.end());
    context.edits.delete(change, TextRange::new(statement.start(), kept.start()));
    context.edits.delete(change, TextRange::new(kept.end(), whole.end()));
    context.dedent_to(change, kept, statement.start());
    if let Some(create_task) = create_task {
        context.edits.replace(change, shape.task.func.range(), create_task);
    }
    Ok(())
}

/// True for `asyncio.create_task`, which needs no loop.
fn is_module_function(context: &Context, function: &Expr) -> bool {
    let path = super::context::dotted(function).and_then(|path| context.imports.resolve(&path));
    path.is_some_and(|path| path == "asyncio.create_task")
}

/// True when the loop's name stands elsewhere than in its assignment and before `.create_task`.
fn is_used_outside(context: &Context, name: &str, scope: TextRange, shape: &Shape, statement: TextRange) -> bool {
    let names = |range: TextRange| {
        let tokens = context.tokens.in_range(range).iter();
        tokens.filter(|token| token.kind() == TokenKind::Name && context.slice(token.range()) == name).count()
    };
    let inside = names(shape.task.func.range());
    let kept = TextRange::new(shape.scheduled[0].start(), shape.scheduled[shape.scheduled.len() - 1].end());
    names(scope) != names(statement) || names(kept) != inside
}
