//! Receivers of unknown type: where no object of a class is lost sight of, a receiver that none arrives at is none of them,
//! whatever else it is.

use std::collections::BTreeMap;

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::boundary::decorator_name;
use super::builder::Builder;
use super::hierarchy::BaseClass;
use super::names::Meaning;
use super::objects::{self, Following};
use super::{Elsewhere, computed, flow, path_string, proxy, signature, site};
use crate::index::facts::*;

/// Decorators of classes that make no objects by themselves.
pub(super) const PLAIN_DECORATORS: [&str; 11] = [
    "dataclass",
    "final",
    "total_ordering",
    "runtime_checkable",
    "define",
    "frozen",
    "mutable",
    "s",
    "attrs",
    "unique",
    "deprecated",
];

/// Special methods that get no other object than `self` but what is written as an argument.
const CALLED_BY_NAME: [&str; 4] = ["__init__", "__call__", "__new__", "__init_subclass__"];

/// Types of values that hold no other objects.
const SCALARS: [&str; 6] = ["str", "int", "float", "bool", "bytes", "complex"];

/// A name with fewer sites than this is asked about site by site.
const MANY: usize = 32;

/// Expressions are followed back through this many names and calls.
const DEPTH: usize = 8;

/// What is known so far.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The attributes that are read of the objects of each class; none where one is lost sight of.
    members: FxHashMap<ClassId, Option<FxHashSet<ValueId>>>,
    /// Sites that no method of their name is called at, as long as no other becomes a node.
    left_out: FxHashMap<Name, Vec<RefId>>,
    /// Names that more than methods go by.
    of_others: FxHashSet<Name>,
}

impl Builder<'_> {
    /// Something else than a method goes by this name.
    pub(super) fn share_name(&mut self, name: &Name) {
        self.receivers.of_others.insert(name.clone());
        self.take_up(name);
    }

    /// Another method of this name became a node: what was left out is looked at again.
    pub(super) fn take_up(&mut self, name: &Name) {
        let Some(sites) = self.receivers.left_out.remove(name) else { return };
        for id in sites {
            self.resolved.remove(&id);
            self.graph.foreign.remove(&id);
        }
        self.pending.insert(name.clone());
    }
}

/// Leaves out the sites that need no answer: of a name with many sites, where no method that is a node takes the arguments, or
/// all that do are of classes whose objects never arrive there. Returns the others.
pub(super) fn leave_out(builder: &mut Builder, asked: Vec<RefId>) -> Vec<RefId> {
    let mut counts: BTreeMap<Name, usize> = BTreeMap::new();
    for id in &asked {
        *counts.entry(builder.index.site(*id).name.clone()).or_default() += 1;
    }
    counts.retain(|name, count| *count >= MANY && !builder.receivers.of_others.contains(name));
    let mut nodes: BTreeMap<Name, Vec<FuncId>> = BTreeMap::new();
    for name in counts.into_keys() {
        let funcs = builder.index.funcs_of(&name).iter().copied();
        nodes.insert(name, funcs.filter(|func| builder.graph.nodes.contains(func)).collect());
    }
    nodes.retain(|_, nodes| !nodes.is_empty() && !nodes.iter().any(|func| is_more_than_called(builder, *func)));
    let (kept, left): (Vec<RefId>, Vec<RefId>) = asked.into_iter().partition(|id| {
        let nodes = nodes.get(&builder.index.site(*id).name);
        nodes.is_none_or(|nodes| nodes.iter().any(|func| may_name(builder, *id, *func)))
    });
    for id in left {
        builder.graph.foreign.insert(id, Elsewhere::outside(None));
        let name = builder.index.site(id).name.clone();
        builder.receivers.left_out.entry(name).or_default().push(id);
    }
    kept
}

/// Does something else than its calls count where the function is named?
fn is_more_than_called(builder: &Builder, func: FuncId) -> bool {
    let graph = &builder.graph;
    builder.index.func(func).class.is_none()
        || graph.declared.contains_key(&func)
        || graph.layer.contains(&func)
        || graph.renames.new_names.contains_key(&func)
}

/// May the site name this method, by the arguments and by the objects that arrive there?
fn may_name(builder: &mut Builder, id: RefId, func: FuncId) -> bool {
    let is_open = proxy::change_arguments(builder);
    let site = builder.index.site(id);
    let args = signature::given(builder, id).filter(|_| !is_open && site.receiver.is_some() && !site.is_implicit());
    args.is_none_or(|args| signature::takes(builder.index, func, site.value, args)) && may_be_of(builder, id, func)
}

