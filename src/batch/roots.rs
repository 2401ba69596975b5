//! The roots of a plan: folders, or patterns of folders such as `services/*`.

use std::fs;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// The folders that `patterns` stand for, relative to `folder`. Sorted, symlinks resolved, each once.
pub(crate) fn expand(folder: &Path, patterns: &[String]) -> Result<Vec<PathBuf>, String> {
    let mut roots = Vec::new();
    for pattern in patterns {
        let found = expand_one(folder, pattern)?;
        if found.is_empty() {
            return Err(format!("no folder fits `{pattern}`"));
        }
        for root in found {
            roots.push(root.canonicalize().map_err(|error| format!("cannot find `{}`: {error}", root.display()))?);
        }
    }
    roots.sort_unstable();
    roots.dedup();
    // Sorted, a folder comes before what is inside it, though not always just before.
    for (index, inner) in roots.iter().enumerate() {
        if let Some(outer) = roots[..index].iter().find(|outer| inner.starts_with(outer)) {
            return Err(format!("the root `{}` is inside the root `{}`", inner.display(), outer.display()));
        }
    }
    if roots.is_empty() { Err("there are no roots".to_owned()) } else { Ok(roots) }
}

/// Goes down one component at a time, so that `*` never matches across folders.
fn expand_one(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let mut found = vec![folder.to_path_buf()];
    for part in Path::new(pattern).components() {
        let Component::Normal(name) = part else {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        };
        let name = name.to_str().expect("a pattern is text");
        if name.contains("**") {
            return Err(format!("`**` in `{pattern}`: a pattern of roots says how deep they are, as `*/*`"));
        }
        if name.contains(['*', '?', '[', '{']) {
            let glob = GlobBuilder::new(name).build().map_err(|error| format!("`{pattern}`: {}", error.kind()))?;
            found = children(&found, &glob.compile_matcher())?;
        } else {
            found.iter_mut().for_each(|path| path.push(name));
            found.retain(|path| path.is_dir());
        }
    }
    Ok(found)
}

/// The folders in `parents` whose names fit. Hidden ones (`.git`, `.venv`) are not meant by a `*`.
fn children(parents: &[PathBuf], glob: &GlobMatcher) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for parent in parents.iter().filter(|parent| parent.is_dir()) {
        let entries = fs::read_dir(parent).map_err(|error| format!("cannot read `{}`: {error}", parent.display()))?;
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        let fits =
            |name: &std::ffi::OsString| !name.to_string_lossy().starts_with('.') && glob.is_match(Path::new(name));
        found.extend(names.filter(fits).map(|name| parent.join(name)).filter(|path| path.is_dir()));
    }
    found.sort_unstable();
    Ok(found)
}
