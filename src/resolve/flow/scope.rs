//! Names: scopes, imports, `global`, and module attributes that other modules write.

use ruff_python_ast::name::Name;

use super::object::{Node, Object, Path};
use super::solver::{Keep, Solver};
use crate::index::facts::*;
use crate::resolve::names::{Meaning, Names};

/// Chains of imports and aliases are followed this far.
const DEPTH: usize = 12;

/// Where a name leads, before any flow.
pub(super) enum Home {
    /// The scope that binds it.
    Scope(ScopeId),
    Builtin,
    /// A star import from outside may bind it.
    Unknown,
}

impl Solver<'_> {
    /// The scope that binds `name` for a use in `scope` (LEGB); star imports are looked into.
    pub(super) fn home(&mut self, scope: ScopeId, name: &str) -> Home {
        let mut at = Some(scope);
        while let Some(id) = at {
            let here = self.index.scope(id);
            let visible = id == scope || !matches!(here.kind, ScopeKind::Class(_));
            let bindings = if visible { here.bindings_of(name) } else { &[] };
            let is_outer = bindings.iter().any(|binding| binding.bound == Bound::Outer);
            let is_bound = !bindings.is_empty() && !is_outer;
            let parent = here.parent;
            if is_bound || parent.is_none() && self.is_bound_by_global(id.file, name) {
                return Home::Scope(id);
            }
            at = parent;
        }
        self.star_home(ScopeId { file: scope.file, index: 0 }, name, DEPTH)
    }

    /// A function may bind a module's name that the module itself does not.
    fn is_bound_by_global(&self, file: FileId, name: &str) -> bool {
        let facts = self.index.file(file);
        facts.declares_outer(name)
            && facts.scopes.iter().any(|scope| {
                let bindings = scope.bindings_of(name);
                bindings.len() > 1 && bindings.iter().any(|binding| binding.bound == Bound::Outer)
            })
    }

    fn star_home(&mut self, module: ScopeId, name: &str, fuel: usize) -> Home {
        let Some(fuel) = fuel.checked_sub(1) else { return Home::Unknown };
        let stars: Vec<Option<String>> = self
            .index
            .scope(module)
            .bindings_of("*")
            .iter()
            .filter_map(|binding| match binding.bound {
                Bound::Import(at) => {
                    Some(self.names().absolute(module.file, &self.index.file(module.file).imports[at as usize]))
                }
                _ => None,
            })
            .collect();
        for star in &stars {
            let file = star.as_ref().and_then(|path| self.index.module(path));
            let Some(file) = file.filter(|file| self.load(*file)) else { return Home::Unknown };
            let scope = ScopeId { file, index: 0 };
            if !self.index.scope(scope).bindings_of(name).is_empty() {
                return Home::Scope(scope);
            }
            if let Home::Scope(scope) = self.star_home(scope, name, fuel) {
                return Home::Scope(scope);
            }
        }
        Home::Builtin
    }

    pub(super) fn names(&self) -> Names<'_> {
        Names::new(self.project, self.index)
    }

    /// Loads a file. Returns whether its facts are there.
    pub(super) fn load(&mut self, file: FileId) -> bool {
        self.index.load(self.project, &[file]);
        self.index.loaded(file).is_some()
    }

    /// All bindings of a name in its own scope, and those that `global` and `nonlocal` elsewhere in the file add.
    pub(super) fn bindings(&self, scope: ScopeId, name: &str) -> Vec<(Bound, ruff_text_size::TextRange)> {
        let plain = |scope: &Scope| -> Vec<_> {
            let all = scope.bindings_of(name).iter().filter(|binding| binding.bound != Bound::Outer);
            all.map(|binding| (binding.bound, binding.range)).collect()
        };
        let mut found = plain(self.index.scope(scope));
        let is_class = matches!(self.index.scope(scope).kind, ScopeKind::Class(_));
        if !is_class && self.index.file(scope.file).declares_outer(name) {
            for other in &self.index.file(scope.file).scopes {
                if other.bindings_of(name).iter().any(|binding| binding.bound == Bound::Outer) {
                    found.extend(plain(other));
                }
            }
        }
        found
    }

    /// Evaluates a name.
    pub(super) fn name(&mut self, scope: ScopeId, name: &Name, path: Path) {
        match self.home(scope, name) {
            Home::Scope(home) if home != scope => self.flow(Node::Name(home, name.clone()), path),
            Home::Scope(home) => {
                self.bound_name(home, name, path.clone());
                self.not_bound_yet(home, name, path);
            }
            Home::Builtin => {
                let symbol = self.symbol(&format!("builtins.{name}"));
                self.push(Object::External(symbol), None);
            }
            Home::Unknown => self.push(Object::Unknown, None),
        }
    }

    /// `load = staticmethod(load)`: a class body looks outside for what it has not bound yet.
    fn not_bound_yet(&mut self, scope: ScopeId, name: &Name, path: Path) {
        let here = self.index.scope(scope);
        let is_late = |binding: &Binding| matches!(binding.bound, Bound::Value(_) | Bound::Annotated { .. });
        let (is_class, parent) = (matches!(here.kind, ScopeKind::Class(_)), here.parent);
        if let Some(parent) = parent.filter(|_| is_class && here.bindings_of(name).iter().all(is_late))
            && let Home::Scope(outer) = self.home(parent, name)
        {
            self.flow(Node::Name(outer, name.clone()), path);
        }
    }

    fn bound_name(&mut self, scope: ScopeId, name: &Name, path: Path) {
        for (bound, range) in self.bindings(scope, name) {
            self.bound(scope, name, bound, Some((scope.file, range)), &path);
        }
        let is_module = self.index.scope(scope).parent.is_none();
        if is_module {
            self.written_from_outside(scope.file, name, &path);
        }
        if !path.is_empty() {
            self.mutated_name(scope, is_module, name, &path);
        }
    }

    fn bound(&mut self, scope: ScopeId, name: &Name, bound: Bound, place: Option<super::object::Place>, path: &Path) {
        match bound {
            Bound::Func(id) => self.push(Object::Func(id), place),
            Bound::Class(id) => self.push(Object::Class(id), place),
            Bound::Value(value) => {
                let own = self.read_source(Node::Value(value), path.clone());
                for (object, origin) in own.iter() {
                    self.push(object, origin.or(place));
                }
            }
            Bound::Annotated { annotation, value } => {
                if !self.annotation(annotation, scope, path) {
                    match value {
                        Some(value) => self.flow_from(Node::Value(value), path.clone(), place, Keep::All),
                        None if self.bindings(scope, name).len() > 1 => {}
                        None => self.push(Object::Unknown, place),
                    }
                }
            }
            Bound::Param { func, index } => self.flow(Node::Param(func, index), path.clone()),
            Bound::Import(at) => self.imported(scope, name, at, path),
            Bound::Outer => {}
            Bound::Unknown => self.push(Object::Unknown, place),
        }
    }

    fn imported(&mut self, scope: ScopeId, bound_as: &Name, at: u32, path: &Path) {
        let import = &self.index.file(scope.file).imports[at as usize];
        let Some(module) = self.names().absolute(scope.file, import) else {
            return self.push(Object::Unknown, None);
        };
        let (name, is_whole) = (import.name.clone(), import.alias.is_some());
        match name {
            None if is_whole => self.module(&module),
            None => {
                let bound = self.index.modules.seen_from(self.project, scope.file, bound_as.to_string());
                self.module(&bound);
            }
            Some(name) => self.module_member(&module, &name, path),
        }
    }

    pub(super) fn module(&mut self, dotted: &str) {
        let object = match self.index.module(dotted) {
            Some(file) if self.load(file) => Object::Module(file),
            Some(_) => Object::Unknown,
            None => {
                let is_package = self.index.is_package(dotted);
                let symbol = self.symbol(dotted);
                if is_package { Object::Package(symbol) } else { Object::External(symbol) }
            }
        };
        self.push(object, None);
    }

    /// `module.name`: what the module binds, or a module below it.
    pub(super) fn module_member(&mut self, module: &str, name: &Name, path: &Path) {
        let dotted = format!("{module}.{name}");
        let is_below = self.index.module(&dotted).is_some() || self.index.is_package(&dotted);
        let Some(file) = self.index.module(module) else {
            if is_below || !self.index.is_package(module) {
                return self.module(&dotted);
            }
            return self.push(Object::Unknown, None);
        };
        self.file_member(file, module, name, path);
    }

    /// The same for a module by its file; `module` is a name it goes by.
    pub(super) fn file_member(&mut self, file: FileId, module: &str, name: &Name, path: &Path) {
        if !self.load(file) {
            return self.push(Object::Unknown, None);
        }
        let dotted = format!("{module}.{name}");
        let is_package = self.project.file(file).path.ends_with("__init__.py");
        let is_below = is_package && (self.index.module(&dotted).is_some() || self.index.is_package(&dotted));
        let scope = ScopeId { file, index: 0 };
        let own = self.bindings(scope, name);
        // `from . import name` in the package itself names the module below it.
        let only_itself = is_below
            && own.iter().all(|(bound, _)| match bound {
                Bound::Import(at) => {
                    let import = &self.index.file(file).imports[*at as usize];
                    self.names().absolute(file, import).as_deref() == Some(module)
                }
                _ => false,
            });
        if only_itself {
            return self.module(&dotted);
        }
        match self.home(scope, name) {
            Home::Scope(home) => self.flow(Node::Name(home, name.clone()), path.clone()),
            Home::Builtin if is_below => self.module(&dotted),
            Home::Builtin | Home::Unknown => {
                self.written_from_outside(file, name, path);
                self.push(Object::Unknown, None);
            }
        }
    }

    /// `module.name = value` in another file.
    fn written_from_outside(&mut self, file: FileId, name: &Name, path: &Path) {
        let plain = |(bound, _): &(Bound, _)| matches!(bound, Bound::Func(_) | Bound::Class(_) | Bound::Import(_));
        let own = self.bindings(ScopeId { file, index: 0 }, name);
        if !own.is_empty() && own.iter().all(plain) || !self.load_name(name) {
            return;
        }
        for (from, at) in self.index.writes_of(name).to_vec() {
            let write = &self.index.file(from).attribute_writes[at as usize];
            let (receiver, value, range) = (write.receiver, write.value, write.range);
            let may_be_module = matches!(self.index.value(receiver), Value::Name { .. } | Value::Attribute { .. });
            if !may_be_module || self.self_class(receiver).is_some() {
                continue;
            }
            if self.read_value(receiver).objects().any(|object| object == Object::Module(file)) {
                self.written(value, path, (from, range), self.keep(from, file));
            }
        }
    }

    /// What a name or dotted name stands for by scopes and imports alone, without flow: for annotations and decorators.
    pub(super) fn meaning(&mut self, value: ValueId) -> Meaning {
        self.meaning_at(value, DEPTH)
    }

    fn meaning_at(&mut self, value: ValueId, fuel: usize) -> Meaning {
        let Some(fuel) = fuel.checked_sub(1) else { return Meaning::Unknown };
        match self.index.value(value).clone() {
            Value::Name { name, scope } => self.name_meaning(scope, &name, fuel),
            Value::Attribute { receiver, name } => match self.meaning_at(receiver, fuel) {
                Meaning::Module(module) => self.member_meaning(&module, &name, fuel),
                Meaning::External(path) => Meaning::External(format!("{path}.{name}")),
                Meaning::Class(class) => {
                    let scope = self.index.class(class).scope;
                    match self.bindings(scope, &name).as_slice() {
                        [(Bound::Class(inner), _)] => Meaning::Class(*inner),
                        _ => Meaning::Unknown,
                    }
                }
                _ => Meaning::Unknown,
            },
            _ => Meaning::Value(value),
        }
    }

    pub(super) fn name_meaning(&mut self, scope: ScopeId, name: &str, fuel: usize) -> Meaning {
        let Some(fuel) = fuel.checked_sub(1) else { return Meaning::Unknown };
        let home = match self.home(scope, name) {
            Home::Scope(home) => home,
            Home::Builtin => return Meaning::External(format!("builtins.{name}")),
            Home::Unknown => return Meaning::Unknown,
        };
        let mut found: Option<Meaning> = None;
        for (bound, _) in self.bindings(home, name) {
            let meaning = match bound {
                Bound::Class(id) => Meaning::Class(id),
                Bound::Func(id) => Meaning::Func(id),
                Bound::Value(value) => self.meaning_at(value, fuel),
                Bound::Import(at) => {
                    let import = &self.index.file(home.file).imports[at as usize];
                    let (name, has_alias, binds) = (import.name.clone(), import.alias.is_some(), import.binds.clone());
                    match (self.names().absolute(home.file, import), name) {
                        (None, _) => Meaning::Unknown,
                        (Some(module), Some(name)) => self.member_meaning(&module, &name, fuel),
                        (Some(module), None) if has_alias => self.module_meaning(&module),
                        (Some(_), None) => {
                            let bound = self.index.modules.seen_from(self.project, home.file, binds.to_string());
                            self.module_meaning(&bound)
                        }
                    }
                }
                Bound::Annotated { .. } | Bound::Param { .. } | Bound::Outer | Bound::Unknown => Meaning::Unknown,
            };
            // `try: from a import X` / `except ImportError: X = None`.
            let is_stand_in =
                matches!(&meaning, Meaning::Value(value) if matches!(self.index.value(*value), Value::None));
            match &found {
                _ if is_stand_in => {}
                None => found = Some(meaning),
                Some(known) if *known == meaning => {}
                Some(_) => return Meaning::Unknown,
            }
        }
        found.unwrap_or(Meaning::Unknown)
    }

    fn module_meaning(&self, dotted: &str) -> Meaning {
        let known = self.index.module(dotted).is_some() || self.index.is_package(dotted);
        if known { Meaning::Module(dotted.to_owned()) } else { Meaning::External(dotted.to_owned()) }
    }

    fn member_meaning(&mut self, module: &str, name: &str, fuel: usize) -> Meaning {
        let Some(fuel) = fuel.checked_sub(1) else { return Meaning::Unknown };
        let dotted = format!("{module}.{name}");
        match self.index.module(module) {
            Some(file) if self.load(file) => {
                let scope = ScopeId { file, index: 0 };
                match self.home(scope, name) {
                    Home::Scope(home) => self.name_meaning(home, name, fuel),
                    Home::Builtin | Home::Unknown if self.index.module(&dotted).is_some() => Meaning::Module(dotted),
                    Home::Builtin | Home::Unknown => Meaning::Unknown,
                }
            }
            Some(_) => Meaning::Unknown,
            None if self.index.is_package(module) && self.index.module(&dotted).is_none() => Meaning::Unknown,
            None => self.module_meaning(&dotted),
        }
    }
}
