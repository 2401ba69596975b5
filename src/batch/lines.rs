//! Events as lines for people.

use super::{BatchPlan, Event, Outcome};

/// The line, without its end.
pub(super) fn line(plan: &BatchPlan, event: &Event) -> String {
    match event {
        Event::RootStarted { root, steps } => format!("{}: {steps} steps", plan.name_of(root)),
        Event::TrialUndone { root, step, files } => {
            format!("{}: {step}: took back what an earlier run was trying ({files} files)", plan.name_of(root))
        }
        Event::StepSkipped { root, step } => format!("{}: {step}: done by an earlier run", plan.name_of(root)),
        Event::StepPlanned { root, step, groups, functions } => {
            format!("{}: {step}: {groups} groups, {functions} functions", plan.name_of(root))
        }
        Event::Gate { root, step, run, groups, passed, seconds } => {
            let result = if *passed { "passes" } else { "fails" };
            format!("{}: {step}: gate run {run} {result} with {groups} groups ({seconds:.1}s)", plan.name_of(root))
        }
        Event::CulpritFound { root, step, group } => {
            format!("{}: {step}: `{group}` breaks the gate", plan.name_of(root))
        }
        Event::Committed { root, step, files } => format!("{}: {step}: committed {files} files", plan.name_of(root)),
        Event::StepFinished { root, report } => {
            format!("{}: {}: {} ({:.1}s)", plan.name_of(root), report.step, result(report.outcome), report.seconds)
        }
        Event::RootFinished { root, error: Some(error) } => format!("{}: {error}", plan.name_of(root)),
        Event::RootFinished { root, error: None } => format!("{}: done", plan.name_of(root)),
    }
}

/// What became of a step, in a word or two.
pub(super) fn result(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Nothing => "nothing to do",
        Outcome::Planned => "planned",
        Outcome::Applied => "applied",
        Outcome::Partly => "partly applied",
        Outcome::Undone => "undone",
        Outcome::Stopped => "stopped, changes left in place",
        Outcome::Failed => "error",
    }
}
