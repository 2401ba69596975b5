//! Functions whose dotted path stands in a string of the code: `queue.enqueue("shop.tasks.load")`, `"shop.tasks:load"` in a
//! table of settings, `f"shop.tasks.{name}"`. Something finds them by it and calls them, and nobody sees what comes of that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use ruff_python_ast::token::TokenKind;
use ruff_text_size::Ranged;
use rustc_hash::{FxHashMap, FxHashSet};

use super::builder::Builder;
use super::text::{Medium, TextCall};
use crate::index::facts::*;
use crate::index::{Index, texts};
use crate::project::Project;
use crate::py::source;

/// Nodes by the dotted paths that name them.
pub(crate) type Paths = FxHashMap<String, Vec<FuncId>>;

/// What is looked for: dotted paths, and the modules whose path may be the beginning of a computed one.
struct Wanted<'a> {
    paths: &'a Paths,
    modules: FxHashMap<String, Vec<FuncId>>,
}

/// The first string, in path order, for every node that one names. Tests hold nothing back.
pub(crate) fn find(builder: &Builder, paths: &Paths) -> BTreeMap<FuncId, TextCall> {
    let wanted = wanted(builder, paths);
    let (project, index) = (builder.project, &*builder.index);
    let mut files: BTreeSet<FileId> = BTreeSet::new();
    for path in wanted.paths.keys().chain(wanted.modules.keys()) {
        let word = path.rsplit('.').next().unwrap_or(path);
        files.extend(builder.index.words.files(word).filter(|file| !builder.in_tests(*file)));
    }
    let files: Vec<FileId> = files.into_iter().collect();
    let found: Vec<Vec<(FuncId, TextCall)>> =
        files.par_iter().map(|file| in_file(project, index, *file, &wanted)).collect();
    let mut calls = BTreeMap::new();
    for (func, call) in found.into_iter().flatten() {
        calls.entry(func).or_insert(call);
    }
    calls
}

/// The dotted paths in the strings of the code, as far as classes are asked for.
#[derive(Debug, Default)]
pub(crate) struct Spelled {
    /// The last names of whole paths.
    last: FxHashSet<String>,
    /// The modules that others begin with.
    modules: FxHashSet<String>,
}

/// May a string of the code name the class by its dotted path? Types in quotes count, too.
pub(super) fn names_class(builder: &mut Builder, class: ClassId) -> bool {
    if builder.spelled.is_none() {
        builder.spelled = Some(spelled(builder.project));
    }
    let name = builder.index.class(class).name.as_str();
    let module = builder.project.file(class.file).module.as_str();
    let is_in =
        |spelled: &Spelled| spelled.last.contains(name) || module.contains('.') && spelled.modules.contains(module);
    builder.spelled.as_ref().is_some_and(is_in)
}

fn spelled(project: &Project) -> Spelled {
    let code: Vec<&Path> = project.files.iter().filter(|file| !file.is_test).map(|file| file.path.as_path()).collect();
    let in_file = |mut found: Spelled, path: &&Path| {
        if let Some(text) = fs::read(path).ok().and_then(|bytes| source::decode(&bytes).ok()) {
            for (_, path, is_whole) in paths(&text.text) {
                let last = path.rsplit(['.', ':']).next().unwrap_or(path);
                match is_whole {
                    true => found.last.insert(last.to_owned()),
                    false => found.modules.insert(path.trim_end_matches(['.', ':']).to_owned()),
                };
            }
        }
        found
    };
    code.par_iter().fold(Spelled::default, in_file).reduce(Spelled::default, |mut left, right| {
        left.last.extend(right.last);
        left.modules.extend(right.modules);
        left
    })
}

fn wanted<'a>(builder: &Builder, paths: &'a Paths) -> Wanted<'a> {
    let mut modules: FxHashMap<String, Vec<FuncId>> = FxHashMap::default();
    for func in named_nodes(builder).filter(|func| builder.index.func(*func).class.is_none()) {
        let module = builder.project.file(func.file).module.clone();
        // `f"users.{key}"` is more often the key of a cache.
        if module.contains('.') {
            modules.entry(module).or_default().push(func);
        }
    }
    Wanted { paths, modules }
}

/// The nodes of the code that a dotted path can name.
fn named_nodes(builder: &Builder) -> impl Iterator<Item = FuncId> {
    let nodes = builder.graph.nodes.iter().filter(|func| !builder.in_tests(func.file)).copied();
    nodes.filter(|func| {
        let facts = builder.index.func(*func);
        facts.lambda.is_none() && facts.parent.is_none()
    })
}

