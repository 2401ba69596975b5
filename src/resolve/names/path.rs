//! Names as text: dotted paths of expressions, qualified names, and the way back.

use rustc_hash::FxHashSet;

use super::{DEPTH, Meaning, Names};
use crate::index::Index;
use crate::index::facts::*;

impl Names<'_> {
    /// The dotted path of an expression: `requests.get`, `pkg.mod.func`; for what an instance has, the path of its class
    /// (`fastapi.APIRouter.get` for `router.get` with `router = APIRouter()`). None when it is not that plain.
    pub fn dotted(&self, value: ValueId) -> Option<String> {
        self.dotted_at(value, 0)
    }

    fn dotted_at(&self, value: ValueId, depth: usize) -> Option<String> {
        if depth > DEPTH {
            return None;
        }
        match self.index.value(value) {
            Value::Name { name, scope } => {
                let mut meanings = self.lookup(*scope, name);
                meanings.dedup();
                meanings.iter().find_map(|meaning| self.dotted_meaning(meaning, depth))
            }
            Value::Attribute { receiver, name } => {
                let base = self.dotted_at(*receiver, depth + 1)?;
                Some(format!("{base}.{name}"))
            }
            Value::Call { call } => self.dotted_at(self.index.call(*call).func, depth + 1),
            Value::Subscript { value, .. } => self.dotted_at(*value, depth + 1),
            _ => None,
        }
    }

    fn dotted_meaning(&self, meaning: &Meaning, depth: usize) -> Option<String> {
        match meaning {
            Meaning::Func(id) => Some(self.qualified_func(*id)),
            Meaning::Class(id) => Some(self.qualified_class(*id)),
            Meaning::Module(path) => Some(self.own_name(path)),
            Meaning::External(path) => Some(path.clone()),
            Meaning::Value(value) => self.dotted_at(*value, depth + 1),
            Meaning::Annotated { value: Some(value), .. } => self.dotted_at(*value, depth + 1),
            Meaning::Annotated { annotation, value: None } => self.dotted_at(*annotation, depth + 1),
            Meaning::Param { func, index } => {
                let annotation = self.index.func(*func).params.get(*index as usize)?.annotation?;
                self.dotted_at(annotation, depth + 1)
            }
            Meaning::Unknown => None,
        }
    }

    /// The name that a module has where it is imported by its shortest name: `app.db` for `services.users.app.db`.
    pub fn own_name(&self, module: &str) -> String {
        let file = self.index.module(module);
        file.map_or_else(|| module.to_owned(), |file| self.project.file(file).module.clone())
    }

    /// The same path by each foreign class that a class of the project inherits from: `fastapi.APIRouter.get` for
    /// `app.Router.get` with `class Router(APIRouter)`. The path itself comes first.
    pub fn inherited_paths(&self, path: &str) -> Vec<String> {
        let mut found = vec![path.to_owned()];
        let Some((owner, method)) = path.rsplit_once('.') else { return found };
        let name = owner.rsplit('.').next().unwrap_or_default();
        let classes = self.index.classes_of(name).iter().copied();
        let classes = classes.filter(|class| self.qualified_class(*class) == owner);
        found.extend(classes.flat_map(|class| self.foreign_bases(class)).map(|base| format!("{base}.{method}")));
        found
    }

    /// The foreign classes that a class of the project inherits from, over others of the project.
    pub fn foreign_bases(&self, class: ClassId) -> Vec<String> {
        self.foreign_bases_over(class, |_| true)
    }

    /// Those that it inherits from over such others.
    pub fn foreign_bases_over(&self, class: ClassId, passes: impl Fn(ClassId) -> bool) -> Vec<String> {
        let (mut found, mut seen, mut pending) = (vec![], FxHashSet::default(), vec![class]);
        while let Some(class) = pending.pop() {
            if !seen.insert(class) {
                continue;
            }
            for base in &self.index.class(class).bases {
                for meaning in self.class_meanings(base.value) {
                    match meaning {
                        Meaning::Class(above) if passes(above) => pending.push(above),
                        Meaning::External(path) => found.push(path),
                        _ => {}
                    }
                }
            }
        }
        found
    }

    /// `pkg.mod.Class.method`.
    pub fn qualified_func(&self, id: FuncId) -> String {
        format!("{}.{}", self.project.file(id.file).module, self.index.func(id).qualname)
    }

    /// `pkg.mod.Class`.
    pub fn qualified_class(&self, id: ClassId) -> String {
        format!("{}.{}", self.project.file(id.file).module, self.index.class(id).qualname)
    }
}

impl<'a> Names<'a> {
    /// The last name of a receiver: of `a.b` it is `b`, of a call its function's name.
    pub fn last_name(&self, value: ValueId) -> Option<&'a str> {
        match self.index.value(value) {
            Value::Name { name, .. } | Value::Attribute { name, .. } => Some(name),
            Value::Call { call } => self.last_name(self.index.call(*call).func),
            Value::Await { value } => self.last_name(*value),
            _ => None,
        }
    }
}

impl Names<'_> {
    /// The dotted path of a plain name where it is used.
    pub fn dotted_name(&self, site: &Ref, index: &Index) -> Option<String> {
        let scope = index.context(site.context).scope;
        self.lookup(scope, &site.name).iter().find_map(|meaning| self.dotted_meaning(meaning, 0))
    }

    /// The function of the project with this qualified name.
    pub fn func_of_path(&self, path: &str) -> Option<FuncId> {
        let last = path.rsplit('.').next()?;
        self.index.funcs_of(last).iter().copied().find(|func| self.qualified_func(*func) == path)
    }

    /// The name that an imported receiver has where it comes from: `get_persistence` for `g()` with
    /// `from layer import get_persistence as g`.
    pub fn original_name(&self, value: ValueId) -> Option<String> {
        match self.index.value(value) {
            Value::Name { name, scope } => {
                let facts = self.index.file(scope.file);
                let mut at = Some(*scope);
                while let Some(id) = at {
                    if let Some(binding) = facts[id].bindings_of(name).first() {
                        let Bound::Import(index) = binding.bound else { return None };
                        let import = &facts.imports[index as usize];
                        return import.alias.as_ref().and(import.name.as_ref()).map(ToString::to_string);
                    }
                    at = facts[id].parent;
                }
                None
            }
            Value::Call { call } => self.original_name(self.index.call(*call).func),
            _ => None,
        }
    }
}
