//! What git knows about the files that are about to change.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{Failure, place};

/// The files among `paths` (files or folders; all of `root` when there are none) that git would not bring back: changed,
/// staged or untracked. Sorted, absolute. None when git is not there or `root` is in no repository.
pub fn dirty_files(root: &Path, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let Some(top) = run(root, &["rev-parse", "--show-toplevel"])? else { return Ok(Vec::new()) };
    let top = PathBuf::from(os_string(top.strip_suffix(b"\n").unwrap_or(&top)));
    let status = ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", "."];
    let Some(status) = run(root, &status)? else { return Ok(Vec::new()) };
    let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let wanted: HashSet<_> = paths.iter().map(real).collect();
    let is_wanted = |file: &PathBuf| wanted.is_empty() || file.ancestors().any(|part| wanted.contains(part));
    let records = status.split(|byte| *byte == 0).filter_map(|record| record.get(3..));
    let mut dirty: Vec<_> = records
        .map(|name| top.join(os_string(name)))
        .filter(|file| is_wanted(file) && !file.components().any(|part| part.as_os_str() == OsStr::new(place::NAME)))
        .collect();
    dirty.sort_unstable();
    Ok(dirty)
}

/// The files below `root` that differ from `revision`, and those that git does not know but would take. Absolute.
pub fn changed_since(root: &Path, revision: &str) -> Result<BTreeSet<PathBuf>, Failure> {
    let no_repository = || Failure::new("ask git about", root, io::Error::other("it is in no git repository"));
    let top = run(root, &["rev-parse", "--show-toplevel"])?.ok_or_else(no_repository)?;
    let top = PathBuf::from(os_string(top.strip_suffix(b"\n").unwrap_or(&top)));
    let commit = format!("{revision}^{{commit}}");
    let known = run(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]);
    if !matches!(known, Ok(Some(_))) {
        return Err(Failure::new("find", Path::new(revision), io::Error::other("git knows no such revision")));
    }
    let differ = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", revision, "--", "."];
    let untracked = ["ls-files", "-z", "--others", "--exclude-standard", "--full-name", "--", "."];
    let mut files = BTreeSet::new();
    for arguments in [&differ[..], &untracked] {
        let names = run(root, arguments)?.ok_or_else(no_repository)?;
        let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        files.extend(names.map(|name| top.join(os_string(name))));
    }
    Ok(files)
}

/// The output of a git command, `None` when there is no git or no repository.
fn run(root: &Path, arguments: &[&str]) -> Result<Option<Vec<u8>>, Failure> {
    let command = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        // Another git may be at work here; we only look.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .output();
    let output = match command {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| Failure::new("run git in", root, error))?,
    };
    let Output { status, stdout, stderr } = output;
    if status.success() {
        return Ok(Some(stdout));
    }
    let message = String::from_utf8_lossy(&stderr).trim().to_owned();
    if message.contains("not a git repository") || message.contains("must be run in a work tree") {
        return Ok(None);
    }
    Err(Failure::new("ask git about", root, io::Error::other(message)))
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> std::ffi::OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
