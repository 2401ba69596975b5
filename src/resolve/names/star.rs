//! `from module import *`.

use rustc_hash::FxHashSet;

use super::{Meaning, Names};
use crate::index::facts::*;

/// What star imports say about a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Starred {
    Bound,
    /// None of their modules binds it.
    Unbound,
    /// A module outside the project, or one that is not loaded, may bind it.
    Open,
}

impl Names<'_> {
    /// What `from module import *` binds `name` to.
    pub(super) fn starred(
        &self,
        scope: ScopeId,
        name: &str,
        found: &mut Vec<Meaning>,
        seen: &mut FxHashSet<(ScopeId, String)>,
        depth: usize,
    ) -> Starred {
        let mut state = Starred::Unbound;
        let stars = self.index.scope(scope).bindings_of("*");
        if stars.is_empty() || !seen.insert((scope, format!("*{name}"))) {
            return state;
        }
        for binding in stars {
            let Some(target) = self.star_target(scope.file, binding) else {
                state = Starred::Open;
                continue;
            };
            let Some(facts) = self.read(target) else {
                state = Starred::Open;
                continue;
            };
            let target = ScopeId { file: target, index: 0 };
            let has_list = !facts[target].bindings_of("__all__").is_empty();
            let here = if name.starts_with('_') {
                // A star takes no such name, unless the module lists it.
                if has_list { Starred::Open } else { Starred::Unbound }
            } else if !facts[target].bindings_of(name).is_empty() {
                self.lookup_in(target, name, found, seen, depth + 1);
                Starred::Bound
            } else {
                self.starred(target, name, found, seen, depth + 1)
            };
            if here != Starred::Unbound {
                state = here;
            }
        }
        state
    }

    /// The module of the project that a star import takes its names from.
    fn star_target(&self, file: FileId, binding: &Binding) -> Option<FileId> {
        let Bound::Import(index) = binding.bound else { return None };
        self.absolute(file, &self.index.file(file).imports[index as usize])
            .and_then(|module| self.index.module(&module))
    }

    /// Notes the modules that a file takes all names from.
    pub fn note_stars(&self, file: FileId) {
        let scope = ScopeId { file, index: 0 };
        for target in self.index.scope(scope).bindings_of("*").iter().filter_map(|star| self.star_target(file, star)) {
            self.read(target);
        }
    }

    /// Is the `name` of the module at this path that of `home`?
    pub fn is_handed_on(&self, path: &str, name: &str, home: FileId) -> bool {
        self.index.module(path).is_some_and(|module| self.hands_on(module, name, home))
    }

    /// Is the `name` of one module that of `home`, from where stars hand it on?
    pub fn hands_on(&self, module: FileId, name: &str, home: FileId) -> bool {
        let mut seen = FxHashSet::default();
        let mut pending = vec![module];
        while let Some(file) = pending.pop() {
            if file == home {
                return true;
            }
            let scope = ScopeId { file, index: 0 };
            if seen.insert(file)
                && self.index.loaded(file).is_some_and(|facts| facts[scope].bindings_of(name).is_empty())
            {
                let stars = self.index.scope(scope).bindings_of("*").iter();
                pending.extend(stars.filter_map(|star| self.star_target(file, star)));
            }
        }
        false
    }
}
