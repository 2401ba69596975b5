//! AW208: a sync method overrides an async one: who awaits the base's method awaits what is not awaitable.

use super::code::Code;
use super::{Detail, Finding};
use crate::color::World;
use crate::index::facts::*;
use crate::resolve::hierarchy;
use crate::resolve::names::Meaning;

/// Looks at all classes of the project.
pub fn find(world: World) -> Vec<Finding> {
    let mut found = vec![];
    for (file, facts) in world.index.loaded_files() {
        for index in 0..facts.classes.len() as u32 {
            let class = ClassId { file, index };
            for func in &facts[class].methods {
                if let Some(base) = async_base(world, class, *func) {
                    let detail = Detail::Function(base);
                    found.push(Finding { code: Code::Override, file, range: facts[*func].name_range, detail });
                }
            }
        }
    }
    found
}

/// The async method that a sync one overrides without giving anything to await.
fn async_base(world: World, class: ClassId, id: FuncId) -> Option<FuncId> {
    let func = world.index.func(id);
    let plain = !func.is_async && !func.traits.is_stub && !func.traits.is_generator && func.decorators.is_empty();
    if !plain || !returns_nothing_to_await(world, func) {
        return None;
    }
    let base = above(world, class).into_iter().find_map(|above| hierarchy::method(world.index, above, &func.name))?;
    let facts = world.index.func(base);
    (facts.is_async && !facts.traits.is_generator && facts.decorators.is_empty()).then_some(base)
}

/// The bases that a class and its bases name. A Protocol that it only resembles is none: nobody may ever use it as one.
fn above(world: World, class: ClassId) -> Vec<ClassId> {
    let mut found = vec![];
    let mut pending = vec![class];
    while let Some(class) = pending.pop() {
        for base in &world.index.class(class).bases {
            for meaning in world.names().class_meanings(base.value) {
                if let Meaning::Class(base) = meaning
                    && !found.contains(&base)
                {
                    found.push(base);
                    pending.push(base);
                }
            }
        }
    }
    found
}

/// It falls off its end, or returns plain values only.
fn returns_nothing_to_await(world: World, func: &Func) -> bool {
    func.returns.iter().all(|returned| {
        matches!(
            world.index.value(returned.value),
            Value::None
                | Value::Builtin
                | Value::Text(_)
                | Value::Elements(_)
                | Value::Dict(_)
                | Value::Comprehension { .. }
        )
    })
}
