//! What it does: moves the statements under `if __name__ == "__main__":` into a coroutine function, and runs it there.
//! Before: `if __name__ == "__main__":` / `    app = App()` / `    app.run()`
//! After: `async def _main():` / `    app = App()` / `    app.run()` / `if __name__ == "__main__":` / `    asyncio.run(_main())`
//! Left alone: a guard with an `else`; one on a single line that would need a `global`.
//! Safety: Safe where no statement runs a loop of its own; names that others use are declared `global`.

use ruff_python_ast::StmtIf;
use ruff_python_ast::token::TokenKind;
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::edit::import::newline;

pub(super) fn rewrite<'a>(
    context: &mut Context<'a>,
    statement: &'a StmtIf,
    parents: Parents<'_, 'a>,
    globals: &[String],
) -> Outcome {
    let [first, ..] = statement.body.as_slice() else { return Err(Leave::OtherShape) };
    if !statement.elif_else_clauses.is_empty() {
        return Err(Leave::OtherShape);
    }
    let tokens = context.tokens.in_range(TextRange::new(statement.test.end(), first.start()));
    let colon = tokens.iter().find(|token| token.kind() == TokenKind::Colon).ok_or(Leave::OtherShape)?;
    let header = TextRange::new(statement.start(), colon.end());
    let shares_line = !context.slice(TextRange::new(colon.end(), first.start())).contains(['\n', '\r']);
    if shares_line && !globals.is_empty() || context.has_comment(header) {
        return Err(Leave::SharedLine);
    }
    let name = context.fresh_name("_main", parents.scope().range());
    let run = context.imports.request("asyncio.run", statement.start());
    let newline = newline(context.text);
    let indentation = context.indentation(first.start()).to_owned();
    let inner = if shares_line { context.indentation_unit().to_owned() } else { indentation };
    let change = context.edits.change(EditKind::MainGuard { statement: statement.range() });
    context.edits.replace(change, header, format!("async def {name}():"));
    if !globals.is_empty() {
        let line = format!("global {}{newline}{inner}", globals.join(", "));
        context.edits.insert(change, first.start(), line);
    }
    let end = context.with_trailing_comment(statement.range()).end();
    let guard = context.slice(header).to_owned();
    let text = format!("{newline}{newline}{newline}{guard}{newline}{inner}{run}({name}())");
    context.edits.insert(change, end, text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_all, check_left};

    fn guard(statement: TextRange) -> Action {
        Action::MainGuard { statement, globals: vec![] }
    }

    #[test]
    fn the_statements_become_a_function() {
        check_all(
            "import asyncio\n\n«if __name__ == '__main__':  # run\n    # first\n    a = «f()»\n    print(a)»  # last\n",
            |ranges| vec![guard(ranges[0]), Action::Await { call: ranges[1] }],
            "import asyncio\n\nasync def _main():  # run\n    # first\n    a = await f()\n    print(a)  # last\n\n\nif __name__ == '__main__':\n    asyncio.run(_main())\n",
        );
    }

    #[test]
    fn names_that_others_use_are_declared() {
        check(
            "import asyncio\n_main = 1\n«if __name__ == '__main__':\n\ta = 1\n\tb = 2»",
            |statement| Action::MainGuard { statement, globals: vec!["a".into(), "b".into()] },
            "import asyncio\n_main = 1\nasync def _main_():\n\tglobal a, b\n\ta = 1\n\tb = 2\n\n\nif __name__ == '__main__':\n\tasyncio.run(_main_())",
        );
    }

    #[test]
    fn on_one_line() {
        check(
            "import asyncio\n«if __name__ == '__main__': f(); g()»\n",
            guard,
            "import asyncio\nasync def _main(): f(); g()\n\n\nif __name__ == '__main__':\n    asyncio.run(_main())\n",
        );
        check_left(
            "«if __name__ == '__main__': a = 1; f()»\n",
            |statement| Action::MainGuard { statement, globals: vec!["a".into()] },
            Leave::SharedLine,
        );
    }

    #[test]
    fn else_is_left() {
        check_left("«if __name__ == '__main__':\n    f()\nelse:\n    g()»\n", guard, Leave::OtherShape);
    }
}
