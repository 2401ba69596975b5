//! The summary on stderr, and the chains of `why`.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::idle;
use super::left;
use super::stays;
use super::tests;
use super::uncertain;
use super::words::{self, Places};
use crate::color::cause::Cause;
use crate::color::{SiteVerdict, Verdicts, World, decision};
use crate::index::facts::*;
use crate::plan::Counts;
use crate::resolve::Evidence;
use crate::resolve::boundary::decorator_name;

/// How much a summary tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// What fits on a screen or two: counts, and a few examples of each.
    Short,
    /// Everything.
    Whole,
}

/// The summary of a run.
pub fn summary(world: World, verdicts: &Verdicts, counts: Counts, length: Length) -> String {
    let mut places = Places::new(world);
    let mut out = format!(
        "{} to change: {}, {}, {}",
        plural(counts.files, "file"),
        plural(counts.offloaded, "blocking call") + " moved off the loop",
        converted(counts),
        plural(counts.awaited, "call") + " awaited",
    );
    if counts.unwrapped > 0 {
        out += &format!(", {} unwrapped", plural(counts.unwrapped, "offload"));
    }
    if counts.fallbacks > 0 {
        out += &format!(", {} rewritten", plural(counts.fallbacks, "asyncio.run fallback"));
        out += &match counts.dropping {
            0 => String::new(),
            1 if counts.fallbacks == 1 => " (this drops work that ran without a loop)".to_owned(),
            all if all == counts.fallbacks => " (these drop work that ran without a loop)".to_owned(),
            some => format!(" ({some} of them drop work that ran without a loop)"),
        };
    }
    out.push('\n');
    let open = decision::open_sites(world, verdicts);
    out += &idle::section(world, verdicts, counts);
    out += &by_evidence(world, verdicts, &open);
    out += &stays::section(world, verdicts, &mut places, length);
    out += &left::section(world, verdicts, &mut places, length);
    out += &tests::section(world, verdicts, &mut places, usize::MAX);
    out += &uncertain::report(world, &open, &mut places);
    out
}

fn converted(counts: Counts) -> String {
    let functions = plural(counts.converted - counts.tests, "function") + " made async";
    if counts.tests == 0 { functions } else { format!("{functions} and {} in tests", counts.tests) }
}

/// `1 file`, `2 files`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn by_evidence(world: World, verdicts: &Verdicts, open: &FxHashSet<RefId>) -> String {
    let mut counts: BTreeMap<Evidence, usize> = BTreeMap::new();
    let mut uncertain = 0;
    for site in world.graph.sites.values() {
        if site.uncertain {
            let is_left = !world.in_tests(site.id.file)
                && matches!(verdicts.sites.get(&site.id), Some(SiteVerdict::Left(Cause::Uncertain { .. })));
            uncertain += usize::from(is_left || open.contains(&site.id));
        } else {
            *counts.entry(site.evidence).or_default() += 1;
        }
    }
    let parts: Vec<String> =
        counts.iter().map(|(evidence, count)| format!("{count} {}", known_by(*evidence))).collect();
    if parts.is_empty() { String::new() } else { format!("sites: {}, {uncertain} uncertain\n", parts.join(", ")) }
}

fn known_by(evidence: Evidence) -> String {
    match evidence {
        Evidence::Stated => "as stated by you".to_owned(),
        Evidence::Import | Evidence::Type | Evidence::Flow | Evidence::Agreement | Evidence::Pattern => {
            format!("by {}", words::evidence(evidence))
        }
    }
}

/// The chain from a function down to a blocking call, or to what keeps it sync, a line a step.
pub fn why(world: World, verdicts: &Verdicts, func: FuncId) -> String {
    let mut places = Places::new(world);
    let mut out = String::new();
    let mut seen = FxHashSet::default();
    let mut next = Some(func);
    while let Some(func) = next.take().filter(|func| seen.insert(*func)) {
        let name = world.names().qualified_func(func);
        let place = places.func(func);
        let converts = verdicts.converts.get(&func).or_else(|| verdicts.tests.converts.get(&func));
        let stays = verdicts.stays.get(&func).or_else(|| verdicts.tests.left.get(&func));
        let (verb, cause) = match (verdicts.bridges.get(&func), converts, stays) {
            (Some(cause), _, _) => ("keeps its sync face over an async body", cause),
            (None, Some(cause), _) => ("becomes async", cause),
            (None, None, Some(cause)) => ("stays sync", cause),
            (None, None, None) if world.index.func(func).is_async => {
                out += &format!("`{name}` ({place}) is async already\n");
                break;
            }
            (None, None, None) => {
                out += &format!("`{name}` ({place}) stays as it is: nothing in it leads to a blocking call\n");
                break;
            }
        };
        let cause = &beyond_family(world, verdicts, func, cause);
        out += &format!("`{name}` ({place}) {verb}: {}\n", words::sentence(world, &mut places, cause));
        out += &detail(world, &mut places, func, cause);
        next = follow(cause);
    }
    out
}

