//! What it does: replaces a name by another that is imported in the same form.
//! Before: `from contextlib import contextmanager` / `@contextmanager`
//! After: `from contextlib import asynccontextmanager` / `@asynccontextmanager`
//! Left alone: a dotted name with a comment inside.
//! Safety: Safe where what the name stands for changes too, which the plan makes sure of.

use ruff_text_size::TextRange;

use super::context::Context;
use super::{Leave, Outcome};
use crate::edit::EditKind;

/// `to` is dotted, or a builtin. `None` when the text has no such range.
pub(super) fn rewrite(context: &mut Context, name: TextRange, to: &str) -> Option<Outcome> {
    let old = context.text.get(name.to_std_range()).filter(|name| !name.is_empty())?;
    if old.contains('#') {
        return Some(Err(Leave::CommentInside));
    }
    let new = context.imports.request_like(name, to, context.other_uses(old));
    let change = context.edits.change(EditKind::Rename { name, to: to.to_owned() });
    context.edits.replace(change, name, new);
    Some(Ok(()))
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn context_manager(name: TextRange) -> Action {
        Action::RenameImported { name, to: "contextlib.asynccontextmanager".into() }
    }

    fn iterator(name: TextRange) -> Action {
        Action::RenameImported { name, to: "collections.abc.AsyncIterator".into() }
    }

    #[test]
    fn an_import_that_is_no_longer_used_is_replaced() {
        check(
            "from contextlib import contextmanager\n\n@«contextmanager»\ndef f(): yield\n\n@«contextmanager»\ndef g(): yield\n",
            context_manager,
            "from contextlib import asynccontextmanager\n\n@asynccontextmanager\ndef f(): yield\n\n@asynccontextmanager\ndef g(): yield\n",
        );
    }

    #[test]
    fn an_import_that_is_still_used_gets_another_name() {
        check(
            "from contextlib import contextmanager\n\n@«contextmanager»\ndef f(): yield\n\n@contextmanager\ndef g(): yield\n",
            context_manager,
            "from contextlib import asynccontextmanager, contextmanager\n\n@asynccontextmanager\ndef f(): yield\n\n@contextmanager\ndef g(): yield\n",
        );
    }

    #[test]
    fn dotted_references_stay_dotted() {
        check(
            "import contextlib as c\n\n@«c.contextmanager»\ndef f(): yield\n",
            context_manager,
            "import contextlib as c\n\n@c.asynccontextmanager\ndef f(): yield\n",
        );
        check(
            "import typing\n\ndef f() -> «typing.Iterator»[int]: yield\n",
            iterator,
            "import typing\n\ndef f() -> typing.AsyncIterator[int]: yield\n",
        );
    }

    #[test]
    fn typing_and_collections_abc_are_told_apart() {
        check(
            "from typing import Any, Iterator\n\ndef f() -> «Iterator»[Any]: yield\n",
            iterator,
            "from typing import Any, AsyncIterator\n\ndef f() -> AsyncIterator[Any]: yield\n",
        );
        check(
            "if TYPE_CHECKING:\n    from collections.abc import Iterator\n\ndef f() -> \"«Iterator»[int]\": yield\n",
            iterator,
            "if TYPE_CHECKING:\n    from collections.abc import AsyncIterator\n\ndef f() -> \"AsyncIterator[int]\": yield\n",
        );
    }

    #[test]
    fn a_name_for_annotations_gets_one_beside_it() {
        check(
            "if TYPE_CHECKING:\n    from collections.abc import Iterator\n\ndef f() -> \"«Iterator»[int]\": yield\n\ndef g() -> \"Iterator[int]\": yield\n",
            iterator,
            "if TYPE_CHECKING:\n    from collections.abc import AsyncIterator, Iterator\n\ndef f() -> \"AsyncIterator[int]\": yield\n\ndef g() -> \"Iterator[int]\": yield\n",
        );
    }

    #[test]
    fn dotted_names_with_a_comment_are_left() {
        check_left(
            "@(contextlib.contextmanager)\ndef f(): yield\n\n(«contextlib  # c\n    .contextmanager»)\n",
            context_manager,
            Leave::CommentInside,
        );
    }

    #[test]
    fn what_is_not_imported_is() {
        check(
            "from lib import contextmanager\n\n@«contextmanager»\ndef f(): yield\n",
            context_manager,
            "from contextlib import asynccontextmanager\n\nfrom lib import contextmanager\n\n@asynccontextmanager\ndef f(): yield\n",
        );
        check("«next»(x)\n", |name| Action::RenameImported { name, to: "anext".into() }, "anext(x)\n");
    }
}
