//! The inverse of words replaced in strings that are no expressions: docstrings, and names that are looked up.

use ruff_python_ast::StringLiteral;
use ruff_text_size::{Ranged, TextRange};

use super::Context;
use crate::edit::EditKind;

impl Context<'_> {
    /// The changes of words within a string.
    pub(super) fn word_changes(&self, string: TextRange) -> Vec<TextRange> {
        let from = self.changed.partition_point(|node| node.start() < string.start());
        let within = self.changed[from..].iter().take_while(|node| node.start() <= string.end());
        let is_word = |node: &&TextRange| {
            let mut changes = self.by_range[*node].iter();
            changes.any(|change| matches!(self.file.edits.changes[*change], EditKind::Mention { .. }))
        };
        within.filter(|node| string.contains_range(**node)).filter(is_word).copied().collect()
    }

    /// The new string is the old one with `words` replaced, each of them whole, and each by another name.
    pub(super) fn words(&self, old: &StringLiteral, new: &StringLiteral, words: &[TextRange]) {
        let mut changes = vec![];
        for word in words {
            let Some(change) = self.take(*word, |kind| matches!(kind, EditKind::Mention { .. })) else { continue };
            let (was, is) = (self.old_text(*word), self.written(change, *word));
            if !is_path(was) || !is_path(&is) || was == is || !self.is_whole(*word) {
                self.misfit(*word, "the recorded word");
            }
            changes.push(change);
        }
        let expected = self.apply(old.range, |edit| changes.contains(&self.file.edits.edits[edit].change));
        if self.file.new.get(new.range().start().to_usize()..new.range().end().to_usize()) != Some(&*expected) {
            self.differ(old.range, new.range);
        }
    }

    /// No letter, digit or underscore touches the word in the old text.
    fn is_whole(&self, word: TextRange) -> bool {
        let part = |char: char| char == '_' || char.is_alphanumeric();
        let (before, after) = (&self.file.old[..word.start().to_usize()], &self.file.old[word.end().to_usize()..]);
        !before.ends_with(part) && !after.starts_with(part)
    }
}

/// Identifiers with dots between them.
fn is_path(text: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|first: char| first == '_' || first.is_alphabetic())
            && part.chars().all(|char| char == '_' || char.is_alphanumeric())
    };
    text.split('.').all(is_name)
}
