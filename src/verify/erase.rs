//! Erase and compare: the old and the new tree are walked side by side. Where the old node carries a recorded change, the new
//! node must have the form that the change gives it; it is peeled off, and the walk goes on inside. Any other difference is a
//! failure, and so is a recorded change that was met nowhere. Only the structure counts: the new tree's ranges serve to tell
//! which statements, decorators and import names an edit wrote.

mod body;
mod calls;
mod counted;
mod entry;
mod fallback;
mod imports;
mod joined;
mod mocks;
mod module;
mod names;
mod nested;
mod shape;
mod unwrap;
mod written;
mod words;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use ruff_python_ast::{Comprehension, ExceptHandler, Expr, Pattern, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashMap;

use super::offsets::Offsets;
use super::{Check, Failure, Rewritten};
use crate::edit::EditKind;
use body::Place;
use imports::Imports;
use shape::Part;

/// More failures than this say nothing new.
const MAX_FAILURES: usize = 20;

pub(super) fn check(file: &Rewritten, offsets: &Offsets, old: &[Stmt], new: &[Stmt]) -> Vec<Failure> {
    let mut by_range: FxHashMap<TextRange, Vec<usize>> = FxHashMap::default();
    for (change, kind) in file.edits.changes.iter().enumerate() {
        if let Some(range) = node(kind) {
            by_range.entry(range).or_default().push(change);
        }
    }
    let mut changed: Vec<TextRange> = by_range.keys().copied().collect();
    changed.sort_unstable_by_key(|range| (range.start(), range.end()));
    let fallback = |kind: &EditKind| match kind {
        EditKind::Fallback { statement } => Some((statement.start(), *statement)),
        _ => None,
    };
    let fallbacks = file.edits.changes.iter().filter_map(fallback).collect();
    let joined = |kind: &EditKind| match kind {
        EditKind::Joined { statements, coroutine } => Some((statements.start(), (*statements, *coroutine))),
        _ => None,
    };
    let joined = file.edits.changes.iter().filter_map(joined).collect();
    let used = RefCell::new(vec![false; file.edits.changes.len()]);
    let (imports, old_imports) = (Imports::of(new), Imports::of(old));
    let cx = Context {
        file,
        module: old,
        offsets,
        imports,
        old_imports,
        by_range,
        changed,
        fallbacks,
        joined,
        used,
        failures: RefCell::default(),
        scheduler: Cell::new(None),
        hoists: RefCell::default(),
        asks_for_loop: Cell::new(None),
        top: Cell::new(true),
    };
    cx.body(old, new, Place::Module);
    cx.left_over();
    let mut failures = cx.failures.into_inner();
    failures.truncate(MAX_FAILURES);
    failures
}

/// The original node that a change belongs to. Imports and loggers have none.
pub(super) fn node(kind: &EditKind) -> Option<TextRange> {
    match kind {
        EditKind::Await { operand: range }
        | EditKind::Offload { call: range, .. }
        | EditKind::OffloadExpression { expression: range }
        | EditKind::OffloadIterable { iterable: range, .. }
        | EditKind::Native { call: range, .. }
        | EditKind::Replace { call: range, .. }
        | EditKind::AsyncDef { function: range }
        | EditKind::AsyncWith { statement: range }
        | EditKind::SplitWith { statement: range, .. }
        | EditKind::Closing { statement: range }
        | EditKind::Counted { statement: range }
        | EditKind::AsyncFor { statement: range }
        | EditKind::AsyncComprehension { comprehension: range }
        | EditKind::ListComprehension { generator: range }
        | EditKind::Collect { call: range, .. }
        | EditKind::Unwrap { call: range, .. }
        | EditKind::Schedule { call: range }
        | EditKind::UnwrapRun { call: range }
        | EditKind::Fallback { statement: range }
        | EditKind::Joined { statements: range, .. }
        | EditKind::EntryPoint { call: range }
        | EditKind::Rename { name: range, .. }
        | EditKind::MainGuard { statement: range }
        | EditKind::Bridge { function: range }
        | EditKind::Hoist { statement: range, .. }
        | EditKind::Mention { name: range, .. }
        | EditKind::YieldFrom { statement: range, .. }
        | EditKind::Decorator { function: range, .. }
        | EditKind::Annotation { annotation: range }
        | EditKind::Raises { statement: range }
        | EditKind::MockAttributes { call: range }
        | EditKind::MockReturned { call: range }
        | EditKind::AsyncFake { fake: range }
        | EditKind::MockConfigured { statement: range } => Some(*range),
        EditKind::Import | EditKind::Logger => None,
    }
}

struct Context<'a> {
    file: &'a Rewritten<'a>,
    /// The old module.
    module: &'a [Stmt],
    offsets: &'a Offsets,
    /// Of the new file.
    imports: Imports,
    old_imports: Imports,
    by_range: FxHashMap<TextRange, Vec<usize>>,
    /// All nodes with changes, sorted by their start.
    changed: Vec<TextRange>,
    /// Ranges of replaced fallbacks, by their start.
    fallbacks: BTreeMap<TextSize, TextRange>,
    /// Statements that waited for a thread, by their start, with the coroutine that is awaited now.
    joined: BTreeMap<TextSize, (TextRange, TextRange)>,
    /// Which changes were met.
    used: RefCell<Vec<bool>>,
    failures: RefCell<Vec<Failure>>,
    /// The callee that schedules the task of the fallback being compared.
    scheduler: Cell<Option<TextRange>>,
    /// Lambdas that became definitions, with the names of those.
    hoists: RefCell<FxHashMap<TextRange, String>>,
    /// The innermost `if` around the statement being compared that asks for a loop.
    asks_for_loop: Cell<Option<TextRange>>,
    /// The statement being compared stands directly in the module's body.
    top: Cell<bool>,
}

