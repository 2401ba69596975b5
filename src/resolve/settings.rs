//! Functions that a file of settings names: `handler: src/things.on_item`, `_target_: shop.make`, `extract = tools:extract`. What
//! reads the file finds them by that and calls them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::builder::Builder;
use super::path_string::Paths;
use super::text::{Medium, TextCall};
use crate::index::facts::FuncId;
use crate::project::{TextFile, TextKind};

/// Larger files are data.
const LARGEST: u64 = 1 << 20;

/// What is looked for: dotted paths, by their last two names.
type Wanted = FxHashMap<String, Vec<(String, FuncId)>>;

/// The first place, in path order, for every node that one names. What the packaging files name is an entry point, and is looked at
/// by itself.
pub(crate) fn find(builder: &Builder, nodes: &Paths) -> BTreeMap<FuncId, TextCall> {
    let files: Vec<&TextFile> =
        builder.project.texts.iter().filter(|file| file.kind == TextKind::Settings && !is_for_tests(file)).collect();
    let mut wanted = Wanted::default();
    if !files.is_empty() {
        let plugins = builder.project.plugins.iter().map(|plugin| &plugin.path);
        let entries: FxHashSet<&String> = builder.project.scripts.iter().chain(plugins).collect();
        for (path, funcs) in nodes.iter().filter(|(path, _)| !entries.contains(path)) {
            if let Some(end) = last_two(path) {
                wanted.entry(end.to_owned()).or_default().extend(funcs.iter().map(|func| (path.clone(), *func)));
            }
        }
    }
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let found: Vec<_> = files.par_iter().map(|file| in_file(file, &wanted)).collect();
    let mut calls = BTreeMap::new();
    for (func, call) in found.into_iter().flatten() {
        calls.entry(func).or_insert(call);
    }
    calls
}

fn is_for_tests(file: &TextFile) -> bool {
    file.relative.split('/').any(|part| matches!(part, "test" | "tests" | "testing"))
}

fn in_file(file: &TextFile, wanted: &Wanted) -> Vec<(FuncId, TextCall)> {
    if fs::metadata(&file.path).is_ok_and(|facts| facts.len() > LARGEST) {
        return vec![];
    }
    let Ok(text) = fs::read_to_string(&file.path) else { return vec![] };
    let place = |line| TextCall { path: file.relative.clone(), line: Some(line), medium: Medium::Settings };
    let mut found = vec![];
    for (line, path) in paths(&file.path, &text) {
        let candidates = last_two(&path).and_then(|end| wanted.get(end)).into_iter().flatten();
        let meant = candidates.filter(|(own, _)| is_end(own, &path) || is_end(&path, own));
        found.extend(meant.map(|(_, func)| (*func, place(line))));
    }
    found
}

/// Does the one path end with the other?
fn is_end(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// `things.on_item` of `src.things.on_item`.
fn last_two(path: &str) -> Option<&str> {
    let (before, _) = path.rsplit_once('.')?;
    Some(before.rsplit_once('.').map_or(path, |(rest, _)| &path[rest.len() + 1..]))
}

/// The paths that are values in a file of settings, with dots between their names, and their lines. What awaitify itself is told
/// says nothing of who calls them.
fn paths(file: &Path, text: &str) -> Vec<(usize, String)> {
    let own_tables = ["[[blocking]]", "[[rename]]", "[[accepts_async]]", "[[found_by_name]]"];
    let is_own = file.ends_with("awaitify.toml") || text.lines().any(|line| own_tables.contains(&line.trim()));
    let mut is_left = is_own;
    let mut found = vec![];
    for (number, line) in text.lines().enumerate() {
        if line.starts_with('[') && !is_own {
            is_left = line.trim_start_matches('[').starts_with("tool.awaitify");
        }
        if is_left || line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let words = line.split(|char: char| !char.is_alphanumeric() && !matches!(char, '_' | '.' | '/' | ':' | '-'));
        found.extend(words.filter_map(path).map(|path| (number + 1, path)));
    }
    found
}

/// `src.things.on_item` of `./src/things.on_item` and `src.things:on_item`; none of a key, which ends with a colon.
fn path(word: &str) -> Option<String> {
    let word = word.trim_start_matches(['.', '/', '-']).trim_end_matches('.');
    let is_it = word.contains(['.', ':']) && !word.ends_with(':') && !word.contains("::") && !word.contains("//");
    is_it.then(|| word.replace(['/', ':'], "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, text: &str, expect: &[&str]) {
        let found: Vec<String> = paths(Path::new(file), text).into_iter().map(|(_, path)| path).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn values_and_keys() {
        check(
            "a.yaml",
            "handler: ./src/things.on_item\n# b.c\nx.y: 1\nz: !!python/name:mdx.fence",
            &["src.things.on_item", "python.name.mdx.fence"],
        );
        check("a.cfg", "[a.b]\nvue = extract:extract_vue\n; c.d\n", &["a.b", "extract.extract_vue"]);
    }

    #[test]
    fn what_awaitify_is_told() {
        check("awaitify.toml", "settled = ['a.b']", &[]);
        check("c.toml", "[[blocking]]\nfunction = 'a.b'", &[]);
        check("pyproject.toml", "[tool.awaitify]\nsettled = ['a.b']\n[tool.hatch]\nx = 'c.d'", &["tool.hatch", "c.d"]);
    }

    #[test]
    fn ends() {
        assert_eq!(last_two("a.b.c"), Some("b.c"));
        assert_eq!(last_two("b.c"), Some("b.c"));
        assert_eq!(last_two("c"), None);
        assert!(is_end("a.b.c", "b.c") && is_end("b.c", "b.c") && !is_end("ab.c", "b.c"));
    }
}
