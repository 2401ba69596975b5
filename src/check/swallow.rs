//! AW210: a handler around an await that takes cancellation and keeps it. AW703: one that drops an error without a word.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::Finding;
use super::code::Code;
use super::parsed::{Body, Node, Parsed, Scan, awaits, last_name, own_nodes};

/// Looks at the handlers of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    for body in parsed.bodies().into_iter().filter(|body| body.is_async()) {
        let swallowed = places(body).into_iter().map(|range| Finding::plain(Code::Swallow, parsed.file, range));
        scan.findings.extend(swallowed);
        own_nodes(body.statements, &mut |node| {
            let Node::Stmt(Stmt::Try(node)) = node else { return };
            if !awaits(&node.body) {
                return;
            }
            scan.counts.handlers += node.handlers.len();
            for ExceptHandler::ExceptHandler(handler) in &node.handlers {
                if names(handler.type_.as_deref(), &["Exception"]) && is_silent(&handler.body) {
                    scan.findings.push(Finding::plain(Code::ErrorSilenced, parsed.file, head(handler)));
                }
            }
        });
    }
}

/// The handlers of an async function that swallow cancellation around an await, by their syntax alone.
pub fn places(body: Body) -> Vec<TextRange> {
    let mut found = vec![];
    if !body.is_async() {
        return found;
    }
    own_nodes(body.statements, &mut |node| {
        let Node::Stmt(Stmt::Try(node)) = node else { return };
        if awaits(&node.body) {
            found.extend(swallowing(node).map(head));
        }
    });
    found
}

/// The first handler that takes a cancellation, when it keeps it.
fn swallowing(node: &ast::StmtTry) -> Option<&ast::ExceptHandlerExceptHandler> {
    let mut handlers = node.handlers.iter().map(|ExceptHandler::ExceptHandler(handler)| handler);
    let taker =
        handlers.find(|handler| takes_cancellation(handler) || names(handler.type_.as_deref(), &["CancelledError"]))?;
    (takes_cancellation(taker) && !hands_on(taker)).then_some(taker)
}

/// `except ...` up to its colon or so.
fn head(handler: &ast::ExceptHandlerExceptHandler) -> TextRange {
    let end = handler.type_.as_deref().map_or(handler.start() + ruff_text_size::TextSize::of("except"), Ranged::end);
    TextRange::new(handler.start(), end)
}

/// A bare `except`, or one that names `BaseException`.
fn takes_cancellation(handler: &ast::ExceptHandlerExceptHandler) -> bool {
    handler.type_.is_none() || names(handler.type_.as_deref(), &["BaseException"])
}

fn names(expr: Option<&Expr>, wanted: &[&str]) -> bool {
    match expr {
        Some(Expr::Tuple(tuple)) => tuple.elts.iter().any(|element| names(Some(element), wanted)),
        Some(expr) => last_name(expr).is_some_and(|name| wanted.contains(&name)),
        None => false,
    }
}

/// Does the exception go anywhere: raised again, kept, given to somebody who is not a logger, or is the process ended?
fn hands_on(handler: &ast::ExceptHandlerExceptHandler) -> bool {
    let name = handler.name.as_ref().map(|name| name.id.clone());
    let mut found = false;
    own_nodes(&handler.body, &mut |node| match node {
        Node::Stmt(Stmt::Raise(_)) => found = true,
        Node::Stmt(Stmt::Return(node)) => {
            found |= node.value.as_deref().is_some_and(|value| mentions(value, name.as_deref()))
        }
        Node::Stmt(Stmt::Assign(node)) => found |= mentions(&node.value, name.as_deref()),
        Node::Expr(Expr::Yield(node)) => {
            found |= node.value.as_deref().is_some_and(|value| mentions(value, name.as_deref()))
        }
        Node::Expr(Expr::Call(call)) => {
            let callee = last_name(&call.func).unwrap_or_default();
            let is_exit = matches!(callee, "exit" | "_exit" | "abort" | "exc_info");
            let given = call.arguments.iter_source_order().any(|argument| mentions(argument.value(), name.as_deref()));
            found |= is_exit || given && !is_log(call);
        }
        _ => {}
    });
    found
}

fn mentions(expr: &Expr, name: Option<&str>) -> bool {
    let Some(wanted) = name else { return false };
    let mut found = false;
    super::parsed::own_expressions(expr, &mut |expr| {
        found |= matches!(expr, Expr::Name(name) if name.id == wanted);
    });
    found
}

/// `logger.exception(...)`, `print(...)`, `str(e)`, `traceback.print_exc(...)`.
fn is_log(call: &ast::ExprCall) -> bool {
    let callee = last_name(&call.func).unwrap_or_default();
    let logs = [
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "exception",
        "critical",
        "log",
        "print",
        "str",
        "repr",
        "format",
        "type",
        "isinstance",
    ];
    logs.contains(&callee) || callee.starts_with("print_") || callee.starts_with("format_")
}

/// Nothing but `pass`, `continue` or `...`.
fn is_silent(body: &[Stmt]) -> bool {
    body.iter().all(|statement| match statement {
        Stmt::Pass(_) | Stmt::Continue(_) => true,
        Stmt::Expr(node) => matches!(&*node.value, Expr::EllipsisLiteral(_)),
        _ => false,
    })
}
