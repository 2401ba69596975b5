//! The closed world: the sites are collected anew from the new text, and each one is found there as it was decided: awaited,
//! offloaded, adapted, unwrapped, or as it was. So is the color of every function.

use rayon::prelude::*;
use ruff_text_size::{TextRange, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Analysis, Rewritten};
use crate::color::shape::{Adaptation, becomes_async_def};
use crate::color::{SiteVerdict, swap};
use crate::edit::EditKind;
use crate::index::collect::collect;
use crate::index::facts::*;
use crate::verify::{Check, Failure, Offsets};

/// Every function that converts is async in the new text, no other became so, and every site is as decided.
pub fn check(analysis: &Analysis, rewritten: &[Rewritten]) -> Vec<Failure> {
    let mut failures: Vec<Failure> = rewritten.par_iter().flat_map_iter(|done| check_file(analysis, done)).collect();
    let changed: Vec<FileId> = rewritten.iter().map(|done| done.file).collect();
    for func in analysis.verdicts.converts.keys() {
        if becomes_async_def(analysis.world(), *func) && !changed.contains(&func.file) {
            let offset = analysis.index.func(*func).name_range.start();
            failures.push(failure(
                analysis,
                func.file,
                offset,
                "the function was to convert, and its file has no change",
            ));
        }
    }
    for (id, verdict) in &analysis.verdicts.sites {
        if changes(verdict) && !changed.contains(&id.file) {
            let offset = analysis.index.site(*id).name_range.start();
            failures.push(failure(analysis, id.file, offset, "the site was to change, and its file has no change"));
        }
    }
    failures
}

/// Does the verdict change the text of the site?
fn changes(verdict: &SiteVerdict) -> bool {
    !matches!(verdict, SiteVerdict::AsIs | SiteVerdict::HandedOn | SiteVerdict::Left(_))
}

fn failure(analysis: &Analysis, file: FileId, offset: TextSize, message: &str) -> Failure {
    Failure {
        check: Check::ClosedWorld,
        path: analysis.project.file(file).relative.clone(),
        offset,
        message: message.into(),
    }
}

/// Does the text stand in statements that waited for a thread?
fn is_replaced(done: &Rewritten, range: TextRange) -> bool {
    done.edits.changes.iter().any(|kind| match kind {
        EditKind::Joined { statements, .. } => statements.contains_range(range),
        _ => false,
    })
}

fn check_file(analysis: &Analysis, done: &Rewritten) -> Vec<Failure> {
    let Ok(parsed) = ruff_python_parser::parse_module(&done.text) else { return vec![] };
    // Edits that overlap fail a check of their own.
    let Ok(offsets) = Offsets::new(&done.source.text, &done.edits) else { return vec![] };
    let new = New::of(collect(done.file, &done.text, parsed.suite()), &offsets, rewritten_ranges(done));
    let mut failures = vec![];
    let world = analysis.world();
    for (index, func) in analysis.index.file(done.file).funcs.iter().enumerate() {
        let id = FuncId { file: done.file, index: index as u32 };
        let converts = analysis.verdicts.converts.contains_key(&id) && becomes_async_def(world, id);
        let offset = func.name_range.start();
        let colors = new.colors(func);
        let message = match colors.first() {
            // A lambda may give way to what it runs.
            None if func.lambda.is_some() => continue,
            // It ran a coroutine on a thread, which is awaited now.
            None if is_replaced(done, func.range) => continue,
            None => "the function is lost",
            Some(_) if colors.contains(&(converts || func.is_async)) => continue,
            Some(true) => "the function was to stay and is async",
            Some(false) => "the function was to convert and is not async",
        };
        failures.push(failure(analysis, done.file, offset, message));
    }
    let entered = entered(analysis, done.file);
    for site in analysis.graph.sites_in_file(done.file) {
        let facts = analysis.index.site(site.id);
        let was = match facts.usage {
            Usage::Called(call) if entered.contains(&analysis.index.call(call).range) => Stands::Entered,
            _ => stands(analysis.index.file(done.file), facts),
        };
        if let Some(message) = new.site(analysis, site.id, was) {
            failures.push(failure(analysis, done.file, facts.name_range.start(), message));
        }
    }
    failures
}

