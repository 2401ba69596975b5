//! Findings for people, and the line that sums them up.

use std::collections::BTreeMap;

use super::Shown;
use crate::check::{Audit, Code, Severity};
use crate::report::diff::Color;
use crate::report::text::plural;

/// One block a finding: place, code and sentence, then the chain and the edit.
pub fn text(shown: &[Shown], color: Color) -> String {
    shown.iter().map(|one| block(one, color)).collect()
}

fn block(one: &Shown, color: Color) -> String {
    let place = format!("{}:{}:{}", one.path, one.line, one.column);
    let code = paint(one.code.name(), color_of(one.code), color);
    let mut out = format!("{}: {code} {}\n", paint(&place, "1", color), one.message);
    for step in &one.chain {
        out += &format!("    {}:{}: {}\n", step.path, step.line, step.text);
    }
    if let Some(step) = &one.related {
        out += &format!("    {}:{}: `{}`\n", step.path, step.line, step.text);
    }
    if let Some((_, after)) = &one.edit {
        out += &format!("    edit: `{}`\n", one_line(after));
    }
    if let Some(reason) = &one.reason {
        out += &format!("    no edit: {reason}\n");
    }
    out
}

/// The text on one line, shortened.
pub fn one_line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > 100 { format!("{}...", text.chars().take(97).collect::<String>()) } else { text }
}

fn color_of(code: Code) -> &'static str {
    match code.rule().severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1;36",
    }
}

fn paint(text: &str, style: &str, color: Color) -> String {
    match color {
        Color::Always => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
        Color::Never => text.to_owned(),
    }
}

/// Counts by code, most severe first.
pub fn summary(audit: &Audit) -> String {
    let mut counts: BTreeMap<(Severity, Code), usize> = BTreeMap::new();
    for finding in &audit.findings {
        *counts.entry((finding.code.rule().severity, finding.code)).or_default() += 1;
    }
    let looked_at =
        format!("{}, {}", plural(audit.counts.files, "file"), plural(audit.counts.async_functions, "async function"));
    let ignored = match audit.ignored {
        0 => String::new(),
        count => format!(", {count} ignored by comments"),
    };
    let mut out = format!("{} in {looked_at}{ignored}\n", plural(audit.findings.len(), "finding"));
    for ((_, code), count) in counts {
        out += &format!("  {} {:<28} {count:>5}\n", code.name(), code.rule().slug);
    }
    out
}
