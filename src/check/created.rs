//! What the edits of a migration create themselves: AW4xx, and handlers that would swallow a cancellation that could not
//! reach them before (AW210). `diff` and `apply` print these first.

use ruff_python_ast::Stmt;
use ruff_text_size::TextRange;

use super::code::Code;
use super::parsed::Body;
use super::{Detail, Finding, affine, lock, race, swallow};
use crate::color::{SiteVerdict, Verdicts, World};
use crate::edit::{FileEdits, PositionMap, Side};
use crate::index::facts::*;
use crate::resolve::{Site, SiteKind};

/// A file before and after the edits.
pub struct Changed<'a> {
    pub file: FileId,
    pub before: &'a str,
    pub after: &'a str,
    pub edits: &'a FileEdits,
    pub map: PositionMap,
}

/// The findings that were not there before, at places of the old text, in file order.
pub fn find(world: World, verdicts: &Verdicts, changed: &[Changed]) -> Vec<Finding> {
    let mut found: Vec<Finding> = changed.iter().flat_map(by_text).collect();
    for (id, verdict) in &verdicts.sites {
        let one = by_verdict(world, &world.graph.sites[id], verdict);
        found.extend(one.filter(|finding| is_carried_out(changed, finding)));
    }
    found.retain(|finding| !world.in_tests(finding.file));
    found.sort_by_key(|finding| (finding.file, finding.range.start(), finding.range.end(), finding.code));
    found.dedup_by(|next, first| (next.code, next.file, next.range) == (first.code, first.file, first.range));
    found
}

/// Is there an edit at the finding? Only a part of a plan may be carried out.
fn is_carried_out(changed: &[Changed], finding: &Finding) -> bool {
    let edits = changed.iter().find(|one| one.file == finding.file).map(|one| &one.edits.edits);
    edits.into_iter().flatten().any(|edit| finding.range.contains_range(edit.range))
}

/// What the checks of syntax say of the new text and did not say of the old.
fn by_text(changed: &Changed) -> Vec<Finding> {
    let (Ok(old), Ok(new)) =
        (ruff_python_parser::parse_module(changed.before), ruff_python_parser::parse_module(changed.after))
    else {
        return vec![];
    };
    let before = hazards(changed.before, old.suite());
    let after = hazards(changed.after, new.suite());
    after
        .into_iter()
        .map(|hazard| Hazard {
            code: hazard.code,
            range: to_old(&changed.map, hazard.range),
            other: hazard.other.map(|other| to_old(&changed.map, other)),
        })
        .filter(|hazard| !before.iter().any(|old| old.code == hazard.code && old.range == hazard.range))
        .map(|hazard| Finding {
            code: hazard.code,
            file: changed.file,
            range: hazard.range,
            detail: match hazard.other {
                Some(range) => Detail::Elsewhere { file: changed.file, range },
                None => Detail::Plain,
            },
        })
        .collect()
}

struct Hazard {
    code: Code,
    range: TextRange,
    other: Option<TextRange>,
}

fn hazards(text: &str, suite: &[Stmt]) -> Vec<Hazard> {
    let mut found = vec![];
    for body in super::parsed::bodies(suite) {
        found.extend(of_body(text, body));
    }
    found
}

fn of_body(text: &str, body: Body) -> Vec<Hazard> {
    let splits = race::splits(text, body).into_iter();
    let splits = splits.map(|split| Hazard { code: Code::SplitUpdate, range: split.write, other: Some(split.read) });
    let locks = lock::places(body).into_iter().filter(|place| place.is_named_lock);
    let locks = locks.map(|place| Hazard { code: Code::AwaitUnderLock, range: place.item, other: Some(place.inside) });
    let handlers = swallow::places(body).into_iter().map(|range| Hazard { code: Code::Swallow, range, other: None });
    splits.chain(locks).chain(handlers).collect()
}

/// The place of a node in the old text; the edits only put something around it.
fn to_old(map: &PositionMap, range: TextRange) -> TextRange {
    let start = map.to_old(range.start(), Side::Start).unwrap_or_default();
    let end = map.to_old(range.end(), Side::End).unwrap_or(start);
    TextRange::new(start, end.max(start))
}

fn by_verdict(world: World, site: &Site, verdict: &SiteVerdict) -> Option<Finding> {
    let facts = world.index.site(site.id);
    let range = match (verdict, facts.usage) {
        (SiteVerdict::Unwrap { call, .. }, _) => world.index.call(*call).range,
        (_, Usage::Called(call)) => world.index.call(call).range,
        _ => facts.range,
    };
    let (code, detail) = match (verdict, &site.kind) {
        (SiteVerdict::Unwrap { .. }, _) => (Code::Unwrapped, Detail::Function(*site.targets.first()?)),
        (SiteVerdict::Offload, SiteKind::Blocking { entry, .. }) => {
            let named = affine::of_entry(world, &world.graph.entries[*entry]);
            let name = named.or_else(|| site.targets.iter().find_map(|target| affine::of_method(world, *target)))?;
            (Code::Affine, Detail::Name(name.into()))
        }
        (SiteVerdict::Offload, SiteKind::Call) => {
            // What a test hands in is of that test.
            let writes = |target: &&FuncId| !world.in_tests(target.file) && writes_shared_state(world, **target);
            let writer = site.targets.iter().find(writes)?;
            (Code::OffloadWrites, Detail::Function(*writer))
        }
        _ => return None,
    };
    Some(Finding { code, file: site.id.file, range, detail })
}

/// Does the function write attributes or items of `self` or `cls`, or names of an outer scope? A constructor writes to an
/// object that nobody else has yet.
fn writes_shared_state(world: World, func: FuncId) -> bool {
    let (facts, own) = (world.index.file(func.file), world.index.func(func));
    if matches!(own.name.as_str(), "__init__" | "__new__" | "__post_init__") || world.graph.layer.contains(&func) {
        return false;
    }
    let is_own = |value: ValueId| is_own_object(facts, func, value);
    own.traits.declares_outer_names
        || facts.attribute_writes.iter().any(|write| facts[write.context].func == Some(func) && is_own(write.receiver))
        || facts.item_writes.iter().any(|write| is_own(write.container))
}

/// `self`, `cls`, or something that hangs on them, named in the body of `func`.
fn is_own_object(facts: &FileFacts, func: FuncId, value: ValueId) -> bool {
    match &facts[value] {
        Value::Name { name, scope } => {
            matches!(name.as_str(), "self" | "cls") && facts[*scope].kind == ScopeKind::Function(func)
        }
        Value::Attribute { receiver, .. } => is_own_object(facts, func, *receiver),
        Value::Subscript { value, .. } => is_own_object(facts, func, *value),
        _ => false,
    }
}
