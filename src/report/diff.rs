//! Unified diffs as `git apply` takes them, in the bytes of the file's own encoding.
//!
//! Lines end with `\n` only; a `\r` in front of it is part of the line. Where the edits are known, only the lines around them are
//! compared, so a file of 100,000 lines with a few changes costs one pass.

use std::ops::Range;
use std::path::{Component, Path};

use ruff_text_size::TextSize;
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use crate::edit::FileEdits;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;
/// Blocks of more lines are anchored on unique lines first.
const LARGE_BLOCK: usize = 5_000;

/// Escape codes around the lines, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    Never,
    Always,
}

/// Lines (from 0) within which the two texts may differ; between blocks they are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub old: Range<usize>,
    pub new: Range<usize>,
}

/// The unified diff from `old` to `new`, encoded as on the disk; empty when they are equal. `path` is relative. Without
/// `blocks`, or with blocks that do not hold, all lines are compared.
pub fn unified(path: &Path, old: &[u8], new: &[u8], blocks: Option<&[Block]>, color: Color) -> Vec<u8> {
    if old == new {
        return Vec::new();
    }
    let (old, new) = (lines(old), lines(new));
    let hinted = blocks.and_then(|blocks| operations(&old, &new, blocks));
    let ops = hinted.or_else(|| operations(&old, &new, &[whole(&old, &new)])).expect("the whole file is a block");
    let mut out = Output { bytes: Vec::new(), color };
    out.line("1", &[b"--- ", label("a/", path).as_slice()].concat());
    out.line("1", &[b"+++ ", label("b/", path).as_slice()].concat());
    for hunk in group_diff_ops(ops, CONTEXT) {
        out.hunk(&hunk, &old, &new);
    }
    out.bytes
}

/// The lines that the edits of a file touch, from the edits alone.
pub fn blocks(text: &str, edits: &FileEdits) -> Vec<Block> {
    let starts: Vec<usize> =
        std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
    let line = |offset: TextSize| starts.partition_point(|&start| start <= offset.to_usize()) - 1;
    let mut order: Vec<_> = edits.edits.iter().collect();
    order.sort_by_key(|edit| (edit.range.start(), edit.range.end()));
    let mut blocks: Vec<Block> = Vec::new();
    let mut shift = 0_isize;
    for edit in order {
        let old = line(edit.range.start())..line(edit.range.end()) + 1;
        let added = memchr::memchr_iter(b'\n', edit.text.as_bytes()).count();
        let start = old.start.saturating_add_signed(shift);
        shift += added.cast_signed() - (old.len() - 1).cast_signed();
        let new = start..old.end.saturating_add_signed(shift);
        match blocks.last_mut() {
            Some(last) if old.start <= last.old.end => {
                last.old.end = last.old.end.max(old.end);
                last.new.end = last.old.end.saturating_add_signed(shift);
            }
            _ => blocks.push(Block { old, new }),
        }
    }
    blocks
}

/// The changed lines of both texts, as small as they come: a line at a time where as many were taken as were put.
pub fn changes(old: &[u8], new: &[u8], blocks: Option<&[Block]>) -> Vec<Block> {
    let (old, new) = (lines(old), lines(new));
    let hinted = blocks.and_then(|blocks| operations(&old, &new, blocks));
    let ops = hinted.or_else(|| operations(&old, &new, &[whole(&old, &new)])).expect("the whole file is a block");
    let mut changes = Vec::new();
    for op in ops.iter().filter(|op| op.tag() != DiffTag::Equal) {
        let (old, new) = (op.old_range(), op.new_range());
        if old.len() == new.len() {
            changes.extend(old.zip(new).map(|(old, new)| Block { old: old..old + 1, new: new..new + 1 }));
        } else {
            changes.push(Block { old, new });
        }
    }
    changes
}

/// `path` relative to `base`, when it lies below it.
pub fn relative<'a>(base: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(base).unwrap_or(path)
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

/// The one block between the lines that both texts start and end with.
fn whole(old: &[&[u8]], new: &[&[u8]]) -> Block {
    let prefix = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let rest = old[prefix..].iter().rev().zip(new[prefix..].iter().rev());
    let suffix = rest.take_while(|(old, new)| old == new).count();
    Block { old: prefix..old.len() - suffix, new: prefix..new.len() - suffix }
}

