//! Annotations that the program does not keep to: objects of another class that arrive where a parameter says what it takes.
//!
//! Asked of a state of its own, in which annotations of parameters do not end the search and nothing unknown counts: what is
//! found is what certainly arrives, and never all that may.

use super::asks::Asks;
use super::object::{Node, Object, Place};
use super::solver::Solver;
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::hierarchy;

/// The classes of objects that arrive at a receiver, and are neither what its annotations name nor above or below that; each
/// with the place that brings it.
pub(crate) fn contradictions(builder: &mut Builder, receiver: ValueId, targets: &[FuncId]) -> Vec<(ClassId, Place)> {
    let known = builder.solver().solve(Node::Value(receiver), vec![]);
    let mut said: Vec<ClassId> = known.objects().filter_map(class_of).collect();
    // Where something unknown arrives, the search ended there; the type knew these.
    if known.has_unknown() {
        said.extend(targets.iter().filter_map(|func| builder.index.func(*func).class));
    }
    if said.is_empty() {
        return vec![];
    }
    let arriving = doubting(builder).solve(Node::Value(receiver), vec![]);
    let mut found = vec![];
    for (object, place) in arriving.iter() {
        let (Some(class), Some(place)) = (class_of(object), place) else { continue };
        builder.index_close(class);
        let hierarchy = &builder.graph.hierarchy;
        let is_related = |other: &ClassId| {
            hierarchy.ancestors(class).contains(other) || hierarchy.ancestors(*other).contains(&class)
        };
        if !said.iter().any(is_related) && !builder.in_tests(place.0) && !builder.in_tests(class.file) {
            found.push((class, place));
        }
    }
    found
}

/// The classes of objects that certainly arrive at a value from the code, whatever else may.
pub(crate) fn arriving_classes(builder: &mut Builder, value: ValueId) -> Vec<ClassId> {
    let arriving = doubting(builder).solve(Node::Value(value), vec![]);
    arriving.objects().filter_map(class_of).collect()
}

/// The functions that certainly arrive at a value that is called, lambdas and the `__call__` of objects among them; none when
/// something else arrives that is known, and no function of the program.
pub(crate) fn arriving_callees(builder: &mut Builder, value: ValueId) -> Option<Vec<FuncId>> {
    let known = builder.solver().solve(Node::Value(value), vec![]);
    let certain = doubting(builder).solve(Node::Value(value), vec![]);
    let mut found = vec![];
    for object in known.objects().chain(certain.objects()) {
        match object {
            Object::Func(func) | Object::Lambda(func) => found.push(func),
            Object::Instance(class) | Object::Below(class) => {
                builder.index_close(class);
                let ancestors = builder.graph.hierarchy.ancestors(class);
                found.push(ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, "__call__"))?);
            }
            Object::Unknown | Object::None | Object::Mock => {}
            _ => return None,
        }
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|func| !builder.in_tests(func.file));
    Some(found)
}

fn class_of(object: Object) -> Option<ClassId> {
    match object {
        Object::Instance(class) | Object::Below(class) => Some(class),
        _ => None,
    }
}

fn doubting<'a>(builder: &'a mut Builder<'_>) -> Solver<'a> {
    builder.builtin_names();
    builder.doubts.begin(Asks::Doubts, &builder.flow.builtin_names);
    Solver::new(builder.project, builder.index, &mut builder.graph.hierarchy, &mut builder.doubts)
}
