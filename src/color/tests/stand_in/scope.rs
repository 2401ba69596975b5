//! The part of a test file that belongs to one test, or to the tests of one class.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use super::super::super::World;
use super::super::framework;
use crate::index::facts::*;
use crate::resolve::fixtures;
use crate::resolve::names::Meaning;

/// Where a mock is made, and what the tests around it name.
#[derive(Debug)]
pub struct TestScope {
    file: FileId,
    /// None when any test may get the mock: it is made by a fixture, a helper, or the module.
    range: Option<TextRange>,
    names: BTreeSet<Name>,
}

impl TestScope {
    /// The test function or the test class around a function.
    pub fn of(world: World, file: FileId, func: Option<FuncId>) -> Self {
        let range = range(world, func);
        let mut scope = Self { file, range, names: BTreeSet::new() };
        if let Some(range) = range {
            scope.add(world, range, 0);
        }
        scope
    }

    /// The names in a range, and in the functions of tests that it names.
    fn add(&mut self, world: World, range: TextRange, depth: usize) {
        let facts = world.index.file(self.file);
        for site in facts.refs.iter().filter(|site| range.contains_range(site.range)) {
            if !self.names.insert(site.name.clone()) || depth > 3 {
                continue;
            }
            let scope = facts[site.context].scope;
            for meaning in world.names().lookup(scope, &site.name) {
                match meaning {
                    Meaning::Func(func) if func.file == self.file => {
                        self.add(world, facts[func].range, depth + 1);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Do the tests name something so?
    pub fn names(&self, name: &Name) -> bool {
        self.range.is_none() || self.names.contains(name)
    }

    /// Does the site stand in the same test, or the same class of tests?
    pub fn contains(&self, world: World, id: RefId) -> bool {
        id.file == self.file && self.range.is_none_or(|range| range.contains_range(world.index.site(id).range))
    }

    /// The same for an expression that is a name or an attribute.
    pub fn contains_value(&self, world: World, value: ValueId) -> bool {
        let name = match world.index.value(value) {
            Value::Name { name, .. } | Value::Attribute { name, .. } => name,
            _ => return false,
        };
        value.file == self.file
            && world.index.refs_of(name).iter().any(|id| {
                let site = world.index.site(*id);
                let is_it = match (world.index.value(value), site.receiver) {
                    (Value::Attribute { receiver, .. }, Some(own)) => *receiver == own,
                    (Value::Name { .. }, None) => true,
                    _ => false,
                };
                is_it && self.contains(world, *id)
            })
    }
}

fn range(world: World, func: Option<FuncId>) -> Option<TextRange> {
    let func = world.index.outermost(func?);
    let facts = world.index.func(func);
    if fixtures::decorator(&world.names(), func).is_some() {
        return None;
    }
    match facts.class {
        None => framework::is_pytest_test(world, func).then_some(facts.range),
        // A base class may hold what runs the code.
        Some(class) if world.graph.hierarchy.ancestors(class).len() > 1 => None,
        Some(class) if world.graph.hierarchy.descendants(class).len() > 1 => None,
        Some(class) => Some(world.index.class(class).range),
    }
}
