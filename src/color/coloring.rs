//! The state of the fixpoint: who converts, who blocks, what the sites do with the colors as they are.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::cause::Cause;
use super::{World, bridge, consumer, exit_stack, frameworks, guard, hazard, nesting, obstacle, shape, swap, tests};
use crate::config::{BlockingAction, Reach};
use crate::index::facts::*;
use crate::resolve::{Site, SiteKind, decorator, dispatcher, eager, hierarchy, site};

pub(super) struct Coloring<'a> {
    pub(super) world: World<'a>,
    pub(super) stays: BTreeMap<FuncId, Cause>,
    /// Functions that stay for their callers and await inside.
    pub(super) bridges: BTreeSet<FuncId>,
    /// Sites by the function whose body holds them.
    pub(super) sites_in: FxHashMap<FuncId, Vec<RefId>>,
    pub(super) family_of: FxHashMap<FuncId, usize>,
    /// Functions that run something blocking when called, whatever becomes of them.
    pub(super) blocking: BTreeSet<FuncId>,
    /// Sync functions that lead to a blocking call, counted or not.
    pub(super) leads: BTreeSet<FuncId>,
    /// Functions that run an event loop, themselves or by what they call.
    pub(super) run_loops: BTreeSet<FuncId>,
    /// Those of them that lead to a loop which belongs to the main thread, as that of a server does.
    pub(super) run_main_loops: BTreeSet<FuncId>,
    /// Sync functions that lead to a blocking call which counts wherever it stands.
    pub(super) everywhere: BTreeSet<FuncId>,
    /// Sync functions that an async function reaches.
    pub(super) reached: BTreeSet<FuncId>,
    /// Sync functions that functions reach which block: they may run on a loop one day.
    pub(super) nested: BTreeSet<FuncId>,
    pub(super) pending: Vec<FuncId>,
    pub(super) tests: tests::Tests,
    /// What the search for hazards found with the colors as they were.
    searched: hazard::Searched,
    /// Functions that are given to what awaits them where it can: no call of it names them.
    dispatched: Vec<FuncId>,
}

/// How a function leads to what another one of its family runs.
#[derive(Clone, Copy)]
enum Along {
    /// Where one of a family converts, all of it do.
    Families,
    /// What stays runs itself, or what overrides it.
    Overrides,
}

impl<'a> Coloring<'a> {
    pub(super) fn new(world: World<'a>) -> Self {
        let mut sites_in: FxHashMap<FuncId, Vec<RefId>> = FxHashMap::default();
        for id in world.graph.sites.keys() {
            if let Some(func) = world.owner(*id) {
                sites_in.entry(func).or_default().push(*id);
            }
        }
        let family_of = world
            .graph
            .families
            .iter()
            .enumerate()
            .flat_map(|(number, family)| family.iter().map(move |func| (*func, number)))
            .collect();
        let mut coloring = Self {
            world,
            stays: BTreeMap::new(),
            bridges: BTreeSet::new(),
            sites_in,
            family_of,
            blocking: BTreeSet::new(),
            leads: BTreeSet::new(),
            run_loops: BTreeSet::new(),
            run_main_loops: BTreeSet::new(),
            everywhere: BTreeSet::new(),
            reached: BTreeSet::new(),
            nested: BTreeSet::new(),
            pending: vec![],
            tests: tests::Tests::default(),
            searched: hazard::Searched::default(),
            dispatched: Self::run_by_dispatchers(world),
        };
        coloring.reached = coloring.reached_with(world.converting);
        let all_callers = coloring.callers(|_, _| true);
        // A command or a console script runs a loop of its own: what calls it where no loop runs is as good as it was.
        let targets: BTreeSet<FuncId> = world.graph.sites.values().flat_map(|site| &site.targets).copied().collect();
        let commands: BTreeSet<FuncId> =
            targets.into_iter().filter(|func| bridge::applies(world, *func, None)).collect();
        let callers = coloring.callers(|called, caller| {
            !commands.contains(&called) || world.index.func(caller).is_async || coloring.reached.contains(&caller)
        });
        coloring.blocking = coloring.lead_to(&callers, Along::Families, |site| coloring.is_in_reach(site));
        let mut seeds: Vec<FuncId> = coloring.blocking.iter().copied().collect();
        seeds.extend(coloring.run_by_guards());
        // What a test calls beside something that blocks is no reason to change the code.
        seeds.retain(|func| !world.in_tests(func.file));
        coloring.nested = coloring.reached_from(seeds.clone());
        // With a face that runs a loop nothing is won where it runs one already.
        coloring.nested.retain(|func| !commands.contains(func));
        coloring.nested.extend(seeds);
        coloring.blocking = coloring.lead_to(&callers, Along::Overrides, |site| coloring.is_in_reach(site));
        coloring.leads = coloring.lead_to(&callers, Along::Families, |site| match site.kind {
            SiteKind::Runs { .. } => coloring.is_in_reach(site),
            _ => true,
        });
        coloring.run_loops =
            coloring.lead_to(&all_callers, Along::Overrides, |site| matches!(site.kind, SiteKind::Runs { .. }));
        coloring.run_main_loops =
            coloring.lead_to(&all_callers, Along::Overrides, |site| obstacle::runs_main_loop(world, site));
        coloring.everywhere = coloring.lead_to(&callers, Along::Overrides, |site| match site.kind {
            SiteKind::Blocking { entry, .. } => coloring.reach_of(entry) == Reach::All && coloring.is_in_reach(site),
            _ => false,
        });
        coloring
    }

