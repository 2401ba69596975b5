//! What a test rules out: behind `isinstance(data, (list, tuple))` there is no object of a class that is neither.

use super::{Token, Walk};
use crate::index::facts::*;
use crate::resolve::flow::object::{Node, Object};

impl Walk<'_, '_> {
    /// Was the name tested for classes that what is followed has nothing to do with?
    pub(super) fn is_ruled_out(&mut self, value: ValueId) -> bool {
        let Token::Instance(class) = self.token else { return false };
        let Some(tested) = self.builder.solver().tested(value) else { return false };
        self.builder.index_close(class);
        let hierarchy = &self.builder.graph.hierarchy;
        !hierarchy.descendants(class).into_iter().any(|class| tested.admits(hierarchy, class))
    }

    /// Is it known what the part of a tuple is, and no function of that name? `callback, key = queue.get()`
    pub(super) fn is_another_part(&mut self, part: ValueId) -> bool {
        let Token::Function(func) = self.token else { return false };
        let set = self.builder.solver().solve(Node::Value(part), vec![]);
        let name = &self.builder.index.func(func).name;
        !set.is_empty()
            && set.objects().all(|object| match object {
                Object::Func(other) => self.builder.index.func(other).name != *name,
                Object::Instance(_) | Object::Below(_) => name != "__call__",
                Object::Builtin | Object::None => true,
                _ => false,
            })
    }
}
