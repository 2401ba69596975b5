//! Parameters: the arguments of every call that may run the function. The calls are found by the function's name (the
//! class's, for constructors); a function that leaves as a value has callers that nobody sees, and unknown arguments.

use std::rc::Rc;

use ruff_python_ast::name::Name;

use super::member::Binds;
use super::object::{Node, Object, Path, Place, Selector};
use super::solver::{Keep, Solver, into};
use crate::index::facts::*;
use crate::resolve::agreement;
use crate::resolve::boundary;
use crate::resolve::hierarchy;

/// More possible callers than this: the arguments are unknown.
const CALLERS: usize = 400;

/// More places of its names than this are not looked at.
const REFS: usize = 4_000;

/// More other names than this for one function: its arguments are unknown.
const ALIASES: usize = 12;

/// A place that may call a function.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    Call {
        /// What holds the callee.
        callee: Node,
        receiver: Option<ValueId>,
        call: CallId,
        /// Arguments before this one are not the function's: `partial(f, a)`.
        from: usize,
    },
    /// Named in a way that lets it be called from anywhere.
    Escape { callee: Node, place: Place },
    /// Nobody knows who calls it.
    Anyone,
}

impl Solver<'_> {
    /// What arrives at a parameter.
    pub(super) fn param(&mut self, func: FuncId, at: u32, path: Path) {
        let facts = self.index.func(func);
        let param = &facts.params[at as usize];
        let (name, kind, annotation, default) = (param.name.clone(), param.kind, param.annotation, param.default);
        let scope = facts.outer_scope;
        if at == 0 && kind != ParamKind::KeywordOnly && path.is_empty() {
            let class = facts.class;
            match (self.binding_of(func), class) {
                (Binds::Instance, Some(class)) => return self.push(Object::Below(class), None),
                (Binds::Class, Some(class)) => return self.push(Object::ClassBelow(class), None),
                _ => {}
            }
        }
        let inner = match kind {
            ParamKind::Variadic | ParamKind::Keywords if path.is_empty() => {
                return self.push(Object::Builtin, None);
            }
            ParamKind::Variadic | ParamKind::Keywords => path[1..].to_vec(),
            ParamKind::PositionalOnly | ParamKind::Standard | ParamKind::KeywordOnly => path.clone(),
        };
        if annotation.is_some_and(|annotation| self.annotation(annotation, scope, &inner)) {
            return;
        }
        if let Some(call) = default.and_then(|default| self.provider(default)) {
            return self.injected(call, &path);
        }
        if self.is_called_by_pytest(func) {
            return self.fixture(func, &name, &path);
        }
        if let Some(default) = default {
            self.flow_value(default, path.clone());
        }
        let callers = self.callers(func);
        let is_test = |file: FileId| self.project.file(file).is_test;
        let in_program =
            callers.iter().any(|caller| matches!(caller, Caller::Call { call, .. } if !is_test(call.file)));
        for caller in callers.iter() {
            if self.is_saturated() {
                return;
            }
            match caller {
                Caller::Anyone => self.push(Object::Unknown, None),
                Caller::Escape { callee, place } => {
                    if self.runs(callee, func) {
                        self.push(Object::Unknown, Some(*place));
                    }
                }
                Caller::Call { callee, receiver, call, from } => {
                    if !self.runs(callee, func) {
                        continue;
                    }
                    let keep = if in_program && is_test(call.file) { Keep::Project } else { Keep::All };
                    for bound in self.bound_arguments(func, *receiver) {
                        self.argument(func, at, *call, *from, bound, &path, keep);
                    }
                }
            }
        }
    }

    /// `Depends(f)` as a default.
    fn provider(&self, default: ValueId) -> Option<CallId> {
        let Value::Call { call } = self.index.value(default) else { return None };
        let name = self.names().last_name(self.index.call(*call).func)?;
        (matches!(name, "Depends" | "Security") && !self.index.call(*call).args.is_empty()).then_some(*call)
    }

    fn is_called_by_pytest(&self, func: FuncId) -> bool {
        let facts = self.index.func(func);
        self.project.file(func.file).is_test && (facts.name.starts_with("test") || self.is_fixture(func))
    }

    fn is_fixture(&self, func: FuncId) -> bool {
        self.index
            .func(func)
            .decorators
            .iter()
            .any(|decorator| boundary::decorator_name(self.index, decorator) == Some("fixture"))
    }

    /// A parameter of a test is the fixture of that name.
    fn fixture(&mut self, func: FuncId, name: &Name, path: &Path) {
        if !self.load_name(name) {
            return self.push(Object::Unknown, None);
        }
        let fixtures: Vec<FuncId> =
            self.index.funcs_of(name).iter().copied().filter(|id| *id != func && self.is_fixture(*id)).collect();
        if fixtures.is_empty() {
            self.push(Object::Unknown, None);
        }
        for fixture in fixtures {
            let is_generator = self.index.func(fixture).traits.is_generator;
            let node = if is_generator { Node::Yield(fixture) } else { Node::Return(fixture) };
            self.flow(node, path.clone());
        }
    }

    /// May calling what the node holds run the function?
    fn runs(&mut self, callee: &Node, func: FuncId) -> bool {
        let facts = self.index.func(func);
        let (own, name) = (facts.class, facts.name.clone());
        let objects = self.read(callee.clone(), vec![]);
        objects.objects().any(|object| match object {
            Object::Unknown => true,
            Object::Func(other) => {
                other == func
                    || match (own, self.index.func(other).class) {
                        (Some(own), Some(class)) => {
                            self.close(own);
                            self.index.func(other).name == name && self.hierarchy.ancestors(own).contains(&class)
                        }
                        _ => false,
                    }
            }
            Object::Class(class) => self.constructs(class, func),
            Object::ClassBelow(class) => {
                self.close(class);
                let below = self.hierarchy.descendants(class);
                below.into_iter().any(|id| self.constructs(id, func))
            }
            _ => false,
        })
    }

    fn constructs(&mut self, class: ClassId, func: FuncId) -> bool {
        self.close(class);
        let name = self.index.func(func).name.clone();
        let ancestors = self.hierarchy.ancestors(class);
        ancestors.into_iter().find_map(|id| hierarchy::method(self.index, id, &name)) == Some(func)
    }

    /// How many parameters the call fills by itself: `self` in `x.f()`, none in `C.f(x)`.
    fn bound_arguments(&mut self, func: FuncId, receiver: Option<ValueId>) -> Vec<usize> {
        let facts = self.index.func(func);
        let is_constructor = crate::resolve::site::is_constructor(&facts.name);
        let by_class = match self.binding_of(func) {
            Binds::Nothing => return vec![0],
            Binds::Class => return vec![1],
            Binds::Instance => receiver,
        };
        let Some(receiver) = by_class else { return vec![1] };
        let name = facts.name.clone();
        let (mut as_class, mut as_instance) = (false, false);
        for object in self.read_value(receiver).objects() {
            match object {
                Object::Class(class) | Object::ClassBelow(class) => {
                    // `module.C(x)` and `outer.Inner(x)` construct; `C.__init__(self, x)` does not bind.
                    let is_member = self.index.class(class).methods.iter().any(|id| self.index.func(*id).name == name);
                    if is_constructor && !is_member { as_instance = true } else { as_class = true }
                }
                _ => as_instance = true,
            }
        }
        let mut counts = vec![];
        if as_instance {
            counts.push(1);
        }
        if as_class {
            counts.push(0);
        }
        counts
    }

    /// The argument of one call for one parameter.
    #[expect(clippy::too_many_arguments, reason = "one call, one parameter, and what is known of both")]
    fn argument(&mut self, func: FuncId, at: u32, call: CallId, from: usize, bound: usize, path: &Path, keep: Keep) {
        let param = &self.index.func(func).params[at as usize];
        let (name, kind) = (param.name.clone(), param.kind);
        let position = (at as usize).checked_sub(bound);
        let args: Vec<(Option<Name>, bool, bool, ValueId, Place)> = self
            .index
            .call(call)
            .args
            .iter()
            .skip(from)
            .map(|arg| (arg.keyword.clone(), arg.is_star, arg.is_mapping, arg.value, (call.file, arg.range)))
            .collect();
        let known: Vec<Name> = self.index.func(func).params.iter().map(|param| param.name.clone()).collect();
        let takes_position = !matches!(kind, ParamKind::KeywordOnly | ParamKind::Keywords);
        let mut given = 0;
        let mut starred = false;
        for (keyword, is_star, is_mapping, value, place) in args {
            let place = Some(place);
            let hit = match (&keyword, is_star) {
                (Some(keyword), _) if kind == ParamKind::Keywords => {
                    let wanted = match path.first() {
                        Some(Selector::Key(key)) => key == keyword,
                        _ => true,
                    };
                    if wanted && !known.contains(keyword) {
                        self.flow_from(Node::Value(value), path[1..].to_vec(), place, keep);
                    }
                    false
                }
                (Some(keyword), _) => *keyword == name && kind != ParamKind::PositionalOnly,
                (None, true) if is_mapping => {
                    match kind {
                        ParamKind::Keywords => self.flow_from(Node::Value(value), path.clone(), place, keep),
                        ParamKind::Variadic | ParamKind::PositionalOnly => {}
                        ParamKind::Standard | ParamKind::KeywordOnly => {
                            let inside = into(Selector::Key(name.clone()), path);
                            self.flow_from(Node::Value(value), inside, place, keep);
                        }
                    }
                    false
                }
                (None, true) => {
                    starred = true;
                    if kind == ParamKind::Variadic {
                        self.flow_from(Node::Value(value), path.clone(), place, keep);
                    } else if takes_position && position.is_some_and(|position| position >= given) {
                        self.flow_from(Node::Value(value), into(Selector::Element, path), place, keep);
                    }
                    false
                }
                (None, false) => {
                    given += 1;
                    match position {
                        Some(position) if kind == ParamKind::Variadic && given > position => {
                            self.flow_from(Node::Value(value), path[1..].to_vec(), place, keep);
                            false
                        }
                        Some(position) if takes_position && kind != ParamKind::Variadic => {
                            given == position + 1 || starred && given <= position
                        }
                        _ => false,
                    }
                }
            };
            if hit {
                self.flow_from(Node::Value(value), path.clone(), place, keep);
            }
        }
    }

    /// Every place that may call a function, by name.
    fn callers(&mut self, func: FuncId) -> Rc<[Caller]> {
        if let Some(known) = self.state.callers.get(&func) {
            return known.clone();
        }
        let mut found = self.find_callers(func);
        // What makes the arguments unknown comes first: the rest need not be looked at then.
        found.sort_by_key(|caller| match caller {
            Caller::Anyone => 0,
            Caller::Escape { .. } => 1,
            Caller::Call { .. } => 2,
        });
        let found: Rc<[Caller]> = found.into();
        self.state.callers.insert(func, found.clone());
        found
    }

    fn find_callers(&mut self, func: FuncId) -> Vec<Caller> {
        let facts = self.index.func(func);
        let (name, class) = (facts.name.clone(), facts.class);
        let is_constructor = matches!(name.as_str(), "__init__" | "__new__") && class.is_some();
        let mut found = vec![];
        if !is_constructor && (self.is_called_unseen(func) || name.starts_with("__") && name.ends_with("__")) {
            found.push(Caller::Anyone);
        }
        let mut names = vec![name.clone()];
        if let Some(class) = class.filter(|_| is_constructor) {
            self.close(class);
            let below = self.hierarchy.descendants(class);
            names.extend(below.into_iter().map(|id| self.index.class(id).name.clone()));
        }
        names.sort_unstable();
        names.dedup();
        if !names.iter().all(|name| self.load_name(name)) {
            return vec![Caller::Anyone];
        }
        let aliases: Vec<Name> = names
            .iter()
            .flat_map(|name| self.index.imports_of(name))
            .filter_map(|(file, at)| self.index.file(*file).imports[*at as usize].alias.clone())
            .collect();
        if !aliases.iter().all(|name| self.load_name(name)) {
            return vec![Caller::Anyone];
        }
        names.extend(aliases);
        names.sort_unstable();
        names.dedup();
        let Some(mut refs) = self.aliased_refs(names) else { return vec![Caller::Anyone] };
        if let Some(class) = class.filter(|_| is_constructor) {
            refs.extend(self.constructing_refs(class));
            found.extend(self.constructing_calls(class));
        }
        found.extend(refs.iter().filter_map(|id| self.caller(*id, func, is_constructor)));
        if found.len() > CALLERS {
            return vec![Caller::Anyone];
        }
        for lookup in self.index.lookups_of(&name) {
            let call = self.index.call(self.index.file(lookup.0).lookups[lookup.1 as usize].call);
            let finder = self.names().last_name(call.func).unwrap_or_default();
            if matches!(finder, "getattr" | "methodcaller" | "attrgetter") {
                found.push(Caller::Anyone);
            }
        }
        if !found.iter().any(|caller| matches!(caller, Caller::Call { .. } | Caller::Anyone)) {
            found.push(Caller::Anyone);
        }
        found
    }

    /// The places of these names, and of the names and attributes that something of that name is assigned to
    /// (`model = Container`, and then `self.model(...)`). None when there are too many.
    fn aliased_refs(&mut self, mut names: Vec<Name>) -> Option<Vec<RefId>> {
        let mut refs = vec![];
        let (mut done, most) = (0, names.len() + ALIASES);
        while let Some(name) = names.get(done).cloned() {
            done += 1;
            if done > most || !self.load_name(&name) {
                return None;
            }
            let own = self.index.refs_of(&name).to_vec();
            if refs.len() + own.len() > REFS {
                return None;
            }
            for id in &own {
                if self.index.site(*id).usage == Usage::Assigned {
                    for alias in self.assigned_names(id.file, &name) {
                        if !names.contains(&alias) {
                            names.push(alias);
                        }
                    }
                }
            }
            refs.extend(own);
        }
        Some(refs)
    }

    /// What `x = name`, `self.x = name` and `x = y.name` in a file bind.
    fn assigned_names(&self, file: FileId, name: &Name) -> Vec<Name> {
        let facts = self.index.file(file);
        let is_it = |value: ValueId| match self.index.value(value) {
            Value::Name { name: own, .. } | Value::Attribute { name: own, .. } => own == name,
            _ => false,
        };
        let bound = facts.scopes.iter().flat_map(|scope| &scope.bindings).filter_map(|binding| match binding.bound {
            Bound::Value(value) | Bound::Annotated { value: Some(value), .. } => {
                is_it(value).then(|| binding.name.clone())
            }
            _ => None,
        });
        let written = facts
            .attribute_writes
            .iter()
            .filter(|write| write.value.is_some_and(is_it))
            .map(|write| write.name.clone());
        bound.chain(written).collect()
    }

    /// A framework may call what it was given through a decorator, or what a class of its own is overridden with.
    fn is_called_unseen(&mut self, func: FuncId) -> bool {
        if !self.is_transparent(func) {
            return true;
        }
        let facts = self.index.func(func);
        let is_setter = facts
            .decorators
            .iter()
            .any(|decorator| matches!(boundary::decorator_name(self.index, decorator), Some("setter" | "deleter")));
        let Some(class) = facts.class else { return is_setter };
        self.close(class);
        is_setter
            || self.hierarchy.external_bases(class).iter().any(|(_, base)| match base {
                hierarchy::BaseClass::External(path) => !super::member::is_bare(path),
                hierarchy::BaseClass::Unknown | hierarchy::BaseClass::Class(_) => true,
            })
    }

    /// `cls(...)` and `self.__class__(...)` in the class's own methods and its ancestors'.
    fn constructing_refs(&self, class: ClassId) -> Vec<RefId> {
        let files: std::collections::BTreeSet<FileId> =
            self.hierarchy.ancestors(class).into_iter().map(|id| id.file).collect();
        ["cls", "__class__"]
            .iter()
            .flat_map(|name| self.index.refs_of(name))
            .copied()
            .filter(|id| files.contains(&id.file))
            .collect()
    }

    /// `type(self)(...)`.
    fn constructing_calls(&self, class: ClassId) -> Vec<Caller> {
        let files: std::collections::BTreeSet<FileId> =
            self.hierarchy.ancestors(class).into_iter().map(|id| id.file).collect();
        let mut found = vec![];
        for file in files {
            for (index, call) in self.index.file(file).calls.iter().enumerate() {
                let Value::Call { call: inner } = self.index.value(call.func) else { continue };
                if self.names().last_name(self.index.call(*inner).func) == Some("type") {
                    let call = CallId { file, index: index as u32 };
                    let callee = Node::Value(self.index.call(call).func);
                    found.push(Caller::Call { callee, receiver: None, call, from: 0 });
                }
            }
        }
        found
    }

    fn caller(&self, id: RefId, func: FuncId, is_constructor: bool) -> Option<Caller> {
        let site = self.index.site(id);
        let scope = self.index.context(site.context).scope;
        let callee = match site.receiver {
            Some(receiver) => Node::Member(receiver, site.name.clone()),
            None => Node::Name(scope, site.name.clone()),
        };
        let receiver = site.receiver;
        let place = (id.file, site.range);
        match site.usage {
            Usage::Called(call) => {
                let fits = is_constructor || agreement::fits(self.index, func, self.index.call(call));
                fits.then_some(Caller::Call { callee, receiver, call, from: 0 })
            }
            Usage::Argument { call, index } => {
                let taker = self.names().last_name(self.index.call(call).func).unwrap_or_default();
                match (taker, index) {
                    ("partial" | "to_thread" | "submit" | "run_in_threadpool", 0)
                    | ("run_in_executor" | "call_later", 1) => {
                        Some(Caller::Call { callee, receiver, call, from: index as usize + 1 })
                    }
                    (
                        "isinstance" | "issubclass" | "iscoroutinefunction" | "callable" | "signature" | "getattr"
                        | "hasattr" | "patch" | "object" | "repr" | "print" | "id" | "cast" | "TypeVar" | "spec",
                        _,
                    ) => None,
                    _ => Some(Caller::Escape { callee, place }),
                }
            }
            // Its other names are looked at too.
            Usage::Assigned if !self.assigned_names(id.file, &site.name).is_empty() => None,
            Usage::Store
            | Usage::Delete
            | Usage::Annotation
            | Usage::Base
            | Usage::Receiver
            | Usage::Statement
            | Usage::Awaited => None,
            Usage::ForIter { .. }
            | Usage::ComprehensionIter { .. }
            | Usage::WithItem { .. }
            | Usage::YieldFrom { .. }
            | Usage::Subscripted
            | Usage::Decorator
            | Usage::Returned
            | Usage::Assigned
            | Usage::Default
            | Usage::Element { .. }
            | Usage::Starred { .. }
            | Usage::Yielded
            // An operand of `or` is a value, not only a test.
            | Usage::Condition
            | Usage::Other => Some(Caller::Escape { callee, place }),
        }
    }

    /// The constructor arguments for a field of a class without `__init__`, by position. Keywords count as writes of the
    /// attribute.
    pub(super) fn field(&mut self, class: ClassId, name: &Name, path: Path) {
        self.close(class);
        for below in self.hierarchy.descendants(class) {
            let ancestors = self.hierarchy.ancestors(below);
            if ancestors.iter().any(|id| hierarchy::method(self.index, *id, "__init__").is_some()) {
                continue;
            }
            let class_name = self.index.class(below).name.clone();
            if !self.load_name(&class_name) {
                return self.push(Object::Unknown, None);
            }
            let Some(position) = self.field_position(&ancestors, name) else { continue };
            let refs = self.index.refs_of(&class_name).to_vec();
            if refs.len() > CALLERS {
                return self.push(Object::Unknown, None);
            }
            for id in refs {
                let Usage::Called(call) = self.index.site(id).usage else { continue };
                let callee = self.index.call(call).func;
                if !self.read_value(callee).objects().any(|object| object == Object::Class(below)) {
                    continue;
                }
                let args: Vec<(bool, bool, ValueId, Place)> = self
                    .index
                    .call(call)
                    .args
                    .iter()
                    .map(|arg| (arg.keyword.is_some(), arg.is_star, arg.value, (call.file, arg.range)))
                    .collect();
                for (at, (is_keyword, is_star, value, place)) in args.into_iter().enumerate() {
                    if is_star {
                        self.push(Object::Unknown, Some(place));
                    } else if !is_keyword && at == position {
                        self.flow_from(Node::Value(value), path.clone(), Some(place), Keep::All);
                    }
                }
            }
        }
    }

    /// The position among the annotated names of the class and its ancestors, in the order of the text, bases first.
    fn field_position(&self, ancestors: &[ClassId], name: &Name) -> Option<usize> {
        let mut fields: Vec<Name> = vec![];
        for class in ancestors.iter().rev() {
            let scope = self.index.scope(self.index.class(*class).scope);
            let mut own: Vec<_> =
                scope.bindings.iter().filter(|binding| matches!(binding.bound, Bound::Annotated { .. })).collect();
            own.sort_by_key(|binding| binding.range.start());
            for binding in own {
                if !fields.contains(&binding.name) {
                    fields.push(binding.name.clone());
                }
            }
        }
        fields.iter().position(|field| field == name)
    }
}
