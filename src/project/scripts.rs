//! Entry points: the functions that an installed command, or a program that looks for plugins, finds by the project's
//! packaging files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

/// What the packaging files name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entries {
    /// Of commands: dotted paths, sorted.
    pub(super) scripts: Vec<String>,
    /// Those of other groups than those of installed commands.
    pub(super) plugins: Vec<Plugin>,
}

/// An entry point that is no installed command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plugin {
    /// `twine.registered_commands`
    pub group: String,
    /// The dotted path of the function, class or object.
    pub path: String,
}

/// Reads the packaging files in the folders of the project: a repository may hold several packages. A group that the project's own
/// code names is one of commands: it is loaded where no loop runs, by what is there to be seen.
pub(super) fn find(folders: &BTreeSet<PathBuf>, files: &BTreeSet<PathBuf>) -> Entries {
    let entries: Vec<Plugin> = folders.par_iter().flat_map_iter(|folder| in_folder(folder)).collect();
    let groups: BTreeSet<String> = entries.iter().map(|entry| entry.group.clone()).collect();
    let own: BTreeSet<String> = groups.into_iter().filter(|group| is_script(group) || is_named(group, files)).collect();
    let of_own = entries.iter().filter(|entry| own.contains(&entry.group));
    let scripts: BTreeSet<String> = of_own.map(|entry| entry.path.clone()).collect();
    // An object of a class that the project's own code names has methods that something else may call.
    let plugins: BTreeSet<Plugin> = entries.into_iter().filter(|entry| !is_script(&entry.group)).collect();
    Entries { scripts: scripts.into_iter().collect(), plugins: plugins.into_iter().collect() }
}

fn in_folder(folder: &Path) -> Vec<Plugin> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let mut entries = of_pyproject(&read("pyproject.toml"));
    entries.extend(of_ini(&read("setup.cfg")));
    entries.extend(of_setup(&read("setup.py")));
    entries
}

/// The group of pytest's plugins.
pub const PYTEST: &str = "pytest11";

fn is_script(group: &str) -> bool {
    matches!(group, "console_scripts" | "gui_scripts")
}

/// Does a Python file of the project, and not its `setup.py`, name the group in a string?
fn is_named(group: &str, files: &BTreeSet<PathBuf>) -> bool {
    let finders = ["\"", "'"].map(|quote| memchr::memmem::Finder::new(&format!("{quote}{group}{quote}")).into_owned());
    files.par_iter().filter(|file| !file.ends_with("setup.py")).any(|file| {
        let bytes = std::fs::read(file).unwrap_or_default();
        finders.iter().any(|finder| finder.find(&bytes).is_some())
    })
}

fn of_pyproject(text: &str) -> Vec<Plugin> {
    let Ok(table) = text.parse::<toml::Table>() else { return vec![] };
    let at = |place: &[&str]| {
        let mut at = &table;
        for key in place {
            at = at.get(*key)?.as_table()?;
        }
        Some(at)
    };
    let scripts: [&[&str]; 6] = [
        &["project", "scripts"],
        &["project", "gui-scripts"],
        &["tool", "poetry", "scripts"],
        &["tool", "pdm", "scripts"],
        &["tool", "flit", "scripts"],
        &["tool", "poe", "tasks"],
    ];
    let mut found = vec![];
    for place in scripts {
        found.extend(at(place).into_iter().flat_map(|entries| of_table("console_scripts", entries)));
    }
    let groups: [&[&str]; 2] = [&["project", "entry-points"], &["tool", "poetry", "plugins"]];
    for (group, entries) in groups.iter().filter_map(|place| at(place)).flatten() {
        found.extend(entries.as_table().into_iter().flat_map(|entries| of_table(group, entries)));
    }
    found
}

fn of_table(group: &str, entries: &toml::Table) -> Vec<Plugin> {
    let target = |value: &toml::Value| match value {
        toml::Value::String(text) => path(group, text),
        toml::Value::Table(table) => {
            path(group, ["reference", "call", "script"].iter().find_map(|key| table.get(*key))?.as_str()?)
        }
        _ => None,
    };
    let paths = entries.values().filter_map(target);
    paths.map(|path| Plugin { group: group.to_owned(), path }).collect()
}

