//! Folders that imports start from and that share names, as the services of one repository do that all call their package
//! `app`: an import finds what is nearest to the file it stands in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::SourceFile;

/// Where imports start.
#[derive(Clone, Copy, Debug)]
pub struct Roots<'a> {
    /// In the order in which they are searched.
    pub source_roots: &'a [PathBuf],
    /// Those that [`find`] finds among them.
    pub homes: &'a [PathBuf],
    /// Of third parties.
    pub site_packages: &'a [PathBuf],
}

/// The deepest source root that holds the file: what its dotted name begins in.
pub fn base_of<'a>(path: &Path, source_roots: &'a [PathBuf]) -> Option<&'a Path> {
    let bases = source_roots.iter().map(PathBuf::as_path).filter(|root| path.starts_with(root));
    bases.max_by_key(|root| root.components().count())
}

/// The source roots with a module or package whose name another one has too. Sorted.
pub fn find(files: &[SourceFile], source_roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut by_name: BTreeMap<&str, BTreeSet<&Path>> = BTreeMap::new();
    for file in files {
        let name = file.module.split('.').next().unwrap_or_default();
        // pytest loads these by their paths.
        let is_loaded_alone = file.module == name && (file.is_test || name == "setup");
        if let Some(base) = base_of(&file.path, source_roots).filter(|_| !name.is_empty() && !is_loaded_alone) {
            by_name.entry(name).or_default().insert(base);
        }
    }
    let shared: BTreeSet<&Path> = by_name.into_values().filter(|bases| bases.len() > 1).flatten().collect();
    shared.into_iter().map(Path::to_path_buf).collect()
}

/// How many folders two paths have in common.
pub fn nearness(left: &Path, right: &Path) -> usize {
    left.components().zip(right.components()).take_while(|(left, right)| left == right).count()
}

/// The one of some folders that is nearest to the file: of several the one that holds it, else none.
pub fn nearest<'a>(folders: impl Iterator<Item = &'a Path> + Clone, file: &Path) -> Option<usize> {
    let best = folders.clone().map(|folder| nearness(folder, file)).max()?;
    let mut found = folders.enumerate().filter(|(_, folder)| nearness(folder, file) == best);
    let (first, chosen) = found.clone().next()?;
    let alone = found.clone().all(|(_, folder)| folder == chosen);
    found.find(|(_, folder)| file.starts_with(folder)).map(|(at, _)| at).or(alone.then_some(first))
}
