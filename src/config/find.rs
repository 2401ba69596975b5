//! Finds the config file, the project's root and the Python version the project asks for.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ruff_python_ast::PythonVersion;
use toml::de::{DeTable, DeValue};

use super::version::lower_bound;
use crate::error::{Error, Problem};

/// Where the keys stand in a config file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// `awaitify.toml`: at the top.
    Top,
    /// `pyproject.toml`: under `[tool.awaitify]`.
    Tool,
}

/// A config file that was read but not parsed.
pub(super) struct File {
    /// As it is shown.
    pub(super) path: PathBuf,
    /// Absolute; paths of codemods start here.
    pub(super) directory: PathBuf,
    pub(super) text: String,
    pub(super) layout: Layout,
}

/// What lies around the start path.
pub(super) struct Found {
    /// Absolute.
    pub(super) root: PathBuf,
    pub(super) file: Option<File>,
    /// The lower bound of `requires-python` in the nearest `pyproject.toml`, or of `python_requires` in the files that older projects have.
    pub(super) requires_python: Option<PythonVersion>,
    /// What was odd on the way and changes nothing.
    pub(super) remarks: Vec<Problem>,
}

const OWN: &str = "awaitify.toml";
const PYPROJECT: &str = "pyproject.toml";
const ROOT_MARKERS: [&str; 4] = [PYPROJECT, "setup.py", "setup.cfg", ".git"];

/// Looks around `start`. `named` is the file of `--config`, which ends the search.
///
/// # Errors
/// `Error::Io` when `start`, `named` or a config file on the way cannot be read.
pub(super) fn find(start: &Path, named: Option<&Path>) -> Result<Found, Error> {
    let start = fs::canonicalize(start).map_err(|error| Error::io("find", start, error))?;
    let mut remarks = Vec::new();
    let file = match named {
        Some(path) => Some(read_named(path)?),
        None => search(&start, &mut remarks)?,
    };
    let root = match &file {
        Some(file) if start.starts_with(&file.directory) => file.directory.clone(),
        Some(_) | None => project_root(&start),
    };
    Ok(Found { root, file, requires_python: requires_python(&start)?, remarks })
}

fn read_named(path: &Path) -> Result<File, Error> {
    let text = fs::read_to_string(path).map_err(|error| Error::io("read", path, error))?;
    let absolute = fs::canonicalize(path).map_err(|error| Error::io("find", path, error))?;
    let directory = absolute.parent().unwrap_or(Path::new("/")).to_path_buf();
    let layout = if path.file_name().is_some_and(|name| name == PYPROJECT) { Layout::Tool } else { Layout::Top };
    Ok(File { path: path.to_path_buf(), directory, text, layout })
}

fn search(start: &Path, remarks: &mut Vec<Problem>) -> Result<Option<File>, Error> {
    for directory in start.ancestors() {
        let own = read_if_there(&directory.join(OWN))?;
        let pyproject = read_if_there(&directory.join(PYPROJECT))?;
        let pyproject = pyproject.filter(|text| has_section(text, &directory.join(PYPROJECT), remarks));
        let (name, text, layout) = match (own, pyproject) {
            (Some(own), pyproject) => {
                if pyproject.is_some() {
                    let message = format!("`[tool.awaitify]` is not read; `{OWN}` beside it wins");
                    remarks.push(Problem::whole_file(shown(&directory.join(PYPROJECT)), message));
                }
                (OWN, own, Layout::Top)
            }
            (None, Some(pyproject)) => (PYPROJECT, pyproject, Layout::Tool),
            (None, None) => continue,
        };
        let path = shown(&directory.join(name));
        return Ok(Some(File { path, directory: directory.to_path_buf(), text, layout }));
    }
    Ok(None)
}

/// A file that is not TOML counts when it seems to have our table, so that the mistake is reported and not passed over.
fn has_section(text: &str, path: &Path, remarks: &mut Vec<Problem>) -> bool {
    match DeTable::parse(text) {
        Ok(document) => table_at(document.get_ref(), &["tool", "awaitify"]).is_some(),
        Err(_) if text.contains("tool.awaitify") => true,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            let message = format!("not valid TOML, so it is passed over: {}", error.message());
            remarks.push(Problem::at_offset(shown(path), text, offset, message));
            false
        }
    }
}

fn project_root(start: &Path) -> PathBuf {
    // In a package, `setup.py` is a module like any other.
    let marks = |directory: &Path, name: &str| {
        directory.join(name).exists() && (name != "setup.py" || !directory.join("__init__.py").exists())
    };
    let is_marked = |directory: &&Path| ROOT_MARKERS.iter().any(|name| marks(directory, name));
    let marked = start.ancestors().find(is_marked);
    let directory = if start.is_dir() { start } else { start.parent().unwrap_or(start) };
    marked.unwrap_or(directory).to_path_buf()
}

