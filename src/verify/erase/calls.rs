//! The inverses of the changes around a call: `await`, offload, native twin, replacement, entry point.

use ruff_python_ast::{Arguments, Expr, ExprCall, Keyword};
use ruff_text_size::{Ranged, TextRange};

use super::Context;
use super::imports::{dotted, last_name};
use crate::edit::EditKind;
use crate::plan::IteratedBy;

/// Carriers called as `carrier(f, *args, **kwargs)`.
const CARRIERS: [&str; 3] =
    ["asyncio.to_thread", "starlette.concurrency.run_in_threadpool", "fastapi.concurrency.run_in_threadpool"];
/// Called as `run_sync(f, *args)`: its keywords are its own, those of `f` need a partial.
const RUN_SYNC: [&str; 1] = ["anyio.to_thread.run_sync"];
/// Called as `sync_to_async(f)(*args, **kwargs)`.
const CURRIED: [&str; 2] = ["asgiref.sync.sync_to_async", "channels.db.database_sync_to_async"];
const PARTIAL: [&str; 1] = ["functools.partial"];
const ENTRY: [&str; 1] = ["asyncio.run"];
const SCHEDULE: [&str; 1] = ["asyncio.create_task"];

impl Context<'_> {
    /// Compares two expressions of which the old one carries changes: they are peeled off from the outside in.
    pub(super) fn changed(&self, old: &Expr, new: &Expr) {
        let range = old.range();
        // The list stands around what else becomes of its iterable.
        if self.take(range, |kind| matches!(kind, EditKind::Collect { iterable, .. } if *iterable == range)).is_some() {
            return self.collect_starred(old, new);
        }
        if let Some(change) = self.take(range, |kind| matches!(kind, EditKind::OffloadIterable { .. }))
            && let EditKind::OffloadIterable { by, .. } = self.file.edits.changes[change]
        {
            return self.offload_iterable(by, old, new);
        }
        let mut new = new;
        if self.take(range, |kind| matches!(kind, EditKind::EntryPoint { .. })).is_some() {
            match entry_point(new) {
                Some((func, inner)) if self.names(func, &ENTRY) => new = inner,
                _ => return self.misfit(range, "`asyncio.run` around the call"),
            }
        }
        if self.take(range, |kind| matches!(kind, EditKind::Schedule { .. })).is_some() {
            match entry_point(new) {
                Some((func, inner)) if self.names(func, &SCHEDULE) => new = inner,
                _ => return self.misfit(range, "`asyncio.create_task` around the call"),
            }
        }
        if self.take(range, |kind| matches!(kind, EditKind::Await { .. })).is_some() {
            match new {
                Expr::Await(awaited) => new = &awaited.value,
                _ => return self.misfit(range, "`await` in front of it"),
            }
        }
        let Some(change) = self.take(range, reshapes) else { return self.same(old, new) };
        match &self.file.edits.changes[change] {
            EditKind::Offload { partial, handed_on: false, .. } => self.offload(old, new, partial.is_some()),
            EditKind::Offload { partial, handed_on: true, .. } => self.carried(old, new, partial.is_some()),
            EditKind::OffloadExpression { .. } => self.offload_expression(old, new),
            EditKind::Native { .. } => self.native(change, old, new),
            EditKind::Replace { .. } => self.replace(change, old, new),
            EditKind::Unwrap { .. } => self.unwrap(old, new),
            EditKind::UnwrapRun { .. } => self.unwrap_run(old, new),
            EditKind::Collect { .. } => self.collect(old, new),
            EditKind::ListComprehension { .. } => self.list_comprehension(old, new),
            EditKind::Rename { .. } => self.rename(change, old, new),
            EditKind::Annotation { .. } => self.annotation(old, new),
            EditKind::MockAttributes { .. } => self.mock_attributes(old, new),
            EditKind::MockReturned { .. } => self.mock_returned(old, new),
            EditKind::AsyncFake { .. } => self.async_fake(old, new),
            EditKind::OffloadIterable { .. }
            | EditKind::Await { .. }
            | EditKind::EntryPoint { .. }
            | EditKind::Schedule { .. }
            | EditKind::AsyncDef { .. }
            | EditKind::AsyncWith { .. }
            | EditKind::SplitWith { .. }
            | EditKind::Closing { .. }
            | EditKind::Counted { .. }
            | EditKind::AsyncFor { .. }
            | EditKind::AsyncComprehension { .. }
            | EditKind::Fallback { .. }
            | EditKind::Joined { .. }
            | EditKind::MainGuard { .. }
            | EditKind::Bridge { .. }
            | EditKind::Hoist { .. }
            | EditKind::YieldFrom { .. }
            | EditKind::Decorator { .. }
            | EditKind::Raises { .. }
            | EditKind::MockConfigured { .. }
            | EditKind::Mention { .. }
            | EditKind::Import
            | EditKind::Logger => self.same(old, new),
        }
    }

    pub(super) fn misfit(&self, old: TextRange, expected: &str) {
        self.fail(old.start(), format!("the new text does not have {expected}"));
    }

    /// True when `func` is a dotted name that is imported from one of `paths`.
    pub(super) fn names(&self, func: &Expr, paths: &[&str]) -> bool {
        dotted(func).is_some_and(|name| self.imports.is(&name, paths))
    }

    fn own_carrier(&self, func: &Expr) -> bool {
        let Some(name) = dotted(func) else { return false };
        self.file.offloads.iter().any(|path| {
            // In the module that defines it, it needs no import.
            let defined_here = self.imports.assigns(&name) && path.rsplit('.').next() == Some(&name);
            self.imports.is(&name, &[path]) || defined_here
        })
    }

    /// `f(a, k=v)` and `await asyncio.to_thread(f, a, k=v)`, whatever carries it.
    fn offload(&self, old: &Expr, new: &Expr, in_partial: bool) {
        match new {
            Expr::Await(awaited) => self.carried(old, &awaited.value, in_partial),
            _ => self.misfit(old.range(), "an awaited offload"),
        }
    }

    /// `f(a, k=v)` and `asyncio.to_thread(f, a, k=v)`.
    fn carried(&self, old: &Expr, new: &Expr, in_partial: bool) {
        let (Expr::Call(call), Expr::Call(carrier)) = (old, new) else {
            return self.misfit(old.range(), "an offload");
        };
        if let Expr::Call(curried) = &*carrier.func {
            return match sole_argument(&curried.arguments) {
                Some(function) if self.names(&curried.func, &CURRIED) => {
                    self.expr(&call.func, function);
                    self.arguments(old.range(), &call.arguments, &all(&carrier.arguments));
                }
                _ => self.misfit(old.range(), "`sync_to_async(...)` around the function"),
            };
        }
        if self.names(&carrier.func, &RUN_SYNC) {
            return self.run_sync(call, carrier, in_partial);
        }
        if !self.names(&carrier.func, &CARRIERS) && !self.own_carrier(&carrier.func) {
            return self.misfit(old.range(), "a known offload function, imported");
        }
        match in_partial {
            true => self.partial(call, carrier),
            false => self.applied(call, &carrier.arguments),
        }
    }

    /// `x.name` and `await asyncio.to_thread(lambda: x.name)`, whatever carries it.
    fn offload_expression(&self, old: &Expr, new: &Expr) {
        let carrier = new.as_await_expr().and_then(|awaited| awaited.value.as_call_expr());
        let (carrier, func, known) = match carrier.map(|carrier| (carrier, &*carrier.func)) {
            Some((call, Expr::Call(curried))) if call.arguments.is_empty() => {
                (curried, &*curried.func, self.names(&curried.func, &CURRIED))
            }
            Some((call, func)) => {
                let known = self.names(func, &CARRIERS) || self.names(func, &RUN_SYNC) || self.own_carrier(func);
                (call, func, known)
            }
            None => return self.misfit(old.range(), "an awaited offload"),
        };
        match sole_argument(&carrier.arguments) {
            Some(Expr::Lambda(lambda)) if known && lambda.parameters.is_none() => self.same(old, &lambda.body),
            _ => self.misfit(func.range(), "a lambda that holds the expression, in a known offload function"),
        }
    }

    /// `g()` and `await asyncio.to_thread(list, g())`, whatever carries it.
    fn offload_iterable(&self, by: IteratedBy, old: &Expr, new: &Expr) {
        let builtin = match by {
            IteratedBy::List => "list",
            IteratedBy::Iter => "iter",
        };
        let carrier = new.as_await_expr().and_then(|awaited| awaited.value.as_call_expr());
        let Some(carrier) = carrier else { return self.misfit(old.range(), "an awaited offload") };
        let parts = match &*carrier.func {
            Expr::Call(curried) => {
                let known = self.names(&curried.func, &CURRIED);
                sole_argument(&curried.arguments).filter(|_| known).zip(sole_argument(&carrier.arguments))
            }
            func => {
                let known = self.names(func, &CARRIERS) || self.names(func, &RUN_SYNC) || self.own_carrier(func);
                match &*carrier.arguments.args {
                    [list, iterable] if known && carrier.arguments.keywords.is_empty() => Some((list, iterable)),
                    _ => None,
                }
            }
        };
        match parts {
            Some((Expr::Name(name), iterable)) if name.id == builtin && !iterable.is_starred_expr() => {
                self.changed(old, iterable);
            }
            _ => {
                self.misfit(old.range(), "`list` or `iter`, as recorded, and the iterable in a known offload function")
            }
        }
    }

    /// `carrier(partial(f, *args, **kwargs))`.
    fn partial(&self, call: &ExprCall, carrier: &ExprCall) {
        let partial = sole_argument(&carrier.arguments).and_then(Expr::as_call_expr);
        match partial.filter(|partial| self.names(&partial.func, &PARTIAL)) {
            Some(partial) => self.applied(call, &partial.arguments),
            None => self.misfit(call.range(), "the `functools.partial` around the arguments"),
        }
    }

    /// `run_sync(f, *args)`, or `run_sync(partial(f, *args, **kwargs))`.
    fn run_sync(&self, call: &ExprCall, carrier: &ExprCall, in_partial: bool) {
        if in_partial {
            self.partial(call, carrier);
        } else if carrier.arguments.keywords.is_empty() {
            self.applied(call, &carrier.arguments);
        } else {
            self.misfit(call.range(), "the keyword arguments in a `functools.partial`");
        }
    }

    /// `arguments` are the function and the arguments of `call`.
    fn applied(&self, call: &ExprCall, arguments: &Arguments) {
        let list = all(arguments);
        let [Argument { name: None, value, .. }, rest @ ..] = list.as_slice() else {
            return self.misfit(call.range(), "the function as first argument");
        };
        self.expr(&call.func, value);
        self.arguments(call.range(), &call.arguments, rest);
    }

    /// `obj.get(x)` and `await obj.async_get(x)`. The new name must be the one that the edit wrote.
    fn native(&self, change: usize, old: &Expr, new: &Expr) {
        let parts = (old, new.as_await_expr().and_then(|awaited| awaited.value.as_call_expr()));
        let (Expr::Call(call), Some(twin)) = parts else { return self.misfit(old.range(), "an awaited call") };
        match (&*call.func, &*twin.func) {
            (Expr::Attribute(was), Expr::Attribute(is)) => {
                if is.attr.as_str() != self.written(change, was.attr.range()) || is.attr.as_str() == was.attr.as_str() {
                    self.misfit(was.attr.range(), "the recorded method");
                }
                self.expr(&was.value, &is.value);
            }
            _ => self.misfit(old.range(), "a method call"),
        }
        self.arguments(old.range(), &call.arguments, &all(&twin.arguments));
    }

    /// `time.sleep(x)` and `await asyncio.sleep(x)`. The new callee must be what the edit wrote, and its root be known.
    fn replace(&self, change: usize, old: &Expr, new: &Expr) {
        let parts = (old, new.as_await_expr().and_then(|awaited| awaited.value.as_call_expr()));
        let (Expr::Call(call), Some(twin)) = parts else { return self.misfit(old.range(), "an awaited call") };
        self.renamed(change, &call.func, &twin.func);
        self.arguments(old.range(), &call.arguments, &all(&twin.arguments));
    }

    /// Compares the arguments of an old call with those of a new one, in the order of the text.
    pub(super) fn arguments(&self, call: TextRange, old: &Arguments, new: &[Argument]) {
        self.argument_lists(call, &all(old), new);
    }

    pub(super) fn argument_lists(&self, call: TextRange, old: &[Argument], new: &[Argument]) {
        if old.len() != new.len() {
            return self.misfit(call, "the arguments of the call");
        }
        for (old, new) in old.iter().zip(new) {
            match (old.keyword, new.keyword) {
                (None, None) => {}
                (Some(old), Some(new)) => match (&old.arg, &new.arg) {
                    (None, None) => {}
                    (Some(old), Some(new)) => self.identifier(old, new),
                    _ => return self.misfit(call, "the arguments of the call"),
                },
                _ => return self.misfit(call, "the arguments of the call"),
            }
            self.expr(old.value, new.value);
        }
    }
}

