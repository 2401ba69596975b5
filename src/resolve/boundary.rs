//! What codemods and decorators say about where a function may be async.

use super::builder::Builder;
use super::dispatcher::{self, Accepts};
use crate::config::Config;
use crate::index::Index;
use crate::index::facts::*;
use crate::resolve::hierarchy;
use crate::resolve::names::{Meaning, Names};
use crate::resolve::site::is_super;

/// Last names of decorators that turn a method into a property.
const PROPERTIES: [&str; 5] = ["property", "cached_property", "setter", "getter", "deleter"];

/// Is the function read like an attribute?
pub fn is_property(index: &Index, id: FuncId) -> bool {
    index.func(id).decorators.iter().any(|decorator| {
        decorator_name(index, decorator).is_some_and(|name| {
            PROPERTIES.contains(&name)
                || name.ends_with("_property")
                || name.ends_with("Property")
                || index.func(id).class.is_some() && index.gives_property(name)
        })
    })
}

/// Does calling the function give a context manager that its own `yield` makes?
pub fn is_manager(index: &Index, id: FuncId) -> bool {
    let func = index.func(id);
    let is_decorated = |decorator: &Decorator| decorator_name(index, decorator) == Some("contextmanager");
    func.traits.is_generator && !func.is_async && func.decorators.iter().any(is_decorated)
}

/// What a function is to a property of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accessor {
    Getter,
    Setter,
    Deleter,
}

/// Which accessor the function is; a getter when it is none.
pub(crate) fn accessor(index: &Index, func: FuncId) -> Accessor {
    match index.func(func).decorators.last().and_then(|decorator| decorator_name(index, decorator)) {
        Some("setter") => Accessor::Setter,
        Some("deleter") => Accessor::Deleter,
        _ => Accessor::Getter,
    }
}

/// The accessor that a use of an attribute runs.
pub(crate) fn accessor_for(usage: Usage) -> Accessor {
    match usage {
        Usage::Store => Accessor::Setter,
        Usage::Delete => Accessor::Deleter,
        _ => Accessor::Getter,
    }
}

/// Do the decorators hand on arguments and results as they are?
pub(crate) fn is_transparent(index: &Index, id: FuncId) -> bool {
    index.func(id).decorators.iter().all(|decorator| is_transparent_decorator(index, decorator))
}

/// Does a decorator of this name hand on arguments and results as they are?
pub(crate) fn is_transparent_decorator(index: &Index, decorator: &Decorator) -> bool {
    decorator_name(index, decorator).is_some_and(|name| {
        matches!(
            name,
            "staticmethod"
                | "classmethod"
                | "property"
                | "cached_property"
                | "abstractmethod"
                | "override"
                | "overload"
                | "final"
                | "lru_cache"
                | "cache"
                | "wraps"
                | "contextmanager"
                | "asynccontextmanager"
                | "fixture"
                | "deprecated"
        )
    })
}

/// The last name of a decorator, of its callee for `@decorator(...)`.
pub fn decorator_name<'a>(index: &'a Index, decorator: &Decorator) -> Option<&'a str> {
    let mut value = decorator.value;
    loop {
        match index.value(value) {
            Value::Name { name, .. } | Value::Attribute { name, .. } => return Some(name),
            Value::Call { call } => value = index.call(*call).func,
            _ => return None,
        }
    }
}

/// Does a codemod say that this argument may be an async function?
pub(crate) fn accepts_async(builder: &Builder, call: CallId, index: u32) -> Option<Accepts> {
    let names = builder.names();
    if let Some(path) = names.dotted(builder.index.call(call).func)
        && let Some(taker) = names.func_of_path(&path)
        && dispatcher::takes_both(names, taker)
    {
        return Some(dispatcher::accepts(names, taker));
    }
    let spelled = spelled(names, call, index);
    let mut entries = builder.config.codemods.iter().flat_map(|codemod| &codemod.accepts_async);
    let accepts = entries.any(|entry| entry.parameter.as_ref().is_some_and(|names| names.matches_any(&spelled)));
    accepts.then_some(Accepts::Elsewhere)
}

/// Does a codemod say that this argument is awaited where it can be?
pub fn accepts_awaitable(names: Names, config: &Config, call: CallId, index: u32) -> bool {
    let mut entries = config.codemods.iter().flat_map(|codemod| &codemod.accepts_async).peekable();
    if entries.peek().is_none() {
        return false;
    }
    let spelled = spelled(names, call, index);
    entries.any(|entry| entry.awaitable.as_ref().is_some_and(|names| names.matches_any(&spelled)))
}

/// An argument as codemods may spell it: `fastapi.Depends:0`, `fastapi.Depends:dependency`.
pub fn spelled(names: Names, call: CallId, index: u32) -> Vec<String> {
    let call = names.index.call(call);
    let position = call.args[..index as usize].iter().filter(|other| other.keyword.is_none()).count();
    let parameter = match &call.args[index as usize].keyword {
        Some(keyword) => keyword.to_string(),
        None => position.to_string(),
    };
    callees(names, call).into_iter().map(|path| format!("{path}:{parameter}")).collect()
}

/// What a call may be of, by dotted paths: itself, and the foreign class that it initializes, as `super().__init__(...)` does and
/// `Bot(...)` with `class Bot(commands.Bot)`.
fn callees(names: Names, call: &Call) -> Vec<String> {
    let hands_up = |class: ClassId| hierarchy::method(names.index, class, "__init__").is_none();
    if let Value::Attribute { receiver, name } = names.index.value(call.func)
        && name == "__init__"
        && is_super(names, names.index.value(*receiver))
    {
        let around = names.index.context(call.context).func;
        let class = around.and_then(|func| names.index.func(func).class);
        return class.map(|class| names.foreign_bases_over(class, hands_up)).unwrap_or_default();
    }
    let mut found: Vec<String> = names.dotted(call.func).into_iter().collect();
    for meaning in names.class_meanings(call.func) {
        if let Meaning::Class(class) = meaning
            && hands_up(class)
        {
            found.extend(names.foreign_bases_over(class, hands_up));
        }
    }
    found
}

/// Does a codemod say that functions under this decorator may be async?
pub fn decorator_accepts_async(names: &Names, config: &Config, decorator: &Decorator) -> bool {
    let Some(path) = names.dotted(decorator.value) else { return false };
    let paths = names.inherited_paths(&path);
    config
        .codemods
        .iter()
        .flat_map(|codemod| &codemod.accepts_async)
        .filter_map(|entry| entry.decorator.as_ref())
        .any(|pattern| pattern.matches_any(&paths))
}
