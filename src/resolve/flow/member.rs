//! What an object has under a name: methods and fields of classes, members of modules, and what stands behind a value that
//! nobody knows.

use std::rc::Rc;

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::asks::Asks;
use super::library;
use super::object::{Node, Object, Owner, Path, Place};
use super::solver::{Keep, Solver};
use crate::index::facts::*;
use crate::resolve::boundary;
use crate::resolve::hierarchy::{self, BaseClass};

/// A name in more files than this is not looked into.
const FILES: usize = 2_000;

/// Objects that have what is written to them and nothing else.
const NAMESPACES: [&str; 3] = ["types.SimpleNamespace", "argparse.Namespace", "threading.local"];

impl Solver<'_> {
    /// Loads the files that mention a name. Returns false when there are too many.
    pub(super) fn load_name(&mut self, name: &str) -> bool {
        if let Some(known) = self.state.loaded_names.get(name) {
            return *known;
        }
        let is_rare = self.index.words.files(name).len() <= FILES;
        if is_rare {
            self.index.load_words(self.project, [name]);
        }
        self.state.loaded_names.insert(Name::new(name), is_rare);
        is_rare
    }

    /// `object.name`.
    pub(super) fn member(&mut self, object: Object, name: &Name, path: Path) {
        match object {
            // Calling a function or a class runs no `__call__` of the project.
            Object::Func(_) | Object::Lambda(_) | Object::Class(_) | Object::ClassBelow(_) if name == "__call__" => {
                let symbol = self.symbol("builtins.__call__");
                self.push(Object::ExternalMember(symbol), None);
            }
            Object::Instance(_) | Object::Below(_) if name == "__class__" && path.is_empty() => self.class_of(object),
            Object::Instance(class) => self.class_member(class, Owner::Exactly(class), name, path),
            Object::Below(class) => self.class_member(class, Owner::Below(class), name, path),
            Object::Class(class) | Object::ClassBelow(class) => self.class_attribute(class, object, name, path),
            // Of `object`: it looks up whatever it is given the name of.
            Object::Super(_) if name == "__getattribute__" => {
                let symbol = self.symbol("builtins.object.__getattribute__");
                self.push(Object::ExternalMember(symbol), None);
            }
            Object::Super(class) => self.super_member(class, name, path),
            Object::Module(file) => {
                let dotted = self.project.file(file).module.clone();
                self.file_member(file, &dotted, name, &path);
            }
            Object::Package(symbol) => {
                let dotted = self.text(symbol);
                self.module_member(&dotted, name, &path);
            }
            Object::External(symbol) => {
                self.flow_foreign_writes(name, path);
                let symbol = self.below(symbol, name);
                self.push(Object::External(symbol), None);
            }
            Object::ExternalInstance(symbol) => {
                self.flow_foreign_writes(name, path);
                if !NAMESPACES.contains(&&*self.text(symbol)) {
                    let symbol = self.below(symbol, name);
                    self.push(Object::ExternalMember(symbol), None);
                }
            }
            Object::ExternalMember(symbol) if library::is_plain_module(&self.text(symbol)) => {
                let symbol = self.below(symbol, name);
                self.push(Object::ExternalMember(symbol), None);
            }
            Object::ExternalMember(_) | Object::Made(_) | Object::Unknown => match self.expression_of(object) {
                Some(expression) => {
                    self.flow_foreign_writes(name, path.clone());
                    self.given_outside(&format!("{expression}.{name}"), &path);
                }
                None => self.unknown_member(name, path),
            },
            Object::Builtin => {
                if self.state.builtin_names.contains(name) {
                    let symbol = self.symbol(&format!("builtins.{name}"));
                    self.push(Object::ExternalMember(symbol), None);
                }
            }
            Object::Record(class, call) => self.record_member(class, call, name, path),
            Object::RecordClass(_) => self.push(Object::Unknown, None),
            Object::Coroutine(_) | Object::Generator(_) => {
                let symbol = self.symbol(&format!("types.{name}"));
                self.push(Object::ExternalMember(symbol), None);
            }
            Object::Func(_) | Object::Lambda(_) => match name.as_str() {
                "__name__" | "__doc__" | "__qualname__" | "__module__" => self.push(Object::Builtin, None),
                _ => self.push(Object::Unknown, None),
            },
            Object::Mock => self.push(Object::Mock, None),
            Object::None => {}
        }
    }

    /// `type(x)` and `x.__class__`.
    pub(super) fn class_of(&mut self, object: Object) {
        let class = match object {
            Object::Instance(class) => Object::Class(class),
            Object::Below(class) => Object::ClassBelow(class),
            _ => Object::Unknown,
        };
        self.push(class, None);
    }

    fn below(&mut self, symbol: super::object::Symbol, name: &str) -> super::object::Symbol {
        let path = format!("{}.{name}", self.text(symbol));
        self.symbol(&path)
    }

    /// What a member of nobody-knows-what may be: what is written to attributes of that name. Methods of that name are
    /// candidates at best.
    fn unknown_member(&mut self, name: &Name, path: Path) {
        if !self.load_name(name) {
            return self.push(Object::Unknown, None);
        }
        let has_data = !self.index.writes_of(name).is_empty()
            || !self.index.keywords_of(name).is_empty()
            || !self.index.members_of(name).is_empty();
        if has_data && !self.state.builtin_names.contains(name) {
            self.flow(Node::Attribute(name.clone(), Owner::Anything), path);
        } else {
            self.push(Object::Unknown, None);
        }
    }

    /// What is written to attributes of objects of foreign classes.
    pub(super) fn flow_foreign_writes(&mut self, name: &Name, path: Path) {
        if !self.load_name(name) {
            return self.push(Object::Unknown, None);
        }
        if !self.index.writes_of(name).is_empty() || !self.index.keywords_of(name).is_empty() {
            self.flow(Node::Attribute(name.clone(), Owner::Foreign), path.clone());
        }
        self.bulk_written(Owner::Foreign, name, &path);
    }

    pub(super) fn close(&mut self, class: ClassId) {
        self.hierarchy.close(self.project, self.index, class);
    }

    /// All classes that share a descendant with `class`: an instance of it may be one of them too.
    pub(super) fn cohort(&mut self, class: ClassId) -> Rc<FxHashSet<ClassId>> {
        if let Some(known) = self.state.cohorts.get(&class) {
            return known.clone();
        }
        self.close(class);
        let all: Rc<FxHashSet<ClassId>> = Rc::new(self.hierarchy.kin(class).into_iter().collect());
        self.state.cohorts.insert(class, all.clone());
        all
    }

    /// The scopes of all those classes, in order.
    pub(super) fn cohort_scopes(&mut self, class: ClassId) -> Vec<ScopeId> {
        sorted(&self.cohort(class)).into_iter().map(|id| self.index.class(id).scope).collect()
    }

    fn class_member(&mut self, class: ClassId, owner: Owner, name: &Name, path: Path) {
        self.close(class);
        let ancestors = self.hierarchy.ancestors(class);
        let from = self.pushed();
        let definer = ancestors.iter().copied().find(|id| self.index.binds(*id, name));
        if let Some(definer) = definer {
            self.class_bindings(definer, name, &path);
        }
        if let Owner::Below(_) = owner {
            // A mixin uses what its siblings define; a child may put another object into a class attribute.
            let others: Vec<ClassId> = match definer {
                Some(_) => self.hierarchy.descendants(class),
                None => sorted(&self.cohort(class)),
            };
            // `hook = None`, and a child has a method of that name.
            let defines_method = definer.is_some_and(|id| hierarchy::method(self.index, id, name).is_some());
            for other in others.into_iter().filter(|other| Some(*other) != definer) {
                let only_methods = defines_method && hierarchy::method(self.index, other, name).is_some();
                if !only_methods && self.index.binds(other, name) {
                    self.class_bindings(other, name, &path);
                }
            }
        }
        let method = definer.and_then(|id| hierarchy::method(self.index, id, name));
        let is_method = method.is_some();
        // A property is found before whatever is written to the object.
        let is_property = method.is_some_and(|func| {
            let decorators = &self.index.func(func).decorators;
            decorators.iter().any(|own| boundary::decorator_name(self.index, own) == Some("property"))
        });
        if is_property {
        } else if self.load_name(name) {
            let has_writes = !self.index.writes_of(name).is_empty();
            if has_writes || !is_method && (!self.index.keywords_of(name).is_empty() || self.is_filled(name, &path)) {
                self.flow(Node::Attribute(name.clone(), owner), path.clone());
            }
        } else if !is_method {
            self.push(Object::Unknown, None);
        }
        if !is_method {
            self.bulk_written(owner, name, &path);
        }
        if definer.is_none() {
            // What is written to some object is no reason to think that a hook is not asked.
            let is_computed = || ancestors.iter().any(|id| hierarchy::computes_attributes(self.index, *id));
            if (self.pushed() == from || is_computed()) && !self.is_written_by_itself(class, name) {
                self.lacking(class, name, path);
            }
        }
    }

    /// Is what stands in the container asked for, and is something put into a container of that name?
    fn is_filled(&self, name: &Name, path: &Path) -> bool {
        !path.is_empty() && !self.index.mutations_of(name).is_empty()
    }

    /// Does the class body itself put something into it?
    fn is_filled_inside(&self, scope: ScopeId, name: &Name) -> bool {
        self.index.mutations_of(name).iter().any(|mutation| mutation.scope == Some(scope))
    }

    /// Does a method of the class, or of one that may be the same object, write the attribute to `self`?
    fn is_written_by_itself(&mut self, class: ClassId, name: &Name) -> bool {
        let cohort = self.cohort(class);
        self.index.writes_of(name).iter().any(|(file, at)| {
            let receiver = self.index.file(*file).attribute_writes[*at as usize].receiver;
            self.self_class(receiver).is_some_and(|(class, _)| cohort.contains(&class))
        })
    }

    /// The class, as far as the project goes, has no such member: a base from outside or `__getattr__` may.
    fn lacking(&mut self, class: ClassId, name: &Name, path: Path) {
        let ancestors = self.hierarchy.ancestors(class);
        if let Some(objects) = self.forwarded(&ancestors) {
            return objects.into_iter().for_each(|object| self.flow(Node::Member(object, name.clone()), path.clone()));
        }
        if ancestors.iter().any(|id| hierarchy::computes_attributes(self.index, *id)) {
            return self.push(Object::Unknown, None);
        }
        let bases: Vec<BaseClass> =
            self.hierarchy.external_bases(class).into_iter().map(|(_, base)| base.clone()).collect();
        for base in bases {
            match base {
                BaseClass::External(path) if is_bare(&path) => {}
                // `made = super().__call__()`, `cls.load()`: what a metaclass knows nothing of, its classes have.
                base if base.is_metaclass() => self.push(Object::Unknown, None),
                // `Player.objects.get()` gives players: what ty knows of the base is not all.
                BaseClass::External(_) if self.state.asks == Asks::Made => self.push(Object::Unknown, None),
                BaseClass::External(path) => {
                    let symbol = self.symbol(&format!("{path}.{name}"));
                    self.push(Object::ExternalMember(symbol), None);
                }
                BaseClass::Unknown | BaseClass::Class(_) => self.push(Object::Unknown, None),
            }
        }
    }

    /// What a class body binds, read through an instance.
    pub(super) fn class_bindings(&mut self, class: ClassId, name: &Name, path: &Path) {
        let scope = self.index.class(class).scope;
        for (bound, range) in self.bindings(scope, name) {
            let place = Some((scope.file, range));
            match bound {
                Bound::Func(func) => self.method_read(func, path, place),
                Bound::Class(id) => self.push(Object::Class(id), place),
                Bound::Value(value) => self.class_value(value, path, place),
                Bound::Annotated { annotation, value } => {
                    if self.annotation(annotation, scope, path) {
                        if !self.state.asks.is_whole() {
                            self.flow(Node::Field(class, name.clone()), path.clone());
                        }
                        continue;
                    }
                    if let Some(value) = value {
                        self.class_value(value, path, place);
                    }
                    self.flow(Node::Field(class, name.clone()), path.clone());
                }
                Bound::Import(_) => self.flow(Node::Name(scope, name.clone()), path.clone()),
                Bound::Param { .. } | Bound::Outer | Bound::Unknown => self.push(Object::Unknown, place),
            }
        }
    }

    fn method_read(&mut self, func: FuncId, path: &Path, place: Option<Place>) {
        let is_setter = self
            .index
            .func(func)
            .decorators
            .iter()
            .any(|decorator| matches!(boundary::decorator_name(self.index, decorator), Some("setter" | "deleter")));
        if is_setter {
            return;
        }
        if boundary::is_property(self.index, func) {
            self.flow(Node::Return(func), path.clone());
        } else if path.is_empty() {
            self.push(Object::Func(func), place);
        } else {
            self.push(Object::Unknown, place);
        }
    }

    /// A value in a class body: a descriptor gives what it likes.
    fn class_value(&mut self, value: ValueId, path: &Path, place: Option<Place>) {
        if let Value::Call { call } = self.index.value(value)
            && self.names().last_name(self.index.call(*call).func) == Some("field")
        {
            return self.field_default(*call, path, place);
        }
        for (object, origin) in self.read_source(Node::Value(value), path.clone()).iter() {
            let object = match object {
                Object::ExternalInstance(_) => Object::Unknown,
                Object::Instance(class) | Object::Below(class) => {
                    self.close(class);
                    let ancestors = self.hierarchy.ancestors(class);
                    let is_descriptor =
                        ancestors.iter().any(|id| hierarchy::method(self.index, *id, "__get__").is_some());
                    if is_descriptor { Object::Unknown } else { object }
                }
                other => other,
            };
            self.push(object, origin.or(place));
        }
    }

    /// `field(default_factory=Store)` of a dataclass.
    fn field_default(&mut self, call: CallId, path: &Path, place: Option<Place>) {
        let args: Vec<(Option<Name>, ValueId)> =
            self.index.call(call).args.iter().map(|arg| (arg.keyword.clone(), arg.value)).collect();
        for (keyword, value) in args {
            match keyword.as_deref() {
                Some("default_factory" | "factory") => {
                    for object in self.read_value(value).objects() {
                        self.made_without_arguments(object, call, path);
                    }
                }
                Some("default") => self.flow_from(Node::Value(value), path.clone(), place, Keep::All),
                _ => {}
            }
        }
    }

    fn class_attribute(&mut self, class: ClassId, object: Object, name: &Name, path: Path) {
        self.close(class);
        let mut classes = self.hierarchy.ancestors(class);
        if let Object::ClassBelow(_) = object {
            classes.extend(self.hierarchy.descendants(class).into_iter().skip(1));
        }
        let from = self.pushed();
        let mut found = false;
        for id in classes {
            let scope = self.index.class(id).scope;
            if self.index.binds(id, name) && (!found || object == Object::ClassBelow(class)) {
                // What is in a container that only others fill comes below.
                match self.is_filled(name, &path) && !self.is_filled_inside(scope, name) {
                    true => self.class_bindings(id, name, &path),
                    false => self.flow(Node::Name(scope, name.clone()), path.clone()),
                }
                found = true;
            }
        }
        if self.load_name(name) && (!self.index.writes_of(name).is_empty() || self.is_filled(name, &path)) {
            self.flow(Node::Attribute(name.clone(), Owner::Below(class)), path.clone());
        }
        if !found && self.pushed() == from {
            if self.index.class(class).metaclass.is_some() {
                self.push(Object::Unknown, None);
            }
            self.lacking(class, name, path);
        }
    }

    fn super_member(&mut self, class: ClassId, name: &Name, path: Path) {
        self.close(class);
        let mut above = self.hierarchy.above(self.index, class, name);
        let is_above_known = !above.is_empty();
        if !is_above_known {
            // In a mixin, the next class in the order is a sibling; what is below it comes before.
            let below = self.hierarchy.descendants(class);
            let siblings = sorted(&self.cohort(class)).into_iter().filter(|id| !below.contains(id));
            above = siblings.filter_map(|id| hierarchy::method(self.index, id, name)).collect();
        }
        for func in &above {
            self.method_read(*func, &path, None);
        }
        if !is_above_known {
            self.lacking(class, name, path);
        }
    }
}

/// Bases that bring no members of their own.
pub(super) fn is_bare(path: &str) -> bool {
    matches!(
        path,
        "builtins.object"
            | "abc.ABC"
            | "typing.Protocol"
            | "typing_extensions.Protocol"
            | "typing.Generic"
            | "typing.NamedTuple"
            | "typing.TypedDict"
    )
}

fn sorted(classes: &FxHashSet<ClassId>) -> Vec<ClassId> {
    let mut all: Vec<ClassId> = classes.iter().copied().collect();
    all.sort_unstable();
    all
}
