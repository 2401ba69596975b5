//! The word index: identifier to files, from one parallel pass over the bytes, without a parse.
//!
//! Identifiers are kept as hashes. Two that share one, string contents and comments make false positives only: a file that
//! is looked into needlessly.

use std::borrow::Cow;
use std::fs;
use std::hash::Hasher as _;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::facts::FileId;
use crate::project::{Project, SourceFile, protected};
use crate::py::source;

/// Identifier to the files that hold it, in file order.
#[derive(Debug, Default)]
pub struct Words {
    /// Sorted: the files of one identifier stand together, in file order.
    entries: Vec<Entry>,
}

/// An identifier in a file: 32 bits of its hash, the number of the file, and how it is used there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u64);

impl Entry {
    fn new(hash: u32, file: FileId, uses: u8) -> Self {
        Self(u64::from(hash) << 32 | u64::from(file.0) << 2 | u64::from(uses))
    }

    fn hash(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn file(self) -> FileId {
        FileId((self.0 as u32) >> 2)
    }

    fn is(self, uses: u8) -> bool {
        self.0 as u8 & uses != 0
    }
}

/// Behind a `def` or `class`.
const DEFINED: u8 = 1;
/// Anywhere else.
const USED: u8 = 2;

/// What stands for `from module import *` among the words: no identifier.
pub const STAR: &str = "import *";

/// Files that one thread takes at a time.
const CHUNK: usize = 128;

impl Words {
    /// Reads every file once, and tells also which ones say that a program wrote them. Files that cannot be read are left
    /// out; reading them again reports the error.
    pub fn build(project: &Project) -> (Self, Vec<FileId>) {
        let ids: Vec<FileId> = project.ids().collect();
        let chunks: Vec<(Vec<Entry>, Vec<FileId>)> =
            ids.par_chunks(CHUNK).map(|ids| read_files(project, ids)).collect();
        let (entries, generated): (Vec<Vec<Entry>>, Vec<Vec<FileId>>) = chunks.into_iter().unzip();
        let mut entries = entries.concat();
        entries.par_sort_unstable();
        (Self { entries }, generated.concat())
    }

    /// The files that hold `word`, in path order.
    pub fn files(&self, word: &str) -> impl ExactSizeIterator<Item = FileId> + use<'_> {
        self.entries(word).iter().map(|entry| entry.file())
    }

    /// The files in which `word` may stand behind `def` or `class`.
    pub fn definitions(&self, word: &str) -> impl Iterator<Item = FileId> + use<'_> {
        self.entries(word).iter().filter(|entry| entry.is(DEFINED)).map(|entry| entry.file())
    }

    /// The files in which `word` stands anywhere else.
    pub fn uses(&self, word: &str) -> impl Iterator<Item = FileId> + use<'_> {
        self.entries(word).iter().filter(|entry| entry.is(USED)).map(|entry| entry.file())
    }

    fn entries(&self, word: &str) -> &[Entry] {
        let hash = hash(word.as_bytes());
        let start = self.entries.partition_point(|entry| entry.hash() < hash);
        let length = self.entries[start..].partition_point(|entry| entry.hash() == hash);
        &self.entries[start..start + length]
    }
}

/// The identifiers that `accept` takes, sorted. Reads every file again.
pub fn matching(project: &Project, accept: impl Fn(&str) -> bool + Sync) -> Vec<String> {
    let found: FxHashSet<String> = project
        .files
        .par_iter()
        .fold(FxHashSet::default, |mut found: FxHashSet<String>, file| {
            words_of_file(&bytes_of(file), |word, _| {
                if let Ok(word) = std::str::from_utf8(word)
                    && word != STAR
                    && accept(word)
                    && !found.contains(word)
                {
                    found.insert(word.to_owned());
                }
            });
            found
        })
        .reduce(FxHashSet::default, |left, right| left.into_iter().chain(right).collect());
    let mut found: Vec<String> = found.into_iter().collect();
    found.sort_unstable();
    found
}

fn bytes_of(file: &SourceFile) -> Vec<u8> {
    fs::read(&file.path).unwrap_or_default()
}

fn read_files(project: &Project, ids: &[FileId]) -> (Vec<Entry>, Vec<FileId>) {
    let (mut entries, mut generated) = (vec![], vec![]);
    let mut words: FxHashMap<u32, u8> = FxHashMap::default();
    for &id in ids {
        let bytes = bytes_of(project.file(id));
        if protected::is_generated(&bytes) {
            generated.push(id);
        }
        words_of_file(&bytes, |word, uses| *words.entry(hash(word)).or_default() |= uses);
        entries.extend(words.drain().map(|(hash, uses)| Entry::new(hash, id, uses)));
    }
    (entries, generated)
}

