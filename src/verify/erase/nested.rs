//! The inverses of the changes that put a statement under a new `async with`.

use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use super::Context;
use super::body::Place;
use super::calls::sole_argument;
use super::unwrap::is_name;
use crate::edit::EditKind;

const CLOSING: [&str; 1] = ["contextlib.aclosing"];

impl Context<'_> {
    /// `with a, b:` and `with a:` around `async with b:`. Each item is entered as the change says, in the same order.
    pub(super) fn split_with(&self, change: usize, old: &Stmt, new: &Stmt) {
        let (Stmt::With(old_with), EditKind::SplitWith { entered, .. }) = (old, &self.file.edits.changes[change])
        else {
            return self.misfit(old.range(), "a `with`");
        };
        let mut items = old_with.items.as_slice();
        let mut at = new;
        loop {
            let Stmt::With(new_with) = at else { return self.misfit(old.range(), "a `with` in a `with`") };
            let Some((own, rest)) = items.split_at_checked(new_with.items.len()) else {
                return self.misfit(old.range(), "the items of the `with`");
            };
            for (old_item, new_item) in own.iter().zip(&new_with.items) {
                let becomes_async = entered.contains(&old_item.context_expr.range());
                if becomes_async != new_with.is_async || old_with.is_async {
                    return self.misfit(old.range(), "the recorded items in the `async with`");
                }
                self.expr(&old_item.context_expr, &new_item.context_expr);
                match (old_item.optional_vars.as_deref(), new_item.optional_vars.as_deref()) {
                    (Some(old_name), Some(new_name)) => self.expr(old_name, new_name),
                    (None, None) => {}
                    _ => return self.misfit(old.range(), "the names of the `with`"),
                }
            }
            items = rest;
            match new_with.body.as_slice() {
                body if items.is_empty() => return self.body(&old_with.body, body, Place::Inner),
                [inner] => at = inner,
                _ => return self.misfit(old.range(), "only a `with` in the `with`"),
            }
        }
    }

    /// `for x in g():` and `async with aclosing(g()) as items:` around `async for x in items:`.
    pub(super) fn closing(&self, old: &Stmt, new: &Stmt) {
        match (old, self.closed(new)) {
            (Stmt::For(old_for), Some((iterable, Stmt::For(new_for)))) if !old_for.is_async => {
                self.expr(&old_for.iter, iterable);
                self.expr(&old_for.target, &new_for.target);
                self.body(&old_for.body, &new_for.body, Place::Inner);
                self.body(&old_for.orelse, &new_for.orelse, Place::Inner);
            }
            _ => self.misfit(old.range(), "an `async for` over what `aclosing` is given"),
        }
    }

    /// `async with aclosing(g()) as items:` around nothing but an `async for` over `items`: what is closed, and the loop.
    pub(super) fn closed<'s>(&self, new: &'s Stmt) -> Option<(&'s Expr, &'s Stmt)> {
        let Stmt::With(with) = new else { return None };
        let ([item], [inner @ Stmt::For(each)], true) = (with.items.as_slice(), with.body.as_slice(), with.is_async)
        else {
            return None;
        };
        let (Expr::Call(call), Some(Expr::Name(name))) = (&item.context_expr, item.optional_vars.as_deref()) else {
            return None;
        };
        let iterable = sole_argument(&call.arguments).filter(|_| self.names(&call.func, &CLOSING))?;
        (each.is_async && is_name(&each.iter, &name.id)).then_some((iterable, inner))
    }
}
