//! The checked configuration: defaults, then the config file, then flags, merged into one plain struct.
//!
//! Everything here is already validated: globs are compiled, codemods are loaded, names are known. The TOML wire types and
//! the error messages with file, line and nearest valid key live in `config/`.

pub mod builtin;
pub mod codemod;
mod entries;
mod file;
mod find;
pub mod flags;
mod globs;
mod offload;
mod reader;
pub mod show;
pub mod version;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use globset::GlobSet;
use ruff_python_ast::PythonVersion;

use crate::error::{Error, Problem};
pub(crate) use find::stated_python;
use flags::Flags;

/// Reads the config that applies to `start` (the first path of the command line) and lets `flags` win over it.
///
/// The file is `flags.config`, or the nearest `awaitify.toml` or `pyproject.toml` with a `[tool.awaitify]` table in `start`
/// and the directories above it. The problems are remarks that change nothing, as a config file that another one hides.
///
/// # Errors
/// `Error::Io` when `start` or the config file cannot be read; `Error::Config` with everything that is wrong in the file, in
/// the codemods it names and in the flags.
pub fn load(start: &Path, flags: &Flags) -> Result<(Config, Vec<Problem>), Error> {
    let found = find::find(start, flags.config.as_deref())?;
    let mut config = Config { root: found.root, ..Config::default() };
    if let Some(version) = found.requires_python {
        config.target_version = version;
    }
    let mut errors = match &found.file {
        Some(file) => file::read(file, &mut config),
        None => Vec::new(),
    };
    if let Some(layer) = &flags.layer {
        errors.extend(file::read_layer(layer, &mut config));
    }
    errors.extend(flags.apply(&mut config));
    if errors.is_empty() { Ok((config, found.remarks)) } else { Err(Error::Config(errors)) }
}

/// How far conversion reaches up the call graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reach {
    /// Convert whatever leads to a blocking call.
    All,
    /// Convert only what async code reaches.
    Async,
    /// Wrap calls inside functions that are async already; convert nothing.
    None,
}

/// What carries a blocking call off the event loop.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OffloadVia {
    /// `asyncio.to_thread(f, *args, **kwargs)`.
    Asyncio,
    /// `anyio.to_thread.run_sync(f, *args)`; keywords need `functools.partial`.
    Anyio,
    /// `starlette.concurrency.run_in_threadpool(f, *args, **kwargs)`.
    Starlette,
    /// `asgiref.sync.sync_to_async(f)(*args, **kwargs)`.
    Asgiref,
    /// The user's own wrapper, called as `wrapper(f, *args, **kwargs)`.
    Custom { module: String, function: String },
    /// The user's own wrapper in the module that defines it, where it needs no import. Plans say so, no config.
    Here { function: String },
}

/// What happens to a function with an uncertain site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Uncertain {
    /// It stays sync and is offloaded.
    Block,
    /// It converts and the site is listed.
    Report,
    /// It converts and the site is awaited.
    Await,
}

/// What happens to functions that the package exports and nothing in the tree calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Exported {
    /// They convert like the rest.
    Convert,
    /// They stay sync.
    Keep,
    /// Keep for a distributable library, convert for an application.
    Auto,
}

impl Exported {
    /// Do they stay, in a library or an application?
    pub fn keeps(self, is_library: bool) -> bool {
        match self {
            Self::Convert => false,
            Self::Keep => true,
            Self::Auto => is_library,
        }
    }
}

/// Which functions of the project itself may be offloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OffloadProject {
    /// Any, where it is safe beside the loop.
    All,
    /// Only functions that write no attribute and no global.
    Readonly,
    /// Not one: only calls that a codemod declares.
    None,
}

/// What the `except RuntimeError: asyncio.run(...)` arm of a fallback becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Fallback {
    /// A line in the module's own log.
    Log,
    /// The `RuntimeError` goes on to the caller.
    Raise,
    /// `asyncio.run_coroutine_threadsafe` on the application's loop.
    Threadsafe,
}

/// What happens to test files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tests {
    /// They follow the code they test.
    Convert,
    /// They are read but never edited.
    Ignore,
}

