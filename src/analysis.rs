//! The pipeline: from paths and flags to verified new texts, in memory. Nothing is printed or written here.

pub mod again;
mod carry_out;
mod closed_world;
mod keep_sync;
mod census;
mod part;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context as _, Result, bail};
use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

pub use self::carry_out::{rewrite_all, verify_all};
use crate::check::{self, Audit};
use crate::color::selected::Selected;
use crate::color::{self, Verdicts, World, confined, hazard, swap};
use crate::config::Config;
use crate::config::flags::Flags;
use crate::edit::FileEdits;
use crate::error::{Error, Problem};
use crate::index::Index;
use crate::index::facts::{FileId, FuncId};
use crate::index::words::Words;
use crate::journal::git;
use crate::plan::{self, Action, Plan};
use crate::project::{self, Project};
use crate::py::db::{Db, Kept};
use crate::py::source::Source;
use crate::resolve::{self, Graph, Site, SiteKind};

/// A project looked through: everything that a report tells of.
pub struct Analysis {
    pub project: Project,
    pub config: Config,
    pub index: Index,
    pub graph: Graph,
    pub verdicts: Verdicts,
    pub plan: Plan,
    /// Remarks on config and files.
    pub problems: Vec<Problem>,
    /// Files that could not be read, decoded or parsed. They make the exit code 2.
    pub unreadable: Vec<Problem>,
    vetoes: FxHashSet<(FileId, TextRange)>,
    hazards: hazard::Memo,
    /// Planned actions that no rewriter could carry out, and that nothing depends on.
    left: BTreeMap<FileId, Vec<Action>>,
    kept: swap::Kept,
    converting: BTreeSet<FuncId>,
    /// The part of the migration that the verdicts and the plan are about, and the verdicts of all of it.
    part: Option<(Selected, Verdicts)>,
}

impl Analysis {
    /// What the decisions were made from.
    pub fn world(&self) -> World<'_> {
        World {
            project: &self.project,
            config: &self.config,
            index: &self.index,
            graph: &self.graph,
            vetoes: &self.vetoes,
            hazards: &self.hazards,
            kept: &self.kept,
            converting: &self.converting,
            selected: self.part.as_ref().map(|(selected, _)| selected),
        }
    }

    /// What the plan does, for the summary.
    pub fn counts(&self) -> plan::Counts {
        plan::Counts::of(self.world(), &self.plan, &self.left)
    }
}

/// One file's change, planned and verified.
pub struct Rewritten {
    pub file: FileId,
    pub source: Source,
    pub before: Vec<u8>,
    pub text: String,
    pub after: Vec<u8>,
    pub edits: FileEdits,
}

/// What is to be analyzed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What may be edited; the project around the first of them is read.
    pub paths: &'a [PathBuf],
    pub flags: &'a Flags,
    /// A git revision: only files that changed since then may be edited.
    pub since: Option<&'a str>,
    /// The one path stands outside of any project, and the config is that of this folder.
    pub config_of: Option<&'a Path>,
}

/// Analyzes the project that `paths` are in.
///
/// # Errors
/// As [`answer`].
pub fn analyze(paths: &[PathBuf], flags: &Flags) -> Result<Analysis> {
    answer(Request { paths, flags, since: None, config_of: None })
}

/// Analyzes the project that the paths are in.
///
/// # Errors
/// Config errors, paths that do not exist, and git's answer to a revision that it does not know.
pub fn answer(request: Request) -> Result<Analysis> {
    let mut kept = Kept::default();
    let analysis = answer_again(request, &mut kept);
    // What ty knows takes long to take apart.
    rayon::spawn(move || drop(kept));
    analysis
}

/// As [`answer`], with the database of an earlier analysis.
///
/// # Errors
/// As [`answer`].
pub fn answer_again(request: Request, kept: &mut Kept) -> Result<Analysis> {
    survey(request, Purpose::Migrate, kept)
}

/// Analyzes the project that the paths are in, and audits it.
///
/// # Errors
/// As [`answer`], and as [`rewrite_all`].
pub fn audit(request: Request) -> Result<(Analysis, Audit)> {
    let mut kept = Kept::default();
    let mut analysis = survey(request, Purpose::Audit, &mut kept)?;
    let rewritten = rewrite_all(&mut analysis)?;
    let edits = rewritten.iter().map(|done| (done.file, (done.source.text.as_str(), &done.edits))).collect();
    let db = kept.db().context("the survey opened a database")?;
    let planned = check::Planned { world: analysis.world(), verdicts: &analysis.verdicts, edits: &edits };
    let audit = check::audit(planned, db);
    Ok((analysis, audit))
}

