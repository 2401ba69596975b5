//! Where awaitify keeps its own files below a root: `.awaitify/`, which git ignores.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::Failure;

/// The name of the folder.
pub(crate) const NAME: &str = ".awaitify";

/// Makes `.awaitify/` and its `.gitignore`, and returns its path. A symlink in its place is refused: what is journaled must
/// stay in the root.
pub(crate) fn prepare(root: &Path) -> Result<PathBuf, Failure> {
    let place = root.join(NAME);
    match fs::create_dir(&place) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => refuse_symlink(&place)?,
        Err(error) => return Err(Failure::new("create", &place, error)),
    }
    let ignore = place.join(".gitignore");
    // Empty: a run was killed just here.
    if fs::metadata(&ignore).map_or(0, |metadata| metadata.len()) == 0 {
        fs::write(&ignore, "*\n").map_err(|error| Failure::new("write", &ignore, error))?;
    }
    Ok(place)
}

/// The root with every symlink resolved; all journal paths are relative to this.
pub(crate) fn real_root(root: &Path) -> Result<PathBuf, Failure> {
    root.canonicalize().map_err(|error| Failure::new("find", root, error))
}

fn refuse_symlink(place: &Path) -> Result<(), Failure> {
    let metadata = fs::symlink_metadata(place).map_err(|error| Failure::new("read", place, error))?;
    if metadata.is_dir() {
        return Ok(());
    }
    Err(Failure::new("use", place, io::Error::new(ErrorKind::NotADirectory, "it is not a folder of its own")))
}
