//! The call graph, as far as it matters: from the blocking calls up through every caller, each site tied to its targets
//! with evidence.
//!
//! Demand-driven: a name joins the worklist when a function of that name blocks or converts; only then are the files that
//! mention it parsed and its sites resolved. The graph is an over-approximation: the color stage takes back what cannot be.

pub mod agreement;
mod alone;
pub mod blocking;
pub mod boundary;
mod ask;
mod builder;
pub(crate) mod builtin;
mod callable;
mod callback;
mod carried;
pub mod command;
pub mod computed;
mod decorated;
pub mod decorator;
pub(crate) mod dispatcher;
mod doubt;
pub mod eager;
pub mod fixtures;
mod flow;
mod function;
mod given_outside;
mod group;
mod handed;
pub mod intercepted;
pub mod hierarchy;
mod iterator;
mod layer;
mod loggers;
mod looked_up;
mod mocked;
pub mod names;
mod native;
mod objects;
pub mod other_loops;
pub(crate) mod operators;
pub(crate) mod overriding;
mod path_string;
mod plain;
mod programs;
mod proxy;
mod protocol;
mod receiver;
pub mod renames;
mod replaced;
mod replacement;
pub mod runner;
mod satisfies;
mod settings;
pub(crate) mod signature;
pub(crate) mod site;
mod spelling;
pub mod stack;
mod swapped;
mod tested;
pub mod text;
mod unknown;
mod unrelated;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use self::builder::Builder;
use self::fixtures::Fixtures;
pub use self::flow::Fake;
pub(crate) use self::flow::SPECS;
use self::hierarchy::Hierarchy;
use self::other_loops::OtherLoop;
use self::renames::Renames;
use self::text::TextCall;
use crate::config::{Blocking, Config};
use crate::error::Problem;
use crate::index::facts::*;
use crate::index::{Index, words};
use crate::plan::UnwrapForm;
use crate::project::Project;
use crate::py::db::Db;

/// How a site was tied to its targets (DESIGN section 5), strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Evidence {
    /// Scopes and imports alone.
    Import,
    /// ty's inference.
    Type,
    /// Values that flow into an attribute or parameter of that name.
    Flow,
    /// Every definition that fits is a target.
    Agreement,
    /// A receiver pattern of a codemod.
    Pattern,
    /// A comment on the line, or a `settled` entry of the config.
    Stated,
}

/// What a site does with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteKind {
    /// A call that a codemod declares blocking: the index of its entry in [`Graph::entries`].
    Blocking { entry: usize, native: Option<Twin> },
    /// A call of a function of the project, or of a class whose construction runs it.
    Call,
    /// A property read: runs the function.
    Read,
    /// The key function of `sorted`, `min` or `max`, which runs it before it returns.
    Callback { call: CallId },
    /// The function named as a value, with nothing known about what takes it.
    Value,
    /// A generator function called, and the generator not iterated over at once, with nothing known about what takes it.
    Made,
    /// Named as a value, or called for a generator, and followed: every place that runs it is a site.
    Carried,
    /// An expression that holds what a generator function gave, where it is iterated over.
    Iterated,
    /// Named in an existing offload: `to_thread(f, x)`. `call` is the offload call.
    Offloaded { call: CallId, form: UnwrapForm },
    /// A call that runs an event loop.
    Runs { runner: runner::Runner },
    /// Named where a codemod says that async functions are accepted.
    Accepted,
    /// A call of a coroutine function or a plain one by code that tests which of them it got, or the function given to it.
    Dispatched,
    /// Named, harmlessly: `f.__name__`, `isinstance(x, C)`, an annotation.
    Mention,
}

/// The async twin that a `native` entry calls in the place of a blocking method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// Its name; that of the blocking method, when the codemod says that it becomes async in place.
    pub method: String,
    pub gives: Gives,
    /// Does its own definition say what it gives, and not the type of the blocking method?
    pub by_definition: bool,
}

/// What a call of a twin gives, by the return type of the blocking method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// A coroutine.
    Awaitable,
    /// An async iterator: `async for`.
    Iterator,
    /// An async context manager: `async with`.
    Manager,
    /// A coroutine that gives an async iterator or context manager.
    AwaitedFirst,
    /// The type is not known: as it is used.
    Unknown,
}

