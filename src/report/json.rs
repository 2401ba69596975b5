//! `--format json`: everything that the summary tells, and all sites with evidence and causes.
//!
//! The schema, version 1. `version`; `summary`: counts; `functions`: an object for every function that converts or stays
//! though it blocks (`name`, `file`, `line`, `verdict`: `converts` or `stays`, `cause`, `reason`); `sites`: an object for
//! every site (`file`, `line`, `column`, `name`, `kind`, `verdict`, `evidence`, `uncertain`, `undecided`: only there where saying what it calls would change what converts, `targets`, and `cause` with `reason`
//! when it is left; `support`: the writes that bring the receiver there, `candidates`: what an unknown receiver may mean,
//! `annotate`: where an annotation would settle it); `elsewhere`: calls of the same names that are something else
//! (`file`, `line`, `column`, `name`, `evidence`: `open` when only no function of that name fits, `targets`); `groups`: the changes that stand or fall together (`id`, which `--only`
//! takes, `title`, `functions`, `depends_on`, `carried`: only there for the groups that depend on it, `chosen`); `tests`: an object for every test that may break (`name`, `file`, `line`,
//! `cause`, `reason`); `hazards`: what the edits create, as findings of `check`; `problems` and `unreadable`: messages about config and files. Keys are only ever added.

use serde::Serialize;

use super::findings::{self, Shown};
use super::words::{self, Places};
use crate::color::{SiteVerdict, Verdicts, World, decision};
use crate::error::Problem;
use crate::group::{self, GroupId};
use crate::index::facts::Usage;
use crate::plan::Counts;
use crate::resolve::SiteKind;

#[derive(Serialize)]
struct Report {
    version: u32,
    summary: Summary,
    functions: Vec<Function>,
    sites: Vec<Site>,
    elsewhere: Vec<Elsewhere>,
    groups: Vec<Group>,
    tests: Vec<Test>,
    hazards: Vec<serde_json::Value>,
    problems: Vec<String>,
    unreadable: Vec<String>,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    offloaded: usize,
    converted: usize,
    converted_tests: usize,
    awaited: usize,
    unwrapped: usize,
    fallbacks: usize,
    left: usize,
    uncertain: usize,
    undecided: usize,
}

#[derive(Serialize)]
struct Function {
    name: String,
    file: String,
    line: usize,
    verdict: &'static str,
    cause: &'static str,
    reason: String,
}

#[derive(Serialize)]
struct Group {
    id: String,
    title: String,
    functions: Vec<String>,
    depends_on: Vec<String>,
    carried: bool,
    chosen: bool,
}

#[derive(Serialize)]
struct Test {
    name: String,
    file: String,
    line: usize,
    cause: &'static str,
    reason: String,
}

#[derive(Serialize)]
struct Site {
    file: String,
    line: usize,
    column: usize,
    name: String,
    kind: &'static str,
    verdict: &'static str,
    evidence: &'static str,
    uncertain: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    undecided: bool,
    targets: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    support: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Elsewhere {
    file: String,
    line: usize,
    column: usize,
    name: String,
    evidence: &'static str,
    targets: Vec<String>,
}

/// What is told beside the verdicts.
pub struct Beside<'a> {
    pub groups: &'a [group::Group],
    /// The groups that are carried out, when they are not all.
    pub chosen: Option<&'a [GroupId]>,
    /// What the edits create.
    pub hazards: &'a [Shown],
    pub problems: &'a [Problem],
    pub unreadable: &'a [Problem],
}

/// The report as one JSON object.
pub fn report(world: World, verdicts: &Verdicts, counts: Counts, beside: &Beside) -> String {
    let Beside { groups, chosen, hazards, problems, unreadable } = *beside;
    let mut places = Places::new(world);
    let sites = sites(world, verdicts, &mut places);
    let is_left = |site: &&Site| site.verdict == "left";
    let report = Report {
        version: 1,
        summary: Summary {
            files: counts.files,
            offloaded: counts.offloaded,
            converted: counts.converted,
            converted_tests: counts.tests,
            awaited: counts.awaited,
            unwrapped: counts.unwrapped,
            fallbacks: counts.fallbacks,
            left: sites.iter().filter(is_left).count(),
            uncertain: sites.iter().filter(|site| site.uncertain).count(),
            undecided: sites.iter().filter(|site| site.undecided).count(),
        },
        functions: functions(world, verdicts, &mut places),
        sites,
        elsewhere: elsewhere(world, &mut places),
        groups: groups.iter().map(|group| group_of(group, chosen)).collect(),
        tests: tests(world, verdicts, &mut places),
        hazards: hazards.iter().map(findings::json::finding).collect(),
        problems: problems.iter().map(Problem::to_string).collect(),
        unreadable: unreadable.iter().map(Problem::to_string).collect(),
    };
    serde_json::to_string_pretty(&report).expect("plain data serializes") + "\n"
}

fn group_of(group: &group::Group, chosen: Option<&[GroupId]>) -> Group {
    Group {
        id: group.id.0.clone(),
        title: group.title.clone(),
        functions: group.functions.clone(),
        depends_on: group.depends_on.iter().map(|id| id.0.clone()).collect(),
        carried: group.carried,
        chosen: chosen.is_none_or(|chosen| chosen.contains(&group.id)),
    }
}

