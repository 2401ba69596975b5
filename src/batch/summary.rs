//! What a batch comes to, in a table and a number.

use super::{Outcome, RootReport, StepReport};

pub(crate) fn exit_code(reports: &[RootReport]) -> u8 {
    let of_step = |step: &StepReport| match step.outcome {
        Outcome::Nothing | Outcome::Applied => 0,
        Outcome::Planned | Outcome::Partly | Outcome::Undone | Outcome::Stopped => 1,
        Outcome::Failed => 2,
    };
    let of_root = |report: &RootReport| {
        let steps = report.steps.iter().map(of_step).max().unwrap_or(0);
        if report.error.is_some() { 2 } else { steps }
    };
    reports.iter().map(of_root).max().unwrap_or(0)
}

pub(crate) fn table(reports: &[RootReport]) -> String {
    let mut rows = vec![["root", "step", "result", "groups", "files", "gate runs", "time"].map(str::to_owned)];
    for report in reports {
        rows.extend(report.steps.iter().map(|step| row(report, step)));
        if report.error.is_some() {
            let empty = String::new;
            rows.push([name(report), "-".to_owned(), "error".to_owned(), empty(), empty(), empty(), empty()]);
        }
    }
    let widths: Vec<_> =
        (0..7).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &[String; 7]| {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).chain(reports.iter().flat_map(remarks)).collect()
}

fn row(report: &RootReport, step: &StepReport) -> [String; 7] {
    let result = match step.outcome {
        Outcome::Nothing => "nothing to do",
        Outcome::Planned => "planned",
        Outcome::Applied => "applied",
        Outcome::Partly => "partly applied",
        Outcome::Undone => "undone",
        Outcome::Stopped => "stopped, changes left in place",
        Outcome::Failed => "error",
    };
    [
        name(report),
        step.step.clone(),
        result.to_owned(),
        format!("{}/{}", step.applied, step.groups),
        step.files.to_string(),
        step.gate_runs.to_string(),
        format!("{:.1}s", step.seconds),
    ]
}

/// What the table has no room for.
fn remarks(report: &RootReport) -> Vec<String> {
    let mut remarks: Vec<_> = report.error.iter().map(|error| format!("{}: {error}\n", name(report))).collect();
    for step in &report.steps {
        let mut say = |text: String| remarks.push(format!("{}: {}: {text}\n", name(report), step.step));
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

fn name(report: &RootReport) -> String {
    report
        .root
        .file_name()
        .map_or_else(|| report.root.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn indent(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
