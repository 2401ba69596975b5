//! Coroutines that are run to their end in a loop of their own on another thread, which is waited for: `thread.join()`,
//! `executor.submit(asyncio.run, c()).result()`. Recognized by form alone.

use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef, StmtWith};
use ruff_text_size::{Ranged, TextRange};

/// Statements that run a coroutine on another thread and wait for it.
pub struct Joined<'a> {
    /// From the first to the last of them.
    pub statements: TextRange,
    /// What is run.
    pub coroutine: &'a Expr,
    /// What runs it in a loop of its own: `asyncio.run`.
    pub runner: &'a Expr,
    pub made: Made,
    /// The statement that takes the result, and the expression that waits for it.
    pub taken: Option<(&'a Stmt, &'a Expr)>,
    /// Names that only these statements may use.
    pub names: Vec<&'a str>,
}

/// Where the coroutine is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// The runner is handed to the thread together with it.
    Here,
    /// In a lambda or a function that the thread runs.
    OnThread,
}

/// What runs a coroutine, the coroutine, and where it is made.
type Run<'a> = (&'a Expr, &'a Expr, Made);

/// The statements that end with the one at `at` of a body.
pub fn ending_at(body: &[Stmt], at: usize) -> Option<Joined<'_>> {
    match &body[at] {
        Stmt::With(with) => executor(with),
        Stmt::Expr(_) => thread(body, at),
        _ => None,
    }
}

/// `thread = Thread(target=...)`, `thread.start()`, `thread.join()`, with the function that the thread runs before them.
fn thread(body: &[Stmt], at: usize) -> Option<Joined<'_>> {
    let [before @ .., make, start, join] = &body[..=at] else { return None };
    let (Stmt::Assign(assign), [Expr::Name(target)]) = (make, make.as_assign_stmt()?.targets.as_slice()) else {
        return None;
    };
    let name = target.id.as_str();
    if !is_method(start, name, "start") || !is_method(join, name, "join") {
        return None;
    }
    let call = assign.value.as_call_expr().filter(|call| last_name(&call.func) == Some("Thread"))?;
    if !call.arguments.args.is_empty() {
        return None;
    }
    let keyword = |name: &str| call.arguments.find_keyword(name).map(|keyword| &keyword.value);
    let known = |name: &str| matches!(name, "target" | "args" | "daemon" | "name");
    if !call.arguments.keywords.iter().all(|keyword| keyword.arg.as_ref().is_some_and(|name| known(name))) {
        return None;
    }
    let mut names = vec![name];
    let mut first = make;
    let (runner, coroutine, made) = match (keyword("target")?, keyword("args")) {
        (Expr::Name(function), None) => {
            let Some(Stmt::FunctionDef(inner)) = before.last() else { return None };
            if inner.name.as_str() != function.id.as_str() {
                return None;
            }
            first = before.last()?;
            names.push(&inner.name);
            function_that_runs(inner, &mut names)?
        }
        (target, args) => given(target, args.map(Expr::as_tuple_expr).map(|args| args.map(|args| &*args.elts)))?,
    };
    let statements = TextRange::new(first.start(), join.end());
    Some(Joined { statements, coroutine, runner, made, taken: None, names })
}

/// `with ThreadPoolExecutor() as pool:` around `return pool.submit(asyncio.run, c()).result()`.
fn executor(with: &StmtWith) -> Option<Joined<'_>> {
    let [item] = with.items.as_slice() else { return None };
    let pool = item.optional_vars.as_deref()?.as_name_expr()?.id.as_str();
    let makes = item.context_expr.as_call_expr()?;
    if with.is_async || last_name(&makes.func) != Some("ThreadPoolExecutor") {
        return None;
    }
    let (submit, last, waits, mut names) = match with.body.as_slice() {
        [last] => {
            let waits = value(last)?;
            (result_of(waits)?, last, waits, vec![])
        }
        [Stmt::Assign(first), last] => {
            let [Expr::Name(future)] = first.targets.as_slice() else { return None };
            let waits = value(last)?;
            let is_future = result_of(waits)?.as_name_expr().is_some_and(|name| name.id == future.id);
            (is_future.then_some(&*first.value)?, last, waits, vec![future.id.as_str()])
        }
        _ => return None,
    };
    let submit = submit.as_call_expr()?;
    let Expr::Attribute(method) = &*submit.func else { return None };
    let is_pool = method.value.as_name_expr().is_some_and(|name| name.id == pool) && method.attr.as_str() == "submit";
    let [target, args @ ..] = &*submit.arguments.args else { return None };
    if !is_pool || !submit.arguments.keywords.is_empty() {
        return None;
    }
    let (runner, coroutine, made) = given(target, (!args.is_empty()).then_some(Some(args)))?;
    names.push(pool);
    Some(Joined { statements: with.range(), coroutine, runner, made, taken: Some((last, waits)), names })
}

