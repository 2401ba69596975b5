//! One parsed file, as the checks look at it: the syntax tree, with the index to say what a name stands for.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

use super::ignore::Ignore;
use super::scorecard::Counts;
use super::{Finding, affine, coroutine, lock, logging, task};
use crate::color::World;
use crate::index::Defined;
use crate::index::facts::*;
use crate::py::infer::{Definition, Questions};

/// A file with its syntax tree and its facts.
pub struct Parsed<'a> {
    pub world: World<'a>,
    pub file: FileId,
    pub text: &'a str,
    pub suite: &'a [Stmt],
    pub facts: &'a FileFacts,
    calls: FxHashMap<TextRange, u32>,
    refs: FxHashMap<TextRange, u32>,
    /// The functions by the range of their statement.
    funcs: FxHashMap<TextRange, u32>,
}

/// What the checks found in one file, and what they want to know of ty.
#[derive(Default)]
pub struct Scan {
    pub findings: Vec<Finding>,
    pub asked: Vec<Asked>,
    pub ignores: Vec<Ignore>,
    /// Where what runs depends on the type of an argument.
    pub branches: Vec<TextRange>,
    pub counts: Counts,
}

/// A place that only types can tell about.
#[derive(Clone, Debug)]
pub enum Asked {
    Coroutine(coroutine::Place),
    Lock(lock::Place),
    Task(task::Place),
    Affine(affine::Place),
    Logger(logging::Place),
}

impl Asked {
    /// Adds what ty is to be asked for.
    pub fn add_to(&self, questions: &mut Questions) {
        match self {
            Asked::Coroutine(place) => place.add_to(questions),
            Asked::Lock(place) => questions.ranges.push(place.item),
            Asked::Task(place) => questions.ranges.push(place.receiver),
            Asked::Affine(place) => questions.ranges.push(place.receiver),
            Asked::Logger(place) => questions.ranges.push(place.receiver),
        }
    }
}

/// The body of a function, or of the module.
#[derive(Clone, Copy)]
pub struct Body<'a> {
    /// None for the module.
    pub def: Option<&'a ast::StmtFunctionDef>,
    pub statements: &'a [Stmt],
}

impl Body<'_> {
    /// Is it the body of an `async def`?
    pub fn is_async(&self) -> bool {
        self.def.is_some_and(|def| def.is_async)
    }
}

impl<'a> Parsed<'a> {
    /// The file's facts must be loaded.
    pub fn new(world: World<'a>, file: FileId, text: &'a str, suite: &'a [Stmt]) -> Self {
        let facts = world.index.file(file);
        let numbered = |range: TextRange, index: usize| (range, index as u32);
        Self {
            world,
            file,
            text,
            suite,
            facts,
            calls: facts.calls.iter().enumerate().map(|(index, call)| numbered(call.range, index)).collect(),
            refs: facts
                .refs
                .iter()
                .enumerate()
                .filter(|(_, site)| !site.is_implicit())
                .map(|(index, site)| numbered(site.range, index))
                .collect(),
            funcs: facts.funcs.iter().enumerate().map(|(index, func)| numbered(func.range, index)).collect(),
        }
    }

    /// The call of this range.
    pub fn call(&self, range: TextRange) -> Option<CallId> {
        self.calls.get(&range).map(|index| CallId { file: self.file, index: *index })
    }

    /// The function that this statement defines.
    pub fn func(&self, def: &ast::StmtFunctionDef) -> Option<FuncId> {
        self.funcs.get(&def.range).map(|index| FuncId { file: self.file, index: *index })
    }

    /// The dotted path that a name or attribute stands for, as far as scopes and imports tell.
    pub fn dotted(&self, expr: &Expr) -> Option<String> {
        let names = self.world.names();
        match expr {
            Expr::Name(_) => {
                names.dotted_name(&self.facts.refs[*self.refs.get(&expr.range())? as usize], self.world.index)
            }
            Expr::Attribute(node) => {
                let site = &self.facts.refs[*self.refs.get(&expr.range())? as usize];
                names.dotted(site.receiver?).map(|path| format!("{path}.{}", node.attr))
            }
            Expr::Call(call) => self.dotted(&call.func),
            _ => None,
        }
    }

