//! The call graph, as far as it matters: from the blocking calls up through every caller, each site tied to its targets
//! with evidence.
//!
//! Demand-driven: a name joins the worklist when a function of that name blocks or converts; only then are the files that
//! mention it parsed and its sites resolved. The graph is an over-approximation: the color stage takes back what cannot be.

pub mod agreement;
pub mod blocking;
pub mod boundary;
mod callable;
pub mod fixtures;
mod flow;
pub mod hierarchy;
pub mod names;
mod site;
pub mod text;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use self::fixtures::Fixtures;
use self::hierarchy::Hierarchy;
use self::names::Names;
use self::text::TextCall;
use crate::config::{Blocking, Config};
use crate::error::Problem;
use crate::index::Index;
use crate::index::facts::*;
use crate::plan::UnwrapForm;
use crate::project::Project;
use crate::py::db::Db;
use crate::py::infer::{self, Answer, Answers, Questions};

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
    Blocking { entry: usize, native: Option<String> },
    /// A call of a function of the project, or of a class whose construction runs it.
    Call,
    /// A property read: runs the function.
    Read,
    /// The key function of `sorted`, `min` or `max`, which runs it before it returns.
    Callback { call: CallId },
    /// The function named as a value, with nothing known about what takes it.
    Value,
    /// Named in an existing offload: `to_thread(f, x)`. `call` is the offload call.
    Offloaded { call: CallId, form: UnwrapForm },
    /// Named where a codemod says that async functions are accepted.
    Accepted,
    /// Named, harmlessly: `f.__name__`, `isinstance(x, C)`, an annotation.
    Mention,
}

impl SiteKind {
    /// Does the site run what it names, here or in a worker, so that a conversion would have to edit it?
    pub fn runs(&self) -> bool {
        match self {
            SiteKind::Blocking { .. }
            | SiteKind::Call
            | SiteKind::Read
            | SiteKind::Callback { .. }
            | SiteKind::Offloaded { .. } => true,
            SiteKind::Value | SiteKind::Accepted | SiteKind::Mention => false,
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
}

impl Site {
    /// A certain site with nothing but its targets.
    pub(crate) fn new(id: RefId, kind: SiteKind, targets: Vec<FuncId>, evidence: Evidence) -> Self {
        Self { id, kind, targets, evidence, uncertain: false, support: vec![], candidates: vec![], annotate: None }
    }
}

/// A string that names a function of the graph where names are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupSite {
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
    pub foreign: BTreeSet<RefId>,
    pub lookups: BTreeMap<LookupSite, Vec<FuncId>>,
    /// Calls by the name of a node in files that no facts come from, one a node.
    pub text_calls: BTreeMap<FuncId, TextCall>,
    /// Functions that override one another.
    pub families: Vec<BTreeSet<FuncId>>,
    /// Functions of declared blocking layers.
    pub layer: BTreeSet<FuncId>,
    /// Calls in `return` statements of nodes that return an awaitable already.
    pub awaitable_returns: BTreeMap<FuncId, Vec<TextRange>>,
    /// Whether a node overrides a member of a class outside the project, by dotted path of that class.
    pub overrides_external: BTreeMap<FuncId, String>,
    /// Types of the context managers around sites, as ty prints them.
    pub with_types: BTreeMap<ValueId, String>,
    pub hierarchy: Hierarchy,
    pub fixtures: Fixtures,
    /// Remarks on what comments and the config say of sites.
    pub problems: Vec<Problem>,
    sites_of: FxHashMap<FuncId, Vec<RefId>>,
    families_of: FxHashMap<FuncId, usize>,
    /// `__call__` methods of objects that are given to something that calls them.
    pub passed_on: BTreeMap<FuncId, CallId>,
    /// Calls that a codemod declares blocking.
    pub blocking_calls: FxHashSet<CallId>,
}

impl Graph {
    /// The functions that must have the color of this one, itself included when there are any.
    pub fn family_of(&self, func: FuncId) -> impl Iterator<Item = &FuncId> {
        self.families_of.get(&func).into_iter().flat_map(|family| &self.families[*family])
    }

