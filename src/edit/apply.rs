//! Applies the edits of one file in one pass and maps positions between the two texts.
//!
//! Sorting aside, the time is linear in the text and the edits.

use std::cmp::Reverse;
use std::fmt;

use ruff_text_size::{Ranged, TextLen, TextRange, TextSize};

use super::{Edit, Place};

/// The new text, and where everything went.
#[derive(Clone, Debug)]
pub struct Applied {
    pub text: String,
    pub map: PositionMap,
}

/// Edits that cannot be applied: always a bug of the rewriter that made them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// Two edits want the same bytes, or one inserts into what another replaces.
    Overlap { first: TextRange, second: TextRange },
    /// The range is outside of the text, or splits a character.
    OutOfText { range: TextRange },
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlap { first, second } => write!(f, "the edits at bytes {first:?} and {second:?} overlap"),
            Self::OutOfText { range } => write!(f, "the edit at bytes {range:?} is outside of the text"),
        }
    }
}

impl std::error::Error for EditError {}

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<Applied, EditError> {
    let mut order: Vec<usize> = (0..edits.len()).collect();
    order.sort_unstable_by_key(|&index| sort_key(&edits[index], index));

    let mut new = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut pieces = Vec::with_capacity(edits.len());
    let mut last = TextRange::default();
    for edit in order.into_iter().map(|index| &edits[index]) {
        if edit.range.start() < last.end() {
            if edit.place == Place::Dedent {
                continue;
            }
            return Err(EditError::Overlap { first: last, second: edit.range });
        }
        let kept = TextRange::new(last.end(), edit.range.start());
        let valid = text.get(kept.to_std_range()).filter(|_| text.get(edit.range.to_std_range()).is_some());
        new.push_str(valid.ok_or(EditError::OutOfText { range: edit.range })?);
        let start = new.text_len();
        new.push_str(&edit.text);
        pieces.push(Piece { old: edit.range, new: TextRange::new(start, new.text_len()) });
        last = edit.range;
    }
    new.push_str(&text[last.end().to_usize()..]);
    Ok(Applied { text: new, map: PositionMap { pieces } })
}

/// By offset, then by place (see [`Place`]); ties keep the order they were made in, mirrored where they close.
fn sort_key(edit: &Edit, index: usize) -> (TextSize, u8, Reverse<u32>, isize) {
    let index = index.cast_signed();
    let (class, nesting, tie) = match edit.place {
        Place::Close(node) => (0, node.start().to_u32(), -index),
        Place::Between => (1, 0, index),
        Place::Open(node) => (2, node.end().to_u32(), index),
        Place::Replace => (3, 0, index),
        Place::Dedent => (4, 0, index),
    };
    (edit.range.start(), class, Reverse(nesting), tie)
}

/// Which side of an edit a position belongs to when text was inserted right at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The position starts something: inserted text stands before it.
    Start,
    /// The position ends something: inserted text stands after it.
    End,
}

/// Maps positions between the original and the new text. A look-up is a binary search over the edits.
#[derive(Clone, Debug, Default)]
pub struct PositionMap {
    /// One for each edit, in text order; between them the two texts are equal.
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    old: TextRange,
    new: TextRange,
}

impl PositionMap {
    /// Where `offset` of the original text is now. Inside a replaced range: the start (or end) of the replacement.
    pub fn to_new(&self, offset: TextSize, side: Side) -> TextSize {
        let before = match side {
            Side::Start => self.pieces.partition_point(|piece| piece.old.start() <= offset),
            Side::End => self.pieces.partition_point(|piece| piece.old.start() < offset),
        };
        let Some(piece) = before.checked_sub(1).map(|last| self.pieces[last]) else { return offset };
        match (offset >= piece.old.end(), side) {
            (true, _) => piece.new.end() + (offset - piece.old.end()),
            (false, Side::Start) => piece.new.start(),
            (false, Side::End) => piece.new.end(),
        }
    }

    /// Where `offset` of the new text was, or `None` inside inserted text. A replacement starts and ends where what it
    /// replaced did.
    pub fn to_old(&self, offset: TextSize, side: Side) -> Option<TextSize> {
        let before = match side {
            Side::Start => self.pieces.partition_point(|piece| piece.new.start() <= offset),
            Side::End => self.pieces.partition_point(|piece| piece.new.start() < offset),
        };
        let Some(piece) = before.checked_sub(1).map(|last| self.pieces[last]) else { return Some(offset) };
        if offset >= piece.new.end() {
            return Some(piece.old.end() + (offset - piece.new.end()));
        }
        (offset == piece.new.start() && !piece.old.is_empty()).then(|| piece.old.start())
    }