/// The expressions whose values are entered or iterated over without a token that says so, where that adapts: in
/// `with Store() as s`, the call of the class stays as it is, and what it makes is entered with `async with`.
fn entered(analysis: &Analysis, file: FileId) -> FxHashSet<TextRange> {
    let sites = analysis.graph.sites_in_file(file);
    let adapted = sites.filter(|site| matches!(analysis.verdicts.sites[&site.id], SiteVerdict::Adapt(_)));
    adapted
        .map(|site| analysis.index.site(site.id))
        .filter(|facts| facts.is_implicit())
        .map(|facts| facts.range)
        .collect()
}

/// What the edits replaced, and where the new texts stand.
fn rewritten_ranges(done: &Rewritten) -> (Vec<TextRange>, Vec<TextRange>) {
    let applied = done.edits.apply(&done.source.text);
    applied.map(|applied| applied.map.edited().unzip()).unwrap_or_default()
}

/// How the value at a site is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Awaited,
    /// `async for`, `async with`, or an `async for` clause.
    AsyncIter,
    AsyncWith,
    /// What is made here is entered or iterated over, which is a site of its own.
    Entered,
    /// An argument or element of something that may take a coroutine.
    Given,
    Otherwise,
}

fn stands(facts: &FileFacts, site: &Ref) -> Stands {
    let usage = match site.usage {
        Usage::Called(call) => facts[call].usage,
        usage => usage,
    };
    match usage {
        Usage::Awaited => Stands::Awaited,
        Usage::ForIter { is_async: true, .. } | Usage::ComprehensionIter { is_async: true, .. } => Stands::AsyncIter,
        Usage::WithItem { is_async: true, .. } => Stands::AsyncWith,
        Usage::Argument { .. } | Usage::Element { .. } | Usage::Starred { .. } => Stands::Given,
        _ => Stands::Otherwise,
    }
}

/// The facts of the new text, by where things stand.
struct New<'a> {
    facts: FileFacts,
    offsets: &'a Offsets,
    refs: FxHashMap<TextSize, usize>,
    /// Calls by their end; the outermost first.
    calls: FxHashMap<TextSize, Vec<usize>>,
    funcs: FxHashMap<TextSize, bool>,
    replaced: Vec<TextRange>,
    written: Vec<TextRange>,
}

impl<'a> New<'a> {
    fn of(facts: FileFacts, offsets: &'a Offsets, (replaced, written): (Vec<TextRange>, Vec<TextRange>)) -> Self {
        let named = facts.refs.iter().enumerate().filter(|(_, site)| !site.is_implicit());
        let refs = named.map(|(index, site)| (site.name_range.start(), index)).collect();
        let mut calls: FxHashMap<TextSize, Vec<usize>> = FxHashMap::default();
        for (index, call) in facts.calls.iter().enumerate() {
            calls.entry(call.range.end()).or_default().push(index);
        }
        let funcs = facts.funcs.iter().map(|func| (func.name_range.start(), func.is_async)).collect();
        Self { facts, offsets, refs, calls, funcs, replaced, written }
    }

    /// Whether the function is async now. One that an edit moved is found by its name, and so are others of that name.
    fn colors(&self, old: &Func) -> Vec<bool> {
        if !self.is_moved_name(old.name_range) {
            let new = self.funcs.get(&self.offsets.to_new(old.name_range.start()));
            return new.copied().into_iter().collect();
        }
        let is_same = |new: &&Func| new.name == old.name && self.is_written(new.name_range);
        self.facts.funcs.iter().filter(is_same).map(|new| new.is_async).collect()
    }

    fn is_moved_name(&self, name: TextRange) -> bool {
        self.replaced.iter().any(|range| range.contains(name.start()) && *range != name)
    }

    fn is_written(&self, new: TextRange) -> bool {
        self.written.iter().any(|range| range.contains_range(new))
    }

