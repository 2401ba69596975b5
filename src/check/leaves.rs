//! What blocks when the config does not say: the codemods that hold everywhere, and leaves that only the audit knows.

use crate::config::{Codemod, Config, builtin, codemod};
use crate::index::Index;

/// The built-in codemods of what blocks, proposed wherever they have calls that matter. None says anything about a single project.
pub const DRIVERS: [&str; 12] = [
    "time-sleep",
    "requests",
    "httpx",
    "urllib",
    "smtplib",
    "subprocess",
    "psycopg",
    "pymongo",
    "redis",
    "sqlalchemy",
    "sqlite3",
    "open",
];

/// Packages and the built-in codemods that know what they accept and call.
pub const FRAMEWORKS: [(&str, &str); 13] = [
    ("aiohttp", "aiohttp"),
    ("celery", "celery"),
    ("click", "click"),
    ("discord", "discord"),
    ("django", "django"),
    ("fastapi", "fastapi"),
    ("flask", "flask"),
    ("jupyter_core", "jupyter"),
    ("pytest", "pytest"),
    ("starlette", "starlette"),
    ("strawberry", "strawberry"),
    ("typer", "typer"),
    ("unittest", "unittest"),
];

/// The built-in codemods that hold everywhere.
fn everywhere() -> impl Iterator<Item = &'static str> {
    DRIVERS.into_iter().chain(FRAMEWORKS.map(|(_, codemod)| codemod))
}

/// The name that blocking calls without a codemod of their own go by.
pub const CALLS: &str = "audit-calls";
/// The name of leaves that read and write files.
pub const FILES: &str = "audit-files";
/// The name of leaves that run an event loop.
pub const LOOPS: &str = "audit-loops";

/// Blocking calls that the migration has no edit for, or none that is right everywhere.
const LEAVES: [(&str, &str); 3] = [
    (CALLS, include_str!("leaves/calls.toml")),
    (FILES, include_str!("leaves/files.toml")),
    (LOOPS, include_str!("leaves/loops.toml")),
];

/// Takes out of the codemods behind the first `own` what the project cannot meet: calls into packages that no file mentions.
pub fn limit(config: &mut Config, own: usize, index: &Index) {
    for codemod in config.codemods.iter_mut().skip(own) {
        codemod.blocking.retain(|entry| {
            let paths = entry.class.iter().chain(&entry.function).flat_map(|names| &names.patterns);
            entry.receiver.is_some() || paths.into_iter().any(|path| is_mentioned(index, path))
        });
    }
}

fn is_mentioned(index: &Index, path: &str) -> bool {
    let top = path.split('.').next().unwrap_or(path);
    let is_literal = top.chars().all(|char| char.is_alphanumeric() || char == '_');
    !is_literal || top == "builtins" || index.is_package(top) || index.words.files(top).len() > 0
}

/// Adds to the codemods of the config what an audit looks for in any project.
pub fn add(config: &mut Config) {
    let known: Vec<String> = config.codemods.iter().map(|codemod| codemod.name.clone()).collect();
    let named = everywhere().filter(|name| !known.iter().any(|known| known == name));
    config.codemods.extend(named.filter_map(builtin::get));
    config.codemods.extend(LEAVES.iter().map(|(name, text)| read(name, text)));
}

fn read(name: &str, text: &str) -> Codemod {
    codemod::embedded(name, text).expect("the embedded leaves are valid: a test reads them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_leaves_are_valid() {
        let mut config = Config::default();
        add(&mut config);
        assert_eq!(config.codemods.len(), everywhere().count() + LEAVES.len());
        let again = config.codemods.len();
        assert!(config.codemods.iter().filter(|codemod| codemod.name == "requests").count() == 1 && again > 20);
    }
}
