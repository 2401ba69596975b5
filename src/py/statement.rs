//! Parts of statements that the syntax tree keeps apart.

use ruff_python_ast::{Expr, StmtIf};

/// What an `if` tests, and every `elif` of it.
pub fn tests(node: &StmtIf) -> impl Iterator<Item = &Expr> {
    let clauses = node.elif_else_clauses.iter().filter_map(|clause| clause.test.as_ref());
    std::iter::once(&*node.test).chain(clauses)
}
