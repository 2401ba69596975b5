//! What `isinstance` tells of a name where it was tested: in the block behind the test, and behind what leaves otherwise.

use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;
use rustc_hash::FxHashSet;

use super::super::facts::*;
use super::Collector;

/// A name and the class, or classes, that it was tested for.
#[derive(Clone, Debug)]
pub(super) struct Narrowed {
    name: Name,
    classes: ValueId,
}

/// Does a condition hold, or not?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
}

impl Holds {
    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
        }
    }
}

impl Collector<'_> {
    /// Walks with what a condition tells, and forgets it again. The condition was walked before.
    pub(super) fn knowing(&mut self, test: &Expr, holds: Holds, walk: impl FnOnce(&mut Self)) {
        let before = self.narrowed.len();
        self.learn(test, holds);
        walk(self);
        self.narrowed.truncate(before);
    }

    /// Remembers what a condition tells when it holds, or when it does not.
    pub(super) fn learn(&mut self, test: &Expr, holds: Holds) {
        match test {
            Expr::UnaryOp(node) if node.op == ast::UnaryOp::Not => self.learn(&node.operand, holds.not()),
            Expr::BoolOp(node) => {
                let all = if node.op == ast::BoolOp::And { Holds::Yes } else { Holds::No };
                if holds == all {
                    node.values.iter().for_each(|value| self.learn(value, holds));
                }
            }
            Expr::Call(node) if holds == Holds::Yes => {
                let (Expr::Name(function), [Expr::Name(name), _]) = (&*node.func, &*node.arguments.args) else {
                    return;
                };
                let call = self.facts.calls.iter().rfind(|call| call.range == node.range());
                if let ("isinstance", Some(call)) = (function.id.as_str(), call) {
                    let classes = call.args[1].value;
                    self.narrowed.push(Narrowed { name: name.id.clone(), classes });
                }
            }
            _ => {}
        }
    }

    /// What holds behind a statement: an assertion, or an `if` that leaves.
    pub(super) fn learn_behind(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Assert(node) => self.learn(&node.test, Holds::Yes),
            Stmt::If(node) if node.elif_else_clauses.is_empty() && leaves(&node.body) => {
                self.learn(&node.test, Holds::No)
            }
            _ => {}
        }
    }

    /// The name was tested: its value is one of those classes.
    pub(super) fn note_narrowed(&mut self, name: &Name, value: ValueId) {
        if let Some(known) = self.narrowed.iter().rfind(|known| known.name == *name) {
            self.facts.narrowed.push((value, known.classes));
        }
    }

    /// A loop that binds a name anew may come back to uses before that.
    pub(super) fn forget_in_loop(&mut self, body: &[Stmt]) {
        if !self.narrowed.is_empty() {
            let mut stores = Stores::default();
            stores.visit_body(body);
            self.narrowed.retain(|known| !stores.names.contains(&known.name));
        }
    }

    /// The name is bound anew.
    pub(super) fn forget(&mut self, name: &Name) {
        self.narrowed.retain(|known| known.name != *name);
    }
}

/// Finds the names that statements bind.
#[derive(Default)]
struct Stores {
    names: FxHashSet<Name>,
}

impl<'a> Visitor<'a> for Stores {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && name.ctx != ast::ExprContext::Load
        {
            self.names.insert(name.id.clone());
        }
        walk_expr(self, expr);
    }
}

/// Does the block end by leaving?
fn leaves(body: &[Stmt]) -> bool {
    matches!(body.last(), Some(Stmt::Return(_) | Stmt::Raise(_) | Stmt::Continue(_) | Stmt::Break(_)))
}
