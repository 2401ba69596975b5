//! The transaction that puts planned bytes into the tree, and the journal that takes them out again.
//!
//! A write goes through these steps, in this order; whatever stops it, the tree is all old, all new, or one [`undo`] away
//! from all old:
//!
//! 1. take the lock of the root (`.awaitify/lock`, held by the kernel, so a dead process never holds it);
//! 2. check every file: it is a regular file inside the allowed roots and holds exactly the bytes the plan was made from;
//! 3. write the journal, `.awaitify/journal/ID/`, and flush it to disk. It counts from the moment `header.json` is there;
//! 4. write every new text to a temp file beside its target, with the target's owner, mode and attributes, and flush it;
//! 5. rename them over their targets, and flush the folders;
//! 6. put the empty file `committed` into the journal.
//!
//! # The journal's format, version 1
//!
//! `header.json` is a JSON object: `format` (always `awaitify-journal`), `version`, `tool` (what wrote it), `created`
//! (seconds since 1970, UTC), `label` (`apply`, or what the batch was doing), `root`, and `files`, an array of objects: `path` (relative to the root, `/`
//! between names, no symlink in it), `before` and `after` (each `{"sha256": hex, "bytes": length}`), `offset`, `mode`,
//! `uid`, `gid`. The old bytes of a file are the `before.bytes` bytes that start at `offset` in the file `before` beside the header. The empty files
//! `committed`, `undoing` and `undone` say how far it got; the last of them counts.

mod attributes;
mod commit;
pub mod git;
mod lock;
mod place;
mod record;
mod replace;
mod resume;
mod target;
mod undo;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::interrupt;

pub use record::{Id, Listing, State, digest};
pub use target::{Refusal, Why};

/// One file's planned change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Absolute.
    pub path: PathBuf,
    /// What the plan was made from. The write is refused when the file holds anything else.
    pub before: Vec<u8>,
    pub after: Vec<u8>,
}

/// A transaction that went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// What `awaitify undo` takes. `None` when no patch changed anything, so there was nothing to write.
    pub id: Option<Id>,
    /// How many files have new bytes.
    pub files: usize,
    pub notes: Vec<Note>,
}

/// Something about a written file that its owner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The file had other names (hard links). They keep the old text.
    HardLink { path: PathBuf, other_names: u64 },
    /// The path is a symlink; the file behind it was edited in place and the link is as it was.
    Symlink { path: PathBuf, real: PathBuf },
}

/// A transaction that was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    pub id: Id,
    /// The files that have their old bytes back.
    pub restored: Vec<PathBuf>,
    /// Files that had been edited since, each with the path where the edited text is kept.
    pub kept: Vec<(PathBuf, PathBuf)>,
}

/// What `undo` does about files that were edited since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// Change nothing and name them.
    Refuse,
    /// Keep the edited text beside the file, as `x.py.awaitify-edited`.
    KeepCopy,
}

/// An I/O error with its action and path.
#[derive(Debug)]
pub struct Failure {
    /// A verb: "read", "rename".
    pub action: &'static str,
    pub path: PathBuf,
    pub source: io::Error,
}

/// Why nothing, or not everything, was written.
#[derive(Debug)]
pub enum WriteError {
    /// Another run holds the lock. `holder` is its process id, when it could be read.
    Busy { holder: Option<u32> },
    /// An earlier run was killed halfway and waits for `awaitify undo` or `--resume`.
    Unfinished { id: Id },
    /// Some files cannot be edited. Nothing was written.
    Refused(Vec<Refusal>),
    /// Something failed on the way. Everything was put back: nothing has changed.
    Failed(Failure),
    /// Something failed on the way, and then putting things back failed. `awaitify undo` will do it.
    Torn { id: Id, cause: Failure, rollback: Failure },
}

