//! From a plan file to patches: everything is checked before anything is believed.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::{PlanError, SavedEdit, SavedFile, SavedPlan, Selection};
use crate::group::{self, GroupId};
use crate::journal::{Failure, Patch, digest};

/// An edit with where it comes from.
#[derive(Clone, Copy)]
struct Sourced<'a> {
    group: &'a GroupId,
    edit: &'a SavedEdit,
}

/// See [`SavedPlan::to_patches`].
pub(crate) fn to_patches(plan: &SavedPlan, root: &Path, only: &[GroupId]) -> Result<Selection, PlanError> {
    let root = root.canonicalize().map_err(|error| PlanError::Io(Failure::new("find", root, error)))?;
    if plan.root != root {
        return Err(PlanError::OtherRoot { plan: plan.root.clone(), here: root });
    }
    let files = read_files(plan, &root)?;
    refuse_twice(plan)?;
    let (applied, left_out) = select(plan, only)?;
    let mut edits: BTreeMap<&str, Vec<Sourced>> = BTreeMap::new();
    // Every edit is checked, selected or not: a plan that is wrong somewhere is not to be trusted elsewhere.
    for group in &plan.groups {
        for edit in &group.edits {
            let fits = files.get(edit.file.as_str()).is_some_and(|(_, bytes)| edit.end <= bytes.len());
            if !fits || edit.start > edit.end {
                let SavedEdit { file, start, end, .. } = edit.clone();
                return Err(PlanError::BadEdit { group: group.id.clone(), file, start, end });
            }
            if applied.contains(&group.id) {
                edits.entry(&edit.file).or_default().push(Sourced { group: &group.id, edit });
            }
        }
    }
    let patches = edits.into_iter().map(|(file, edits)| {
        let (path, before) = &files[file];
        let after = apply(file, before, edits)?;
        Ok(Patch { path: path.clone(), before: before.clone(), after })
    });
    Ok(Selection { patches: patches.collect::<Result<_, PlanError>>()?, applied, left_out })
}

/// The bytes of every file of the plan, when all of them are what they were.
fn read_files<'a>(plan: &'a SavedPlan, root: &Path) -> Result<BTreeMap<&'a str, (PathBuf, Vec<u8>)>, PlanError> {
    let mut files = BTreeMap::new();
    let mut stale = Vec::new();
    for file in &plan.files {
        match read_file(root, file)? {
            Some(found) => {
                if files.insert(file.path.as_str(), found).is_some() {
                    return Err(PlanError::Twice { name: file.path.clone() });
                }
            }
            None => stale.push(file.path.clone()),
        }
    }
    if stale.is_empty() { Ok(files) } else { Err(PlanError::Stale { files: stale }) }
}

/// `None` when the file is not what it was.
fn read_file(root: &Path, file: &SavedFile) -> Result<Option<(PathBuf, Vec<u8>)>, PlanError> {
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
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(PlanError::Io(Failure::new("find", &path, error))),
    }
    let bytes = fs::read(&path).map_err(|error| PlanError::Io(Failure::new("read", &path, error)))?;
    let is_same = bytes.len() as u64 == file.bytes && digest(&bytes) == file.sha256;
    Ok(is_same.then_some((path, bytes)))
}

fn refuse_twice(plan: &SavedPlan) -> Result<(), PlanError> {
    let mut seen = HashSet::new();
    match plan.groups.iter().find(|group| !seen.insert(&group.id)) {
        Some(group) => Err(PlanError::Twice { name: group.id.to_string() }),
        None => Ok(()),
    }
}

fn select(plan: &SavedPlan, only: &[GroupId]) -> Result<(Vec<GroupId>, Vec<group::LeftOut>), PlanError> {
    let groups = plan.groups();
    if only.is_empty() {
        return Ok(group::without(&groups, &[]));
    }
    if let Some(unknown) = only.iter().find(|id| groups.iter().all(|group| group.id != **id)) {
        let likeness = |group: &&group::Group| (strsim::jaro_winkler(&group.id.0, &unknown.0) * 1000.0) as u32;
        let nearest = groups.iter().filter(|group| likeness(group) > 700).max_by_key(likeness);
        return Err(PlanError::UnknownGroup { id: unknown.clone(), nearest: nearest.map(|group| group.id.clone()) });
    }
    let applied = group::with_dependencies(&groups, only).map_err(PlanError::Needs)?;
    Ok((applied, Vec::new()))
}

/// Applies edits, which come in the order of the plan, to the original bytes of one file.
fn apply(file: &str, before: &[u8], mut edits: Vec<Sourced>) -> Result<Vec<u8>, PlanError> {
    let mut seen = HashSet::new();
    edits.retain(|Sourced { edit, .. }| !edit.once || seen.insert((edit.start, edit.end, &edit.text)));
    // Inserts stand before the replacement that starts where they are. The sort is stable.
    edits.sort_by_key(|Sourced { edit, .. }| (edit.start, edit.end > edit.start, edit.rank));
    let mut after = Vec::with_capacity(before.len() + before.len() / 8);
    let mut done = 0;
    let mut previous: Option<&GroupId> = None;
    for Sourced { group, edit } in edits {
        if edit.start < done {
            let first = previous.expect("something was replaced before").clone();
            let (file, second, offset) = (file.to_owned(), group.clone(), edit.start);
            return Err(PlanError::Overlap { file, first, second, offset });
        }
        after.extend_from_slice(&before[done..edit.start]);
        after.extend_from_slice(edit.text.as_bytes());
        done = edit.end;
        previous = Some(group);
    }
    after.extend_from_slice(&before[done..]);
    Ok(after)
}
