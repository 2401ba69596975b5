//! The word index: identifier to files, from one parallel pass over the bytes, without a parse.
//!
//! String contents and comments make false positives only: a file that is looked into needlessly.

use std::fs;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::facts::FileId;
use crate::project::Project;

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
                (id, distinct_words(&bytes))
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

fn distinct_words(bytes: &[u8]) -> Vec<Box<str>> {
    let mut seen: FxHashSet<&[u8]> = FxHashSet::default();
    for word in bytes.split(|&byte| !is_word_byte(byte)) {
        if !word.is_empty() && !word[0].is_ascii_digit() {
            seen.insert(word);
        }
    }
    seen.into_iter().filter_map(|word| std::str::from_utf8(word).ok()).map(Into::into).collect()
}
