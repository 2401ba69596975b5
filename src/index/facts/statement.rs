//! Statements that a construct or a boundary asks for.

use ruff_text_size::TextRange;

use super::*;

/// `if __name__ == "__main__":` at module level.
#[derive(Debug)]
pub struct MainGuard {
    pub range: TextRange,
    /// There is no `elif` and no `else`, and nothing around it.
    pub is_plain: bool,
}

/// A `yield from` that is a statement.
#[derive(Debug)]
pub struct Delegation {
    /// The whole expression.
    pub range: TextRange,
    pub context: ContextId,
}

/// A `with` statement: its range and the expressions of its items.
#[derive(Debug)]
pub struct WithStatement {
    pub range: TextRange,
    pub items: Vec<TextRange>,
}

/// Where a fallback runs its coroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FallbackKind {
    /// Here, when no loop runs.
    Alone,
    /// On another thread, which is waited for. `statement` is the last of the statements that do it.
    Joined,
}

/// `try: get_running_loop()...create_task(c()) except RuntimeError: asyncio.run(c())`, or an `if` that asks for the loop.
#[derive(Debug)]
pub struct Fallback {
    pub statement: TextRange,
    pub context: ContextId,
    /// The `asyncio.run` call in the handler, or in the branch without a loop; what runs it on a thread.
    pub run: TextRange,
    pub kind: FallbackKind,
}

/// `StopIteration` where it is raised.
#[derive(Debug)]
pub struct Stop {
    /// The range of the name.
    pub name: TextRange,
    pub context: ContextId,
}

/// `try: ...` / `except StopIteration: ...`
#[derive(Debug)]
pub struct StopHandler {
    /// The statements that it stands around.
    pub body: TextRange,
    /// Where the handlers name `StopIteration`.
    pub names: Vec<TextRange>,
}
