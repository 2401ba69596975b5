//! What tests put in place by name: `patch("pkg.mod.load", new=...)`, `patch.object(Store, "load", ...)`,
//! `monkeypatch.setattr(store, "load", fake)`, `SimpleNamespace(load=lambda: 1)`.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::mocks::patched_parameters;
use super::{Color, Finder, MockEdit, Unfit, key};
use crate::index::facts::*;
use crate::resolve::hierarchy::method;
use crate::resolve::names::Meaning;

impl Finder<'_> {
    pub(super) fn patched(&mut self) {
        for (file, facts) in self.test_files() {
            for lookup in &facts.lookups {
                if self.names.contains(&lookup.name) {
                    self.looked_up(file, lookup);
                }
            }
            for (index, call) in facts.calls.iter().enumerate() {
                let id = CallId { file, index: index as u32 };
                if self.makes_namespace(id) {
                    self.namespace(id, call);
                }
                if self.world.names().last_name(call.func) == Some("flexmock") {
                    self.partial_mock(file, call);
                }
            }
        }
    }

    fn looked_up(&mut self, file: FileId, lookup: &Lookup) {
        let call = self.world.index.call(lookup.call);
        let Some(function) = self.world.names().last_name(call.func) else { return };
        let is_dotted = lookup.text.contains('.');
        let at = match (function, is_dotted) {
            ("setattr", true) | ("patch", true) => 1,
            ("setattr" | "object", false) => 2,
            ("should_receive" | "should_call", false) => return self.received(file, call, lookup),
            _ => return,
        };
        let color = match is_dotted {
            true => self.color_of_path(&lookup.text),
            false => call.args.first().map_or(Color::Unknown, |object| self.color_on(object.value, &lookup.name)),
        };
        let target = match color {
            Color::Async(target) => target,
            Color::Mixed => return self.unclear(file, lookup.range, &lookup.name),
            Color::Sync | Color::Unknown => return,
        };
        if self.result_is_open(lookup.call, at) && self.uses_result_of(target) {
            self.edit(file, call.context, MockEdit::Result { call: lookup.call });
        }
        for (index, arg) in call.args.iter().enumerate() {
            let id = lookup.call;
            match arg.keyword.as_deref() {
                None if index == at => {
                    self.stand_in(
                        arg.value,
                        target,
                        call.context,
                        MockEdit::Argument { call: id, index: index as u32 },
                    );
                }
                Some("new") => {
                    self.stand_in(
                        arg.value,
                        target,
                        call.context,
                        MockEdit::Argument { call: id, index: index as u32 },
                    );
                }
                Some("new_callable") if self.is_mock_name(arg.value) => {
                    self.edit(file, call.context, MockEdit::Name { call: id, index: index as u32 });
                }
                _ => {}
            }
        }
    }

    /// `flexmock(app).should_receive("load")`: flexmock knows nothing of coroutine functions.
    fn received(&mut self, file: FileId, call: &Call, lookup: &Lookup) {
        let index = self.world.index;
        let object = match index.value(call.func) {
            Value::Attribute { receiver, .. } => match index.value(*receiver) {
                Value::Call { call } => index.call(*call).args.first().map(|arg| arg.value),
                _ => None,
            },
            _ => None,
        };
        let color = object.map_or_else(|| self.color_by_name(&lookup.name), |on| self.color_on(on, &lookup.name));
        if matches!(color, Color::Async(_) | Color::Mixed) {
            self.found.unfit.insert((file, key(lookup.range)), Unfit::Replaced);
        }
    }

    /// `flexmock(app, load=1)`: the same in short.
    fn partial_mock(&mut self, file: FileId, call: &Call) {
        let [Arg { keyword: None, value: object, .. }, rest @ ..] = call.args.as_slice() else { return };
        for arg in rest {
            let Some(name) = arg.keyword.as_ref().filter(|name| self.names.contains(*name)) else { continue };
            if matches!(self.color_on(*object, name), Color::Async(_) | Color::Mixed) {
                self.found.unfit.insert((file, key(arg.range)), Unfit::Replaced);
            }
        }
    }

    /// Does the code use what the function returns?
    fn uses_result_of(&self, func: FuncId) -> bool {
        let sites = self.world.graph.sites_of(func).iter().filter(|id| !self.world.in_tests(id.file));
        sites.into_iter().any(|id| self.world.result_usage(*id).is_some_and(|usage| usage != Usage::Statement))
    }

    /// Does the test leave open what a patched function returns?
    fn result_is_open(&self, call: CallId, new: usize) -> bool {
        let facts = self.world.index.call(call);
        let positional = facts.args.iter().filter(|arg| arg.keyword.is_none()).count();
        let is_patch = matches!(self.world.names().last_name(facts.func), Some("patch" | "object"));
        if !is_patch || positional > new || facts.args.iter().any(|arg| arg.keyword.is_some() || arg.is_star) {
            return false;
        }
        let Some(values) = self.patched_values(call) else { return false };
        let configured = ["return_value", "side_effect", "configure_mock"].into_iter();
        let mut mentions = configured.flat_map(|name| self.world.index.refs_of(name));
        !mentions.any(|id| self.world.index.site(*id).receiver.is_some_and(|receiver| values.contains(&receiver)))
    }

    /// The expressions that are the mock of a `patch(...)`; none when it is started by hand.
    pub(super) fn patched_values(&self, call: CallId) -> Option<FxHashSet<ValueId>> {
        let facts = self.world.index.file(call.file);
        let value = self.flow.value_of(call)?;
        match facts[call].usage {
            Usage::Decorator => facts.funcs.iter().find_map(|func| {
                let params = patched_parameters(func, facts, self.world.names());
                let (param, _) = params.into_iter().find(|(_, patch)| *patch == call)?;
                Some(self.flow.named(func.scope, &func.params[param].name).iter().copied().collect())
            }),
            Usage::WithItem { .. } => {
                let entered = facts.values.iter().position(|other| matches!(other, Value::Entered(of) if *of == value));
                let entered = entered.map(|index| ValueId { file: call.file, index: index as u32 });
                Some(entered.map(|value| self.flow.reach(value).strong).unwrap_or_default())
            }
            Usage::Assigned | Usage::Statement if self.is_mocker_call(facts[call].func) => {
                Some(self.flow.reach(value).strong)
            }
            _ => None,
        }
    }

    /// The function in which a mock is made: the one under the decorator, for `@patch(...)`.
    pub(super) fn home_of(&self, call: CallId) -> Option<FuncId> {
        let facts = self.world.index.file(call.file);
        let is_under = |func: &&Func| {
            let patched = patched_parameters(func, facts, self.world.names());
            patched.iter().any(|(_, patch)| *patch == call)
        };
        match facts[call].usage {
            Usage::Decorator => facts
                .funcs
                .iter()
                .position(|func| is_under(&func))
                .map(|index| FuncId { file: call.file, index: index as u32 }),
            _ => self.world.index.context(facts[call].context).func,
        }
    }

    /// `mocker.patch(...)`, `mocker.patch.object(...)`: the result is the mock.
    fn is_mocker_call(&self, func: ValueId) -> bool {
        match self.world.index.value(func) {
            Value::Attribute { receiver, .. } => self.is_mocker(func) || self.is_mocker_call(*receiver),
            _ => false,
        }
    }

    fn is_mock_name(&self, value: ValueId) -> bool {
        matches!(self.world.names().last_name(value), Some("Mock" | "MagicMock"))
            && !matches!(self.world.index.value(value), Value::Call { .. })
    }

    /// The function at a dotted path: `pkg.mod.load`, `pkg.mod.Store.load`.
    fn color_of_path(&self, path: &str) -> Color {
        let mut parts: Vec<&str> = path.split('.').collect();
        let Some(name) = parts.pop().map(Name::new) else { return Color::Unknown };
        let owner = parts.pop().unwrap_or_default();
        let module = |parts: &[&str]| self.world.index.module(&parts.join("."));
        if let Some(file) = module(&parts).filter(|file| self.world.index.loaded(*file).is_some()) {
            let scope = ScopeId { file, index: 0 };
            for meaning in self.world.names().lookup(scope, owner) {
                if let Meaning::Class(class) = meaning {
                    return self.color_of_method(class, &name);
                }
            }
        }
        parts.push(owner);
        if self.is_outside(&parts.join(".")) {
            return Color::Unknown;
        }
        if let Some(file) = module(&parts).filter(|file| self.world.index.loaded(*file).is_some()) {
            let scope = ScopeId { file, index: 0 };
            for meaning in self.world.names().lookup(scope, &name) {
                if let Meaning::Func(func) = meaning {
                    return self.color_of_func(func);
                }
            }
        }
        self.color_by_name(&name)
    }

    /// Does the code import the module, which is none of the project: `json`?
    fn is_outside(&self, module: &str) -> bool {
        let names = self.world.names();
        let imports = |(file, facts): (FileId, &FileFacts)| {
            facts.imports.iter().any(|import| names.absolute(file, import).is_some_and(|path| path == module))
        };
        self.world.index.module(module).is_none() && self.world.index.loaded_files().any(imports)
    }

    fn color_of_func(&self, func: FuncId) -> Color {
        if (self.converts)(func) { Color::Async(func) } else { Color::Sync }
    }

    pub(super) fn color_of_method(&self, class: ClassId, name: &Name) -> Color {
        let ancestors = self.world.graph.hierarchy.ancestors(class);
        let found = ancestors.into_iter().find_map(|class| method(self.world.index, class, name));
        found.map_or_else(|| self.color_by_name(name), |func| self.color_of_func(func))
    }

    /// The class of the object that `patch("app.state.manager")` replaces with the mock, or that the mock of a class gives:
    /// `patch("app.service.Store")`, and then `mock.return_value`.
    pub(super) fn patched_class(&self, mock: ValueId) -> Option<ClassId> {
        let (index, names) = (self.world.index, self.world.names());
        let made = match index.value(mock) {
            Value::Attribute { receiver, name } if name == "return_value" => Some(*receiver),
            Value::Call { call } if !self.is_mocker_call(index.call(*call).func) => Some(index.call(*call).func),
            _ => None,
        };
        let (mock, is_made) = made.map_or((mock, false), |mock| (mock, true));
        let call = names.evaluate(mock).into_iter().find_map(|meaning| match meaning {
            Meaning::Value(bound) => match index.value(bound) {
                Value::Entered(entered) => match index.value(*entered) {
                    Value::Call { call } => Some(*call),
                    _ => None,
                },
                Value::Call { call } if self.is_mocker_call(index.call(*call).func) => Some(*call),
                _ => None,
            },
            Meaning::Param { func, index: at } => {
                let patched = patched_parameters(index.func(func), index.file(func.file), names);
                patched.into_iter().find_map(|(param, call)| (param == at as usize).then_some(call))
            }
            _ => None,
        })?;
        let lookup = index.file(call.file).lookups.iter().find(|lookup| lookup.call == call)?;
        let module = lookup.text.strip_suffix(lookup.name.as_str())?.strip_suffix('.')?;
        let file = index.module(module).filter(|file| index.loaded(*file).is_some())?;
        let class = |value: ValueId| match names.evaluate(value).as_slice() {
            [Meaning::Class(class)] => Some(*class),
            _ => None,
        };
        names.lookup(ScopeId { file, index: 0 }, &lookup.name).into_iter().find_map(|meaning| match meaning {
            Meaning::Class(class) => is_made.then_some(class),
            _ if is_made => None,
            Meaning::Value(value) => match index.value(value) {
                Value::Call { call } => class(index.call(*call).func),
                _ => None,
            },
            Meaning::Annotated { annotation, .. } => class(annotation),
            _ => None,
        })
    }

    /// What the code does with an attribute of an object that a test names.
    pub(super) fn color_on(&self, object: ValueId, name: &Name) -> Color {
        let names = self.world.names();
        for meaning in names.evaluate(object) {
            match meaning {
                Meaning::Class(class) => return self.color_of_method(class, name),
                Meaning::Module(module) => return self.color_of_path(&format!("{module}.{name}")),
                Meaning::Value(value) => {
                    if let Value::Call { call } = self.world.index.value(value) {
                        let made = names.evaluate(self.world.index.call(*call).func);
                        if let [Meaning::Class(class)] = made.as_slice() {
                            return self.color_of_method(*class, name);
                        }
                    }
                }
                _ => {}
            }
        }
        self.color_by_name(name)
    }

    /// `SimpleNamespace(...)` and `patch.multiple(...)`: keywords become attributes.
    fn makes_namespace(&self, call: CallId) -> bool {
        let name = self.world.names().last_name(self.world.index.call(call).func);
        matches!(name, Some("SimpleNamespace" | "multiple"))
    }

    fn namespace(&mut self, id: CallId, call: &Call) {
        let reach = self.flow.value_of(id).map(|value| self.flow.reach(value)).unwrap_or_default();
        for (index, arg) in call.args.iter().enumerate() {
            let Some(name) = arg.keyword.clone().filter(|name| self.names.contains(name)) else { continue };
            match self.color(&reach, &name) {
                Color::Async(target) => {
                    let wrap = MockEdit::Argument { call: id, index: index as u32 };
                    self.stand_in(arg.value, target, call.context, wrap);
                }
                Color::Mixed => self.unclear(id.file, call.range, &name),
                Color::Sync | Color::Unknown => {}
            }
        }
    }
}
