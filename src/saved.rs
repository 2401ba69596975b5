//! Plan files: `diff --save plan.json` writes what was shown, `apply --plan plan.json` applies exactly that.
//!
//! # The format, version 1
//!
//! A JSON object, made to be read and shortened by hand:
//!
//! - `format`: always `awaitify-plan`; `version`: 1; `tool`: what wrote it; `root`: the folder of the project;
//! - `arguments`: the flags of the diff. `apply --plan` plans anew with them, and writes only what comes out the same;
//! - `shown`: the ids of all groups of the diff;
//! - `files`: `{path, sha256, bytes, after}`, paths relative to the root with `/`; `after` is the hash of the new text with all
//!   groups applied. When one of the files has changed, the plan is stale and none of it is applied;
//! - `groups`: `{id, title, functions, depends_on, carried, changes}`. A group may be deleted; those that depend on it are then
//!   left out and named, and so are the carried ones that nobody needs any more;
//! - `changes`: `{file, line, before, after}`, whole lines, for people; of what is left of a group they must not be edited;
//! - `along`: changes that follow from the groups: imports, mocks in tests.

mod check;
mod words;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::group::{self, Group, GroupId, LeftOut};
use crate::journal::{Failure, digest};

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
    pub arguments: Vec<String>,
    pub shown: Vec<GroupId>,
    pub files: Vec<SavedFile>,
    pub groups: Vec<SavedGroup>,
    #[serde(default)]
    pub along: Vec<SavedChange>,
}

/// A file as it was when the plan was made, and as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedFile {
    /// Relative to the root, `/` between names.
    pub path: String,
    sha256: String,
    bytes: u64,
    after: String,
}

/// A group with its changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedGroup {
    pub id: GroupId,
    pub title: String,
    pub functions: Vec<String>,
    #[serde(default)]
    pub depends_on: Vec<GroupId>,
    #[serde(default)]
    pub carried: bool,
    pub changes: Vec<SavedChange>,
}

/// Lines that change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedChange {
    /// The `path` of a [`SavedFile`].
    pub file: String,
    /// Counts from 1, in the file as it was.
    pub line: usize,
    /// Whole lines, the line end of the last one left out.
    pub before: String,
    pub after: String,
}

/// Which groups of a plan are to be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub groups: Vec<GroupId>,
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
    /// Something else changed, and these files would come out differently, or others would change.
    Outdated {
        files: Vec<String>,
    },
    /// The group was edited by hand.
    Edited {
        id: GroupId,
    },
}

impl SavedPlan {
    /// Makes a plan. `root` has its symlinks resolved; `files` are paths relative to it, with the bytes before and after.
    pub fn new(
        root: &Path,
        arguments: Vec<String>,
        files: &[(String, &[u8], &[u8])],
        groups: Vec<SavedGroup>,
        along: Vec<SavedChange>,
    ) -> SavedPlan {
        let save = |(path, before, after): &(String, &[u8], &[u8])| SavedFile {
            path: path.clone(),
            sha256: digest(before),
            bytes: before.len() as u64,
            after: digest(after),
        };
        SavedPlan {
            format: FORMAT.to_owned(),
            version: VERSION,
            tool: concat!("awaitify ", env!("CARGO_PKG_VERSION")).to_owned(),
            root: root.to_path_buf(),
            arguments,
            shown: groups.iter().map(|group| group.id.clone()).collect(),
            files: files.iter().map(save).collect(),
            groups,
            along,
        }
    }

    /// Reads a plan file; nothing but its form is checked.
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

    /// Writes the plan file.
    pub fn write(&self, path: &Path) -> Result<(), PlanError> {
        fs::write(path, self.to_json()).map_err(|error| PlanError::Io(Failure::new("write", path, error)))
    }

    /// Is the plan of a project around `here`, with plain paths, and are its files what they were?
    pub fn check_files(&self, here: &Path) -> Result<(), PlanError> {
        check::files(self, here)
    }

    /// Is `fresh`, which was planned just now for the groups that this plan has shown, the same plan?
    pub fn check_same(&self, fresh: &SavedPlan) -> Result<(), PlanError> {
        check::same(self, fresh)
    }

    /// The groups that are still in the plan and whose needs are.
    pub fn kept(&self) -> Kept {
        let (groups, left_out) = group::without(&self.groups(), &[]);
        Kept { groups, left_out }
    }

    /// The groups without their changes.
    pub fn groups(&self) -> Vec<Group> {
        self.groups.iter().map(SavedGroup::group).collect()
    }

    /// JSON with a line for a file and a line for a change, so that people can read it and cut lines out.
    fn to_json(&self) -> String {
        let group = |group: &SavedGroup| {
            let SavedGroup { id, title, functions, depends_on, carried, changes } = group;
            let fields = [
                format!("\"id\": {}", json(id)),
                format!("\"title\": {}", json(title)),
                format!("\"functions\": {}", lines("      ", functions)),
                format!("\"depends_on\": {}", lines("      ", depends_on)),
                format!("\"carried\": {carried}"),
                format!("\"changes\": {}", lines("      ", changes)),
            ];
            format!("{{\n      {}\n    }}", fields.join(",\n      "))
        };
        let fields = [
            format!("\"format\": {}", json(&self.format)),
            format!("\"version\": {}", self.version),
            format!("\"tool\": {}", json(&self.tool)),
            format!("\"root\": {}", json(&self.root.to_string_lossy())),
            format!("\"arguments\": {}", json(&self.arguments)),
            format!("\"shown\": {}", lines("  ", &self.shown)),
            format!("\"files\": {}", lines("  ", &self.files)),
            format!("\"groups\": {}", list("  ", self.groups.iter().map(group).collect())),
            format!("\"along\": {}", lines("  ", &self.along)),
        ];
        format!("{{\n  {}\n}}\n", fields.join(",\n  "))
    }
}

impl SavedFile {
    /// The hash of the new text, when all groups are applied.
    pub fn after(&self) -> &str {
        &self.after
    }
}

impl SavedGroup {
    pub fn group(&self) -> Group {
        let SavedGroup { id, title, functions, depends_on, carried, changes: _ } = self.clone();
        Group { id, title, functions, depends_on, carried }
    }
}

fn list(indent: &str, items: Vec<String>) -> String {
    match items.len() {
        0 => "[]".to_owned(),
        _ => format!("[\n{indent}  {}\n{indent}]", items.join(&format!(",\n{indent}  "))),
    }
}

fn lines(indent: &str, items: &[impl Serialize]) -> String {
    list(indent, items.iter().map(json).collect())
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("a plan is plain data")
}
