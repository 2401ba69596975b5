//! What it does: removes the `asyncio.run` arm of a fallback for callers without a running loop.
//! Before: `try:` / `    asyncio.get_running_loop().create_task(c())` / `except RuntimeError:` / `    asyncio.run(c())`
//! After: in a sync function the last line is a log line or `raise`; in an async one all is `asyncio.create_task(c())`.
//! The same for `loop = get_event_loop()` / `if loop.is_running(): ...` / `else: loop.run_until_complete(c())`. With `threadsafe` the
//! line is `asyncio.run_coroutine_threadsafe(c(), self.loop)`, where the class or the module keeps its loop.
//! Left alone: fallbacks whose result is returned or stored, or with more than scheduling in the `try`.
//! Safety: Unsafe: without a running loop the work is dropped (and logged) now. The codemod asks for it.

mod handle;
mod logger;
mod running;
mod shape;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, StmtIf, StmtTry};
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::config::Fallback;
use crate::edit::EditKind;
use shape::Shape;

/// Replaces the `asyncio.run(...)` statement of the handler.
pub(super) fn rewrite_in_sync<'a>(
    context: &mut Context<'a>,
    statement: &'a StmtTry,
    parents: Parents<'_, 'a>,
    style: Fallback,
) -> Outcome {
    let shape = shape::analyze(context, statement)?;
    replace_run(context, parents, &shape, style, "raise")
}

/// Replaces the `run_until_complete(...)` statement of the branch without a loop.
pub(super) fn rewrite_if_in_sync<'a>(
    context: &mut Context<'a>,
    statement: &'a StmtIf,
    parents: Parents<'_, 'a>,
    style: Fallback,
) -> Outcome {
    let shape = running::analyze(context, statement)?;
    replace_run(context, parents, &shape, style, "raise RuntimeError(\"no running event loop\")")
}

fn replace_run<'a>(
    context: &mut Context<'a>,
    parents: Parents<'_, 'a>,
    shape: &Shape<'a>,
    style: Fallback,
    raise: &str,
) -> Outcome {
    let replacement = match style {
        Fallback::Log => logger::line(context, parents, shape),
        Fallback::Raise => raise.to_owned(),
        Fallback::Threadsafe => return hand_over(context, parents, shape),
    };
    let run = shape.run.range();
    let replaced = context.with_trailing_comment(run);
    context.clear(run)?;
    let lines = comment_lines(context, run);
    let statement = TextRange::new(lines.start(), replaced.end());
    let change = context.edits.change(EditKind::Fallback { statement });
    context.edits.delete(change, lines);
    context.edits.replace(change, replaced, replacement);
    Ok(())
}

/// The lines of comments right above a statement.
fn comment_lines(context: &Context, statement: TextRange) -> TextRange {
    let comments = context.attached_comments(statement.start());
    match comments < statement.start() {
        true => TextRange::new(context.line_start(comments), context.line_start(statement.start())),
        false => TextRange::empty(statement.start()),
    }
}

/// `asyncio.run(c())` to `asyncio.run_coroutine_threadsafe(c(), self.loop)`, on the loop that the class or the module keeps.
fn hand_over<'a>(context: &mut Context<'a>, parents: Parents<'_, 'a>, shape: &Shape<'a>) -> Outcome {
    let handle = handle::find(context, parents).ok_or(Leave::NoLoopHandle)?;
    let arguments = &shape.run_call.arguments;
    let ([coroutine], []) = (&*arguments.args, &*arguments.keywords) else { return Err(Leave::KeywordArguments) };
    let run = shape.run.range();
    let lines = comment_lines(context, run);
    let function = context.imports.request("asyncio.run_coroutine_threadsafe", run.start());
    let change = context.edits.change(EditKind::Fallback { statement: TextRange::new(lines.start(), run.end()) });
    context.edits.delete(change, lines);
    context.edits.replace(change, shape.run_call.func.range(), function);
    let coroutine = context.argument_range(coroutine, arguments);
    context.edits.close(change, coroutine, format!(", {handle}"));
    Ok(())
}

/// Replaces the whole `try` by the statements that schedule the coroutine.
pub(super) fn rewrite_in_async<'a>(
    context: &mut Context<'a>,
    statement: &'a StmtTry,
    parents: Parents<'_, 'a>,
) -> Outcome {
    let shape = shape::analyze(context, statement)?;
    if statement.handlers.len() != 1 || !statement.finalbody.is_empty() {
        return Err(Leave::OtherShape);
    }
    if let Some(name) = shape.loop_name
        && is_used_outside(context, name, parents.scope().range(), &shape, &[statement.range()])
    {
        return Err(Leave::LoopUsed);
    }
    keep_scheduled(context, statement.range(), &shape)
}

