//! `getattr(session, verb)(url)`: what is looked up by a computed name on an object of the layer, or in a module whose functions
//! block, is a function of the layer.

use std::collections::BTreeMap;

use super::PickSite;
use super::builder::Builder;
use super::computed;
use super::flow;
use super::layer::{self, Layer};
use crate::config::{Blocking, BlockingAction};
use crate::index::facts::*;
use crate::py::infer::{self, Questions};

/// An object that a member with a computed name is looked up on.
struct Holding {
    place: PickSite,
    object: ValueId,
}

/// Queues what is looked up, to be followed to its calls. Returns whether there is any.
pub(super) fn follow(builder: &mut Builder) -> bool {
    if std::mem::replace(&mut builder.computed.layer_done, true) {
        return false;
    }
    let holdings = holdings(builder);
    if holdings.is_empty() {
        return false;
    }
    let mut found: BTreeMap<PickSite, (ValueId, usize)> = BTreeMap::new();
    for (number, entry) in builder.graph.entries.clone().iter().enumerate() {
        for holding in of_entry(builder, entry, &holdings) {
            let value = builder.index.pick(holding.place.file, holding.place.index).value;
            found.entry(holding.place).or_insert((value, number));
        }
    }
    builder.carried.layer_values.extend(found.values());
    !found.is_empty()
}

/// The files that name a receiver or a class of the layer were parsed to look for its calls.
fn holdings(builder: &Builder) -> Vec<Holding> {
    let loaded = builder.index.loaded_files().filter(|(file, _)| !builder.in_tests(*file));
    let places =
        loaded.flat_map(|(file, facts)| (0..facts.picks.len() as u32).map(move |index| PickSite { file, index }));
    let holding = |place: PickSite| {
        let pick = builder.index.pick(place.file, place.index);
        let Holder::Object(object) = pick.holder else { return None };
        (pick.depth == 0 && !computed::forwards(builder, place)).then_some(Holding { place, object })
    };
    places.filter_map(holding).collect()
}

/// The places where what is looked up is of the entry.
fn of_entry<'a>(builder: &mut Builder, entry: &Blocking, holdings: &'a [Holding]) -> Vec<&'a Holding> {
    let is_receiver = |builder: &Builder, holding: &Holding| {
        let name = builder.names().last_name(holding.object);
        entry.receiver.as_ref().is_some_and(|patterns| name.is_some_and(|name| patterns.matches(name)))
    };
    let takes_all = layer::included(&entry.method).any(|method| method.contains('*'));
    let (receivers, mut rest): (Vec<&Holding>, Vec<&Holding>) =
        holdings.iter().partition(|holding| is_receiver(builder, holding));
    let mut found = if takes_all { receivers } else { vec![] };
    if entry.action == BlockingAction::Offload {
        let functions: Vec<String> = entry.function.iter().flat_map(layer::spelled_out).collect();
        found.extend(rest.extract_if(.., |holding| may_be_function(builder, &functions, holding)));
        found.extend(of_class(builder, entry, &rest));
    }
    found
}

/// Is it a module, and may the name be that of one of its functions that are declared? A module of the standard library has many
/// others.
fn may_be_function(builder: &mut Builder, functions: &[String], holding: &Holding) -> bool {
    let Some(path) = builder.names().dotted(holding.object) else { return false };
    let mut of_module =
        functions.iter().filter_map(|function| function.strip_prefix(&path)?.strip_prefix('.')).peekable();
    if of_module.peek().is_none() {
        return false;
    }
    let spelled = computed::spelled(builder, holding.place);
    of_module.any(|name| spelled.fits(name))
        || spelled.is_any() && infer::stdlib_functions(builder.db, &path).is_empty()
}

/// Those of the classes of the entry: it is asked about one of their methods.
fn of_class<'a>(builder: &mut Builder, entry: &Blocking, holdings: &[&'a Holding]) -> Vec<&'a Holding> {
    let Some(layer) = Layer::find(builder, entry) else { return vec![] };
    let Some(method) = layer.some_method(builder, entry) else { return vec![] };
    let range = |holding: &Holding| {
        let mut named = builder.index.refs_in(holding.place.file, builder.names().last_name(holding.object)?);
        named.find_map(|id| {
            let site = builder.index.site(id);
            (site.value == holding.object).then_some(site.range)
        })
    };
    let places: Vec<_> = holdings.iter().filter_map(|holding| Some((*holding, range(holding)?))).collect();
    let mut questions: BTreeMap<FileId, Questions> = BTreeMap::new();
    for (holding, range) in &places {
        let questions = questions.entry(holding.place.file).or_default();
        questions.ranges.push(*range);
        questions.members.push((*range, method.clone()));
    }
    let answers = builder.ask(questions);
    let is_foreign = layer.classes.is_empty() && layer.is_imported(builder);
    let mut found = vec![];
    for (holding, range) in places {
        let answers = &answers[&holding.place.file];
        let member = answers.members.get(&(range, method.clone()));
        let has =
            answers.expressions.get(&range).is_some_and(|own| layer.has(builder, &method, &own.of_member(member)));
        let is_it = has || is_foreign && flow::is_foreign_receiver(builder, holding.object, &method, &layer).is_some();
        if is_it && may_be(builder, entry, holding.place) {
            found.push(holding);
        }
    }
    found
}

/// May the name be that of a method that blocks?
fn may_be(builder: &mut Builder, entry: &Blocking, place: PickSite) -> bool {
    let spelled = computed::spelled(builder, place);
    spelled.is_open() || layer::included(&entry.method).any(|method| method.contains('*') || spelled.fits(method))
}
