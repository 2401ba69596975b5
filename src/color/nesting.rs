//! Comprehensions in comprehensions: before Python 3.11, one that awaits stands in no other.

use ruff_python_ast::PythonVersion;

use super::World;
use super::shape::{Adaptation, adaptation, shape_of_targets};
use crate::index::facts::*;
use crate::resolve::Site;

/// Would an await at the site make a comprehension async that stands in another one, which the target version cannot read?
pub fn is_too_deep(world: World, site: &Site) -> bool {
    if world.config.target_version >= PythonVersion::PY311 {
        return false;
    }
    let around = depth(world, world.context(site.id).scope);
    let adaptation = shape_of_targets(world, site).and_then(|shape| adaptation(world, site, shape));
    let usage = world.result_usage(site.id).unwrap_or(world.index.site(site.id).usage);
    let is_first = matches!(usage, Usage::ComprehensionIter { first: true, .. });
    let added = match adaptation {
        Some(Adaptation::Collect { .. } | Adaptation::CollectWhole) => 1,
        // The first iterable stands outside of the comprehension that becomes async.
        Some(Adaptation::Comprehension | Adaptation::ListOver { .. }) => usize::from(is_first),
        _ => 0,
    };
    around + added > 1
}

/// Would an await of the call stand in a comprehension inside of another one?
pub fn is_call_too_deep(world: World, call: CallId) -> bool {
    let scope = world.index.context(world.index.call(call).context).scope;
    world.config.target_version < PythonVersion::PY311 && depth(world, scope) > 1
}

/// How many comprehensions stand around, up to the function.
fn depth(world: World, scope: ScopeId) -> usize {
    let parents = std::iter::successors(Some(scope), |scope| world.index.scope(*scope).parent);
    parents.take_while(|scope| world.index.scope(*scope).kind == ScopeKind::Comprehension).count()
}
