//! Reads the keys of a config file into a [`Config`].

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use toml::de::DeTable;

use super::find::{File, Layout, table_at};
use super::flags::Layer;
use super::globs::path_globs;
use super::reader::{Fields, Reader, Text};
use super::{Codemod, Config, PathGlobs, Settled, codemod, entries, version};
use crate::error::Problem;

const KEYS: [&str; 23] = [
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
    entries::FOUND_BY_NAME,
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
    let Some(document) = reader.document() else { return reader.finish() };
    config.path = Some(file.path.clone());
    let Some(table) = own_table(&mut reader, &document, file.layout) else { return reader.finish() };
    let fields = reader.fields(table, &KEYS);
    let foreign = read_codemods(&mut reader, &fields, &file.directory, config);
    read_words(&mut reader, &fields, config);
    read_paths(&mut reader, &fields, config);
    config.settled.extend(read_settled(&mut reader, &fields));
    let mut problems = reader.finish();
    problems.extend(foreign);
    problems
}

/// Reads `layer` over what `config` holds. All problems are told of its one line.
pub(super) fn read_layer(layer: &Layer, config: &mut Config) -> Vec<Problem> {
    let (path, directory) = (layer.path.clone(), layer.directory.clone());
    let file = File { path, directory, text: layer.text.clone(), layout: Layout::Top };
    let own = config.path.clone();
    let problems = read(&file, config);
    config.path = own;
    let placed = |problem: Problem| Problem { line: Some(layer.line), column: None, ..problem };
    problems.into_iter().map(placed).collect()
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
    set(&mut config.note, reader.string(fields, "note").map(|note| Some(note.into_inner())));
    set(&mut config.format, read_format(reader, fields).map(Some));
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
    if !excluded.is_empty() {
        config.exclude = PathGlobs::new(excluded.into_iter().map(Text::into_inner)).unwrap_or_default();
    }
    if let Some(roots) = reader.strings(fields, "roots") {
        config.roots = roots.iter().filter_map(|root| directory(reader, "roots", root, &config.root)).collect();
    }
    if let Some(python) = reader.string(fields, "python") {
        config.python = directory(reader, "python", &python, &config.root);
    }
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
                reader.missing(
                    &span,
                    &entry,
                    "`settled` needs `site = \"path.py:LINE\"` and `is = \"pkg.mod.function\"`",
                );
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Exported, OffloadVia, Reach, Tests, Uncertain};

    fn read_as(path: &str, layout: Layout, text: &str) -> (Config, Vec<String>) {
        let file = File { path: path.into(), directory: PathBuf::from("/nowhere"), text: text.to_owned(), layout };
        let mut config = Config { root: PathBuf::from("/"), ..Config::default() };
        let problems = read(&file, &mut config);
        (config, problems.iter().map(Problem::to_string).collect())
    }

    fn check(text: &str) -> Config {
        let (config, problems) = read_as("awaitify.toml", Layout::Top, text);
        assert_eq!(problems, Vec::<String>::new());
        config
    }

    fn check_error(text: &str, expected: &[&str]) {
        assert_eq!(read_as("awaitify.toml", Layout::Top, text).1, expected);
    }

    #[test]
    fn every_key_is_read() {
        let config = check(
            r#"
codemods = ["time-sleep", "requests", "requests"]
reach = "async"
offload = "anyio"
uncertain = "report"
exported = "keep"
offload_project = "readonly"
bridge = "none"
tests = "ignore"
keep_sync = "pkg.cli.*"
exclude = ["gen/"]
roots = ["."]
python = "."
target-version = "3.11"
format = ["ruff", "format"]
fallback = "raise"
note = "Moved to async."
settled = [{ site = "shop/a.py:7", is = "shop.a.load" }]
allow-unsafe = true
"#,
        );
        let names: Vec<&str> = config.codemods.iter().map(|codemod| codemod.name.as_str()).collect();
        assert_eq!(names, ["time-sleep", "requests"]);
        assert_eq!((config.reach, config.uncertain), (Reach::Async, Uncertain::Report));
        assert_eq!((config.exported, config.tests), (Exported::Keep, Tests::Ignore));
        assert_eq!((config.offload, config.bridge), (OffloadVia::Anyio, false));
        assert!(config.keep_sync.matches("pkg.cli.main"));
        assert!(config.exclude.is_match("a/gen/b.py"));
        assert_eq!(config.target_version.as_tuple(), (3, 11));
        assert_eq!(config.format, Some(vec!["ruff".to_owned(), "format".to_owned()]));
        assert_eq!(config.settled, [Settled { path: "shop/a.py".into(), line: 7, is: "shop.a.load".to_owned() }]);
        assert_eq!(config.note.as_deref(), Some("Moved to async."));
        assert!(config.allow_unsafe);
    }

    #[test]
    fn keys_take_dashes_and_underscores() {
        let config = check("target_version = \"3.9\"\nkeep-sync = [\"a\"]\noffload-project = \"none\"\n");
        assert_eq!(config.target_version.as_tuple(), (3, 9));
        assert!(config.keep_sync.matches("a"));
        check_error("keep-sync = []\nkeep_sync = []\n", &["awaitify.toml:2:1: `keep_sync` is set twice; keep one"]);
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        check_error(
            "\n\nreech = \"all\"\nkeepsync = []\n",
            &[
                "awaitify.toml:3:1: unknown key `reech`; did you mean `reach`?",
                "awaitify.toml:4:1: unknown key `keepsync`; did you mean `keep_sync`?",
            ],
        );
        check_error(
            "[[settled]]\nplace = \"a.py:1\"\n",
            &["awaitify.toml:2:1: unknown key `place`; the keys here are `site`, `is`"],
        );
    }

    #[test]
    fn wrong_types_and_words_are_named() {
        check_error(
            "reach = 1\nexclude = [\"a\", 2]\nallow-unsafe = \"yes\"\nexported = \"kep\"\ntests = \"x\"\n",
            &[
                "awaitify.toml:1:9: `reach` takes a string, not a number",
                "awaitify.toml:2:17: `exclude` takes strings, not a number",
                "awaitify.toml:3:16: `allow-unsafe` takes `true` or `false`, not a string",
                "awaitify.toml:4:12: `exported` cannot be `kep`; did you mean `keep`?",
                "awaitify.toml:5:9: `tests` cannot be `x`; it is one of `convert`, `ignore`",
            ],
        );
    }

    #[test]
    fn bad_values_are_named() {
        check_error(
            "offload = \"asincio\"\ntarget-version = \"three\"\nformat = \"ruff format\"\nkeep_sync = [\"a\", \"b[\"]\n",
            &[
                "awaitify.toml:1:11: `offload`: unknown carrier `asincio`; did you mean `asyncio`?",
                "awaitify.toml:2:18: `target-version`: `three` is not a Python version; write `3.12`",
                "awaitify.toml:3:10: `format` takes a program and its arguments, as `[\"ruff\", \"format\"]`",
                "awaitify.toml:4:19: `keep_sync`: `b[` is not a glob: unclosed character class; missing ']'",
            ],
        );
        check_error(
            "exclude = [\"x[\"]\npython = \"no-such-venv\"\nsettled = [{ site = \"a.py\", is = \"a.b\" }]\n",
            &[
                "awaitify.toml:1:12: `exclude`: `x[` is not a glob: unclosed character class; missing ']'",
                "awaitify.toml:2:10: `python`: there is no `no-such-venv` in `/`",
                "awaitify.toml:3:21: `a.py` is no site; write `path.py:LINE`",
            ],
        );
    }

    #[test]
    fn unknown_codemods_name_the_nearest() {
        check_error(
            "codemods = [\"fastpi\", \"./own.toml\"]\n",
            &[
                "awaitify.toml:1:13: unknown codemod `fastpi`; did you mean `fastapi`?",
                "awaitify.toml:1:23: codemod `./own.toml`: cannot read `/nowhere/./own.toml`: \
                 No such file or directory (os error 2); check the path",
            ],
        );
    }

    #[test]
    fn entries_of_the_config_are_a_codemod() {
        let config = check("threaded = \"jobs.task\"\n[[blocking]]\nfunction = \"legacy.*\"\n");
        let [codemod] = config.codemods.as_slice() else { panic!("{:?}", config.codemods) };
        assert_eq!(codemod.name, "config");
        assert_eq!(codemod.blocking[0].codemod, "config");
        assert!(codemod.threaded.as_ref().is_some_and(|names| names.matches("jobs.task")));
    }

    #[test]
    fn pyproject_has_a_table_of_its_own() {
        let text = "[project]\nname = \"x\"\n\n[tool.awaitify]\nreach = \"none\"\n\n[[tool.awaitify.blocking]]\nfuncton = \"a.b\"\n";
        let (config, problems) = read_as("pyproject.toml", Layout::Tool, text);
        assert_eq!(config.reach, Reach::None);
        assert_eq!(problems, ["pyproject.toml:8:1: unknown key `functon`; did you mean `function`?",]);
    }

    #[test]
    fn a_table_in_the_wrong_file_is_explained() {
        check_error(
            "[tool.awaitify]\nreach = \"all\"\n",
            &[
                "awaitify.toml: `[tool.awaitify]` belongs in pyproject.toml; here the keys stand at the top, so remove that line",
            ],
        );
        let (_, problems) = read_as("pyproject.toml", Layout::Tool, "[project]\n");
        assert_eq!(
            problems,
            ["pyproject.toml: has no `[tool.awaitify]` table; add one, or name another file with `--config`"]
        );
    }

    #[test]
    fn toml_that_does_not_parse_is_placed() {
        let (_, problems) = read_as("awaitify.toml", Layout::Top, "reach = \n");
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("awaitify.toml:1:"), "{problems:?}");
    }
}
