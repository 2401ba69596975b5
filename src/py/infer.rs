//! Questions to ty about expressions of the project, many at once, answered as plain data.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use ruff_db::files::{File, FilePath, system_path_to_file};
use ruff_db::panic::catch_unwind;
use ruff_db::parsed::parsed_module;
use ruff_db::source::source_text;
use ruff_db::system::SystemPathBuf;
use ruff_db::vendored::VendoredPath;
use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_expr};
use ruff_python_ast::{self as ast, AnyNodeRef, Expr};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};
use ty_module_resolver::file_to_module;
use ty_python_core::ProgramFile;
use ty_python_semantic::types::TypeDefinition;
use ty_python_semantic::{
    HasType, ImportAliasResolution, ResolvedDefinition, SemanticModel, definitions_for_attribute, definitions_for_name,
};

use super::db::Db;
use super::narrowing;

/// How much ty knows of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// Every part of it.
    Known,
    /// A union with something dynamic in it.
    Partly,
    /// `Any`, `Unknown`, or nothing inferred.
    Unknown,
}

/// A place that a name is defined.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Definition {
    /// Path on disk; none for the bundled standard library stubs.
    pub path: Option<PathBuf>,
    /// Dotted module name, when the file is one.
    pub module: String,
    /// Start of the defined name.
    pub offset: TextSize,
    /// The text of the definition's name, `Class.method` where it stands in a class.
    pub name: String,
}

/// What ty says of an expression.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Where the name, or the attribute on its receiver's type, is defined.
    pub definitions: Vec<Definition>,
    /// Of the receiver of an attribute; of the expression itself for a plain name.
    pub certainty: Certainty,
    /// The type of the receiver (or of the plain name), as ty prints it.
    pub shown: String,
    /// The type of the whole expression, as ty prints it.
    pub own: String,
}

impl Answer {
    /// The answer about a member of the expression's value: its definitions, with the certainty of the value's type.
    pub fn of_member(&self, definitions: Option<&Vec<Definition>>) -> Self {
        Self {
            definitions: definitions.cloned().unwrap_or_default(),
            certainty: certainty(&self.own),
            shown: self.own.clone(),
            own: self.own.clone(),
        }
    }
}

impl Answer {
    /// May the expression be a class? Calling it constructs then: a `__call__` among the members is that of its instances.
    pub fn may_be_class(&self) -> bool {
        parts(&self.own, '|').any(|part| part.starts_with("type[") || part.starts_with("<class ") || part == "type")
    }
}

/// Expressions of one file that ty is asked about, by range.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    pub path: PathBuf,
    pub ranges: Vec<TextRange>,
    /// Members of the types of expressions: of a base class, say.
    pub members: Vec<(TextRange, Name)>,
    /// Members of the types of receivers: for `store.get`, whether the store also has `async_get`.
    pub siblings: Vec<(TextRange, Name)>,
}

/// The answers for one file.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    pub expressions: FxHashMap<TextRange, Answer>,
    /// Definitions of the member, for each entry of [`Questions::members`] that is an expression.
    pub members: FxHashMap<(TextRange, Name), Vec<Definition>>,
    /// The same for [`Questions::siblings`].
    pub siblings: FxHashMap<(TextRange, Name), Vec<Definition>>,
}

/// Answers all questions, a file a task, in the order of the questions. Ranges that are no expression get no answer.
pub fn ask(db: &Db, questions: &[Questions]) -> Vec<Answers> {
    questions.par_iter().map_with(db.clone(), |db, questions| ask_file(db, questions)).collect()
}

