//! Verification: the new text of a file is what the recorded changes say, and nothing else.
//!
//! It shares no code with the rewriters. [`verify`] takes one file (parse, tokens, erase and compare), [`census`] the whole
//! tree. Any failure is a bug of ours, never of the user's code: nothing is shown or written.

mod census;
mod erase;
mod offsets;
mod parse;
mod planned;
mod tokens;

use ruff_python_ast::PythonVersion;
use ruff_text_size::TextSize;

use crate::edit::FileEdits;
use crate::py::source::too_deep;

pub use census::{Census, CensusFile, Counts, SiteVerdict, Verdict, census};
pub(crate) use offsets::Offsets;
pub use planned::planned;

/// One rewritten file.
#[derive(Clone, Copy, Debug)]
pub struct Rewritten<'a> {
    pub path: &'a str,
    pub old: &'a str,
    pub new: &'a str,
    pub edits: &'a FileEdits,
    pub target: PythonVersion,
    /// Dotted paths of the user's own offload functions (`pkg.mod.function`), called as `asyncio.to_thread` is.
    pub offloads: &'a [String],
}

/// One violated promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub check: Check,
    pub path: String,
    /// Byte offset into the original text.
    pub offset: TextSize,
    pub message: String,
}

/// The check that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    /// The edits themselves: they overlap, or lie outside of the text.
    Edits,
    /// The recorded changes are the planned ones.
    Plan,
    /// The new text parses, for the target version, without syntax errors that the old one did not have.
    Parse,
    /// Tokens and comments outside of the edits are untouched.
    Tokens,
    /// The new tree with the recorded changes taken back is the old tree.
    Erase,
    /// Every place that names a converted function has exactly one verdict.
    Census,
    /// Every site that was decided is found in the new text as decided.
    ClosedWorld,
    /// ty finds no awaitable that nobody awaits and that was not there before.
    Types,
    /// A second run plans nothing.
    SecondRun,
}

impl Check {
    pub fn name(self) -> &'static str {
        match self {
            Check::Edits => "edits",
            Check::Plan => "plan",
            Check::Parse => "parse",
            Check::Tokens => "tokens",
            Check::Erase => "erase",
            Check::Census => "census",
            Check::ClosedWorld => "closed world",
            Check::Types => "types",
            Check::SecondRun => "second run",
        }
    }
}

/// Checks one rewritten file. An empty answer is the proof that the changes are what was recorded.
pub fn verify(file: &Rewritten) -> Vec<Failure> {
    if file.old.len().max(file.new.len()) > (u32::MAX / 2) as usize {
        return vec![file.failure(Check::Edits, TextSize::new(0), "the file is too large to verify")];
    }
    let offsets = match Offsets::new(file.old, file.edits) {
        Ok(offsets) => offsets,
        Err((offset, message)) => return vec![file.failure(Check::Edits, offset, message)],
    };
    if too_deep(file.old) || too_deep(file.new) {
        return vec![file.failure(Check::Parse, TextSize::new(0), "the code nests too deep to verify")];
    }
    let old = parse::parse(file.old, file.target);
    let new = parse::parse(file.new, file.target);
    let mut failures = tokens::check(file, &offsets, &old, &new);
    failures.extend(parse::check(file, &offsets, &old, &new));
    if old.has_valid_syntax() && new.has_valid_syntax() {
        failures.extend(erase::check(file, &offsets, old.suite(), new.suite()));
    }
    failures
}

impl Rewritten<'_> {
    fn failure(&self, check: Check, offset: TextSize, message: impl Into<String>) -> Failure {
        Failure { check, path: self.path.to_string(), offset, message: message.into() }
    }
}

#[cfg(test)]
mod tests;
