//! Plan files: `diff --save plan.json` writes what was shown, `apply --plan plan.json` applies exactly that.
//!
//! # The format, version 1
//!
//! A JSON object, made to be read and shortened by hand:
//!
//! - `format`: always `awaitify-plan`; `version`: 1; `tool`: what wrote it; `root`: the folder it was made in;
//! - `files`: `{path, sha256, bytes}`, paths relative to the root with `/`. When one of them has changed, the plan is stale
//!   and none of it is applied;
//! - `groups`: `{id, title, functions, depends_on, edits}`. A group may be deleted; those that depend on it are then left out
//!   and named;
//! - `edits`: `{file, line, start, end, text}`: the bytes from `start` to `end` of the original file become `text`. All
//!   offsets are into the original, whatever else is applied. `line` is for people, nothing reads it. Text that is not
//!   UTF-8 is an array of bytes. Inserts at one offset are ordered by `rank` (0 when it is left out), then as they stand in
//!   the file. An edit with `"once": true` that several groups carry (an import) is applied once.

mod apply;
mod words;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::group::{Group, GroupId, LeftOut};
use crate::journal::{Failure, Patch, digest};

const FORMAT: &str = "awaitify-plan";
const VERSION: u32 = 1;

/// A plan file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    format: String,
    version: u32,
    pub tool: String,
    /// Absolute, every symlink resolved.
    pub root: PathBuf,
    pub files: Vec<SavedFile>,
    pub groups: Vec<SavedGroup>,
}

/// A file as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedFile {
    /// Relative to the root, `/` between names.
    pub path: String,
    sha256: String,
    bytes: u64,
}

/// A group with its edits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedGroup {
    pub id: GroupId,
    pub title: String,
    pub functions: Vec<String>,
    #[serde(default)]
    pub depends_on: Vec<GroupId>,
    pub edits: Vec<SavedEdit>,
}

/// One replacement in the original bytes of a file; an empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedEdit {
    /// The `path` of a [`SavedFile`].
    pub file: String,
    /// Counts from 1. Only for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    pub start: usize,
    pub end: usize,
    pub text: Text,
    /// Orders the inserts at one offset, whatever groups they come from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rank: u32,
    /// Several groups may carry this very edit; it is applied once.
    #[serde(default, skip_serializing_if = "is_default")]
    pub once: bool,
}

/// New text, in the encoding of its file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    Utf8(String),
    Bytes(Vec<u8>),
}

/// What a plan comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Sorted by path.
    pub patches: Vec<Patch>,
    pub applied: Vec<GroupId>,
    /// Groups that need one which was deleted from the plan.
    pub left_out: Vec<LeftOut>,
}

/// Why a plan is not applied. None of it is.
#[derive(Debug)]
pub enum PlanError {
    Io(Failure),
    /// It is not JSON, or not a plan. `line` counts from 1.
    Malformed {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    /// A newer awaitify wrote it.
    Version {
        path: PathBuf,
        version: u64,
    },
    OtherRoot {
        plan: PathBuf,
        here: PathBuf,
    },
    /// A path that is not a plain relative one, or leads out of the root.
    BadPath {
        file: String,
        reason: &'static str,
    },
    /// These files are not what they were, or are gone.
    Stale {
        files: Vec<String>,
    },
    /// Two groups, or two files, have this name.
    Twice {
        name: String,
    },
    /// An edit that does not fit its file, or names one that is not in `files`.
    BadEdit {
        group: GroupId,
        file: String,
        start: usize,
        end: usize,
    },
    /// Two edits want the same bytes.
    Overlap {
        file: String,
        first: GroupId,
        second: GroupId,
        offset: usize,
    },
    /// `--only` names a group that is not in the plan.
    UnknownGroup {
        id: GroupId,
        nearest: Option<GroupId>,
    },
    /// `--only` names a group that needs one which was deleted.
    Needs(LeftOut),
}

impl SavedPlan {
    /// Makes a plan of `groups` over `files` (path relative to the root, bytes before). `root` has its symlinks resolved.
    pub fn new(root: &Path, files: &[(String, &[u8])], groups: Vec<SavedGroup>) -> SavedPlan {
        let save = |(path, before): &(String, &[u8])| SavedFile {
            path: path.clone(),
            sha256: digest(before),
            bytes: before.len() as u64,
        };
        SavedPlan {
            format: FORMAT.to_owned(),
            version: VERSION,
            tool: concat!("awaitify ", env!("CARGO_PKG_VERSION")).to_owned(),
            root: root.to_path_buf(),
            files: files.iter().map(save).collect(),
            groups,
        }
    }

