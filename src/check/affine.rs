//! AW405: an object that belongs to one thread is used in another: a sqlite3 connection, a SQLAlchemy session.

use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};

use super::code::Code;
use super::parsed::{Asked, Node, Parsed, Scan, last_name, own_nodes};
use super::{Detail, Finding};
use crate::color::cause::Cause;
use crate::color::{World, hazard};
use crate::config::Blocking;
use crate::index::facts::{FileId, FuncId};
use crate::py::infer::Answers;

/// A method of an object that is given to a worker thread.
#[derive(Clone, Debug)]
pub struct Place {
    pub call: TextRange,
    /// The object with its method: `connection.execute`.
    pub receiver: TextRange,
}

/// Looks at the offloads of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    for body in parsed.bodies() {
        own_nodes(body.statements, &mut |node| {
            let Node::Expr(Expr::Call(call)) = node else { return };
            let position = match last_name(&call.func) {
                Some("to_thread" | "run_in_threadpool" | "run_sync" | "sync_to_async") => 0,
                Some("run_in_executor") => 1,
                _ => return,
            };
            if let Some(method @ Expr::Attribute(_)) = call.arguments.args.get(position) {
                scan.asked.push(Asked::Affine(Place { call: call.range(), receiver: method.range() }));
            }
        });
    }
}

/// The finding at a place, by where the method is defined.
pub fn judge(world: World, file: FileId, place: &Place, answers: &Answers) -> Option<Finding> {
    let answer = answers.expressions.get(&place.receiver)?;
    let class = answer
        .definitions
        .iter()
        .find_map(|definition| bound_class(world, &format!("{}.{}", definition.module, definition.name)))?;
    Some(Finding { code: Code::Affine, file, range: place.call, detail: Detail::Name(class.into()) })
}

/// What the path of a method says about the thread of its object.
fn bound_class(world: World, path: &str) -> Option<&'static str> {
    let is_sqlite = path.starts_with("sqlite3.") || path.starts_with("_sqlite3.");
    // `connect(..., check_same_thread=False)` lets other threads in.
    if is_sqlite && (path.contains("Connection.") || path.contains("Cursor.")) {
        let lets_in = world.index.words.files("check_same_thread").len() > 0;
        return (!lets_in).then_some("sqlite3 connection");
    }
    // A query runs on the session that made it.
    let classes = ["session.Session.", "scoping.scoped_session.", "query.Query."];
    let of_orm = path.strip_prefix("sqlalchemy.orm.");
    let is_session = of_orm.is_some_and(|path| classes.iter().any(|class| path.starts_with(class)));
    is_session.then_some("SQLAlchemy session")
}

/// What a method of a class of the project uses that belongs to a thread.
pub fn of_method(world: World, func: FuncId) -> Option<&'static str> {
    match hazard::bound_to_thread(world, func)? {
        Cause::ThreadBound { what: "sqlite3.connect", .. } => Some("sqlite3 connection"),
        Cause::ThreadBound { what, .. } => Some(what),
        _ => None,
    }
}

/// The kind of object that calls of this entry use, when it belongs to a thread.
pub fn of_entry(world: World, entry: &Blocking) -> Option<&'static str> {
    let patterns = entry.class.iter().chain(&entry.receiver).flat_map(|names| &names.patterns);
    patterns.filter(|pattern| !pattern.starts_with('!')).find_map(|pattern| match pattern.as_str() {
        "sqlite3.{Connection,Cursor}" => bound_class(world, "sqlite3.Connection.execute"),
        pattern if pattern.contains("sqlite3.") => bound_class(world, "sqlite3.Connection.execute"),
        pattern
            if pattern.starts_with("sqlalchemy.") && ["Session", "Query"].iter().any(|word| pattern.contains(word)) =>
        {
            Some("SQLAlchemy session")
        }
        _ => None,
    })
}
