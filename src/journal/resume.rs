//! Finishing a write that was killed. It can be, when every file is new or its new text is complete on disk beside it.

use std::fs;
use std::path::Path;

use super::commit::announce;
use super::replace::{self, Side, temp_path};
use super::undo::{Now, look};
use super::{Id, State, Step, Steps, UndoError, Written, lock, place, record};

/// [`super::resume`], asking `steps` before each step.
pub(crate) fn resume_with(root: &Path, id: Id, steps: &mut Steps) -> Result<Written, UndoError> {
    let root = &place::real_root(root)?;
    let _lock = lock::acquire(&place::prepare(root)?)?;
    match record::state(root, id) {
        Some(State::Unfinished) => {}
        Some(State::Committed | State::Undoing | State::Undone) => return Err(UndoError::Nothing),
        None => return Err(UndoError::Unknown { id: id.to_string(), known: Vec::new() }),
    }
    let header = record::read(root, id)?;
    let mut left = Vec::new();
    for (index, entry) in header.files.iter().enumerate() {
        let path = entry.path(root);
        let temp = temp_path(&path, id, index, Side::New);
        match look(&path, entry)? {
            Now::New => {}
            Now::Old if fs::read(&temp).is_ok_and(|bytes| entry.after.fits(&bytes)) => left.push((index, temp, path)),
            Now::Old => return Err(UndoError::CannotResume { id, missing: path }),
            Now::Other => return Err(UndoError::Edited { id, files: vec![path] }),
        }
    }
    left.iter().try_for_each(|(_, temp, _)| replace::flush(temp))?;
    for (index, temp, path) in &left {
        announce(steps, Step::Rename(*index), path)?;
        replace::rename(temp, path)?;
    }
    replace::folders(left.iter().map(|(_, _, path)| path.as_path())).into_iter().try_for_each(replace::flush_folder)?;
    announce(steps, Step::Commit, root)?;
    record::mark(root, id, "committed")?;
    Ok(Written { id: Some(id), files: header.files.len(), notes: Vec::new() })
}
