//! The checked configuration: defaults, then the config file, then flags, merged into one plain struct.
//!
//! Everything here is already validated: globs are compiled, codemods are loaded, names are known. The TOML wire types and
//! the error messages with file, line and nearest valid key live in `config/`.

mod builtin;
mod codemod;

use std::path::PathBuf;

use globset::GlobSet;
use ruff_python_ast::PythonVersion;

/// How far conversion reaches up the call graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

/// What happens to a function with an uncertain site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncertain {
    /// It stays sync and is offloaded.
    Block,
    /// It converts and the site is listed.
    Report,
    /// It converts and the site is awaited.
    Await,
}

/// What happens to functions that the package exports and nothing in the tree calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    Convert,
    Keep,
    /// Keep for a distributable library, convert for an application.
    Auto,
}

/// Which functions of the project itself may be offloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffloadProject {
    All,
    /// Only functions that write no attribute and no global.
    Readonly,
    None,
}

/// What the `except RuntimeError: asyncio.run(...)` arm of a fallback becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fallback {
    Log,
    Raise,
    Threadsafe,
}

/// What happens to test files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tests {
    Convert,
    Ignore,
}

/// What a blocking entry does at a matching call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockingAction {
    Offload,
    /// Await the method of this name (`{name}` already names the placeholder) when the receiver's class has one, else offload.
    Native { template: String },
    /// Await this function (a dotted path) instead, with the same arguments.
    Replace { function: String },
}

/// Globs with `!` exclusions, over one identifier (`*_persistence`, `!async_persistence`) or one dotted path.
#[derive(Clone, Debug)]
pub struct Names {
    /// The patterns as the user wrote them, exclusions with their `!`.
    pub patterns: Vec<String>,
    include: GlobSet,
    exclude: GlobSet,
}

impl Names {
    /// True when some pattern includes `name` and no `!` pattern excludes it.
    pub fn matches(&self, name: &str) -> bool {
        self.include.is_match(name) && !self.exclude.is_match(name)
    }
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
    pub reach: Option<Reach>,
}

/// One `[[accepts_async]]` entry: a place that takes async functions.
#[derive(Clone, Debug)]
pub struct AcceptsAsync {
    pub codemod: String,
    /// Qualified names (globs) of decorators under which a function may be async.
    pub decorator: Option<Names>,
    /// `pkg.function:parameter` (globs): an argument that may be an async function.
    pub parameter: Option<Names>,
}

/// One `[[rename]]` entry: a new name for a definition and all its uses once the code around it is async.
#[derive(Clone, Debug)]
pub struct Rename {
    pub codemod: String,
    pub from: String,
    pub to: String,
}

/// One `[[example]]` of a codemod; a test runs them all.
#[derive(Clone, Debug)]
pub struct Example {
    pub before: String,
    pub after: String,
}

/// A checked codemod.
#[derive(Clone, Debug)]
pub struct Codemod {
    pub name: String,
    /// One sentence for `awaitify codemods`.
    pub description: String,
    pub blocking: Vec<Blocking>,
    pub accepts_async: Vec<AcceptsAsync>,
    /// Qualified names (globs) of callables whose functions a framework runs in its own threads.
    pub threaded: Option<Names>,
    pub renames: Vec<Rename>,
    /// True for `asyncio-run`: rewrite `asyncio.run` fallbacks.
    pub rewrites_run_fallbacks: bool,
    pub examples: Vec<Example>,
}

/// All options of a run. Flags beat the file, the file beats the defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// The config file, when there is one.
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
    /// Path globs that are analyzed but never edited.
    pub exclude: GlobSet,
    /// Source roots, when the user names them.
    pub roots: Vec<PathBuf>,
    /// The Python environment with third-party packages, when the user names it.
    pub python: Option<PathBuf>,
    pub target_version: PythonVersion,
    /// A formatter command that is run on the planned text of changed files.
    pub format: Option<Vec<String>>,
    /// Rewrites that may change behavior (`any`/`all` over awaits) are allowed.
    pub allow_unsafe: bool,
}
