//! asyncio's events, queues, futures, tasks and locks, its transports and what writes to its streams: what wakes who waits for
//! them, or sends, must run in the thread of the loop. From another thread the loop does not notice before something else happens.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use crate::color::World;
use crate::index::facts::*;
use crate::resolve::names::Meaning;

/// The methods that wake, and those that send.
const WAKING: [&str; 16] = [
    "set",
    "put_nowait",
    "get_nowait",
    "task_done",
    "set_result",
    "set_exception",
    "cancel",
    "release",
    "notify",
    "notify_all",
    "write",
    "writelines",
    "write_eof",
    "sendto",
    "close",
    "abort",
];

/// Their classes, as asyncio names them.
const CLASSES: [&str; 16] = [
    "Event",
    "Queue",
    "PriorityQueue",
    "LifoQueue",
    "Future",
    "Task",
    "Condition",
    "Lock",
    "Semaphore",
    "BoundedSemaphore",
    "BaseTransport",
    "WriteTransport",
    "Transport",
    "DatagramTransport",
    "SubprocessTransport",
    "StreamWriter",
];

/// What opens a connection, with the place of the transport or writer in what it gives.
const OPENERS: [(&str, u32); 7] = [
    ("open_connection", 1),
    ("open_unix_connection", 1),
    ("create_connection", 0),
    ("create_unix_connection", 0),
    ("create_datagram_endpoint", 0),
    ("connect_write_pipe", 0),
    ("subprocess_exec", 0),
];

/// What makes futures and tasks.
const MAKERS: [&str; 3] = ["create_future", "create_task", "ensure_future"];

/// Values are followed through this many names, containers and calls.
const STEPS: usize = 6;

/// Where a program keeps such objects, alone or in containers.
#[derive(Debug, Default)]
pub struct Kept {
    /// Attributes and names of modules, by the file that writes them.
    in_file: FxHashSet<(FileId, Name)>,
    anywhere: FxHashSet<Name>,
}

impl Kept {
    /// Finds them in the files that mention asyncio.
    pub fn find(world: World) -> Self {
        let files: FxHashSet<FileId> = world.index.words.files("asyncio").collect();
        let mut kept = Self::default();
        for (file, facts) in world.index.loaded_files().filter(|(file, _)| files.contains(file)) {
            let kept_alone = super::kept(facts).filter(|(_, value, annotation)| {
                is_kept(world, *value, *annotation) || value.is_some_and(|value| is_given(world, value))
            });
            // `self.pending[key] = future`
            let kept_in_items =
                facts.item_writes.iter().filter(|write| write.value.is_some_and(|value| is_bound_to_one(world, value)));
            let containers = kept_in_items.filter_map(|write| container_name(world, write.container));
            for name in kept_alone.map(|(name, ..)| name).chain(containers) {
                kept.in_file.insert((file, name.clone()));
                kept.anywhere.insert(name.clone());
            }
        }
        kept
    }

    /// The call with which a function of the file wakes who waits: `ready.set`. By the function.
    pub fn woken_in(&self, world: World, file: FileId) -> Vec<(FuncId, String)> {
        let sites = world
            .index
            .file(file)
            .refs
            .iter()
            .filter(|site| WAKING.contains(&site.name.as_str()) && matches!(site.usage, Usage::Called(_)));
        let found = sites.filter_map(|site| {
            let context = world.index.context(site.context);
            let receiver = site.receiver.filter(|receiver| self.has(world, file, *receiver, STEPS))?;
            // What a lambda does is up to who calls it.
            let func = context.func.filter(|_| context.lambda_func.is_none())?;
            let shown = world.names().last_name(receiver);
            Some((func, shown.map_or_else(|| site.name.to_string(), |shown| format!("{shown}.{}", site.name))))
        });
        found.collect()
    }

