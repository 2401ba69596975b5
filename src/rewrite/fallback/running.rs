//! Recognizes a fallback that asks whether a loop runs: `if loop.is_running(): ...` / `else: loop.run_until_complete(c())`.

use ruff_python_ast::{AnyNodeRef, CmpOp, Expr, Stmt, StmtIf, UnaryOp};
use ruff_text_size::Ranged;

use super::shape::{self, Shape};
use crate::rewrite::Leave;
use crate::rewrite::context::{Context, Parents, dotted};

/// Which branch runs where a loop runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Running,
    Alone,
}

pub(super) fn analyze<'a>(context: &Context, statement: &'a StmtIf) -> Result<Shape<'a>, Leave> {
    let [clause] = statement.elif_else_clauses.as_slice() else { return Err(Leave::OtherShape) };
    if clause.test.is_some() {
        return Err(Leave::OtherShape);
    }
    let (asks, loop_name) = test(&statement.test).ok_or(Leave::OtherShape)?;
    let (scheduled, alone) = match asks {
        Asks::Running => (&statement.body, &clause.body),
        Asks::Alone => (&clause.body, &statement.body),
    };
    let (run, run_call) = shape::run_among(context, alone)?;
    shape::of_parts(scheduled, loop_name, run, run_call)
}

/// What the test asks for, and the name of the loop in it.
fn test(test_: &Expr) -> Option<(Asks, Option<&str>)> {
    match test_ {
        Expr::Name(name) => Some((Asks::Running, Some(name.id.as_str()))),
        Expr::Call(call) => {
            let Expr::Attribute(attribute) = &*call.func else { return None };
            let name = attribute.value.as_name_expr().map(|name| name.id.as_str());
            (attribute.attr.as_str() == "is_running").then_some((Asks::Running, name))
        }
        Expr::UnaryOp(node) if node.op == UnaryOp::Not => match test(&node.operand)? {
            (Asks::Running, name) => Some((Asks::Alone, name)),
            (Asks::Alone, name) => Some((Asks::Running, name)),
        },
        Expr::Compare(node) => {
            let (_, name) = test(&node.left)?;
            match &*node.ops {
                [CmpOp::IsNot] => Some((Asks::Running, name)),
                [CmpOp::Is] => Some((Asks::Alone, name)),
                _ => None,
            }
        }
        // `loop and loop.is_running()`
        Expr::BoolOp(node) => {
            let parts: Option<Vec<_>> = node.values.iter().map(test).collect();
            let parts = parts?;
            let (first, name) = *parts.first()?;
            parts.iter().all(|(asks, other)| *asks == first && *other == name).then_some((first, name))
        }
        _ => None,
    }
}

/// The statement right before, when it looks up the loop by that name: `loop = asyncio.get_event_loop()`.
pub(super) fn lookup<'a>(
    context: &Context,
    statement: &StmtIf,
    parents: Parents<'_, 'a>,
    name: Option<&str>,
) -> Option<&'a Stmt> {
    let body: &'a [Stmt] = match parents.parent()? {
        AnyNodeRef::StmtFunctionDef(node) => &node.body,
        AnyNodeRef::StmtIf(node) if node.body.iter().any(|other| other.range() == statement.range()) => &node.body,
        AnyNodeRef::ElifElseClause(node) => &node.body,
        AnyNodeRef::StmtFor(node) => &node.body,
        AnyNodeRef::StmtWith(node) => &node.body,
        AnyNodeRef::StmtTry(node) => &node.body,
        _ => return None,
    };
    let at = body.iter().position(|other| other.range() == statement.range())?;
    let before = body.get(at.checked_sub(1)?)?;
    let Stmt::Assign(assign) = before else { return None };
    let ([Expr::Name(target)], Expr::Call(call)) = (assign.targets.as_slice(), &*assign.value) else { return None };
    let path = dotted(&call.func)?;
    let path = context.imports.resolve(&path).unwrap_or(path);
    let looks_up = matches!(path.as_str(), "asyncio.get_running_loop" | "asyncio.get_event_loop");
    (looks_up && Some(target.id.as_str()) == name).then_some(before)
}
