//! Attributes: methods and fields of classes, and everything that is written to an attribute of that name (field-based,
//! Feldthaus et al., ICSE 2013), narrowed by whose attribute it can be where that is known.

use std::rc::Rc;

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::call;
use super::object::{Node, Object, Owner, Path, Place, Selector};
use super::scope::Home;
use super::solver::{Keep, Solver};
use crate::index::facts::*;
use crate::index::mutations::{Added, Mutation};
use crate::resolve::boundary;
use crate::resolve::hierarchy::{self, BaseClass};

/// More writes of one name than this count as unknown.
const WRITES: usize = 800;

/// A name in more files than this is not looked into.
const FILES: usize = 2_000;

/// Objects that have what is written to them and nothing else.
const NAMESPACES: [&str; 3] = ["types.SimpleNamespace", "argparse.Namespace", "threading.local"];

/// Functions whose keyword arguments become attributes of what they return, or of what they are called on.
const SETTERS: [&str; 8] =
    ["replace", "_replace", "model_copy", "evolve", "update", "model_construct", "configure_mock", "namespace"];

impl Solver<'_> {
    /// Loads the files that mention a name. Returns false when there are too many.
    pub(super) fn load_name(&mut self, name: &str) -> bool {
        if self.index.words.files(name).len() > FILES {
            return false;
        }
        self.index.load_words(self.project, [name]);
        true
    }

    /// `object.name`.
    pub(super) fn member(&mut self, object: Object, name: &Name, path: Path) {
        match object {
            // Calling a function or a class runs no `__call__` of the project.
            Object::Func(_) | Object::Lambda(_) | Object::Class(_) | Object::ClassBelow(_) if name == "__call__" => {
                let symbol = self.symbol("builtins.__call__");
                self.push(Object::ExternalMember(symbol), None);
            }
            Object::Instance(class) => self.class_member(class, Owner::Exactly(class), name, path),
            Object::Below(class) => self.class_member(class, Owner::Below(class), name, path),
            Object::Class(class) | Object::ClassBelow(class) => self.class_attribute(class, object, name, path),
            Object::Super(class) => self.super_member(class, name, path),
            Object::Module(file) => {
                let dotted = self.project.file(file).module.clone();
                self.module_member(&dotted, name, &path);
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
            Object::ExternalMember(symbol) if call::is_plain_module(&self.text(symbol)) => {
                let symbol = self.below(symbol, name);
                self.push(Object::ExternalMember(symbol), None);
            }
            Object::ExternalMember(_) | Object::Unknown => self.unknown_member(name, path),
            Object::Builtin => {
                if self.state.builtin_names.contains(name) {
                    let symbol = self.symbol(&format!("builtins.{name}"));
                    self.push(Object::ExternalMember(symbol), None);
                }
            }
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

    fn flow_foreign_writes(&mut self, name: &Name, path: Path) {
        if !self.load_name(name) {
            return self.push(Object::Unknown, None);
        }
        if !self.index.writes_of(name).is_empty() || !self.index.keywords_of(name).is_empty() {
            self.flow(Node::Attribute(name.clone(), Owner::Foreign), path);
        }
    }

    pub(super) fn close(&mut self, class: ClassId) {
        self.hierarchy.close(self.project, self.index, class);
    }

    /// All classes that share a descendant with `class`: an instance of it may be one of them too.
    fn cohort(&mut self, class: ClassId) -> Rc<FxHashSet<ClassId>> {
        if let Some(known) = self.state.cohorts.get(&class) {
            return known.clone();
        }
        self.close(class);
        let below = self.hierarchy.descendants(class);
        let all: FxHashSet<ClassId> = below.iter().flat_map(|id| self.hierarchy.ancestors(*id)).collect();
        let all = Rc::new(all);
        self.state.cohorts.insert(class, all.clone());
        all
    }

    fn class_member(&mut self, class: ClassId, owner: Owner, name: &Name, path: Path) {
        self.close(class);
        let ancestors = self.hierarchy.ancestors(class);
        let from = self.pushed();
        let definer = ancestors.iter().copied().find(|id| self.has_binding(*id, name));
        if let Some(definer) = definer {
            self.class_bindings(definer, name, &path);
        }
        if let Owner::Below(_) = owner {
            // A mixin uses what its siblings define; a child may put another object into a class attribute.
            let others: Vec<ClassId> = match definer {
                Some(_) => self.hierarchy.descendants(class),
                None => sorted(&self.cohort(class)),
            };
            for other in others.into_iter().filter(|other| Some(*other) != definer) {
                let only_methods = definer.is_some() && hierarchy::method(self.index, other, name).is_some();
                if !only_methods && self.has_binding(other, name) {
                    self.class_bindings(other, name, &path);
                }
            }
        }
        let is_method = definer.is_some_and(|id| hierarchy::method(self.index, id, name).is_some());
        if self.load_name(name) {
            let has_writes = !self.index.writes_of(name).is_empty() || !self.index.keywords_of(name).is_empty();
            if has_writes && (!is_method || !self.index.writes_of(name).is_empty()) {
                self.flow(Node::Attribute(name.clone(), owner), path.clone());
            }
        } else if !is_method {
            self.push(Object::Unknown, None);
        }
        if definer.is_none() && self.pushed() == from {
            self.lacking(class, name);
        }
    }

    /// The class, as far as the project goes, has no such member: a base from outside or `__getattr__` may.
    fn lacking(&mut self, class: ClassId, name: &Name) {
        let ancestors = self.hierarchy.ancestors(class);
        let computes = |id: &ClassId| {
            ["__getattr__", "__getattribute__"].iter().any(|name| hierarchy::method(self.index, *id, name).is_some())
        };
        if ancestors.iter().any(computes) {
            return self.push(Object::Unknown, None);
        }
        let bases: Vec<BaseClass> =
            self.hierarchy.external_bases(class).into_iter().map(|(_, base)| base.clone()).collect();
        for base in bases {
            match base {
                BaseClass::External(path) if is_bare(&path) => {}
                BaseClass::External(path) => {
                    let symbol = self.symbol(&format!("{path}.{name}"));
                    self.push(Object::ExternalMember(symbol), None);
                }
                BaseClass::Unknown | BaseClass::Class(_) => self.push(Object::Unknown, None),
            }
        }
    }

    fn has_binding(&self, class: ClassId, name: &str) -> bool {
        !self.index.scope(self.index.class(class).scope).bindings_of(name).is_empty()
    }

    /// What a class body binds, read through an instance.
    fn class_bindings(&mut self, class: ClassId, name: &Name, path: &Path) {
        let scope = self.index.class(class).scope;
        for (bound, range) in self.bindings(scope, name) {
            let place = Some((scope.file, range));
            match bound {
                Bound::Func(func) => self.method_read(func, path, place),
                Bound::Class(id) => self.push(Object::Class(id), place),
                Bound::Value(value) => self.class_value(value, path, place),
                Bound::Annotated { annotation, value } => {
                    if self.annotation(annotation, scope, path) {
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
        for (object, origin) in self.read(Node::Value(value), path.clone()).iter() {
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
                        self.result(object, call, path);
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
            if self.has_binding(id, name) && (!found || object == Object::ClassBelow(class)) {
                self.flow(Node::Name(scope, name.clone()), path.clone());
                found = true;
            }
        }
        if self.load_name(name) && !self.index.writes_of(name).is_empty() {
            self.flow(Node::Attribute(name.clone(), Owner::Below(class)), path);
        }
        if !found && self.pushed() == from {
            if self.index.class(class).has_metaclass {
                self.push(Object::Unknown, None);
            }
            self.lacking(class, name);
        }
    }

    fn super_member(&mut self, class: ClassId, name: &Name, path: Path) {
        self.close(class);
        let mut above = self.hierarchy.above(self.index, class, name);
        if above.is_empty() {
            // In a mixin, the next class in the order is a sibling.
            let cohort = sorted(&self.cohort(class));
            above = cohort
                .into_iter()
                .filter(|id| *id != class)
                .filter_map(|id| hierarchy::method(self.index, id, name))
                .collect();
        }
        for func in &above {
            self.method_read(*func, &path, None);
        }
        if above.is_empty() {
            self.lacking(class, name);
        }
    }

    /// The class whose first parameter the value is: `self` in a method.
    pub(super) fn self_class(&self, value: ValueId) -> Option<(ClassId, IsClass)> {
        let Value::Name { name, scope } = self.index.value(value) else { return None };
        let mut at = Some(*scope);
        while let Some(id) = at {
            let here = self.index.scope(id);
            if let [binding] = here.bindings_of(name) {
                let Bound::Param { func, index: 0 } = binding.bound else { return None };
                let class = self.index.func(func).class?;
                return match self.binding_of(func) {
                    Binds::Instance => Some((class, IsClass::No)),
                    Binds::Class => Some((class, IsClass::Yes)),
                    Binds::Nothing => None,
                };
            }
            if !here.bindings_of(name).is_empty() {
                return None;
            }
            at = here.parent;
        }
        None
    }

    /// What the first parameter of a function stands for.
    pub(super) fn binding_of(&self, func: FuncId) -> Binds {
        let facts = self.index.func(func);
        if facts.class.is_none() {
            return Binds::Nothing;
        }
        let has = |wanted: &str| {
            facts.decorators.iter().any(|decorator| boundary::decorator_name(self.index, decorator) == Some(wanted))
        };
        if has("staticmethod") {
            Binds::Nothing
        } else if has("classmethod")
            || matches!(facts.name.as_str(), "__new__" | "__init_subclass__" | "__class_getitem__")
        {
            Binds::Class
        } else {
            Binds::Instance
        }
    }

    /// Values from a test do not count for the program, only classes do: a fake has to follow what it stands for.
    pub(super) fn keep(&self, from: FileId, to: FileId) -> Keep {
        let is_test = |file: FileId| self.project.file(file).is_test;
        if is_test(from) && !is_test(to) { Keep::Project } else { Keep::All }
    }

    /// Everything written to attributes of that name, of that owner.
    pub(super) fn attribute(&mut self, name: &Name, owner: Owner, path: Path) {
        if !self.load_name(name) {
            return self.push(Object::Unknown, None);
        }
        let writes = self.index.writes_of(name).to_vec();
        let keywords = self.index.keywords_of(name).to_vec();
        if writes.len() > WRITES || keywords.len() > WRITES {
            return self.push(Object::Unknown, None);
        }
        let in_program = writes.iter().any(|(file, _)| !self.project.file(*file).is_test)
            || keywords.iter().any(|(call, _)| !self.project.file(call.file).is_test);
        for (file, at) in writes {
            let write = &self.index.file(file).attribute_writes[at as usize];
            let (receiver, value, annotation, range) = (write.receiver, write.value, write.annotation, write.range);
            let scope = self.index.context(write.context).scope;
            if self.is_saturated() {
                return;
            }
            if !self.may_own(owner, receiver) {
                continue;
            }
            if annotation.is_some_and(|annotation| self.annotation(annotation, scope, &path)) {
                continue;
            }
            if annotation.is_some() && value.is_none() {
                continue;
            }
            let keep = if in_program && self.project.file(file).is_test { Keep::Project } else { Keep::All };
            self.written(value, &path, (file, range), keep);
        }
        for (call, at) in keywords {
            if self.is_saturated() {
                return;
            }
            let keep = if in_program && self.project.file(call.file).is_test { Keep::Project } else { Keep::All };
            self.keyword_write(owner, call, at, &path, keep);
        }
        if owner == Owner::Anything {
            self.members_of_anything(name, &path);
        }
        if !path.is_empty() {
            self.mutated_attribute(name, &path);
        }
    }

    pub(super) fn written(&mut self, value: Option<ValueId>, path: &Path, place: Place, keep: Keep) {
        match value {
            Some(value) => self.flow_from(Node::Value(value), path.clone(), Some(place), keep),
            None if keep == Keep::All => self.push(Object::Unknown, Some(place)),
            None => {}
        }
    }

    /// Can an object of `owner` be what the attribute is written on?
    fn may_own(&mut self, owner: Owner, receiver: ValueId) -> bool {
        if owner == Owner::Anything {
            return true;
        }
        if let Some((class, _)) = self.self_class(receiver) {
            return self.may_be(owner, Object::Below(class));
        }
        let receivers = self.read_value(receiver);
        receivers.objects().any(|object| self.may_be(owner, object))
    }

    fn may_be(&mut self, owner: Owner, object: Object) -> bool {
        match (owner, object) {
            (Owner::Anything, _) | (_, Object::Unknown | Object::ExternalMember(_)) => true,
            (Owner::Foreign, Object::External(_) | Object::ExternalInstance(_)) => true,
            (Owner::Foreign, _) => false,
            (Owner::Exactly(class), Object::Instance(other)) => class == other,
            (Owner::Exactly(class), Object::Below(other) | Object::Class(other) | Object::ClassBelow(other)) => {
                self.close(class);
                self.hierarchy.ancestors(class).contains(&other)
            }
            (
                Owner::Below(class),
                Object::Instance(other) | Object::Below(other) | Object::Class(other) | Object::ClassBelow(other),
            ) => self.cohort(class).contains(&other),
            (Owner::Exactly(_) | Owner::Below(_), _) => false,
        }
    }

    /// `C(name=value)`: a field, where nothing of the project takes the argument.
    fn keyword_write(&mut self, owner: Owner, call: CallId, at: u32, path: &Path, keep: Keep) {
        let func = self.index.call(call).func;
        let arg = &self.index.call(call).args[at as usize];
        let (value, place) = (arg.value, Some((call.file, arg.range)));
        let last = self.names().last_name(func).unwrap_or_default().to_owned();
        let is_setter = SETTERS.contains(&last.as_str());
        let is_class_like = last.trim_start_matches('_').starts_with(char::is_uppercase);
        let mut taken: Option<Keep> = None;
        for object in self.read_value(func).objects() {
            let counts = match object {
                Object::Class(class) | Object::ClassBelow(class) => {
                    self.close(class);
                    let ancestors = self.hierarchy.ancestors(class);
                    let constructs = |id: &ClassId| hierarchy::method(self.index, *id, "__init__").is_some();
                    let made =
                        if let Object::Class(_) = object { Object::Instance(class) } else { Object::Below(class) };
                    (!ancestors.iter().any(constructs) && self.may_be(owner, made)).then_some(Keep::All)
                }
                Object::External(_) | Object::ExternalInstance(_) | Object::ExternalMember(_) => (is_setter
                    || last == "__init__"
                    || is_class_like && matches!(owner, Owner::Foreign | Owner::Anything))
                .then_some(Keep::All),
                Object::Unknown if is_setter || is_class_like => Some(Keep::All),
                Object::Unknown => matches!(owner, Owner::Foreign | Owner::Anything).then_some(Keep::Project),
                _ => None,
            };
            taken = match (taken, counts) {
                (Some(Keep::All), _) | (_, Some(Keep::All)) => Some(Keep::All),
                (known, counts) => known.or(counts),
            };
        }
        if let Some(taken) = taken {
            let keep = if taken == Keep::Project { taken } else { keep };
            self.flow_from(Node::Value(value), path.clone(), place, keep);
        }
    }

    /// What classes anywhere bind under a name. A method is a candidate, no more.
    fn members_of_anything(&mut self, name: &Name, path: &Path) {
        for class in self.index.members_of(name).to_vec() {
            let is_method =
                hierarchy::method(self.index, class, name).is_some_and(|func| !boundary::is_property(self.index, func));
            self.class_bindings(class, name, path);
            if is_method {
                self.push(Object::Unknown, None);
            }
        }
    }

    fn mutated_attribute(&mut self, name: &Name, path: &Path) {
        for mutation in self.index.mutations_of(name).to_vec() {
            if mutation.scope.is_none() {
                self.mutated(mutation, path);
            }
        }
        let uses: Vec<CallId> = self
            .index
            .refs_of(name)
            .iter()
            .filter_map(|id| match self.index.site(*id) {
                Ref { receiver: Some(_), usage: Usage::Argument { call, .. }, .. } => Some(*call),
                _ => None,
            })
            .collect();
        self.passed_container(&uses, name);
    }

    /// The same for a container that is a plain name.
    pub(super) fn mutated_name(&mut self, scope: ScopeId, is_module: bool, name: &Name, path: &Path) {
        if is_module && !self.load_name(name) {
            return self.push(Object::Unknown, None);
        }
        for mutation in self.index.mutations_of(name).to_vec() {
            let is_it = match mutation.scope {
                _ if is_module && mutation.file != scope.file => true,
                Some(used) => matches!(self.home(used, name), Home::Scope(home) if home == scope),
                None => false,
            };
            if is_it {
                self.mutated(mutation, path);
            }
        }
        let uses: Vec<CallId> = self
            .index
            .refs_of(name)
            .iter()
            .filter(|id| is_module || id.file == scope.file)
            .filter_map(|id| match self.index.site(*id) {
                Ref { receiver: None, usage: Usage::Argument { call, .. }, .. } => Some(*call),
                _ => None,
            })
            .collect();
        self.passed_container(&uses, name);
    }

    fn mutated(&mut self, mutation: Mutation, path: &Path) {
        let depth = mutation.depth as usize;
        if path.len() <= depth {
            return;
        }
        if let (Selector::Key(wanted), Some(key)) = (&path[depth], &mutation.key)
            && wanted != key
        {
            return;
        }
        let rest = path[depth + 1..].to_vec();
        match mutation.added {
            Added::Element(value) => self.flow_value(value, rest),
            Added::Elements(value) => {
                for step in [Selector::Element, Selector::Value] {
                    self.flow_value(value, super::solver::into(step, &rest));
                }
            }
            Added::Unknown => self.push(Object::Unknown, None),
        }
    }

    /// A function of the project that is given a container may fill it.
    fn passed_container(&mut self, calls: &[CallId], name: &Name) {
        if calls.len() > WRITES {
            return self.push(Object::Unknown, None);
        }
        for call in calls {
            let facts = self.index.call(*call);
            let (func, args) = (facts.func, facts.args.iter().map(|arg| arg.value).collect::<Vec<_>>());
            let is_it = |value: &ValueId| match self.index.value(*value) {
                Value::Name { name: own, .. } | Value::Attribute { name: own, .. } => own == name,
                _ => false,
            };
            if !args.iter().any(is_it) {
                continue;
            }
            for object in self.read_value(func).objects() {
                if let Object::Func(func) = object {
                    let fills = self.index.func(func).params.iter().any(|param| {
                        let mutations = self.index.mutations_of(&param.name);
                        mutations.iter().any(|mutation| mutation.file == func.file && mutation.scope.is_some())
                    });
                    if fills {
                        self.push(Object::Unknown, None);
                    }
                }
            }
        }
    }
}

/// What the first parameter of a method is bound to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Binds {
    Instance,
    Class,
    Nothing,
}

/// Is it the class itself (`cls`), or an instance (`self`)?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IsClass {
    Yes,
    No,
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
