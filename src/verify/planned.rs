//! The recorded changes of a file are the planned actions: each action has its change, and each change its action.

use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use super::{Check, Failure};
use crate::edit::{EditKind, FileEdits};
use crate::plan::Action;

/// Holds the changes of one file against its actions. `left` are the actions that a rewriter could not carry out.
pub fn planned(path: &str, edits: &FileEdits, actions: &[Action], left: &[Action]) -> Vec<Failure> {
    let fail = |range: TextRange, message| Failure {
        check: Check::Plan,
        path: path.to_owned(),
        offset: range.start(),
        message,
    };
    let mut by_node: FxHashMap<TextRange, Vec<&EditKind>> = FxHashMap::default();
    let mut asked: FxHashMap<TextRange, Vec<&Action>> = FxHashMap::default();
    for kind in &edits.changes {
        by_node.entry(node_of(kind)).or_default().push(kind);
    }
    for action in actions {
        asked.entry(node(action)).or_default().push(action);
    }
    // Few changes have another node than their action.
    let loose_kinds: Vec<&EditKind> = edits.changes.iter().filter(|kind| is_loose(kind)).collect();
    let loose_actions: Vec<&Action> = actions.iter().filter(|action| is_loose_action(action)).collect();
    let mut failures = vec![];
    for action in actions.iter().filter(|action| !left.contains(action)) {
        let near = by_node.get(&node(action)).into_iter().flatten();
        if !near.chain(&loose_kinds).any(|kind| carries_out(kind, action)) {
            failures.push(fail(node(action), format!("the plan is not carried out: {action:?}")));
        }
    }
    for kind in edits.changes.iter().filter(|kind| !matches!(kind, EditKind::Import | EditKind::Logger)) {
        let near = asked.get(&node_of(kind)).into_iter().flatten();
        if !near.chain(&loose_actions).any(|action| carries_out(kind, action) || goes_before(kind, action)) {
            failures.push(fail(node_of(kind), format!("the change is not planned: {kind:?}")));
        }
    }
    failures
}

fn node_of(kind: &EditKind) -> TextRange {
    super::erase::node(kind).unwrap_or_default()
}

fn is_loose(kind: &EditKind) -> bool {
    matches!(
        kind,
        EditKind::Fallback { .. }
            | EditKind::Joined { .. }
            | EditKind::Collect { .. }
            | EditKind::Hoist { .. }
            | EditKind::Raises { .. }
            | EditKind::AsyncFake { .. }
            | EditKind::MockConfigured { .. }
    )
}

fn is_loose_action(action: &Action) -> bool {
    matches!(
        action,
        Action::Fallback { .. }
            | Action::Hoist { .. }
            | Action::CollectWhole { .. }
            | Action::Collect { .. }
            | Action::Raises { .. }
            | Action::AsyncFakeAssigned { .. }
            | Action::MockConfigured { .. }
    )
}

/// The node that an action is about.
fn node(action: &Action) -> TextRange {
    match action {
        Action::AsyncDef { function: range }
        | Action::Await { call: range }
        | Action::Offload { call: range, .. }
        | Action::OffloadHandedOn { call: range, .. }
        | Action::OffloadExpression { expression: range, .. }
        | Action::OffloadIterable { iterable: range, .. }
        | Action::Native { call: range, .. }
        | Action::Replace { call: range, .. }
        | Action::Unwrap { call: range, .. }
        | Action::Schedule { call: range }
        | Action::UnwrapRun { call: range }
        | Action::EntryPoint { call: range }
        | Action::Fallback { statement: range, .. }
        | Action::Bridge { function: range }
        | Action::MainGuard { statement: range, .. }
        | Action::Hoist { lambda: range }
        | Action::AsyncWith { statement: range }
        | Action::SplitWith { statement: range, .. }
        | Action::AsyncForClosing { statement: range }
        | Action::AsyncForCounted { statement: range }
        | Action::AsyncFor { statement: range }
        | Action::AsyncComprehension { clause: range }
        | Action::ListComprehension { generator: range }
        | Action::Collect { call: range }
        | Action::CollectWhole { iterable: range }
        | Action::YieldFrom { statement: range, .. }
        | Action::Rename { name: range, .. }
        | Action::RenameImported { name: range, .. }
        | Action::Mention { name: range, .. }
        | Action::AwaitableResult { result: range }
        | Action::AsyncGenerator { subscript: range }
        | Action::Decorator { function: range, .. }
        | Action::Raises { call: range }
        | Action::MockAttributes { call: range, .. }
        | Action::MockResult { call: range, .. }
        | Action::MockReturned { call: range, .. }
        | Action::AsyncFake { fake: range, .. }
        | Action::AsyncFakeAssigned { target: range, .. }
        | Action::MockConfigured { target: range, .. } => *range,
    }
}

