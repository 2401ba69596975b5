//! Findings and the scorecard as one HTML page that needs nothing else.

use super::findings::json::severity;
use super::findings::text::one_line;
use super::findings::{Shown, card};
use crate::check::Audit;
use crate::check::scorecard::Scorecard;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#222;background:#fff}\
table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{border-bottom:1px solid #ddd;padding:.4rem .6rem;text-align:left;vertical-align:top}\
code,pre{font:13px/1.4 ui-monospace,monospace}pre{margin:.3rem 0;white-space:pre-wrap}.PASS{color:#17692f}.FAIL,.error{color:#b3261e}\
.warning{color:#8a5a00}.note{color:#3a5f8a}.grade{font-size:2rem}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}\
td,th{border-color:#444}.PASS{color:#7bd88f}.FAIL,.error{color:#ff8a80}.warning{color:#ffcf70}.note{color:#9cc4f0}}";

/// The page.
pub fn report(shown: &[Shown], scorecard: Option<&Scorecard>, audit: &Audit) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Async audit</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>Async audit</h1>\n"
    );
    if let Some(scorecard) = scorecard {
        out += &practices(scorecard, audit);
    }
    out += &format!("<h2>Findings ({})</h2>\n", shown.len());
    if !shown.is_empty() {
        out += "<table>\n<tr><th>place</th><th>code</th><th>finding</th></tr>\n";
        out.extend(shown.iter().map(row));
        out += "</table>\n";
    }
    out + "</body>\n</html>\n"
}

fn practices(scorecard: &Scorecard, audit: &Audit) -> String {
    let mut out = format!(
        "<p class=\"grade\">Grade {}</p>\n<p>{} of {} practices pass.</p>\n<table>\n\
         <tr><th></th><th>practice</th><th></th><th>findings</th><th>looked at</th></tr>\n",
        scorecard.grade,
        card::passed(scorecard),
        scorecard.lines.len()
    );
    for (number, line) in scorecard.lines.iter().enumerate() {
        let verdict = card::verdict(line);
        out += &format!(
            "<tr><td>{}</td><td>{}</td><td class=\"{verdict}\">{verdict}</td><td>{}</td><td>{}</td></tr>\n",
            number + 1,
            marked(card::name(line.practice)),
            card::found(line),
            marked(&card::looked_at(line.practice, &audit.counts)),
        );
    }
    out + "</table>\n"
}

fn row(one: &Shown) -> String {
    let mut message = marked(&one.message);
    if !one.chain.is_empty() {
        let steps: Vec<String> =
            one.chain.iter().map(|step| escaped(&format!("{}:{}: {}", step.path, step.line, step.text))).collect();
        message += &format!("<pre>{}</pre>", steps.join("\n"));
    }
    if let Some((_, after)) = &one.edit {
        message += &format!("<pre>edit: {}</pre>", escaped(&one_line(after)));
    }
    if let Some(reason) = &one.reason {
        message += &format!("<br>no edit: {}", marked(reason));
    }
    format!(
        "<tr><td><code>{}:{}</code></td><td class=\"{}\">{}</td><td>{message}</td></tr>\n",
        escaped(&one.path),
        one.line,
        severity(one.code.rule().severity),
        one.code.name(),
    )
}

/// Escaped text with what stands in backticks as code.
fn marked(text: &str) -> String {
    let parts = escaped(text);
    let mut out = String::with_capacity(parts.len());
    for (number, part) in parts.split('`').enumerate() {
        out += &if number % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() };
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_code_marked() {
        assert_eq!(marked("`a < b` & c"), "<code>a &lt; b</code> &amp; c");
    }
}