fn ask_file(db: &Db, questions: &Questions) -> Answers {
    let mut answers = Answers::default();
    let Some(file) = open(db, &questions.path) else { return answers };
    let program_file = db.program_file(file);
    let module = parsed_module(db, program_file.python_file(db)).load(db);
    let asker = Asker::new(db, program_file);
    let (members, siblings) = (by_range(&questions.members), by_range(&questions.siblings));
    let ranges = questions.ranges.iter().chain(members.keys()).chain(siblings.keys());
    let mut finder = Finder { ranges: ranges.copied().collect(), found: vec![] };
    finder.ranges.sort_by_key(|range| (range.start(), range.end()));
    finder.ranges.dedup();
    finder.visit_body(module.suite());
    let hopeless = narrowing::hopeless(module.suite());
    finder.found.retain(|expr| !hopeless.iter().any(|function| function.contains_range(expr.range())));
    for expr in finder.found {
        let range = expr.range();
        guarded(|| {
            answers.expressions.insert(range, asker.answer(expr));
            for name in members.get(&range).into_iter().flatten() {
                answers.members.insert((range, (*name).clone()), asker.member_definitions(expr, name));
            }
            if let Expr::Attribute(attribute) = expr {
                for name in siblings.get(&range).into_iter().flatten() {
                    let found = asker.member_definitions(&attribute.value, name);
                    answers.siblings.insert((range, (*name).clone()), found);
                }
            }
            Some(())
        });
    }
    answers
}

fn by_range(questions: &[(TextRange, Name)]) -> FxHashMap<TextRange, Vec<&Name>> {
    let mut found: FxHashMap<TextRange, Vec<&Name>> = FxHashMap::default();
    for (range, name) in questions {
        found.entry(*range).or_default().push(name);
    }
    found
}

/// What ty answers. Some programs make it panic, as the standard library itself: then nothing is known, and what it works out
/// from such an answer panics again.
pub(super) fn guarded<T>(ask: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok().flatten()
}

pub(super) fn open(db: &Db, path: &Path) -> Option<File> {
    let path = SystemPathBuf::from_path_buf(path.to_path_buf()).ok()?;
    system_path_to_file(db, path).ok()
}

/// Finds the expressions of the wanted ranges, skipping subtrees without any.
struct Finder<'a> {
    /// Sorted by start.
    ranges: Vec<TextRange>,
    found: Vec<&'a Expr>,
}

impl Finder<'_> {
    fn any_inside(&self, range: TextRange) -> bool {
        let first = self.ranges.partition_point(|wanted| wanted.start() < range.start());
        self.ranges.get(first).is_some_and(|wanted| wanted.start() < range.end())
    }
}

impl<'a> SourceOrderVisitor<'a> for Finder<'a> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        if self.any_inside(node.range()) { TraversalSignal::Traverse } else { TraversalSignal::Skip }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.any_inside(expr.range()) {
            if self
                .ranges
                .binary_search_by_key(&(expr.start(), expr.end()), |range| (range.start(), range.end()))
                .is_ok()
            {
                self.found.push(expr);
            }
            walk_expr(self, expr);
        }
    }
}

/// What ty shows of `super()`, from the start.
const SUPER: &str = "<super: ";

/// Asks ty about the expressions of one file.
pub(super) struct Asker<'db> {
    db: &'db Db,
    model: SemanticModel<'db>,
    /// Definitions that were looked up before: many expressions have the same.
    known: RefCell<FxHashMap<(File, TextRange), Option<Definition>>>,
}

impl<'db> Asker<'db> {
    pub(super) fn new(db: &'db Db, file: ProgramFile<'db>) -> Self {
        Self { db, model: SemanticModel::new(db, file), known: RefCell::default() }
    }

    pub(super) fn answer(&self, expr: &Expr) -> Answer {
        let (db, model) = (self.db, &self.model);
        let environment = model.program_environment();
        let show = |expr: &Expr| {
            let shown = expr.inferred_type(model).map(|ty| ty.display(db, &environment).to_string());
            shown.unwrap_or_else(|| "Unknown".into())
        };
        let (definitions, shown) = match expr {
            Expr::Attribute(attribute) => {
                let shown = show(&attribute.value);
                let definitions = match shown.starts_with(SUPER) {
                    true => self.own_definition(expr).into_iter().collect(),
                    false => self.all(&definitions_for_attribute(model, attribute)),
                };
                (definitions, shown)
            }
            Expr::Name(name) => {
                let resolve = ImportAliasResolution::ResolveAliases;
                let found = definitions_for_name(model, name.id.as_str(), name.into(), resolve);
                (self.all(&found), show(expr))
            }
            _ => (vec![], show(expr)),
        };
        let own = show(expr);
        // `super()` is known, and what comes after a mixin is not.
        let known_by = if shown.starts_with(SUPER) { &own } else { &shown };
        Answer { definitions, certainty: certainty(known_by), own, shown }
    }

