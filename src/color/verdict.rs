//! Verdicts: what happens to each function and at each site once the colors stand.

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::cause::Cause;
use super::coloring::Coloring;
use super::hazard::Whole;
use super::shape::{Adaptation, Shape};
use super::{SiteVerdict, Verdicts, boundary, consumer, guard, obstacle, shape, swap, taken, worker};
use crate::config::BlockingAction;
use crate::index::facts::*;
use crate::resolve::{Site, SiteKind};

impl Coloring<'_> {
    pub(super) fn verdicts(self) -> Verdicts {
        let mut verdicts = Verdicts { guards: self.moving_guards(), ..Verdicts::default() };
        for id in self.world.graph.sites.keys() {
            let site = self.site(*id);
            let verdict = match self.world.in_tests(id.file) {
                true => self.verdict_in_tests(site),
                false => self.site_verdict_with(site, &verdicts.guards),
            };
            verdicts.sites.insert(*id, verdict);
        }
        self.settle_consumers(&mut verdicts.sites);
        self.settle_expressions(&mut verdicts.sites);
        for func in self.world.graph.nodes.iter().copied().filter(|func| self.converts(*func)) {
            verdicts.converts.insert(func, self.demand(func, &verdicts.sites));
        }
        for func in &self.bridges {
            verdicts.bridges.insert(*func, self.demand(*func, &verdicts.sites));
        }
        verdicts.converts.extend(self.tests.converts.clone());
        verdicts.tests = self.tests;
        verdicts.stays = self
            .stays
            .into_iter()
            .filter(|(func, _)| self.leads.contains(func) && !self.bridges.contains(func))
            .filter(|(func, cause)| self.blocking.contains(func) || *cause != Cause::NoAwait)
            // A lambda has no name that would say where it is given away.
            .map(|(func, cause)| match cause {
                Cause::NoAwait if self.world.index.func(func).lambda.is_some() => (func, Cause::Lambda),
                cause => (func, cause),
            })
            .collect();
        verdicts
    }

    /// A worker that runs a generator expression runs all of it: what blocks inside is left to it, and where something inside
    /// has to be awaited the generator becomes a list, and what asked for the worker is offloaded by itself.
    fn settle_consumers(&self, sites: &mut BTreeMap<RefId, SiteVerdict>) {
        let mut offloaded: BTreeMap<CallId, Vec<RefId>> = BTreeMap::new();
        for (id, verdict) in sites.iter() {
            if let SiteVerdict::OffloadConsumer { call } = verdict {
                offloaded.entry(*call).or_default().push(*id);
            }
        }
        let files: BTreeSet<FileId> = offloaded.keys().map(|call| call.file).collect();
        let in_generators = |id: &RefId| self.world.context(*id).barrier == Some(Barrier::Generator);
        let lazy: Vec<RefId> =
            sites.keys().copied().filter(|id| files.contains(&id.file)).filter(in_generators).collect();
        let lists: FxHashSet<(FileId, TextRange)> = sites
            .iter()
            .filter_map(|(id, verdict)| match verdict {
                SiteVerdict::Adapt(Adaptation::ListOver { generator }) => Some((id.file, *generator)),
                _ => None,
            })
            .collect();
        // A list around the call is made where the call is awaited.
        let in_list = |id: &RefId, call: CallId| {
            let mut around = self.world.context(*id).generators.iter();
            let whole = self.world.index.call(call).range;
            around.any(|generator| whole.contains_range(generator.range) && lists.contains(&(id.file, generator.range)))
        };
        // The outermost first: it runs the others too.
        let mut offloaded: Vec<(CallId, Vec<RefId>)> = offloaded.into_iter().collect();
        offloaded.sort_by_key(|(call, _)| (call.file, std::cmp::Reverse(self.world.index.call(*call).range.len())));
        for (call, mut asking) in offloaded {
            asking.retain(|id| sites[id] == SiteVerdict::OffloadConsumer { call });
            if asking.is_empty() {
                continue;
            }
            let is_run = |id: &&RefId| {
                let generators = &self.world.context(**id).generators;
                id.file == call.file && generators.iter().any(|own| consumer::is_run_by(self.world, own, call))
            };
            let inside: Vec<RefId> = lazy.iter().filter(is_run).filter(|id| !asking.contains(id)).copied().collect();
            if inside.iter().any(|id| awaits_in_place(&sites[id])) || asking.iter().any(|id| in_list(id, call)) {
                sites.extend(asking.into_iter().map(|id| (id, self.unseen(self.site(id)))));
            } else {
                let moves = |id: &RefId| !matches!(sites[id], SiteVerdict::Left(_));
                let moved: Vec<RefId> = inside.into_iter().filter(moves).collect();
                sites.extend(moved.into_iter().map(|id| (id, SiteVerdict::AsIs)));
                if consumer::leaves_open(self.world, call) {
                    sites.extend(asking.into_iter().map(|id| (id, self.made_by_worker(id, call))));
                }
            }
        }
    }

    /// The worker makes the generator too, and closes it.
    fn made_by_worker(&self, id: RefId, call: CallId) -> SiteVerdict {
        let expression = self.world.index.call(call).range;
        match self.world.vetoes.contains(&(call.file, expression)) {
            true => SiteVerdict::Left(Cause::CannotRewrite { site: id }),
            false => SiteVerdict::OffloadExpression { expression },
        }
    }

    /// A worker that evaluates an expression evaluates all of it: what blocks inside is left to it, and where something inside
    /// has to be awaited the expression stays.
    fn settle_expressions(&self, sites: &mut BTreeMap<RefId, SiteVerdict>) {
        let offloaded = sites.iter().filter_map(|(id, verdict)| match verdict {
            SiteVerdict::OffloadExpression { expression } => Some((*id, *expression)),
            _ => None,
        });
        for (outer, expression) in offloaded.collect::<Vec<_>>() {
            let own = |id: &RefId| {
                *id == outer || sites[id] == SiteVerdict::OffloadExpression { expression } || {
                    let site = self.world.index.site(*id);
                    !expression.contains_range(site.range)
                }
            };
            let in_file = RefId { file: outer.file, index: 0 }..=RefId { file: outer.file, index: u32::MAX };
            let inside: Vec<RefId> = sites.range(in_file).map(|(id, _)| *id).filter(|id| !own(id)).collect();
            let blocks = |id: &RefId| {
                matches!(
                    sites[id],
                    SiteVerdict::Offload
                        | SiteVerdict::OffloadConsumer { .. }
                        | SiteVerdict::OffloadIterable { .. }
                        | SiteVerdict::OffloadExpression { .. }
                        | SiteVerdict::Replace(_)
                        | SiteVerdict::AsIs
                )
            };
            if !inside.iter().all(blocks) {
                sites.insert(outer, SiteVerdict::Left(Cause::CannotRewrite { site: outer }));
            } else if let Some(cause) = self.hazard_beside(self.site(outer), Whole::Expression(expression)) {
                sites.insert(outer, SiteVerdict::Left(cause));
            } else {
                sites.extend(inside.into_iter().map(|id| (id, SiteVerdict::AsIs)));
            }
        }
    }

    /// The first site that makes a function convert; the family when it has none of its own.
    pub(super) fn demand(&self, func: FuncId, sites: &BTreeMap<RefId, SiteVerdict>) -> Cause {
        if let Some(entry) = self.world.graph.declared.get(&func) {
            return Cause::Declared { entry: *entry };
        }
        for id in self.sites_in(func) {
            let target = self.site(id).targets.first().copied();
            let is_leaf = matches!(self.site(id).kind, SiteKind::Blocking { .. });
            match (&sites[&id], target) {
                (SiteVerdict::Native(_) | SiteVerdict::Replace(_), _) => return Cause::Blocks { site: id },
                (
                    SiteVerdict::OffloadConsumer { .. }
                    | SiteVerdict::OffloadIterable { .. }
                    | SiteVerdict::OffloadExpression { .. }
                    | SiteVerdict::UnwrapRun { .. },
                    _,
                ) => {
                    return Cause::Blocks { site: id };
                }
                (SiteVerdict::Await | SiteVerdict::Adapt(_), _) if is_leaf => return Cause::Blocks { site: id },
                (SiteVerdict::Offload, _) if self.site(id).kind != SiteKind::Call => {
                    return Cause::Blocks { site: id };
                }
                (SiteVerdict::OffloadHandedOn, None) => return Cause::Blocks { site: id },
                (SiteVerdict::Offload | SiteVerdict::OffloadHandedOn, Some(target)) => {
                    return Cause::Offloads { site: id, target };
                }
                (SiteVerdict::Await | SiteVerdict::HandedOn | SiteVerdict::Adapt(_), Some(target)) => {
                    return Cause::Calls { site: id, target };
                }
                _ => {}
            }
        }
        let member = self.family(func).into_iter().find(|member| *member != func).unwrap_or(func);
        Cause::Family { member }
    }

    /// Outside of `__main__` guards.
    pub(super) fn site_verdict(&self, site: &Site) -> SiteVerdict {
        self.site_verdict_with(site, &BTreeSet::new())
    }

    /// The guards with more in them than one call that can be run by itself.
    fn moving_guards(&self) -> BTreeSet<guard::GuardId> {
        let mut waiting: BTreeMap<guard::GuardId, Vec<&Site>> = BTreeMap::new();
        for site in self.world.graph.sites.values().filter(|site| !self.world.in_tests(site.id.file)) {
            let converts = site.targets.iter().any(|target| self.converts(*target));
            let awaits =
                converts && matches!(site.kind, SiteKind::Call | SiteKind::Iterated | SiteKind::Offloaded { .. });
            if let Some(guard) = guard::of_site(self.world, site).filter(|_| awaits) {
                waiting.entry(guard).or_default().push(site);
            }
        }
        let has_loop = |guard: guard::GuardId| {
            let mut inside = self.world.graph.sites_in_file(guard.0);
            inside.any(|site| {
                matches!(site.kind, SiteKind::Runs { .. }) && guard::of_site(self.world, site) == Some(guard)
            })
        };
        let is_single = |guard: guard::GuardId, sites: &[&Site]| match sites {
            [site] => guard::runs_alone(self.world, site) && !has_loop(guard) || !guard::moves(self.world, guard),
            _ => false,
        };
        let moving =
            waiting.into_iter().filter(|(guard, sites)| !is_single(*guard, sites) && guard::moves(self.world, *guard));
        moving.map(|(guard, _)| guard).collect()
    }

    /// `guards`: those that become functions.
    fn site_verdict_with(&self, site: &Site, guards: &BTreeSet<guard::GuardId>) -> SiteVerdict {
        let context = self.world.context(site.id);
        let converting = site.targets.iter().any(|target| self.converts(*target));
        if self.world.only_lists(site) {
            let in_coroutine = self.world.owner(site.id).is_some_and(|owner| self.is_coroutine(owner));
            let is_left = converting || in_coroutine && self.blocks_now(site);
            return if is_left { SiteVerdict::Left(Cause::Uncertain { site: site.id }) } else { SiteVerdict::AsIs };
        }
        if !self.world.is_editable(site.id.file) && site.kind.runs() {
            let is_offload = matches!(site.kind, SiteKind::Offloaded { .. });
            let in_coroutine = self.world.owner(site.id).is_some_and(|owner| self.is_coroutine(owner));
            let is_left = converting || in_coroutine && !is_offload && self.blocks_now(site);
            return if is_left { SiteVerdict::Left(Cause::FileStays { site: site.id }) } else { SiteVerdict::AsIs };
        }
        match &site.kind {
            SiteKind::Accepted | SiteKind::Mention | SiteKind::Carried => SiteVerdict::AsIs,
            // What blocks and stays cannot be offloaded there: beside it, coroutine functions may arrive.
            SiteKind::Dispatched => {
                let blocks = |target: &&FuncId| self.stays.contains_key(target) && self.blocking.contains(target);
                match site.targets.iter().find(blocks) {
                    Some(func) => SiteVerdict::Left(Cause::TakesBoth { func: *func }),
                    None => SiteVerdict::AsIs,
                }
            }
            SiteKind::Value | SiteKind::Made if converting => SiteVerdict::Left(Cause::Escapes { site: site.id }),
            SiteKind::Value | SiteKind::Made => SiteVerdict::AsIs,
            SiteKind::Offloaded { call, form } if converting => SiteVerdict::Unwrap { call: *call, form: *form },
            SiteKind::Offloaded { .. } => SiteVerdict::AsIs,
            SiteKind::Blocking { .. }
            | SiteKind::Call
            | SiteKind::Iterated
            | SiteKind::Runs { .. }
            | SiteKind::Read
            | SiteKind::Callback { .. } => {
                if !self.is_in_reach(site) {
                    return SiteVerdict::AsIs;
                }
                match self.world.owner(site.id) {
                    Some(owner) if self.is_coroutine(owner) => {
                        let verdict = taken::handed_on(self.world, site, self.verdict_in_coroutine(site, converting));
                        self.or_later(site, owner, self.in_lambda(owner, verdict))
                    }
                    None if guard::of_site(self.world, site).is_some_and(|guard| guards.contains(&guard)) => {
                        self.verdict_in_coroutine(site, converting)
                    }
                    None if converting && context.main_guard && guard::runs_alone(self.world, site) => {
                        SiteVerdict::EntryPoint
                    }
                    _ if (converting || swap::is_async_now(self.world, site)) && !self.is_sync_face(site) => {
                        SiteVerdict::Left(match site.uncertain {
                            true => Cause::Uncertain { site: site.id },
                            false => Cause::Unawaited { site: site.id },
                        })
                    }
                    _ => SiteVerdict::AsIs,
                }
            }
        }
    }

    /// Is it in the body of a method that has an async twin beside it?
    fn is_sync_face(&self, site: &Site) -> bool {
        self.world.owner(site.id).is_some_and(|func| self.world.graph.layer.contains(&func))
    }

    /// A lambda hands on the awaitable, unless it becomes a definition.
    fn in_lambda(&self, owner: FuncId, verdict: SiteVerdict) -> SiteVerdict {
        if !boundary::hands_on_awaitable(self.world, owner) {
            return verdict;
        }
        match verdict {
            SiteVerdict::Await => SiteVerdict::HandedOn,
            SiteVerdict::Offload => SiteVerdict::OffloadHandedOn,
            verdict => verdict,
        }
    }

    pub(super) fn verdict_in_coroutine(&self, site: &Site, converting: bool) -> SiteVerdict {
        let blocks = matches!(site.kind, SiteKind::Blocking { .. } | SiteKind::Runs { .. })
            || self.runs_layer(site)
            || site.targets.iter().any(|target| self.blocking.contains(target));
        if self.world.result_usage(site.id) == Some(Usage::Awaited) {
            // What is called blocks before it returns what is awaited.
            let blocks_first = site.kind == SiteKind::Call && !converting && self.blocks_now(site);
            return match blocks_first {
                true => SiteVerdict::Left(Cause::AwaitedAlready { site: site.id }),
                false => SiteVerdict::AsIs,
            };
        }
        if obstacle::runs_in_worker(self.world, site) {
            return SiteVerdict::AsIs;
        }
        if !converting && worker::is_given_to_one(self.world, site) {
            return SiteVerdict::AsIs;
        }
        if blocks
            && !converting
            && self.blocks_now(site)
            && !self.has_twin(site)
            && let Some(verdict) = self.used_up(site)
        {
            return verdict;
        }
        if blocks
            && !converting
            && self.blocks_now(site)
            && let Some(call) = self.offloadable_consumer(site)
            && !self.becomes_list(site)
            && !self.has_twin(site)
        {
            return SiteVerdict::OffloadConsumer { call };
        }
        if site.others && !converting && self.offloads(site) {
            return SiteVerdict::Offload;
        }
        if blocks && site.kind == SiteKind::Read && obstacle::is_operand(self.world, site) {
            return SiteVerdict::Left(Cause::Operator { site: site.id });
        }
        if let Some(cause) = obstacle::obstacle(self.world, site) {
            return if blocks || converting { SiteVerdict::Left(cause) } else { SiteVerdict::AsIs };
        }
        let is_written = matches!(self.world.index.site(site.id).usage, Usage::Store | Usage::Delete);
        match &site.kind {
            SiteKind::Blocking { .. } if let Some(twin) = swap::twin(self.world, site) => {
                let shape = shape::shape_of_targets(self.world, site).unwrap_or(Shape::Coroutine);
                match shape::adaptation(self.world, site, shape) {
                    Some(adaptation) => SiteVerdict::Adapt(adaptation),
                    None if *twin.method == *self.world.index.site(site.id).name => SiteVerdict::Await,
                    None => SiteVerdict::Native(twin.method.clone()),
                }
            }
            SiteKind::Blocking { entry, .. } => match &self.world.graph.entries[*entry].action {
                BlockingAction::Replace { .. } if let Some(adaptation) = shape::leaf_adaptation(self.world, site) => {
                    SiteVerdict::Adapt(adaptation)
                }
                BlockingAction::Replace { function } => SiteVerdict::Replace(function.clone()),
                BlockingAction::Native { .. } | BlockingAction::Offload => SiteVerdict::Offload,
                BlockingAction::Tell => SiteVerdict::AsIs,
            },
            SiteKind::Runs { .. } => match self.world.index.site(site.id).usage {
                Usage::Called(call) => SiteVerdict::UnwrapRun { call },
                _ => SiteVerdict::AsIs,
            },
            SiteKind::Call | SiteKind::Iterated | SiteKind::Callback { .. } if converting => {
                let shape = shape::shape_of_targets(self.world, site).unwrap_or(Shape::Coroutine);
                match shape::adaptation(self.world, site, shape) {
                    Some(adaptation) => SiteVerdict::Adapt(adaptation),
                    None => SiteVerdict::Await,
                }
            }
            SiteKind::Call | SiteKind::Iterated if !blocks => SiteVerdict::AsIs,
            SiteKind::Call if self.world.index.site(site.id).runs_unseen() => self.unseen(site),
            SiteKind::Call | SiteKind::Iterated => match self.hazard(site) {
                Some(cause) => SiteVerdict::Left(cause),
                None if site.kind == SiteKind::Iterated => SiteVerdict::Left(Cause::Consumed { site: site.id }),
                None => SiteVerdict::Offload,
            },
            SiteKind::Read if blocks => match self.hazard(site) {
                Some(cause) => SiteVerdict::Left(cause),
                None if is_written => SiteVerdict::Left(Cause::Property),
                None => SiteVerdict::OffloadExpression { expression: read(self.world.index.site(site.id)) },
            },
            SiteKind::Read
            | SiteKind::Callback { .. }
            | SiteKind::Value
            | SiteKind::Made
            | SiteKind::Carried
            | SiteKind::Offloaded { .. }
            | SiteKind::Accepted
            | SiteKind::Dispatched
            | SiteKind::Mention => SiteVerdict::AsIs,
        }
    }

    /// Is there something async that the site can take in the place of the leaf, or no other than that?
    fn has_twin(&self, site: &Site) -> bool {
        let adapts = || shape::leaf_adaptation(self.world, site).is_some();
        swap::is_async_now(self.world, site) || adapts() && obstacle::obstacle(self.world, site).is_none()
    }
}

/// The expression that reads an attribute.
fn read(site: &Ref) -> TextRange {
    match site.usage {
        Usage::Implied { whole } => whole,
        _ => site.range,
    }
}

/// Is something put in place of the site that no worker can do?
fn awaits_in_place(verdict: &SiteVerdict) -> bool {
    match verdict {
        SiteVerdict::Await
        | SiteVerdict::Native(_)
        | SiteVerdict::Replace(_)
        | SiteVerdict::Adapt(_)
        | SiteVerdict::Unwrap { .. }
        | SiteVerdict::EntryPoint
        | SiteVerdict::Raises { .. }
        | SiteVerdict::UnwrapRun { .. } => true,
        SiteVerdict::HandedOn
        | SiteVerdict::Offload
        | SiteVerdict::OffloadHandedOn
        | SiteVerdict::OffloadConsumer { .. }
        | SiteVerdict::OffloadIterable { .. }
        | SiteVerdict::OffloadExpression { .. }
        | SiteVerdict::AsIs
        | SiteVerdict::Left(_) => false,
    }
}
