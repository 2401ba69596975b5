//! Builtin functions, and the methods of containers.

use super::library::is_plain_module;
use super::object::{Object, Path, Selector};
use super::solver::{Solver, into};
use crate::index::facts::*;

/// Builtin functions that return no object of the project.
const PLAIN: [&str; 37] = [
    "str",
    "int",
    "float",
    "bool",
    "bytes",
    "complex",
    "bytearray",
    "len",
    "repr",
    "print",
    "range",
    "abs",
    "round",
    "hash",
    "id",
    "any",
    "all",
    "callable",
    "format",
    "ord",
    "chr",
    "hex",
    "oct",
    "bin",
    "isinstance",
    "issubclass",
    "hasattr",
    "dir",
    "input",
    "divmod",
    "pow",
    "ascii",
    "setattr",
    "delattr",
    "memoryview",
    "slice",
    "breakpoint",
];

/// Methods that give what was put into an object: a context variable, a queue.
fn is_getter(name: &str) -> bool {
    matches!(
        name,
        "contextvars.ContextVar.get"
            | "queue.Queue.get"
            | "queue.Queue.get_nowait"
            | "queue.SimpleQueue.get"
            | "queue.LifoQueue.get"
            | "queue.LifoQueue.get_nowait"
            | "asyncio.Queue.get_nowait"
            | "asyncio.LifoQueue.get_nowait"
    )
}

/// The same for a method that is awaited.
pub(super) fn is_awaited_getter(name: &str) -> bool {
    matches!(name, "asyncio.Queue.get" | "asyncio.LifoQueue.get" | "asyncio.PriorityQueue.get")
}

pub(super) fn is_of_contextlib(name: &str) -> bool {
    name.starts_with("contextlib.")
}

