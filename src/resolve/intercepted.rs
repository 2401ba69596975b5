//! Classes whose `__getattribute__` gives something else than the attribute that was asked for: calling a method of theirs, or
//! of a base, runs that as well.

use rustc_hash::FxHashSet;

use super::builder::Builder;
use super::hierarchy::Hierarchy;
use super::names::Meaning;
use super::{flow, site};
use crate::index::facts::*;

/// What the classes of the project with a `__getattribute__` give in the place of methods.
#[derive(Debug, Default)]
pub(crate) struct State {
    hooks: Option<Vec<(ClassId, Vec<FuncId>)>>,
}

const HOOK: &str = "__getattribute__";

/// Adds to the targets of a method's call what runs in their place.
pub(crate) fn add(builder: &mut Builder, id: RefId, targets: &mut Vec<FuncId>) {
    let facts = builder.index.site(id);
    let is_method_call =
        facts.receiver.is_some() && matches!(facts.usage, Usage::Called(_)) && !site::is_of_super(builder.names(), id);
    if !is_method_call || targets.is_empty() || hooks(builder).is_empty() {
        return;
    }
    let owners: Vec<ClassId> = targets.iter().filter_map(|target| builder.index.func(*target).class).collect();
    let hierarchy = &builder.graph.hierarchy;
    let is_related = |hook: ClassId| owners.iter().any(|owner| is_intercepted(hierarchy, *owner, hook));
    let hooks = builder.intercepted.hooks.iter().flatten();
    let given: Vec<FuncId> =
        hooks.filter(|(hook, _)| is_related(*hook)).flat_map(|(_, given)| given).copied().collect();
    targets.extend(given);
}

/// Are there objects that have the methods of a class and the `__getattribute__` of `hook`?
pub fn is_intercepted(hierarchy: &Hierarchy, class: ClassId, hook: ClassId) -> bool {
    let below: FxHashSet<ClassId> = hierarchy.descendants(hook).into_iter().collect();
    hierarchy.descendants(class).iter().any(|class| below.contains(class))
}

fn hooks<'b>(builder: &'b mut Builder) -> &'b [(ClassId, Vec<FuncId>)] {
    if builder.intercepted.hooks.is_none() {
        let found = find(builder);
        builder.intercepted.hooks = Some(found);
    }
    builder.intercepted.hooks.as_deref().unwrap_or_default()
}

fn find(builder: &mut Builder) -> Vec<(ClassId, Vec<FuncId>)> {
    builder.index.load_words(builder.project, [HOOK]);
    let mut found = vec![];
    for hook in builder.index.funcs_of(HOOK).to_vec() {
        let facts = builder.index.func(hook);
        let Some(class) = facts.class.filter(|_| !builder.in_tests(hook.file)) else { continue };
        let returns: Vec<ValueId> = facts.returns.iter().map(|returned| returned.value).collect();
        builder.index_close(class);
        if !returns.iter().all(|value| is_looked_up(builder, *value, 0)) {
            builder.graph.intercepting.insert(hook, class);
        }
        let given = returns.into_iter().flat_map(|value| flow::arriving(builder, value, flow::Runs::Calls).funcs);
        let given: Vec<FuncId> = given.collect();
        if !given.is_empty() {
            found.push((class, given));
        }
    }
    found
}

/// Is it the attribute itself, as `super().__getattribute__(name)` or `object.__getattribute__(self, name)` gives it?
fn is_looked_up(builder: &Builder, value: ValueId, depth: u32) -> bool {
    let is_bound_to = |value: ValueId, is: &dyn Fn(ValueId) -> bool| match builder.index.value(value) {
        Value::Name { name, scope } => {
            let meanings = builder.names().lookup(*scope, name);
            !meanings.is_empty()
                && meanings.iter().all(|meaning| matches!(meaning, Meaning::Value(bound) if is(*bound)))
        }
        _ => false,
    };
    let is_hook = |func: ValueId| matches!(builder.index.value(func), Value::Attribute { name, .. } if name == HOOK);
    match builder.index.value(value) {
        Value::Call { call } => {
            let func = builder.index.call(*call).func;
            is_hook(func) || is_bound_to(func, &is_hook)
        }
        Value::Name { .. } => depth == 0 && is_bound_to(value, &|bound| is_looked_up(builder, bound, 1)),
        _ => false,
    }
}
