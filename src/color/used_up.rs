//! What is iterated over, blocks and stays sync, where a worker can iterate over it as well: what is used up at once, and an
//! `__iter__` that does all of its work before it gives an iterator.

use ruff_text_size::TextRange;

use super::cause::Cause;
use super::coloring::Coloring;
use super::{SiteVerdict, World, consumer, hazard, nesting, shape};
use crate::index::facts::*;
use crate::plan::IteratedBy;
use crate::resolve::names::Meaning;
use crate::resolve::{Site, SiteKind, eager};

/// Builtins that only put together what they take.
const COPYING: [&str; 4] = ["list", "tuple", "set", "frozenset"];

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
        if matches!(site.kind, SiteKind::Blocking { .. }) {
            if hazard::of_another_thread(world, site).is_some() {
                return None;
            }
            return match facts.runs_unseen() {
                true => self.unseen_leaf(site),
                false if shape::is_lazy(world, site) => self.iterated_leaf(site, usage, iterable),
                false => None,
            };
        }
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
        self.iterated_by(site, iterable, if begins { IteratedBy::Iter } else { IteratedBy::List })
    }

    fn iterated_by(&self, site: &Site, iterable: TextRange, by: IteratedBy) -> Option<SiteVerdict> {
        let world = self.world;
        let name = match by {
            IteratedBy::Iter => "iter",
            IteratedBy::List => "list",
        };
        let is_builtin = |meaning: &Meaning| match meaning {
            Meaning::External(path) => path.strip_prefix("builtins.") == Some(name),
            _ => false,
        };
        let scope = world.context(site.id).scope;
        if !world.names().lookup(scope, name).iter().all(is_builtin) {
            return None;
        }
        Some(match world.vetoes.contains(&(site.id.file, iterable)) {
            true => SiteVerdict::Left(Cause::CannotRewrite { site: site.id }),
            false => SiteVerdict::OffloadIterable { iterable, by },
        })
    }

    /// What becomes of a declared method that Python runs by itself: `list(cursor)`, `next(cursor, None)`, `client[key]`.
    fn unseen_leaf(&self, site: &Site) -> Option<SiteVerdict> {
        let (world, facts) = (self.world, self.world.index.site(site.id));
        if world.context(site.id).barrier.is_some() || site.uncertain || !hazard::can_offload(world) {
            return None;
        }
        match (facts.name.as_str(), facts.usage) {
            ("__iter__", usage) => self.iterated_leaf(site, usage, facts.range),
            ("__next__", Usage::Argument { call, .. }) if consumer::is_next_with_default(world, call) => {
                Some(SiteVerdict::OffloadConsumer { call })
            }
            ("__next__" | "__enter__" | "__exit__", _) => None,
            _ => Some(self.unseen(site)),
        }
    }

    /// The same for what blocks while it is iterated over: `list(cursor)`, `[row for row in cursor]`. A loop is left: it may stop
    /// early, or never end.
    fn iterated_leaf(&self, site: &Site, usage: Usage, iterable: TextRange) -> Option<SiteVerdict> {
        let world = self.world;
        if world.context(site.id).barrier.is_some() || site.uncertain || !hazard::can_offload(world) {
            return None;
        }
        let is_used_up = match usage {
            Usage::Argument { call, index } if consumer::takes_all(world, call, index) => {
                let facts = world.index.call(call);
                let runs_alone = eager::is_builtin(&world.names(), facts, &COPYING) && facts.args.len() == 1;
                if runs_alone && !nesting::is_call_too_deep(world, call) {
                    return Some(SiteVerdict::OffloadConsumer { call });
                }
                true
            }
            Usage::Starred { .. } | Usage::Unpacked | Usage::Added => true,
            Usage::ComprehensionIter { is_async: false, first: true, kind, .. } => match kind {
                ComprehensionKind::Generator(generator) => consumer::becomes_list(world, &generator),
                ComprehensionKind::List | ComprehensionKind::Set | ComprehensionKind::Dict => true,
            },
            _ => false,
        };
        is_used_up.then(|| self.iterated_by(site, iterable, IteratedBy::List)).flatten()
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
pub(super) fn works_at_once(world: World, func: FuncId) -> bool {
    let facts = world.index.func(func);
    facts.name == "__iter__" && !facts.traits.is_generator && hazard::gives_at_once(world, func)
}