/// The changes that give a call another form.
fn reshapes(kind: &EditKind) -> bool {
    match kind {
        EditKind::Offload { .. }
        | EditKind::OffloadExpression { .. }
        | EditKind::Native { .. }
        | EditKind::Replace { .. }
        | EditKind::Unwrap { .. }
        | EditKind::UnwrapRun { .. }
        | EditKind::Collect { .. }
        | EditKind::ListComprehension { .. }
        | EditKind::Rename { .. }
        | EditKind::Annotation { .. }
        | EditKind::MockAttributes { .. }
        | EditKind::MockReturned { .. }
        | EditKind::AsyncFake { .. } => true,
        EditKind::OffloadIterable { .. }
        | EditKind::Await { .. }
        | EditKind::EntryPoint { .. }
        | EditKind::Schedule { .. }
        | EditKind::AsyncDef { .. }
        | EditKind::AsyncWith { .. }
        | EditKind::SplitWith { .. }
        | EditKind::Closing { .. }
        | EditKind::Counted { .. }
        | EditKind::AsyncFor { .. }
        | EditKind::AsyncComprehension { .. }
        | EditKind::Fallback { .. }
        | EditKind::Joined { .. }
        | EditKind::MainGuard { .. }
        | EditKind::Bridge { .. }
        | EditKind::Hoist { .. }
        | EditKind::YieldFrom { .. }
        | EditKind::Decorator { .. }
        | EditKind::Raises { .. }
        | EditKind::MockConfigured { .. }
        | EditKind::Mention { .. }
        | EditKind::Import
        | EditKind::Logger => false,
    }
}