    /// Where a node of the original text is now, without what was put around it.
    pub fn range_to_new(&self, range: TextRange) -> TextRange {
        let start = self.to_new(range.start(), Side::Start);
        TextRange::new(start, self.to_new(range.end(), Side::End).max(start))
    }

    /// Where a node of the new text was, or `None` when it starts or ends inside inserted text.
    pub fn range_to_old(&self, range: TextRange) -> Option<TextRange> {
        let (start, end) = (self.to_old(range.start(), Side::Start)?, self.to_old(range.end(), Side::End)?);
        (start <= end).then(|| TextRange::new(start, end))
    }

    /// The ranges of the new text that hold edited text, and what they replaced, in text order.
    pub fn edited(&self) -> impl Iterator<Item = (TextRange, TextRange)> {
        self.pieces.iter().map(|piece| (piece.old, piece.new))
    }
}

impl Ranged for Edit {
    fn range(&self) -> TextRange {
        self.range
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{EditKind, FileEdits};

    fn range(start: u32, end: u32) -> TextRange {
        TextRange::new(start.into(), end.into())
    }

    fn edits(make: impl Fn(&mut FileEdits, usize)) -> FileEdits {
        let mut edits = FileEdits::default();
        let change = edits.change(EditKind::Import);
        make(&mut edits, change);
        edits
    }

    #[test]
    fn outer_nodes_open_first_and_close_last_whatever_the_order() {
        let text = "f().g()";
        let nested = |outer_first: bool| {
            edits(|edits, change| {
                let mut nodes = [(range(0, 7), "<", ">"), (range(0, 3), "[", "]")];
                if !outer_first {
                    nodes.reverse();
                }
                for (node, open, close) in nodes {
                    edits.open(change, node, open);
                    edits.close(change, node, close);
                }
            })
        };
        assert_eq!(nested(true).apply(text).unwrap().text, "<[f()].g()>");
        assert_eq!(nested(false).apply(text).unwrap().text, "<[f()].g()>");
    }

    #[test]
    fn lines_stand_between_what_closes_and_what_opens() {
        let made = edits(|edits, change| {
            edits.open(change, range(2, 4), "(");
            edits.insert(change, 2.into(), "1");
            edits.replace(change, range(2, 3), "X");
            edits.insert(change, 2.into(), "2");
            edits.close(change, range(0, 2), ")");
        });
        assert_eq!(made.apply("abcd").unwrap().text, "ab)12(Xd");
    }

    #[test]
    fn overlapping_edits_are_refused() {
        let made = edits(|edits, change| {
            edits.replace(change, range(0, 3), "x");
            edits.insert(change, 2.into(), "y");
        });
        assert_eq!(
            made.apply("abcd").unwrap_err(),
            EditError::Overlap { first: range(0, 3), second: TextRange::empty(2.into()) }
        );
    }

    #[test]
    fn edits_outside_the_text_or_inside_a_character_are_refused() {
        let outside = edits(|edits, change| edits.replace(change, range(3, 9), "x"));
        assert!(matches!(outside.apply("abcd"), Err(EditError::OutOfText { .. })));
        let inside = edits(|edits, change| edits.insert(change, 1.into(), "x"));
        assert!(matches!(inside.apply("é"), Err(EditError::OutOfText { .. })));
    }

    #[test]
    fn positions_map_both_ways() {
        let made = edits(|edits, change| {
            edits.open(change, range(4, 7), "await ");
            edits.replace(change, range(4, 5), "load");
            edits.close(change, range(4, 7), ")");
        });
        let Applied { text, map } = made.apply("x = f() + y").unwrap();
        assert_eq!(text, "x = await load()) + y");
        assert_eq!(map.range_to_new(range(4, 7)), range(10, 16));
        assert_eq!(map.range_to_old(range(10, 16)), Some(range(4, 7)));
        assert_eq!(map.to_new(10.into(), Side::Start), 20.into());
        assert_eq!(map.to_old(20.into(), Side::Start), Some(10.into()));
        assert_eq!(map.to_old(6.into(), Side::Start), None);
    }
}
