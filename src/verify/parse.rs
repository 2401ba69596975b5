//! The new text parses for the target version, and has no syntax error of any kind that the old text did not have.

use std::cell::RefCell;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, Comprehension, Expr, ModModule, PythonVersion, Stmt};
use ruff_python_parser::semantic_errors::{
    LazyImportContext, SemanticSyntaxChecker, SemanticSyntaxContext, SemanticSyntaxError,
};
use ruff_python_parser::{Mode, ParseOptions, Parsed, UnsupportedSyntaxErrorKind, parse_unchecked};
use ruff_text_size::{TextRange, TextSize};

use super::offsets::Offsets;
use super::{Check, Failure, Rewritten};

/// Parses a module for `target`; errors are in the answer.
pub(super) fn parse(text: &str, target: PythonVersion) -> Parsed<ModModule> {
    let options = ParseOptions::from(Mode::Module).with_target_version(target);
    parse_unchecked(text, options).try_into_module().expect("module mode parses to a module")
}

pub(super) fn check(
    file: &Rewritten,
    offsets: &Offsets,
    old: &Parsed<ModModule>,
    new: &Parsed<ModModule>,
) -> Vec<Failure> {
    if let Some(error) = old.errors().first() {
        return vec![file.failure(Check::Parse, error.location.start(), format!("the old text: {}", error.error))];
    }
    let fail = |offset, message: &str| file.failure(Check::Parse, offsets.to_old(offset), message);
    let errors = new.errors().iter().map(|error| fail(error.location.start(), &error.error.to_string()));
    let mut failures: Vec<Failure> = errors.collect();
    let mut known: Vec<String> = old.unsupported_syntax_errors().iter().map(ToString::to_string).collect();
    known.extend(unseen_matches(old, new));
    let unsupported = new.unsupported_syntax_errors().iter().map(|error| (error.to_string(), error.range.start()));
    failures.extend(added(&mut known, unsupported).map(|(message, offset)| fail(offset, &message)));
    if failures.is_empty() {
        let semantic = |text, parsed| semantic_errors(text, parsed, file.target).into_iter();
        let mut known: Vec<String> = semantic(file.old, old).map(|error| error.to_string()).collect();
        let found = semantic(file.new, new).map(|error| (error.to_string(), error.range.start()));
        failures.extend(added(&mut known, found).map(|(message, offset)| fail(offset, &message)));
    }
    failures
}

/// What the parser does not say of a `match (x):` in the old text, which it takes for a call first.
fn unseen_matches(old: &Parsed<ModModule>, new: &Parsed<ModModule>) -> Vec<String> {
    #[derive(Default)]
    struct Matches(usize);
    impl Visitor<'_> for Matches {
        fn visit_stmt(&mut self, stmt: &Stmt) {
            self.0 += usize::from(stmt.is_match_stmt());
            walk_stmt(self, stmt);
        }
    }
    let of_match = |parsed: &Parsed<ModModule>| {
        let errors = parsed.unsupported_syntax_errors().iter();
        let of_match = errors.filter(|error| matches!(error.kind, UnsupportedSyntaxErrorKind::Match));
        of_match.map(ToString::to_string).collect::<Vec<_>>()
    };
    let mut matches = Matches::default();
    matches.visit_body(old.suite());
    let unseen = matches.0.saturating_sub(of_match(old).len());
    of_match(new).into_iter().take(unseen).collect()
}

/// The errors that are not in `known`, each known one excusing one.
fn added<'a>(
    known: &'a mut Vec<String>,
    found: impl Iterator<Item = (String, TextSize)> + 'a,
) -> impl Iterator<Item = (String, TextSize)> + 'a {
    found.filter(|(message, _)| match known.iter().position(|old| old == message) {
        Some(at) => {
            known.swap_remove(at);
            false
        }
        None => true,
    })
}

fn semantic_errors(text: &str, parsed: &Parsed<ModModule>, target: PythonVersion) -> Vec<SemanticSyntaxError> {
    let mut walk = Walk {
        checker: SemanticSyntaxChecker::new(),
        context: Context { text, target, scopes: vec![Scope::Module], tries: 0, errors: RefCell::default() },
    };
    walk.visit_body(parsed.suite());
    walk.context.errors.into_inner()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Module,
    Class,
    Function { is_async: bool },
    Lambda,
    Comprehension { is_async: bool, is_generator: bool },
}

struct Walk<'a> {
    checker: SemanticSyntaxChecker,
    context: Context<'a>,
}

struct Context<'a> {
    text: &'a str,
    target: PythonVersion,
    scopes: Vec<Scope>,
    /// Enclosing `try` statements.
    tries: usize,
    errors: RefCell<Vec<SemanticSyntaxError>>,
}

impl Context<'_> {
    fn innermost(&self) -> Scope {
        self.scopes.last().copied().unwrap_or(Scope::Module)
    }

    /// The scopes from the innermost outwards, up to the function, class or module around them.
    fn comprehensions(&self) -> impl Iterator<Item = Scope> {
        self.scopes.iter().rev().copied().take_while(|scope| matches!(scope, Scope::Comprehension { .. }))
    }

    /// The innermost scope that is no comprehension.
    fn block(&self) -> Scope {
        let blocks = self.scopes.iter().rev().copied();
        blocks.into_iter().find(|scope| !matches!(scope, Scope::Comprehension { .. })).unwrap_or(Scope::Module)
    }
}

