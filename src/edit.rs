//! Edits on original offsets: recorded with their kind, applied once.
//!
//! An edit never prints a node that has children: it inserts text around nodes or replaces single tokens. Every edit has a
//! kind from a closed set, and `verify::erase` knows one fixed inverse for each kind.

mod apply;
pub mod import;

use ruff_text_size::{TextRange, TextSize};

use crate::config::OffloadVia;
use crate::plan::{IteratedBy, UnwrapForm, YieldSource};

pub use apply::{Applied, EditError, PositionMap, Side};

/// What an edit does, and so how verification takes it back. `usize` is never an offset: all positions are byte offsets
/// into the original text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditKind {
    /// `await ` before an expression, with or without parentheses around both. `operand` is the original expression.
    Await { operand: TextRange },
    /// `f(a)` to `await asyncio.to_thread(f, a)`, whatever carries it. `call` is the original call expression, `carrier` the
    /// expression as written (`aio.to_thread`), `partial` the `functools.partial` that takes the arguments, when there is one.
    /// `handed_on`: there is no `await`, because a lambda gives the awaitable to who calls it.
    Offload { call: TextRange, via: OffloadVia, carrier: String, partial: Option<String>, handed_on: bool },
    /// An expression that is no call to `await asyncio.to_thread(lambda: expression)`, whatever carries it.
    OffloadExpression { expression: TextRange },
    /// `g()` to `await asyncio.to_thread(list, g())`, or `iter` for `list`. `iterable` is the original expression.
    OffloadIterable { iterable: TextRange, by: IteratedBy },
    /// `obj.get(x)` to `await obj.async_get(x)`: the attribute token is replaced and the call awaited.
    Native { call: TextRange, method: String },
    /// `time.sleep(x)` to `await asyncio.sleep(x)`: the callee is replaced and the call awaited.
    Replace { call: TextRange, function: String },
    /// `def` to `async def`. `def` is the original function statement (decorators included).
    AsyncDef { function: TextRange },
    /// `with` to `async with`.
    AsyncWith { statement: TextRange },
    /// A `with` is taken apart: the items `entered` become those of an `async with`. `statement` is the original one.
    SplitWith { statement: TextRange, entered: Vec<TextRange> },
    /// `for x in g():` to `async with aclosing(g()) as items:` with `async for x in items:` in it.
    Closing { statement: TextRange },
    /// `for i, x in enumerate(g()):` to `numbers = count()` before `async for x in g():`, which begins with `i = next(numbers)`.
    Counted { statement: TextRange },
    /// `for` to `async for`, statement.
    AsyncFor { statement: TextRange },
    /// `for` to `async for` inside a comprehension. `comprehension` is the range of the `for ... in ...` clause.
    AsyncComprehension { comprehension: TextRange },
    /// `sum(x for ...)` to `sum([x for ...])`. `generator` is the original generator expression.
    ListComprehension { generator: TextRange },
    /// `list(g())` to `[item async for item in g()]` and the like (`set`, `tuple`, `sorted`). `call` is the original call
    /// (or the operand of a `*`), `iterable` the expression that is iterated now.
    Collect { call: TextRange, iterable: TextRange },
    /// `asyncio.to_thread(f, a)` (or an executor, partial, lambda form) to `f(a)`. `call` is the original offload call.
    Unwrap { call: TextRange, form: UnwrapForm },
    /// `asyncio.create_task(` and `)` around a call that was a future before.
    Schedule { call: TextRange },
    /// An `asyncio.run(c())` to `await c()`. `call` is the original `asyncio.run(...)` call.
    UnwrapRun { call: TextRange },
    /// A whole fallback `try` is replaced by what it scheduled, or the `asyncio.run` statement of its handler by a log line or
    /// a `raise`, as DESIGN section 8 says. `statement` is what was replaced: the `try` or the `asyncio.run` statement, the comment
    /// behind it, and for the latter the comment lines above it.
    Fallback { statement: TextRange },
    /// Statements that ran a coroutine on a thread with a loop of its own and waited for it to `await c()`. `statements` are all of
    /// them, `coroutine` is the expression that is awaited now.
    Joined { statements: TextRange, coroutine: TextRange },
    /// `main()` under an `if __name__` guard becomes `asyncio.run(main())`. `call` is the original call.
    EntryPoint { call: TextRange },
    /// A lambda becomes a coroutine function that is defined before its statement.
    Hoist { statement: TextRange, lambda: TextRange },
    /// The body of a function moves into a new coroutine function, which the function runs.
    Bridge { function: TextRange },
    /// The statements of a `__main__` guard become a coroutine function, which a new guard runs. `statement` is the `if`.
    MainGuard { statement: TextRange },
    /// A name is replaced by its async twin (`__enter__`, `contextmanager`, `Iterator`, `StopIteration`, `next`, mocks...).
    Rename { name: TextRange, to: String },
    /// A word of a string that is no expression is replaced: in a docstring, or where names are looked up.
    Mention { name: TextRange, to: String },
    /// `yield from g()` to an `async for` that yields. `statement` is the original statement.
    YieldFrom { statement: TextRange, source: YieldSource },
    /// A decorator line that a test needs (`@pytest.mark.asyncio`). `function` is the decorated statement.
    Decorator { function: TextRange, decorator: String },
    /// An annotation is wrapped (`Callable[..., T]` to `Callable[..., Awaitable[T]]`). `annotation` is the original one.
    Annotation { annotation: TextRange },
    /// `assertRaises(E, f, x)` to `with assertRaises(E): await f(x)`. `statement` is the original one.
    Raises { statement: TextRange },
    /// Keyword arguments with async mocks are added to the call of a mock.
    MockAttributes { call: TextRange },
    /// `patch("m.Store")` to `patch("m.Store", **{"return_value.load": AsyncMock()})`.
    MockReturned { call: TextRange },
    /// `x` to `AsyncMock(side_effect=x)`.
    AsyncFake { fake: TextRange },
    /// `m.load.return_value = x` to `m.load = AsyncMock(return_value=x)`. `statement` is the assignment.
    MockConfigured { statement: TextRange },
    /// An import statement, or a name in one, is added.
    Import,
    /// A module-level `logger = logging.getLogger(__name__)` is added.
    Logger,
}

