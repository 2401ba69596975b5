//! Taking back: what cannot convert, what that breaks in turn, and what would end up without an await.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::cause::Cause;
use super::coloring::Coloring;
use super::{boundary, bridge, frameworks, obstacle};
use crate::config::Reach;
use crate::index::facts::*;
use crate::resolve::{PickSite, Site, SiteKind, command};

impl Coloring<'_> {
    /// Takes a function back, with its whole family.
    pub(super) fn take_back(&mut self, func: FuncId, cause: Cause) {
        if !self.converts(func) {
            return;
        }
        let family = self.family(func);
        // What calls a method that is async now would do nothing if it stayed sync: rather name the places to change by hand.
        if !cause.is_its_own() && family.iter().any(|member| self.world.graph.no_sync_form.contains(member)) {
            return;
        }
        for member in family {
            let own = if member == func { cause.clone() } else { Cause::Family { member: func } };
            if self.converts(member) {
                self.stays.insert(member, own);
                self.pending.push(member);
            }
        }
    }

    /// The same for what a site of the code runs. Where a method of a test runs, the one of the code that it overrides may.
    fn take_back_target(&mut self, target: FuncId, cause: &Cause) {
        if !self.world.in_tests(target.file) {
            return self.take_back(target, cause.clone());
        }
        let overridden = self.family(target).into_iter().filter(|member| !self.world.in_tests(member.file));
        for member in overridden.collect::<Vec<_>>() {
            self.take_back(member, cause.clone());
        }
    }

    /// How many functions have been taken back. A bridge is counted once it is none any more.
    pub(super) fn taken_back(&self) -> usize {
        self.stays.len() - self.bridges.len()
    }

    /// The same for a function whose body cannot await: it may be a bridge, of which the callers know nothing.
    fn take_back_body(&mut self, func: FuncId, cause: Cause) {
        if self.bridges.remove(&func) {
            self.stays.insert(func, cause);
            self.pending.push(func);
        } else {
            self.take_back(func, cause);
        }
    }

    pub(super) fn take_back_boundaries(&mut self) {
        let nodes: Vec<FuncId> = self.world.graph.nodes.iter().copied().collect();
        for func in nodes {
            let reach = match self.world.config.reach {
                Reach::All => None,
                Reach::Async if self.reached.contains(&func) => None,
                Reach::Async => Some(match self.world.graph.computed.code.get(&func) {
                    Some(pick) if self.is_in_async(*pick) => Cause::Computed { pick: *pick },
                    _ => Cause::NotReached,
                }),
                Reach::None => Some(Cause::ReachNone),
            };
            let threaded = || {
                let own = !self.reached.contains(&func) && frameworks::is_threaded(self.world, func);
                own.then_some(Cause::Threaded)
            };
            // A lambda has no name that would say where it is given away.
            let is_lambda = self.world.index.func(func).lambda.is_some();
            let reach = reach.map(|cause| if is_lambda { Cause::Lambda } else { cause });
            let cause = boundary::cause(self.world, func).or_else(threaded).or(reach);
            if bridge::applies(self.world, func, cause.as_ref()) {
                self.stays.insert(func, Cause::Bridge);
                self.bridges.insert(func);
            } else if let Some(cause) = cause {
                self.take_back(func, cause);
            }
        }
        for site in self.world.graph.sites.values() {
            let Some(cause) = obstacle::obstacle(self.world, site) else { continue };
            self.take_back_at(site, &cause);
        }
        for (lookup, targets) in &self.world.graph.lookups {
            if !self.world.in_tests(lookup.file) {
                for target in targets.iter().filter(|func| !self.world.graph.renames.new_names.contains_key(func)) {
                    self.take_back(*target, Cause::LookedUp { lookup: *lookup });
                }
            }
        }
        for (target, pick) in &self.world.graph.computed.code {
            self.take_back(*target, Cause::Computed { pick: *pick });
        }
    }

    /// Does async code compute a name there?
    fn is_in_async(&self, pick: PickSite) -> bool {
        let facts = self.world.index.file(pick.file);
        let owner = facts[facts.picks[pick.index as usize].context].owner();
        owner.is_some_and(|owner| self.world.index.func(owner).is_async)
    }

    /// What an obstacle at a site takes back: the functions it names, and where the site blocks, the function around it.
    pub(super) fn take_back_at(&mut self, site: &Site, cause: &Cause) {
        // A test never holds production code back: it follows, or is named in the report.
        if self.world.in_tests(site.id.file) {
            return;
        }
        for target in &site.targets {
            // What gets a new name cannot be run by mistake under the old one.
            if !(site.uncertain && self.world.graph.renames.new_names.contains_key(target)) {
                self.take_back_target(*target, cause);
            }
        }
        let runs_here = match site.kind {
            SiteKind::Blocking { .. } | SiteKind::Runs { .. } => self.is_in_reach(site),
            SiteKind::Call | SiteKind::Iterated | SiteKind::Read | SiteKind::Callback { .. } => true,
            SiteKind::Value
            | SiteKind::Made
            | SiteKind::Carried
            | SiteKind::Offloaded { .. }
            | SiteKind::Accepted
            | SiteKind::Dispatched
            | SiteKind::Mention => false,
        };
        // What runs nothing that blocks is called as it was.
        let counts = matches!(site.kind, SiteKind::Blocking { .. } | SiteKind::Runs { .. })
            || self.runs_layer(site)
            || site.targets.iter().any(|target| self.blocking.contains(target) || self.converts(*target));
        if runs_here
            && counts
            && (cause.takes_owner_back() || matches!(cause, Cause::ThreadBound { .. }))
            && self.offloadable_consumer(site).is_none()
            && let Some(owner) = self.world.owner(site.id)
        {
            self.take_back_body(owner, cause.clone());
        }
    }

    /// A sync function cannot await: what it calls stays sync too.
    pub(super) fn propagate(&mut self) {
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
                    | SiteKind::Runs { .. }
                    | SiteKind::Value
                    | SiteKind::Made
                    | SiteKind::Carried
                    | SiteKind::Accepted
                    | SiteKind::Dispatched
                    | SiteKind::Mention => false,
                };
                let calls = calls && !self.world.only_lists(site);
                for target in site.targets.iter().filter(|_| calls) {
                    self.take_back_target(*target, &Cause::CallerStays { site: id, caller: func });
                }
            }
        }
    }

    /// A sync function with a blocking call in it that cannot be offloaded by itself (a property, a generator that stays) is
    /// offloaded as a whole instead. Returns whether there was something.
    pub(super) fn take_back_what_blocks_within(&mut self) -> bool {
        let mut found = vec![];
        for site in self.world.graph.sites.values() {
            let Some(owner) = self.world.owner(site.id).filter(|owner| self.comes_to_await(*owner)) else {
                continue;
            };
            let blocks = site.targets.iter().any(|target| {
                self.stays.get(target).is_some_and(|cause| *cause != Cause::Layer) && self.blocking.contains(target)
            });
            let stuck = match site.kind {
                SiteKind::Read | SiteKind::Callback { .. } | SiteKind::Iterated => true,
                SiteKind::Call => {
                    // A loop cannot be run under another one: where no thread can take it, all is as it was.
                    let runs_loop = || site.targets.iter().any(|target| self.run_loops.contains(target));
                    self.world.index.site(site.id).runs_unseen()
                        || self.hazard(site).is_some_and(|cause| {
                            matches!(cause, Cause::WorksLater { .. } | Cause::StopsIteration { .. }) || runs_loop()
                        })
                }
                _ => false,
            };
            let stuck = blocks && stuck && self.offloadable_consumer(site).is_none();
            if let Some(name) = self.main_loop(site, owner) {
                found.push((owner, Cause::RunsLoop { name }));
            } else if (stuck || self.hands_nothing_on(site, owner)) && !self.world.in_tests(owner.file) {
                found.push((owner, Cause::BlocksWithin { site: site.id }));
            }
        }
        let before = self.taken_back();
        for (owner, cause) in &found {
            self.take_back_body(*owner, cause.clone());
        }
        self.taken_back() > before
    }

    /// What runs a loop of the main thread, where a call in sync code leads to that. In a worker the loop would have no signals.
    fn main_loop(&self, site: &Site, owner: FuncId) -> Option<String> {
        let is_sync = !self.reached.contains(&owner) && !self.world.index.func(owner).is_async;
        let counts = site.kind == SiteKind::Call && !site.uncertain && is_sync && !self.world.in_tests(owner.file);
        let name = |target: &FuncId| self.world.index.func(*target).name.to_string();
        site.targets.iter().filter(|_| counts).find_map(|target| match self.stays.get(target) {
            Some(cause) if self.blocking.contains(target) && self.run_main_loops.contains(target) => match cause {
                Cause::RunsLoop { name } => Some(name.clone()),
                _ => Some(name(target)),
            },
            // What is called is the command, which runs the loop that its function needs.
            _ if self.bridges.contains(target)
                && command::is_command(self.world.names(), self.world.config, *target) =>
            {
                Some(name(target))
            }
            _ => None,
        })
    }

    /// Would a lambda that hands on what its body gives hand on no awaitable, because what it calls stays and goes to no thread?
    fn hands_nothing_on(&self, site: &Site, owner: FuncId) -> bool {
        site.kind == SiteKind::Call
            && boundary::hands_on_awaitable(self.world, owner)
            && !site.targets.iter().any(|target| self.converts(*target))
            && !self.offloads(site)
    }

    /// Takes back what would end up without any await. Returns whether there was something.
    pub(super) fn take_back_unsupported(&mut self) -> bool {
        let supported = self.supported();
        let unsupported: Vec<FuncId> = self
            .world
            .graph
            .nodes
            .iter()
            .copied()
            .filter(|func| self.comes_to_await(*func) && !supported.contains(func))
            .collect();
        let before = self.taken_back();
        let causes: Vec<Cause> = unsupported.iter().map(|func| self.why_unsupported(*func)).collect();
        for (func, cause) in unsupported.into_iter().zip(causes) {
            self.take_back_body(func, cause);
        }
        self.taken_back() > before
    }

    /// Why nothing in a function would be awaited: what blocks in it may be nothing for a thread.
    fn why_unsupported(&self, func: FuncId) -> Cause {
        let ids = self.sites_in(func);
        let blocking = ids.iter().map(|id| self.site(*id)).filter(|site| {
            site.kind == SiteKind::Call && !site.uncertain && !self.world.only_lists(site) && self.blocks_now(site)
        });
        let mut kept = blocking
            .filter_map(|site| self.hazard(site).map(|why| Cause::NotMoved { site: site.id, why: Box::new(why) }));
        kept.next().unwrap_or(Cause::NoAwait)
    }

    /// Converting functions with an await in them that goes back to a blocking call.
    pub(super) fn supported(&self) -> BTreeSet<FuncId> {
        let mut callers: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
        let mut supported = BTreeSet::new();
        let mut pending: Vec<FuncId> =
            self.world.graph.declared.keys().copied().filter(|func| self.converts(*func)).collect();
        for site in self.world.graph.sites.values() {
            let Some(owner) = self.world.owner(site.id).filter(|owner| self.comes_to_await(*owner)) else {
                continue;
            };
            if self.world.only_lists(site) {
                continue;
            }
            // What blocks and stays is called as before where no async code gets, and so is what runs a loop of its own.
            let is_reason = |target: &FuncId| self.everywhere.contains(target) && !self.bridges.contains(target);
            let counts = self.reached.contains(&owner) || site.targets.iter().any(is_reason);
            if obstacle::obstacle(self.world, site).is_some() {
                let moves = self.blocks_now(site) && self.offloadable_consumer(site).is_some();
                if counts && (moves || site.others && self.offloads(site)) {
                    pending.push(owner);
                }
                continue;
            }
            let waits = match &site.kind {
                SiteKind::Blocking { .. } | SiteKind::Runs { .. } => self.is_in_reach(site),
                SiteKind::Call | SiteKind::Iterated => {
                    for target in site.targets.iter().filter(|target| self.converts(**target)) {
                        callers.entry(*target).or_default().push(owner);
                    }
                    counts
                        && (self.offloads(site) || self.blocks_now(site) && self.offloadable_consumer(site).is_some())
                }
                SiteKind::Read
                | SiteKind::Callback { .. }
                | SiteKind::Value
                | SiteKind::Made
                | SiteKind::Carried
                | SiteKind::Offloaded { .. }
                | SiteKind::Accepted
                | SiteKind::Dispatched
                | SiteKind::Mention => false,
            };
            if waits {
                pending.push(owner);
            }
        }
        while let Some(func) = pending.pop() {
            // Where one of a family is, all of it is.
            if supported.contains(&func) {
                continue;
            }
            for member in self.family(func) {
                if self.comes_to_await(member) && supported.insert(member) {
                    pending.extend(callers.get(&member).into_iter().flatten().copied());
                }
            }
        }
        supported
    }
}
