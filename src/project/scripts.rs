//! Console scripts: the functions that an installed command calls, by the project's packaging files.

use std::path::Path;

/// The dotted paths of the functions: `pkg.cli.main` for `app = "pkg.cli:main"`.
pub(super) fn find(root: &Path) -> Vec<String> {
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_default();
    let mut found = of_pyproject(&read("pyproject.toml"));
    found.extend(of_ini(&read("setup.cfg")));
    found.extend(of_setup(&read("setup.py")));
    found.sort_unstable();
    found.dedup();
    found
}

fn of_pyproject(text: &str) -> Vec<String> {
    let Ok(table) = text.parse::<toml::Table>() else { return vec![] };
    let places: [&[&str]; 4] = [
        &["project", "scripts"],
        &["project", "gui-scripts"],
        &["tool", "poetry", "scripts"],
        &["tool", "pdm", "scripts"],
    ];
    let entries = places.iter().filter_map(|place| {
        let mut at = &table;
        for key in *place {
            at = at.get(*key)?.as_table()?;
        }
        Some(at)
    });
    let target = |value: &toml::Value| match value {
        toml::Value::String(text) => path(text),
        toml::Value::Table(table) => path(table.get("reference").or_else(|| table.get("call"))?.as_str()?),
        _ => None,
    };
    entries.flat_map(|table| table.values()).filter_map(target).collect()
}

/// `console_scripts =` and the indented lines below it.
fn of_ini(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = vec![];
    for line in text.lines() {
        let is_head = line.starts_with(|first: char| !first.is_whitespace());
        if is_head || line.trim().is_empty() {
            inside = matches!(line.split('=').next().map(str::trim), Some("console_scripts" | "gui_scripts"));
        }
        if let (true, Some((_, target))) = (inside, line.split_once('=')) {
            found.extend(path(target));
        }
    }
    found
}

/// `"app = pkg.cli:main"` anywhere in a `setup.py` with console scripts.
fn of_setup(text: &str) -> Vec<String> {
    if !text.contains("console_scripts") {
        return vec![];
    }
    let strings = text.split(['"', '\'']);
    strings.filter_map(|part| part.split_once('=')).filter_map(|(_, target)| path(target)).collect()
}

/// `pkg.cli.main` of `pkg.cli:main [extra]`.
fn path(target: &str) -> Option<String> {
    let target = target.split('[').next()?.trim();
    let (module, function) = target.split_once(':')?;
    let is_dotted =
        |text: &str| !text.is_empty() && text.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '.');
    (is_dotted(module) && is_dotted(function)).then(|| format!("{module}.{function}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pyproject() {
        let text = "[project.scripts]\na = \"pkg.cli:main\"\n[tool.poetry.scripts]\nb = {reference = \"pkg:App.run\", type = \"console\"}\nc = \"x\"\n";
        assert_eq!(of_pyproject(text), ["pkg.cli.main", "pkg.App.run"]);
        assert!(of_pyproject("not toml").is_empty());
    }

    #[test]
    fn setup_files() {
        let text = "[options.entry_points]\nconsole_scripts =\n    a = pkg.cli:main\n    b=pkg:go [x]\npytest11 =\n    c = pkg:plugin\n";
        assert_eq!(of_ini(text), ["pkg.cli.main", "pkg.go"]);
        assert_eq!(of_setup("setup(entry_points={'console_scripts': ['a=pkg.cli:main']})"), ["pkg.cli.main"]);
        assert!(of_setup("setup(x='a=pkg:b')").is_empty());
    }
}
