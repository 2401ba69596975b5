//! Who inherits from whom among the project's classes, and which methods override one another.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::names::{Meaning, Names};
use super::satisfies::satisfies;
use crate::index::Index;
use crate::index::facts::*;
use crate::project::Project;

/// Classes are linearized through this many generations: a class that is its own ancestor never ends else.
const DEEPEST: usize = 50;

/// What a base class expression stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseClass {
    Class(ClassId),
    /// A class outside the project, by dotted path.
    External(String),
    Unknown,
}

/// Bases and children, filled as classes come in.
#[derive(Debug, Default)]
pub struct Hierarchy {
    bases: FxHashMap<ClassId, Vec<BaseClass>>,
    children: FxHashMap<ClassId, BTreeSet<ClassId>>,
    /// Classes whose mentions were loaded, so that all their children are known.
    closed: FxHashSet<ClassId>,
    registered: FxHashSet<FileId>,
    knows_protocols: bool,
    /// Counts the changes to what is below or above what.
    version: u32,
    /// The registered classes that declare what others have, by the first of their members.
    protocols: FxHashMap<Name, BTreeSet<ClassId>>,
    /// Classes that are replaced by others: what is below them is no family with them.
    pub(super) replaced: BTreeSet<ClassId>,
}

impl Hierarchy {
    /// Makes sure that all ancestors and descendants of `class` in the project are known. Loads the files that mention them.
    pub fn close(&mut self, project: &Project, index: &mut Index, class: ClassId) {
        let mut pending = vec![class];
        while let Some(class) = pending.pop() {
            if !self.closed.insert(class) {
                continue;
            }
            let name = index.class(class).name.clone();
            index.load_words(project, [name.as_str()]);
            self.register(project, index);
            self.link_protocols(project, index, class);
            pending.extend(self.parents(class));
            pending.extend(self.children.get(&class).into_iter().flatten().copied());
        }
    }

    /// Ties a class to the Protocols that it satisfies without naming them, and a Protocol to the classes that satisfy it
    /// (PEP 544). A class with all its methods counts, when they can be called as declared: it may flow into any place of that type.
    fn link_protocols(&mut self, project: &Project, index: &mut Index, class: ClassId) {
        if !self.knows_protocols {
            self.knows_protocols = true;
            index.load_words(project, ["Protocol"]);
            self.register(project, index);
        }
        if self.is_protocol(class) {
            let members = protocol_members(index, class);
            index.load_words(project, members.first().map(Name::as_str));
            self.register(project, index);
            let Some(first) = members.first() else { return };
            let classes: Vec<ClassId> =
                index.funcs_of(first).iter().filter_map(|func| index.func(*func).class).collect();
            for other in classes {
                self.link(index, other, class, &members);
            }
            return;
        }
        let ancestors = self.ancestors(class);
        let bound = ancestors.iter().flat_map(|id| &index.scope(index.class(*id).scope).bindings);
        let declaring: BTreeSet<ClassId> =
            bound.filter_map(|binding| self.protocols.get(&binding.name)).flatten().copied().collect();
        for protocol in declaring {
            let members = protocol_members(index, protocol);
            self.link(index, class, protocol, &members);
        }
    }

    fn link(&mut self, index: &Index, class: ClassId, protocol: ClassId, members: &[Name]) {
        let ancestors = self.ancestors(class);
        let has = |name: &Name| {
            let own = ancestors.iter().find_map(|id| method(index, *id, name));
            let declared = method(index, protocol, name);
            own.is_some_and(|own| declared.is_none_or(|declared| satisfies(index, declared, own)))
        };
        if self.is_protocol(class) || members.is_empty() || ancestors.contains(&protocol) || !members.iter().all(has) {
            return;
        }
        self.children.entry(protocol).or_default().insert(class);
        self.bases.entry(class).or_default().push(BaseClass::Class(protocol));
        self.version += 1;
    }

    /// Does the class declare what others have (PEP 544)?
    pub fn is_protocol(&self, class: ClassId) -> bool {
        self.bases(class).iter().any(|base| matches!(base, BaseClass::External(path) if path.ends_with(".Protocol")))
    }

