//! Replacing one file: new bytes beside it, flushed, then renamed over it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::attributes::{self, Attributes};
use super::{Failure, Id};

/// Which text a temp file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    New,
    Old,
}

/// The temp file for the file `index` of journal `id`. The name does not contain the target's, which may be as long as a
/// name can be, and it follows from the journal, so whoever cleans up after a kill knows it.
pub(crate) fn temp_path(target: &Path, id: Id, index: usize, side: Side) -> PathBuf {
    let side = match side {
        Side::New => "new",
        Side::Old => "old",
    };
    target.with_file_name(format!(".awaitify-{id}-{index}.{side}.tmp"))
}

/// Writes `bytes` to `temp`; `target` gives the extended attributes, when it is still there. [`flush`] comes later: when all
/// files are written before the first is flushed, the file system flushes most of them together.
pub(crate) fn stage(target: &Path, temp: &Path, bytes: &[u8], wanted: Attributes) -> Result<(), Failure> {
    remove(temp)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(temp).map_err(|error| Failure::new("create", temp, error))?;
    file.write_all(bytes).map_err(|error| Failure::new("write", temp, error))?;
    attributes::copy_extended(target, &file).map_err(|error| Failure::new("keep the attributes of", target, error))?;
    attributes::apply(&file, wanted).map_err(|error| Failure::new("keep the owner and mode of", target, error))
}

/// Makes the bytes of a file last through a power cut.
pub(crate) fn flush(path: &Path) -> Result<(), Failure> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| Failure::new("flush", path, error))
}

pub(crate) fn rename(temp: &Path, target: &Path) -> Result<(), Failure> {
    fs::rename(temp, target).map_err(|error| Failure::new("replace", target, error))
}

/// Removes a file that may be gone already.
pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        // The folder became a file, or vanished with everything in it.
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(()),
        Err(error) => Err(Failure::new("remove", path, error)),
    }
}

/// Makes renames in a folder last through a power cut.
pub(crate) fn flush_folder(folder: &Path) -> Result<(), Failure> {
    if cfg!(unix) { flush(folder) } else { Ok(()) }
}

/// The folders of `paths`, sorted, each once.
pub(crate) fn folders<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<&'a Path> {
    let mut folders: Vec<_> = paths.filter_map(Path::parent).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}
