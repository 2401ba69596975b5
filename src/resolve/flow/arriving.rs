//! What arrives at a place that runs or iterates over it: functions, generators, classes, callable objects.

use std::collections::BTreeSet;

use ruff_python_ast::PythonVersion;
use ruff_python_ast::name::Name;

use super::binds::Binds;
use super::object::{Node, Object};
use super::{Answer, places};
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::{boundary, hierarchy, iterator, site};

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
                ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, "__call__"))?
            }
            _ => return None,
        };
        let at = u32::from(builder.solver().binding_of(func) != Binds::Nothing);
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
                let enter = ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, "__enter__"));
                let enter = enter.filter(|func| builder.graph.nodes.contains(func));
                found.others |= enter.is_none();
                found.funcs.extend(enter);
            }
            Object::Instance(class) | Object::Below(class) if runs == Runs::Iterates => {
                let func = iterator::of_class(builder, class);
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
                let method = ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, "__call__"));
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
pub(super) fn properties(builder: &mut Builder, receiver: ValueId, name: &Name) -> Option<Answer> {
    let receivers = builder.solver().solve(Node::Value(receiver), vec![]);
    let mut answer = Answer::default();
    for object in receivers.objects() {
        match object {
            Object::Instance(class) | Object::Below(class) => {
                builder.index_close(class);
                let ancestors = builder.graph.hierarchy.ancestors(class);
                // Getter and setter have one name: the use of it tells which of them runs.
                let methods =
                    ancestors.iter().map(|id| hierarchy::methods(builder.index, *id, name).collect::<Vec<_>>());
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
                let method = ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, "__call__"));
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