impl SemanticSyntaxContext for Context<'_> {
    fn future_annotations_or_stub(&self) -> bool {
        false
    }

    fn lazy_import_context(&self) -> Option<LazyImportContext> {
        match self.block() {
            Scope::Function { .. } | Scope::Lambda => Some(LazyImportContext::Function),
            Scope::Class => Some(LazyImportContext::Class),
            Scope::Module | Scope::Comprehension { .. } => {
                (self.tries > 0).then_some(LazyImportContext::TryExceptBlocks)
            }
        }
    }

    fn python_version(&self) -> PythonVersion {
        self.target
    }

    fn source(&self) -> &str {
        self.text
    }

    fn global(&self, _name: &str) -> Option<TextRange> {
        None
    }

    fn has_nonlocal_binding(&self, _name: &str) -> bool {
        true
    }

    fn in_async_context(&self) -> bool {
        matches!(self.block(), Scope::Function { is_async: true })
    }

    fn in_await_allowed_context(&self) -> bool {
        matches!(self.block(), Scope::Function { .. } | Scope::Lambda)
    }

    fn in_yield_allowed_context(&self) -> bool {
        matches!(self.innermost(), Scope::Function { .. } | Scope::Lambda)
    }

    fn in_sync_comprehension(&self) -> bool {
        self.comprehensions()
            .any(|scope| matches!(scope, Scope::Comprehension { is_async: false, is_generator: false }))
    }

    fn in_class_body_comprehension(&self) -> bool {
        self.block() == Scope::Class
    }

    fn in_module_scope(&self) -> bool {
        self.innermost() == Scope::Module
    }

    fn in_function_scope(&self) -> bool {
        matches!(self.innermost(), Scope::Function { .. })
    }

    fn in_generator_context(&self) -> bool {
        self.comprehensions().any(|scope| matches!(scope, Scope::Comprehension { is_generator: true, .. }))
    }

    fn in_notebook(&self) -> bool {
        false
    }

    fn report_semantic_error(&self, error: SemanticSyntaxError) {
        self.errors.borrow_mut().push(error);
    }

    fn in_loop_context(&self) -> bool {
        true
    }

    fn is_bound_parameter(&self, _name: &str) -> bool {
        false
    }
}

impl Walk<'_> {
    fn within(&mut self, scope: Scope, visit: impl FnOnce(&mut Self)) {
        self.context.scopes.push(scope);
        visit(self);
        self.context.scopes.pop();
    }

    /// Decorators, defaults and annotations belong to the scope around the function.
    fn function(&mut self, function: &ast::StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        self.visit_parameters(&function.parameters);
        if let Some(returns) = &function.returns {
            self.visit_annotation(returns);
        }
        self.within(Scope::Function { is_async: function.is_async }, |walk| walk.visit_body(&function.body));
    }

    fn class(&mut self, class: &ast::StmtClassDef) {
        for decorator in &class.decorator_list {
            self.visit_decorator(decorator);
        }
        if let Some(arguments) = &class.arguments {
            self.visit_arguments(arguments);
        }
        self.within(Scope::Class, |walk| walk.visit_body(&class.body));
    }

    /// The first iterable belongs to the scope around the comprehension, everything else is inside of it.
    fn comprehension(&mut self, clauses: &[Comprehension], elements: &[&Expr], is_generator: bool) {
        if let Some(first) = clauses.first() {
            self.visit_expr(&first.iter);
        }
        let is_async = clauses.iter().any(|clause| clause.is_async);
        self.within(Scope::Comprehension { is_async, is_generator }, |walk| {
            for (index, clause) in clauses.iter().enumerate() {
                walk.visit_expr(&clause.target);
                if index > 0 {
                    walk.visit_expr(&clause.iter);
                }
                clause.ifs.iter().for_each(|test| walk.visit_expr(test));
            }
            elements.iter().for_each(|element| walk.visit_expr(element));
        });
    }
}

impl Visitor<'_> for Walk<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        self.checker.visit_stmt(stmt, &self.context);
        match stmt {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Try(_) => {
                self.context.tries += 1;
                walk_stmt(self, stmt);
                self.context.tries -= 1;
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &Expr) {
        self.checker.visit_expr(expr, &self.context);
        match expr {
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_parameters(parameters);
                }
                self.within(Scope::Lambda, |walk| walk.visit_expr(&lambda.body));
            }
            Expr::ListComp(comp) => self.comprehension(&comp.generators, &[&comp.elt], false),
            Expr::SetComp(comp) => self.comprehension(&comp.generators, &[&comp.elt], false),
            Expr::Generator(comp) => self.comprehension(&comp.generators, &[&comp.elt], true),
            Expr::DictComp(comp) => {
                let elements: Vec<&Expr> = comp.key.as_deref().into_iter().chain([&*comp.value]).collect();
                self.comprehension(&comp.generators, &elements, false);
            }
            _ => walk_expr(self, expr),
        }
    }
}
