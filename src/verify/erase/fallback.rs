//! The inverse of a replaced fallback: a whole `try` that is now what it scheduled, or an `asyncio.run` statement of a
//! handler that is now a log line or a `raise`.

use ruff_python_ast::{ExceptHandler, Expr, ExprCall, Stmt, StmtIf, StmtTry, UnaryOp};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::Context;
use super::body::Place;
use super::imports::{dotted, last_name};
use super::module::keeps_loop;
use crate::edit::EditKind;

/// What looks up the running loop; the statement goes, because the new one needs no loop.
const LOOKUPS: [&str; 2] = ["get_running_loop", "get_event_loop"];
/// What schedules a coroutine; it may become `asyncio.create_task`.
const SCHEDULERS: [&str; 2] = ["create_task", "ensure_future"];
/// What runs a coroutine to its end from sync code.
const RUNNERS: [&str; 2] = ["run", "run_until_complete"];
/// What hands a coroutine to the loop of another thread.
const THREADSAFE: [&str; 1] = ["asyncio.run_coroutine_threadsafe"];
/// What a log line says, with the name of the coroutine function (or `task`) in it, or `%s` and the name behind it.
const MESSAGE: (&str, &str) = ("No running event loop: ", " was not scheduled");
const NO_LOOP: &str = "no running event loop";
/// What loggers are called.
const LOGGERS: [&str; 7] = ["logger", "_logger", "log", "_log", "LOGGER", "LOG", "_awaitify_logger"];

