//! The project on disk: which files there are, which may be edited, where modules are rooted.

pub mod homes;
mod made;
pub mod plugin;
pub mod protected;
mod scripts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use ruff_python_stdlib::identifiers::is_identifier;

use self::homes::Roots;
use self::plugin::Pytest;
use self::protected::Attributes;
use self::scripts::Entries;
pub use self::scripts::{PYTEST, Plugin};
use crate::config::PathGlobs;
use crate::index::facts::FileId;

/// A text file of the project.
#[derive(Debug)]
pub struct SourceFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Path below the project root, with forward slashes.
    pub relative: String,
    /// Dotted module name, by the deepest source root it stands under.
    pub module: String,
    /// Inside PATHS, not excluded, not vendored, and (once the words are read) not generated.
    pub editable: bool,
    pub is_test: bool,
}

impl SourceFile {
    /// Can an `import` name the file? Else only its path can load it: `0001_initial.py`.
    pub fn is_importable(&self) -> bool {
        let name = self.relative.rsplit('/').next().unwrap_or_default();
        is_identifier(name.rsplit_once('.').map_or(name, |(stem, _)| stem))
    }
}

/// A notebook, a template or settings: it may call or name functions of the project, and is never edited.
#[derive(Debug)]
pub struct TextFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Path below the project root, with forward slashes.
    pub relative: String,
    pub kind: TextKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    Notebook,
    Template,
    /// What configures a program.
    Settings,
    /// Python under another name: with a first line that says so, `.pyw`, `.pyx`, and templates of Python.
    Script,
}

/// The files of a project, sorted by path; [`FileId`] is the position.
#[derive(Debug)]
pub struct Project {
    /// Absolute path: the folder of the config file, of `pyproject.toml`, `.git`, or the one given.
    pub root: PathBuf,
    pub files: Vec<SourceFile>,
    /// Sorted by path.
    pub texts: Vec<TextFile>,
    /// Where imports start, the project root first.
    pub source_roots: Vec<PathBuf>,
    /// Those of them that share names: an import in one of them finds its own.
    pub homes: Vec<PathBuf>,
    /// Built and published: what it exports is an interface.
    pub is_library: bool,
    /// Functions that installed commands call, by dotted path. Sorted.
    pub scripts: Vec<String>,
    /// Entry points that something outside the project looks for. Sorted.
    pub plugins: Vec<Plugin>,
    /// How the project's tests are run.
    pub pytest: Pytest,
}

impl Project {
    /// Where imports start, with these folders of third parties.
    pub fn roots<'a>(&'a self, site_packages: &'a [PathBuf]) -> Roots<'a> {
        Roots { source_roots: &self.source_roots, homes: &self.homes, site_packages }
    }

    /// The file with this id.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Limits what may be edited to `paths` (absolute).
    pub fn limit(&mut self, paths: &BTreeSet<PathBuf>) {
        for file in &mut self.files {
            file.editable &= paths.contains(&file.path);
        }
    }

    /// The file at this absolute path.
    pub fn find(&self, path: &Path) -> Option<FileId> {
        let found = self.files.binary_search_by(|file| file.path.as_path().cmp(path)).ok()?;
        Some(FileId(found as u32))
    }

    /// Takes files out of what may be edited.
    pub fn protect(&mut self, ids: &[FileId]) {
        for id in ids {
            self.files[id.0 as usize].editable = false;
        }
    }

    /// All ids, in path order.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }
}

/// Walks the project. `paths` (absolute) limit what may be edited; `exclude` too. Links are not followed, so a loop of them
/// is harmless.
///
/// # Errors
/// The folders that could not be read, as messages; the walk goes on.
pub fn walk(root: &Path, paths: &[PathBuf], exclude: &PathGlobs, roots: &[PathBuf]) -> (Project, Vec<String>) {
    let mut problems = vec![];
    let mut found = BTreeSet::new();
    let mut texts = vec![];
    let is_own = |entry: &ignore::DirEntry| !made::is_made(entry);
    for entry in ignore::WalkBuilder::new(root).hidden(true).require_git(false).filter_entry(is_own).build() {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) && is_python(entry.path()) => {
                found.insert(entry.into_path());
            }
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                texts.extend(text_file(root, entry.into_path()));
            }
            Ok(_) => {}
            Err(error) => problems.push(error.to_string()),
        }
    }
    // A file that was named is looked at whatever the ignore rules say.
    found.extend(paths.iter().filter(|path| path.is_file()).cloned());
    let source_roots = source_roots(root, &found, roots);
    let is_library = is_library(root, &found);
    let attributes = Attributes::read(folders_of(root, &found));
    texts.sort_by(|left, right| left.path.cmp(&right.path));
    let files: Vec<SourceFile> = found
        .into_par_iter()
        .map(|path| {
            let mut file = source_file(root, path, paths, exclude, &source_roots);
            file.editable &= !attributes.protect(&file.path);
            file
        })
        .collect();
    let tests = files.iter().filter(|file| file.is_test).map(|file| file.path.clone()).collect();
    let pytest = plugin::find(root, &folders_of(root, &tests));
    let all: BTreeSet<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    let Entries { scripts, plugins } = scripts::find(&folders_of(root, &all), &all);
    let homes = homes::find(&files, &source_roots);
    let root = root.to_path_buf();
    (Project { root, files, texts, source_roots, homes, is_library, scripts, plugins, pytest }, problems)
}

