//! Field-based flow analysis: which objects reach the receiver of a site that types do not tell (rung 2 of the ladder,
//! DESIGN section 5; Feldthaus et al., ICSE 2013; PyCG, ICSE 2021 for Python's rules).
//!
//! Demand-driven: only the receivers of open sites are evaluated, and what they depend on, by name, over the whole program.
//! An object that lacks the member a site asks for does not count, and a set without any source is unknown: a proof that a
//! site is something else needs an object that has the member.

mod annotation;
mod binds;
mod builtin;
mod bulk;
mod call;
mod caller;
mod classes;
mod decorated;
mod doubt;
mod fakes;
mod field;
mod filled;
mod foreign;
mod outside;
mod forward;
mod library;
mod member;
mod narrow;
mod object;
mod offloaded;
mod parameter;
mod picked;
mod reached;
mod record;
mod scope;
mod solver;
mod spelled;
mod stated;
#[cfg(test)]
mod tests;
mod value;
mod write;

use std::collections::BTreeSet;

use ruff_python_ast::PythonVersion;
use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

pub(crate) use self::caller::calls_of;
pub(crate) use self::classes::{classes, known_classes};
pub(crate) use self::doubt::contradictions;
pub use self::fakes::Fake;
pub(crate) use self::fakes::fakes;
pub(crate) use self::foreign::is_of_foreign;
pub(crate) use self::forward::{
    Owner, Spot, Token, Trace, trace, trace_from, trace_in_sight, trace_inside, trace_param,
};
pub(crate) use self::outside::{begins_outside, is_fed, makers};

use self::object::{Node, Object, Place};
pub(crate) use self::picked::{is_global, is_known, may_be_module, may_have_member, spelled};
use self::solver::Solver;
pub(crate) use self::solver::State;
pub(crate) use self::spelled::Spelled;
pub(crate) use self::stated::{Stated, from_config as read_config};
use super::builder::Builder;
use super::{Evidence, boundary, site};
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

/// Settles open sites by what flows into their receivers. Returns whether anything came of it.
pub(crate) fn settle(builder: &mut Builder) -> bool {
    let asked: Vec<RefId> = builder.open.iter().filter(|(_, open)| !open.is_asked).map(|(id, _)| *id).collect();
    if asked.is_empty() {
        return false;
    }
    load_receivers(builder, &asked);
    let mut changed = false;
    for id in asked {
        if site::runs_operator(builder, id) {
            changed |= settle_operator(builder, id);
            continue;
        }
        let found = stated::found(builder, id).map(|found| (found, Evidence::Stated, vec![]));
        let found = found.or_else(|| by_flow(builder, id));
        if let Some((found, evidence, support)) = found {
            builder.open.remove(&id);
            builder.support.insert(id, support);
            site::settle(builder, id, found, evidence);
            changed = true;
        }
    }
    changed
}

/// Operators are everywhere: where no object is known to get to, nothing of ours runs.
fn settle_operator(builder: &mut Builder, id: RefId) -> bool {
    let funcs = answer(builder, id).funcs;
    builder.open.remove(&id);
    let is_ours = !funcs.is_empty();
    let found = if is_ours { site::Found::Targets(funcs) } else { site::Found::Foreign };
    site::settle(builder, id, found, Evidence::Flow);
    is_ours
}

