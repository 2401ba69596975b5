//! The closed world: the sites are collected anew from the new text, and each one that was decided is found there as decided.

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use ruff_text_size::{TextRange, TextSize};

use super::{Analysis, Rewritten};
use crate::color::SiteVerdict;
use crate::color::shape::becomes_async_def;
use crate::index::collect::collect;
use crate::index::facts::*;
use crate::verify::{Check, Failure};

/// Every function that converts is async in the new text, and every site that was to be awaited is awaited.
pub fn check(analysis: &Analysis, rewritten: &[Rewritten]) -> Vec<Failure> {
    let mut failures: Vec<Failure> = rewritten.par_iter().flat_map_iter(|done| check_file(analysis, done)).collect();
    for func in analysis.verdicts.converts.keys() {
        if becomes_async_def(analysis.world(), *func) && !rewritten.iter().any(|done| done.file == func.file) {
            let offset = analysis.index.func(*func).name_range.start();
            failures.push(failure(
                analysis,
                func.file,
                offset,
                "the function was to convert, and its file has no change",
            ));
        }
    }
    failures
}

fn failure(analysis: &Analysis, file: FileId, offset: TextSize, message: &str) -> Failure {
    Failure {
        check: Check::ClosedWorld,
        path: analysis.project.file(file).relative.clone(),
        offset,
        message: message.into(),
    }
}

fn check_file(analysis: &Analysis, done: &Rewritten) -> Vec<Failure> {
    let Ok(parsed) = ruff_python_parser::parse_module(&done.text) else { return vec![] };
    let new = collect(done.file, &done.text, parsed.suite());
    let mut edits: Vec<(TextRange, TextSize)> =
        done.edits.edits.iter().map(|edit| (edit.range, TextSize::of(&edit.text))).collect();
    edits.sort_by_key(|(range, _)| (range.start(), range.end()));
    let moved = |offset: TextSize| moved(&edits, offset);
    let mut failures = vec![];
    let world = analysis.world();
    let becomes_async = |func: &&FuncId| func.file == done.file && becomes_async_def(world, **func);
    for func in analysis.verdicts.converts.keys().filter(becomes_async) {
        let offset = analysis.index.func(*func).name_range.start();
        let converted = new.funcs.iter().any(|other| other.name_range.start() == moved(offset) && other.is_async);
        if !converted {
            failures.push(failure(analysis, done.file, offset, "the function was to convert and is not async"));
        }
    }
    for site in analysis.graph.sites_in_file(done.file) {
        if !matches!(analysis.verdicts.sites[&site.id], SiteVerdict::Await | SiteVerdict::Raises { .. }) {
            continue;
        }
        let facts = analysis.index.site(site.id);
        let offset = facts.name_range.start();
        if let (true, Usage::Called(call)) = (facts.is_implicit(), facts.usage) {
            // No token names the method: the call is known by its end.
            let end = shifted(&edits, analysis.index.call(call).range.end(), |edit, end| edit < end);
            if !new.calls.iter().any(|other| other.range.end() == end && other.usage == Usage::Awaited) {
                failures.push(failure(analysis, done.file, offset, "the call was to be awaited and is not"));
            }
            continue;
        }
        let at = moved(offset);
        let awaited = new.refs.iter().any(|other| {
            other.name_range.start() == at
                && matches!(other.usage, Usage::Called(call) if new[call].usage == Usage::Awaited)
        });
        if !awaited && !is_moved(done, &new, offset, &facts.name) {
            failures.push(failure(analysis, done.file, offset, "the call was to be awaited and is not"));
        }
    }
    failures
}

/// Was the text around the offset moved by an edit, and is something of that name awaited in what the edit wrote?
fn is_moved(done: &Rewritten, new: &FileFacts, offset: TextSize, name: &Name) -> bool {
    if done.edits.absorbed.is_empty() || !done.edits.edits.iter().any(|edit| edit.range.contains(offset)) {
        return false;
    }
    let Ok(applied) = done.edits.apply(&done.source.text) else { return false };
    let written: Vec<TextRange> = applied.map.edited().map(|(_, new)| new).collect();
    new.refs.iter().any(|other| {
        other.name == *name
            && written.iter().any(|range| range.contains_range(other.name_range))
            && matches!(other.usage, Usage::Called(call) if new[call].usage == Usage::Awaited)
    })
}

/// Where an original offset stands in the new text; inserts at the offset itself come before it.
fn moved(edits: &[(TextRange, TextSize)], offset: TextSize) -> TextSize {
    shifted(edits, offset, |edit, offset| edit <= offset)
}

/// An original offset in the new text; `counts` says which edits, by their ends, stand before it.
fn shifted(edits: &[(TextRange, TextSize)], offset: TextSize, counts: impl Fn(TextSize, TextSize) -> bool) -> TextSize {
    let mut shift = 0i64;
    for (range, length) in edits.iter().take_while(|(range, _)| counts(range.end(), offset)) {
        shift += i64::from(u32::from(*length)) - i64::from(u32::from(range.len()));
    }
    TextSize::new((i64::from(u32::from(offset)) + shift) as u32)
}
