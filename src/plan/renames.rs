//! The renaming map carried out: every place whose gate is open once the colors are known.

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::{Action, Plan};
use crate::color::swap::{self, Held, Why};
use crate::color::{SiteVerdict, Verdicts, World};
use crate::error::Problem;
use crate::index::facts::*;
use crate::py::source;
use crate::resolve::renames::{Gate, How, Place};

/// Plans the renames.
pub(super) fn plan(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    let converting = verdicts.converting_files();
    let replaced = replaced_names(world, verdicts);
    for ((file, start), place) in &world.graph.renames.places {
        if world.kept.contains_key(&place.entry)
            || !is_open(world, verdicts, &converting, *file, place)
            || replaced.contains(&(*file, *start))
        {
            continue;
        }
        let name = place.range;
        let actions = plan.entry(*file).or_default();
        // The codemod has the last word on the name in an annotation, `typing.Iterator` as well as `Iterator`.
        let is_it = |other: &TextRange| other.contains_range(name) && other.end() == name.end();
        actions.retain(|action| !matches!(action, Action::RenameImported { name, .. } if is_it(name)));
        actions.push(match &place.how {
            How::Name(to) => Action::Rename { name, to: to.clone() },
            How::Imported(to) => Action::RenameImported { name, to: to.clone() },
            How::Mention(to) => Action::Mention { name, to: to.clone() },
        });
    }
}

fn is_open(world: World, verdicts: &Verdicts, converting: &FxHashSet<FileId>, file: FileId, place: &Place) -> bool {
    match place.gate {
        Gate::Always => true,
        Gate::Stays(func) => {
            let is_left_out = world.selected.is_some() && world.graph.nodes.contains(&func);
            !verdicts.stays.contains_key(&func) && (!is_left_out || verdicts.converts.contains_key(&func))
        }
        Gate::FileConverts => converting.contains(&file),
        Gate::ClassConverts(class) => swap::follows(world, verdicts, class),
    }
}

/// The classes that are not replaced, each with the call that keeps it.
pub fn problems(world: World) -> Vec<Problem> {
    let remark = |(rename, held): (&usize, &Held)| {
        let (from, to) = world.graph.renames.entry(*rename);
        let why = match held.why {
            Why::Unawaited => "nothing can await what is called here",
            Why::Escapes => "what is done with it here is not followed",
            Why::Overridden => "the class here overrides it and stays sync, beside code that becomes async",
        };
        let message = format!("`{from}` is not replaced by `{to}`: {why}");
        let file = world.project.file(held.file);
        let text = std::fs::read(&file.path).ok().and_then(|bytes| source::decode(&bytes).ok());
        let offset = held.range.start().to_usize();
        match text {
            Some(source) => Problem::at_offset(&file.relative, &source.text, offset, message),
            None => Problem::whole_file(&file.relative, message),
        }
    };
    let is_used = |rename: &usize| world.graph.renames.places.values().any(|place| place.entry == *rename);
    world.kept.iter().filter(|(rename, _)| is_used(rename)).map(remark).collect()
}

/// Names that the verdict on their site replaces by itself.
fn replaced_names(world: World, verdicts: &Verdicts) -> FxHashSet<(FileId, u32)> {
    let mut found = FxHashSet::default();
    for (id, verdict) in &verdicts.sites {
        let site = world.index.site(*id);
        let twin = swap::twin(world, &world.graph.sites[id]);
        let is_replaced = match (verdict, twin) {
            (SiteVerdict::Native(_) | SiteVerdict::Replace(_), _) => true,
            (SiteVerdict::Adapt(_), None) => swap::replaced_by(world, &world.graph.sites[id]).is_some(),
            (SiteVerdict::Adapt(_), Some(twin)) => *twin.method != *site.name,
            _ => false,
        };
        if is_replaced {
            found.insert((id.file, u32::from(site.name_range.start())));
        }
        let is_function = is_replaced && twin.is_none();
        if let Usage::Called(call) = site.usage
            && is_function
        {
            // `module.function`: the module's name goes too.
            found.insert((id.file, u32::from(world.index.call(call).func_range.start())));
        }
    }
    found
}
