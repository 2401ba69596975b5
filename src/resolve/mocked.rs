//! Test files that hand mocks to what awaits them now: a test that runs `await Service(MagicMock()).add()` names nothing that
//! converts when `add` was async before.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;

use super::builder::Builder;
use super::{SiteKind, fixtures};
use crate::config::Tests;
use crate::index::facts::*;

/// Loads the test files that name a class or a function in which something is awaited that the object was given.
pub(super) fn load(builder: &mut Builder, becomes_async: impl Fn(FuncId) -> bool) {
    if builder.config.tests == Tests::Ignore {
        return;
    }
    let names = holders(builder, becomes_async);
    let words = &builder.index.words;
    let mentioned: BTreeSet<FileId> = names.iter().flat_map(|name| words.files(name)).collect();
    let mocks: BTreeSet<FileId> =
        ["Mock", "MagicMock", "mocker", "patch", "fixture"].iter().flat_map(|word| words.files(word)).collect();
    let wanted: Vec<FileId> = mentioned.intersection(&mocks).copied().filter(|file| builder.in_tests(*file)).collect();
    let loaded = builder.index.load(builder.project, &wanted);
    if !loaded.is_empty() {
        fixtures::register(builder);
    }
}

/// What has to be named to get there: the class around the call, else the function.
fn holders(builder: &Builder, becomes_async: impl Fn(FuncId) -> bool) -> BTreeSet<Name> {
    let sites = builder.graph.sites.values().filter(|site| !builder.in_tests(site.id.file));
    let awaited = sites.filter(|site| {
        !matches!(site.kind, SiteKind::Mention)
            && builder.index.site(site.id).receiver.is_some()
            && site.targets.iter().any(|target| becomes_async(*target))
    });
    let mut owners: BTreeSet<FuncId> = BTreeSet::new();
    let mut names = BTreeSet::new();
    for site in awaited {
        let facts = builder.index.site(site.id);
        owners.extend(builder.index.context(facts.context).func);
        // `patch("service.Store")`, `patch("service.store")`
        owners.extend(site.targets.iter().filter(|target| builder.index.func(**target).class.is_some()));
        if let Some(Value::Name { name, .. }) = facts.receiver.map(|receiver| builder.index.value(receiver)) {
            names.extend(Some(name).filter(|name| !matches!(name.as_str(), "self" | "cls")).cloned());
        }
    }
    for func in owners {
        let facts = builder.index.func(func);
        match facts.class {
            None => drop(names.insert(facts.name.clone())),
            Some(class) => {
                let below = builder.graph.hierarchy.descendants(class);
                names.extend(below.into_iter().map(|class| builder.index.class(class).name.clone()));
            }
        }
    }
    names
}
