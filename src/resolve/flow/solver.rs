//! The fixpoint: nodes are made when something reads them, and evaluated until no set grows any more.
//!
//! Evaluation is monotone: a node's set only grows with the sets it reads. What stays empty for want of any source is
//! set to unknown afterwards, parameters first, so that a missing source never looks like a proof.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::asks::Asks;
use super::bulk::BulkWritten;
use super::caller::Caller;
use super::object::{Node, Object, Path, Place, Selector, Set, Symbol};
use super::outside;
use crate::index::Index;
use crate::index::consumers::Consumers;
use crate::index::facts::*;
use crate::project::Project;
use crate::py::infer::Answer;
use crate::resolve::hierarchy::Hierarchy;

/// Containers in containers are followed this far.
const NESTING: usize = 4;

/// The objects that another one hands names on to; none when they may be any.
pub(super) type Forwards = Option<Rc<[ValueId]>>;

/// Sets found so far; they stay valid as long as the project does.
#[derive(Default)]
pub(crate) struct State {
    pub(super) variables: Vec<Variable>,
    ids: FxHashMap<(Node, Path), u32>,
    edges: FxHashSet<(u32, u32)>,
    queue: VecDeque<u32>,
    /// Variables that are set to unknown when they stay empty, in the order of the waves.
    waiting: [Vec<u32>; 3],
    /// Evaluations so far: for the current question where that is for answers, else for all questions.
    steps: usize,
    symbols: Vec<Rc<str>>,
    symbol_ids: FxHashMap<Rc<str>, Symbol>,
    pub(super) callers: FxHashMap<FuncId, Rc<[Caller]>>,
    pub(super) transparent: FxHashMap<FuncId, bool>,
    /// The strings that names are made of, for look-ups.
    pub(super) patterns: FxHashMap<ValueId, Rc<[Name]>>,
    /// Whether all files that mention a name were loaded; not where there are too many.
    pub(super) loaded_names: FxHashMap<Name, bool>,
    pub(super) cohorts: FxHashMap<ClassId, Rc<FxHashSet<ClassId>>>,
    /// The methods that override one another, with the version of the hierarchy that says so.
    pub(super) families: FxHashMap<(ClassId, Name), (u32, BTreeSet<FuncId>)>,
    /// What objects hand names on to, with the version of the hierarchy that says so.
    pub(super) forwards: FxHashMap<Object, (u32, Forwards)>,
    /// What foreign packages are given of the program.
    pub(super) feeding: outside::Feeding,
    /// The classes that define what an attribute reads, by its type; none when that is not known.
    pub(super) definers: FxHashMap<RefId, Option<FxHashSet<ClassId>>>,
    /// Whether functions test for coroutines what they are given, by so many loaded files.
    pub(super) testers: FxHashMap<FuncId, (usize, bool)>,
    /// The facts of files turned round, for walks forward. One for all states.
    consumers: Rc<RefCell<FxHashMap<FileId, Rc<Consumers>>>>,
    /// The writes of attributes without their names, of the files that were read for them.
    pub(super) bulk_writes: Vec<BulkWritten>,
    /// Method names of the builtin types.
    pub(super) builtin_names: FxHashSet<ruff_python_ast::name::Name>,
    pub(super) asks: Asks,
    /// The variables whose sets flow into one, where that is what is asked for.
    pub(super) sources: FxHashMap<u32, Vec<u32>>,
    /// What ty says of members of [`Object::Made`].
    pub(super) members: FxHashMap<(Symbol, Name), Option<Rc<Answer>>>,
    /// The dotted path of the project's own offload.
    own_carrier: Option<String>,
}

impl State {
    /// Nothing is known yet; `own` is the dotted path of the project's own offload.
    pub(crate) fn with_carrier(own: Option<String>) -> Self {
        Self { own_carrier: own, ..Self::default() }
    }

    /// Another one of the same program.
    pub(crate) fn beside(&self) -> Self {
        Self { consumers: self.consumers.clone(), ..Self::with_carrier(self.own_carrier.clone()) }
    }

    /// Sets what is asked for, at the first question.
    pub(super) fn begin(&mut self, asks: Asks, builtin_names: &FxHashSet<Name>) {
        if self.asks != asks {
            self.asks = asks;
            self.builtin_names.clone_from(builtin_names);
        }
    }

