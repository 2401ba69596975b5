//! Field-based flow analysis: which objects reach the receiver of a site that types do not tell (rung 2 of the ladder,
//! DESIGN section 5; Feldthaus et al., ICSE 2013; PyCG, ICSE 2021 for Python's rules).
//!
//! Demand-driven: only the receivers of open sites are evaluated, and what they depend on, by name, over the whole program.
//! An object that lacks the member a site asks for does not count, and a set without any source is unknown: a proof that a
//! site is something else needs an object that has the member.

mod annotation;
mod arriving;
mod asks;
mod binds;
mod builtin;
mod bulk;
mod call;
mod caller;
mod classes;
mod decorated;
mod doubt;
mod elements;
mod fakes;
mod field;
mod filled;
mod foreign;
mod outside;
mod forward;
mod hook;
mod library;
mod looked_into;
mod made;
mod member;
mod mock;
mod narrow;
mod object;
mod offloaded;
mod parameter;
mod picked;
mod reached;
mod record;
mod scope;
mod settle;
mod solver;
mod spelled;
mod stated;
#[cfg(test)]
mod tests;
mod value;
mod write;

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

pub(crate) use self::arriving::{Arrives, Decorating, Runs, arriving, called_objects, decorating, may_construct};
pub(crate) use self::caller::calls_of;
pub(crate) use self::classes::{classes, known_classes, may_be_one, self_classes, written_by};
pub(crate) use self::doubt::{arriving_callees, arriving_classes, contradictions};
pub use self::fakes::Fake;
pub(crate) use self::fakes::fakes;
pub(crate) use self::foreign::{is_foreign_receiver, is_of_foreign};
pub(crate) use self::forward::{Owner, Spot, Token, Trace, Until, trace, trace_from, trace_inside, trace_param};
pub(crate) use self::looked_into::LookedInto;
pub(crate) use self::made::is_known_outside;
pub(crate) use self::mock::SPECS;
pub(crate) use self::outside::{
    begins_outside, is_fed, is_foreign_object, is_made_outside, is_object_from_outside, makers,
};
pub(crate) use self::picked::{is_global, is_known, may_be_module, may_have_member, spelled};
pub(crate) use self::reached::GIVING;
pub(crate) use self::settle::settle;
pub(crate) use self::solver::State;
pub(crate) use self::spelled::Spelled;
pub(crate) use self::stated::{Stated, from_config as read_config};

use self::arriving::properties;
pub(crate) use self::object::Place;
use self::object::{Node, Object};
use self::settle::is_of_another_test;
use self::solver::Solver;
use super::builder::Builder;
use super::site;
use crate::index::facts::*;
use crate::py::infer;

/// Methods that the stubs of `dict` leave to its base.
const MAPPING: [&str; 4] = ["setdefault", "update", "popitem", "clear"];

/// What flows into the name of a site.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Functions of the project, constructors for classes. Sorted.
    pub(crate) funcs: Vec<FuncId>,
    /// Something else has the member too.
    pub(crate) has_foreign: bool,
    /// Something is not known.
    pub(crate) has_unknown: bool,
    /// The writes that bring the receivers there.
    pub(crate) support: Vec<Place>,
}

/// What is known of a site that neither types nor scopes tie to anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open {
    is_asked: bool,
    /// What the known part of the receiver's type says.
    typed: Option<site::Found>,
    /// The member is data, by the receiver's type: no method of that name is meant.
    is_data: bool,
    /// The receiver is a mock, by its type: what it is made after decides.
    is_mock: bool,
    /// Flow knows every object that gets there, and not all are ours: the ones that are.
    pub(crate) mixed: Option<Vec<FuncId>>,
    /// Something that nobody knows gets there too.
    pub(crate) has_unknown: bool,
    pub(crate) support: Vec<Place>,
}

impl Builder<'_> {
    /// Keeps a site for flow, with what its type says as far as it is known.
    pub(crate) fn open_with(&mut self, id: RefId, typed: site::Found) {
        self.open.entry(id).or_default().typed = Some(typed);
    }

    /// Keeps a site that names data, which may hold a function.
    pub(crate) fn open_data(&mut self, id: RefId) {
        self.open.entry(id).or_default().is_data = true;
    }

    /// Keeps a site whose receiver is a mock.
    pub(crate) fn open_mock(&mut self, id: RefId) {
        self.open.entry(id).or_default().is_mock = true;
    }

    /// Method names of the builtin types.
    pub(super) fn builtin_names(&mut self) -> &FxHashSet<Name> {
        if self.flow.builtin_names.is_empty() {
            self.flow.builtin_names = infer::stdlib_methods(self.db, ["builtins", "collections"]);
            self.flow.builtin_names.extend(MAPPING.map(Name::new_static));
        }
        &self.flow.builtin_names
    }

    fn solver(&mut self) -> Solver<'_> {
        self.builtin_names();
        Solver::new(self.project, self.index, &mut self.graph.hierarchy, &mut self.flow)
    }
}

