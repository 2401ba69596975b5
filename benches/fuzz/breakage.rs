//! Ways to break a correct migration, as a bug in a plan or a rewriter would: the recorded changes and their edits still
//! agree with the new text, or nearly. Verification must see each one.

use awaitify::edit::{Edit, EditKind, FileEdits, Place};
use ruff_python_ast::comparable::ComparableMod;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::{AnyNodeRef, Mod};
use ruff_python_parser::parse_module;
use ruff_text_size::{Ranged, TextRange, TextSize};

/// A broken file: other edits, or (with `text`) a new text that is not what the edits make.
pub struct Break {
    /// `drop Await`, `add Await`, `text of Offload`, ...
    pub kind: String,
    pub edits: FileEdits,
    pub text: Option<String>,
}

/// Every way to break the edits of `old`, in a fixed order.
pub fn breaks(old: &str, edits: &FileEdits) -> Vec<Break> {
    let mut found = Breaks { old, edits, found: vec![] };
    for change in 0..edits.changes.len() {
        found.change(change);
    }
    for (at, edit) in edits.edits.iter().enumerate() {
        found.words(at, edit);
    }
    found.added();
    found.new_text();
    found.found
}

/// Is the broken text another program than the right one? What is not parses to the same tree.
pub fn differs(right: &str, broken: &str) -> bool {
    let (Ok(right), Ok(broken)) = (parse_module(right), parse_module(broken)) else { return true };
    let right_tree = Mod::Module(right.syntax().clone());
    let broken_tree = Mod::Module(broken.syntax().clone());
    let comments = |text: &ruff_python_parser::Parsed<ruff_python_ast::ModModule>| {
        text.tokens().iter().filter(|token| token.kind() == TokenKind::Comment).count()
    };
    ComparableMod::from(&right_tree) != ComparableMod::from(&broken_tree) || comments(&right) != comments(&broken)
}

/// The first word of the kind: `Await`.
pub fn name(kind: &EditKind) -> String {
    let shown = format!("{kind:?}");
    shown.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

struct Breaks<'a> {
    old: &'a str,
    edits: &'a FileEdits,
    found: Vec<Break>,
}

impl Breaks<'_> {
    fn push(&mut self, kind: impl Into<String>, edits: FileEdits) {
        self.found.push(Break { kind: kind.into(), edits, text: None });
    }

    /// Without a change, without its record, without its edits, without one of them, or on another node.
    fn change(&mut self, change: usize) {
        let kind = name(&self.edits.changes[change]);
        let own = |edit: &Edit| edit.change == change;
        let mut dropped = self.edits.clone();
        dropped.edits.retain(|edit| !own(edit));
        let unwritten = dropped.clone();
        dropped.changes.remove(change);
        for edit in dropped.edits.iter_mut().filter(|edit| edit.change > change) {
            edit.change -= 1;
        }
        self.push(format!("drop {kind}"), dropped);
        // Where another change took up the edits, there is nothing to write.
        if unwritten.edits.len() < self.edits.edits.len() {
            self.push(format!("unwritten {kind}"), unwritten);
        }
        let mut unrecorded = self.edits.clone();
        unrecorded.changes.remove(change);
        let last = unrecorded.changes.len().saturating_sub(1);
        for edit in &mut unrecorded.edits {
            match edit.change.cmp(&change) {
                std::cmp::Ordering::Greater => edit.change -= 1,
                std::cmp::Ordering::Equal => edit.change = last,
                std::cmp::Ordering::Less => {}
            }
        }
        // An import that counts for another one is recorded all the same.
        if unrecorded.changes.last().is_none_or(|last| name(last) != kind) {
            self.push(format!("unrecorded {kind}"), unrecorded);
        }
        for at in self.edits.edits.iter().enumerate().filter(|(_, edit)| own(edit)).map(|(at, _)| at) {
            let mut half = self.edits.clone();
            half.edits.remove(at);
            self.push(format!("half of {kind}"), half);
        }
    }

    /// The text of one edit with a word dropped, doubled, or replaced.
    fn words(&mut self, at: usize, edit: &Edit) {
        let kind = name(&self.edits.changes[edit.change]);
        for (range, word) in words(&edit.text) {
            for with in replacements(word) {
                let mut broken = self.edits.clone();
                broken.edits[at].text.replace_range(range.clone(), with);
                self.push(format!("text of {kind}"), broken);
            }
        }
    }

    /// An `await` or `async` too many, recorded as if it were meant.
    fn added(&mut self) {
        let Ok(parsed) = parse_module(self.old) else { return };
        let mut nodes = Nodes::default();
        AnyNodeRef::from(parsed.syntax()).visit_source_order(&mut nodes);
        let taken: Vec<TextRange> = self.edits.edits.iter().map(|edit| edit.range).collect();
        for call in nodes.calls {
            if self.edits.changes.contains(&EditKind::Await { operand: call }) {
                continue;
            }
            let mut broken = self.edits.clone();
            let change = broken.change(EditKind::Await { operand: call });
            broken.open(change, call, "(await ");
            broken.close(change, call, ")");
            self.push("add Await", broken);
        }
        for (function, keyword) in nodes.functions {
            if taken.iter().any(|range| range.contains(keyword)) {
                continue;
            }
            let mut broken = self.edits.clone();
            let change = broken.change(EditKind::AsyncDef { function });
            broken.edits.push(Edit {
                range: TextRange::empty(keyword),
                text: "async ".into(),
                place: Place::Between,
                change,
            });
            self.push("add AsyncDef", broken);
        }
        for (statement, kind) in nodes.statements {
            let mut broken = self.edits.clone();
            let change = broken.change(kind.clone());
            broken.insert(change, statement.start(), "async ");
            self.push(format!("add {}", name(&kind)), broken);
        }
    }

    /// The bytes of the new text, away from all that is recorded.
    fn new_text(&mut self) {
        let Ok(applied) = self.edits.apply(self.old) else { return };
        let text = applied.text;
        let Ok(parsed) = parse_module(&text) else { return };
        let tokens: Vec<Token> = parsed.tokens().iter().copied().filter(|token| !token.range().is_empty()).collect();
        for (at, token) in tokens.iter().enumerate() {
            let content = &text[token.range().to_std_range()];
            let next = tokens.get(at + 1);
            match token.kind() {
                TokenKind::Await | TokenKind::Async => {
                    let end = next.map_or(token.end(), Ranged::start);
                    self.broken(&text, "byte: drop a keyword", TextRange::new(token.start(), end), "");
                }
                TokenKind::Name => self.broken(&text, "byte: rename", token.range(), &format!("{content}_x")),
                TokenKind::String if content.len() > 2 => {
                    self.broken(&text, "byte: change a string", TextRange::empty(token.end() - TextSize::new(1)), "Z");
                }
                TokenKind::Comment => {
                    self.broken(&text, "byte: drop a comment", token.range(), "");
                    if let Some(next) = next.filter(|next| next.kind() == TokenKind::Newline) {
                        let place = TextRange::new(token.start(), next.end());
                        self.broken(&text, "byte: move a comment", place, &format!("\n{content}\n"));
                    }
                }
                TokenKind::Lpar => self.broken(&text, "byte: drop a parenthesis", token.range(), " "),
                _ => {}
            }
        }
        let mut nodes = Nodes::default();
        AnyNodeRef::from(parsed.syntax()).visit_source_order(&mut nodes);
        for [first, second] in nodes.arguments {
            let between = &text[TextRange::new(first.end(), second.start()).to_std_range()];
            let with = format!("{}{between}{}", &text[second.to_std_range()], &text[first.to_std_range()]);
            self.broken(&text, "byte: swap arguments", first.cover(second), &with);
        }
    }

    fn broken(&mut self, text: &str, kind: &str, place: TextRange, with: &str) {
        let mut text = text.to_owned();
        text.replace_range(place.to_std_range(), with);
        self.found.push(Break { kind: kind.to_owned(), edits: self.edits.clone(), text: Some(text) });
    }
}