impl Context<'_> {
    /// When a fallback change covers the first old statement: how many new statements stand for it.
    pub(super) fn fallback(&self, old: &[Stmt], new: &[Stmt], place: Place) -> Option<usize> {
        let first = old.first()?;
        let range = *self.fallbacks.range(..=first.start()).next_back()?.1;
        if !range.contains_range(first.range()) || !self.is_trivia(range.start(), first.start()) {
            return None;
        }
        // Comments behind the statement may be part of what is replaced, further statements may not.
        if !self.is_trivia(first.end(), range.end()) {
            return None;
        }
        self.take(range, |kind| matches!(kind, EditKind::Fallback { .. }))?;
        let written = TextRange::new(self.offsets.to_new_before(range.start()), self.offsets.to_new(range.end()));
        let count = new.iter().take_while(|stmt| written.contains_range(stmt.range())).count();
        let new = &new[..count];
        match (first, place) {
            (Stmt::Try(statement), _) => self.scheduled(range, statement, new),
            (Stmt::If(statement), _) => self.scheduled_branch(range, statement, new),
            (Stmt::Assign(_), _) if new.is_empty() => self.dropped_lookup(first, old.get(1)),
            (Stmt::Expr(statement), Place::Handler) => {
                self.dropped_run((range, written), &statement.value, new, NoLoop::Caught);
            }
            (Stmt::Expr(statement), _) if self.asks_for_loop.get().is_some_and(|asks| asks.contains_range(range)) => {
                self.dropped_run((range, written), &statement.value, new, NoLoop::Asked);
            }
            _ => self.misfit(range, "a fallback where this statement stands"),
        }
        Some(count)
    }

    /// True for white space and comments.
    fn is_trivia(&self, start: TextSize, end: TextSize) -> bool {
        let text = self.old_text(TextRange::new(start, end));
        text.split(['\n', '\r']).all(|line| matches!(line.trim_start().as_bytes(), [] | [b'#', ..]))
    }

    /// The `try` and the statements in it that schedule the coroutine.
    fn scheduled(&self, range: TextRange, old: &StmtTry, new: &[Stmt]) {
        let [ExceptHandler::ExceptHandler(handler)] = old.handlers.as_slice() else {
            return self.misfit(range, "a single handler to drop");
        };
        let runs = handler.body.iter().any(|stmt| value(stmt).and_then(run_call).is_some());
        if !runs || !old.finalbody.is_empty() {
            return self.misfit(range, "an `asyncio.run` to drop");
        }
        let after_lookup = match old.body.split_first() {
            Some((first, rest)) if value(first).is_some_and(|value| calls(value, &LOOKUPS).is_some()) => rest,
            _ => old.body.as_slice(),
        };
        let scheduled = match (after_lookup, old.orelse.as_slice()) {
            (scheduled, []) | ([], scheduled) => scheduled,
            _ => return self.misfit(range, "either a `try` or an `else` that schedules"),
        };
        self.kept(range, scheduled, new);
    }

    /// The `if` that asks for a loop, and the statements of the branch that schedules the coroutine.
    fn scheduled_branch(&self, range: TextRange, old: &StmtIf, new: &[Stmt]) {
        let [clause] = old.elif_else_clauses.as_slice() else {
            return self.misfit(range, "an `if` with an `else`");
        };
        let runs = |body: &[Stmt]| body.iter().any(|stmt| value(stmt).and_then(run_call).is_some());
        match (clause.test.is_none() && asks_for_loop(&old.test), runs(&old.body), runs(&clause.body)) {
            (true, false, true) => self.kept(range, &old.body, new),
            (true, true, false) => self.kept(range, &clause.body, new),
            _ => self.misfit(range, "a test for a loop, and an `asyncio.run` to drop"),
        }
    }

    /// `loop = asyncio.get_event_loop()` that nothing needs any more: what follows is replaced as well.
    fn dropped_lookup(&self, old: &Stmt, next: Option<&Stmt>) {
        let is_replaced = next.is_some_and(|next| {
            let nearest = self.fallbacks.range(..=next.start()).next_back();
            nearest.is_some_and(|(_, range)| range.contains_range(next.range()))
        });
        if !is_replaced {
            self.misfit(old.range(), "a fallback behind the look-up of its loop");
        }
        let looks_up = value(old).is_some_and(|value| calls(value, &LOOKUPS).is_some());
        let name = match old {
            Stmt::Assign(assign) => match assign.targets.as_slice() {
                [Expr::Name(name)] => Some(name.id.as_str()),
                _ => None,
            },
            _ => None,
        };
        if !looks_up || name.is_none() {
            self.misfit(old.range(), "the look-up of a loop to drop");
        }
        self.forget(old.range());
    }

    /// The statements that schedule the coroutine are all that is left.
    fn kept(&self, range: TextRange, scheduled: &[Stmt], new: &[Stmt]) {
        let task = scheduled.first().and_then(value).and_then(|value| calls(value, &SCHEDULERS));
        let (Some(task), Some(first), Some(last)) = (task, scheduled.first(), scheduled.last()) else {
            return self.misfit(range, "the task of the fallback");
        };
        self.forget(TextRange::new(range.start(), first.start()));
        self.forget(TextRange::new(last.end(), range.end()));
        if scheduled.len() != new.len() {
            return self.misfit(range, "the statements that schedule the coroutine");
        }
        // The look-up of `loop` is gone, or may be: `loop.create_task` is nobody's any more.
        let by_module = ["asyncio.create_task", "asyncio.ensure_future"];
        let now = new.first().and_then(value).and_then(|value| calls(value, &SCHEDULERS));
        if !self.names(&task.func, &by_module) && !now.is_some_and(|now| self.names(&now.func, &by_module)) {
            return self.misfit(range, "`asyncio.create_task` in the place of the loop's");
        }
        for (old, new) in scheduled.iter().zip(new) {
            self.scheduler.set(Some(task.func.range()));
            self.stmt(old, new);
            self.scheduler.set(None);
        }
    }

    /// `loop.create_task` and `asyncio.create_task`: what schedules the one task of a fallback.
    pub(super) fn is_scheduler(&self, old: &Expr, new: &Expr) -> bool {
        self.scheduler.get() == Some(old.range()) && self.names(new, &["asyncio.create_task"])
    }

    /// `asyncio.run(c())` of a handler, and a log line or `raise`.
    fn dropped_run(&self, (range, written): (TextRange, TextRange), old: &Expr, new: &[Stmt], no_loop: NoLoop) {
        let Some(run) = run_call(old) else { return self.misfit(range, "an `asyncio.run` to drop") };
        if let [Stmt::Expr(line)] = new
            && let Expr::Call(call) = &*line.value
            && self.names(&call.func, &THREADSAFE)
        {
            return self.handed_over(range, run, call);
        }
        self.forget(range);
        // The comments on the loop that runs no more go with it.
        let text = |range: TextRange| self.file.new.get(range.to_std_range()).unwrap_or_default();
        if !matches!(new, [line] if text(written).trim() == text(line.range())) {
            return self.misfit(range, "one statement, and no comment on what is gone");
        }
        match new {
            [Stmt::Raise(raise)] if no_loop == NoLoop::Caught && raise.exc.is_none() && raise.cause.is_none() => {}
            [Stmt::Raise(raise)]
                if no_loop == NoLoop::Asked && raise.cause.is_none() && is_error(raise.exc.as_deref()) => {}
            [Stmt::Expr(line)] => self.log_line(range, run, &line.value),
            _ => self.misfit(range, "one log line, or `raise`"),
        }
    }

    /// `asyncio.run(c())` and `asyncio.run_coroutine_threadsafe(c(), self.loop)`.
    fn handed_over(&self, range: TextRange, run: &ExprCall, new: &ExprCall) {
        match (&*run.arguments.args, &*new.arguments.args) {
            ([coroutine], [same, handle])
                if new.arguments.keywords.is_empty()
                    && dotted(handle).is_some_and(|handle| keeps_loop(self.module, &self.old_imports, &handle)) =>
            {
                self.expr(coroutine, same);
            }
            _ => self.misfit(range, "the coroutine, and a loop to hand it to"),
        }
    }

    /// `logger.warning("...", "...")`: the message with the name of what does not run, through a logger that is bound.
    fn log_line(&self, range: TextRange, run: &ExprCall, line: &Expr) {
        let Some(call) = calls(line, &["warning"]) else { return self.misfit(range, "a warning") };
        let task = run.arguments.args.first().and_then(task_name);
        let text = |expr: &Expr| expr.as_string_literal_expr().map(|literal| literal.value.to_str().to_owned());
        let says = |expr: &Expr, name: &str| text(expr) == Some(format!("{}{name}{}", MESSAGE.0, MESSAGE.1));
        let is_task = |expr: &Expr| task.is_some() && text(expr).as_deref() == task;
        let fits = match (&*call.arguments.args, &*call.arguments.keywords) {
            ([message], []) => says(message, task.unwrap_or("task")),
            ([message, name], []) => says(message, "%s") && is_task(name),
            ([message], [keyword]) => {
                says(message, "task") && keyword.arg.as_deref() == Some("task") && is_task(&keyword.value)
            }
            _ => false,
        };
        if !fits {
            self.misfit(range, "a warning that names what does not run");
        }
        let logger = dotted(&call.func);
        let mut parts = logger.as_deref().unwrap_or_default().rsplit('.').skip(1);
        let name = parts.next().unwrap_or_default();
        let root = parts.last().unwrap_or(name);
        if !LOGGERS.contains(&name) || root != name && !self.file.old.contains(&format!("{root}.{name}")) {
            self.misfit(range, "a logger that was there");
        }
        if !self.imports.binds(root) {
            self.fail(range.start(), format!("nothing binds the name `{root}` of the log line"));
        }
    }

    /// Changes within `range` went with the text they belong to.
    fn forget(&self, range: TextRange) {
        for (index, kind) in self.file.edits.changes.iter().enumerate() {
            if super::node(kind).is_some_and(|node| range.contains_range(node)) {
                self.used.borrow_mut()[index] = true;
            }
        }
    }
}