/// What a blocking entry does at a matching call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockingAction {
    Offload,
    /// Await the method of this name (`{name}` already names the placeholder) when the receiver's class has one, else offload.
    Native {
        template: String,
    },
    /// Await this function (a dotted path) instead, with the same arguments. `{module}` and `{name}` in it stand for those of
    /// the function that is called.
    Replace {
        function: String,
    },
    /// Nothing: `check` tells of it.
    Tell,
}

/// Globs with `!` exclusions, over one identifier (`*_persistence`, `!async_persistence`) or one dotted path, where `*`
/// crosses dots: `requests.*` matches `requests.get` and `requests.api.get`. Built by [`Names::new`], see `config/globs.rs`.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The patterns as the user wrote them, exclusions with their `!`.
    pub patterns: Vec<String>,
    // Compiled from `patterns`.
    include: GlobSet,
    exclude: GlobSet,
}

/// Path globs, relative to [`Config::root`]. One without `/` (but at its end) matches at every depth, as in gitignore, and
/// whatever matches a directory matches all in it. Built by [`PathGlobs::new`], see `config/globs.rs`.
#[derive(Clone, Debug, Default)]
pub struct PathGlobs {
    /// The patterns as the user wrote them.
    pub patterns: Vec<String>,
    // Compiled from `patterns`.
    globs: GlobSet,
}

/// One `[[blocking]]` entry of a codemod.
#[derive(Clone, Debug)]
pub struct Blocking {
    /// Name of the codemod that declares it.
    pub codemod: String,
    /// Globs over the last name of the receiver; used when the receiver's type is unknown or agrees.
    pub receiver: Option<Names>,
    /// Qualified class names (globs allowed), every public sync method of which blocks.
    pub class: Option<Names>,
    /// Globs over qualified function names, as `requests.*`.
    pub function: Option<Names>,
    /// Globs over method names (for `receiver` and `class`). `*` when the entry has none.
    pub method: Names,
    pub action: BlockingAction,
    /// What a call returns does its work when it is iterated over: `for key in client.scan_iter()`.
    pub lazy: bool,
    pub reach: Option<Reach>,
}

/// Fills in `{module}` and `{name}` of what replaces a function, for the function at a dotted path.
pub fn filled(replace: &str, path: &str) -> String {
    let (module, name) = path.rsplit_once('.').unwrap_or_default();
    replace.replace("{module}", module).replace("{name}", name)
}

/// One `[[accepts_async]]` entry: a place that takes async functions.
#[derive(Clone, Debug)]
pub struct AcceptsAsync {
    pub codemod: String,
    /// Qualified names (globs) of decorators under which a function may be async.
    pub decorator: Option<Names>,
    /// `pkg.function:parameter` (globs): an argument that may be an async function. The parameter is a name or a position
    /// counted from 0 (`fastapi.Depends:0`), for calls into packages that are not installed.
    pub parameter: Option<Names>,
    /// The same for an argument that is awaited where it can be, and taken as it is where not: `ensure_async(f())`.
    pub awaitable: Option<Names>,
    /// Base class outside of the project and method name (globs): `starlette.endpoints.HTTPEndpoint.get`. The framework
    /// calls the method of a subclass, and takes an async one.
    pub method: Option<Names>,
    /// Sync functions there run on the loop: what blocks in them is reached by async code.
    pub on_loop: bool,
}

/// One `[[found_by_name]]` entry: functions that something outside of the program finds by their names and calls, without an
/// await. All conditions that are given must hold.
#[derive(Clone, Debug)]
pub struct FoundByName {
    pub codemod: String,
    /// Names (globs) of functions of a module.
    pub function: Names,
    /// Names (globs) of files, without their folders.
    pub file: Option<Names>,
    /// Names that the module binds, all of them.
    pub binds: Vec<String>,
    pub parameters: Option<Parameters>,
}

/// The parameters of a function that is found by its name.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// Names (globs), in their order.
    pub names: Vec<Names>,
    /// There may be more of them (`...` at the end).
    pub is_open: bool,
}

impl Parameters {
    /// Are these the parameters of a method?
    pub fn begin_with_self(&self) -> bool {
        self.names.first().is_some_and(|name| name.patterns == ["self"])
    }

