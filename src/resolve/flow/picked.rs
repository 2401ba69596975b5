//! Members that are picked by name: `getattr(x, name)`, `globals()[name]`, and modules that `importlib` finds.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;

use super::object::{Node, Object, Path};
use super::solver::Solver;
use super::spelled::{self, Spelled};
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::names::Meaning;

/// The strings that an expression may be.
pub(crate) fn spelled(builder: &mut Builder, value: ValueId) -> Spelled {
    spelled::Reader::read(&mut builder.solver(), value)
}

/// May an object have this function as a member? None when nobody knows the object.
pub(crate) fn may_have_member(builder: &mut Builder, object: ValueId, func: FuncId) -> Option<bool> {
    let class = builder.index.func(func).class;
    let mut solver = builder.solver();
    if let Some((own, _)) = solver.self_class(object) {
        return Some(class.is_some_and(|class| solver.cohort(own).contains(&class)));
    }
    let set = solver.solve(Node::Value(object), vec![]);
    let mut is_known = !set.is_empty();
    for object in set.objects() {
        let has = match object {
            Object::Instance(other)
            | Object::Below(other)
            | Object::Class(other)
            | Object::ClassBelow(other)
            | Object::Super(other) => class.is_some_and(|class| solver.cohort(other).contains(&class)),
            Object::Module(file) => class.is_none() && (func.file == file || solver.is_global(func, file)),
            Object::Unknown | Object::Mock | Object::ExternalMember(_) => {
                is_known = false;
                false
            }
            _ => false,
        };
        if has {
            return Some(true);
        }
    }
    is_known.then_some(false)
}

/// May an expression be this module?
pub(crate) fn may_be_module(builder: &mut Builder, object: ValueId, file: FileId) -> bool {
    let set = builder.solver().solve(Node::Value(object), vec![]);
    set.objects().any(|object| object == Object::Module(file))
}

/// Is everything known that an expression may be?
pub(crate) fn is_known(builder: &mut Builder, object: ValueId) -> bool {
    let mut solver = builder.solver();
    solver.self_class(object).is_some() || {
        let set = solver.solve(Node::Value(object), vec![]);
        let is_open = |object| matches!(object, Object::Unknown | Object::Mock | Object::ExternalMember(_));
        !set.is_empty() && !set.objects().any(is_open)
    }
}

/// Is the function visible as a global of the file?
pub(crate) fn is_global(builder: &mut Builder, func: FuncId, file: FileId) -> bool {
    builder.solver().is_global(func, file)
}

