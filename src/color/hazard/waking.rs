//! asyncio's events, queues, futures, tasks and locks: what wakes who waits for them must run in the thread of the loop. From
//! another thread the loop does not notice before something else happens.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use crate::color::World;
use crate::index::facts::*;
use crate::resolve::names::Meaning;

/// The methods that wake.
const WAKING: [&str; 10] = [
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
];

/// Their classes, as asyncio names them.
const CLASSES: [&str; 10] = [
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
];

/// What makes futures and tasks.
const MAKERS: [&str; 3] = ["create_future", "create_task", "ensure_future"];

/// Where a program keeps such objects.
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
            for (name, value, annotation) in super::kept(facts) {
                if is_kept(world, value, annotation) {
                    kept.in_file.insert((file, name.clone()));
                    kept.anywhere.insert(name.clone());
                }
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
            let receiver = site.receiver.filter(|receiver| self.has(world, file, *receiver))?;
            // What a lambda does is up to who calls it.
            let func = context.func.filter(|_| context.lambda_func.is_none())?;
            Some((func, format!("{}.{}", world.names().last_name(receiver)?, site.name)))
        });
        found.collect()
    }

    fn has(&self, world: World, file: FileId, value: ValueId) -> bool {
        match world.index.value(value) {
            // The file that writes an attribute of that name knows best.
            Value::Attribute { name, .. } => {
                let is_written = || world.index.writes_of(name).iter().any(|(writer, _)| *writer == file);
                self.in_file.contains(&(file, name.clone())) || self.anywhere.contains(name) && !is_written()
            }
            Value::Name { name, scope } => world.names().lookup(*scope, name).iter().any(|meaning| match meaning {
                Meaning::Value(value) => is_kept(world, Some(*value), None),
                Meaning::Annotated { annotation, value } => is_kept(world, *value, Some(*annotation)),
                Meaning::Param { func, index } => {
                    let param = world.index.func(*func).params.get(*index as usize);
                    is_kept(world, None, param.and_then(|param| param.annotation))
                }
                _ => false,
            }),
            _ => false,
        }
    }
}

/// Is it made by asyncio, or annotated as something of it?
fn is_kept(world: World, value: Option<ValueId>, annotation: Option<ValueId>) -> bool {
    let is_class = |value| {
        let path = world.names().dotted(value);
        path.as_deref().and_then(|path| path.strip_prefix("asyncio.")).is_some_and(|name| CLASSES.contains(&name))
    };
    let is_made = |value: ValueId| match world.index.value(value) {
        Value::Call { call } => {
            let func = world.index.call(*call).func;
            is_class(func) || world.names().last_name(func).is_some_and(|name| MAKERS.contains(&name))
        }
        _ => false,
    };
    annotation.is_some_and(is_class) || value.is_some_and(is_made)
}
