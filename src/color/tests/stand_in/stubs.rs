//! Objects that a test makes of keywords, with no class of the code behind them: `pretend.stub(load=lambda key: 1)`. One stands
//! in for a class that has all of its members.

use ruff_python_ast::name::Name;

use super::{Color, Finder, MockEdit};
use crate::index::facts::*;
use crate::resolve::hierarchy::method;
use crate::resolve::names::Meaning;

impl Finder<'_> {
    /// Makes members of stubs async where the code awaits them.
    pub(super) fn stubs(&mut self) {
        for (file, facts) in self.test_files() {
            for (index, call) in facts.calls.iter().enumerate() {
                let id = CallId { file, index: index as u32 };
                let given: Vec<&Name> = call.args.iter().filter_map(|arg| arg.keyword.as_ref()).collect();
                let is_plain = given.len() == call.args.len() && given.iter().any(|name| self.names.contains(*name));
                if is_plain && self.makes_a_stub(call) {
                    self.stub(id, &given);
                }
            }
        }
    }

    /// Is it a call of something that is not the project's, and no mock or namespace?
    fn makes_a_stub(&self, call: &Call) -> bool {
        let names = self.world.names();
        let is_known = |name: &str| name.contains("Mock") || matches!(name, "patch" | "multiple" | "SimpleNamespace");
        let is_mock = names.last_name(call.func).is_some_and(is_known);
        let meanings = names.evaluate(call.func);
        let is_foreign = |meaning: &Meaning| match meaning {
            Meaning::External(path) => path != "builtins.dict",
            _ => false,
        };
        !is_mock && !meanings.is_empty() && meanings.iter().all(is_foreign)
    }

    fn stub(&mut self, call: CallId, given: &[&Name]) {
        let classes = self.classes_with(given);
        let context = self.world.index.call(call).context;
        for (index, arg) in self.world.index.call(call).args.iter().enumerate() {
            let Some(name) = arg.keyword.as_ref().filter(|name| self.names.contains(*name)) else { continue };
            let is_followed = match self.world.index.value(arg.value) {
                Value::Lambda { .. } | Value::Name { .. } => true,
                Value::Call { call } => self.is_plain_mock(*call),
                _ => false,
            };
            let is_data = matches!(self.world.index.value(arg.value), Value::Builtin | Value::None | Value::Text(_));
            match self.color_in(&classes, name) {
                Color::Async(target) if is_followed => {
                    self.stand_in(arg.value, target, context, MockEdit::Argument { call, index: index as u32 });
                }
                Color::Async(_) | Color::Mixed if !is_data => self.unclear(call.file, arg.range, name),
                Color::Async(_) | Color::Mixed | Color::Sync | Color::Unknown => {}
            }
        }
    }

    /// Classes of the code with all of these members.
    fn classes_with(&self, given: &[&Name]) -> Vec<ClassId> {
        let methods = given.iter().filter(|name| self.names.contains(**name));
        let funcs = methods.flat_map(|name| self.world.index.funcs_of(name).iter().copied());
        let mut found: Vec<ClassId> = funcs
            .filter(|func| !self.world.in_tests(func.file))
            .filter_map(|func| self.world.index.func(func).class)
            .flat_map(|class| self.world.graph.hierarchy.descendants(class))
            .collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|class| {
            let ancestors = self.world.graph.hierarchy.ancestors(*class);
            given.iter().all(|name| ancestors.iter().any(|class| self.has_member(*class, name)))
        });
        found
    }

    fn has_member(&self, class: ClassId, name: &Name) -> bool {
        let index = self.world.index;
        let is_own_write = |(file, at): &(FileId, u32)| {
            let write = &index.file(*file).attribute_writes[*at as usize];
            *file == class.file && self.flow.own_class(write.receiver) == Some(class)
        };
        index.binds(class, name) || index.writes_of(name).iter().any(is_own_write)
    }

    /// What becomes of the method of that name in all of these classes.
    fn color_in(&self, classes: &[ClassId], name: &Name) -> Color {
        let hierarchy = &self.world.graph.hierarchy;
        let of_class = |class: &ClassId| {
            hierarchy.ancestors(*class).iter().find_map(|above| method(self.world.index, *above, name))
        };
        let methods: Vec<FuncId> = classes.iter().filter_map(of_class).collect();
        let converting = methods.iter().filter(|func| (self.converts)(**func)).count();
        match methods.first() {
            Some(first) if converting == methods.len() => Color::Async(*first),
            Some(_) if converting == 0 => Color::Sync,
            Some(_) => Color::Mixed,
            None => Color::Unknown,
        }
    }
}