fn by_flow(builder: &mut Builder, id: RefId) -> Option<(site::Found, Evidence, Vec<Place>)> {
    let answer = answer(builder, id);
    let receiver = builder.index.site(id).receiver;
    if receiver.is_some_and(|receiver| super::fixtures::is_of_plugin(builder, receiver)) {
        return Some((site::Found::Foreign, Evidence::Flow, vec![]));
    }
    match builder.open.get(&id).and_then(|open| open.typed.clone()) {
        Some(site::Found::Targets(typed)) => {
            let evidence =
                if answer.funcs.iter().all(|func| typed.contains(func)) { Evidence::Type } else { Evidence::Flow };
            let all = typed.into_iter().chain(answer.funcs).collect();
            return Some((site::Found::Targets(all), evidence, answer.support));
        }
        Some(site::Found::Foreign) if answer.funcs.is_empty() && !answer.has_unknown => {
            return Some((site::Found::Foreign, Evidence::Type, vec![]));
        }
        // A part of the type has the member from elsewhere, and nobody knows what else gets here.
        Some(site::Found::Foreign) if answer.funcs.is_empty() => {
            let open = builder.open.entry(id).or_default();
            *open = Open { is_asked: true, has_unknown: true, mixed: Some(vec![]), ..Open::default() };
            return None;
        }
        Some(site::Found::Foreign) => {
            let open = builder.open.entry(id).or_default();
            *open = Open {
                is_asked: true,
                has_unknown: answer.has_unknown,
                mixed: Some(answer.funcs),
                support: answer.support,
                ..Open::default()
            };
            return None;
        }
        None => {}
    }
    if !answer.has_unknown && (answer.funcs.is_empty() || !answer.has_foreign) {
        let found = if answer.funcs.is_empty() { site::Found::Foreign } else { site::Found::Targets(answer.funcs) };
        return Some((found, Evidence::Flow, answer.support));
    }
    // A wrong guess in a test breaks the test and nothing else: what is known of the receiver decides.
    if builder.in_tests(id.file) && !answer.funcs.is_empty() && !answer.has_foreign {
        let named = super::agreement::by_receiver_name(builder, id, &answer.funcs);
        return Some((site::Found::Targets(named.unwrap_or(answer.funcs)), Evidence::Flow, answer.support));
    }
    let open = builder.open.entry(id).or_default();
    open.is_asked = true;
    open.has_unknown = answer.has_unknown;
    if !answer.has_unknown || open.is_data {
        open.mixed = Some(answer.funcs);
    }
    open.support = answer.support;
    None
}

/// Parses the files that the receivers' names are in, all at once.
fn load_receivers(builder: &mut Builder, sites: &[RefId]) {
    let mut names: BTreeSet<Name> = BTreeSet::new();
    for id in sites {
        let mut at = builder.index.site(*id).receiver;
        while let Some(value) = at {
            at = match builder.index.value(value) {
                Value::Attribute { receiver, name } => {
                    names.insert(name.clone());
                    Some(*receiver)
                }
                Value::Call { call } => Some(builder.index.call(*call).func),
                Value::Await { value } | Value::Subscript { value, .. } => Some(*value),
                _ => None,
            };
        }
    }
    builder.index.load_words(builder.project, names.iter().map(Name::as_str));
}

/// What one test defines and puts in the place of a function is gone when the next one runs.
fn is_of_another_test(builder: &Builder, id: RefId, func: FuncId) -> bool {
    let facts = builder.index.func(func);
    let outermost = |mut func: FuncId| {
        while let Some(parent) = builder.index.func(func).parent {
            func = parent;
        }
        func
    };
    facts.parent.is_some()
        && facts.class.is_none()
        && builder.in_tests(func.file)
        && builder.in_tests(id.file)
        && !super::fixtures::is_fixture(builder, outermost(func))
        && builder.index.context(builder.index.site(id).context).func.map(outermost) != Some(outermost(func))
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

/// What may be run at a place that calls a value, or iterates over one.
#[derive(Debug, Default)]
pub(crate) struct Arrives {
    pub(crate) funcs: Vec<FuncId>,
    /// Something that is no function of the project, and known.
    pub(crate) others: bool,
    /// Something that nobody knows.
    pub(crate) unknown: bool,
}

/// What a decorator does.
#[derive(Debug, Default)]
pub(crate) struct Decorating {
    /// The parameters that get what is decorated.
    pub(crate) params: Vec<(FuncId, u32)>,
    /// What it returns in the place of it.
    pub(crate) wrappers: Vec<FuncId>,
}

/// What a decorator of the project does; none when that is not known.
pub(crate) fn decorating(builder: &mut Builder, decorator: ValueId) -> Option<Decorating> {
    let mut found = Decorating::default();
    let set = builder.solver().solve(Node::Value(decorator), vec![]);
    for object in set.objects() {
        let func = match object {
            Object::Func(func) => func,
            Object::Instance(class) | Object::Below(class) => {
                builder.index_close(class);
                let ancestors = builder.graph.hierarchy.ancestors(class);
                ancestors.iter().find_map(|id| super::hierarchy::method(builder.index, *id, "__call__"))?
            }
            _ => return None,
        };
        let at = u32::from(builder.solver().binding_of(func) != binds::Binds::Nothing);
        builder.index.func(func).params.get(at as usize)?;
        let given = builder.solver().solve(Node::Param(func, at), vec![]);
        let returned = builder.solver().solve(Node::Return(func), vec![]);
        for object in returned.objects() {
            match object {
                object if given.objects().any(|given| given == object) && object != Object::Unknown => {}
                Object::Func(wrapper) => found.wrappers.push(wrapper),
                _ => return None,
            }
        }
        found.params.push((func, at));
    }
    (!found.params.is_empty()).then_some(found)
}

/// How a place runs what arrives there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    Calls,
    Iterates,
    Enters,
}