/// A hash of an identifier.
pub(super) fn hash(word: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(word);
    (hasher.finish() >> 32) as u32
}

fn is_word_byte(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The words of a file in any encoding that Python takes. What Python does not take is searched all the same: it may name a
/// function that converts, and then must be reported.
fn words_of_file(bytes: &[u8], found: impl FnMut(&[u8], u8)) {
    each_word(&readable(bytes), found);
}

/// The bytes with every identifier spelled in UTF-8.
fn readable(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_utf_16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if is_utf_16 {
        return bytes[2..].iter().copied().filter(|byte| *byte != 0).collect();
    }
    if std::str::from_utf8(bytes).is_err()
        && let Ok(source) = source::decode(bytes)
    {
        return source.text.into_bytes().into();
    }
    bytes.into()
}

/// Calls `found` with each identifier and how it is used, and with [`STAR`] for a star import.
fn each_word(bytes: &[u8], mut found: impl FnMut(&[u8], u8)) {
    let (mut at, mut before): (usize, &[u8]) = (0, b"");
    while at < bytes.len() {
        let start = at + bytes[at..].iter().take_while(|byte| !is_word_byte(**byte)).count();
        let end = start + bytes[start..].iter().take_while(|byte| is_word_byte(**byte)).count();
        let word = &bytes[start..end];
        if before == b"import" && bytes[at..start].trim_ascii_start().starts_with(b"*") {
            found(STAR.as_bytes(), USED);
        }
        if word.first().is_some_and(|byte| !byte.is_ascii_digit()) {
            let is_definition = matches!(before, b"def" | b"class");
            found(word, if is_definition { uses_behind_keyword(&bytes[at..start]) } else { USED });
        }
        (at, before) = (end, word);
    }
}

/// How a word is used that comes after `def` or `class`, with `gap` in between. The keyword may stand in a comment.
fn uses_behind_keyword(gap: &[u8]) -> u8 {
    if gap.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\x0c')) {
        DEFINED
    } else if gap.contains(&b'\\') {
        DEFINED | USED
    } else {
        USED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_encoding() {
        let check = |bytes: &[u8], expected: &[&str]| {
            let mut words: Vec<String> = vec![];
            words_of_file(bytes, |word, _| words.extend(String::from_utf8(word.to_vec())));
            words.sort_unstable();
            assert_eq!(words, expected);
        };
        check(b"def load(x1): 'a-b'; 12\n", &["a", "b", "def", "load", "x1"]);
        check("löschen()".as_bytes(), &["löschen"]);
        check(b"# coding: latin-1\nl\xf6schen()\n", &["coding", "latin", "löschen"]);
        check(b"\xff\xfel\0o\0a\0d\0(\0)\0", &["load"]);
        check(b"l\xf6schen(); load()", &["load"]);
        check(b"from a import *", &["a", "from", "import", "import *"]);
    }

    #[test]
    fn definitions_and_uses() {
        let check = |text: &str, expected: u8| {
            let mut all = 0;
            words_of_file(text.as_bytes(), |word, uses| all |= if word == b"load" { uses } else { 0 });
            assert_eq!(all, expected, "{text}");
        };
        check("async def  load(x): pass", DEFINED);
        check("class load: pass", DEFINED);
        check("def \\\n  load(): pass", DEFINED | USED);
        check("def load(): load()", DEFINED | USED);
        check("# a class\nload()", USED);
        check("x.load", USED);
        check("def f(load): pass", USED);
    }

    #[test]
    fn an_identifier_is_looked_up_by_its_hash() {
        let entry = |word: &str, file, uses| Entry::new(hash(word.as_bytes()), FileId(file), uses);
        let mut entries = vec![entry("b", 7, USED), entry("a", 3, DEFINED), entry("b", 1 << 20, DEFINED | USED)];
        entries.sort_unstable();
        let words = Words { entries };
        assert!(words.files("b").eq([FileId(7), FileId(1 << 20)]));
        assert!(words.definitions("b").eq([FileId(1 << 20)]));
        assert!(words.uses("b").eq([FileId(7), FileId(1 << 20)]) && words.uses("a").next().is_none());
        assert_eq!(words.files("c").len(), 0);
    }
}
