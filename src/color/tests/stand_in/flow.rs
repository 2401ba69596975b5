//! Where the values of tests go: from the call that makes a mock or a fake forward through names, attributes, arguments and
//! fixtures into the code. Field-based, as in DESIGN section 5; only names, scopes and sites that are resolved already.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::super::World;
use super::super::requested;
use crate::index::facts::*;
use crate::resolve::boundary::is_property;
use crate::resolve::hierarchy::method;
use crate::resolve::names::Meaning;

/// More values than this, and nothing is known of where the object goes.
const MAX_VALUES: usize = 5000;

/// What takes a value.
#[derive(Clone, Copy, Debug)]
enum Taker {
    Argument {
        call: CallId,
        index: u32,
    },
    Write(u32),
    Binding {
        scope: ScopeId,
        binding: u32,
    },
    Returned(FuncId),
    /// One of several that an expression may be.
    Either(ValueId),
}

/// The values of one file, by what is asked of them.
#[derive(Debug, Default)]
struct FileFlow {
    takers: FxHashMap<ValueId, Vec<Taker>>,
    names: FxHashMap<Name, Vec<ValueId>>,
    attributes: FxHashMap<Name, Vec<ValueId>>,
    calls: FxHashMap<CallId, ValueId>,
    receivers: FxHashMap<ValueId, Vec<RefId>>,
    callees: FxHashMap<CallId, RefId>,
}

/// The values of the loaded files.
pub struct Flow<'a> {
    world: World<'a>,
    /// Sorted once something of the file is asked for: most files have nothing that a test hands out.
    files: FxHashMap<FileId, OnceCell<FileFlow>>,
    /// Functions of tests by the fixture they ask for, with the position of the parameter.
    askers: FxHashMap<FuncId, Vec<(FuncId, u32)>>,
    /// What was found out already: many objects go through the same names and attributes.
    fields: RefCell<FxHashMap<(Option<ClassId>, Name), Reads>>,
    names: RefCell<FxHashMap<(ScopeId, Name), Uses>>,
}

/// Uses of a name.
type Uses = Rc<[ValueId]>;

/// Reads of an attribute, each with whether the class makes it certain.
type Reads = Rc<[(ValueId, bool)]>;

/// Expressions that an object may be the value of.
#[derive(Debug, Default)]
pub struct Reach {
    /// Tied by scopes and parameters.
    pub strong: FxHashSet<ValueId>,
    /// Tied by the name of an attribute alone.
    pub weak: FxHashSet<ValueId>,
}

impl<'a> Flow<'a> {
    /// Finds out what asks for the fixtures of the loaded files.
    pub fn new(world: World<'a>) -> Self {
        let files = world.index.loaded_files().map(|(file, _)| (file, OnceCell::new())).collect();
        let mut askers: FxHashMap<FuncId, Vec<(FuncId, u32)>> = FxHashMap::default();
        for (file, facts) in world.index.loaded_files().filter(|(file, _)| world.in_tests(*file)) {
            for index in 0..facts.funcs.len() as u32 {
                let func = FuncId { file, index };
                for fixture in requested(world, func) {
                    let param = facts[func].params.iter().position(|param| {
                        let fixtures = &world.graph.fixtures;
                        fixtures.requested(world.project, world.index, func, &param.name) == Some(fixture)
                    });
                    askers.entry(fixture).or_default().extend(param.map(|at| (func, at as u32)));
                }
            }
        }
        Self { world, files, askers, fields: RefCell::default(), names: RefCell::default() }
    }

    fn file(&self, file: FileId) -> Option<&FileFlow> {
        Some(self.files.get(&file)?.get_or_init(|| file_flow(file, self.world.index.file(file))))
    }

    /// The expression that a call is.
    pub fn value_of(&self, call: CallId) -> Option<ValueId> {
        self.file(call.file)?.calls.get(&call).copied()
    }

    /// The names that stand behind a value and a dot.
    pub fn members(&self, value: ValueId) -> &[RefId] {
        self.file(value.file).and_then(|file| file.receivers.get(&value)).map_or(&[], Vec::as_slice)
    }

    /// The name that is called by a call.
    pub fn callee(&self, call: CallId) -> Option<RefId> {
        self.file(call.file)?.callees.get(&call).copied()
    }

