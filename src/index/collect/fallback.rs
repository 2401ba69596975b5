//! Fallbacks: work is scheduled on the running loop, and run in a loop of its own when there is none.

use ruff_python_ast::{self as ast, CmpOp, ExceptHandler, Expr, Stmt, UnaryOp};
use ruff_text_size::{Ranged, TextRange};

use super::exception::catches;

/// The `asyncio.run(...)` call in the `except RuntimeError` handler of a `try` that makes a task.
pub(super) fn of_try(node: &ast::StmtTry) -> Option<TextRange> {
    let [handler] = node.handlers.as_slice() else { return None };
    let schedules = node.body.iter().chain(&node.orelse).any(makes_task);
    if !catches(handler, &["RuntimeError"]) || !schedules {
        return None;
    }
    let ExceptHandler::ExceptHandler(handler) = handler;
    handler.body.iter().find_map(run)
}

/// The `run_until_complete(...)` call of `if loop.is_running(): loop.create_task(c())` / `else: loop.run_until_complete(c())`.
pub(super) fn of_if(node: &ast::StmtIf) -> Option<TextRange> {
    let [clause] = node.elif_else_clauses.as_slice() else { return None };
    if clause.test.is_some() || !tests_loop(&node.test) {
        return None;
    }
    let branches = [(&node.body, &clause.body), (&clause.body, &node.body)];
    let (_, alone) = branches.into_iter().find(|(scheduled, _)| scheduled.iter().any(makes_task))?;
    alone.iter().find_map(run)
}

/// Does the test ask for a loop: `loop.is_running()`, `loop is not None`, `loop`?
fn tests_loop(test: &Expr) -> bool {
    match test {
        Expr::Call(call) => matches!(&*call.func, Expr::Attribute(attribute) if attribute.attr.id == "is_running"),
        Expr::Name(name) => name.id.contains("loop"),
        Expr::UnaryOp(node) => node.op == UnaryOp::Not && tests_loop(&node.operand),
        Expr::BoolOp(node) => node.values.iter().all(tests_loop),
        Expr::Compare(node) => {
            matches!(&*node.ops, [CmpOp::Is | CmpOp::IsNot])
                && node.comparators.iter().all(Expr::is_none_literal_expr)
                && tests_loop(&node.left)
        }
        _ => false,
    }
}

/// `asyncio.run(c())`, `loop.run_until_complete(c())` as a statement.
fn run(statement: &Stmt) -> Option<TextRange> {
    let Stmt::Expr(node) = statement else { return None };
    let Expr::Call(call) = &*node.value else { return None };
    let name = match &*call.func {
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::Name(name) => name.id.as_str(),
        _ => return None,
    };
    matches!(name, "run" | "run_until_complete").then_some(call.range())
}

fn makes_task(statement: &Stmt) -> bool {
    let value = match statement {
        Stmt::Expr(node) => &node.value,
        Stmt::Assign(node) => &node.value,
        _ => return false,
    };
    let Expr::Call(call) = &**value else { return false };
    match &*call.func {
        Expr::Attribute(attribute) => matches!(attribute.attr.as_str(), "create_task" | "ensure_future"),
        Expr::Name(name) => matches!(name.id.as_str(), "create_task" | "ensure_future"),
        _ => false,
    }
}
