//! What it does: iterates asynchronously over what `enumerate` was given, and counts beside it.
//! Before: `for i, row in enumerate(rows(), 1):`
//! After: `numbers = itertools.count(1)` / `async for row in rows():` / `    i = next(numbers)`
//! Left alone: targets other than names, a start that is no number or name, comments in the header, a body in the same line.
//! Safety: Safe. Nothing is collected, so endless generators, an early `break` and the order of calls stay as they are; the number
//! is bound first thing in the body, where `continue` cannot skip it, and from a counter of its own, so that the body may assign to
//! it and nothing binds it when there are no elements.

use ruff_python_ast::token::parentheses_iterator;
use ruff_python_ast::{Expr, ExprCall, StmtFor};
use ruff_text_size::{Ranged, TextRange};

use super::context::{Context, Parents};
use super::{Leave, Outcome};
use crate::edit::EditKind;
use crate::edit::import::newline;

pub(super) fn rewrite<'a>(context: &mut Context<'a>, statement: &'a StmtFor, parents: Parents<'_, 'a>) -> Outcome {
    if statement.is_async {
        return Err(Leave::AlreadyAsync);
    }
    let Expr::Call(call) = &*statement.iter else { return Err(Leave::OtherShape) };
    let (iterable, start) = arguments(call).ok_or(Leave::OtherShape)?;
    let (number, element) = targets(&statement.target).ok_or(Leave::OtherShape)?;
    let first = statement.body.first().ok_or(Leave::OtherShape)?;
    if !starts_line(context, statement.range()) || !starts_line(context, first.range()) {
        return Err(Leave::SharedLine);
    }
    let whole = parentheses_iterator((&*statement.iter).into(), Some(statement.into()), context.tokens).last();
    let whole = whole.unwrap_or(call.range());
    let taken = context.argument_range(iterable, &call.arguments);
    let head = TextRange::new(statement.start(), taken.start());
    let tail = TextRange::new(taken.end(), whole.end());
    if context.has_comment(head) || context.has_comment(tail) {
        return Err(Leave::CommentInside);
    }
    context.clear(head)?;
    context.clear(tail)?;
    let numbers = context.claim_name("numbers", parents.scope().range());
    let count = context.imports.request("itertools.count", statement.start());
    let start = start.map_or("", |start| context.slice(start.range()));
    let element = parentheses_iterator(element.into(), Some((&*statement.target).into()), context.tokens)
        .last()
        .unwrap_or(element.range());
    let element = context.slice(element);
    let (before, newline) = (context.indentation(statement.start()), newline(context.text));
    let opened = format!("{numbers} = {count}({start}){newline}{before}async for {element} in ");
    let counted = format!("{number} = next({numbers}){newline}{}", context.indentation(first.start()));
    let change = context.edits.change(EditKind::Counted { statement: statement.range() });
    context.edits.replace(change, head, opened);
    context.edits.delete(change, tail);
    context.edits.insert(change, first.start(), counted);
    Ok(())
}

/// What is iterated over, and where the numbers start: a literal or a name, which may be evaluated earlier.
fn arguments(call: &ExprCall) -> Option<(&Expr, Option<&Expr>)> {
    let (iterable, start) = match (&*call.arguments.args, &*call.arguments.keywords) {
        ([iterable], []) => (iterable, None),
        ([iterable, start], []) => (iterable, Some(start)),
        ([iterable], [keyword]) if keyword.arg.as_ref().is_some_and(|name| name.as_str() == "start") => {
            (iterable, Some(&keyword.value))
        }
        _ => return None,
    };
    let is_simple = start.is_none_or(|start| matches!(start, Expr::NumberLiteral(_) | Expr::Name(_)));
    (is_simple && !iterable.is_starred_expr()).then_some((iterable, start))
}

/// The names of the number and of the element. Where nothing but names is bound, nobody sees which one is bound first.
fn targets(target: &Expr) -> Option<(&str, &Expr)> {
    let elements = match target {
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::List(list) => &list.elts,
        _ => return None,
    };
    match elements.as_slice() {
        [Expr::Name(number), element] if binds_names(element) => Some((&number.id, element)),
        _ => None,
    }
}

fn binds_names(target: &Expr) -> bool {
    match target {
        Expr::Name(_) => true,
        Expr::Tuple(tuple) => tuple.elts.iter().all(binds_names),
        Expr::List(list) => list.elts.iter().all(binds_names),
        Expr::Starred(starred) => binds_names(&starred.value),
        _ => false,
    }
}

fn starts_line(context: &Context, statement: TextRange) -> bool {
    context.skip_blanks(context.line_start(statement.start())) == statement.start()
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextRange;

    use crate::plan::Action;
    use crate::rewrite::Leave;
    use crate::rewrite::testing::{check, check_all, check_left};

    fn counted(statement: TextRange) -> Action {
        Action::AsyncForCounted { statement }
    }

    #[test]
    fn the_number_is_bound_in_the_body() {
        check(
            "import os\n\nasync def f():\n    «for i, x in enumerate(g()):  # each\n        # first\n        if i: continue\n    else:\n        pass»\n",
            counted,
            "import itertools\nimport os\n\nasync def f():\n    numbers = itertools.count()\n    async for x in g():  # each\n        # first\n        i = next(numbers)\n        if i: continue\n    else:\n        pass\n",
        );
        check(
            "from itertools import count\n\nasync def f(numbers, n):\n    «for (i, (a, *b)) in (enumerate((g(1)), start=n)):\n        print(a)»\n",
            counted,
            "from itertools import count\n\nasync def f(numbers, n):\n    numbers_ = count(n)\n    async for (a, *b) in (g(1)):\n        i = next(numbers_)\n        print(a)\n",
        );
    }

    #[test]
    fn loops_in_loops_count_by_themselves() {
        check_all(
            "import itertools\n\nasync def f():\n    «for i, x in enumerate(g(), 1):\n        «for j, y in enumerate(«h(x)»):\n            print(i, j)»»\n",
            |ranges| vec![counted(ranges[0]), counted(ranges[1]), Action::Await { call: ranges[2] }],
            "import itertools\n\nasync def f():\n    numbers = itertools.count(1)\n    async for x in g():\n        i = next(numbers)\n        numbers_ = itertools.count()\n        async for y in await h(x):\n            j = next(numbers_)\n            print(i, j)\n",
        );
    }

    #[test]
    fn what_could_be_seen_is_left() {
        let left = |before: &str, reason| check_left(before, counted, reason);
        left("async def f():\n    «for i, a.x in enumerate(g()):\n        pass»\n", Leave::OtherShape);
        left("async def f():\n    «for pair in enumerate(g()):\n        pass»\n", Leave::OtherShape);
        left("async def f():\n    «for i, x in enumerate(g(), h()):\n        pass»\n", Leave::OtherShape);
        left("async def f():\n    «for i, x in enumerate(g()): pass»\n", Leave::SharedLine);
        left(
            "async def f():\n    «for i, x in enumerate(  # c\n            g()):\n        pass»\n",
            Leave::CommentInside,
        );
    }
}
