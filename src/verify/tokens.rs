//! Outside of the edits every byte, token and comment is what it was, in the same order.

use ruff_python_ast::ModModule;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::offsets::Offsets;
use super::{Check, Failure, Rewritten};
use crate::edit::EditKind;

pub(super) fn check(
    file: &Rewritten,
    offsets: &Offsets,
    old: &Parsed<ModModule>,
    new: &Parsed<ModModule>,
) -> Vec<Failure> {
    // Without this the offsets of tokens mean nothing.
    if let Some(failure) = bytes(file, offsets) {
        return vec![failure];
    }
    let (old, new) = (significant(old), significant(new));
    let mut failures = Vec::new();
    failures.extend(lost_token(file, offsets, &old, &new));
    failures.extend(stray_token(file, offsets, &old, &new));
    failures.extend(comments(file, &old, &new));
    failures
}

/// The new text is the old one with the edits, byte for byte.
fn bytes(file: &Rewritten, offsets: &Offsets) -> Option<Failure> {
    let mut old_end = TextSize::new(0);
    let mut new_end = TextSize::new(0);
    for span in offsets.spans() {
        let kept = TextRange::new(old_end, span.old.start());
        if let Some(failure) = differs(file, kept, new_end) {
            return Some(failure);
        }
        if slice(file.new, span.new) != Some(&file.edits.edits[span.edit].text) {
            let message = format!("the edit is not in the new text: `{}`", file.edits.edits[span.edit].text);
            return Some(file.failure(Check::Tokens, span.old.start(), message));
        }
        (old_end, new_end) = (span.old.end(), span.new.end());
    }
    let end = TextSize::try_from(file.old.len()).expect("verify checks the length");
    differs(file, TextRange::new(old_end, end), new_end).or_else(|| {
        let rest = &file.new[(new_end + (end - old_end)).to_usize()..];
        (!rest.is_empty()).then(|| file.failure(Check::Tokens, end, "text is added at the end of the file"))
    })
}

/// A failure when the old text of `kept` does not stand at `at` in the new text; it names the first byte that differs.
fn differs(file: &Rewritten, kept: TextRange, at: TextSize) -> Option<Failure> {
    let old = &file.old.as_bytes()[kept.start().to_usize()..kept.end().to_usize()];
    let new = &file.new.as_bytes()[at.to_usize().min(file.new.len())..];
    if new.starts_with(old) {
        return None;
    }
    let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let offset = kept.start() + TextSize::try_from(same).expect("verify checks the length");
    Some(file.failure(Check::Tokens, offset, "the text outside of the edits differs"))
}

fn slice(text: &str, range: TextRange) -> Option<&str> {
    text.get(range.start().to_usize()..range.end().to_usize())
}

/// All tokens but layout: an edit may open a parenthesis, and then a newline is no longer a token.
fn significant(parsed: &Parsed<ModModule>) -> Vec<Token> {
    let layout =
        [TokenKind::Newline, TokenKind::NonLogicalNewline, TokenKind::Indent, TokenKind::Dedent, TokenKind::EndOfFile];
    parsed.tokens().iter().copied().filter(|token| !layout.contains(&token.kind())).collect()
}

/// A token outside of the edits that is no token any more, because an edit before it opened a string or a comment.
fn lost_token(file: &Rewritten, offsets: &Offsets, old: &[Token], new: &[Token]) -> Option<Failure> {
    let mut rest = new.iter();
    let untouched = old.iter().filter(|token| !offsets.touches(token.range()));
    let mut places = untouched.map(|token| (token, TextRange::at(offsets.to_new(token.start()), token.range().len())));
    let lost = places
        .find(|(token, place)| !rest.by_ref().any(|new| new.range() == *place && alike(token.kind(), new.kind())));
    lost.map(|(token, _)| {
        let text = slice(file.old, token.range()).unwrap_or_default();
        file.failure(Check::Tokens, token.start(), format!("the token `{text}` is lost"))
    })
}

/// The parser turns soft keywords into names where they are none.
fn alike(old: TokenKind, new: TokenKind) -> bool {
    let soft = |kind: TokenKind| kind == TokenKind::Name || kind.is_soft_keyword();
    old == new || (soft(old) && soft(new))
}

/// A new token that neither stands in an edit nor stood there before.
fn stray_token(file: &Rewritten, offsets: &Offsets, old: &[Token], new: &[Token]) -> Option<Failure> {
    let mut kept =
        old.iter().filter(|token| !offsets.touches(token.range())).map(|token| offsets.to_new(token.start()));
    let mut next = kept.next();
    for token in new {
        while next.is_some_and(|start| start < token.start()) {
            next = kept.next();
        }
        let written = || offsets.writes(token.range());
        let joined = || offsets.touches(TextRange::new(offsets.to_old(token.start()), offsets.to_old(token.end())));
        if next != Some(token.start()) && !written() && !joined() {
            let text = slice(file.new, token.range()).unwrap_or_default();
            return Some(file.failure(
                Check::Tokens,
                offsets.to_old(token.start()),
                format!("the token `{text}` is new"),
            ));
        }
    }
    None
}

/// All comments of the old text are still there, in order, but for those inside a fallback that was replaced.
fn comments(file: &Rewritten, old: &[Token], new: &[Token]) -> Option<Failure> {
    let text = |text, token: &Token| slice(text, token.range()).unwrap_or_default().trim_end().to_string();
    let is_comment = |token: &&Token| token.kind() == TokenKind::Comment;
    let fallback = |change: &EditKind| match change {
        EditKind::Fallback { statement } => vec![*statement],
        EditKind::Joined { statements, coroutine } => vec![
            TextRange::new(statements.start(), coroutine.start()),
            TextRange::new(coroutine.end(), statements.end()),
        ],
        _ => vec![],
    };
    let fallbacks: Vec<TextRange> = file.edits.changes.iter().flat_map(fallback).collect();
    let replaced = |token: &Token| fallbacks.iter().any(|statement| statement.contains_range(token.range()));
    let mut rest = new.iter().filter(is_comment).map(|token| text(file.new, token));
    let mut kept = old.iter().filter(is_comment).filter(|token| !replaced(token));
    let lost = kept.find(|token| {
        let comment = text(file.old, token);
        !rest.by_ref().any(|new| new == comment)
    });
    lost.map(|token| {
        file.failure(Check::Tokens, token.start(), format!("the comment `{}` is lost", text(file.old, token)))
    })
}
