//! Who calls the functions with an `asyncio.run` fallback, as far as it is certain: a caller that no loop runs under needs it.

use std::collections::BTreeMap;

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::builder::Builder;
use super::site::{Found, by_scopes, runs_elsewhere, targets_of};
use crate::index::facts::*;
use crate::py::infer::Certainty;

/// Callers of callers are looked for this far.
const DEPTH: usize = 8;

/// A name that stands in more places than this tells nothing that would be certain.
const COMMON: usize = 400;

/// Finds the callers of the functions with a fallback, and theirs.
pub(super) fn find(builder: &mut Builder) -> BTreeMap<FuncId, Vec<RefId>> {
    let mut callers: BTreeMap<FuncId, Vec<RefId>> = BTreeMap::new();
    let with_fallback = builder.index.loaded_files().filter(|(file, _)| !builder.in_tests(*file));
    let mut wanted: Vec<FuncId> = with_fallback
        .flat_map(|(_, facts)| facts.fallbacks.iter().filter_map(|fallback| facts[fallback.context].func))
        .collect();
    let mut seen: FxHashSet<FuncId> = wanted.iter().copied().collect();
    for _ in 0..DEPTH {
        wanted.retain(|func| !builder.index.func(*func).is_async);
        let names: Vec<Name> = wanted.iter().map(|func| builder.index.func(*func).name.clone()).collect();
        builder.index.load_words(builder.project, names.iter().map(Name::as_str));
        let found = callers_of(builder, &wanted);
        let owners = found.iter().filter_map(|(_, id)| builder.index.context(builder.index.site(*id).context).func);
        wanted = owners.filter(|owner| seen.insert(*owner)).collect();
        for (func, id) in found {
            callers.entry(func).or_default().push(id);
        }
    }
    callers
}

/// The sites that call one of the functions for certain, or run it on a thread.
fn callers_of(builder: &Builder, wanted: &[FuncId]) -> Vec<(FuncId, RefId)> {
    let mut found = vec![];
    let mut asked = vec![];
    for func in wanted {
        let refs = builder.index.refs_of(&builder.index.func(*func).name);
        if refs.len() > COMMON {
            continue;
        }
        for id in refs.iter().filter(|id| !builder.in_tests(id.file) && runs(builder, **id)) {
            match (builder.graph.sites.get(id), by_scopes(builder, *id)) {
                (Some(site), _) if !site.uncertain => found.extend(site.targets.contains(func).then_some((*func, *id))),
                (Some(_), _) => {}
                (None, Some(Found::Targets(targets))) => found.extend(targets.contains(func).then_some((*func, *id))),
                (None, Some(Found::Foreign)) => {}
                (None, None) => asked.push((*func, *id)),
            }
        }
    }
    let sites: Vec<RefId> = asked.iter().map(|(_, id)| *id).collect();
    for ((func, id), (_, answer)) in asked.into_iter().zip(builder.ask_sites(&sites)) {
        let Some(answer) = answer.filter(|answer| answer.certainty != Certainty::Unknown) else { continue };
        found.extend(targets_of(builder, &answer).contains(&func).then_some((func, id)));
    }
    found
}

/// Is it a call, or what a thread is given to run?
fn runs(builder: &Builder, id: RefId) -> bool {
    match builder.index.site(id).usage {
        Usage::Called(_) => true,
        Usage::Argument { call, .. } => runs_elsewhere(builder, builder.index.call(call)),
        _ => false,
    }
}