    /// Everything that the value of `start` may reach.
    pub fn reach(&self, start: ValueId) -> Reach {
        let mut reach = Reach::default();
        let mut pending = vec![(start, true)];
        while let Some((value, is_strong)) = pending.pop() {
            let new = if is_strong { reach.strong.insert(value) } else { reach.weak.insert(value) };
            if !new || reach.strong.len() + reach.weak.len() > MAX_VALUES {
                continue;
            }
            let Some(file) = self.file(value.file) else { continue };
            for taker in file.takers.get(&value).into_iter().flatten() {
                for (next, by_scope) in self.taken(value.file, *taker) {
                    pending.push((next, is_strong && by_scope));
                }
            }
        }
        reach
    }

    /// The expressions that have the value once `taker` took it, and whether that is certain.
    fn taken(&self, file: FileId, taker: Taker) -> Vec<(ValueId, bool)> {
        let facts = self.world.index.file(file);
        match taker {
            Taker::Either(value) => vec![(value, true)],
            Taker::Binding { scope, binding } => {
                let name = &facts[scope].bindings[binding as usize].name;
                self.named(scope, name).iter().map(|value| (*value, true)).collect()
            }
            Taker::Write(index) => {
                let write = &facts.attribute_writes[index as usize];
                let class = self.own_class(write.receiver).or_else(|| self.only_writer(&write.name));
                self.fields(class, &write.name).to_vec()
            }
            Taker::Returned(func) => self.results(func),
            Taker::Argument { call, index } => self.parameters(call, index),
        }
    }

    /// The uses of `name` that mean the binding in `scope`.
    pub fn named(&self, scope: ScopeId, name: &Name) -> Uses {
        if let Some(known) = self.names.borrow().get(&(scope, name.clone())) {
            return known.clone();
        }
        let found = self.file(scope.file).and_then(|file| file.names.get(name));
        let means = |value: &&ValueId| match self.world.index.value(**value) {
            Value::Name { scope: at, .. } => self.binding_scope(*at, name) == Some(scope),
            _ => false,
        };
        let found: Uses = found.into_iter().flatten().filter(means).copied().collect();
        self.names.borrow_mut().insert((scope, name.clone()), found.clone());
        found
    }

    fn binding_scope(&self, from: ScopeId, name: &Name) -> Option<ScopeId> {
        let mut at = Some(from);
        while let Some(id) = at {
            let scope = self.world.index.scope(id);
            let visible = id == from || !matches!(scope.kind, ScopeKind::Class(_));
            let bindings = scope.bindings_of(name);
            if visible && !bindings.is_empty() && bindings.iter().all(|binding| binding.bound != Bound::Outer) {
                return Some(id);
            }
            at = scope.parent;
        }
        None
    }

    /// The class of the method that `self` is named in.
    pub fn own_class(&self, value: ValueId) -> Option<ClassId> {
        let Value::Name { name, scope } = self.world.index.value(value) else { return None };
        if !matches!(name.as_str(), "self" | "cls") {
            return None;
        }
        let mut at = Some(*scope);
        while let Some(id) = at {
            let scope = self.world.index.scope(id);
            if let ScopeKind::Function(func) = scope.kind
                && let Some(class) = self.world.index.func(func).class
            {
                return Some(class);
            }
            at = scope.parent;
        }
        None
    }

    /// Reads of an attribute: on `self` of the class and its relatives, or of that name anywhere when no class is known.
    fn fields(&self, class: Option<ClassId>, name: &Name) -> Reads {
        if let Some(known) = self.fields.borrow().get(&(class, name.clone())) {
            return known.clone();
        }
        let relatives = class.map(|class| self.relatives(class));
        let is_read = |value: &ValueId| {
            let Value::Attribute { receiver, .. } = self.world.index.value(*value) else { return false };
            let is_own =
                |classes: &FxHashSet<ClassId>| self.own_class(*receiver).is_some_and(|own| classes.contains(&own));
            relatives.as_ref().is_none_or(is_own)
        };
        let files: BTreeSet<FileId> = self.world.index.refs_of(name).iter().map(|id| id.file).collect();
        let values = files.into_iter().filter_map(|file| self.file(file)?.attributes.get(name)).flatten();
        let found: Reads = values.copied().filter(is_read).map(|value| (value, class.is_some())).collect();
        self.fields.borrow_mut().insert((class, name.clone()), found.clone());
        found
    }

