//! Edits on original offsets: recorded with their kind, applied once.
//!
//! An edit never prints a node that has children: it inserts text around nodes or replaces single tokens. Every edit has a
//! kind from a closed set, and `verify::erase` knows one fixed inverse for each kind.

pub mod import;

use ruff_text_size::{TextRange, TextSize};

/// What an edit does, and so how verification takes it back. `usize` is never an offset: all positions are byte offsets
/// into the original text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditKind {
    /// `await ` before an expression, with or without parentheses around both. `operand` is the original expression.
    Await { operand: TextRange },
    /// `f(a)` to `await asyncio.to_thread(f, a)`, whatever carries it. `call` is the original call expression.
    Offload { call: TextRange },
    /// `obj.get(x)` to `await obj.async_get(x)`: the attribute token is replaced and the call awaited.
    Native { call: TextRange },
    /// `time.sleep(x)` to `await asyncio.sleep(x)`: the callee is replaced and the call awaited.
    Replace { call: TextRange },
    /// `def` to `async def`. `def` is the original function statement (decorators included).
    AsyncDef { function: TextRange },
    /// `with` to `async with`.
    AsyncWith { statement: TextRange },
    /// `for` to `async for`, statement.
    AsyncFor { statement: TextRange },
    /// `for` to `async for` inside a comprehension. `comprehension` is the range of the `for ... in ...` clause.
    AsyncComprehension { comprehension: TextRange },
    /// `sum(x for ...)` to `sum([x for ...])`. `generator` is the original generator expression.
    ListComprehension { generator: TextRange },
    /// `list(g())` to `[item async for item in g()]` and the like (`set`, `tuple`, `sorted`). `call` is the original call.
    Collect { call: TextRange },
    /// `asyncio.to_thread(f, a)` (or an executor, partial, lambda form) to `f(a)`. `call` is the original offload call.
    Unwrap { call: TextRange },
    /// An `asyncio.run(c())` to `await c()`. `call` is the original `asyncio.run(...)` call.
    UnwrapRun { call: TextRange },
    /// A whole fallback `try` (or its handler) is replaced as DESIGN section 8 says. `statement` is what was replaced.
    Fallback { statement: TextRange },
    /// `main()` under an `if __name__` guard becomes `asyncio.run(main())`. `call` is the original call.
    EntryPoint { call: TextRange },
    /// A name is replaced by its async twin (`__enter__`, `contextmanager`, `Iterator`, `StopIteration`, `next`, mocks...).
    Rename { name: TextRange },
    /// `yield from g()` to an `async for` that yields. `statement` is the original statement.
    YieldFrom { statement: TextRange },
    /// A decorator line that a test needs (`@pytest.mark.asyncio`). `function` is the decorated statement.
    Decorator { function: TextRange },
    /// An annotation is wrapped (`Callable[..., T]` to `Callable[..., Awaitable[T]]`). `annotation` is the original one.
    Annotation { annotation: TextRange },
    /// An import statement, or a name in one, is added.
    Import,
    /// A module-level `logger = logging.getLogger(__name__)` is added.
    Logger,
}

/// One replacement of a byte range of the original text; an empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub range: TextRange,
    pub text: String,
    /// Index into [`FileEdits::changes`]: the change this edit is part of.
    pub change: usize,
}

/// All edits of one file, with the recorded changes they belong to.
#[derive(Clone, Debug, Default)]
pub struct FileEdits {
    pub changes: Vec<EditKind>,
    pub edits: Vec<Edit>,
}

impl FileEdits {
    /// Starts a change; the edits that follow with the returned index belong to it.
    pub fn change(&mut self, kind: EditKind) -> usize {
        self.changes.push(kind);
        self.changes.len() - 1
    }

    /// Inserts `text` at `offset`. Inserts at the same offset appear in the order they were made.
    pub fn insert(&mut self, change: usize, offset: TextSize, text: impl Into<String>) {
        self.edits.push(Edit { range: TextRange::empty(offset), text: text.into(), change });
    }

    /// Replaces `range` by `text`.
    pub fn replace(&mut self, change: usize, range: TextRange, text: impl Into<String>) {
        self.edits.push(Edit { range, text: text.into(), change });
    }
}
