//! Functions that are stored in what is not the project's: `client.on_message = f`, `env.filters["raw"] = f`. Whoever has the object
//! calls them.

use ruff_python_ast::name::Name;

use super::{Token, Walk};
use crate::index::facts::*;
use crate::resolve::flow::object::{Node, Object};

/// Whose object a receiver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Project,
    Foreign,
    Unknown,
}

impl Walk<'_, '_> {
    /// Is what is written to the attribute, with so many containers around it, for others than the project?
    pub(super) fn is_handed_out(&mut self, receiver: ValueId, name: &Name, depth: u32) -> bool {
        if !self.follows_function() {
            return false;
        }
        match self.whose(receiver) {
            Whose::Project => false,
            Whose::Foreign if depth > 0 => true,
            // `app.state.load = load` is for whoever reads it there.
            Whose::Foreign | Whose::Unknown => !self.is_read_of_others(name),
        }
    }

    /// The same of what is put into a container that is an attribute of the receiver.
    pub(super) fn is_put_into_foreign(&mut self, receiver: ValueId) -> bool {
        self.follows_function() && self.whose(receiver) == Whose::Foreign
    }

    /// May the classes above call what the class binds under a name that nothing in the project reads?
    pub(super) fn is_for_base(&mut self, class: ClassId, name: &Name) -> bool {
        if !self.follows_function() {
            return false;
        }
        self.builder.index_close(class);
        let bases = self.builder.graph.hierarchy.external_bases(class);
        bases.iter().any(|(_, base)| !base.is_plain()) && !self.is_read_of_others(name)
    }

    /// `__bool__ = is_open`: Python runs it without naming it.
    pub(super) fn runs_unnamed(&self, name: &str, depth: u32) -> bool {
        let is_special = name.starts_with("__") && name.ends_with("__") && name != "__call__";
        depth == 0 && is_special && self.follows_function()
    }

    /// Doubles of tests stand in the place of what the project calls.
    pub(super) fn follows_function(&self) -> bool {
        !self.in_tests && matches!(self.token, Token::Function(_) | Token::Generator(_) | Token::Manager(_))
    }

    fn whose(&mut self, receiver: ValueId) -> Whose {
        let mut solver = self.builder.solver();
        if solver.self_class(receiver).is_some() {
            return Whose::Project;
        }
        let set = solver.solve(Node::Value(receiver), vec![]);
        let is_foreign = |object: Object| {
            matches!(
                object,
                Object::External(_) | Object::ExternalInstance(_) | Object::ExternalMember(_) | Object::Made(_)
            )
        };
        match () {
            () if set.objects().any(is_foreign) => Whose::Foreign,
            () if set.is_empty() || set.has_unknown() => Whose::Unknown,
            () => Whose::Project,
        }
    }

    /// Does the project read an attribute of that name of what may be no object of its own?
    fn is_read_of_others(&mut self, name: &Name) -> bool {
        if !self.builder.solver().load_name(name) || !self.builder.index.lookups_of(name).is_empty() {
            return true;
        }
        self.builder.index.refs_of(name).to_vec().into_iter().any(|id| {
            let site = self.builder.index.site(id);
            let is_read = site.usage.is_read() && !site.is_implicit();
            let receiver = site.receiver.filter(|_| is_read && !self.builder.in_tests(id.file));
            receiver.is_some_and(|receiver| self.whose(receiver) != Whose::Project)
        })
    }
}
