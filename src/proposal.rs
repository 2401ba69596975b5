//! What a config for a project could say: the drivers, layers and frameworks that are there, with counts. `awaitify init`
//! prints it.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use crate::check::affine;
use crate::check::leaves::FRAMEWORKS;
use crate::color::World;
use crate::index::facts::*;
use crate::resolve::SiteKind;

/// Blocking calls that one codemod declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    pub all: usize,
    /// In an async function.
    pub in_async: usize,
    /// In a sync function that async code calls.
    pub reached: usize,
}

impl Calls {
    /// Does any of them stall the loop?
    pub fn matter(&self) -> bool {
        self.in_async + self.reached > 0
    }
}

/// A class most of whose methods block: a layer that is best moved off the loop as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub class: ClassId,
    /// Public sync methods with a blocking call of their own.
    pub blocking: usize,
    /// Public sync methods.
    pub methods: usize,
    pub calls: Calls,
    /// What its methods use that belongs to one thread.
    pub bound: Option<&'static str>,
}

/// A name that blocking layers often go by, and the calls on it that nobody awaits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    pub name: String,
    pub calls: usize,
    pub in_async: usize,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// Blocking calls by codemod.
    pub drivers: BTreeMap<String, Calls>,
    /// Most called first.
    pub layers: Vec<Layer>,
    pub receivers: Vec<Receiver>,
    /// Codemods of frameworks, with the number of files that import them.
    pub frameworks: BTreeMap<&'static str, usize>,
    /// Sync packages without a codemod, with the number of files that import them.
    pub others: BTreeMap<&'static str, usize>,
    /// The address of a SQLite database whose objects refuse other threads than their own.
    pub sqlite: Option<String>,
    /// `asyncio.run` fallbacks.
    pub fallbacks: usize,
    pub files: usize,
    pub async_functions: usize,
}

/// Packages that block and have no codemod.
const OTHERS: [&str; 20] = [
    "boto3",
    "cassandra",
    "cx_Oracle",
    "elasticsearch",
    "ftplib",
    "imaplib",
    "kafka",
    "ldap3",
    "minio",
    "mysql",
    "MySQLdb",
    "neo4j",
    "paramiko",
    "peewee",
    "pika",
    "pyodbc",
    "pymssql",
    "pymysql",
    "urllib3",
    "zeep",
];

/// Names of receivers that look like a blocking layer, and the ends of such names.
const LAYER_NAMES: [&str; 9] =
    ["persistence", "db", "database", "repo", "repository", "dao", "store", "storage", "gateway"];

/// Looks at a project whose files are all loaded, and whose graph has the leaves of an audit.
pub fn propose(world: World) -> Proposal {
    let reached = reached(world);
    let mut proposal = Proposal {
        layers: layers(world, &reached),
        receivers: receivers(world),
        sqlite: sqlite(world),
        files: world.index.loaded_files().count(),
        ..Proposal::default()
    };
    for site in world.graph.sites.values().filter(|site| !world.in_tests(site.id.file)) {
        if let SiteKind::Blocking { entry, .. } = site.kind {
            let codemod = world.graph.entries[entry].codemod.clone();
            count(world, site.id, &reached, proposal.drivers.entry(codemod).or_default());
        }
    }
    for (_, facts) in world.index.loaded_files() {
        proposal.fallbacks += facts.fallbacks.len();
        proposal.async_functions += facts.funcs.iter().filter(|func| func.is_async).count();
        let packages: BTreeSet<&str> = facts
            .imports
            .iter()
            .filter(|import| import.level == 0)
            .filter_map(|import| import.module.as_deref()?.split('.').next())
            .collect();
        for (package, codemod) in FRAMEWORKS {
            if packages.contains(package) {
                *proposal.frameworks.entry(codemod).or_default() += 1;
            }
        }
        for package in OTHERS {
            if packages.contains(package) {
                *proposal.others.entry(package).or_default() += 1;
            }
        }
    }
    proposal
}

/// `"sqlite:///app.db"` in the code, where nothing says `check_same_thread`.
fn sqlite(world: World) -> Option<String> {
    if world.index.words.files("check_same_thread").next().is_some() {
        return None;
    }
    let files = world.index.loaded_files().filter(|(file, _)| !world.in_tests(*file));
    let mut texts = files.flat_map(|(_, facts)| &facts.values).filter_map(Value::text);
    texts.find(|text| text.starts_with("sqlite:") || text.starts_with("sqlite+pysqlite:")).map(ToString::to_string)
}