/// Evaluates the name of a site.
pub(crate) fn answer(builder: &mut Builder, id: RefId) -> Answer {
    let facts = builder.index.site(id);
    let (name, receiver, usage) = (facts.name.clone(), facts.receiver, facts.usage);
    let scope = builder.index.context(facts.context).scope;
    let in_test = builder.project.file(id.file).is_test;
    let node = match receiver {
        Some(receiver) => Node::Member(receiver, name.clone()),
        None => Node::Name(scope, name.clone()),
    };
    if let Some(answer) = receiver.and_then(|receiver| properties(builder, receiver, &name)) {
        return answer;
    }
    let set = builder.solver().solve(node, vec![]);
    let mut answer = Answer::default();
    let mut has_mock = false;
    for object in set.objects() {
        match object {
            Object::Func(func) => answer.funcs.push(func),
            Object::Class(class) => {
                builder.index_close(class);
                let constructors = site::constructors(builder, class);
                answer.has_foreign |= constructors.is_empty();
                answer.funcs.extend(constructors);
            }
            // Calling it runs its `__call__`, which has no name at the site.
            Object::Instance(_) | Object::Below(_) if matches!(usage, Usage::Called(_)) => answer.has_unknown = true,
            Object::ClassBelow(_) | Object::Super(_) | Object::Unknown => answer.has_unknown = true,
            Object::Mock => has_mock = true,
            // Nobody calls a number or a list.
            Object::Builtin if matches!(usage, Usage::Called(_)) => {}
            Object::Lambda(func) if builder.in_tests(func.file) && !in_test => {}
            Object::Instance(_)
            | Object::Below(_)
            | Object::Coroutine(_)
            | Object::Generator(_)
            | Object::Lambda(_)
            | Object::Module(_)
            | Object::Package(_)
            | Object::External(_)
            | Object::ExternalInstance(_)
            | Object::ExternalMember(_)
            | Object::Made(_)
            | Object::RecordClass(_)
            | Object::Record(..)
            | Object::Builtin => answer.has_foreign = true,
            Object::None => {}
        }
    }
    // A mock stands for something: for what the other objects are, and follows it.
    answer.has_foreign |= has_mock && in_test && answer.funcs.is_empty();
    answer.has_unknown |= answer.funcs.is_empty() && !answer.has_foreign;
    answer.funcs.retain(|func| !is_of_another_test(builder, id, *func));
    answer.funcs.sort_unstable();
    answer.funcs.dedup();
    answer.support = match receiver {
        Some(receiver) => {
            let receivers = builder.solver().solve(Node::Value(receiver), vec![]);
            places(receivers.iter())
        }
        None => places(set.iter()),
    };
    answer
}

fn places(members: impl Iterator<Item = (Object, Option<Place>)>) -> Vec<Place> {
    let mut found: Vec<Place> =
        members.filter(|(object, _)| object.is_project()).filter_map(|(_, place)| place).collect();
    found.sort_by_key(|(file, range)| (*file, range.start(), range.end()));
    found.dedup();
    found
}

/// What gets to a receiver, beside objects of the classes that are asked for.
#[derive(Debug)]
pub(crate) struct OfClass {
    /// The writes that bring them there.
    pub(crate) support: Vec<Place>,
    /// Methods of the classes.
    pub(crate) ours: Vec<FuncId>,
    /// Methods of other classes of the project.
    pub(crate) others: Vec<FuncId>,
    /// Something that is not of the project, or not known, gets there too.
    pub(crate) has_more: bool,
}

/// Do objects of these classes reach the receiver?
pub(crate) fn is_of_class(builder: &mut Builder, id: RefId, classes: &[ClassId]) -> Option<OfClass> {
    let receiver = builder.index.site(id).receiver?;
    let answer = answer(builder, id);
    let is_one = |builder: &Builder, class: ClassId| {
        classes.iter().any(|wanted| {
            builder.graph.hierarchy.ancestors(class).contains(wanted)
                || builder.graph.hierarchy.ancestors(*wanted).contains(&class)
        })
    };
    let is_ours = |func: &FuncId| builder.index.func(*func).class.is_some_and(|class| is_one(builder, class));
    let (ours, others): (Vec<FuncId>, Vec<FuncId>) = answer.funcs.iter().partition(|func| is_ours(func));
    let has_more = answer.has_unknown || answer.has_foreign;
    if ours.is_empty() {
        return None;
    }
    // Where something unknown gets, any method of the name is a candidate.
    let is_sure = !has_more && others.is_empty();
    let arrives = is_sure || doubt::arriving_classes(builder, receiver).into_iter().any(|class| is_one(builder, class));
    arrives.then_some(OfClass { support: answer.support, ours, others, has_more })
}

/// The place where an annotation would say what the receiver of a site is: the write of the attribute that brings in
/// something unknown, or the binding of the name.
pub(crate) fn annotation_place(builder: &mut Builder, id: RefId) -> Option<Place> {
    let receiver = builder.index.site(id).receiver?;
    match builder.index.value(receiver).clone() {
        Value::Attribute { .. } => {
            let set = builder.solver().solve(Node::Value(receiver), vec![]);
            let (file, range) =
                set.iter().find(|(object, _)| *object == Object::Unknown).and_then(|(_, place)| place)?;
            let writes = &builder.index.file(file).attribute_writes;
            writes.iter().any(|write| write.range == range && write.annotation.is_none()).then_some((file, range))
        }
        Value::Name { name, scope } => {
            let solver = builder.solver();
            let mut at = Some(scope);
            while let Some(here) = at {
                if let Some((_, range)) = solver.bindings(here, &name).first() {
                    return Some((here.file, *range));
                }
                at = solver.index.scope(here).parent;
            }
            None
        }
        _ => None,
    }
}
