//! Folders that a tool made in the tree: a virtual environment, and what `setuptools` builds. They hold copies, and are no part of
//! the project.

use std::path::Path;

use ignore::DirEntry;

/// Did a tool make this folder? The folder where the walk begins is the project whatever it looks like.
pub fn is_made(entry: &DirEntry) -> bool {
    let is_folder = entry.depth() > 0 && entry.file_type().is_some_and(|kind| kind.is_dir());
    is_folder && (entry.path().join("pyvenv.cfg").is_file() || is_built(entry.path()))
}

/// `build/lib`, `build/lib.linux-x86_64-cpython-312` or `build/bdist.linux-x86_64` beside what says how to build.
fn is_built(folder: &Path) -> bool {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let own = name(folder);
    let Some(build) = folder.parent().filter(|parent| name(parent) == "build") else { return false };
    let is_output = own == "lib" || own.starts_with("lib.") || own.starts_with("bdist.");
    let says_how =
        |project: &Path| ["pyproject.toml", "setup.py", "setup.cfg"].iter().any(|name| project.join(name).is_file());
    is_output && build.parent().is_some_and(says_how)
}