    /// Where the function that the expression is was defined. ty looks for no members of `super()`, but knows their types.
    fn own_definition(&self, expr: &Expr) -> Option<Definition> {
        let found = expr.inferred_type(&self.model)?.definition(self.db, &self.model.program_environment());
        let focus = found.filter(|found| matches!(found, TypeDefinition::Function(_)))?.focus_range(self.db)?;
        self.at(focus.file(), focus.range())
    }

    /// Where `expr.name` would be defined. The expression keeps its node index in the copy, so ty knows its type.
    fn member_definitions(&self, expr: &Expr, name: &Name) -> Vec<Definition> {
        let attribute = ast::ExprAttribute {
            node_index: ast::AtomicNodeIndex::NONE,
            range: expr.range(),
            value: Box::new(expr.clone()),
            attr: ast::Identifier::new(name.clone(), TextRange::default()),
            ctx: ast::ExprContext::Load,
        };
        self.all(&definitions_for_attribute(&self.model, &attribute))
    }

    fn all(&self, definitions: &[ResolvedDefinition]) -> Vec<Definition> {
        definitions.iter().filter_map(|definition| self.plain(definition)).collect()
    }

    fn plain(&self, definition: &ResolvedDefinition) -> Option<Definition> {
        let focus = definition.focus_range(self.db);
        let found = self.at(focus.file(), focus.range())?;
        Some(match definition {
            ResolvedDefinition::Definition(_) => found,
            ResolvedDefinition::Module(_) | ResolvedDefinition::FileWithRange(_) => {
                Definition { name: String::new(), ..found }
            }
        })
    }

    fn at(&self, file: File, range: TextRange) -> Option<Definition> {
        let mut known = self.known.borrow_mut();
        known.entry((file, range)).or_insert_with(|| at(self.db, file, range)).clone()
    }
}

/// Names of the methods that classes of these standard library modules define, by the bundled stubs.
pub fn stdlib_methods<'a>(db: &Db, modules: impl IntoIterator<Item = &'a str>) -> FxHashSet<Name> {
    let mut found = FxHashSet::default();
    for module in modules {
        for text in stubs(db, module) {
            for line in text.lines().filter(|line| line.starts_with(' ')) {
                let line = line.trim_start();
                let definition = line.strip_prefix("async ").unwrap_or(line).strip_prefix("def ");
                if let Some((name, _)) = definition.and_then(|rest| rest.split_once(['(', '['])) {
                    found.insert(Name::new(name));
                }
            }
        }
    }
    found
}

/// Names of the functions of a standard library module, by the bundled stubs; `path` is `os.path`.
pub fn stdlib_functions(db: &Db, module: &str) -> FxHashSet<Name> {
    let modules = if module == "path" { &["posixpath", "genericpath"][..] } else { &[module] };
    let texts = modules.iter().flat_map(|module| stubs(db, module));
    let names = |text: String| -> Vec<Name> {
        let definitions = text.lines().filter_map(|line| line.strip_prefix("def ")?.split_once('('));
        definitions.map(|(name, _)| Name::new(name)).collect()
    };
    texts.flat_map(names).collect()
}

/// The bundled stubs of a module of the standard library.
fn stubs(db: &Db, module: &str) -> Vec<String> {
    let path = format!("stdlib/{}", module.replace('.', "/"));
    let candidates = [format!("{path}.pyi"), format!("{path}/__init__.pyi")];
    let read = |candidate: &String| ruff_db::Db::vendored(db).read_to_string(VendoredPath::new(candidate)).ok();
    candidates.iter().filter_map(read).collect()
}

/// The definition whose name stands at `range`.
pub(super) fn at(db: &Db, file: File, range: TextRange) -> Option<Definition> {
    let path = match file.path(db) {
        FilePath::System(path) => Some(path.as_std_path().to_path_buf()),
        FilePath::Vendored(_) => None,
        FilePath::SystemVirtual(_) => return None,
    };
    let program_file = db.program_file(file);
    let module = file_to_module(db, program_file.resolver_file(db)).map(|module| module.name(db).to_string());
    let name = qualified(db, file, range);
    Some(Definition { path, module: module.unwrap_or_default(), offset: range.start(), name })
}

