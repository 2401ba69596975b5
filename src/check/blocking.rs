//! AW101 to AW104 and the chains of AW302: what blocks in async functions, from the call graph of the migration.

use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use super::chain::{self, Blocks, Chain, LeafKind, Outcome};
use super::code::Code;
use super::ignore::Ignore;
use super::{Detail, Finding, Planned, affine, dual};
use crate::color::{SiteVerdict, World};
use crate::edit::{Edit, FileEdits};
use crate::index::facts::*;
use crate::resolve::{Site, SiteKind};

/// Everything that blocks in async functions. An ignore comment on a call in a sync function takes that call out of every
/// chain; such calls come back beside the findings. `branches` are where a sync function decides by the type of what it is
/// given: no chain goes through there.
pub fn find(
    planned: Planned,
    ignores: &[Ignore],
    branches: &FxHashMap<FileId, Vec<TextRange>>,
) -> (Vec<Finding>, Vec<(Code, FileId, TextRange)>) {
    let world = planned.world;
    let in_branch = |id: &RefId| {
        let range = world.index.site(*id).range;
        let is_sync = chain::owner(world, *id).is_some_and(|func| !world.index.func(func).is_async);
        is_sync && branches.get(&id.file).into_iter().flatten().any(|branch| branch.contains_range(range))
    };
    let mut cut: FxHashSet<RefId> = world.graph.sites.keys().copied().filter(in_branch).collect();
    let mut ignored = vec![];
    for site in world.graph.sites.values() {
        let is_sync = chain::owner(world, site.id).is_some_and(|func| !world.index.func(func).is_async);
        let range = world.index.site(site.id).range;
        let codes = [Code::BlockingCall, Code::BlockingHelper, Code::BlockingAttribute, Code::BlockingFile];
        let taken = codes.into_iter().find(|code| ignores.iter().any(|one| one.covers(*code, site.id.file, range)));
        if let Some(code) = taken.filter(|_| is_sync) {
            cut.insert(site.id);
            ignored.push((code, site.id.file, range));
        }
    }
    let mut findings = vec![];
    for kind in [LeafKind::Blocking, LeafKind::File, LeafKind::Loop] {
        let blocks = Blocks::search(world, kind, &cut);
        for site in world.graph.sites.values() {
            findings.extend(finding(planned, &blocks, kind, site));
        }
    }
    drop_repeated(world, &mut findings);
    (findings, ignored)
}

/// Of a call that blocks in two ways the chain to a file says less; and a function that opens a file is not told of every
/// read and write as well.
fn drop_repeated(world: World, findings: &mut Vec<Finding>) {
    let blocking: FxHashSet<(FileId, TextRange)> = findings
        .iter()
        .filter(|finding| finding.code != Code::BlockingFile)
        .map(|finding| (finding.file, finding.range))
        .collect();
    let mut opened = FxHashSet::default();
    findings.retain(|finding| {
        let (Code::BlockingFile, Detail::Chain(chain)) = (finding.code, &finding.detail) else { return true };
        let [site] = chain.steps.as_slice() else { return !blocking.contains(&(finding.file, finding.range)) };
        let func = chain::owner(world, *site);
        match is_file_method(world, *site) {
            true => !opened.contains(&func),
            false => opened.insert(func) || !blocking.contains(&(finding.file, finding.range)),
        }
    });
}

/// `f.read()` on an open file.
fn is_file_method(world: World, id: RefId) -> bool {
    let methods = ["read", "readline", "readlines", "write", "writelines", "flush"];
    methods.contains(&world.index.site(id).name.as_str())
}

