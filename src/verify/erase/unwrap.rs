//! The inverses of the changes that take an existing form away: offloads, `asyncio.run`, collected iterators, generators.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Comprehension, Expr, ExprCall, ExprGenerator, Keyword};
use ruff_text_size::Ranged;

use super::Context;
use super::calls::{Argument, all};
use super::imports::last_name;

/// Keywords of the carriers themselves; they go with the carrier.
const CARRIER_KEYWORDS: [&str; 4] = ["abandon_on_cancel", "cancellable", "limiter", "thread_sensitive"];
/// What runs a coroutine to its end from sync code.
const RUNNERS: [&str; 2] = ["run", "run_until_complete"];

impl Context<'_> {
    /// An offload that goes back to a plain call. The form is read from the old call.
    pub(super) fn unwrap(&self, old: &Expr, new: &Expr) {
        let Expr::Call(offload) = old else { return self.misfit(old.range(), "the call of an offload") };
        if let Expr::Call(curried) = &*offload.func {
            let own =
                |keyword: &Keyword| keyword.arg.as_ref().is_some_and(|name| CARRIER_KEYWORDS.contains(&name.as_str()));
            return match &*curried.arguments.args {
                [function] if curried.arguments.keywords.iter().all(own) => {
                    self.plain_call(old, function, &all(&offload.arguments), new);
                }
                _ => self.misfit(old.range(), "the one function that is offloaded"),
            };
        }
        let mut arguments = all(&offload.arguments);
        if last_name(&offload.func) == Some("run_in_executor") {
            if !matches!(arguments.first(), Some(Argument { value: Expr::NoneLiteral(_), name: None, .. })) {
                return self.misfit(old.range(), "the default executor");
            }
            arguments.remove(0);
        }
        let Some((Argument { name: None, value: function, .. }, rest)) = arguments.split_first() else {
            return self.misfit(old.range(), "the function that is offloaded");
        };
        let run_sync = last_name(&offload.func) == Some("run_sync");
        let kept =
            |argument: &&Argument| !run_sync || argument.name.is_none_or(|name| !CARRIER_KEYWORDS.contains(&name));
        let rest: Vec<Argument> = rest.iter().filter(kept).copied().collect();
        match function {
            Expr::Lambda(lambda) if rest.is_empty() && lambda.parameters.is_none() => self.expr(&lambda.body, new),
            Expr::Call(partial) if last_name(&partial.func) == Some("partial") => {
                self.unwrap_partial(old, partial, &rest, new)
            }
            _ => self.plain_call(old, function, &rest, new),
        }
    }

    /// `partial(f, a, k=v)` applied to `b` is `f(a, b, k=v)`: positional arguments first, as far as the text keeps its order.
    fn unwrap_partial(&self, old: &Expr, partial: &ExprCall, rest: &[Argument], new: &Expr) {
        let bound = all(&partial.arguments);
        let Some((Argument { name: None, value: function, .. }, bound)) = bound.split_first() else {
            return self.misfit(old.range(), "the function of the partial");
        };
        let (bound_named, bound_positional): (Vec<Argument>, Vec<Argument>) =
            bound.iter().partition(|argument| argument.name.is_some());
        let (named, positional): (Vec<Argument>, Vec<Argument>) =
            rest.iter().partition(|argument| argument.name.is_some());
        let expected =
            if rest.is_empty() { bound.to_vec() } else { [bound_positional, positional, bound_named, named].concat() };
        self.plain_call(old, function, &expected, new);
    }

    /// `new` is `function(*arguments)`.
    fn plain_call(&self, old: &Expr, function: &Expr, arguments: &[Argument], new: &Expr) {
        let Expr::Call(call) = new else { return self.misfit(old.range(), "the plain call") };
        self.expr(function, &call.func);
        self.argument_lists(old.range(), arguments, &all(&call.arguments));
    }

    /// `asyncio.run(c())` and `await c()`.
    pub(super) fn unwrap_run(&self, old: &Expr, new: &Expr) {
        let (Expr::Call(run), Expr::Await(awaited)) = (old, new) else { return self.misfit(old.range(), "`await`") };
        if !last_name(&run.func).is_some_and(|name| RUNNERS.contains(&name)) {
            return self.misfit(old.range(), "a call that runs a coroutine");
        }
        // `debug=True` and the like configure a loop of its own; nothing else may be dropped.
        let dropped = |argument: &Argument| argument.name == Some("debug");
        let arguments = all(&run.arguments);
        match arguments.split_first() {
            Some((Argument { name: None, value: coroutine, .. }, rest)) if rest.iter().all(dropped) => {
                self.expr(coroutine, &awaited.value);
            }
            _ => self.misfit(old.range(), "the one coroutine of the call"),
        }
    }

    /// `list(g())` and `[item async for item in g()]`.
    pub(super) fn collect(&self, old: &Expr, new: &Expr) {
        let Expr::Call(call) = old else { return self.misfit(old.range(), "a call") };
        let arguments = all(&call.arguments);
        let Some((Argument { name: None, value: source, .. }, rest)) = arguments.split_first() else {
            return self.misfit(old.range(), "something to collect");
        };
        let collected = match (last_name(&call.func), new) {
            (Some("list"), Expr::ListComp(list)) if rest.is_empty() => Some((&*list.elt, &list.generators)),
            (Some("set"), Expr::SetComp(set)) if rest.is_empty() => Some((&*set.elt, &set.generators)),
            _ => None,
        };
        match collected {
            Some((element, generators)) => self.collected(source, element, generators),
            None => self.misfit(old.range(), "a comprehension that collects the argument"),
        }
    }

    /// `g()` and `[item async for item in g()]`, in `*g()` and `sorted(g(), key=k)`.
    pub(super) fn collect_starred(&self, old: &Expr, new: &Expr) {
        match new {
            Expr::ListComp(list) => self.collected(old, &list.elt, &list.generators),
            _ => self.misfit(old.range(), "a list comprehension that collects it"),
        }
    }

    /// `source` and the element and clauses of `item async for item in source`.
    fn collected(&self, source: &Expr, element: &Expr, clauses: &[Comprehension]) {
        match (element, clauses) {
            (Expr::Name(element), [clause])
                if clause.is_async && clause.ifs.is_empty() && is_name(&clause.target, &element.id) =>
            {
                self.expr(source, &clause.iter);
            }
            _ => self.misfit(source.range(), "`async for` over the argument"),
        }
    }

    /// `(x for ...)` and `[x for ...]`.
    pub(super) fn list_comprehension(&self, old: &Expr, new: &Expr) {
        let (Expr::Generator(generator), Expr::ListComp(list)) = (old, new) else {
            return self.misfit(old.range(), "a list comprehension for the generator");
        };
        self.expr(&generator.elt, &list.elt);
        if generator.generators.len() != list.generators.len() {
            return self.misfit(old.range(), "the clauses of the generator");
        }
        generator.generators.iter().zip(&list.generators).for_each(|(old, new)| self.clause(old, new));
    }

    /// An `await` that is new inside a generator expression makes it an async generator, which no sync consumer takes.
    pub(super) fn stays_sync(&self, old: &ExprGenerator, new: &ExprGenerator) {
        let declared = new.generators.iter().any(|clause| clause.is_async);
        if !declared && awaits(new) && !awaits(old) {
            self.fail(old.start(), "an `await` makes this generator expression an async generator");
        }
    }
}

pub(super) fn is_name(expr: &Expr, id: &str) -> bool {
    matches!(expr, Expr::Name(name) if name.id == id)
}

/// True when the generator itself would await: all but its first iterable, and nothing inside a lambda.
fn awaits(generator: &ExprGenerator) -> bool {
    #[derive(Default)]
    struct Awaits(bool);
    impl Visitor<'_> for Awaits {
        fn visit_expr(&mut self, expr: &Expr) {
            match expr {
                Expr::Await(_) => self.0 = true,
                Expr::Lambda(_) => {}
                // Inside, only the first iterable runs here.
                Expr::Generator(inner) => {
                    inner.generators.iter().take(1).for_each(|clause| self.visit_expr(&clause.iter))
                }
                _ => walk_expr(self, expr),
            }
        }
    }
    let mut found = Awaits::default();
    found.visit_expr(&generator.elt);
    for (index, clause) in generator.generators.iter().enumerate() {
        found.visit_expr(&clause.target);
        if index > 0 {
            found.visit_expr(&clause.iter);
        }
        clause.ifs.iter().for_each(|test| found.visit_expr(test));
    }
    found.0
}
