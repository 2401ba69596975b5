//! What the old module says of names: the loops that it keeps, and the names that its functions take from it.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Alias, Expr, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use super::entry::binds;
use super::imports::{Imports, dotted};

const LOOPS: [&str; 2] = ["asyncio.get_running_loop", "asyncio.get_event_loop"];

/// Is the running loop assigned to `handle` (`self.loop`) anywhere?
pub(super) fn keeps_loop(module: &[Stmt], imports: &Imports, handle: &str) -> bool {
    let mut found = Loops { imports, handle, found: false };
    found.visit_body(module);
    found.found
}

struct Loops<'a> {
    imports: &'a Imports,
    handle: &'a str,
    found: bool,
}

impl Visitor<'_> for Loops<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        if let Stmt::Assign(assign) = stmt
            && let [target] = assign.targets.as_slice()
            && let Expr::Call(call) = &*assign.value
        {
            let is_handle = dotted(target).is_some_and(|path| path == self.handle);
            self.found |= is_handle && dotted(&call.func).is_some_and(|path| self.imports.is(&path, &LOOPS));
        }
        walk_stmt(self, stmt);
    }
}

/// The names that the statements themselves bind by assignment, import or definition: what is nested in them has its own.
pub(super) fn bound_by(body: &[Stmt]) -> BTreeSet<String> {
    let mut found = Bound(BTreeSet::new());
    found.visit_body(body);
    found.0
}

struct Bound(BTreeSet<String>);

impl Visitor<'_> for Bound {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => drop(self.0.insert(function.name.to_string())),
            Stmt::ClassDef(class) => drop(self.0.insert(class.name.to_string())),
            Stmt::Import(import) => self.0.extend(import.names.iter().map(bound_name)),
            Stmt::ImportFrom(import) => self.0.extend(import.names.iter().map(bound_name)),
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Name(node) if node.ctx.is_store() => drop(self.0.insert(node.id.to_string())),
            Expr::Lambda(_) | Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {}
            _ => walk_expr(self, expr),
        }
    }
}

/// `import a.b` binds `a`.
fn bound_name(alias: &Alias) -> String {
    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// The names that functions outside of `guard` take from the module, or from nowhere.
pub(super) fn taken_from_module(module: &[Stmt], guard: TextRange) -> BTreeSet<String> {
    let mut found = Taken { guard, around: vec![], names: BTreeSet::new() };
    found.visit_body(module);
    found.names
}

struct Taken<'a> {
    guard: TextRange,
    /// The functions around, outermost first.
    around: Vec<&'a StmtFunctionDef>,
    names: BTreeSet<String>,
}

impl Taken<'_> {
    fn is_own(&self, name: &str) -> bool {
        self.around.iter().any(|function| {
            function.parameters.iter().any(|parameter| parameter.name() == name) || binds(&function.body, name)
        })
    }
}

impl<'a> Visitor<'a> for Taken<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if self.guard.contains_range(stmt.range()) {
            return;
        }
        match stmt {
            Stmt::FunctionDef(function) => {
                self.around.push(function);
                walk_stmt(self, stmt);
                self.around.pop();
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(node) = expr
            && node.ctx.is_load()
            && !self.around.is_empty()
            && !self.names.contains(node.id.as_str())
            && !self.is_own(&node.id)
        {
            self.names.insert(node.id.to_string());
        }
        walk_expr(self, expr);
    }
}

#[cfg(test)]
mod tests {
    use ruff_python_parser::parse_module;

    use super::*;

    #[test]
    fn what_functions_take_from_the_module_is_kept_there() {
        let text = "def show(own):\n    inner = own\n    return inner, shared, [part for part in shared]\n\nif main:\n    import a.b, c as d\n    shared = 1\n    lost = 2\n    def f():\n        return lost\n";
        let parsed = parse_module(text).expect("it parses");
        let [.., guard @ Stmt::If(statement)] = parsed.suite().as_slice() else { panic!("a guard") };
        let taken = taken_from_module(parsed.suite(), guard.range());
        assert!(taken.contains("shared") && !taken.contains("own") && !taken.contains("inner"));
        assert!(!taken.contains("lost"), "the guard's own function moves with it");
        let bound = bound_by(&statement.body);
        assert_eq!(bound.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "d", "f", "lost", "shared"]);
    }

    #[test]
    fn a_loop_is_kept_where_the_running_one_is_assigned() {
        let text = "import asyncio as aio\n\nclass A:\n    def start(self):\n        self.loop = aio.get_running_loop()\n        self.other = make()\n";
        let parsed = parse_module(text).expect("it parses");
        let imports = Imports::of(parsed.suite());
        let keeps = |handle: &str| keeps_loop(parsed.suite(), &imports, handle);
        assert!(keeps("self.loop") && !keeps("self.other") && !keeps("loop") && !keeps("other.loop"));
    }
}