    /// May the expression be such an object, or hold some?
    fn has(&self, world: World, file: FileId, value: ValueId, steps: usize) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        let has = |value| self.has(world, file, value, steps);
        match world.index.value(value) {
            // The file that writes an attribute of that name knows best.
            Value::Attribute { name, .. } => {
                let is_written = || world.index.writes_of(name).iter().any(|(writer, _)| *writer == file);
                self.in_file.contains(&(file, name.clone())) || self.anywhere.contains(name) && !is_written()
            }
            Value::Name { name, scope } => world.names().lookup(*scope, name).iter().any(|meaning| match meaning {
                Meaning::Value(value) => is_kept(world, Some(*value), None) || has(*value),
                Meaning::Annotated { annotation, value } => is_kept(world, *value, Some(*annotation)),
                Meaning::Param { func, index } => is_param(world, *func, *index),
                _ => false,
            }),
            // `for queue in self.queues.values()`, `self.queues[key]`
            Value::Subscript { value, .. } | Value::ElementOf(value) | Value::PartOf(value, _) => has(*value),
            Value::Either(sides) => sides.iter().any(|side| has(*side)),
            Value::Call { call } => {
                let call = world.index.call(*call);
                match (world.index.value(call.func), call.args.as_slice()) {
                    (Value::Attribute { receiver, name }, _) if TAKING.contains(&name.as_str()) => has(*receiver),
                    (Value::Name { name, .. }, [only]) if COPYING.contains(&name.as_str()) => has(only.value),
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

/// The attribute that a container is.
fn container_name<'a>(world: World<'a>, container: ValueId) -> Option<&'a Name> {
    match world.index.value(container) {
        Value::Attribute { name, .. } => Some(name),
        _ => None,
    }
}

/// Is it made by asyncio, or a name of what is?
fn is_bound_to_one(world: World, value: ValueId) -> bool {
    let Value::Name { name, scope } = world.index.value(value) else { return is_made(world, value, STEPS) };
    world.names().lookup(*scope, name).iter().any(|meaning| match meaning {
        Meaning::Value(value) => is_made(world, *value, STEPS),
        _ => false,
    })
}

/// `self.writer = writer`, where the parameter is one.
fn is_given(world: World, value: ValueId) -> bool {
    let Value::Name { name, scope } = world.index.value(value) else { return false };
    world.names().lookup(*scope, name).iter().any(|meaning| match meaning {
        Meaning::Param { func, index } => is_param(world, *func, *index),
        _ => false,
    })
}

/// Is the parameter annotated as one, or what the loop gives to a protocol when it is connected?
fn is_param(world: World, func: FuncId, index: u32) -> bool {
    let facts = world.index.func(func);
    let annotation = facts.params.get(index as usize).and_then(|param| param.annotation);
    facts.class.is_some() && facts.name == "connection_made" && index == 1 || is_kept(world, None, annotation)
}

/// `reader, writer = await asyncio.open_connection(host, port)`
fn is_opened(world: World, whole: ValueId, at: u32) -> bool {
    let Value::Await { value } = *world.index.value(whole) else { return false };
    let Value::Call { call } = *world.index.value(value) else { return false };
    let name = world.names().last_name(world.index.call(call).func);
    OPENERS.iter().any(|(opener, place)| name == Some(*opener) && at == *place)
}

/// What containers give of what is in them.
const TAKING: [&str; 7] = ["values", "items", "get", "pop", "popleft", "popitem", "setdefault"];

/// What gives the elements of its only argument.
const COPYING: [&str; 5] = ["list", "tuple", "set", "sorted", "reversed"];

/// Is it made by asyncio, or annotated as something of it, or as a container of that?
fn is_kept(world: World, value: Option<ValueId>, annotation: Option<ValueId>) -> bool {
    annotation.is_some_and(|value| mentions(world, value, STEPS))
        || value.is_some_and(|value| is_made(world, value, STEPS))
}

fn is_class(world: World, value: ValueId) -> bool {
    let path = world.names().dotted(value);
    path.as_deref().and_then(|path| path.strip_prefix("asyncio.")).is_some_and(|name| CLASSES.contains(&name))
}

/// `asyncio.Event | None`, `dict[str, asyncio.Queue[int]]`, `"asyncio.Event"`
fn mentions(world: World, annotation: ValueId, steps: usize) -> bool {
    let Some(steps) = steps.checked_sub(1) else { return false };
    let mentions = |value: &ValueId| mentions(world, *value, steps);
    match world.index.value(annotation) {
        Value::Either(sides) | Value::Elements(sides) => sides.iter().any(mentions),
        Value::Subscript { value, index, .. } => mentions(value) || mentions(index),
        Value::Text(text) => text
            .split(|at: char| !at.is_alphanumeric() && at != '.' && at != '_')
            .any(|word| word.strip_prefix("asyncio.").is_some_and(|name| CLASSES.contains(&name))),
        _ => is_class(world, annotation),
    }
}

/// `asyncio.Event()`, `[asyncio.Event()]`, `field(default_factory=asyncio.Event)`, `defaultdict(asyncio.Queue)`
fn is_made(world: World, value: ValueId, steps: usize) -> bool {
    let Some(steps) = steps.checked_sub(1) else { return false };
    let is_made = |value: &ValueId| is_made(world, *value, steps);
    match world.index.value(value) {
        Value::Call { call } => {
            let call = world.index.call(*call);
            let name = world.names().last_name(call.func);
            let makes = |arg: &Arg| {
                let is_factory = matches!(arg.keyword.as_deref(), Some("default_factory" | "factory"));
                (is_factory || name == Some("defaultdict")) && is_class(world, arg.value)
            };
            is_class(world, call.func) || name.is_some_and(|name| MAKERS.contains(&name)) || call.args.iter().any(makes)
        }
        Value::Elements(parts) | Value::Either(parts) => parts.iter().any(is_made),
        Value::Dict(items) => items.iter().any(|(_, value)| is_made(value)),
        Value::Comprehension { element, .. } => is_made(element),
        Value::PartOf(whole, at) => is_opened(world, *whole, *at),
        _ => false,
    }
}
