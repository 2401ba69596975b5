//! Committing the files of a step with git, and nothing else that may be in the tree or the index.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::journal::{Failure, git};

/// Several roots may lie in one repository, and git takes one writer at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Commits `files` as they are now. Nothing happens when git has them like that already.
pub(crate) fn commit(root: &Path, message: &str, files: &[PathBuf]) -> Result<(), Failure> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if git::dirty_files(root, files)?.is_empty() {
        return Ok(());
    }
    let from_stdin = ["--pathspec-from-file=-", "--pathspec-file-nul"];
    run(root, &[&["add"], &from_stdin[..]].concat(), files)?;
    run(root, &[&["commit", "--quiet", "--only", "-m", message], &from_stdin[..]].concat(), files)
}

/// True when `root` is in a git work tree.
pub(crate) fn is_repository(root: &Path) -> bool {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(["rev-parse", "--is-inside-work-tree"]);
    command.output().is_ok_and(|output| output.stdout.starts_with(b"true"))
}

fn run(root: &Path, arguments: &[&str], files: &[PathBuf]) -> Result<(), Failure> {
    let failed = |error| Failure::new("commit in", root, error);
    let mut command = Command::new("git");
    // File names are names here, not patterns.
    command.arg("-C").arg(root).arg("--literal-pathspecs").args(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let names: Vec<&OsStr> = files.iter().map(|file| file.as_os_str()).collect();
    let mut list = Vec::new();
    names.iter().for_each(|name| list.extend([name.as_encoded_bytes(), b"\0"].concat()));
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // git that ends early says why itself.
    let _ = stdin.write_all(&list);
    drop(stdin);
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    Err(failed(io::Error::other(String::from_utf8_lossy(&said).trim().to_owned())))
}
