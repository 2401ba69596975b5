//! What it does: turns the annotation of a generator function into that of an async one, which returns nothing.
//! Before: `-> Generator[int, str, bool]`
//! After: `-> AsyncGenerator[int, str]`
//! Left alone: annotations that are not `Generator`.
//! Safety: Safe; annotations are not run. It also works inside of quoted annotations.

use ruff_python_ast::Expr;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::parse_expression_range;
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, dotted};
use super::{Leave, Outcome};
use crate::edit::EditKind;

/// `None` when the text has no such range.
pub(super) fn rewrite(context: &mut Context, subscript: TextRange) -> Option<Outcome> {
    context.text.get(subscript.to_std_range())?;
    Some(rewrite_annotation(context, subscript))
}

fn rewrite_annotation(context: &mut Context, subscript: TextRange) -> Outcome {
    let parsed = parse_expression_range(context.text, subscript).map_err(|_| Leave::OtherShape)?;
    let (name, arguments) = match parsed.expr() {
        Expr::Subscript(subscript) => (&*subscript.value, Some(&*subscript.slice)),
        name => (name, None),
    };
    let path = dotted(name).ok_or(Leave::OtherShape)?;
    let last = path.rsplit('.').next().unwrap_or_default();
    if last != "Generator" && context.imports.resolve(&path).is_none_or(|path| !path.ends_with(".Generator")) {
        return Err(Leave::OtherShape);
    }
    let other_uses = context.other_uses(&path);
    let new = context.imports.request_like(name.range(), "collections.abc.AsyncGenerator", other_uses);
    let change = context.edits.change(EditKind::Annotation { annotation: subscript });
    context.edits.replace(change, name.range(), new);
    if let Some(Expr::Tuple(tuple)) = arguments
        && let [_, send, returned] = tuple.elts.as_slice()
    {
        let rest = parsed.tokens().in_range(TextRange::new(send.end(), returned.start()));
        let comma = rest.iter().find(|token| token.kind() == TokenKind::Comma).ok_or(Leave::OtherShape)?;
        context.edits.delete(change, TextRange::new(comma.start(), returned.end()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn convert(subscript: TextRange) -> Action {
        Action::AsyncGenerator { subscript }
    }

    #[test]
    fn the_return_type_is_dropped() {
        check(
            "from typing import Generator\n\ndef f() -> «Generator[int, str, dict[str, bool]]»: yield 1\n",
            convert,
            "from typing import AsyncGenerator\n\ndef f() -> AsyncGenerator[int, str]: yield 1\n",
        );
        check(
            "import collections.abc\n\ndef f() -> \"«collections.abc.Generator[int, None, None]»\": yield 1\n",
            convert,
            "import collections.abc\n\ndef f() -> \"collections.abc.AsyncGenerator[int, None]\": yield 1\n",
        );
        check(
            "from typing import Generator\n\ndef f() -> «Generator[\n    int,\n    str,\n    None,\n]»: yield 1\n",
            convert,
            "from typing import AsyncGenerator\n\ndef f() -> AsyncGenerator[\n    int,\n    str,\n]: yield 1\n",
        );
    }

    #[test]
    fn shorter_forms_are_renamed() {
        check(
            "from typing import Generator as G\n\ndef f() -> «G[int]»: yield 1\n\ndef g() -> G: yield\n",
            convert,
            "from typing import AsyncGenerator, Generator as G\n\ndef f() -> AsyncGenerator[int]: yield 1\n\ndef g() -> G: yield\n",
        );
    }

    #[test]
    fn other_annotations_are_left() {
        check_left("def f() -> «Iterator[int]»: yield 1\n", convert, Leave::OtherShape);
    }
}
