//! Questions to ty about expressions of the project, many at once, answered as plain data.

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
    let model = SemanticModel::new(db, program_file);
    let member_ranges = questions.members.iter().chain(&questions.siblings).map(|(range, _)| *range);
    let mut finder = Finder { ranges: questions.ranges.iter().copied().chain(member_ranges).collect(), found: vec![] };
    finder.ranges.sort_by_key(|range| (range.start(), range.end()));
    finder.ranges.dedup();
    finder.visit_body(module.suite());
    let hopeless = narrowing::hopeless(module.suite());
    finder.found.retain(|expr| !hopeless.iter().any(|function| function.contains_range(expr.range())));
    for expr in finder.found {
        guarded(|| {
            about(db, &model, questions, expr, &mut answers);
            Some(())
        });
    }
    answers
}

/// What ty answers. Some programs make it panic, as the standard library itself: then nothing is known, and what it works out
/// from such an answer panics again.
pub(super) fn guarded<T>(ask: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok().flatten()
}

/// Answers the questions about one expression.
fn about(db: &Db, model: &SemanticModel, questions: &Questions, expr: &Expr, answers: &mut Answers) {
    let own = answer(db, model, expr);
    answers.expressions.insert(expr.range(), own);
    for (range, name) in questions.members.iter().filter(|(range, _)| *range == expr.range()) {
        let found = member_definitions(db, model, expr, name);
        answers.members.insert((*range, name.clone()), found);
    }
    let Expr::Attribute(attribute) = expr else { return };
    for (range, name) in questions.siblings.iter().filter(|(range, _)| *range == expr.range()) {
        let found = member_definitions(db, model, &attribute.value, name);
        answers.siblings.insert((*range, name.clone()), found);
    }
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

pub(super) fn answer(db: &Db, model: &SemanticModel, expr: &Expr) -> Answer {
    let environment = model.program_environment();
    let show = |expr: &Expr| {
        expr.inferred_type(model).map(|ty| ty.display(db, &environment).to_string()).unwrap_or_else(|| "Unknown".into())
    };
    let all = |found: Vec<ResolvedDefinition>| found.iter().filter_map(|definition| plain(db, definition)).collect();
    let (definitions, shown) = match expr {
        Expr::Attribute(attribute) => {
            let shown = show(&attribute.value);
            let definitions = match shown.starts_with(SUPER) {
                true => own_definition(db, model, expr).into_iter().collect(),
                false => all(definitions_for_attribute(model, attribute)),
            };
            (definitions, shown)
        }
        Expr::Name(name) => {
            let resolve = ImportAliasResolution::ResolveAliases;
            (all(definitions_for_name(model, name.id.as_str(), name.into(), resolve)), show(expr))
        }
        _ => (vec![], show(expr)),
    };
    let own = show(expr);
    // `super()` is known, and what comes after a mixin is not.
    let known_by = if shown.starts_with(SUPER) { &own } else { &shown };
    Answer { definitions, certainty: certainty(known_by), own, shown }
}

/// Where the function that the expression is was defined. ty looks for no members of `super()`, but knows their types.
fn own_definition(db: &Db, model: &SemanticModel, expr: &Expr) -> Option<Definition> {
    let found = expr.inferred_type(model)?.definition(db, &model.program_environment());
    let focus = found.filter(|found| matches!(found, TypeDefinition::Function(_)))?.focus_range(db)?;
    at(db, focus.file(), focus.range())
}

/// Where `expr.name` would be defined. The expression keeps its node index in the copy, so ty knows its type.
fn member_definitions(db: &Db, model: &SemanticModel, expr: &Expr, name: &Name) -> Vec<Definition> {
    let attribute = ast::ExprAttribute {
        node_index: ast::AtomicNodeIndex::NONE,
        range: expr.range(),
        value: Box::new(expr.clone()),
        attr: ast::Identifier::new(name.clone(), TextRange::default()),
        ctx: ast::ExprContext::Load,
    };
    definitions_for_attribute(model, &attribute).iter().filter_map(|definition| plain(db, definition)).collect()
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

pub(super) fn plain(db: &Db, definition: &ResolvedDefinition) -> Option<Definition> {
    let focus = definition.focus_range(db);
    let found = at(db, focus.file(), focus.range())?;
    Some(match definition {
        ResolvedDefinition::Definition(_) => found,
        ResolvedDefinition::Module(_) | ResolvedDefinition::FileWithRange(_) => {
            Definition { name: String::new(), ..found }
        }
    })
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