    /// The one class of the code that writes an attribute of that name on `self`.
    fn only_writer(&self, name: &Name) -> Option<ClassId> {
        let writes = self.world.index.writes_of(name).iter().filter(|(file, _)| !self.world.in_tests(*file));
        let classes = writes.map(|(file, at)| {
            let write = &self.world.index.file(*file).attribute_writes[*at as usize];
            self.own_class(write.receiver)
        });
        let mut classes: Vec<Option<ClassId>> = classes.collect();
        classes.dedup();
        if let [Some(class)] = classes[..] { Some(class) } else { None }
    }

    /// The module and the name that `patch("app.state.manager", x)` or `setattr(state, "manager", x)` puts `x` under, and the
    /// place of `x` among the arguments.
    fn patched_name(&self, call: CallId) -> Option<(FileId, Name, usize)> {
        let index = self.world.index;
        let lookup = index.file(call.file).lookups.iter().find(|lookup| lookup.call == call)?;
        let rest = lookup.text.strip_suffix(lookup.name.as_str())?;
        let (module, at) = match rest.strip_suffix('.') {
            Some(module) => (module.to_owned(), 1),
            None => match self.world.names().evaluate(index.call(call).args.first()?.value).as_slice() {
                [Meaning::Module(module)] => (module.clone(), 2),
                _ => return None,
            },
        };
        let file = index.module(&module).filter(|file| index.loaded(*file).is_some())?;
        Some((file, lookup.name.clone(), at))
    }

    /// The class, and those above and below it.
    pub fn relatives(&self, class: ClassId) -> FxHashSet<ClassId> {
        let hierarchy = &self.world.graph.hierarchy;
        hierarchy.ancestors(class).into_iter().chain(hierarchy.descendants(class)).collect()
    }

    /// Where the result of a function of a test goes: fixtures to parameters, helpers to their calls.
    fn results(&self, func: FuncId) -> Vec<(ValueId, bool)> {
        let mut found = vec![];
        for (asker, at) in self.askers.get(&func).into_iter().flatten() {
            let facts = self.world.index.func(*asker);
            let name = &facts.params[*at as usize].name;
            found.extend(self.named(facts.scope, name).iter().map(|value| (*value, true)));
        }
        for id in self.world.graph.sites_of(func) {
            if let Usage::Called(call) = self.world.index.site(*id).usage {
                found.extend(self.value_of(call).map(|value| (value, true)));
            }
        }
        let (own, class) = (&self.world.index.func(func).name, self.world.index.func(func).class);
        if class.is_some() && is_property(self.world.index, func) {
            found.extend(self.fields(class, own).iter().copied());
        }
        let Some(file) = self.file(func.file) else { return found };
        for (call, callee) in &file.callees {
            let site = self.world.index.site(*callee);
            let is_own = site.name == *own
                && match site.receiver {
                    None => true,
                    Some(receiver) => self.own_class(receiver).is_some(),
                };
            if is_own {
                found.extend(file.calls.get(call).map(|value| (*value, true)));
            }
        }
        found
    }

    /// What an argument is bound to in what is called.
    fn parameters(&self, call: CallId, index: u32) -> Vec<(ValueId, bool)> {
        let facts = self.world.index.call(call);
        let argument = &facts.args[index as usize];
        if argument.is_star {
            return vec![];
        }
        let position = facts.args[..index as usize].iter().filter(|other| other.keyword.is_none()).count();
        let mut found = vec![];
        let is_new = |at: usize| argument.keyword.as_ref().map_or(position == at, |keyword| keyword == "new");
        if let Some((file, name, _)) = self.patched_name(call).filter(|(_, _, at)| is_new(*at)) {
            let used = self.named(ScopeId { file, index: 0 }, &name);
            return used.iter().map(|value| (*value, true)).collect();
        }
        let callees = self.callees(call);
        for (func, skip) in &callees {
            let target = self.world.index.func(*func);
            let param = match &argument.keyword {
                Some(keyword) => target.params.iter().find(|param| param.name == *keyword),
                None => target
                    .params
                    .get(position + skip)
                    .filter(|param| matches!(param.kind, ParamKind::Standard | ParamKind::PositionalOnly)),
            };
            let names = param.map(|param| self.named(target.scope, &param.name));
            found.extend(names.iter().flat_map(|names| names.iter()).map(|value| (*value, true)));
        }
        if callees.is_empty()
            && let Some(keyword) = &argument.keyword
        {
            found.extend(self.field_of_call(call, keyword).iter().copied());
        }
        found
    }

