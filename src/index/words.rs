//! The word index: identifier to files, from one parallel pass over the bytes, without a parse.
//!
//! String contents and comments make false positives only: a file that is looked into needlessly.

use std::fs;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::facts::FileId;
use crate::project::Project;
use crate::py::source;

/// Identifier to the files that hold it, in file order.
#[derive(Debug, Default)]
pub struct Words {
    files: FxHashMap<Box<str>, Vec<FileId>>,
}

impl Words {
    /// Reads every file once. Files that cannot be read are left out; reading them again reports the error.
    pub fn build(project: &Project) -> Self {
        let ids: Vec<FileId> = project.ids().collect();
        let lists: Vec<(FileId, Vec<Box<str>>)> = ids
            .par_iter()
            .map(|&id| {
                let bytes = fs::read(&project.file(id).path).unwrap_or_default();
                (id, words_of_file(&bytes))
            })
            .collect();
        let mut files: FxHashMap<Box<str>, Vec<FileId>> = FxHashMap::default();
        for (id, words) in lists {
            for word in words {
                files.entry(word).or_default().push(id);
            }
        }
        Self { files }
    }

    /// The files that hold `word`, in path order.
    pub fn files(&self, word: &str) -> &[FileId] {
        self.files.get(word).map_or(&[], Vec::as_slice)
    }

    /// The identifiers that `accept` takes, sorted.
    pub fn matching(&self, accept: impl Fn(&str) -> bool) -> Vec<&str> {
        let mut found: Vec<&str> = self.files.keys().map(AsRef::as_ref).filter(|word| accept(word)).collect();
        found.sort_unstable();
        found
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The words of a file in any encoding that Python takes. What Python does not take is searched all the same: it may name a
/// function that converts, and then must be reported.
fn words_of_file(bytes: &[u8]) -> Vec<Box<str>> {
    let is_utf_16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if is_utf_16 {
        let narrow: Vec<u8> = bytes[2..].iter().copied().filter(|byte| *byte != 0).collect();
        return distinct_words(&narrow);
    }
    if std::str::from_utf8(bytes).is_err()
        && let Ok(source) = source::decode(bytes)
    {
        return distinct_words(source.text.as_bytes());
    }
    distinct_words(bytes)
}

fn distinct_words(bytes: &[u8]) -> Vec<Box<str>> {
    let mut seen: FxHashSet<&[u8]> = FxHashSet::default();
    for word in bytes.split(|&byte| !is_word_byte(byte)) {
        if !word.is_empty() && !word[0].is_ascii_digit() {
            seen.insert(word);
        }
    }
    seen.into_iter().filter_map(|word| std::str::from_utf8(word).ok()).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_encoding() {
        let check = |bytes: &[u8], expected: &[&str]| {
            let mut words = words_of_file(bytes);
            words.sort_unstable();
            assert_eq!(words.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), expected);
        };
        check(b"def load(x1): 'a-b'; 12\n", &["a", "b", "def", "load", "x1"]);
        check("löschen()".as_bytes(), &["löschen"]);
        check(b"# coding: latin-1\nl\xf6schen()\n", &["coding", "latin", "löschen"]);
        check(b"\xff\xfel\0o\0a\0d\0(\0)\0", &["load"]);
        check(b"l\xf6schen(); load()", &["load"]);
    }
}