/// The folders of files, and those above them up to the root.
fn folders_of(root: &Path, files: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for file in files {
        for folder in file.ancestors().skip(1).take_while(|folder| folder.starts_with(root)) {
            if !folders.insert(folder.to_path_buf()) {
                break;
            }
        }
    }
    folders
}

fn text_file(root: &Path, path: PathBuf) -> Option<TextFile> {
    let is_template =
        |path: &Path| path.file_stem().is_some_and(|stem| Path::new(stem).extension().is_some_and(|end| end == "py"));
    let Some(extension) = path.extension() else {
        let kind = has_shebang(&path).then_some(TextKind::Script)?;
        return Some(TextFile { relative: relative(root, &path), path, kind });
    };
    let kind = match extension.to_str()? {
        "pyw" | "pyx" => TextKind::Script,
        "j2" | "jinja" | "jinja2" | "tmpl" | "in" if is_template(&path) => TextKind::Script,
        "ipynb" => TextKind::Notebook,
        "html" | "htm" | "jinja" | "jinja2" | "j2" | "tmpl" => TextKind::Template,
        "toml" | "yaml" | "yml" | "cfg" | "ini" | "conf" => TextKind::Settings,
        "json" if path.file_stem().and_then(|stem| stem.to_str()).is_some_and(is_settings) => TextKind::Settings,
        _ => return None,
    };
    Some(TextFile { relative: relative(root, &path), path, kind })
}

/// `#!/usr/bin/env python3`
fn has_shebang(path: &Path) -> bool {
    let mut start = [0; 64];
    let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read(&mut file, &mut start)).unwrap_or(0);
    let line = start[..read].split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.starts_with(b"#!") && memchr::memmem::find(line, b"python").is_some()
}

/// Most JSON is data.
fn is_settings(stem: &str) -> bool {
    let stem = stem.to_ascii_lowercase();
    ["config", "settings", "function", "openapi", "swagger", "logging"].iter().any(|part| stem.contains(part))
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py" || extension == "pyi")
}

fn source_file(
    root: &Path,
    path: PathBuf,
    paths: &[PathBuf],
    exclude: &PathGlobs,
    source_roots: &[PathBuf],
) -> SourceFile {
    let relative = relative(root, &path);
    let named = paths.iter().any(|given| path.starts_with(given));
    let editable = named && !exclude.is_match(&relative) && !is_vendored(&relative);
    let module = module_name(&path, source_roots);
    let is_test = is_test(&relative);
    SourceFile { relative, module, editable, is_test, path }
}

fn is_vendored(relative: &str) -> bool {
    relative
        .split('/')
        .any(|part| matches!(part, "_vendor" | "vendor" | "_vendored" | "site-packages" | "node_modules"))
}

fn is_test(relative: &str) -> bool {
    let name = relative.rsplit('/').next().unwrap_or(relative);
    name.starts_with("test_")
        || name.ends_with("_test.py")
        || name == "conftest.py"
        || relative.split('/').rev().skip(1).any(|part| part == "tests" || part == "test")
}

/// The dotted name of a module below the deepest source root that holds it.
fn module_name(path: &Path, source_roots: &[PathBuf]) -> String {
    let below = homes::base_of(path, source_roots).and_then(|base| path.strip_prefix(base).ok()).unwrap_or(path);
    let mut parts: Vec<_> =
        below.with_extension("").components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|part| part == "__init__") {
        parts.pop();
    }
    parts.join(".")
}

/// Where imports start: the root, `src`, and every folder that holds a top-level package or module but is none itself, as
/// pytest's rootdir insertion and `python script.py` would have it.
fn source_roots(root: &Path, files: &BTreeSet<PathBuf>, named: &[PathBuf]) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = named.to_vec();
    roots.push(root.to_path_buf());
    if root.join("src").is_dir() && !root.join("src/__init__.py").exists() {
        roots.push(root.join("src"));
    }
    let folders: BTreeSet<&Path> = files.iter().filter_map(|path| path.parent()).collect();
    let mut extra = BTreeSet::new();
    for folder in &folders {
        let mut top = *folder;
        while top != root && files.contains(&top.join("__init__.py")) {
            let Some(parent) = top.parent() else { break };
            top = parent;
        }
        // A folder without `__init__.py` under a package is a namespace package of it.
        let inside_package = top.ancestors().skip(1).take_while(|above| above.starts_with(root) && *above != root);
        if !inside_package.into_iter().any(|above| files.contains(&above.join("__init__.py"))) {
            extra.insert(top.to_path_buf());
        }
    }
    roots.extend(extra);
    let mut seen = BTreeSet::new();
    roots.retain(|path| seen.insert(path.clone()));
    roots
}

/// Made for others to import: a `py.typed` marker, or a classifier that says so.
fn is_library(root: &Path, files: &BTreeSet<PathBuf>) -> bool {
    let says_so = |name: &str| {
        std::fs::read_to_string(root.join(name))
            .is_ok_and(|text| text.contains("Topic :: Software Development :: Libraries"))
    };
    let marked = files
        .iter()
        .filter(|path| path.ends_with("__init__.py"))
        .any(|path| path.parent().is_some_and(|folder| folder.join("py.typed").exists()));
    marked || says_so("pyproject.toml") || says_so("setup.py") || says_so("setup.cfg")
}
