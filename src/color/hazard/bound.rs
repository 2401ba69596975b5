//! What belongs to the thread or the context that made it: context variables, `threading.local`, sqlite3 connections, locks
//! that are held on. A function that touches it does something else in a worker thread.

mod given_away;

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::color::World;
use crate::color::cause::Cause;
use crate::config::Blocking;
use crate::index::facts::*;
use crate::resolve::names::Meaning;
use crate::resolve::{Site, SiteKind};

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

/// What opens a connection that serves one thread.
const SQLITE: &str = "sqlite3.connect";

/// Values are followed through this many names and calls.
const DEPTH: usize = 12;

/// Bases of bases are looked at so far.
const BASES: usize = 4;

/// The objects of a program that are bound to a thread or context, by where they are kept: at module or class level, or in
/// an attribute.
#[derive(Debug, Default)]
pub struct Handles {
    values: FxHashMap<ValueId, Handle>,
    names: FxHashMap<Name, Handle>,
    /// The entries for connections of sqlite3, where nothing lets other threads in.
    one_thread: FxHashSet<usize>,
}

impl Handles {
    /// Finds them in the files that mention one of the makers.
    pub fn find(world: World) -> Self {
        let mut handles = Self { one_thread: of_one_thread(world), ..Self::default() };
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
            Some(SQLITE | "sqlite3.dbapi2.connect") if !shared() => Handle::Sqlite,
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

    /// Why a worker must not run the declared call at this site: it has a session of its own there, or the connection is that
    /// of another thread.
    pub fn of_another_thread(&self, world: World, site: &Site) -> Option<Cause> {
        let receiver = world.index.site(site.id).receiver;
        let handle = receiver.and_then(|receiver| self.of_value(world, receiver));
        match handle {
            Some(Handle::Registry) => Some(Cause::OtherSession { site: site.id }),
            _ if handle == Some(Handle::Sqlite) || self.is_of_one_thread(world, site) => {
                world.owner(site.id).map(|func| Cause::ThreadBound { func, what: SQLITE })
            }
            _ => None,
        }
    }

    /// Is it a declared call on a connection that serves one thread, or one that opens it?
    fn is_of_one_thread(&self, world: World, site: &Site) -> bool {
        let SiteKind::Blocking { entry, .. } = site.kind else { return false };
        // A function of something else may stand in the same list.
        let is_other = || match world.index.site(site.id).usage {
            Usage::Called(call) => {
                let path = world.names().dotted(world.index.call(call).func);
                path.is_some_and(|path| {
                    !path.starts_with("sqlite3.")
                        && world.graph.entries[entry].function.as_ref().is_some_and(|names| names.matches(&path))
                })
            }
            _ => false,
        };
        self.one_thread.contains(&entry) && !is_other()
    }

    /// Does the function use a connection that it is given, in a worker that runs `run`? It is the worker's where that opens one.
    pub fn given(&self, world: World, func: FuncId, run: FuncId) -> Option<Cause> {
        if self.one_thread.is_empty() {
            return None;
        }
        let of_thread = |of: FuncId| {
            let sites = world.graph.sites_in_file(of.file).filter(move |site| world.owner(site.id) == Some(of));
            sites.filter(|site| self.is_of_one_thread(world, site)).map(|site| world.index.site(site.id))
        };
        let is_given = |site: &Ref| site.receiver.is_some_and(|value| root(world, func, value, DEPTH) == Root::Given);
        let opens = || of_thread(run).any(|site| site.name == "connect");
        let is_bound = of_thread(func).any(is_given) && !opens();
        is_bound.then_some(Cause::ThreadBound { func, what: SQLITE })
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
    bases.flat_map(|base| world.names().class_meanings(base.value)).any(|meaning| match meaning {
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
        for func in [Some(func), facts[site.context].lambda_func].into_iter().flatten() {
            if let Some(cause) = touches(world, handles, func, site) {
                found.entry(func).or_insert(cause);
            }
        }
    }
    for site in world.graph.sites_in_file(file).filter(|site| handles.is_of_one_thread(world, site)) {
        let receiver = world.index.site(site.id).receiver;
        if let Some(func) = world.owner(site.id)
            && world.index.site(site.id).name != "connect"
            && receiver.is_some_and(|receiver| root(world, func, receiver, DEPTH) == Root::Other)
        {
            found.entry(func).or_insert(Cause::ThreadBound { func, what: SQLITE });
        }
    }
    for (func, (acquired, released)) in held {
        if (acquired > 0) != (released > 0) {
            found.entry(func).or_insert(Cause::HoldsLock { func });
        }
    }
    found
}

/// The entries that declare what sqlite3 gives; none where a connection may be for several threads.
fn of_one_thread(world: World) -> FxHashSet<usize> {
    if world.index.words.files("check_same_thread").next().is_some() {
        return FxHashSet::default();
    }
    let declares = |entry: &Blocking| {
        let mut patterns = entry.class.iter().chain(&entry.function).flat_map(|names| &names.patterns);
        patterns.any(|pattern| pattern.starts_with("sqlite3."))
    };
    let entries = world.graph.entries.iter().enumerate();
    entries.filter(|(_, entry)| declares(entry)).map(|(number, _)| number).collect()
}

/// Where a function has a connection from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    /// It opened it, itself or by calling another function.
    Opened,
    /// It is a parameter.
    Given,
    Other,
}

/// Where what an expression is comes from. Followed `depth` steps far.
fn root(world: World, func: FuncId, value: ValueId, depth: usize) -> Root {
    let Some(depth) = depth.checked_sub(1) else { return Root::Other };
    let names = world.names();
    match world.index.value(value) {
        Value::Name { name, scope } if names.home(*scope, name) == world.index.func(func).scope => {
            let roots = names.lookup(*scope, name).into_iter().map(|meaning| match meaning {
                Meaning::Value(value) => root(world, func, value, depth),
                Meaning::Param { .. } => Root::Given,
                _ => Root::Other,
            });
            roots.reduce(|one, other| if one == other { one } else { Root::Other }).unwrap_or(Root::Other)
        }
        Value::Call { call } => {
            let call = world.index.call(*call);
            match (world.index.value(call.func), names.evaluate(call.func).as_slice()) {
                (_, [Meaning::External(path)]) if path == "contextlib.closing" => {
                    call.args.first().map_or(Root::Other, |arg| root(world, func, arg.value, depth))
                }
                (_, [Meaning::External(_) | Meaning::Func(_)]) | (Value::Name { .. }, _) => Root::Opened,
                // `self.connect()` is looked at by itself; `connection.cursor()` is what the connection is.
                (Value::Attribute { receiver, .. }, _) if names.last_name(*receiver) == Some("self") => Root::Opened,
                (Value::Attribute { receiver, .. }, _) => root(world, func, *receiver, depth),
                _ => Root::Other,
            }
        }
        Value::Entered(inner) => root(world, func, *inner, depth),
        _ => Root::Other,
    }
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
        Handle::Sqlite => Some(Cause::ThreadBound { func, what: SQLITE }),
        Handle::Registry => Some(Cause::ThreadBound { func, what: "scoped_session" }),
    }
}
