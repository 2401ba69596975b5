//! Open sites, settled by what flows into their receivers.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;

use super::object::Place;
use super::outside::comes_from_outside;
use super::{Open, answer, mock, stated};
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::{Evidence, agreement, fixtures, hierarchy, protocol, site};

/// Settles open sites by what flows into their receivers. Returns whether anything came of it.
pub(crate) fn settle(builder: &mut Builder) -> bool {
    let asked: Vec<RefId> = builder.open.iter().filter(|(_, open)| !open.is_asked).map(|(id, _)| *id).collect();
    if asked.is_empty() {
        return false;
    }
    load_receivers(builder, &asked);
    let mut changed = false;
    for id in asked {
        if site::runs_operator(builder, id) {
            changed |= settle_operator(builder, id);
            continue;
        }
        let found = stated::found(builder, id).map(|found| (found, Evidence::Stated, vec![]));
        let found = found.or_else(|| by_flow(builder, id));
        if let Some((found, evidence, support)) = found {
            builder.open.remove(&id);
            builder.support.insert(id, support);
            site::settle(builder, id, found, evidence);
            changed = true;
        }
    }
    changed
}

/// Operators are everywhere: where no object is known to get to, nothing of ours runs.
fn settle_operator(builder: &mut Builder, id: RefId) -> bool {
    let super::Answer { funcs, has_unknown, .. } = answer(builder, id);
    // An answer ends at the first unknown: objects of ours may get there, too.
    let arriving = if funcs.is_empty() && has_unknown { of_arriving(builder, id) } else { vec![] };
    if !arriving.is_empty() {
        let open = builder.open.entry(id).or_default();
        *open = Open { is_asked: true, has_unknown, mixed: Some(arriving), ..Open::default() };
        return false;
    }
    builder.open.remove(&id);
    let is_ours = !funcs.is_empty();
    let found = if is_ours { site::Found::Targets(funcs) } else { site::Found::Foreign };
    site::settle(builder, id, found, Evidence::Flow);
    is_ours
}

/// The methods of the objects that may get to an operator.
fn of_arriving(builder: &mut Builder, id: RefId) -> Vec<FuncId> {
    let Some(receiver) = builder.index.site(id).receiver else { return vec![] };
    let name = builder.index.site(id).name.clone();
    let classes: BTreeSet<ClassId> = super::arriving_classes(builder, receiver).into_iter().collect();
    let method = |class: ClassId| {
        builder.index_close(class);
        let ancestors = builder.graph.hierarchy.ancestors(class);
        ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, &name))
    };
    classes.into_iter().filter_map(method).collect()
}

fn by_flow(builder: &mut Builder, id: RefId) -> Option<(site::Found, Evidence, Vec<Place>)> {
    if builder.open.get(&id).is_some_and(|open| open.is_mock) {
        return Some(match mock::made_after(builder, id) {
            funcs if funcs.is_empty() => (site::Found::Foreign, Evidence::Type, vec![]),
            funcs => (site::Found::Targets(funcs), Evidence::Flow, vec![]),
        });
    }
    let answer = answer(builder, id);
    let receiver = builder.index.site(id).receiver;
    if receiver.is_some_and(|receiver| fixtures::is_of_plugin(builder, receiver)) {
        return Some((site::Found::Foreign, Evidence::Flow, vec![]));
    }
    match builder.open.get(&id).and_then(|open| open.typed.clone()) {
        Some(site::Found::Targets(typed)) => {
            let evidence =
                if answer.funcs.iter().all(|func| typed.contains(func)) { Evidence::Type } else { Evidence::Flow };
            let modules = if answer.has_unknown { protocol::of_modules(builder, &typed) } else { vec![] };
            let all = typed.into_iter().chain(answer.funcs).chain(modules).collect();
            return Some((site::Found::Targets(all), evidence, answer.support));
        }
        Some(site::Found::Foreign) if answer.funcs.is_empty() && !answer.has_unknown => {
            return Some((site::Found::Foreign, Evidence::Type, vec![]));
        }
        // A part of the type has the member from elsewhere, and nobody knows what else gets here.
        Some(site::Found::Foreign) if answer.funcs.is_empty() => {
            let open = builder.open.entry(id).or_default();
            *open = Open { is_asked: true, has_unknown: true, mixed: Some(vec![]), ..Open::default() };
            return None;
        }
        Some(site::Found::Foreign) => {
            let open = builder.open.entry(id).or_default();
            *open = Open {
                is_asked: true,
                has_unknown: answer.has_unknown,
                mixed: Some(answer.funcs),
                support: answer.support,
                ..Open::default()
            };
            return None;
        }
        None => {}
    }
    if !answer.has_unknown && (answer.funcs.is_empty() || !answer.has_foreign) {
        let found = if answer.funcs.is_empty() { site::Found::Foreign } else { site::Found::Targets(answer.funcs) };
        return Some((found, Evidence::Flow, answer.support));
    }
    // A wrong guess in a test breaks the test and nothing else: what is known of the receiver decides.
    if builder.in_tests(id.file) && !answer.funcs.is_empty() && !answer.has_foreign {
        let is_foreign = receiver.is_some_and(|receiver| comes_from_outside(builder, receiver));
        let named = agreement::by_receiver_name(builder, id, &answer.funcs);
        if let Some(funcs) = named.or_else(|| (!is_foreign).then(|| answer.funcs.clone())) {
            return Some((site::Found::Targets(funcs), Evidence::Flow, answer.support));
        }
    }
    let open = builder.open.entry(id).or_default();
    open.is_asked = true;
    open.has_unknown = answer.has_unknown;
    if !answer.has_unknown || open.is_data {
        open.mixed = Some(answer.funcs);
    }
    open.support = answer.support;
    None
}

/// Parses the files that the receivers' names are in, all at once.
fn load_receivers(builder: &mut Builder, sites: &[RefId]) {
    let mut names: BTreeSet<Name> = BTreeSet::new();
    for id in sites {
        let mut at = builder.index.site(*id).receiver;
        while let Some(value) = at {
            at = match builder.index.value(value) {
                Value::Attribute { receiver, name } => {
                    names.insert(name.clone());
                    Some(*receiver)
                }
                Value::Call { call } => Some(builder.index.call(*call).func),
                Value::Await { value } | Value::Subscript { value, .. } => Some(*value),
                _ => None,
            };
        }
    }
    builder.index.load_words(builder.project, names.iter().map(Name::as_str));
}

/// What one test defines and puts in the place of a function is gone when the next one runs.
pub(super) fn is_of_another_test(builder: &Builder, id: RefId, func: FuncId) -> bool {
    let facts = builder.index.func(func);
    let outermost = |func: FuncId| builder.index.outermost(func);
    facts.parent.is_some()
        && facts.class.is_none()
        && builder.in_tests(func.file)
        && builder.in_tests(id.file)
        && !fixtures::is_fixture(builder, outermost(func))
        && builder.index.context(builder.index.site(id).context).func.map(outermost) != Some(outermost(func))
}
