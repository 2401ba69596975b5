//! What it does: makes an attribute of a mock awaitable where a test says what it returns.
//! Before: `svc.load.return_value = 1`
//! After: `svc.load = AsyncMock(return_value=1)`
//! Left alone: assignments to several targets.
//! Safety: Safe where the code awaits the attribute. Calls that the old mock recorded before are gone, so the plan takes the
//! first such statement of a function only.

use ruff_python_ast::{AnyNodeRef, ExprAttribute};
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::plan::MockName;

pub(super) fn rewrite(context: &mut Context, target: &ExprAttribute, parents: Parents, mock: &MockName) -> Outcome {
    let Some(AnyNodeRef::StmtAssign(assign)) = parents.parent() else { return Err(Leave::OtherShape) };
    let trailer = TextRange::new(target.value.end(), target.end());
    let bracketed = context.slice(trailer).contains(')');
    if assign.targets.len() != 1 || bracketed || !matches!(target.attr.as_str(), "return_value" | "side_effect") {
        return Err(Leave::OtherShape);
    }
    if context.has_comment(trailer) {
        return Err(Leave::CommentInside);
    }
    let mock = context.mock_name(mock, target.range());
    let value = context.parentheses((&*assign.value).into(), assign.into()).unwrap_or(assign.value.range());
    // `m.f.side_effect = 1, 2`: a tuple needs parentheses as an argument.
    let bare = assign.value.as_tuple_expr().is_some_and(|tuple| !tuple.parenthesized);
    let (open, close) = if bare { ("(", "))") } else { ("", ")") };
    let change = context.edits.change(EditKind::MockConfigured { statement: assign.range() });
    context.edits.delete(change, trailer);
    context.edits.open(change, value, format!("{mock}({}={open}", target.attr));
    context.edits.close(change, value, close);
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::{Action, MockName};
    use crate::rewrite::testing::check;

    fn configured(target: TextRange) -> Action {
        Action::MockConfigured { target, mock: MockName::Imported("unittest.mock.AsyncMock".into()) }
    }

    #[test]
    fn the_attribute_becomes_an_async_mock() {
        check(
            "from unittest.mock import patch\n\n«Store.return_value.load.return_value» = [1]  # one\n",
            configured,
            "from unittest.mock import AsyncMock, patch\n\nStore.return_value.load = AsyncMock(return_value=[1])  # one\n",
        );
        check(
            "import unittest.mock\n\n«m.load.side_effect» = 1, 2\n",
            configured,
            "import unittest.mock\n\nm.load = unittest.mock.AsyncMock(side_effect=(1, 2))\n",
        );
    }
}