    /// Are the parameters of these names meant?
    pub fn fit<'a>(&self, names: impl ExactSizeIterator<Item = &'a str>) -> bool {
        let count = self.names.len();
        (names.len() == count || self.is_open && names.len() > count)
            && self.names.iter().zip(names).all(|(pattern, name)| pattern.matches(name))
    }
}

/// One `[[rename]]` entry: a new name for a definition and all its uses once the code around it is async.
#[derive(Clone, Debug)]
pub struct Rename {
    pub codemod: String,
    pub from: String,
    pub to: String,
    /// Where `from` stands, as a remark without words; none when the codemod is built in.
    pub place: Option<Problem>,
}

/// One `[[example]]` of a codemod; a test runs them all.
#[derive(Clone, Debug)]
pub struct Example {
    /// Names of the built-in codemods that are on beside this one.
    pub with: Vec<String>,
    pub before: String,
    pub after: String,
}

/// A checked codemod.
#[derive(Clone, Debug, Default)]
pub struct Codemod {
    pub name: String,
    /// One sentence for `awaitify codemods`.
    pub description: String,
    pub blocking: Vec<Blocking>,
    pub accepts_async: Vec<AcceptsAsync>,
    /// Qualified names (globs) of callables whose functions a framework runs in its own threads: decorators, or
    /// `pkg.function:parameter`.
    pub threaded: Option<Names>,
    pub found_by_name: Vec<FoundByName>,
    pub renames: Vec<Rename>,
    /// Qualified names (globs) of decorators that make a function a command: it is called where no loop runs.
    pub commands: Option<Names>,
    /// True for `asyncio-run`: rewrite `asyncio.run` fallbacks.
    pub rewrites_run_fallbacks: bool,
    pub examples: Vec<Example>,
}

/// All options of a run. Flags beat the file, the file beats the defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory of the config file, or of the project when there is none: absolute. Relative paths start here.
    pub root: PathBuf,
    /// The config file as it is shown, when there is one.
    pub path: Option<PathBuf>,
    pub codemods: Vec<Codemod>,
    pub reach: Reach,
    pub offload: OffloadVia,
    pub uncertain: Uncertain,
    pub exported: Exported,
    pub offload_project: OffloadProject,
    /// May console scripts, commands and `__main__` keep their sync face over an async body?
    pub bridge: bool,
    pub tests: Tests,
    pub fallback: Fallback,
    /// Qualified names that never convert.
    pub keep_sync: Names,
    /// Files that are analyzed but never edited.
    pub exclude: PathGlobs,
    /// Source roots, absolute, when the user names them.
    pub roots: Vec<PathBuf>,
    /// The Python environment with third-party packages, absolute, when the user names it.
    pub python: Option<PathBuf>,
    pub target_version: PythonVersion,
    /// A formatter command that is run on the planned text of changed files.
    pub format: Option<Vec<String>>,
    /// Rewrites that may change behavior (`any`/`all` over awaits) are allowed.
    pub allow_unsafe: bool,
    /// A line for the docstring of every module that changes.
    pub note: Option<String>,
    /// Uncertain sites that the user has decided.
    pub settled: Vec<Settled>,
}

/// One `[[settled]]` entry: the user says what an uncertain site calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Relative to [`Config::root`].
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// The qualified name of the function that is called there.
    pub is: String,
}

/// What holds without a config file and flags: no codemod, the rest as `awaitify --help` says.
impl Default for Config {
    fn default() -> Self {
        Self {
            root: PathBuf::new(),
            path: None,
            codemods: Vec::new(),
            reach: Reach::All,
            offload: OffloadVia::Asyncio,
            uncertain: Uncertain::Block,
            exported: Exported::Auto,
            offload_project: OffloadProject::All,
            bridge: true,
            tests: Tests::Convert,
            fallback: Fallback::Log,
            keep_sync: Names::default(),
            exclude: PathGlobs::default(),
            roots: Vec::new(),
            python: None,
            target_version: PythonVersion::PY312,
            format: None,
            allow_unsafe: false,
            note: None,
            settled: Vec::new(),
        }
    }
}
