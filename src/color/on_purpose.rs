//! Functions that were put in a thread on purpose: where every caller offloads one, it stays, whatever it runs. To take the
//! offload away would bring what else it does back onto the loop.

use super::cause::Cause;
use super::coloring::Coloring;
use crate::index::facts::*;
use crate::resolve::{Site, SiteKind};

impl Coloring<'_> {
    /// Takes back what only offloads run. Returns whether there was something.
    pub(super) fn take_back_offloaded(&mut self) -> bool {
        let mut found = vec![];
        for func in self.world.graph.nodes.iter().copied().filter(|func| self.converts(*func)) {
            if !self.world.in_tests(func.file)
                && let Some(site) = self.only_offload(func)
            {
                found.push((func, Cause::InThread { site }));
            }
        }
        let before = self.taken_back();
        for (func, cause) in found {
            self.take_back(func, cause);
        }
        self.taken_back() > before
    }

    /// The offload of a function (or of one that must have its color) that nothing else runs.
    fn only_offload(&self, func: FuncId) -> Option<RefId> {
        let family = self.family(func);
        if family.iter().any(|member| self.world.graph.declared.contains_key(member) || self.runs_loop(*member)) {
            return None;
        }
        let sites = family.iter().flat_map(|member| self.world.graph.sites_of(*member));
        let mut offload = None;
        for site in sites.map(|id| self.site(*id)).filter(|site| !self.world.in_tests(site.id.file)) {
            match site.kind {
                SiteKind::Offloaded { .. } => offload = offload.or(Some(site.id)),
                _ if self.wants_async(site, &family) => return None,
                _ => {}
            }
        }
        offload
    }

    /// Does the site ask for an async function: is it awaited there, or taken by something that takes one?
    fn wants_async(&self, site: &Site, family: &[FuncId]) -> bool {
        match site.kind {
            SiteKind::Accepted | SiteKind::Dispatched => true,
            SiteKind::Call | SiteKind::Iterated | SiteKind::Read | SiteKind::Callback { .. } => {
                self.world.owner(site.id).is_none_or(|owner| !family.contains(&owner) && self.is_coroutine(owner))
            }
            SiteKind::Blocking { .. }
            | SiteKind::Runs { .. }
            | SiteKind::Value
            | SiteKind::Made
            | SiteKind::Carried
            | SiteKind::Offloaded { .. }
            | SiteKind::Mention => false,
        }
    }

    /// Does it run an event loop that is to be taken away?
    fn runs_loop(&self, func: FuncId) -> bool {
        let mut sites = self.sites_in(func).into_iter().map(|id| self.site(id));
        sites.any(|site| matches!(site.kind, SiteKind::Runs { .. }) && self.is_in_reach(site))
    }
}
