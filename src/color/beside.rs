//! What stands beside a method, in the classes that share it: a twin, half of a pair, something else under its name.

use super::World;
use super::shape::async_twin;
use crate::index::facts::*;
use crate::resolve::names::Meaning;

/// Has the class, or one that it shares methods with, an async method of the same purpose already?
pub(super) fn has_twin(world: World, func: &Func) -> bool {
    let (Some(class), Some(twin)) = (func.class, async_twin(&func.name)) else { return false };
    let hierarchy = &world.graph.hierarchy;
    let related = hierarchy.ancestors(class).into_iter().chain(hierarchy.descendants(class));
    let mut scopes = related.map(|id| world.index.scope(world.index.class(id).scope));
    scopes.any(|scope| !scope.bindings_of(twin).is_empty())
}

/// Where a class with the `__call__` decorates a function: calls of its object name the function.
pub(super) fn decorates(world: World, func: &Func) -> Option<RefId> {
    let class = func.class.filter(|_| func.name == "__call__")?;
    let is_decorator = |id: &RefId| world.index.is_decorator(*id) && !world.in_tests(id.file);
    world.graph.hierarchy.descendants(class).into_iter().find_map(|below| {
        let named = world.index.refs_of(&world.index.class(below).name).iter().copied();
        named
            .filter(is_decorator)
            .find(|id| world.names().evaluate(world.index.site(*id).value).contains(&Meaning::Class(below)))
    })
}

/// A class below that binds the name of the method to something else, as `load = make_loader()` does. Another method of the family
/// under that name is the same.
pub(super) fn replaced_below(world: World, func: FuncId) -> Option<ClassId> {
    let facts = world.index.func(func);
    let class = facts.class?;
    let names = world.names();
    let is_related = |meaning: &Meaning| match meaning {
        Meaning::Func(other) => {
            *other == func || world.graph.nodes.contains(other) || world.graph.family_of(func).any(|own| own == other)
        }
        _ => false,
    };
    let is_other = |binding: &Binding| match binding.bound {
        Bound::Value(value) | Bound::Annotated { value: Some(value), .. } => match world.index.value(value) {
            Value::None => false,
            Value::Name { .. } | Value::Attribute { .. } => !names.evaluate(value).iter().all(is_related),
            Value::Lambda { func, .. } => !world.graph.nodes.contains(func),
            // `load = cached(load)`: what is under the name below is followed.
            Value::Call { call } => {
                !world.index.call(*call).args.iter().any(|arg| names.evaluate(arg.value).iter().any(is_related))
            }
            _ => true,
        },
        _ => false,
    };
    let below = world.graph.hierarchy.descendants(class);
    below
        .into_iter()
        .filter(|id| *id != class && !world.in_tests(id.file))
        .find(|id| world.index.scope(world.index.class(*id).scope).bindings_of(&facts.name).iter().any(is_other))
}

/// `__exit__` where nothing is entered, `__next__` where nothing is iterated over: whoever calls it names it.
pub(super) fn is_half_a_pair(world: World, func: &Func) -> bool {
    let other = match func.name.as_str() {
        "__exit__" => "__enter__",
        "__next__" => "__iter__",
        _ => return false,
    };
    let Some(class) = func.class else { return false };
    let hierarchy = &world.graph.hierarchy;
    let below = hierarchy.descendants(class);
    let is_known = below.iter().all(|id| hierarchy.external_bases(*id).iter().all(|(_, base)| base.is_plain()));
    let mut related = below.into_iter().flat_map(|id| hierarchy.ancestors(id));
    is_known && !related.any(|id| world.index.binds(id, other))
}
