//! The strings of the files in which something is renamed, looked for once.

use std::collections::BTreeMap;

use rayon::prelude::*;
use ruff_text_size::{TextRange, TextSize};

use crate::index::facts::*;
use crate::index::texts::{self, Text, TextKind, words};
use crate::py::source;
use crate::resolve::builder::Builder;

/// Texts and their strings, by file.
pub(super) struct Texts {
    files: BTreeMap<FileId, (String, Vec<Text>)>,
}

impl Texts {
    /// Reads the files that hold a word of an entry.
    pub(super) fn read(builder: &Builder) -> Self {
        let mut wanted: Vec<FileId> = builder
            .graph
            .renames
            .entries
            .iter()
            .flat_map(|entry| builder.index.words.files(&entry.old))
            .filter(|file| builder.index.loaded(*file).is_some() && builder.project.file(*file).editable)
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let read = |file: &FileId| {
            let bytes = std::fs::read(&builder.project.file(*file).path).ok()?;
            let text = source::decode(&bytes).ok()?.text;
            let parsed = ruff_python_parser::parse_module(&text).ok()?;
            let found = texts::find(parsed.suite());
            Some((*file, (text, found)))
        };
        Self { files: wanted.par_iter().filter_map(read).collect() }
    }

    fn of(&self, file: FileId, kind: TextKind) -> impl Iterator<Item = (&str, TextRange)> {
        let found = self.files.get(&file).into_iter();
        let strings = found.flat_map(|(text, strings)| strings.iter().map(move |string| (text, string)));
        strings
            .filter(move |(_, string)| string.kind == kind)
            .map(|(text, string)| (&text[string.contents], string.contents))
    }

    pub(super) fn docstrings(&self, file: FileId) -> impl Iterator<Item = (&str, TextRange)> {
        self.of(file, TextKind::Docstring)
    }

    /// The elements of `__all__` that are `name`.
    pub(super) fn exports(&self, file: FileId, name: &str) -> Vec<TextRange> {
        self.of(file, TextKind::Export).filter(|(text, _)| *text == name).map(|(_, range)| range).collect()
    }

    /// Where `name` stands in types that are quoted, and means what is asked for: by its scope, the name that the dotted path
    /// starts with, and the rest of the path.
    pub(super) fn types(
        &self,
        builder: &Builder,
        file: FileId,
        name: &str,
        is_meant: &dyn Fn(ScopeId, &str, &[&str]) -> bool,
    ) -> Vec<TextRange> {
        let mut found = vec![];
        for (text, contents) in self.of(file, TextKind::Type) {
            for (word, range) in words(text, contents.start()).filter(|(word, _)| *word == name) {
                let start = (range.start() - contents.start()).to_usize();
                let before = text[..start].rfind(|char: char| !is_dotted(char)).map_or(0, |at| at + 1);
                let path: Vec<&str> = text[before..start].split_terminator('.').chain([word]).collect();
                if is_meant(scope_at(builder, file, range.start()), path[0], &path[1..]) {
                    found.push(range);
                }
            }
        }
        found
    }

    /// The last word of a string that is a name, or a dotted path.
    pub(super) fn last_word(&self, file: FileId, string: TextRange, name: &str) -> Option<TextRange> {
        let (text, _) = self.files.get(&file)?;
        let literal = &text[string];
        let quoted = literal.trim_end_matches(['"', '\'']);
        let start = quoted.strip_suffix(name)?.len();
        let start = string.start() + TextSize::new(start as u32);
        Some(TextRange::at(start, TextSize::of(name)))
    }

    /// Where a dotted path stands at the start of a string.
    pub(super) fn first_words(&self, file: FileId, string: TextRange, path: &str) -> Option<TextRange> {
        let (text, _) = self.files.get(&file)?;
        let literal = &text[string];
        let start = literal.len() - literal.trim_start_matches(is_opener).len();
        let rest = literal[start..].strip_prefix(path)?;
        let whole = !rest.starts_with(|char: char| char == '_' || char.is_alphanumeric());
        whole.then(|| TextRange::at(string.start() + TextSize::new(start as u32), TextSize::of(path)))
    }
}

fn is_opener(char: char) -> bool {
    matches!(char, '"' | '\'')
}

fn is_dotted(char: char) -> bool {
    char == '.' || char == '_' || char.is_alphanumeric()
}

/// The scope that an annotation at an offset is evaluated in, as far as functions and classes go.
fn scope_at(builder: &Builder, file: FileId, offset: TextSize) -> ScopeId {
    let facts = builder.index.file(file);
    let func = facts.func_at(offset).map(|index| &facts.funcs[index]);
    let class = facts
        .classes
        .iter()
        .filter(|class| class.range.contains_inclusive(offset))
        .min_by_key(|class| class.range.len());
    match (func, class) {
        (Some(func), Some(class)) if func.range.contains_range(class.range) => class.scope,
        (Some(func), _) => func.scope,
        (None, Some(class)) => class.scope,
        (None, None) => ScopeId { file, index: 0 },
    }
}