/// Why nothing, or not everything, was put back.
#[derive(Debug)]
pub enum UndoError {
    /// Another run holds the lock.
    Busy { holder: Option<u32> },
    /// There is no journal, or all of them are undone.
    Nothing,
    /// No journal has this name.
    Unknown { id: String, known: Vec<Id> },
    /// This one was undone before.
    Already { id: Id },
    /// These files hold neither the old nor the new text (or are gone). Nothing was put back.
    Edited { id: Id, files: Vec<PathBuf> },
    /// The journal cannot be used.
    Damaged { id: Id, reason: String },
    /// Something failed before the first file was put back: nothing has changed.
    Failed(Failure),
    /// Something failed halfway. The journal is kept; `awaitify undo` goes on where it stopped.
    Partly { id: Id, restored: Vec<PathBuf>, cause: Failure },
    /// `--resume` cannot finish this one, because not all new texts had been written. `awaitify undo` can take it back.
    CannotResume { id: Id, missing: PathBuf },
}

/// Writes all patches or none, journaled below `root`. Only files that are really (symlinks resolved) inside
/// `root` and inside one of `allowed_roots` (when there are any) are touched. Patches that change nothing are skipped.
pub fn write(root: &Path, allowed_roots: &[PathBuf], patches: &[Patch]) -> Result<Written, WriteError> {
    write_labeled(root, allowed_roots, "apply", patches)
}

/// [`write()`], with a word about what it is for, which [`list`] gives back.
pub fn write_labeled(
    root: &Path,
    allowed_roots: &[PathBuf],
    label: &str,
    patches: &[Patch],
) -> Result<Written, WriteError> {
    let _guard = interrupt::put_off();
    // Once: the steps that put things back are asked about too.
    let mut is_told = false;
    let mut listen =
        |_| if std::mem::replace(&mut is_told, interrupt::is_requested()) { Ok(()) } else { interrupt::check() };
    commit::write_with(root, allowed_roots, label, patches, &mut listen)
}

/// Puts back the bytes that a write replaced: of journal `id`, or of the unfinished one, or of the last one.
pub fn undo(root: &Path, id: Option<&str>, edited: Edited) -> Result<Undone, UndoError> {
    let _guard = interrupt::put_off();
    undo::undo_with(root, id, edited, &mut |_| Ok(()))
}

/// Finishes a write that was killed after all its new texts were on disk.
pub fn resume(root: &Path, id: Id) -> Result<Written, UndoError> {
    let _guard = interrupt::put_off();
    resume::resume_with(root, id, &mut |_| Ok(()))
}

/// The journals below `root`, oldest first.
pub fn list(root: &Path) -> Result<Vec<Listing>, Failure> {
    record::list(root)
}

/// The journal that a killed run, or a killed undo, left behind.
pub fn unfinished(root: &Path) -> Option<Id> {
    record::unfinished(root)
}

/// Deletes a journal that is undone: a trial that nobody will want back.
pub fn forget(root: &Path, id: Id) -> Result<(), Failure> {
    record::forget(root, id)
}

/// Makes `.awaitify/` below `root`, ignored by git.
pub(crate) fn prepare(root: &Path) -> Result<PathBuf, Failure> {
    place::prepare(root)
}

/// A place where a transaction can be stopped; tests make it fail or kill the process there. Numbers index the patches
/// (or the folders) of the transaction. Each is announced just before the thing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Step {
    Check(usize),
    MakeFolder,
    SaveBytes,
    SaveHeader,
    PublishHeader,
    Stage(usize),
    Flush(usize),
    Rename(usize),
    FlushFolder(usize),
    Commit,
    Prune,
    StageOld(usize),
    Restore(usize),
    Clean(usize),
    Close,
}

/// What is asked before each [`Step`]; an error makes the step fail.
pub(crate) type Steps<'a> = dyn FnMut(Step) -> io::Result<()> + 'a;

impl Failure {
    pub(crate) fn new(action: &'static str, path: &Path, source: io::Error) -> Failure {
        Failure { action, path: path.to_path_buf(), source }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} `{}`: {}", self.action, self.path.display(), self.source)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl From<Failure> for WriteError {
    fn from(failure: Failure) -> WriteError {
        WriteError::Failed(failure)
    }
}

impl From<Failure> for UndoError {
    fn from(failure: Failure) -> UndoError {
        UndoError::Failed(failure)
    }
}
