//! AW501: a task whose only reference is dropped, which the garbage collector may take while it runs. AW502: one that is kept
//! and never asked.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::code::Code;
use super::parsed::{Asked, Body, Node, Parsed, Scan, last_name, own_nodes};
use super::{Detail, Finding};
use crate::color::World;
use crate::index::facts::*;
use crate::py::infer::{Answers, union_parts};

/// `loop.create_task(...)` as a statement: is `loop` an event loop?
#[derive(Clone, Debug)]
pub struct Place {
    pub call: TextRange,
    pub receiver: TextRange,
}

/// Looks at the tasks of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    if !["create_task", "ensure_future", "TaskGroup", "gather"].iter().any(|word| parsed.text.contains(word)) {
        return;
    }
    for body in parsed.bodies() {
        own_nodes(body.statements, &mut |node| match node {
            Node::Stmt(Stmt::Expr(node)) => dropped(parsed, &node.value, scan),
            Node::Stmt(Stmt::Assign(node)) => {
                if let [Expr::Name(name)] = node.targets.as_slice()
                    && is_unread(parsed, body, name)
                {
                    dropped(parsed, &node.value, scan);
                }
            }
            Node::Expr(Expr::Call(call)) => match last_name(&call.func) {
                Some("create_task" | "ensure_future") => scan.counts.tasks += 1,
                Some("TaskGroup" | "gather" | "create_task_group" | "open_nursery") => scan.counts.groups += 1,
                _ => {}
            },
            _ => {}
        });
    }
}

fn dropped(parsed: &Parsed, expr: &Expr, scan: &mut Scan) {
    let Expr::Call(call) = expr else { return };
    if !matches!(last_name(&call.func), Some("create_task" | "ensure_future")) {
        return;
    }
    match parsed.callee(call) {
        Some(path) if is_task_maker(&path) => {
            scan.findings.push(Finding::plain(Code::TaskDropped, parsed.file, call.range()));
        }
        _ => {
            if let Expr::Attribute(method) = &*call.func {
                let place = Place { call: call.range(), receiver: method.value.range() };
                scan.asked.push(Asked::Task(place));
            }
        }
    }
}

/// By scopes and imports: `asyncio.create_task`, `asyncio.get_running_loop().create_task`.
fn is_task_maker(path: &str) -> bool {
    let known =
        ["asyncio.create_task", "asyncio.ensure_future", "asyncio.tasks.create_task", "asyncio.tasks.ensure_future"];
    known.contains(&path)
        || path.strip_suffix(".create_task").is_some_and(|loop_path| {
            loop_path.starts_with("asyncio.") && (loop_path.ends_with("_loop") || loop_path.ends_with("EventLoop"))
        })
}

/// Is the name bound once in a function and read nowhere in it? `_` says that it is on purpose.
fn is_unread(parsed: &Parsed, body: Body, name: &ast::ExprName) -> bool {
    let Some(func) = body.def.and_then(|def| parsed.func(def)) else { return false };
    let func = &parsed.facts[func];
    let bindings = parsed.facts[func.scope].bindings_of(&name.id);
    let is_read = parsed.world.index.refs_in(parsed.file, &name.id).any(|id| {
        let site = parsed.world.index.site(id);
        site.receiver.is_none()
            && site.range != name.range
            && site.usage != Usage::Store
            && func.range.contains_range(site.range)
    });
    name.id != "_"
        && bindings.len() == 1
        && bindings[0].bound != Bound::Outer
        && !is_read
        && !func.traits.inspects_frames
}

/// The finding at a place, by the type of what makes the task.
pub fn judge(file: FileId, place: &Place, answers: &Answers) -> Option<Finding> {
    let answer = answers.expressions.get(&place.receiver)?;
    let is_loop = union_parts(&answer.own).iter().all(|part| part.ends_with("EventLoop"));
    is_loop.then(|| Finding::plain(Code::TaskDropped, file, place.call))
}

/// Tasks that are kept in an attribute which nothing reads.
pub fn find_kept(world: World) -> Vec<Finding> {
    let mut found = vec![];
    for (file, facts) in world.index.loaded_files() {
        for write in &facts.attribute_writes {
            let Some(Value::Call { call }) = write.value.map(|value| &facts[value]) else { continue };
            let Some(path) = world.names().dotted(facts[*call].func) else { continue };
            if is_task_maker(&path) && !is_read(world, &write.name) {
                let range = facts[*call].range;
                let detail = Detail::Name(write.name.to_string());
                found.push(Finding { code: Code::TaskForgotten, file, range, detail });
            }
        }
    }
    found
}

fn is_read(world: World, name: &str) -> bool {
    let reads = world.index.refs_of(name).iter().any(|id| {
        let site = world.index.site(*id);
        site.receiver.is_some() && !matches!(site.usage, Usage::Store)
    });
    reads || !world.index.lookups_of(name).is_empty()
}
