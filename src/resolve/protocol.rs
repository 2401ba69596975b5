//! Protocols and the classes that satisfy them without naming them (PEP 544): one family, until too many do.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::builder::Builder;
use super::carried::CROWD;
use super::hierarchy::{BaseClass, Hierarchy, method};
use super::names::Meaning;
use super::satisfies::satisfies;
use crate::index::Index;
use crate::index::facts::*;
use crate::project::Project;

/// The Protocols among the registered classes.
#[derive(Debug, Default)]
pub struct Protocols {
    /// Every file that names `Protocol` is there.
    are_known: bool,
    /// By the first of their members.
    by_member: FxHashMap<Name, BTreeSet<ClassId>>,
    /// The classes that satisfy one, where they are too many to be one family.
    crowds: FxHashMap<ClassId, BTreeSet<ClassId>>,
    /// The same, by class.
    crowded: FxHashMap<ClassId, BTreeSet<ClassId>>,
    /// Protocols that are one family with the classes that satisfy them.
    linked: FxHashSet<ClassId>,
}

impl Protocols {
    pub(super) fn register(&mut self, index: &Index, protocol: ClassId) {
        if let Some(first) = members(index, protocol).into_iter().next() {
            self.by_member.entry(first).or_default().insert(protocol);
        }
    }

    fn add_to_crowd(&mut self, protocol: ClassId, class: ClassId) {
        self.crowds.entry(protocol).or_default().insert(class);
        self.crowded.entry(class).or_default().insert(protocol);
    }
}

impl Hierarchy {
    /// Does the class declare what others have?
    pub fn is_protocol(&self, class: ClassId) -> bool {
        self.bases(class).iter().any(|base| matches!(base, BaseClass::External(path) if path.ends_with(".Protocol")))
    }

    /// The Protocols which declare the method, and which more classes satisfy than are told apart: an object of the class, or of
    /// a child, may be taken for one of them. The class must be closed.
    pub(super) fn crowds_of(&self, index: &Index, class: ClassId, name: &str) -> BTreeSet<ClassId> {
        if self.protocols.crowded.is_empty() {
            return BTreeSet::new();
        }
        let below = self.descendants(class);
        let protocols = below.iter().filter_map(|id| self.protocols.crowded.get(id)).flatten().copied();
        protocols.filter(|protocol| method(index, *protocol, name).is_some()).collect()
    }

    /// Makes one family of a Protocol and all classes that satisfy it when most of them lead to something blocking: then it
    /// stands for that. Returns its methods that now do, too.
    pub(super) fn admit(
        &mut self,
        project: &Project,
        index: &Index,
        protocol: ClassId,
        leads: impl Fn(FuncId) -> bool,
    ) -> Vec<FuncId> {
        let Some(classes) = self.protocols.crowds.get(&protocol) else { return vec![] };
        let members = members(index, protocol);
        let blocks = |class: ClassId, name: &Name| inherited(self, index, class, name).is_some_and(&leads);
        let code: Vec<ClassId> = classes.iter().copied().filter(|class| !project.file(class.file).is_test).collect();
        let blocking = code.iter().filter(|class| members.iter().any(|name| blocks(**class, name)));
        if blocking.count() * 2 <= code.len() {
            return vec![];
        }
        let led = members.iter().filter(|name| code.iter().any(|class| blocks(*class, name)));
        let methods = led.filter_map(|name| method(index, protocol, name)).collect();
        let classes = self.protocols.crowds.remove(&protocol).unwrap_or_default();
        self.protocols.linked.insert(protocol);
        for class in classes {
            if let Some(crowds) = self.protocols.crowded.get_mut(&class) {
                crowds.remove(&protocol);
            }
            self.add_base(class, protocol);
        }
        methods
    }
}

/// Ties a class to the Protocols that it satisfies without naming them, and a Protocol to the classes that satisfy it. A class
/// with all its methods counts, when they can be called as declared: it may flow into any place of that type.
pub(super) fn link(hierarchy: &mut Hierarchy, project: &Project, index: &mut Index, class: ClassId) {
    if !hierarchy.protocols.are_known {
        hierarchy.protocols.are_known = true;
        index.load_words(project, ["Protocol"]);
        hierarchy.register(project, index);
    }
    if hierarchy.is_protocol(class) {
        return link_protocol(hierarchy, project, index, class);
    }
    let ancestors = hierarchy.ancestors(class);
    let bound = ancestors.iter().flat_map(|id| &index.scope(index.class(*id).scope).bindings);
    let declaring: BTreeSet<ClassId> =
        bound.filter_map(|binding| hierarchy.protocols.by_member.get(&binding.name)).flatten().copied().collect();
    for protocol in declaring {
        if satisfied(hierarchy, index, class, protocol) {
            link_protocol(hierarchy, project, index, protocol);
            add(hierarchy, class, protocol);
        }
    }
}