impl Solver<'_> {
    /// `list(x)` and the like: the elements of `x`, and keyword values of a mapping.
    pub(super) fn copied(&mut self, call: CallId, path: &Path) {
        if path.is_empty() {
            return self.push(Object::Builtin, None);
        }
        let args: Vec<(bool, bool, ValueId)> =
            self.index.call(call).args.iter().map(|arg| (arg.keyword.is_some(), arg.is_star, arg.value)).collect();
        for (is_keyword, is_star, value) in args {
            match (is_keyword, is_star) {
                (_, true) => self.push(Object::Unknown, None),
                (true, false) => self.flow_value(value, path[1..].to_vec()),
                (false, false) => self.flow_value(value, path.clone()),
            }
        }
    }

    pub(super) fn builtin_result(&mut self, name: &str, call: CallId, path: &Path) {
        match (name, path.as_slice()) {
            (name, _) if PLAIN.contains(&name) => self.push(Object::Builtin, None),
            ("iter", []) if self.index.call(call).args.len() == 1 => {
                let of = self.arg(call, 0).map(|value| self.read_value(value));
                for object in of.iter().flat_map(|set| set.objects()) {
                    match object {
                        // An iterator is its own, and what an object gives for it runs like the object.
                        Object::Generator(_) | Object::Instance(_) | Object::Below(_) | Object::Unknown => {
                            self.push(object, None);
                        }
                        _ => self.push(Object::Builtin, None),
                    }
                }
            }
            ("list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter" | "dict", _) => {
                self.copied(call, path)
            }
            ("enumerate" | "zip" | "map" | "filter", []) => self.push(Object::Builtin, None),
            ("enumerate", [_, Selector::Index(0), ..]) => self.push(Object::Builtin, None),
            ("enumerate", [_, Selector::Index(1), rest @ ..]) => {
                self.flow_arg(call, 0, into(Selector::Element, rest));
            }
            ("zip", [_, Selector::Index(at), rest @ ..]) => {
                self.flow_arg(call, *at as usize, into(Selector::Element, rest));
            }
            ("filter", [_, rest @ ..]) => self.flow_arg(call, 1, into(Selector::Element, rest)),
            ("map", [_, rest @ ..]) => {
                let mapped = self.arg(call, 0).map(|value| self.read_value(value));
                for object in mapped.iter().flat_map(|set| set.objects()) {
                    self.result(object, call, &rest.to_vec());
                }
            }
            ("next", _) => {
                self.flow_arg(call, 0, into(Selector::Element, path));
                self.flow_arg(call, 1, path.clone());
            }
            ("min" | "max", _) => {
                let args: Vec<ValueId> = self.index.call(call).args.iter().map(|arg| arg.value).collect();
                match args.as_slice() {
                    [only] => self.flow_value(*only, into(Selector::Element, path)),
                    _ => self.push(Object::Unknown, None),
                }
            }
            ("getattr", _) => self.getattr(call, path),
            ("super", []) => {
                let scope = self.index.context(self.index.call(call).context).scope;
                match self.class_around(scope) {
                    Some(class) => self.push(Object::Super(class), None),
                    None => self.push(Object::Unknown, None),
                }
            }
            ("type", []) if self.index.call(call).args.len() == 1 => {
                let of = self.arg(call, 0).map(|value| self.read_value(value));
                of.iter().flat_map(|set| set.objects()).for_each(|object| self.class_of(object));
            }
            // `load = staticmethod(load)` in a class: the function itself.
            ("staticmethod", []) => self.flow_arg(call, 0, vec![]),
            // It is called with the class first, which the arguments do not tell.
            ("classmethod", []) => {
                self.flow_arg(call, 0, vec![]);
                self.push(Object::Unknown, None);
            }
            ("open", _) => {
                let symbol = self.symbol("io.IOBase");
                self.push(Object::ExternalInstance(symbol), None);
            }
            (name, []) if name == "object" || name.starts_with(char::is_uppercase) => {
                let symbol = self.symbol(&format!("builtins.{name}"));
                self.push(Object::ExternalInstance(symbol), None);
            }
            _ => self.push(Object::Unknown, None),
        }
    }

    /// `super().__getattribute__("name")`
    fn looked_up_on_self(&mut self, call: CallId, path: &Path) {
        let name = self.arg(call, 0).map(|value| self.index.value(value).clone());
        let class = self.class_around(self.index.context(self.index.call(call).context).scope);
        match (name, class) {
            (Some(Value::Text(name)), Some(class)) => self.member(Object::Below(class), &name, path.clone()),
            _ => self.push(Object::Unknown, None),
        }
    }

    /// A method of a container, or of something foreign.
    pub(super) fn member_result(&mut self, name: &str, call: CallId, path: &Path) {
        let last = name.rsplit('.').next().unwrap_or_default();
        let receiver = match self.index.value(self.index.call(call).func) {
            Value::Attribute { receiver, .. } => Some(*receiver),
            _ => None,
        };
        // A class, and nobody knows which.
        if name == "builtins.type.__new__" || name.ends_with("Meta.__new__") {
            return self.push(Object::Unknown, None);
        }
        if name == "builtins.object.__getattribute__" {
            return self.looked_up_on_self(call, path);
        }
        if let Some(receiver) = receiver.filter(|_| is_getter(name)) {
            self.flow_value(receiver, into(Selector::Item, path));
            // Others are asked whether to wait.
            if name == "contextvars.ContextVar.get" {
                self.flow_arg(call, 0, path.clone());
            }
            return;
        }
        let Some(receiver) = receiver.filter(|_| name.starts_with("builtins.")) else {
            return match last {
                _ if name.starts_with("pytest_mock.") => self.mock_result(last, call, path),
                _ if is_plain_module(name) => {
                    let symbol = self.symbol(name);
                    self.push(Object::ExternalInstance(symbol), None);
                }
                "run_until_complete" => self.arg(call, 0).into_iter().for_each(|value| self.run(value, path)),
                "create_task" => self.flow_arg(call, 0, path.clone()),
                "enter_context" if is_of_contextlib(name) => {
                    self.arg(call, 0).into_iter().for_each(|manager| self.entered(manager, path));
                }
                "run_in_executor" => self.in_thread(call, 1, path),
                _ => {
                    let callee = Object::ExternalMember(self.symbol(name));
                    self.called_outside(callee, call, path);
                }
            };
        };
        match (last, path.as_slice()) {
            ("values" | "items" | "keys", []) => self.push(Object::Builtin, None),
            ("values", [_, rest @ ..]) => self.flow_value(receiver, into(Selector::Value, rest)),
            ("items", [_, Selector::Index(1), rest @ ..]) => self.flow_value(receiver, into(Selector::Value, rest)),
            ("items" | "keys", _) => self.push(Object::Builtin, None),
            ("get" | "pop" | "setdefault" | "popleft" | "__getitem__", _) => {
                let key = self.arg(call, 0).map(|value| self.index.value(value).clone());
                let step = match key {
                    Some(Value::Text(key)) => Selector::Key(key),
                    _ => Selector::Item,
                };
                self.flow_value(receiver, into(step, path));
                self.flow_arg(call, 1, path.clone());
                if last == "get" && path.is_empty() {
                    self.push(Object::None, None);
                }
            }
            ("copy" | "union" | "intersection" | "difference", [_, ..]) => self.flow_value(receiver, path.clone()),
            ("popitem" | "__iter__" | "__next__", _) => self.push(Object::Unknown, None),
            _ => self.push(Object::Builtin, None),
        }
    }
}
