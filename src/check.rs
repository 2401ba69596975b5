//! The audit: what is wrong with the async code that stands, as findings with stable codes (DESIGN section 10).
//!
//! Blocking calls come from the same call graph as the migration; missing awaits from types; the rest from the syntax of one
//! file, with the index to say what a name stands for. A finding is data; `report/` turns it into words.

pub mod affine;
pub mod blocking;
pub mod chain;
pub mod code;
pub mod coroutine;
pub mod created;
pub mod dual;
pub mod ignore;
pub mod imports;
pub mod leaves;
pub mod lock;
pub mod logging;
pub mod loops;
pub mod overrides;
pub mod parsed;
pub mod pool;
pub mod race;
pub mod resource;
pub mod scorecard;
pub mod sql;
pub mod swallow;
pub mod task;
pub mod transaction;

use std::collections::BTreeMap;

use rayon::prelude::*;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

pub use self::code::{Code, Severity};
use self::parsed::{Asked, Parsed, Scan};
use crate::color::{Verdicts, World};
use crate::edit::FileEdits;
use crate::index::facts::*;
use crate::py::db::Db;
use crate::py::infer::{self, Answers, Questions};
use crate::py::source;

/// One thing that is wrong, or looks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub file: FileId,
    pub range: TextRange,
    pub detail: Detail,
}

/// What there is to say beyond the code and the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The code says it all.
    Plain,
    /// A name that the sentence is about.
    Name(String),
    /// The blocking chain, from the async function down to the leaf.
    Chain(chain::Chain),
    /// A coroutine, by the type that inference gives it, and what is done with it.
    Coroutine { shown: String, usage: coroutine::Use },
    /// Another place that belongs to it, with its text: a lock, a definition, a read.
    Elsewhere { file: FileId, range: TextRange },
    /// A function that it is about.
    Function(FuncId),
    /// Codes of an ignore comment that nothing came of, or that do not exist.
    Ignored { unused: Vec<String>, unknown: Vec<String> },
}

impl Finding {
    /// A finding with nothing more to say.
    pub fn plain(code: Code, file: FileId, range: TextRange) -> Self {
        Self { code, file, range, detail: Detail::Plain }
    }
}

/// A migration, planned: what becomes of the blocking calls.
#[derive(Clone, Copy)]
pub struct Planned<'a> {
    pub world: World<'a>,
    pub verdicts: &'a Verdicts,
    /// Texts and edits of the files that the migration would change.
    pub edits: &'a BTreeMap<FileId, (&'a str, &'a FileEdits)>,
}

/// What the audit found.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Sorted by file and place; those that a comment ignores are left out.
    pub findings: Vec<Finding>,
    /// How many a comment ignores.
    pub ignored: usize,
    pub counts: scorecard::Counts,
}

/// Audits the files that may be edited. All files of the project are loaded.
pub fn audit(planned: Planned, db: &Db) -> Audit {
    let world = planned.world;
    let files: Vec<FileId> =
        world.project.ids().filter(|file| world.is_editable(*file) && world.index.loaded(*file).is_some()).collect();
    let scans: Vec<(FileId, Scan)> = files.par_iter().filter_map(|file| Some((*file, scan(world, *file)?))).collect();
    let answers = ask(world, db, &scans);
    let mut findings = vec![];
    let mut ignores = vec![];
    let mut branches = FxHashMap::default();
    let mut counts = scorecard::Counts::default();
    for ((file, scan), answers) in scans.into_iter().zip(&answers) {
        let judged = scan.asked.iter().filter_map(|asked| judge(world, file, asked, answers));
        findings.extend(judged);
        findings.extend(scan.findings);
        ignores.extend(scan.ignores);
        branches.insert(file, scan.branches);
        counts.add(&scan.counts);
    }
    let (blocking, leaves) = blocking::find(planned, &ignores, &branches);
    findings.extend(blocking);
    findings.extend(overrides::find(world));
    findings.extend(task::find_kept(world));
    findings.extend(resource::find_kept(world));
    findings.retain(|finding| world.is_editable(finding.file) && applies(world, finding));
    findings.sort_by_key(|finding| (finding.file, finding.range.start(), finding.range.end(), finding.code));
    findings.dedup_by(|next, first| (next.code, next.file, next.range) == (first.code, first.file, first.range));
    let (findings, ignored) = ignore::apply(findings, ignores, &leaves);
    Audit { findings, ignored, counts }
}

/// In tests only what cannot work counts: a test may block, and holds nothing open for long.
fn applies(world: World, finding: &Finding) -> bool {
    !world.in_tests(finding.file) || finding.code.rule().in_tests
}

fn scan(world: World, file: FileId) -> Option<Scan> {
    let bytes = std::fs::read(&world.project.file(file).path).ok()?;
    let text = source::decode(&bytes).ok()?.text;
    let module = ruff_python_parser::parse_module(&text).ok()?;
    let parsed = Parsed::new(world, file, &text, module.suite());
    let mut scan = Scan {
        ignores: ignore::comments(file, &text, module.tokens()),
        branches: dual::branches(module.suite()),
        ..Scan::default()
    };
    scorecard::count(&parsed, &mut scan);
    coroutine::find(&parsed, &mut scan);
    swallow::find(&parsed, &mut scan);
    loops::find(&parsed, &mut scan);
    lock::find(&parsed, &mut scan);
    race::find(&parsed, &mut scan);
    affine::find(&parsed, &mut scan);
    task::find(&parsed, &mut scan);
    resource::find(&parsed, &mut scan);
    pool::find(&parsed, &mut scan);
    transaction::find(&parsed, &mut scan);
    sql::find(&parsed, &mut scan);
    logging::find(&parsed, &mut scan);
    imports::find(&parsed, &mut scan);
    Some(scan)
}

/// Asks ty everything that the scans want to know, in parallel by file.
fn ask(world: World, db: &Db, scans: &[(FileId, Scan)]) -> Vec<Answers> {
    let questions: Vec<Questions> = scans
        .iter()
        .map(|(file, scan)| {
            let path = world.project.file(*file).path.clone();
            let mut questions = Questions { path, ..Questions::default() };
            for asked in &scan.asked {
                asked.add_to(&mut questions);
            }
            questions
        })
        .collect();
    infer::ask(db, &questions)
}

fn judge(world: World, file: FileId, asked: &Asked, answers: &Answers) -> Option<Finding> {
    match asked {
        Asked::Coroutine(place) => coroutine::judge(world, file, place, answers),
        Asked::Lock(place) => lock::judge(world, file, place, answers),
        Asked::Task(place) => task::judge(file, place, answers),
        Asked::Affine(place) => affine::judge(world, file, place, answers),
        Asked::Logger(place) => logging::judge(file, place, answers),
    }
}