/// Words and brackets of an edit's text, with their places.
fn words(text: &str) -> Vec<(std::ops::Range<usize>, &str)> {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let mut found = vec![];
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let end = match is_word(first) {
            true => start + text[start..].find(|char| !is_word(char)).unwrap_or(text.len() - start),
            false => start + first.len_utf8(),
        };
        if !first.is_whitespace() {
            found.push((start..end, &text[start..end]));
        }
        start = end;
    }
    found
}

fn replacements(word: &str) -> &'static [&'static str] {
    match word {
        "await" => &["", "not"],
        "async" => &[""],
        "asyncio" => &["", "threading"],
        "to_thread" => &["sleep", "run", ""],
        "import" | "from" | "as" => &["", "pass"],
        "(" => &["", "((", "["],
        ")" => &["", "))", "]"],
        "," => &["", " *", " if 1 else"],
        "." => &["", ","],
        "=" => &["=="],
        "[" => &["(", "{"],
        "]" => &[")", "}"],
        _ if word.starts_with(|first: char| first.is_alphanumeric() || first == '_') => &["other", "None"],
        _ => &[""],
    }
}

/// Nodes that could be changed in the same way.
#[derive(Default)]
struct Nodes {
    calls: Vec<TextRange>,
    arguments: Vec<[TextRange; 2]>,
    /// Functions that are no coroutine functions, and where their `def` may stand.
    functions: Vec<(TextRange, TextSize)>,
    statements: Vec<(TextRange, EditKind)>,
}

impl<'a> SourceOrderVisitor<'a> for Nodes {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        match node {
            AnyNodeRef::ExprCall(call) => {
                self.calls.push(call.range());
                let arguments: Vec<TextRange> = call.arguments.args.iter().map(Ranged::range).collect();
                self.arguments.extend(arguments.windows(2).map(|pair| [pair[0], pair[1]]));
            }
            AnyNodeRef::StmtFunctionDef(function) if !function.is_async => {
                let keyword = match function.decorator_list.last() {
                    None => function.start(),
                    Some(_) => return TraversalSignal::Traverse,
                };
                self.functions.push((function.range(), keyword));
            }
            AnyNodeRef::StmtFor(each) if !each.is_async => {
                self.statements.push((each.range(), EditKind::AsyncFor { statement: each.range() }));
            }
            AnyNodeRef::StmtWith(with) if !with.is_async => {
                self.statements.push((with.range(), EditKind::AsyncWith { statement: with.range() }));
            }
            _ => {}
        }
        TraversalSignal::Traverse
    }
}
