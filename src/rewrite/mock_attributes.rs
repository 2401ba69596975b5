//! What it does: makes attributes of a mock awaitable, which the code awaits now.
//! Before: `svc = Mock()`
//! After: `svc = Mock(load=AsyncMock())`
//! Left alone: calls with a generator expression for an argument.
//! Safety: Safe where the code awaits the attribute and nothing calls it without; `assert_called_with` and the like stay.

use ruff_python_ast::ExprCall;
use ruff_python_ast::token::TokenKind;
use ruff_text_size::{Ranged, TextRange};

use super::context::Context;
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::plan::MockName;

pub(super) fn rewrite(context: &mut Context, call: &ExprCall, mock: &MockName, names: &[(String, bool)]) -> Outcome {
    if call.arguments.args.iter().any(|argument| argument.is_generator_expr()) {
        return Err(Leave::OtherShape);
    }
    let plain = context.slice(call.func.range()).to_owned();
    let mock = context.mock_name(mock, call.range());
    let keywords: Vec<String> = names
        .iter()
        .map(|(name, is_used)| match is_used {
            true => format!("{name}={mock}(return_value={plain}())"),
            false => format!("{name}={mock}()"),
        })
        .collect();
    let change = context.edits.change(EditKind::MockAttributes { call: call.range() });
    add(context, change, call, &keywords.join(", "));
    Ok(())
}

/// `patch("m.load")` to `patch("m.load", return_value=MagicMock())`.
pub(super) fn rewrite_result(context: &mut Context, call: &ExprCall, mock: &MockName) -> Outcome {
    if call.arguments.args.iter().any(|argument| argument.is_generator_expr()) {
        return Err(Leave::OtherShape);
    }
    let mock = context.mock_name(mock, call.range());
    let change = context.edits.change(EditKind::MockAttributes { call: call.range() });
    add(context, change, call, &format!("return_value={mock}()"));
    Ok(())
}

/// Adds keyword arguments to a call, as a part of `change`.
pub(super) fn add(context: &mut Context, change: usize, call: &ExprCall, keywords: &str) {
    let close = call.arguments.r_paren_range();
    let last = context.tokens.in_range(TextRange::new(call.arguments.start(), close.start()));
    let last = last.iter().rfind(|token| !token.kind().is_trivia());
    let own_line = own_line(context, call);
    let (at, separator) = match last {
        Some(token) if token.kind() == TokenKind::Lpar => (token.end(), ""),
        Some(token) if token.kind() == TokenKind::Comma => (token.end(), own_line.as_deref().unwrap_or(" ")),
        Some(token) => (token.end(), ", "),
        None => (close.start(), ""),
    };
    let comma = if last.is_some_and(|token| token.kind() == TokenKind::Comma) { "," } else { "" };
    context.edits.insert(change, at, format!("{separator}{keywords}{comma}"));
}

/// The line end and the indentation before the last argument, where it starts a line and a comma and a line end follow it.
fn own_line(context: &Context, call: &ExprCall) -> Option<String> {
    let last = call.arguments.iter_source_order().last()?.range();
    let before = &context.slice(TextRange::new(call.arguments.start(), last.start()));
    let start = before.rfind(['\n', '\r'])?;
    let indent = &before[start + 1..];
    let after = context.slice(TextRange::new(last.end(), call.end()));
    let starts = indent.chars().all(|c| matches!(c, ' ' | '\t'));
    let ends = after.trim_start_matches([' ', '\t', ',']).starts_with(['\n', '\r']);
    let line_end = if before[..=start].ends_with("\r\n") { "\r\n" } else { &before[start..=start] };
    (starts && ends).then(|| format!("{line_end}{indent}"))
}

impl Context<'_> {
    /// The expression for `AsyncMock` where `at` stands.
    pub(super) fn mock_name(&mut self, mock: &MockName, at: TextRange) -> String {
        match mock {
            MockName::Imported(path) => self.imports.request(path, at.start()),
            MockName::Spelled(name) => name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::{Action, MockName};
    use crate::rewrite::testing::check;

    fn load(call: TextRange) -> Action {
        let mock = MockName::Imported("unittest.mock.AsyncMock".into());
        Action::MockAttributes { call, mock, names: vec![("load".into(), false), ("find".into(), true)] }
    }

    #[test]
    fn a_keyword_gets_a_line_of_its_own_where_the_others_have_one() {
        check(
            "from unittest.mock import Mock\n\nsvc = «Mock(\n    rows=[],\n    spec=None,\n)»\n",
            load,
            "from unittest.mock import AsyncMock, Mock\n\nsvc = Mock(\n    rows=[],\n    spec=None,\n    load=AsyncMock(), find=AsyncMock(return_value=Mock()),\n)\n",
        );
    }

    #[test]
    fn keywords_are_added() {
        check(
            "from unittest.mock import Mock\n\nx = «Mock()»\n",
            load,
            "from unittest.mock import AsyncMock, Mock\n\nx = Mock(load=AsyncMock(), find=AsyncMock(return_value=Mock()))\n",
        );
        check(
            "from unittest import mock\n\nx = «mock.MagicMock(a=1)»\n",
            load,
            "from unittest import mock\n\nx = mock.MagicMock(a=1, load=mock.AsyncMock(), find=mock.AsyncMock(return_value=mock.MagicMock()))\n",
        );
        check(
            "from unittest.mock import Mock\n\nx = «Mock(\n    a=1,  # one\n)»\n",
            load,
            "from unittest.mock import AsyncMock, Mock\n\nx = Mock(\n    a=1, load=AsyncMock(), find=AsyncMock(return_value=Mock()),  # one\n)\n",
        );
    }
}
