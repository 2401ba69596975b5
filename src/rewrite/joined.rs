//! What it does: awaits a coroutine that async code ran on a thread with a loop of its own, and waited for.
//! Before: `thread = Thread(target=lambda: asyncio.run(c()))` / `thread.start()` / `thread.join()`, or
//! `with ThreadPoolExecutor() as pool:` / `    return pool.submit(asyncio.run, c()).result()`
//! After: `await c()`, `return await c()`
//! Left alone: names that other statements use, time limits, coroutines with calls in their arguments that the thread evaluated.
//! Safety: Unsafe: the coroutine runs on the caller's loop now, which it blocked before, and what it raises is raised.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::{AnyNodeRef, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents, dotted};
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::index::joined::{self, Joined, Made};

/// `last`: the last of the statements.
pub(super) fn rewrite<'a>(context: &mut Context<'a>, last: TextRange, parents: Parents<'_, 'a>) -> Outcome {
    let body = siblings(parents, last).ok_or(Leave::OtherShape)?;
    let at = body.iter().position(|statement| statement.range() == last).ok_or(Leave::OtherShape)?;
    let joined = joined::ending_at(body, at).ok_or(Leave::OtherShape)?;
    if !runs_loop(context, joined.runner) || !joined.coroutine.is_call_expr() {
        return Err(Leave::OtherShape);
    }
    if evaluates_on_thread(&joined) {
        return Err(Leave::OtherShape);
    }
    if joined.names.iter().any(|name| is_used_outside(context, name, parents.scope().range(), joined.statements)) {
        return Err(Leave::LoopUsed);
    }
    let (whole, coroutine) = (joined.statements, joined.coroutine.range());
    let before = TextRange::new(whole.start(), coroutine.start());
    let behind = TextRange::new(coroutine.end(), whole.end());
    context.clear(before)?;
    // What joins the thread is this action's own statement.
    let own = coroutine.end() < last.start();
    context.clear(if own { TextRange::new(coroutine.end(), last.start()) } else { behind })?;
    let takes = joined.taken.map(|(statement, waits)| context.slice(TextRange::new(statement.start(), waits.start())));
    let opening = format!("{}await ", takes.unwrap_or_default());
    let change = context.edits.change(EditKind::Joined { statements: whole, coroutine });
    context.edits.replace(change, before, opening);
    context.edits.delete(change, behind);
    context.dedent_to(change, coroutine, coroutine.start(), whole.start());
    Ok(())
}

/// The body that a statement stands in.
fn siblings<'a>(parents: Parents<'_, 'a>, statement: TextRange) -> Option<&'a [Stmt]> {
    let bodies: Vec<&'a [Stmt]> = match parents.parent()? {
        AnyNodeRef::StmtFunctionDef(node) => vec![&node.body],
        AnyNodeRef::StmtIf(node) => vec![&node.body],
        AnyNodeRef::ElifElseClause(node) => vec![&node.body],
        AnyNodeRef::StmtFor(node) => vec![&node.body, &node.orelse],
        AnyNodeRef::StmtWhile(node) => vec![&node.body, &node.orelse],
        AnyNodeRef::StmtWith(node) => vec![&node.body],
        AnyNodeRef::StmtTry(node) => vec![&node.body, &node.orelse, &node.finalbody],
        AnyNodeRef::ExceptHandlerExceptHandler(node) => vec![&node.body],
        _ => vec![],
    };
    bodies.into_iter().find(|body| body.iter().any(|other| other.range() == statement))
}

/// `asyncio.run` under whatever name, or a method of a loop.
fn runs_loop(context: &Context, runner: &Expr) -> bool {
    let Some(name) = dotted(runner) else { return false };
    let path = context.imports.resolve(&name).unwrap_or(name);
    path == "asyncio.run" || path.ends_with(".run_until_complete")
}

