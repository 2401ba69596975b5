//! Coloring: which functions convert, which stay, and what happens at each site (DESIGN section 6).
//!
//! A greatest fixpoint: every function that leads to a blocking call is assumed to convert; then each that cannot is taken
//! back with its cause, and what that breaks is taken back in turn, until nothing changes. A function that was taken back
//! blocks itself: async callers offload it.

pub mod boundary;
pub mod cause;
pub mod decorator;
pub mod hazard;
pub mod obstacle;
pub mod selected;
pub mod shape;
pub mod tests;
pub mod worker;

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use self::cause::Cause;
use self::selected::Selected;
use self::shape::{Adaptation, Shape};
use crate::config::{BlockingAction, Config, Reach};
use crate::index::Index;
use crate::index::facts::*;
use crate::plan::UnwrapForm;
use crate::project::Project;
use crate::resolve::names::Names;
use crate::resolve::{Graph, Site, SiteKind};

/// What happens at a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteVerdict {
    /// The target converts: `await f(x)`.
    Await,
    /// The call blocks: `await asyncio.to_thread(f, x)`.
    Offload,
    Native(String),
    Replace(String),
    /// It blocks in a generator: the call that takes the generator is offloaded.
    OffloadConsumer {
        call: CallId,
    },
    /// The target becomes an async generator or context manager.
    Adapt(Adaptation),
    /// An offload of a function that converts.
    Unwrap {
        call: CallId,
        form: UnwrapForm,
    },
    /// `main()` under an `if __name__` guard: `asyncio.run(main())`.
    EntryPoint,
    /// `self.assertRaises(E, f, x)` in a test: `with self.assertRaises(E): await f(x)`. The call that takes the function.
    Raises {
        call: CallId,
    },
    /// Nothing to do: awaited already, accepted, only mentioned, or in a function that stays sync.
    AsIs,
    /// It blocks, or may break, and is left: the reason.
    Left(Cause),
}

/// The outcome for every node and site of the graph.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Functions that become `async def`, with what demands it.
    pub converts: BTreeMap<FuncId, Cause>,
    /// Functions that lead to a blocking call and stay sync, with what keeps them.
    pub stays: BTreeMap<FuncId, Cause>,
    pub sites: BTreeMap<RefId, SiteVerdict>,
    /// What becomes of the tests around that.
    pub tests: tests::Tests,
}

/// What the decisions read.
#[derive(Clone, Copy)]
pub struct World<'a> {
    pub project: &'a Project,
    pub config: &'a Config,
    pub index: &'a Index,
    pub graph: &'a Graph,
    /// Calls that a rewriter could not express, by file and range.
    pub vetoes: &'a FxHashSet<(FileId, TextRange)>,
    /// What was found out about offloading functions: it does not depend on colors.
    pub hazards: &'a hazard::Memo,
    /// The part of the migration that this run is about; none is all of it.
    pub selected: Option<&'a Selected>,
}

impl<'a> World<'a> {
    /// The look-up context.
    pub fn names(&self) -> Names<'a> {
        Names::noting(self.project, self.index, &self.hazards.unloaded)
    }

    /// The context of a site.
    pub fn context(&self, id: RefId) -> &'a Context {
        self.index.context(self.index.site(id).context)
    }

    /// What is done with the result of the call at a site; none when it is not called.
    pub fn result_usage(&self, id: RefId) -> Option<Usage> {
        match self.index.site(id).usage {
            Usage::Called(call) => Some(self.index.call(call).usage),
            _ => None,
        }
    }

    /// May the file be edited?
    pub fn is_editable(&self, file: FileId) -> bool {
        self.project.file(file).editable
    }

    /// Is the function, or the site, in a test file?
    pub fn in_tests(&self, file: FileId) -> bool {
        self.project.file(file).is_test
    }
}

/// Colors the graph.
pub fn color(world: World) -> Verdicts {
    let mut coloring = Coloring::new(world);
    coloring.take_back_boundaries();
    loop {
        coloring.propagate();
        if !coloring.take_back_unsupported() && !coloring.take_back_what_blocks_within() {
            break;
        }
    }
    coloring.follow_in_tests();
    coloring.verdicts()
}

