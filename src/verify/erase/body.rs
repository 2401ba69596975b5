//! Lists of statements, decorators and import names: where edits add whole entries.

use ruff_python_ast::{Alias, Decorator, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::Context;
use super::calls::sole_argument;
use super::imports::dotted;
use super::unwrap::is_name;
use crate::edit::{Edit, EditKind};
use crate::plan::YieldSource;

/// What makes a logger; only the first needs a name.
const LOGGERS: [&str; 3] = ["logging.getLogger", "structlog.get_logger", "structlog.getLogger"];
/// The decorators that a change may add.
const DECORATORS: [&str; 5] = [
    "pytest.mark.asyncio",
    "pytest.mark.anyio",
    "pytest_asyncio.fixture",
    "contextlib.asynccontextmanager",
    "functools.wraps",
];

/// Where a list of statements stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Module,
    Inner,
    /// The body of an `except` clause.
    Handler,
}

impl Context<'_> {
    pub(super) fn body(&self, old: &[Stmt], new: &[Stmt], place: Place) {
        let mut old = old;
        let mut new = new;
        loop {
            if let [first, rest @ ..] = new
                && place == Place::Module
                && self.added(first)
            {
                new = rest;
                continue;
            }
            let Some((first, after)) = old.split_first() else { break };
            self.top.set(place == Place::Module);
            if let Some(taken) = self.fallback(old, new, place) {
                (old, new) = (after, &new[taken..]);
                continue;
            }
            if let Some(taken) = self.joined(old, new) {
                (old, new) = (&old[taken..], new.get(1..).unwrap_or_default());
                continue;
            }
            if self.take(first.range(), |kind| matches!(kind, EditKind::MainGuard { .. })).is_some() {
                let [function, guard, rest @ ..] = new else {
                    return self.misfit(first.range(), "a function and a guard");
                };
                self.main_guard(first, function, guard);
                (old, new) = (after, rest);
                continue;
            }
            if self.take(first.range(), |kind| matches!(kind, EditKind::Bridge { .. })).is_some() {
                let [face, inner, rest @ ..] = new else {
                    return self.misfit(first.range(), "a function and its body");
                };
                self.bridge(first, face, inner);
                (old, new) = (after, rest);
                continue;
            }
            if self.hoisted(first, new) {
                (old, new) = (after, new.get(2..).unwrap_or_default());
                continue;
            }
            if self.counted(first, new) {
                (old, new) = (after, new.get(2..).unwrap_or_default());
                continue;
            }
            let Some((counterpart, rest)) = new.split_first() else {
                return self.fail(first.start(), "the statement is lost");
            };
            match self.take(first.range(), |kind| matches!(kind, EditKind::YieldFrom { .. })) {
                Some(change) => self.yield_from(change, first, counterpart),
                None => self.stmt(first, counterpart),
            }
            (old, new) = (after, rest);
        }
        if let Some(extra) = new.first() {
            self.fail(self.offsets.to_old(extra.start()), "a statement is added");
        }
    }

    /// True for an import or logger statement that such a change wrote; it is checked and counts as met.
    fn added(&self, stmt: &Stmt) -> bool {
        let Some(change) = self.written_by(stmt.range()) else { return false };
        let fits = match self.file.edits.changes[change] {
            EditKind::Import => match stmt {
                Stmt::Import(import) => import.names.iter().all(|alias| self.needed(alias)),
                Stmt::ImportFrom(import) => import.names.iter().all(|alias| self.needed(alias)),
                _ => false,
            },
            EditKind::Logger => self.is_logger(stmt),
            _ => false,
        };
        if fits {
            self.used.borrow_mut()[change] = true;
        }
        fits
    }

    /// An import is added for a name that some other edit wrote.
    fn needed(&self, alias: &Alias) -> bool {
        self.edits_that_write(bound(alias)).next().is_some()
    }

    /// Edits but those of imports in whose text the word stands.
    fn edits_that_write<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Edit> {
        let word = move |text: &str| text.match_indices(name).any(|(at, _)| stands_alone(text, at, at + name.len()));
        let edits = &self.file.edits;
        edits.edits.iter().filter(move |edit| edits.changes[edit.change] != EditKind::Import && word(&edit.text))
    }

    /// Is the new name written only over names that the same statement binds? It may stand wherever that stands then, under
    /// `if TYPE_CHECKING:` too.
    fn takes_place_of(&self, old: &[Alias], new: &Alias) -> bool {
        let is_old = |edit: &Edit| old.iter().any(|old| bound(old) == self.old_text(edit.range));
        self.edits_that_write(bound(new)).all(is_old)
    }

    /// `name = logging.getLogger(__name__)`, or `structlog.get_logger()`.
    fn is_logger(&self, stmt: &Stmt) -> bool {
        let Stmt::Assign(assign) = stmt else { return false };
        let ([Expr::Name(_)], Expr::Call(call)) = (assign.targets.as_slice(), &*assign.value) else { return false };
        match sole_argument(&call.arguments) {
            Some(argument) => is_name(argument, "__name__") && self.names(&call.func, &LOGGERS),
            None => call.arguments.is_empty() && self.names(&call.func, &LOGGERS[1..]),
        }
    }

    /// True when the word that `alias` binds stands anywhere in the new text.
    fn is_used(&self, alias: &Alias) -> bool {
        let (name, new) = (bound(alias), self.file.new);
        new.match_indices(name).any(|(at, _)| stands_alone(new, at, at + name.len()))
    }

    /// The change whose edit wrote all of `range` of the new text.
    fn written_by(&self, range: TextRange) -> Option<usize> {
        Some(self.file.edits.edits[self.offsets.written_by(range)?].change)
    }

    /// Names of an import statement. A change may add names to one at module level, or beside those whose place they take, and
    /// replace those that nothing uses any more.
    pub(super) fn aliases(&self, before: &[Alias], new: &[Alias]) {
        let mut old: Vec<&Alias> = before.iter().collect();
        let mut kept = Vec::with_capacity(new.len());
        for alias in new {
            let edit = self.offsets.written_by(alias.range).map(|edit| &self.file.edits.edits[edit]);
            let Some(edit) = edit.filter(|edit| self.file.edits.changes[edit.change] == EditKind::Import) else {
                kept.push(alias);
                continue;
            };
            // Where all are put in order again, one stands in the place of another.
            if let Some(moved) = old.iter().position(|old| is_same(old, alias)) {
                self.used.borrow_mut()[edit.change] = true;
                old.remove(moved);
                continue;
            }
            let in_place = old.iter().position(|old| old.range == edit.range && !self.is_used(old));
            let is_dropped = |old: &&Alias| self.offsets.touches(old.range) && !self.is_used(old);
            let elsewhere = || old.iter().position(is_dropped).filter(|_| !edit.range.is_empty());
            let replaced = in_place.or_else(elsewhere);
            let may_be_added = || edit.range.is_empty() && (self.top.get() || self.takes_place_of(before, alias));
            if self.needed(alias) && (replaced.is_some() || may_be_added()) {
                self.used.borrow_mut()[edit.change] = true;
                replaced.map(|index| old.remove(index));
            } else {
                kept.push(alias);
            }
        }
        if old.len() != kept.len() {
            let at = old.first().map_or_else(Default::default, Ranged::start);
            return self.fail(at, "the names of the import statement differ");
        }
        for (old, new) in old.into_iter().zip(kept) {
            self.identifier(&old.name, &new.name);
            match (&old.asname, &new.asname) {
                (None, None) => {}
                (Some(old), Some(new)) => self.identifier(old, new),
                _ => self.fail(old.start(), "the names of the import statement differ"),
            }
        }
    }

    /// Decorators of the statement at `owner`. A change may add some.
    pub(super) fn decorators(&self, old: &[Decorator], new: &[Decorator], owner: TextRange) {
        let is_added = |change: &usize| match &self.file.edits.changes[*change] {
            EditKind::Decorator { function, .. } => *function == owner && !self.used.borrow()[*change],
            _ => false,
        };
        let mut kept = Vec::with_capacity(new.len());
        for decorator in new {
            match self.written_by(decorator.expression.range()).filter(is_added) {
                Some(change) => {
                    self.used.borrow_mut()[change] = true;
                    self.decorator_is_recorded(change, &decorator.expression);
                }
                None => kept.push(decorator),
            }
        }
        if old.len() != kept.len() {
            return self.fail(owner.start(), "the decorators differ");
        }
        old.iter().zip(kept).for_each(|(old, new)| self.expr(&old.expression, &new.expression));
    }

    fn decorator_is_recorded(&self, change: usize, decorator: &Expr) {
        let EditKind::Decorator { decorator: recorded, .. } = &self.file.edits.changes[change] else { return };
        let callee = decorator.as_call_expr().map_or(decorator, |call| &call.func);
        let is_recorded = dotted(callee).is_some_and(|name| self.imports.stands_for(&name, recorded));
        if !is_recorded || !self.names(callee, &DECORATORS) {
            self.fail(self.offsets.to_old(decorator.start()), "the added decorator is not known, or not imported");
        }
    }

    /// `yield from g()` and `async for item in g(): yield item` (or `for`).
    fn yield_from(&self, change: usize, old: &Stmt, new: &Stmt) {
        let (new, closed) = match self.closed(new) {
            Some((iterable, each)) => (each, Some(iterable)),
            None => (new, None),
        };
        let (Stmt::Expr(statement), Stmt::For(each)) = (old, new) else {
            return self.misfit(old.range(), "a loop that yields");
        };
        let source = match (closed, each.is_async) {
            (Some(_), _) => YieldSource::Closing,
            (None, true) => YieldSource::Async,
            (None, false) => YieldSource::Sync,
        };
        let recorded = EditKind::YieldFrom { statement: old.range(), source };
        let (Expr::YieldFrom(source), Expr::Name(item)) = (&*statement.value, &*each.target) else {
            return self.misfit(old.range(), "a loop that yields");
        };
        match each.body.as_slice() {
            [Stmt::Expr(body)]
                if each.orelse.is_empty()
                    && yields(&body.value, &item.id)
                    && self.file.edits.changes[change] == recorded =>
            {
                self.expr(&source.value, closed.unwrap_or(&each.iter));
            }
            _ => self.misfit(old.range(), "a loop that yields each item"),
        }
    }
}

/// The name that an import binds.
fn bound(alias: &Alias) -> &str {
    alias.asname.as_ref().unwrap_or(&alias.name).as_str()
}

fn yields(expr: &Expr, id: &str) -> bool {
    matches!(expr, Expr::Yield(node) if node.value.as_ref().is_some_and(|value| is_name(value, id)))
}

/// True when no letter, digit or underscore touches the word at `start..end`.
pub(super) fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let part = |character: char| character.is_alphanumeric() || character == '_';
    !text[..start].ends_with(part) && !text[end..].starts_with(part)
}

/// Do both import one thing under one name?
fn is_same(one: &Alias, other: &Alias) -> bool {
    let bound = |alias: &Alias| alias.asname.as_ref().map(|name| name.id.clone());
    one.name.id == other.name.id && bound(one) == bound(other)
}