impl Context<'_> {
    fn fail(&self, offset: TextSize, message: impl Into<String>) {
        self.failures.borrow_mut().push(self.file.failure(Check::Erase, offset, message));
    }

    /// Takes the change of `range` that `is` accepts, once.
    fn take(&self, range: TextRange, is: impl Fn(&EditKind) -> bool) -> Option<usize> {
        let fits = |&&change: &&usize| !self.used.borrow()[change] && is(&self.file.edits.changes[change]);
        let change = self.by_range.get(&range)?.iter().find(fits).copied()?;
        self.used.borrow_mut()[change] = true;
        Some(change)
    }

    /// True when some change may belong to a node within `range`.
    fn changes_within(&self, range: TextRange) -> bool {
        let from = self.changed.partition_point(|node| node.start() < range.start());
        self.changed[from..]
            .iter()
            .take_while(|node| node.start() <= range.end())
            .any(|node| range.contains_range(*node))
    }

    /// Every recorded change must have been met, and have an edit of its own that changes something.
    fn left_over(&self) {
        let mut first: Vec<Option<TextSize>> = vec![None; self.file.edits.changes.len()];
        for edit in self.file.edits.edits.iter().filter(|edit| self.old_text(edit.range) != edit.text) {
            first[edit.change].get_or_insert(edit.range.start());
        }
        let used = self.used.borrow();
        for (change, kind) in self.file.edits.changes.iter().enumerate() {
            let offset = node(kind).map(|range| range.start()).or(first[change]).unwrap_or_default();
            if !used[change] {
                self.fail(offset, format!("the recorded change does not fit here: {kind:?}"));
            } else if self.file.edits.absorbed.contains(&change) {
                // Another edit writes the text around it.
                continue;
            } else if first[change].is_none() {
                self.fail(offset, format!("the recorded change has no edit: {kind:?}"));
            } else if !self.writes_what_it_says(change, kind) {
                self.fail(offset, format!("the edits do not write what is recorded: {kind:?}"));
            }
        }
    }

    /// Compares two expressions, with the changes of `old` taken back from `new`.
    fn expr(&self, old: &Expr, new: &Expr) {
        if self.is_scheduler(old, new) || self.is_hoisted(old, new) {
            return;
        }
        let range = old.range();
        if self.by_range.contains_key(&range) { self.changed(old, new) } else { self.same(old, new) }
    }

    /// A lambda that became a definition is a name now.
    fn is_hoisted(&self, old: &Expr, new: &Expr) -> bool {
        let hoists = self.hoists.borrow();
        let Some(name) = hoists.get(&old.range()).filter(|_| old.is_lambda_expr()) else { return false };
        if !unwrap::is_name(new, name) {
            self.misfit(old.range(), "the name of the definition");
        }
        true
    }

    /// Compares two expressions that carry no change themselves (any more).
    fn same(&self, old: &Expr, new: &Expr) {
        if std::mem::discriminant(old) != std::mem::discriminant(new) {
            return self.differ(old.range(), new.range());
        }
        if let (Expr::Generator(old), Expr::Generator(new)) = (old, new) {
            self.stays_sync(old, new);
        }
        self.parts(old, new, &shape::of_expr(old), &shape::of_expr(new), Toggle::Keep);
    }

    fn stmt(&self, old: &Stmt, new: &Stmt) {
        if self.take(old.range(), |kind| matches!(kind, EditKind::MockConfigured { .. })).is_some() {
            return self.mock_configured(old, new);
        }
        if self.take(old.range(), |kind| matches!(kind, EditKind::Raises { .. })).is_some() {
            return self.raises(old, new);
        }
        if let Some(change) = self.take(old.range(), |kind| matches!(kind, EditKind::SplitWith { .. })) {
            return self.split_with(change, old, new);
        }
        if self.take(old.range(), |kind| matches!(kind, EditKind::Closing { .. })).is_some() {
            return self.closing(old, new);
        }
        if std::mem::discriminant(old) != std::mem::discriminant(new) {
            return self.differ(old.range(), new.range());
        }
        let toggles = self.take(old.range(), |kind| match old {
            Stmt::FunctionDef(_) => matches!(kind, EditKind::AsyncDef { .. }),
            Stmt::With(_) => matches!(kind, EditKind::AsyncWith { .. }),
            Stmt::For(_) => matches!(kind, EditKind::AsyncFor { .. }),
            _ => false,
        });
        let toggle = if toggles.is_some() { Toggle::ToAsync } else { Toggle::Keep };
        let around = self.asks_for_loop.get();
        if let Stmt::If(statement) = old
            && fallback::asks_for_loop(&statement.test)
        {
            self.asks_for_loop.set(Some(statement.range()));
        }
        self.parts(old, new, &shape::of_stmt(old), &shape::of_stmt(new), toggle);
        self.asks_for_loop.set(around);
    }

    fn clause(&self, old: &Comprehension, new: &Comprehension) {
        let toggles = self.take(old.range(), |kind| matches!(kind, EditKind::AsyncComprehension { .. }));
        let toggle = if toggles.is_some() { Toggle::ToAsync } else { Toggle::Keep };
        self.parts(old, new, &shape::of_clause(old), &shape::of_clause(new), toggle);
    }

    fn pattern(&self, old: &Pattern, new: &Pattern) {
        if std::mem::discriminant(old) != std::mem::discriminant(new) {
            return self.differ(old.range(), new.range());
        }
        self.parts(old, new, &shape::of_pattern(old), &shape::of_pattern(new), Toggle::Keep);
    }

    fn handler(&self, old: &ExceptHandler, new: &ExceptHandler) {
        self.parts(old, new, &shape::of_handler(old), &shape::of_handler(new), Toggle::Keep);
        let (ExceptHandler::ExceptHandler(old), ExceptHandler::ExceptHandler(new)) = (old, new);
        self.body(&old.body, &new.body, Place::Handler);
    }

    /// Compares the parts of two nodes of the same kind.
    fn parts(&self, old: &impl Ranged, new: &impl Ranged, old_parts: &[Part], new_parts: &[Part], toggle: Toggle) {
        if old_parts.len() != new_parts.len() {
            return self.differ(old.range(), new.range());
        }
        for (old_part, new_part) in old_parts.iter().zip(new_parts) {
            match (*old_part, *new_part) {
                (Part::Expr(old), Part::Expr(new)) => self.expr(old, new),
                (Part::Body(old), Part::Body(new)) => self.body(old, new, Place::Inner),
                (Part::Name(old), Part::Name(new)) => self.identifier(old, new),
                (Part::Text(old), Part::Text(new)) => self.text(old, new),
                (Part::Clause(old), Part::Clause(new)) => self.clause(old, new),
                (Part::Pattern(old), Part::Pattern(new)) => self.pattern(old, new),
                (Part::Handler(old), Part::Handler(new)) => self.handler(old, new),
                (Part::Aliases(old), Part::Aliases(new)) => self.aliases(old, new),
                (Part::Decorators(old, owner), Part::Decorators(new, _)) => self.decorators(old, new, owner),
                (old_leaf, new_leaf) if self.leaf(old_leaf, new_leaf, toggle) => {}
                _ => return self.differ(old.range(), new.range()),
            }
        }
    }

    /// True when two parts without children are equal.
    fn leaf(&self, old: Part, new: Part, toggle: Toggle) -> bool {
        match (old, new) {
            (Part::Async(old), Part::Async(new)) => match toggle {
                Toggle::Keep => old == new,
                Toggle::ToAsync => !old && new,
            },
            // `f"{f(x)=}"` prints its own source, which a change inside of it may change.
            (Part::Debug(old, field), Part::Debug(new, _)) => old == new || self.changes_within(field),
            (Part::Word(old), Part::Word(new)) => old == new,
            (Part::Bytes(old), Part::Bytes(new)) => old == new,
            (Part::Number(old), Part::Number(new)) => old == new,
            (Part::Flag(old), Part::Flag(new)) => old == new,
            (Part::Count(old), Part::Count(new)) => old == new,
            (Part::Missing, Part::Missing) => true,
            _ => false,
        }
    }

    fn differ(&self, old: TextRange, new: TextRange) {
        let short = |text: &str, range: TextRange| {
            let text = text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
            text.chars().take(60).collect::<String>()
        };
        let (was, is) = (short(self.file.old, old), short(self.file.new, new));
        self.fail(old.start(), format!("without the recorded changes, `{was}` is not what `{is}` comes from"));
    }
}

/// What a change does to the `async` of a node.
#[derive(Clone, Copy)]
enum Toggle {
    Keep,
    ToAsync,
}
