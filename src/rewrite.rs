//! Carries out the actions of one file: finds each action's node in one pass and hands it to its construct's rewriter.
//!
//! A rewriter changes the node or leaves it with a reason; it sees its node, the nodes around it and the [`Context`], and
//! never another rewriter.

mod async_comprehension;
mod async_def;
mod async_for;
mod async_generator;
mod async_with;
mod await_value;
mod awaitable_result;
mod bridge;
mod closing;
mod collect;
mod context;
mod counted;
mod decorator;
mod entry_point;
mod fallback;
mod layout;
mod hoist;
mod joined;
mod list_comprehension;
mod main_guard;
mod mention;
mod mock_attributes;
mod mock_configured;
mod mock_fake;
mod mock_returned;
mod native;
mod nest;
mod offload;
mod offload_expression;
mod offload_iterable;
mod raises;
mod rename;
mod rename_imported;
mod replace;
mod schedule;
mod split_with;
mod unwrap;
mod unwrap_run;
mod yield_from;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod testing;

use std::fmt;

use ruff_python_ast::AnyNodeRef;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_node};
use ruff_python_parser::{ParseError, parse_module};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::edit::FileEdits;
use crate::plan::Action;
use context::{Context, Parents};

/// What became of the actions of a file.
#[derive(Clone, Debug, Default)]
pub struct Rewritten {
    pub edits: FileEdits,
    /// The actions that were not carried out, in the order given. The plan must take them back.
    pub left: Vec<Left>,
}

/// An action that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub action: Action,
    pub reason: Leave,
}

/// Why a rewriter leaves a node as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leave {
    /// It is async (or awaited in place) already.
    AlreadyAsync,
    /// `asyncio.run(c(), debug=True)`: keyword arguments that the new form has no place for.
    KeywordArguments,
    /// `to_thread(*arguments)`: the function is not named.
    StarredFunction,
    /// `partial(f, k=1)` with more arguments outside: they cannot be merged in order.
    PartialArguments,
    /// The result of `asyncio.run(...)` in a fallback is returned or stored.
    ResultUsed,
    /// The loop that a fallback looks up is used behind it too.
    LoopUsed,
    /// Something else changes in the text that would have to go.
    ChangesInside,
    /// No running loop is known that the work could be handed to.
    NoLoopHandle,
    /// `if x: yield from y`: a `for` needs a line of its own.
    SharedLine,
    /// A comment stands inside a token sequence that would have to go.
    CommentInside,
    /// The code is not of the shape that the action is for.
    OtherShape,
}

/// Actions that do not fit the text: always a bug of the stage that planned them.
#[derive(Debug)]
pub enum RewriteError {
    Parse(ParseError),
    /// No node of the right kind has the range.
    NoNode(Action),
}

impl fmt::Display for RewriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => write!(f, "the file does not parse: {error}"),
            Self::NoNode(action) => write!(f, "no node of the file fits the planned {action:?}"),
        }
    }
}

impl std::error::Error for RewriteError {}

/// What a rewriter returns: it recorded its edits, or recorded none.
type Outcome = Result<(), Leave>;

/// Makes the edits for `actions`, all of which belong to `text`.
pub fn rewrite(text: &str, actions: &[Action]) -> Result<Rewritten, RewriteError> {
    let parsed = parse_module(text).map_err(RewriteError::Parse)?;
    let mut rewriter = Rewriter {
        context: Context::new(&parsed, text, actions),
        actions,
        waiting: FxHashMap::default(),
        outcomes: vec![None; actions.len()],
        parents: Vec::new(),
    };
    rewriter.sort_actions();
    walk_node(&mut rewriter, AnyNodeRef::from(parsed.syntax()));

    let Rewriter { context, outcomes, .. } = rewriter;
    let mut left = Vec::new();
    for (action, outcome) in actions.iter().zip(outcomes) {
        match outcome {
            None => return Err(RewriteError::NoNode(action.clone())),
            Some(Err(reason)) => left.push(Left { action: action.clone(), reason }),
            Some(Ok(())) => {}
        }
    }
    Ok(Rewritten { edits: context.finish(), left })
}

/// The sort of node that an action is about: nodes of different sorts share ranges (`f()` is a statement and a call).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Sort {
    Expression,
    Statement,
    Clause,
}

struct Rewriter<'a> {
    context: Context<'a>,
    actions: &'a [Action],
    /// The actions by the node they wait for.
    waiting: FxHashMap<(TextRange, Sort), Vec<usize>>,
    /// One for each action; `None` until its node is found.
    outcomes: Vec<Option<Outcome>>,
    parents: Vec<AnyNodeRef<'a>>,
}