fn requires_python(start: &Path) -> Result<Option<PythonVersion>, Error> {
    for directory in start.ancestors() {
        if let Some(pyproject) = read_if_there(&directory.join(PYPROJECT))? {
            let stated = stated_in(&pyproject).or_else(|| stated_in_setup(directory));
            return Ok(stated.and_then(|stated| lower_bound(&stated)));
        }
        if let Some(stated) = stated_in_setup(directory) {
            return Ok(lower_bound(&stated));
        }
    }
    Ok(None)
}

/// What the packaging files in a folder say of the Pythons that the project runs on.
pub(crate) fn stated_python(root: &Path) -> Option<String> {
    let pyproject = fs::read_to_string(root.join(PYPROJECT)).unwrap_or_default();
    stated_in(&pyproject).or_else(|| stated_in_setup(root))
}

/// `python_requires = >=3.8` in `setup.cfg`, `python_requires=">=3.8"` in `setup.py`.
fn stated_in_setup(directory: &Path) -> Option<String> {
    ["setup.cfg", "setup.py"].iter().find_map(|name| {
        let text = fs::read_to_string(directory.join(name)).ok()?;
        let (_, rest) = text.split_once("python_requires")?;
        let value = rest.trim_start().strip_prefix('=')?.trim_start();
        let value = match value.chars().next()? {
            quote @ ('"' | '\'') => value[1..].split(quote).next()?,
            _ => value.lines().next()?,
        };
        Some(value.trim().to_owned())
    })
}

fn stated_in(pyproject: &str) -> Option<String> {
    let document = DeTable::parse(pyproject).ok()?;
    let standard = table_at(document.get_ref(), &["project"]).and_then(|table| table.get("requires-python"));
    let poetry = || table_at(document.get_ref(), &["tool", "poetry", "dependencies"])?.get("python");
    Some(standard.or_else(poetry)?.get_ref().as_str()?.to_owned())
}

/// The table under the dotted `keys`.
pub(super) fn table_at<'v, 't>(table: &'v DeTable<'t>, keys: &[&str]) -> Option<&'v DeTable<'t>> {
    keys.iter().try_fold(table, |table, key| table.get(*key).map(|value| value.get_ref()).and_then(DeValue::as_table))
}

fn read_if_there(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::io("read", &shown(path), error)),
    }
}

