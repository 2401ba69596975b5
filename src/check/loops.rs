//! AW301 to AW303: event loops that code runs for itself.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::Finding;
use super::code::Code;
use super::parsed::{Body, Node, Parsed, Scan, last_name, own_nodes};
use crate::index::facts::Usage;

/// Looks at the calls of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    if !["asyncio", "run_until_complete", "anyio", "trio"].iter().any(|word| parsed.text.contains(word)) {
        return;
    }
    for body in parsed.bodies() {
        own_nodes(body.statements, &mut |node| {
            let Node::Expr(Expr::Call(call)) = node else { return };
            let code = match callee(parsed, call).as_deref() {
                Some("run") if !body.is_async() && is_library(parsed, body) => Code::Run,
                Some("get_event_loop") if body.def.is_some() => Code::GetEventLoop,
                _ => return,
            };
            scan.findings.push(Finding::plain(code, parsed.file, call.range()));
        });
    }
}

/// `run` for everything that runs a loop, `get_event_loop`; none for other calls.
fn callee(parsed: &Parsed, call: &ast::ExprCall) -> Option<String> {
    let name = last_name(&call.func)?;
    match name {
        "run_until_complete" => Some("run".into()),
        "run" | "get_event_loop" => {
            let path = parsed.callee(call)?;
            match path.as_str() {
                "asyncio.run" | "asyncio.runners.run" | "anyio.run" | "trio.run" | "uvloop.run" => Some("run".into()),
                "asyncio.get_event_loop" | "asyncio.events.get_event_loop" => Some(name.into()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Not a script, a command or its helper: a program may run one loop where it starts.
fn is_library(parsed: &Parsed, body: Body) -> bool {
    let Some(def) = body.def else { return false };
    let relative = &parsed.world.project.file(parsed.file).relative;
    let stem = relative.rsplit('/').next().unwrap_or(relative).trim_end_matches(".py");
    let is_script = matches!(
        stem,
        "__main__" | "main" | "cli" | "manage" | "setup" | "conftest" | "run" | "app" | "noxfile" | "tasks"
    ) || relative.split('/').rev().skip(1).any(|part| {
        matches!(
            part,
            "cli"
                | "commands"
                | "scripts"
                | "script"
                | "examples"
                | "example"
                | "docs"
                | "bin"
                | "tools"
                | "benchmarks"
                | "bench"
        )
    });
    let is_entry = matches!(
        def.name.as_str(),
        "main" | "_main" | "cli" | "run" | "entrypoint" | "entry_point" | "start" | "serve" | "run_app" | "runserver"
    );
    let is_testing = stem.contains("pytest") || stem.contains("testing") || relative.contains("/testing/");
    !is_script
        && !is_entry
        && !is_testing
        && !runs_in_thread(parsed, def)
        && def.decorator_list.is_empty()
        && !has_main_guard(parsed, def.name.as_str())
}

/// Is the function the target of a thread? A thread may have a loop of its own.
fn runs_in_thread(parsed: &Parsed, def: &ast::StmtFunctionDef) -> bool {
    let index = parsed.world.index;
    index.refs_of(&def.name.id).iter().any(|id| {
        let Usage::Argument { call, .. } = index.site(*id).usage else { return false };
        let taker = parsed.world.names().last_name(index.call(call).func);
        taker.is_some_and(|name| {
            matches!(name, "Thread" | "submit" | "to_thread" | "run_in_executor" | "run_sync" | "Process")
        })
    })
}

/// Is the function called under the file's `if __name__ == "__main__":`?
fn has_main_guard(parsed: &Parsed, name: &str) -> bool {
    parsed.suite.iter().any(|statement| {
        let Stmt::If(node) = statement else { return false };
        if !parsed.source(&*node.test).contains("__name__") {
            return false;
        }
        let mut found = false;
        own_nodes(&node.body, &mut |node| {
            found |= matches!(node, Node::Expr(Expr::Name(used)) if used.id == name);
        });
        found
    })
}
