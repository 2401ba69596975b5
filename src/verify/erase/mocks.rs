//! The inverses of the changes to tests: async mocks, and awaited calls that are expected to raise.

use ruff_python_ast::{DictItem, Expr, ExprCall, Stmt};
use ruff_text_size::Ranged;

use super::Context;
use super::calls::{Argument, all};
use super::imports::last_name;

/// What a stand-in for an async function is made with.
const ASYNC_MOCKS: [&str; 3] = ["unittest.mock.AsyncMock", "mock.AsyncMock", "mock.mock.AsyncMock"];

impl Context<'_> {
    /// `AsyncMock` of the standard library, of its backport, or of pytest-mock's fixture.
    fn is_async_mock(&self, func: &Expr) -> bool {
        let of_fixture = match func {
            Expr::Attribute(attribute) => {
                attribute.attr.as_str() == "AsyncMock"
                    && last_name(&attribute.value).is_some_and(|name| name.ends_with("mocker"))
            }
            _ => false,
        };
        of_fixture || self.names(func, &ASYNC_MOCKS)
    }

    /// `MagicMock`, in the same way.
    fn is_magic_mock(&self, func: &Expr) -> bool {
        let of_fixture = match func {
            Expr::Attribute(attribute) => {
                attribute.attr.as_str() == "MagicMock"
                    && last_name(&attribute.value).is_some_and(|name| name.ends_with("mocker"))
            }
            _ => false,
        };
        of_fixture || self.names(func, &["unittest.mock.MagicMock", "mock.MagicMock"])
    }

    /// `AsyncMock(keyword=x)`: `x`.
    fn async_mock<'e>(&self, new: &'e Expr, keyword: &str) -> Option<&'e Expr> {
        let call = new.as_call_expr().filter(|call| self.is_async_mock(&call.func))?;
        match all(&call.arguments).as_slice() {
            [Argument { name: Some(name), value, .. }] if *name == keyword => Some(value),
            _ => None,
        }
    }

    /// `x` and `AsyncMock(side_effect=x)`.
    pub(super) fn async_fake(&self, old: &Expr, new: &Expr) {
        match self.async_mock(new, "side_effect") {
            Some(fake) => self.expr(old, fake),
            None => self.misfit(old.range(), "`AsyncMock` around the fake"),
        }
    }

    /// `Mock(a=1)` and `Mock(a=1, load=AsyncMock())`.
    pub(super) fn mock_attributes(&self, old: &Expr, new: &Expr) {
        let (Expr::Call(was), Expr::Call(is)) = (old, new) else { return self.misfit(old.range(), "a call of a mock") };
        let (was_arguments, is_arguments) = (all(&was.arguments), all(&is.arguments));
        if is_arguments.len() <= was_arguments.len() {
            return self.misfit(old.range(), "the added attributes");
        }
        let (kept, added) = is_arguments.split_at(was_arguments.len());
        self.expr(&was.func, &is.func);
        self.argument_lists(old.range(), &was_arguments, kept);
        let fits = |argument: &Argument| {
            let is_plain = |call: &ExprCall| call.arguments.is_empty() && self.is_magic_mock(&call.func);
            let is_result =
                argument.name == Some("return_value") && argument.value.as_call_expr().is_some_and(is_plain);
            is_result || argument.name.is_some_and(|name| name != "**") && self.is_attribute(was, argument.value)
        };
        if !added.iter().all(fits) {
            self.misfit(old.range(), "async mocks for attributes");
        }
    }

    /// `patch(x)` and `patch(x, **{"return_value.load": AsyncMock()})`, or `{"load": AsyncMock()}`.
    pub(super) fn mock_returned(&self, old: &Expr, new: &Expr) {
        let (Expr::Call(was), Expr::Call(is)) = (old, new) else {
            return self.misfit(old.range(), "a call of `patch`");
        };
        let (was_arguments, is_arguments) = (all(&was.arguments), all(&is.arguments));
        self.expr(&was.func, &is.func);
        let Some((Argument { name: Some("**"), value: Expr::Dict(added), .. }, kept)) = is_arguments.split_last()
        else {
            return self.misfit(old.range(), "the added attributes");
        };
        self.argument_lists(old.range(), &was_arguments, kept);
        let fits = |item: &DictItem| {
            let key = item.key.as_ref().and_then(Expr::as_string_literal_expr).map(|key| key.value.to_str());
            let name = key.map(|key| key.strip_prefix("return_value.").unwrap_or(key));
            let call = item.value.as_call_expr().filter(|call| self.is_async_mock(&call.func));
            let is_magic = |result: &ExprCall| result.arguments.is_empty() && self.is_magic_mock(&result.func);
            name.is_some_and(is_identifier)
                && call.is_some_and(|call| {
                    let result = self.async_mock(&item.value, "return_value").and_then(Expr::as_call_expr);
                    call.arguments.is_empty() || result.is_some_and(is_magic)
                })
        };
        if added.items.is_empty() || !added.items.iter().all(fits) {
            self.misfit(old.range(), "async mocks for attributes");
        }
    }

    /// `AsyncMock()`, or `AsyncMock(return_value=Mock())` with the mock that `old` makes.
    fn is_attribute(&self, old: &ExprCall, added: &Expr) -> bool {
        let Some(call) = added.as_call_expr().filter(|call| self.is_async_mock(&call.func)) else { return false };
        if call.arguments.is_empty() {
            return true;
        }
        let result = self.async_mock(added, "return_value").and_then(Expr::as_call_expr);
        result.is_some_and(|result| {
            let written = self.file.new.get(result.func.start().to_usize()..result.func.end().to_usize());
            result.arguments.is_empty() && written == Some(self.old_text(old.func.range()))
        })
    }

    /// `m.f.return_value = x` and `m.f = AsyncMock(return_value=x)`.
    pub(super) fn mock_configured(&self, old: &Stmt, new: &Stmt) {
        let (Stmt::Assign(was), Stmt::Assign(is)) = (old, new) else {
            return self.misfit(old.range(), "an assignment");
        };
        let ([Expr::Attribute(target)], [new_target]) = (was.targets.as_slice(), is.targets.as_slice()) else {
            return self.misfit(old.range(), "the one target");
        };
        let is_known = matches!(target.attr.as_str(), "return_value" | "side_effect");
        match self.async_mock(&is.value, &target.attr) {
            Some(value) if is_known => {
                self.expr(&target.value, new_target);
                self.expr(&was.value, value);
            }
            _ => self.misfit(old.range(), "`AsyncMock` with what is assigned"),
        }
    }

    /// `assertRaises(E, f, x)` and `with assertRaises(E): await f(x)`; of a lambda, its body.
    pub(super) fn raises(&self, old: &Stmt, new: &Stmt) {
        let (Stmt::Expr(statement), Stmt::With(with)) = (old, new) else { return self.misfit(old.range(), "a `with`") };
        let (Expr::Call(was), [item], [Stmt::Expr(body)], false) =
            (&*statement.value, with.items.as_slice(), with.body.as_slice(), with.is_async)
        else {
            return self.misfit(old.range(), "a `with` around one call");
        };
        let (Expr::Call(is), None) = (&item.context_expr, &item.optional_vars) else {
            return self.misfit(old.range(), "the expectation after `with`");
        };
        self.expr(&was.func, &is.func);
        let (was_arguments, is_arguments) = (all(&was.arguments), all(&is.arguments));
        let expected = match last_name(&was.func) {
            Some("assertRaises" | "assertWarns" | "raises" | "warns") => 1,
            Some("assertRaisesRegex" | "assertWarnsRegex") => 2,
            _ => return self.misfit(old.range(), "a known expectation"),
        };
        if is_arguments.len() != expected || was_arguments.len() <= expected {
            return self.misfit(old.range(), "the arguments of the expectation");
        }
        let (kept, rest) = was_arguments.split_at(expected);
        self.argument_lists(old.range(), kept, &is_arguments);
        match (rest, &*body.value) {
            ([Argument { name: None, value: Expr::Lambda(lambda), .. }], value) if lambda.parameters.is_none() => {
                self.expr(&lambda.body, value);
            }
            ([Argument { name: None, value: function, .. }, rest @ ..], Expr::Await(awaited)) => {
                match &*awaited.value {
                    Expr::Call(call) => {
                        self.expr(function, &call.func);
                        self.argument_lists(old.range(), rest, &all(&call.arguments));
                    }
                    _ => self.misfit(old.range(), "the awaited call"),
                }
            }
            _ => self.misfit(old.range(), "the awaited call"),
        }
    }
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char == '_' || char.is_alphanumeric())
}
