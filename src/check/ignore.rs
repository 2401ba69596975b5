//! Comments that ignore findings: `# awaitify: ignore[AW101]`, and ruff's `# noqa: ASYNC210`. An ignore of ours that nothing
//! came of is a finding itself.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashMap;

use super::code::Code;
use super::{Detail, Finding};
use crate::index::facts::FileId;

/// Who wrote the comment, and so what its codes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Awaitify,
    /// Codes of ruff.
    Noqa,
}

/// One comment that ignores findings.
#[derive(Clone, Debug)]
pub struct Ignore {
    pub file: FileId,
    /// The comment.
    pub range: TextRange,
    /// The lines that it is about: its own, or all of the file.
    pub lines: TextRange,
    pub dialect: Dialect,
    /// Empty: all of them.
    pub codes: Vec<String>,
}

impl Ignore {
    fn takes(&self, code: Code) -> bool {
        let named = |name: &String| match self.dialect {
            Dialect::Awaitify => code.matches(name),
            Dialect::Noqa => code.rule().ruff.iter().any(|known| name.starts_with(known)),
        };
        code != Code::UnusedIgnore && (self.codes.is_empty() || self.codes.iter().any(named))
    }

    /// Does it ignore findings of this code at this place: on the first or the last line of the range?
    pub fn covers(&self, code: Code, file: FileId, range: TextRange) -> bool {
        self.file == file
            && self.takes(code)
            && (self.lines.contains_inclusive(range.start()) || self.lines.contains_inclusive(range.end()))
    }
}

/// The comments of a file that ignore something.
pub fn comments(file: FileId, text: &str, tokens: &Tokens) -> Vec<Ignore> {
    let comments = tokens.iter().filter(|token| token.kind() == TokenKind::Comment);
    comments.filter_map(|token| read(file, text, token.range())).collect()
}

fn read(file: FileId, text: &str, range: TextRange) -> Option<Ignore> {
    let comment = &text[range];
    if let Some((_, rest)) = comment.split_once("awaitify:") {
        let words = rest.trim_start();
        let (word, whole_file) = match words.strip_prefix("ignore-file") {
            Some(rest) => (rest, true),
            None => (words.strip_prefix("ignore")?, false),
        };
        let lines = if whole_file { whole(text) } else { line(text, range) };
        return Some(Ignore { file, range, lines, dialect: Dialect::Awaitify, codes: bracketed(word) });
    }
    let lower = comment.to_ascii_lowercase();
    let at = lower.find("noqa")?;
    let before = lower[..at].trim_start_matches('#').trim();
    let lines = match before {
        "ruff:" | "flake8:" => whole(text),
        _ => line(text, range),
    };
    let codes = match comment[at + "noqa".len()..].strip_prefix(':') {
        Some(rest) => listed(rest),
        // A bare `# noqa`; what goes on is a word of its own.
        None if lower[at + "noqa".len()..].starts_with(|next: char| next.is_alphanumeric()) => return None,
        None => vec![],
    };
    Some(Ignore { file, range, lines, dialect: Dialect::Noqa, codes })
}

fn whole(text: &str) -> TextRange {
    TextRange::up_to(TextSize::of(text))
}

/// The line of a comment, without its end.
fn line(text: &str, range: TextRange) -> TextRange {
    let start = text[..range.start().to_usize()].rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
    TextRange::new(TextSize::new(start as u32), range.end())
}

/// The codes of `[AW101, AW4]`.
fn bracketed(text: &str) -> Vec<String> {
    let inside = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or("", |(inside, _)| inside);
    inside.split(',').map(|code| code.trim().to_owned()).filter(|code| !code.is_empty()).collect()
}

/// The codes of `ASYNC210, RUF006 because ...`.
fn listed(text: &str) -> Vec<String> {
    let is_code = |word: &&str| {
        word.starts_with(|first: char| first.is_ascii_uppercase()) && word.ends_with(|last: char| last.is_ascii_digit())
    };
    text.split([',', ' ', '\t']).filter(|word| !word.is_empty()).take_while(is_code).map(str::to_owned).collect()
}

/// Takes the ignored findings out, and adds one for each ignore that nothing came of. Returns how many were taken out.
/// `leaves` are the places of blocking calls that were ignored before any chain was made.
pub fn apply(
    findings: Vec<Finding>,
    ignores: Vec<Ignore>,
    leaves: &[(Code, FileId, TextRange)],
) -> (Vec<Finding>, usize) {
    let mut by_file: FxHashMap<FileId, Vec<usize>> = FxHashMap::default();
    for (index, ignore) in ignores.iter().enumerate() {
        by_file.entry(ignore.file).or_default().push(index);
    }
    let mut used = vec![vec![]; ignores.len()];
    let mut covers = |code: Code, file: FileId, range: TextRange| {
        let mut covered = false;
        for index in by_file.get(&file).into_iter().flatten() {
            if ignores[*index].covers(code, file, range) {
                used[*index].push(code);
                covered = true;
            }
        }
        covered
    };
    let all = findings.len();
    let mut kept: Vec<Finding> =
        findings.into_iter().filter(|finding| !covers(finding.code, finding.file, finding.range)).collect();
    for (code, file, range) in leaves {
        covers(*code, *file, *range);
    }
    let ignored = all - kept.len();
    for (ignore, used) in ignores.iter().zip(&used).filter(|(ignore, _)| ignore.dialect == Dialect::Awaitify) {
        kept.extend(unused(ignore, used));
    }
    kept.sort_by_key(|finding| (finding.file, finding.range.start(), finding.range.end(), finding.code));
    (kept, ignored)
}

fn unused(ignore: &Ignore, used: &[Code]) -> Option<Finding> {
    let unknown: Vec<String> = ignore.codes.iter().filter(|code| !Code::exists(code)).cloned().collect();
    let idle = |code: &&String| Code::exists(code) && !used.iter().any(|used| used.matches(code));
    let unused: Vec<String> = ignore.codes.iter().filter(idle).cloned().collect();
    let nothing = unused.is_empty() && unknown.is_empty() && !(ignore.codes.is_empty() && used.is_empty());
    let detail = Detail::Ignored { unused, unknown };
    (!nothing).then_some(Finding { code: Code::UnusedIgnore, file: ignore.file, range: ignore.range, detail })
}
