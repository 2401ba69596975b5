//! Who inherits from whom among the project's classes, and which methods override one another.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::names::{self, Meaning, Names, Unloaded};
use super::protocol::{self, Protocols};
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

/// Bases outside the project that make no objects by themselves.
const PLAIN_BASES: [&str; 6] = [
    "builtins.object",
    "abc.ABC",
    "typing.Generic",
    "typing.Protocol",
    "typing_extensions.Generic",
    "typing_extensions.Protocol",
];

impl BaseClass {
    /// Does it make no objects by itself? Of a class of the project, its own bases tell.
    pub fn is_plain(&self) -> bool {
        match self {
            Self::Class(_) => true,
            Self::External(path) => PLAIN_BASES.contains(&path.as_str()),
            Self::Unknown => false,
        }
    }

    pub fn is_protocol(&self) -> bool {
        self.is_named("Protocol")
    }

    /// Is what derives from it a class of classes? Of one that nobody has installed, the name tells.
    pub fn is_metaclass(&self) -> bool {
        matches!(self, Self::External(path) if {
            let name = names::last(path);
            let is_named = ["Meta", "Metaclass", "MetaClass"].iter().any(|end| name.ends_with(end));
            is_named || path == "builtins.type" || matches!(name, "EnumType" | "ModelBase")
        })
    }

    /// Does it make members of what is bound in the body of a class below it? Of one that nobody has installed, the name tells.
    pub fn is_enumeration(&self) -> bool {
        matches!(self, Self::External(path) if ["Enum", "Flag"].iter().any(|end| path.ends_with(end)))
    }

    /// Is it a class outside the project of this last name?
    pub fn is_named(&self, name: &str) -> bool {
        matches!(self, Self::External(path) if names::last(path) == name)
    }
}