/// May the site name this method? `false` is certain.
pub(super) fn may_be_of(builder: &mut Builder, id: RefId, func: FuncId) -> bool {
    let facts = builder.index.site(id);
    let value = facts.value;
    let is_special = facts.is_implicit() || facts.receiver.is_none() || site::is_of_super(builder.names(), id);
    if is_special || builder.in_tests(id.file) || is_in_operator(builder, id) {
        return true;
    }
    let Some(class) = builder.index.func(func).class else { return true };
    let arrives = members(builder, class).is_none_or(|members| members.contains(&value));
    arrives || is_given_by_anyone(builder, value, class, DEPTH)
}

/// Does an argument get into the expression that a caller gives who is not in the tree? Somebody may call the function by hand,
/// with what he knows it for. An annotation may say that it is no object of the class.
fn is_given_by_anyone(builder: &mut Builder, value: ValueId, class: ClassId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return true };
    let parts = match builder.index.value(value).clone() {
        Value::Name { name, scope } => {
            let meanings = builder.names().lookup(scope, &name);
            return meanings.into_iter().any(|meaning| match meaning {
                Meaning::Value(value) | Meaning::Annotated { value: Some(value), .. } => {
                    is_given_by_anyone(builder, value, class, depth)
                }
                Meaning::Param { func, index } => is_argument_of_anyone(builder, func, index, class, depth),
                _ => false,
            });
        }
        Value::Call { call } => {
            let call = builder.index.call(call);
            call.args.iter().map(|arg| arg.value).chain([call.func]).collect()
        }
        Value::Attribute { receiver, name } => {
            return is_given_by_anyone(builder, receiver, class, depth)
                || is_kept_from_anyone(builder, receiver, &name, class, depth);
        }
        Value::Subscript { value, .. }
        | Value::Await { value }
        | Value::ElementOf(value)
        | Value::PartOf(value, _)
        | Value::Entered(value)
        | Value::Spread(value) => vec![value],
        Value::Either(values) | Value::Sum(values) | Value::Elements(values) => values,
        _ => vec![],
    };
    parts.into_iter().any(|part| is_given_by_anyone(builder, part, class, depth))
}

fn is_argument_of_anyone(builder: &mut Builder, func: FuncId, index: u32, class: ClassId, depth: usize) -> bool {
    let facts = builder.index.func(func);
    if facts.class.is_some() && index == 0 {
        return false;
    }
    if facts.params[index as usize].annotation.is_some_and(|annotation| is_of_others(builder, annotation, class)) {
        return false;
    }
    let Some(calls) = flow::calls_of(builder, func) else { return true };
    let args = calls.iter().flat_map(|call| &builder.index.call(*call).args).map(|arg| arg.value);
    args.collect::<Vec<_>>().into_iter().any(|arg| is_given_by_anyone(builder, arg, class, depth))
}

/// Does a class that the receiver is annotated with keep such an argument as this attribute?
fn is_kept_from_anyone(builder: &mut Builder, receiver: ValueId, name: &Name, class: ClassId, depth: usize) -> bool {
    let names = builder.names();
    let annotation = match names.evaluate(receiver).as_slice() {
        [Meaning::Param { func, index }] => builder.index.func(*func).params[*index as usize].annotation,
        [Meaning::Annotated { annotation, .. }] => Some(*annotation),
        _ => None,
    };
    let Some(owner) = annotation.and_then(|annotation| match names.evaluate(annotation).as_slice() {
        [Meaning::Class(owner)] => Some(*owner),
        _ => None,
    }) else {
        return false;
    };
    let written = flow::written_by(builder, owner, name);
    written.into_iter().any(|value| is_given_by_anyone(builder, value, class, depth))
}

/// Does an annotation name classes that an object of this one is none of, and holds none of?
fn is_of_others(builder: &mut Builder, annotation: ValueId, class: ClassId) -> bool {
    match builder.index.value(annotation).clone() {
        Value::None => true,
        Value::Either(sides) => sides.into_iter().all(|side| is_of_others(builder, side, class)),
        Value::Subscript { value, index, .. } if builder.names().last_name(value) == Some("Optional") => {
            is_of_others(builder, index, class)
        }
        _ => match builder.names().evaluate(annotation).as_slice() {
            [Meaning::Class(other)] => {
                let hierarchy = &builder.graph.hierarchy;
                let is_known = |base: &BaseClass| *base != BaseClass::Unknown && !base.is_protocol();
                hierarchy.external_bases(*other).iter().all(|(_, base)| is_known(base))
                    && !flow::may_be_one(builder, *other, class)
            }
            [Meaning::External(path)] => path.strip_prefix("builtins.").is_some_and(|name| SCALARS.contains(&name)),
            _ => false,
        },
    }
}

