//! The scorecard: ten practices of an async review, each with what was looked at and what was found.

use std::collections::BTreeMap;

use ruff_python_ast::{Expr, Stmt};

use super::code::{Code, Severity};
use super::parsed::{Node, Parsed, Scan, own_nodes};
use super::{Audit, Finding};

/// A practice of an async review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Practice {
    /// No blocking I/O on the loop.
    BlockingIo,
    /// Every coroutine is awaited.
    Awaits,
    /// What is async in a base is async in its children.
    Signatures,
    /// Errors and cancellation go where they did, and no await breaks an exclusion.
    ErrorHandling,
    /// Clients and connections are closed.
    Resources,
    /// Tasks have an owner.
    Concurrency,
    /// No event loop is run in library code.
    NoRun,
    /// Pools are configured, not hard-coded.
    Pooling,
    /// Errors reach the log, and queries take parameters.
    ErrorLogging,
    /// `asyncio` is imported where it is used, and nothing is ignored in vain.
    Imports,
}

impl Practice {
    /// All of them, in the order of the scorecard.
    pub const ALL: [Practice; 10] = [
        Practice::BlockingIo,
        Practice::Awaits,
        Practice::Signatures,
        Practice::ErrorHandling,
        Practice::Resources,
        Practice::Concurrency,
        Practice::NoRun,
        Practice::Pooling,
        Practice::ErrorLogging,
        Practice::Imports,
    ];
}

/// What the audit looked at, so that a PASS says of how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub files: usize,
    pub async_functions: usize,
    pub awaits: usize,
    /// Handlers around an await.
    pub handlers: usize,
    pub tasks: usize,
    /// `gather`, `TaskGroup` and the like.
    pub groups: usize,
    /// Clients under a `with`.
    pub entered: usize,
    pub pools: usize,
    pub asyncio_uses: usize,
}

impl Counts {
    /// Adds the counts of a file.
    pub fn add(&mut self, other: &Counts) {
        self.files += other.files;
        self.async_functions += other.async_functions;
        self.awaits += other.awaits;
        self.handlers += other.handlers;
        self.tasks += other.tasks;
        self.groups += other.groups;
        self.entered += other.entered;
        self.pools += other.pools;
        self.asyncio_uses += other.asyncio_uses;
    }
}

/// Counts what one file has of everything.
pub fn count(parsed: &Parsed, scan: &mut Scan) {
    scan.counts.files += 1;
    for body in parsed.bodies() {
        scan.counts.async_functions += usize::from(body.is_async());
        own_nodes(body.statements, &mut |node| {
            scan.counts.awaits += usize::from(match node {
                Node::Expr(Expr::Await(_)) => true,
                Node::Stmt(Stmt::For(node)) => node.is_async,
                Node::Stmt(Stmt::With(node)) => node.is_async,
                _ => false,
            });
        });
    }
}

/// One line of the scorecard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub practice: Practice,
    pub passes: bool,
    /// Findings by code.
    pub codes: BTreeMap<Code, usize>,
}

impl Line {
    /// All findings of the practice.
    pub fn total(&self) -> usize {
        self.codes.values().sum()
    }
}

/// The scorecard of an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scorecard {
    pub lines: Vec<Line>,
    pub grade: char,
}

/// A practice passes without errors and warnings; notes are counted and pass.
pub fn scorecard(audit: &Audit) -> Scorecard {
    let lines: Vec<Line> = Practice::ALL.into_iter().map(|practice| line(&audit.findings, practice)).collect();
    let passed = lines.iter().filter(|line| line.passes).count();
    let broken = audit.findings.iter().any(|finding| finding.code.rule().severity == Severity::Error);
    Scorecard { grade: grade(passed, broken), lines }
}

fn line(findings: &[Finding], practice: Practice) -> Line {
    let mut codes = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.code.rule().practice == practice) {
        *codes.entry(finding.code).or_default() += 1;
    }
    let passes = codes.keys().all(|code: &Code| code.rule().severity == Severity::Note);
    Line { practice, passes, codes }
}

/// A for ten, B for nine or eight, C for seven or six, D for five or four, F below. What does not work at all costs an A or B.
fn grade(passed: usize, broken: bool) -> char {
    match passed {
        10 => 'A',
        8 | 9 if !broken => 'B',
        6..=9 => 'C',
        4 | 5 => 'D',
        _ => 'F',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades() {
        let grades: String = (0..=10).map(|passed| grade(passed, false)).collect();
        assert_eq!(grades, "FFFFDDCCBBA");
        assert_eq!(grade(9, true), 'C');
    }
}
