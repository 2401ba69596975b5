//! Findings as commands of a GitHub workflow, which shows them beside the lines of a pull request.

use super::findings::Shown;
use super::findings::text::one_line;
use crate::check::Severity;

/// One `::warning file=...::message` line a finding.
pub fn report(shown: &[Shown]) -> String {
    shown.iter().map(line).collect()
}

fn line(one: &Shown) -> String {
    let command = match one.code.rule().severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut message = one.message.clone();
    for step in &one.chain {
        message += &format!("\n{}:{}: {}", step.path, step.line, step.text);
    }
    if let Some((_, after)) = &one.edit {
        message += &format!("\nedit: {}", one_line(after));
    }
    if let Some(reason) = &one.reason {
        message += &format!("\nno edit: {reason}");
    }
    let title = format!("{} {}", one.code.name(), one.code.rule().slug);
    format!(
        "::{command} file={},line={},endLine={},col={},endColumn={},title={}::{}\n",
        property(&one.path),
        one.line,
        one.end_line,
        one.column,
        one.end_column,
        property(&title),
        data(&message),
    )
}

/// A message with what GitHub would read as the end of it escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same for the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_command_is_escaped() {
        assert_eq!(data("50%\nof it"), "50%25%0Aof it");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