/// One argument of a call.
#[derive(Clone, Copy)]
pub(super) struct Argument<'a> {
    /// The name of a keyword argument, `**` for `**x`.
    pub name: Option<&'a str>,
    pub value: &'a Expr,
    pub keyword: Option<&'a Keyword>,
}

/// The arguments in the order of the text.
pub(super) fn all(arguments: &Arguments) -> Vec<Argument<'_>> {
    let argument = |argument| match argument {
        ruff_python_ast::ArgOrKeyword::Arg(value) => Argument { name: None, value, keyword: None },
        ruff_python_ast::ArgOrKeyword::Keyword(keyword) => {
            let name = keyword.arg.as_ref().map_or("**", |name| name.as_str());
            Argument { name: Some(name), value: &keyword.value, keyword: Some(keyword) }
        }
    };
    arguments.iter_source_order().map(argument).collect()
}

/// The only argument of a call, when it is positional and not starred.
pub(super) fn sole_argument(arguments: &Arguments) -> Option<&Expr> {
    match (&*arguments.args, arguments.keywords.is_empty()) {
        ([argument], true) if !argument.is_starred_expr() => Some(argument),
        _ => None,
    }
}

/// `asyncio.run(x)` with one argument: the callee and `x`.
fn entry_point(expr: &Expr) -> Option<(&Expr, &Expr)> {
    let call = expr.as_call_expr()?;
    last_name(&call.func)?;
    Some((&call.func, sole_argument(&call.arguments)?))
}
