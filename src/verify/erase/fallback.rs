//! The inverse of a replaced fallback. The statements are new, so they are held to a closed list of what a fallback may
//! become, and every coroutine in them must be one of the old ones.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{ExceptHandler, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::Context;
use super::imports::last_name;
use crate::edit::EditKind;

/// Calls whose first argument is the coroutine that is run.
const STARTERS: [&str; 6] =
    ["create_task", "ensure_future", "run", "run_until_complete", "run_coroutine_threadsafe", "start_soon"];
/// Other calls that the new statements may have.
const OTHERS: [&str; 9] = [
    "get_running_loop",
    "get_event_loop",
    "add",
    "discard",
    "add_done_callback",
    "RuntimeError",
    "getLogger",
    "get_logger",
    "is_running",
];
/// Log calls; they need a message.
const LOGS: [&str; 7] = ["debug", "info", "warning", "error", "exception", "critical", "log"];
/// Names that need no binding.
const BUILTINS: [&str; 3] = ["RuntimeError", "Exception", "self"];

impl Context<'_> {
    /// When a fallback change starts at the first old statement: how many old and new statements belong to it.
    pub(super) fn fallback(&self, old: &[Stmt], new: &[Stmt]) -> Option<(usize, usize)> {
        let range = *self.fallbacks.get(&old.first()?.start())?;
        let count = old.iter().take_while(|stmt| range.contains_range(stmt.range())).count();
        // Comments behind the last statement may be part of what is replaced.
        let tail = self.old_text(TextRange::new(old[..count].last()?.end(), range.end()));
        if !tail.lines().all(|line| matches!(line.trim_start().as_bytes(), [] | [b'#', ..])) {
            return None;
        }
        self.take(range, |kind| matches!(kind, EditKind::Fallback { .. }))?;
        let place = TextRange::new(self.offsets.to_new_before(range.start()), self.offsets.to_new(range.end()));
        let new_count = new.iter().take_while(|stmt| place.contains_range(stmt.range())).count();
        let operands = self.compare_fallback(range, &old[..count], &new[..new_count]);
        if operands == 0 {
            self.misfit(range, "the coroutine of the fallback");
        }
        Some((count, new_count))
    }

    /// A fallback change that replaces one handler.
    pub(super) fn fallback_handler(&self, old: &ExceptHandler, new: &ExceptHandler) {
        let (ExceptHandler::ExceptHandler(was), ExceptHandler::ExceptHandler(is)) = (old, new);
        match (&was.type_, &is.type_) {
            (Some(was), Some(is)) => self.expr(was, is),
            (None, None) => {}
            _ => self.misfit(old.range(), "the exception of the handler"),
        }
        self.compare_fallback(old.range(), &was.body, &is.body);
    }

    /// Returns how many coroutines the new statements start or await.
    fn compare_fallback(&self, range: TextRange, old: &[Stmt], new: &[Stmt]) -> usize {
        let mut before = Coroutines::default();
        before.visit_body(old);
        let mut after = Coroutines::default();
        after.visit_body(new);
        if new.is_empty() || after.strange {
            self.misfit(range, "what a fallback becomes");
        }
        let count = after.operands.len();
        if let Some(unbound) = after.loads.iter().find(|name| !self.imports.binds(name) && !BUILTINS.contains(name)) {
            self.fail(range.start(), format!("nothing binds the name `{unbound}` of the new fallback"));
        }
        for operand in after.operands {
            if !before.calls.iter().any(|call| self.fits(call, operand)) {
                self.fail(range.start(), "a coroutine of the new fallback is none of the old ones");
            }
        }
        for (index, kind) in self.file.edits.changes.iter().enumerate() {
            // What was inside is replaced, or was met above.
            if super::node(kind).is_some_and(|node| range.contains_range(node)) {
                self.used.borrow_mut()[index] = true;
            }
        }
        count
    }

    /// Compares on trial: without a match nothing is reported and no change counts as met.
    fn fits(&self, old: &Expr, new: &Expr) -> bool {
        let (used, failures) = (self.used.borrow().clone(), self.failures.borrow().len());
        self.expr(old, new);
        let fits = self.failures.borrow().len() == failures;
        if !fits {
            self.failures.borrow_mut().truncate(failures);
            *self.used.borrow_mut() = used;
        }
        fits
    }
}

/// What statements do with coroutines.
#[derive(Default)]
struct Coroutines<'a> {
    /// Every expression that may be a coroutine: all calls, and what is handed to a starter.
    calls: Vec<&'a Expr>,
    /// What is started or awaited.
    operands: Vec<&'a Expr>,
    /// Names that are read.
    loads: Vec<&'a str>,
    /// Something that no fallback becomes.
    strange: bool,
}

impl<'a> Visitor<'a> for Coroutines<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let plain = [
            stmt.is_expr_stmt(),
            stmt.is_assign_stmt(),
            stmt.is_return_stmt(),
            stmt.is_raise_stmt(),
            stmt.is_try_stmt(),
            stmt.is_if_stmt(),
        ];
        self.strange |= !plain.contains(&true);
        ruff_python_ast::visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx.is_load() => self.loads.push(&name.id),
            Expr::Await(awaited) => self.operand(&awaited.value),
            Expr::Call(call) => {
                self.calls.push(expr);
                match (last_name(&call.func), call.arguments.args.first()) {
                    (Some(name), Some(first)) if STARTERS.contains(&name) => {
                        self.visit_expr(&call.func);
                        self.operand(first);
                        call.arguments.args[1..].iter().for_each(|argument| self.visit_expr(argument));
                    }
                    (name, _) => {
                        let logs = |name| LOGS.contains(&name) && !call.arguments.is_empty();
                        self.strange |= !name.is_some_and(|name| OTHERS.contains(&name) || logs(name));
                        walk_expr(self, expr);
                    }
                }
            }
            _ => walk_expr(self, expr),
        }
    }
}

impl<'a> Coroutines<'a> {
    fn operand(&mut self, expr: &'a Expr) {
        self.calls.push(expr);
        self.operands.push(expr);
        // Calls inside of the operand are compared with it; for the old side they may be coroutines themselves.
        let strange = self.strange;
        let (operands, loads) = (self.operands.len(), self.loads.len());
        walk_expr(self, expr);
        self.operands.truncate(operands);
        self.loads.truncate(loads);
        self.strange = strange;
    }
}
