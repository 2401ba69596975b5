//! The worklist: names whose sites are to be resolved, functions that become nodes, families that grow.

mod round;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use super::names::Names;
use super::{Elsewhere, Evidence, Graph, Site, SiteKind};
use super::{
    agreement, blocking, boundary, callable, carried, computed, decorated, doubt, fixtures, flow, group, hierarchy,
    intercepted, iterator, native, operators, overriding, path_string, receiver, site,
};
use crate::config::{Config, Uncertain};
use crate::index::Index;
use crate::index::facts::*;
use crate::project::Project;
use crate::py::db::Db;

/// Everything that building the graph needs.
pub(crate) struct Builder<'a> {
    pub(super) project: &'a Project,
    pub(super) config: &'a Config,
    pub(super) index: &'a mut Index,
    pub(super) db: &'a Db,
    pub(super) graph: Graph,
    /// Names whose sites are to be resolved in the next round.
    pub(super) pending: BTreeSet<Name>,
    /// Sites that neither types nor scopes tie to anything yet.
    pub(super) open: BTreeMap<RefId, flow::Open>,
    pub(super) flow: flow::State,
    /// What arrives where annotations say something else.
    pub(super) doubts: flow::State,
    /// What functions from outside give.
    pub(super) made: flow::State,
    /// What the config's `settled` entries say.
    pub(super) stated: Vec<flow::Stated>,
    /// The writes that settled sites by flow.
    pub(super) support: FxHashMap<RefId, Vec<(FileId, TextRange)>>,
    pub(super) resolved: FxHashSet<RefId>,
    /// Properties that run nothing which blocks themselves: that of a child may be read in their place.
    pub(super) stands_for: FxHashSet<FuncId>,
    /// The version of the hierarchy at which a method was joined with all of its family.
    pub(super) joined_at: FxHashMap<FuncId, u32>,
    /// A `__call__` is a node, and the calls of objects: still to be found, or found.
    pub(super) callables: callable::Search,
    /// The files that scripts of their own load; none for files that are no such script.
    pub(super) programs: FxHashMap<FileId, Option<Rc<FxHashSet<FileId>>>>,
    /// Calls of objects that nobody knows the type of.
    pub(super) unknown_calls: Vec<RefId>,
    /// Calls of methods from outside that may be async where a class of the project overrides them.
    pub(super) by_base: Vec<RefId>,
    /// Nodes whose outside relations are not asked yet.
    pub(super) unasked: Vec<FuncId>,
    pub(super) external_names: agreement::ExternalNames,
    /// Sites where a type says that something outside of the program may be run instead: `x: Store | io.StringIO`.
    pub(super) mixed: FxHashSet<RefId>,
    /// Sites whose targets are no nodes so far, by target: a target may become one in a later round.
    pub(super) parked: FxHashMap<FuncId, Vec<RefId>>,
    pub(super) parked_sites: FxHashMap<RefId, (Vec<FuncId>, Evidence)>,
    /// Calls of what may be of a layer, or of something else.
    pub(super) may_be_of_layer: Vec<Site>,
    /// Parked sites of which a target became a node.
    pub(super) woken: Vec<RefId>,
    pub(super) carried: carried::State,
    pub(super) operators: operators::Search,
    pub(super) computed: computed::State,
    pub(super) intercepted: intercepted::State,
    pub(super) receivers: receiver::State,
    /// What strings of the code spell, once it is asked for.
    pub(super) spelled: Option<path_string::Spelled>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(project: &'a Project, config: &'a Config, index: &'a mut Index, db: &'a Db) -> Self {
        let flow = flow::State::with_carrier(config.offload.own_path());
        Self {
            project,
            config,
            index,
            db,
            graph: Graph::default(),
            pending: BTreeSet::new(),
            open: BTreeMap::new(),
            doubts: flow.beside(),
            made: flow.beside(),
            flow,
            stated: vec![],
            support: FxHashMap::default(),
            resolved: FxHashSet::default(),
            stands_for: FxHashSet::default(),
            joined_at: FxHashMap::default(),
            callables: callable::Search::default(),
            programs: FxHashMap::default(),
            unknown_calls: vec![],
            by_base: vec![],
            unasked: vec![],
            external_names: agreement::ExternalNames::default(),
            mixed: FxHashSet::default(),
            parked: FxHashMap::default(),
            parked_sites: FxHashMap::default(),
            may_be_of_layer: vec![],
            woken: vec![],
            carried: carried::State::default(),
            operators: operators::Search::default(),
            computed: computed::State::default(),
            intercepted: intercepted::State::default(),
            receivers: receiver::State::default(),
            spelled: None,
        }
    }
}

/// What stands in the text where Python calls such a method by itself.
pub(super) fn implicit_words(name: &str) -> &'static [&'static str] {
    match name {
        "__enter__" | "__exit__" => &["with", "enter_context"],
        "__iter__" => &["for", "yield", "iter", "list", "tuple", "set", "sorted"],
        "__next__" => &["next"],
        _ => &[],
    }
}

