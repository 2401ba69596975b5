//! Containers that something fills: what `append`, `x[k] = v` and the like put into them, wherever that stands.

use ruff_python_ast::name::Name;

use super::binds::Binds;
use super::object::{HeldBy, Node, Object, Owner, Path, Selector};
use super::scope::Home;
use super::solver::{Keep, Solver, into};
use super::write::WRITES;
use crate::index::facts::*;
use crate::index::mutations::{Added, Mutation};
use crate::resolve::hierarchy;

impl Solver<'_> {
    pub(super) fn mutated_attribute(&mut self, name: &Name, owner: Owner, path: &Path) {
        let mut mutations = self.index.mutations_of(name).to_vec();
        mutations.retain(|mutation| mutation.scope.is_none());
        let in_program = mutations.iter().any(|mutation| !self.project.file(mutation.file).is_test);
        for mutation in mutations {
            if self.is_saturated() {
                return;
            }
            if mutation.owner.is_some_and(|receiver| !self.may_be_filled(owner, receiver)) {
                continue;
            }
            let keep = if in_program && self.project.file(mutation.file).is_test { Keep::Project } else { Keep::All };
            self.mutated(mutation, path, keep);
        }
        self.flow(Node::Passed(HeldBy::Object(owner), name.clone()), path.clone());
    }

    /// Can an object of `owner` be what has the container that is filled?
    fn may_be_filled(&mut self, owner: Owner, receiver: ValueId) -> bool {
        owner == Owner::Anything
            || self.may_own(owner, receiver)
            || self.self_class(receiver).is_none() && self.read_value(receiver).is_empty()
    }

    /// The same for a container that is a plain name.
    pub(super) fn mutated_name(&mut self, scope: ScopeId, is_module: bool, name: &Name, path: &Path) {
        if is_module && !self.load_name(name) {
            return self.push(Object::Unknown, None);
        }
        for mutation in self.index.mutations_of(name).to_vec() {
            if self.is_saturated() {
                return;
            }
            let is_it = match mutation.scope {
                _ if is_module && mutation.file != scope.file => true,
                Some(used) => matches!(self.home(used, name), Home::Scope(home) if home == scope),
                None => false,
            };
            if is_it {
                let keep = self.keep(mutation.file, scope.file);
                self.mutated(mutation, path, keep);
            }
        }
        self.flow(Node::Passed(HeldBy::Scope(scope), name.clone()), path.clone());
    }

    fn mutated(&mut self, mutation: Mutation, path: &Path, keep: Keep) {
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
            Added::Element(value) => self.flow_from(Node::Value(value), rest, None, keep),
            Added::Elements(value) => {
                for step in [Selector::Element, Selector::Value] {
                    self.flow_from(Node::Value(value), into(step, &rest), None, keep);
                }
            }
            Added::Unknown if keep == Keep::Project => {}
            Added::Unknown => self.push(Object::Unknown, None),
        }
    }

    /// What functions of the project put into a container that they are given.
    pub(super) fn passed(&mut self, holder: HeldBy, name: &Name, path: &Path) {
        let is_builtin = |solver: &mut Self, call: CallId| match solver.index.value(solver.index.call(call).func) {
            Value::Name { name, scope } => {
                let (name, scope) = (name.clone(), *scope);
                matches!(solver.home(scope, &name), Home::Builtin)
            }
            _ => false,
        };
        let uses = match holder {
            HeldBy::Scope(scope) => self.index.refs_from(scope, name),
            HeldBy::Object(_) => self.index.refs_of(name).to_vec(),
        };
        let mut given: Vec<(CallId, usize)> = vec![];
        for id in uses {
            let Ref { value, receiver, usage: Usage::Argument { call, index }, .. } = *self.index.site(id) else {
                continue;
            };
            if self.index.call(call).args[index as usize].value != value || is_builtin(self, call) {
                continue;
            }
            let is_it = match (holder, receiver) {
                (HeldBy::Scope(_), None) => true,
                (HeldBy::Object(owner), Some(receiver)) => self.may_be_filled(owner, receiver),
                _ => false,
            };
            if is_it {
                given.push((call, index as usize));
            }
        }
        if given.len() > WRITES {
            return self.push(Object::Unknown, None);
        }
        for (call, at) in given {
            if self.is_saturated() {
                return;
            }
            for object in self.read_value(self.index.call(call).func).objects() {
                match object {
                    Object::Func(func) => self.filled_by(func, call, at, path),
                    Object::Class(class) => self.filled_by_objects(class, call, at, path),
                    _ => {}
                }
            }
        }
    }

    /// What the objects of a class put into the container that they are made with.
    fn filled_by_objects(&mut self, class: ClassId, call: CallId, at: usize, path: &Path) {
        self.close(class);
        let ancestors = self.hierarchy.ancestors(class);
        match ancestors.iter().find_map(|id| hierarchy::method(self.index, *id, "__init__")) {
            Some(init) => self.filled_by(init, call, at, path),
            None => {
                let field = match &self.index.call(call).args[at].keyword {
                    Some(keyword) => Some(keyword.clone()),
                    None => self.fields(&ancestors).get(at).cloned(),
                };
                field.into_iter().for_each(|field| self.mutated_attribute(&field, Owner::Below(class), path));
            }
        }
    }

    /// What the function puts into the argument at `at`.
    fn filled_by(&mut self, func: FuncId, call: CallId, at: usize, path: &Path) {
        let facts = self.index.func(func);
        let bound = usize::from(self.binding_of(func) != Binds::Nothing);
        let param = match &self.index.call(call).args[at].keyword {
            Some(keyword) => facts.params.iter().find(|param| param.name == *keyword),
            None => facts
                .params
                .get(at + bound)
                .filter(|param| matches!(param.kind, ParamKind::PositionalOnly | ParamKind::Standard)),
        };
        if let Some(name) = param.map(|param| param.name.clone()) {
            self.mutated_name(facts.scope, false, &name, path);
        }
    }
}