    /// Resolves the bases of all classes in files that were loaded since the last time.
    pub fn register(&mut self, project: &Project, index: &mut Index) {
        while self.registered.len() < index.loaded_count() {
            let new: Vec<FileId> =
                index.loaded_files().map(|(id, _)| id).filter(|id| !self.registered.contains(id)).collect();
            // The files that define or re-export the bases' names have to be there first.
            let mut wanted: Vec<Name> = vec![];
            for &file in &new {
                for base in index.file(file).classes.iter().flat_map(|class| &class.bases) {
                    let names = Names::new(project, index);
                    wanted.extend(names.last_name(base.value).map(Name::new));
                }
            }
            wanted.sort_unstable();
            wanted.dedup();
            index.load_words(project, wanted.iter().map(Name::as_str));
            for file in new {
                self.registered.insert(file);
                self.register_file(project, index, file);
            }
        }
    }

    fn register_file(&mut self, project: &Project, index: &Index, file: FileId) {
        let names = Names::new(project, index);
        for number in 0..index.file(file).classes.len() as u32 {
            let id = ClassId { file, index: number };
            let bases: Vec<BaseClass> =
                index.class(id).bases.iter().flat_map(|base| base_classes(&names, base.value)).collect();
            for base in &bases {
                if let BaseClass::Class(parent) = base {
                    self.children.entry(*parent).or_default().insert(id);
                }
            }
            self.bases.insert(id, bases);
            self.version += 1;
            if self.is_protocol(id)
                && let Some(first) = protocol_members(index, id).into_iter().next()
            {
                self.protocols.entry(first).or_default().insert(id);
            }
        }
    }

    /// The bases of a class as written, resolved.
    pub fn bases(&self, class: ClassId) -> &[BaseClass] {
        self.bases.get(&class).map_or(&[], Vec::as_slice)
    }

    fn parents(&self, class: ClassId) -> Vec<ClassId> {
        let parent = |base: &BaseClass| match base {
            BaseClass::Class(id) => Some(*id),
            BaseClass::External(_) | BaseClass::Unknown => None,
        };
        self.bases(class).iter().filter_map(parent).collect()
    }

    /// `class` and all its ancestors in the project, nearest first (depth first, which is close enough to the MRO).
    pub fn ancestors(&self, class: ClassId) -> Vec<ClassId> {
        self.reach(class, |id| self.parents(id))
    }

    /// `class` and all its descendants in the project.
    pub fn descendants(&self, class: ClassId) -> Vec<ClassId> {
        self.reach(class, |id| self.children.get(&id).into_iter().flatten().copied().collect())
    }

    fn reach(&self, class: ClassId, next: impl Fn(ClassId) -> Vec<ClassId>) -> Vec<ClassId> {
        let mut seen = FxHashSet::default();
        let mut order = vec![];
        let mut pending = vec![class];
        while let Some(id) = pending.pop() {
            if seen.insert(id) {
                order.push(id);
                let mut more = next(id);
                more.reverse();
                pending.extend(more);
            }
        }
        order
    }

    /// Another number than before when a family may be another one than before.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// All methods that override, or are overridden by, `name` of `class`: through bases, children, and mixins that meet in
    /// a common child. The class must be closed.
    pub fn family(&self, index: &Index, class: ClassId, name: &str) -> BTreeSet<FuncId> {
        if index.members_of(name).is_empty() {
            return BTreeSet::new();
        }
        let mut classes = BTreeSet::from([class]);
        let mut pending = if self.replaced.contains(&class) { vec![] } else { vec![class] };
        let has = |id: ClassId| !self.replaced.contains(&id) && method(index, id, name).is_some();
        while let Some(id) = pending.pop() {
            for below in self.descendants(id) {
                for above in self.ancestors(below) {
                    if has(above) && classes.insert(above) {
                        pending.push(above);
                    }
                }
            }
            for above in self.ancestors(id) {
                if has(above) && classes.insert(above) {
                    pending.push(above);
                }
            }
        }
        classes.into_iter().flat_map(|id| methods(index, id, name)).collect()
    }

    /// The methods that a call of `name` may be tied to which runs that of `class`, or of a child: its own definitions, and those
    /// of every class that an object of it is of, too. The class must be closed.
    pub fn overridden(&self, index: &Index, class: ClassId, name: &str) -> BTreeSet<FuncId> {
        let below = self.descendants(class);
        let above: BTreeSet<ClassId> = below.iter().flat_map(|id| self.ancestors(*id)).collect();
        let others = above.into_iter().filter(|id| *id == class || !below.contains(id));
        others.flat_map(|id| methods(index, id, name)).collect()
    }

