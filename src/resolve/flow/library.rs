//! Functions of libraries that hand objects on, known by name. What any other foreign function gives, nobody knows.

use super::object::{Node, Object, Path};
use super::solver::Solver;
use crate::index::facts::*;

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

/// Types that are empty containers when they are called without arguments.
const CONTAINERS: [&str; 10] = [
    "builtins.list",
    "builtins.dict",
    "builtins.set",
    "builtins.tuple",
    "builtins.frozenset",
    "collections.deque",
    "collections.OrderedDict",
    "collections.ChainMap",
    "collections.Counter",
    "weakref.WeakSet",
];

/// Does the dotted path start in such a module?
pub(super) fn is_plain_module(path: &str) -> bool {
    PLAIN_MODULES.contains(&path.split('.').next().unwrap_or_default())
}

impl Solver<'_> {
    pub(super) fn external_result(&mut self, name: &str, call: CallId, path: &Path) {
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
            "unittest" | "mock" | "pytest_mock" => return self.mock_result(last, call, path),
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
            "collections.deque"
            | "collections.OrderedDict"
            | "weakref.WeakSet"
            | "weakref.WeakValueDictionary"
            | "weakref.WeakKeyDictionary"
            | "types.MappingProxyType"
            | "collections.ChainMap" => self.copied(call, path),
            // What is in it comes out when it is called, or by a getter.
            "weakref.ref" | "weakref.WeakMethod" | "contextvars.ContextVar" if !path.is_empty() => {
                let inner = path[1..].to_vec();
                if name == "contextvars.ContextVar" {
                    self.flow_keyword(call, "default", inner);
                } else {
                    self.flow_arg(call, 0, inner);
                }
            }
            "weakref.ref" | "weakref.WeakMethod" => {
                let symbol = self.symbol(name);
                self.push(Object::ExternalInstance(symbol), None);
            }
            "queue.Queue" | "queue.SimpleQueue" | "queue.LifoQueue" | "asyncio.Queue" | "asyncio.LifoQueue"
                if !path.is_empty() => {}
            "collections.namedtuple" if path.is_empty() => self.push(Object::RecordClass(call), None),
            "typing.NamedTuple" if path.is_empty() && self.arg(call, 1).is_some() => {
                self.push(Object::RecordClass(call), None);
            }
            "collections.defaultdict" => match path.split_first() {
                None => self.push(Object::Builtin, None),
                Some((_, rest)) => {
                    let factory = self.arg(call, 0).map(|value| self.read_value(value));
                    for object in factory.iter().flat_map(|set| set.objects()) {
                        self.made_without_arguments(object, call, &rest.to_vec());
                    }
                }
            },
            _ if matches!(last, "Depends" | "Security") => self.injected(call, path),
            "contextlib.suppress"
            | "contextlib.nullcontext"
            | "contextlib.redirect_stdout"
            | "contextlib.redirect_stderr"
            | "contextlib.chdir"
                if path.is_empty() =>
            {
                let symbol = self.symbol(name);
                self.push(Object::ExternalInstance(symbol), None);
            }
            _ if is_plain_module(name) || last.starts_with(char::is_uppercase) && path.is_empty() => {
                let symbol = self.symbol(name);
                self.push(Object::ExternalInstance(symbol), None);
            }
            _ => {
                let callee = Object::External(self.symbol(name));
                self.called_outside(callee, call, path);
            }
        }
    }

    /// What a factory gives, as in `default_factory=Store`: a container is empty. `call` is the call that the factory is given to.
    pub(super) fn made_without_arguments(&mut self, factory: Object, call: CallId, path: &Path) {
        let is_container = match factory {
            Object::External(symbol) => CONTAINERS.contains(&&*self.text(symbol)),
            _ => false,
        };
        match is_container {
            true if path.is_empty() => self.push(Object::Builtin, None),
            true => {}
            false => self.result(factory, call, path),
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
    pub(super) fn in_thread(&mut self, call: CallId, at: usize, path: &Path) {
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

    /// What awaiting the coroutines in a value gives.
    pub(super) fn run(&mut self, value: ValueId, path: &Path) {
        for object in self.read_value(value).objects() {
            match object {
                Object::Coroutine(func) => self.flow(Node::Return(func), path.clone()),
                Object::None => {}
                _ => self.push(Object::Unknown, None),
            }
        }
    }
}
