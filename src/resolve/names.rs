//! Names by Python's own rules: scopes (LEGB), imports, re-exports. No inference.

mod base;
mod path;
mod star;

use std::collections::BTreeSet;
use std::sync::Mutex;

use rustc_hash::FxHashSet;

use self::star::Starred;
use crate::index::Index;
use crate::index::facts::*;
use crate::project::Project;

/// What a name stands for, as far as scopes and imports tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    Func(FuncId),
    Class(ClassId),
    /// A module of the project, by dotted name.
    Module(String),
    /// Something outside the project, by the dotted path it is imported as; `builtins.open` for builtins.
    External(String),
    /// Bound to an expression.
    Value(ValueId),
    Annotated {
        annotation: ValueId,
        value: Option<ValueId>,
    },
    Param {
        func: FuncId,
        index: u32,
    },
    Unknown,
}

impl Meaning {
    /// The class, if it is one of the project.
    pub fn class(&self) -> Option<ClassId> {
        match self {
            Meaning::Class(class) => Some(*class),
            _ => None,
        }
    }

    /// Bound to a value that only flow or inference can tell.
    pub fn is_variable(&self) -> bool {
        match self {
            Meaning::Value(_) | Meaning::Annotated { .. } | Meaning::Param { .. } | Meaning::Unknown => true,
            Meaning::Func(_) | Meaning::Class(_) | Meaning::Module(_) | Meaning::External(_) => false,
        }
    }
}

/// The look-up context: a project and its index.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    pub project: &'a Project,
    pub index: &'a Index,
    unloaded: Option<&'a Unloaded>,
}

/// Modules of the project that a look-up would have had to read, and that are not loaded yet.
#[derive(Debug, Default)]
pub struct Unloaded(Mutex<BTreeSet<FileId>>);

impl Unloaded {
    fn note(&self, file: FileId) {
        if let Ok(mut files) = self.0.lock() {
            files.insert(file);
        }
    }

    /// The modules, in path order; they are noted no more.
    pub fn take(&self) -> Vec<FileId> {
        self.0.lock().map(|mut files| std::mem::take(&mut *files).into_iter().collect()).unwrap_or_default()
    }
}

/// Chains of imports and assignments are followed this far.
const DEPTH: usize = 12;

impl<'a> Names<'a> {
    /// Looks names up in the loaded files.
    pub fn new(project: &'a Project, index: &'a Index) -> Self {
        Self { project, index, unloaded: None }
    }

    /// Looks names up in the loaded files, and notes the others that it would need.
    pub fn noting(project: &'a Project, index: &'a Index, unloaded: &'a Unloaded) -> Self {
        Self { project, index, unloaded: Some(unloaded) }
    }

    /// Everything that `name` may stand for where it is used in `scope`.
    pub fn lookup(&self, scope: ScopeId, name: &str) -> Vec<Meaning> {
        let mut found = vec![];
        self.lookup_in(scope, name, &mut found, &mut FxHashSet::default(), 0);
        without_repeats(found)
    }

    fn lookup_in(
        &self,
        scope: ScopeId,
        name: &str,
        found: &mut Vec<Meaning>,
        seen: &mut FxHashSet<(ScopeId, String)>,
        depth: usize,
    ) {
        // Most names are looked up without an import on the way.
        if depth > DEPTH || depth > 0 && !seen.insert((scope, name.to_owned())) {
            return;
        }
        let mut at = Some(scope);
        let mut is_bound = false;
        while let Some(id) = at {
            let here = self.index.scope(id);
            let is_class = matches!(here.kind, ScopeKind::Class(_));
            let bindings = if id == scope || !is_class { here.bindings_of(name) } else { &[] };
            let outer = bindings.iter().any(|binding| binding.bound == Bound::Outer);
            if !bindings.is_empty() && !outer {
                for binding in bindings {
                    self.meaning(id.file, binding.bound, found, seen, depth);
                }
                // `keys: list = field(default_factory=keys)`: a class body looks outside for what it has not bound yet.
                let is_late = |binding: &Binding| matches!(binding.bound, Bound::Value(_) | Bound::Annotated { .. });
                if !is_class || !bindings.iter().all(is_late) {
                    return;
                }
                is_bound = true;
            }
            at = here.parent;
        }
        if is_bound {
            return;
        }
        let module = ScopeId { file: scope.file, index: 0 };
        match self.starred(module, name, found, seen, depth) {
            Starred::Bound => {}
            Starred::Unbound => found.push(Meaning::External(format!("builtins.{name}"))),
            Starred::Open => found.push(Meaning::Unknown),
        }
    }