    pub(super) fn reach_of(&self, entry: usize) -> Reach {
        self.world.graph.entries[entry].reach.unwrap_or(self.world.config.reach)
    }

    pub(super) fn site(&self, id: RefId) -> &'a Site {
        &self.world.graph.sites[&id]
    }

    pub(super) fn sites_in(&self, func: FuncId) -> Vec<RefId> {
        self.sites_in.get(&func).cloned().unwrap_or_default()
    }

    /// The function and all that must have its color.
    pub(super) fn family(&self, func: FuncId) -> Vec<FuncId> {
        match self.family_of.get(&func) {
            Some(number) => self.world.graph.families[*number].iter().copied().collect(),
            None => vec![func],
        }
    }

    pub(super) fn converts(&self, func: FuncId) -> bool {
        match self.world.in_tests(func.file) {
            true => self.tests.converts.contains_key(&func),
            false => {
                self.world.graph.nodes.contains(&func) && !self.stays.contains_key(&func) && self.is_selected(func)
            }
        }
    }

    pub(super) fn is_coroutine(&self, func: FuncId) -> bool {
        self.world.index.func(func).is_async || self.comes_to_await(func)
    }

    /// Is an await put into the body of this sync function?
    pub(super) fn comes_to_await(&self, func: FuncId) -> bool {
        self.converts(func) || self.bridges.contains(&func)
    }

    /// Sync functions that run on a loop, when these become async.
    fn reached_with(&self, converting: &BTreeSet<FuncId>) -> BTreeSet<FuncId> {
        let is_async = |func: &FuncId| self.world.index.func(*func).is_async && !self.world.in_tests(func.file);
        let seeds = self.sites_in.keys().copied().filter(is_async).chain(converting.iter().copied());
        let mut reached = self.reached_from(seeds.chain(self.dispatched.iter().copied()).collect());
        reached.extend(&self.dispatched);
        reached.extend(converting);
        reached
    }

    fn run_by_dispatchers(world: World) -> Vec<FuncId> {
        let names = world.names();
        let is_decorated = |func: &FuncId| {
            let mut decorators = world.index.func(*func).decorators.iter();
            !world.in_tests(func.file) && decorators.any(|decorator| decorator::runs_on_loop(&names, decorator))
        };
        let given = world.graph.sites.values().filter(|site| match world.index.site(site.id).usage {
            Usage::Argument { call, .. } if site.kind == SiteKind::Dispatched && !world.in_tests(site.id.file) => {
                let taker = names.last_name(world.index.call(call).func);
                let mut takers = taker.into_iter().flat_map(|name| world.index.funcs_of(name));
                takers.any(|taker| dispatcher::runs_on_loop(names, *taker))
            }
            _ => false,
        });
        let given = given.flat_map(|site| site.targets.iter().copied());
        let told = |func: &FuncId| is_decorated(func) || frameworks::runs_on_loop(world, *func);
        world.graph.nodes.iter().copied().filter(told).chain(given).collect()
    }

    /// The functions of the code that become async, when they reach blocking calls that did not count so far.
    pub(super) fn reaching_more(&self) -> BTreeSet<FuncId> {
        let world = self.world;
        let changing = world.graph.nodes.iter().filter(|func| self.converts(**func)).chain(&self.bridges);
        let converting: BTreeSet<FuncId> = changing.copied().filter(|func| !world.in_tests(func.file)).collect();
        if converting.is_subset(world.converting) {
            return BTreeSet::new();
        }
        let reached = self.reached_with(&converting);
        let is_new = |owner: FuncId| reached.contains(&owner) && !self.reached.contains(&owner);
        let reaches_more = world.graph.sites.values().any(|site| {
            matches!(site.kind, SiteKind::Blocking { .. })
                && world.owner(site.id).is_some_and(is_new)
                && !self.is_in_reach(site)
        });
        if reaches_more { converting } else { BTreeSet::new() }
    }

    /// Sync functions that calls lead to from these.
    fn reached_from(&self, mut pending: Vec<FuncId>) -> BTreeSet<FuncId> {
        let mut reached = BTreeSet::new();
        // A family is gone through once, however many calls name one of it.
        let mut seen = FxHashSet::default();
        while let Some(func) = pending.pop() {
            for id in self.sites_in(func) {
                for target in &self.site(id).targets {
                    if seen.contains(target) {
                        continue;
                    }
                    for member in self.family(*target) {
                        seen.insert(member);
                        if self.world.graph.nodes.contains(&member) && reached.insert(member) {
                            pending.push(member);
                        }
                    }
                }
            }
        }
        reached
    }

    /// What is called beside something that blocks under a `__main__` guard that may become a function.
    fn run_by_guards(&self) -> Vec<FuncId> {
        let world = self.world;
        let calls: Vec<(guard::GuardId, &Site)> =
            world.graph.sites.values().filter_map(|site| Some((guard::of_site(world, site)?, site))).collect();
        let blocks = |site: &Site| site.targets.iter().any(|target| self.blocking.contains(target));
        let guards: BTreeSet<guard::GuardId> =
            calls.iter().filter(|(_, site)| blocks(site)).map(|(guard, _)| *guard).collect();
        let inside = calls.into_iter().filter(|(guard, _)| guards.contains(guard) && guard::moves(world, *guard));
        inside.flat_map(|(_, site)| site.targets.iter().copied()).collect()
    }

    /// Does this blocking call count, by the reach of its entry?
    pub(super) fn is_in_reach(&self, site: &Site) -> bool {
        let entry = match site.kind {
            SiteKind::Blocking { entry, .. } if self.world.graph.entries[entry].action == BlockingAction::Tell => {
                return false;
            }
            SiteKind::Blocking { entry, .. } => Some(entry),
            SiteKind::Runs { .. } => None,
            _ => return true,
        };
        // A class that stays has no method there that anybody named.
        if self.world.index.site(site.id).is_implicit() && swap::is_kept(self.world, site) {
            return false;
        }
        let Some(func) = self.world.owner(site.id) else { return true };
        let Some(entry) = entry else {
            // Under a loop it would fail: no async code runs it today.
            return self.nested.contains(&func);
        };
        match self.reach_of(entry) {
            Reach::All => true,
            Reach::Async | Reach::None => self.world.index.func(func).is_async || self.reached.contains(&func),
        }
    }

    /// The functions around the sites that run each function: those that count, by the function and its caller.
    fn callers(&self, counts: impl Fn(FuncId, FuncId) -> bool) -> FxHashMap<FuncId, Vec<FuncId>> {
        let mut callers: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
        for site in self.world.graph.sites.values() {
            let (SiteKind::Call | SiteKind::Iterated | SiteKind::Read | SiteKind::Callback { .. }) = site.kind else {
                continue;
            };
            let Some(owner) = self.world.owner(site.id) else { continue };
            for target in site.targets.iter().filter(|target| counts(**target, owner)) {
                callers.entry(*target).or_default().push(owner);
            }
        }
        callers
    }

    /// A least fixpoint upwards from the leaves that count.
    fn lead_to(
        &self,
        callers: &FxHashMap<FuncId, Vec<FuncId>>,
        along: Along,
        counts: impl Fn(&Site) -> bool,
    ) -> BTreeSet<FuncId> {
        let (mut blocking, mut running) = (BTreeSet::new(), FxHashSet::default());
        let leaves = self.world.graph.sites.values().filter(|site| {
            matches!(site.kind, SiteKind::Blocking { .. } | SiteKind::Runs { .. }) && counts(site)
                || self.runs_layer(site)
        });
        // What only arrives at a callback that is awaited does not block for it.
        let blocks = |func: &FuncId, entry: &usize| {
            let entry = &self.world.graph.entries[*entry];
            entry.class.is_some() || entry.method.matches(&self.world.index.func(*func).name)
        };
        let declared = self.world.graph.declared.iter().filter(|(func, entry)| blocks(func, entry));
        let mut pending: Vec<FuncId> = declared.map(|(func, _)| *func).collect();
        pending.extend(leaves.filter_map(|site| self.world.owner(site.id)));
        while let Some(func) = pending.pop() {
            if self.world.index.func(func).is_async || !running.insert(func) {
                continue;
            }
            let tied = match along {
                Along::Families => self.family(func),
                Along::Overrides => self.tied(func),
            };
            for called in self.overridden(func).into_iter().chain(tied.iter().copied()).chain([func]) {
                if blocking.insert(called) {
                    pending.extend(callers.get(&called).into_iter().flatten().copied());
                }
            }
            pending.extend(tied);
        }
        blocking
    }

    /// The methods of its family that a call may name which runs this one: not its siblings.
    fn overridden(&self, func: FuncId) -> Vec<FuncId> {
        let (index, hierarchy) = (self.world.index, &self.world.graph.hierarchy);
        let facts = index.func(func);
        let Some(class) = facts.class.filter(|_| self.family_of.contains_key(&func)) else { return vec![] };
        let mut found = hierarchy.overridden(index, class, &facts.name);
        if let Some(twin) = site::paired(&facts.name) {
            // A `with` names the one and runs the other too, of the same object.
            found.extend(hierarchy.overridden(index, class, twin));
            let below = hierarchy.descendants(class);
            found.extend(below.into_iter().flat_map(|id| hierarchy::methods(index, id, twin)));
        }
        found.retain(|other| self.family_of.get(other) == self.family_of.get(&func));
        found.into_iter().collect()
    }

    /// The functions that a call may name which runs this one, though it overrides none of them.
    fn tied(&self, func: FuncId) -> Vec<FuncId> {
        self.world.graph.tied.get(&func).into_iter().flatten().copied().collect()
    }

    /// Can the generators around the site become lists, so that it is awaited in place?
    pub(super) fn becomes_list(&self, site: &Site) -> bool {
        let context = self.world.context(site.id);
        context.barrier == Some(Barrier::Generator)
            && obstacle::obstacle(self.world, site).is_none()
            && (matches!(site.kind, SiteKind::Blocking { .. }) || self.offloads(site))
    }

    /// The call around the site that may be offloaded in its place.
    pub(super) fn offloadable_consumer(&self, site: &Site) -> Option<CallId> {
        if let SiteKind::Callback { call } = site.kind {
            let is_looped_over = eager::is_lazy(&self.world.names(), self.world.index.call(call));
            if is_looped_over || exit_stack::of_call(self.world, call).is_some() {
                return None;
            }
            let context = self.world.index.call(call).context;
            let free = consumer::can_await(self.world, context) && !site.uncertain;
            let free = free && !nesting::is_call_too_deep(self.world, call);
            return (free && self.hazard_in_consumer(site).is_none()).then_some(call);
        }
        let runs =
            matches!(site.kind, SiteKind::Blocking { .. } | SiteKind::Call | SiteKind::Iterated) && !site.uncertain;
        let call = consumer::offloadable(self.world, site)
            .filter(|call| runs && !nesting::is_call_too_deep(self.world, *call))?;
        let in_generator = self.world.context(site.id).barrier == Some(Barrier::Generator);
        let is_generator = shape::is_lazy(self.world, site);
        let is_safe = || {
            let whole = hazard::Whole::Consumer(call);
            self.hazard_in_consumer(site).is_none() && self.hazard_beside(site, whole).is_none()
        };
        ((in_generator || is_generator) && is_safe()).then_some(call)
    }

    /// Does the call at this site block, with the colors as they are?
    pub(super) fn blocks_now(&self, site: &Site) -> bool {
        matches!(site.kind, SiteKind::Blocking { .. } | SiteKind::Runs { .. }) && self.is_in_reach(site)
            || self.runs_layer(site)
            || site.targets.iter().any(|target| self.stays.contains_key(target) && self.blocking.contains(target))
    }

    /// Does Python run a method of a declared layer there that nothing names: `print(x, file=layer)`?
    pub(super) fn runs_layer(&self, site: &Site) -> bool {
        site.kind == SiteKind::Read
            && obstacle::is_operand(self.world, site)
            && site.targets.iter().any(|target| self.world.graph.layer.contains(target))
    }

    /// Would an async caller offload the call at this site?
    pub(super) fn offloads(&self, site: &Site) -> bool {
        site.kind == SiteKind::Call
            && !site.uncertain
            && !self.world.index.site(site.id).runs_unseen()
            && site.targets.iter().any(|target| self.stays.contains_key(target) && self.blocking.contains(target))
            && self.hazard(site).is_none()
    }

    /// Why the call at this site must not be offloaded; none when it may.
    pub(super) fn hazard(&self, site: &Site) -> Option<Cause> {
        hazard::hazard(self.world, site, &hazard::Colors::new(&|func| self.converts(func), &self.searched))
    }

    /// The same of what else a worker runs with it.
    pub(super) fn hazard_beside(&self, site: &Site, whole: hazard::Whole) -> Option<Cause> {
        let converts = |func| self.converts(func);
        hazard::hazard_beside(self.world, site, whole, &hazard::Colors::new(&converts, &self.searched))
    }

    /// The same where a worker iterates over what the site runs.
    pub(super) fn hazard_in_consumer(&self, site: &Site) -> Option<Cause> {
        hazard::hazard_in_consumer(self.world, site, &hazard::Colors::new(&|func| self.converts(func), &self.searched))
    }
}