/// Finds all classes that satisfy a Protocol, once.
fn link_protocol(hierarchy: &mut Hierarchy, project: &Project, index: &mut Index, protocol: ClassId) {
    let protocols = &hierarchy.protocols;
    if protocols.linked.contains(&protocol) || protocols.crowds.contains_key(&protocol) {
        return;
    }
    let first = members(index, protocol).into_iter().next();
    index.load_words(project, first.as_ref().map(Name::as_str));
    hierarchy.register(project, index);
    let Some(first) = first else { return };
    let defining = index.funcs_of(&first).iter().filter_map(|func| index.func(*func).class);
    let classes: BTreeSet<ClassId> = defining.filter(|class| satisfied(hierarchy, index, *class, protocol)).collect();
    let in_code = classes.iter().filter(|class| !project.file(class.file).is_test);
    match in_code.count() > CROWD {
        true => drop(hierarchy.protocols.crowds.insert(protocol, BTreeSet::new())),
        false => drop(hierarchy.protocols.linked.insert(protocol)),
    }
    classes.into_iter().for_each(|class| add(hierarchy, class, protocol));
}

fn add(hierarchy: &mut Hierarchy, class: ClassId, protocol: ClassId) {
    if hierarchy.protocols.crowds.contains_key(&protocol) {
        hierarchy.protocols.add_to_crowd(protocol, class);
    } else if !hierarchy.ancestors(class).contains(&protocol) {
        hierarchy.add_base(class, protocol);
    }
}

/// The functions of modules that may stand for methods which Protocols declare: a module with all of the members is one of them,
/// where modules are values at all.
pub(super) fn of_modules(builder: &mut Builder, declared: &[FuncId]) -> Vec<FuncId> {
    let mut found = vec![];
    for method in declared {
        let Some(class) = builder.index.func(*method).class.filter(|class| builder.graph.hierarchy.is_protocol(*class))
        else {
            continue;
        };
        let name = builder.index.func(*method).name.clone();
        builder.index.load_words(builder.project, [name.as_str(), "import_module"]);
        let declared: Vec<FuncId> = builder.index.class(class).methods.clone();
        let of_module = |file: FileId, name: &Name| {
            let mut own = builder.index.funcs_of(name).iter().copied();
            own.find(|func| func.file == file && is_global(builder, *func))
        };
        let stands_for = |file: FileId| {
            declared.iter().all(|method| {
                let own = of_module(file, &builder.index.func(*method).name);
                own.is_some_and(|own| satisfies(builder.index, *method, own))
            })
        };
        // What is async already is awaited where it is called.
        let is_sync = |func: &FuncId| !builder.index.func(*func).is_async && is_global(builder, *func);
        let own = builder.index.funcs_of(&name).iter().copied().filter(is_sync);
        found.extend(own.filter(|func| is_value(builder, func.file) && stands_for(func.file)));
    }
    found
}

fn is_global(builder: &Builder, func: FuncId) -> bool {
    let facts = builder.index.func(func);
    facts.class.is_none() && facts.parent.is_none() && facts.lambda.is_none() && !builder.in_tests(func.file)
}

/// Is the module held as a value, or may it be found by its name?
fn is_value(builder: &Builder, file: FileId) -> bool {
    let module = builder.project.file(file).module.as_str();
    let name = Name::new(module.rsplit('.').next().unwrap_or(module));
    let is_it = |id: &RefId| {
        let site = builder.index.site(*id);
        site.usage != Usage::Receiver
            && builder.names().evaluate(site.value).contains(&Meaning::Module(module.to_owned()))
    };
    let is_loaded =
        |id: &RefId| matches!(builder.index.site(*id).usage, Usage::Called(_)) && !builder.in_tests(id.file);
    builder.index.refs_of(&name).iter().any(is_it) || builder.index.refs_of("import_module").iter().any(is_loaded)
}

/// The nodes that a Protocol declares which is no family with the classes that satisfy it.
pub(super) fn declared_for_many(builder: &Builder) -> BTreeMap<FuncId, ClassId> {
    let protocol = |func: FuncId| {
        let facts = builder.index.func(func);
        builder.graph.hierarchy.crowds_of(builder.index, facts.class?, &facts.name).into_iter().next()
    };
    builder.graph.nodes.iter().filter_map(|func| Some((*func, protocol(*func)?))).collect()
}

/// Does the class have all that the Protocol declares, without naming it?
fn satisfied(hierarchy: &Hierarchy, index: &Index, class: ClassId, protocol: ClassId) -> bool {
    let members = members(index, protocol);
    let has = |name: &Name| {
        let declared = method(index, protocol, name);
        inherited(hierarchy, index, class, name)
            .is_some_and(|own| declared.is_none_or(|declared| satisfies(index, declared, own)))
    };
    !hierarchy.is_protocol(class)
        && !members.is_empty()
        && !hierarchy.ancestors(class).contains(&protocol)
        && members.iter().all(has)
}

fn inherited(hierarchy: &Hierarchy, index: &Index, class: ClassId, name: &str) -> Option<FuncId> {
    hierarchy.ancestors(class).into_iter().find_map(|id| method(index, id, name))
}

/// The methods that a Protocol declares.
fn members(index: &Index, class: ClassId) -> Vec<Name> {
    let mut members: Vec<Name> = index.class(class).methods.iter().map(|id| index.func(*id).name.clone()).collect();
    members.retain(|name| name != "__init__");
    members.sort_unstable();
    members.dedup();
    members
}