    /// The facts of a file of the project; one that is not loaded is noted.
    fn read(&self, file: FileId) -> Option<&'a FileFacts> {
        let facts = self.index.loaded(file);
        if let (None, Some(unloaded)) = (facts, self.unloaded) {
            unloaded.note(file);
        }
        facts
    }

    /// The scope that binds `name` for a use in `scope`; the module's when nothing does.
    pub fn home(&self, scope: ScopeId, name: &str) -> ScopeId {
        let mut at = scope;
        loop {
            let here = self.index.scope(at);
            let visible = at == scope || !matches!(here.kind, ScopeKind::Class(_));
            let bindings = if visible { here.bindings_of(name) } else { &[] };
            let is_outer = bindings.iter().any(|binding| binding.bound == Bound::Outer);
            match here.parent {
                Some(parent) if bindings.is_empty() || is_outer => at = parent,
                _ => return at,
            }
        }
    }

    fn meaning(
        &self,
        file: FileId,
        bound: Bound,
        found: &mut Vec<Meaning>,
        seen: &mut FxHashSet<(ScopeId, String)>,
        depth: usize,
    ) {
        match bound {
            Bound::Func(id) => found.push(Meaning::Func(id)),
            Bound::Class(id) => found.push(Meaning::Class(id)),
            Bound::Value(value) => found.push(Meaning::Value(value)),
            Bound::Annotated { annotation, value } => found.push(Meaning::Annotated { annotation, value }),
            Bound::Param { func, index } => found.push(Meaning::Param { func, index }),
            Bound::Import(index) => {
                let import = &self.index.file(file).imports[index as usize];
                self.import(file, import, found, seen, depth);
            }
            Bound::Outer | Bound::Unknown => found.push(Meaning::Unknown),
        }
    }

    fn import(
        &self,
        file: FileId,
        import: &Import,
        found: &mut Vec<Meaning>,
        seen: &mut FxHashSet<(ScopeId, String)>,
        depth: usize,
    ) {
        let Some(module) = self.absolute(file, import) else {
            found.push(Meaning::Unknown);
            return;
        };
        let Some(name) = &import.name else {
            let bound = match import.alias {
                Some(_) => module,
                None => self.index.modules.seen_from(self.project, file, import.binds.to_string()),
            };
            found.push(self.module(&bound));
            return;
        };
        self.member(&module, name, found, seen, depth);
    }

    /// What a name of a `from` import stands for, whatever it is bound to.
    pub fn imported(&self, file: FileId, import: &Import) -> Vec<Meaning> {
        let mut found = vec![];
        self.import(file, import, &mut found, &mut FxHashSet::default(), 0);
        found
    }

    /// What `receiver.name` stands for, where the receiver is a module or a class.
    pub fn member_of(&self, receiver: ValueId, name: &str) -> Vec<Meaning> {
        self.evaluate(receiver).iter().flat_map(|meaning| self.attribute_of(meaning, name)).collect()
    }

    /// What an attribute of a module or a class stands for.
    pub fn attribute_of(&self, meaning: &Meaning, name: &str) -> Vec<Meaning> {
        let mut found = vec![];
        self.attribute(meaning, name, &mut found);
        found
    }

    fn member(
        &self,
        module: &str,
        name: &str,
        found: &mut Vec<Meaning>,
        seen: &mut FxHashSet<(ScopeId, String)>,
        depth: usize,
    ) {
        let dotted = format!("{module}.{name}");
        match self.index.module(module) {
            None if self.is_module(&dotted) => found.push(Meaning::Module(dotted)),
            None => found.push(Meaning::External(dotted)),
            Some(target) => {
                let scope = ScopeId { file: target, index: 0 };
                let facts = self.read(target);
                let defines = facts.is_some_and(|facts| !facts[scope].bindings_of(name).is_empty());
                let before = found.len();
                if defines {
                    self.lookup_in(scope, name, found, seen, depth + 1);
                    // `from . import name` in the package itself.
                    if found.len() == before && self.index.module(&dotted).is_some() {
                        found.push(Meaning::Module(dotted));
                    }
                } else if self.is_module(&dotted) {
                    found.push(Meaning::Module(dotted));
                } else if facts.is_none() || self.starred(scope, name, found, seen, depth + 1) != Starred::Bound {
                    found.push(Meaning::Unknown);
                }
            }
        }
    }

    /// Is there a module, or a package that may have no file of its own?
    fn is_module(&self, dotted: &str) -> bool {
        self.index.module(dotted).is_some() || self.index.is_package(dotted)
    }

    fn module(&self, dotted: &str) -> Meaning {
        if self.is_module(dotted) { Meaning::Module(dotted.to_owned()) } else { Meaning::External(dotted.to_owned()) }
    }

    /// The absolute module name of an import (PEP 328).
    pub fn absolute(&self, file: FileId, import: &Import) -> Option<String> {
        let written = import.module.as_deref().unwrap_or_default();
        if import.level == 0 {
            return Some(self.index.modules.seen_from(self.project, file, written.to_owned()));
        }
        let own = self.project.file(file);
        let mut parts: Vec<&str> = own.module.split('.').collect();
        let is_package = own.relative.ends_with("__init__.py") || own.relative.ends_with("__init__.pyi");
        let up = import.level as usize - usize::from(is_package);
        let longer: Vec<&str>;
        if up >= parts.len() {
            // Above what the file is named from: a namespace package.
            let (path, _) = own.relative.rsplit_once('.')?;
            longer = path.trim_end_matches("/__init__").split('/').collect();
            parts = longer;
        }
        if up > parts.len() {
            return None;
        }
        parts.truncate(parts.len() - up);
        if !written.is_empty() {
            parts.push(written);
        }
        Some(parts.join("."))
    }

    /// What an expression stands for: names, and attributes of modules and classes.
    pub fn evaluate(&self, value: ValueId) -> Vec<Meaning> {
        self.evaluate_at(value, 0)
    }

    fn evaluate_at(&self, value: ValueId, depth: usize) -> Vec<Meaning> {
        if depth > DEPTH {
            return vec![Meaning::Unknown];
        }
        match self.index.value(value) {
            Value::Name { name, scope } => self.lookup(*scope, name),
            Value::Attribute { receiver, name } => {
                let mut found = vec![];
                for meaning in self.evaluate_at(*receiver, depth + 1) {
                    self.attribute(&meaning, name, &mut found);
                }
                without_repeats(found)
            }
            Value::Subscript { value, .. } => self.evaluate_at(*value, depth + 1),
            _ => vec![Meaning::Value(value)],
        }
    }

    fn attribute(&self, meaning: &Meaning, name: &str, found: &mut Vec<Meaning>) {
        match meaning {
            Meaning::Module(module) => self.member(module, name, found, &mut FxHashSet::default(), 0),
            Meaning::External(path) => found.push(Meaning::External(format!("{path}.{name}"))),
            Meaning::Class(class) => {
                let scope = self.index.class(*class).scope;
                match self.index.scope(scope).bindings_of(name) {
                    [] => found.push(Meaning::Unknown),
                    bindings => {
                        for binding in bindings {
                            self.meaning(scope.file, binding.bound, found, &mut FxHashSet::default(), 0);
                        }
                    }
                }
            }
            _ => found.push(Meaning::Unknown),
        }
    }
}

/// The last name of a dotted path.
pub fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// `import app.tools` and `import app.services` both bind `app` to the same package.
fn without_repeats(mut meanings: Vec<Meaning>) -> Vec<Meaning> {
    if meanings.len() > 1 {
        let mut seen = FxHashSet::default();
        meanings.retain(|meaning| seen.insert(meaning.clone()));
    }
    meanings
}
