//! What is iterated over, blocks and stays sync, where a worker can iterate over it as well: what is used up at once, and an
//! `__iter__` that does all of its work before it gives an iterator.

use ruff_text_size::TextRange;

use super::cause::Cause;
use super::coloring::Coloring;
use super::{SiteVerdict, World, hazard, shape};
use crate::index::facts::*;
use crate::plan::IteratedBy;
use crate::resolve::names::Meaning;
use crate::resolve::{Site, SiteKind};

impl Coloring<'_> {
    /// What becomes of the iterable of `[*g()]`, `a, b = g()`, `x += g()` or `k in g()`; nothing when it is another.
    pub(super) fn used_up(&self, site: &Site) -> Option<SiteVerdict> {
        let world = self.world;
        let is_iterated = matches!(site.kind, SiteKind::Call | SiteKind::Iterated) && !site.uncertain && !site.others;
        let facts = world.index.site(site.id);
        let (usage, iterable) = match facts.usage {
            Usage::Called(call) => (world.index.call(call).usage, world.index.call(call).range),
            usage => (usage, facts.range),
        };
        let searched = matches!(usage, Usage::Compared).then(|| self.searched(site, iterable)).flatten();
        let uses_up = searched.is_some() || matches!(usage, Usage::Starred { .. } | Usage::Unpacked | Usage::Added);
        let begins = matches!(
            usage,
            Usage::ForIter { is_async: false, .. } | Usage::ComprehensionIter { is_async: false, first: true, .. }
        ) && site.targets.iter().all(|target| works_at_once(world, *target));
        let context = world.context(site.id);
        if !is_iterated || !uses_up && !begins || context.barrier.is_some() {
            return None;
        }
        if !shape::is_lazy(world, site) || self.hazard_in_consumer(site).is_some() {
            return None;
        }
        let is_vetoed = |range| world.vetoes.contains(&(site.id.file, range));
        if let Some(expression) = searched {
            return Some(match is_vetoed(expression) {
                true => SiteVerdict::Left(Cause::CannotRewrite { site: site.id }),
                false => SiteVerdict::OffloadExpression { expression },
            });
        }
        let (by, name) = if begins { (IteratedBy::Iter, "iter") } else { (IteratedBy::List, "list") };
        let is_builtin = |meaning: &Meaning| match meaning {
            Meaning::External(path) => path.strip_prefix("builtins.") == Some(name),
            _ => false,
        };
        if !world.names().lookup(context.scope, name).iter().all(is_builtin) {
            return None;
        }
        Some(match is_vetoed(iterable) {
            true => SiteVerdict::Left(Cause::CannotRewrite { site: site.id }),
            false => SiteVerdict::OffloadIterable { iterable, by },
        })
    }

    /// The comparison that searches a generator: `x in g()`.
    fn searched(&self, site: &Site, generator: TextRange) -> Option<TextRange> {
        let refs = self.world.index.refs_in(site.id.file, "__contains__");
        refs.filter_map(|id| {
            let facts = self.world.index.site(id);
            match facts.usage {
                Usage::Implied { whole } if facts.range == generator => Some(whole),
                _ => None,
            }
        })
        .next()
    }
}

/// Is it an `__iter__` that leaves nothing to do to the iterator that it gives?
fn works_at_once(world: World, func: FuncId) -> bool {
    let facts = world.index.func(func);
    facts.name == "__iter__" && !facts.traits.is_generator && hazard::gives_at_once(world, func)
}
