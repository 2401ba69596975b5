//! Values that are only tested, for truth or for `None`. A function passes such a test whatever its color.

use super::builder::Builder;
use crate::index::facts::*;

/// Is what the site names only tested: where it stands, or under the local name that it is assigned to?
pub(super) fn is_only_tested(builder: &Builder, id: RefId) -> bool {
    match builder.index.site(id).usage {
        Usage::Condition => true,
        Usage::Assigned => is_tested_later(builder, id),
        _ => false,
    }
}

/// `found = x.load`, and `found` stands in conditions and nowhere else.
fn is_tested_later(builder: &Builder, id: RefId) -> bool {
    let (site, facts) = (builder.index.site(id), builder.index.file(id.file));
    let context = builder.index.context(site.context);
    let Some(func) = context.func.filter(|func| builder.index.func(*func).scope == context.scope) else { return false };
    let is_it = |value: ValueId| match builder.index.value(value) {
        Value::Attribute { receiver, name } => Some(*receiver) == site.receiver && *name == site.name,
        Value::Call { call } => builder.index.call(*call).range == site.range,
        _ => false,
    };
    let holds_it = |bound: Bound| match bound {
        Bound::Value(value) | Bound::Annotated { value: Some(value), .. } => is_it(value),
        _ => false,
    };
    let scope = builder.index.scope(context.scope);
    let Some(binding) = scope.bindings.iter().find(|binding| holds_it(binding.bound)) else { return false };
    let is_local = |binding: &Binding| matches!(binding.bound, Bound::Value(_) | Bound::Annotated { .. });
    let body = builder.index.func(func).range;
    let is_tested = |other: &RefId| {
        let other = builder.index.site(*other);
        other.receiver.is_some() || matches!(other.usage, Usage::Condition | Usage::Store | Usage::Delete)
    };
    let mut uses = builder.index.refs_of(&binding.name).iter();
    scope.bindings_of(&binding.name).iter().all(is_local)
        && !facts.attribute_writes.iter().any(|write| write.value.is_some_and(is_it))
        && !facts.item_writes.iter().any(|write| write.value.is_some_and(is_it))
        && uses.all(|other| {
            other.file != id.file || !body.contains_range(builder.index.site(*other).range) || is_tested(other)
        })
}