impl Solver<'_> {
    fn is_global(&self, func: FuncId, file: FileId) -> bool {
        let scope = ScopeId { file, index: 0 };
        let name = &self.index.func(func).name;
        self.names().lookup(scope, name).contains(&Meaning::Func(func))
    }

    /// `getattr(x, "name", default)`, with a name that may be known in parts only.
    pub(super) fn getattr(&mut self, call: CallId, path: &Path) {
        let (Some(receiver), Some(name)) = (self.arg(call, 0), self.arg(call, 1)) else {
            return self.push(Object::Unknown, None);
        };
        for pattern in self.patterns(name).iter() {
            if pattern.contains('*') {
                for object in self.read_value(receiver).objects() {
                    self.fitting_members(object, pattern, path);
                }
            } else {
                self.flow(Node::Member(receiver, pattern.clone()), path.clone());
            }
        }
        self.flow_arg(call, 2, path.clone());
    }

    /// `globals()[name]`, `vars(module)[name]`. Returns false when it is another subscript.
    pub(super) fn namespace_item(&mut self, container: ValueId, index: ValueId, path: &Path) -> bool {
        let Value::Call { call } = *self.index.value(container) else { return false };
        let Value::Name { name, scope } = self.index.value(self.index.call(call).func).clone() else { return false };
        let objects: Vec<Object> = match (name.as_str(), self.arg(call, 0)) {
            ("globals", None) => vec![Object::Module(scope.file)],
            ("vars", Some(of)) => self.read_value(of).objects().collect(),
            _ => return false,
        };
        for pattern in self.patterns(index).iter() {
            for object in &objects {
                if pattern.contains('*') {
                    self.fitting_members(*object, pattern, path);
                } else {
                    self.member(*object, pattern, path.clone());
                }
            }
        }
        true
    }

    /// All members whose names fit. A name that is not known at all may be anything.
    fn fitting_members(&mut self, object: Object, pattern: &str, path: &Path) {
        if pattern == "*" {
            return self.push(Object::Unknown, None);
        }
        let scopes: Vec<ScopeId> = match object {
            Object::Instance(class) | Object::Class(class) => {
                self.close(class);
                self.hierarchy.ancestors(class).into_iter().map(|id| self.index.class(id).scope).collect()
            }
            Object::Below(class) | Object::ClassBelow(class) => self.cohort_scopes(class),
            Object::Module(file) => vec![ScopeId { file, index: 0 }],
            Object::None => return,
            _ => return self.push(Object::Unknown, None),
        };
        let names: BTreeSet<Name> = scopes
            .iter()
            .flat_map(|scope| &self.index.scope(*scope).bindings)
            .filter(|binding| spelled::fits(pattern, &binding.name))
            .map(|binding| binding.name.clone())
            .collect();
        for name in names {
            self.member(object, &name, path.clone());
        }
    }

    /// `importlib.import_module("pkg.mod")`.
    pub(super) fn imported_by_name(&mut self, call: CallId, path: &Path) {
        let Some(name) = self.arg(call, 0).filter(|_| path.is_empty()) else {
            return self.push(Object::Unknown, None);
        };
        let relative_to = self.arg(call, 1);
        for pattern in self.patterns(name).iter() {
            let is_relative = relative_to.is_some() || pattern.starts_with('.');
            match pattern.strip_suffix('*').filter(|prefix| prefix.ends_with('.') && !prefix.contains('*')) {
                _ if is_relative => self.push(Object::Unknown, None),
                Some(prefix) => {
                    let files = self.index.modules.directly_below(prefix);
                    files.into_iter().filter(|file| self.load(*file)).collect::<Vec<_>>().into_iter().for_each(
                        |file| {
                            self.push(Object::Module(file), None);
                        },
                    );
                }
                None if pattern.contains('*') => self.push(Object::Unknown, None),
                None => {
                    let own = call.file;
                    let dotted = self.index.modules.seen_from(self.project, own, pattern.to_string());
                    self.module(&dotted);
                }
            }
        }
    }

    /// `importlib.util.spec_from_file_location(name, path)`: the file whose name the path ends with, the nearest one. The spec
    /// stands for the module.
    pub(super) fn loaded_by_path(&mut self, call: CallId, path: &Path) {
        let args = &self.index.call(call).args;
        let given = args.get(1).filter(|arg| arg.keyword.as_deref().is_none_or(|name| name == "location"));
        let last = given.map(|arg| arg.value).and_then(|value| self.last_text(value, 8));
        let Some(last) = last.filter(|last| path.is_empty() && last.ends_with(".py")) else {
            return self.push(Object::Unknown, None);
        };
        let own = &self.project.file(call.file).path;
        let shared = |id: &FileId| {
            let other = &self.project.file(*id).path;
            own.components().zip(other.components()).take_while(|(one, two)| one == two).count()
        };
        let ending = format!("/{}", last.trim_start_matches(['.', '/']));
        let fits = |id: &FileId| format!("/{}", self.project.file(*id).relative).ends_with(&ending);
        let found = self.project.ids().filter(fits).max_by_key(|id| (shared(id), std::cmp::Reverse(*id)));
        match found.filter(|file| self.load(*file)) {
            Some(file) => self.push(Object::Module(file), None),
            None => self.push(Object::Unknown, None),
        }
    }

    /// The last string literal in an expression that makes a path: `os.path.join(here, "store.py")`, `here / "store.py"`.
    fn last_text(&self, value: ValueId, fuel: u32) -> Option<Name> {
        let fuel = fuel.checked_sub(1)?;
        match self.index.value(value) {
            Value::Text(text) => Some(text.clone()),
            Value::Pattern(text) => text.rsplit('*').next().map(Name::new),
            Value::Call { call } => {
                let call = self.index.call(*call);
                call.args
                    .last()
                    .and_then(|arg| self.last_text(arg.value, fuel))
                    .or_else(|| self.last_text(call.func, fuel))
            }
            Value::Attribute { receiver, .. } => self.last_text(*receiver, fuel),
            Value::Name { name, scope } => match self.names().lookup(*scope, name).as_slice() {
                [Meaning::Value(value)] => self.last_text(*value, fuel),
                _ => None,
            },
            Value::Sum(sides) => sides.last().and_then(|side| self.last_text(*side, fuel)),
            _ => None,
        }
    }
}