/// Of a family the member that decides: one with a reason of its own.
fn beyond_family(world: World, verdicts: &Verdicts, func: FuncId, cause: &Cause) -> Cause {
    let Cause::Family { .. } = cause else { return cause.clone() };
    let own = |member: &FuncId| {
        let decided = verdicts.converts.get(member).or_else(|| verdicts.stays.get(member));
        decided.is_some_and(|cause| !matches!(cause, Cause::Family { .. }))
    };
    let decides = world.graph.family_of(func).copied().find(|member| *member != func && own(member));
    decides.map_or_else(|| cause.clone(), |member| Cause::Family { member })
}

/// What there is to say beyond the sentence: where the decorator stands, what the generator does, what an unknown receiver
/// may be.
fn detail(world: World, places: &mut Places, func: FuncId, cause: &Cause) -> String {
    let facts = world.index.func(func);
    match cause {
        Cause::Decorator { name } => {
            let decorator = facts.decorators.iter().find(|decorator| decorator_name(world.index, decorator) == Some(name));
            decorator.map_or_else(String::new, |decorator| {
                let excerpt = places.excerpt(func.file, decorator.range);
                let place = places.place(func.file, decorator.range.start());
                format!("  `@{excerpt}` ({place}); `accepts_async` in a codemod says that it does\n")
            })
        }
        Cause::Generator if facts.traits.yields_under_try => {
            "  it holds something open over a `yield` (`try` or `with`), which a consumer that leaves early must close\n".into()
        }
        Cause::Generator if facts.traits.is_coroutine_like_generator || !facts.returns.is_empty() => {
            "  it takes values at a `yield`, or returns one, which an async generator cannot\n".into()
        }
        Cause::Uncertain { site } => {
            let site = &world.graph.sites[site];
            let names: Vec<String> =
                site.candidates.iter().map(|func| format!("`{}`", world.names().qualified_func(*func))).collect();
            let may_be = if names.is_empty() { String::new() } else { format!("  it may be {}\n", uncertain::some(&names)) };
            let annotate = site.annotate.map_or_else(String::new, |(file, range)| {
                let excerpt = places.excerpt(file, range);
                format!("  an annotation of `{excerpt}` ({}) settles it\n", places.place(file, range.start()))
            });
            may_be + &annotate
        }
        _ => String::new(),
    }
}

/// The function that a cause continues at.
fn follow(cause: &Cause) -> Option<FuncId> {
    match cause {
        Cause::Calls { target, .. } | Cause::Offloads { target, .. } => Some(*target),
        Cause::Family { member } => Some(*member),
        Cause::AsksFor { fixture } => Some(*fixture),
        Cause::StandsIn { target } => Some(*target),
        Cause::CallerStays { caller, .. } => Some(*caller),
        _ => None,
    }
}

/// What happens at the sites of one line.
pub fn why_line(world: World, verdicts: &Verdicts, file: FileId, line: usize) -> String {
    let mut places = Places::new(world);
    let mut out = String::new();
    for site in world.graph.sites_in_file(file) {
        let start = world.index.site(site.id).name_range.start();
        if places.line(file, start) != line {
            continue;
        }
        let targets: Vec<String> =
            site.targets.iter().map(|target| format!("`{}`", world.names().qualified_func(*target))).collect();
        let what = if targets.is_empty() { "a declared blocking call".to_owned() } else { targets.join(" or ") };
        let certain = if site.uncertain { "perhaps " } else { "" };
        out += &format!("{}: {certain}{what} (by {}): ", places.site(site.id), words::evidence(site.evidence));
        out += &match &verdicts.sites[&site.id] {
            SiteVerdict::Await => "awaited".to_owned(),
            SiteVerdict::Offload | SiteVerdict::OffloadHandedOn => "moved to a thread".to_owned(),
            SiteVerdict::HandedOn => "awaited by what it is handed to".to_owned(),
            SiteVerdict::Native(method) => format!("becomes `await ...{method}(...)`"),
            SiteVerdict::Replace(function) => format!("becomes `await {function}(...)`"),
            SiteVerdict::OffloadExpression { .. } => "moved to a thread in a lambda".to_owned(),
            SiteVerdict::OffloadConsumer { .. } => "moved to a thread with the call that iterates over it".to_owned(),
            SiteVerdict::OffloadIterable { .. } => "made a list in a thread".to_owned(),
            SiteVerdict::Adapt(_) => "iterated or entered as async".to_owned(),
            SiteVerdict::Unwrap { .. } => "the offload around it is taken away".to_owned(),
            SiteVerdict::UnwrapRun { .. } => "is awaited instead of run in a loop of its own".to_owned(),
            SiteVerdict::EntryPoint => "runs with `asyncio.run`".to_owned(),
            SiteVerdict::Raises { .. } => "awaited under a `with`".to_owned(),
            SiteVerdict::AsIs => "stays as it is".to_owned(),
            SiteVerdict::Left(cause) => format!("left: {}", words::sentence(world, &mut places, cause)),
        };
        out.push('\n');
        for (file, range) in &site.support {
            let excerpt = places.excerpt(*file, *range);
            out += &format!("  the receiver comes from `{excerpt}` ({})\n", places.place(*file, range.start()));
        }
        if !site.candidates.is_empty() {
            let names: Vec<String> =
                site.candidates.iter().map(|func| format!("`{}`", world.names().qualified_func(*func))).collect();
            out += &format!("  it may be {}\n", names.join(" or "));
        }
        for target in &site.targets {
            out += &why(world, verdicts, *target);
        }
    }
    out
}
