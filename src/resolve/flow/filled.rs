//! Containers that something fills: what `append`, `x[k] = v` and the like put into them, wherever that stands.

use ruff_python_ast::name::Name;

use super::object::{Object, Path, Selector};
use super::scope::Home;
use super::solver::Solver;
use super::write::WRITES;
use crate::index::facts::*;
use crate::index::mutations::{Added, Mutation};

impl Solver<'_> {
    pub(super) fn mutated_attribute(&mut self, name: &Name, path: &Path) {
        for mutation in self.index.mutations_of(name).to_vec() {
            if mutation.scope.is_none() {
                self.mutated(mutation, path);
            }
        }
        let uses: Vec<CallId> = self
            .index
            .refs_of(name)
            .iter()
            .filter_map(|id| match self.index.site(*id) {
                Ref { receiver: Some(_), usage: Usage::Argument { call, .. }, .. } => Some(*call),
                _ => None,
            })
            .collect();
        self.passed_container(&uses, name);
    }

    /// The same for a container that is a plain name.
    pub(super) fn mutated_name(&mut self, scope: ScopeId, is_module: bool, name: &Name, path: &Path) {
        if is_module && !self.load_name(name) {
            return self.push(Object::Unknown, None);
        }
        for mutation in self.index.mutations_of(name).to_vec() {
            let is_it = match mutation.scope {
                _ if is_module && mutation.file != scope.file => true,
                Some(used) => matches!(self.home(used, name), Home::Scope(home) if home == scope),
                None => false,
            };
            if is_it {
                self.mutated(mutation, path);
            }
        }
        let uses: Vec<CallId> = self
            .index
            .refs_of(name)
            .iter()
            .filter(|id| is_module || id.file == scope.file)
            .filter_map(|id| match self.index.site(*id) {
                Ref { receiver: None, usage: Usage::Argument { call, .. }, .. } => Some(*call),
                _ => None,
            })
            .collect();
        self.passed_container(&uses, name);
    }

    fn mutated(&mut self, mutation: Mutation, path: &Path) {
        let depth = mutation.depth as usize;
        if path.len() <= depth {
            return;
        }
        if let (Selector::Key(wanted), Some(key)) = (&path[depth], &mutation.key)
            && wanted != key
        {
            return;
        }
        let rest = path[depth + 1..].to_vec();
        match mutation.added {
            Added::Element(value) => self.flow_value(value, rest),
            Added::Elements(value) => {
                for step in [Selector::Element, Selector::Value] {
                    self.flow_value(value, super::solver::into(step, &rest));
                }
            }
            Added::Unknown => self.push(Object::Unknown, None),
        }
    }

    /// A function of the project that is given a container may fill it.
    fn passed_container(&mut self, calls: &[CallId], name: &Name) {
        if calls.len() > WRITES {
            return self.push(Object::Unknown, None);
        }
        for call in calls {
            let facts = self.index.call(*call);
            let (func, args) = (facts.func, facts.args.iter().map(|arg| arg.value).collect::<Vec<_>>());
            let is_it = |value: &ValueId| match self.index.value(*value) {
                Value::Name { name: own, .. } | Value::Attribute { name: own, .. } => own == name,
                _ => false,
            };
            if !args.iter().any(is_it) {
                continue;
            }
            for object in self.read_value(func).objects() {
                if let Object::Func(func) = object {
                    let fills = self.index.func(func).params.iter().any(|param| {
                        let mutations = self.index.mutations_of(&param.name);
                        mutations.iter().any(|mutation| mutation.file == func.file && mutation.scope.is_some())
                    });
                    if fills {
                        self.push(Object::Unknown, None);
                    }
                }
            }
        }
    }
}
