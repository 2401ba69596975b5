//! Parameters: the arguments of every call that may run the function. The calls are found by the function's name (the
//! class's, for constructors); a function that leaves as a value has callers that nobody sees, and unknown arguments.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::asks::Asks;
use super::binds::Binds;
use super::caller::Caller;
use super::mock::known_fixture;
use super::object::{Node, Object, Path, Place, Selector};
use super::solver::{Keep, Solver, into};
use crate::index::facts::*;
use crate::resolve::boundary;
use crate::resolve::fixtures::{self, conftest_distance};
use crate::resolve::hierarchy;

impl Solver<'_> {
    /// What arrives at a parameter.
    pub(super) fn param(&mut self, func: FuncId, at: u32, path: Path) {
        if self.element_for_lambda(func, at, &path) {
            return;
        }
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
        // `for x in self:`
        let class = self.index.func(func).class.filter(|_| at == 0 && path.first() == Some(&Selector::Element));
        if let Some(class) = class.filter(|_| self.binding_of(func) == Binds::Instance) {
            return self.taken_from(class, &path);
        }
        let inner = match kind {
            ParamKind::Variadic | ParamKind::Keywords if path.is_empty() => {
                return self.push(Object::Builtin, None);
            }
            ParamKind::Variadic | ParamKind::Keywords => path[1..].to_vec(),
            ParamKind::PositionalOnly | ParamKind::Standard | ParamKind::KeywordOnly => path.clone(),
        };
        let is_said = annotation.is_some_and(|annotation| self.annotation(annotation, scope, &inner));
        if is_said && self.state.asks.is_whole() {
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
                    if self.runs(callee, func) && !self.element_at(func, *place, at, &path) {
                        self.push(Object::Unknown, Some(*place));
                    }
                }
                Caller::Decorates { callee, of, object } => {
                    let first = u32::from(self.binding_of(func) != Binds::Nothing);
                    if at == first && self.runs(callee, *of) {
                        self.push(*object, None);
                    }
                }
                Caller::Call { callee, receiver, call, from } => {
                    if !self.runs(callee, func) {
                        continue;
                    }
                    if self.state.asks == Asks::Doubts && is_test(call.file) {
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

    /// The fixtures that a parameter of a test, or of another fixture, may be: of its file, else of the nearest `conftest.py`,
    /// else any. None where something else calls the function.
    pub(super) fn fixtures_for(&mut self, func: FuncId, name: &Name) -> Vec<FuncId> {
        if !self.is_called_by_pytest(func) {
            return vec![];
        }
        let defining = self.index.words.files("fixture");
        let naming: FxHashSet<FileId> = self.index.words.files(name).collect();
        let files: Vec<FileId> = defining.filter(|file| naming.contains(file)).collect();
        self.index.load(self.project, &files);
        let names = self.names();
        let is_it = |id: &FuncId| {
            let is_named = || match fixtures::decorator(&names, *id) {
                Some(decorator) => fixtures::exposed_name(&names, *id, decorator) == *name,
                None => self.index.func(*id).name == *name,
            };
            *id != func && self.is_fixture(*id) && is_named()
        };
        let all = files.into_iter().filter_map(|file| Some((file, self.index.loaded(file)?.funcs.len())));
        let all = all.flat_map(|(file, count)| (0..count as u32).map(move |index| FuncId { file, index }));
        let mut fixtures: Vec<FuncId> = all.filter(is_it).collect();
        let distance = |fixture: &FuncId| match fixture.file == func.file {
            true => Some(0),
            false => conftest_distance(self.project, func.file, fixture.file).map(|folders| folders + 1),
        };
        if let Some(nearest) = fixtures.iter().filter_map(distance).min() {
            fixtures.retain(|fixture| distance(fixture) == Some(nearest));
        }
        fixtures
    }

    /// A parameter of a test is the fixture of that name.
    fn fixture(&mut self, func: FuncId, name: &Name, path: &Path) {
        let fixtures = self.fixtures_for(func, name);
        if self.parametrized(func, name, path) {
            return;
        }
        if fixtures.is_empty() {
            let object = match known_fixture(name) {
                Some(class) if path.is_empty() => Object::ExternalInstance(self.symbol(class)),
                _ => Object::Unknown,
            };
            self.push(object, None);
        }
        for fixture in fixtures {
            let is_generator = self.index.func(fixture).traits.is_generator;
            let node = if is_generator { Node::Yield(fixture) } else { Node::Return(fixture) };
            self.flow(node, path.clone());
        }
    }

    /// `@pytest.mark.parametrize("handler", [print, lambda event: None])`: each of these, one after the other.
    fn parametrized(&mut self, func: FuncId, name: &Name, path: &Path) -> bool {
        let index = &*self.index;
        let mut rows: Vec<(ValueId, Path)> = vec![];
        for decorator in &index.func(func).decorators {
            let Value::Call { call } = index.value(decorator.value) else { continue };
            let [names, values, ..] = index.call(*call).args.as_slice() else { continue };
            let is_parametrize = boundary::decorator_name(index, decorator) == Some("parametrize");
            let Value::Text(names) = index.value(names.value) else { continue };
            let names: Vec<&str> = names.split(',').map(str::trim).collect();
            let Some(at) = names.iter().position(|own| own == name).filter(|_| is_parametrize) else { continue };
            let part = (names.len() > 1).then_some(Selector::Index(at as u32));
            let steps = std::iter::once(Selector::Element).chain(part).chain(path.iter().cloned());
            rows.push((values.value, steps.collect()));
        }
        for (values, path) in &rows {
            self.flow_value(*values, path.clone());
        }
        !rows.is_empty()
    }

    /// May calling what the node holds run the function?
    pub(super) fn runs(&mut self, callee: &Node, func: FuncId) -> bool {
        let facts = self.index.func(func);
        let (own, name) = (facts.class, facts.name.clone());
        let objects = self.read(callee.clone(), vec![]);
        objects.objects().any(|object| match object {
            Object::Unknown | Object::Made(_) => true,
            Object::Lambda(other) => other == func,
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
    pub(super) fn bound_arguments(&mut self, func: FuncId, receiver: Option<ValueId>) -> Vec<usize> {
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
}
