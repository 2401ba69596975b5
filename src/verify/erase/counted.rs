//! The inverse of the change that counts beside an `async for`.

use ruff_python_ast::{Expr, Stmt, StmtFor};
use ruff_text_size::{Ranged, TextRange};

use super::Context;
use super::body::{Place, stands_alone};
use super::calls::sole_argument;
use super::unwrap::is_name;
use crate::edit::EditKind;

const COUNT: [&str; 1] = ["itertools.count"];

impl Context<'_> {
    /// `for i, x in enumerate(g(), n):`, and `numbers = count(n)` before `async for x in g():` with `i = next(numbers)` first in
    /// its body. True when the statement carries such a change; it takes two of the new ones then.
    pub(super) fn counted(&self, old: &Stmt, new: &[Stmt]) -> bool {
        if self.take(old.range(), |kind| matches!(kind, EditKind::Counted { .. })).is_none() {
            return false;
        }
        match (old, new) {
            (Stmt::For(old_for), [counter, Stmt::For(new_for), ..]) => {
                if !self.is_counted(old_for, counter, new_for) {
                    self.misfit(old.range(), "a loop with a counter");
                }
            }
            _ => self.misfit(old.range(), "a counter before a loop"),
        }
        true
    }

    fn is_counted(&self, old: &StmtFor, counter: &Stmt, new: &StmtFor) -> bool {
        let (Some((numbers, start)), Expr::Call(enumerated)) = (self.counter(counter), &*old.iter) else {
            return false;
        };
        let (iterable, old_start) = match (&*enumerated.arguments.args, &*enumerated.arguments.keywords) {
            ([iterable], []) => (iterable, None),
            ([iterable, start], []) => (iterable, Some(start)),
            ([iterable], [keyword]) if keyword.arg.as_deref() == Some("start") => (iterable, Some(&keyword.value)),
            _ => return false,
        };
        let starts_alike = match (old_start, start) {
            (None, None) => true,
            (Some(old @ (Expr::NumberLiteral(_) | Expr::Name(_))), Some(new)) => {
                self.expr(old, new);
                true
            }
            _ => false,
        };
        let pair = match &*old.target {
            Expr::Tuple(tuple) => tuple.elts.as_slice(),
            Expr::List(list) => list.elts.as_slice(),
            _ => return false,
        };
        let ([Expr::Name(number), element], [first, body @ ..]) = (pair, new.body.as_slice()) else { return false };
        let is_shape = starts_alike
            && !old.is_async
            && new.is_async
            && is_name(&enumerated.func, "enumerate")
            && only_names(element)
            && binds_next(first, &number.id, numbers)
            && self.is_only_there(numbers, new);
        if is_shape {
            self.expr(element, &new.target);
            self.expr(iterable, &new.iter);
            self.body(&old.body, body, Place::Inner);
            self.body(&old.orelse, &new.orelse, Place::Inner);
        }
        is_shape
    }

    /// `numbers = count(start)`: the name and the start.
    fn counter<'s>(&self, statement: &'s Stmt) -> Option<(&'s str, Option<&'s Expr>)> {
        let Stmt::Assign(assign) = statement else { return None };
        let ([Expr::Name(name)], Expr::Call(call)) = (assign.targets.as_slice(), &*assign.value) else { return None };
        let start = match sole_argument(&call.arguments) {
            Some(start) => Some(start),
            None if call.arguments.is_empty() => None,
            None => return None,
        };
        self.names(&call.func, &COUNT).then_some((name.id.as_str(), start))
    }

    /// Nothing in the loop but the one `next` names the counter: neither the old loop nor a counter inside of it.
    fn is_only_there(&self, name: &str, new: &StmtFor) -> bool {
        let range = TextRange::new(new.range.start(), new.range.end());
        let text = self.file.new.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        text.match_indices(name).filter(|(at, _)| stands_alone(text, *at, at + name.len())).count() == 1
    }
}

/// `number = next(numbers)`
fn binds_next(statement: &Stmt, number: &str, numbers: &str) -> bool {
    let Stmt::Assign(assign) = statement else { return false };
    let ([target], Expr::Call(call)) = (assign.targets.as_slice(), &*assign.value) else { return false };
    let given = sole_argument(&call.arguments);
    is_name(target, number) && is_name(&call.func, "next") && given.is_some_and(|given| is_name(given, numbers))
}

fn only_names(target: &Expr) -> bool {
    match target {
        Expr::Name(_) => true,
        Expr::Tuple(tuple) => tuple.elts.iter().all(only_names),
        Expr::List(list) => list.elts.iter().all(only_names),
        Expr::Starred(starred) => only_names(&starred.value),
        _ => false,
    }
}
