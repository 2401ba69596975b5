//! One root through all steps of a plan.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, bail};

use super::state::{self, Accepted, State, Trying};
use super::trial::Trial;
use super::{BatchPlan, Dirty, Earlier, Event, Mode, Options, Outcome, RootReport, Step, StepPlan, StepReport, commit};
use crate::interrupt;
use crate::journal::{self, git};

/// What stays the same while a root is worked on.
pub(crate) struct Work<'a> {
    pub root: &'a Path,
    pub plan: &'a BatchPlan,
    options: &'a Options,
    analysis: &'a dyn Fn(&Path, &Step) -> anyhow::Result<StepPlan>,
    pub log: &'a dyn Fn(Event),
}

/// Works through the plan in one root.
pub(crate) fn root(
    root: &Path,
    plan: &BatchPlan,
    options: &Options,
    analysis: &dyn Fn(&Path, &Step) -> anyhow::Result<StepPlan>,
    log: &dyn Fn(Event),
) -> RootReport {
    let work = Work { root, plan, options, analysis, log };
    log(Event::RootStarted { root: root.to_path_buf(), steps: plan.steps.len() });
    let mut steps = Vec::new();
    let error = work.run(&mut steps).err().map(|error| format!("{error:#}"));
    log(Event::RootFinished { root: root.to_path_buf(), error: error.clone() });
    RootReport { root: root.to_path_buf(), steps, error }
}

