//! The renaming map of the codemods: what each `[[rename]]` names, and every place that changes with it.
//!
//! An entry whose new name is taken by a class, function or variable that is there already is a swap: the definition stays,
//! and what is converted uses the other one.

mod docstring;
mod entry;
mod external;
mod member;
mod module;
mod name;
mod structural;
mod text;
mod unmatched;

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::TextRange;

use super::builder::Builder;
use crate::error::Problem;
use crate::index::facts::*;
use crate::py::source;
pub(crate) use entry::{Entry, Meant};

/// One place that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub range: TextRange,
    pub how: How,
    pub gate: Gate,
    /// The number of the entry.
    pub entry: usize,
}

/// What is written there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// This name, in the place of a name or a dotted one.
    Name(String),
    /// The name of what this dotted path imports.
    Imported(String),
    /// This name, as a word of a string: in a docstring, or where names are looked up.
    Mention(String),
}

/// When a place changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Always,
    /// Something in its file converts: the file knows the async twin too, or holds classes that stay sync.
    FileConverts,
    /// The function does not have to stay sync.
    Stays(FuncId),
    /// A method of this class converts, so that its base is replaced.
    ClassConverts(ClassId),
}

/// A place that may name what is renamed, and keeps the old name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    pub file: FileId,
    /// Start and end of the name.
    pub at: (u32, u32),
    pub entry: usize,
}

/// All that the entries change.
#[derive(Debug, Default)]
pub struct Renames {
    pub(crate) entries: Vec<Entry>,
    /// Methods and functions that get a new name.
    pub new_names: BTreeMap<FuncId, String>,
    /// By file and start.
    pub places: BTreeMap<(FileId, u32), Place>,
    pub kept: BTreeSet<Kept>,
    /// A problem for each entry that names nothing.
    pub unmatched: Vec<Problem>,
}

impl Renames {
    /// What the entry says, as it stands in the codemod: old and new name.
    pub fn entry(&self, number: usize) -> (&str, &str) {
        let entry = &self.entries[number];
        (&entry.from, &entry.to)
    }
}

/// Looks for what the entries name, and queues the names whose uses inference has to tell apart.
pub(crate) fn read(builder: &mut Builder) {
    let renames: Vec<_> = builder.config.codemods.iter().flat_map(|codemod| codemod.renames.clone()).collect();
    let mut swapped = BTreeSet::new();
    for rename in renames {
        let entry = entry::resolve(builder, &rename);
        if entry.is_swap {
            swapped.extend(entry.classes());
        }
        builder.graph.renames.entries.push(entry);
    }
    builder.graph.renames.unmatched = unmatched::find(builder);
    // Methods below a class that is replaced are no family with it, so these have to be known first.
    builder.graph.hierarchy.replaced = swapped.clone();
    builder.graph.swapped = swapped;
    for number in 0..builder.graph.renames.entries.len() {
        member::add_families(builder, number);
    }
}

/// Finds every place, once all sites are resolved.
pub(crate) fn find(builder: &mut Builder) {
    for number in 0..builder.graph.renames.entries.len() {
        let words = builder.graph.renames.entries[number].old.clone();
        builder.index.load_words(builder.project, [words.as_str()]);
    }
    let texts = text::Texts::read(builder);
    let mut found = Found::default();
    for number in 0..builder.graph.renames.entries.len() {
        found.entry = number;
        for meant in builder.graph.renames.entries[number].meant.clone() {
            match meant {
                Meant::Definitions(definitions) => name::find(builder, &texts, number, &definitions, &mut found),
                Meant::Members(members) => member::find(builder, &texts, number, &members, &mut found),
                Meant::ForeignMember(definitions) => member::find_foreign(builder, number, &definitions, &mut found),
                Meant::Module(path) => module::find(builder, &texts, number, &path, &mut found),
                Meant::External(paths) => external::find(builder, &texts, number, &paths, &mut found),
            }
        }
    }
    builder.graph.renames.places = found.places;
    builder.graph.renames.kept = found.kept;
    for (number, file, range) in found.refused {
        let problem = taken(builder, number, file, range);
        builder.graph.problems.push(problem);
    }
}

/// Why an entry is not carried out.
fn taken(builder: &Builder, number: usize, file: FileId, range: TextRange) -> Problem {
    let entry = &builder.graph.renames.entries[number];
    let message =
        format!("`[[rename]]` of `{}` is left out: `{}` is something else here already", entry.from, entry.new);
    let file = builder.project.file(file);
    let text = std::fs::read(&file.path).ok().and_then(|bytes| source::decode(&bytes).ok());
    match text {
        Some(source) => Problem::at_offset(&file.relative, &source.text, range.start().to_usize(), message),
        None => Problem::whole_file(&file.relative, message),
    }
}

/// Places so far.
#[derive(Debug, Default)]
struct Found {
    /// The entry that places are looked for.
    entry: usize,
    places: BTreeMap<(FileId, u32), Place>,
    kept: BTreeSet<Kept>,
    refused: Vec<(usize, FileId, TextRange)>,
}

impl Found {
    fn add(&mut self, file: FileId, range: TextRange, how: How, gate: Gate) {
        self.places.entry((file, u32::from(range.start()))).or_insert(Place { range, how, gate, entry: self.entry });
    }

    /// Takes over the places of one entry.
    fn take(&mut self, others: &mut Found) {
        for (key, place) in std::mem::take(&mut others.places) {
            self.places.entry(key).or_insert(place);
        }
        self.kept.append(&mut others.kept);
    }

    /// The new name stands for something else at this place.
    fn refuse(&mut self, entry: usize, file: FileId, range: TextRange) {
        self.refused.push((entry, file, range));
    }

    fn keep(&mut self, file: FileId, range: TextRange, entry: usize) {
        self.kept.insert(Kept { file, at: (range.start().into(), range.end().into()), entry });
    }
}
