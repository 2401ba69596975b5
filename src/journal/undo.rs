//! Taking a transaction back, finished or not. It can be killed anywhere and run again: a file that holds its old bytes
//! is done.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::commit::announce;
use super::record::{self, Entry};
use super::replace::{self, Side, temp_path};
use super::{Edited, Failure, Id, State, Step, Steps, UndoError, Undone, lock, place};

/// What a journaled file holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Now {
    Old,
    New,
    /// Something else, or the file is gone.
    Other,
}

/// A file that must get its old bytes back.
struct Task<'a> {
    index: usize,
    entry: &'a Entry,
    path: PathBuf,
    now: Now,
}

/// [`super::undo`], asking `steps` before each step.
pub(crate) fn undo_with(root: &Path, id: Option<&str>, edited: Edited, steps: &mut Steps) -> Result<Undone, UndoError> {
    let root = &place::real_root(root)?;
    if !root.join(place::NAME).is_dir() {
        return Err(UndoError::Nothing);
    }
    let _lock = lock::acquire(&place::prepare(root)?)?;
    let id = choose(root, id)?;
    let header = record::read(root, id)?;
    let tasks = tasks(root, &header.files, steps)?;
    let others: Vec<_> = tasks.iter().filter(|task| task.now == Now::Other).map(|task| task.path.clone()).collect();
    if !others.is_empty() && edited == Edited::Refuse {
        return Err(UndoError::Edited { id, files: others });
    }
    // From here on a killed undo is noticed by the next run.
    record::mark(root, id, "undoing")?;
    if let Err(error) = stage_all(root, id, &tasks, steps) {
        tasks.iter().for_each(|task| drop(replace::remove(&temp_path(&task.path, id, task.index, Side::Old))));
        let _ = record::unmark(root, id, "undoing");
        return Err(error);
    }
    let mut undone = Undone { id, restored: Vec::new(), kept: Vec::new() };
    match put_back(root, id, &header.files, &tasks, &mut undone, steps) {
        Ok(()) => Ok(undone),
        Err(cause) => Err(UndoError::Partly { id, restored: undone.restored, cause }),
    }
}

/// Looks at a journaled file. A symlink on the way to it, which was not there when it was written, makes it another file.
pub(crate) fn look(path: &Path, entry: &Entry) -> Result<Now, Failure> {
    let parent = path.parent().expect("a journaled path has a folder");
    let is_same_place = parent.canonicalize().is_ok_and(|real| real == parent);
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    if !is_same_place || !is_file {
        return Ok(Now::Other);
    }
    let bytes = fs::read(path).map_err(|error| Failure::new("read", path, error))?;
    match () {
        () if entry.before.fits(&bytes) => Ok(Now::Old),
        () if entry.after.fits(&bytes) => Ok(Now::New),
        () => Ok(Now::Other),
    }
}

fn choose(root: &Path, wanted: Option<&str>) -> Result<Id, UndoError> {
    let known: Vec<_> = record::ids(root)?.into_iter().filter(|id| record::state(root, *id).is_some()).collect();
    let Some(wanted) = wanted else {
        let is_open = |id: &Id| record::state(root, *id) != Some(State::Undone);
        return record::unfinished(root).or(known.into_iter().rfind(is_open)).ok_or(UndoError::Nothing);
    };
    let Some(id) = Id::parse(wanted).filter(|id| known.contains(id)) else {
        return Err(UndoError::Unknown { id: wanted.to_owned(), known });
    };
    if record::state(root, id) == Some(State::Undone) { Err(UndoError::Already { id }) } else { Ok(id) }
}

fn tasks<'a>(root: &Path, entries: &'a [Entry], steps: &mut Steps) -> Result<Vec<Task<'a>>, UndoError> {
    let mut tasks = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let path = entry.path(root);
        announce(steps, Step::Check(index), &path)?;
        let now = look(&path, entry)?;
        if now != Now::Old {
            tasks.push(Task { index, entry, path, now });
        }
    }
    Ok(tasks)
}

/// Writes all old texts beside their files. Nothing is replaced yet, so whatever fails here has changed nothing.
fn stage_all(root: &Path, id: Id, tasks: &[Task], steps: &mut Steps) -> Result<(), UndoError> {
    for Task { index, entry, path, .. } in tasks {
        announce(steps, Step::StageOld(*index), path)?;
        refuse_other_place(path)?;
        let bytes = record::old_bytes(root, id, entry)?;
        let temp = temp_path(path, id, *index, Side::Old);
        replace::stage(path, &temp, &bytes, entry.attributes())?;
    }
    for Task { index, path, .. } in tasks {
        announce(steps, Step::Flush(*index), path)?;
        replace::flush(&temp_path(path, id, *index, Side::Old))?;
    }
    Ok(())
}

fn put_back(
    root: &Path,
    id: Id,
    entries: &[Entry],
    tasks: &[Task],
    undone: &mut Undone,
    steps: &mut Steps,
) -> Result<(), Failure> {
    for Task { index, path, now, .. } in tasks {
        announce(steps, Step::Restore(*index), path)?;
        if *now == Now::Other && path.symlink_metadata().is_ok() {
            undone.kept.push((path.clone(), keep(path)?));
        }
        replace::rename(&temp_path(path, id, *index, Side::Old), path)?;
        undone.restored.push(path.clone());
    }
    for (index, entry) in entries.iter().enumerate() {
        let path = entry.path(root);
        announce(steps, Step::Clean(index), &path)?;
        replace::remove(&temp_path(&path, id, index, Side::New))?;
        replace::remove(&temp_path(&path, id, index, Side::Old))?;
    }
    for (index, folder) in replace::folders(tasks.iter().map(|task| task.path.as_path())).into_iter().enumerate() {
        announce(steps, Step::FlushFolder(index), folder)?;
        replace::flush_folder(folder)?;
    }
    announce(steps, Step::Close, root)?;
    record::mark(root, id, "undone")
}

/// Gives the edited file a second name, the first free one of `x.py.awaitify-edited`, `x.py.awaitify-edited-2`, ...
/// It is a link, so there is no moment at which the edited text, or the file, is not there.
fn keep(path: &Path) -> Result<PathBuf, Failure> {
    let name = path.file_name().expect("a journaled path has a name").to_string_lossy().into_owned();
    for number in 1.. {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let copy = path.with_file_name(format!("{name}.awaitify-edited{suffix}"));
        if copy.symlink_metadata().is_ok() {
            continue;
        }
        return match fs::hard_link(path, &copy) {
            Ok(()) => Ok(copy),
            // A file system without hard links.
            Err(_) => match fs::copy(path, &copy) {
                Ok(_) => Ok(copy),
                Err(error) => Err(Failure::new("keep a copy of", path, error)),
            },
        };
    }
    unreachable!("some number is free")
}

/// Old bytes go where they came from. When a folder on the way is gone or has become a symlink, they would not.
fn refuse_other_place(path: &Path) -> Result<(), Failure> {
    let parent = path.parent().expect("a journaled path has a folder");
    let fail = |error| Failure::new("put back", path, error);
    match parent.canonicalize().map_err(fail)? {
        real if real == parent && !path.is_dir() => Ok(()),
        _ => Err(fail(io::Error::new(ErrorKind::InvalidInput, "its place is taken by a folder or a symlink"))),
    }
}