    /// What `super().name` finds for a method of `class`: the nearest definition above it, and what a sibling in a common
    /// child's MRO may put in between.
    pub fn above(&self, index: &Index, class: ClassId, name: &str) -> Vec<FuncId> {
        let mut found: Vec<FuncId> = vec![];
        // Below a class with one base, the order is that of its base.
        let has_siblings = |id: &ClassId| *id == class || self.parents(*id).len() > 1;
        for below in self.descendants(class).into_iter().filter(has_siblings) {
            let order = self.linearized(below, 0, &mut FxHashMap::default()).unwrap_or_else(|| self.ancestors(below));
            let behind = order.into_iter().skip_while(|id| *id != class).skip(1);
            found.extend(behind.filter_map(|id| method(index, id, name)).next());
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The method resolution order of a class, as far as the project defines it (C3, PEP 253); none where Python would refuse
    /// the class. `known` are the orders found on the way.
    fn linearized(
        &self,
        class: ClassId,
        depth: usize,
        known: &mut FxHashMap<ClassId, Vec<ClassId>>,
    ) -> Option<Vec<ClassId>> {
        if let Some(order) = known.get(&class) {
            return Some(order.clone());
        }
        let parents = self.parents(class);
        let mut rows: Vec<Vec<ClassId>> = vec![];
        for parent in parents.iter().filter(|_| depth < DEEPEST) {
            rows.push(self.linearized(*parent, depth + 1, known)?);
        }
        rows.push(parents);
        let mut order = vec![class];
        while rows.iter().any(|row| !row.is_empty()) {
            let is_free = |id: &ClassId| rows.iter().all(|row| !row.iter().skip(1).any(|other| other == id));
            let next = rows.iter().filter_map(|row| row.first()).find(|id| is_free(id)).copied()?;
            order.push(next);
            rows.iter_mut().for_each(|row| row.retain(|id| *id != next));
        }
        known.insert(class, order.clone());
        Some(order)
    }

    /// The bases outside the project of `class` and its ancestors, with the class that names them.
    pub fn external_bases(&self, class: ClassId) -> Vec<(ClassId, &BaseClass)> {
        let external = |base: &BaseClass| !matches!(base, BaseClass::Class(_));
        self.ancestors(class)
            .into_iter()
            .flat_map(|id| self.bases(id).iter().map(move |base| (id, base)))
            .filter(|(_, base)| external(base))
            .collect()
    }
}

/// The methods that a Protocol declares.
fn protocol_members(index: &Index, class: ClassId) -> Vec<Name> {
    let mut members: Vec<Name> = index.class(class).methods.iter().map(|id| index.func(*id).name.clone()).collect();
    members.retain(|name| name != "__init__");
    members.sort_unstable();
    members.dedup();
    members
}

fn base_classes(names: &Names, value: ValueId) -> Vec<BaseClass> {
    let mut found: Vec<BaseClass> = names
        .evaluate(value)
        .into_iter()
        .map(|meaning| match meaning {
            Meaning::Class(id) => BaseClass::Class(id),
            Meaning::External(path) => BaseClass::External(path),
            _ => BaseClass::Unknown,
        })
        .collect();
    found.dedup();
    found
}

/// The last definition of `name` in a class body.
pub fn method(index: &Index, class: ClassId, name: &str) -> Option<FuncId> {
    methods(index, class, name).last()
}

/// All definitions of `name` in a class body: overloads, conditional ones, and `name = method`.
pub fn methods<'a>(index: &'a Index, class: ClassId, name: &'a str) -> impl Iterator<Item = FuncId> + 'a {
    let is_named = move |id: &FuncId| index.func(*id).name == name;
    let scope = index.scope(index.class(class).scope);
    let aliased =
        scope.bindings_of(name).iter().filter_map(move |binding| index.file(class.file).aliased(class, binding));
    index.class(class).methods.iter().copied().filter(is_named).chain(aliased)
}

/// Does the class compute attributes in its own body?
pub fn computes_attributes(index: &Index, class: ClassId) -> bool {
    ["__getattr__", "__getattribute__"].iter().any(|name| method(index, class, name).is_some())
}

/// The other names that a class body gives a method.
pub fn aliases(index: &Index, class: ClassId, method: FuncId) -> Vec<Name> {
    let facts = index.file(class.file);
    let scope = index.scope(index.class(class).scope);
    let is_it = |binding: &&Binding| facts.aliased(class, binding) == Some(method);
    scope.bindings.iter().filter(is_it).map(|binding| binding.name.clone()).collect()
}
