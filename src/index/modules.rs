//! Dotted module names: which file an import finds.
//!
//! A file can have several: `acme/users/service.py` without any `__init__.py` is `service` for a script beside it and
//! `acme.users.service` for one at the top. And a name can have several files, one for each folder that imports start from.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::facts::FileId;
use crate::project::Project;
use crate::project::homes::nearest;

/// All module names of a project.
#[derive(Debug, Default)]
pub struct Modules {
    /// The files of a name, the one that wins in doubt first.
    files: FxHashMap<String, Vec<Candidate>>,
    /// Every dotted prefix of a name.
    packages: FxHashSet<String>,
    /// Stub files with the module beside them.
    stubs: FxHashMap<FileId, FileId>,
}

#[derive(Debug)]
struct Candidate {
    file: FileId,
    /// The folder that the name starts in.
    base: PathBuf,
    /// With the position of the base among the project's source roots.
    rank: (Spelling, usize, Kind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spelling {
    /// The project's own name for the file, [`crate::project::SourceFile::module`].
    Own,
    /// From a folder further up.
    Longer,
}

/// What Python takes when several files have one name (a package hides a module), strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Package,
    Module,
    Stub,
}

impl Modules {
    /// Names all files.
    pub fn new(project: &Project) -> Self {
        let mut modules = Self::default();
        for file in project.ids() {
            modules.add(project, file);
            let path = &project.file(file).path;
            if path.extension().is_some_and(|extension| extension == "pyi")
                && let Some(module) = project.find(&path.with_extension("py"))
            {
                modules.stubs.insert(file, module);
            }
        }
        for candidates in modules.files.values_mut() {
            candidates.sort_by_key(|candidate| candidate.rank);
        }
        modules
    }

    fn add(&mut self, project: &Project, id: FileId) {
        let file = project.file(id);
        let name = file.path.file_name().unwrap_or_default();
        let kind = match name.to_str() {
            Some("__init__.py") => Kind::Package,
            _ if name.to_string_lossy().ends_with(".pyi") => Kind::Stub,
            _ => Kind::Module,
        };
        let Some(base) = base(&file.path, &file.module, kind) else { return };
        let place = |base: &Path| project.source_roots.iter().position(|root| root == base).unwrap_or(usize::MAX);
        let mut dotted = file.module.clone();
        let mut at = base;
        let mut spelling = Spelling::Own;
        loop {
            self.name(&dotted, Candidate { file: id, base: at.to_path_buf(), rank: (spelling, place(at), kind) });
            let (Some(above), Some(folder)) = (at.parent(), at.file_name()) else { return };
            if at == project.root || !at.starts_with(&project.root) {
                return;
            }
            dotted = match dotted.as_str() {
                "" => folder.to_string_lossy().into_owned(),
                below => format!("{}.{below}", folder.to_string_lossy()),
            };
            at = above;
            spelling = Spelling::Longer;
        }
    }

    fn name(&mut self, dotted: &str, candidate: Candidate) {
        for (at, _) in dotted.match_indices('.') {
            if !self.packages.contains(&dotted[..at]) {
                self.packages.insert(dotted[..at].to_owned());
            }
        }
        self.files.entry(dotted.to_owned()).or_default().push(candidate);
    }

    /// The file of a dotted name.
    pub fn file(&self, name: &str) -> Option<FileId> {
        Some(self.files.get(name)?.first()?.file)
    }

    /// The module that a stub file describes.
    pub fn described_by(&self, stub: FileId) -> Option<FileId> {
        self.stubs.get(&stub).copied()
    }

    /// The stub file that describes a module.
    pub fn stub_of(&self, module: FileId) -> Option<FileId> {
        self.stubs.iter().find(|(_, described)| **described == module).map(|(stub, _)| *stub)
    }

    /// Is this the name of a folder that holds modules?
    pub fn is_package(&self, name: &str) -> bool {
        self.packages.contains(name)
    }

    /// The modules and packages in a package, in the order of their names. The prefix ends with a dot.
    pub fn directly_below(&self, prefix: &str) -> Vec<FileId> {
        let is_below =
            |name: &str| name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && !rest.contains('.'));
        let mut found: Vec<(&String, FileId)> = self
            .files
            .iter()
            .filter(|(name, _)| is_below(name))
            .filter_map(|(name, candidates)| Some((name, candidates.first()?.file)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, file)| file).collect()
    }

    /// The name for what `importer` finds as `name`: of several files, the one whose folder is nearest.
    pub fn seen_from(&self, project: &Project, importer: FileId, name: String) -> String {
        let Some(candidates @ [first, _, ..]) = self.files.get(&name).map(Vec::as_slice) else { return name };
        let bases = candidates.iter().map(|candidate| candidate.base.as_path());
        let wins = nearest(bases, &project.file(importer).path).map_or(first, |at| &candidates[at]);
        if wins.file == first.file {
            return name;
        }
        longest_name(project, wins.file).filter(|longest| self.file(longest) == Some(wins.file)).unwrap_or(name)
    }
}

/// The folder that the dotted name of a file starts in.
fn base<'a>(path: &'a Path, module: &str, kind: Kind) -> Option<&'a Path> {
    let parts = if module.is_empty() { 0 } else { module.split('.').count() };
    let own = if kind == Kind::Package || path.file_stem().is_some_and(|stem| stem == "__init__") { 1 } else { 0 };
    path.ancestors().nth(parts + own)
}

/// The name below the project's root.
fn longest_name(project: &Project, file: FileId) -> Option<String> {
    let relative = &project.file(file).relative;
    let (path, _) = relative.rsplit_once('.')?;
    Some(path.trim_end_matches("/__init__").replace('/', "."))
}
