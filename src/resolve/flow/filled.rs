//! Containers that something fills: what `append`, `x[k] = v` and the like put into them, wherever that stands.

use ruff_python_ast::name::Name;

use super::object::{Node, Object, Owner, Path, Selector};
use super::scope::Home;
use super::solver::{Keep, Solver, into};
use super::write::WRITES;
use crate::index::facts::*;
use crate::index::mutations::{Added, Mutation};

impl Solver<'_> {
    pub(super) fn mutated_attribute(&mut self, name: &Name, owner: Owner, path: &Path) {
        let mut mutations = self.index.mutations_of(name).to_vec();
        mutations.retain(|mutation| mutation.scope.is_none());
        let in_program = mutations.iter().any(|mutation| !self.project.file(mutation.file).is_test);
        for mutation in mutations {
            if mutation.owner.is_some_and(|receiver| !self.may_be_filled(owner, receiver)) {
                continue;
            }
            let keep = if in_program && self.project.file(mutation.file).is_test { Keep::Project } else { Keep::All };
            self.mutated(mutation, path, keep);
        }
        self.flow(Node::Passed(None, name.clone()), vec![]);
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
        self.flow(Node::Passed(Some(scope), name.clone()), vec![]);
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

    /// A function of the project that is given a container may fill it.
    pub(super) fn passed(&mut self, scope: Option<ScopeId>, name: &Name) {
        let uses = match scope {
            Some(scope) => self.index.refs_from(scope, name),
            None => self.index.refs_of(name).to_vec(),
        };
        let calls: Vec<CallId> = uses
            .into_iter()
            .filter_map(|id| match *self.index.site(id) {
                Ref { receiver, usage: Usage::Argument { call, .. }, .. } => {
                    (receiver.is_some() == scope.is_none()).then_some(call)
                }
                _ => None,
            })
            .collect();
        if calls.len() > WRITES {
            return self.push(Object::Unknown, None);
        }
        for call in calls {
            let facts = self.index.call(call);
            let (func, args) = (facts.func, &facts.args);
            let is_it = |arg: &Arg| match self.index.value(arg.value) {
                Value::Name { name: own, .. } | Value::Attribute { name: own, .. } => own == name,
                _ => false,
            };
            if args.iter().any(is_it) && self.may_fill(func) {
                return self.push(Object::Unknown, None);
            }
        }
    }

    fn may_fill(&mut self, callee: ValueId) -> bool {
        self.read_value(callee).objects().any(|object| {
            let Object::Func(func) = object else { return false };
            self.index.func(func).params.iter().any(|param| {
                let mutations = self.index.mutations_of(&param.name);
                mutations.iter().any(|mutation| mutation.file == func.file && mutation.scope.is_some())
            })
        })
    }
}