struct Coloring<'a> {
    world: World<'a>,
    stays: BTreeMap<FuncId, Cause>,
    /// Sites by the function whose body holds them.
    sites_in: FxHashMap<FuncId, Vec<RefId>>,
    family_of: FxHashMap<FuncId, usize>,
    /// Functions that run something blocking when called, whatever becomes of them.
    blocking: BTreeSet<FuncId>,
    /// Sync functions that an async function reaches.
    reached: BTreeSet<FuncId>,
    pending: Vec<FuncId>,
    tests: tests::Tests,
}

impl<'a> Coloring<'a> {
    fn new(world: World<'a>) -> Self {
        let mut sites_in: FxHashMap<FuncId, Vec<RefId>> = FxHashMap::default();
        for id in world.graph.sites.keys() {
            if let Some(func) = world.context(*id).func {
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
            sites_in,
            family_of,
            blocking: BTreeSet::new(),
            reached: BTreeSet::new(),
            pending: vec![],
            tests: tests::Tests::default(),
        };
        coloring.reached = coloring.reached_by_async();
        coloring.blocking = coloring.find_blocking();
        coloring
    }

    fn site(&self, id: RefId) -> &'a Site {
        &self.world.graph.sites[&id]
    }

    fn sites_in(&self, func: FuncId) -> Vec<RefId> {
        self.sites_in.get(&func).cloned().unwrap_or_default()
    }

    /// The function and all that must have its color.
    fn family(&self, func: FuncId) -> Vec<FuncId> {
        match self.family_of.get(&func) {
            Some(number) => self.world.graph.families[*number].iter().copied().collect(),
            None => vec![func],
        }
    }

    fn converts(&self, func: FuncId) -> bool {
        match self.world.in_tests(func.file) {
            true => self.tests.converts.contains_key(&func),
            false => {
                self.world.graph.nodes.contains(&func) && !self.stays.contains_key(&func) && self.is_selected(func)
            }
        }
    }

    fn is_coroutine(&self, func: FuncId) -> bool {
        self.world.index.func(func).is_async || self.converts(func)
    }

    /// Sync functions that calls lead to from an `async def`.
    fn reached_by_async(&self) -> BTreeSet<FuncId> {
        let mut reached = BTreeSet::new();
        let mut pending: Vec<FuncId> =
            self.sites_in.keys().copied().filter(|func| self.world.index.func(*func).is_async).collect();
        pending.retain(|func| !self.world.in_tests(func.file));
        while let Some(func) = pending.pop() {
            for id in self.sites_in(func) {
                for target in self.site(id).targets.iter().flat_map(|target| self.family(*target)) {
                    if self.world.graph.nodes.contains(&target) && reached.insert(target) {
                        pending.push(target);
                    }
                }
            }
        }
        reached
    }

    /// Does this blocking call count, by the reach of its entry?
    fn is_in_reach(&self, site: &Site) -> bool {
        let SiteKind::Blocking { entry, .. } = site.kind else { return true };
        if self.world.graph.entries[entry].action == BlockingAction::Tell {
            return false;
        }
        let Some(func) = self.world.context(site.id).func else { return true };
        match self.world.graph.entries[entry].reach.unwrap_or(self.world.config.reach) {
            Reach::All => true,
            Reach::Async | Reach::None => self.world.index.func(func).is_async || self.reached.contains(&func),
        }
    }

    /// A least fixpoint upwards from the blocking calls.
    fn find_blocking(&self) -> BTreeSet<FuncId> {
        let mut callers: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
        let mut blocking = BTreeSet::new();
        let mut pending: Vec<FuncId> = self.world.graph.declared.keys().copied().collect();
        for site in self.world.graph.sites.values() {
            let Some(owner) = self.world.context(site.id).func else { continue };
            match site.kind {
                SiteKind::Blocking { .. } if self.is_in_reach(site) => pending.push(owner),
                SiteKind::Call | SiteKind::Iterated | SiteKind::Read | SiteKind::Callback { .. } => {
                    for target in &site.targets {
                        callers.entry(*target).or_default().push(owner);
                    }
                }
                _ => {}
            }
        }
        while let Some(func) = pending.pop() {
            if self.world.index.func(func).is_async {
                continue;
            }
            for member in self.family(func) {
                if blocking.insert(member) {
                    pending.extend(callers.get(&member).into_iter().flatten().copied());
                }
            }
        }
        blocking
    }