/// `path` as a user in the current directory would write it.
pub(super) fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(fs::canonicalize);
    here.ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::flags::Flags;
    use crate::config::{Config, Reach, load};

    /// Writes `files`, loads the config for `start` in them; paths in errors and remarks are relative to the folder.
    fn check(
        files: &[(&str, &str)],
        start: &str,
        flags: &Flags,
    ) -> (tempfile::TempDir, Result<(Config, String), String>) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let prefix = format!("{}/", fs::canonicalize(folder.path()).unwrap().display());
        let config = flags.config.as_ref().map(|path| folder.path().join(path));
        let flags = Flags { config, ..flags.clone() };
        let loaded = load(&folder.path().join(start), &flags);
        let result = match loaded {
            Ok((config, remarks)) => {
                let remarks: Vec<String> = remarks.iter().map(Problem::to_string).collect();
                Ok((config, remarks.join("\n").replace(&prefix, "")))
            }
            Err(error) => Err(error.to_string().replace(&prefix, "")),
        };
        (folder, result)
    }

    #[test]
    fn the_nearest_file_above_counts() {
        let files = [
            ("pyproject.toml", "[tool.awaitify]\nreach = \"none\"\n"),
            ("shop/pyproject.toml", "[project]\nrequires-python = \">=3.10\"\n"),
            ("shop/src/a.py", ""),
        ];
        let (folder, loaded) = check(&files, "shop/src/a.py", &Flags::default());
        let (config, remarks) = loaded.unwrap();
        assert_eq!((config.reach, remarks.as_str()), (Reach::None, ""));
        assert_eq!(config.root, fs::canonicalize(folder.path()).unwrap());
        assert_eq!(config.target_version, PythonVersion::PY310);
    }

    #[test]
    fn awaitify_toml_wins_and_says_so() {
        let files =
            [("pyproject.toml", "[tool.awaitify]\nreach = \"none\"\n"), ("awaitify.toml", "reach = \"async\"\n")];
        let (_folder, loaded) = check(&files, ".", &Flags::default());
        let (config, remarks) = loaded.unwrap();
        assert_eq!(config.reach, Reach::Async);
        assert_eq!(remarks, "pyproject.toml: `[tool.awaitify]` is not read; `awaitify.toml` beside it wins");
    }

    #[test]
    fn without_a_file_the_defaults_hold() {
        let files = [("app/setup.py", ""), ("app/pkg/a.py", "")];
        let (folder, loaded) = check(&files, "app/pkg", &Flags::default());
        let (config, _) = loaded.unwrap();
        assert_eq!(config.root, fs::canonicalize(folder.path().join("app")).unwrap());
        assert_eq!((config.codemods.len(), config.target_version), (0, PythonVersion::PY312));
        assert!(config.bridge);
    }

    #[test]
    fn older_projects_say_what_they_run_on_in_their_setup_files() {
        let check_version = |files: &[(&str, &str)], expect: PythonVersion| {
            let (_folder, loaded) = check(files, ".", &Flags::default());
            assert_eq!(loaded.unwrap().0.target_version, expect);
        };
        let cfg = ("setup.cfg", "[options]\npython_requires = >=3.8\npackages = find:\n");
        check_version(&[cfg], PythonVersion::PY38);
        check_version(&[("setup.py", "setup(name='x', python_requires='>=3.9')\n")], PythonVersion::PY39);
        check_version(&[cfg, ("pyproject.toml", "[build-system]\n")], PythonVersion::PY38);
        check_version(&[cfg, ("pyproject.toml", "[project]\nrequires-python = \">=3.11\"\n")], PythonVersion::PY311);
    }

    #[test]
    fn a_module_named_setup_marks_no_root() {
        let (folder, loaded) = check(
            &[("app/setup.py", ""), ("app/pkg/setup.py", ""), ("app/pkg/__init__.py", "")],
            "app/pkg",
            &Flags::default(),
        );
        assert_eq!(loaded.unwrap().0.root, fs::canonicalize(folder.path().join("app")).unwrap());
    }

    #[test]
    fn a_named_file_ends_the_search() {
        let files = [
            ("app/pyproject.toml", "[tool.awaitify]\nreech = \"none\"\n"),
            ("conf/x.toml", "codemods = [\"own.toml\"]\nexclude = [\"gen\"]\n"),
            ("conf/own.toml", "threaded = \"a.b\"\n"),
        ];
        let flags = Flags { config: Some("conf/x.toml".into()), ..Flags::default() };
        let (folder, loaded) = check(&files, "app", &flags);
        let (config, _) = loaded.unwrap();
        assert_eq!(config.codemods[0].name, "own.toml");
        assert_eq!(config.root, fs::canonicalize(folder.path().join("app")).unwrap());
    }

    #[test]
    fn flags_win_over_the_file() {
        let files =
            [("awaitify.toml", "codemods = [\"fastapi\"]\nreach = \"all\"\nkeep_sync = [\"a\"]\nexclude = [\"x\"]\n")];
        let flags = Flags {
            codemods: vec!["requests".to_owned()],
            reach: Some(Reach::Async),
            keep_sync: vec!["b".to_owned()],
            exclude: vec!["y".to_owned()],
            ..Flags::default()
        };
        let (_folder, loaded) = check(&files, ".", &flags);
        let (config, _) = loaded.unwrap();
        assert_eq!((config.codemods.len(), config.codemods[0].name.as_str()), (1, "requests"));
        assert_eq!(config.reach, Reach::Async);
        assert!(config.keep_sync.matches("a") && config.keep_sync.matches("b"));
        assert!(config.exclude.is_match("x") && config.exclude.is_match("y"));
    }

    #[test]
    fn errors_of_file_and_flags_come_together() {
        let files = [("awaitify.toml", "reech = \"all\"\n")];
        let flags = Flags { exclude: vec!["a[".to_owned()], codemods: vec!["nope".to_owned()], ..Flags::default() };
        let (_folder, loaded) = check(&files, ".", &flags);
        let error = loaded.map(|_| ()).unwrap_err();
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(lines[0], "awaitify.toml:1:1: unknown key `reech`; did you mean `reach`?");
        assert!(lines[1].starts_with("command line: unknown codemod `nope`; "), "{error}");
        assert!(lines[2].starts_with("command line: `--exclude`: `a[` is not a glob"), "{error}");
    }

    #[test]
    fn what_is_not_there_is_an_io_error() {
        let (_folder, loaded) = check(&[], "nowhere", &Flags::default());
        let error = loaded.map(|_| ()).unwrap_err();
        assert!(error.starts_with("cannot find `"), "{error}");
        assert!(error.ends_with("nowhere`: No such file or directory (os error 2); check the path"), "{error}");
    }

    #[test]
    fn a_broken_pyproject_counts_when_it_seems_ours() {
        let (_folder, loaded) = check(&[("pyproject.toml", "[tool.awaitify]\nreach =\n")], ".", &Flags::default());
        assert!(loaded.map(|_| ()).unwrap_err().starts_with("pyproject.toml:2:"));
        let (_folder, loaded) = check(&[("pyproject.toml", "[project\n")], ".", &Flags::default());
        assert!(loaded.unwrap().1.starts_with("pyproject.toml:1:9: not valid TOML, so it is passed over: "));
    }
}