impl<'a> SourceOrderVisitor<'a> for Rewriter<'a> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        if let Some(sort) = sort(node)
            && let Some(waiting) = self.waiting.remove(&(node.range(), sort))
        {
            for index in waiting {
                self.outcomes[index] = self.rewrite(&self.actions[index], node);
            }
        }
        self.parents.push(node);
        TraversalSignal::Traverse
    }

    fn leave_node(&mut self, _node: AnyNodeRef<'a>) {
        self.parents.pop();
    }
}

impl<'a> Rewriter<'a> {
    /// Carries out the actions that need no node, and puts the others down under theirs. A repeated action is done once.
    fn sort_actions(&mut self) {
        let mut seen = FxHashSet::default();
        for (index, action) in self.actions.iter().enumerate() {
            if !seen.insert(action) {
                self.outcomes[index] = Some(Ok(()));
                continue;
            }
            let context = &mut self.context;
            let (range, sort) = match action {
                Action::Rename { name, to } => {
                    self.outcomes[index] = rename::rewrite(context, *name, to);
                    continue;
                }
                Action::Mention { name, to } => {
                    self.outcomes[index] = mention::rewrite(context, *name, to);
                    continue;
                }
                Action::RenameImported { name, to } => {
                    self.outcomes[index] = rename_imported::rewrite(context, *name, to);
                    continue;
                }
                Action::AwaitableResult { result } => {
                    self.outcomes[index] = awaitable_result::rewrite(context, *result);
                    continue;
                }
                Action::AsyncGenerator { subscript } => {
                    self.outcomes[index] = async_generator::rewrite(context, *subscript);
                    continue;
                }
                Action::Await { call }
                | Action::Offload { call, .. }
                | Action::OffloadHandedOn { call, .. }
                | Action::OffloadExpression { expression: call, .. }
                | Action::OffloadIterable { iterable: call, .. }
                | Action::Native { call, .. }
                | Action::Replace { call, .. }
                | Action::Unwrap { call, .. }
                | Action::Schedule { call }
                | Action::UnwrapRun { call }
                | Action::EntryPoint { call }
                | Action::Raises { call }
                | Action::MockAttributes { call, .. }
                | Action::MockResult { call, .. }
                | Action::MockReturned { call, .. }
                | Action::AsyncFake { fake: call, .. }
                | Action::AsyncFakeAssigned { target: call, .. }
                | Action::MockConfigured { target: call, .. }
                | Action::CollectWhole { iterable: call }
                | Action::Collect { call } => (*call, Sort::Expression),
                Action::ListComprehension { generator } | Action::Hoist { lambda: generator } => {
                    (*generator, Sort::Expression)
                }
                Action::AsyncDef { function } | Action::Bridge { function } | Action::Decorator { function, .. } => {
                    (*function, Sort::Statement)
                }
                Action::Fallback { statement, .. }
                | Action::MainGuard { statement, .. }
                | Action::AsyncWith { statement }
                | Action::SplitWith { statement, .. }
                | Action::AsyncForClosing { statement }
                | Action::AsyncForCounted { statement }
                | Action::AsyncFor { statement }
                | Action::YieldFrom { statement, .. } => (*statement, Sort::Statement),
                Action::AsyncComprehension { clause } => (*clause, Sort::Clause),
            };
            context.planned.push(range);
            let waiting = self.waiting.entry((range, sort)).or_default();
            // A list around what is awaited: what is written first stands outside.
            let is_around = matches!(action, Action::CollectWhole { .. } | Action::OffloadIterable { .. });
            let at = if is_around { 0 } else { waiting.len() };
            waiting.insert(at, index);
        }
    }

