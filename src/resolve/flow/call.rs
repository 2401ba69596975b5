//! Calls: what they return, by what is called. Builtins and the few library functions that hand objects on are known by name.

use super::object::{Node, Object, Owner, Path, Selector};
use super::solver::{Solver, into};
use crate::index::facts::*;
use crate::resolve::boundary;
use crate::resolve::hierarchy;

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

/// Modules of the standard library whose functions and objects never hand on an object of the project.
const PLAIN_MODULES: [&str; 46] = [
    "base64",
    "binascii",
    "calendar",
    "cmath",
    "codecs",
    "colorsys",
    "csv",
    "datetime",
    "decimal",
    "difflib",
    "email",
    "fnmatch",
    "fractions",
    "getpass",
    "glob",
    "gzip",
    "hashlib",
    "hmac",
    "html",
    "http",
    "io",
    "ipaddress",
    "json",
    "locale",
    "math",
    "mimetypes",
    "os",
    "pathlib",
    "platform",
    "re",
    "shlex",
    "shutil",
    "socket",
    "ssl",
    "stat",
    "statistics",
    "string",
    "struct",
    "subprocess",
    "tempfile",
    "textwrap",
    "time",
    "tomllib",
    "urllib",
    "uuid",
    "zlib",
];

/// Does the dotted path start in such a module?
pub(super) fn is_plain_module(path: &str) -> bool {
    PLAIN_MODULES.contains(&path.split('.').next().unwrap_or_default())
}

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
            Object::Instance(class) | Object::Below(class) => {
                self.close(class);
                let ancestors = self.hierarchy.ancestors(class);
                match ancestors.iter().find_map(|id| hierarchy::method(self.index, *id, "__call__")) {
                    Some(func) => self.func_result(func, None, path),
                    None => self.push(Object::Unknown, None),
                }
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
            | Object::Builtin
            | Object::Unknown => self.push(Object::Unknown, None),
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

    /// What awaiting the coroutines in a value gives.
    fn run(&mut self, value: ValueId, path: &Path) {
        for object in self.read_value(value).objects() {
            match object {
                Object::Coroutine(func) => self.flow(Node::Return(func), path.clone()),
                Object::None => {}
                _ => self.push(Object::Unknown, None),
            }
        }
    }

    pub(super) fn arg(&self, call: CallId, at: usize) -> Option<ValueId> {
        let args = &self.index.call(call).args;
        let is_plain = args[..args.len().min(at + 1)].iter().all(|arg| !arg.is_star && arg.keyword.is_none());
        args.get(at).filter(|_| is_plain).map(|arg| arg.value)
    }

    pub(super) fn flow_arg(&mut self, call: CallId, at: usize, path: Path) {
        match self.arg(call, at) {
            Some(value) => self.flow_value(value, path),
            None if self.index.call(call).args.len() > at => self.push(Object::Unknown, None),
            None => {}
        }
    }

    fn external_result(&mut self, name: &str, call: CallId, path: &Path) {
        let last = name.rsplit('.').next().unwrap_or_default();
        match name.split('.').next().unwrap_or_default() {
            "builtins" => return self.builtin_result(last, call, path),
            "asyncio" => match last {
                "create_task" | "ensure_future" | "wait_for" | "shield" => {
                    return self.flow_arg(call, 0, path.clone());
                }
                "run" => return self.arg(call, 0).into_iter().for_each(|value| self.run(value, path)),
                "to_thread" => return self.in_thread(call, 0, path),
                _ => {}
            },
            "unittest" | "mock" | "pytest_mock" => return self.push(Object::Mock, None),
            _ => {}
        }
        match name {
            "typing.cast" => {
                let scope = self.index.context(self.index.call(call).context).scope;
                if !self.arg(call, 0).is_some_and(|wanted| self.annotation(wanted, scope, path)) {
                    self.flow_arg(call, 1, path.clone());
                }
            }
            "copy.copy" | "copy.deepcopy" | "weakref.proxy" | "dataclasses.replace" => {
                self.flow_arg(call, 0, path.clone());
            }
            "importlib.import_module" | "builtins.__import__" => self.imported_by_name(call, path),
            "importlib.util.spec_from_file_location" => self.loaded_by_path(call, path),
            "importlib.util.module_from_spec" => self.flow_arg(call, 0, path.clone()),
            "functools.partial" | "functools.partialmethod" if path.is_empty() => self.flow_arg(call, 0, vec![]),
            "collections.deque" => self.copied(call, path),
            "collections.OrderedDict" => self.copied(call, path),
            "collections.defaultdict" => match path.split_first() {
                None => self.push(Object::Builtin, None),
                Some((_, rest)) => {
                    let factory = self.arg(call, 0).map(|value| self.read_value(value));
                    for object in factory.iter().flat_map(|set| set.objects()) {
                        self.result(object, call, &rest.to_vec());
                    }
                }
            },
            _ if matches!(last, "Depends" | "Security") => self.injected(call, path),
            _ if is_plain_module(name) || last.starts_with(char::is_uppercase) && path.is_empty() => {
                let symbol = self.symbol(name);
                self.push(Object::ExternalInstance(symbol), None);
            }
            _ => self.push(Object::Unknown, None),
        }
    }

    /// `Depends(get_store)`: what the provider returns or yields.
    pub(super) fn injected(&mut self, call: CallId, path: &Path) {
        let Some(provider) = self.arg(call, 0) else { return self.push(Object::Unknown, None) };
        for object in self.read_value(provider).objects() {
            match object {
                Object::Func(func) if self.index.func(func).traits.is_generator => {
                    self.flow(Node::Yield(func), path.clone());
                }
                Object::Func(func) => self.flow(Node::Return(func), path.clone()),
                Object::Class(_) => self.result(object, call, path),
                _ => self.push(Object::Unknown, None),
            }
        }
    }

    /// `await to_thread(f, x)`: what `f` returns, once it is awaited.
    fn in_thread(&mut self, call: CallId, at: usize, path: &Path) {
        let Some(target) = self.arg(call, at).filter(|_| path.is_empty()) else {
            return self.push(Object::Unknown, None);
        };
        for object in self.read_value(target).objects() {
            let object = match object {
                Object::Func(func) if !self.index.func(func).is_async => Object::Coroutine(func),
                _ => Object::Unknown,
            };
            self.push(object, None);
        }
    }

    /// `list(x)` and the like: the elements of `x`, and keyword values of a mapping.
    fn copied(&mut self, call: CallId, path: &Path) {
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

    fn builtin_result(&mut self, name: &str, call: CallId, path: &Path) {
        match (name, path.as_slice()) {
            (name, _) if PLAIN.contains(&name) => self.push(Object::Builtin, None),
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
                for object in of.iter().flat_map(|set| set.objects()) {
                    let class = match object {
                        Object::Instance(class) => Object::Class(class),
                        Object::Below(class) => Object::ClassBelow(class),
                        _ => Object::Unknown,
                    };
                    self.push(class, None);
                }
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

    /// A method of a container, or of something foreign.
    fn member_result(&mut self, name: &str, call: CallId, path: &Path) {
        let last = name.rsplit('.').next().unwrap_or_default();
        let receiver = match self.index.value(self.index.call(call).func) {
            Value::Attribute { receiver, .. } => Some(*receiver),
            _ => None,
        };
        let Some(receiver) = receiver.filter(|_| name.starts_with("builtins.")) else {
            return match last {
                _ if is_plain_module(name) => {
                    let symbol = self.symbol(name);
                    self.push(Object::ExternalInstance(symbol), None);
                }
                "run_until_complete" => self.arg(call, 0).into_iter().for_each(|value| self.run(value, path)),
                "create_task" => self.flow_arg(call, 0, path.clone()),
                "run_in_executor" => self.in_thread(call, 1, path),
                _ => self.push(Object::Unknown, None),
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
