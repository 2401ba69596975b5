//! Fields of classes without an `__init__` of their own: dataclasses, named tuples, models.

use ruff_python_ast::name::Name;

use super::caller::CALLERS;
use super::object::{Node, Object, Path, Place};
use super::solver::{Keep, Solver};
use crate::index::facts::*;
use crate::resolve::hierarchy;

impl Solver<'_> {
    /// The constructor arguments for a field of a class without `__init__`, by position. Keywords count as writes of the
    /// attribute.
    pub(super) fn field(&mut self, class: ClassId, name: &Name, path: Path) {
        self.close(class);
        for below in self.hierarchy.descendants(class) {
            let ancestors = self.hierarchy.ancestors(below);
            if ancestors.iter().any(|id| hierarchy::method(self.index, *id, "__init__").is_some()) {
                continue;
            }
            let class_name = self.index.class(below).name.clone();
            if !self.load_name(&class_name) {
                return self.push(Object::Unknown, None);
            }
            let Some(position) = self.field_position(&ancestors, name) else { continue };
            let refs = self.index.refs_of(&class_name).to_vec();
            if refs.len() > CALLERS {
                return self.push(Object::Unknown, None);
            }
            for id in refs {
                let Usage::Called(call) = self.index.site(id).usage else { continue };
                let callee = self.index.call(call).func;
                if !self.read_value(callee).objects().any(|object| object == Object::Class(below)) {
                    continue;
                }
                let args: Vec<(bool, bool, ValueId, Place)> = self
                    .index
                    .call(call)
                    .args
                    .iter()
                    .map(|arg| (arg.keyword.is_some(), arg.is_star, arg.value, (call.file, arg.range)))
                    .collect();
                for (at, (is_keyword, is_star, value, place)) in args.into_iter().enumerate() {
                    if is_star {
                        self.push(Object::Unknown, Some(place));
                    } else if !is_keyword && at == position {
                        self.flow_from(Node::Value(value), path.clone(), Some(place), Keep::All);
                    }
                }
            }
        }
    }

    /// The position among the annotated names of the class and its ancestors, in the order of the text, bases first.
    fn field_position(&self, ancestors: &[ClassId], name: &Name) -> Option<usize> {
        self.fields(ancestors).iter().position(|field| field == name)
    }

    /// The annotated names of a class and its ancestors, in the order of the text, bases first.
    pub(super) fn fields(&self, ancestors: &[ClassId]) -> Vec<Name> {
        let mut fields: Vec<Name> = vec![];
        for class in ancestors.iter().rev() {
            let scope = self.index.scope(self.index.class(*class).scope);
            let mut own: Vec<_> =
                scope.bindings.iter().filter(|binding| matches!(binding.bound, Bound::Annotated { .. })).collect();
            own.sort_by_key(|binding| binding.range.start());
            for binding in own {
                if !fields.contains(&binding.name) {
                    fields.push(binding.name.clone());
                }
            }
        }
        fields
    }
}
