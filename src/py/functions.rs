//! Functions and classes by the dotted path that a codemod names them with: what their definition says of what a call gives.

use std::path::Path;

use ruff_db::files::File;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_body};
use ruff_python_ast::{AnyNodeRef, Expr, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextSize};
use ty_python_semantic::{HasType, ImportAliasResolution, SemanticModel, definitions_for_imported_symbol};

use super::classes::{self, bodies, import_statement};
use super::db::Db;
use super::infer::{Definition, guarded, open};

/// What stands at a dotted path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callable {
    Function(Signature),
    /// A class, with the names of its methods, inherited ones too.
    Class {
        methods: Vec<String>,
    },
}

/// What a `def` says of what calling it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub is_async: bool,
    /// Is there a `yield` in it?
    pub is_generator: bool,
    /// The last names of its decorators: `asynccontextmanager`.
    pub decorators: Vec<String>,
    /// The last name of its return annotation: `AsyncIterator` of `abc.AsyncIterator[int]`. Without one, of what ty infers.
    pub returns: Option<String>,
}

/// What stands at the dotted `path`, as an import in the file `anchor` would find it; none when that is nothing known.
pub fn find(db: &Db, anchor: &Path, path: &str) -> Option<Callable> {
    let (module, name) = path.rsplit_once('.')?;
    let file = open(db, anchor)?;
    let model = SemanticModel::new(db, db.program_file(file));
    let statement = import_statement(module, name);
    let function = guarded(|| {
        let found = definitions_for_imported_symbol(&model, &statement, name, ImportAliasResolution::ResolveAliases);
        found.iter().find_map(|definition| {
            let focus = definition.focus_range(db);
            signature_at(db, focus.file(), focus.range().start())
        })
    });
    function.map(Callable::Function).or_else(|| {
        let class = classes::find(db, anchor, path)?;
        Some(Callable::Class { methods: class.methods.into_keys().map(|name| name.to_string()).collect() })
    })
}

/// The signature of the function or method at a definition; none when that is something else, or of the standard library.
pub fn signature(db: &Db, definition: &Definition) -> Option<Signature> {
    let file = open(db, definition.path.as_ref()?)?;
    signature_at(db, file, definition.offset)
}

/// The signature of the function whose name stands at `offset`; none when neither a body nor an annotation says anything.
fn signature_at(db: &Db, file: File, offset: TextSize) -> Option<Signature> {
    let program_file = db.program_file(file);
    let module = parsed_module(db, program_file.python_file(db)).load(db);
    let function = function_named_at(module.suite(), offset)?;
    if function.returns.is_none() && function.decorator_list.is_empty() && is_declared_only(&function.body) {
        return None;
    }
    let inferred = || {
        let model = SemanticModel::new(db, program_file);
        let shown = function.inferred_type(&model)?.display(db, &model.program_environment()).to_string();
        let (_, returned) = shown.rsplit_once(" -> ")?;
        Some(head(returned).to_owned())
    };
    let decorators = function.decorator_list.iter().filter_map(|decorator| last_name(&decorator.expression));
    Some(Signature {
        is_async: function.is_async,
        is_generator: yields(&function.body),
        decorators: decorators.map(str::to_owned).collect(),
        returns: match &function.returns {
            Some(annotation) => annotated(annotation),
            None => guarded(inferred),
        },
    })
}

/// The function statement, in classes too, whose name stands at `offset`.
fn function_named_at(body: &[Stmt], offset: TextSize) -> Option<&StmtFunctionDef> {
    bodies(body).find_map(|statement| match statement {
        Stmt::FunctionDef(function) if function.name.range.start() == offset => Some(function),
        Stmt::ClassDef(class) => function_named_at(&class.body, offset),
        _ => None,
    })
}

/// The last name of an annotation without its arguments.
fn annotated(annotation: &Expr) -> Option<String> {
    match annotation {
        Expr::Subscript(subscript) => annotated(&subscript.value),
        Expr::StringLiteral(text) => Some(head(text.value.to_str()).to_owned()),
        other => last_name(other).map(str::to_owned),
    }
}

/// `AsyncIterator` of `abc.AsyncIterator[int]`.
fn head(shown: &str) -> &str {
    let plain = shown.split('[').next().unwrap_or(shown);
    plain.rsplit('.').next().unwrap_or(plain).trim()
}

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::Call(call) => last_name(&call.func),
        _ => None,
    }
}

/// `...`, with or without a docstring.
fn is_declared_only(body: &[Stmt]) -> bool {
    body.iter().all(|statement| match statement {
        Stmt::Expr(expression) => matches!(*expression.value, Expr::EllipsisLiteral(_) | Expr::StringLiteral(_)),
        other => other.is_pass_stmt(),
    })
}

fn yields(body: &[Stmt]) -> bool {
    struct Finder {
        found: bool,
    }
    impl<'a> SourceOrderVisitor<'a> for Finder {
        fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
            match node {
                AnyNodeRef::StmtFunctionDef(_) | AnyNodeRef::StmtClassDef(_) | AnyNodeRef::ExprLambda(_) => {
                    return TraversalSignal::Skip;
                }
                AnyNodeRef::ExprYield(_) | AnyNodeRef::ExprYieldFrom(_) => self.found = true,
                _ => {}
            }
            TraversalSignal::Traverse
        }
    }
    let mut finder = Finder { found: false };
    walk_body(&mut finder, body);
    finder.found
}
