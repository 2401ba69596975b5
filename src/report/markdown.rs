//! Findings and the scorecard as Markdown tables.

use super::findings::text::one_line;
use super::findings::{Shown, card};
use crate::check::Audit;
use crate::check::scorecard::Scorecard;

/// The scorecard when it was asked for, then the findings.
pub fn report(shown: &[Shown], scorecard: Option<&Scorecard>, audit: &Audit) -> String {
    let mut out = String::from("# Async audit\n\n");
    if let Some(scorecard) = scorecard {
        out += &format!(
            "**Grade {}**: {} of {} practices pass.\n\n",
            scorecard.grade,
            card::passed(scorecard),
            scorecard.lines.len()
        );
        out += "| | practice | | findings | looked at |\n|---|---|---|---|---|\n";
        for (number, line) in scorecard.lines.iter().enumerate() {
            out += &format!(
                "| {} | {} | {} | {} | {} |\n",
                number + 1,
                card::name(line.practice),
                card::verdict(line),
                card::found(line),
                card::looked_at(line.practice, &audit.counts),
            );
        }
        out.push('\n');
    }
    if shown.is_empty() {
        return out + "No findings.\n";
    }
    out += "| place | code | finding |\n|---|---|---|\n";
    for one in shown {
        let mut message = one.message.clone();
        for step in &one.chain {
            message += &format!("<br>{}:{}: {}", step.path, step.line, step.text);
        }
        if let Some((_, after)) = &one.edit {
            message += &format!("<br>edit: `{}`", one_line(after));
        }
        if let Some(reason) = &one.reason {
            message += &format!("<br>no edit: {reason}");
        }
        out += &format!("| {}:{} | {} | {} |\n", cell(&one.path), one.line, one.code.name(), cell(&message));
    }
    out
}

/// Text that does not end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