    /// Do the builtin types have a method of that name?
    pub(crate) fn is_builtin_method(&self, name: &str) -> bool {
        self.builtin_names.contains(name)
    }

    pub(super) fn own_carrier(&self) -> Option<&String> {
        self.own_carrier.as_ref()
    }
}

pub(super) struct Variable {
    pub(super) node: Node,
    pub(super) path: Path,
    pub(super) set: Rc<Set>,
    dependents: Vec<u32>,
    is_queued: bool,
    /// It was put off, or reads what was.
    is_stale: bool,
}

/// Which objects a place hands on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    All,
    /// Only what the project defines.
    Project,
}

/// An evaluation in progress.
pub(crate) struct Solver<'a> {
    pub(super) project: &'a Project,
    pub(super) index: &'a mut Index,
    pub(super) hierarchy: &'a mut Hierarchy,
    pub(super) state: &'a mut State,
    current: u32,
    out: Vec<(Object, Option<Place>)>,
    /// Something unknown flowed into the current node.
    is_saturated: bool,
}

impl<'a> Solver<'a> {
    pub(crate) fn new(
        project: &'a Project,
        index: &'a mut Index,
        hierarchy: &'a mut Hierarchy,
        state: &'a mut State,
    ) -> Self {
        Self { project, index, hierarchy, state, current: 0, out: vec![], is_saturated: false }
    }

    /// The set of a node, at its fixpoint, or as far as something unknown was found in it.
    pub(crate) fn solve(&mut self, node: Node, path: Path) -> Rc<Set> {
        let id = self.variable(node, path);
        self.take_up(id);
        if self.state.asks.is_whole() {
            self.state.steps = 0;
        }
        loop {
            self.drain(id);
            let set = &self.state.variables[id as usize].set;
            if set.has_unknown() {
                let set = set.clone();
                self.put_off();
                return set;
            }
            if !self.fill() {
                return self.state.variables[id as usize].set.clone();
            }
        }
    }

    /// Leaves what is queued for the question that needs it: it is stale, and so is all that reads it.
    fn put_off(&mut self) {
        let mut stale: Vec<u32> = self.state.queue.drain(..).collect();
        for id in &stale {
            self.state.variables[*id as usize].is_queued = false;
        }
        while let Some(id) = stale.pop() {
            let variable = &mut self.state.variables[id as usize];
            if !variable.set.has_unknown() && !std::mem::replace(&mut variable.is_stale, true) {
                stale.extend(&variable.dependents);
            }
        }
        for wave in &mut self.state.waiting {
            wave.retain(|id| !self.state.variables[*id as usize].is_stale);
        }
    }

    /// Queues a variable that was put off.
    fn take_up(&mut self, id: u32) {
        let variable = &mut self.state.variables[id as usize];
        if !std::mem::take(&mut variable.is_stale) {
            return;
        }
        variable.is_queued = true;
        self.state.queue.push_front(id);
        let variable = &self.state.variables[id as usize];
        if let Some(wave) = self.wave(&variable.node, &variable.path) {
            self.state.waiting[wave].push(id);
        }
    }

    /// Evaluates what is queued, until nothing is, or something unknown is found in the set that is asked for.
    fn drain(&mut self, asked: u32) {
        while !self.state.variables[asked as usize].set.has_unknown()
            && let Some(id) = self.state.queue.pop_front()
        {
            if !std::mem::take(&mut self.state.variables[id as usize].is_queued) {
                continue;
            }
            self.state.steps += 1;
            self.current = id;
            self.out.clear();
            self.is_saturated = false;
            if self.state.variables[id as usize].set.has_unknown() {
                // What else may be there is not worth the time: nothing is decided by a set with something unknown in it.
                continue;
            }
            if self.state.steps > self.state.asks.steps() {
                self.push(Object::Unknown, None);
            } else {
                let variable = &self.state.variables[id as usize];
                let (node, path) = (variable.node.clone(), variable.path.clone());
                self.evaluate(node, path);
            }
            self.store(id);
        }
    }

