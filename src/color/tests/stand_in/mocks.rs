//! Mock objects: `svc = Mock()`, with what the test says about their attributes.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::flow::Reach;
use super::scope::TestScope;
use super::{Color, Finder, MockEdit, key};
use crate::index::facts::*;
use crate::resolve::SPECS;
use crate::resolve::names::{Meaning, Names};

/// Keywords of a mock that say what it stands for: it follows by itself, as one that is made after something.
const GIVEN: [&str; 3] = ["wraps", "new", "new_callable"];
/// Names that are the mock's own.
const OWN: [&str; 14] = [
    "return_value",
    "side_effect",
    "called",
    "call_count",
    "call_args",
    "call_args_list",
    "mock_calls",
    "method_calls",
    "reset_mock",
    "configure_mock",
    "attach_mock",
    "mock_add_spec",
    "name",
    "parent",
];
/// Of these, names that methods of the code have too. A mock cannot be given them as keywords.
const TAKEN: [&str; 2] = ["name", "parent"];

impl Finder<'_> {
    /// `Mock()`, `MagicMock(...)`, `mocker.Mock()`, and not `AsyncMock`.
    fn is_mock(&self, call: CallId) -> bool {
        let func = self.world.index.call(call).func;
        let names = self.world.names();
        if !matches!(names.last_name(func), Some("Mock" | "MagicMock" | "NonCallableMock" | "NonCallableMagicMock")) {
            return false;
        }
        self.is_mocker(func)
            || names.dotted(func).is_some_and(|path| path.starts_with("unittest.mock.") || path.starts_with("mock."))
    }

    /// `mocker.Mock`: the fixture of pytest-mock.
    pub(super) fn is_mocker(&self, func: ValueId) -> bool {
        match self.world.index.value(func) {
            Value::Attribute { receiver, .. } => {
                matches!(self.world.index.value(*receiver), Value::Name { name, .. } if name.ends_with("mocker"))
            }
            _ => false,
        }
    }

    /// A mock that is not made after something.
    pub(super) fn is_plain_mock(&self, call: CallId) -> bool {
        let spec = |arg: &Arg| match &arg.keyword {
            Some(keyword) => SPECS.contains(&keyword.as_str()) || GIVEN.contains(&keyword.as_str()),
            None => !arg.is_star,
        };
        self.is_mock(call) && !self.world.index.call(call).args.iter().any(spec)
    }

    /// Makes attributes of mock objects async where the code awaits them.
    pub(super) fn mocks(&mut self) {
        for (file, facts) in self.test_files() {
            for index in 0..facts.calls.len() as u32 {
                let call = CallId { file, index };
                if self.is_plain_mock(call)
                    && let Some(value) = self.flow.value_of(call)
                {
                    let reach = self.flow.reach(value);
                    self.mock(call, &reach);
                }
            }
        }
    }

    fn mock(&mut self, call: CallId, reach: &Reach) {
        let mut wanted: Vec<(Name, bool)> = vec![];
        let given: BTreeSet<Name> =
            self.world.index.call(call).args.iter().filter_map(|arg| arg.keyword.clone()).collect();
        for name in TAKEN.map(Name::new_static) {
            let in_code = |id: &RefId| !self.world.in_tests(id.file);
            let uses = self.uses(reach.strong.iter().copied(), &name);
            if uses.iter().any(in_code) && matches!(self.color_of(&uses), Color::Async(_) | Color::Mixed) {
                self.unclear(call.file, self.world.index.call(call).range, &name);
            }
        }
        for name in self.attributes(call, reach) {
            let Color::Async(target) = self.color_or_report(call, reach, &name) else { continue };
            if given.contains(&name) {
                self.keyword(call, &name, target);
            } else if !self.assigned(call, reach, &name, target) {
                let is_used = !self.is_configured(call, reach, &name) && self.result_is_used(reach, &name);
                wanted.push((name, is_used));
            }
        }
        if !wanted.is_empty() {
            let context = self.world.index.call(call).context;
            self.edit(call.file, context, MockEdit::Attributes { call, names: wanted });
        }
    }

    fn color_or_report(&mut self, call: CallId, reach: &Reach, name: &Name) -> Color {
        let color = match self.is_called_by_test(reach, name) {
            // Nobody would await what the test calls itself: it has to be clear that the code does.
            true => match self.color_where_used(reach, name) {
                Color::Async(_) => Color::Mixed,
                color => color,
            },
            false => self.color(reach, name),
        };
        if color == Color::Mixed {
            self.unclear(call.file, self.world.index.call(call).range, name);
        }
        color
    }

    /// Does a test call the attribute, without await?
    fn is_called_by_test(&self, reach: &Reach, name: &Name) -> bool {
        self.uses(reach.strong.iter().copied(), name).into_iter().any(|id| match self.world.index.site(id).usage {
            Usage::Called(call) => self.world.in_tests(id.file) && self.world.index.call(call).usage != Usage::Awaited,
            _ => false,
        })
    }

    /// Names of the mock's attributes that may be awaited: what the test mentions, and what the code that the test runs calls.
    fn attributes(&self, call: CallId, reach: &Reach) -> BTreeSet<Name> {
        let mut found = BTreeSet::new();
        for arg in &self.world.index.call(call).args {
            found.extend(arg.keyword.clone());
            if let (None, true, Value::Dict(items)) = (&arg.keyword, arg.is_star, self.world.index.value(arg.value)) {
                let first = |key: &Name| Name::new(key.split('.').next().unwrap_or_default());
                found.extend(items.iter().filter_map(|(key, _)| key.as_ref().map(first)));
            }
        }
        let members = |values: &FxHashSet<ValueId>| -> Vec<RefId> {
            values.iter().flat_map(|value| self.flow.members(*value).iter().copied()).collect()
        };
        let scope = self.test_scope(call.file, self.world.index.context(self.world.index.call(call).context).func);
        for id in members(&reach.strong).into_iter().filter(|id| self.world.in_tests(id.file)) {
            found.insert(self.world.index.site(id).name.clone());
        }
        // An attribute of that name on something else in another test says nothing about this mock.
        for id in members(&reach.weak).into_iter().filter(|id| scope.contains(self.world, *id)) {
            found.insert(self.world.index.site(id).name.clone());
        }
        for id in members(&reach.strong) {
            if self.is_production_call(id) && self.is_run_by(id, &scope) {
                found.insert(self.world.index.site(id).name.clone());
            }
        }
        found.retain(|name| self.names.contains(name) && !OWN.contains(&name.as_str()));
        found
    }

    /// Does the test name a function that leads to the site?
    pub(super) fn is_run_by(&self, id: RefId, scope: &TestScope) -> bool {
        let mut seen = FxHashSet::default();
        let mut pending: Vec<FuncId> = self.world.context(id).func.into_iter().collect();
        while let Some(func) = pending.pop() {
            if !seen.insert(func) || seen.len() > 200 {
                continue;
            }
            let name = &self.world.index.func(func).name;
            let is_called = self.world.index.refs_of(name).iter().any(|id| !self.world.in_tests(id.file));
            if scope.names(name) || !is_called && self.is_run_from_outside(func) {
                return true;
            }
            let callers = self.callers(func).into_iter().filter(|id| !self.world.in_tests(id.file));
            pending.extend(callers.filter_map(|id| self.world.context(id).func));
        }
        false
    }

    /// May a framework run what nothing in the code names: by a decorator, or by what the class inherits from?
    fn is_run_from_outside(&self, func: FuncId) -> bool {
        let facts = self.world.index.func(func);
        let bases = facts.class.map(|class| self.world.graph.hierarchy.external_bases(class)).unwrap_or_default();
        !facts.decorators.is_empty() || bases.iter().any(|(_, base)| !base.is_plain())
    }

    /// Where a function is called. What was async before has no sites of its own: then it is `self._add()` in its class and
    /// the relatives, and what the scopes say.
    fn callers(&self, func: FuncId) -> Vec<RefId> {
        let index = self.world.index;
        let sites = self.world.graph.sites_of(func);
        let facts = index.func(func);
        if !sites.is_empty() || !facts.is_async {
            return sites.to_vec();
        }
        let relatives = facts.class.map(|class| self.flow.relatives(class)).unwrap_or_default();
        let is_call = |id: &&RefId| match index.site(**id).receiver {
            Some(receiver) => self.flow.own_class(receiver).is_some_and(|own| relatives.contains(&own)),
            None => {
                facts.class.is_none()
                    && self.world.names().evaluate(index.site(**id).value).contains(&Meaning::Func(func))
            }
        };
        index.refs_of(&facts.name).iter().filter(is_call).copied().collect()
    }

    /// `Mock(load=Mock())`.
    fn keyword(&mut self, call: CallId, name: &Name, target: FuncId) {
        let facts = self.world.index.call(call);
        for (index, arg) in facts.args.iter().enumerate().filter(|(_, arg)| arg.keyword.as_ref() == Some(name)) {
            let wrap = MockEdit::Argument { call, index: index as u32 };
            self.stand_in(arg.value, target, facts.context, wrap);
        }
    }

    /// `svc.load = Mock()`. Returns whether the function that makes the mock assigns the attribute: what one test assigns to
    /// what a fixture made, another may not.
    fn assigned(&mut self, call: CallId, reach: &Reach, name: &Name, target: FuncId) -> bool {
        let home = self.home_of(call);
        let mut is_assigned = false;
        for &(file, index) in self.world.index.writes_of(name) {
            let write = &self.world.index.file(file).attribute_writes[index as usize];
            let is_ours = reach.strong.contains(&write.receiver) || reach.weak.contains(&write.receiver);
            if !self.world.in_tests(file) || !is_ours {
                continue;
            }
            is_assigned |= self.world.index.context(write.context).func == home;
            if let Some(value) = write.value {
                let wrap = self.wrap_assigned(file, write);
                self.stand_in(value, target, write.context, wrap);
            }
        }
        is_assigned
    }

    /// Does the function that makes the mock say what the attribute returns?
    fn is_configured(&self, call: CallId, reach: &Reach, name: &Name) -> bool {
        let index = self.world.index;
        let home = self.home_of(call);
        let is_home = |context: ContextId| index.context(context).func == home;
        let by_key = index.call(call).args.iter().any(|arg| match index.value(arg.value) {
            Value::Dict(items) => items.iter().flat_map(|(key, _)| key).any(|key| key.starts_with(name.as_str())),
            _ => false,
        });
        let of_mock = |receiver: ValueId| match index.value(receiver) {
            Value::Attribute { receiver, name: attribute } => {
                attribute == name && (reach.strong.contains(receiver) || reach.weak.contains(receiver))
            }
            _ => false,
        };
        let writes = ["return_value", "side_effect"].into_iter().flat_map(|own| index.writes_of(own));
        let mut mentions = ["return_value", "side_effect"].into_iter().flat_map(|own| index.refs_of(own));
        let mut writes = writes.into_iter().map(|(file, at)| &index.file(*file).attribute_writes[*at as usize]);
        by_key
            || writes.any(|write| is_home(write.context) && of_mock(write.receiver))
            || mentions.any(|id| {
                let site = index.site(*id);
                is_home(site.context) && site.receiver.is_some_and(of_mock)
            })
    }

    /// Does the code use what the call returns?
    fn result_is_used(&self, reach: &Reach, name: &Name) -> bool {
        let values = reach.strong.iter().chain(&reach.weak).copied();
        let uses = self.uses(values, name);
        uses.iter()
            .filter(|id| !self.world.in_tests(id.file))
            .any(|id| self.world.result_usage(*id).is_some_and(|usage| usage != Usage::Statement))
    }

    /// `MockService.return_value.load.return_value = 1`, and other places that are configured although nobody knows the mock:
    /// the first such statement of each function makes the attribute async.
    pub(super) fn configured(&mut self) {
        let known = self.known_values();
        let specs = self.specs();
        let mut seen: BTreeMap<(Option<FuncId>, FileId, String), ()> = BTreeMap::new();
        for (file, facts) in self.test_files() {
            for write in &facts.attribute_writes {
                let Value::Attribute { receiver, name } = self.world.index.value(write.receiver) else {
                    self.assigned_anywhere(file, write, &known);
                    continue;
                };
                if !matches!(write.name.as_str(), "return_value" | "side_effect") {
                    self.assigned_anywhere(file, write, &known);
                    continue;
                }
                let is_known = known.contains(receiver) || self.is_made_after(*receiver, &specs);
                if is_known || !self.names.contains(name) || self.is_real(*receiver, name, write.context) {
                    continue;
                }
                let named = self
                    .world
                    .index
                    .refs_of(name)
                    .iter()
                    .find(|id| self.world.index.site(**id).value == write.receiver);
                let color = named.and_then(|id| self.color_at(file, self.world.index.site(*id).range));
                let patched = || Some(self.color_of_method(self.patched_class(*receiver)?, name));
                match color.or_else(patched).unwrap_or_else(|| self.color_by_name(name)) {
                    Color::Async(_) => {
                        let Some(path) = self.path(write.receiver) else { continue };
                        let func = self.world.index.context(write.context).func;
                        if seen.insert((func, file, path), ()).is_none() {
                            let edit = MockEdit::Configured { target: key(write.range) };
                            self.edit(file, write.context, edit);
                        }
                    }
                    Color::Mixed => self.unclear(file, write.range, name),
                    Color::Sync | Color::Unknown => {}
                }
            }
        }
    }

    /// What is assigned becomes a mock, in `x.load = fake` and `setattr(x, "load", fake)`.
    fn wrap_assigned(&self, file: FileId, write: &AttributeWrite) -> MockEdit {
        let calls = &self.world.index.file(file).calls;
        match calls.iter().position(|call| call.range == write.range) {
            Some(index) => MockEdit::Argument { call: CallId { file, index: index as u32 }, index: 2 },
            None => MockEdit::Assigned { target: key(write.range) },
        }
    }

    /// `x.load = Mock()` of an object that nobody knows.
    fn assigned_anywhere(&mut self, file: FileId, write: &AttributeWrite, known: &FxHashSet<ValueId>) {
        let Some(value) = write.value.filter(|_| self.names.contains(&write.name)) else { return };
        if known.contains(&write.receiver) {
            return;
        }
        let color = self.color_at(file, write.range).unwrap_or_else(|| self.color_on(write.receiver, &write.name));
        match color {
            Color::Async(target) => {
                let wrap = self.wrap_assigned(file, write);
                self.stand_in(value, target, write.context, wrap);
            }
            Color::Mixed if self.may_stand_in(value) => self.unclear(file, write.range, &write.name),
            Color::Mixed | Color::Sync | Color::Unknown => {}
        }
    }

    /// Is it something that could be made awaitable? `patcher.start()` gives what fits by itself.
    fn may_stand_in(&self, value: ValueId) -> bool {
        match self.world.index.value(value) {
            Value::Call { call } => self.is_plain_mock(*call),
            Value::Lambda { .. } | Value::Name { .. } => true,
            _ => false,
        }
    }

    /// What belongs to the test around a function of it; for all tests of the file when there is none.
    pub(super) fn test_scope(&self, file: FileId, func: Option<FuncId>) -> Rc<TestScope> {
        let place = (file, func);
        if let Some(known) = self.scopes.borrow().get(&place) {
            return known.clone();
        }
        let scope = Rc::new(TestScope::of(self.world, file, func));
        self.scopes.borrow_mut().insert(place, scope.clone());
        scope
    }

    /// Values of mocks that were decided about already.
    fn known_values(&self) -> FxHashSet<ValueId> {
        let mut known = FxHashSet::default();
        for (file, facts) in self.test_files() {
            for index in 0..facts.calls.len() as u32 {
                let call = CallId { file, index };
                if self.is_mock(call)
                    && let Some(value) = self.flow.value_of(call)
                {
                    let reach = self.flow.reach(value);
                    known.extend(reach.strong);
                    if reach.weak.is_empty() {
                        continue;
                    }
                    let scope = self.test_scope(file, facts[facts[call].context].func);
                    known.extend(reach.weak.into_iter().filter(|value| scope.contains_value(self.world, *value)));
                }
            }
        }
        known
    }

    /// Values of mocks that are made after what they stand for: `create_autospec(Store)`, `patch(..., autospec=True)`.
    fn specs(&self) -> FxHashSet<ValueId> {
        let mut found = FxHashSet::default();
        let has_spec = |call: &Call| {
            let given = |arg: &Arg| arg.keyword.as_ref().is_some_and(|keyword| SPECS.contains(&keyword.as_str()));
            call.args.iter().any(given)
        };
        for (file, facts) in self.test_files() {
            for (index, call) in facts.calls.iter().enumerate() {
                let name = self.world.names().last_name(call.func);
                let is_spec = name == Some("create_autospec") || has_spec(call);
                let id = CallId { file, index: index as u32 };
                if let Some(value) = self.flow.value_of(id).filter(|_| is_spec) {
                    found.extend(self.flow.reach(value).strong);
                }
            }
            for (index, value) in facts.values.iter().enumerate() {
                if let Value::Entered(call) = value
                    && found.contains(call)
                {
                    let value = ValueId { file, index: index as u32 };
                    found.extend(self.flow.reach(value).strong);
                }
            }
            for func in &facts.funcs {
                for (param, call) in patched_parameters(func, facts, self.world.names()) {
                    if has_spec(&facts[call]) {
                        found.extend(self.flow.named(func.scope, &func.params[param].name).iter());
                    }
                }
            }
        }
        found
    }

    fn is_made_after(&self, value: ValueId, specs: &FxHashSet<ValueId>) -> bool {
        specs.contains(&value)
            || match self.world.index.value(value) {
                Value::Attribute { receiver, .. } => self.is_made_after(*receiver, specs),
                Value::Call { call } => self.is_made_after(self.world.index.call(*call).func, specs),
                _ => false,
            }
    }

    /// Was the attribute replaced by a `patch.object` that follows by itself, or by something assigned before?
    fn is_real(&self, receiver: ValueId, name: &Name, context: ContextId) -> bool {
        let path = self.path(receiver);
        let index = self.world.index;
        let own = index.context(context).func;
        // What another test assigns is of no interest here.
        let counts = |context: ContextId| {
            let func = index.context(context).func;
            func == own || func.is_none_or(|func| !index.func(func).name.starts_with("test"))
        };
        self.world.index.writes_of(name).iter().any(|&(file, at)| {
            let write = &self.world.index.file(file).attribute_writes[at as usize];
            file == receiver.file && counts(write.context) && self.path(write.receiver) == path
        })
    }

    /// The names of a chain of attributes, with `()` for calls.
    fn path(&self, value: ValueId) -> Option<String> {
        match self.world.index.value(value) {
            Value::Name { name, .. } => Some(name.to_string()),
            Value::Attribute { receiver, name } => Some(format!("{}.{name}", self.path(*receiver)?)),
            Value::Call { call } => Some(format!("{}()", self.path(self.world.index.call(*call).func)?)),
            _ => None,
        }
    }
}

/// The parameters that `@patch(...)` decorators fill, from the lowest decorator up.
pub(super) fn patched_parameters(func: &Func, facts: &FileFacts, names: Names) -> Vec<(usize, CallId)> {
    let mut found = vec![];
    let mut param = usize::from(func.class.is_some());
    for decorator in func.decorators.iter().rev() {
        let Value::Call { call } = &facts[decorator.value] else { continue };
        let positional = facts[*call].args.iter().filter(|arg| arg.keyword.is_none()).count();
        let limit = match names.last_name(facts[*call].func) {
            Some("patch") => 1,
            Some("object") => 2,
            _ => continue,
        };
        let has_new = facts[*call].args.iter().any(|arg| arg.keyword.as_deref() == Some("new"));
        if positional <= limit && !has_new && param < func.params.len() {
            found.push((param, *call));
            param += 1;
        }
    }
    found
}
