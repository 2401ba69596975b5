//! What functions of libraries are called in a file: `from json import dump as put`, `import json as j`.

use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use rustc_hash::FxHashMap;

use crate::resolve::names::last;

/// The imports of a file, in whatever scope they stand.
#[derive(Default)]
pub(super) struct Spelled<'a> {
    modules: FxHashMap<&'a str, &'a str>,
    members: FxHashMap<&'a str, (&'a str, &'a str)>,
}

impl<'a> Spelled<'a> {
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut found = Self::default();
        found.visit_body(body);
        found
    }

    /// The last names of the module, where one is named, and of the function.
    pub(super) fn callee(&self, callee: &'a Expr) -> Option<(Option<&'a str>, &'a str)> {
        match callee {
            Expr::Name(name) => Some(match self.members.get(name.id.as_str()) {
                Some((module, function)) => (Some(module), *function),
                None => (None, name.id.as_str()),
            }),
            Expr::Attribute(callee) => Some((self.module(&callee.value), callee.attr.as_str())),
            _ => None,
        }
    }

    fn module(&self, value: &'a Expr) -> Option<&'a str> {
        match value {
            Expr::Name(name) => Some(match (self.modules.get(name.id.as_str()), self.members.get(name.id.as_str())) {
                (Some(module), _) => module,
                (None, Some((_, member))) => member,
                (None, None) => name.id.as_str(),
            }),
            Expr::Attribute(path) => Some(path.attr.as_str()),
            _ => None,
        }
    }
}

impl<'a> Visitor<'a> for Spelled<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(node) => {
                let renamed =
                    node.names.iter().filter_map(|alias| Some((alias.asname.as_ref()?.as_str(), last(&alias.name))));
                self.modules.extend(renamed);
            }
            Stmt::ImportFrom(node) => {
                let module = node.module.as_ref().map_or("", |module| last(module));
                self.members.extend(node.names.iter().map(|alias| {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    (bound.as_str(), (module, alias.name.as_str()))
                }));
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
