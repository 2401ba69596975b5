//! What it does: moves a blocking call off the event loop and awaits it.
//! Before: `x = self.p.get(a, *b, k=v)["name"]`
//! After: `x = (await asyncio.to_thread(self.p.get, a, *b, k=v))["name"]`
//! Left alone: nothing.
//! Safety: Safe for functions that may run on another thread, which the plan decides. The call cannot be interrupted.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::Outcome;
use super::context::{Context, Parents};
use crate::config::OffloadVia;
use crate::edit::EditKind;

pub(super) fn rewrite<'a>(
    context: &mut Context<'a>,
    call: &'a ExprCall,
    parents: Parents<'_, 'a>,
    via: &OffloadVia,
) -> Outcome {
    let parenthesize = context.await_needs_parentheses(call.into(), parents);
    carry(context, call, via, Some(parenthesize));
    Ok(())
}

/// The same without an `await`: what a lambda gives is awaited by who calls it.
pub(super) fn rewrite_handed_on(context: &mut Context, call: &ExprCall, via: &OffloadVia) -> Outcome {
    carry(context, call, via, None);
    Ok(())
}

/// `parenthesize`: whether the `await` needs parentheses; none when there is none.
fn carry(context: &mut Context, call: &ExprCall, via: &OffloadVia, parenthesize: Option<bool>) {
    let carrier = request_carrier(context, call.start(), via);
    let partial = needs_partial(call, via).then(|| context.imports.request("functools.partial", call.start()));
    let change = context.edits.change(EditKind::Offload {
        call: call.range(),
        via: via.clone(),
        carrier: carrier.clone(),
        partial: partial.clone(),
        handed_on: parenthesize.is_none(),
    });
    let mut open = format!("{carrier}(");
    if let Some(partial) = &partial {
        open.push_str(&format!("{partial}("));
    }
    if *via != OffloadVia::Asgiref {
        open.push_str(&take_function_as_argument(context, change, call));
    }
    match parenthesize {
        Some(parenthesize) => context.open_await(change, call.range(), &open, parenthesize),
        None => {
            let open = context.spaced(call.start(), &open);
            context.edits.open(change, call.range(), open);
        }
    }
    if partial.is_some() {
        context.edits.close(change, call.range(), ")");
    }
    if *via == OffloadVia::Asgiref {
        context.edits.close(change, function_range(context, call), ")");
    }
}

/// The expression that names the carrier at `at`.
pub(super) fn request_carrier(context: &mut Context, at: TextSize, via: &OffloadVia) -> String {
    match via {
        OffloadVia::Asyncio => context.imports.request("asyncio.to_thread", at),
        OffloadVia::Anyio => context.imports.request("anyio.to_thread.run_sync", at),
        OffloadVia::Starlette => context.imports.request("starlette.concurrency.run_in_threadpool", at),
        OffloadVia::Asgiref => context.imports.request("asgiref.sync.sync_to_async", at),
        OffloadVia::Custom { module, function } => context.imports.request_from(module, function, at),
        OffloadVia::Here { function } => function.clone(),
    }
}

/// anyio's carrier has keywords of its own, starlette's a parameter `func`: there a partial takes the arguments.
fn needs_partial(call: &ExprCall, via: &OffloadVia) -> bool {
    let keywords = &call.arguments.keywords;
    match via {
        OffloadVia::Anyio => !keywords.is_empty(),
        OffloadVia::Starlette => keywords.iter().any(|keyword| keyword.arg.as_deref() == Some("func")),
        OffloadVia::Asyncio | OffloadVia::Asgiref | OffloadVia::Custom { .. } | OffloadVia::Here { .. } => false,
    }
}

/// The callee with its grouping parentheses: up to the blanks before the argument list.
fn function_range(context: &Context, call: &ExprCall) -> TextRange {
    let tokens = context.tokens.in_range(TextRange::new(call.func.end(), call.arguments.start()));
    let closing = tokens.iter().rev().find(|token| token.kind() == TokenKind::Rpar);
    TextRange::new(call.start(), closing.map_or(call.func.end(), Ranged::end))
}

/// Turns `f(a, b)` into `f, a, b)` and returns what stands before `f`: a line break where the arguments start on a line of
/// their own.
fn take_function_as_argument(context: &mut Context, change: usize, call: &ExprCall) -> String {
    let arguments = &call.arguments;
    if let [Expr::Generator(generator)] = &*arguments.args
        && !generator.parenthesized
    {
        // The parentheses of the call become the generator's own.
        replace_parenthesis(context, change, call, ", (");
        context.edits.close(change, call.range(), ")");
        return String::new();
    }
    let inner = arguments.inner_range();
    let is_blank = context.slice(inner).trim().is_empty();
    let separator = match (arguments.is_empty(), is_blank) {
        (true, true) => {
            context.edits.delete(change, inner);
            ""
        }
        (true, false) => ",",
        (false, _) if context.slice(inner).starts_with([' ', '\t', '\n', '\r', '\\', '#']) => ",",
        (false, _) => ", ",
    };
    replace_parenthesis(context, change, call, separator);
    if is_blank { String::new() } else { line_before_arguments(context, call) }
}

