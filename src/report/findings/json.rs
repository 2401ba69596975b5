//! `check --format json`.
//!
//! The schema, version 1. `version`; `counts`: what was looked at; `findings`: an object each (`code`, `name`, `severity`,
//! `file`, `line`, `column`, `end_line`, `end_column`, `message`; `chain`: steps with `file`, `line`, `text`; `edit`: `before` and
//! `after`; `reason`: why there is no edit; `related`: another place); `ignored`: how many comments ignore; `scorecard` when it was
//! asked for: `grade` and `practices` (`name`, `passes`, `found`: counts by code); `problems`, `unreadable`. Keys are only ever added.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Shown, Step, card};
use crate::check::scorecard::Scorecard;
use crate::check::{Audit, Severity};
use crate::error::Problem;

#[derive(Serialize)]
struct Report {
    version: u32,
    counts: Value,
    findings: Vec<Value>,
    ignored: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    scorecard: Option<Value>,
    problems: Vec<String>,
    unreadable: Vec<String>,
}

/// The report as one JSON object.
pub fn report(
    shown: &[Shown],
    scorecard: Option<&Scorecard>,
    audit: &Audit,
    problems: &[Problem],
    unreadable: &[Problem],
) -> String {
    let counts = &audit.counts;
    let report = Report {
        version: 1,
        counts: json!({
            "files": counts.files,
            "async_functions": counts.async_functions,
            "awaits": counts.awaits,
            "handlers": counts.handlers,
            "tasks": counts.tasks,
            "groups": counts.groups,
            "clients": counts.entered,
            "pools": counts.pools,
            "asyncio_uses": counts.asyncio_uses,
        }),
        findings: shown.iter().map(finding).collect(),
        ignored: audit.ignored,
        scorecard: scorecard.map(practices),
        problems: problems.iter().map(Problem::to_string).collect(),
        unreadable: unreadable.iter().map(Problem::to_string).collect(),
    };
    serde_json::to_string_pretty(&report).expect("plain data serializes") + "\n"
}

/// `error`, `warning` or `note`.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// One finding.
pub fn finding(one: &Shown) -> Value {
    let mut value = json!({
        "code": one.code.name(),
        "name": one.code.rule().slug,
        "severity": severity(one.code.rule().severity),
        "file": one.path,
        "line": one.line,
        "column": one.column,
        "end_line": one.end_line,
        "end_column": one.end_column,
        "message": one.message,
    });
    if !one.chain.is_empty() {
        value["chain"] = one.chain.iter().map(step).collect();
    }
    if let Some((before, after)) = &one.edit {
        value["edit"] = json!({ "before": before, "after": after });
    }
    if let Some(reason) = &one.reason {
        value["reason"] = json!(reason);
    }
    if let Some(related) = &one.related {
        value["related"] = step(related);
    }
    value
}

fn step(step: &Step) -> Value {
    json!({ "file": step.path, "line": step.line, "text": step.text })
}

fn practices(scorecard: &Scorecard) -> Value {
    let line = |line: &crate::check::scorecard::Line| {
        let found: serde_json::Map<String, Value> =
            line.codes.iter().map(|(code, count)| (code.name().to_owned(), json!(count))).collect();
        json!({ "name": card::name(line.practice), "passes": line.passes, "found": found })
    };
    json!({ "grade": scorecard.grade.to_string(), "practices": scorecard.lines.iter().map(line).collect::<Vec<_>>() })
}
