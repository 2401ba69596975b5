//! Codemods by name: built in, or a TOML file of the user's.

use std::fs;
use std::ops::Range;
use std::path::Path;

use toml::de::DeTable;

use super::find::shown;
use super::reader::{Reader, suggestion};
use super::{Codemod, Example, builtin, entries};
use crate::error::{Error, Problem};

const KEYS: [&str; 9] = [
    "description",
    entries::BLOCKING,
    entries::ACCEPTS_ASYNC,
    entries::THREADED,
    entries::FOUND_BY_NAME,
    entries::RENAME,
    entries::COMMANDS,
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
    parse(name, &shown(&path), &text).map_err(Failure::Contents)
}

/// Reads a codemod that is part of the program.
///
/// # Errors
/// Everything that is wrong with it.
pub fn embedded(name: &str, text: &str) -> Result<Codemod, Vec<Problem>> {
    parse(name, Path::new(name), text)
}

/// Reads the codemod `name` from `text`, the contents of `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn parse(name: &str, path: &Path, text: &str) -> Result<Codemod, Vec<Problem>> {
    let mut reader = Reader::new(path, text);
    let Some(document) = reader.document() else { return Err(reader.finish()) };
    let fields = reader.fields(&document, &KEYS);
    let mut codemod = entries::read(&mut reader, &fields, name);
    codemod.description = reader.string(&fields, "description").map(|text| text.into_inner()).unwrap_or_default();
    codemod.rewrites_run_fallbacks = reader.boolean(&fields, "rewrite-run-fallbacks").unwrap_or_default();
    for (span, table) in reader.tables(&fields, "example") {
        codemod.examples.extend(read_example(&mut reader, &span, table));
    }
    if !reader.has_problems() && codemod.is_empty() {
        reader.whole_file("declares nothing; add a `[[blocking]]` or `[[accepts_async]]` entry");
    }
    if reader.has_problems() { Err(reader.finish()) } else { Ok(codemod) }
}

fn read_example<'t>(reader: &mut Reader<'t>, span: &Range<usize>, table: &DeTable<'t>) -> Option<Example> {
    let fields = reader.fields(table, &["before", "after", "with"]);
    if fields.get("before").is_none() || fields.get("after").is_none() {
        reader.missing(span, &fields, "`example` needs `before` and `after`");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BlockingAction, Reach};

    fn check_error(text: &str, expected: &[&str]) {
        let problems = parse("own", Path::new("own.toml"), text).unwrap_err();
        assert_eq!(problems.iter().map(Problem::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_codemod_is_read() {
        let text = r#"
description = "Ours."
threaded = ["jobs.task"]
rewrite-run-fallbacks = true

[[blocking]]
receiver = ["db", "!async_db"]
class = "app.Database"
native = "a{name}"

[[blocking]]
function = "time.sleep"
replace = "asyncio.sleep"
reach = "async"

[[accepts-async]]
parameter = "app.on:handler"

[[rename]]
from = "app.Lock"
to = "app.AsyncLock"

[[example]]
with = "persistence"
before = "x = 1\n"
after = "x = 1\n"
"#;
        let codemod = parse("own", Path::new("own.toml"), text).unwrap();
        let [layer, sleep] = codemod.blocking.as_slice() else { panic!("{:?}", codemod.blocking) };
        assert!(layer.receiver.as_ref().is_some_and(|names| names.matches("db") && !names.matches("async_db")));
        assert!(layer.method.matches("anything"));
        assert_eq!(layer.action, BlockingAction::Native { template: "a{name}".to_owned() });
        assert_eq!(sleep.action, BlockingAction::Replace { function: "asyncio.sleep".to_owned() });
        assert_eq!(sleep.reach, Some(Reach::Async));
        assert_eq!((codemod.renames[0].from.as_str(), codemod.renames[0].to.as_str()), ("app.Lock", "app.AsyncLock"));
        assert!(codemod.rewrites_run_fallbacks);
        assert_eq!(codemod.examples[0].with, ["persistence"]);
    }

    #[test]
    fn entries_that_make_no_sense_are_named() {
        check_error(
            "[[blocking]]\nfunction = \"a.b\"\nnative = \"x\"\n\n[[blocking]]\nclass = \"a.B\"\nnative = \"x\"\nreplace = \"c.d\"\n",
            &[
                "own.toml:3:10: `native` names a method of a `receiver` or `class`; for a `function` use `replace`",
                "own.toml:5:1: `native` and `replace` exclude each other; keep one",
            ],
        );
        check_error(
            "[[blocking]]\nclass = \"a.B\"\nnative = \"async_{nam}\"\n[[blocking]]\nfunction = \"a.b\"\nreplace = \"sleep\"\n",
            &[
                "own.toml:3:10: `native` cannot be `async_{nam}`; write a method name, as `async_{name}`",
                "own.toml:6:11: `replace` cannot be `sleep`; write a qualified name, as `asyncio.sleep`",
            ],
        );
        check_error(
            "[[accepts_async]]\nparameter = \"a.b\"\n[[rename]]\nfrom = \"a.b\"\n[[rename]]\nfrom = \"a b\"\nto = \"c\"\n",
            &[
                "own.toml:2:13: `parameter` cannot be `a.b`; write `pkg.function:parameter`",
                "own.toml:3:1: `rename` needs `from` and `to`",
                "own.toml:6:8: `from` cannot be `a b`; that is no Python name",
            ],
        );
    }

    #[test]
    fn wrong_shapes_are_named() {
        check_error(
            "blocking = { function = \"a.b\" }\n",
            &["own.toml:1:12: `blocking` takes a list of tables (write `[[blocking]]`), not a table"],
        );
        check_error(
            "[[blocking]]\nreceiver = [\"!x\"]\n",
            &["own.toml:2:12: `receiver`: only exclusions, so nothing matches; add `\"*\"` to begin with everything"],
        );
        check_error(
            "description = \"\"\n",
            &["own.toml: declares nothing; add a `[[blocking]]` or `[[accepts_async]]` entry"],
        );
    }

    #[test]
    fn a_name_with_a_toml_ending_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("own.toml"), "threaded = \"a.b\"\n").unwrap();
        assert_eq!(find("own.toml", folder.path()).unwrap().name, "own.toml");
        assert_eq!(find("./own.toml", folder.path()).unwrap().name, "./own.toml");
        assert_eq!(find("requests", folder.path()).unwrap().name, "requests");
    }

    #[test]
    fn an_unknown_name_on_the_command_line_is_an_error() {
        let error = named("time_slep").unwrap_err().to_string();
        assert_eq!(error, "command line: unknown codemod `time_slep`; did you mean `time-sleep`?");
    }
}