/// `group =` under `[options.entry_points]`, and the indented lines below it; `console_scripts =` anywhere.
fn of_ini(text: &str) -> Vec<Plugin> {
    let mut in_section = false;
    let mut group = None;
    let mut found = vec![];
    for line in text.lines() {
        let is_head = line.starts_with(|first: char| !first.is_whitespace());
        if line.starts_with('[') {
            in_section = line.trim() == "[options.entry_points]";
        }
        if is_head || line.trim().is_empty() {
            let name = line.split('=').next().map(str::trim).filter(|_| line.contains('='));
            group = name.filter(|name| in_section || is_script(name));
        }
        if let (Some(group), Some((_, target))) = (group, line.split_once('=')) {
            found.extend(path(group, target).map(|path| Plugin { group: group.to_owned(), path }));
        }
    }
    found
}

/// `"app = pkg.cli:main"` in a `setup.py` with entry points, after the string that names the group.
fn of_setup(text: &str) -> Vec<Plugin> {
    if !text.contains("entry_points") && !text.contains("console_scripts") {
        return vec![];
    }
    let mut group = "console_scripts";
    let mut found = vec![];
    for part in text.split(['"', '\'']) {
        let is_name = !part.is_empty() && part.chars().all(|char| char.is_alphanumeric() || "._-".contains(char));
        match part.split_once('=') {
            Some((_, target)) => found.extend(path(group, target).map(|path| Plugin { group: group.to_owned(), path })),
            None if is_name => group = part,
            None => {}
        }
    }
    found
}

/// `pkg.cli.main` of `pkg.cli:main [extra]`, and of `pkg.cli:main(1)`. A plugin of pytest is a module.
fn path(group: &str, target: &str) -> Option<String> {
    let target = target.split(['[', '(']).next()?.trim();
    let is_dotted =
        |text: &str| !text.is_empty() && text.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '.');
    match target.split_once(':') {
        Some((module, function)) => (is_dotted(module) && is_dotted(function)).then(|| format!("{module}.{function}")),
        None => (group == PYTEST && is_dotted(target)).then(|| target.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: &[Plugin], expect: &[&str]) {
        let found: Vec<String> = found.iter().map(|entry| format!("{} {}", entry.group, entry.path)).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn pyproject() {
        let text = "[project.scripts]\na = \"pkg.cli:main\"\n[tool.poetry.scripts]\nb = {reference = \"pkg:App.run\", type = \"console\"}\nc = \"x\"\n[project.entry-points.\"pkg.commands\"]\nup = \"pkg.up:main\"\n";
        check(
            &of_pyproject(text),
            &["console_scripts pkg.cli.main", "console_scripts pkg.App.run", "pkg.commands pkg.up.main"],
        );
        assert!(of_pyproject("not toml").is_empty());
        let text = "[tool.flit.scripts]\na = \"pkg:go\"\n[tool.poe.tasks]\nb = {script = \"pkg.up:main(1)\"}\nc = \"pytest -q\"\n";
        check(&of_pyproject(text), &["console_scripts pkg.go", "console_scripts pkg.up.main"]);
    }

    #[test]
    fn setup_files() {
        let text = "[options.entry_points]\nconsole_scripts =\n    a = pkg.cli:main\n    b=pkg:go [x]\npytest11 =\n    c = pkg:plugin\n[metadata]\nd =\n    e = pkg:no\n";
        check(&of_ini(text), &["console_scripts pkg.cli.main", "console_scripts pkg.go", "pytest11 pkg.plugin"]);
        let text = "setup(entry_points={'console_scripts': ['a=pkg.cli:main'], 'own.kind': ['b = pkg.b:make']})";
        check(&of_setup(text), &["console_scripts pkg.cli.main", "own.kind pkg.b.make"]);
        assert!(of_setup("setup(x='a=pkg:b')").is_empty());
    }
}
