//! The scorecard as text: ten practices, PASS or FAIL, and a grade.

use crate::check::Audit;
use crate::check::scorecard::{Counts, Line, Practice, Scorecard};
use crate::report::text::plural;

/// What the practice is called.
pub fn name(practice: Practice) -> &'static str {
    match practice {
        Practice::BlockingIo => "No blocking I/O on the event loop",
        Practice::Awaits => "Every coroutine is awaited",
        Practice::Signatures => "Overrides are async where their base is",
        Practice::ErrorHandling => "Errors, cancellation and exclusion hold over awaits",
        Practice::Resources => "Clients and pools are closed",
        Practice::Concurrency => "Every task has an owner",
        Practice::NoRun => "No event loop is run in library code",
        Practice::Pooling => "Pools are configured, not hard-coded",
        Practice::ErrorLogging => "Errors are logged, values passed as parameters",
        Practice::Imports => "`asyncio` is imported where it is used",
    }
}

/// What was looked at for a practice.
pub fn looked_at(practice: Practice, counts: &Counts) -> String {
    match practice {
        Practice::BlockingIo | Practice::Signatures => plural(counts.async_functions, "async function"),
        Practice::Awaits => plural(counts.awaits, "await"),
        Practice::ErrorHandling => format!("{} around awaits", plural(counts.handlers, "handler")),
        Practice::Resources => format!("{} under `with`", plural(counts.entered, "client")),
        Practice::Concurrency => format!("{}, {}", plural(counts.tasks, "task"), plural(counts.groups, "group")),
        Practice::NoRun | Practice::ErrorLogging => plural(counts.files, "file"),
        Practice::Pooling => plural(counts.pools, "pool"),
        Practice::Imports => plural(counts.asyncio_uses, "use"),
    }
}

/// `3 AW101, 1 AW102`; `none` without findings.
pub fn found(line: &Line) -> String {
    let parts: Vec<String> = line.codes.iter().map(|(code, count)| format!("{count} {}", code.name())).collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

/// `PASS` or `FAIL`.
pub fn verdict(line: &Line) -> &'static str {
    if line.passes { "PASS" } else { "FAIL" }
}

/// How many practices pass.
pub fn passed(card: &Scorecard) -> usize {
    card.lines.iter().filter(|line| line.passes).count()
}

/// The scorecard for a terminal.
pub fn text(card: &Scorecard, audit: &Audit) -> String {
    let mut out = String::new();
    for (number, line) in card.lines.iter().enumerate() {
        out += &format!(
            "{:>2}. {} {:<52} {} ({})\n",
            number + 1,
            verdict(line),
            name(line.practice),
            found(line),
            looked_at(line.practice, &audit.counts),
        );
    }
    out + &format!("Grade {}: {} of {} practices pass\n", card.grade, passed(card), card.lines.len())
}
