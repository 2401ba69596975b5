//! Codemods by name: built in, or a TOML file of the user's.

use std::fs;
use std::ops::Range;
use std::path::Path;

use toml::de::DeTable;

use super::reader::{Reader, suggestion};
use super::{Codemod, Example, builtin, entries};
use crate::error::{Error, Problem};

const KEYS: [&str; 7] = [
    "description",
    entries::BLOCKING,
    entries::ACCEPTS_ASYNC,
    entries::THREADED,
    entries::RENAME,
    "rewrite-run-fallbacks",
    "example",
];

/// Why there is no codemod.
#[derive(Debug)]
pub(super) enum Failure {
    /// The name stands for nothing. The message goes to the place that has the name.
    Name(String),
    /// The file of that name is wrong.
    Contents(Vec<Problem>),
}

/// The codemod that `name` stands for on the command line: a built-in one, or a path.
///
/// # Errors
/// `Error::Config` when there is none of that name, or with everything that is wrong in its file.
pub fn named(name: &str) -> Result<Codemod, Error> {
    find(name, Path::new("")).map_err(|failure| match failure {
        Failure::Name(message) => Error::Config(vec![Problem::command_line(message)]),
        Failure::Contents(problems) => Error::Config(problems),
    })
}

/// The codemod that `name` stands for. A name with a `/` or that ends in `.toml` is a path, relative to `directory`.
pub(super) fn find(name: &str, directory: &Path) -> Result<Codemod, Failure> {
    if let Some(codemod) = builtin::get(name) {
        return Ok(codemod);
    }
    if !name.contains('/') && !name.ends_with(".toml") {
        let hint = suggestion(name, builtin::names(), "a file's name ends in `.toml`, the built-in ones are");
        return Err(Failure::Name(format!("unknown codemod `{name}`{hint}")));
    }
    let path = directory.join(name);
    let text = fs::read_to_string(&path)
        .map_err(|error| Failure::Name(format!("codemod `{name}`: {}", Error::io("read", &path, error))))?;
    parse(name, Path::new(name), &text).map_err(Failure::Contents)
}

/// Reads the codemod `name` from `text`, the contents of `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn parse(name: &str, path: &Path, text: &str) -> Result<Codemod, Vec<Problem>> {
    let mut reader = Reader::new(path, text);
    let Some(document) = reader.document() else { return Err(reader.problems) };
    let fields = reader.fields(&document, &KEYS);
    let mut codemod = entries::read(&mut reader, &fields, name);
    codemod.description = reader.string(&fields, "description").map(|text| text.into_inner()).unwrap_or_default();
    codemod.rewrites_run_fallbacks = reader.boolean(&fields, "rewrite-run-fallbacks").unwrap_or_default();
    for (span, table) in reader.tables(&fields, "example") {
        codemod.examples.extend(read_example(&mut reader, &span, table));
    }
    if reader.problems.is_empty() && codemod.is_empty() {
        reader.whole_file("declares nothing; add a `[[blocking]]` or `[[accepts_async]]` entry");
    }
    if reader.problems.is_empty() { Ok(codemod) } else { Err(reader.problems) }
}

fn read_example<'t>(reader: &mut Reader<'t>, span: &Range<usize>, table: &DeTable<'t>) -> Option<Example> {
    let fields = reader.fields(table, &["before", "after", "with"]);
    if fields.get("before").is_none() || fields.get("after").is_none() {
        reader.problem(span, "`example` needs `before` and `after`");
        return None;
    }
    let before = reader.string(&fields, "before")?.into_inner();
    let after = reader.string(&fields, "after")?.into_inner();
    let mut with = Vec::new();
    for name in reader.strings(&fields, "with").unwrap_or_default() {
        if !builtin::names().any(|known| known == name.get_ref()) {
            let hint = suggestion(name.get_ref(), builtin::names(), "the built-in ones are");
            reader.problem(&name.span(), format!("unknown codemod `{}`{hint}", name.get_ref()));
        }
        with.push(name.into_inner());
    }
    Some(Example { with, before, after })
}