/// The functions among what arrives at a value that is called, or the generator functions of one that is iterated over or
/// entered.
pub(crate) fn arriving(builder: &mut Builder, value: ValueId, runs: Runs) -> Arrives {
    let set = builder.solver().solve(Node::Value(value), vec![]);
    let mut found = Arrives::default();
    for object in set.objects() {
        match object {
            Object::Func(func) if runs == Runs::Calls => found.funcs.push(func),
            Object::Lambda(func) if runs == Runs::Calls && builder.graph.nodes.contains(&func) => {
                found.funcs.push(func)
            }
            Object::Generator(func) if runs == Runs::Iterates => found.funcs.push(func),
            Object::Generator(func) if runs == Runs::Enters && boundary::is_manager(builder.index, func) => {
                found.funcs.push(func);
            }
            Object::Instance(class) | Object::Below(class) if runs == Runs::Enters => {
                builder.index_close(class);
                let ancestors = builder.graph.hierarchy.ancestors(class);
                let enter = ancestors.iter().find_map(|id| super::hierarchy::method(builder.index, *id, "__enter__"));
                let enter = enter.filter(|func| builder.graph.nodes.contains(func));
                found.others |= enter.is_none();
                found.funcs.extend(enter);
            }
            Object::Instance(class) | Object::Below(class) if runs == Runs::Iterates => {
                let func = super::iterator::of_class(builder, class);
                let func = func.filter(|func| builder.graph.nodes.contains(func));
                found.others |= func.is_none();
                found.funcs.extend(func);
            }
            Object::Class(class) if runs == Runs::Calls => {
                builder.index_close(class);
                let constructors = site::constructors(builder, class);
                found.others |= constructors.is_empty();
                found.funcs.extend(constructors);
            }
            Object::ClassBelow(class) if runs == Runs::Calls => {
                builder.index_close(class);
                for below in builder.graph.hierarchy.descendants(class) {
                    found.funcs.extend(site::constructors(builder, below));
                }
            }
            Object::Instance(class) | Object::Below(class) if runs == Runs::Calls => {
                builder.index_close(class);
                let ancestors = builder.graph.hierarchy.ancestors(class);
                let method = ancestors.iter().find_map(|id| super::hierarchy::method(builder.index, *id, "__call__"));
                found.unknown |= method.is_none();
                found.funcs.extend(method);
            }
            // It is entered in both ways.
            Object::ExternalInstance(symbol)
                if runs == Runs::Enters
                    && builder.config.target_version >= PythonVersion::PY310
                    && &*builder.solver().text(symbol) == "contextlib.nullcontext" => {}
            Object::Unknown => found.unknown = true,
            Object::None | Object::Mock => {}
            // It follows the code.
            Object::Lambda(func) if builder.in_tests(func.file) && !builder.in_tests(value.file) => {}
            _ => found.others = true,
        }
    }
    found
}

