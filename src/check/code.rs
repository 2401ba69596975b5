//! The table of codes. A code never changes its meaning; a retired one is not used again.

use super::scorecard::Practice;

/// How sure a finding is to matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It does not work: a coroutine that never runs, a deadlock.
    Error,
    /// It works, and stalls the loop, loses an exception, or leaks.
    Warning,
    /// Worth knowing.
    Note,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $slug:literal, $severity:ident, $practice:ident, $in_tests:literal, [$($ruff:literal),*], $title:literal;)*) => {
        /// What a finding is about. The documentation of each is in `docs/checks.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $code,)*
        }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Code] = &[$(Code::$code),*];

            /// What stands in the table about it.
            pub fn rule(self) -> &'static Rule {
                match self {
                    $(Code::$code => {
                        const RULE: Rule = Rule {
                            name: $name,
                            slug: $slug,
                            severity: Severity::$severity,
                            practice: Practice::$practice,
                            in_tests: $in_tests,
                            ruff: &[$($ruff),*],
                            title: $title,
                        };
                        &RULE
                    })*
                }
            }
        }
    };
}

/// One row of the table.
#[derive(Debug)]
pub struct Rule {
    /// `AW101`.
    pub name: &'static str,
    /// `blocking-call`.
    pub slug: &'static str,
    pub severity: Severity,
    /// The line of the scorecard that it counts in.
    pub practice: Practice,
    /// Does it count in test files too?
    pub in_tests: bool,
    /// Codes of ruff, or their beginnings, whose `noqa` comments count for it.
    pub ruff: &'static [&'static str],
    /// A sentence without its period.
    pub title: &'static str,
}

codes! {
    UnusedIgnore = "AW001", "unused-ignore", Note, Imports, true, [], "An ignore comment that nothing came of";

    BlockingCall = "AW101", "blocking-call", Warning, BlockingIo, false, ["ASYNC2"], "A blocking call in an async function";
    BlockingHelper = "AW102", "blocking-helper", Warning, BlockingIo, false, ["ASYNC2"], "An async function calls a sync function that blocks";
    BlockingAttribute = "AW103", "blocking-attribute", Warning, BlockingIo, false, ["ASYNC2"], "A property or an operator that blocks, in an async function";
    BlockingFile = "AW104", "blocking-file", Warning, BlockingIo, false, ["ASYNC2"], "A file is read or written in an async function";

    Dropped = "AW201", "coroutine-dropped", Error, Awaits, true, [], "A coroutine is never awaited";
    Condition = "AW202", "coroutine-as-condition", Error, Awaits, true, [], "A coroutine is used as a condition, which is always true";
    Used = "AW203", "coroutine-as-result", Error, Awaits, true, [], "A coroutine is used as if it was its result";
    FutureDropped = "AW204", "future-dropped", Warning, Awaits, true, [], "A future is never awaited";
    Unread = "AW205", "coroutine-unread", Error, Awaits, true, [], "A coroutine is assigned to a name that nothing reads";
    SyncProtocol = "AW206", "async-in-sync-statement", Error, Awaits, true, [], "An async iterator or context manager in a sync statement";
    NotAwaitable = "AW207", "await-of-nothing", Error, Awaits, true, [], "What is awaited is not awaitable";
    Override = "AW208", "override-color", Error, Signatures, false, [], "A sync method overrides an async one";
    Swallow = "AW210", "cancellation-swallowed", Warning, ErrorHandling, false, ["BLE001", "E722"], "A handler around an await swallows cancellation";

    Run = "AW301", "run-in-library", Warning, NoRun, false, [], "Library code runs an event loop of its own";
    NestedLoop = "AW302", "nested-loop", Error, NoRun, true, [], "An event loop is run inside a running one";
    GetEventLoop = "AW303", "get-event-loop", Warning, NoRun, false, [], "`asyncio.get_event_loop` is deprecated";

    AwaitUnderLock = "AW401", "await-under-thread-lock", Error, ErrorHandling, false, [], "An await while a lock of threads is held";
    SplitUpdate = "AW402", "update-split-by-await", Warning, ErrorHandling, false, [], "An await stands between reading and writing shared state";
    OffloadWrites = "AW403", "offload-writes-state", Note, ErrorHandling, false, [], "An offloaded function writes state beside the loop";
    Unwrapped = "AW404", "offload-unwrapped", Note, ErrorHandling, false, [], "An offload that stood before is taken away";
    Affine = "AW405", "thread-bound-offload", Warning, ErrorHandling, false, [], "An object that belongs to one thread is used in another";

    TaskDropped = "AW501", "task-dropped", Warning, Concurrency, false, ["RUF006"], "The result of `create_task` is dropped, so the task may vanish";
    TaskForgotten = "AW502", "task-forgotten", Warning, Concurrency, false, [], "A task is kept, and nothing ever awaits, cancels or asks it";

    NeverClosed = "AW601", "never-closed", Warning, Resources, false, ["SIM115"], "A client or pool is created and never closed";
    PoolUnguarded = "AW602", "pool-unguarded", Note, Resources, false, [], "A pool is created without error handling";
    SkippedError = "AW603", "error-skipped-in-transaction", Warning, ErrorHandling, false, ["S112"], "An error is skipped inside of a transaction";
    PoolSize = "AW604", "pool-size", Note, Pooling, false, [], "The size of a pool is written into the code";

    SqlText = "AW701", "sql-text", Warning, ErrorLogging, false, ["S608"], "SQL is put together from text";
    LogText = "AW702", "log-text", Note, ErrorLogging, false, ["G004"], "A log message is an f-string";
    ErrorSilenced = "AW703", "error-silenced", Note, ErrorLogging, false, ["S110", "SIM105"], "An error around an await is dropped without a word";
    AsyncioImport = "AW704", "asyncio-import", Error, Imports, true, ["F401", "F821"], "`asyncio` is used and not imported, or imported and not used";
}

impl Code {
    /// The code as users write it.
    pub fn name(self) -> &'static str {
        self.rule().name
    }

    /// Does `pattern` name the code, or the beginning of it (`AW1`, `AW`)?
    pub fn matches(self, pattern: &str) -> bool {
        !pattern.is_empty() && self.name().starts_with(&pattern.to_ascii_uppercase()) || self.rule().slug == pattern
    }

    /// Is there a code that the pattern names?
    pub fn exists(pattern: &str) -> bool {
        Code::ALL.iter().any(|code| code.matches(pattern))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_unique() {
        let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
    }

    #[test]
    fn patterns_are_beginnings_or_slugs() {
        assert!(
            Code::BlockingCall.matches("AW101")
                && Code::BlockingCall.matches("aw1")
                && Code::BlockingCall.matches("AW")
        );
        assert!(Code::BlockingCall.matches("blocking-call"));
        assert!(!Code::BlockingCall.matches("AW2") && !Code::BlockingCall.matches("") && !Code::exists("AW9"));
    }

    #[test]
    fn every_code_is_documented() {
        let docs = include_str!("../../docs/checks.md");
        for code in Code::ALL {
            let heading = format!("### {} {}\n", code.name(), code.rule().slug);
            assert!(docs.contains(&heading), "docs/checks.md has no `{}`", heading.trim());
        }
    }
}