/// Replaces the `(` of the arguments, and the blanks before it when nothing else stands there.
fn replace_parenthesis(context: &mut Context, change: usize, call: &ExprCall, separator: &str) {
    let parenthesis = call.arguments.l_paren_range();
    let gap = TextRange::new(function_range(context, call).end(), parenthesis.start());
    let has_line_break = context.slice(gap).contains(['\n', '\r']);
    let start = if has_line_break { parenthesis.start() } else { gap.start() };
    context.edits.replace(change, TextRange::new(start, parenthesis.end()), separator);
}

/// The line break and indentation before the first argument, or before a comment that stands in its place.
fn line_before_arguments(context: &Context, call: &ExprCall) -> String {
    let inner = call.arguments.inner_range();
    let text = context.slice(inner);
    let first = text.trim_start_matches([' ', '\t']);
    let first = if first.starts_with('#') { &first[first.find(['\n', '\r']).unwrap_or(0)..] } else { first };
    if !first.starts_with(['\n', '\r']) {
        return String::new();
    }
    let newline = if first.starts_with("\r\n") { "\r\n" } else { &first[..1] };
    let next = first.trim_start_matches(['\n', '\r', ' ', '\t', '\u{c}']);
    let at = inner.end() - TextSize::of(next);
    let deeper = if next.is_empty() { context.indentation_unit() } else { "" };
    format!("{newline}{}{deeper}", context.indentation(at))
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::config::OffloadVia;
    use crate::plan::Action;
    use crate::rewrite::testing::check;

    fn offload(call: TextRange) -> Action {
        Action::Offload { call, via: OffloadVia::Asyncio }
    }

    /// Checks statements in the body of an async function, in a file that imports asyncio.
    #[track_caller]
    fn check_body(before: &str, after: &str) {
        check_via(OffloadVia::Asyncio, "import asyncio\n", before, after);
    }

    #[track_caller]
    fn check_via(via: OffloadVia, imports: &str, before: &str, after: &str) {
        let module = |body: &str| format!("{imports}\nasync def g():\n    {body}\n");
        check(&module(before), |call| Action::Offload { call, via: via.clone() }, &module(after));
    }

    #[test]
    fn arguments_on_one_line() {
        check_body("x = «p.get(a, *b, k=v)»", "x = await asyncio.to_thread(p.get, a, *b, k=v)");
        check_body("x = «p.get(**k)»", "x = await asyncio.to_thread(p.get, **k)");
        check_body("x = «p.get(a,)»", "x = await asyncio.to_thread(p.get, a,)");
        check_body("x = «p.get (a)»", "x = await asyncio.to_thread(p.get, a)");
        check_body("x = «p.get( a )»", "x = await asyncio.to_thread(p.get, a )");
    }

    #[test]
    fn no_arguments() {
        check_body("x = «f()»", "x = await asyncio.to_thread(f)");
        check_body("x = «f( )»", "x = await asyncio.to_thread(f)");
        check_body("x = «f(\n    )»", "x = await asyncio.to_thread(f)");
        check_body(
            "x = «f(\n        # none\n    )»",
            "x = await asyncio.to_thread(\n        f,\n        # none\n    )",
        );
        check_body("x = «f(  # none\n    )»", "x = await asyncio.to_thread(\n        f,  # none\n    )");
    }

    #[test]
    fn multi_line_arguments_keep_their_layout_and_comments() {
        check_body(
            "x = «f(\n        \"hall\",  # the room\n        deep=True,\n    )»",
            "x = await asyncio.to_thread(\n        f,\n        \"hall\",  # the room\n        deep=True,\n    )",
        );
        check_body("x = «f(  # why\n        a)»", "x = await asyncio.to_thread(\n        f,  # why\n        a)");
        check_body("x = «f(a,\n          b)»", "x = await asyncio.to_thread(f, a,\n          b)");
        check_body(
            "x = «f(\r\n        a,\r\n    )»",
            "x = await asyncio.to_thread(\r\n        f,\r\n        a,\r\n    )",
        );
        check_body("x = «f(\n\n        a)»", "x = await asyncio.to_thread(\n        f,\n\n        a)");
        check_body("x = «f(\\\n        a)»", "x = await asyncio.to_thread(f,\\\n        a)");
    }

    #[test]
    fn chains_over_lines() {
        check_body(
            "x = (\n        «p\n        .table(\"t\")\n        .get(1)»\n        .rows\n    )",
            "x = (\n        (await asyncio.to_thread(p\n        .table(\"t\")\n        .get, 1))\n        .rows\n    )",
        );
        check_body("x = («f\n        (1)»)", "x = (await asyncio.to_thread(f\n        , 1))");
    }

    #[test]
    fn a_sole_generator_gets_its_own_parentheses() {
        check_body("«f(x for x in y)»", "await asyncio.to_thread(f, (x for x in y))");
        check_body("«f((x for x in y))»", "await asyncio.to_thread(f, (x for x in y))");
        check_body("«f(\n        x for x in y\n    )»", "await asyncio.to_thread(f, (\n        x for x in y\n    ))");
        check_body("«f(x for x in «h()»)»", "await asyncio.to_thread(f, (x for x in await asyncio.to_thread(h)))");
    }

    #[test]
    fn any_expression_may_be_the_function() {
        check_body("«(f)(1)»", "await asyncio.to_thread((f), 1)");
        check_body("«(lambda: 1)()»", "await asyncio.to_thread((lambda: 1))");
        check_body("«f[0](1)»", "await asyncio.to_thread(f[0], 1)");
        check_body("«super().get(1)»", "await asyncio.to_thread(super().get, 1)");
        check_body("return«\",\".join(x)»", "return await asyncio.to_thread(\",\".join, x)");
    }

    #[test]
    fn nested() {
        check_body(
            "«f(«g(1)», k=«h()»)»",
            "await asyncio.to_thread(f, await asyncio.to_thread(g, 1), k=await asyncio.to_thread(h))",
        );
        check_body("««f()».g()»", "await asyncio.to_thread((await asyncio.to_thread(f)).g)");
        check_body("««f()»(1)»", "await asyncio.to_thread((await asyncio.to_thread(f)), 1)");
    }

    #[test]
    fn in_every_expression() {
        check_body("r = «p.get(k)» if k else None", "r = await asyncio.to_thread(p.get, k) if k else None");
        check_body(
            "if (y := «f()») and «f(1)»: pass",
            "if (y := await asyncio.to_thread(f)) and await asyncio.to_thread(f, 1): pass",
        );
        check_body("x = f'{«f(\"a\")»[\"n\"]!r:>8}'", "x = f'{(await asyncio.to_thread(f, \"a\"))[\"n\"]!r:>8}'");
        check_body("x = -len(«f()»[0]) ** 2", "x = -len((await asyncio.to_thread(f))[0]) ** 2");
        check_body("x = «f()» ** 2", "x = (await asyncio.to_thread(f)) ** 2");
        check_body("«f(y := 1)»", "await asyncio.to_thread(f, y := 1)");
        check_body("x = «f()», *«f()»", "x = await asyncio.to_thread(f), *await asyncio.to_thread(f)");
        check_body("x = «f((yield))»", "x = await asyncio.to_thread(f, (yield))");
    }

    #[test]
    fn carriers() {
        let anyio = || OffloadVia::Anyio;
        let plain = "import anyio\n";
        check_via(anyio(), plain, "«f()»", "await anyio.to_thread.run_sync(f)");
        check_via(anyio(), plain, "«f(a, *b)».x", "(await anyio.to_thread.run_sync(f, a, *b)).x");
        check_via(
            anyio(),
            "import functools\n\nimport anyio\n",
            "«f(a, k=v)»",
            "await anyio.to_thread.run_sync(functools.partial(f, a, k=v))",
        );
        check_via(
            OffloadVia::Starlette,
            "from functools import partial\n\nfrom starlette.concurrency import run_in_threadpool\n",
            "«f(a, k=v)» + «f(func=1)»",
            "await run_in_threadpool(f, a, k=v) + await run_in_threadpool(partial(f, func=1))",
        );
        check_via(
            OffloadVia::Asgiref,
            "from asgiref.sync import sync_to_async\n",
            "«p.get(a, k=v)»[0] + ««f()»(1)»",
            "(await sync_to_async(p.get)(a, k=v))[0] + await sync_to_async((await sync_to_async(f)()))(1)",
        );
        check_via(
            OffloadVia::Custom { module: "app.threads".into(), function: "off".into() },
            "from app.threads import off\n",
            "«f(\n        a,\n    )»",
            "await off(\n        f,\n        a,\n    )",
        );
    }

    #[test]
    fn white_space_and_the_end_of_the_file_stay() {
        check(
            "\u{feff}import asyncio\r\n\x0c\r\nasync def g():\r\n\tx = «f(1)»  # c",
            offload,
            "\u{feff}import asyncio\r\n\x0c\r\nasync def g():\r\n\tx = await asyncio.to_thread(f, 1)  # c",
        );
        check(
            "import asyncio\rasync def g():\r\tx = «f(\r\t\t1)»\r",
            offload,
            "import asyncio\rasync def g():\r\tx = await asyncio.to_thread(\r\t\tf,\r\t\t1)\r",
        );
    }
}
