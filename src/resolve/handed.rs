//! What tests hand to the program: functions, lambdas and mocks that it calls without naming them.

use super::SiteKind;
use super::builder::Builder;
use super::flow::{self, State};
use crate::config::Tests;
use crate::index::facts::*;

/// Looks for what tests put where the code calls something that it was given, and has to await it.
pub(super) fn find(builder: &mut Builder, becomes_async: impl Fn(FuncId) -> bool) {
    if builder.config.tests == Tests::Ignore || !builder.project.ids().any(|file| builder.in_tests(file)) {
        return;
    }
    let sites = builder.graph.sites.values().filter(|site| !site.uncertain && !builder.in_tests(site.id.file));
    let called = sites.filter(|site| matches!(site.kind, SiteKind::Call | SiteKind::Offloaded { .. }));
    let places: Vec<(RefId, ValueId)> =
        called.filter_map(|site| given(builder, site.id).map(|callee| (site.id, callee))).collect();
    let is_awaited =
        |(place, _): &(RefId, ValueId)| builder.graph.sites[place].targets.iter().any(|target| becomes_async(*target));
    let (awaited, others): (Vec<_>, Vec<_>) = places.into_iter().partition(is_awaited);
    let mut state = State::with_carrier(builder.config.offload.own_path());
    ask(builder, &mut state, awaited);
    // What is awaited at one place and called at another cannot be changed.
    if !builder.graph.fakes.is_empty() {
        ask(builder, &mut state, others);
    }
}

fn ask(builder: &mut Builder, state: &mut State, places: Vec<(RefId, ValueId)>) {
    for (place, callee) in places {
        let fakes = flow::fakes(builder, state, callee);
        if !fakes.is_empty() {
            builder.graph.fakes.insert(place, fakes);
        }
    }
}

/// What a site calls, when it is no function that the site names.
fn given(builder: &Builder, id: RefId) -> Option<ValueId> {
    let site = builder.index.site(id);
    match site.usage {
        Usage::Called(call) if site.is_implicit() || is_variable(builder, id) => Some(builder.index.call(call).func),
        Usage::Argument { .. } if is_variable(builder, id) => Some(site.value),
        _ => None,
    }
}

/// Does it name a variable, or an attribute that holds data?
fn is_variable(builder: &Builder, id: RefId) -> bool {
    let site = builder.index.site(id);
    match site.receiver {
        None => {
            let scope = builder.index.context(site.context).scope;
            builder.names().lookup(scope, &site.name).iter().any(|meaning| meaning.is_variable())
        }
        Some(_) => {
            let mut writes = builder.index.writes_of(&site.name).iter();
            writes.any(|(file, _)| !builder.in_tests(*file)) || !builder.index.keywords_of(&site.name).is_empty()
        }
    }
}
