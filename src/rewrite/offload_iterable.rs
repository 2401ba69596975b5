//! What it does: lets a worker use up a generator that stays one, where it is used up at once, or run an `__iter__` that blocks
//! and then gives an iterator that does not.
//! Before: `rows = [*g()]`, `a, b = g()`, `for row in table:`
//! After: `rows = [*await asyncio.to_thread(list, g())]`, `a, b = await asyncio.to_thread(list, g())`,
//! `for row in await asyncio.to_thread(iter, table):`
//! Left alone: nothing; the plan asks only where `list` and `iter` are the builtins.
//! Safety: Safe where all elements are taken before anything else happens, which the plan decides.

use ruff_python_ast::ExprRef;
use ruff_text_size::Ranged;

use super::Outcome;
use super::context::{Context, Parents};
use super::offload::request_carrier;
use crate::config::OffloadVia;
use crate::edit::EditKind;
use crate::plan::IteratedBy;

pub(super) fn rewrite<'a>(
    context: &mut Context<'a>,
    iterable: ExprRef<'a>,
    parents: Parents<'_, 'a>,
    (by, via): (IteratedBy, &OffloadVia),
) -> Outcome {
    let carrier = request_carrier(context, iterable.start(), via);
    let change = context.edits.change(EditKind::OffloadIterable { iterable: iterable.range(), by });
    let parenthesize = context.await_needs_parentheses(iterable, parents);
    let builtin = match by {
        IteratedBy::List => "list",
        IteratedBy::Iter => "iter",
    };
    let open = match via {
        OffloadVia::Asgiref => format!("{carrier}({builtin})("),
        _ => format!("{carrier}({builtin}, "),
    };
    context.open_await(change, iterable.range(), &open, parenthesize);
    context.edits.close(change, iterable.range(), ")");
    Ok(())
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::config::OffloadVia;
    use crate::plan::{Action, IteratedBy};
    use crate::rewrite::testing::check;

    #[track_caller]
    fn check_body(via: OffloadVia, import: &str, before: &str, after: &str) {
        let module = |body: &str| format!("{import}\n\nasync def g():\n    {body}\n");
        let offload =
            |iterable: TextRange| Action::OffloadIterable { iterable, by: IteratedBy::List, via: via.clone() };
        check(&module(before), offload, &module(after));
    }

    #[test]
    fn a_list_takes_the_place_of_the_generator() {
        let asyncio = |before: &str, after: &str| check_body(OffloadVia::Asyncio, "import asyncio", before, after);
        asyncio("x = [*«rows(a, b)»]", "x = [*await asyncio.to_thread(list, rows(a, b))]");
        asyncio("f(1, *«rows()», k=2)", "f(1, *await asyncio.to_thread(list, rows()), k=2)");
        asyncio("a, *b = «self.rows»", "a, *b = await asyncio.to_thread(list, self.rows)");
        asyncio("x += «rows(\n        k,\n    )»", "x += await asyncio.to_thread(list, rows(\n        k,\n    ))");
    }

    #[test]
    fn a_worker_begins_the_iteration() {
        check(
            "import asyncio\n\nasync def g(table):\n    for row in «table.rows»: print(row)\n",
            |iterable| Action::OffloadIterable { iterable, by: IteratedBy::Iter, via: OffloadVia::Asyncio },
            "import asyncio\n\nasync def g(table):\n    for row in await asyncio.to_thread(iter, table.rows): print(row)\n",
        );
    }

    #[test]
    fn carriers() {
        let import = "from asgiref.sync import sync_to_async";
        check_body(OffloadVia::Asgiref, import, "x = [*«rows()»]", "x = [*await sync_to_async(list)(rows())]");
    }
}
