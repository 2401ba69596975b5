//! Objects that a function makes. One with coroutine methods and a base from elsewhere may be tied to the loop from the start.

use crate::color::World;
use crate::index::facts::*;

/// Classes of the project that the call may make an object of.
pub fn classes(world: World, call: &Call) -> Vec<ClassId> {
    world.names().evaluate(call.func).into_iter().filter_map(|meaning| meaning.class()).collect()
}

/// What runs when an object of one of the classes is made.
pub fn initializers(world: World, made: &[ClassId]) -> Vec<FuncId> {
    let methods = ["__new__", "__init__", "__post_init__"];
    let of = |class: &ClassId| methods.map(|name| initializer(world, *class, name)).into_iter().flatten();
    made.iter().flat_map(of).collect()
}

fn initializer(world: World, class: ClassId, name: &str) -> Option<FuncId> {
    let ancestors = world.graph.hierarchy.ancestors(class);
    ancestors.iter().find_map(|id| crate::resolve::hierarchy::method(world.index, *id, name))
}

/// The name of what the call initializes, where that is code from elsewhere and the object has coroutine methods:
/// `super().__init__()`, `Base.__init__(self)`, or `Worker()` of a class that has no `__init__` of its own. `made`: the [`classes`]
/// of the call.
pub fn foreign(world: World, func: FuncId, call: &Call, made: &[ClassId]) -> Option<String> {
    let inherits = |class: &ClassId| initializer(world, *class, "__init__").is_none() && is_tied(world, *class);
    if let Some(class) = made.iter().find(|class| inherits(class)) {
        return Some(world.index.class(*class).name.to_string());
    }
    let Value::Attribute { receiver, name } = world.index.value(call.func) else { return None };
    let class = world.index.func(func).class.filter(|_| name == "__init__")?;
    let (shown, is_outside) = match world.index.value(*receiver) {
        Value::Call { call } if world.names().last_name(world.index.call(*call).func) == Some("super") => {
            let above = world.graph.hierarchy.above(world.index, class, "__init__");
            ("super().__init__".to_owned(), above.is_empty())
        }
        _ => (world.names().dotted(call.func)?, super::search::is_outside(world.names(), *receiver)),
    };
    (is_outside && is_tied(world, class)).then_some(shown)
}

/// Does the class have coroutine methods, and a base from elsewhere that may be more than plain data?
fn is_tied(world: World, class: ClassId) -> bool {
    let (index, hierarchy) = (world.index, &world.graph.hierarchy);
    let is_foreign = || hierarchy.external_bases(class).iter().any(|(_, base)| !base.is_plain());
    let has_coroutines = |id: &ClassId| index.class(*id).methods.iter().any(|id| index.func(*id).is_async);
    hierarchy.ancestors(class).iter().any(has_coroutines) && is_foreign()
}
