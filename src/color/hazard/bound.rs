//! What belongs to the thread or the context that made it: context variables, `threading.local`, sqlite3 connections, locks
//! that are held on. A function that touches it does something else in a worker thread.

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::color::World;
use crate::color::cause::Cause;
use crate::index::facts::*;
use crate::resolve::names::Meaning;

/// What an object is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Handle {
    /// A worker sets its own copy.
    Context,
    ThreadLocal,
    /// Refuses other threads than its own (`check_same_thread`).
    Sqlite,
    /// Hands out a session to each thread: SQLAlchemy's `scoped_session`.
    Registry,
}

/// Bases of bases are looked at so far.
const BASES: usize = 4;

/// The objects of a program that are bound to a thread or context, by where they are kept: at module or class level, or in
/// an attribute.
#[derive(Debug, Default)]
pub struct Handles {
    values: FxHashMap<ValueId, Handle>,
    names: FxHashMap<Name, Handle>,
}

impl Handles {
    /// Finds them in the files that mention one of the makers.
    pub fn find(world: World) -> Self {
        let mut handles = Self::default();
        let words = ["ContextVar", "local", "sqlite3", "scoped_session"].map(Name::new_static);
        let local = world.index.words.files("local").filter_map(|file| Some((file, world.index.loaded(file)?)));
        let classes = local.flat_map(|(file, facts)| {
            let ids = (0..facts.classes.len() as u32).map(move |index| ClassId { file, index });
            ids.filter(|class| is_local(world, *class, BASES)).map(|class| world.index.class(class).name.clone())
        });
        let names: Vec<Name> = words.into_iter().chain(classes).collect();
        let files: FxHashSet<FileId> = names.iter().flat_map(|name| world.index.words.files(name)).collect();
        for (_, facts) in world.index.loaded_files().filter(|(file, _)| files.contains(file)) {
            for (name, value, _) in super::kept(facts) {
                if let Some(value) = value {
                    handles.keep(world, name, value);
                }
            }
        }
        handles
    }

    fn keep(&mut self, world: World, name: &Name, value: ValueId) {
        let Value::Call { call } = *world.index.value(value) else { return };
        let call = world.index.call(call);
        let shared = || call.args.iter().any(|arg| arg.keyword.as_deref() == Some("check_same_thread"));
        let handle = match world.names().dotted(call.func).as_deref() {
            Some("contextvars.ContextVar") => Handle::Context,
            Some("threading.local") => Handle::ThreadLocal,
            Some("sqlite3.connect" | "sqlite3.dbapi2.connect") if !shared() => Handle::Sqlite,
            Some("sqlalchemy.orm.scoped_session" | "sqlalchemy.orm.scoping.scoped_session") => Handle::Registry,
            _ if self.makes_local(world, call.func) => Handle::ThreadLocal,
            _ => return,
        };
        self.values.insert(value, handle);
        self.names.insert(name.clone(), handle);
    }

    /// `class State(threading.local)` and `State()`.
    fn makes_local(&self, world: World, func: ValueId) -> bool {
        world
            .names()
            .evaluate(func)
            .into_iter()
            .any(|meaning| matches!(meaning, Meaning::Class(class) if is_local(world, class, BASES)))
    }

    /// The handle that an expression is, by what its name is bound to.
    fn of_value(&self, world: World, value: ValueId) -> Option<Handle> {
        match world.index.value(value) {
            Value::Name { name, scope } => self.of_name(world, *scope, name),
            Value::Attribute { name, .. } => self.names.get(name).copied(),
            _ => None,
        }
    }

    /// Is it what gives each thread a session of its own?
    pub fn is_registry(&self, world: World, value: ValueId) -> bool {
        self.of_value(world, value) == Some(Handle::Registry)
    }

    fn of_name(&self, world: World, scope: ScopeId, name: &str) -> Option<Handle> {
        let meanings = world.names().lookup(scope, name);
        meanings.into_iter().find_map(|meaning| match meaning {
            Meaning::Value(value) | Meaning::Annotated { value: Some(value), .. } => self.values.get(&value).copied(),
            _ => None,
        })
    }
}

/// Is the class, or one up to `depth` steps above it, a `threading.local`?
fn is_local(world: World, class: ClassId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let bases = world.index.class(class).bases.iter();
    bases.flat_map(|base| world.names().evaluate(base.value)).any(|meaning| match meaning {
        Meaning::External(path) => path == "threading.local",
        Meaning::Class(base) => is_local(world, base, depth),
        _ => false,
    })
}

/// The functions of a file that touch such an object, or leave a lock as they did not find it.
pub fn in_file(world: World, handles: &Handles, file: FileId) -> FxHashMap<FuncId, Cause> {
    let facts = world.index.file(file);
    let mut found = FxHashMap::default();
    let mut held: FxHashMap<FuncId, (usize, usize)> = FxHashMap::default();
    for site in &facts.refs {
        let Some(func) = facts[site.context].func else { continue };
        if let Usage::Called(call) = site.usage
            && site.receiver.is_some_and(|receiver| is_lock(world, receiver))
        {
            let is_waited_for = facts[call].usage == Usage::Awaited;
            let counts = held.entry(func).or_default();
            match site.name.as_str() {
                "acquire" if !is_waited_for => counts.0 += 1,
                "release" => counts.1 += 1,
                _ => {}
            }
        }
        if let Some(cause) = touches(world, handles, func, site) {
            found.entry(func).or_insert(cause);
        }
    }
    for (func, (acquired, released)) in held {
        if (acquired > 0) != (released > 0) {
            found.entry(func).or_insert(Cause::HoldsLock { func });
        }
    }
    found
}

/// Does the receiver's name say that it is a lock?
pub fn is_lock(world: World, receiver: ValueId) -> bool {
    let name = world.names().last_name(receiver).map(str::to_ascii_lowercase).unwrap_or_default();
    ["lock", "mutex", "semaphore", "condition"].iter().any(|part| name.contains(part))
}

fn touches(world: World, handles: &Handles, func: FuncId, site: &Ref) -> Option<Cause> {
    if handles.names.is_empty() {
        return None;
    }
    let sets = matches!(site.name.as_str(), "set" | "reset") && matches!(site.usage, Usage::Called(_));
    if sets && site.receiver.and_then(|receiver| handles.of_value(world, receiver)) == Some(Handle::Context) {
        return Some(Cause::SetsContext { func });
    }
    let handle = match site.receiver {
        Some(_) => handles.names.get(&site.name).copied(),
        None => handles.of_name(world, world.index.context(site.context).scope, &site.name),
    };
    match handle? {
        Handle::Context => None,
        Handle::ThreadLocal => Some(Cause::ThreadBound { func, what: "threading.local" }),
        Handle::Sqlite if site.usage == Usage::Store => None,
        Handle::Sqlite => Some(Cause::ThreadBound { func, what: "sqlite3.connect" }),
        Handle::Registry => Some(Cause::ThreadBound { func, what: "scoped_session" }),
    }
}