    /// The sites that run or name a function, in file order.
    pub fn sites_of(&self, func: FuncId) -> &[RefId] {
        self.sites_of.get(&func).map_or(&[], Vec::as_slice)
    }

    /// The sites of one file, in the order of the text.
    pub fn sites_in_file(&self, file: FileId) -> impl Iterator<Item = &Site> {
        self.sites.range(RefId { file, index: 0 }..=RefId { file, index: u32::MAX }).map(|(_, site)| site)
    }
}

/// Everything that building the graph needs.
pub(crate) struct Builder<'a> {
    pub(crate) project: &'a Project,
    pub(crate) config: &'a Config,
    pub(crate) index: &'a mut Index,
    pub(crate) db: &'a Db,
    pub(crate) graph: Graph,
    /// Names whose sites are to be resolved in the next round.
    pending: BTreeSet<Name>,
    /// Sites that neither types nor scopes tie to anything yet.
    pub(crate) open: BTreeMap<RefId, flow::Open>,
    flow: flow::State,
    /// What the config's `settled` entries say.
    stated: Vec<flow::Stated>,
    /// The writes that settled sites by flow.
    support: FxHashMap<RefId, Vec<(FileId, TextRange)>>,
    resolved: FxHashSet<RefId>,
    families_of: FxHashMap<FuncId, usize>,
    /// A `__call__` is a node, and the calls of objects: still to be found, or found.
    callables: callable::Search,
    /// Calls of objects that nobody knows the type of.
    unknown_calls: Vec<RefId>,
    /// Nodes whose outside relations are not asked yet.
    unasked: Vec<FuncId>,
    external_names: agreement::ExternalNames,
    /// Sites whose targets are no nodes so far, by target: a target may become one in a later round.
    parked: FxHashMap<FuncId, Vec<RefId>>,
    parked_sites: FxHashMap<RefId, (Vec<FuncId>, Evidence)>,
    /// Parked sites of which a target became a node.
    woken: Vec<RefId>,
}

/// Builds the graph from the config's blocking entries.
///
/// # Errors
/// When ty's database cannot be opened.
pub fn resolve(project: &Project, config: &Config, index: &mut Index, db: &Db) -> Result<Graph> {
    let mut builder = Builder {
        project,
        config,
        index,
        db,
        graph: Graph::default(),
        pending: BTreeSet::new(),
        open: BTreeMap::new(),
        flow: flow::State::default(),
        stated: vec![],
        support: FxHashMap::default(),
        resolved: FxHashSet::default(),
        families_of: FxHashMap::default(),
        callables: callable::Search::default(),
        unknown_calls: vec![],
        unasked: vec![],
        external_names: agreement::ExternalNames::default(),
        parked: FxHashMap::default(),
        parked_sites: FxHashMap::default(),
        woken: vec![],
    };
    if config.codemods.iter().any(|codemod| codemod.rewrites_run_fallbacks) {
        builder.index.load_words(project, ["create_task", "ensure_future"]);
    }
    flow::read_config(&mut builder);
    blocking::find(&mut builder);
    builder.close();
    fixtures::load(&mut builder);
    builder.join_with_statements();
    builder.ask_about_withs();
    builder.graph.text_calls = text::find(&builder);
    for site in builder.graph.sites.values() {
        if let (SiteKind::Blocking { .. }, Usage::Called(call)) = (&site.kind, builder.index.site(site.id).usage) {
            builder.graph.blocking_calls.insert(call);
        }
        for target in &site.targets {
            builder.graph.sites_of.entry(*target).or_default().push(site.id);
        }
    }
    builder.graph.families_of = builder.families_of;
    Ok(builder.graph)
}