impl SiteKind {
    /// Does the site run what it names, here or in a worker, so that a conversion would have to edit it?
    pub fn runs(&self) -> bool {
        match self {
            SiteKind::Blocking { .. }
            | SiteKind::Call
            | SiteKind::Read
            | SiteKind::Callback { .. }
            | SiteKind::Iterated
            | SiteKind::Runs { .. }
            | SiteKind::Offloaded { .. } => true,
            SiteKind::Value
            | SiteKind::Made
            | SiteKind::Carried
            | SiteKind::Accepted
            | SiteKind::Dispatched
            | SiteKind::Mention => false,
        }
    }
}

/// One resolved site.
#[derive(Clone, Debug)]
pub struct Site {
    pub id: RefId,
    pub kind: SiteKind,
    /// Functions of the project that it runs or names. Empty for blocking calls of foreign functions.
    pub targets: Vec<FuncId>,
    pub evidence: Evidence,
    /// The receiver is unknown and the candidates disagree.
    pub uncertain: bool,
    /// The writes that bring the receiver there, when flow tells or knows a part.
    pub support: Vec<(FileId, TextRange)>,
    /// Every definition that the site may mean, when the receiver is unknown.
    pub candidates: Vec<FuncId>,
    /// Where an annotation would settle an uncertain site.
    pub annotate: Option<(FileId, TextRange)>,
    /// Something else is run here too that is no function of the project, and known.
    pub others: bool,
}

impl Site {
    /// A certain site with nothing but its targets.
    pub(crate) fn new(id: RefId, kind: SiteKind, targets: Vec<FuncId>, evidence: Evidence) -> Self {
        Self {
            id,
            kind,
            targets,
            evidence,
            uncertain: false,
            support: vec![],
            candidates: vec![],
            annotate: None,
            others: false,
        }
    }
}

/// Where a function went that is named as a value, or a generator that was made.
#[derive(Clone, Debug, Default)]
pub struct Carriage {
    /// Annotations of what held it.
    pub annotations: Vec<(FileId, TextRange)>,
    /// Functions that return the generator.
    pub through: BTreeSet<FuncId>,
    /// Where it was lost sight of.
    pub lost_at: Option<(FileId, TextRange)>,
}

/// Where the objects of a class went that is iterated over.
#[derive(Clone, Debug, Default)]
pub struct IteratorUse {
    /// Where one was lost sight of.
    pub lost_at: Option<(FileId, TextRange)>,
    /// Annotations of what held one.
    pub annotations: Vec<(FileId, TextRange)>,
    /// Functions that return one.
    pub through: BTreeSet<FuncId>,
    /// An `__iter__` returns something else, too.
    pub hands_on_others: bool,
}

/// Where a lambda went.
#[derive(Clone, Copy, Debug)]
pub struct LambdaUse {
    /// Where it was lost sight of.
    pub lost_at: Option<(FileId, TextRange)>,
    /// It is given to something that takes async functions, and may test for them.
    pub is_accepted: bool,
}

/// A site that was proved to be something else than a function which leads to a blocking call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Functions of the project that lead to nothing blocking; none when it is not the project's at all.
    pub targets: Vec<FuncId>,
    /// None: nobody knows what it is, but no function of that name fits.
    pub evidence: Option<Evidence>,
}

impl Elsewhere {
    pub(crate) fn outside(evidence: Option<Evidence>) -> Self {
        Self { targets: vec![], evidence }
    }
}

/// A string that names a function of the graph where names are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupSite {
    pub file: FileId,
    pub index: u32,
}

/// A place that picks a member by a computed name: a position in [`FileFacts::picks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PickSite {
    pub file: FileId,
    pub index: u32,
}

