//! Tests follow the code (DESIGN section 8): once the code has its colors, every test, fixture and helper that has to await
//! converts. A test that cannot is left as it is and named in the report; it never holds the code back.

mod environment;
pub mod framework;
mod obstacle;
pub mod site;
pub mod stand_in;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use self::stand_in::{StandIns, Use};
use super::cause::Cause;
use super::coloring::Coloring;
use super::{SiteVerdict, World, taken};
use crate::config::{Reach, Tests as Mode};
use crate::index::facts::*;
use crate::resolve::fixtures;
use crate::resolve::{Evidence, Site, SiteKind};
use ruff_python_ast::name::Name;

/// What becomes of the tests.
#[derive(Clone, Debug, Default)]
pub struct Tests {
    /// Functions of test files that become async, with what demands it.
    pub converts: BTreeMap<FuncId, Cause>,
    /// Functions that would have to, and cannot.
    pub left: BTreeMap<FuncId, Cause>,
    /// Tests and hooks that stay sync, and run what they call with `asyncio.run`: no loop runs when they are called.
    pub runs: BTreeMap<FuncId, Cause>,
    pub stand_ins: StandIns,
    /// Async tests that take away what their running loop needs, and wait more often than before.
    pub disturbed: BTreeMap<FuncId, Cause>,
    /// Fixtures that take away what an event loop needs, with its name.
    takers: BTreeMap<FuncId, String>,
}

impl Tests {
    fn decided(&self) -> usize {
        self.converts.len() + self.left.len() + self.runs.len()
    }

    fn has(&self, func: FuncId) -> bool {
        self.converts.contains_key(&func) || self.left.contains_key(&func) || self.runs.contains_key(&func)
    }

    /// The tests that may break: those that cannot follow, and those that use a helper or a fixture that cannot, or one of
    /// `partly`, in which some place is left.
    pub fn may_break(&self, world: World, partly: &BTreeSet<FuncId>) -> BTreeMap<FuncId, Cause> {
        let mut found = self.left.clone();
        found.extend(self.disturbed.iter().map(|(func, cause)| (*func, cause.clone())));
        let mut pending: Vec<FuncId> = self.left.keys().chain(partly).copied().collect();
        while let Some(func) = pending.pop() {
            let callers = world.graph.sites_of(func).iter().filter_map(|id| world.context(*id).func);
            let users =
                callers.chain(askers(world, func)).chain(prepared(world, func)).chain(callers_in_file(world, func));
            let users: BTreeSet<FuncId> = users.collect();
            for user in users.into_iter().filter(|user| world.in_tests(user.file) && *user != func) {
                if partly.contains(&user) {
                    continue;
                }
                if let Entry::Vacant(entry) = found.entry(user) {
                    entry.insert(Cause::Uses { func });
                    pending.push(user);
                }
            }
        }
        found
    }
}

/// The tests that a `setUp` or the like runs before.
fn prepared(world: World, hook: FuncId) -> Vec<FuncId> {
    let facts = world.index.func(hook);
    let is_hook = framework::is_sync_hook(world, hook) || matches!(facts.name.as_str(), "setUp" | "tearDown");
    let Some(class) = facts.class.filter(|_| is_hook) else { return vec![] };
    let classes = world.graph.hierarchy.descendants(class).into_iter();
    let methods = classes.flat_map(|class| world.index.class(class).methods.iter().copied());
    methods.filter(|method| world.index.func(*method).name.starts_with("test")).collect()
}

/// The functions of the file that call a helper by its name. A helper that computes a name leads to nothing that is known
/// to block, so its calls are no sites.
fn callers_in_file(world: World, helper: FuncId) -> Vec<FuncId> {
    let name = &world.index.func(helper).name;
    if name.starts_with("test") {
        return vec![];
    }
    // What `super()` gives is known by the classes.
    let refs = world.index.refs_in(helper.file, name).filter(|id| {
        let receiver = world.index.site(*id).receiver;
        receiver.is_none_or(|receiver| world.names().last_name(receiver) != Some("super"))
    });
    let called = refs.filter(|id| matches!(world.index.site(*id).usage, Usage::Called(_)));
    called.filter_map(|id| world.context(id).func).collect()
}

