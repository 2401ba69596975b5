//! AW702: a log message that is an f-string: it is formatted even when nobody logs it, and messages cannot be grouped.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::Finding;
use super::code::Code;
use super::parsed::{Asked, Node, Parsed, Scan, last_name, own_nodes};
use crate::index::facts::FileId;
use crate::py::infer::{Answers, union_parts};

/// A call of something that may be a logger.
#[derive(Clone, Debug)]
pub struct Place {
    pub message: TextRange,
    pub receiver: TextRange,
}

const LEVELS: [&str; 8] = ["debug", "info", "warning", "warn", "error", "exception", "critical", "fatal"];

/// Looks at the log calls of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    for body in parsed.bodies() {
        own_nodes(body.statements, &mut |node| {
            let Node::Expr(Expr::Call(call)) = node else { return };
            let Expr::Attribute(method) = &*call.func else { return };
            if !LEVELS.contains(&method.attr.as_str()) {
                return;
            }
            let Some(message) = call.arguments.args.first().filter(|message| is_interpolated(message)) else { return };
            if is_named_logger(&method.value) {
                scan.findings.push(Finding::plain(Code::LogText, parsed.file, message.range()));
            } else {
                let place = Place { message: message.range(), receiver: method.value.range() };
                scan.asked.push(Asked::Logger(place));
            }
        });
    }
}

fn is_interpolated(message: &Expr) -> bool {
    let Expr::FString(text) = message else { return false };
    text.value.elements().any(|element| matches!(element, ast::InterpolatedStringElement::Interpolation(_)))
}

fn is_named_logger(expr: &Expr) -> bool {
    let name = last_name(expr).unwrap_or_default().to_ascii_lowercase();
    matches!(name.trim_matches('_'), "logger" | "log" | "logging" | "getlogger" | "get_logger")
}

/// The finding at a place, by the type of the receiver.
pub fn judge(file: FileId, place: &Place, answers: &Answers) -> Option<Finding> {
    let answer = answers.expressions.get(&place.receiver)?;
    let is_logger = union_parts(&answer.own).iter().all(|part| part.starts_with("Logger") || *part == "RootLogger");
    is_logger.then(|| Finding::plain(Code::LogText, file, place.message))
}