/// The part of the program that leads to blocking calls.
#[derive(Debug, Default)]
pub struct Graph {
    pub entries: Vec<Blocking>,
    pub sites: BTreeMap<RefId, Site>,
    /// Sync functions that contain a demanding site, or override one that does.
    pub nodes: BTreeSet<FuncId>,
    /// Names of the nodes and their aliases: what the census counts.
    pub names: BTreeSet<Name>,
    /// Sites of such names that were proved to be something else.
    pub foreign: BTreeMap<RefId, Elsewhere>,
    pub lookups: BTreeMap<LookupSite, Vec<FuncId>>,
    /// Decorators of the project, as values, of which it is known what they do with the function.
    pub followed_decorators: FxHashSet<ValueId>,
    /// Lambdas that run something blocking.
    pub lambdas: BTreeMap<FuncId, LambdaUse>,
    /// `__iter__` and `__next__` methods that lead to something blocking.
    pub iterators: BTreeMap<FuncId, IteratorUse>,
    /// Where the values of carried sites went.
    pub carriages: BTreeMap<RefId, Carriage>,
    /// Functions that run at a place where more arrive than are followed.
    pub crowded: BTreeMap<FuncId, RefId>,
    /// Nodes that Protocols declare which more classes satisfy than are told apart.
    pub declared_for_many: BTreeMap<FuncId, ClassId>,
    /// The `__getattribute__`s that give something else than the attribute, with their classes.
    pub intercepting: BTreeMap<FuncId, ClassId>,
    /// Calls by the name of a node in files that no facts come from, one a node.
    pub text_calls: BTreeMap<FuncId, TextCall>,
    /// Nodes that are looked up by a name that the program computes, and go out of sight from there.
    pub computed: computed::Computed,
    /// Functions that override one another.
    pub families: Vec<BTreeSet<FuncId>>,
    /// Functions that run when another one is called, without overriding it: what wraps it, what is written in its place, what
    /// another file declares.
    pub tied: FxHashMap<FuncId, BTreeSet<FuncId>>,
    /// Files that import what has a loop of another kind.
    pub other_loops: BTreeMap<FileId, OtherLoop>,
    /// What files may run on that import neither such a thing nor asyncio.
    pub elsewhere: Option<OtherLoop>,
    /// Functions of declared blocking layers.
    pub layer: BTreeSet<FuncId>,
    /// Methods that a `native` entry declares async in place, by the index of the entry.
    pub declared: BTreeMap<FuncId, usize>,
    /// Classes that a codemod replaces by an async twin.
    pub swapped: BTreeSet<ClassId>,
    /// Methods of such classes that a `native` entry names: the twins of these are async.
    pub twinned: BTreeSet<FuncId>,
    pub renames: Renames,
    /// Sites of renamed methods whose receiver nobody knows, with what they may mean.
    pub unsettled: BTreeMap<RefId, Vec<FuncId>>,
    /// Calls in `return` statements of nodes that return an awaitable already.
    pub awaitable_returns: BTreeMap<FuncId, Vec<TextRange>>,
    /// Whether a node overrides a member of a class outside the project, by dotted path of that class.
    pub overrides_external: BTreeMap<FuncId, String>,
    /// Types of the context managers around sites, as ty prints them.
    pub with_types: BTreeMap<ValueId, String>,
    /// Types of the calls among sites that a `with` enters, as ty prints them.
    pub entered_types: FxHashMap<(FileId, TextRange), String>,
    pub hierarchy: Hierarchy,
    pub fixtures: Fixtures,
    /// What tests hand to the program, by the places of the code that call it.
    pub fakes: BTreeMap<RefId, Vec<Fake>>,
    /// Remarks on what comments and the config say of sites.
    pub problems: Vec<Problem>,
    sites_of: FxHashMap<FuncId, Vec<RefId>>,
    families_of: FxHashMap<FuncId, usize>,
    /// `__call__` methods of objects that are given to something that calls them.
    pub passed_on: BTreeMap<FuncId, CallId>,
    /// Methods that nothing calls, of what something outside is given there.
    pub given_outside: BTreeMap<FuncId, (FileId, TextRange)>,
    /// The certain callers of functions with an `asyncio.run` fallback, and their callers.
    pub callers: BTreeMap<FuncId, Vec<RefId>>,
    /// Calls that a codemod declares blocking.
    pub blocking_calls: FxHashSet<CallId>,
    /// What a codemod declares blocking where it is named as a value.
    pub blocking_values: FxHashSet<ValueId>,
    /// Functions that lead to a call of a method that is async once the codemod is carried out.
    pub no_sync_form: FxHashSet<FuncId>,
    /// What is entered by `async with` once a codemod is carried out, locks too.
    pub native_withs: FxHashMap<ValueId, RefId>,
    /// Blocking entries whose classes are replaced, with the renames that replace them: all are carried out, or none.
    pub swaps: BTreeMap<usize, BTreeSet<usize>>,
    /// What the functions give that `replace` entries put in the place of blocking ones; nothing where nobody knows.
    pub replacements: BTreeMap<usize, Vec<Gives>>,
}

impl Graph {
    /// The functions that must have the color of this one, itself included when there are any.
    pub fn family_of(&self, func: FuncId) -> impl Iterator<Item = &FuncId> {
        self.families_of.get(&func).into_iter().flat_map(|family| &self.families[*family])
    }