fn finding(planned: Planned, blocks: &Blocks, kind: LeafKind, site: &Site) -> Option<Finding> {
    let world = planned.world;
    chain::owner(world, site.id).filter(|func| world.index.func(*func).is_async)?;
    let is_leaf = matches!(site.kind, SiteKind::Blocking { .. });
    let runs = is_leaf || matches!(site.kind, SiteKind::Call | SiteKind::Read | SiteKind::Callback { .. });
    if !runs || site.uncertain || !chain::counts(world, site.id) {
        return None;
    }
    if is_leaf && chain::leaf_kind(world, site) != Some(kind) {
        return None;
    }
    if dual::is_awaited(world, site.id) {
        return None;
    }
    let steps = blocks.chain(world, site)?;
    if kind == LeafKind::File && steps.len() > 1 && !touches_contents(world, &steps) {
        return None;
    }
    let code = match (kind, &site.kind) {
        (LeafKind::Loop, _) => Code::NestedLoop,
        (LeafKind::File, _) => Code::BlockingFile,
        (LeafKind::Blocking, SiteKind::Blocking { .. }) => Code::BlockingCall,
        (LeafKind::Blocking, SiteKind::Read) => Code::BlockingAttribute,
        (LeafKind::Blocking, _) if is_operator(world, site) => Code::BlockingAttribute,
        (LeafKind::Blocking, _) => Code::BlockingHelper,
    };
    let range = whole_range(world, site);
    let outcome = match kind {
        LeafKind::Loop => Outcome::Nothing,
        // A thread of its own is the wrong place for what belongs to one.
        LeafKind::Blocking if is_thread_bound(world, &steps) => Outcome::Nothing,
        LeafKind::Blocking | LeafKind::File => outcome(planned, site, range),
    };
    let detail = Detail::Chain(Chain { steps, outcome });
    Some(Finding { code, file: site.id.file, range, detail })
}

/// Does an operator or a builtin run it, without a call that names it?
fn is_operator(world: World, site: &Site) -> bool {
    let facts = world.index.site(site.id);
    facts.runs_unseen() && !matches!(facts.usage, Usage::WithItem { .. })
}

fn is_thread_bound(world: World, steps: &[RefId]) -> bool {
    let leaf = steps.last().map(|id| &world.graph.sites[id].kind);
    match leaf {
        Some(SiteKind::Blocking { entry, .. }) => affine::of_entry(world, &world.graph.entries[*entry]).is_some(),
        _ => false,
    }
}

/// Behind a helper, only what reads or writes a whole file counts: to remove one, or to make a folder, is short.
fn touches_contents(world: World, steps: &[RefId]) -> bool {
    let name = steps.last().map_or("", |id| world.index.site(*id).name.as_str());
    !matches!(
        name,
        "mkdir" | "unlink" | "rmdir" | "rename" | "replace" | "listdir" | "scandir" | "makedirs" | "remove" | "stat"
    )
}

/// The call at a site, or the name where there is none.
fn whole_range(world: World, site: &Site) -> TextRange {
    match world.index.site(site.id).usage {
        Usage::Called(call) => world.index.call(call).range,
        Usage::Implied { whole } => whole,
        _ => world.index.site(site.id).range,
    }
}

fn outcome(planned: Planned, site: &Site, range: TextRange) -> Outcome {
    match &planned.verdicts.sites[&site.id] {
        SiteVerdict::Left(cause) => Outcome::Left(cause.clone()),
        SiteVerdict::AsIs => Outcome::Nothing,
        SiteVerdict::OffloadConsumer { call } => edited(planned, site.id.file, planned.world.index.call(*call).range),
        SiteVerdict::OffloadIterable { iterable, .. } => edited(planned, site.id.file, *iterable),
        SiteVerdict::Await
        | SiteVerdict::Offload
        | SiteVerdict::Native(_)
        | SiteVerdict::Replace(_)
        | SiteVerdict::Adapt(_)
        | SiteVerdict::Unwrap { .. }
        | SiteVerdict::EntryPoint
        | SiteVerdict::UnwrapRun { .. }
        | SiteVerdict::HandedOn
        | SiteVerdict::OffloadHandedOn
        | SiteVerdict::OffloadExpression { .. }
        | SiteVerdict::Raises { .. } => edited(planned, site.id.file, range),
    }
}

/// What the edits of the migration make of a range of the text.
fn edited(planned: Planned, file: FileId, range: TextRange) -> Outcome {
    let Some((text, edits)) = planned.edits.get(&file) else { return Outcome::Nothing };
    let inside: Vec<Edit> = edits.edits.iter().filter(|edit| range.contains_range(edit.range)).cloned().collect();
    let only = FileEdits { changes: edits.changes.clone(), edits: inside, ..FileEdits::default() };
    let (false, Ok(applied)) = (only.edits.is_empty(), only.apply(text)) else { return Outcome::Nothing };
    let grown = applied.text.len() + range.end().to_usize() - text.len();
    let Some(after) = applied.text.get(range.start().to_usize()..grown) else { return Outcome::Nothing };
    Outcome::Edit { before: text[range].to_owned(), after: after.to_owned() }
}
