//! AW603: `continue` (or nothing) in a handler inside of a transaction: the failed statement is skipped, and what was done
//! before it is committed; on PostgreSQL every statement after it fails.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::Ranged;

use super::code::Code;
use super::parsed::{Node, Parsed, Scan, last_name, own_nodes};
use super::{Detail, Finding};

/// Looks at the transactions of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    for body in parsed.bodies() {
        own_nodes(body.statements, &mut |node| {
            let Node::Stmt(Stmt::With(with)) = node else { return };
            let Some(item) = with.items.iter().find(|item| opens_transaction(&item.context_expr)) else { return };
            own_nodes(&with.body, &mut |node| {
                let repeated: &[Stmt] = match node {
                    Node::Stmt(Stmt::For(node)) => &node.body,
                    Node::Stmt(Stmt::While(node)) => &node.body,
                    _ => return,
                };
                for statement in repeated {
                    let Stmt::Try(attempt) = statement else { continue };
                    for handler in skipping(attempt) {
                        scan.findings.push(Finding {
                            code: Code::SkippedError,
                            file: parsed.file,
                            range: handler.range(),
                            detail: Detail::Elsewhere { file: parsed.file, range: item.context_expr.range() },
                        });
                    }
                }
            });
        });
    }
}

/// `conn.transaction()`, `session.begin()`, `transaction.atomic()`.
fn opens_transaction(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(_))
        && last_name(expr).is_some_and(|name| {
            matches!(name, "transaction" | "begin" | "begin_nested" | "atomic" | "start_transaction" | "in_transaction")
        })
}

/// Handlers that go on with the loop, around statements without a savepoint of their own.
fn skipping(attempt: &ast::StmtTry) -> Vec<&ast::ExceptHandlerExceptHandler> {
    let mut has_savepoint = false;
    own_nodes(&attempt.body, &mut |node| {
        has_savepoint |= match node {
            Node::Stmt(Stmt::With(with)) => with.items.iter().any(|item| opens_transaction(&item.context_expr)),
            Node::Expr(Expr::Call(call)) => matches!(last_name(&call.func), Some("savepoint" | "begin_nested")),
            _ => false,
        };
    });
    let waits = |statements: &[Stmt]| {
        let mut found = false;
        own_nodes(statements, &mut |node| found |= matches!(node, Node::Expr(Expr::Call(_))));
        found
    };
    if has_savepoint || !waits(&attempt.body) {
        return vec![];
    }
    let handlers = attempt.handlers.iter().map(|ExceptHandler::ExceptHandler(handler)| handler);
    handlers.filter(|handler| goes_on(&handler.body)).collect()
}

/// Ends in `continue`, or does nothing, without raising or rolling back.
fn goes_on(body: &[Stmt]) -> bool {
    let mut undoes = false;
    own_nodes(body, &mut |node| {
        undoes |= match node {
            Node::Stmt(Stmt::Raise(_) | Stmt::Return(_) | Stmt::Break(_)) => true,
            Node::Expr(Expr::Call(call)) => last_name(&call.func).is_some_and(|name| name.contains("rollback")),
            _ => false,
        };
    });
    !undoes && body.last().is_some_and(|last| matches!(last, Stmt::Continue(_) | Stmt::Pass(_)))
}