/// The functions that ask for a fixture by a parameter.
fn askers(world: World, fixture: FuncId) -> Vec<FuncId> {
    if fixtures::decorator(&world.names(), fixture).is_none() {
        return vec![];
    }
    let all = test_functions(world).into_iter();
    all.filter(|func| requested(world, *func).contains(&fixture)).collect()
}

/// The fixtures that a test or fixture asks for by its parameters.
pub fn requested(world: World, func: FuncId) -> Vec<FuncId> {
    let facts = world.index.func(func);
    let asks = framework::is_pytest_test(world, func) || fixtures::decorator(&world.names(), func).is_some();
    let params = facts.params.iter().filter(|param| asks && param.default.is_none());
    params.filter_map(|param| world.graph.fixtures.requested(world.project, world.index, func, &param.name)).collect()
}

fn test_functions(world: World) -> Vec<FuncId> {
    let files = world.index.loaded_files().filter(|(file, _)| world.in_tests(*file));
    files.flat_map(|(file, facts)| (0..facts.funcs.len() as u32).map(move |index| FuncId { file, index })).collect()
}

impl Coloring<'_> {
    /// Converts the functions of tests that have to await: a least fixpoint over the colors of the code.
    pub(super) fn follow_in_tests(&mut self) {
        if self.world.config.tests == Mode::Ignore {
            return;
        }
        self.tests.stand_ins = stand_in::find(self.world, &|site| self.use_of(site), &|func| self.converts(func));
        self.tests.takers = environment::takers(self.world);
        let mut open: Vec<FuncId> = test_functions(self.world);
        open.retain(|func| !self.world.index.func(*func).is_async);
        loop {
            let before = self.tests.decided();
            for func in open.clone() {
                let Some(demand) = self.test_demand(func) else { continue };
                match self.test_obstacle(func, &demand) {
                    None => drop(self.tests.converts.insert(func, demand)),
                    // The fixture is ready when the test starts, whatever the test is.
                    Some(Cause::RunsLoop { .. }) if matches!(demand, Cause::AsksFor { .. }) => continue,
                    Some(cause) if self.may_run(func, &cause) => drop(self.tests.runs.insert(func, cause)),
                    Some(cause) => drop(self.tests.left.insert(func, cause)),
                }
            }
            open.retain(|func| !self.tests.has(*func));
            if before == self.tests.decided() {
                break;
            }
        }
        for func in open {
            if let Some(site) = self.sites_in(func).into_iter().find(|id| self.is_divided(self.site(*id))) {
                self.tests.left.insert(func, Cause::Uncertain { site });
            }
        }
        self.leave_lookups();
        self.tests.disturbed = environment::disturbed(self.world, |site| self.is_moved(site));
        for (owner, picks) in &self.world.graph.computed.tests {
            if let Some((pick, _)) = picks.iter().find(|(_, target)| self.converts(*target)) {
                self.tests.left.entry(*owner).or_insert(Cause::Computed { pick: *pick });
            }
        }
    }

    /// `request.getfixturevalue("store")` in what is async.
    fn leave_lookups(&mut self) {
        let world = self.world;
        for id in world.index.refs_of(&Name::new_static("getfixturevalue")) {
            let (Some(func), Usage::Called(call)) = (world.context(*id).func, world.index.site(*id).usage) else {
                continue;
            };
            let asked = world.index.call(call).args.first().map(|arg| world.index.value(arg.value));
            let Some(Value::Text(name)) = asked else { continue };
            let fixture = world.graph.fixtures.requested(world.project, world.index, func, name);
            if let Some(fixture) = fixture.filter(|fixture| self.converts(*fixture) && self.is_coroutine(func)) {
                self.tests.left.insert(func, Cause::AsksInLoop { fixture });
            }
        }
    }

    /// What the code does with what it gets at this site.
    fn use_of(&self, site: &Site) -> Use {
        match self.site_verdict(site) {
            SiteVerdict::Await | SiteVerdict::HandedOn | SiteVerdict::Unwrap { .. } => Use::Awaited,
            SiteVerdict::AsIs if self.is_awaited(site) && site.targets.iter().any(|target| self.converts(*target)) => {
                Use::Awaited
            }
            SiteVerdict::Adapt(_) => Use::Iterated,
            SiteVerdict::AsIs
            | SiteVerdict::Offload
            | SiteVerdict::OffloadConsumer { .. }
            | SiteVerdict::OffloadIterable { .. }
            | SiteVerdict::Native(_)
            | SiteVerdict::Replace(_)
            | SiteVerdict::UnwrapRun { .. }
            | SiteVerdict::OffloadHandedOn
            | SiteVerdict::OffloadExpression { .. }
            | SiteVerdict::EntryPoint
            | SiteVerdict::Raises { .. }
            | SiteVerdict::Left(_) => Use::Sync,
        }
    }

    /// Does the function around the site wait there, where it did not before?
    fn is_moved(&self, site: &Site) -> bool {
        !matches!(self.site_verdict(site), SiteVerdict::AsIs | SiteVerdict::Left(_) | SiteVerdict::Unwrap { .. })
    }

    fn is_awaited(&self, site: &Site) -> bool {
        self.world.result_usage(site.id) == Some(Usage::Awaited)
    }

    /// What makes a function of a test async; none when nothing does.
    fn test_demand(&self, func: FuncId) -> Option<Cause> {
        for id in self.sites_in(func) {
            let site = self.site(id);
            if let Some(target) = self.demands_in_tests(site) {
                return Some(Cause::Calls { site: id, target });
            }
        }
        if let Some(target) = self.tests.stand_ins.fakes.get(&func) {
            return Some(Cause::StandsIn { target: *target });
        }
        let facts = self.world.index.func(func);
        let is_collected = facts.name.starts_with("test") && facts.parent.is_none();
        if !is_collected && self.world.graph.nodes.contains(&func) {
            let member = self.family(func).into_iter().find(|member| *member != func && self.converts(*member));
            if let Some(member) = member {
                return Some(Cause::Family { member });
            }
        }
        if !framework::is_pytest_test(self.world, func) {
            return None;
        }
        let fixture = requested(self.world, func).into_iter().find(|fixture| self.converts(*fixture))?;
        Some(Cause::AsksFor { fixture })
    }

    /// The converting function whose call at this site has to be awaited.
    fn demands_in_tests(&self, site: &Site) -> Option<FuncId> {
        self.may_demand(site).filter(|_| site.targets.iter().all(|target| self.is_coroutine(*target)))
    }

    /// Does the site call one of several functions, of which only some convert?
    fn is_divided(&self, site: &Site) -> bool {
        self.may_demand(site).is_some() && self.demands_in_tests(site).is_none()
    }

    fn may_demand(&self, site: &Site) -> Option<FuncId> {
        let target = site.targets.iter().copied().find(|target| self.converts(*target))?;
        let calls = match site.kind {
            SiteKind::Call | SiteKind::Iterated => {
                !site.uncertain && !site::is_given_to_runner(self.world, site) && !self.is_awaited(site)
            }
            SiteKind::Value => !site.uncertain && site::raises_call(self.world, site).is_some(),
            SiteKind::Blocking { .. }
            | SiteKind::Runs { .. }
            | SiteKind::Read
            | SiteKind::Callback { .. }
            | SiteKind::Made
            | SiteKind::Carried
            | SiteKind::Offloaded { .. }
            | SiteKind::Accepted
            | SiteKind::Dispatched
            | SiteKind::Mention => false,
        };
        calls.then_some(target)
    }

    /// Why a function of a test cannot convert.
    fn test_obstacle(&self, func: FuncId, demand: &Cause) -> Option<Cause> {
        let at_sites = || {
            let demanding = self.sites_in(func).into_iter().map(|id| self.site(id));
            demanding.filter(|site| self.demands_in_tests(site).is_some()).find_map(|site| self.obstacle_in_tests(site))
        };
        let taken = || {
            let is_test = self.world.index.func(func).name.starts_with("test");
            let taken = || environment::taken(self.world, &self.tests.takers, func);
            is_test.then(taken).flatten().map(|name| Cause::TakesFromLoop { name })
        };
        // `__exit__` of a class below one that is entered with `async with` now.
        let mut family = self.family(func).into_iter().filter(|member| !self.world.in_tests(member.file));
        let cause = || obstacle::cause(self.world, func, demand, family.any(|member| self.converts(member)));
        let own = obstacle::sync_base(self.world, func, |member| self.is_coroutine(member)).or_else(cause);
        own.or_else(taken).or_else(|| self.runs_bridge(func)).or_else(at_sites)
    }

    /// Does it call a function that keeps its sync face, and so runs a loop of its own?
    fn runs_bridge(&self, func: FuncId) -> Option<Cause> {
        let sites = self.sites_in(func).into_iter().map(|id| self.site(id));
        let calls = sites.filter(|site| site.kind == SiteKind::Call && self.world.context(site.id).func == Some(func));
        let bridge = calls.flat_map(|site| &site.targets).find(|target| self.bridges.contains(*target))?;
        Some(Cause::RunsLoop { name: self.world.index.func(*bridge).name.to_string() })
    }

    /// Can a function that cannot convert run the coroutines itself? The framework calls it, outside of any loop.
    fn may_run(&self, func: FuncId, cause: &Cause) -> bool {
        let by_framework = match cause {
            Cause::TestHook { name } => !name.starts_with("pytest_"),
            Cause::TestBase { .. } | Cause::Decorator { .. } => self.world.index.func(func).name.starts_with("test"),
            _ => false,
        };
        let sites = self.sites_in(func).into_iter().map(|id| self.site(id));
        let mut demanding = sites.filter(|site| self.demands_in_tests(site).is_some());
        by_framework && demanding.all(|site| site.kind == SiteKind::Call && site::can_run(self.world, site))
    }

    fn obstacle_in_tests(&self, site: &Site) -> Option<Cause> {
        let all = site.targets.iter().all(|target| self.is_coroutine(*target));
        if !all { Some(Cause::Uncertain { site: site.id }) } else { site::obstacle(self.world, site) }
    }

    /// What happens at a site in a test.
    pub(super) fn verdict_in_tests(&self, site: &Site) -> SiteVerdict {
        let converting = site.targets.iter().any(|target| self.converts(*target));
        let owner = self.world.context(site.id).func;
        let in_coroutine = owner.is_some_and(|owner| self.is_coroutine(owner));
        let left = || SiteVerdict::Left(Cause::TestStays { site: site.id });
        match &site.kind {
            SiteKind::Accepted
            | SiteKind::Dispatched
            | SiteKind::Mention
            | SiteKind::Carried
            | SiteKind::Runs { .. }
            | SiteKind::Read => SiteVerdict::AsIs,
            // `sorted(keys, key=store.load)`
            SiteKind::Callback { .. } if converting && !self.are_fakes(&site.targets) => {
                SiteVerdict::Left(Cause::Escapes { site: site.id })
            }
            SiteKind::Callback { .. } => SiteVerdict::AsIs,
            SiteKind::Made if converting && !site.uncertain => SiteVerdict::Left(Cause::Escapes { site: site.id }),
            SiteKind::Made => SiteVerdict::AsIs,
            SiteKind::Value => match site::raises_call(self.world, site) {
                _ if !converting || self.are_fakes(&site.targets) => SiteVerdict::AsIs,
                _ if site::is_mock_use(self.world, site.id) || site::is_wrapped(self.world, site.id) => {
                    SiteVerdict::AsIs
                }
                // What the test puts there is looked at as a stand-in.
                _ if self.world.index.site(site.id).usage == Usage::Store => SiteVerdict::AsIs,
                Some(call) if in_coroutine => SiteVerdict::Raises { call },
                Some(_) => left(),
                None => SiteVerdict::Left(Cause::Escapes { site: site.id }),
            },
            SiteKind::Offloaded { call, form } if converting => match site::obstacle(self.world, site) {
                None => SiteVerdict::Unwrap { call: *call, form: *form },
                Some(cause) => SiteVerdict::Left(cause),
            },
            SiteKind::Offloaded { .. } => SiteVerdict::AsIs,
            SiteKind::Call | SiteKind::Iterated
                if site::is_given_to_runner(self.world, site) || self.is_awaited(site) =>
            {
                SiteVerdict::AsIs
            }
            // What is called has no name that says so: it may be anything.
            SiteKind::Call if site.uncertain && self.calls_objects(site) => SiteVerdict::AsIs,
            SiteKind::Call | SiteKind::Iterated if converting && in_coroutine => match self.obstacle_in_tests(site) {
                None => {
                    let verdict = site::adaptation(self.world, site).map_or(SiteVerdict::Await, SiteVerdict::Adapt);
                    taken::handed_on(self.world, site, verdict)
                }
                Some(cause) => SiteVerdict::Left(cause),
            },
            SiteKind::Call | SiteKind::Iterated if converting && !site.uncertain && self.runs_here(site, owner) => {
                SiteVerdict::EntryPoint
            }
            SiteKind::Call | SiteKind::Iterated if converting => left(),
            SiteKind::Call | SiteKind::Iterated | SiteKind::Blocking { .. } if in_coroutine => {
                self.blocking_in_tests(site, owner)
            }
            SiteKind::Call | SiteKind::Iterated | SiteKind::Blocking { .. } => SiteVerdict::AsIs,
        }
    }

    /// Is this at module level of a test file, or in a test that runs its coroutines itself?
    fn runs_here(&self, site: &Site, owner: Option<FuncId>) -> bool {
        let is_free = self.world.config.tests == Mode::Convert
            && !obstacle::is_fixed(self.world, site.id.file)
            && site::can_run(self.world, site);
        is_free && owner.is_none_or(|owner| self.tests.runs.contains_key(&owner))
    }

    /// What blocks wherever it stands goes to a thread in a test as well, where it can; where it cannot, it is no fault. What only
    /// async code minds (files, sleeps) delays nobody in a test.
    fn blocking_in_tests(&self, site: &Site, owner: Option<FuncId>) -> SiteVerdict {
        if self.world.config.tests == Mode::Ignore || obstacle::is_fixed(self.world, site.id.file) {
            return SiteVerdict::AsIs;
        }
        let counts = match site.kind {
            SiteKind::Blocking { entry, .. } => self.reach_of(entry) == Reach::All && self.is_in_reach(site),
            _ => site.targets.iter().any(|target| self.everywhere.contains(target)),
        };
        if !counts {
            return SiteVerdict::AsIs;
        }
        let Some(owner) = owner else { return SiteVerdict::AsIs };
        let is_guess = site.evidence == Evidence::Agreement && !matches!(site.kind, SiteKind::Blocking { .. });
        // `decorate()(skill)`: what a call gave has no name that says what it is.
        let is_unnamed = site.kind == SiteKind::Call
            && site.evidence == Evidence::Flow
            && self.world.index.site(site.id).is_implicit();
        if is_guess || is_unnamed || site::looks_at_caller(self.world, site) {
            return SiteVerdict::AsIs;
        }
        match self.or_later(site, owner, self.verdict_in_coroutine(site, false)) {
            SiteVerdict::Left(_) => SiteVerdict::AsIs,
            verdict => verdict,
        }
    }

    /// Does it call an object by its `__call__`, for all that is known?
    fn calls_objects(&self, site: &Site) -> bool {
        let name = |func: &FuncId| &self.world.index.func(*func).name;
        self.world.index.site(site.id).name != "__call__" && site.targets.iter().all(|func| name(func) == "__call__")
    }

    fn are_fakes(&self, targets: &[FuncId]) -> bool {
        targets.iter().all(|target| self.tests.stand_ins.fakes.contains_key(target))
    }
}
