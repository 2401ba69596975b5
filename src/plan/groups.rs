//! Groups of changes that stand or fall together, and which of them need one another.
//!
//! A function can convert only with all functions that call it: it needs them, they do not need it. Functions that call
//! one another, and families, are one group. So any set of groups that holds what its groups need leaves a working program:
//! every call of what converts in it is awaited in it. Tests follow whatever is chosen and are in no group.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::color::cause::Cause;
use crate::color::{SiteVerdict, Verdicts, World};
use crate::index::facts::*;

/// Changes that stand or fall together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The functions that change, in file order: they convert, or blocking calls in them move off the loop. Never empty.
    pub functions: Vec<FuncId>,
    /// Indices of the groups without which this one leaves no working program, sorted.
    pub needs: Vec<usize>,
    /// Nothing in it blocks: it is there for the groups that need it.
    pub carried: bool,
    /// Where it changes something; tests that follow it included.
    pub places: Vec<(FileId, TextRange)>,
}

/// The groups of all that `verdicts` change, in the order of their first functions.
pub fn groups(world: World, verdicts: &Verdicts) -> Vec<Group> {
    let mut builder = Builder::default();
    for func in verdicts.converts.keys().chain(verdicts.bridges.keys()).filter(|func| !world.in_tests(func.file)) {
        builder.node(*func);
    }
    builder.join_families(world);
    let moving = moving(world, verdicts);
    builder.add_moving(world, &moving);
    for (id, verdict) in &verdicts.sites {
        builder.add_needs(world, verdicts, *id, verdict);
    }
    let mut groups = builder.finish(&moving);
    find_places(world, verdicts, &mut groups);
    groups
}

/// The functions with changes of their own inside: a blocking call that moves, a fallback.
fn moving(world: World, verdicts: &Verdicts) -> BTreeSet<FuncId> {
    let sites = verdicts.sites.iter().filter(|(_, verdict)| moves(verdict));
    let owners = sites.filter_map(|(id, _)| world.owner(*id));
    let follows = |func: &FuncId| world.in_tests(func.file) && verdicts.converts.contains_key(func);
    let fallbacks = super::fallbacks::rewritten(world, verdicts).map(|(_, _, func)| func);
    owners.chain(fallbacks).filter(|func| !follows(func)).collect()
}

/// Does the verdict move a call off the loop, whatever becomes of other functions?
fn moves(verdict: &SiteVerdict) -> bool {
    match verdict {
        SiteVerdict::Offload
        | SiteVerdict::Native(_)
        | SiteVerdict::Replace(_)
        | SiteVerdict::UnwrapRun { .. }
        | SiteVerdict::OffloadHandedOn
        | SiteVerdict::OffloadExpression { .. }
        | SiteVerdict::OffloadConsumer { .. }
        | SiteVerdict::OffloadIterable { .. } => true,
        SiteVerdict::Await
        | SiteVerdict::HandedOn
        | SiteVerdict::Adapt(_)
        | SiteVerdict::Unwrap { .. }
        | SiteVerdict::EntryPoint
        | SiteVerdict::Raises { .. }
        | SiteVerdict::AsIs
        | SiteVerdict::Left(_) => false,
    }
}

/// Does the verdict edit the site because what it calls converts?
fn adapts(verdict: &SiteVerdict) -> bool {
    match verdict {
        SiteVerdict::Await
        | SiteVerdict::HandedOn
        | SiteVerdict::Adapt(_)
        | SiteVerdict::Unwrap { .. }
        | SiteVerdict::EntryPoint
        | SiteVerdict::Raises { .. } => true,
        SiteVerdict::Offload
        | SiteVerdict::Native(_)
        | SiteVerdict::Replace(_)
        | SiteVerdict::OffloadConsumer { .. }
        | SiteVerdict::OffloadIterable { .. }
        | SiteVerdict::UnwrapRun { .. }
        | SiteVerdict::OffloadHandedOn
        | SiteVerdict::OffloadExpression { .. }
        | SiteVerdict::AsIs
        | SiteVerdict::Left(_) => false,
    }
}

/// The graph of needs.
#[derive(Default)]
struct Builder {
    nodes: FxHashMap<FuncId, NodeIndex>,
    graph: DiGraph<FuncId, ()>,
}

impl Builder {
    fn node(&mut self, func: FuncId) -> NodeIndex {
        *self.nodes.entry(func).or_insert_with(|| self.graph.add_node(func))
    }

    fn join(&mut self, members: &[NodeIndex]) {
        for pair in members.windows(2) {
            self.graph.update_edge(pair[0], pair[1], ());
            self.graph.update_edge(pair[1], pair[0], ());
        }
    }

    fn join_families(&mut self, world: World) {
        for family in &world.graph.families {
            let members: Vec<NodeIndex> = family.iter().filter_map(|member| self.nodes.get(member).copied()).collect();
            self.join(&members);
        }
    }

    /// Blocking calls in async tests are one group a file.
    fn add_moving(&mut self, world: World, moving: &BTreeSet<FuncId>) {
        let mut by_test_file: BTreeMap<FileId, Vec<NodeIndex>> = BTreeMap::new();
        for func in moving {
            let node = self.node(*func);
            if world.in_tests(func.file) {
                by_test_file.entry(func.file).or_default().push(node);
            }
        }
        by_test_file.values().for_each(|members| self.join(members));
    }