/// Bases and children, filled as classes come in.
#[derive(Debug, Default)]
pub struct Hierarchy {
    bases: FxHashMap<ClassId, Vec<BaseClass>>,
    children: FxHashMap<ClassId, BTreeSet<ClassId>>,
    /// Classes whose mentions were loaded, so that all their children are known.
    closed: FxHashSet<ClassId>,
    registered: FxHashSet<FileId>,
    /// Counts the changes to what is below or above what.
    version: u32,
    /// The registered classes that declare what others have.
    pub(super) protocols: Protocols,
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
            let mut names = vec![index.class(class).name.clone()];
            let mut at = 0;
            while let Some(name) = names.get(at).cloned() {
                index.load_words(project, [name.as_str()]);
                let others =
                    other_names(project, index, &name, class.file).into_iter().filter(|other| !names.contains(other));
                names.extend(others.collect::<Vec<_>>());
                at += 1;
            }
            self.register(project, index);
            protocol::link(self, project, index, class);
            pending.extend(self.parents(class));
            pending.extend(self.children.get(&class).into_iter().flatten().copied());
        }
    }

    /// Are the bases of the classes in a file known?
    pub fn is_registered(&self, file: FileId) -> bool {
        self.registered.contains(&file)
    }

    /// Resolves the bases of all classes in files that were loaded since the last time.
    pub fn register(&mut self, project: &Project, index: &mut Index) {
        while self.registered.len() < index.loaded_count() {
            let new: Vec<FileId> =
                index.loaded_files().map(|(id, _)| id).filter(|id| !self.registered.contains(id)).collect();
            // The files that define or re-export the bases have to be there first.
            loop {
                let unloaded = Unloaded::default();
                let names = Names::noting(project, index, &unloaded);
                new.iter().for_each(|file| names.note_stars(*file));
                for base in new.iter().flat_map(|file| &index.file(*file).classes).flat_map(|class| &class.bases) {
                    names.class_meanings(base.value);
                }
                let unloaded = unloaded.take();
                if index.load(project, &unloaded).is_empty() {
                    break;
                }
            }
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
            if self.is_protocol(id) {
                self.protocols.register(index, id);
            }
        }
        for (class, base) in virtual_bases(&names, file) {
            if class != base && !self.bases(class).contains(&BaseClass::Class(base)) {
                self.add_base(class, base);
            }
        }
    }

    /// The bases of a class as written, resolved.
    pub fn bases(&self, class: ClassId) -> &[BaseClass] {
        self.bases.get(&class).map_or(&[], Vec::as_slice)
    }

    /// Makes one class the child of another.
    pub(super) fn add_base(&mut self, class: ClassId, base: ClassId) {
        self.children.entry(base).or_default().insert(class);
        self.bases.entry(class).or_default().push(BaseClass::Class(base));
        self.version += 1;
    }

    fn parents(&self, class: ClassId) -> impl DoubleEndedIterator<Item = ClassId> + '_ {
        self.bases(class).iter().filter_map(|base| match base {
            BaseClass::Class(id) => Some(*id),
            BaseClass::External(_) | BaseClass::Unknown => None,
        })
    }

    /// `class` and all its ancestors in the project, nearest first (depth first, which is close enough to the MRO).
    pub fn ancestors(&self, class: ClassId) -> Vec<ClassId> {
        reach(vec![class], |id| self.parents(id).rev())
    }

    /// `class` and all its descendants in the project.
    pub fn descendants(&self, class: ClassId) -> Vec<ClassId> {
        reach(vec![class], |id| self.children.get(&id).into_iter().flatten().copied().rev())
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
        let has = |id: ClassId| !self.replaced.contains(&id) && method(index, id, name).is_some();
        let mut classes = BTreeSet::from([class]);
        let mut seen = FxHashSet::from_iter([class]);
        let mut pending = if self.replaced.contains(&class) { vec![] } else { vec![class] };
        while let Some(id) = pending.pop() {
            let more = self.kin(id).into_iter().filter(|kin| seen.insert(*kin) && has(*kin));
            let before = pending.len();
            pending.extend(more);
            classes.extend(&pending[before..]);
        }
        classes.into_iter().flat_map(|id| methods(index, id, name)).collect()
    }

    /// The classes that share an object with this one: its descendants, and all their ancestors.
    pub(super) fn kin(&self, class: ClassId) -> Vec<ClassId> {
        reach(self.descendants(class), |id| self.parents(id))
    }

    /// The methods that a call of `name` may be tied to which runs that of `class`, or of a child: its own definitions, and those
    /// of every class that an object of it is of, too. The class must be closed.
    pub fn overridden(&self, index: &Index, class: ClassId, name: &str) -> BTreeSet<FuncId> {
        let below: FxHashSet<ClassId> = self.descendants(class).into_iter().collect();
        let others = self.kin(class).into_iter().filter(|id| *id == class || !below.contains(id));
        others.flat_map(|id| methods(index, id, name)).collect()
    }

    /// What `super().name` finds for a method of `class`: the nearest definition above it, and what a sibling in a common
    /// child's MRO may put in between.
    pub fn above(&self, index: &Index, class: ClassId, name: &str) -> Vec<FuncId> {
        let mut found: Vec<FuncId> = vec![];
        // Below a class with one base, the order is that of its base.
        let has_siblings = |id: &ClassId| *id == class || self.parents(*id).nth(1).is_some();
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
        let parents: Vec<ClassId> = self.parents(class).collect();
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

/// The classes and all that `next` leads to, depth first; `next` gives the last first.
fn reach<I: Iterator<Item = ClassId>>(classes: Vec<ClassId>, next: impl Fn(ClassId) -> I) -> Vec<ClassId> {
    let mut seen = FxHashSet::default();
    let mut order = vec![];
    let mut pending = classes;
    while let Some(id) = pending.pop() {
        if seen.insert(id) {
            order.push(id);
            pending.extend(next(id));
        }
    }
    order
}

/// The names that a class of this name is bound to besides: by `import A as B`, and by `B = A` or `B = A[int]` in a module. With those of
/// its children that `type` makes.
fn other_names(project: &Project, index: &Index, name: &str, home: FileId) -> BTreeSet<Name> {
    let imports = index.imports_of(name).iter();
    let mut found: BTreeSet<Name> =
        imports.filter_map(|&(file, at)| index.file(file).imports[at as usize].alias.clone()).collect();
    let names = Names::new(project, index);
    let is_assigned =
        |id: &&RefId| matches!(index.site(**id).usage, Usage::Assigned | Usage::Subscripted | Usage::Element { .. });
    let mut files: BTreeSet<FileId> = index.refs_of(name).iter().filter(is_assigned).map(|id| id.file).collect();
    files.insert(home);
    for file in files {
        let is_it = |binding: &&Binding| match binding.bound {
            Bound::Value(value) | Bound::Annotated { value: Some(value), .. } => match index.value(value) {
                Value::Subscript { value, .. } => names.last_name(*value) == Some(name),
                Value::Name { .. } | Value::Attribute { .. } => names.last_name(value) == Some(name),
                _ => names.may_derive(value, name, file == home),
            },
            _ => false,
        };
        let bindings = index.scope(ScopeId { file, index: 0 }).bindings.iter();
        found.extend(bindings.filter(is_it).map(|binding| binding.name.clone()));
    }
    found
}

/// Classes that a file makes children of others by a call: `Base.register(Storage)` of an abstract class, also as a decorator, and
/// `@implementer(IStorage)` of zope.
fn virtual_bases(names: &Names, file: FileId) -> Vec<(ClassId, ClassId)> {
    let facts = names.index.file(file);
    let mut found = vec![];
    for (index, class) in facts.classes.iter().enumerate() {
        let id = ClassId { file, index: index as u32 };
        for decorator in &class.decorators {
            let bases = match names.index.value(decorator.value) {
                Value::Call { call } if names.last_name(names.index.call(*call).func) == Some("implementer") => {
                    names.index.call(*call).args.iter().flat_map(|arg| classes(names, arg.value)).collect()
                }
                _ => registered_with(names, decorator.value),
            };
            found.extend(bases.into_iter().map(|base| (id, base)));
        }
    }
    for call in &facts.calls {
        let Some(name @ ("register" | "classImplements")) = names.last_name(call.func) else { continue };
        let [first, others @ ..] = call.args.as_slice() else { continue };
        let bases = match name {
            "register" => registered_with(names, call.func),
            _ => others.iter().flat_map(|arg| classes(names, arg.value)).collect(),
        };
        if !bases.is_empty() {
            let children = classes(names, first.value);
            found.extend(children.iter().flat_map(|class| bases.iter().map(move |base| (*class, *base))));
        }
    }
    found
}

fn classes(names: &Names, value: ValueId) -> Vec<ClassId> {
    let meanings = names.class_meanings(value).into_iter();
    meanings.filter_map(|meaning| if let Meaning::Class(id) = meaning { Some(id) } else { None }).collect()
}

/// The abstract classes whose `register`, of `abc`, an expression is.
fn registered_with(names: &Names, func: ValueId) -> Vec<ClassId> {
    match names.index.value(func) {
        Value::Attribute { receiver, name } if name == "register" => {
            classes(names, *receiver).into_iter().filter(|class| has_register_of_abc(names, *class)).collect()
        }
        _ => vec![],
    }
}

fn has_register_of_abc(names: &Names, class: ClassId) -> bool {
    let above = |id: ClassId| names.index.class(id).bases.iter().flat_map(|base| classes(names, base.value));
    let ancestors = reach(vec![class], above);
    let is_named = |value: ValueId, wanted: &str| names.last_name(value) == Some(wanted);
    let is_abstract = |id: &ClassId| {
        let facts = names.index.class(*id);
        facts.bases.iter().any(|base| is_named(base.value, "ABC"))
            || facts.metaclass.is_some_and(|metaclass| is_named(metaclass, "ABCMeta"))
    };
    ancestors.iter().any(is_abstract) && ancestors.iter().all(|id| method(names.index, *id, "register").is_none())
}

fn base_classes(names: &Names, value: ValueId) -> Vec<BaseClass> {
    let mut found: Vec<BaseClass> = names
        .class_meanings(value)
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

/// The methods that compute attributes.
pub const HOOKS: [&str; 2] = ["__getattr__", "__getattribute__"];

/// Does a method of this name compute attributes?
pub fn is_hook(name: &str) -> bool {
    HOOKS.contains(&name)
}

/// The methods of the class's own body that compute attributes.
pub fn hooks(index: &Index, class: ClassId) -> impl Iterator<Item = FuncId> + '_ {
    HOOKS.iter().filter_map(move |name| method(index, class, name))
}

/// Does the class compute attributes in its own body?
pub fn computes_attributes(index: &Index, class: ClassId) -> bool {
    hooks(index, class).next().is_some()
}

/// The other names that a class body gives a method.
pub fn aliases(index: &Index, class: ClassId, method: FuncId) -> Vec<Name> {
    let facts = index.file(class.file);
    let scope = index.scope(index.class(class).scope);
    let is_it = |binding: &&Binding| facts.aliased(class, binding) == Some(method);
    scope.bindings.iter().filter(is_it).map(|binding| binding.name.clone()).collect()
}
