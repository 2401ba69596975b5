//! What the names of the new file stand for: imported from where, by its import statements alone, or bound at all.

use ruff_python_ast::visitor::{Visitor, walk_except_handler, walk_expr, walk_stmt};
use ruff_python_ast::{ExceptHandler, Expr, Parameter, Stmt};
use rustc_hash::{FxHashMap, FxHashSet};

/// Imported name to the dotted paths that it may stand for (one per import of that name).
#[derive(Default)]
pub(super) struct Imports {
    bound: FxHashMap<String, Vec<String>>,
    /// Modules that are imported with `*`.
    stars: Vec<String>,
    /// Names that anything else binds, in any scope.
    assigned: FxHashSet<String>,
}

impl Imports {
    pub fn of(body: &[Stmt]) -> Imports {
        let mut imports = Imports::default();
        imports.visit_body(body);
        imports
    }

    /// True when `name` may stand for one of `paths`.
    pub fn is(&self, name: &str, paths: &[&str]) -> bool {
        self.resolve(name).iter().any(|full| paths.contains(&full.as_str()))
    }

    /// True when the first part of `name` is imported.
    pub fn knows(&self, name: &str) -> bool {
        !self.resolve(name).is_empty()
    }

    /// True when something in the file binds the plain `name`.
    pub fn binds(&self, name: &str) -> bool {
        self.assigns(name) || self.knows(name)
    }

    /// As `binds`, but not by an import.
    pub fn assigns(&self, name: &str) -> bool {
        self.assigned.contains(name)
    }

    /// The dotted paths that the dotted `name` may stand for; none when its first part is not imported.
    pub(super) fn resolve(&self, name: &str) -> Vec<String> {
        let (root, rest) = name.split_at(name.find('.').unwrap_or(name.len()));
        let bound = self.bound.get(root).into_iter().flatten().map(|path| format!("{path}{rest}"));
        bound.chain(self.stars.iter().map(|module| format!("{module}.{name}"))).collect()
    }

    fn bind(&mut self, name: &str, path: String) {
        let paths = self.bound.entry(name.to_string()).or_default();
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
}

impl Visitor<'_> for Imports {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.name.as_str();
                    match &alias.asname {
                        Some(asname) => self.bind(asname.as_str(), name.to_string()),
                        None => {
                            let root = name.split('.').next().unwrap_or(name);
                            self.bind(root, root.to_string());
                        }
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                let from = format!("{}{module}", ".".repeat(import.level as usize));
                for alias in &import.names {
                    match alias.name.as_str() {
                        "*" => self.stars.push(from.clone()),
                        name => {
                            let bound = alias.asname.as_ref().map_or(name, |asname| asname.as_str());
                            self.bind(bound, format!("{from}.{name}"));
                        }
                    }
                }
            }
            Stmt::FunctionDef(function) => {
                self.assigned.insert(function.name.to_string());
                walk_stmt(self, stmt);
            }
            Stmt::ClassDef(class) => {
                self.assigned.insert(class.name.to_string());
                walk_stmt(self, stmt);
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_parameter(&mut self, parameter: &Parameter) {
        self.assigned.insert(parameter.name.to_string());
    }

    fn visit_except_handler(&mut self, handler: &ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        self.assigned.extend(inner.name.iter().map(ToString::to_string));
        walk_except_handler(self, handler);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Name(name) if name.ctx.is_store() => drop(self.assigned.insert(name.id.to_string())),
            _ => walk_expr(self, expr),
        }
    }
}

/// `a.b.c` of a name or an attribute chain of names.
pub(super) fn dotted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(format!("{}.{}", dotted(&attribute.value)?, attribute.attr)),
        _ => None,
    }
}

/// The last name of a callee: `run` of `asyncio.run`, `create_task` of `asyncio.get_running_loop().create_task`.
pub(super) fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(&name.id),
        Expr::Attribute(attribute) => Some(&attribute.attr),
        _ => None,
    }
}
