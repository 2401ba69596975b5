//! `awaitify batch PLAN.toml`: a migration as a script of named steps over one or several roots, with a gate after each.
//!
//! # The plan, TOML
//!
//! ```toml
//! roots = ["services/*", "../shared"]  # relative to the plan's folder, which is also the root when there are none
//! timeout = "20m"                      # of a gate: seconds, or a number with s, m or h
//! max-gate-runs = 40                   # of a step, while it looks for the groups that break the gate
//!
//! [[step]]
//! name = "persistence"
//! codemods = ["persistence", "asyncio-run"]
//! paths = ["src"]                      # relative to the root; all of it when there are none
//! options = { reach = "async" }        # keys of [tool.awaitify]
//! gate = ["pytest", "-q"]              # run in the root, without a shell; it passes when it exits with 0
//! commit = "Move persistence to async" # commit the step's files with git
//! on-failure = "isolate"               # stop: leave the step's changes and end this root
//!                                      # undo: take them back and go on with the next step (the default)
//!                                      # isolate: find the groups that break the gate, apply the others, go on
//! ```
//!
//! A step may have its own `timeout` and `max-gate-runs`.
//!
//! The analysis is handed in as a function, so this module knows only groups and patches. The state of each root is kept in
//! `.awaitify/batch/HASH.json`, where the hash is of the plan's text: a batch that was killed goes on where it was when it is
//! started again, after a trial that was in the tree has been taken back.

mod commit;
mod drive;
mod gate;
mod isolate;
mod lines;
mod parse;
mod roots;
mod state;
mod summary;
mod trial;

#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::group::{Group, GroupId, LeftOut};
use crate::interrupt;
use crate::journal::Patch;

/// An analysis walks deeply nested code by recursion.
const STACK: usize = 16 << 20;

/// A checked plan.
#[derive(Clone, Debug)]
pub struct BatchPlan {
    pub path: PathBuf,
    /// Where the plan lies, symlinks resolved.
    folder: PathBuf,
    /// Existing folders, sorted, symlinks resolved, none inside another.
    pub roots: Vec<PathBuf>,
    pub steps: Vec<Step>,
    /// Of the plan's text; names the state files.
    hash: String,
}

/// One `[[step]]`.
#[derive(Clone, Debug)]
pub struct Step {
    pub name: String,
    pub codemods: Vec<String>,
    /// Relative to the root.
    pub paths: Vec<PathBuf>,
    /// Keys of the config, as the user wrote them. They are not checked here.
    pub options: toml::Table,
    /// The line of the step in the plan, for messages about `codemods` and `options`.
    pub line: usize,
    /// Program and arguments.
    pub gate: Option<Vec<String>>,
    pub timeout: Option<Duration>,
    pub max_gate_runs: usize,
    pub commit: Option<String>,
    pub on_failure: OnFailure,
}

/// What happens when a gate fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    Stop,
    Undo,
    Isolate,
}

/// From groups to patches. The list it gets contains what its groups depend on.
pub type Patches = Box<dyn Fn(&[GroupId]) -> anyhow::Result<Vec<Patch>>>;

/// What the analysis says about a step in one root. Both functions answer for the tree as it was when the step was planned.
pub struct StepPlan {
    pub groups: Vec<Group>,
    /// Files that could not be read or parsed, and were left alone.
    pub unreadable: Vec<String>,
    /// The patches when just some of the groups are applied.
    pub patches: Patches,
    /// Why the group's functions convert: shown for a group that breaks the gate.
    pub why: Box<dyn Fn(&GroupId) -> String>,
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many roots are worked on at once.
    pub jobs: NonZeroUsize,
    pub mode: Mode,
    pub dirty: Dirty,
    pub earlier: Earlier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Apply,
    /// Plan every step on the tree as it is, and write nothing.
    DryRun,
}

/// What to do about a root with uncommitted changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dirty {
    Refuse,
    Allow,
}

