//! Findings as SARIF 2.1.0, which code scanning reads.

use serde_json::{Value, json};

use super::findings::json::severity;
use super::findings::text::one_line;
use super::findings::{Shown, Step};
use crate::check::Code;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One run with all rules and a result for each finding.
pub fn report(shown: &[Shown]) -> String {
    let rules: Vec<Value> = Code::ALL.iter().map(|code| rule(*code)).collect();
    let results: Vec<Value> = shown.iter().map(result).collect();
    let report = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "awaitify",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&report).expect("plain data serializes") + "\n"
}

fn rule(code: Code) -> Value {
    let rule = code.rule();
    json!({
        "id": rule.name,
        "name": rule.slug,
        "shortDescription": { "text": format!("{}.", rule.title) },
        "defaultConfiguration": { "level": severity(rule.severity) },
    })
}

fn result(one: &Shown) -> Value {
    let mut message = one.message.clone();
    if let Some((_, after)) = &one.edit {
        message += &format!("; edit: `{}`", one_line(after));
    }
    if let Some(reason) = &one.reason {
        message += &format!("; no edit: {reason}");
    }
    let index = Code::ALL.iter().position(|code| *code == one.code).unwrap_or_default();
    let mut result = json!({
        "ruleId": one.code.name(),
        "ruleIndex": index,
        "level": severity(one.code.rule().severity),
        "message": { "text": message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&one.path) },
            "region": {
                "startLine": one.line,
                "startColumn": one.column,
                "endLine": one.end_line,
                "endColumn": one.end_column,
            },
        }}],
    });
    if !one.chain.is_empty() {
        let locations: Vec<Value> = one.chain.iter().map(|step| json!({ "location": location(step) })).collect();
        result["codeFlows"] = json!([{ "threadFlows": [{ "locations": locations }] }]);
    }
    if let Some(related) = &one.related {
        result["relatedLocations"] = json!([location(related)]);
    }
    result
}

fn location(step: &Step) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&step.path) },
            "region": { "startLine": step.line },
        },
        "message": { "text": step.text },
    })
}

/// A relative path as a URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("a b/ü.py"), "a%20b/%C3%BC.py");
    }
}