    /// What a site calls needs the function around it, and all of it is of one color.
    fn add_needs(&mut self, world: World, verdicts: &Verdicts, id: RefId, verdict: &SiteVerdict) {
        if !adapts(verdict) || world.in_tests(id.file) {
            return;
        }
        let targets = world.graph.sites[&id].targets.iter();
        let targets: Vec<NodeIndex> = targets.filter_map(|target| self.nodes.get(target).copied()).collect();
        self.join(&targets);
        let owner = world.owner(id);
        let owner = owner.filter(|owner| verdicts.converts.contains_key(owner) || verdicts.bridges.contains_key(owner));
        if let (Some(owner), Some(target)) = (owner, targets.first()) {
            let owner = self.node(owner);
            self.graph.update_edge(*target, owner, ());
        }
    }

    fn finish(self, moving: &BTreeSet<FuncId>) -> Vec<Group> {
        let functions = |component: Vec<NodeIndex>| {
            let mut functions: Vec<FuncId> = component.into_iter().map(|node| self.graph[node]).collect();
            functions.sort_unstable();
            functions
        };
        let mut components: Vec<Vec<FuncId>> = kosaraju_scc(&self.graph).into_iter().map(functions).collect();
        components.sort_unstable();
        let number: FxHashMap<FuncId, usize> = components
            .iter()
            .enumerate()
            .flat_map(|(number, functions)| functions.iter().map(move |func| (*func, number)))
            .collect();
        let mut needs = vec![BTreeSet::new(); components.len()];
        for edge in self.graph.raw_edges() {
            let (from, to) = (number[&self.graph[edge.source()]], number[&self.graph[edge.target()]]);
            if from != to {
                needs[from].insert(to);
            }
        }
        let needed: BTreeSet<usize> = needs.iter().flatten().copied().collect();
        let groups = components.into_iter().zip(needs).enumerate().map(|(number, (functions, needs))| Group {
            carried: needed.contains(&number) && !functions.iter().any(|func| moving.contains(func)),
            functions,
            needs: needs.into_iter().collect(),
            places: vec![],
        });
        groups.collect()
    }
}

fn find_places(world: World, verdicts: &Verdicts, groups: &mut [Group]) {
    let number: FxHashMap<FuncId, usize> = groups
        .iter()
        .enumerate()
        .flat_map(|(number, group)| group.functions.iter().map(move |func| (*func, number)))
        .collect();
    let mut add = |func: FuncId, file: FileId, range: TextRange| {
        if let Some(number) = number.get(&cause_in_code(world, verdicts, func)) {
            groups[*number].places.push((file, range));
        }
    };
    for func in verdicts.converts.keys().chain(verdicts.bridges.keys()) {
        add(*func, func.file, world.index.func(*func).name_range);
    }
    for (id, verdict) in &verdicts.sites {
        let site = world.index.site(*id);
        let range = match site.usage {
            Usage::Called(call) => world.index.call(call).range,
            _ => site.range,
        };
        let targets = &world.graph.sites[id].targets;
        let account = match (moves(verdict), adapts(verdict)) {
            (true, _) => world.owner(*id),
            (_, true) => targets.iter().find(|target| verdicts.converts.contains_key(target)).copied(),
            _ => None,
        };
        if let Some(func) = account {
            add(func, id.file, range);
        }
    }
    for (file, fallback, func) in super::fallbacks::rewritten(world, verdicts) {
        add(func, file, fallback.statement);
    }
    for group in groups {
        group.places.sort_unstable_by_key(|(file, range)| (*file, range.start(), range.end()));
        group.places.dedup();
    }
}

/// The function of the code on whose account a function of a test converts; the function itself when it is of the code.
fn cause_in_code(world: World, verdicts: &Verdicts, func: FuncId) -> FuncId {
    let mut current = func;
    let mut seen = FxHashSet::default();
    while world.in_tests(current.file) && seen.insert(current) {
        current = match verdicts.converts.get(&current) {
            Some(Cause::Calls { target, .. } | Cause::StandsIn { target }) => *target,
            Some(Cause::AsksFor { fixture }) => *fixture,
            Some(Cause::Family { member }) => *member,
            _ => break,
        };
    }
    current
}

/// Drops the groups that are empty and that nothing needs: what they had was left by its rewriter.
pub fn drop_empty(groups: &mut Vec<Group>, is_empty: impl Fn(&Group) -> bool) {
    let needed: BTreeSet<usize> = groups.iter().flat_map(|group| group.needs.iter().copied()).collect();
    let mut moved = vec![];
    let mut kept = vec![];
    for (at, group) in std::mem::take(groups).into_iter().enumerate() {
        moved.push(kept.len());
        if needed.contains(&at) || !is_empty(&group) {
            kept.push(group);
        }
    }
    *groups = kept;
    for needed in groups.iter_mut().flat_map(|group| &mut group.needs) {
        *needed = moved[*needed];
    }
}
