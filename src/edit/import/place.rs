//! Where new import statements go: after the docstring and `from __future__`, in isort's order.

use ruff_python_ast::helpers::is_docstring_stmt;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{ModModule, Stmt};
use ruff_text_size::{Ranged, TextSize};

use super::stdlib::is_stdlib;
use super::{Form, NewImport};
use crate::edit::{EditKind, FileEdits};

/// isort's sections; a module that is neither is third-party or first-party, which a single file does not tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Future,
    Stdlib,
    Other,
    Relative,
}

/// What isort sorts by within a file: plain imports stand before from-imports.
type Key = (Section, bool, String);

/// One import statement of the block at the top.
struct Entry<'a> {
    statement: &'a Stmt,
    key: Key,
}

/// Where a new statement goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    /// At the top of a module without imports.
    Top,
    /// Before this entry of the block.
    Before(usize),
    /// After this entry of the block.
    After(usize),
}

/// Records the edits that add the statements of `added`, and below all imports the line `logger`.
pub(super) fn write(
    text: &str,
    tokens: &Tokens,
    module: &ModModule,
    added: &[NewImport],
    logger: Option<String>,
    edits: &mut FileEdits,
) {
    let file = File { text, tokens, module, newline: newline(text), block: block(module) };
    let mut added: Vec<(Spot, Key, String)> =
        added.iter().map(|new| (file.spot(&key_of(new)), key_of(new), new.statement())).collect();
    added.sort();
    for lines in added.chunk_by(|left, right| left.0 == right.0) {
        file.write_lines(lines, logger.is_some(), edits);
    }
    if let Some(logger) = logger {
        file.write_logger(&logger, edits);
    }
}

struct File<'a> {
    text: &'a str,
    tokens: &'a Tokens,
    module: &'a ModModule,
    newline: &'static str,
    block: Vec<Entry<'a>>,
}

impl File<'_> {
    fn spot(&self, key: &Key) -> Spot {
        let is_last_before = |entry: &Entry| entry.key < *key;
        let same_section = |entry: &&Entry| entry.key.0 == key.0;
        if self.block.is_empty() {
            return Spot::Top;
        }
        // In a section that is there, even when it is not sorted: behind the last smaller one, or at its start.
        if self.block.iter().any(|entry| same_section(&entry)) {
            let smaller = self.block.iter().rposition(|entry| same_section(&entry) && is_last_before(entry));
            return match smaller {
                Some(index) => Spot::After(index),
                None => self.before(self.block.iter().position(|entry| same_section(&entry)).unwrap_or(0)),
            };
        }
        match self.block.iter().position(|entry| entry.key.0 > key.0) {
            Some(index) => self.before(index),
            None => Spot::After(self.block.len() - 1),
        }
    }

    /// Before an entry that starts its line, else after what stands before it.
    fn before(&self, index: usize) -> Spot {
        let before = &self.text[..self.block[index].statement.start().to_usize()];
        let starts_line = before.is_empty() || before.ends_with(['\n', '\r', '\u{feff}', '\u{c}']);
        if starts_line { Spot::Before(index) } else { Spot::After(index) }
    }

    fn write_lines(&self, lines: &[(Spot, Key, String)], has_logger: bool, edits: &mut FileEdits) {
        let newline = self.newline;
        let mut text = String::new();
        for (index, (_, key, statement)) in lines.iter().enumerate() {
            if index > 0 && lines[index - 1].1.0 != key.0 {
                text.push_str(newline);
            }
            text.push_str(statement);
            text.push_str(newline);
        }
        let section = |line: &(Spot, Key, String)| line.1.0;
        let change = edits.change(EditKind::Import);
        match lines[0].0 {
            Spot::Top => {
                let blanks = if has_logger { 0 } else { self.missing_blanks(self.top()) };
                text.push_str(&newline.repeat(blanks));
                self.insert_lines(self.top(), self.has_header(), text, change, edits);
            }
            Spot::Before(index) => {
                let apart = self.block[index].key.0 != section(&lines[lines.len() - 1]);
                text.push_str(if apart { newline } else { "" });
                edits.insert(change, self.block[index].statement.start(), text);
            }
            Spot::After(index) => {
                let apart = self.block[index].key.0 != section(&lines[0]);
                self.insert_lines(self.line_end(self.block[index].statement), apart, text, change, edits);
            }
        }
    }

    fn write_logger(&self, logger: &str, edits: &mut FileEdits) {
        let offset = self.block.last().map_or_else(|| self.top(), |entry| self.line_end(entry.statement));
        let blanks = self.newline.repeat(self.missing_blanks(offset));
        let change = edits.change(EditKind::Logger);
        self.insert_lines(offset, true, format!("{logger}{}{blanks}", self.newline), change, edits);
    }

    /// Inserts whole lines at the start of a line, or after a last line that has no end.
    fn insert_lines(&self, offset: TextSize, apart: bool, lines: String, change: usize, edits: &mut FileEdits) {
        let before = &self.text[..offset.to_usize()];
        let apart = if apart { self.newline } else { "" };
        if before.is_empty() || before.ends_with(['\n', '\r', '\u{feff}']) {
            edits.insert(change, offset, format!("{apart}{lines}"));
        } else {
            let lines = lines.trim_end_matches(['\n', '\r']);
            edits.insert(change, offset, format!("{}{apart}{lines}", self.newline));
        }
    }

    /// Where the first import of a module goes: below the docstring and `from __future__`, or below leading comments.
    fn top(&self) -> TextSize {
        match self.module.body.iter().take_while(|statement| is_prologue(statement)).last() {
            Some(statement) => self.line_end(statement),
            None => header_end(self.text),
        }
    }

    fn has_header(&self) -> bool {
        !self.text[..self.top().to_usize()].trim_start_matches('\u{feff}').is_empty()
    }

    /// How many blank lines lack between new lines at `offset` and the code below: two before a definition, else one.
    fn missing_blanks(&self, offset: TextSize) -> usize {
        let Some(next) = self.module.body.iter().find(|statement| statement.start() >= offset) else { return 0 };
        let wanted = if next.is_function_def_stmt() || next.is_class_def_stmt() { 2 } else { 1 };
        let rest = &self.text[offset.to_usize()..];
        wanted - lines(rest).take_while(|line| line.trim().is_empty()).count().min(wanted)
    }

    /// The start of the line below the logical line of `statement`.
    fn line_end(&self, statement: &Stmt) -> TextSize {
        let newline = self.tokens.after(statement.end()).iter().find(|token| token.kind() == TokenKind::Newline);
        newline.map_or(self.text.len().try_into().expect("a file that parses is below 4 GB"), Ranged::end)
    }
}

