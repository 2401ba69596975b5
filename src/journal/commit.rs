//! The write itself, and its rollback.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::replace::{self, Side, temp_path};
use super::target::{self, Target};
use super::{Failure, Id, Patch, Step, Steps, WriteError, Written, lock, place, record};

/// A transaction whose journal is on disk.
struct Transaction<'a> {
    root: &'a Path,
    id: Id,
    patches: &'a [&'a Patch],
    targets: &'a [Target],
}

/// [`super::write`], asking `steps` before each step.
pub(crate) fn write_with(
    root: &Path,
    allowed_roots: &[PathBuf],
    label: &str,
    patches: &[Patch],
    steps: &mut Steps,
) -> Result<Written, WriteError> {
    let patches: Vec<_> = patches.iter().filter(|patch| patch.before != patch.after).collect();
    if patches.is_empty() {
        return Ok(Written { id: None, files: 0, notes: Vec::new() });
    }
    let root = &place::real_root(root)?;
    let _lock = lock::acquire(&place::prepare(root)?)?;
    if let Some(id) = record::unfinished(root) {
        return Err(WriteError::Unfinished { id });
    }
    let (targets, notes) = target::check(root, allowed_roots, &patches, steps)?;
    let id = record::create(root, label, &patches, &targets, steps)?;
    let transaction = Transaction { root, id, patches: &patches, targets: &targets };
    let mut renamed = 0;
    if let Err(cause) = carry_out(&transaction, &mut renamed, steps) {
        return match roll_back(&transaction, renamed, steps) {
            Ok(()) => Err(WriteError::Failed(cause)),
            Err(rollback) => Err(WriteError::Torn { id, cause, rollback }),
        };
    }
    // The files are written. A journal too many is no reason to say that they are not.
    let _ = announce(steps, Step::Prune, root).and_then(|()| record::prune(root));
    Ok(Written { id: Some(id), files: patches.len(), notes })
}

/// Writes all temp files, then renames them. `renamed` counts the targets that hold new text.
fn carry_out(transaction: &Transaction, renamed: &mut usize, steps: &mut Steps) -> Result<(), Failure> {
    let Transaction { root, id, patches, targets } = *transaction;
    for (index, (patch, target)) in patches.iter().zip(targets).enumerate() {
        announce(steps, Step::Stage(index), &target.real)?;
        let temp = temp_path(&target.real, id, index, Side::New);
        replace::stage(&target.real, &temp, &patch.after, target.attributes)?;
    }
    for (index, target) in targets.iter().enumerate() {
        announce(steps, Step::Flush(index), &target.real)?;
        replace::flush(&temp_path(&target.real, id, index, Side::New))?;
    }
    for (index, target) in targets.iter().enumerate() {
        announce(steps, Step::Rename(index), &target.real)?;
        check_untouched(target)?;
        replace::rename(&temp_path(&target.real, id, index, Side::New), &target.real)?;
        *renamed = index + 1;
    }
    flush_folders(targets, steps)?;
    announce(steps, Step::Commit, root)?;
    record::mark(root, id, "committed")
}

/// Makes everything old again. One file that resists does not keep the others from it; the first error is returned.
fn roll_back(transaction: &Transaction, renamed: usize, steps: &mut Steps) -> Result<(), Failure> {
    let Transaction { root, id, targets, .. } = *transaction;
    let mut result = record::unmark(root, id, "committed");
    // The temp files go first: the disk may be full.
    for (index, target) in targets.iter().enumerate().skip(renamed) {
        let removed = announce(steps, Step::Clean(index), &target.real)
            .and_then(|()| replace::remove(&temp_path(&target.real, id, index, Side::New)));
        result = result.and(removed);
    }
    for index in (0..renamed).rev() {
        result = result.and(restore(transaction, index, steps));
    }
    result?;
    flush_folders(targets, steps)?;
    announce(steps, Step::Close, root)?;
    record::discard(root, id)
}

/// Gives one renamed target its old bytes. Text that somebody wrote since then is not ours to replace.
fn restore(transaction: &Transaction, index: usize, steps: &mut Steps) -> Result<(), Failure> {
    let Transaction { id, patches, targets, .. } = *transaction;
    let (patch, target) = (patches[index], &targets[index]);
    let temp = temp_path(&target.real, id, index, Side::Old);
    announce(steps, Step::StageOld(index), &target.real)?;
    let now = fs::read(&target.real).map_err(|error| Failure::new("read", &target.real, error))?;
    if now != patch.after {
        return Err(edited_meanwhile("put back", &target.real));
    }
    let restored = replace::stage(&target.real, &temp, &patch.before, target.attributes)
        .and_then(|()| replace::flush(&temp))
        .and_then(|()| announce(steps, Step::Restore(index), &target.real))
        .and_then(|()| replace::rename(&temp, &target.real));
    if restored.is_err() {
        // `undo` removes it too, by its name.
        let _ = replace::remove(&temp);
    }
    restored
}

fn check_untouched(target: &Target) -> Result<(), Failure> {
    match target::is_untouched(target) {
        Ok(true) => Ok(()),
        Ok(false) => Err(edited_meanwhile("replace", &target.real)),
        Err(error) => Err(Failure::new("replace", &target.real, error)),
    }
}

fn edited_meanwhile(action: &'static str, path: &Path) -> Failure {
    Failure::new(action, path, io::Error::other("it was edited while awaitify was writing"))
}

fn flush_folders(targets: &[Target], steps: &mut Steps) -> Result<(), Failure> {
    let folders = replace::folders(targets.iter().map(|target| target.real.as_path()));
    for (index, folder) in folders.into_iter().enumerate() {
        announce(steps, Step::FlushFolder(index), folder)?;
        replace::flush_folder(folder)?;
    }
    Ok(())
}

/// Asks before a step; what the answer makes fail is the work at `path`.
pub(crate) fn announce(steps: &mut Steps, step: Step, path: &Path) -> Result<(), Failure> {
    steps(step).map_err(|error| Failure::new("write", path, error))
}
