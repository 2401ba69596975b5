//! AW402: shared state is read, something is awaited, and the state is written from what was read: what another task wrote in
//! between is lost.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use super::code::Code;
use super::parsed::{Body, Node, Parsed, Scan, awaits, last_name, own_expressions, own_nodes};
use super::{Detail, Finding};

/// A write that loses what happened since the read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    pub write: TextRange,
    pub read: TextRange,
}

/// Looks at the async functions of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    for body in parsed.bodies() {
        scan.findings.extend(splits(parsed.text, body).into_iter().map(|split| Finding {
            code: Code::SplitUpdate,
            file: parsed.file,
            range: split.write,
            detail: Detail::Elsewhere { file: parsed.file, range: split.read },
        }));
    }
}

/// The split updates of an async function, by its syntax alone.
pub fn splits(text: &str, body: Body) -> Vec<Split> {
    let Some(def) = body.def.filter(|def| def.is_async) else { return vec![] };
    let mut search = Search { text, outer: outer_names(&def.body), found: vec![] };
    search.block(&def.body);
    search.found
}

/// Names that the function declares `global` or `nonlocal`.
fn outer_names(statements: &[Stmt]) -> FxHashSet<String> {
    let mut names = FxHashSet::default();
    own_nodes(statements, &mut |node| match node {
        Node::Stmt(Stmt::Global(node)) => names.extend(node.names.iter().map(ToString::to_string)),
        Node::Stmt(Stmt::Nonlocal(node)) => names.extend(node.names.iter().map(ToString::to_string)),
        _ => {}
    });
    names
}

struct Search<'a> {
    text: &'a str,
    outer: FxHashSet<String>,
    found: Vec<Split>,
}

impl Search<'_> {
    fn block(&mut self, statements: &[Stmt]) {
        for (index, statement) in statements.iter().enumerate() {
            match statement {
                Stmt::AugAssign(node) => self.augmented(node),
                Stmt::Assign(node) => {
                    self.assigned(node);
                    self.carried(node, &statements[index + 1..]);
                }
                Stmt::With(node) if node.items.iter().any(guards) => continue,
                _ => {}
            }
            self.inner(statement);
        }
    }

    fn inner(&mut self, statement: &Stmt) {
        match statement {
            Stmt::If(node) => {
                self.block(&node.body);
                node.elif_else_clauses.iter().for_each(|clause| self.block(&clause.body));
            }
            Stmt::For(node) => {
                self.block(&node.body);
                self.block(&node.orelse);
            }
            Stmt::While(node) => {
                self.block(&node.body);
                self.block(&node.orelse);
            }
            Stmt::With(node) => self.block(&node.body),
            Stmt::Try(node) => {
                self.block(&node.body);
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    self.block(&handler.body);
                }
                self.block(&node.orelse);
                self.block(&node.finalbody);
            }
            Stmt::Match(node) => node.cases.iter().for_each(|case| self.block(&case.body)),
            _ => {}
        }
    }

    /// `self.total += await f()`: Python reads `self.total` first.
    fn augmented(&mut self, node: &ast::StmtAugAssign) {
        if self.is_shared(&node.target) && has_await(&node.value) {
            self.found.push(Split { write: node.range, read: node.target.range() });
        }
    }

    /// `self.total = self.total + await f()`.
    fn assigned(&mut self, node: &ast::StmtAssign) {
        let ([target], Expr::BinOp(sum)) = (node.targets.as_slice(), &*node.value) else { return };
        if !self.is_shared(target) || !has_await(&sum.right) || has_await(&sum.left) {
            return;
        }
        if let Some(read) = self.reads(&sum.left, target) {
            self.found.push(Split { write: node.range, read });
        }
    }

    /// `n = self.count`, an await, then `self.count = n + 1`.
    fn carried(&mut self, node: &ast::StmtAssign, rest: &[Stmt]) {
        let [Expr::Name(name)] = node.targets.as_slice() else { return };
        let mut shared = vec![];
        own_expressions(&node.value, &mut |expr| {
            if self.is_shared(expr) {
                shared.push(expr);
            }
        });
        if shared.is_empty() || has_await(&node.value) {
            return;
        }
        let mut waited = false;
        for statement in rest {
            let mut writes = vec![];
            let mut reassigned = false;
            own_nodes(std::slice::from_ref(statement), &mut |inner| {
                let Node::Stmt(Stmt::Assign(inner)) = inner else { return };
                reassigned |=
                    inner.targets.iter().any(|target| matches!(target, Expr::Name(other) if other.id == name.id));
                writes.push(inner);
            });
            for write in writes {
                let [target] = write.targets.as_slice() else { continue };
                let Some(read) = shared.iter().find(|read| self.same(read, target)) else { continue };
                let computes = !matches!(&*write.value, Expr::Name(_)) && uses(&write.value, &name.id);
                // A write that reads anew loses nothing.
                if waited && computes && self.reads(&write.value, target).is_none() {
                    self.found.push(Split { write: write.range, read: read.range() });
                }
                return;
            }
            if reassigned {
                return;
            }
            waited |= awaits(std::slice::from_ref(statement));
        }
    }

    /// An attribute or item of `self` or `cls`, or a name of an outer scope.
    fn is_shared(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => self.outer.contains(name.id.as_str()),
            Expr::Attribute(node) => match &*node.value {
                Expr::Name(name) => matches!(name.id.as_str(), "self" | "cls") || self.outer.contains(name.id.as_str()),
                value => self.is_shared(value),
            },
            Expr::Subscript(node) => self.is_shared(&node.value),
            _ => false,
        }
    }

    fn same(&self, left: &Expr, right: &Expr) -> bool {
        self.text[left.range()] == self.text[right.range()]
    }

    /// Where `expr` reads what `target` is.
    fn reads(&self, expr: &Expr, target: &Expr) -> Option<TextRange> {
        let mut found = None;
        own_expressions(expr, &mut |expr| {
            if self.same(expr, target) {
                found.get_or_insert(expr.range());
            }
        });
        found
    }
}

/// A lock, or something that keeps other tasks out by its name. What is entered without being made there is one as well.
fn guards(item: &ast::WithItem) -> bool {
    matches!(item.context_expr, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_))
        || last_name(&item.context_expr).is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            ["lock", "mutex", "semaphore", "condition", "guard", "transaction", "exclusive"]
                .iter()
                .any(|word| name.contains(word))
        })
}

fn has_await(expr: &Expr) -> bool {
    let mut found = false;
    own_expressions(expr, &mut |expr| found |= matches!(expr, Expr::Await(_)));
    found
}

fn uses(expr: &Expr, name: &str) -> bool {
    let mut found = false;
    own_expressions(expr, &mut |expr| found |= matches!(expr, Expr::Name(used) if used.id == name));
    found
}
