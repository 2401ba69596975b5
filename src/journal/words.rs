//! What the errors of a transaction say.

use std::fmt;
use std::path::PathBuf;

use super::{Note, Refusal, UndoError, Why, WriteError};

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Busy { holder } => busy(f, *holder),
            WriteError::Unfinished { id } => write!(
                f,
                "an earlier run was stopped halfway; `awaitify undo {id}` takes it back, `awaitify apply --resume` finishes it"
            ),
            WriteError::Refused(refusals) => {
                write!(f, "nothing was written, because of {}:", count(refusals.len(), "file"))?;
                refusals.iter().try_for_each(|refusal| write!(f, "\n  {refusal}"))
            }
            WriteError::Failed(failure) => write!(f, "{failure}; every file is as it was"),
            WriteError::Torn { id, cause, rollback } => {
                write!(
                    f,
                    "{cause}; putting the files back failed too: {rollback}. `awaitify undo {id}` will put them back"
                )
            }
        }
    }
}

impl std::error::Error for WriteError {}

impl fmt::Display for UndoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UndoError::Busy { holder } => busy(f, *holder),
            UndoError::Nothing => write!(f, "there is nothing to undo"),
            UndoError::Unknown { id, known } if known.is_empty() => {
                write!(f, "there is no journal `{id}`, nor any other")
            }
            UndoError::Unknown { id, known } => {
                let known = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                write!(f, "there is no journal `{id}`; there are: {known}")
            }
            UndoError::Already { id } => write!(f, "`{id}` is undone already"),
            UndoError::Edited { files, .. } => {
                write!(f, "nothing was put back, because {} changed since:", count(files.len(), "file"))?;
                paths(f, files)?;
                write!(f, "\n`--force` puts them back and keeps each changed text as `NAME.awaitify-edited`")
            }
            UndoError::Damaged { id, reason } => write!(f, "the journal `{id}` cannot be used: {reason}"),
            UndoError::Failed(failure) => write!(f, "{failure}; no file was put back"),
            UndoError::Partly { id, restored, cause } => {
                let done = count(restored.len(), "file");
                write!(f, "{cause}; {done} put back before that, `awaitify undo {id}` goes on with the rest")
            }
            UndoError::CannotResume { id, missing } => {
                let missing = missing.display();
                write!(
                    f,
                    "cannot go on: the new text of `{missing}` is not on disk. `awaitify undo {id}` takes the run back"
                )
            }
        }
    }
}

impl std::error::Error for UndoError {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.path.display())?;
        match &self.why {
            Why::Changed => write!(f, "changed since the plan was made"),
            Why::Vanished => write!(f, "is gone"),
            Why::NotAFile => write!(f, "is not a regular file"),
            Why::Outside { real } => write!(f, "is really `{}`, outside of what may be edited", real.display()),
            Why::Protected => write!(f, "belongs to git or to awaitify itself"),
            Why::ReadOnly => write!(f, "is read-only"),
            Why::SameFile { other } => write!(f, "is the same file as `{}`", other.display()),
            Why::NotUtf8 => write!(f, "has a name that is not UTF-8, which the journal cannot hold"),
            Why::Unreadable { error } => write!(f, "cannot be opened: {error}"),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::HardLink { path, other_names } => {
                let names = count(*other_names as usize, "other name");
                write!(f, "`{}` had {names} (hard links); the old text is still there", path.display())
            }
            Note::Symlink { path, real } => {
                write!(f, "`{}` is a symlink; `{}` was edited", path.display(), real.display())
            }
        }
    }
}

fn busy(f: &mut fmt::Formatter<'_>, holder: Option<u32>) -> fmt::Result {
    match holder {
        Some(pid) => write!(f, "another awaitify (process {pid}) is writing here; try again when it is done"),
        None => write!(f, "another awaitify is writing here; try again when it is done"),
    }
}

fn paths(f: &mut fmt::Formatter<'_>, paths: &[PathBuf]) -> fmt::Result {
    paths.iter().try_for_each(|path| write!(f, "\n  `{}`", path.display()))
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