/// How a fallback learns that no loop runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NoLoop {
    Caught,
    Asked,
}

/// `RuntimeError("...")`
fn is_error(raised: Option<&Expr>) -> bool {
    let Some(Expr::Call(call)) = raised else { return false };
    matches!(&*call.func, Expr::Name(name) if name.id == "RuntimeError")
        && call.arguments.keywords.is_empty()
        && matches!(&*call.arguments.args, [Expr::StringLiteral(message)] if message.value.to_str() == NO_LOOP)
}

/// Does a test ask whether a loop runs, or is there?
pub(super) fn asks_for_loop(test: &Expr) -> bool {
    match test {
        Expr::Name(_) => true,
        Expr::Call(call) => last_name(&call.func) == Some("is_running"),
        Expr::UnaryOp(node) => node.op == UnaryOp::Not && asks_for_loop(&node.operand),
        Expr::BoolOp(node) => node.values.iter().all(asks_for_loop),
        Expr::Compare(node) => node.comparators.iter().all(Expr::is_none_literal_expr) && asks_for_loop(&node.left),
        _ => false,
    }
}

/// The value of a statement that computes one.
fn value(stmt: &Stmt) -> Option<&Expr> {
    match stmt {
        Stmt::Expr(stmt) => Some(&stmt.value),
        Stmt::Assign(stmt) => Some(&stmt.value),
        Stmt::AnnAssign(stmt) => stmt.value.as_deref(),
        _ => None,
    }
}

/// The name of a coroutine function: `c` of `self.c(1)`.
fn task_name(coroutine: &Expr) -> Option<&str> {
    match coroutine {
        Expr::Call(call) => task_name(&call.func),
        other => last_name(other),
    }
}

/// A call of something with one of these last names.
fn calls<'a>(expr: &'a Expr, names: &[&str]) -> Option<&'a ExprCall> {
    expr.as_call_expr().filter(|call| last_name(&call.func).is_some_and(|name| names.contains(&name)))
}

fn run_call(expr: &Expr) -> Option<&ExprCall> {
    calls(expr, &RUNNERS)
}
