//! Functions that ty would take forever over: each `isinstance(x, A) and x == y` in a row doubles what is left for `x` behind it.

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_stmt};
use ruff_python_ast::{AnyNodeRef, BoolOp, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::statement;

/// More such tests in one function are not waited for: ten take milliseconds, twenty minutes.
const MOST: usize = 12;

/// The functions with too many such tests.
pub(super) fn hopeless(body: &[Stmt]) -> Vec<TextRange> {
    let mut finder = Finder::default();
    finder.visit_body(body);
    finder.found
}

#[derive(Default)]
struct Finder {
    tests: usize,
    found: Vec<TextRange>,
}

impl Finder {
    fn test(&mut self, test: &Expr) {
        if let Expr::BoolOp(node) = test {
            let is_call = |value: &Expr| matches!(value, Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id == "isinstance"));
            self.tests += usize::from(node.op == BoolOp::And && node.values.iter().any(is_call));
        }
    }
}

impl<'a> SourceOrderVisitor<'a> for Finder {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        if node.is_expression() { TraversalSignal::Skip } else { TraversalSignal::Traverse }
    }

    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(_) => {
                let outer = std::mem::take(&mut self.tests);
                walk_stmt(self, statement);
                if self.tests > MOST {
                    self.found.push(statement.range());
                }
                self.tests = outer;
            }
            Stmt::If(node) => {
                statement::tests(node).for_each(|test| self.test(test));
                walk_stmt(self, statement);
            }
            _ => walk_stmt(self, statement),
        }
    }
}

#[cfg(test)]
mod tests {
    use ruff_python_parser::parse_module;

    use super::*;

    #[test]
    fn functions_with_many_narrowing_tests() {
        let chain = |name: &str, count: usize, test: &str| {
            let clauses: String = (1..count).map(|_| format!("    elif {test}:\n        pass\n")).collect();
            format!("def {name}(x, y):\n    if {test}:\n        pass\n{clauses}")
        };
        let many = chain("many", MOST + 1, "isinstance(x, str) and x == y");
        let few = chain("few", MOST, "isinstance(x, str) and x == y");
        let plain = chain("plain", 100, "x == y or isinstance(x, int)");
        let found = |text: &str| hopeless(parse_module(text).unwrap().suite()).len();
        assert_eq!([found(&many), found(&few), found(&plain)], [1, 0, 0]);
        // The function around it has few of its own.
        let inner: String = many.lines().map(|line| format!("    {line}\n")).collect();
        assert_eq!(found(&format!("def outer():\n{inner}{few}")), 1);
    }
}
