//! Recognizes a fallback: work is scheduled on the running loop, and run in a new one when there is none.

use ruff_python_ast::{ExceptHandler, Expr, ExprCall, Stmt, StmtTry};

use crate::rewrite::Leave;
use crate::rewrite::context::{Context, dotted};

/// The parts of a fallback.
pub(super) struct Shape<'a> {
    /// The statements that schedule the coroutine; the first holds `task`.
    pub scheduled: &'a [Stmt],
    /// The `create_task(c())` call.
    pub task: &'a ExprCall,
    /// The name that the running loop was assigned to.
    pub loop_name: Option<&'a str>,
    /// The `asyncio.run(c())` statement of the handler.
    pub run: &'a Stmt,
    /// The call in `run`.
    pub run_call: &'a ExprCall,
}

pub(super) fn analyze<'a>(context: &Context, statement: &'a StmtTry) -> Result<Shape<'a>, Leave> {
    let (run, run_call) = run_statement(context, statement)?;
    let (loop_name, rest) = after_loop_lookup(context, &statement.body);
    let scheduled = match (rest, statement.orelse.as_slice()) {
        ([], scheduled) | (scheduled, []) => scheduled,
        _ => return Err(Leave::OtherShape),
    };
    of_parts(scheduled, loop_name, run, run_call)
}

/// A shape whose first scheduled statement makes the task.
pub(super) fn of_parts<'a>(
    scheduled: &'a [Stmt],
    loop_name: Option<&'a str>,
    run: &'a Stmt,
    run_call: &'a ExprCall,
) -> Result<Shape<'a>, Leave> {
    let [first, others @ ..] = scheduled else { return Err(Leave::OtherShape) };
    if !others.iter().all(is_simple) {
        return Err(Leave::OtherShape);
    }
    if first.is_return_stmt() {
        return Err(Leave::ResultUsed);
    }
    let task = value(first).and_then(as_call).filter(|call| schedules(call)).ok_or(Leave::OtherShape)?;
    Ok(Shape { scheduled, task, loop_name, run, run_call })
}

/// The one `asyncio.run(...)` statement of the `except RuntimeError`.
fn run_statement<'a>(context: &Context, statement: &'a StmtTry) -> Result<(&'a Stmt, &'a ExprCall), Leave> {
    let handlers = statement.handlers.iter().map(|handler| match handler {
        ExceptHandler::ExceptHandler(handler) => handler,
    });
    let mut catching = handlers.filter(|handler| handler.type_.as_deref().is_some_and(catches_runtime_error));
    let handler = catching.next().ok_or(Leave::OtherShape)?;
    run_among(context, &handler.body)
}

/// The one statement that runs a loop.
pub(super) fn run_among<'a>(context: &Context, body: &'a [Stmt]) -> Result<(&'a Stmt, &'a ExprCall), Leave> {
    let mut runs = body.iter().filter_map(|statement| {
        let call = value(statement).and_then(as_call)?;
        runs_loop(context, call).then_some((statement, call))
    });
    let (run, call) = runs.next().ok_or(Leave::OtherShape)?;
    if runs.next().is_some() {
        return Err(Leave::OtherShape);
    }
    if run.is_expr_stmt() { Ok((run, call)) } else { Err(Leave::ResultUsed) }
}

fn catches_runtime_error(caught: &Expr) -> bool {
    match caught {
        Expr::Name(name) => name.id == "RuntimeError",
        Expr::Tuple(tuple) => tuple.iter().any(catches_runtime_error),
        _ => false,
    }
}

/// `asyncio.run(...)` under whatever name.
fn runs_loop(context: &Context, call: &ExprCall) -> bool {
    let Some(name) = dotted(&call.func) else { return false };
    let path = context.imports.resolve(&name).unwrap_or(name);
    path == "asyncio.run" || path == "anyio.run" || path.ends_with(".run_until_complete")
}

/// The statements behind `loop = asyncio.get_running_loop()`, and the name it binds.
fn after_loop_lookup<'a>(context: &Context, body: &'a [Stmt]) -> (Option<&'a str>, &'a [Stmt]) {
    let looks_up = |statement: &'a Stmt| {
        let call = value(statement).and_then(as_call)?;
        let name = dotted(&call.func)?;
        let path = context.imports.resolve(&name).unwrap_or(name);
        ["asyncio.get_running_loop", "asyncio.get_event_loop"].contains(&path.as_str()).then_some(statement)
    };
    let Some((first, rest)) = body.split_first() else { return (None, body) };
    match looks_up(first) {
        Some(Stmt::Assign(assign)) => match assign.targets.as_slice() {
            [Expr::Name(name)] => (Some(name.id.as_str()), rest),
            _ => (None, body),
        },
        Some(Stmt::Expr(_)) => (None, rest),
        _ => (None, body),
    }
}

/// `loop.create_task(c())`, `asyncio.create_task(c())`, `asyncio.ensure_future(c())`.
fn schedules(call: &ExprCall) -> bool {
    const NAMES: [&str; 2] = ["create_task", "ensure_future"];
    match &*call.func {
        Expr::Attribute(attribute) => NAMES.contains(&attribute.attr.as_str()),
        Expr::Name(name) => NAMES.contains(&name.id.as_str()),
        _ => false,
    }
}

fn is_simple(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(_) | Stmt::Assign(_) | Stmt::AnnAssign(_) | Stmt::AugAssign(_) | Stmt::Pass(_))
}

/// The value of a statement that computes one.
fn value(statement: &Stmt) -> Option<&Expr> {
    match statement {
        Stmt::Expr(statement) => Some(&statement.value),
        Stmt::Assign(statement) => Some(&statement.value),
        Stmt::AnnAssign(statement) => statement.value.as_deref(),
        Stmt::Return(statement) => statement.value.as_deref(),
        _ => None,
    }
}

fn as_call(expression: &Expr) -> Option<&ExprCall> {
    expression.as_call_expr()
}