/// Looks through the project that the paths are in, with everything that blocks anywhere, and changes nothing.
///
/// # Errors
/// As [`answer`].
pub fn look(request: Request, kept: &mut Kept) -> Result<Analysis> {
    survey(request, Purpose::Audit, kept)
}

/// What the analysis is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Migrate,
    /// Every file is looked into, and what blocks anywhere counts beside what the config says.
    Audit,
}

fn survey(request: Request, purpose: Purpose, kept: &mut Kept) -> Result<Analysis> {
    let paths: Vec<PathBuf> = request.paths.iter().map(|path| existing(path)).collect::<Result<_>>()?;
    let start = paths.first().context("name at least one path")?;
    let (mut config, problems) = crate::config::load(request.config_of.unwrap_or(start), request.flags)?;
    if request.config_of.is_some() {
        config.root = start.parent().context("a file stands in a folder")?.to_path_buf();
    }
    let names = if request.config_of.is_none() { Names::Checked } else { Names::AsTheyAre };
    build(Survey { config, problems, paths, since: request.since, names, purpose }, kept)
}

/// Analyzes a copy of a project that was analyzed, under the same config.
fn survey_copy(analysis: &Analysis, root: &Path, paths: Vec<PathBuf>, kept: &mut Kept) -> Result<Analysis> {
    let mut config = analysis.config.clone();
    config.python = environments(&config).into_iter().find(|environment| libraries(environment).is_some());
    for folder in &mut config.roots {
        if let Ok(below) = folder.strip_prefix(&config.root) {
            *folder = root.join(below);
        }
    }
    config.root = root.to_path_buf();
    let (names, purpose) = (Names::AsTheyAre, Purpose::Migrate);
    build(Survey { config, problems: vec![], paths, since: None, names, purpose }, kept)
}

/// Must the names in the config be those of something in the project?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Checked,
    AsTheyAre,
}

/// What is to be looked at, and how.
struct Survey<'a> {
    config: Config,
    problems: Vec<Problem>,
    paths: Vec<PathBuf>,
    since: Option<&'a str>,
    names: Names,
    purpose: Purpose,
}

fn build(survey: Survey, kept: &mut Kept) -> Result<Analysis> {
    let Survey { mut config, mut problems, paths, since, names, purpose } = survey;
    let own = config.codemods.len();
    if purpose == Purpose::Audit {
        check::leaves::add(&mut config);
    }
    if config.codemods.is_empty() {
        problems.push(Problem::command_line(
            "no codemod is on, so nothing is blocking: name one with `--codemod`, or in the config (`awaitify codemods` lists them)",
        ));
    }
    let root = config.root.clone();
    let (mut project, walk_problems) = project::walk(&root, &paths, &config.exclude, &config.roots);
    problems.extend(walk_problems.into_iter().map(|message| Problem::whole_file(&root, message)));
    if let Some(revision) = since {
        project.limit(&git::changed_since(&root, revision).map_err(|error| anyhow::anyhow!("`--since`: {error}"))?);
    }
    let (words, generated) = Words::build(&project);
    project.protect(&generated);
    let mut index = Index::new(&project, words);
    if purpose == Purpose::Audit {
        check::leaves::limit(&mut config, own, &index);
    }
    if names == Names::Checked {
        let unmatched = keep_sync::unmatched(&project, &config, &mut index);
        if !unmatched.is_empty() {
            return Err(Error::Config(unmatched).into());
        }
    }
    let packages = site_packages(&config);
    let db = kept.open(&root, project.roots(&packages), config.target_version)?;
    let mut graph = resolve::resolve(&project, &config, &mut index, db)?;
    if names == Names::Checked && !graph.renames.unmatched.is_empty() {
        return Err(Error::Config(graph.renames.unmatched).into());
    }
    if purpose == Purpose::Audit {
        let every: Vec<FileId> = project.ids().collect();
        index.load(&project, &every);
        graph.hierarchy.register(&project, &mut index);
    }
    problems.extend(graph.problems.iter().cloned());
    let mut analysis = Analysis {
        project,
        config,
        index,
        graph,
        verdicts: Verdicts::default(),
        plan: Plan::new(),
        problems,
        unreadable: vec![],
        vetoes: FxHashSet::default(),
        hazards: hazard::Memo::default(),
        left: BTreeMap::new(),
        kept: swap::Kept::new(),
        converting: BTreeSet::new(),
        part: None,
    };
    analysis.kept = confined::escaping(analysis.world());
    decide(&mut analysis);
    add_fakes(&mut analysis, db);
    if purpose == Purpose::Migrate {
        analysis.problems.extend(too_old(&analysis));
    }
    Ok(analysis)
}

