//! The table of verdicts that the name census counts against: one for every token that names a converted function.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use ruff_python_ast::name::Name;
use ruff_text_size::TextSize;

use super::Analysis;
use crate::color::SiteVerdict;
use crate::index::facts::*;
use crate::py::source;
use crate::verify::{self, CensusFile, Failure, Verdict};

/// Counts every place that names a converted function; the failures are places without exactly one verdict.
pub fn check(analysis: &Analysis) -> Vec<Failure> {
    // Fixtures, and tests that only ask for one, are called by nobody: their names were never looked for.
    let mut names: BTreeSet<Name> =
        analysis.verdicts.converts.keys().map(|func| analysis.index.func(*func).name.clone()).collect();
    names.retain(|name| analysis.graph.names.contains(name));
    let files: BTreeSet<FileId> = names
        .iter()
        .flat_map(|name| analysis.index.words.files(name))
        .filter(|file| analysis.index.loaded(*file).is_some())
        .collect();
    let texts: Vec<(FileId, String)> = files
        .into_iter()
        .filter_map(|file| {
            let bytes = std::fs::read(&analysis.project.file(file).path).ok()?;
            Some((file, source::decode(&bytes).ok()?.text))
        })
        .collect();
    let census_files: Vec<CensusFile> =
        texts.iter().map(|(file, text)| CensusFile { path: &analysis.project.file(*file).relative, text }).collect();
    let mut table = vec![];
    for (number, (file, _)) in texts.iter().enumerate() {
        for (offset, verdict) in verdicts_of(analysis, *file, &names) {
            table.push(verify::SiteVerdict { file: number, offset, verdict });
        }
    }
    let wanted: HashSet<String> = names.iter().map(ToString::to_string).collect();
    verify::census(&wanted, &census_files, &table).failures
}

/// The verdict on every token of one file that bears one of the names.
fn verdicts_of(analysis: &Analysis, file: FileId, names: &BTreeSet<Name>) -> BTreeMap<TextSize, Verdict> {
    let facts = analysis.index.file(file);
    let mut found = BTreeMap::new();
    for (name, offset) in &facts.inert {
        if names.contains(name) {
            found.insert(*offset, Verdict::ProvedOther);
        }
    }
    for binding in facts.scopes.iter().flat_map(|scope| &scope.bindings).filter(|binding| names.contains(&binding.name))
    {
        let verdict = match binding.bound {
            Bound::Func(id) if analysis.verdicts.converts.contains_key(&id) => Verdict::Definition,
            _ => Verdict::ProvedOther,
        };
        found.insert(binding.range.start(), verdict);
    }
    for import in facts.imports.iter().filter(|import| import.name.as_ref().is_some_and(|name| names.contains(name))) {
        found.insert(import.range.start(), Verdict::ProvedOther);
    }
    for (index, site) in
        facts.refs.iter().enumerate().filter(|(_, site)| names.contains(&site.name) && !site.is_implicit())
    {
        let id = RefId { file, index: index as u32 };
        if let Some(verdict) = verdict_of(analysis, id) {
            found.insert(site.name_range.start(), verdict);
        }
    }
    for lookup in facts.lookups.iter().filter(|lookup| names.contains(&lookup.name)) {
        found.insert(lookup.range.start(), Verdict::Left);
    }
    found
}

/// None when nobody decided about the site: then the census fails.
fn verdict_of(analysis: &Analysis, id: RefId) -> Option<Verdict> {
    if analysis.graph.foreign.contains_key(&id) {
        return Some(Verdict::ProvedOther);
    }
    let site = analysis.graph.sites.get(&id)?;
    let converts = site.targets.iter().any(|target| analysis.verdicts.converts.contains_key(target));
    Some(match &analysis.verdicts.sites[&id] {
        SiteVerdict::Await | SiteVerdict::Adapt(_) | SiteVerdict::EntryPoint | SiteVerdict::Raises { .. } => {
            Verdict::Awaited
        }
        SiteVerdict::HandedOn => Verdict::Accepted,
        SiteVerdict::Unwrap { .. } => Verdict::Unwrapped,
        SiteVerdict::OffloadConsumer { .. }
        | SiteVerdict::OffloadIterable { .. }
        | SiteVerdict::Offload
        | SiteVerdict::UnwrapRun { .. }
        | SiteVerdict::OffloadHandedOn
        | SiteVerdict::OffloadExpression { .. }
        | SiteVerdict::Native(_)
        | SiteVerdict::Replace(_) => Verdict::ProvedOther,
        SiteVerdict::AsIs if converts => Verdict::Accepted,
        SiteVerdict::AsIs => Verdict::ProvedOther,
        SiteVerdict::Left(_) => Verdict::Left,
    })
}