/// `Class.method` for the name at `range`, by the classes around it.
fn qualified(db: &Db, file: File, range: TextRange) -> String {
    let program_file = db.program_file(file);
    let module = parsed_module(db, program_file.python_file(db)).load(db);
    let text = source_text(db, file);
    let own = text.as_str().get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default().to_owned();
    let mut path = vec![];
    enclosing_classes(module.suite(), range, &mut path);
    path.push(own);
    path.join(".")
}

fn enclosing_classes(body: &[ast::Stmt], range: TextRange, path: &mut Vec<String>) {
    for statement in body {
        if !statement.range().contains_range(range) {
            continue;
        }
        match statement {
            ast::Stmt::ClassDef(class) if class.name.range != range => {
                path.push(class.name.to_string());
                enclosing_classes(&class.body, range, path);
            }
            ast::Stmt::If(node) => {
                enclosing_classes(&node.body, range, path);
                for clause in &node.elif_else_clauses {
                    enclosing_classes(&clause.body, range, path);
                }
            }
            ast::Stmt::Try(node) => enclosing_classes(&node.body, range, path),
            _ => {}
        }
        return;
    }
}

/// Is every part of a printed type known?
pub fn is_known(shown: &str) -> bool {
    certainty(shown) == Certainty::Known
}

/// Reads the certainty off a printed type: dynamic parts of a union at its top level.
fn certainty(shown: &str) -> Certainty {
    let dynamic = parts(shown, '|').filter(|part| is_dynamic(part)).count();
    match dynamic {
        0 => Certainty::Known,
        some if some == parts(shown, '|').count() => Certainty::Unknown,
        _ => Certainty::Partly,
    }
}

/// Does the member of a union say nothing of the value? `if x:` leaves `Unknown & ~AlwaysFalsy` of an unknown `x`, and
/// `~AlwaysFalsy` of an `object`.
fn is_dynamic(part: &str) -> bool {
    let inner = part.strip_prefix('(').and_then(|part| part.strip_suffix(')')).unwrap_or(part);
    let says_nothing =
        |text: &str| matches!(text, "Unknown" | "Any" | "Divergent" | "Never" | "object") || text.starts_with("@Todo");
    let mut positive = parts(inner, '&').filter(|text| !text.starts_with('~')).peekable();
    positive.peek().is_none() || positive.any(says_nothing)
}

/// The parts of a printed type between separators that no bracket encloses.
fn parts(shown: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut depth, mut before) = (0usize, ' ');
    let at_separator = move |char: char| {
        match char {
            '[' | '(' | '<' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            '>' if before != '-' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = char;
        char == separator && depth == 0
    };
    shown.split(at_separator).map(str::trim)
}

/// The parts of a printed union: `A | list[B | C]` has two.
pub fn union_parts(shown: &str) -> Vec<&str> {
    parts(shown, '|').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_reads_unions_at_their_top_level() {
        assert_eq!(certainty("Store"), Certainty::Known);
        assert_eq!(certainty("Store | None"), Certainty::Known);
        assert_eq!(certainty("Unknown | Store"), Certainty::Partly);
        assert_eq!(certainty("list[Unknown]"), Certainty::Known);
        assert_eq!(certainty("Any"), Certainty::Unknown);
        assert_eq!(certainty("Unknown | None"), Certainty::Partly);
        assert_eq!(certainty("Unknown & ~AlwaysFalsy"), Certainty::Unknown);
        assert_eq!(certainty("(Unknown & ~AlwaysFalsy) | (Store & ~AlwaysFalsy)"), Certainty::Partly);
        assert_eq!(certainty("Store & ~AlwaysFalsy"), Certainty::Known);
        assert_eq!(certainty("~None"), Certainty::Unknown);
        assert_eq!(certainty("(x: int | str) -> Any"), Certainty::Known);
    }

    #[test]
    fn a_panic_is_no_answer() {
        assert_eq!(guarded(|| Some(1)), Some(1));
        assert_eq!(guarded(|| -> Option<u8> { panic!("as ty does") }), None);
    }
}
