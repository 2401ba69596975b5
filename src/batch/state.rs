//! How far a batch got in a root, on disk, so that a batch that was killed goes on.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StepReport;
use crate::journal::{self, Edited, Failure, Id, UndoError};

/// The state of one root under one plan.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    version: u32,
    /// The steps that are over, whatever came of them.
    pub done: Vec<StepReport>,
    /// The step that is being tried: its trials are in the journal under its label.
    pub trying: Option<Trying>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Trying {
    pub step: String,
    /// The last journal before the first trial.
    pub after: Option<Id>,
    /// Set once the gate has let it through: what is in the tree stays there.
    pub accepted: Option<Accepted>,
}

/// What is left to do for an accepted step is to commit it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Accepted {
    pub report: StepReport,
    pub files: Vec<PathBuf>,
}

/// Where the state and the gate logs of a plan are kept in a root.
pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join(".awaitify").join("batch")
}

/// `None` when there is no state, or one of another version.
pub(crate) fn read(root: &Path, hash: &str) -> Result<Option<State>, Failure> {
    let path = file(root, hash);
    match fs::read(&path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok().filter(|state: &State| state.version == 1)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new("read", &path, error)),
    }
}

/// Replaces the state by a rename, so that a kill leaves the one before.
pub(crate) fn write(root: &Path, hash: &str, state: &mut State) -> Result<(), Failure> {
    state.version = 1;
    let path = file(root, hash);
    let temp = path.with_extension("json.tmp");
    let text = serde_json::to_vec_pretty(state).expect("a state is plain data");
    journal::prepare(root)?;
    fs::create_dir_all(folder(root)).map_err(|error| Failure::new("create", &folder(root), error))?;
    fs::write(&temp, text).map_err(|error| Failure::new("write", &temp, error))?;
    fs::rename(&temp, &path).map_err(|error| Failure::new("write", &path, error))
}

/// The hashes of all plans that have a state in this root, sorted.
pub(crate) fn hashes(root: &Path) -> Result<Vec<String>, Failure> {
    let entries = match fs::read_dir(folder(root)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::new("read", &folder(root), error)),
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut hashes: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect();
    hashes.sort_unstable();
    Ok(hashes)
}

pub(crate) fn remove(root: &Path, hash: &str) -> Result<(), Failure> {
    let path = file(root, hash);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::new("remove", &path, error)),
        _ => Ok(()),
    }
}

/// What the journals of a step's trials are labeled with.
pub(crate) fn label(hash: &str, step: &str) -> String {
    format!("batch {hash}: {step}")
}

/// Takes back whatever trial of the step is in the tree. Returns how many files got their old bytes back.
pub(crate) fn undo_trials(root: &Path, hash: &str, trying: &Trying) -> Result<usize, UndoError> {
    let label = label(hash, &trying.step);
    let is_trial = |journal: &journal::Listing| journal.label == label && Some(journal.id) > trying.after;
    let trials: Vec<_> = journal::list(root)?.into_iter().filter(is_trial).collect();
    let mut files = 0;
    for trial in trials.into_iter().rev() {
        if trial.state != journal::State::Undone {
            files += journal::undo(root, Some(&trial.id.to_string()), Edited::Refuse)?.restored.len();
        }
        journal::forget(root, trial.id)?;
    }
    Ok(files)
}

fn file(root: &Path, hash: &str) -> PathBuf {
    folder(root).join(format!("{hash}.json"))
}
