//! What the code keeps or gives back is run by its tests, too: `TABLE["x"](1)`, `make()(1)`.

use std::collections::BTreeSet;

use ruff_text_size::TextRange;

use super::{add_place, only_nodes_arrive};
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::flow::{self, Runs, Spot, Token, Until};
use crate::resolve::{Evidence, Site, SiteKind};

type Place = (FileId, TextRange);

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Tested {
    pub(super) changed: bool,
    /// The first place in a test where it is lost sight of.
    pub(super) lost: Option<Place>,
}

/// Follows a function of the code on from where it comes to be in tests. Each place there that runs it is a site; where it is
/// lost sight of, the test is named.
pub(super) fn follow(builder: &mut Builder, token: Token, target: FuncId, spots: Vec<(Spot, u32)>) -> Tested {
    let Some(file) = spots.iter().find_map(|(spot, _)| file_of(spot)) else { return Tested::default() };
    let trace = flow::trace_from(builder, token, file, spots, Until::TheEnd);
    let uses = if matches!(token, Token::Manager(_)) { Runs::Enters } else { Runs::Iterates };
    let called = trace.calls.into_iter().map(|place| (place, Runs::Calls));
    let places: Vec<(RefId, Runs)> = called.chain(trace.uses.into_iter().map(|place| (place, uses))).collect();
    let mut changed = false;
    for (place, runs) in places {
        if !builder.in_tests(place.file) {
            continue;
        }
        changed |= add_place(builder, place, BTreeSet::from([target]), runs);
        // A wrong guess in a test breaks the test and nothing else.
        if runs == Runs::Calls
            && only_nodes_arrive(builder, place)
            && let Some(site) = builder.graph.sites.get_mut(&place)
        {
            site.uncertain = false;
        }
    }
    let given = trace.callbacks.into_iter().map(|(place, _)| place).filter(|place| builder.in_tests(place.file));
    let lost = trace.lost_in_tests.first().copied();
    let places: Vec<RefId> =
        given.chain(trace.lost_in_tests.into_iter().filter_map(|place| ref_at(builder, place))).collect();
    for place in places {
        if !builder.graph.sites.contains_key(&place) && !builder.parked_sites.contains_key(&place) {
            builder.graph.foreign.remove(&place);
            builder.add_site(Site::new(place, SiteKind::Value, vec![target], Evidence::Flow));
            builder.carried.done.insert(place);
            changed = true;
        }
    }
    Tested { changed, lost }
}

fn file_of(spot: &Spot) -> Option<FileId> {
    match spot {
        Spot::Value(value) => Some(value.file),
        Spot::Name(scope, _) => Some(scope.file),
        Spot::Param(func, _) | Spot::Returned(func) => Some(func.file),
        Spot::Attribute(..) => None,
    }
}

/// The first name in a piece of text.
fn ref_at(builder: &Builder, (file, range): Place) -> Option<RefId> {
    let refs = &builder.index.file(file).refs;
    let index = refs.iter().position(|site| !range.is_empty() && range.contains_range(site.range))?;
    Some(RefId { file, index: index as u32 })
}