/// The operations from `old` to `new`; `None` when the lines between the blocks are not equal.
fn operations(old: &[&[u8]], new: &[&[u8]], blocks: &[Block]) -> Option<Vec<DiffOp>> {
    let mut ops = Operations { ops: Vec::new(), old: 0, new: 0 };
    for block in blocks {
        // A block at the end of the file may count the line behind the last one.
        let old_range = block.old.start.min(old.len())..block.old.end.min(old.len());
        let new_range = block.new.start.min(new.len())..block.new.end.min(new.len());
        ops.equal(old, new, old_range.start, new_range.start)?;
        let (before, after) = (old.get(old_range)?, new.get(new_range)?);
        let large = before.len().max(after.len()) > LARGE_BLOCK;
        let algorithm = if large { Algorithm::Patience } else { Algorithm::Myers };
        for op in capture_diff_slices(algorithm, before, after) {
            ops.push(op);
        }
    }
    ops.equal(old, new, old.len(), new.len())?;
    Some(ops.ops)
}

/// Operations in order, with equal runs joined.
struct Operations {
    ops: Vec<DiffOp>,
    /// Lines covered so far.
    old: usize,
    new: usize,
}

impl Operations {
    fn equal(&mut self, old: &[&[u8]], new: &[&[u8]], old_end: usize, new_end: usize) -> Option<()> {
        let same = old.get(self.old..old_end)? == new.get(self.new..new_end)?;
        same.then(|| self.push(DiffOp::Equal { old_index: 0, new_index: 0, len: old_end - self.old }))
    }

    /// Appends `op`, whose own indices do not count.
    fn push(&mut self, op: DiffOp) {
        let (old_len, new_len) = (op.old_range().len(), op.new_range().len());
        let (old_index, new_index) = (self.old, self.new);
        match (op.tag(), self.ops.last_mut()) {
            (DiffTag::Equal, Some(DiffOp::Equal { len, .. })) => *len += old_len,
            (DiffTag::Equal, _) if old_len == 0 => {}
            (DiffTag::Equal, _) => self.ops.push(DiffOp::Equal { old_index, new_index, len: old_len }),
            (DiffTag::Delete, _) => self.ops.push(DiffOp::Delete { old_index, old_len, new_index }),
            (DiffTag::Insert, _) => self.ops.push(DiffOp::Insert { old_index, new_index, new_len }),
            (DiffTag::Replace, _) => self.ops.push(DiffOp::Replace { old_index, old_len, new_index, new_len }),
        }
        self.old += old_len;
        self.new += new_len;
    }
}

/// The file name of a header, quoted as git does.
fn label(side: &str, path: &Path) -> Vec<u8> {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.as_encoded_bytes()),
        Component::ParentDir => Some(b"..".as_slice()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    let name = [side.as_bytes(), &parts.collect::<Vec<_>>().join(&b'/')].concat();
    let unusual = |byte: &u8| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\');
    let mut label = if name.iter().any(unusual) { quoted(&name) } else { name.clone() };
    if name.contains(&b' ') {
        label.push(b'\t');
    }
    label
}

fn quoted(name: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for &byte in name {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', byte]),
            b'\t' => quoted.extend(b"\\t"),
            b'\n' => quoted.extend(b"\\n"),
            b'\r' => quoted.extend(b"\\r"),
            b' '..=b'~' => quoted.push(byte),
            _ => quoted.extend(format!("\\{byte:03o}").bytes()),
        }
    }
    quoted.push(b'"');
    quoted
}

struct Output {
    bytes: Vec<u8>,
    color: Color,
}

impl Output {
    fn hunk(&mut self, hunk: &[DiffOp], old: &[&[u8]], new: &[&[u8]]) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { return };
        let before = first.old_range().start..last.old_range().end;
        let after = first.new_range().start..last.new_range().end;
        self.line("36", format!("@@ -{} +{} @@", span(&before), span(&after)).as_bytes());
        for op in hunk {
            if op.tag() == DiffTag::Equal {
                old[op.old_range()].iter().for_each(|line| self.change(None, b' ', line));
            } else {
                old[op.old_range()].iter().for_each(|line| self.change(Some("31"), b'-', line));
                new[op.new_range()].iter().for_each(|line| self.change(Some("32"), b'+', line));
            }
        }
    }

    fn change(&mut self, code: Option<&str>, sign: u8, line: &[u8]) {
        let (content, ended) = line.strip_suffix(b"\n").map_or((line, false), |content| (content, true));
        let signed = [&[sign], content].concat();
        match code {
            Some(code) => self.line(code, &signed),
            None => self.plain(&signed),
        }
        if !ended {
            self.plain(b"\\ No newline at end of file");
        }
    }

    fn plain(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
    }

    fn line(&mut self, code: &str, line: &[u8]) {
        match self.color {
            Color::Never => self.plain(line),
            Color::Always => self.plain(&[b"\x1b[", code.as_bytes(), b"m", line, b"\x1b[0m"].concat()),
        }
    }
}

/// `start,count`, from 1; an empty range names the line before it.
fn span(range: &Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        count => format!("{},{count}", range.start + 1),
    }
}

#[cfg(test)]
mod tests;