impl Builder<'_> {
    pub(crate) fn names(&self) -> Names<'_> {
        Names::new(self.project, self.index)
    }

    /// Is the file one of the tests? They follow the code and decide nothing about it.
    pub(crate) fn in_tests(&self, file: FileId) -> bool {
        self.project.file(file).is_test
    }

    /// Rounds of the worklist, until neither names nor flow nor agreement bring anything new.
    pub(super) fn close(&mut self) {
        loop {
            while !self.pending.is_empty() || !self.woken.is_empty() {
                let names = std::mem::take(&mut self.pending);
                self.round(&names);
                self.wake();
                self.ask_about_nodes();
            }
            let anything_new = callable::enumerate(self)
                || flow::settle(self)
                || agreement::settle(self)
                || carried::follow(self)
                || decorated::follow(self)
                || iterator::follow(self)
                || operators::enumerate(self)
                || computed::follow(self)
                || agreement::guess(self);
            if !anything_new {
                break;
            }
        }
        doubt::settle(self);
        agreement::leave_open(self);
        agreement::widen_unknown(self);
        blocking::leave_open(self);
        callable::leave_open(self);
        computed::leave_open(self);
        overriding::leave_open(self);
    }

    /// Lists a call of which nothing is known as one that may run these.
    pub(super) fn leave_uncertain(&mut self, id: RefId, targets: Vec<FuncId>, evidence: Evidence) {
        if !targets.is_empty() && !self.graph.sites.contains_key(&id) {
            self.graph.foreign.remove(&id);
            let site = Site::new(id, SiteKind::Call, targets.clone(), evidence);
            self.graph.sites.insert(id, Site { uncertain: true, candidates: targets, ..site });
        }
    }

    /// Queues a name: its sites will be resolved.
    pub(crate) fn want(&mut self, name: &Name) {
        self.share_name(name);
        self.want_method(name);
    }

    /// The same for a name that only a method goes by, as far as is known here.
    fn want_method(&mut self, name: &Name) {
        if self.graph.names.insert(name.clone()) {
            self.pending.insert(name.clone());
        }
    }

    /// Keeps a site that is tied to functions of the project which lead to nothing blocking, as far as is known by now.
    pub(crate) fn park(&mut self, id: RefId, targets: Vec<FuncId>, evidence: Evidence) {
        self.graph.foreign.insert(id, Elsewhere { targets: targets.clone(), evidence: Some(evidence) });
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
        if self.index.func(id).is_async {
            return;
        }
        if !self.graph.nodes.insert(id) && !self.stands_for.remove(&id) {
            return;
        }
        self.found(id);
        let func = self.index.func(id);
        let (name, class) = (func.name.clone(), func.class);
        // Nobody calls a fixture by its name, and a lambda has none.
        if func.lambda.is_some() {
            return site::want_constructions_of_lambda(self, id);
        }
        if fixtures::is_fixture(self, id) {
            return;
        }
        let group = group::of(self, id);
        self.tie(&group);
        for member in group {
            self.add_node(member);
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
            self.carried.constructs(id);
            return;
        }
        self.want_method(&name);
        for alias in hierarchy::aliases(self.index, class, id) {
            self.want(&alias);
        }
        if name == "__call__" {
            let place = if self.in_tests(id.file) { callable::Where::Tests } else { callable::Where::Everywhere };
            self.callables.want(place);
        }
        if name.starts_with("__") && name.ends_with("__") {
            // Operators name nothing: they are looked for where the class is named.
            let below = self.graph.hierarchy.descendants(class);
            let classes: Vec<Name> = below.into_iter().map(|id| self.index.class(id).name.clone()).collect();
            self.index.load_words(self.project, classes.iter().map(Name::as_str));
        }
        if decorated::is_property(self, id) {
            return self.add_read(id, class, &name);
        }
        self.admit_crowds(class, &name);
        // All of a family have the same one, as long as no class comes between.
        let version = self.graph.hierarchy.version();
        if self.joined_at.get(&id) == Some(&version) {
            native::join_overrides(self, class, &name);
            return;
        }
        let mut family = self.graph.hierarchy.family(self.index, class, &name);
        // The setter of a property is another function than its getter.
        let accessor = boundary::accessor(self.index, id);
        family.retain(|member| boundary::accessor(self.index, *member) == accessor);
        if let Some(twin) = site::paired(&name) {
            // `with` calls both: they convert together.
            family.extend(self.graph.hierarchy.family(self.index, class, twin));
            family.extend(hierarchy::methods(self.index, class, twin));
            if name == "__enter__" || name == "__exit__" {
                self.index.load_words(self.project, ["with", "enter_context", "push"]);
            }
        }
        self.join(&family);
        if site::paired(&name).is_none() && self.graph.hierarchy.replaced.is_empty() {
            let own = family.iter().filter(|member| self.index.func(**member).name == name);
            self.joined_at.extend(own.map(|member| (*member, version)));
        }
        for member in family {
            self.add_node(member);
        }
        native::join_overrides(self, class, &name);
    }

    /// One more of the classes that satisfy a Protocol leads to something blocking: it may be most of them now.
    fn admit_crowds(&mut self, class: ClassId, name: &Name) {
        for protocol in self.graph.hierarchy.crowds_of(self.index, class, name) {
            let leads = |func: FuncId| self.graph.nodes.contains(&func);
            for method in self.graph.hierarchy.admit(self.project, self.index, protocol, leads) {
                self.index_close(protocol);
                self.add_node(method);
            }
        }
    }

    /// Adds what reading a property elsewhere may run it through. None of them ever converts, so the rest of the family, which
    /// may run nothing that blocks, is no part of it.
    fn add_read(&mut self, id: FuncId, class: ClassId, name: &Name) {
        let mut readers = self.graph.hierarchy.overridden(self.index, class, name);
        readers.retain(|reader| !self.is_one_of_many(*reader, name));
        let accessor = boundary::accessor(self.index, id);
        readers.retain(|reader| boundary::accessor(self.index, *reader) == accessor);
        readers.insert(id);
        self.join(&readers);
        for reader in readers {
            if !boundary::is_property(self.index, reader) {
                self.add_node(reader);
            } else if self.graph.nodes.insert(reader) {
                self.stands_for.insert(reader);
                self.found(reader);
            }
        }
    }

    /// Do more classes define a property than are told apart? What reads it of any of them is not taken for what reads one.
    fn is_one_of_many(&mut self, property: FuncId, name: &Name) -> bool {
        let Some(class) = self.index.func(property).class else { return false };
        self.index_close(class);
        let below = self.graph.hierarchy.descendants(class).into_iter();
        below.filter(|id| hierarchy::method(self.index, *id, name).is_some()).nth(carried::CROWD).is_some()
    }

    /// Does what a site runs lead to something blocking, when it is tied to this function? `super().name` runs no child's.
    pub(super) fn leads_on(&self, id: RefId, target: FuncId) -> bool {
        self.graph.nodes.contains(&target)
            && !(self.stands_for.contains(&target) && site::is_of_super(self.names(), id))
    }

    /// A node is new: what waited for it goes on.
    fn found(&mut self, node: FuncId) {
        let name = self.index.func(node).name.clone();
        self.take_up(&name);
        self.unasked.push(node);
        self.woken.extend(self.parked.remove(&node).into_iter().flatten());
    }

    pub(super) fn index_close(&mut self, class: ClassId) {
        let mut hierarchy = std::mem::take(&mut self.graph.hierarchy);
        hierarchy.close(self.project, self.index, class);
        self.graph.hierarchy = hierarchy;
    }

    /// Puts functions into one family of which a call of one may run any other, whatever classes they are of.
    pub(crate) fn tie(&mut self, members: &BTreeSet<FuncId>) {
        self.join(members);
        let mut others = members.iter();
        if let Some(first) = others.next() {
            for other in others {
                self.graph.tied.entry(*first).or_default().insert(*other);
                self.graph.tied.entry(*other).or_default().insert(*first);
            }
        }
    }

    /// Puts functions into one family: one color for all.
    pub(crate) fn join(&mut self, members: &BTreeSet<FuncId>) {
        if members.len() < 2 {
            return;
        }
        let known: BTreeSet<usize> =
            members.iter().filter_map(|member| self.graph.families_of.get(member).copied()).collect();
        if let Some(home) = known.first()
            && known.len() == 1
            && members.iter().all(|member| self.graph.families_of.contains_key(member))
        {
            debug_assert!(members.is_subset(&self.graph.families[*home]));
            return;
        }
        let home = known.iter().next().copied().unwrap_or_else(|| {
            self.graph.families.push(BTreeSet::new());
            self.graph.families.len() - 1
        });
        let mut all = members.clone();
        for other in known {
            all.extend(std::mem::take(&mut self.graph.families[other]));
        }
        for member in &all {
            self.graph.families_of.insert(*member, home);
        }
        self.graph.families[home] = all;
    }

    /// Records a site; the function around a demanding one becomes a node.
    pub(crate) fn add_site(&mut self, site: Site) {
        let demanding = match &site.kind {
            SiteKind::Blocking { .. }
            | SiteKind::Call
            | SiteKind::Iterated
            | SiteKind::Runs { .. }
            | SiteKind::Read
            | SiteKind::Callback { .. } => true,
            SiteKind::Value
            | SiteKind::Made
            | SiteKind::Carried
            | SiteKind::Offloaded { .. }
            | SiteKind::Accepted
            | SiteKind::Dispatched
            | SiteKind::Mention => false,
        };
        let context = self.index.context(self.index.site(site.id).context);
        let runs = if self.in_tests(site.id.file) { context.func } else { context.owner() };
        let owner = runs.filter(|_| demanding && context.barrier != Some(Barrier::Annotation));
        // Nobody could move a property off the loop but where it is read: for that, what may block is not enough.
        let owner = owner.filter(|owner| !(site.uncertain && boundary::is_property(self.index, *owner)));
        // What may be run at a place where something unknown may, too, stays as it is: it brings nothing with it.
        let moves = !site.uncertain || self.config.uncertain != Uncertain::Block;
        let is_one = !matches!(site.kind, SiteKind::Blocking { .. } | SiteKind::Dispatched);
        if site.targets.len() > 1 && moves && is_one {
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
}
