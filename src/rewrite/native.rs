//! What it does: calls the async twin of a method and awaits it.
//! Before: `x = obj.get(1).rows`
//! After: `x = (await obj.async_get(1)).rows`
//! Left alone: a callee that is no attribute: nothing says that the bare name of the twin is bound.
//! Safety: Safe where the receiver's class has the method, which the plan proves.

use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::edit::EditKind;

pub(super) fn rewrite<'a>(
    context: &mut Context<'a>,
    call: &'a ExprCall,
    parents: Parents<'_, 'a>,
    method: &str,
) -> Outcome {
    let Expr::Attribute(attribute) = &*call.func else { return Err(Leave::OtherShape) };
    let change = context.edits.change(EditKind::Native { call: call.range(), method: method.to_owned() });
    let parenthesize = context.await_needs_parentheses(call.into(), parents);
    context.open_await(change, call.range(), "", parenthesize);
    context.edits.replace(change, attribute.attr.range(), method);
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn native(call: TextRange) -> Action {
        Action::Native { call, method: "async_get".into() }
    }

    #[test]
    fn the_attribute_is_replaced_and_the_call_awaited() {
        check(
            "async def g():\n    x = «self.p . get(  # c\n        1)».rows\n",
            native,
            "async def g():\n    x = (await self.p . async_get(  # c\n        1)).rows\n",
        );
        check(
            "async def g():\n    ««a.get()».get()»\n",
            native,
            "async def g():\n    await (await a.async_get()).async_get()\n",
        );
    }

    #[test]
    fn other_callees_are_left() {
        check_left("async def g():\n    «x[0]()»\n", native, Leave::OtherShape);
        check_left("async def g():\n    «get()»\n", native, Leave::OtherShape);
    }
}
