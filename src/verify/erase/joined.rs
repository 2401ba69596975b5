//! The inverse of statements that ran a coroutine on another thread and waited for it, and are now `await c()`.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::Context;
use super::imports::last_name;
use crate::edit::EditKind;

/// All that such statements may call, beside the coroutine function.
const PARTS: [&str; 11] = [
    "Thread",
    "ThreadPoolExecutor",
    "submit",
    "result",
    "start",
    "join",
    "run",
    "run_until_complete",
    "new_event_loop",
    "set_event_loop",
    "close",
];

impl Context<'_> {
    /// When such a change begins at the first old statement: how many of the old statements it takes. One new one stands for them.
    pub(super) fn joined(&self, old: &[Stmt], new: &[Stmt]) -> Option<usize> {
        let (range, coroutine) = *self.joined.get(&old.first()?.start())?;
        self.take(range, |kind| matches!(kind, EditKind::Joined { .. }))?;
        let count = old.iter().take_while(|statement| range.contains_range(statement.range())).count();
        let old = &old[..count];
        let fits = old.last().is_some_and(|last| last.end() == range.end()) && is_shape(old);
        let Some(counterpart) = new.first().filter(|_| fits) else {
            self.misfit(range, "statements that wait for a thread");
            return Some(count.max(1));
        };
        let mut parts = Parts { coroutine, found: None, runs: 0, others: false };
        old.iter().for_each(|statement| parts.visit_stmt(statement));
        let (Some(found), 1, false) = (parts.found, parts.runs, parts.others) else {
            self.misfit(range, "one coroutine that a thread runs");
            return Some(count);
        };
        let awaited = |value: &Expr| match value {
            Expr::Await(node) => self.expr(found, &node.value),
            _ => self.misfit(range, "an `await` of the coroutine"),
        };
        match (taker(old), counterpart) {
            (Some(Stmt::Return(_)), Stmt::Return(now)) if now.value.is_some() => {
                now.value.as_deref().into_iter().for_each(awaited);
            }
            (Some(Stmt::Assign(before)), Stmt::Assign(now)) if before.targets.len() == now.targets.len() => {
                before.targets.iter().zip(&now.targets).for_each(|(before, now)| self.expr(before, now));
                awaited(&now.value);
            }
            (None | Some(Stmt::Expr(_)), Stmt::Expr(now)) => awaited(&now.value),
            _ => self.misfit(range, "the statement that takes the result"),
        }
        Some(count)
    }
}

/// A thread that is made, started and joined, with the function that it runs before it; or a `with` around an executor.
fn is_shape(old: &[Stmt]) -> bool {
    let makes = |statement: &Stmt| matches!(statement, Stmt::Assign(assign) if is_call(&assign.value, "Thread"));
    let is_method =
        |statement: &Stmt, name: &str| matches!(statement, Stmt::Expr(statement) if is_call(&statement.value, name));
    match old {
        [Stmt::With(with)] => {
            let [item] = with.items.as_slice() else { return false };
            let is_future = |first: &Stmt| matches!(first, Stmt::Assign(assign) if is_call(&assign.value, "submit"));
            let is_body = match with.body.as_slice() {
                [_] => true,
                [first, _] => is_future(first),
                _ => false,
            };
            !with.is_async && is_call(&item.context_expr, "ThreadPoolExecutor") && is_body
        }
        [make, start, join] | [Stmt::FunctionDef(_), make, start, join] => {
            makes(make) && is_method(start, "start") && is_method(join, "join")
        }
        _ => false,
    }
}

/// The statement that takes the result.
fn taker(old: &[Stmt]) -> Option<&Stmt> {
    match old {
        [Stmt::With(with)] => with.body.last(),
        _ => None,
    }
}

fn is_call(expression: &Expr, name: &str) -> bool {
    expression.as_call_expr().is_some_and(|call| last_name(&call.func) == Some(name))
}

/// Looks for the coroutine that is run, and for calls of anything else.
struct Parts<'a> {
    coroutine: TextRange,
    found: Option<&'a Expr>,
    runs: usize,
    others: bool,
}

impl<'a> Visitor<'a> for Parts<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if expression.range() == self.coroutine {
            self.found = Some(expression);
            return;
        }
        if let Expr::Call(call) = expression {
            self.others |= !last_name(&call.func).is_some_and(|name| PARTS.contains(&name));
            self.runs += usize::from(runs(call, self.coroutine));
        }
        self.others |= matches!(expression, Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Named(_));
        walk_expr(self, expression);
    }
}

/// `asyncio.run(c())`, `pool.submit(asyncio.run, c())`, `Thread(target=asyncio.run, args=(c(),))`
fn runs(call: &ExprCall, coroutine: TextRange) -> bool {
    let is_run = |expression: &Expr| last_name(expression) == Some("run");
    match (last_name(&call.func), &*call.arguments.args) {
        (Some("run" | "run_until_complete"), [argument]) => argument.range() == coroutine,
        (Some("submit"), [runner, argument]) => is_run(runner) && argument.range() == coroutine,
        (Some("Thread"), []) => {
            let keyword = |name: &str| call.arguments.find_keyword(name).map(|keyword| &keyword.value);
            let is_given = |args: &Expr| matches!(args, Expr::Tuple(tuple) if matches!(tuple.elts.as_slice(), [one] if one.range() == coroutine));
            keyword("target").is_some_and(is_run) && keyword("args").is_some_and(is_given)
        }
        _ => false,
    }
}