    /// Adds what was evaluated to the variable's set, and wakes what reads it when it grew.
    fn store(&mut self, id: u32) {
        let out = std::mem::take(&mut self.out);
        let variable = &mut self.state.variables[id as usize];
        let mut grew = false;
        for (object, place) in &out {
            if variable.set.objects().any(|known| known == *object) {
                continue;
            }
            grew |= Rc::make_mut(&mut variable.set).insert(*object, *place);
        }
        self.out = out;
        if !grew {
            return;
        }
        let is_unknown = self.state.variables[id as usize].set.has_unknown();
        let dependents = std::mem::take(&mut self.state.variables[id as usize].dependents);
        for &dependent in &dependents {
            let variable = &mut self.state.variables[dependent as usize];
            if variable.is_stale || variable.set.has_unknown() {
                continue;
            }
            // What is unknown goes first: it may settle the question.
            if is_unknown {
                self.state.queue.push_front(dependent);
            } else if !variable.is_queued {
                self.state.queue.push_back(dependent);
            }
            variable.is_queued = true;
        }
        self.state.variables[id as usize].dependents = dependents;
    }

    /// Sets what found no source to unknown, one wave at a time. Returns whether there was something.
    fn fill(&mut self) -> bool {
        for wave in 0..self.state.waiting.len() {
            let waiting = std::mem::take(&mut self.state.waiting[wave]);
            let mut empty: Vec<u32> = vec![];
            for id in waiting {
                if !self.state.variables[id as usize].set.is_empty() {
                    continue;
                }
                if self.needs_source(id) { empty.push(id) } else { self.state.waiting[wave].push(id) }
            }
            if !empty.is_empty() {
                for id in empty {
                    self.out.clear();
                    self.push(Object::Unknown, None);
                    self.store(id);
                }
                return true;
            }
        }
        false
    }

    /// A member of nothing is nothing. Of `None` alone it is unknown: nobody reads it there, so something else arrives unseen.
    fn needs_source(&self, id: u32) -> bool {
        let Node::Member(receiver, _) = &self.state.variables[id as usize].node else { return true };
        let receiver = self.state.ids.get(&(Node::Value(*receiver), vec![]));
        receiver.is_some_and(|id| !self.state.variables[*id as usize].set.is_empty())
    }

    pub(super) fn variable(&mut self, node: Node, path: Path) -> u32 {
        let key = (node, path);
        if let Some(id) = self.state.ids.get(&key) {
            return *id;
        }
        let id = self.state.variables.len() as u32;
        let (node, path) = key.clone();
        if let Some(wave) = self.wave(&node, &path) {
            self.state.waiting[wave].push(id);
        }
        self.state.ids.insert(key, id);
        let (set, dependents) = Default::default();
        self.state.variables.push(Variable { node, path, set, dependents, is_queued: true, is_stale: false });
        self.state.queue.push_front(id);
        id
    }

    fn wave(&self, node: &Node, path: &Path) -> Option<usize> {
        match node {
            Node::Param(func, at) => {
                let variadic = matches!(
                    self.index.func(*func).params[*at as usize].kind,
                    ParamKind::Keywords | ParamKind::Variadic
                );
                (!variadic).then_some(0)
            }
            // Nobody may fill `*args`.
            Node::Name(scope, name) if !path.is_empty() => (!self.is_variadic(*scope, name)).then_some(1),
            Node::Attribute(..) if !path.is_empty() => Some(1),
            Node::Member(..) => Some(2),
            Node::Value(_)
            | Node::Name(..)
            | Node::Attribute(..)
            | Node::Field(..)
            | Node::Return(_)
            | Node::ReturnOn(..)
            | Node::Yield(_)
            | Node::Passed(..) => None,
        }
    }

    fn is_variadic(&self, scope: ScopeId, name: &str) -> bool {
        let mut at = Some(scope);
        while let Some(id) = at {
            if let Some(binding) = self.index.scope(id).bindings_of(name).first() {
                let Bound::Param { func, index } = binding.bound else { return false };
                let kind = self.index.func(func).params[index as usize].kind;
                return matches!(kind, ParamKind::Variadic | ParamKind::Keywords);
            }
            at = self.index.scope(id).parent;
        }
        false
    }

    /// The set of a node as it is by now; the current evaluation is repeated when it grows.
    pub(super) fn read(&mut self, node: Node, path: Path) -> Rc<Set> {
        let id = self.variable(node, path);
        self.take_up(id);
        if self.state.edges.insert((id, self.current)) {
            self.state.variables[id as usize].dependents.push(self.current);
        }
        self.state.variables[id as usize].set.clone()
    }