/// The properties that reading an attribute runs; none when the receiver may have something else under that name.
fn properties(builder: &mut Builder, receiver: ValueId, name: &Name) -> Option<Answer> {
    let receivers = builder.solver().solve(Node::Value(receiver), vec![]);
    let mut answer = Answer::default();
    for object in receivers.objects() {
        match object {
            Object::Instance(class) | Object::Below(class) => {
                builder.index_close(class);
                let ancestors = builder.graph.hierarchy.ancestors(class);
                // Getter and setter have one name: the use of it tells which of them runs.
                let methods =
                    ancestors.iter().map(|id| super::hierarchy::methods(builder.index, *id, name).collect::<Vec<_>>());
                let own = methods.into_iter().find(|own| !own.is_empty())?;
                if !own.iter().all(|func| boundary::is_property(builder.index, *func)) {
                    return None;
                }
                answer.funcs.extend(own);
            }
            Object::None => {}
            _ => return None,
        }
    }
    answer.funcs.sort_unstable();
    answer.funcs.dedup();
    answer.support = places(receivers.iter());
    (!answer.funcs.is_empty()).then_some(answer)
}

/// May calling this construct one of these classes?
pub(crate) fn may_construct(builder: &mut Builder, callee: ValueId, classes: &BTreeSet<ClassId>) -> bool {
    let set = builder.solver().solve(Node::Value(callee), vec![]);
    set.objects().any(|object| match object {
        Object::Class(class) | Object::ClassBelow(class) => classes.contains(&class),
        _ => false,
    })
}

/// The `__call__` methods that calling what a site names runs. None when that is not known, or other things are called too.
pub(crate) fn called_objects(builder: &mut Builder, id: RefId) -> Option<Vec<FuncId>> {
    let facts = builder.index.site(id);
    let (name, receiver) = (facts.name.clone(), facts.receiver);
    let scope = builder.index.context(facts.context).scope;
    let node = match receiver {
        Some(receiver) => Node::Member(receiver, name),
        None => Node::Name(scope, name),
    };
    let set = builder.solver().solve(node, vec![]);
    let (mut funcs, mut others) = (vec![], false);
    for object in set.objects() {
        match object {
            Object::Unknown => return None,
            Object::Instance(class) | Object::Below(class) => {
                builder.index_close(class);
                let ancestors = builder.graph.hierarchy.ancestors(class);
                let method = ancestors.iter().find_map(|id| super::hierarchy::method(builder.index, *id, "__call__"));
                match method {
                    Some(func) => funcs.push(func),
                    None if matches!(object, Object::Below(_)) => return None,
                    None => others = true,
                }
            }
            Object::None => {}
            _ => others = true,
        }
    }
    if set.is_empty() || others && !funcs.is_empty() { None } else { Some(funcs) }
}

fn places(members: impl Iterator<Item = (Object, Option<Place>)>) -> Vec<Place> {
    let mut found: Vec<Place> =
        members.filter(|(object, _)| object.is_project()).filter_map(|(_, place)| place).collect();
    found.sort_by_key(|(file, range)| (*file, range.start(), range.end()));
    found.dedup();
    found
}

/// Do all objects that reach the receiver belong to one of these classes?
pub(crate) fn is_of_class(builder: &mut Builder, id: RefId, classes: &[ClassId]) -> Option<Vec<Place>> {
    let receiver = builder.index.site(id).receiver?;
    let answer = answer(builder, id);
    if answer.has_unknown || answer.has_foreign || answer.funcs.is_empty() {
        return None;
    }
    let receivers = builder.solver().solve(Node::Value(receiver), vec![]);
    let is_ours = |class: ClassId, builder: &Builder| {
        classes.iter().any(|wanted| {
            builder.graph.hierarchy.ancestors(class).contains(wanted)
                || builder.graph.hierarchy.ancestors(*wanted).contains(&class)
        })
    };
    let owners: Vec<ClassId> = answer.funcs.iter().filter_map(|func| builder.index.func(*func).class).collect();
    let all = owners.len() == answer.funcs.len() && owners.iter().all(|class| is_ours(*class, builder));
    all.then(|| places(receivers.iter()))
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