/// Is the change what the action asks for?
fn carries_out(kind: &EditKind, action: &Action) -> bool {
    match action {
        Action::AsyncDef { function } => *kind == EditKind::AsyncDef { function: *function },
        Action::Await { call } => *kind == EditKind::Await { operand: *call },
        Action::Offload { call, via } => {
            matches!(kind, EditKind::Offload { call: at, via: by, handed_on: false, .. } if at == call && by == via)
        }
        Action::OffloadHandedOn { call, via } => {
            matches!(kind, EditKind::Offload { call: at, via: by, handed_on: true, .. } if at == call && by == via)
        }
        Action::OffloadExpression { expression, .. } => {
            *kind == EditKind::OffloadExpression { expression: *expression }
        }
        Action::OffloadIterable { iterable, by, .. } => {
            *kind == EditKind::OffloadIterable { iterable: *iterable, by: *by }
        }
        Action::Native { call, method } => *kind == EditKind::Native { call: *call, method: method.clone() },
        Action::Replace { call, function } => *kind == EditKind::Replace { call: *call, function: function.clone() },
        Action::Unwrap { call, form } => *kind == EditKind::Unwrap { call: *call, form: *form },
        Action::Schedule { call } => *kind == EditKind::Schedule { call: *call },
        Action::UnwrapRun { call } => *kind == EditKind::UnwrapRun { call: *call },
        Action::EntryPoint { call } => *kind == EditKind::EntryPoint { call: *call },
        Action::Hoist { lambda } => matches!(kind, EditKind::Hoist { lambda: at, .. } if at == lambda),
        Action::Bridge { function } => *kind == EditKind::Bridge { function: *function },
        Action::MainGuard { statement, .. } => *kind == EditKind::MainGuard { statement: *statement },
        // The statement of the handler, or all of it, with the comments that go.
        Action::Fallback { statement, .. } => {
            let overlaps = |at: &TextRange| at.intersect(*statement).is_some_and(|both| !both.is_empty());
            match kind {
                EditKind::Fallback { statement: at } => overlaps(at),
                EditKind::Joined { statements, .. } => statements.end() == statement.end(),
                _ => false,
            }
        }
        Action::AsyncWith { statement } => *kind == EditKind::AsyncWith { statement: *statement },
        Action::SplitWith { statement, entered } => {
            *kind == EditKind::SplitWith { statement: *statement, entered: entered.clone() }
        }
        Action::AsyncForCounted { statement } => *kind == EditKind::Counted { statement: *statement },
        Action::AsyncForClosing { statement } => *kind == EditKind::Closing { statement: *statement },
        Action::AsyncFor { statement } => *kind == EditKind::AsyncFor { statement: *statement },
        Action::AsyncComprehension { clause } => *kind == EditKind::AsyncComprehension { comprehension: *clause },
        Action::ListComprehension { generator } => *kind == EditKind::ListComprehension { generator: *generator },
        Action::Collect { call } => matches!(kind, EditKind::Collect { call: at, .. } if call.contains_range(*at)),
        Action::CollectWhole { iterable } => *kind == EditKind::Collect { call: *iterable, iterable: *iterable },
        Action::YieldFrom { statement, source } => {
            *kind == EditKind::YieldFrom { statement: *statement, source: *source }
        }
        Action::Rename { name, to } | Action::RenameImported { name, to } => {
            *kind == EditKind::Rename { name: *name, to: to.clone() }
        }
        Action::Mention { name, to } => *kind == EditKind::Mention { name: *name, to: to.clone() },
        Action::AwaitableResult { result } => *kind == EditKind::Annotation { annotation: *result },
        Action::AsyncGenerator { subscript } => *kind == EditKind::Annotation { annotation: *subscript },
        Action::Decorator { function, decorator } => {
            *kind == EditKind::Decorator { function: *function, decorator: decorator.clone() }
        }
        Action::Raises { call } => {
            matches!(kind, EditKind::Raises { statement } if statement.contains_range(*call))
        }
        Action::MockAttributes { call, .. } | Action::MockResult { call, .. } => {
            *kind == EditKind::MockAttributes { call: *call }
        }
        Action::MockReturned { call, .. } => *kind == EditKind::MockReturned { call: *call },
        Action::AsyncFake { fake, .. } => *kind == EditKind::AsyncFake { fake: *fake },
        // The value behind the target.
        Action::AsyncFakeAssigned { target, .. } => {
            matches!(kind, EditKind::AsyncFake { fake } if fake.start() >= target.end())
        }
        Action::MockConfigured { target, .. } => {
            matches!(kind, EditKind::MockConfigured { statement } if statement.contains_range(*target))
        }
    }
}

/// The statement before a fallback that only names the loop goes with it.
fn goes_before(kind: &EditKind, action: &Action) -> bool {
    match (kind, action) {
        (EditKind::Fallback { statement: at }, Action::Fallback { statement, .. }) => at.end() <= statement.start(),
        _ => false,
    }
}
