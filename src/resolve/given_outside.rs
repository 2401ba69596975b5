//! Methods that nothing in the program calls, of a class that something outside is given, as it is or by an object of it:
//! `server.register_instance(Api())`, `Fire(Tool)`, `@expose`. Whoever has the object calls them, and awaits nothing.

use std::collections::BTreeMap;

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::builder::Builder;
use super::names::Meaning;
use super::receiver::PLAIN_DECORATORS;
use super::{Site, boundary, objects};
use crate::config::Exported;
use crate::index::facts::*;

/// Decorators that say which interfaces a class has: its methods are called by those of them.
const INTERFACES: [&str; 2] = ["implementer", "provider"];

/// The place where each of them gets out of sight.
pub(super) fn find(builder: &mut Builder) -> BTreeMap<FuncId, (FileId, TextRange)> {
    // Elsewhere what nothing calls stays anyhow, or was said to convert.
    if builder.config.exported != Exported::Auto || builder.project.is_library {
        return BTreeMap::new();
    }
    let mut by_class: BTreeMap<ClassId, Vec<FuncId>> = BTreeMap::new();
    for (class, func) in uncalled(builder) {
        by_class.entry(class).or_default().push(func);
    }
    let mut found = BTreeMap::new();
    for (class, methods) in by_class {
        if let Some(place) = decorated(builder, class).or_else(|| objects::trace(builder, class).given) {
            found.extend(methods.into_iter().map(|method| (method, place)));
        }
    }
    found
}

/// The methods that would convert though nothing calls them.
fn uncalled(builder: &Builder) -> Vec<(ClassId, FuncId)> {
    // `index.exposed = True` calls nothing.
    let counts = |site: &&Site| !builder.in_tests(site.id.file) && builder.index.site(site.id).usage != Usage::Receiver;
    let called: FxHashSet<FuncId> =
        builder.graph.sites.values().filter(counts).flat_map(|site| &site.targets).copied().collect();
    let class = |func: FuncId| {
        let facts = builder.index.func(func);
        let is_plain = facts.decorators.is_empty() && (!facts.name.starts_with("__") || facts.name == "__call__");
        let is_it = is_plain
            && !called.contains(&func)
            && !builder.in_tests(func.file)
            && !builder.graph.overrides_external.contains_key(&func);
        facts.class.filter(|_| is_it)
    };
    builder.graph.nodes.iter().filter_map(|func| Some((class(*func)?, *func))).collect()
}

/// A decorator of the class that is not the project's, and that does more than write methods.
fn decorated(builder: &Builder, class: ClassId) -> Option<(FileId, TextRange)> {
    let names = builder.names();
    let is_foreign = |decorator: &&Decorator| {
        let value = builder.index.callee(decorator.value);
        let is_ours = |value: ValueId| {
            names.evaluate(value).iter().any(|meaning| matches!(meaning, Meaning::Func(_) | Meaning::Class(_)))
        };
        // `@Base.register`
        let of_ours = || matches!(builder.index.value(value), Value::Attribute { receiver, .. } if is_ours(*receiver));
        let name = boundary::decorator_name(builder.index, decorator);
        let is_plain = name.is_some_and(|name| PLAIN_DECORATORS.contains(&name) || INTERFACES.contains(&name));
        !is_plain && !is_ours(value) && !of_ours()
    };
    let found = builder.index.class(class).decorators.iter().find(is_foreign)?;
    Some((class.file, found.range))
}
