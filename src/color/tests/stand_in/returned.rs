//! Classes and factories that a test replaces by name: `patch("app.service.Store")`. The code awaits methods of what they return.

use std::collections::BTreeMap;

use ruff_python_ast::name::Name;

use super::{Color, Finder, MockEdit};
use crate::index::facts::*;
use crate::resolve::names::Meaning;

impl Finder<'_> {
    /// Makes methods of what patched classes return async, where the test says nothing about them itself.
    pub(super) fn returned(&mut self) {
        for (file, facts) in self.test_files() {
            for lookup in &facts.lookups {
                let Some(module) = self.patched_in(lookup) else { continue };
                let names = self.awaited_of_results(module, &lookup.name);
                let said = self.said_of_result(lookup.call);
                let names: Vec<(Name, bool)> = names.into_iter().filter(|(name, _)| !said.contains(name)).collect();
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
    fn awaited_of_results(&self, module: FileId, name: &Name) -> BTreeMap<Name, bool> {
        let mut found = BTreeMap::new();
        for id in self.world.index.refs_in(module, name) {
            let site = self.world.index.site(id);
            let Usage::Called(call) = site.usage else { continue };
            let Some(value) = self.flow.value_of(call).filter(|_| site.receiver.is_none()) else { continue };
            let reach = self.flow.reach(value);
            let members: Vec<RefId> =
                reach.strong.iter().flat_map(|value| self.flow.members(*value).iter().copied()).collect();
            for member in members {
                let method = &self.world.index.site(member).name;
                let uses = self.uses(reach.strong.iter().copied(), method);
                if let Color::Async(_) = self.color_of(&uses) {
                    let is_used = uses.iter().any(|id| {
                        !self.world.in_tests(id.file)
                            && self.world.result_usage(*id).is_some_and(|usage| usage != Usage::Statement)
                    });
                    found.insert(method.clone(), is_used);
                }
            }
        }
        found
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
            for value in self.flow.reach(result).strong {
                let writes = index.file(call.file).attribute_writes.iter();
                for write in writes.filter(|write| index.context(write.context).func == home) {
                    match index.value(write.receiver) {
                        _ if write.receiver == value => found.push(write.name.clone()),
                        Value::Attribute { receiver, name } if *receiver == value => found.push(name.clone()),
                        _ => {}
                    }
                }
            }
        }
        found
    }
}