    /// The same of a node whose set flows into the current one.
    pub(super) fn read_source(&mut self, node: Node, path: Path) -> Rc<Set> {
        if self.state.asks == Asks::Fakes {
            let source = self.variable(node.clone(), path.clone());
            self.state.sources.entry(self.current).or_default().push(source);
        }
        self.read(node, path)
    }

    pub(super) fn read_value(&mut self, value: ValueId) -> Rc<Set> {
        self.read(Node::Value(value), vec![])
    }

    pub(super) fn push(&mut self, object: Object, place: Option<Place>) {
        if object == Object::Unknown && !self.state.asks.is_whole() {
            return;
        }
        self.is_saturated |= object == Object::Unknown;
        self.out.push((object, place));
    }

    /// Is it known already that the current node is not known?
    pub(super) fn is_saturated(&self) -> bool {
        self.is_saturated
    }

    /// Everything in the node's set flows into the current one.
    pub(super) fn flow(&mut self, node: Node, path: Path) {
        self.flow_from(node, path, None, Keep::All);
    }

    pub(super) fn flow_value(&mut self, value: ValueId, path: Path) {
        self.flow(Node::Value(value), path);
    }

    /// The same, written at `place`.
    pub(super) fn flow_from(&mut self, node: Node, path: Path, place: Option<Place>, keep: Keep) {
        if self.is_saturated {
            return;
        }
        if path.len() > NESTING {
            self.push(Object::Unknown, place);
            return;
        }
        let is_asked = self.state.asks == Asks::Fakes;
        for (object, own) in self.read_source(node, path).iter() {
            if keep == Keep::All || is_asked || object.is_project() {
                self.push(object, place.or(own));
            }
        }
    }

    /// Forgets what was pushed since `from`.
    pub(super) fn take_back(&mut self, from: usize) {
        self.out.truncate(from);
        self.is_saturated = self.out.iter().any(|(object, _)| *object == Object::Unknown);
    }

    pub(super) fn pushed(&self) -> usize {
        self.out.len()
    }

    /// The facts of a file turned round; found out when first asked.
    pub(super) fn consumers(&mut self, file: FileId) -> Rc<Consumers> {
        let index = &*self.index;
        let made = || Rc::new(Consumers::of(file, index.file(file)));
        self.state.consumers.borrow_mut().entry(file).or_insert_with(made).clone()
    }

    pub(super) fn symbol(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.state.symbol_ids.get(text) {
            return *symbol;
        }
        let symbol = Symbol(self.state.symbols.len() as u32);
        let text: Rc<str> = text.into();
        self.state.symbols.push(text.clone());
        self.state.symbol_ids.insert(text, symbol);
        symbol
    }

    pub(super) fn text(&self, symbol: Symbol) -> Rc<str> {
        self.state.symbols[symbol.0 as usize].clone()
    }

    fn evaluate(&mut self, node: Node, path: Path) {
        match node {
            Node::Value(value) => self.value(value, path),
            Node::Name(scope, name) => self.name(scope, &name, path),
            Node::Member(receiver, name) => {
                for object in self.read_value(receiver).objects() {
                    if self.is_saturated() {
                        return;
                    }
                    match object {
                        // What the classes of the project write to themselves is not in it.
                        Object::Unknown if self.is_annotated_foreign(receiver) => {
                            self.flow_foreign_writes(&name, path.clone());
                        }
                        _ => self.member(object, &name, path.clone()),
                    }
                }
            }
            Node::Attribute(name, owner) => self.attribute(&name, owner, path),
            Node::Param(func, at) => self.param(func, at, path),
            Node::Field(class, name) => self.field(class, &name, path),
            Node::Return(func) => self.returned(func, None, path),
            Node::ReturnOn(func, owner) => self.returned(func, Some(owner), path),
            Node::Yield(func) => self.yielded(func, path),
            Node::Passed(holder, name) => self.passed(holder, &name, &path),
        }
    }
}

/// `steps` with one more in front.
pub(super) fn into(first: Selector, path: &[Selector]) -> Path {
    let mut longer = Vec::with_capacity(path.len() + 1);
    longer.push(first);
    longer.extend_from_slice(path);
    longer
}