    /// `None` when `node` has the range of the action, but is not the kind of node it is about.
    fn rewrite(&mut self, action: &Action, node: AnyNodeRef<'a>) -> Option<Outcome> {
        let parents = Parents(&self.parents);
        let context = &mut self.context;
        Some(match (action, node) {
            (Action::Await { .. }, _) => await_value::rewrite(context, node.as_expr_ref()?, parents),
            (Action::Offload { via, .. }, AnyNodeRef::ExprCall(call)) => offload::rewrite(context, call, parents, via),
            (Action::OffloadHandedOn { via, .. }, AnyNodeRef::ExprCall(call)) => {
                offload::rewrite_handed_on(context, call, via)
            }
            (Action::Hoist { .. }, AnyNodeRef::ExprLambda(lambda)) => hoist::rewrite(context, lambda, parents),
            (Action::OffloadIterable { by, via, .. }, _) => {
                offload_iterable::rewrite(context, node.as_expr_ref()?, parents, (*by, via))
            }
            (Action::OffloadExpression { via, .. }, _) => {
                offload_expression::rewrite(context, node.as_expr_ref()?, parents, via)
            }
            (Action::Native { method, .. }, AnyNodeRef::ExprCall(call)) => {
                native::rewrite(context, call, parents, method)
            }
            (Action::Replace { function, .. }, AnyNodeRef::ExprCall(call)) => {
                replace::rewrite(context, call, parents, function)
            }
            (Action::Unwrap { form, .. }, AnyNodeRef::ExprCall(call)) => unwrap::rewrite(context, call, *form),
            (Action::Schedule { .. }, AnyNodeRef::ExprCall(call)) => schedule::rewrite(context, call),
            (Action::UnwrapRun { .. }, AnyNodeRef::ExprCall(call)) => unwrap_run::rewrite(context, call, parents),
            (Action::EntryPoint { .. }, AnyNodeRef::ExprCall(call)) => entry_point::rewrite(context, call),
            (Action::Collect { .. }, AnyNodeRef::ExprCall(call)) => collect::rewrite(context, call, parents),
            (Action::CollectWhole { .. }, _) => collect::rewrite_whole(context, node.as_expr_ref()?, parents),
            (Action::Raises { .. }, AnyNodeRef::ExprCall(call)) => raises::rewrite(context, call, parents),
            (Action::MockAttributes { mock, names, .. }, AnyNodeRef::ExprCall(call)) => {
                mock_attributes::rewrite(context, call, mock, names)
            }
            (Action::MockResult { mock, .. }, AnyNodeRef::ExprCall(call)) => {
                mock_attributes::rewrite_result(context, call, mock)
            }
            (Action::MockReturned { mock, magic, names, .. }, AnyNodeRef::ExprCall(call)) => {
                mock_returned::rewrite(context, call, mock, magic, names)
            }
            (Action::AsyncFake { mock, .. }, _) => mock_fake::rewrite(context, node.as_expr_ref()?, parents, mock),
            (Action::AsyncFakeAssigned { mock, .. }, AnyNodeRef::ExprAttribute(_)) => {
                mock_fake::rewrite_assigned(context, parents, mock)
            }
            (Action::MockConfigured { mock, .. }, AnyNodeRef::ExprAttribute(target)) => {
                mock_configured::rewrite(context, target, parents, mock)
            }
            (Action::ListComprehension { .. }, AnyNodeRef::ExprGenerator(generator)) => {
                list_comprehension::rewrite(context, generator)
            }
            (Action::AsyncDef { .. }, AnyNodeRef::StmtFunctionDef(function)) => async_def::rewrite(context, function),
            (Action::Bridge { .. }, AnyNodeRef::StmtFunctionDef(function)) => {
                bridge::rewrite(context, function, parents)
            }
            (Action::Decorator { decorator, .. }, AnyNodeRef::StmtFunctionDef(_) | AnyNodeRef::StmtClassDef(_)) => {
                decorator::rewrite(context, node.range(), decorator)
            }
            (Action::Fallback { style, in_async, .. }, AnyNodeRef::StmtIf(statement)) => match in_async {
                true => fallback::rewrite_if_in_async(context, statement, parents),
                false => fallback::rewrite_if_in_sync(context, statement, parents, *style),
            },
            (Action::Fallback { style, in_async, .. }, AnyNodeRef::StmtTry(statement)) => match in_async {
                true => fallback::rewrite_in_async(context, statement, parents),
                false => fallback::rewrite_in_sync(context, statement, parents, *style),
            },
            (Action::Fallback { statement, in_async: true, .. }, AnyNodeRef::StmtWith(_) | AnyNodeRef::StmtExpr(_)) => {
                joined::rewrite(context, *statement, parents)
            }
            (Action::MainGuard { globals, .. }, AnyNodeRef::StmtIf(statement)) => {
                main_guard::rewrite(context, statement, parents, globals)
            }
            (Action::AsyncWith { .. }, AnyNodeRef::StmtWith(statement)) => async_with::rewrite(context, statement),
            (Action::SplitWith { entered, .. }, AnyNodeRef::StmtWith(statement)) => {
                split_with::rewrite(context, statement, entered)
            }
            (Action::AsyncForCounted { .. }, AnyNodeRef::StmtFor(statement)) => {
                counted::rewrite(context, statement, parents)
            }
            (Action::AsyncForClosing { .. }, AnyNodeRef::StmtFor(statement)) => {
                closing::rewrite(context, statement, parents)
            }
            (Action::AsyncFor { .. }, AnyNodeRef::StmtFor(statement)) => async_for::rewrite(context, statement),
            (Action::YieldFrom { source, .. }, AnyNodeRef::StmtExpr(statement)) => {
                yield_from::rewrite(context, statement, parents, *source)
            }
            (Action::AsyncComprehension { .. }, AnyNodeRef::Comprehension(clause)) => {
                async_comprehension::rewrite(context, clause)
            }
            _ => return None,
        })
    }
}

fn sort(node: AnyNodeRef) -> Option<Sort> {
    if node.is_expression() {
        Some(Sort::Expression)
    } else if node.is_statement() {
        Some(Sort::Statement)
    } else {
        node.is_comprehension().then_some(Sort::Clause)
    }
}