    /// Is one of the calls that end where the old call ended awaited?
    fn awaits(&self, old_end: TextSize) -> bool {
        let calls = self.calls.get(&self.offsets.to_new_before(old_end)).into_iter().flatten();
        calls.into_iter().any(|call| self.facts.calls[*call].usage == Usage::Awaited)
    }

    /// Does the end of a call lie in text that an edit wrote anew? What has no name is not found there; the plan's check holds it.
    fn is_moved(&self, old_end: TextSize) -> bool {
        self.replaced.iter().any(|range| range.start() < old_end && old_end < range.end())
    }

    /// What is wrong with a site; none when it is as decided.
    fn site(&self, analysis: &Analysis, id: RefId, was: Stands) -> Option<&'static str> {
        let (verdict, old) = (&analysis.verdicts.sites[&id], analysis.index.site(id));
        let end = |call: CallId| analysis.index.call(call).range.end();
        let own_end = match old.usage {
            Usage::Called(call) => Some(end(call)),
            _ => None,
        };
        let holds = match verdict {
            SiteVerdict::Native(_) | SiteVerdict::Replace(_) | SiteVerdict::UnwrapRun { .. } => {
                own_end.is_some_and(|end| self.is_moved(end) || self.awaits(end))
            }
            SiteVerdict::Raises { .. } => {
                let is_awaited = |new: &&Ref| stands(&self.facts, new) == Stands::Awaited;
                return (!self.places(old).iter().any(is_awaited)).then_some("the call was to be awaited and is not");
            }
            SiteVerdict::Await if old.is_implicit() => {
                own_end.is_some_and(|end| self.is_moved(end) || self.awaits(end))
            }
            _ if old.is_implicit() => return None,
            // The name is another one now.
            SiteVerdict::Adapt(_) if swap::replaced_by(analysis.world(), &analysis.graph.sites[&id]).is_some() => {
                own_end.is_some_and(|end| {
                    self.is_moved(end) || self.called_at(end).any(|new| self.holds(verdict, new, was))
                })
            }
            _ => {
                let places = self.places(old);
                if places.is_empty() {
                    return Some("the site is lost");
                }
                // What was awaited is the call itself now.
                let is_awaited = match verdict {
                    SiteVerdict::Unwrap { call, .. } => analysis.index.call(*call).usage == Usage::Awaited,
                    _ => false,
                };
                let holds = |new: &Ref| !is_awaited || stands(&self.facts, new) == Stands::Awaited;
                places.into_iter().any(|new| self.holds(verdict, new, was) && holds(new))
            }
        };
        (!holds).then_some(match verdict {
            SiteVerdict::Await | SiteVerdict::UnwrapRun { .. } | SiteVerdict::Native(_) | SiteVerdict::Replace(_) => {
                "the call was to be awaited and is not"
            }
            SiteVerdict::AsIs | SiteVerdict::HandedOn | SiteVerdict::Left(_) => {
                "the site was to stay as it is, and is not"
            }
            SiteVerdict::Offload
            | SiteVerdict::OffloadHandedOn
            | SiteVerdict::OffloadExpression { .. }
            | SiteVerdict::OffloadConsumer { .. }
            | SiteVerdict::OffloadIterable { .. } => "the call was to be offloaded and is not",
            SiteVerdict::Adapt(_) => "the site was to adapt and does not",
            SiteVerdict::Unwrap { .. } => "the offload was to be unwrapped and is not",
            SiteVerdict::EntryPoint | SiteVerdict::Raises { .. } => "the site is not as it was decided",
        })
    }

    /// What is called where the old call ended.
    fn called_at(&self, old_end: TextSize) -> impl Iterator<Item = &Ref> {
        let calls = self.calls.get(&self.offsets.to_new_before(old_end)).map_or(&[][..], Vec::as_slice);
        let is_called = |new: &&Ref| matches!(new.usage, Usage::Called(call) if calls.contains(&(call.index as usize)));
        self.facts.refs.iter().filter(is_called)
    }

    /// Where the name of a site stands in the new text: at its offset, or in what the edits wrote, when one of them moved it.
    fn places(&self, old: &Ref) -> Vec<&Ref> {
        let offset = old.name_range.start();
        if !self.is_moved_name(old.name_range) {
            let index = self.refs.get(&self.offsets.to_new(offset));
            return index.map(|index| &self.facts.refs[*index]).into_iter().collect();
        }
        let is_there = |new: &&Ref| new.name == old.name && self.is_written(new.name_range);
        self.facts.refs.iter().filter(is_there).collect()
    }

    fn holds(&self, verdict: &SiteVerdict, new: &Ref, was: Stands) -> bool {
        let now = stands(&self.facts, new);
        match verdict {
            SiteVerdict::Await => matches!(new.usage, Usage::Called(_)) && now == Stands::Awaited,
            SiteVerdict::Offload => self.is_given_to_await(new.usage),
            SiteVerdict::OffloadHandedOn => matches!(new.usage, Usage::Argument { .. }),
            SiteVerdict::OffloadExpression { .. } => {
                let barrier = self.facts[new.context].barrier;
                now != Stands::Awaited && matches!(barrier, Some(Barrier::Lambda { .. }))
            }
            // What the worker runs is inside of it.
            SiteVerdict::OffloadConsumer { .. } | SiteVerdict::OffloadIterable { .. } => now != Stands::Awaited,
            SiteVerdict::Adapt(adaptation) => match adaptation {
                Adaptation::For
                | Adaptation::ForCounted { .. }
                | Adaptation::Comprehension
                | Adaptation::ListOver { .. }
                | Adaptation::YieldFrom
                | Adaptation::CollectWhole
                | Adaptation::Collect { .. } => now == Stands::AsyncIter,
                Adaptation::With => now == Stands::AsyncWith,
                // `async with aclosing(g()) as items:`.
                Adaptation::ForClosing | Adaptation::YieldFromClosing => now == Stands::Given,
                Adaptation::Stack { .. } => match new.usage {
                    Usage::Called(call) => self.is_given_to_await(self.facts[call].usage),
                    _ => false,
                },
                Adaptation::Push { .. } => matches!(new.usage, Usage::Argument { .. }),
                Adaptation::Next { .. } | Adaptation::Iter { .. } => now == Stands::Given,
                Adaptation::Method(_) => self.is_before_awaited(new),
                Adaptation::Renamed | Adaptation::HandedOn => {
                    matches!(new.usage, Usage::Called(_)) && now != Stands::Awaited
                }
            },
            SiteVerdict::Unwrap { .. } => matches!(new.usage, Usage::Called(_)),
            SiteVerdict::EntryPoint => matches!(new.usage, Usage::Called(_)) && now == Stands::Given,
            SiteVerdict::AsIs | SiteVerdict::HandedOn | SiteVerdict::Left(_) => {
                if was == Stands::Entered {
                    return matches!(now, Stands::AsyncIter | Stands::AsyncWith | Stands::Given);
                }
                let is_async = |stands| matches!(stands, Stands::Awaited | Stands::AsyncIter | Stands::AsyncWith);
                is_async(now) == is_async(was) && (!is_async(now) || now == was)
            }
            SiteVerdict::Native(_)
            | SiteVerdict::Replace(_)
            | SiteVerdict::UnwrapRun { .. }
            | SiteVerdict::Raises { .. } => true,
        }
    }

    /// Is it what a method is called on, and awaited?
    fn is_before_awaited(&self, new: &Ref) -> bool {
        let mut methods = self.facts.refs.iter().filter(|site| site.receiver == Some(new.value));
        methods.any(|method| stands(&self.facts, method) == Stands::Awaited)
    }

    /// Is it the argument of an awaited call: `await to_thread(f, x)`, in a `partial` or not, `await sync_to_async(f)(x)`?
    fn is_given_to_await(&self, usage: Usage) -> bool {
        let Usage::Argument { call, .. } = usage else { return false };
        match self.facts[call].usage {
            Usage::Awaited => true,
            Usage::Called(outer) => self.facts[outer].usage == Usage::Awaited,
            Usage::Argument { call: outer, .. } => self.facts[outer].usage == Usage::Awaited,
            _ => false,
        }
    }
}