/// Sync functions that certain calls lead to from an `async def`.
fn reached(world: World) -> FxHashSet<FuncId> {
    let mut called: BTreeMap<FuncId, Vec<FuncId>> = BTreeMap::new();
    for site in world.graph.sites.values().filter(|site| site.kind.runs() && !site.uncertain) {
        let Some(owner) = world.context(site.id).func.filter(|owner| !world.in_tests(owner.file)) else { continue };
        if !matches!(site.kind, SiteKind::Offloaded { .. }) {
            called.entry(owner).or_default().extend(&site.targets);
        }
    }
    let mut reached = FxHashSet::default();
    let mut pending: Vec<FuncId> = called.keys().copied().filter(|func| world.index.func(*func).is_async).collect();
    while let Some(func) = pending.pop() {
        for target in called.get(&func).into_iter().flatten() {
            if !world.index.func(*target).is_async && reached.insert(*target) {
                pending.push(*target);
            }
        }
    }
    reached
}

fn count(world: World, id: RefId, reached: &FxHashSet<FuncId>, calls: &mut Calls) {
    calls.all += 1;
    match world.context(id).func {
        Some(func) if world.index.func(func).is_async => calls.in_async += 1,
        Some(func) if reached.contains(&func) => calls.reached += 1,
        _ => {}
    }
}

/// Classes with at least three methods that block by themselves, which are at least half of the public ones.
fn layers(world: World, reached: &FxHashSet<FuncId>) -> Vec<Layer> {
    let mut by_class: BTreeMap<ClassId, BTreeSet<FuncId>> = BTreeMap::new();
    for site in world.graph.sites.values() {
        let SiteKind::Blocking { entry, .. } = site.kind else { continue };
        let is_loop = world.graph.entries[entry].codemod == crate::check::leaves::LOOPS;
        let Some(func) = world.context(site.id).func.filter(|func| !is_loop && !world.in_tests(func.file)) else {
            continue;
        };
        if let Some(class) = world.index.func(func).class.filter(|_| is_public_sync(world, func)) {
            by_class.entry(class).or_default().insert(func);
        }
    }
    let mut layers = vec![];
    for (class, blocking) in by_class {
        let public = world.index.class(class).methods.iter().filter(|func| is_public_sync(world, **func));
        let methods: Vec<FuncId> = public.copied().collect();
        let has_async = world.index.class(class).methods.iter().any(|func| world.index.func(*func).is_async);
        if has_async || blocking.len() < 3 || blocking.len() * 2 < methods.len() {
            continue;
        }
        let mut calls = Calls::default();
        let sites = methods.iter().flat_map(|method| world.graph.sites_of(*method));
        for site in sites.filter(|site| !world.graph.sites[*site].uncertain) {
            let owner = world.context(*site).func;
            let outside = owner.is_none_or(|owner| world.index.func(owner).class != Some(class));
            if outside && !world.in_tests(site.file) {
                count(world, *site, reached, &mut calls);
            }
        }
        let bound = world.index.class(class).methods.iter().find_map(|func| affine::of_method(world, *func));
        layers.push(Layer { class, blocking: blocking.len(), methods: methods.len(), calls, bound });
    }
    layers.sort_by_key(|layer| (std::cmp::Reverse(layer.calls.all), layer.class));
    layers
}

fn is_public_sync(world: World, func: FuncId) -> bool {
    let func = world.index.func(func);
    !func.is_async && !func.name.starts_with('_')
}

/// Calls on names of layers that nobody awaits and no type ties to a layer already, most first.
fn receivers(world: World) -> Vec<Receiver> {
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (file, facts) in world.index.loaded_files().filter(|(file, _)| !world.in_tests(*file)) {
        for (index, site) in facts.refs.iter().enumerate() {
            let id = RefId { file, index: index as u32 };
            let (Usage::Called(_), Some(receiver)) = (site.usage, site.receiver) else { continue };
            let Some(name) = world.names().last_name(receiver).filter(|name| is_layer_name(name)) else { continue };
            if crate::check::dual::is_awaited(world, id)
                || world.graph.sites.contains_key(&id)
                || names_module(world, receiver)
            {
                continue;
            }
            let (calls, in_async) = found.entry(name.to_owned()).or_default();
            *calls += 1;
            *in_async += usize::from(facts[site.context].func.is_some_and(|func| world.index.func(func).is_async));
        }
    }
    let mut receivers: Vec<Receiver> =
        found.into_iter().map(|(name, (calls, in_async))| Receiver { name, calls, in_async }).collect();
    receivers.retain(|receiver| receiver.calls >= 3);
    receivers.sort_by_key(|receiver| (std::cmp::Reverse(receiver.calls), receiver.name.clone()));
    receivers
}

fn is_layer_name(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    LAYER_NAMES.iter().any(|known| name == *known || name.strip_suffix(known).is_some_and(|rest| rest.ends_with('_')))
        && !name.contains("async")
}

fn names_module(world: World, receiver: ValueId) -> bool {
    use crate::resolve::names::Meaning;
    world
        .names()
        .evaluate(receiver)
        .iter()
        .any(|meaning| matches!(meaning, Meaning::Module(_) | Meaning::External(_) | Meaning::Class(_)))
}