    /// Takes a function back, with its whole family.
    fn take_back(&mut self, func: FuncId, cause: Cause) {
        if !self.converts(func) {
            return;
        }
        for member in self.family(func) {
            let own = if member == func { cause.clone() } else { Cause::Family { member: func } };
            if self.converts(member) {
                self.stays.insert(member, own);
                self.pending.push(member);
            }
        }
    }

    fn take_back_boundaries(&mut self) {
        let nodes: Vec<FuncId> = self.world.graph.nodes.iter().copied().collect();
        for func in nodes {
            let reach = match self.world.config.reach {
                Reach::All => None,
                Reach::Async if self.reached.contains(&func) => None,
                Reach::Async => Some(Cause::NotReached),
                Reach::None => Some(Cause::ReachNone),
            };
            let threaded = || {
                let own = !self.reached.contains(&func) && boundary::is_threaded(self.world, func);
                own.then_some(Cause::Threaded)
            };
            if let Some(cause) = boundary::cause(self.world, func).or_else(threaded).or(reach) {
                self.take_back(func, cause);
            }
        }
        for site in self.world.graph.sites.values() {
            let Some(cause) = obstacle::obstacle(self.world, site) else { continue };
            self.take_back_at(site, &cause);
        }
        for (lookup, targets) in &self.world.graph.lookups {
            if !self.world.in_tests(lookup.file) {
                for target in targets {
                    self.take_back(*target, Cause::LookedUp { lookup: *lookup });
                }
            }
        }
    }

    /// What an obstacle at a site takes back: the functions it names, and where the site blocks, the function around it.
    fn take_back_at(&mut self, site: &Site, cause: &Cause) {
        // A test never holds production code back: it follows, or is named in the report.
        if self.world.in_tests(site.id.file) {
            return;
        }
        for target in &site.targets {
            self.take_back(*target, cause.clone());
        }
        let runs_here = match site.kind {
            SiteKind::Blocking { .. } => self.is_in_reach(site),
            SiteKind::Call | SiteKind::Iterated | SiteKind::Read | SiteKind::Callback { .. } => true,
            SiteKind::Value
            | SiteKind::Made
            | SiteKind::Carried
            | SiteKind::Offloaded { .. }
            | SiteKind::Accepted
            | SiteKind::Mention => false,
        };
        if runs_here
            && cause.takes_owner_back()
            && self.offloadable_consumer(site).is_none()
            && let Some(owner) = self.world.context(site.id).func
        {
            self.take_back(owner, cause.clone());
        }
    }

    /// A sync function cannot await: what it calls stays sync too.
    fn propagate(&mut self) {
        while let Some(func) = self.pending.pop() {
            if self.world.in_tests(func.file) {
                continue;
            }
            for id in self.sites_in(func) {
                let site = self.site(id);
                let calls = match site.kind {
                    SiteKind::Call
                    | SiteKind::Iterated
                    | SiteKind::Read
                    | SiteKind::Callback { .. }
                    | SiteKind::Offloaded { .. } => true,
                    SiteKind::Blocking { .. }
                    | SiteKind::Value
                    | SiteKind::Made
                    | SiteKind::Carried
                    | SiteKind::Accepted
                    | SiteKind::Mention => false,
                };
                for target in site.targets.iter().filter(|_| calls) {
                    self.take_back(*target, Cause::CallerStays { site: id, caller: func });
                }
            }
        }
    }