    /// May the function become async? What has one color with a blocking layer never does.
    pub fn may_convert(&self, func: FuncId) -> bool {
        self.nodes.contains(&func) && !self.family_of(func).any(|member| self.layer.contains(member))
    }

    /// The sites that run or name a function, in file order.
    pub fn sites_of(&self, func: FuncId) -> &[RefId] {
        self.sites_of.get(&func).map_or(&[], Vec::as_slice)
    }

    /// Does a codemod declare blocking what the site calls?
    pub fn is_leaf(&self, id: RefId) -> bool {
        self.sites.get(&id).is_some_and(|site| matches!(site.kind, SiteKind::Blocking { .. }))
    }

    /// The sites of one file, in the order of the text.
    pub fn sites_in_file(&self, file: FileId) -> impl Iterator<Item = &Site> {
        self.sites.range(RefId { file, index: 0 }..=RefId { file, index: u32::MAX }).map(|(_, site)| site)
    }
}

/// Builds the graph from the config's blocking entries.
///
/// # Errors
/// When ty's database cannot be opened.
pub fn resolve(project: &Project, config: &Config, index: &mut Index, db: &Db) -> Result<Graph> {
    let mut builder = Builder::new(project, config, index, db);
    // What a module hands on by a star, it does not name.
    builder.index.load_words(project, [words::STAR]);
    let rewrites_fallbacks = config.codemods.iter().any(|codemod| codemod.rewrites_run_fallbacks);
    if rewrites_fallbacks {
        builder.index.load_words(project, ["create_task", "ensure_future", "get_event_loop"]);
        let words = &builder.index.words;
        let threads: FxHashSet<FileId> = words.files("Thread").chain(words.files("ThreadPoolExecutor")).collect();
        let both: Vec<FileId> = words.files("asyncio").filter(|file| threads.contains(file)).collect();
        builder.index.load(project, &both);
    }
    if config.offload.own_path().is_none() {
        other_loops::find(&mut builder);
    }
    flow::read_config(&mut builder);
    renames::read(&mut builder);
    blocking::find(&mut builder);
    if !builder.graph.sites.is_empty() {
        runner::find(&mut builder);
    }
    builder.close();
    fixtures::load(&mut builder);
    // A test that only calls what is async already may replace the clock of its loop.
    let clocks: Vec<FileId> = builder.index.words.files("monotonic").filter(|file| builder.in_tests(*file)).collect();
    builder.index.load(project, &clocks);
    builder.ask_about_withs();
    if rewrites_fallbacks {
        builder.graph.callers = alone::find(&mut builder);
    }
    builder.graph.given_outside = given_outside::find(&mut builder);
    builder.graph.declared_for_many = protocol::declared_for_many(&builder);
    builder.graph.text_calls = text::find(&builder);
    let paths = path_string::paths_of_nodes(&builder);
    for (func, call) in path_string::find(&builder, &paths).into_iter().chain(settings::find(&builder, &paths)) {
        builder.graph.text_calls.entry(func).or_insert(call);
    }
    for site in builder.graph.sites.values() {
        let facts = builder.index.site(site.id);
        if let (SiteKind::Blocking { .. }, Usage::Called(call)) = (&site.kind, facts.usage) {
            builder.graph.blocking_calls.insert(call);
        }
        let is_native = match &site.kind {
            SiteKind::Blocking { native, .. } => native.is_some(),
            _ => site.targets.iter().any(|target| builder.graph.declared.contains_key(target)),
        };
        if is_native && facts.is_implicit() {
            builder.graph.native_withs.extend(facts.receiver.map(|receiver| (receiver, site.id)));
        }
        for target in &site.targets {
            builder.graph.sites_of.entry(*target).or_default().push(site.id);
        }
    }
    builder.graph.no_sync_form = native::no_sync_form(&builder);
    renames::find(&mut builder);
    Ok(builder.graph)
}

/// Adds to the graph what tests hand to the code where it runs functions that become async, and to the index the tests that hand
/// mocks to it.
pub fn add_fakes(
    project: &Project,
    config: &Config,
    index: &mut Index,
    db: &Db,
    graph: Graph,
    becomes_async: impl Fn(FuncId) -> bool,
) -> Graph {
    let mut builder = Builder { graph, ..Builder::new(project, config, index, db) };
    mocked::load(&mut builder, &becomes_async);
    handed::find(&mut builder, becomes_async);
    builder.graph
}
