//! What it does: makes a function a coroutine function.
//! Before: `@cached` / `def f(x):`
//! After: `@cached` / `async def f(x):`
//! Left alone: a function that is async already.
//! Safety: Safe together with the edits at all its call sites, which the plan makes in one group.

use ruff_python_ast::StmtFunctionDef;
use ruff_python_ast::token::TokenKind;
use ruff_text_size::{Ranged, TextRange};

use super::context::Context;
use super::{Leave, Outcome};
use crate::edit::EditKind;

pub(super) fn rewrite(context: &mut Context, function: &StmtFunctionDef) -> Outcome {
    if function.is_async {
        return Err(Leave::AlreadyAsync);
    }
    let start = function.decorator_list.last().map_or(function.start(), Ranged::end);
    let mut tokens = context.tokens.in_range(TextRange::new(start, function.name.start())).iter();
    let def = tokens.find(|token| token.kind() == TokenKind::Def).expect("a function has a `def` before its name");
    let change = context.edits.change(EditKind::AsyncDef { function: function.range() });
    // Opens the token, not the function: a new decorator opens that.
    context.edits.open(change, def.range(), "async ");
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn convert(function: TextRange) -> Action {
        Action::AsyncDef { function }
    }

    #[test]
    fn the_def_token_gets_async() {
        check("«def f(): pass»\n", convert, "async def f(): pass\n");
        check(
            "class A:\n\t«@cached  # def\n\t# def\n\n\t@b(lambda: 1)\n\tdef \\\n  f (x) : # c\n\t\tpass»",
            convert,
            "class A:\n\t@cached  # def\n\t# def\n\n\t@b(lambda: 1)\n\tasync def \\\n  f (x) : # c\n\t\tpass",
        );
        check("«def f():\r\n  «def g():\r\n    pass»»", convert, "async def f():\r\n  async def g():\r\n    pass");
        check("x = 1; y = 2\n\x0c«def f[T](x: T): pass»\n", convert, "x = 1; y = 2\n\x0casync def f[T](x: T): pass\n");
    }

    #[test]
    fn async_functions_are_left() {
        check_left("«async def f(): pass»\n", convert, Leave::AlreadyAsync);
    }
}