    /// A sync function with a blocking call in it that cannot be offloaded by itself (a property, a generator that stays) is
    /// offloaded as a whole instead. Returns whether there was something.
    fn take_back_what_blocks_within(&mut self) -> bool {
        let mut found = vec![];
        for site in self.world.graph.sites.values() {
            let Some(owner) = self.world.context(site.id).func.filter(|owner| self.converts(*owner)) else { continue };
            let blocks = site.targets.iter().any(|target| {
                self.stays.get(target).is_some_and(|cause| *cause != Cause::Layer) && self.blocking.contains(target)
            });
            let stuck = match site.kind {
                SiteKind::Read | SiteKind::Callback { .. } => true,
                SiteKind::Call | SiteKind::Iterated => {
                    self.world.index.site(site.id).runs_unseen()
                        || matches!(hazard::hazard(self.world, site), Some(Cause::WorksLater { .. }))
                }
                _ => false,
            };
            if blocks && stuck && self.offloadable_consumer(site).is_none() && !self.world.in_tests(owner.file) {
                found.push((owner, Cause::BlocksWithin { site: site.id }));
            }
        }
        for (owner, cause) in &found {
            self.take_back(*owner, cause.clone());
        }
        !found.is_empty()
    }

    /// Takes back what would end up without any await. Returns whether there was something.
    fn take_back_unsupported(&mut self) -> bool {
        let supported = self.supported();
        let unsupported: Vec<FuncId> = self
            .world
            .graph
            .nodes
            .iter()
            .copied()
            .filter(|func| self.converts(*func) && !supported.contains(func))
            .collect();
        for func in &unsupported {
            self.take_back(*func, Cause::NoAwait);
        }
        !unsupported.is_empty()
    }

    /// Converting functions with an await in them that goes back to a blocking call.
    fn supported(&self) -> BTreeSet<FuncId> {
        let mut callers: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
        let mut supported = BTreeSet::new();
        let mut pending: Vec<FuncId> =
            self.world.graph.declared.keys().copied().filter(|func| self.converts(*func)).collect();
        for site in self.world.graph.sites.values() {
            let Some(owner) = self.world.context(site.id).func.filter(|owner| self.converts(*owner)) else { continue };
            if obstacle::obstacle(self.world, site).is_some() {
                let moves = self.blocks_now(site) && self.offloadable_consumer(site).is_some();
                if moves || site.others && self.offloads(site) {
                    pending.push(owner);
                }
                continue;
            }
            let waits = match &site.kind {
                SiteKind::Blocking { .. } => self.is_in_reach(site),
                SiteKind::Call | SiteKind::Iterated => {
                    for target in site.targets.iter().filter(|target| self.converts(**target)) {
                        callers.entry(*target).or_default().push(owner);
                    }
                    self.offloads(site) || self.blocks_now(site) && self.offloadable_consumer(site).is_some()
                }
                SiteKind::Read
                | SiteKind::Callback { .. }
                | SiteKind::Value
                | SiteKind::Made
                | SiteKind::Carried
                | SiteKind::Offloaded { .. }
                | SiteKind::Accepted
                | SiteKind::Mention => false,
            };
            if waits {
                pending.push(owner);
            }
        }
        while let Some(func) = pending.pop() {
            for member in self.family(func) {
                if self.converts(member) && supported.insert(member) {
                    pending.extend(callers.get(&member).into_iter().flatten().copied());
                }
            }
        }
        supported
    }

    /// Can the generators around the site become lists, so that it is awaited in place?
    fn becomes_list(&self, site: &Site) -> bool {
        let context = self.world.context(site.id);
        context.barrier == Some(Barrier::Generator)
            && obstacle::obstacle(self.world, site).is_none()
            && (matches!(site.kind, SiteKind::Blocking { .. }) || self.offloads(site))
    }

    /// The call around the site that may be offloaded in its place.
    fn offloadable_consumer(&self, site: &Site) -> Option<CallId> {
        if let SiteKind::Callback { call } = site.kind {
            let free = self.world.context(site.id).barrier.is_none() && !site.uncertain;
            return (free && hazard::hazard_in_consumer(self.world, site).is_none()).then_some(call);
        }
        let runs =
            matches!(site.kind, SiteKind::Blocking { .. } | SiteKind::Call | SiteKind::Iterated) && !site.uncertain;
        let call = shape::offloadable_consumer(self.world, site).filter(|_| runs)?;
        let in_generator = self.world.context(site.id).barrier == Some(Barrier::Generator);
        let is_generator = shape::shape_of_targets(self.world, site) == Some(Shape::Generator);
        let safe = hazard::hazard_in_consumer(self.world, site).is_none();
        (safe && (in_generator || is_generator)).then_some(call)
    }