    /// The dotted path of what a call calls.
    pub fn callee(&self, call: &ast::ExprCall) -> Option<String> {
        self.dotted(&call.func)
    }

    /// The text of a node.
    pub fn source(&self, node: &impl Ranged) -> &'a str {
        &self.text[node.range()]
    }

    /// The module's body and those of all functions, in the order of the text.
    pub fn bodies(&self) -> Vec<Body<'a>> {
        bodies(self.suite)
    }
}

/// A module's body and those of all functions in it, in the order of the text.
pub fn bodies(suite: &[Stmt]) -> Vec<Body<'_>> {
    let mut found = Bodies { found: vec![Body { def: None, statements: suite }] };
    found.visit_body(suite);
    found.found
}

struct Bodies<'a> {
    found: Vec<Body<'a>>,
}

impl<'a> Visitor<'a> for Bodies<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::FunctionDef(def) = stmt {
            self.found.push(Body { def: Some(def), statements: &def.body });
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// A statement or an expression.
#[derive(Clone, Copy)]
pub enum Node<'a> {
    Stmt(&'a Stmt),
    Expr(&'a Expr),
}

/// Calls `each` for what the statements run themselves, in the order of the text: nested functions, lambdas and classes are
/// not entered.
pub fn own_nodes<'a>(statements: &'a [Stmt], each: &mut dyn FnMut(Node<'a>)) {
    Own { each }.visit_body(statements);
}

/// The same for one expression.
pub fn own_expressions<'a>(expr: &'a Expr, each: &mut dyn FnMut(&'a Expr)) {
    let mut on_node = |node: Node<'a>| {
        if let Node::Expr(expr) = node {
            each(expr);
        }
    };
    Own { each: &mut on_node }.visit_expr(expr);
}

struct Own<'f, 'a> {
    each: &'f mut dyn FnMut(Node<'a>),
}

impl<'a> Visitor<'a> for Own<'_, 'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        (self.each)(Node::Stmt(stmt));
        match stmt {
            Stmt::FunctionDef(def) => {
                for decorator in &def.decorator_list {
                    self.visit_decorator(decorator);
                }
            }
            Stmt::ClassDef(_) => {}
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        (self.each)(Node::Expr(expr));
        if !matches!(expr, Expr::Lambda(_)) {
            walk_expr(self, expr);
        }
    }
}

/// Does the body stop at an await of its own: `await`, `async for`, `async with`, an async comprehension?
pub fn awaits(statements: &[Stmt]) -> bool {
    let mut found = false;
    own_nodes(statements, &mut |node| {
        found |= match node {
            Node::Expr(Expr::Await(_)) => true,
            Node::Expr(Expr::ListComp(node)) => node.generators.iter().any(|clause| clause.is_async),
            Node::Expr(Expr::SetComp(node)) => node.generators.iter().any(|clause| clause.is_async),
            Node::Expr(Expr::DictComp(node)) => node.generators.iter().any(|clause| clause.is_async),
            Node::Stmt(Stmt::For(node)) => node.is_async,
            Node::Stmt(Stmt::With(node)) => node.is_async,
            _ => false,
        };
    });
    found
}

/// The last name of an expression: of `a.b` it is `b`, of a call its function's name.
pub fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(node) => Some(node.attr.as_str()),
        Expr::Call(call) => last_name(&call.func),
        Expr::Await(node) => last_name(&node.value),
        _ => None,
    }
}

/// The function of the project that ty names as a definition.
pub fn defined_func(world: World, definition: &Definition) -> Option<FuncId> {
    let path = definition.path.as_ref()?;
    let file = world.project.files.binary_search_by(|file| file.path.as_path().cmp(path)).ok()?;
    match world.index.defined_at(FileId(file as u32), definition.offset)? {
        Defined::Func(func) => Some(func),
        Defined::Class(_) => None,
    }
}
