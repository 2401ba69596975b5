//! What it does: makes methods of a patched object, or of what a patched class or factory returns, awaitable, which the code
//! awaits now.
//! Before: `patch("app.Store")`
//! After: `patch("app.Store", **{"return_value.load": AsyncMock()})`; of an object `patch("app.store", **{"load": AsyncMock()})`
//! Left alone: calls with more than the target.
//! Safety: Safe where the code awaits the method and nothing calls it without; what the test asserts stays.

use ruff_python_ast::ExprCall;
use ruff_text_size::Ranged;

use super::context::Context;
use super::mock_attributes::add;
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::plan::MockName;

pub(super) fn rewrite(
    context: &mut Context,
    call: &ExprCall,
    mock: &MockName,
    magic: &MockName,
    names: &[(String, bool)],
) -> Outcome {
    if !call.arguments.keywords.is_empty() || call.arguments.args.iter().any(|argument| argument.is_starred_expr()) {
        return Err(Leave::OtherShape);
    }
    let mock = context.mock_name(mock, call.range());
    let mut items = vec![];
    for (name, is_used) in names {
        let result = match is_used {
            true => format!("return_value={}()", context.mock_name(magic, call.range())),
            false => String::new(),
        };
        items.push(format!("\"{name}\": {mock}({result})"));
    }
    let change = context.edits.change(EditKind::MockReturned { call: call.range() });
    add(context, change, call, &format!("**{{{}}}", items.join(", ")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::{Action, MockName};
    use crate::rewrite::testing::check;

    fn load(call: TextRange) -> Action {
        let mock = MockName::Imported("unittest.mock.AsyncMock".into());
        let magic = MockName::Imported("unittest.mock.MagicMock".into());
        Action::MockReturned {
            call,
            mock,
            magic,
            names: vec![("return_value.load".into(), false), ("find".into(), true)],
        }
    }

    #[test]
    fn keywords_are_added() {
        check(
            "from unittest.mock import MagicMock, patch\n\nx = «patch('m.Store')»\n",
            load,
            "from unittest.mock import AsyncMock, MagicMock, patch\n\nx = patch('m.Store', **{\"return_value.load\": AsyncMock(), \"find\": AsyncMock(return_value=MagicMock())})\n",
        );
    }
}