/// What to do about an earlier run of the same plan that did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Skip the steps that are done.
    Continue,
    /// Take back what it was trying, and start with the first step.
    Restart,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// There was nothing to change.
    Nothing,
    /// A dry run: this is what would be tried.
    Planned,
    Applied,
    /// Some groups were applied and the gate passes; others break it, depend on one that does, or were not tried.
    Partly,
    /// The gate failed, and everything was taken back.
    Undone,
    /// The gate failed, and the changes are in the tree.
    Stopped,
    /// The step could not be carried out.
    Failed,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepReport {
    pub step: String,
    pub outcome: Outcome,
    pub groups: usize,
    pub applied: usize,
    pub files: usize,
    pub gate_runs: usize,
    pub culprits: Vec<Culprit>,
    pub left_out: Vec<LeftOut>,
    /// Groups for which `max-gate-runs` was not enough. They are not applied.
    pub untested: Vec<GroupId>,
    /// Files that could not be read or parsed, and were left alone.
    pub unreadable: Vec<String>,
    /// What went wrong, in words.
    pub message: Option<String>,
    pub seconds: f64,
}

/// A group that breaks the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Culprit {
    pub id: GroupId,
    pub title: String,
    pub functions: Vec<String>,
    pub why: String,
    /// The last lines that the gate printed when this group was the one added.
    pub output: String,
}

/// What became of a root.
#[derive(Clone, Debug, PartialEq)]
pub struct RootReport {
    pub root: PathBuf,
    /// Also those that an earlier run did.
    pub steps: Vec<StepReport>,
    /// Why the root was not begun.
    pub error: Option<String>,
}

/// One line of the `--json` log.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    RootStarted {
        root: PathBuf,
        steps: usize,
    },
    /// An earlier run was killed while it tried something; `files` files have their old bytes back.
    TrialUndone {
        root: PathBuf,
        step: String,
        files: usize,
    },
    /// An earlier run did this one.
    StepSkipped {
        root: PathBuf,
        step: String,
    },
    StepPlanned {
        root: PathBuf,
        step: String,
        groups: usize,
        functions: usize,
    },
    Gate {
        root: PathBuf,
        step: String,
        run: usize,
        groups: usize,
        passed: bool,
        seconds: f64,
    },
    CulpritFound {
        root: PathBuf,
        step: String,
        group: GroupId,
    },
    Committed {
        root: PathBuf,
        step: String,
        files: usize,
    },
    StepFinished {
        root: PathBuf,
        #[serde(flatten)]
        report: StepReport,
    },
    RootFinished {
        root: PathBuf,
        error: Option<String>,
    },
}

/// A mistake in a plan file. `line` counts from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanProblem {
    pub path: PathBuf,
    pub line: usize,
    pub message: String,
}

impl BatchPlan {
    pub fn read(path: &Path) -> Result<BatchPlan, PlanProblem> {
        parse::read(path)
    }

    /// What a root is called: its path from the plan's folder, where it lies below it.
    fn name_of(&self, root: &Path) -> String {
        match root.strip_prefix(&self.folder) {
            Ok(below) if below.as_os_str().is_empty() => {
                root.file_name().map_or_else(|| ".".to_owned(), |name| name.to_string_lossy().into_owned())
            }
            Ok(below) => below.display().to_string(),
            Err(_) => root.display().to_string(),
        }
    }
}

/// Carries out a plan. `analysis` plans a step for a root as it is then; `log` takes the events, in order for each root.
/// Roots are independent of one another: what fails in one does not stop the others. The reports have the plan's order.
pub fn run(
    plan: &BatchPlan,
    options: &Options,
    analysis: &(impl Fn(&Path, &Step) -> anyhow::Result<StepPlan> + Sync),
    log: &(impl Fn(Event) + Sync),
) -> Vec<RootReport> {
    let next = AtomicUsize::new(0);
    let reports = Mutex::new(Vec::new());
    let work = || {
        while let Some(root) = plan.roots.get(next.fetch_add(1, Ordering::Relaxed)) {
            if interrupt::is_requested() {
                break;
            }
            let report = drive::root(root, plan, options, analysis, log);
            reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.get().min(plan.roots.len()) {
            let worker = std::thread::Builder::new().stack_size(STACK);
            worker.spawn_scoped(scope, work).expect("the system has another thread");
        }
    });
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by(|left, right| left.root.cmp(&right.root));
    reports
}

/// 0: everything is done. 1: groups were left out, taken back or are pending. 2: an error.
pub fn exit_code(reports: &[RootReport]) -> u8 {
    summary::exit_code(reports)
}

/// The table that ends a run: a line for each step of each root, and what is to be said about it below.
pub fn summary(plan: &BatchPlan, reports: &[RootReport]) -> String {
    summary::table(plan, reports)
}

/// An event as a line for people.
pub fn line(plan: &BatchPlan, event: &Event) -> String {
    lines::line(plan, event)
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}

impl std::error::Error for PlanProblem {}