fn tests(world: World, verdicts: &Verdicts, places: &mut Places) -> Vec<Test> {
    let found = super::tests::may_break(world, verdicts, places).into_iter();
    found
        .map(|one| Test {
            name: one.what,
            file: world.project.file(one.file).relative.clone(),
            line: one.line,
            cause: one.cause,
            reason: one.reason,
        })
        .collect()
}

fn functions(world: World, verdicts: &Verdicts, places: &mut Places) -> Vec<Function> {
    let converts = verdicts.converts.iter().map(|entry| ("converts", entry));
    let stays = verdicts.stays.iter().map(|entry| ("stays", entry));
    let mut all: Vec<_> = converts.chain(stays).collect();
    all.sort_by_key(|(_, (func, _))| **func);
    all.into_iter()
        .map(|(verdict, (func, cause))| Function {
            name: world.names().qualified_func(*func),
            file: world.project.file(func.file).relative.clone(),
            line: places.line(func.file, world.index.func(*func).name_range.start()),
            verdict,
            cause: words::key(cause),
            reason: words::sentence(world, places, cause),
        })
        .collect()
}

fn sites(world: World, verdicts: &Verdicts, places: &mut Places) -> Vec<Site> {
    let open = decision::open_sites(world, verdicts);
    world
        .graph
        .sites
        .values()
        .map(|site| {
            let facts = world.index.site(site.id);
            let verdict = &verdicts.sites[&site.id];
            let cause = match verdict {
                SiteVerdict::Left(cause) => Some(cause),
                _ => None,
            };
            let (line, column) = places.line_and_column(site.id.file, facts.name_range.start());
            Site {
                file: world.project.file(site.id.file).relative.clone(),
                line,
                column,
                name: facts.name.to_string(),
                kind: kind(&site.kind),
                verdict: verdict_name(verdict),
                evidence: words::evidence(site.evidence),
                uncertain: site.uncertain,
                undecided: open.contains(&site.id),
                targets: site.targets.iter().map(|target| world.names().qualified_func(*target)).collect(),
                support: site.support.iter().map(|(file, range)| places.place(*file, range.start())).collect(),
                candidates: site.candidates.iter().map(|target| world.names().qualified_func(*target)).collect(),
                annotate: site.annotate.map(|(file, range)| places.place(file, range.start())),
                cause: cause.map(words::key),
                reason: cause.map(|cause| words::sentence(world, places, cause)),
            }
        })
        .collect()
}

/// Calls that bear the name of a function which leads to a blocking call, and call something else.
fn elsewhere(world: World, places: &mut Places) -> Vec<Elsewhere> {
    let found = world.graph.foreign.iter().filter(|(id, _)| matches!(world.index.site(**id).usage, Usage::Called(_)));
    found
        .map(|(id, it)| {
            let facts = world.index.site(*id);
            let (line, column) = places.line_and_column(id.file, facts.name_range.start());
            Elsewhere {
                file: world.project.file(id.file).relative.clone(),
                line,
                column,
                name: facts.name.to_string(),
                evidence: it.evidence.map_or("open", words::evidence),
                targets: it.targets.iter().map(|target| world.names().qualified_func(*target)).collect(),
            }
        })
        .collect()
}

fn kind(kind: &SiteKind) -> &'static str {
    match kind {
        SiteKind::Blocking { .. } => "blocking",
        SiteKind::Call => "call",
        SiteKind::Read => "read",
        SiteKind::Runs { .. } => "runs-loop",
        SiteKind::Callback { .. } => "callback",
        SiteKind::Value => "value",
        SiteKind::Made => "made",
        SiteKind::Carried => "carried",
        SiteKind::Iterated => "iterated",
        SiteKind::Offloaded { .. } => "offloaded",
        SiteKind::Accepted => "accepted",
        SiteKind::Dispatched => "dispatched",
        SiteKind::Mention => "mention",
    }
}

fn verdict_name(verdict: &SiteVerdict) -> &'static str {
    match verdict {
        SiteVerdict::Await => "await",
        SiteVerdict::Offload => "offload",
        SiteVerdict::Native(_) => "native",
        SiteVerdict::Replace(_) => "replace",
        SiteVerdict::OffloadConsumer { .. } => "offload-consumer",
        SiteVerdict::OffloadIterable { .. } => "offload-iterable",
        SiteVerdict::Adapt(_) => "adapt",
        SiteVerdict::Unwrap { .. } => "unwrap",
        SiteVerdict::UnwrapRun { .. } => "unwrap-run",
        SiteVerdict::HandedOn => "handed-on",
        SiteVerdict::OffloadHandedOn => "offload",
        SiteVerdict::OffloadExpression { .. } => "offload",
        SiteVerdict::EntryPoint => "entry-point",
        SiteVerdict::Raises { .. } => "raises",
        SiteVerdict::AsIs => "as-is",
        SiteVerdict::Left(_) => "left",
    }
}
