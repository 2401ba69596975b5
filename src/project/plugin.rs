//! Which pytest plugin runs async tests, by the project's configuration and its list of requirements.

use std::path::{Path, PathBuf};

use crate::config::PathGlobs;

/// What runs async tests under pytest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TestPlugin {
    /// pytest-asyncio with `asyncio_mode = auto`: no marker.
    AsyncioAuto,
    /// pytest-asyncio: `@pytest.mark.asyncio`, and fixtures of its own.
    AsyncioStrict,
    /// anyio's plugin: `@pytest.mark.anyio`.
    Anyio,
    /// None that is mentioned anywhere.
    #[default]
    Missing,
}

/// Files that configure pytest.
const CONFIGS: [&str; 7] =
    ["pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg"];
/// Files that name what is installed, besides those.
const REQUIREMENTS: [&str; 8] = [
    "setup.py",
    "Pipfile",
    "noxfile.py",
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-test.txt",
    "dev-requirements.txt",
    "test-requirements.txt",
];

/// What the configuration of pytest says.
#[derive(Debug, Default)]
pub struct Pytest {
    pub plugin: TestPlugin,
    /// Names of files in which tests are looked for.
    pub python_files: PathGlobs,
}

/// Looks at the files in the folders of the tests, in those above them, and in `requirements/`, `tests/` and `test/`.
pub(super) fn find<'a>(root: &Path, folders: impl IntoIterator<Item = &'a PathBuf>) -> Pytest {
    let mut folders: Vec<&Path> = folders.into_iter().map(PathBuf::as_path).filter(|folder| *folder != root).collect();
    folders.insert(0, root);
    let paths = folders.iter().flat_map(|folder| CONFIGS.map(|name| folder.join(name)));
    let texts: Vec<String> = paths.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let globs = texts.iter().flat_map(|text| list(text, "python_files"));
    let python_files = PathGlobs::new(globs).unwrap_or_default();
    Pytest { plugin: plugin(root, texts), python_files }
}

fn plugin(root: &Path, texts: Vec<String>) -> TestPlugin {
    match texts.iter().find_map(|text| mode(text)) {
        Some(true) => return TestPlugin::AsyncioAuto,
        Some(false) => return TestPlugin::AsyncioStrict,
        None => {}
    }
    let folders = ["requirements", "tests", "test"].map(|name| root.join(name));
    let listed = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut paths: Vec<_> = listed.map(|entry| entry.path()).collect();
    paths.retain(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.ends_with(".txt") || name.ends_with(".in") || name == "conftest.py"
    });
    paths.extend(REQUIREMENTS.iter().map(|name| root.join(name)));
    paths.sort();
    let more = paths.iter().filter_map(|path| std::fs::read_to_string(path).ok());
    let all: Vec<String> = texts.into_iter().chain(more).collect();
    let mentions = |name: &str| all.iter().any(|text| text.contains(name));
    if mentions("pytest-asyncio") || mentions("pytest_asyncio") {
        TestPlugin::AsyncioStrict
    } else if mentions("anyio_backend") || mentions("pytest.mark.anyio") {
        TestPlugin::Anyio
    } else {
        TestPlugin::Missing
    }
}

/// The words that a text sets an option of pytest to: `python_files = ["*_test.py"]`, or on the lines below it.
fn list(text: &str, option: &str) -> Vec<String> {
    let mut lines = text.lines().skip_while(|line| !sets(line, option));
    let Some((_, first)) = lines.next().and_then(|line| line.split_once('=')) else { return vec![] };
    let is_more = |line: &&str| line.starts_with([' ', '\t', ']']);
    let rest = lines.take_while(is_more).flat_map(str::split_whitespace);
    let words = first.split_whitespace().chain(rest).flat_map(|word| word.split([',', '"', '\'', '[', ']']));
    words.filter(|word| word.contains(".py") || word.contains('*')).map(str::to_owned).collect()
}

fn sets(line: &str, option: &str) -> bool {
    line.trim_start().strip_prefix(option).is_some_and(|rest| rest.trim_start().starts_with('='))
}

/// Whether pytest-asyncio's mode is `auto`, where a text sets it: `asyncio_mode = "auto"`, `--asyncio-mode=auto`.
fn mode(text: &str) -> Option<bool> {
    text.lines().map(str::trim_start).filter(|line| !line.starts_with(['#', ';'])).find_map(|line| {
        let at = line.find("asyncio_mode").or_else(|| line.find("asyncio-mode"))?;
        let value = line[at + "asyncio_mode".len()..].trim_start_matches([' ', '\t', '=', '"', '\'']);
        let word: String = value.chars().take_while(char::is_ascii_alphabetic).collect();
        match word.as_str() {
            "auto" => Some(true),
            "strict" | "legacy" => Some(false),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], plugin: TestPlugin) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        assert_eq!(find(folder.path(), []).plugin, plugin);
    }

    #[test]
    fn the_mode_is_read_from_any_config() {
        check(&[("pyproject.toml", "[tool.pytest.ini_options]\nasyncio_mode = \"auto\"\n")], TestPlugin::AsyncioAuto);
        check(&[("pytest.ini", "[pytest]\naddopts = -q --asyncio-mode=auto\n")], TestPlugin::AsyncioAuto);
        check(&[("setup.cfg", "[tool:pytest]\nasyncio_mode=strict\n")], TestPlugin::AsyncioStrict);
        check(&[("tox.ini", "[pytest]\n# asyncio_mode = auto\n")], TestPlugin::Missing);
    }

    #[test]
    fn the_files_with_tests_in_them() {
        let toml = "[tool.pytest.ini_options]\npython_files = [\"*_checks.py\", \"t_*.py\"]\npythonpath = [\".\"]\n";
        assert_eq!(list(toml, "python_files"), ["*_checks.py", "t_*.py"]);
        assert_eq!(
            list("[pytest]\npython_files =\n    a_*.py\n    b_*.py\naddopts = *\n", "python_files"),
            ["a_*.py", "b_*.py"]
        );
        assert_eq!(list("[pytest]\npython_files_too = x.py\n", "python_files"), Vec::<String>::new());
    }

    #[test]
    fn else_the_requirements_tell() {
        check(&[("requirements/dev.txt", "pytest\npytest-asyncio==1.0\n")], TestPlugin::AsyncioStrict);
        check(&[("setup.py", "tests_require=['pytest_asyncio']")], TestPlugin::AsyncioStrict);
        check(&[("tests/conftest.py", "def anyio_backend(): return 'asyncio'\n")], TestPlugin::Anyio);
        check(&[("pyproject.toml", "[project]\ndependencies = [\"anyio\"]\n")], TestPlugin::Missing);
    }
}
