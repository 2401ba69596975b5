//! What a plan must be before anything of it is believed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};

use super::{PlanError, SavedFile, SavedPlan};
use crate::journal::{Failure, digest};

/// See [`SavedPlan::check_files`].
pub(crate) fn files(plan: &SavedPlan, here: &Path) -> Result<(), PlanError> {
    let here = here.canonicalize().map_err(|error| PlanError::Io(Failure::new("find", here, error)))?;
    if !here.starts_with(&plan.root) {
        return Err(PlanError::OtherRoot { plan: plan.root.clone(), here });
    }
    refuse_twice(plan.groups.iter().map(|group| &group.id.0))?;
    refuse_twice(plan.files.iter().map(|file| &file.path))?;
    let mut stale = Vec::new();
    for file in &plan.files {
        if !is_same(&plan.root, file)? {
            stale.push(file.path.clone());
        }
    }
    if stale.is_empty() { Ok(()) } else { Err(PlanError::Stale { files: stale }) }
}

fn is_same(root: &Path, file: &SavedFile) -> Result<bool, PlanError> {
    let bad = |reason| PlanError::BadPath { file: file.path.clone(), reason };
    let relative = Path::new(&file.path);
    // `components` hides a `.` in the middle, `./` and `//`; none of them is dangerous.
    if file.path.is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(bad("is not a plain path below the root"));
    }
    let path = root.join(relative);
    match path.canonicalize() {
        Ok(real) if !real.starts_with(root) => return Err(bad("is a symlink that leads out of the root")),
        Ok(_) => {}
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(false),
        Err(error) => return Err(PlanError::Io(Failure::new("find", &path, error))),
    }
    let bytes = fs::read(&path).map_err(|error| PlanError::Io(Failure::new("read", &path, error)))?;
    Ok(bytes.len() as u64 == file.bytes && digest(&bytes) == file.sha256)
}

fn refuse_twice<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), PlanError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(PlanError::Twice { name: name.clone() });
        }
    }
    Ok(())
}

/// See [`SavedPlan::check_same`].
pub(crate) fn same(plan: &SavedPlan, fresh: &SavedPlan) -> Result<(), PlanError> {
    let by_path = |plan: &SavedPlan| -> BTreeMap<String, SavedFile> {
        plan.files.iter().map(|file| (file.path.clone(), file.clone())).collect()
    };
    let (old, new) = (by_path(plan), by_path(fresh));
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differ: Vec<String> = paths.into_iter().filter(|path| old.get(*path) != new.get(*path)).cloned().collect();
    if !differ.is_empty() {
        return Err(PlanError::Outdated { files: differ });
    }
    for group in &plan.groups {
        if !fresh.groups.contains(group) {
            return Err(PlanError::Edited { id: group.id.clone() });
        }
    }
    Ok(())
}
