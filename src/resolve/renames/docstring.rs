//! Cross-references in docstrings: ``:class:`~pkg.mod.Name` ``, `` `Name` ``, ``` ``Name.method()`` ```. Prose is left alone.

use std::collections::BTreeSet;

use ruff_text_size::{TextRange, TextSize};

use super::text::Texts;
use crate::index::facts::*;
use crate::index::texts::words;
use crate::resolve::builder::Builder;
use crate::resolve::names::Meaning;

/// References to definitions of modules.
pub(super) fn references(
    builder: &Builder,
    texts: &Texts,
    file: FileId,
    old: &str,
    definitions: &[Meaning],
) -> Vec<TextRange> {
    let names = builder.names();
    let paths: Vec<String> = definitions
        .iter()
        .filter_map(|meaning| match meaning {
            Meaning::Class(class) => Some(names.qualified_class(*class)),
            Meaning::Func(func) => Some(names.qualified_func(*func)),
            _ => None,
        })
        .collect();
    let module = ScopeId { file, index: 0 };
    let is_here = || names.lookup(module, old).iter().any(|meaning| definitions.contains(meaning));
    let is_meant = |before: &[&str], shortened: bool| match before {
        [] => shortened || is_here(),
        before => {
            let path = format!("{}.{old}", before.join("."));
            paths.iter().any(|own| *own == path || own.ends_with(&format!(".{path}")) || leads_to(own, before))
        }
    };
    quoted(texts, file, old, &is_meant)
}

/// `pkg.Name` for `pkg.mod.Name`, which the package re-exports.
fn leads_to(own: &str, before: &[&str]) -> bool {
    own.starts_with(&format!("{}.", before.join(".")))
}

/// References to methods: with a class of theirs in front.
pub(super) fn members(
    builder: &Builder,
    texts: &Texts,
    file: FileId,
    old: &str,
    members: &BTreeSet<FuncId>,
) -> Vec<TextRange> {
    let classes: BTreeSet<&str> = members
        .iter()
        .filter_map(|func| builder.index.func(*func).class)
        .map(|class| builder.index.class(class).name.as_str())
        .collect();
    quoted(texts, file, old, &|before, _| before.last().is_some_and(|class| classes.contains(class)))
}

/// Places of `old` between backticks that `is_meant` takes: by what stands before it in its dotted path, and whether the path
/// is shortened by a leading dot.
fn quoted(texts: &Texts, file: FileId, old: &str, is_meant: &dyn Fn(&[&str], bool) -> bool) -> Vec<TextRange> {
    let mut found = vec![];
    for (text, contents) in texts.docstrings(file).filter(|(text, _)| text.contains(old)) {
        for (start, chunk) in backticked(text) {
            let path = chunk.trim_start_matches('~');
            let shortened = path.starts_with('.');
            let offset = contents.start() + TextSize::new(start as u32);
            for (word, range) in words(chunk, offset).filter(|(word, _)| *word == old) {
                let end = (range.start() - offset).to_usize();
                let before: Vec<&str> = chunk[..end].trim_start_matches(['~', '.']).split_terminator('.').collect();
                debug_assert_eq!(word, old);
                if before.iter().all(|part| is_word(part)) && is_meant(&before, shortened) {
                    found.push(range);
                }
            }
        }
    }
    found
}

fn is_word(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|char| char == '_' || char.is_alphanumeric())
}

/// What stands between backticks on one line, with its offset, where it looks like a dotted path.
fn backticked(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let open = at + text[at..].find('`')?;
            let start = open + text[open..].find(|char| char != '`')?;
            let end = start + text[start..].find(['`', '\n'])?;
            at = end + text[end..].find(|char| char != '`').unwrap_or(text.len() - end);
            let chunk = &text[start..end];
            let is_path = |char: char| char == '_' || char.is_alphanumeric() || matches!(char, '.' | '~' | '(' | ')');
            if text[end..].starts_with('`') && chunk.chars().all(is_path) {
                return Some((start, chunk));
            }
        }
    })
}
