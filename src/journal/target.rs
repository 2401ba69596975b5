//! What stands before a write: every file is where the plan says, holds what the plan says, and may be edited.

use std::collections::HashMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::attributes::{self, Attributes, Identity};
use super::{Failure, Note, Patch, Step, Steps, WriteError, place};

/// A file that may be written.
#[derive(Debug)]
pub(crate) struct Target {
    /// With every symlink resolved.
    pub real: PathBuf,
    pub attributes: Attributes,
    identity: Identity,
}

/// A file that may not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub path: PathBuf,
    pub why: Why,
}

/// Why a file may not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It does not hold the bytes that the plan was made from.
    Changed,
    Vanished,
    /// A folder, a device, a pipe.
    NotAFile,
    /// A symlink or `..` leads out of the allowed roots.
    Outside {
        real: PathBuf,
    },
    /// Inside `.git` or `.awaitify`.
    Protected,
    ReadOnly,
    /// Two patches name one file.
    SameFile {
        other: PathBuf,
    },
    NotUtf8,
    Unreadable {
        error: String,
    },
}

/// Checks all patches and reports all refusals at once. The targets have the order of the patches.
pub(crate) fn check(
    root: &Path,
    allowed_roots: &[PathBuf],
    patches: &[&Patch],
    steps: &mut Steps,
) -> Result<(Vec<Target>, Vec<Note>), WriteError> {
    let allowed = real_roots(root, allowed_roots)?;
    let (mut targets, mut notes, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = HashMap::new();
    for (index, patch) in patches.iter().enumerate() {
        steps(Step::Check(index)).map_err(|error| Failure::new("check", &patch.path, error))?;
        match check_one(root, &allowed, patch, &mut notes) {
            Ok(target) => {
                if let Some(other) = seen.insert(target.real.clone(), &patch.path) {
                    refusals.push(Refusal { path: patch.path.clone(), why: Why::SameFile { other: other.clone() } });
                }
                targets.push(target);
            }
            Err(why) => refusals.push(Refusal { path: patch.path.clone(), why }),
        }
    }
    if refusals.is_empty() { Ok((targets, notes)) } else { Err(WriteError::Refused(refusals)) }
}

/// True when nobody has touched the file since it was checked.
pub(crate) fn is_untouched(target: &Target) -> io::Result<bool> {
    let now = fs::symlink_metadata(&target.real)?;
    Ok(attributes::identity(&now) == target.identity)
}

/// True when a path below a root belongs to git or to awaitify.
pub(crate) fn is_protected(relative: &Path) -> bool {
    relative.components().any(|part| part.as_os_str() == ".git" || part.as_os_str() == place::NAME)
}

fn real_roots(root: &Path, allowed_roots: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if allowed_roots.is_empty() {
        return Ok(vec![root.to_path_buf()]);
    }
    let roots: Vec<_> = allowed_roots.iter().map(|allowed| place::real_root(allowed)).collect::<Result<_, _>>()?;
    // An undo must never write outside of the root it is asked for, so a write does not either.
    Ok(roots.into_iter().filter(|allowed| allowed.starts_with(root)).collect())
}

fn check_one(root: &Path, allowed: &[PathBuf], patch: &Patch, notes: &mut Vec<Note>) -> Result<Target, Why> {
    let real = patch.path.canonicalize().map_err(refuse_io)?;
    if !allowed.iter().any(|allowed| real.starts_with(allowed)) {
        return Err(Why::Outside { real });
    }
    if is_protected(real.strip_prefix(root).expect("allowed roots are inside the root")) {
        return Err(Why::Protected);
    }
    if real.to_str().is_none() {
        return Err(Why::NotUtf8);
    }
    let metadata = check_bytes(&real, &patch.before)?;
    if attributes::names(&metadata) > 1 {
        notes.push(Note::HardLink { path: patch.path.clone(), other_names: attributes::names(&metadata) - 1 });
    }
    if fs::symlink_metadata(&patch.path).is_ok_and(|link| link.is_symlink()) {
        notes.push(Note::Symlink { path: patch.path.clone(), real: real.clone() });
    }
    Ok(Target { attributes: attributes::attributes(&metadata), identity: attributes::identity(&metadata), real })
}

/// Compares the bytes. The metadata is taken before the reading, so that a write during it is noticed before the rename.
fn check_bytes(real: &Path, before: &[u8]) -> Result<Metadata, Why> {
    let metadata = fs::metadata(real).map_err(refuse_io)?;
    if !metadata.is_file() {
        return Err(Why::NotAFile);
    }
    if metadata.permissions().readonly() {
        return Err(Why::ReadOnly);
    }
    // Root may write what is marked read-only, and a file may be closed to us in ways that its mode does not show.
    OpenOptions::new().write(true).open(real).map_err(refuse_io)?;
    if metadata.len() != before.len() as u64 {
        return Err(Why::Changed);
    }
    let mut now = Vec::with_capacity(before.len());
    File::open(real).and_then(|mut file| file.read_to_end(&mut now)).map_err(refuse_io)?;
    if now == before { Ok(metadata) } else { Err(Why::Changed) }
}

fn refuse_io(error: io::Error) -> Why {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Why::Vanished,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Why::ReadOnly,
        _ => Why::Unreadable { error: error.to_string() },
    }
}
