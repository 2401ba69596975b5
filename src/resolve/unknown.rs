//! Receivers that ty can know nothing of, by the text: a parameter without annotation, what a package gives that nobody has
//! installed, and what comes of these. To say so, ty would infer the whole function, and the heads of all functions of the
//! class or module around it, with what they import.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::boundary::decorator_name;
use super::builder::Builder;
use super::hierarchy::BaseClass;
use super::names::Names;
use crate::index::facts::*;
use crate::py::infer::{Answer, Certainty};
use crate::py::module;

/// More expressions are not looked at for one.
const MOST: usize = 200;

/// What ty shows of such a type.
const SHOWN: &str = "Unknown";

/// What ty says of a member of such a receiver.
pub(super) fn answer() -> Answer {
    let (shown, own) = (SHOWN.to_owned(), SHOWN.to_owned());
    Answer { definitions: vec![], certainty: Certainty::Unknown, shown, own }
}

/// Is the receiver of a site one that ty knows nothing of? `false` says nothing.
pub(super) fn is_receiver(builder: &Builder, id: RefId) -> bool {
    let site = builder.index.site(id);
    let receiver = site.receiver.filter(|_| site.member_of().is_none());
    receiver.is_some_and(|receiver| Search { builder, seen: FxHashSet::default() }.is_unknown(receiver))
}

struct Search<'a, 'b> {
    builder: &'a Builder<'b>,
    /// Unknown, if all is that they come from: a loop may bind a name to something of itself.
    seen: FxHashSet<ValueId>,
}

impl Search<'_, '_> {
    fn is_unknown(&mut self, value: ValueId) -> bool {
        if self.seen.len() > MOST {
            return false;
        }
        if !self.seen.insert(value) {
            return true;
        }
        let index = &*self.builder.index;
        match index.value(value) {
            Value::Name { name, scope } => self.is_unknown_name(*scope, name, value),
            Value::Attribute { receiver, name } => match self_class(self.builder.names(), *receiver) {
                Some(class) => self.is_unknown_attribute(class, name),
                None => self.is_unknown(*receiver) && self.are_unknown_writes(value.file, name),
            },
            Value::Call { call } => self.is_unknown(index.call(*call).func),
            Value::Subscript { value: inner, key, .. } => {
                self.is_unknown(*inner) && index.file(value.file).item_writes.iter().all(|write| write.key != *key)
            }
            Value::Await { value: inner }
            | Value::ElementOf(inner)
            | Value::PartOf(inner, _)
            | Value::Entered(inner) => self.is_unknown(*inner),
            Value::Either(values) => values.iter().all(|value| self.is_unknown(*value)),
            _ => false,
        }
    }

    fn is_unknown_name(&mut self, scope: ScopeId, name: &Name, value: ValueId) -> bool {
        let names = self.builder.names();
        let home = names.home(scope, name);
        let facts = names.index.file(home.file);
        let bindings = facts[home].bindings_of(name);
        let is_followed = match facts[home].kind {
            ScopeKind::Function(_) | ScopeKind::Comprehension => true,
            ScopeKind::Module => !facts.imports_all(),
            ScopeKind::Class(_) | ScopeKind::Lambda => false,
        };
        is_followed
            && !bindings.is_empty()
            && !facts.declares_outer(name)
            && facts.narrowed_to(value).is_none()
            && bindings.iter().all(|binding| self.is_bound_to_unknown(home.file, binding.bound))
    }

    fn is_bound_to_unknown(&mut self, file: FileId, bound: Bound) -> bool {
        match bound {
            Bound::Value(value) => self.is_unknown(value),
            Bound::Param { func, index } => is_bare(self.builder, func, index),
            Bound::Import(index) => {
                let names = self.builder.names();
                let import = &names.index.file(file).imports[index as usize];
                names.absolute(file, import).is_some_and(|module| is_missing(self.builder, file, &module))
            }
            Bound::Annotated { .. } | Bound::Func(_) | Bound::Class(_) | Bound::Outer | Bound::Unknown => false,
        }
    }

    /// `self.name`: is all unknown that the class and those above write there?
    fn is_unknown_attribute(&mut self, class: ClassId, name: &Name) -> bool {
        let (index, hierarchy) = (&*self.builder.index, &self.builder.graph.hierarchy);
        let classes = hierarchy.ancestors(class);
        let is_seen = |id: &ClassId| {
            let mut bases = hierarchy.bases(*id).iter();
            hierarchy.is_registered(id.file)
                && !index.binds(*id, name)
                && bases.all(|base| match base {
                    BaseClass::Class(_) => true,
                    BaseClass::External(path) => base.is_plain() || is_missing(self.builder, id.file, path),
                    BaseClass::Unknown => false,
                })
        };
        if !classes.iter().all(is_seen) {
            return false;
        }
        let names = self.builder.names();
        let writes = index.writes_of(name).iter().map(|(file, at)| &index.file(*file).attribute_writes[*at as usize]);
        let own = writes.filter(|write| self_class(names, write.receiver).is_some_and(|own| classes.contains(&own)));
        let mut own = own.peekable();
        own.peek().is_some() && own.all(|write| self.is_unknown_write(write))
    }

    /// Behind `x.name = Store()`, ty knows what `x.name` is.
    fn are_unknown_writes(&mut self, file: FileId, name: &Name) -> bool {
        let mut writes = self.builder.index.file(file).attribute_writes.iter().filter(|write| write.name == *name);
        writes.all(|write| self.is_unknown_write(write))
    }

    fn is_unknown_write(&mut self, write: &AttributeWrite) -> bool {
        write.annotation.is_none() && write.value.is_some_and(|value| self.is_unknown(value))
    }
}

/// The class that `self` is of, or `cls`.
pub(super) fn self_class(names: Names, value: ValueId) -> Option<ClassId> {
    let Value::Name { name, scope } = names.index.value(value) else { return None };
    let [binding] = names.index.scope(names.home(*scope, name)).bindings_of(name) else { return None };
    let Bound::Param { func, index: 0 } = binding.bound else { return None };
    let func = names.index.func(func);
    let is_static = |decorator: &Decorator| decorator_name(names.index, decorator) == Some("staticmethod");
    func.class.filter(|_| func.params[0].annotation.is_none() && !func.decorators.iter().any(is_static))
}

/// A parameter of which nothing is said. Of those in tests, ty looks for the fixtures.
fn is_bare(builder: &Builder, func: FuncId, index: u32) -> bool {
    let facts = builder.index.func(func);
    let param = &facts.params[index as usize];
    let is_self = facts.class.is_some() && index == 0;
    let is_one = match param.kind {
        ParamKind::PositionalOnly | ParamKind::Standard | ParamKind::KeywordOnly => true,
        ParamKind::Variadic | ParamKind::Keywords => false,
    };
    is_one
        && !is_self
        && facts.lambda.is_none()
        && param.annotation.is_none()
        && param.default.is_none()
        && !builder.in_tests(func.file)
}

/// Is the package of a dotted path found nowhere?
fn is_missing(builder: &Builder, file: FileId, path: &str) -> bool {
    let top = path.split('.').next().unwrap_or(path);
    let index = &builder.index;
    let is_ours = index.is_package(top) || index.module(top).is_some();
    !is_ours && !module::is_found(builder.db, &builder.project.file(file).path, top)
}