/// Where an edit stands among the edits at its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Closes this node. Stands before everything else at its offset, inner nodes first.
    Close(TextRange),
    /// Whole lines and other free-standing text, in the order they were made.
    Between,
    /// Opens this node. Outer nodes first, so `await to_thread(` of an outer call comes before that of an inner one.
    Open(TextRange),
    /// Replaces a range that is not empty.
    Replace,
    /// Takes away indentation. Gives way to any other edit of the same bytes.
    Dedent,
}

/// One replacement of a byte range of the original text; an empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub range: TextRange,
    pub text: String,
    pub place: Place,
    /// Index into [`FileEdits::changes`]: the change this edit is part of.
    pub change: usize,
}

/// All edits of one file, with the recorded changes they belong to.
#[derive(Clone, Debug, Default)]
pub struct FileEdits {
    pub changes: Vec<EditKind>,
    pub edits: Vec<Edit>,
    /// Changes whose edits another edit carries along, because it moves the text they stand in.
    pub absorbed: Vec<usize>,
}

impl FileEdits {
    /// Applies all edits to the original `text`, in one pass.
    pub fn apply(&self, text: &str) -> Result<Applied, EditError> {
        apply::apply(text, &self.edits)
    }

    /// Takes the edits out of `range` and returns its text with them applied, for an edit that moves it.
    pub fn absorb(&mut self, text: &str, range: TextRange) -> Result<String, EditError> {
        let is_inside = |edit: &Edit| {
            range.contains_range(edit.range) && (edit.range.end() < range.end() || !edit.range.is_empty())
        };
        let (inside, outside) = std::mem::take(&mut self.edits).into_iter().partition(is_inside);
        self.edits = outside;
        let inside: Vec<Edit> = inside;
        self.absorbed.extend(inside.iter().map(|edit| edit.change));
        let applied = apply::apply(text, &inside)?;
        let end = applied.text.len() - (text.len() - range.end().to_usize());
        Ok(applied.text[range.start().to_usize()..end].to_owned())
    }

    /// Starts a change; the edits that follow with the returned index belong to it.
    pub fn change(&mut self, kind: EditKind) -> usize {
        self.changes.push(kind);
        self.changes.len() - 1
    }

    /// Inserts free-standing `text` at `offset`. Such inserts at the same offset appear in the order they were made.
    pub fn insert(&mut self, change: usize, offset: TextSize, text: impl Into<String>) {
        self.push(change, TextRange::empty(offset), text.into(), Place::Between);
    }

    /// Inserts `text` right before `node`, inside of what opens the nodes around it.
    pub fn open(&mut self, change: usize, node: TextRange, text: impl Into<String>) {
        self.push(change, TextRange::empty(node.start()), text.into(), Place::Open(node));
    }

    /// Inserts `text` right after `node`, inside of what closes the nodes around it.
    pub fn close(&mut self, change: usize, node: TextRange, text: impl Into<String>) {
        self.push(change, TextRange::empty(node.end()), text.into(), Place::Close(node));
    }

    /// Replaces `range` by `text`. An empty range with an empty text is no edit; an empty range inserts.
    pub fn replace(&mut self, change: usize, range: TextRange, text: impl Into<String>) {
        let place = if range.is_empty() { Place::Between } else { Place::Replace };
        self.push(change, range, text.into(), place);
    }

    /// Deletes `range`.
    pub fn delete(&mut self, change: usize, range: TextRange) {
        self.replace(change, range, "");
    }

    /// Deletes `range`, which is indentation, unless another edit changes it too.
    pub fn dedent(&mut self, change: usize, range: TextRange) {
        if !range.is_empty() {
            self.push(change, range, String::new(), Place::Dedent);
        }
    }

    fn push(&mut self, change: usize, range: TextRange, text: String, place: Place) {
        if !(range.is_empty() && text.is_empty()) {
            self.edits.push(Edit { range, text, place, change });
        }
    }
}
