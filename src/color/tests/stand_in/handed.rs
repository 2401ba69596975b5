//! What a test hands to the code, which awaits it now where it calls it: `engine.register("save", lambda context: 1)`.

use std::collections::BTreeMap;

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::{Color, Finder, MockEdit, Unfit, Use, key};
use crate::index::facts::*;
use crate::resolve::Fake;

impl Finder<'_> {
    /// Makes awaitable what the code awaits of what it was given.
    pub(super) fn handed(&mut self) {
        for (fake, color) in self.colors_of_handed() {
            match color {
                Color::Async(target) => self.hand(fake, target),
                Color::Mixed => self.unfit(fake, Unfit::CalledToo),
                Color::Sync | Color::Unknown => {}
            }
        }
    }

    /// What the code does with each thing that it was given, at all places that call it.
    fn colors_of_handed(&self) -> BTreeMap<Fake, Color> {
        let mut found: BTreeMap<Fake, Color> = BTreeMap::new();
        for (place, fakes) in &self.world.graph.fakes {
            let site = &self.world.graph.sites[place];
            let target = site.targets.iter().copied().find(|target| (self.converts)(*target));
            let color = match ((self.use_of)(site), target) {
                (Use::Awaited, Some(target)) => Color::Async(target),
                (Use::Iterated, _) => Color::Mixed,
                (Use::Awaited | Use::Sync, _) => Color::Sync,
            };
            for fake in fakes {
                let known = found.entry(*fake).or_insert(color);
                *known = match (*known, color) {
                    (Color::Async(first), Color::Async(_)) => Color::Async(first),
                    (Color::Sync, Color::Sync) => Color::Sync,
                    _ => Color::Mixed,
                };
            }
        }
        found
    }

    fn hand(&mut self, fake: Fake, target: FuncId) {
        let index = self.world.index;
        match fake {
            Fake::Func(func) if !index.func(func).is_async => drop(self.found.fakes.insert(func, target)),
            Fake::Func(_) => {}
            Fake::Lambda(_) | Fake::Made(_) if self.is_called_too(fake) => self.unfit(fake, Unfit::CalledToo),
            Fake::Made(call) if self.is_plain_mock(call) => {
                self.edit(call.file, index.call(call).context, MockEdit::Async { call });
            }
            Fake::Made(_) => {}
            Fake::Foreign(value) if self.is_named_again(value) => self.unfit(fake, Unfit::Named),
            Fake::Lambda(_) | Fake::Foreign(_) => {
                let Some((file, range, owner)) = self.place_of(fake) else { return };
                if self.is_wrapped_already(fake, file, range) {
                    return;
                }
                self.found.edits.push((file, owner, MockEdit::Wrapped { fake: key(range) }));
            }
        }
    }

    /// Is it one with what the test assigns, passes or patches, which becomes awaitable there?
    fn is_wrapped_already(&self, fake: Fake, file: FileId, range: TextRange) -> bool {
        let index = self.world.index;
        let is_fake = |value: ValueId| match (fake, index.value(value)) {
            (Fake::Lambda(own), Value::Lambda { func, .. }) => own == *func,
            (Fake::Foreign(own), _) => own == value,
            _ => false,
        };
        self.found.edits.iter().filter(|(of, _, _)| *of == file).any(|(_, _, edit)| match edit {
            MockEdit::Argument { call, index: at } => index.call(*call).args[*at as usize].range == range,
            MockEdit::Hoisted { fake } => *fake == key(range),
            MockEdit::Assigned { target } => index
                .file(file)
                .attribute_writes
                .iter()
                .any(|write| key(write.range) == *target && write.value.is_some_and(is_fake)),
            _ => false,
        })
    }

    fn unfit(&mut self, fake: Fake, why: Unfit) {
        if let Some((file, range, _)) = self.place_of(fake) {
            self.found.unfit.insert((file, key(range)), why);
        }
    }

    /// Where it stands, and the function around it.
    fn place_of(&self, fake: Fake) -> Option<(FileId, TextRange, Option<FuncId>)> {
        let index = self.world.index;
        match fake {
            Fake::Func(func) => Some((func.file, index.func(func).name_range, index.func(func).parent)),
            Fake::Lambda(func) => Some((func.file, index.func(func).range, index.func(func).parent)),
            Fake::Made(call) => {
                let facts = index.call(call);
                Some((call.file, facts.range, index.context(facts.context).func))
            }
            Fake::Foreign(value) => {
                let site = index.file(value.file).refs.iter().find(|site| site.value == value)?;
                Some((value.file, site.range, index.context(site.context).func))
            }
        }
    }

    /// Is a lambda or a mock called by its name, too, and the result not awaited?
    fn is_called_too(&self, fake: Fake) -> bool {
        let index = self.world.index;
        let value = match fake {
            Fake::Lambda(func) => index.func(func).lambda.map(|lambda| lambda.value),
            Fake::Made(call) => self.flow.value_of(call),
            Fake::Func(_) | Fake::Foreign(_) => None,
        };
        let Some(value) = value else { return false };
        let reached = self.flow.reach(value).strong;
        let files: FxHashSet<FileId> = reached.iter().map(|value| value.file).collect();
        let mut calls = files.into_iter().flat_map(|file| {
            let calls = index.file(file).calls.iter().enumerate();
            calls.map(move |(at, call)| (CallId { file, index: at as u32 }, call))
        });
        calls.any(|(id, call)| {
            let site = || self.flow.callee(id).and_then(|id| self.world.graph.sites.get(&id));
            reached.contains(&call.func)
                && call.usage != Usage::Awaited
                && site().is_none_or(|site| (self.use_of)(site) != Use::Awaited)
        })
    }

    /// Does the test name the same again, to take it away or to compare with it?
    fn is_named_again(&self, value: ValueId) -> bool {
        let facts = self.world.index.file(value.file);
        let Some(own) = facts.refs.iter().find(|site| site.value == value) else { return true };
        let context = |site: &Ref| facts[site.context].func;
        facts.refs.iter().any(|site| {
            site.value != value
                && site.name == own.name
                && context(site) == context(own)
                && !matches!(site.usage, Usage::Called(_) | Usage::Receiver)
        })
    }
}
