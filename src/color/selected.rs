//! A part of a migration: some of the functions convert now, the others later. The colors of the whole are decided first;
//! what waits is as it was before, so nothing is offloaded for the time being that converts in the end.

use rustc_hash::FxHashSet;

use super::cause::Cause;
use super::coloring::Coloring;
use super::{SiteVerdict, Verdicts, World};
use crate::index::facts::FuncId;
use crate::resolve::Site;

/// The functions that change now. Tests follow them.
///
/// A function that converts needs every function that calls it (see [`crate::plan::groups`]); the set must be closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    functions: FxHashSet<FuncId>,
    /// Functions of tests that convert when everything does.
    tests: FxHashSet<FuncId>,
}

impl Selected {
    /// Selects `functions` of the code out of the `whole`.
    pub fn new(functions: impl IntoIterator<Item = FuncId>, whole: &Verdicts) -> Self {
        Self { functions: functions.into_iter().collect(), tests: whole.tests.converts.keys().copied().collect() }
    }

    /// Does the function convert now, or do the blocking calls in it move off the loop now?
    pub fn has(&self, func: FuncId) -> bool {
        self.functions.contains(&func)
    }
}

/// The verdicts of the part that `world` selects. `whole` is the outcome without a selection.
pub fn color_part(world: World, whole: &Verdicts) -> Verdicts {
    let mut coloring = Coloring::new(world);
    coloring.stays = whole.stays.clone();
    for func in whole.bridges.keys() {
        coloring.stays.insert(*func, Cause::Bridge);
        if coloring.is_selected(*func) {
            coloring.bridges.insert(*func);
        }
    }
    coloring.follow_in_tests();
    coloring.verdicts()
}

impl Coloring<'_> {
    /// Does the function change in this run?
    pub(super) fn is_selected(&self, func: FuncId) -> bool {
        self.world.selected.is_none_or(|selected| selected.has(func))
    }

    /// `verdict`, unless it is an edit that waits for a later run.
    pub(super) fn or_later(&self, site: &Site, owner: FuncId, verdict: SiteVerdict) -> SiteVerdict {
        let moves = match verdict {
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
        };
        let waits = || {
            site.targets.iter().any(|target| self.converts_later(*target))
                || !self.is_selected(owner) && !self.follows(owner)
        };
        if moves && waits() { SiteVerdict::Left(Cause::Later { site: site.id }) } else { verdict }
    }

    fn converts_later(&self, func: FuncId) -> bool {
        let Some(selected) = self.world.selected else { return false };
        let converts_in_the_end = match self.world.in_tests(func.file) {
            true => selected.tests.contains(&func),
            false => self.world.graph.nodes.contains(&func) && !self.stays.contains_key(&func),
        };
        converts_in_the_end && !self.converts(func)
    }

    /// Is it a test that converts with what it tests?
    fn follows(&self, func: FuncId) -> bool {
        self.world.in_tests(func.file) && self.tests.converts.contains_key(&func)
    }
}
