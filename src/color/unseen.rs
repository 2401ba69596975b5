//! Methods that Python runs by itself, where they block in a coroutine: `len(x)`, `x[k]`, `stack.enter_context(x)`.

use super::SiteVerdict;
use super::cause::Cause;
use super::coloring::Coloring;
use super::{consumer, used_up};
use crate::index::facts::*;
use crate::resolve::{Site, eager, hierarchy};

impl Coloring<'_> {
    /// A method that Python runs by itself blocks here.
    pub(super) fn unseen(&self, site: &Site) -> SiteVerdict {
        let facts = self.world.index.site(site.id);
        // `next(x, None)`, where `StopIteration` goes no further.
        if facts.name == "__next__"
            && let Some(call) = consumer::offloadable(self.world, site)
            && self.hazard_in_consumer(site).is_none()
        {
            return SiteVerdict::OffloadConsumer { call };
        }
        if let Some(cause) = self.hazard(site) {
            return SiteVerdict::Left(cause);
        }
        match facts.usage {
            Usage::Implied { whole } if facts.name != "__setitem__" => {
                SiteVerdict::OffloadExpression { expression: whole }
            }
            // `stack.enter_context(x)`: the stack leaves it on the loop.
            Usage::Argument { .. } if facts.name == "__enter__" && self.blocks_on_exit(site) => {
                SiteVerdict::Left(Cause::Consumed { site: site.id })
            }
            // `enumerate(x)` iterates over nothing yet.
            Usage::Argument { call, .. } if facts.name == "__iter__" && self.is_iterated_later(site, call) => {
                SiteVerdict::Left(Cause::Consumed { site: site.id })
            }
            // `len(x)`
            Usage::Argument { call, index: 0 } => SiteVerdict::OffloadConsumer { call },
            _ => SiteVerdict::Left(Cause::Consumed { site: site.id }),
        }
    }

    fn is_iterated_later(&self, site: &Site, call: CallId) -> bool {
        let at_once = || site.targets.iter().all(|target| used_up::works_at_once(self.world, *target));
        eager::is_lazy(&self.world.names(), self.world.index.call(call)) && !at_once()
    }

    /// Does the `__exit__` beside one of the `__enter__` block?
    fn blocks_on_exit(&self, site: &Site) -> bool {
        let hierarchy = &self.world.graph.hierarchy;
        let classes = site.targets.iter().filter_map(|target| self.world.index.func(*target).class);
        let related =
            classes.flat_map(|class| hierarchy.ancestors(class).into_iter().chain(hierarchy.descendants(class)));
        let mut exits = related.filter_map(|class| hierarchy::method(self.world.index, class, "__exit__"));
        exits.any(|exit| self.blocking.contains(&exit))
    }
}