/// The same for an `if`. What looks up the loop right before it goes too, when nothing else needs the loop.
pub(super) fn rewrite_if_in_async<'a>(
    context: &mut Context<'a>,
    statement: &'a StmtIf,
    parents: Parents<'_, 'a>,
) -> Outcome {
    let shape = running::analyze(context, statement)?;
    let lookup = running::lookup(context, statement, parents, shape.loop_name).map(Ranged::range);
    let ranges: Vec<TextRange> = lookup.into_iter().chain([statement.range()]).collect();
    let goes =
        shape.loop_name.is_some_and(|name| !is_used_outside(context, name, parents.scope().range(), &shape, &ranges));
    let lookup = lookup.filter(|_| goes);
    if let Some(lookup) = lookup {
        context.clear(lookup)?;
    }
    keep_scheduled(context, statement.range(), &shape)?;
    if let Some(lookup) = lookup {
        let change = context.edits.change(EditKind::Fallback { statement: lookup });
        let next = context.skip_line(lookup.end());
        context.edits.delete(change, TextRange::new(context.line_start(lookup.start()), next));
    }
    Ok(())
}

/// Leaves of a statement what schedules the coroutine.
fn keep_scheduled(context: &mut Context, statement: TextRange, shape: &Shape) -> Outcome {
    let (first, last) = (&shape.scheduled[0], &shape.scheduled[shape.scheduled.len() - 1]);
    let create_task = (!is_module_function(context, &shape.task.func))
        .then(|| context.imports.request("asyncio.create_task", statement.start()));
    let whole = context.with_trailing_comment(statement);
    let kept = context.with_trailing_comment(TextRange::new(first.start(), last.end()));
    let kept = TextRange::new(context.attached_comments(kept.start()), kept.end());
    context.clear(TextRange::new(statement.start(), kept.start()))?;
    context.clear(TextRange::new(kept.end(), whole.end()))?;
    let change = context.edits.change(EditKind::Fallback { statement: whole });
    context.edits.delete(change, TextRange::new(statement.start(), kept.start()));
    context.edits.delete(change, TextRange::new(kept.end(), whole.end()));
    context.dedent_to(change, kept, first.start(), statement.start());
    if let Some(create_task) = create_task {
        context.clear(shape.task.func.range())?;
        context.edits.replace(change, shape.task.func.range(), create_task);
    }
    Ok(())
}

/// True for `asyncio.create_task`, which needs no loop.
fn is_module_function(context: &Context, function: &Expr) -> bool {
    let path = super::context::dotted(function).and_then(|path| context.imports.resolve(&path));
    path.is_some_and(|path| path == "asyncio.create_task")
}

