//! Classes that a codemod replaces by async twins. Where only a part of the program is to be async, every call of a method
//! that has to be awaited is, or the class stays as it is and its calls go to threads; where all of it is, the calls that
//! nothing can await are named.

use std::collections::BTreeMap;

use ruff_text_size::TextRange;

use super::{SiteVerdict, Verdicts, World};
use crate::config::{BlockingAction, Reach};
use crate::index::facts::{ClassId, FileId};
use crate::resolve::renames::Gate;
use crate::resolve::{Gives, Site, SiteKind, Twin};

/// Renames that are not carried out, by number, with what holds them.
pub type Kept = BTreeMap<usize, Held>;

/// The place that holds a class.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub file: FileId,
    pub range: TextRange,
    pub why: Why,
}

/// What is wrong at such a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A call there would be left without an await.
    Unawaited,
    /// What is done with the object there is not followed.
    Escapes,
    /// A class below it stays sync, in a file whose other code gets the twin.
    Overridden,
}

/// The async twin that is called at a leaf; none when the class it belongs to stays.
pub fn twin<'a>(world: World<'a>, site: &'a Site) -> Option<&'a Twin> {
    let SiteKind::Blocking { native: Some(twin), .. } = &site.kind else { return None };
    (!is_kept(world, site)).then_some(twin)
}

/// What the function gives that takes the place of a leaf; none when nobody knows of anything but a coroutine.
pub fn replacement<'a>(world: World<'a>, site: &Site) -> Option<&'a [Gives]> {
    let SiteKind::Blocking { entry, .. } = site.kind else { return None };
    let gives = world.graph.replacements.get(&entry)?;
    gives.iter().any(|gives| *gives != Gives::Awaitable).then_some(gives)
}

/// The function that takes the place of a leaf.
pub fn replaced_by<'a>(world: World<'a>, site: &Site) -> Option<&'a str> {
    let SiteKind::Blocking { entry, .. } = site.kind else { return None };
    match &world.graph.entries[entry].action {
        BlockingAction::Replace { function } => Some(function),
        BlockingAction::Offload | BlockingAction::Native { .. } | BlockingAction::Tell => None,
    }
}

/// Does the leaf belong to a class that was to be replaced and stays?
pub fn is_kept(world: World, site: &Site) -> bool {
    let SiteKind::Blocking { entry, .. } = site.kind else { return false };
    world.graph.swaps.get(&entry).is_some_and(|renames| renames.iter().any(|rename| world.kept.contains_key(rename)))
}

/// Is the method itself async once the codemod is carried out, so that a call without an await does nothing?
pub fn is_async_now(world: World, site: &Site) -> bool {
    let SiteKind::Blocking { entry, .. } = site.kind else { return false };
    let is_replaced = || world.graph.swaps.contains_key(&entry);
    twin(world, site).is_some_and(|twin| *twin.method == *world.index.site(site.id).name || is_replaced())
}

/// Does a class get the twin for its base? One that defines nothing but special methods, or of which something converts.
pub fn follows(world: World, verdicts: &Verdicts, class: ClassId) -> bool {
    let methods = &world.index.class(class).methods;
    let plain = methods.iter().all(|func| world.index.func(*func).name.starts_with("__"));
    plain || methods.iter().any(|func| verdicts.converts.contains_key(func))
}

/// The renames that leave a site of their class without an await, or a class with a base that its file no longer names.
pub fn broken(world: World, verdicts: &Verdicts) -> Kept {
    let mut found = Kept::new();
    let converting = verdicts.converting_files();
    for ((file, _), place) in &world.graph.renames.places {
        if let Gate::ClassConverts(class) = place.gate
            && converting.contains(file)
            && !world.kept.contains_key(&place.entry)
            && !follows(world, verdicts, class)
        {
            let held = Held { file: *file, range: place.range, why: Why::Overridden };
            found.entry(place.entry).or_insert(held);
        }
    }
    for site in world.graph.sites.values() {
        let SiteKind::Blocking { entry, native: Some(_) } = site.kind else { continue };
        let Some(renames) = world.graph.swaps.get(&entry).filter(|_| !is_kept(world, site)) else { continue };
        let reach = world.graph.entries[entry].reach.unwrap_or(world.config.reach);
        if reach == Reach::All && world.selected.is_none() {
            continue;
        }
        // The sync face of a class that has both.
        let is_face = world.owner(site.id).is_some_and(|func| world.graph.layer.contains(&func));
        let is_left = match &verdicts.sites[&site.id] {
            SiteVerdict::AsIs | SiteVerdict::Left(_) => true,
            SiteVerdict::Await
            | SiteVerdict::Offload
            | SiteVerdict::HandedOn
            | SiteVerdict::OffloadHandedOn
            | SiteVerdict::OffloadExpression { .. }
            | SiteVerdict::UnwrapRun { .. }
            | SiteVerdict::Native(_)
            | SiteVerdict::Replace(_)
            | SiteVerdict::OffloadConsumer { .. }
            | SiteVerdict::OffloadIterable { .. }
            | SiteVerdict::Adapt(_)
            | SiteVerdict::Unwrap { .. }
            | SiteVerdict::EntryPoint
            | SiteVerdict::Raises { .. } => false,
        };
        if is_left && !is_face && world.is_editable(site.id.file) {
            let range = world.index.site(site.id).range;
            let held = Held { file: site.id.file, range, why: Why::Unawaited };
            found.entry(*renames.first().expect("an entry has some")).or_insert(held);
        }
    }
    with_siblings(world, found)
}

/// What one entry says of several classes holds for all of them.
pub(super) fn with_siblings(world: World, mut kept: Kept) -> Kept {
    loop {
        let before = kept.len();
        for renames in world.graph.swaps.values() {
            if let Some(held) = renames.iter().find_map(|rename| kept.get(rename).copied()) {
                renames.iter().for_each(|rename| {
                    kept.entry(*rename).or_insert(held);
                });
            }
        }
        if kept.len() == before {
            return kept;
        }
    }
}
