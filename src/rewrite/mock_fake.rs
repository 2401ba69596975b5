//! What it does: puts a sync fake into a mock that can be awaited.
//! Before: `monkeypatch.setattr(svc, "load", lambda key: 1)`, `svc.load = lambda key: 1`
//! After: `monkeypatch.setattr(svc, "load", AsyncMock(side_effect=lambda key: 1))`
//! Left alone: assignments to several targets.
//! Safety: Safe where the code awaits what the fake stands for.

use ruff_python_ast::{AnyNodeRef, ExprRef};
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::plan::MockName;

pub(super) fn rewrite<'a>(
    context: &mut Context<'a>,
    fake: ExprRef<'a>,
    parents: Parents<'_, 'a>,
    mock: &MockName,
) -> Outcome {
    let parentheses = parents.parent().and_then(|parent| context.parentheses(fake, parent));
    wrap(context, fake.range(), parentheses, mock);
    Ok(())
}

pub(super) fn rewrite_assigned(context: &mut Context, parents: Parents, mock: &MockName) -> Outcome {
    let Some(AnyNodeRef::StmtAssign(assign)) = parents.parent() else { return Err(Leave::OtherShape) };
    if assign.targets.len() != 1 {
        return Err(Leave::OtherShape);
    }
    let parentheses = context.parentheses((&*assign.value).into(), assign.into());
    wrap(context, assign.value.range(), parentheses, mock);
    Ok(())
}

fn wrap(context: &mut Context, fake: TextRange, parentheses: Option<TextRange>, mock: &MockName) {
    let mock = context.mock_name(mock, fake);
    let change = context.edits.change(EditKind::AsyncFake { fake });
    let range = parentheses.unwrap_or(fake);
    let open = context.spaced(range.start(), &format!("{mock}(side_effect="));
    context.edits.open(change, range, open);
    context.edits.close(change, range, ")");
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::{Action, MockName};
    use crate::rewrite::testing::check;

    fn mock() -> MockName {
        MockName::Spelled("mocker.AsyncMock".into())
    }

    #[test]
    fn the_fake_is_the_side_effect() {
        check(
            "monkeypatch.setattr(svc, \"load\", «lambda key: (1, 2)»)\n",
            |fake: TextRange| Action::AsyncFake { fake, mock: mock() },
            "monkeypatch.setattr(svc, \"load\", mocker.AsyncMock(side_effect=lambda key: (1, 2)))\n",
        );
        check(
            "«svc.load» = (lambda: 1)\n",
            |target: TextRange| Action::AsyncFakeAssigned { target, mock: mock() },
            "svc.load = mocker.AsyncMock(side_effect=(lambda: 1))\n",
        );
    }
}
