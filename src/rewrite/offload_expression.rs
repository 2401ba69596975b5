//! What it does: moves an expression that blocks without a call off the event loop: a property, `x[k]`, `k in x`.
//! Before: `name = room.name.upper()`, `row = table[key]`
//! After: `name = (await asyncio.to_thread(lambda: room.name)).upper()`, `row = await asyncio.to_thread(lambda: table[key])`
//! Left alone: an expression with `await`, `async for`, `yield`, `:=` or `super()` inside, which a lambda cannot hold, or with another call to change.
//! Safety: Safe for code that may run on another thread, which the plan decides.

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::{AnyNodeRef, Expr, ExprRef};
use ruff_text_size::Ranged;

use super::context::{Context, Parents};
use super::offload::request_carrier;
use super::{Leave, Outcome};
use crate::config::OffloadVia;
use crate::edit::EditKind;

pub(super) fn rewrite<'a>(
    context: &mut Context<'a>,
    expression: ExprRef<'a>,
    parents: Parents<'_, 'a>,
    via: &OffloadVia,
) -> Outcome {
    let mut finder = Finder(false);
    AnyNodeRef::from(expression).visit_source_order(&mut finder);
    let own = expression.range();
    let has_await_to_be = context.planned.iter().any(|range| *range != own && own.contains_range(*range));
    if finder.0 || has_await_to_be {
        return Err(Leave::OtherShape);
    }
    let carrier = request_carrier(context, expression.start(), via);
    let change = context.edits.change(EditKind::OffloadExpression { expression: expression.range() });
    let parenthesize = context.await_needs_parentheses(expression, parents);
    let close = if *via == OffloadVia::Asgiref { ")()" } else { ")" };
    context.open_await(change, expression.range(), &format!("{carrier}(lambda: "), parenthesize);
    context.edits.close(change, expression.range(), close);
    Ok(())
}

/// Finds what a lambda cannot hold.
struct Finder(bool);

impl<'a> SourceOrderVisitor<'a> for Finder {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        let is_super = matches!(node, AnyNodeRef::ExprCall(call)
            if matches!(&*call.func, Expr::Name(name) if name.id == "super"));
        self.0 |= is_super
            || node.is_expr_await()
            || node.is_expr_yield()
            || node.is_expr_yield_from()
            || node.is_expr_named()
            || matches!(node, AnyNodeRef::Comprehension(clause) if clause.is_async);
        TraversalSignal::Traverse
    }
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::config::OffloadVia;
    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_left};

    fn offload(expression: TextRange) -> Action {
        Action::OffloadExpression { expression, via: OffloadVia::Asyncio }
    }

    #[track_caller]
    fn check_body(before: &str, after: &str) {
        let module = |body: &str| format!("import asyncio\n\nasync def g():\n    {body}\n");
        check(&module(before), offload, &module(after));
    }

    #[test]
    fn the_expression_stands_in_a_lambda() {
        check_body("x = «room.name»", "x = await asyncio.to_thread(lambda: room.name)");
        check_body("x = «room.name».upper()", "x = (await asyncio.to_thread(lambda: room.name)).upper()");
        check_body("x = f(«table[1:2]», k)", "x = f(await asyncio.to_thread(lambda: table[1:2]), k)");
        check_body("if «k in table»: pass", "if await asyncio.to_thread(lambda: k in table): pass");
        check_body("x = not («k not in table»)", "x = not (await asyncio.to_thread(lambda: k not in table))");
    }

    #[test]
    fn carriers() {
        check(
            "from asgiref.sync import sync_to_async\n\nasync def g():\n    x = «room.name»\n",
            |expression| Action::OffloadExpression { expression, via: OffloadVia::Asgiref },
            "from asgiref.sync import sync_to_async\n\nasync def g():\n    x = await sync_to_async(lambda: room.name)()\n",
        );
    }

    #[test]
    fn what_a_lambda_cannot_hold_is_left() {
        for expression in [
            "super().name",
            "table[await f()]",
            "table[(k := 1)]",
            "(await f()).name",
            "any(x for x in [y async for y in z])",
        ] {
            check_left(&format!("async def g():\n    x = «{expression}»\n"), offload, Leave::OtherShape);
        }
    }
}
