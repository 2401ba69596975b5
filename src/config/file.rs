//! Reads the keys of a config file into a [`Config`].

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use toml::de::DeTable;

use super::find::{File, Layout, table_at};
use super::globs::path_globs;
use super::reader::{Fields, Reader, Text};
use super::{Codemod, Config, PathGlobs, Settled, codemod, entries, version};
use crate::error::Problem;

const KEYS: [&str; 22] = [
    "codemods",
    "reach",
    "offload",
    "uncertain",
    "exported",
    "offload_project",
    "bridge",
    "tests",
    "keep_sync",
    "exclude",
    "roots",
    "python",
    "target-version",
    "format",
    "fallback",
    "note",
    "settled",
    "allow-unsafe",
    entries::BLOCKING,
    entries::ACCEPTS_ASYNC,
    entries::THREADED,
    entries::RENAME,
];

/// The words of `bridge`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Bridge {
    Auto,
    None,
}

/// Reads `file` over what `config` holds. Returns everything that is wrong with the file and the codemods it names.
pub(super) fn read(file: &File, config: &mut Config) -> Vec<Problem> {
    let mut reader = Reader::new(&file.path, &file.text);
    let Some(document) = reader.document() else { return reader.problems };
    config.path = Some(file.path.clone());
    let Some(table) = own_table(&mut reader, &document, file.layout) else { return reader.problems };
    let fields = reader.fields(table, &KEYS);
    let mut foreign = read_codemods(&mut reader, &fields, &file.directory, config);
    read_words(&mut reader, &fields, config);
    read_paths(&mut reader, &fields, config);
    config.settled = read_settled(&mut reader, &fields);
    reader.problems.append(&mut foreign);
    reader.problems
}

fn own_table<'v, 't>(reader: &mut Reader<'t>, document: &'v DeTable<'t>, layout: Layout) -> Option<&'v DeTable<'t>> {
    let section = table_at(document, &["tool", "awaitify"]);
    match layout {
        Layout::Tool if section.is_none() => {
            reader.whole_file("has no `[tool.awaitify]` table; add one, or name another file with `--config`");
            None
        }
        Layout::Tool => section,
        Layout::Top if section.is_some() => {
            reader.whole_file(
                "`[tool.awaitify]` belongs in pyproject.toml; here the keys stand at the top, so remove that line",
            );
            None
        }
        Layout::Top => Some(document),
    }
}

/// Returns what is wrong inside of codemod files; a name that is not known is a problem of this file.
fn read_codemods<'t>(
    reader: &mut Reader<'t>,
    fields: &Fields<'_, 't>,
    directory: &Path,
    config: &mut Config,
) -> Vec<Problem> {
    let mut foreign = Vec::new();
    for name in reader.strings(fields, "codemods").unwrap_or_default() {
        match codemod::find(name.get_ref(), directory) {
            Ok(codemod) => add_codemod(config, codemod),
            Err(codemod::Failure::Name(message)) => reader.problem(&name.span(), message),
            Err(codemod::Failure::Contents(problems)) => foreign.extend(problems),
        }
    }
    let inline = entries::read(reader, fields, "config");
    if !inline.is_empty() {
        let description = "The entries of the config file itself.".to_owned();
        config.codemods.push(Codemod { description, ..inline });
    }
    foreign
}

/// A codemod that is named twice counts once.
pub(super) fn add_codemod(config: &mut Config, codemod: Codemod) {
    if config.codemods.iter().all(|known| known.name != codemod.name) {
        config.codemods.push(codemod);
    }
}

