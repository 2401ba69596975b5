//! Names added to, or replaced in, a from-import that is there.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{Alias, StmtImportFrom};
use ruff_text_size::{Ranged, TextSize};

use super::stdlib::is_stdlib;
use crate::edit::{EditKind, FileEdits};

/// What happens to the names of one statement.
#[derive(Debug)]
pub(super) struct MemberEdits<'a> {
    pub statement: &'a StmtImportFrom,
    module: String,
    /// Sorted as isort does.
    added: Vec<String>,
    replaced: Vec<(&'a Alias, String)>,
}

impl<'a> MemberEdits<'a> {
    pub fn new(statement: &'a StmtImportFrom, module: String) -> Self {
        Self { statement, module, added: Vec::new(), replaced: Vec::new() }
    }

    pub fn add(&mut self, name: &str) {
        if self.names().all(|there| there != name) {
            self.added.push(name.to_owned());
            self.added.sort_by(|left, right| sort_key(left).cmp(&sort_key(right)));
        }
    }

    /// Puts `name` in the place of `alias`.
    pub fn replace(&mut self, alias: &'a Alias, name: &str) {
        if self.names().all(|there| there != name) {
            self.replaced.push((alias, name.to_owned()));
        }
    }

    /// The name that `path` has through an addition to this statement.
    pub fn added_as(&self, path: &str) -> Option<String> {
        let name = path.strip_prefix(&self.module)?.strip_prefix('.')?;
        self.names().find(|there| *there == name).map(str::to_owned)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.added.iter().chain(self.replaced.iter().map(|(_, name)| name)).map(String::as_str)
    }

    pub fn write(&self, text: &str, tokens: &Tokens, edits: &mut FileEdits) {
        let change = edits.change(EditKind::Import);
        let names = self.names_after(text);
        for (alias, name) in self.statement.names.iter().zip(&names) {
            if text[alias.range().to_std_range()] != **name {
                edits.replace(change, alias.range(), name);
            }
        }
        let mut appended = Vec::new();
        for name in &self.added {
            let mut places = self.statement.names.iter().zip(&names);
            match places.find(|(_, there)| order(there) > sort_key(name)) {
                Some((next, _)) => edits.open(change, next.range(), format!("{name},{}", gap(text, next.start()))),
                None => appended.push(name.as_str()),
            }
        }
        if !appended.is_empty() {
            self.append(text, tokens, &appended, change, edits);
        }
    }

    /// What stands in the places of the names: in order again, where all stood in order on one line.
    fn names_after(&self, text: &str) -> Vec<String> {
        let aliases = &self.statement.names;
        let there = |alias: &Alias| text[alias.range().to_std_range()].to_owned();
        let new = |alias: &Alias| self.replaced.iter().find(|(old, _)| *old == alias).map(|(_, name)| name.clone());
        let mut names: Vec<String> = aliases.iter().map(|alias| new(alias).unwrap_or_else(|| there(alias))).collect();
        let were_sorted = aliases.iter().is_sorted_by_key(|alias| sort_key(alias.name.as_str()));
        // To import the parts of a package in another order may do something else.
        if is_stdlib(&self.module) && were_sorted && aliases.iter().skip(1).all(|alias| gap(text, alias.start()) == " ")
        {
            names.sort_by(|left, right| order(left).cmp(&order(right)));
        }
        names
    }

    /// Adds `names` after the last one, below it when the names stand on lines of their own.
    fn append(&self, text: &str, tokens: &Tokens, names: &[&str], change: usize, edits: &mut FileEdits) {
        let last = self.statement.names.last().expect("an import has a name");
        let gap = gap(text, last.start());
        let names = names.join(&format!(",{gap}"));
        if gap == " " {
            edits.insert(change, last.end(), format!(", {names}"));
            return;
        }
        let next = tokens.after(last.end()).iter().find(|token| !token.kind().is_trivia());
        match next.filter(|token| token.kind() == TokenKind::Comma) {
            Some(comma) => edits.insert(change, end_of_line(tokens, comma.end()), format!("{gap}{names},")),
            None => {
                edits.insert(change, last.end(), ",");
                edits.insert(change, end_of_line(tokens, last.end()), format!("{gap}{names}"));
            }
        }
    }
}

/// The white space between the comma before a name and the name: a newline and indentation, or one blank.
fn gap(text: &str, name: TextSize) -> &str {
    let before = &text[..name.to_usize()];
    let indentation = before.len() - before.trim_end_matches([' ', '\t']).len();
    let line = &before[..before.len() - indentation];
    let newline = ["\r\n", "\n", "\r"].into_iter().find(|newline| line.ends_with(newline));
    newline
        .filter(|newline| !line.trim_end_matches(*newline).ends_with('\\'))
        .map_or(" ", |newline| &before[before.len() - indentation - newline.len()..])
}

/// The end of the line, its comment included, when nothing else stands behind `end` on it.
fn end_of_line(tokens: &Tokens, end: TextSize) -> TextSize {
    let rest = tokens.after(end).iter().find(|token| token.kind() != TokenKind::Comment);
    rest.filter(|token| token.kind() == TokenKind::NonLogicalNewline).map_or(end, Ranged::start)
}

/// The order of `name`, or `name as other`.
fn order(alias: &str) -> (u8, String, &str) {
    sort_key(alias.split_whitespace().next().unwrap_or_default())
}

/// isort's order of names: constants, classes, the rest; without regard to case.
fn sort_key(name: &str) -> (u8, String, &str) {
    let class = if name.len() > 1 && name.chars().all(|char| !char.is_lowercase()) {
        0
    } else if name.starts_with(char::is_uppercase) {
        1
    } else {
        2
    };
    (class, name.to_lowercase(), name)
}