/// `def __eq__(self, other)`: operators bring objects there, and are not followed.
fn is_in_operator(builder: &Builder, id: RefId) -> bool {
    let Some(func) = builder.index.context(builder.index.site(id).context).func else { return false };
    let facts = builder.index.func(func);
    facts.name.starts_with("__") && facts.params.len() > 1 && !CALLED_BY_NAME.contains(&facts.name.as_str())
}

fn members<'a>(builder: &'a mut Builder, class: ClassId) -> Option<&'a FxHashSet<ValueId>> {
    if !builder.receivers.members.contains_key(&class) {
        let found = find_members(builder, class);
        builder.receivers.members.insert(class, found);
    }
    builder.receivers.members[&class].as_ref()
}

fn find_members(builder: &mut Builder, class: ClassId) -> Option<FxHashSet<ValueId>> {
    builder.index_close(class);
    if builder.in_tests(class.file) || is_for_others(builder) || !makes_nothing_itself(builder, class) {
        return None;
    }
    if is_looked_up(builder, class) {
        return None;
    }
    let (trace, made) = objects::trace_as(builder, class, Following::InSight);
    let is_made = |class: &ClassId| made.contains(class) || builder.graph.hierarchy.descendants(*class).len() > 1;
    let below = builder.graph.hierarchy.descendants(class);
    if trace.escape.is_some() || !below.iter().all(is_made) {
        return None;
    }
    let mut members = trace.members;
    // What tests bring to the code. What they lose sight of breaks tests only.
    members.extend(objects::trace_as(builder, class, Following::Tests).0.members);
    Some(members)
}

/// Do people outside of the project call its functions, with objects of their own?
fn is_for_others(builder: &Builder) -> bool {
    builder.config.exported.keeps(builder.project.is_library)
}

/// Is every object of the class, and of its children, made by a call that names it?
fn makes_nothing_itself(builder: &Builder, class: ClassId) -> bool {
    let hierarchy = &builder.graph.hierarchy;
    let is_plain_decorator = |decorator: &Decorator| {
        decorator_name(builder.index, decorator).is_some_and(|name| PLAIN_DECORATORS.contains(&name))
    };
    hierarchy.descendants(class).into_iter().flat_map(|id| hierarchy.ancestors(id)).all(|id| {
        let facts = builder.index.class(id);
        facts.metaclass.is_none()
            && facts.decorators.iter().all(is_plain_decorator)
            && hierarchy.bases(id).iter().all(BaseClass::is_plain)
    })
}

/// May the class, or a child of it, be found by its name or among the children of another?
fn is_looked_up(builder: &mut Builder, class: ClassId) -> bool {
    let below = builder.graph.hierarchy.descendants(class);
    let names: Vec<Name> = below.iter().map(|id| builder.index.class(*id).name.clone()).collect();
    if names.iter().any(|name| is_read_by_name(builder, name))
        || below.iter().any(|id| path_string::names_class(builder, *id))
        || below.iter().any(|id| computed::may_find_class(builder, *id))
    {
        return true;
    }
    builder.index.load_words(builder.project, ["__subclasses__"]);
    let above = builder.graph.hierarchy.ancestors(class);
    builder.index.refs_of("__subclasses__").iter().any(|id| {
        let receiver = builder.index.site(*id).receiver;
        let meanings = receiver.map(|receiver| builder.names().evaluate(receiver)).unwrap_or_default();
        let is_another = |meaning: &Meaning| matches!(meaning, Meaning::Class(other) if !above.contains(other));
        !builder.in_tests(id.file) && (meanings.is_empty() || !meanings.iter().all(is_another))
    })
}

/// `getattr(module, "Store")`, and not `patch.object(module, "Store", fake)`.
fn is_read_by_name(builder: &Builder, name: &Name) -> bool {
    builder.index.lookups_of(name).iter().any(|(file, at)| {
        let call = builder.index.call(builder.index.file(*file).lookups[*at as usize].call);
        let finder = builder.names().last_name(call.func).unwrap_or_default();
        !builder.in_tests(*file) && !matches!(finder, "object" | "patch" | "setattr" | "delattr" | "hasattr")
    })
}
