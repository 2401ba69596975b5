//! What a batch comes to, in a table and a number.

use super::lines::result;
use super::{BatchPlan, Outcome, RootReport, StepReport};

pub(crate) fn exit_code(reports: &[RootReport]) -> u8 {
    let of_step = |step: &StepReport| match step.outcome {
        Outcome::Nothing | Outcome::Applied => 0,
        Outcome::Planned | Outcome::Partly | Outcome::Undone | Outcome::Stopped => 1,
        Outcome::Failed => 2,
    };
    let of_root = |report: &RootReport| {
        let steps = report.steps.iter().map(of_step).max().unwrap_or(0);
        let is_unreadable = report.steps.iter().any(|step| !step.unreadable.is_empty());
        if report.error.is_some() || is_unreadable { 2 } else { steps }
    };
    reports.iter().map(of_root).max().unwrap_or(0)
}

pub(crate) fn table(plan: &BatchPlan, reports: &[RootReport]) -> String {
    let mut rows = vec![["root", "step", "result", "groups", "files", "gate runs", "time"].map(str::to_owned)];
    for report in reports {
        rows.extend(report.steps.iter().map(|step| row(&plan.name_of(&report.root), step)));
        if report.error.is_some() {
            let empty = String::new;
            rows.push([
                plan.name_of(&report.root),
                "-".to_owned(),
                "error".to_owned(),
                empty(),
                empty(),
                empty(),
                empty(),
            ]);
        }
    }
    let widths: Vec<_> =
        (0..7).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &[String; 7]| {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter()
        .map(line)
        .chain(reports.iter().flat_map(|report| remarks(&plan.name_of(&report.root), report)))
        .collect()
}

fn row(root: &str, step: &StepReport) -> [String; 7] {
    [
        root.to_owned(),
        step.step.clone(),
        result(step.outcome).to_owned(),
        format!("{}/{}", step.applied, step.groups),
        step.files.to_string(),
        step.gate_runs.to_string(),
        format!("{:.1}s", step.seconds),
    ]
}

/// What the table has no room for.
fn remarks(root: &str, report: &RootReport) -> Vec<String> {
    let mut remarks: Vec<_> = report.error.iter().map(|error| format!("{}: {error}\n", root)).collect();
    for step in &report.steps {
        let mut say = |text: String| remarks.push(format!("{}: {}: {text}\n", root, step.step));
        step.unreadable.iter().cloned().for_each(&mut say);
        step.message.iter().cloned().for_each(&mut say);
        for culprit in &step.culprits {
            let (id, title, why) = (&culprit.id, &culprit.title, &culprit.why);
            say(format!("`{id}` breaks the gate: {title}\n{}", indent(&format!("{why}\n{}", culprit.output))));
        }
        step.left_out.iter().for_each(|out| say(format!("`{}` is left out, because it needs `{}`", out.id, out.needs)));
        if !step.untested.is_empty() {
            let ids: Vec<_> = step.untested.iter().map(|id| format!("`{id}`")).collect();
            say(format!("left out untried, because `max-gate-runs` was not enough: {}", ids.join(", ")));
        }
    }
    remarks
}

fn indent(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
