//! What a test rules out: behind `isinstance(data, (list, tuple))` there is no object of a class that is neither.

use super::{Token, Walk};
use crate::index::facts::*;
use crate::resolve::flow::object::{Node, Object};
use crate::resolve::hierarchy::BaseClass;
use crate::resolve::names::Meaning;

/// Builtin types that nothing is an instance of but what derives from them.
const CONCRETE: [&str; 12] =
    ["list", "tuple", "dict", "set", "frozenset", "str", "bytes", "bytearray", "int", "float", "bool", "complex"];

impl Walk<'_, '_> {
    /// Was the name tested for classes that what is followed has nothing to do with?
    pub(super) fn is_ruled_out(&mut self, value: ValueId) -> bool {
        let Token::Instance(class) = self.token else { return false };
        let tested = self.builder.index.file(value.file).narrowed_to(value);
        let Some((classes, builtins)) = tested.and_then(|tested| self.tested(tested)) else { return false };
        self.builder.index_close(class);
        for tested in &classes {
            self.builder.index_close(*tested);
        }
        let hierarchy = &self.builder.graph.hierarchy;
        let is_one = |class: ClassId| {
            let ancestors = hierarchy.ancestors(class);
            let is_builtin = |base: &BaseClass| match base {
                BaseClass::External(path) => {
                    path.strip_prefix("builtins.").is_none_or(|name| builtins.iter().any(|builtin| builtin == name))
                }
                BaseClass::Unknown => true,
                BaseClass::Class(_) => false,
            };
            classes.iter().any(|tested| ancestors.contains(tested))
                || !builtins.is_empty() && hierarchy.external_bases(class).iter().any(|(_, base)| is_builtin(base))
        };
        !hierarchy.descendants(class).into_iter().any(is_one)
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

    /// The classes of the project, and the builtin types, that a test names; none when it names anything else.
    fn tested(&self, value: ValueId) -> Option<(Vec<ClassId>, Vec<String>)> {
        let names = self.builder.names();
        let (mut classes, mut builtins) = (vec![], vec![]);
        let mut pending = vec![value];
        while let Some(value) = pending.pop() {
            match self.builder.index.value(value) {
                Value::Elements(values) | Value::Either(values) => pending.extend(values),
                _ => match names.evaluate(value).as_slice() {
                    [Meaning::Class(class)] => classes.push(*class),
                    [Meaning::External(path)] => {
                        let name = path.strip_prefix("builtins.").filter(|name| CONCRETE.contains(name))?;
                        builtins.push(name.to_owned());
                    }
                    _ => return None,
                },
            }
        }
        Some((classes, builtins))
    }
}
