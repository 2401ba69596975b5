//! What a fixture gives: the parameters of tests and of other fixtures that ask for it by name get it.

use super::{Spot, Walk};
use crate::index::facts::*;
use crate::resolve::fixtures;

impl Walk<'_, '_> {
    /// Is the function a fixture of the tests? Then what asks for it gets what it returns, or yields.
    pub(super) fn requested(&mut self, fixture: FuncId, depth: u32) -> bool {
        let names = self.builder.names();
        let Some(decorator) = fixtures::decorator(&names, fixture) else { return false };
        let name = fixtures::exposed_name(&names, fixture, decorator);
        let is_generator = self.builder.index.func(fixture).traits.is_generator;
        let Some(depth) = depth.checked_sub(u32::from(is_generator)) else { return false };
        let naming = self.builder.index.words.files(&name).filter(|file| self.builder.in_tests(*file));
        let naming: Vec<FileId> = naming.collect();
        self.builder.index.load(self.builder.project, &naming);
        let (mut params, mut asked) = (vec![], vec![]);
        for file in naming.into_iter().filter(|file| self.builder.index.loaded(*file).is_some()) {
            let facts = self.builder.index.file(file);
            for (index, func) in facts.funcs.iter().enumerate() {
                let at = func.params.iter().position(|param| param.name == name);
                params.extend(at.map(|at| (FuncId { file, index: index as u32 }, at as u32)));
            }
            // `request.getfixturevalue("name")`
            let calls = (0..facts.calls.len() as u32).map(|index| CallId { file, index });
            asked.extend(calls.filter(|call| self.asks_for(*call, &name)));
        }
        for (func, at) in params {
            if self.builder.solver().fixtures_for(func, &name).contains(&fixture) {
                self.reach_in(func.file, Spot::Param(func, at), depth);
            }
        }
        for call in asked {
            let result = self.consumers(call.file).result(call);
            result.into_iter().for_each(|result| self.reach_in(call.file, Spot::Value(result), depth));
        }
        true
    }

    fn asks_for(&self, call: CallId, name: &str) -> bool {
        let (index, names) = (&self.builder.index, self.builder.names());
        let call = index.call(call);
        let is_named = |arg: &Arg| matches!(index.value(arg.value), Value::Text(text) if text == name);
        names.last_name(call.func) == Some("getfixturevalue") && call.args.first().is_some_and(is_named)
    }
}