fn read_words<'t>(reader: &mut Reader<'t>, fields: &Fields<'_, 't>, config: &mut Config) {
    set(&mut config.reach, reader.word(fields, "reach"));
    set(&mut config.uncertain, reader.word(fields, "uncertain"));
    set(&mut config.exported, reader.word(fields, "exported"));
    set(&mut config.offload_project, reader.word(fields, "offload_project"));
    set(&mut config.bridge, reader.word(fields, "bridge").map(|bridge: Bridge| bridge == Bridge::Auto));
    set(&mut config.tests, reader.word(fields, "tests"));
    set(&mut config.fallback, reader.word(fields, "fallback"));
    set(&mut config.allow_unsafe, reader.boolean(fields, "allow-unsafe"));
    set(&mut config.keep_sync, reader.names(fields, "keep_sync"));
    set(&mut config.offload, parsed(reader, fields, "offload", str::parse));
    set(&mut config.target_version, parsed(reader, fields, "target-version", version::parse));
    config.note = reader.string(fields, "note").map(Text::into_inner);
    config.format = read_format(reader, fields);
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

/// The string under `key` after `parse`, whose error becomes a problem.
fn parsed<'t, T>(
    reader: &mut Reader<'t>,
    fields: &Fields<'_, 't>,
    key: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let text = reader.string(fields, key)?;
    match parse(text.get_ref()) {
        Ok(value) => Some(value),
        Err(message) => {
            reader.problem(&text.span(), format!("`{key}`: {message}"));
            None
        }
    }
}

fn read_format<'t>(reader: &mut Reader<'t>, fields: &Fields<'_, 't>) -> Option<Vec<String>> {
    let words = reader.strings(fields, "format")?;
    let span = fields.get("format")?.span();
    let is_command_line = matches!(words.as_slice(), [only] if only.get_ref().contains(' '));
    if words.is_empty() || is_command_line {
        reader.problem(&span, "`format` takes a program and its arguments, as `[\"ruff\", \"format\"]`");
        return None;
    }
    Some(words.into_iter().map(Text::into_inner).collect())
}

fn read_paths<'t>(reader: &mut Reader<'t>, fields: &Fields<'_, 't>, config: &mut Config) {
    let excluded = reader.strings(fields, "exclude").unwrap_or_default();
    for pattern in &excluded {
        if let Err(message) = path_globs(pattern.get_ref()) {
            reader.problem(&pattern.span(), format!("`exclude`: {message}"));
        }
    }
    // A pattern that does not compile is a problem already.
    config.exclude = PathGlobs::new(excluded.into_iter().map(Text::into_inner)).unwrap_or_default();
    let roots = reader.strings(fields, "roots").unwrap_or_default();
    config.roots = roots.iter().filter_map(|root| directory(reader, "roots", root, &config.root)).collect();
    config.python =
        reader.string(fields, "python").and_then(|python| directory(reader, "python", &python, &config.root));
}

fn directory(reader: &mut Reader<'_>, key: &str, path: &Text, root: &Path) -> Option<PathBuf> {
    let absolute = root.join(path.get_ref());
    if !absolute.exists() {
        let message = format!("`{key}`: there is no `{}` in `{}`", path.get_ref(), root.display());
        reader.problem(&path.span(), message);
        return None;
    }
    Some(absolute)
}

fn read_settled<'t>(reader: &mut Reader<'t>, fields: &Fields<'_, 't>) -> Vec<Settled> {
    let mut settled = Vec::new();
    for (span, table) in reader.tables(fields, "settled") {
        let entry = reader.fields(table, &["site", "is"]);
        let (site, is) = (reader.string(&entry, "site"), reader.string(&entry, "is"));
        let (Some(site), Some(is)) = (site, is) else {
            if entry.get("site").is_none() || entry.get("is").is_none() {
                reader.problem(&span, "`settled` needs `site = \"path.py:LINE\"` and `is = \"pkg.mod.function\"`");
            }
            continue;
        };
        match place(site.get_ref()) {
            Some((path, line)) => settled.push(Settled { path, line, is: is.into_inner() }),
            None => reader.problem(&site.span(), format!("`{}` is no site; write `path.py:LINE`", site.get_ref())),
        }
    }
    settled
}

fn place(site: &str) -> Option<(PathBuf, usize)> {
    let (path, line) = site.rsplit_once(':')?;
    let line = line.parse().ok().filter(|line| *line > 0)?;
    (!path.is_empty()).then(|| (PathBuf::from(path), line))
}
