//! Expressions: what each kind of [`Value`] may be, and what stands in it when it is a container.

use super::builtin::{is_awaited_getter, is_of_contextlib};
use super::object::{Node, Object, Owner, Path, Selector};
use super::solver::{Solver, into};
use crate::index::facts::*;
use crate::resolve::names::Meaning;
use crate::resolve::{hierarchy, stack};

/// Context managers that give what they are made of.
const GIVE_WHAT_THEY_HOLD: [&str; 3] = ["contextlib.closing", "contextlib.aclosing", "contextlib.nullcontext"];

impl Solver<'_> {
    pub(super) fn value(&mut self, id: ValueId, path: Path) {
        match self.index.value(id).clone() {
            Value::Name { name, scope } if path.is_empty() => match self.tested(id) {
                Some(tested) => self.narrow(Node::Name(scope, name), &tested),
                None => self.flow(Node::Name(scope, name), path),
            },
            Value::Name { name, scope } => self.flow(Node::Name(scope, name), path),
            Value::Attribute { receiver, name } => self.flow(Node::Member(receiver, name), path),
            Value::Call { call } => self.call(call, &path),
            Value::Await { value } => self.awaited(value, &path),
            Value::Subscript { value, index, .. } if self.namespace_item(value, index, &path) => {}
            Value::Subscript { value, key, .. } => {
                let step = key.map_or(Selector::Item, Selector::Key);
                self.flow_value(value, into(step, &path));
            }
            Value::Either(values) => values.into_iter().for_each(|value| self.flow_value(value, path.clone())),
            Value::Sum(sides) => self.sum(&sides, path),
            Value::Elements(values) => self.elements(&values, &path),
            Value::Dict(items) => self.dict(&items, &path),
            Value::Comprehension { element, .. } => match path.split_first() {
                None => self.push(Object::Builtin, None),
                Some((_, rest)) => self.flow_value(element, rest.to_vec()),
            },
            Value::ElementOf(value) => self.flow_value(value, into(Selector::Element, &path)),
            Value::PartOf(value, at) => self.flow_value(value, into(Selector::Index(at), &path)),
            Value::Entered(value) => self.entered(value, &path),
            Value::Lambda { func, .. } if path.is_empty() => self.push(Object::Lambda(func), None),
            Value::Text(_) | Value::Pattern(_) | Value::Builtin => self.push(Object::Builtin, None),
            Value::None if path.is_empty() => self.push(Object::None, None),
            Value::None => {}
            Value::Lambda { .. } | Value::Spread(_) | Value::Unknown => self.push(Object::Unknown, None),
        }
    }

    fn elements(&mut self, values: &[ValueId], path: &[Selector]) {
        let Some((step, rest)) = path.split_first() else { return self.push(Object::Builtin, None) };
        if let Selector::Index(at) = step
            && let Some(value) = values.get(*at as usize)
        {
            // `[*first, second]`: a starred element moves what follows.
            let before = &values[..=*at as usize];
            if !before.iter().any(|value| matches!(self.index.value(*value), Value::Spread(_))) {
                return self.flow_value(*value, rest.to_vec());
            }
        }
        for value in values {
            match *self.index.value(*value) {
                Value::Spread(all) => self.flow_value(all, into(Selector::Element, rest)),
                _ => self.flow_value(*value, rest.to_vec()),
            }
        }
    }

    /// `a + b`: the elements of both.
    fn sum(&mut self, sides: &[ValueId], path: Path) {
        for side in sides {
            if !path.is_empty() {
                self.flow_value(*side, path.clone());
                continue;
            }
            for object in self.read_value(*side).objects() {
                match object {
                    Object::Builtin | Object::Mock => self.push(object, None),
                    Object::None => {}
                    _ => self.push(Object::Unknown, None),
                }
            }
        }
    }

    fn dict(&mut self, items: &[(Option<ruff_python_ast::name::Name>, ValueId)], path: &[Selector]) {
        match path.split_first() {
            None | Some((Selector::Element, _)) => self.push(Object::Builtin, None),
            Some((step, rest)) => {
                for (key, value) in items {
                    if let Value::Spread(all) = *self.index.value(*value) {
                        self.flow_value(all, path.to_vec());
                        continue;
                    }
                    let fits = match (step, key) {
                        (Selector::Key(wanted), Some(key)) => wanted == key,
                        _ => true,
                    };
                    if fits {
                        self.flow_value(*value, rest.to_vec());
                    }
                }
            }
        }
    }

    fn awaited(&mut self, value: ValueId, path: &Path) {
        if let Some((_, queue)) = self.called_member(value, "get", is_awaited_getter) {
            return self.flow_value(queue, into(Selector::Item, path));
        }
        if let Some((call, _)) = self.called_member(value, "enter_async_context", is_of_contextlib) {
            return self.arg(call, 0).into_iter().for_each(|manager| self.entered(manager, path));
        }
        if let Some((call, offloaded)) = self.offloaded(value) {
            return self.offloaded_result(call, offloaded, path);
        }
        for object in self.read_value(value).objects() {
            match object {
                Object::Coroutine(func) => self.flow(Node::Return(func), path.clone()),
                Object::Mock => self.push(Object::Mock, None),
                Object::None => {}
                _ => self.push(Object::Unknown, None),
            }
        }
    }

    /// A call of that method of a library and of nothing else, with its receiver: `queue.get()`.
    fn called_member(&mut self, value: ValueId, method: &str, is_known: fn(&str) -> bool) -> Option<(CallId, ValueId)> {
        let Value::Call { call } = *self.index.value(value) else { return None };
        let func = self.index.call(call).func;
        let Value::Attribute { receiver, ref name } = *self.index.value(func) else { return None };
        if name != method {
            return None;
        }
        let methods = self.read_value(func);
        let mut names = methods.objects().map(|object| match object {
            Object::ExternalMember(symbol) => is_known(&self.text(symbol)),
            _ => false,
        });
        (!methods.is_empty() && names.all(|is_known| is_known)).then_some((call, receiver))
    }

    /// What `with x as name` binds.
    pub(super) fn entered(&mut self, value: ValueId, path: &Path) {
        if let Value::Call { call } = *self.index.value(value)
            && let [Meaning::External(name)] = self.names().evaluate(self.index.call(call).func).as_slice()
            && GIVE_WHAT_THEY_HOLD.contains(&name.as_str())
        {
            return self.flow_arg(call, 0, path.clone());
        }
        if let Some(func) = self.made_a_manager(value) {
            return self.flow(Node::Yield(func), path.clone());
        }
        for object in self.read_value(value).objects() {
            match object {
                Object::Generator(func) => self.flow(Node::Yield(func), path.clone()),
                Object::Instance(class) | Object::Below(class) => {
                    self.close(class);
                    let ancestors = self.hierarchy.ancestors(class);
                    let enter = ["__enter__", "__aenter__"]
                        .iter()
                        .find_map(|name| ancestors.iter().find_map(|id| hierarchy::method(self.index, *id, name)));
                    match enter {
                        Some(func) => self.flow(Node::Return(func), path.clone()),
                        None => self.push(Object::Unknown, None),
                    }
                }
                // A stack gives itself.
                Object::ExternalInstance(symbol) if stack::CLASSES.contains(&&*self.text(symbol)) => {
                    self.push(object, None);
                }
                Object::Mock => self.push(Object::Mock, None),
                Object::None => {}
                _ => match self.expression_of(object) {
                    Some(expression) => self.given_outside(&format!("{expression}.__enter__()"), path),
                    None => self.push(Object::Unknown, None),
                },
            }
        }
    }

    /// The generator function behind `scope()` with `scope = contextmanager(rows)`.
    fn made_a_manager(&self, value: ValueId) -> Option<FuncId> {
        let callee = |value: ValueId| match *self.index.value(value) {
            Value::Call { call } => Some((call, self.names().evaluate(self.index.call(call).func))),
            _ => None,
        };
        let [Meaning::Value(made)] = callee(value)?.1[..] else { return None };
        let (call, maker) = callee(made)?;
        let is_maker = matches!(maker.as_slice(), [Meaning::External(path)]
            if matches!(path.as_str(), "contextlib.contextmanager" | "contextlib.asynccontextmanager"));
        match self.names().evaluate(self.arg(call, 0).filter(|_| is_maker)?)[..] {
            [Meaning::Func(func)] if self.index.func(func).traits.is_generator => Some(func),
            _ => None,
        }
    }

    /// What a function returns, and what those that override it return for an object of the owner.
    pub(super) fn returned(&mut self, func: FuncId, owner: Option<Owner>, path: Path) {
        let facts = self.index.func(func);
        let (class, name, scope, annotation) =
            (facts.class, facts.name.clone(), facts.outer_scope, facts.returns_annotation);
        let (returns, is_stub): (Vec<ValueId>, bool) =
            (facts.returns.iter().map(|returned| returned.value).collect(), facts.traits.is_stub);
        if annotation.is_some_and(|annotation| self.annotation(annotation, scope, &path)) {
            return;
        }
        if !self.is_transparent(func) {
            self.push(Object::Unknown, None);
        }
        if returns.is_empty() && !is_stub && path.is_empty() {
            self.push(Object::None, None);
        }
        for value in &returns {
            self.flow_value(*value, path.clone());
        }
        let mut overrides = vec![];
        let top = match owner {
            Some(Owner::Exactly(_)) => None,
            Some(Owner::Below(own)) => Some(own),
            Some(Owner::Foreign | Owner::Anything) | None => class,
        };
        if let Some(class) = top {
            self.close(class);
            let below = self.hierarchy.descendants(class).into_iter().skip(1);
            overrides = below.filter_map(|id| hierarchy::method(self.index, id, &name)).collect();
            overrides.iter().for_each(|other| self.flow(Node::Return(*other), path.clone()));
        }
        if is_stub && overrides.is_empty() {
            self.push(Object::Unknown, None);
        }
    }

    pub(super) fn yielded(&mut self, func: FuncId, path: Path) {
        let facts = self.index.func(func);
        let (scope, annotation, yields) = (facts.outer_scope, facts.returns_annotation, facts.yields.clone());
        let inside = into(Selector::Element, &path);
        if annotation.is_some_and(|annotation| self.annotation(annotation, scope, &inside)) {
            return;
        }
        for value in yields {
            self.flow_value(value, path.clone());
        }
    }
}
