//! Calls: what they return, by what is called.

use super::object::{Node, Object, Owner, Path, Selector};
use super::solver::{Solver, into};
use crate::index::facts::*;
use crate::resolve::boundary;
use crate::resolve::hierarchy;

impl Solver<'_> {
    pub(super) fn call(&mut self, call: CallId, path: &Path) {
        let func = self.index.call(call).func;
        let owners = self.owners(func);
        for object in self.read_value(func).objects() {
            match object {
                Object::Func(func) => self.func_result(func, owners.as_deref(), path),
                _ => self.result(object, call, path),
            }
        }
    }

    /// The classes of the objects that a method is called on; none when one of them is not known.
    fn owners(&mut self, callee: ValueId) -> Option<Vec<Owner>> {
        let Value::Attribute { receiver, .. } = self.index.value(callee) else { return None };
        let receivers = self.read_value(*receiver);
        let owners = receivers.objects().map(|object| match object {
            Object::Instance(class) => Some(Owner::Exactly(class)),
            Object::Below(class) => Some(Owner::Below(class)),
            _ => None,
        });
        owners.collect::<Option<Vec<Owner>>>().filter(|owners| !owners.is_empty())
    }

    /// What a function returns; a method, for the owners that have it.
    fn flow_returned(&mut self, func: FuncId, owners: Option<&[Owner]>, path: &Path) {
        let class = self.index.func(func).class;
        let mut known = vec![];
        for owner in owners.unwrap_or_default() {
            let (Owner::Exactly(own) | Owner::Below(own)) = *owner else { continue };
            self.close(own);
            let ancestors = self.hierarchy.ancestors(own);
            if class.is_some_and(|class| ancestors.contains(&class)) {
                known.push(*owner);
            }
        }
        if known.is_empty() {
            return self.flow(Node::Return(func), path.clone());
        }
        for owner in known {
            self.flow(Node::ReturnOn(func, owner), path.clone());
        }
    }

    /// What calling `object` gives at `call`.
    pub(super) fn result(&mut self, object: Object, call: CallId, path: &Path) {
        match object {
            Object::Func(func) => self.func_result(func, None, path),
            Object::Class(class) if path.is_empty() => {
                self.close(class);
                let ancestors = self.hierarchy.ancestors(class);
                let chooses = ancestors.iter().any(|id| hierarchy::method(self.index, *id, "__new__").is_some());
                self.push(if chooses { Object::Below(class) } else { Object::Instance(class) }, None);
            }
            Object::ClassBelow(class) if path.is_empty() => self.push(Object::Below(class), None),
            Object::Class(class) | Object::ClassBelow(class) if path[0] == Selector::Element => {
                self.taken_from(class, path);
            }
            Object::Lambda(func) => {
                let result = self.index.func(func).returns.first().map(|returned| returned.value);
                result.into_iter().for_each(|result| self.flow_value(result, path.clone()));
            }
            Object::External(symbol) => {
                let name = self.text(symbol);
                self.external_result(&name, call, path);
            }
            Object::ExternalMember(symbol) => {
                let name = self.text(symbol);
                self.member_result(&name, call, path);
            }
            Object::Made(_) => self.called_outside(object, call, path),
            Object::Instance(class) | Object::Below(class) => {
                self.close(class);
                let ancestors = self.hierarchy.ancestors(class);
                match ancestors.iter().find_map(|id| hierarchy::method(self.index, *id, "__call__")) {
                    Some(func) => self.func_result(func, None, path),
                    None => self.push(Object::Unknown, None),
                }
            }
            Object::RecordClass(class) => self.record(class, call, path),
            Object::ExternalInstance(symbol) if matches!(&*self.text(symbol), "weakref.ref" | "weakref.WeakMethod") => {
                let func = self.index.call(call).func;
                self.flow_value(func, into(Selector::Item, path));
                self.push(Object::None, None);
            }
            Object::Mock => self.push(Object::Mock, None),
            Object::None => {}
            Object::Class(_)
            | Object::ClassBelow(_)
            | Object::Super(_)
            | Object::Coroutine(_)
            | Object::Generator(_)
            | Object::Module(_)
            | Object::Package(_)
            | Object::ExternalInstance(_)
            | Object::Record(..)
            | Object::Builtin
            | Object::Unknown => self.push(Object::Unknown, None),
        }
    }

    /// What a loop takes from an object of the class, or of one below it. `path` begins with that element.
    pub(super) fn taken_from(&mut self, class: ClassId, path: &Path) {
        self.close(class);
        let mut iterators: Vec<(FuncId, Option<FuncId>)> = vec![];
        for class in self.hierarchy.descendants(class) {
            let ancestors = self.hierarchy.ancestors(class);
            let method = |name: &str| ancestors.iter().find_map(|id| hierarchy::method(self.index, *id, name));
            match method("__iter__") {
                Some(iter) => iterators.push((iter, method("__next__"))),
                None => self.push(Object::Unknown, None),
            }
        }
        iterators.sort_unstable();
        iterators.dedup();
        for (iter, next) in iterators {
            let is_plain = self.index.func(iter).decorators.is_empty();
            match next {
                _ if !is_plain => self.push(Object::Unknown, None),
                _ if self.index.func(iter).traits.is_generator => self.flow(Node::Yield(iter), path[1..].to_vec()),
                // An iterator gives itself.
                Some(next) => self.flow(Node::Return(next), path[1..].to_vec()),
                None => self.flow(Node::Return(iter), path.clone()),
            }
        }
    }

    fn func_result(&mut self, func: FuncId, owners: Option<&[Owner]>, path: &Path) {
        let facts = self.index.func(func);
        let has = |wanted: &[&str]| {
            let mut names = facts.decorators.iter().map(|decorator| boundary::decorator_name(self.index, decorator));
            names.any(|name| name.is_some_and(|name| wanted.contains(&name)))
        };
        let (is_generator, is_async) = (facts.traits.is_generator, facts.is_async);
        let is_manager = has(&["contextmanager", "asynccontextmanager"]);
        let is_changed = has(&["fixture"]) || is_generator && !is_manager && !self.is_transparent(func);
        match path.split_first() {
            _ if is_changed => self.push(Object::Unknown, None),
            None if is_generator => self.push(Object::Generator(func), None),
            Some((Selector::Element, rest)) if is_generator && !is_manager => {
                self.flow(Node::Yield(func), rest.to_vec());
            }
            _ if is_generator => self.push(Object::Unknown, None),
            None if is_async => self.push(Object::Coroutine(func), None),
            Some(_) if is_async => self.push(Object::Unknown, None),
            _ => self.flow_returned(func, owners, path),
        }
    }

    pub(super) fn arg(&self, call: CallId, at: usize) -> Option<ValueId> {
        let args = &self.index.call(call).args;
        let is_plain = args[..args.len().min(at + 1)].iter().all(|arg| !arg.is_star && arg.keyword.is_none());
        args.get(at).filter(|_| is_plain).map(|arg| arg.value)
    }

    /// The value of a keyword argument, if it is there.
    pub(super) fn flow_keyword(&mut self, call: CallId, keyword: &str, path: Path) {
        let args = &self.index.call(call).args;
        let given = args.iter().find(|arg| arg.keyword.as_deref() == Some(keyword)).map(|arg| arg.value);
        if let Some(value) = given {
            self.flow_value(value, path);
        }
    }

    pub(super) fn flow_arg(&mut self, call: CallId, at: usize, path: Path) {
        match self.arg(call, at) {
            Some(value) => self.flow_value(value, path),
            None if self.index.call(call).args.len() > at => self.push(Object::Unknown, None),
            None => {}
        }
    }
}
