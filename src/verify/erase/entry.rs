//! The inverse of statements that moved into a coroutine function, which what stood there before runs.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{ExceptHandler, Expr, ExprCall, ExprLambda, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use super::body::Place;
use super::calls::sole_argument;
use super::module::{bound_by, taken_from_module};
use super::shape::{self, Part};
use super::unwrap::is_name;
use super::{Context, Toggle};
use crate::edit::EditKind;

/// What runs the coroutine.
const RUN: [&str; 1] = ["asyncio.run"];

impl Context<'_> {
    /// `if __name__ == "__main__": body`, and `async def _main(): body` / `if __name__ == "__main__": asyncio.run(_main())`.
    pub(super) fn main_guard(&self, old: &Stmt, function: &Stmt, guard: &Stmt) {
        let (Stmt::If(was), Stmt::FunctionDef(function), Stmt::If(is)) = (old, function, guard) else {
            return self.misfit(old.range(), "a function and a guard that runs it");
        };
        if !was.elif_else_clauses.is_empty() || !is.elif_else_clauses.is_empty() || !is_bare(function) {
            return self.misfit(old.range(), "a plain function, and a guard without `else`");
        }
        self.expr(&was.test, &is.test);
        let needed = taken_from_module(self.module, old.range());
        let is_kept = |name: &&String| match function.body.first() {
            Some(Stmt::Global(global)) => global.names.iter().any(|kept| kept.as_str() == name.as_str()),
            _ => false,
        };
        if bound_by(&was.body).iter().filter(|name| needed.contains(*name)).any(|name| !is_kept(&name)) {
            return self.misfit(old.range(), "a `global` for what functions of the module use");
        }
        let body = match function.body.as_slice() {
            [Stmt::Global(global), rest @ ..] => {
                if !global.names.iter().all(|name| binds(&was.body, name)) {
                    return self.misfit(old.range(), "a `global` for names of the guard");
                }
                rest
            }
            body => body,
        };
        self.body(&was.body, body, Place::Inner);
        let runs = match is.body.as_slice() {
            [Stmt::Expr(run)] => self.runs(&run.value, &function.name),
            _ => false,
        };
        if !runs {
            self.misfit(old.range(), "`asyncio.run` of the new function");
        }
    }

    /// `def f(a): body`, and `def f(a): return asyncio.run(_f(a))` / `async def _f(a): body`; without `return` where the body
    /// returns nothing.
    pub(super) fn bridge(&self, old: &Stmt, face: &Stmt, inner: &Stmt) {
        let (Stmt::FunctionDef(was), Stmt::FunctionDef(face), Stmt::FunctionDef(inner)) = (old, face, inner) else {
            return self.misfit(old.range(), "a function and its body");
        };
        let (old_parts, new_parts) = (shape::of_function(was), shape::of_function(face));
        let headers = |parts: &[Part]| parts.len() - 1;
        let (old_head, new_head) = (&old_parts[..headers(&old_parts)], &new_parts[..headers(&new_parts)]);
        self.parts(was, face, old_head, new_head, Toggle::Keep);
        let is_doc = |stmt: &Stmt| stmt.as_expr_stmt().is_some_and(|stmt| stmt.value.is_string_literal_expr());
        let docs = usize::from(was.body.first().is_some_and(is_doc));
        if face.body.len() != docs + 1 {
            return self.misfit(old.range(), "a face that only runs the body");
        }
        self.body(&was.body[..docs], &face.body[..docs], Place::Inner);
        let run = match (&face.body[docs], has_result(&was.body)) {
            (Stmt::Return(returned), true) => returned.value.as_deref(),
            (Stmt::Expr(run), false) => Some(&*run.value),
            _ => None,
        };
        let runs = run.and_then(|run| self.run_of(run, &inner.name));
        let names: Vec<&str> = was.parameters.iter().map(|parameter| parameter.name().as_str()).collect();
        let given = runs.is_some_and(|call| {
            let arguments = &call.arguments;
            arguments.keywords.is_empty()
                && arguments.args.len() == names.len()
                && arguments.args.iter().zip(&names).all(|(argument, name)| is_name(argument, name))
        });
        if !given || !self.takes(inner, was) {
            return self.misfit(old.range(), "`asyncio.run` of the body, with the parameters as they are");
        }
        self.body(&was.body[docs..], &inner.body, Place::Inner);
    }

    /// `async def` with the parameters of `was`, all plain, with their annotations as they are written.
    fn takes(&self, inner: &StmtFunctionDef, was: &StmtFunctionDef) -> bool {
        let text = |text: &str, range: TextRange| text.get(range.to_std_range()).unwrap_or_default().to_owned();
        let same = |old: Option<&Expr>, new: Option<&Expr>| match (old, new) {
            (None, None) => true,
            (Some(old), Some(new)) => text(self.file.old, old.range()) == text(self.file.new, new.range()),
            _ => false,
        };
        let parameters = &inner.parameters;
        let plain = inner.is_async
            && inner.decorator_list.is_empty()
            && inner.type_params.is_none()
            && parameters.args.len() == parameters.iter().count()
            && parameters.args.len() == was.parameters.iter().count()
            && parameters.args.iter().all(|parameter| parameter.default.is_none());
        let pairs = was.parameters.iter().zip(&parameters.args);
        plain
            && same(was.returns.as_deref(), inner.returns.as_deref())
            && pairs.into_iter().all(|(old, new)| {
                let annotation = if old.is_variadic() { None } else { old.as_parameter().annotation.as_deref() };
                *old.name() == *new.parameter.name.as_str() && same(annotation, new.parameter.annotation.as_deref())
            })
    }

    /// `f(lambda a: body)`, and `async def call(a): return body` / `f(call)`: true when the old statement has such a lambda.
    pub(super) fn hoisted(&self, old: &Stmt, new: &[Stmt]) -> bool {
        let Some(change) = self.take(old.range(), |kind| matches!(kind, EditKind::Hoist { .. })) else { return false };
        let EditKind::Hoist { lambda: range, .. } = self.file.edits.changes[change] else { return false };
        let ([Stmt::FunctionDef(function), statement, ..], Some(lambda)) = (new, find_lambda(old, range)) else {
            self.misfit(old.range(), "a definition in the place of the lambda");
            return true;
        };
        let text = |text: &str, range: TextRange| text.get(range.to_std_range()).unwrap_or_default().to_owned();
        let old_parameters = lambda.parameters.as_deref().map_or(String::new(), |it| text(self.file.old, it.range()));
        let new_parameters = text(self.file.new, function.parameters.range());
        let plain = function.is_async
            && function.decorator_list.is_empty()
            && function.returns.is_none()
            && function.type_params.is_none()
            && new_parameters == format!("({old_parameters})");
        match function.body.as_slice() {
            [Stmt::Return(returned)] if plain && returned.value.is_some() => {
                let value = returned.value.as_deref().expect("the guard checked");
                self.expr(&lambda.body, value);
            }
            _ => self.misfit(range, "the parameters and the body of the lambda"),
        }
        self.hoists.borrow_mut().insert(range, function.name.to_string());
        self.stmt(old, statement);
        true
    }

    /// `asyncio.run(name(...))`: the inner call.
    fn run_of<'e>(&self, run: &'e Expr, name: &str) -> Option<&'e ExprCall> {
        let Expr::Call(run) = run else { return None };
        let call = sole_argument(&run.arguments)?.as_call_expr()?;
        (self.names(&run.func, &RUN) && is_name(&call.func, name)).then_some(call)
    }

    /// `asyncio.run(name())`
    fn runs(&self, run: &Expr, name: &str) -> bool {
        self.run_of(run, name).is_some_and(|call| call.arguments.is_empty())
    }
}

