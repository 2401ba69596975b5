//! `--verify full`: the new texts are laid out in a folder of their own and analyzed there. ty must find no awaitable that
//! nobody awaits and that was not there before, and a second run must plan nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rustc_hash::FxHashMap;

use super::{Analysis, Request, Rewritten, rewrite_all, survey_copy};
use crate::index::facts::FileId;
use crate::py::db::{Asked, Kept};
use crate::py::lint::unused_awaitables;
use crate::verify::{Check, Failure};

/// How much of the migration is carried out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// A second run has the rest still to do.
    Part,
}

/// Checks the migrated project. `analysis` came from `request`, and `rewritten` from `analysis`.
///
/// # Errors
/// When the copy cannot be written or analyzed.
pub fn check(request: Request, analysis: &Analysis, rewritten: &[Rewritten], extent: Extent) -> Result<Vec<Failure>> {
    if rewritten.is_empty() {
        return Ok(vec![]);
    }
    let folder = tempfile::tempdir().context("cannot make a folder for a copy of the project")?;
    let root = fs::canonicalize(folder.path())?;
    lay_out(analysis, rewritten, &root)?;
    let old_root = &analysis.project.root;
    let moved = |path: &Path| path.strip_prefix(old_root).map(|below| root.join(below)).ok();
    let paths = request.paths.iter().filter_map(|path| moved(&fs::canonicalize(path).ok()?)).collect();
    let mut kept = Kept::new(Asked::Faults);
    let mut again = survey_copy(analysis, &root, paths, &mut kept)?;
    let mut failures = unawaited(analysis, rewritten, &kept, &moved)?;
    if extent == Extent::Whole && request.since.is_none() && request.config_of.is_none() {
        for done in rewrite_all(&mut again)? {
            let path = &again.project.file(done.file).relative;
            let message = "a second run would change the file once more".to_owned();
            failures.push(Failure { check: Check::SecondRun, path: path.clone(), offset: 0.into(), message });
        }
    }
    Ok(failures)
}

/// Writes the project with its new texts below `root`.
fn lay_out(analysis: &Analysis, rewritten: &[Rewritten], root: &Path) -> Result<()> {
    let new: FxHashMap<FileId, &[u8]> = rewritten.iter().map(|done| (done.file, done.after.as_slice())).collect();
    let project = &analysis.project;
    let write = |relative: &Path, bytes: &[u8]| -> Result<()> {
        let path = root.join(relative);
        let folder = path.parent().unwrap_or(root);
        fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
    };
    for id in project.ids() {
        let Ok(below) = project.file(id).path.strip_prefix(&project.root) else { continue };
        match new.get(&id) {
            Some(bytes) => write(below, bytes)?,
            // What cannot be read is no part of the migration.
            None => fs::read(&project.file(id).path).ok().map_or(Ok(()), |bytes| write(below, &bytes))?,
        }
    }
    // Settings of the tests and of git say what is edited, and how.
    let is_setting =
        |path: &Path| path.extension().is_some_and(|kind| kind == "toml" || kind == "ini" || kind == "cfg");
    let walk = ignore::WalkBuilder::new(&project.root).hidden(true).require_git(false).build().flatten();
    let settings = walk.map(ignore::DirEntry::into_path).filter(|path| is_setting(path));
    let texts = project.texts.iter().map(|text| text.path.clone());
    for path in settings.chain(texts).chain([project.root.join(".gitattributes")]) {
        if let (Ok(below), Ok(bytes)) = (path.strip_prefix(&project.root), fs::read(&path)) {
            write(below, &bytes)?;
        }
    }
    Ok(())
}

/// The awaitables that ty finds un-awaited in the new texts more often than in the old ones, by what they look like. Tests that
/// cannot follow are named in the report.
fn unawaited(
    analysis: &Analysis,
    rewritten: &[Rewritten],
    new: &Kept,
    moved: &dyn Fn(&Path) -> Option<PathBuf>,
) -> Result<Vec<Failure>> {
    let project = &analysis.project;
    let rewritten: Vec<&Rewritten> = rewritten.iter().filter(|done| !project.file(done.file).is_test).collect();
    let here: Vec<PathBuf> = rewritten.iter().map(|done| project.file(done.file).path.clone()).collect();
    let there: Vec<PathBuf> = here.iter().filter_map(|path| moved(path)).collect();
    let mut kept = Kept::new(Asked::Faults);
    let packages = super::site_packages(&analysis.config);
    let old = kept.open(&project.root, project.roots(&packages), analysis.config.target_version)?;
    let before = unused_awaitables(old, &here);
    let after = new.db().map(|new| unused_awaitables(new, &there)).unwrap_or_default();
    let mut failures = vec![];
    for ((done, before), after) in rewritten.iter().zip(before).zip(after) {
        let mut known: FxHashMap<&str, usize> = FxHashMap::default();
        for range in before {
            *known.entry(&done.source.text[range]).or_default() += 1;
        }
        for range in after {
            let text = &done.text[range];
            let left = known.entry(text).or_default();
            if *left > 0 {
                *left -= 1;
                continue;
            }
            failures.push(Failure {
                check: Check::Types,
                path: project.file(done.file).relative.clone(),
                offset: range.start(),
                message: format!("ty says that nobody awaits `{text}`"),
            });
        }
    }
    Ok(failures)
}