    /// Does the call at this site block, with the colors as they are?
    fn blocks_now(&self, site: &Site) -> bool {
        matches!(site.kind, SiteKind::Blocking { .. }) && self.is_in_reach(site)
            || site.targets.iter().any(|target| self.stays.contains_key(target) && self.blocking.contains(target))
    }

    /// Would an async caller offload the call at this site?
    fn offloads(&self, site: &Site) -> bool {
        site.kind == SiteKind::Call
            && !site.uncertain
            && !self.world.index.site(site.id).runs_unseen()
            && site.targets.iter().any(|target| self.stays.contains_key(target) && self.blocking.contains(target))
            && hazard::hazard(self.world, site).is_none()
    }

    fn verdicts(self) -> Verdicts {
        let mut verdicts = Verdicts::default();
        for id in self.world.graph.sites.keys() {
            let site = self.site(*id);
            let verdict =
                if self.world.in_tests(id.file) { self.verdict_in_tests(site) } else { self.site_verdict(site) };
            verdicts.sites.insert(*id, verdict);
        }
        for func in self.world.graph.nodes.iter().copied().filter(|func| self.converts(*func)) {
            verdicts.converts.insert(func, self.demand(func, &verdicts.sites));
        }
        verdicts.converts.extend(self.tests.converts.clone());
        verdicts.tests = self.tests;
        verdicts.stays = self
            .stays
            .into_iter()
            .filter(|(func, cause)| self.blocking.contains(func) || *cause != Cause::NoAwait)
            .collect();
        verdicts
    }

    /// The first site that makes a function convert; the family when it has none of its own.
    fn demand(&self, func: FuncId, sites: &BTreeMap<RefId, SiteVerdict>) -> Cause {
        if let Some(entry) = self.world.graph.declared.get(&func) {
            return Cause::Declared { entry: *entry };
        }
        for id in self.sites_in(func) {
            let target = self.site(id).targets.first().copied();
            let is_leaf = matches!(self.site(id).kind, SiteKind::Blocking { .. });
            match (&sites[&id], target) {
                (SiteVerdict::Native(_) | SiteVerdict::Replace(_), _) => return Cause::Blocks { site: id },
                (SiteVerdict::OffloadConsumer { .. }, _) => return Cause::Blocks { site: id },
                (SiteVerdict::Await | SiteVerdict::Adapt(_), _) if is_leaf => return Cause::Blocks { site: id },
                (SiteVerdict::Offload, _) if self.site(id).kind != SiteKind::Call => {
                    return Cause::Blocks { site: id };
                }
                (SiteVerdict::Offload, Some(target)) => return Cause::Offloads { site: id, target },
                (SiteVerdict::Await | SiteVerdict::Adapt(_), Some(target)) => return Cause::Calls { site: id, target },
                _ => {}
            }
        }
        let member = self.family(func).into_iter().find(|member| *member != func).unwrap_or(func);
        Cause::Family { member }
    }