impl Work<'_> {
    fn run(&self, reports: &mut Vec<StepReport>) -> anyhow::Result<()> {
        let mut state = match self.options.mode {
            Mode::Apply => self.begin()?,
            Mode::DryRun => State::default(),
        };
        for step in &self.plan.steps {
            if let Some(done) = state.done.iter().find(|done| done.step == step.name) {
                (self.log)(Event::StepSkipped { root: self.root.to_path_buf(), step: step.name.clone() });
                reports.push(done.clone());
                continue;
            }
            interrupt::check().context("the step was not begun")?;
            let start = Instant::now();
            let mut report = self.step(step, &mut state).unwrap_or_else(|error| StepReport {
                message: Some(format!("{error:#}")),
                ..StepReport::new(step, Outcome::Failed)
            });
            report.seconds += start.elapsed().as_secs_f64();
            (self.log)(Event::StepFinished { root: self.root.to_path_buf(), report: report.clone() });
            reports.push(report.clone());
            match report.outcome {
                Outcome::Planned => {}
                Outcome::Failed => return Ok(()),
                Outcome::Stopped => {
                    // What is in the tree is the user's now: to mend and start the batch again, or to undo.
                    state.trying = None;
                    return Ok(state::write(self.root, &self.plan.hash, &mut state)?);
                }
                Outcome::Nothing | Outcome::Applied | Outcome::Partly | Outcome::Undone => {
                    state.done.push(report);
                    state.trying = None;
                    state::write(self.root, &self.plan.hash, &mut state)?;
                }
            }
        }
        if self.options.mode == Mode::Apply {
            // The plan is through. When it is started again, it starts with the first step.
            state::remove(self.root, &self.plan.hash)?;
        }
        Ok(())
    }

    /// Makes the root ready: takes back what an earlier run was trying, or checks that the root is clean.
    fn begin(&self) -> anyhow::Result<State> {
        let hash = &self.plan.hash;
        self.take_back_other_plans()?;
        let Some(mut state) = state::read(self.root, hash)? else {
            return self.check_clean().map(|()| State::default());
        };
        if let Some(trying) = &state.trying
            && trying.accepted.is_none()
        {
            self.take_back(hash, trying)?;
            state.trying = None;
        }
        match self.options.earlier {
            Earlier::Continue => Ok(state),
            Earlier::Restart => {
                state::remove(self.root, hash)?;
                Ok(State::default())
            }
        }
    }

    /// A plan that was edited after it was killed has another hash, and its trial is still in the tree.
    fn take_back_other_plans(&self) -> anyhow::Result<()> {
        for hash in state::hashes(self.root)?.into_iter().filter(|hash| *hash != self.plan.hash) {
            let Some(mut state) = state::read(self.root, &hash)? else { continue };
            if let Some(trying) = state.trying.take_if(|trying| trying.accepted.is_none()) {
                self.take_back(&hash, &trying)?;
                state::write(self.root, &hash, &mut state)?;
            }
        }
        Ok(())
    }

    fn take_back(&self, hash: &str, trying: &Trying) -> anyhow::Result<()> {
        let files = state::undo_trials(self.root, hash, trying)
            .with_context(|| format!("cannot take back the trial of the step `{}`", trying.step))?;
        if files > 0 {
            let step = trying.step.clone();
            (self.log)(Event::TrialUndone { root: self.root.to_path_buf(), step, files });
        }
        Ok(())
    }

    fn check_clean(&self) -> anyhow::Result<()> {
        let dirty = match self.options.dirty {
            Dirty::Refuse => git::dirty_files(self.root, &[])?,
            Dirty::Allow => Vec::new(),
        };
        let Some(first) = dirty.first() else { return Ok(()) };
        let first = first.display();
        bail!("{} files have uncommitted changes (`{first}`); commit them, or use `--allow-dirty`", dirty.len());
    }

    fn step(&self, step: &Step, state: &mut State) -> anyhow::Result<StepReport> {
        if let Some(Trying { accepted: Some(accepted), .. }) = &state.trying {
            // Killed between the gate and the commit.
            let accepted = accepted.clone();
            return self.commit(step, accepted);
        }
        if step.commit.is_some() && self.options.mode == Mode::Apply && !commit::is_repository(self.root) {
            bail!("the step has a `commit`, but the root is in no git repository");
        }
        let planned = (self.analysis)(self.root, step)?;
        let unreadable = planned.unreadable.clone();
        let functions = planned.groups.iter().map(|group| group.functions.len()).sum();
        let (name, groups) = (step.name.clone(), planned.groups.len());
        (self.log)(Event::StepPlanned { root: self.root.to_path_buf(), step: name, groups, functions });
        if groups == 0 {
            return Ok(StepReport { unreadable, ..StepReport::new(step, Outcome::Nothing) });
        }
        let all: Vec<_> = planned.groups.iter().map(|group| group.id.clone()).collect();
        if self.options.mode == Mode::DryRun {
            let files = (planned.patches)(&all)?.len();
            return Ok(StepReport { groups, files, unreadable, ..StepReport::new(step, Outcome::Planned) });
        }
        let after = journal::list(self.root)?.last().map(|journal| journal.id);
        state.trying = Some(Trying { step: step.name.clone(), after, accepted: None });
        state::write(self.root, &self.plan.hash, state)?;
        let mut trial = Trial::new(self, step, planned);
        let report = match trial.carry_out(&all) {
            Ok(report) => StepReport { unreadable, ..report },
            // The error is what the user must hear of; the state remembers the trial if this fails too.
            Err(error) => match trial.clear() {
                Ok(()) => return Err(error),
                Err(second) => return Err(error.context(second)),
            },
        };
        if !matches!(report.outcome, Outcome::Applied | Outcome::Partly) || trial.applied.is_empty() {
            return Ok(report);
        }
        let accepted = Accepted { report, files: trial.files };
        state.trying = Some(Trying { step: step.name.clone(), after, accepted: Some(accepted.clone()) });
        state::write(self.root, &self.plan.hash, state)?;
        self.commit(step, accepted)
    }

    fn commit(&self, step: &Step, accepted: Accepted) -> anyhow::Result<StepReport> {
        let Accepted { report, files } = accepted;
        if let Some(message) = &step.commit {
            commit::commit(self.root, message, &files)?;
            let (root, step) = (self.root.to_path_buf(), step.name.clone());
            (self.log)(Event::Committed { root, step, files: files.len() });
        }
        Ok(report)
    }
}

impl StepReport {
    pub(crate) fn new(step: &Step, outcome: Outcome) -> StepReport {
        StepReport {
            step: step.name.clone(),
            outcome,
            groups: 0,
            applied: 0,
            files: 0,
            gate_runs: 0,
            culprits: Vec::new(),
            left_out: Vec::new(),
            untested: Vec::new(),
            unreadable: Vec::new(),
            message: None,
            seconds: 0.0,
        }
    }
}
