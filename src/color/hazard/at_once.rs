//! `iter(...)` of something that has all its elements already: the iterator blocks no more.

use super::{is_lazy, resolved_in};
use crate::color::World;
use crate::index::facts::*;
use crate::resolve::names::Meaning;

/// `iter(x)`, where `x` is a display, or what a function of the project returns, and nothing is left to do in it.
pub(super) fn gives(world: World, iter: CallId, depth: usize) -> bool {
    let [only] = world.index.call(iter).args.as_slice() else { return false };
    match world.index.value(only.value) {
        Value::Call { call } => {
            let targets = resolved_in(world, iter.file).get(call).cloned().unwrap_or_default();
            let is_plain = |target: &FuncId| {
                let facts = world.index.func(*target);
                !facts.traits.is_generator
                    && !facts.returns.is_empty()
                    && facts.returns.iter().all(|returned| is_made_here(world, returned.value))
            };
            !targets.is_empty() && targets.iter().all(is_plain) && !is_lazy(world, only.value, depth)
        }
        _ => is_made_here(world, only.value),
    }
}

/// A list or the like that the function itself makes.
fn is_made_here(world: World, value: ValueId) -> bool {
    match world.index.value(value) {
        Value::Name { name, scope } => world.names().lookup(*scope, name).iter().all(|meaning| match meaning {
            Meaning::Value(value) => {
                !matches!(world.index.value(*value), Value::Name { .. }) && is_made_here(world, *value)
            }
            _ => false,
        }),
        Value::Call { call } => {
            let func = world.index.call(*call).func;
            matches!(world.names().evaluate(func).as_slice(), [Meaning::External(path)]
                if matches!(path.as_str(), "builtins.list" | "builtins.sorted" | "builtins.tuple" | "builtins.dict" | "builtins.set"))
        }
        Value::Elements(_) | Value::Dict(_) | Value::Comprehension { generator: None, .. } => true,
        _ => false,
    }
}
