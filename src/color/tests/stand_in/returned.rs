//! Classes, factories and objects that a test replaces by name: `patch("app.service.Store")`, `patch("app.service.store")`. The
//! code awaits methods of what they return, or of them.

use std::collections::BTreeMap;

use ruff_python_ast::name::Name;

use super::flow::Reach;
use super::scope::TestScope;
use super::{Color, Finder, MockEdit};
use crate::index::facts::*;
use crate::resolve::names::Meaning;

impl Finder<'_> {
    /// Makes methods of what patched classes return async, where the test says nothing about them itself.
    pub(super) fn returned(&mut self) {
        for (file, facts) in self.test_files() {
            for lookup in &facts.lookups {
                let Some(module) = self.patched_in(lookup) else { continue };
                let scope = self.test_scope(file, self.home_of(lookup.call));
                let said = self.said_of_result(lookup.call);
                let results = self.awaited_of_results(module, &lookup.name, &scope).into_iter();
                let mut names: Vec<(Name, bool)> = results
                    .filter(|(name, _)| !said.contains(name))
                    .map(|(name, is_used)| (Name::new(format!("return_value.{name}")), is_used))
                    .collect();
                let said = self.said_of_object(lookup.call);
                let members = self.awaited_of_object(module, &lookup.name, &scope).into_iter();
                names.extend(members.filter(|(name, _)| !said.contains(name)));
                if !names.is_empty() {
                    let context = self.world.index.call(lookup.call).context;
                    self.edit(file, context, MockEdit::Returned { call: lookup.call, names });
                }
            }
        }
    }

    /// The module of the code in which `patch("module.Name")` or `patch.object(module, "Name")` puts a plain mock.
    fn patched_in(&self, lookup: &Lookup) -> Option<FileId> {
        let call = self.world.index.call(lookup.call);
        let is_plain = call.args.iter().all(|arg| arg.keyword.is_none() && !arg.is_star);
        let module = match (self.world.names().last_name(call.func)?, call.args.len()) {
            ("patch", 1) => lookup.text.strip_suffix(lookup.name.as_str())?.strip_suffix('.')?.to_owned(),
            ("object", 2) => match self.world.names().evaluate(call.args[0].value).as_slice() {
                [Meaning::Module(module)] => module.clone(),
                _ => return None,
            },
            _ => return None,
        };
        let file = self.world.index.module(&module)?;
        let is_code = !self.world.in_tests(file) && self.world.index.loaded(file).is_some();
        (is_plain && is_code).then_some(file)
    }

    /// The methods that the module awaits of what it gets by calling `name`, and whether it uses their results.
    fn awaited_of_results(&self, module: FileId, name: &Name, scope: &TestScope) -> BTreeMap<Name, bool> {
        let mut found = BTreeMap::new();
        for id in self.world.index.refs_in(module, name) {
            let site = self.world.index.site(id);
            let Usage::Called(call) = site.usage else { continue };
            let Some(value) = self.flow.value_of(call).filter(|_| site.receiver.is_none()) else { continue };
            found.extend(self.awaited_of(&self.flow.reach(value), scope));
        }
        found
    }

    /// The methods that the module awaits of the object that it knows as `name`.
    fn awaited_of_object(&self, module: FileId, name: &Name, scope: &TestScope) -> BTreeMap<Name, bool> {
        let mut reach = Reach::default();
        for value in self.flow.named(ScopeId { file: module, index: 0 }, name).iter() {
            reach.strong.extend(self.flow.reach(*value).strong);
        }
        self.awaited_of(&reach, scope)
    }

    /// The methods that code which the test runs awaits of what reaches these places, and whether it uses their results.
    fn awaited_of(&self, reach: &Reach, scope: &TestScope) -> BTreeMap<Name, bool> {
        let mut found = BTreeMap::new();
        let members: Vec<RefId> =
            reach.strong.iter().flat_map(|value| self.flow.members(*value).iter().copied()).collect();
        for member in members {
            let method = &self.world.index.site(member).name;
            let uses = self.uses(reach.strong.iter().copied(), method);
            let is_run = |id: &RefId| self.is_production_call(*id) && self.is_run_by(*id, scope);
            if matches!(self.color_of(&uses), Color::Async(_)) && uses.iter().any(is_run) {
                let is_used = uses.iter().any(|id| {
                    !self.world.in_tests(id.file)
                        && self.world.result_usage(*id).is_some_and(|usage| usage != Usage::Statement)
                });
                found.insert(method.clone(), is_used);
            }
        }
        found
    }

    /// The methods of the mock itself that the function around the patch gives a behavior.
    fn said_of_object(&self, call: CallId) -> Vec<Name> {
        let Some(values) = self.patched_values(call) else { return vec![] };
        let home = self.home_of(call);
        values.iter().flat_map(|value| self.said_of(*value, call.file, home)).collect()
    }

    /// What is written to attributes of a mock, or says what they return.
    fn said_of(&self, value: ValueId, file: FileId, home: Option<FuncId>) -> Vec<Name> {
        let index = self.world.index;
        let writes = index.file(file).attribute_writes.iter();
        let own = writes.filter(|write| index.context(write.context).func == home);
        own.filter_map(|write| match index.value(write.receiver) {
            _ if write.receiver == value => Some(write.name.clone()),
            Value::Attribute { receiver, name } if *receiver == value => Some(name.clone()),
            _ => None,
        })
        .collect()
    }

    /// The methods of the result that the function around the patch gives a behavior by itself:
    /// `mock.return_value.load.return_value = 1`. What one test says of a mock that a fixture makes, another may not.
    fn said_of_result(&self, call: CallId) -> Vec<Name> {
        let Some(values) = self.patched_values(call) else { return vec![] };
        let index = self.world.index;
        let home = self.home_of(call);
        let mut found = vec![];
        let is_result = |value: ValueId| match index.value(value) {
            Value::Attribute { receiver, name } => name == "return_value" && values.contains(receiver),
            Value::Call { call } => values.contains(&index.call(*call).func),
            _ => false,
        };
        let results: Vec<ValueId> = index
            .file(call.file)
            .values
            .iter()
            .enumerate()
            .map(|(at, _)| ValueId { file: call.file, index: at as u32 })
            .filter(|value| is_result(*value))
            .collect();
        for result in results {
            let values = self.flow.reach(result).strong.into_iter();
            found.extend(values.flat_map(|value| self.said_of(value, call.file, home)));
        }
        found
    }
}
