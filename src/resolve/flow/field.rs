//! Fields of classes without an `__init__` of their own: dataclasses, named tuples, models.

use ruff_python_ast::name::Name;

use super::caller::CALLERS;
use super::object::{Node, Object, Path, Place};
use super::solver::{Keep, Solver};
use crate::index::facts::*;
use crate::resolve::hierarchy;

/// A call that may make an object with a field.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldCall {
    pub(super) call: CallId,
    /// The class that it makes an object of, when its callee is that.
    pub(super) class: ClassId,
    /// Where the field stands among the arguments.
    pub(super) position: usize,
}

impl Solver<'_> {
    /// The constructor arguments for a field of a class without `__init__`, by position. Keywords count as writes of the
    /// attribute.
    pub(super) fn field(&mut self, class: ClassId, name: &Name, path: Path) {
        let Some(calls) = self.field_calls(class, name) else { return self.push(Object::Unknown, None) };
        for FieldCall { call, class, position } in calls {
            let callee = self.index.call(call).func;
            if !self.read_value(callee).objects().any(|object| object == Object::Class(class)) {
                continue;
            }
            for (value, place) in self.field_arguments(call, position) {
                match value {
                    Some(value) => self.flow_from(Node::Value(value), path.clone(), Some(place), Keep::All),
                    None => self.push(Object::Unknown, Some(place)),
                }
            }
        }
    }

    /// The calls that may make an object with the field; none when there are too many.
    pub(super) fn field_calls(&mut self, class: ClassId, name: &Name) -> Option<Vec<FieldCall>> {
        self.close(class);
        let mut found = vec![];
        for class in self.hierarchy.descendants(class) {
            let ancestors = self.hierarchy.ancestors(class);
            if ancestors.iter().any(|id| hierarchy::method(self.index, *id, "__init__").is_some()) {
                continue;
            }
            let class_name = self.index.class(class).name.clone();
            if !self.load_name(&class_name) {
                return None;
            }
            let Some(position) = self.field_position(&ancestors, name) else { continue };
            let refs = self.index.refs_of(&class_name);
            if refs.len() > CALLERS {
                return None;
            }
            found.extend(refs.iter().filter_map(|id| match self.index.site(*id).usage {
                Usage::Called(call) => Some(FieldCall { call, class, position }),
                _ => None,
            }));
        }
        Some(found)
    }

    /// The arguments without keyword at a position, each with its place; nothing for one with a star.
    pub(super) fn field_arguments(&self, call: CallId, position: usize) -> Vec<(Option<ValueId>, Place)> {
        let args = self.index.call(call).args.iter().enumerate();
        let args = args.filter(|(at, arg)| arg.is_star || arg.keyword.is_none() && *at == position);
        args.map(|(_, arg)| ((!arg.is_star).then_some(arg.value), (call.file, arg.range))).collect()
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
