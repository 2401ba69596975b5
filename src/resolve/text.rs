//! Calls in files that no facts come from: Python that does not parse, notebooks, templates. Nobody can put an `await` there,
//! so a function of the called name stays sync, whoever is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::builder::Builder;
use crate::index::facts::FuncId;
use crate::project::{TextFile, TextKind};
use crate::py::source;

/// A place where something is called by the name of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextCall {
    /// Below the project root.
    pub path: String,
    /// Counts from 1, for the report: there are no facts to find it again. None in a notebook, which has cells.
    pub line: Option<usize>,
    pub medium: Medium,
}

/// What the call is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Python that cannot be read or parsed.
    Unparsed,
    Notebook,
    Template,
    /// A dotted path in a string of Python.
    Path,
    /// A path in a file of settings.
    Settings,
    /// Python under another name.
    Script,
}

/// The first call, in path order, for every node whose name is called. Tests hold nothing back.
pub(crate) fn find(builder: &Builder) -> BTreeMap<FuncId, TextCall> {
    let mut nodes: BTreeMap<&str, Vec<FuncId>> = BTreeMap::new();
    for func in &builder.graph.nodes {
        nodes.entry(builder.index.func(*func).name.as_str()).or_default().push(*func);
    }
    let names: BTreeSet<&str> = nodes.keys().copied().filter(|name| !name.starts_with("__")).collect();
    if names.is_empty() {
        return BTreeMap::new();
    }
    let unparsed = builder.index.unreadable.iter().map(|unreadable| builder.project.file(unreadable.file));
    let mut calls: Vec<(&str, TextCall)> = vec![];
    for file in unparsed.filter(|file| !file.is_test) {
        let found = calls_in_python(&names, &lossy(&fs::read(&file.path).unwrap_or_default()));
        let call = |line| TextCall { path: file.relative.clone(), line: Some(line), medium: Medium::Unparsed };
        calls.extend(found.into_iter().map(|(name, line)| (name, call(line))));
    }
    let texts: Vec<_> = builder.project.texts.par_iter().flat_map_iter(|file| calls_in_text(&names, file)).collect();
    calls.extend(texts);
    let mut found = BTreeMap::new();
    for (name, call) in calls {
        for func in &nodes[name] {
            found.entry(*func).or_insert_with(|| call.clone());
        }
    }
    for file in builder.project.texts.iter().filter(|file| file.kind == TextKind::Script) {
        let text = lossy(&fs::read(&file.path).unwrap_or_default());
        let words: FxHashSet<&str> = text.split(|char: char| !is_word(char)).collect();
        for (name, line) in calls_in_python(&names, &text) {
            let is_imported = |func: &&FuncId| {
                let module = builder.project.file(func.file).module.as_str();
                words.contains(module.rsplit('.').next().unwrap_or(module))
            };
            let call = TextCall { path: file.relative.clone(), line: Some(line), medium: Medium::Script };
            for func in nodes[name].iter().filter(is_imported) {
                found.entry(*func).or_insert_with(|| call.clone());
            }
        }
    }
    found
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn calls_in_text<'a>(names: &BTreeSet<&'a str>, file: &TextFile) -> Vec<(&'a str, TextCall)> {
    let Ok(bytes) = fs::read(&file.path) else { return vec![] };
    let text = String::from_utf8_lossy(&bytes);
    let call = |line, medium| TextCall { path: file.relative.clone(), line, medium };
    match file.kind {
        TextKind::Notebook => {
            let code = code_of_notebook(&text);
            let found = calls_in_python(names, code.as_deref().unwrap_or(&text));
            found.into_iter().map(|(name, _)| (name, call(None, Medium::Notebook))).collect()
        }
        // `settings.rs` reads the ones, and the others say which modules they mean.
        TextKind::Settings | TextKind::Script => vec![],
        TextKind::Template => {
            let found = calls_in_template(names, &text);
            found.into_iter().map(|(name, line)| (name, call(Some(line), Medium::Template))).collect()
        }
    }
}

