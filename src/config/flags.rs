//! The settings that the command line may give, as plain data, and how they win over the config file.

use std::path::{Path, PathBuf, absolute};

use ruff_python_ast::PythonVersion;

use super::file::add_codemod;
use super::{
    Config, Exported, Fallback, Names, OffloadProject, OffloadVia, PathGlobs, Reach, Tests, Uncertain, codemod,
};
use crate::error::{Error, Problem};

/// What the command line says. `None` and empty lists say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The config file to read instead of the one that would be found.
    pub config: Option<PathBuf>,
    /// Names or paths, relative to the current directory. They take the place of the file's codemods.
    pub codemods: Vec<String>,
    pub reach: Option<Reach>,
    pub offload: Option<OffloadVia>,
    pub uncertain: Option<Uncertain>,
    pub exported: Option<Exported>,
    pub offload_project: Option<OffloadProject>,
    pub bridge: Option<bool>,
    pub tests: Option<Tests>,
    pub fallback: Option<Fallback>,
    /// Added to the file's.
    pub keep_sync: Vec<String>,
    /// Added to the file's, and relative to the project's root like them.
    pub exclude: Vec<String>,
    /// Relative to the current directory.
    pub python: Option<PathBuf>,
    pub target_version: Option<PythonVersion>,
    pub allow_unsafe: Option<bool>,
    /// Keys that are read over the config file, and under the flags.
    pub layer: Option<Layer>,
}

/// Keys of `[tool.awaitify]` that stand in another file: in a step of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The file, and the line in it that problems are told of.
    pub path: PathBuf,
    pub line: usize,
    /// Where relative paths start.
    pub directory: PathBuf,
    /// The keys alone, as TOML.
    pub text: String,
}

impl Flags {
    /// Puts the flags over what `config` holds. Returns what is wrong with them.
    pub(super) fn apply(&self, config: &mut Config) -> Vec<Problem> {
        self.apply_words(config);
        let mut problems = self.apply_codemods(config);
        let mut note = |flag: &str, message: String| {
            problems.push(Problem::command_line(format!("`{flag}`: {message}")));
        };
        match Names::new(config.keep_sync.patterns.iter().chain(&self.keep_sync).cloned()) {
            Ok(names) => config.keep_sync = names,
            Err(message) => note("--keep-sync", message),
        }
        match PathGlobs::new(config.exclude.patterns.iter().chain(&self.exclude).cloned()) {
            Ok(globs) => config.exclude = globs,
            Err(message) => note("--exclude", message),
        }
        match self.python.as_deref().map(existing) {
            Some(Ok(python)) => config.python = Some(python),
            Some(Err(message)) => note("--python", message),
            None => {}
        }
        problems
    }

    fn apply_words(&self, config: &mut Config) {
        config.reach = self.reach.unwrap_or(config.reach);
        config.offload = self.offload.clone().unwrap_or_else(|| config.offload.clone());
        config.uncertain = self.uncertain.unwrap_or(config.uncertain);
        config.exported = self.exported.unwrap_or(config.exported);
        config.offload_project = self.offload_project.unwrap_or(config.offload_project);
        config.bridge = self.bridge.unwrap_or(config.bridge);
        config.tests = self.tests.unwrap_or(config.tests);
        config.fallback = self.fallback.unwrap_or(config.fallback);
        config.target_version = self.target_version.unwrap_or(config.target_version);
        config.allow_unsafe = self.allow_unsafe.unwrap_or(config.allow_unsafe);
    }

    fn apply_codemods(&self, config: &mut Config) -> Vec<Problem> {
        if self.codemods.is_empty() {
            return Vec::new();
        }
        config.codemods.clear();
        let mut problems = Vec::new();
        for name in &self.codemods {
            match codemod::named(name) {
                Ok(codemod) => add_codemod(config, codemod),
                Err(Error::Config(found)) => problems.extend(found),
                Err(error) => problems.push(Problem::command_line(error.to_string())),
            }
        }
        problems
    }
}

fn existing(path: &Path) -> Result<PathBuf, String> {
    if !path.exists() {
        return Err(format!("there is no `{}`", path.display()));
    }
    absolute(path).map_err(|error| format!("cannot find `{}`: {error}", path.display()))
}
