//! Statements that move one level deeper, under a new `async with`: more indentation for their lines, and for the lines that
//! other changes write in them.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::context::Context;
use crate::edit::{Edit, FileEdits, Place};

/// The lines of a statement that are to be indented.
#[derive(Debug)]
pub(super) struct Nest {
    pub change: usize,
    /// From behind the header, which stays in its line, to the end of the last line.
    pub body: TextRange,
    /// What each line gets.
    pub unit: String,
}

/// Indents the bodies. All other edits are made.
pub(super) fn write(text: &str, tokens: &Tokens, nests: &[Nest], edits: &mut FileEdits) {
    for nest in nests {
        for edit in edits.edits.iter_mut().filter(|edit| is_within(nest, edit)) {
            edit.text = deeper(&edit.text, &nest.unit);
        }
    }
    if nests.is_empty() {
        return;
    }
    let strings = strings(tokens);
    for nest in nests {
        for start in line_starts(text, nest.body) {
            let in_string = strings.iter().any(|string| string.start() < start && start < string.end());
            if !in_string && !is_blank(text, start) && !is_gone(&edits.edits, start) {
                edits.insert(nest.change, start, nest.unit.clone());
            }
        }
    }
}

fn is_within(nest: &Nest, edit: &Edit) -> bool {
    edit.change != nest.change && nest.body.contains_range(edit.range) && edit.range.start() > nest.body.start()
}

/// The offsets behind the line breaks of a range.
fn line_starts(text: &str, range: TextRange) -> impl Iterator<Item = TextSize> {
    let mut offset = range.start();
    text[range.to_std_range()].split_inclusive('\n').filter_map(move |line| {
        offset += TextSize::of(line);
        line.ends_with('\n').then_some(offset)
    })
}

fn is_blank(text: &str, start: TextSize) -> bool {
    let line = text[start.to_usize()..].split('\n').next().unwrap_or_default();
    line.trim().is_empty()
}

/// Does an edit replace the start of the line, or delete the line?
fn is_gone(edits: &[Edit], start: TextSize) -> bool {
    edits.iter().any(|edit| {
        let is_inside = edit.range.start() < start && start < edit.range.end();
        is_inside || edit.range.start() == start && edit.text.is_empty() && edit.place == Place::Replace
    })
}

/// The text with `unit` at the start of each line but the first that is not blank and not inside a string.
fn deeper(text: &str, unit: &str) -> String {
    if !text.contains('\n') {
        return text.to_owned();
    }
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
    let strings = strings(parsed.tokens());
    let mut new = String::with_capacity(text.len());
    let mut offset = TextSize::default();
    for line in text.split_inclusive('\n') {
        let in_string = strings.iter().any(|string| string.start() < offset && offset < string.end());
        // The last line may go on behind the edit.
        let is_last = offset + TextSize::of(line) == TextSize::of(text);
        if offset > TextSize::default() && !in_string && (is_last || !line.trim().is_empty()) {
            new.push_str(unit);
        }
        new.push_str(line);
        offset += TextSize::of(line);
    }
    new
}

/// The ranges of strings, with all that is in an f-string.
fn strings(tokens: &Tokens) -> Vec<TextRange> {
    let mut found = vec![];
    let mut open = vec![];
    for token in tokens.iter() {
        match token.kind() {
            TokenKind::String => found.push(token.range()),
            TokenKind::FStringStart | TokenKind::TStringStart => open.push(token.start()),
            TokenKind::FStringEnd | TokenKind::TStringEnd => {
                found.extend(open.pop().map(|start| TextRange::new(start, token.end())));
            }
            _ => {}
        }
    }
    found
}

impl Context<'_> {
    /// The end of a statement with the comments behind it that are indented more than it is.
    pub fn end_with_comments(&self, statement: TextRange) -> TextSize {
        let own = self.indentation(statement.start()).len();
        let mut end = self.with_trailing_comment(statement).end();
        for token in self.tokens.after(end) {
            match token.kind() {
                TokenKind::Comment if self.indentation(token.start()).len() > own => end = token.end(),
                TokenKind::Newline | TokenKind::NonLogicalNewline | TokenKind::Indent | TokenKind::Dedent => {}
                _ => break,
            }
        }
        end
    }
}