/// Was something called on the thread beside the coroutine function? It would run on the loop now.
fn evaluates_on_thread(joined: &Joined) -> bool {
    let Expr::Call(call) = joined.coroutine else { return true };
    let mut finder = Calls(false);
    AnyNodeRef::from(&*call.func).visit_source_order(&mut finder);
    AnyNodeRef::from(&call.arguments).visit_source_order(&mut finder);
    joined.made == Made::OnThread && finder.0
}

struct Calls(bool);

impl<'a> SourceOrderVisitor<'a> for Calls {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        self.0 |= node.is_expr_call();
        TraversalSignal::Traverse
    }
}

/// True when the name stands in the function outside of the statements.
fn is_used_outside(context: &Context, name: &str, scope: TextRange, statements: TextRange) -> bool {
    let mut tokens = context.tokens.in_range(scope).iter().filter(|token| token.kind() == TokenKind::Name);
    tokens.any(|token| context.slice(token.range()) == name && !statements.contains_range(token.range()))
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::config::Fallback;
    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn wait(statement: TextRange) -> Action {
        Action::Fallback { statement, style: Fallback::Log, in_async: true }
    }

    const HEAD: &str = "import asyncio\nimport threading\nfrom concurrent.futures import ThreadPoolExecutor\n\n";

    #[track_caller]
    fn check_body(before: &str, after: &str) {
        let module = |body: &str| format!("{HEAD}async def f(self, key):\n    {body}\n    done()\n");
        check(&module(before), wait, &module(after));
    }

    #[track_caller]
    fn left(body: &str, reason: Leave) {
        check_left(&format!("{HEAD}async def f(self, key):\n    {body}\n"), wait, reason);
    }

    const WAITED: &str = "thread.start()\n    «thread.join()»";

    #[test]
    fn a_thread_with_a_loop_of_its_own() {
        check_body(
            &format!(
                "def run():\n        # a loop of its own\n        loop = asyncio.new_event_loop()\n        asyncio.set_event_loop(loop)\n        try:\n            loop.run_until_complete(self._mark(key))\n        finally:\n            loop.close()\n\n    thread = threading.Thread(target=run)\n    {WAITED}"
            ),
            "await self._mark(key)",
        );
        check_body(
            &format!(
                "thread = threading.Thread(target=lambda: asyncio.run(self._mark(key)), daemon=True)\n    {WAITED}  # wait"
            ),
            "await self._mark(key)  # wait",
        );
        check_body(
            &format!("thread = threading.Thread(target=asyncio.run, args=(self._mark(g(key)),))\n    {WAITED}"),
            "await self._mark(g(key))",
        );
    }

    #[test]
    fn an_executor() {
        check_body(
            "«with ThreadPoolExecutor(max_workers=1) as pool:\n        return pool.submit(asyncio.run, self._mark(key)).result()»",
            "return await self._mark(key)",
        );
        check_body(
            "«with ThreadPoolExecutor() as pool:\n        future = pool.submit(\n            asyncio.run,\n            self._mark(\n                key,  # one\n            ),\n        )\n        rows = future.result()»",
            "rows = await self._mark(\n        key,  # one\n    )",
        );
        check_body(
            "«with ThreadPoolExecutor() as pool:\n        pool.submit(lambda: asyncio.run(self._mark(key))).result()»",
            "await self._mark(key)",
        );
    }

    #[test]
    fn what_is_used_elsewhere_or_does_more_is_left() {
        left(
            &format!("thread = threading.Thread(target=asyncio.run, args=(c(),))\n    {WAITED}\n    print(thread)"),
            Leave::LoopUsed,
        );
        left(
            &format!("thread = threading.Thread(target=lambda: asyncio.run(c(g())))\n    {WAITED}"),
            Leave::OtherShape,
        );
        left(&format!("thread = threading.Thread(target=lambda: other.run(c()))\n    {WAITED}"), Leave::OtherShape);
        left(
            "«with ThreadPoolExecutor() as pool:\n        return pool.submit(asyncio.run, c()).result(timeout=3)»",
            Leave::OtherShape,
        );
    }
}