/// Tells that the oldest Python of the project has nothing that offloads.
fn too_old(analysis: &Analysis) -> Option<Problem> {
    let blocks = |site: &&Site| matches!(site.kind, SiteKind::Blocking { native: None, .. });
    let calls = analysis.graph.sites.values().filter(blocks).count();
    if calls == 0 || hazard::can_offload(analysis.world()) {
        return None;
    }
    let version = analysis.config.target_version;
    Some(Problem::whole_file(
        &analysis.config.root,
        format!(
            "the code must run on Python {version} (`target-version`, else `requires-python`), which has no \
             `asyncio.to_thread`, so nothing is offloaded. With `target-version = \"3.9\"`, or with an `offload` that \
             Python {version} has (`\"anyio\"`), blocking calls move off the loop"
        ),
    ))
}

/// Colors the graph. Where a decision depends on a module that was not read yet, it is read, and all is decided again; so it is
/// where what becomes async makes more calls count.
fn decide(analysis: &mut Analysis) {
    loop {
        let mut verdicts = color::color(analysis.world());
        let mut broken = swap::broken(analysis.world(), &verdicts);
        if !broken.is_empty() {
            analysis.kept.append(&mut broken);
            continue;
        }
        if !verdicts.reaching_more.is_empty() {
            analysis.converting.append(&mut verdicts.reaching_more);
            continue;
        }
        let plan = plan::plan(analysis.world(), &verdicts);
        let wanted = analysis.hazards.unloaded.take();
        if analysis.index.load(&analysis.project, &wanted).is_empty() {
            (analysis.verdicts, analysis.plan) = (verdicts, plan);
            break;
        }
        analysis.hazards = hazard::Memo::default();
    }
    analysis.unreadable = unreadable(&analysis.index);
}

/// Looks for what tests hand to the functions that convert, and decides anew where there is any.
fn add_fakes(analysis: &mut Analysis, db: &Db) {
    let Analysis { project, config, index, graph, verdicts, .. } = analysis;
    let becomes_async = |func| verdicts.converts.contains_key(&func) || verdicts.bridges.contains_key(&func);
    let before = index.loaded_count();
    *graph = resolve::add_fakes(project, config, index, db, std::mem::take(graph), becomes_async);
    if analysis.graph.fakes.is_empty() && analysis.index.loaded_count() == before {
        analysis.unreadable = unreadable(&analysis.index);
        return;
    }
    analysis.hazards = hazard::Memo::default();
    decide(analysis);
}

fn existing(path: &Path) -> Result<PathBuf> {
    if !path.exists() {
        bail!("there is no `{}`; check the path", path.display());
    }
    let path = absolute(path).with_context(|| format!("cannot find `{}`", path.display()))?;
    fs::canonicalize(&path).with_context(|| format!("cannot find `{}`", path.display()))
}

fn unreadable(index: &Index) -> Vec<Problem> {
    let mut found: Vec<Problem> = index.unreadable.iter().map(|unreadable| unreadable.problem.clone()).collect();
    found.sort();
    found
}

/// The site-packages folder of the configured environment (or of the interpreter in it), of the project's `.venv`, or of the
/// environment that is active.
fn site_packages(config: &Config) -> Vec<PathBuf> {
    environments(config).iter().filter_map(|environment| libraries(environment)).take(1).collect()
}

fn environments(config: &Config) -> Vec<PathBuf> {
    let named = config.python.as_deref().map(|python| match python.is_file() {
        true => python.parent().and_then(Path::parent).unwrap_or(python).to_path_buf(),
        false => python.to_path_buf(),
    });
    let own = [".venv", "venv"].map(|name| config.root.join(name));
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    named.into_iter().chain(own).chain(active).collect()
}

/// Where an environment keeps its packages.
fn libraries(environment: &Path) -> Option<PathBuf> {
    let folders = ["lib", "lib64"].map(|name| environment.join(name));
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().filter_map(Result::ok);
    let found = entries.map(|entry| entry.path().join("site-packages")).filter(|path| path.is_dir()).min();
    found.or_else(|| Some(environment.join("Lib").join("site-packages")).filter(|path| path.is_dir()))
}
