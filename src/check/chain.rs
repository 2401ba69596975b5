//! From an async function down to what blocks: the shortest chain of certain calls.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::dual;
use crate::color::World;
use crate::color::cause::Cause;
use crate::color::consumer::takes_all;
use crate::color::shape::{Shape, shape};
use crate::index::facts::*;
use crate::resolve::{Site, SiteKind};

/// A blocking chain, and what the migration does about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Sites from the one in the async function to the leaf. Never empty.
    pub steps: Vec<RefId>,
    pub outcome: Outcome,
}

/// What the migration does at the first step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The text of the expression, and what it becomes.
    Edit { before: String, after: String },
    /// It cannot change it.
    Left(Cause),
    /// It has nothing to say about it.
    Nothing,
}

/// Which kind of leaf a chain ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafKind {
    Blocking,
    /// Reading and writing files.
    File,
    /// Running an event loop.
    Loop,
}

/// Sync functions that block when they are called, and the site in each that leads to the nearest leaf.
pub struct Blocks {
    next: FxHashMap<FuncId, RefId>,
}

impl Blocks {
    /// Searches upwards from the leaves of these kinds, nearest first. `cut` says which sites do not count.
    pub fn search(world: World, kind: LeafKind, cut: &FxHashSet<RefId>) -> Self {
        let mut search = Search { world, blocks: Blocks { next: FxHashMap::default() }, queue: VecDeque::new() };
        let callers = callers(world, cut);
        for site in world.graph.sites.values() {
            if leaf_kind(world, site) == Some(kind) && !cut.contains(&site.id) && counts(world, site.id) {
                search.reach(owner(world, site.id), site.id);
            }
        }
        loop {
            while let Some(func) = search.queue.pop_front() {
                for site in callers.get(&func).into_iter().flatten() {
                    search.reach(owner(world, *site), *site);
                }
            }
            if !search.reach_stubs() {
                return search.blocks;
            }
        }
    }

    /// The chain that starts at this site; none when nothing certain blocks there.
    pub fn chain(&self, world: World, site: &Site) -> Option<Vec<RefId>> {
        let mut steps = vec![site.id];
        if matches!(site.kind, SiteKind::Blocking { .. }) {
            return Some(steps);
        }
        let mut func = *site.targets.iter().find(|target| self.runs(world, site, **target))?;
        loop {
            let next = self.next.get(&func)?;
            steps.push(*next);
            let site = &world.graph.sites[next];
            if matches!(site.kind, SiteKind::Blocking { .. }) {
                return Some(steps);
            }
            func = *site.targets.iter().find(|target| self.runs(world, site, **target))?;
            if steps.len() > 64 {
                return None;
            }
        }
    }

    /// Does the site run the body of this target, and does that block?
    fn runs(&self, world: World, site: &Site, target: FuncId) -> bool {
        self.next.contains_key(&target) && runs_body(world, site, target)
    }
}

struct Search<'a> {
    world: World<'a>,
    blocks: Blocks,
    queue: VecDeque<FuncId>,
}

impl Search<'_> {
    fn reach(&mut self, func: Option<FuncId>, site: RefId) {
        let Some(func) = func.filter(|func| !self.world.index.func(*func).is_async) else { return };
        if let std::collections::hash_map::Entry::Vacant(entry) = self.blocks.next.entry(func) {
            entry.insert(site);
            self.queue.push_back(func);
        }
    }

    /// A declared method without a body blocks when everything that implements it does. Returns whether there was one.
    fn reach_stubs(&mut self) -> bool {
        let world = self.world;
        let mut found = vec![];
        for func in &world.graph.nodes {
            if !world.index.func(*func).traits.is_stub || self.blocks.next.contains_key(func) {
                continue;
            }
            let real: Vec<&FuncId> =
                world.graph.family_of(*func).filter(|member| !world.index.func(**member).traits.is_stub).collect();
            let all = real.iter().all(|member| self.blocks.next.contains_key(*member));
            if let Some(first) = real.first().filter(|_| all) {
                found.push((*func, self.blocks.next[*first]));
            }
        }
        for (func, site) in &found {
            self.reach(Some(*func), *site);
        }
        !found.is_empty()
    }
}

/// The sites that certainly run a function, by the function.
fn callers(world: World, cut: &FxHashSet<RefId>) -> FxHashMap<FuncId, Vec<RefId>> {
    let mut callers: FxHashMap<FuncId, Vec<RefId>> = FxHashMap::default();
    for site in world.graph.sites.values() {
        let runs = matches!(site.kind, SiteKind::Call | SiteKind::Read | SiteKind::Callback { .. });
        if !runs || site.uncertain || cut.contains(&site.id) || !counts(world, site.id) {
            continue;
        }
        for target in site.targets.iter().filter(|target| runs_body(world, site, **target)) {
            callers.entry(*target).or_default().push(site.id);
        }
    }
    callers
}

/// Calling a generator function runs nothing yet: something has to iterate or enter it. And what may give a coroutine as
/// well does not block where it does.
fn runs_body(world: World, site: &Site, target: FuncId) -> bool {
    let is_async = |target: &FuncId| world.index.func(*target).is_async;
    if site.targets.iter().any(is_async) || dual::is_awaited(world, site.id) || dual::is_dual(world, target) {
        return false;
    }
    let usage = match world.index.site(site.id).usage {
        Usage::Called(call) => world.index.call(call).usage,
        usage => usage,
    };
    match shape(world, target) {
        Shape::Coroutine | Shape::Entered | Shape::Next => true,
        Shape::Manager => matches!(usage, Usage::WithItem { .. }),
        Shape::Generator | Shape::Iterable => match usage {
            Usage::ForIter { .. } | Usage::YieldFrom { .. } | Usage::Starred { .. } => true,
            Usage::ComprehensionIter { kind, .. } => !matches!(kind, ComprehensionKind::Generator(_)),
            Usage::Argument { call, index: 0 } => {
                takes_all(world, call, 0)
                    || world.names().last_name(world.index.call(call).func).is_some_and(|name| name == "next")
            }
            _ => false,
        },
    }
}

/// Does the site run where it stands: in a function, outside of lambdas and of what only the type checker reads? A
/// generator expression runs where something takes it whole.
pub fn counts(world: World, id: RefId) -> bool {
    let context = world.context(id);
    if context.type_checking || context.func.is_none() {
        return false;
    }
    match context.barrier {
        None => true,
        Some(Barrier::Generator) => context.generators.iter().all(|generator| {
            generator.consumer.is_some_and(|consumer| {
                let name = world.names().last_name(world.index.call(consumer).func);
                takes_all(world, consumer, 0) || name.is_some_and(|name| matches!(name, "any" | "all" | "next"))
            })
        }),
        Some(Barrier::Lambda { .. } | Barrier::ClassBody | Barrier::Annotation) => false,
    }
}

/// The function whose body runs the site.
pub fn owner(world: World, id: RefId) -> Option<FuncId> {
    world.context(id).func
}

/// What kind of leaf a site is; none when it is no leaf.
pub fn leaf_kind(world: World, site: &Site) -> Option<LeafKind> {
    let SiteKind::Blocking { entry, .. } = site.kind else { return None };
    Some(match world.graph.entries[entry].codemod.as_str() {
        "open" | super::leaves::FILES => LeafKind::File,
        super::leaves::LOOPS => LeafKind::Loop,
        _ => LeafKind::Blocking,
    })
}
