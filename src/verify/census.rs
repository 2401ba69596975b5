//! The name census: every token that names a converted function has exactly one verdict. Tokens only, no resolver.

use std::collections::{BTreeMap, HashSet};

use ruff_python_ast::StringFlags;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Check, Failure};
use crate::py::source::too_deep;

/// Functions that look names up, and the positions of the arguments in which they do.
const LOOKUPS: [(&str, &[usize]); 18] = [
    ("getattr", &[1]),
    ("hasattr", &[1]),
    ("setattr", &[0, 1]), // pytest's `monkeypatch.setattr("pkg.mod.f", ...)` too
    ("delattr", &[0, 1]),
    ("getattr_static", &[1]),
    ("methodcaller", &[0]),
    ("attrgetter", &[0, 1, 2, 3]),
    ("patch", &[0]),
    ("object", &[1]), // of `patch`, and of fixtures that stand for it
    ("multiple", &[0]),
    ("spy", &[1]),
    ("should_receive", &[0]), // flexmock
    ("should_call", &[0]),
    ("import_string", &[0]),
    ("import_from_string", &[0]),
    ("import_module", &[0]),
    ("resolve_name", &[0]),
    ("locate", &[0]),
];

/// One file of the tree, as it was before the edits.
#[derive(Clone, Copy, Debug)]
pub struct CensusFile<'a> {
    pub path: &'a str,
    pub text: &'a str,
}

/// What was decided about one place that names a converted function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteVerdict {
    /// Index into the files.
    pub file: usize,
    /// Start of the token (the name, or the string with its prefix and quotes) in the original text.
    pub offset: TextSize,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The definition itself.
    Definition,
    /// A call that is awaited now.
    Awaited,
    /// An offload that is a plain call now.
    Unwrapped,
    /// A value in a place that accepts async functions.
    Accepted,
    /// Not our function: proved by a type or by scoping.
    ProvedOther,
    /// Left as it is, with a reason in the report.
    Left,
}

/// How many places have each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub definition: usize,
    pub awaited: usize,
    pub unwrapped: usize,
    pub accepted: usize,
    pub proved_other: usize,
    pub left: usize,
    /// Places found in the text. Without failures it is the sum of the others.
    pub places: usize,
}

/// The outcome of [`census`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub failures: Vec<Failure>,
    pub counts: Counts,
}

/// Counts every place in `files` that names one of `names` (converted functions and their aliases) and holds it against the
/// table of verdicts: each place has one verdict, and each verdict has its place.
pub fn census(names: &HashSet<String>, files: &[CensusFile], verdicts: &[SiteVerdict]) -> Census {
    let mut open: BTreeMap<(usize, TextSize), Vec<Verdict>> = BTreeMap::new();
    for site in verdicts {
        open.entry((site.file, site.offset)).or_default().push(site.verdict);
    }
    let mut census = Census::default();
    for (index, file) in files.iter().enumerate() {
        let fail = |offset, message| Failure { check: Check::Census, path: file.path.to_string(), offset, message };
        if too_deep(file.text) || u32::try_from(file.text.len()).is_err() {
            census.failures.push(fail(TextSize::new(0), "the code nests too deep to count its names".to_string()));
            continue;
        }
        for place in places(names, file.text) {
            census.counts.places += 1;
            let text = &file.text[place.start().to_usize()..place.end().to_usize()];
            match open.remove(&(index, place.start())).as_deref() {
                Some([verdict]) => census.counts.add(*verdict),
                None | Some([]) => census.failures.push(fail(place.start(), format!("`{text}` has no verdict"))),
                Some(several) => census.failures.push(fail(place.start(), format!("`{text}` has {several:?}"))),
            }
        }
    }
    for ((index, offset), given) in open {
        let path = files.get(index).map_or_else(|| format!("file {index}"), |file| file.path.to_string());
        let message = format!("{given:?} was given to a place that names no converted function");
        census.failures.push(Failure { check: Check::Census, path, offset, message });
    }
    census
}

impl Counts {
    fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Definition => &mut self.definition,
            Verdict::Awaited => &mut self.awaited,
            Verdict::Unwrapped => &mut self.unwrapped,
            Verdict::Accepted => &mut self.accepted,
            Verdict::ProvedOther => &mut self.proved_other,
            Verdict::Left => &mut self.left,
        } += 1;
    }
}

/// The tokens of `text` that name one of `names`.
fn places(names: &HashSet<String>, text: &str) -> Vec<TextRange> {
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
    let trivia = [TokenKind::Comment, TokenKind::NonLogicalNewline];
    let mut found = Vec::new();
    let mut calls: Vec<Open> = Vec::new();
    // The dotted name that ends at the token before.
    let mut callee = String::new();
    for token in parsed.tokens().iter().filter(|token| !trivia.contains(&token.kind())) {
        let content = &text[token.start().to_usize()..token.end().to_usize()];
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => calls.push(Open::new(&callee)),
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => drop(calls.pop()),
            TokenKind::Comma => calls.last_mut().into_iter().for_each(|call| call.argument += 1),
            TokenKind::String if calls.last().is_some_and(Open::looks_up) && names_one(names, token, content) => {
                found.push(token.range());
            }
            kind if is_name(kind) && names.contains(content) => found.push(token.range()),
            _ => {}
        }
        match token.kind() {
            TokenKind::Dot => callee.push('.'),
            kind if !is_name(kind) => callee.clear(),
            _ if callee.ends_with('.') => callee.push_str(content),
            _ => callee = content.to_string(),
        }
    }
    found
}

/// An open bracket and which argument of it we are in.
struct Open {
    /// Positions in which the call looks names up.
    positions: &'static [usize],
    argument: usize,
}

impl Open {
    fn new(callee: &str) -> Open {
        let fits = |name: &str| callee == name || callee.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
        let lookup = LOOKUPS.iter().find(|(name, _)| fits(name));
        Open { positions: lookup.map_or(&[], |(_, positions)| positions), argument: 0 }
    }

    fn looks_up(&self) -> bool {
        self.positions.contains(&self.argument)
    }
}

/// The parser turns soft keywords into names where they are none.
fn is_name(kind: TokenKind) -> bool {
    kind == TokenKind::Name
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text.chars().all(|character| character.is_alphanumeric() || character == '_')
}

/// True for a string that is one of `names`, or a dotted path that ends in one.
fn names_one(names: &HashSet<String>, token: &Token, content: &str) -> bool {
    let Some(flags) = token.string_flags() else { return false };
    let quotes = if flags.is_triple_quoted() { 3 } else { 1 };
    let open = content.find(['"', '\'']).unwrap_or(0) + quotes;
    let Some(inner) = content.get(open..content.len().saturating_sub(quotes)) else { return false };
    inner.split('.').all(is_word) && inner.rsplit('.').next().is_some_and(|last| names.contains(last))
}
