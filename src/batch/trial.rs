//! Trying the groups of one step: in the tree, in front of the gate, and out again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, bail};

use super::drive::Work;
use super::gate::{self, Verdict};
use super::isolate::{Isolated, isolate};
use super::{Culprit, Event, OnFailure, Outcome, Step, StepPlan, StepReport, state};
use crate::group::{self, GroupId};
use crate::journal::{self, Edited, Id};

/// A step that is being tried: which of its groups are in the tree now.
pub(crate) struct Trial<'a> {
    work: &'a Work<'a>,
    step: &'a Step,
    planned: StepPlan,
    pub applied: Vec<GroupId>,
    journal: Option<Id>,
    pub files: Vec<PathBuf>,
    runs: usize,
    /// What the gate said when it failed last.
    complaint: String,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(work: &'a Work, step: &'a Step, planned: StepPlan) -> Trial<'a> {
        let (applied, files) = (Vec::new(), Vec::new());
        Trial { work, step, planned, applied, journal: None, files, runs: 0, complaint: String::new() }
    }

    /// Tries all groups, and does what `on-failure` says. On an error, trials may be left in the tree: see [`Trial::clear`].
    pub(crate) fn carry_out(&mut self, all: &[GroupId]) -> anyhow::Result<StepReport> {
        if self.passes(all)? {
            return Ok(self.report(Outcome::Applied));
        }
        let message = Some(format!("the gate failed:\n{}", self.complaint));
        match self.step.on_failure {
            OnFailure::Stop => Ok(StepReport { message, ..self.report(Outcome::Stopped) }),
            OnFailure::Undo => {
                self.clear()?;
                Ok(StepReport { message, ..self.report(Outcome::Undone) })
            }
            OnFailure::Isolate => self.isolate(),
        }
    }

    /// Applies all groups but those that break the gate.
    fn isolate(&mut self) -> anyhow::Result<StepReport> {
        let groups = self.planned.groups.clone();
        let max_runs = self.step.max_gate_runs.saturating_sub(self.runs);
        // What the gate said when it failed with a set of groups: the smallest set with a culprit tells most about it.
        let mut complaints: Vec<(usize, Vec<GroupId>, String)> = Vec::new();
        let found = isolate(&groups, max_runs, &mut |ids| {
            let passed = self.passes(ids)?;
            if !passed {
                complaints.push((ids.len(), ids.to_vec(), self.complaint.clone()));
            }
            anyhow::Ok(passed)
        })?;
        let Some(Isolated { kept, culprits, left_out, untested }) = found else {
            self.clear()?;
            bail!("the gate fails without any change of this step:\n{}", self.complaint);
        };
        // In the order in which they were tried: most often they are in the tree already.
        let mut kept = group::with_dependencies(&groups, &kept).unwrap_or(kept);
        let useful = group::useful(&groups, &kept);
        if useful.len() < kept.len() && self.runs < self.step.max_gate_runs && self.passes(&useful)? {
            kept = useful;
        }
        let whys = self.whys(&culprits)?;
        self.switch_to(&kept)?;
        let root = self.work.root.to_path_buf();
        let culprits = culprits.iter().filter_map(|id| {
            let (root, step) = (root.clone(), self.step.name.clone());
            (self.work.log)(Event::CulpritFound { root, step, group: id.clone() });
            let group = groups.iter().find(|group| group.id == *id)?;
            let smallest = complaints.iter().filter(|(_, ids, _)| ids.contains(id)).min_by_key(|(count, ..)| *count);
            Some(Culprit {
                id: id.clone(),
                title: group.title.clone(),
                functions: group.functions.clone(),
                why: whys.get(id).cloned().unwrap_or_default(),
                output: smallest.map_or_else(|| self.complaint.clone(), |(.., output)| output.clone()),
            })
        });
        let culprits = culprits.collect();
        let outcome = if kept.is_empty() { Outcome::Undone } else { Outcome::Partly };
        Ok(StepReport { culprits, left_out, untested, ..self.report(outcome) })
    }

    /// Why the culprits are there. That is told from the tree as it was when the step was planned.
    fn whys(&mut self, culprits: &[GroupId]) -> anyhow::Result<BTreeMap<GroupId, String>> {
        self.clear()?;
        Ok(culprits.iter().map(|id| (id.clone(), (self.planned.why)(id))).collect())
    }

    /// Puts just these groups in the tree and runs the gate.
    fn passes(&mut self, ids: &[GroupId]) -> anyhow::Result<bool> {
        self.switch_to(ids)?;
        let Some(command) = &self.step.gate else { return Ok(true) };
        self.runs += 1;
        let name: String =
            self.step.name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
        let output = state::folder(self.work.root).join(format!("{}-{name}-{}.log", self.work.plan.hash, self.runs));
        let Verdict { passed, seconds, tail } = gate::run(self.work.root, command, self.step.timeout, &output)?;
        let (root, step) = (self.work.root.to_path_buf(), self.step.name.clone());
        (self.work.log)(Event::Gate { root, step, run: self.runs, groups: ids.len(), passed, seconds });
        if !passed {
            self.complaint = tail;
        }
        Ok(passed)
    }

    fn switch_to(&mut self, ids: &[GroupId]) -> anyhow::Result<()> {
        if self.applied == ids {
            return Ok(());
        }
        self.clear()?;
        if ids.is_empty() {
            return Ok(());
        }
        let patches = (self.planned.patches)(ids)?;
        let root = self.work.root;
        // Git wants the file behind a symlink.
        let real = patches.iter().map(|patch| patch.path.canonicalize().unwrap_or_else(|_| patch.path.clone()));
        let files: BTreeSet<_> = real.collect();
        let label = state::label(&self.work.plan.hash, &self.step.name);
        let written = journal::write_labeled(root, &[], &label, &patches)?;
        (self.applied, self.journal, self.files) = (ids.to_vec(), written.id, files.into_iter().collect());
        Ok(())
    }

    /// Takes back what is in the tree.
    pub(crate) fn clear(&mut self) -> anyhow::Result<()> {
        if let Some(id) = self.journal {
            journal::undo(self.work.root, Some(&id.to_string()), Edited::Refuse)
                .context("the gate changed files of the step")?;
            journal::forget(self.work.root, id)?;
        }
        (self.applied, self.journal, self.files) = (Vec::new(), None, Vec::new());
        Ok(())
    }

    fn report(&self, outcome: Outcome) -> StepReport {
        StepReport {
            groups: self.planned.groups.len(),
            applied: self.applied.len(),
            files: self.files.len(),
            gate_runs: self.runs,
            ..StepReport::new(self.step, outcome)
        }
    }
}
