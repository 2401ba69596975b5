//! Places that name a module of the project: imports, attributes of packages, dotted strings.

use ruff_text_size::{TextRange, TextSize};

use super::name::Search;
use super::text::Texts;
use super::{Found, Gate, How};
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::names::Meaning;

/// Finds the places of a module, or of a package and what is in it.
pub(super) fn find(builder: &mut Builder, texts: &Texts, number: usize, path: &str, found: &mut Found) {
    let entry = builder.graph.renames.entries[number].clone();
    let (parent, new_parent) = (parent(path), parent(&entry.to));
    // A plain new name stays where the module is.
    let to = match (entry.to.contains('.'), parent) {
        (false, Some(parent)) => format!("{parent}.{}", entry.to),
        _ => entry.to.clone(),
    };
    let is_meant = |meaning: &Meaning| *meaning == Meaning::Module(path.to_owned());
    let search = Search { builder, old: &entry.old, new: &entry.new, is_meant: &is_meant };
    let files: Vec<FileId> = builder.index.words.files(&entry.old).collect();
    for file in files.into_iter().filter(|file| builder.index.loaded(*file).is_some()) {
        if !builder.project.file(file).editable {
            continue;
        }
        let gate = if entry.is_swap { Gate::FileConverts } else { Gate::Always };
        for (range, written) in imports(builder, file, path, &to) {
            found.add(file, range, How::Name(written), gate);
        }
        if parent == new_parent || !entry.to.contains('.') {
            let places = search.places(file);
            for named in places.names {
                let Some((range, how)) = named.written(file, texts, &entry) else { continue };
                found.add(file, range, how, gate);
            }
        }
        for range in dotted_strings(builder, texts, file, path) {
            found.add(file, range, How::Mention(to.clone()), gate);
        }
    }
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(parent, _)| parent)
}

/// The module parts of import statements, with what is written in their place.
fn imports(builder: &Builder, file: FileId, path: &str, to: &str) -> Vec<(TextRange, String)> {
    let mut found = vec![];
    for import in &builder.index.file(file).imports {
        let Some(absolute) = builder.names().absolute(file, import) else { continue };
        let Some(rest) = absolute.strip_prefix(path).filter(|rest| rest.is_empty() || rest.starts_with('.')) else {
            continue;
        };
        let Some(range) = import.module_range else { continue };
        let new = format!("{to}{rest}");
        let written = import.module.as_deref().unwrap_or_default();
        if import.level == 0 {
            found.push((range, new));
        } else if let Some(base) = absolute.strip_suffix(written)
            && let Some(relative) = new.strip_prefix(base)
        {
            // What stands for the leading dots stays.
            found.push((range, relative.to_owned()));
        }
    }
    found
}

/// Strings where names are looked up that start with the module's path.
fn dotted_strings(builder: &Builder, texts: &Texts, file: FileId, path: &str) -> Vec<TextRange> {
    let lookups = builder.index.file(file).lookups.iter().filter(|lookup| lookup.text.starts_with(path));
    lookups
        .filter_map(|lookup| texts.first_words(file, lookup.range, path))
        .filter(|range| range.len() > TextSize::new(0))
        .collect()
}