    fn site_verdict(&self, site: &Site) -> SiteVerdict {
        let context = self.world.context(site.id);
        let converting = site.targets.iter().any(|target| self.converts(*target));
        if !self.world.is_editable(site.id.file) && site.kind.runs() {
            let is_offload = matches!(site.kind, SiteKind::Offloaded { .. });
            let in_coroutine = context.func.is_some_and(|owner| self.is_coroutine(owner));
            let is_left = converting || in_coroutine && !is_offload && self.blocks_now(site);
            return if is_left { SiteVerdict::Left(Cause::FileStays { site: site.id }) } else { SiteVerdict::AsIs };
        }
        match &site.kind {
            SiteKind::Accepted | SiteKind::Mention | SiteKind::Carried => SiteVerdict::AsIs,
            SiteKind::Value | SiteKind::Made if converting => SiteVerdict::Left(Cause::Escapes { site: site.id }),
            SiteKind::Value | SiteKind::Made => SiteVerdict::AsIs,
            SiteKind::Offloaded { call, form } if converting => SiteVerdict::Unwrap { call: *call, form: *form },
            SiteKind::Offloaded { .. } => SiteVerdict::AsIs,
            SiteKind::Blocking { .. }
            | SiteKind::Call
            | SiteKind::Iterated
            | SiteKind::Read
            | SiteKind::Callback { .. } => {
                if matches!(site.kind, SiteKind::Blocking { .. }) && !self.is_in_reach(site) {
                    return SiteVerdict::AsIs;
                }
                match context.func {
                    Some(owner) if self.is_coroutine(owner) => {
                        self.or_later(site, owner, self.verdict_in_coroutine(site, converting))
                    }
                    _ if !converting => SiteVerdict::AsIs,
                    None if context.main_guard => SiteVerdict::EntryPoint,
                    _ => SiteVerdict::Left(Cause::TestStays { site: site.id }),
                }
            }
        }
    }

    fn verdict_in_coroutine(&self, site: &Site, converting: bool) -> SiteVerdict {
        let blocks = matches!(site.kind, SiteKind::Blocking { .. })
            || site.targets.iter().any(|target| self.blocking.contains(target));
        if self.world.result_usage(site.id) == Some(Usage::Awaited) || obstacle::runs_in_worker(self.world, site) {
            return SiteVerdict::AsIs;
        }
        if blocks
            && !converting
            && self.blocks_now(site)
            && let Some(call) = self.offloadable_consumer(site)
            && !self.becomes_list(site)
        {
            return SiteVerdict::OffloadConsumer { call };
        }
        if site.others && !converting && self.offloads(site) {
            return SiteVerdict::Offload;
        }
        if let Some(cause) = obstacle::obstacle(self.world, site) {
            return if blocks || converting { SiteVerdict::Left(cause) } else { SiteVerdict::AsIs };
        }
        match &site.kind {
            SiteKind::Blocking { native: Some(twin), .. } => {
                let shape = shape::shape_of_targets(self.world, site).unwrap_or(Shape::Coroutine);
                match shape::adaptation(self.world, site, shape) {
                    Some(adaptation) => SiteVerdict::Adapt(adaptation),
                    None if *twin.method == *self.world.index.site(site.id).name => SiteVerdict::Await,
                    None => SiteVerdict::Native(twin.method.clone()),
                }
            }
            SiteKind::Blocking { entry, .. } => match &self.world.graph.entries[*entry].action {
                BlockingAction::Replace { function } => SiteVerdict::Replace(function.clone()),
                BlockingAction::Native { .. } | BlockingAction::Offload => SiteVerdict::Offload,
                BlockingAction::Tell => SiteVerdict::AsIs,
            },
            SiteKind::Call | SiteKind::Iterated if converting => {
                let shape = shape::shape_of_targets(self.world, site).unwrap_or(Shape::Coroutine);
                match shape::adaptation(self.world, site, shape) {
                    Some(adaptation) => SiteVerdict::Adapt(adaptation),
                    None => SiteVerdict::Await,
                }
            }
            SiteKind::Call | SiteKind::Iterated if !blocks => SiteVerdict::AsIs,
            SiteKind::Call if self.world.index.site(site.id).runs_unseen() => {
                SiteVerdict::Left(Cause::Consumed { site: site.id })
            }
            SiteKind::Call | SiteKind::Iterated => match hazard::hazard(self.world, site) {
                Some(cause) => SiteVerdict::Left(cause),
                None => SiteVerdict::Offload,
            },
            SiteKind::Read if blocks => SiteVerdict::Left(Cause::Property),
            SiteKind::Read
            | SiteKind::Callback { .. }
            | SiteKind::Value
            | SiteKind::Made
            | SiteKind::Carried
            | SiteKind::Offloaded { .. }
            | SiteKind::Accepted
            | SiteKind::Mention => SiteVerdict::AsIs,
        }
    }
}