impl Builder<'_> {
    pub(crate) fn names(&self) -> Names<'_> {
        Names { project: self.project, index: self.index }
    }

    /// Is the file one of the tests? They follow the code and decide nothing about it.
    pub(crate) fn in_tests(&self, file: FileId) -> bool {
        self.project.file(file).is_test
    }

    /// Rounds of the worklist, until neither names nor flow nor agreement bring anything new.
    fn close(&mut self) {
        loop {
            while !self.pending.is_empty() || !self.woken.is_empty() {
                let names = std::mem::take(&mut self.pending);
                self.round(&names);
                self.wake();
                self.ask_about_nodes();
            }
            if !callable::enumerate(self) && !flow::settle(self) && !agreement::settle(self) {
                break;
            }
        }
        agreement::leave_open(self);
        callable::leave_open(self);
    }

    /// Queues a name: its sites will be resolved.
    pub(crate) fn want(&mut self, name: &Name) {
        if self.graph.names.insert(name.clone()) {
            self.pending.insert(name.clone());
        }
    }

    /// Keeps a site that is tied to functions of the project which lead to nothing blocking, as far as is known by now.
    pub(crate) fn park(&mut self, id: RefId, targets: Vec<FuncId>, evidence: Evidence) {
        self.graph.foreign.insert(id);
        for target in &targets {
            self.parked.entry(*target).or_default().push(id);
        }
        self.parked_sites.insert(id, (targets, evidence));
    }

    /// Settles the parked sites of functions that became nodes.
    fn wake(&mut self) {
        for id in std::mem::take(&mut self.woken) {
            if let Some((targets, evidence)) = self.parked_sites.remove(&id) {
                site::settle(self, id, site::Found::Targets(targets), evidence);
            }
        }
    }

    /// Adds a sync function that runs something blocking, with its family, and queues the names it goes by.
    pub(crate) fn add_node(&mut self, id: FuncId) {
        if self.index.func(id).is_async || !self.graph.nodes.insert(id) {
            return;
        }
        self.unasked.push(id);
        self.woken.extend(self.parked.remove(&id).into_iter().flatten());
        let func = self.index.func(id);
        let (name, class) = (func.name.clone(), func.class);
        if fixtures::is_fixture(self, id) {
            return;
        }
        let Some(class) = class else {
            self.want(&name);
            return;
        };
        self.index_close(class);
        if site::is_constructor(&name) {
            // Calling the class, or a child that does not construct itself otherwise, runs it.
            for below in self.graph.hierarchy.descendants(class) {
                let class_name = self.index.class(below).name.clone();
                self.want(&class_name);
            }
            self.want(&name);
            return;
        }
        self.want(&name);
        if name == "__call__" {
            self.callables.want();
        }
        let mut family = self.graph.hierarchy.family(self.index, class, &name);
        if let Some(twin) = site::paired(&name) {
            // `with` calls both: they convert together.
            family.extend(self.graph.hierarchy.family(self.index, class, twin));
            family.extend(hierarchy::methods(self.index, class, twin));
            self.index.load_words(self.project, ["with", "enter_context"]);
        }
        self.join(&family);
        for member in family {
            self.add_node(member);
        }
    }

    fn index_close(&mut self, class: ClassId) {
        let mut hierarchy = std::mem::take(&mut self.graph.hierarchy);
        hierarchy.close(self.project, self.index, class);
        self.graph.hierarchy = hierarchy;
    }

    /// The context managers of one `with` statement convert together: `async with` enters them all.
    fn join_with_statements(&mut self) {
        let mut by_statement: BTreeMap<(FileId, u32), BTreeSet<FuncId>> = BTreeMap::new();
        let in_code = |site: &&Site| site.kind == SiteKind::Call && !self.in_tests(site.id.file);
        for site in self.graph.sites.values().filter(in_code) {
            let usage = match self.index.site(site.id).usage {
                Usage::Called(call) => self.index.call(call).usage,
                other => other,
            };
            if let Usage::WithItem { statement, is_async: false } = usage {
                let key = (site.id.file, u32::from(statement.start()));
                by_statement.entry(key).or_default().extend(site.targets.iter().copied());
            }
        }
        for targets in by_statement.into_values() {
            self.join(&targets);
        }
    }

    /// Puts functions into one family: one color for all.
    pub(crate) fn join(&mut self, members: &BTreeSet<FuncId>) {
        if members.len() < 2 {
            return;
        }
        let known: BTreeSet<usize> =
            members.iter().filter_map(|member| self.families_of.get(member).copied()).collect();
        let home = known.iter().next().copied().unwrap_or_else(|| {
            self.graph.families.push(BTreeSet::new());
            self.graph.families.len() - 1
        });
        let mut all = members.clone();
        for other in known {
            all.extend(std::mem::take(&mut self.graph.families[other]));
        }
        for member in &all {
            self.families_of.insert(*member, home);
        }
        self.graph.families[home] = all;
    }

    /// Records a site; the function around a demanding one becomes a node.
    pub(crate) fn add_site(&mut self, site: Site) {
        let demanding = match &site.kind {
            SiteKind::Blocking { .. } | SiteKind::Call | SiteKind::Read | SiteKind::Callback { .. } => true,
            SiteKind::Value | SiteKind::Offloaded { .. } | SiteKind::Accepted | SiteKind::Mention => false,
        };
        let context = self.index.context(self.index.site(site.id).context);
        let owner = context.func.filter(|_| demanding && context.barrier != Some(Barrier::Annotation));
        if site.targets.len() > 1 && !matches!(site.kind, SiteKind::Blocking { .. }) {
            let sync: BTreeSet<FuncId> = site.targets.iter().copied().collect();
            if !self.in_tests(site.id.file) {
                self.join(&sync);
            }
            for target in sync {
                self.add_node(target);
            }
        }
        self.graph.sites.insert(site.id, site);
        if let Some(owner) = owner {
            self.add_node(owner);
        }
    }

    /// Resolves all sites of these names.
    fn round(&mut self, names: &BTreeSet<Name>) {
        self.index.load_words(self.project, names.iter().map(Name::as_str));
        self.add_aliases(names);
        self.graph.hierarchy.register(self.project, self.index);
        fixtures::add_stand_ins(self, names);
        let refs: Vec<RefId> = names
            .iter()
            .flat_map(|name| self.index.refs_of(name).iter().copied())
            .filter(|id| !self.graph.sites.contains_key(id) && self.resolved.insert(*id))
            .collect();
        let (settled, asked): (Vec<_>, Vec<_>) =
            refs.into_iter().map(|id| (id, site::by_scopes(self, id))).partition(|(_, found)| found.is_some());
        for (id, found) in settled {
            site::settle(self, id, found.expect("partitioned"), Evidence::Import);
        }
        let asked: Vec<RefId> = asked.into_iter().map(|(id, _)| id).collect();
        for (id, answer) in self.ask_sites(&asked) {
            site::by_type(self, id, answer.as_ref());
        }
        self.find_lookups(names);
    }

    /// `from m import load as fetch`: the alias is a name of the function too.
    fn add_aliases(&mut self, names: &BTreeSet<Name>) {
        for name in names {
            let aliases: Vec<Name> = self
                .index
                .imports_of(name)
                .iter()
                .filter_map(|&(file, at)| self.index.file(file).imports[at as usize].alias.clone())
                .filter(|alias| alias != name)
                .collect();
            for alias in aliases {
                self.want(&alias);
            }
        }
    }

    /// Asks ty about sites, in parallel by file; the answers come back in the order of `sites`.
    pub(crate) fn ask_sites(&self, sites: &[RefId]) -> Vec<(RefId, Option<Answer>)> {
        let mut by_file: BTreeMap<FileId, Questions> = BTreeMap::new();
        for id in sites {
            let questions = by_file.entry(id.file).or_default();
            let site = self.index.site(*id);
            questions.ranges.push(site.range);
            if site.is_implicit() {
                questions.members.push((site.range, site.name.clone()));
            }
        }
        let answers = self.ask(by_file);
        sites
            .iter()
            .map(|id| {
                let site = self.index.site(*id);
                let Some(found) = answers.get(&id.file) else { return (*id, None) };
                let answer = found.expressions.get(&site.range).map(|answer| match site.is_implicit() {
                    true => answer.of_member(found.members.get(&(site.range, site.name.clone()))),
                    false => answer.clone(),
                });
                (*id, answer)
            })
            .collect()
    }

    pub(crate) fn ask(&self, mut by_file: BTreeMap<FileId, Questions>) -> BTreeMap<FileId, Answers> {
        for (file, questions) in &mut by_file {
            questions.path = self.project.file(*file).path.clone();
        }
        let (files, questions): (Vec<FileId>, Vec<Questions>) = by_file.into_iter().unzip();
        files.into_iter().zip(infer::ask(self.db, &questions)).collect()
    }

    /// For new nodes: do they override a foreign member, do they return awaitables?
    fn ask_about_nodes(&mut self) {
        let nodes = std::mem::take(&mut self.unasked);
        let mut by_file: BTreeMap<FileId, Questions> = BTreeMap::new();
        let mut members = vec![];
        for &id in &nodes {
            let func = self.index.func(id);
            let returned = func.returns.iter().filter(|returned| {
                matches!(self.index.value(returned.value), Value::Call { .. } | Value::Name { .. } | Value::Either(_))
            });
            by_file.entry(id.file).or_default().ranges.extend(returned.map(|returned| returned.range));
            let Some(class) = func.class else { continue };
            let owners: BTreeSet<ClassId> =
                self.graph.hierarchy.external_bases(class).into_iter().map(|(owner, _)| owner).collect();
            for owner in owners {
                for base in &self.index.class(owner).bases {
                    by_file.entry(owner.file).or_default().members.push((base.range, func.name.clone()));
                    members.push((id, owner, base.range));
                }
            }
        }
        let answers = self.ask(by_file);
        for id in nodes {
            let func = self.index.func(id);
            let Some(found) = answers.get(&id.file) else { continue };
            let awaitable: Vec<_> = func
                .returns
                .iter()
                .map(|returned| returned.range)
                .filter(|range| found.expressions.get(range).is_some_and(|answer| is_awaitable(&answer.own)))
                .collect();
            if !awaitable.is_empty() {
                self.graph.awaitable_returns.insert(id, awaitable);
            }
        }
        for (id, owner, range) in members {
            let key = (range, self.index.func(id).name.clone());
            let Some(found) = answers.get(&owner.file).and_then(|answers| answers.members.get(&key)) else { continue };
            let foreign = found.iter().find(|definition| {
                let in_project = definition.path.as_ref().is_some_and(|path| path.starts_with(&self.project.root));
                !in_project && !definition.name.starts_with("object.")
            });
            if let Some(definition) = foreign {
                let path = format!("{}.{}", definition.module, definition.name);
                self.graph.overrides_external.insert(id, path);
            }
        }
    }

    fn ask_about_withs(&mut self) {
        let mut by_file: BTreeMap<FileId, Questions> = BTreeMap::new();
        let mut wanted = vec![];
        for site in self.graph.sites.values() {
            for with in &self.index.context(self.index.site(site.id).context).withs {
                by_file.entry(site.id.file).or_default().ranges.push(with.range);
                wanted.push((site.id.file, *with));
            }
        }
        let answers = self.ask(by_file);
        for (file, with) in wanted {
            if let Some(answer) = answers.get(&file).and_then(|answers| answers.expressions.get(&with.range)) {
                self.graph.with_types.insert(with.value, answer.own.clone());
            }
        }
    }

    /// Strings that name a function where names are looked up.
    fn find_lookups(&mut self, names: &BTreeSet<Name>) {
        for name in names {
            let targets: Vec<FuncId> =
                self.index.funcs_of(name).iter().copied().filter(|id| self.graph.nodes.contains(id)).collect();
            for &(file, index) in self.index.lookups_of(name) {
                self.graph.lookups.insert(LookupSite { file, index }, targets.clone());
            }
        }
    }
}

/// Does a printed type say that the value is awaited later?
fn is_awaitable(shown: &str) -> bool {
    let shown = shown.trim_start_matches("Unknown | ");
    ["CoroutineType[", "Coroutine[", "Awaitable[", "Future[", "Task[", "Generator[Any, None"]
        .iter()
        .any(|start| shown.starts_with(start))
}