/// The import statements at the top of the module, up to the first other statement.
fn block(module: &ModModule) -> Vec<Entry<'_>> {
    let code = module.body.iter().skip_while(|statement| is_prologue(statement) || !is_definition_or_import(statement));
    code.map_while(|statement| Some(Entry { statement, key: key(statement)? })).collect()
}

fn is_definition_or_import(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_) | Stmt::FunctionDef(_) | Stmt::ClassDef(_))
}

fn is_prologue(statement: &Stmt) -> bool {
    is_docstring_stmt(statement) || key(statement).is_some_and(|key| key.0 == Section::Future)
}

fn key(statement: &Stmt) -> Option<Key> {
    match statement {
        Stmt::Import(import) => {
            let module = import.names.first()?.name.as_str();
            Some((section(module), false, module.to_lowercase()))
        }
        Stmt::ImportFrom(import) => {
            let module = import.module.as_deref().unwrap_or_default();
            let section = if import.level > 0 { Section::Relative } else { section(module) };
            Some((section, true, module.to_lowercase()))
        }
        _ => None,
    }
}

fn key_of(new: &NewImport) -> Key {
    let (module, is_from) = match &new.form {
        Form::Module { module } => (module, false),
        Form::From { module, .. } => (module, true),
    };
    let section = if module.starts_with('.') { Section::Relative } else { section(module) };
    (section, is_from, module.to_lowercase())
}

fn section(module: &str) -> Section {
    match module {
        "__future__" => Section::Future,
        _ if is_stdlib(module) => Section::Stdlib,
        _ => Section::Other,
    }
}

/// The end of the comments that the file starts with (`#!`, coding, license).
fn header_end(text: &str) -> TextSize {
    let bom = text.len() - text.trim_start_matches('\u{feff}').len();
    let comments = lines(&text[bom..]).take_while(|line| line.trim_start().starts_with('#'));
    TextSize::try_from(bom + comments.map(str::len).sum::<usize>()).expect("a file that parses is below 4 GB")
}

/// The lines of `text` with their ends, which may be `\n`, `\r\n` or `\r`.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end =
            rest.find(['\n', '\r']).map_or(rest.len(), |end| end + if rest[end..].starts_with("\r\n") { 2 } else { 1 });
        let (line, tail) = rest.split_at(end);
        rest = tail;
        (!line.is_empty()).then_some(line)
    })
}

/// The line end that the file uses first.
pub(crate) fn newline(text: &str) -> &'static str {
    match text.find(['\n', '\r']).map(|at| &text[at..]) {
        Some(rest) if rest.starts_with("\r\n") => "\r\n",
        Some(rest) if rest.starts_with('\r') => "\r",
        _ => "\n",
    }
}
