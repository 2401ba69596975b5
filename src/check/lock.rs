//! AW401: an await while a lock of threads is held. Another thread, or another task of the same loop, then waits for ever.

use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::code::Code;
use super::parsed::{Asked, Body, Node, Parsed, Scan, awaits, last_name, own_nodes};
use super::{Detail, Finding};
use crate::color::World;
use crate::index::facts::FileId;
use crate::py::infer::{Answers, Certainty, union_parts};

/// A sync `with` around an await.
#[derive(Clone, Debug)]
pub struct Place {
    /// The context manager.
    pub item: TextRange,
    /// Where the await stands.
    pub inside: TextRange,
    /// Its name says that it is a lock.
    pub is_named_lock: bool,
}

/// Looks at the `with` statements of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    for body in parsed.bodies() {
        scan.asked.extend(places(body).into_iter().map(Asked::Lock));
    }
}

/// The sync `with` statements of an async function that hold something over an await.
pub fn places(body: Body) -> Vec<Place> {
    let mut found = vec![];
    if !body.is_async() {
        return found;
    }
    own_nodes(body.statements, &mut |node| {
        let Node::Stmt(Stmt::With(with)) = node else { return };
        if with.is_async || !awaits(&with.body) {
            return;
        }
        let Some(inside) = first_await(&with.body) else { return };
        found.extend(with.items.iter().map(|item| Place {
            item: item.context_expr.range(),
            inside,
            is_named_lock: is_named_lock(&item.context_expr),
        }));
    });
    found
}

fn first_await(statements: &[Stmt]) -> Option<TextRange> {
    let mut found = None;
    own_nodes(statements, &mut |node| {
        let range = match node {
            Node::Expr(Expr::Await(node)) => node.range,
            Node::Stmt(Stmt::For(node)) if node.is_async => node.iter.range(),
            Node::Stmt(Stmt::With(node)) if node.is_async => node.items[0].context_expr.range(),
            _ => return,
        };
        found.get_or_insert(range);
    });
    found
}

/// `self._lock`, `mutex`, `cache_lock`; not `block` or `clock`.
fn is_named_lock(expr: &Expr) -> bool {
    if matches!(expr, Expr::Call(_)) {
        return false;
    }
    let name = last_name(expr).unwrap_or_default().to_ascii_lowercase();
    name == "lock" || name == "rlock" || name.ends_with("_lock") || name.ends_with("_rlock") || name.ends_with("mutex")
}

/// The finding at a place, by the type of the context manager; by its name where the type is unknown.
pub fn judge(world: World, file: FileId, place: &Place, answers: &Answers) -> Option<Finding> {
    let answer = answers.expressions.get(&place.item)?;
    let is_lock = |part: &&str| {
        matches!(
            *part,
            "Lock" | "LockType" | "lock" | "RLock" | "_RLock" | "Condition" | "Semaphore" | "BoundedSemaphore"
        ) && world.index.classes_of(part).is_empty()
    };
    let parts = union_parts(&answer.own);
    let holds = match answer.of_member(None).certainty {
        Certainty::Unknown => place.is_named_lock,
        Certainty::Known | Certainty::Partly => parts.iter().any(is_lock),
    };
    let detail = Detail::Elsewhere { file, range: place.inside };
    holds.then_some(Finding { code: Code::AwaitUnderLock, file, range: place.item, detail })
}
