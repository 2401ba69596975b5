//! What it does: lets a callback's annotation return an awaitable.
//! Before: `callback: Callable[[int], str]`
//! After: `callback: Callable[[int], Awaitable[str]]`
//! Left alone: nothing.
//! Safety: Safe; annotations are not run. It also works inside of quoted annotations.

use ruff_text_size::TextRange;

use super::Outcome;
use super::context::Context;
use crate::edit::EditKind;

/// `None` when the text has no such range.
pub(super) fn rewrite(context: &mut Context, result: TextRange) -> Option<Outcome> {
    context.text.get(result.to_std_range()).filter(|result| !result.is_empty())?;
    let awaitable = context.imports.request("collections.abc.Awaitable", result.start());
    let change = context.edits.change(EditKind::Annotation { annotation: result });
    context.edits.open(change, result, format!("{awaitable}["));
    context.edits.close(change, result, "]");
    Some(Ok(()))
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::testing::check;

    fn awaitable(result: TextRange) -> Action {
        Action::AwaitableResult { result }
    }

    #[test]
    fn the_result_is_wrapped() {
        check(
            "from collections.abc import Callable\n\ndef f(a: Callable[..., «dict[str, int]»], b: \"Callable[[], «int»]\"): pass\n",
            awaitable,
            "from collections.abc import Awaitable, Callable\n\ndef f(a: Callable[..., Awaitable[dict[str, int]]], b: \"Callable[[], Awaitable[int]]\"): pass\n",
        );
    }

    #[test]
    fn typing_is_used_where_the_file_does() {
        check(
            "from typing import Callable\n\ndef f(a: Callable[..., «int»]): pass\n",
            awaitable,
            "from typing import Awaitable, Callable\n\ndef f(a: Callable[..., Awaitable[int]]): pass\n",
        );
    }
}