fn find_lambda(statement: &Stmt, range: TextRange) -> Option<&ExprLambda> {
    struct Find<'e>(TextRange, Option<&'e ExprLambda>);
    impl<'e> Visitor<'e> for Find<'e> {
        fn visit_expr(&mut self, expr: &'e Expr) {
            match expr {
                Expr::Lambda(lambda) if lambda.range() == self.0 => self.1 = Some(lambda),
                _ => walk_expr(self, expr),
            }
        }
    }
    let mut find = Find(range, None);
    find.visit_stmt(statement);
    find.1
}

/// `async def name():` and nothing more.
fn is_bare(function: &StmtFunctionDef) -> bool {
    function.is_async
        && function.decorator_list.is_empty()
        && function.type_params.is_none()
        && function.returns.is_none()
        && function.parameters.iter().next().is_none()
}

/// Does one of the statements bind the name, at whatever depth?
pub(super) fn binds(body: &[Stmt], name: &str) -> bool {
    struct Binds<'n>(&'n str, bool);
    impl Visitor<'_> for Binds<'_> {
        fn visit_stmt(&mut self, stmt: &Stmt) {
            let defines = match stmt {
                Stmt::FunctionDef(function) => function.name == *self.0,
                Stmt::ClassDef(class) => class.name == *self.0,
                Stmt::Import(import) => import.names.iter().any(|alias| {
                    alias.asname.as_ref().map_or(alias.name.split('.').next() == Some(self.0), |name| name == self.0)
                }),
                Stmt::ImportFrom(import) => {
                    import.names.iter().any(|alias| alias.asname.as_ref().unwrap_or(&alias.name) == self.0)
                }
                _ => false,
            };
            self.1 |= defines;
            ruff_python_ast::visitor::walk_stmt(self, stmt);
        }

        fn visit_expr(&mut self, expr: &Expr) {
            self.1 |= matches!(expr, Expr::Name(node) if !node.ctx.is_load() && node.id == *self.0);
            walk_expr(self, expr);
        }

        fn visit_except_handler(&mut self, handler: &ruff_python_ast::ExceptHandler) {
            let ruff_python_ast::ExceptHandler::ExceptHandler(inner) = handler;
            self.1 |= inner.name.as_ref().is_some_and(|name| name == self.0);
            ruff_python_ast::visitor::walk_except_handler(self, handler);
        }
    }
    let mut found = Binds(name, false);
    body.iter().for_each(|stmt| found.visit_stmt(stmt));
    found.1
}

/// Does one of the statements, or one inside of them, return a value? What nested functions return is theirs.
fn has_result(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::Return(returned) => returned.value.is_some(),
        Stmt::If(node) => {
            has_result(&node.body) || node.elif_else_clauses.iter().any(|clause| has_result(&clause.body))
        }
        Stmt::For(node) => has_result(&node.body) || has_result(&node.orelse),
        Stmt::While(node) => has_result(&node.body) || has_result(&node.orelse),
        Stmt::With(node) => has_result(&node.body),
        Stmt::Match(node) => node.cases.iter().any(|case| has_result(&case.body)),
        Stmt::Try(node) => {
            let handlers = node.handlers.iter().any(|handler| {
                let ExceptHandler::ExceptHandler(handler) = handler;
                has_result(&handler.body)
            });
            handlers || has_result(&node.body) || has_result(&node.orelse) || has_result(&node.finalbody)
        }
        _ => false,
    })
}
