//! Where an original offset lies in the new text and the other way round, by arithmetic over the edits alone.

use ruff_text_size::{TextLen, TextRange, TextSize};

use crate::edit::{Edit, FileEdits, Place};

/// One edit: what it replaced and where its text stands now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub old: TextRange,
    pub new: TextRange,
    /// Index into [`FileEdits::edits`].
    pub edit: usize,
}

/// The edits of a file in text order. They do not overlap, and lie on character boundaries within the original text.
#[derive(Debug)]
pub(crate) struct Offsets {
    spans: Vec<Span>,
}

impl Offsets {
    /// Checks the edits; an error names the first bad offset.
    pub fn new(text: &str, edits: &FileEdits) -> Result<Offsets, (TextSize, String)> {
        let mut order: Vec<usize> = (0..edits.edits.len()).collect();
        order.sort_by_key(|&edit| order_at_offset(&edits.edits[edit], edit));
        let mut spans: Vec<Span> = Vec::with_capacity(order.len());
        let (mut end, mut new_end) = (TextSize::new(0), TextSize::new(0));
        for edit in order {
            let entry = &edits.edits[edit];
            let old = entry.range;
            if text.get(old.start().to_usize()..old.end().to_usize()).is_none() {
                return Err((old.start().min(text.text_len()), "an edit lies outside of the text".to_string()));
            }
            if old.start() < end && entry.place == Place::Dedent {
                continue;
            }
            if old.start() < end {
                return Err((old.start(), format!("the edit of `{}` overlaps another", entry.text)));
            }
            if entry.change >= edits.changes.len() {
                return Err((old.start(), format!("the edit of `{}` belongs to no recorded change", entry.text)));
            }
            let start = new_end + (old.start() - end);
            let new = TextRange::at(start, entry.text.text_len());
            spans.push(Span { old, new, edit });
            (end, new_end) = (old.end(), new.end());
        }
        Ok(Offsets { spans })
    }

    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Where the original text at `offset` stands now: behind everything inserted at `offset`.
    pub fn to_new(&self, offset: TextSize) -> TextSize {
        self.shift(self.spans.partition_point(|span| span.old.end() <= offset), offset)
    }

    /// As `to_new`, but in front of everything inserted at `offset`.
    pub fn to_new_before(&self, offset: TextSize) -> TextSize {
        let before = |span: &Span| span.old.end() < offset || (span.old.end() == offset && !span.old.is_empty());
        self.shift(self.spans.partition_point(before), offset)
    }

    fn shift(&self, count: usize, offset: TextSize) -> TextSize {
        match self.spans[..count].last() {
            None => offset,
            Some(last) => last.new.end() + (offset - last.old.end()),
        }
    }

    /// The original offset of a place in the new text; text of an edit belongs to where the edit starts.
    pub fn to_old(&self, offset: TextSize) -> TextSize {
        match self.spans[..self.spans.partition_point(|span| span.new.start() <= offset)].last() {
            None => offset,
            Some(last) if offset < last.new.end() => last.old.start(),
            Some(last) => last.old.end() + (offset - last.new.end()),
        }
    }

    /// The edit whose text contains `range` of the new text.
    pub fn written_by(&self, range: TextRange) -> Option<usize> {
        let candidates = &self.spans[..self.spans.partition_point(|span| span.new.start() <= range.start())];
        let span = candidates.iter().rev().find(|span| !span.new.is_empty())?;
        span.new.contains_range(range).then_some(span.edit)
    }

    /// True when some of `range` of the new text is the text of an edit.
    pub fn writes(&self, range: TextRange) -> bool {
        let from = self.spans.partition_point(|span| span.new.end() <= range.start());
        let near = self.spans[from..].iter().take_while(|span| span.new.start() < range.end());
        near.into_iter().any(|span| !span.new.is_empty())
    }

    /// True when an edit replaces some of `range`, or inserts inside of it.
    pub fn touches(&self, range: TextRange) -> bool {
        let from = self.spans.partition_point(|span| span.old.end() <= range.start());
        self.spans[from..].first().is_some_and(|span| span.old.start() < range.end())
    }

    /// The edits within `range` of the original text, in text order.
    pub fn within(&self, range: TextRange) -> impl Iterator<Item = &Span> {
        let from = self.spans.partition_point(|span| span.old.start() < range.start());
        self.spans[from..]
            .iter()
            .take_while(move |span| span.old.start() <= range.end())
            .filter(move |span| span.old.end() <= range.end())
    }
}

/// The order that [`Place`] promises: closes of inner nodes before those of outer ones, free-standing text as it was made,
/// opens of outer nodes before those of inner ones, replacements, and dedents.
fn order_at_offset(edit: &Edit, index: usize) -> (TextSize, usize, i64, i64) {
    let (made, offset) = (index as i64, |at: TextSize| i64::from(at.to_u32()));
    let (rank, outer, tie) = match edit.place {
        Place::Close(node) => (0, -offset(node.start()), -made),
        Place::Between => (1, 0, made),
        Place::Open(node) => (2, -offset(node.end()), made),
        Place::Replace => (3, 0, made),
        Place::Dedent => (4, 0, made),
    };
    (edit.range.start(), rank, outer, tie)
}