/// The nodes by the dotted paths that name them: their own, or that of a class.
pub(super) fn paths_of_nodes(builder: &Builder) -> Paths {
    let names = builder.names();
    let called: FxHashSet<FuncId> = builder.graph.sites.values().flat_map(|site| &site.targets).copied().collect();
    let mut paths = Paths::default();
    for func in named_nodes(builder) {
        let facts = builder.index.func(func);
        paths.entry(names.qualified_func(func)).or_default().push(func);
        // What makes an object of the class calls what nothing else does.
        let is_found = || !called.contains(&func) && (!facts.name.starts_with('_') || facts.name == "__call__");
        if let Some(class) = facts.class.filter(|_| is_found()) {
            paths.entry(names.qualified_class(class)).or_default().push(func);
        }
    }
    paths
}

fn in_file(project: &Project, index: &Index, file: FileId, wanted: &Wanted<'_>) -> Vec<(FuncId, TextCall)> {
    let place = project.file(file);
    let Some(text) = fs::read(&place.path).ok().and_then(|bytes| source::decode(&bytes).ok()) else {
        return vec![];
    };
    // These are followed where they are looked up.
    let is_followed = |at: usize| {
        let lookups = index.loaded(file).map(|facts| &facts.lookups);
        lookups.into_iter().flatten().any(|lookup| usize::from(lookup.range.start()) == at)
    };
    let mut found: Vec<(usize, &[FuncId])> = vec![];
    for (at, path, is_whole) in paths(&text.text) {
        let (path, funcs) = match is_whole {
            true => (path.replace(':', "."), wanted.paths),
            false => (path.trim_end_matches(['.', ':']).to_owned(), &wanted.modules),
        };
        found.extend(funcs.get(&path).filter(|_| !is_followed(at)).map(|funcs| (at, funcs.as_slice())));
    }
    if found.is_empty() {
        return vec![];
    }
    let strings = beginnings(&text.text);
    found.retain(|(at, _)| strings.as_ref().is_none_or(|strings| strings.contains(at)));
    let call = |at: usize| {
        let line = text.text[..at].matches('\n').count() + 1;
        TextCall { path: place.relative.clone(), line: Some(line), medium: Medium::Path }
    };
    found.into_iter().flat_map(|(at, funcs)| funcs.iter().map(move |func| (*func, call(at)))).collect()
}

/// Where the last opening quote of each string literal stands, not of what is quoted in a docstring or a comment, nor of types;
/// none when the file does not parse.
fn beginnings(text: &str) -> Option<FxHashSet<usize>> {
    let parsed = ruff_python_parser::parse_module(text).ok()?;
    let strings = parsed.tokens().iter().filter_map(|token| {
        let is_triple = match token.kind() {
            TokenKind::String | TokenKind::FStringStart | TokenKind::TStringStart => token.is_triple_quoted_string(),
            _ => return None,
        };
        let quote = text[token.range()].find(['"', '\''])?;
        Some(token.start().to_usize() + quote + if is_triple { 2 } else { 0 })
    });
    let named: FxHashSet<usize> =
        texts::find(parsed.suite()).iter().map(|text| text.contents.start().to_usize() - 1).collect();
    Some(strings.filter(|at| !named.contains(at)).collect())
}

/// The dotted paths that strings begin with: where the quote stands, the path, and whether it is the whole string. One that is
/// not ends with its separator, before a field.
fn paths(text: &str) -> Vec<(usize, &str, bool)> {
    let bytes = text.as_bytes();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':');
    let mut found = vec![];
    for at in memchr::memchr2_iter(b'"', b'\'', bytes) {
        let start = at + 1;
        let end = bytes[start..].iter().position(|byte| !is_part(*byte)).map_or(bytes.len(), |length| start + length);
        let path = &text[start..end];
        let closes = bytes.get(end) == Some(&bytes[at]);
        match path.as_bytes().last() {
            Some(b'.' | b':') if closes || matches!(bytes.get(end), Some(b'{' | b'%')) => found.push((at, path, false)),
            Some(b'.' | b':') | None => {}
            Some(_) if closes && path.contains(['.', ':']) => found.push((at, path, true)),
            Some(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_strings() {
        let text = "f('a.b.c', \"a.b:c\", f\"a.b.{x}\", 'a.b.' + x, 'plain', \"see a.b.c\", 'a.b.c d')";
        let found: Vec<(&str, bool)> = paths(text).into_iter().map(|(_, path, is_whole)| (path, is_whole)).collect();
        assert_eq!(found, [("a.b.c", true), ("a.b:c", true), ("a.b.", false), ("a.b.", false)]);
    }

    #[test]
    fn what_a_docstring_quotes_or_is_a_type_names_nothing_to_be_called() {
        let text = "def f():\n    \"\"\"Gives <class 'a.b.c'>\"\"\"\n    # 'a.b.c'\n    return f'a.b.{x}', r'a.b.c', \"\"\"a.b.c\"\"\"\ndef g(x: 'a.b') -> 'a.b.c': ...\n__all__ = ['a.b']\n";
        let strings = beginnings(text).unwrap();
        let found: Vec<&str> =
            paths(text).into_iter().filter(|(at, ..)| strings.contains(at)).map(|(_, path, _)| path).collect();
        assert_eq!(found, ["a.b.", "a.b.c", "a.b.c"]);
    }
}
