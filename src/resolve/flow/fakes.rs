//! What tests put where the program calls something that it was given: `engine.register("save", lambda context: 1)`.
//!
//! Asked of a state of its own that keeps the ways which values take: from the place that calls them back to the expressions of
//! tests that give them.

use rustc_hash::FxHashSet;

use super::asks::Asks;
use super::object::{Node, Object};
use super::solver::{Solver, State};
use crate::index::facts::*;
use crate::resolve::builder::Builder;

/// Something that a test hands to the program, which calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fake {
    /// A function of the test.
    Func(FuncId),
    Lambda(FuncId),
    /// What a call gives, such as a mock.
    Made(CallId),
    /// Something of others: `received.append`.
    Foreign(ValueId),
}

/// What tests put in the place of the callee of a call.
pub(crate) fn fakes(builder: &mut Builder, state: &mut State, callee: ValueId) -> Vec<Fake> {
    state.begin(Asks::Fakes, builder.builtin_names());
    let mut solver = Solver::new(builder.project, builder.index, &mut builder.graph.hierarchy, state);
    let all = solver.solve(Node::Value(callee), vec![]);
    let mut pending = vec![solver.variable(Node::Value(callee), vec![])];
    let mut seen = FxHashSet::default();
    // A decorator is given its function without an expression.
    let mut found: Vec<Fake> = all.objects().filter_map(|object| function(builder, &object)).collect();
    while let Some(id) = pending.pop() {
        if !seen.insert(id) {
            continue;
        }
        let sources = state.sources.get(&id).cloned().unwrap_or_default();
        let variable = &state.variables[id as usize];
        if let Node::Value(value) = variable.node
            && variable.path.is_empty()
            && builder.in_tests(value.file)
        {
            let fake = fake(builder, value, &variable.set.objects().collect::<Vec<_>>());
            found.extend(fake);
            if fake.is_some() {
                continue;
            }
        }
        pending.extend(sources);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What an expression of a test gives; none when it only hands on.
fn fake(builder: &Builder, value: ValueId, objects: &[Object]) -> Option<Fake> {
    match builder.index.value(value) {
        Value::Lambda { func, .. } => Some(Fake::Lambda(*func)),
        Value::Call { call } if matches!(objects, [] | [Object::Mock]) => Some(Fake::Made(*call)),
        Value::Name { .. } | Value::Attribute { .. } => match objects {
            [object] => function(builder, object).or_else(|| is_foreign(object).then_some(Fake::Foreign(value))),
            _ => None,
        },
        _ => None,
    }
}

fn function(builder: &Builder, object: &Object) -> Option<Fake> {
    match object {
        Object::Func(func) if builder.in_tests(func.file) => Some(Fake::Func(*func)),
        _ => None,
    }
}

fn is_foreign(object: &Object) -> bool {
    matches!(object, Object::External(_) | Object::ExternalMember(_))
}
