//! What the names of a module are bound to: its imports with their scope, and every other binding by name.

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_node};
use ruff_python_ast::{self as ast, AnyNodeRef, Expr, ModModule};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashSet;

/// All bindings of a module.
#[derive(Debug, Default)]
pub(super) struct Bindings<'a> {
    /// One for each name in an import statement, in source order.
    pub imports: Vec<Binding<'a>>,
    /// Names bound by anything but an import, in whatever scope: parameters, assignments, definitions, patterns.
    pub others: FxHashSet<&'a str>,
}

/// One name in an import statement.
#[derive(Debug)]
pub(super) struct Binding<'a> {
    /// The name it binds: `aio` in `import asyncio as aio`.
    pub name: &'a str,
    /// What the name stands for: `asyncio`; for a from-import module and name; with leading dots when relative.
    pub path: String,
    /// The module that is certain to be loaded: `a.b` for `import a.b`, which binds `a`.
    pub loaded: String,
    pub alias: &'a ast::Alias,
    pub statement: Statement<'a>,
    pub scope: Scope,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Statement<'a> {
    Import(&'a ast::StmtImport),
    From(&'a ast::StmtImportFrom),
}

impl Ranged for Statement<'_> {
    fn range(&self) -> TextRange {
        match self {
            Self::Import(statement) => statement.range(),
            Self::From(statement) => statement.range(),
        }
    }
}

/// Where an import statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Directly in the module.
    Module,
    /// Under `if TYPE_CHECKING`: there for annotations, not at runtime.
    TypeChecking,
    /// Under another statement of the module, or in a class.
    Conditional,
    /// In this function; `direct` when it is a statement of its body.
    Function { function: TextRange, direct: bool },
}

impl Binding<'_> {
    /// True when an expression at `at` can use the name.
    pub fn is_usable(&self, at: TextSize) -> bool {
        match self.scope {
            Scope::Module => true,
            Scope::TypeChecking | Scope::Conditional => false,
            Scope::Function { function, direct } => {
                direct && function.contains(at) && self.statement.range().end() <= at
            }
        }
    }

    /// True when the name is local to the function around `at`, but not bound for sure there.
    pub fn hides(&self, at: TextSize) -> bool {
        matches!(self.scope, Scope::Function { function, .. } if function.contains(at)) && !self.is_usable(at)
    }
}

pub(super) fn collect(module: &ModModule) -> Bindings<'_> {
    let mut collector = Collector { bindings: Bindings::default(), parents: Vec::new() };
    walk_node(&mut collector, AnyNodeRef::from(module));
    collector.bindings
}

struct Collector<'a> {
    bindings: Bindings<'a>,
    /// The statements around the current one.
    parents: Vec<AnyNodeRef<'a>>,
}

impl<'a> SourceOrderVisitor<'a> for Collector<'a> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        if let Some(name) = bound_name(node) {
            self.bindings.others.insert(name);
        }
        match node {
            AnyNodeRef::StmtImport(statement) => {
                for alias in &statement.names {
                    self.import(alias, statement);
                }
            }
            AnyNodeRef::StmtImportFrom(statement) => {
                for alias in &statement.names {
                    self.import_from(alias, statement);
                }
            }
            _ => {}
        }
        if node.is_statement() {
            self.parents.push(node);
        }
        TraversalSignal::Traverse
    }

    fn leave_node(&mut self, node: AnyNodeRef<'a>) {
        if node.is_statement() {
            self.parents.pop();
        }
    }
}

impl<'a> Collector<'a> {
    fn import(&mut self, alias: &'a ast::Alias, statement: &'a ast::StmtImport) {
        let loaded = alias.name.as_str();
        let root = loaded.split('.').next().unwrap_or(loaded);
        let (name, path) = match &alias.asname {
            Some(asname) => (asname.as_str(), loaded),
            None => (root, root),
        };
        self.push(Binding {
            name,
            path: path.to_owned(),
            loaded: loaded.to_owned(),
            alias,
            statement: Statement::Import(statement),
            scope: self.scope(),
        });
    }

    fn import_from(&mut self, alias: &'a ast::Alias, statement: &'a ast::StmtImportFrom) {
        let module = ast::helpers::format_import_from(statement.level, statement.module.as_deref());
        let path = format!("{module}.{}", alias.name);
        self.push(Binding {
            name: alias.asname.as_ref().unwrap_or(&alias.name).as_str(),
            loaded: path.clone(),
            path,
            alias,
            statement: Statement::From(statement),
            scope: self.scope(),
        });
    }

    fn push(&mut self, binding: Binding<'a>) {
        self.bindings.imports.push(binding);
    }

    fn scope(&self) -> Scope {
        let function = self.parents.iter().rposition(|parent| parent.is_stmt_function_def());
        if let Some(index) = function {
            let direct = index + 1 == self.parents.len();
            return Scope::Function { function: self.parents[index].range(), direct };
        }
        if self.parents.is_empty() {
            Scope::Module
        } else if self.parents.iter().any(|parent| is_type_checking(*parent)) {
            Scope::TypeChecking
        } else {
            Scope::Conditional
        }
    }
}

fn is_type_checking(node: AnyNodeRef) -> bool {
    let AnyNodeRef::StmtIf(statement) = node else { return false };
    match statement.test.as_ref() {
        Expr::Name(name) => name.id == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

/// The name that a node binds, unless it is an import.
fn bound_name<'a>(node: AnyNodeRef<'a>) -> Option<&'a str> {
    match node {
        AnyNodeRef::ExprName(name) if !name.ctx.is_load() => Some(name.id.as_str()),
        AnyNodeRef::StmtFunctionDef(function) => Some(function.name.as_str()),
        AnyNodeRef::StmtClassDef(class) => Some(class.name.as_str()),
        AnyNodeRef::Parameter(parameter) => Some(parameter.name.as_str()),
        AnyNodeRef::ExceptHandlerExceptHandler(handler) => handler.name.as_deref(),
        AnyNodeRef::PatternMatchAs(pattern) => pattern.name.as_deref(),
        AnyNodeRef::PatternMatchStar(pattern) => pattern.name.as_deref(),
        AnyNodeRef::PatternMatchMapping(pattern) => pattern.rest.as_deref(),
        AnyNodeRef::TypeParamTypeVar(parameter) => Some(parameter.name.as_str()),
        AnyNodeRef::TypeParamTypeVarTuple(parameter) => Some(parameter.name.as_str()),
        AnyNodeRef::TypeParamParamSpec(parameter) => Some(parameter.name.as_str()),
        _ => None,
    }
}