    /// `Service(store=x)` of a data class, `SimpleNamespace(store=x)`: an attribute of the result.
    fn field_of_call(&self, call: CallId, keyword: &Name) -> Reads {
        let class = self
            .world
            .names()
            .evaluate(self.world.index.call(call).func)
            .into_iter()
            .find_map(|meaning| if let Meaning::Class(class) = meaning { Some(class) } else { None });
        self.fields(class, keyword)
    }

    /// The functions that a call runs, with the number of parameters that its arguments do not fill.
    fn callees(&self, call: CallId) -> Vec<(FuncId, usize)> {
        let index = self.world.index;
        let func = index.call(call).func;
        let mut found = vec![];
        for meaning in self.world.names().evaluate(func) {
            match meaning {
                Meaning::Func(func) => found.push((func, 0)),
                Meaning::Class(class) => {
                    let ancestors = self.world.graph.hierarchy.ancestors(class);
                    let init = ancestors.iter().find_map(|class| method(index, *class, "__init__"));
                    found.extend(init.map(|init| (init, 1)));
                }
                _ => {}
            }
        }
        if let Value::Attribute { receiver, name } = index.value(func) {
            let class = match index.value(*receiver) {
                Value::Call { call } if self.world.names().last_name(index.call(*call).func) == Some("super") => {
                    let owner = index.context(index.call(*call).context).func;
                    let class = owner.and_then(|owner| index.func(owner).class);
                    class.map(|class| self.world.graph.hierarchy.above(index, class, name))
                }
                _ => self.own_class(*receiver).map(|class| {
                    let ancestors = self.world.graph.hierarchy.ancestors(class);
                    ancestors.iter().find_map(|class| method(index, *class, name)).into_iter().collect()
                }),
            };
            found.extend(class.into_iter().flatten().map(|func| (func, 1)));
        }
        if found.is_empty()
            && let Some(site) = self.callee(call).and_then(|id| self.world.graph.sites.get(&id))
        {
            let methods = site.targets.iter().filter(|target| index.func(**target).class.is_some());
            found.extend(methods.map(|target| (*target, 1)));
        }
        found
    }
}

fn file_flow(file: FileId, facts: &FileFacts) -> FileFlow {
    let mut flow = FileFlow::default();
    for (index, value) in facts.values.iter().enumerate() {
        let id = ValueId { file, index: index as u32 };
        match value {
            Value::Name { name, .. } => flow.names.entry(name.clone()).or_default().push(id),
            Value::Attribute { name, .. } => flow.attributes.entry(name.clone()).or_default().push(id),
            Value::Call { call } => drop(flow.calls.insert(*call, id)),
            Value::Either(parts) => {
                for part in parts {
                    flow.takers.entry(*part).or_default().push(Taker::Either(id));
                }
            }
            // `a, b = Mock(), Mock()`
            Value::PartOf(whole, at) => {
                if let Value::Elements(parts) = &facts[*whole]
                    && let Some(part) = parts.get(*at as usize)
                {
                    flow.takers.entry(*part).or_default().push(Taker::Either(id));
                }
            }
            _ => {}
        }
    }
    let mut take = |value: ValueId, taker: Taker| flow.takers.entry(value).or_default().push(taker);
    for (number, call) in facts.calls.iter().enumerate() {
        for (index, argument) in call.args.iter().enumerate() {
            let call = CallId { file, index: number as u32 };
            take(argument.value, Taker::Argument { call, index: index as u32 });
        }
    }
    for (index, write) in facts.attribute_writes.iter().enumerate() {
        write.value.into_iter().for_each(|value| take(value, Taker::Write(index as u32)));
    }
    for (number, scope) in facts.scopes.iter().enumerate() {
        let id = ScopeId { file, index: number as u32 };
        for (index, binding) in scope.bindings.iter().enumerate() {
            if let Bound::Value(value) | Bound::Annotated { value: Some(value), .. } = binding.bound {
                take(value, Taker::Binding { scope: id, binding: index as u32 });
            }
        }
    }
    for (index, func) in facts.funcs.iter().enumerate() {
        for result in func.returns.iter().map(|returned| returned.value).chain(func.yields.iter().copied()) {
            take(result, Taker::Returned(FuncId { file, index: index as u32 }));
        }
    }
    for (index, site) in facts.refs.iter().enumerate() {
        let id = RefId { file, index: index as u32 };
        if let Some(receiver) = site.receiver {
            flow.receivers.entry(receiver).or_default().push(id);
        }
        if let Usage::Called(call) = site.usage {
            flow.callees.insert(call, id);
        }
    }
    flow
}
