//! What it does: keeps a function as it is for its callers, and moves its body into a coroutine function that it runs.
//! Before: `def main(argv):` / `    """Doc."""` / `    work(argv)`
//! After: `def main(argv):` / `    """Doc."""` / `    asyncio.run(_main(argv))` / `async def _main(argv):` / `    work(argv)`; with
//! `return` where the body returns something
//! Left alone: a body on the line of its `def`, or with nothing but a docstring; type parameters.
//! Safety: Safe for functions that are called where no loop runs, which the plan makes sure of.

use ruff_python_ast::helpers::ReturnStatementVisitor;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{Parameter, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::edit::import::newline;

pub(super) fn rewrite<'a>(
    context: &mut Context<'a>,
    function: &'a StmtFunctionDef,
    parents: Parents<'_, 'a>,
) -> Outcome {
    if function.is_async {
        return Err(Leave::AlreadyAsync);
    }
    let (doc, body) = match function.body.as_slice() {
        [first, rest @ ..] if is_docstring(first) => (Some(first), rest),
        body => (None, body),
    };
    let [first, ..] = body else { return Err(Leave::OtherShape) };
    if function.type_params.is_some() {
        return Err(Leave::OtherShape);
    }
    let head = doc.map_or_else(|| colon(context, function, first.start()), Ranged::end);
    let Some(at) = next_line(context, head, first.start()) else { return Err(Leave::SharedLine) };
    let name = context.fresh_name(&format!("_{}", function.name), parents.0[0].range());
    let run = context.imports.request("asyncio.run", function.start());
    let newline = newline(context.text);
    let (outer, inner) =
        (context.indentation(function.start()).to_owned(), context.indentation(first.start()).to_owned());
    let (mut declared, mut given) = (vec![], vec![]);
    for parameter in function.parameters.iter() {
        let is_variadic = parameter.is_variadic();
        let parameter = parameter.as_parameter();
        given.push(parameter.name.to_string());
        declared.push(if is_variadic { parameter.name.to_string() } else { declaration(context, parameter) });
    }
    let returns =
        function.returns.as_deref().map_or(String::new(), |returns| format!(" -> {}", context.slice(returns.range())));
    let gives = if returns_something(body) { "return " } else { "" };
    let text = format!(
        "{inner}{gives}{run}({name}({})){newline}{newline}{newline}{outer}async def {name}({}){returns}:{newline}",
        given.join(", "),
        declared.join(", "),
    );
    let change = context.edits.change(EditKind::Bridge { function: function.range() });
    context.edits.insert(change, at, text);
    Ok(())
}

/// Does a `return` of the body itself have a value?
fn returns_something(body: &[Stmt]) -> bool {
    let mut visitor = ReturnStatementVisitor::default();
    visitor.visit_body(body);
    visitor.returns.iter().any(|statement| statement.value.is_some())
}

fn is_docstring(statement: &Stmt) -> bool {
    statement.as_expr_stmt().is_some_and(|statement| statement.value.is_string_literal_expr())
}

/// `name: annotation`
fn declaration(context: &Context, parameter: &Parameter) -> String {
    match &parameter.annotation {
        Some(annotation) => format!("{}: {}", parameter.name, context.slice(annotation.range())),
        None => parameter.name.to_string(),
    }
}

/// The end of the colon before the body.
fn colon(context: &Context, function: &StmtFunctionDef, body: TextSize) -> TextSize {
    let after = function.returns.as_deref().map_or(function.parameters.end(), Ranged::end);
    let tokens = context.tokens.in_range(TextRange::new(after, body));
    tokens.iter().find(|token| token.kind() == TokenKind::Colon).map_or(body, Ranged::end)
}

/// The start of the first line behind `after` that is not blank; none when the body starts on the line of `after`.
fn next_line(context: &Context, after: TextSize, body: TextSize) -> Option<TextSize> {
    let between = context.slice(TextRange::new(after, body));
    let mut at = between.find(['\n', '\r'])?;
    loop {
        let rest = &between[at..];
        let line = if rest.starts_with("\r\n") { 2 } else { 1 };
        let next = &rest[line..];
        let blank = next.trim_start_matches([' ', '\t', '\u{c}']);
        at += line;
        if !blank.starts_with(['\n', '\r']) {
            return Some(after + TextSize::try_from(at).expect("a file that parses is below 4 GB"));
        }
        at += next.len() - blank.len();
    }
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_all, check_left};

    fn bridge(function: TextRange) -> Action {
        Action::Bridge { function }
    }

    #[test]
    fn the_body_moves() {
        check_all(
            "import asyncio\n\n«@app.command()\ndef show(key: str, /, *rest: int, loud: bool = False, **more) -> int:  # command\n    \"\"\"Doc.\"\"\"\n\n    # why\n    return «f(key)»»\n",
            |ranges| vec![bridge(ranges[0]), Action::Await { call: ranges[1] }],
            "import asyncio\n\n@app.command()\ndef show(key: str, /, *rest: int, loud: bool = False, **more) -> int:  # command\n    \"\"\"Doc.\"\"\"\n\n    return asyncio.run(_show(key, rest, loud, more))\n\n\nasync def _show(key: str, rest, loud: bool, more) -> int:\n    # why\n    return await f(key)\n",
        );
    }

    #[test]
    fn without_docstring_and_with_a_name_that_is_taken() {
        check(
            "import asyncio\n_main = 1\nif x:\n\t«def main():\n\t\tf()\n\t\tg()»\n",
            bridge,
            "import asyncio\n_main = 1\nif x:\n\tdef main():\n\t\tasyncio.run(_main_())\n\n\n\tasync def _main_():\n\t\tf()\n\t\tg()\n",
        );
    }

    #[test]
    fn bodies_on_the_line_are_left() {
        check_left("«def main(): f()»\n", bridge, Leave::SharedLine);
        check_left("«def main():\n    \"\"\"Doc.\"\"\"; f()»\n", bridge, Leave::SharedLine);
        check_left("«def main():\n    \"\"\"Doc.\"\"\"»\n", bridge, Leave::OtherShape);
        check_left("«def main[T](x: T):\n    f(x)»\n", bridge, Leave::OtherShape);
    }
}
