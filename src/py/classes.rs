//! Classes by the dotted path that a codemod names them with, re-exports followed: where they are defined, and what methods
//! they have of their own and from their bases.

use std::collections::BTreeMap;
use std::path::Path;

use ruff_db::files::File;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashSet;
use ty_python_semantic::{
    ImportAliasResolution, ResolvedDefinition, SemanticModel, definitions_for_attribute,
    definitions_for_imported_symbol, definitions_for_name,
};

use super::db::Db;
use super::infer::{Definition, at, guarded, open};

/// A class, wherever it is.
#[derive(Clone, Debug)]
pub struct FoundClass {
    /// Where it is defined; the name is its own.
    pub definition: Definition,
    /// Where each method of its own or of a base is defined, by name, nearest first.
    pub methods: BTreeMap<Name, Vec<Definition>>,
}

/// The class at the dotted `path` (`package.Class`), as an import in the file `anchor` would find it.
pub fn find(db: &Db, anchor: &Path, path: &str) -> Option<FoundClass> {
    guarded(|| look_up(db, anchor, path))
}

fn look_up(db: &Db, anchor: &Path, path: &str) -> Option<FoundClass> {
    let (module, name) = path.rsplit_once('.')?;
    let file = open(db, anchor)?;
    let model = SemanticModel::new(db, db.program_file(file));
    let statement = import_statement(module, name);
    let found = definitions_for_imported_symbol(&model, &statement, name, ImportAliasResolution::ResolveAliases);
    let (file, range) = found
        .iter()
        .find_map(|definition| class_at(db, definition).or_else(|| aliased(db, definition).into_iter().next()))?;
    let definition = at(db, file, range)?;
    let mut methods = BTreeMap::new();
    collect_methods(db, file, range.start(), &mut methods, &mut FxHashSet::default());
    Some(FoundClass { definition, methods })
}

/// `from module import name`.
pub(super) fn import_statement(module: &str, name: &str) -> ast::StmtImportFrom {
    let identifier = |text: &str| ast::Identifier::new(Name::new(text), TextRange::default());
    ast::StmtImportFrom {
        node_index: ast::AtomicNodeIndex::NONE,
        range: TextRange::default(),
        module: Some(identifier(module)),
        names: vec![ast::Alias {
            node_index: ast::AtomicNodeIndex::NONE,
            range: TextRange::default(),
            name: identifier(name),
            asname: None,
        }],
        level: 0,
        is_lazy: false,
    }
}

/// The file and the name's range of a definition, when a class is defined there.
fn class_at(db: &Db, definition: &ResolvedDefinition) -> Option<(File, TextRange)> {
    let focus = definition.focus_range(db);
    let module = parsed_module(db, db.program_file(focus.file()).python_file(db)).load(db);
    class_named_at(module.suite(), focus.range().start()).map(|class| (focus.file(), class.name.range))
}

/// The class that another name is given to: `Lock = _thread.lock`.
fn aliased(db: &Db, definition: &ResolvedDefinition) -> Vec<(File, TextRange)> {
    let focus = definition.focus_range(db);
    let program_file = db.program_file(focus.file());
    let module = parsed_module(db, program_file.python_file(db)).load(db);
    let model = SemanticModel::new(db, program_file);
    let value = bodies(module.suite()).find_map(|statement| match statement {
        Stmt::Assign(node) => node.targets.iter().any(|target| target.range() == focus.range()).then_some(&*node.value),
        Stmt::AnnAssign(node) if node.target.range() == focus.range() => node.value.as_deref(),
        _ => None,
    });
    value.map(|value| base_classes(db, &model, value)).unwrap_or_default()
}

/// The class statement whose name stands at `offset`.
fn class_named_at(body: &[Stmt], offset: TextSize) -> Option<&ast::StmtClassDef> {
    bodies(body).find_map(|statement| {
        let Stmt::ClassDef(class) = statement else { return None };
        if class.name.range.start() == offset { Some(class) } else { class_named_at(&class.body, offset) }
    })
}

/// The statements of a body, those under `if` and `try` too.
pub(super) fn bodies(body: &[Stmt]) -> Box<dyn Iterator<Item = &Stmt> + '_> {
    Box::new(body.iter().flat_map(|statement| -> Box<dyn Iterator<Item = &Stmt>> {
        match statement {
            Stmt::If(node) => {
                let clauses = node.elif_else_clauses.iter().flat_map(|clause| bodies(&clause.body));
                Box::new(bodies(&node.body).chain(clauses))
            }
            Stmt::Try(node) => {
                let handlers = node.handlers.iter().flat_map(|handler| {
                    let ast::ExceptHandler::ExceptHandler(handler) = handler;
                    bodies(&handler.body)
                });
                Box::new(bodies(&node.body).chain(handlers).chain(bodies(&node.orelse)))
            }
            statement => Box::new(std::iter::once(statement)),
        }
    }))
}

/// Adds the methods of the class whose name stands at `offset`, then those of its bases, each class once.
fn collect_methods(
    db: &Db,
    file: File,
    offset: TextSize,
    methods: &mut BTreeMap<Name, Vec<Definition>>,
    seen: &mut FxHashSet<(File, TextSize)>,
) {
    if !seen.insert((file, offset)) {
        return;
    }
    let program_file = db.program_file(file);
    let module = parsed_module(db, program_file.python_file(db)).load(db);
    let Some(class) = class_named_at(module.suite(), offset) else { return };
    let model = SemanticModel::new(db, program_file);
    for statement in bodies(&class.body) {
        let Stmt::FunctionDef(function) = statement else { continue };
        methods.entry(function.name.id.clone()).or_default().extend(at(db, file, function.name.range));
    }
    for base in class.arguments.iter().flat_map(|arguments| &arguments.args) {
        for (file, range) in base_classes(db, &model, base) {
            collect_methods(db, file, range.start(), methods, seen);
        }
    }
}

/// The classes that a base expression stands for: `Base`, `module.Base`, `Base[T]`.
fn base_classes(db: &Db, model: &SemanticModel, base: &Expr) -> Vec<(File, TextRange)> {
    let definitions = match base {
        Expr::Subscript(subscript) => return base_classes(db, model, &subscript.value),
        Expr::Name(name) => {
            definitions_for_name(model, name.id.as_str(), name.into(), ImportAliasResolution::ResolveAliases)
        }
        Expr::Attribute(attribute) => definitions_for_attribute(model, attribute),
        _ => vec![],
    };
    definitions.iter().filter_map(|definition| class_at(db, definition)).collect()
}