/// True when the loop's name stands elsewhere than in its assignment and before `.create_task`.
fn is_used_outside(context: &Context, name: &str, scope: TextRange, shape: &Shape, statements: &[TextRange]) -> bool {
    let names = |range: TextRange| {
        let tokens = context.tokens.in_range(range).iter();
        tokens.filter(|token| token.kind() == TokenKind::Name && context.slice(token.range()) == name).count()
    };
    let inside = names(shape.task.func.range());
    let kept = TextRange::new(shape.scheduled[0].start(), shape.scheduled[shape.scheduled.len() - 1].end());
    names(scope) != statements.iter().map(|range| names(*range)).sum::<usize>() || names(kept) != inside
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::config::Fallback;
    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn log(statement: TextRange) -> Action {
        Action::Fallback { statement, style: Fallback::Log, in_async: false }
    }

    fn inline(statement: TextRange) -> Action {
        Action::Fallback { statement, style: Fallback::Log, in_async: true }
    }

    const TRY: &str = "    «try:
        loop = asyncio.get_running_loop()
        loop.create_task(self._mark(key))
    except RuntimeError:
        # No running loop: run in a new event loop
        asyncio.run(self._mark(key))»
";
    const KEPT: &str = "    try:
        loop = asyncio.get_running_loop()
        loop.create_task(self._mark(key))
    except RuntimeError:
";

    #[track_caller]
    fn check_log(head: &str, new_head: &str, line: &str) {
        let after = format!("{new_head}\ndef mark(self, key):\n{KEPT}        {line}\n");
        check(&format!("{head}\ndef mark(self, key):\n{TRY}"), log, &after);
    }

    #[test]
    fn the_log_line_follows_the_logger() {
        for name in ["logger", "_logger", "log", "LOGGER"] {
            let head = format!("import asyncio\nimport logging\n\n{name} = logging.getLogger(__name__)\n");
            let line = format!("{name}.warning(\"No running event loop: %s was not scheduled\", \"_mark\")");
            check_log(&head, &head, &line);
        }
        let head = "import asyncio\nimport structlog\n\nlogger = structlog.get_logger()\n";
        check_log(head, head, "logger.warning(\"No running event loop: task was not scheduled\", task=\"_mark\")");
        let head = "import asyncio\nfrom app.log import logger\n";
        check_log(head, head, "logger.warning(\"No running event loop: _mark was not scheduled\")");
    }

    #[test]
    fn a_logger_is_added_when_there_is_none() {
        check_log(
            "import asyncio\n",
            "import asyncio\nimport logging\n\nlogger = logging.getLogger(__name__)\n\n",
            "logger.warning(\"No running event loop: %s was not scheduled\", \"_mark\")",
        );
        check_log(
            "import asyncio\nimport requests\n\nlogger = None\n",
            "import asyncio\nimport logging\nimport requests\n\n_logger = logging.getLogger(__name__)\n\nlogger = None\n",
            "_logger.warning(\"No running event loop: %s was not scheduled\", \"_mark\")",
        );
    }

    #[test]
    fn the_logger_of_the_class() {
        let class = |body: &str, statement: &str| {
            let body = body.replace('\n', "\n    ");
            let statement = statement.replace('\n', "\n    ");
            let head = "import asyncio\nimport structlog\n\n\nclass A:\n    def __init__(self):\n";
            format!("{head}    {body}\n\n    def mark(self, key):\n    {}\n", statement.trim_end())
        };
        let init = "    self._logger = structlog.get_logger().bind(a=1)";
        let line = "        self._logger.warning(\"No running event loop: task was not scheduled\", task=\"_mark\")\n";
        check(&class(init, TRY), log, &class(init, &format!("{KEPT}{line}")));
    }

    #[test]
    fn other_statements_and_comments_of_the_handler_stay() {
        let head = "import asyncio\nimport logging\n\nlog = logging.getLogger(__name__)\n\ndef mark():\n";
        let body = "    try:\n        asyncio.create_task(c())\n    except RuntimeError as e:\n";
        let handler = "        # nobody is there\n\n        count()  # how often\n";
        check(
            &format!(
                "{head}{}{handler}        # a loop\n        # of its own\n        asyncio.run(c())»  # run\n",
                body.replace("try", "«try")
            ),
            log,
            &format!(
                "{head}{body}{handler}        log.warning(\"No running event loop: %s was not scheduled\", \"c\")\n"
            ),
        );
    }

    #[test]
    fn with_else() {
        let head = "import asyncio\nimport logging\n\nlog = logging.getLogger(__name__)\n\ndef mark():\n";
        let before = "    «try:\n        loop = asyncio.get_running_loop()\n    except RuntimeError:\n        asyncio.run(c(\n            1,\n        ))\n    else:\n        t = loop.create_task(c(\n            1,\n        ))  # later»\n";
        let after = "    try:\n        loop = asyncio.get_running_loop()\n    except RuntimeError:\n        log.warning(\"No running event loop: %s was not scheduled\", \"c\")\n    else:\n        t = loop.create_task(c(\n            1,\n        ))  # later\n";
        let before = before.replace("  # later»", "»  # later");
        check(&format!("{head}{before}"), log, &format!("{head}{after}"));
        let inlined = "    t = asyncio.create_task(c(\n        1,\n    ))  # later\n";
        check(&format!("{head}{before}"), inline, &format!("{head}{inlined}"));
    }

    #[test]
    fn raise() {
        check(
            &format!("import asyncio\n\ndef mark(self, key):\n{TRY}"),
            |statement| Action::Fallback { statement, style: Fallback::Raise, in_async: false },
            &format!("import asyncio\n\ndef mark(self, key):\n{KEPT}        raise\n"),
        );
    }

    #[test]
    fn in_async_code_the_whole_statement_becomes_a_task() {
        check(
            &format!("import asyncio\n\nasync def mark(self, key):\n{TRY}    x = 1\n"),
            inline,
            "import asyncio\n\nasync def mark(self, key):\n    asyncio.create_task(self._mark(key))\n    x = 1\n",
        );
        check(
            "from asyncio import get_running_loop, run\n\nasync def f():\n\tif x:\n\t\t«try:\n\t\t\t# in the background\n\t\t\ttask = get_running_loop().create_task(c())\n\t\t\ttasks.add(task)\n\t\texcept RuntimeError:\n\t\t\trun(c())»  # own loop\n\telse: pass\n",
            inline,
            "from asyncio import create_task, get_running_loop, run\n\nasync def f():\n\tif x:\n\t\t# in the background\n\t\ttask = create_task(c())\n\t\ttasks.add(task)\n\telse: pass\n",
        );
    }

    #[test]
    fn results_and_loops_that_are_used_are_left() {
        let run = |run: &str, behind: &str| {
            format!("import asyncio\n\nasync def f():\n{}{behind}", TRY.replace("asyncio.run", run))
        };
        check_left(&run("return asyncio.run", ""), inline, Leave::ResultUsed);
        check_left(&run("x = asyncio.run", ""), inline, Leave::ResultUsed);
        check_left(&run("asyncio.run", "    loop.stop()\n"), inline, Leave::LoopUsed);
        check_left(&run("other.run", ""), inline, Leave::OtherShape);
        check_left(
            &run("asyncio.run", ""),
            |statement| Action::Fallback { statement, style: Fallback::Threadsafe, in_async: false },
            Leave::NoLoopHandle,
        );
    }

    const IF: &str = "    loop = asyncio.get_event_loop()
    «if loop.is_running():
        loop.create_task(self._mark(key))
    else:
        # nobody runs a loop
        loop.run_until_complete(self._mark(key))»
";
    const LOGGING: &str = "import asyncio\nimport logging\n\nlog = logging.getLogger(__name__)\n\n";

    #[test]
    fn the_branch_without_a_loop() {
        let line = "log.warning(\"No running event loop: %s was not scheduled\", \"_mark\")\n";
        let kept = "    loop = asyncio.get_event_loop()\n    if loop.is_running():\n        loop.create_task(self._mark(key))\n    else:\n        ";
        check(
            &format!("{LOGGING}def mark(self, key):\n{IF}"),
            log,
            &format!("{LOGGING}def mark(self, key):\n{kept}{line}"),
        );
        check(
            &format!("{LOGGING}def mark(self, key):\n{IF}"),
            |statement| Action::Fallback { statement, style: Fallback::Raise, in_async: false },
            &format!("{LOGGING}def mark(self, key):\n{kept}raise RuntimeError(\"no running event loop\")\n"),
        );
        check(
            &format!(
                "{LOGGING}def f():\n    «if loop is None or not loop.is_running():\n        asyncio.run(c())\n    else:\n        asyncio.create_task(c())»\n"
            ),
            log,
            &format!(
                "{LOGGING}def f():\n    if loop is None or not loop.is_running():\n        log.warning(\"No running event loop: %s was not scheduled\", \"c\")\n    else:\n        asyncio.create_task(c())\n"
            ),
        );
    }

    #[test]
    fn in_async_code_the_loop_is_not_asked_for() {
        check(
            &format!("{LOGGING}async def mark(self, key):\n{IF}    done()\n"),
            inline,
            &format!("{LOGGING}async def mark(self, key):\n    asyncio.create_task(self._mark(key))\n    done()\n"),
        );
        check(
            &format!("{LOGGING}async def mark(self, key):\n{IF}    loop.call_soon(done)\n"),
            inline,
            &format!(
                "{LOGGING}async def mark(self, key):\n    loop = asyncio.get_event_loop()\n    asyncio.create_task(self._mark(key))\n    loop.call_soon(done)\n"
            ),
        );
    }

    #[test]
    fn handed_to_the_loop_that_is_kept() {
        let threadsafe = |statement| Action::Fallback { statement, style: Fallback::Threadsafe, in_async: false };
        let class = "import asyncio\n\n\nclass A:\n    async def start(self):\n        self.loop = asyncio.get_running_loop()\n\n    def mark(self, key):\n";
        let indented = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
        let line = "        asyncio.run_coroutine_threadsafe(self._mark(key), self.loop)\n";
        check(
            &format!("{class}{}", indented(TRY)),
            threadsafe,
            &format!("{class}{}", indented(&format!("{KEPT}{line}"))),
        );
    }
}