    pub fn read(path: &Path) -> Result<SavedPlan, PlanError> {
        let text = fs::read(path).map_err(|error| PlanError::Io(Failure::new("read", path, error)))?;
        let malformed = |line, reason| PlanError::Malformed { path: path.to_path_buf(), line, reason };
        let value: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| malformed(error.line(), error.to_string()))?;
        if value["format"] != FORMAT {
            return Err(malformed(1, format!("its `format` is not `{FORMAT}`")));
        }
        match value["version"].as_u64() {
            Some(version) if version > u64::from(VERSION) => {
                return Err(PlanError::Version { path: path.to_path_buf(), version });
            }
            Some(_) | None => {}
        }
        serde_json::from_slice(&text).map_err(|error| malformed(error.line(), error.to_string()))
    }

    pub fn write(&self, path: &Path) -> Result<(), PlanError> {
        fs::write(path, self.to_json()).map_err(|error| PlanError::Io(Failure::new("write", path, error)))
    }

    /// The new texts when the groups `only` are applied with all they depend on; all groups, when `only` is empty.
    pub fn to_patches(&self, root: &Path, only: &[GroupId]) -> Result<Selection, PlanError> {
        apply::to_patches(self, root, only)
    }

    /// The groups without their edits.
    pub fn groups(&self) -> Vec<Group> {
        self.groups.iter().map(SavedGroup::group).collect()
    }

    /// JSON with a line for a file and a line for an edit, so that people can read it and cut lines out.
    fn to_json(&self) -> String {
        let list = |indent: &str, items: Vec<String>| match items.len() {
            0 => "[]".to_owned(),
            _ => format!("[\n{indent}  {}\n{indent}]", items.join(&format!(",\n{indent}  "))),
        };
        let files = self.files.iter().map(json).collect();
        let group = |group: &SavedGroup| {
            let SavedGroup { id, title, functions, depends_on, edits } = group;
            let edits = list("      ", edits.iter().map(json).collect());
            let functions = list("      ", functions.iter().map(json).collect());
            let (id, title, depends_on) = (json(id), json(title), json(depends_on));
            let fields = [
                format!("\"id\": {id}"),
                format!("\"title\": {title}"),
                format!("\"functions\": {functions}"),
                format!("\"depends_on\": {depends_on}"),
                format!("\"edits\": {edits}"),
            ];
            format!("{{\n      {}\n    }}", fields.join(",\n      "))
        };
        let fields = [
            format!("\"format\": {}", json(&self.format)),
            format!("\"version\": {}", self.version),
            format!("\"tool\": {}", json(&self.tool)),
            format!("\"root\": {}", json(&self.root.to_string_lossy())),
            format!("\"files\": {}", list("  ", files)),
            format!("\"groups\": {}", list("  ", self.groups.iter().map(group).collect())),
        ];
        format!("{{\n  {}\n}}\n", fields.join(",\n  "))
    }
}

impl SavedGroup {
    pub fn group(&self) -> Group {
        let SavedGroup { id, title, functions, depends_on, .. } = self;
        Group {
            id: id.clone(),
            title: title.clone(),
            functions: functions.clone(),
            depends_on: depends_on.clone(),
            carried: false,
        }
    }
}

impl Text {
    /// Keeps text readable in the plan whenever it is UTF-8.
    pub fn new(bytes: Vec<u8>) -> Text {
        String::from_utf8(bytes).map_or_else(|error| Text::Bytes(error.into_bytes()), Text::Utf8)
    }

    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Text::Utf8(text) => text.as_bytes(),
            Text::Bytes(bytes) => bytes,
        }
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("a plan is plain data")
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
