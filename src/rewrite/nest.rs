//! Statements that move one level deeper, under a new `async with`. Their text moves with all changes in it, when those are made.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_parser::{ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::context::Context;
use crate::edit::FileEdits;

/// A statement that is written anew around its moved parts.
#[derive(Debug)]
pub(super) struct Nest {
    pub change: usize,
    /// What is replaced.
    pub statement: TextRange,
    pub pieces: Vec<Piece>,
}

#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    /// The text of a node of the header.
    Node(TextRange),
    /// The rest of the statement, with so much more indentation.
    Deeper(TextRange, String),
}

/// Writes the moved statements, inner ones first.
pub(super) fn write(text: &str, mut nests: Vec<Nest>, edits: &mut FileEdits) {
    nests.sort_by_key(|nest| std::cmp::Reverse(nest.statement.start()));
    for nest in nests {
        let mut new = String::new();
        for piece in nest.pieces {
            // Edits that overlap are found when all are applied.
            match piece {
                Piece::Text(text) => new.push_str(&text),
                Piece::Node(range) => new.push_str(&edits.absorb_node(text, range).unwrap_or_default()),
                Piece::Deeper(range, unit) => {
                    new.push_str(&deeper(&edits.absorb_node(text, range).unwrap_or_default(), &unit));
                }
            }
        }
        edits.replace(nest.change, nest.statement, new);
    }
}

/// The text with `unit` at the start of each line that is not blank and not inside a string.
fn deeper(text: &str, unit: &str) -> String {
    let parsed = parse_unchecked(text, ParseOptions::from(ruff_python_parser::Mode::Module));
    let strings = strings(parsed.tokens());
    let mut new = String::with_capacity(text.len());
    let mut offset = TextSize::default();
    for line in text.split_inclusive('\n') {
        let inside = strings.iter().any(|string| string.start() < offset && offset < string.end());
        if offset > TextSize::default() && !inside && !line.trim().is_empty() {
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