/// What a thread is given to run: `asyncio.run` with a coroutine, or `lambda: asyncio.run(c())`.
fn given<'a>(target: &'a Expr, args: Option<Option<&'a [Expr]>>) -> Option<Run<'a>> {
    match (target, args) {
        (Expr::Lambda(lambda), None) if lambda.parameters.is_none() => runs(&lambda.body),
        (Expr::Attribute(_) | Expr::Name(_), Some(Some([coroutine]))) if last_name(target) == Some("run") => {
            (!coroutine.is_starred_expr()).then_some((target, coroutine, Made::Here))
        }
        _ => None,
    }
}

/// A function without parameters that does nothing but run a coroutine.
fn function_that_runs<'a>(inner: &'a StmtFunctionDef, names: &mut Vec<&'a str>) -> Option<Run<'a>> {
    let is_plain = !inner.is_async && inner.decorator_list.is_empty() && inner.parameters.is_empty();
    match inner.body.as_slice() {
        [Stmt::Expr(statement)] if is_plain => runs(&statement.value).filter(|(runner, ..)| !is_of_loop(runner)),
        [Stmt::Assign(made), rest @ ..] if is_plain => {
            let [Expr::Name(name)] = made.targets.as_slice() else { return None };
            let makes = made.value.as_call_expr().filter(|call| last_name(&call.func) == Some("new_event_loop"))?;
            if !makes.arguments.is_empty() {
                return None;
            }
            let name = name.id.as_str();
            names.push(name);
            let rest = match rest {
                [Stmt::Expr(sets), rest @ ..] if calls(&sets.value, "set_event_loop") => rest,
                rest => rest,
            };
            match rest {
                [Stmt::Try(tried)] if tried.handlers.is_empty() && tried.orelse.is_empty() => {
                    let closes = tried.finalbody.iter().all(|statement| ends_loop(statement, name));
                    sole_run(&tried.body, name).filter(|_| closes)
                }
                [run, rest @ ..] if rest.iter().all(|statement| ends_loop(statement, name)) => {
                    sole_run(std::slice::from_ref(run), name)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// `loop.run_until_complete(c())`, alone.
fn sole_run<'a>(body: &'a [Stmt], name: &str) -> Option<Run<'a>> {
    let [Stmt::Expr(statement)] = body else { return None };
    let found = runs(&statement.value)?;
    let is_own = found.0.as_attribute_expr().is_some_and(|attribute| is_name(&attribute.value, name));
    is_own.then_some(found)
}

/// `loop.close()`, `asyncio.set_event_loop(None)`
fn ends_loop(statement: &Stmt, name: &str) -> bool {
    is_method(statement, name, "close")
        || statement.as_expr_stmt().is_some_and(|statement| calls(&statement.value, "set_event_loop"))
}

/// `asyncio.run(c())` or `loop.run_until_complete(c())`: the callee and the coroutine.
fn runs(expression: &Expr) -> Option<Run<'_>> {
    let call = expression.as_call_expr()?;
    let [coroutine] = &*call.arguments.args else { return None };
    let is_run = matches!(last_name(&call.func), Some("run" | "run_until_complete"));
    (is_run && call.arguments.keywords.is_empty() && !coroutine.is_starred_expr()).then_some((
        &*call.func,
        coroutine,
        Made::OnThread,
    ))
}

fn is_of_loop(runner: &Expr) -> bool {
    last_name(runner) == Some("run_until_complete")
}

/// `x.result()`: the `x`.
fn result_of(expression: &Expr) -> Option<&Expr> {
    let call = expression.as_call_expr().filter(|call| call.arguments.is_empty())?;
    let attribute = call.func.as_attribute_expr()?;
    (attribute.attr.as_str() == "result").then_some(&*attribute.value)
}

/// The value of a statement that takes one.
fn value(statement: &Stmt) -> Option<&Expr> {
    match statement {
        Stmt::Return(node) => node.value.as_deref(),
        Stmt::Assign(node) => Some(&node.value),
        Stmt::Expr(node) => Some(&node.value),
        _ => None,
    }
}

/// `name.method()`, as a statement.
fn is_method(statement: &Stmt, name: &str, method: &str) -> bool {
    let call = statement.as_expr_stmt().and_then(|statement| statement.value.as_call_expr());
    call.is_some_and(|call: &ExprCall| {
        let attribute = call.func.as_attribute_expr();
        call.arguments.is_empty()
            && attribute.is_some_and(|attribute| attribute.attr.as_str() == method && is_name(&attribute.value, name))
    })
}

fn is_name(expression: &Expr, name: &str) -> bool {
    expression.as_name_expr().is_some_and(|own| own.id == name)
}

fn calls(expression: &Expr, name: &str) -> bool {
    expression.as_call_expr().is_some_and(|call| last_name(&call.func) == Some(name))
}

fn last_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(&name.id),
        Expr::Attribute(attribute) => Some(&attribute.attr),
        _ => None,
    }
}