/// The text of a file that does not parse, as well as it can be read.
fn lossy(bytes: &[u8]) -> String {
    match source::decode(bytes) {
        Ok(source) => source.text,
        // UTF-16 without its zeros is readable enough.
        Err(_) => String::from_utf8_lossy(bytes).replace('\0', ""),
    }
}

/// The code cells of a notebook, one after the other; none when it is no notebook.
fn code_of_notebook(text: &str) -> Option<String> {
    let notebook: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut code = String::new();
    for cell in notebook.get("cells")?.as_array()?.iter().filter(|cell| cell["cell_type"] == "code") {
        match &cell["source"] {
            serde_json::Value::String(source) => code.push_str(source),
            serde_json::Value::Array(lines) => code.extend(lines.iter().filter_map(serde_json::Value::as_str)),
            _ => {}
        }
        code.push('\n');
    }
    Some(code)
}

/// `name(` anywhere but in a definition or a line of comment: the name and its line.
fn calls_in_python<'a>(names: &BTreeSet<&'a str>, text: &str) -> Vec<(&'a str, usize)> {
    let mut found = vec![];
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
        found.extend(called(names, line).map(|name| (name, number + 1)));
    }
    found
}

/// As in Python, inside of `{{ ... }}` and `{% ... %}`.
fn calls_in_template<'a>(names: &BTreeSet<&'a str>, text: &str) -> Vec<(&'a str, usize)> {
    let mut found = vec![];
    let (mut at, mut rest) = (1, text);
    while let Some(open) = ["{{", "{%"].iter().filter_map(|open| rest.find(open)).min() {
        at += rest[..open].matches('\n').count();
        let close = if rest[open..].starts_with("{{") { "}}" } else { "%}" };
        let inner = &rest[open + 2..];
        let end = inner.find(close).unwrap_or(inner.len());
        found.extend(called(names, &inner[..end]).map(|name| (name, at)));
        at += inner[..end].matches('\n').count();
        rest = &inner[end..];
    }
    found
}

/// The names that stand before a `(` in `code`, but for those that are defined there.
fn called<'a>(names: &BTreeSet<&'a str>, code: &str) -> impl Iterator<Item = &'a str> {
    let mut found = vec![];
    let mut before = "";
    let mut rest = code;
    while let Some(start) = rest.find(is_word) {
        let word = &rest[start..];
        let end = word.find(|char| !is_word(char)).unwrap_or(word.len());
        let (word, behind) = word.split_at(end);
        let is_called = behind.trim_start_matches([' ', '\t', '\\']).starts_with('(');
        if is_called && !matches!(before, "def" | "class") {
            found.extend(names.get(word).copied());
        }
        (before, rest) = (word, behind);
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_no_calls() {
        let names = BTreeSet::from(["load", "save"]);
        let python = |text| calls_in_python(&names, text);
        assert_eq!(python("x = load(1)\n  svc.save (\n"), [("load", 1), ("save", 2)]);
        assert_eq!(python("def load(x):\nreload(1); load; load_(2)\n# load(1)\nclass save(x):"), []);
        let template = |text| calls_in_template(&names, text);
        assert_eq!(template("load(1)\n{{ a.load(1)|x }}{% if\n save() %}{{"), [("load", 2), ("save", 2)]);
        assert_eq!(template("{# load(1) #}{{ load }}"), []);
    }

    #[test]
    fn cells_of_a_notebook() {
        let notebook = r#"{"cells": [{"cell_type": "markdown", "source": "a()"}, {"cell_type": "code", "source": ["b()\n", "c()"]}]}"#;
        assert_eq!(code_of_notebook(notebook).as_deref(), Some("b()\nc()\n"));
        assert_eq!(code_of_notebook("[]"), None);
    }
}
