//! Uncertain sites that a user has something to decide about: what converts depends on the answer, or what blocks the loop.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::cause::Cause;
use super::{Verdicts, World};
use crate::index::facts::{FuncId, RefId, Usage, ValueId};
use crate::resolve::names::Meaning;
use crate::resolve::{Site, SiteKind, site};

/// More callers than this are not looked at.
const CALLERS: usize = 200;

/// The sites of which it would change what converts, or what is awaited, to say what they call. In tests only what converts
/// matters: they hold nothing back.
pub fn open_sites(world: World, verdicts: &Verdicts) -> FxHashSet<RefId> {
    let mut callers = Callers::default();
    let open = world.graph.sites.values().filter(|site| is_open(world, verdicts, site, &mut callers));
    open.map(|site| site.id).collect()
}

/// What is looked for once.
#[derive(Default)]
struct Callers {
    /// What calls a function, by names alone.
    of: FxHashMap<FuncId, Vec<FuncId>>,
    /// The calls of a name outside of tests.
    calls: FxHashMap<Name, Vec<NamedCall>>,
}

/// A call of something that goes by a name.
struct NamedCall {
    caller: FuncId,
    callee: ValueId,
    is_of_member: bool,
}

fn is_open(world: World, verdicts: &Verdicts, site: &Site, callers: &mut Callers) -> bool {
    let in_tests = world.in_tests(site.id.file);
    let is_leaf = matches!(site.kind, SiteKind::Blocking { .. });
    site.uncertain
        && (is_leaf && !in_tests
            || site.targets.iter().any(|target| {
                verdicts.converts.contains_key(target) || !in_tests && held_by_uncertain(verdicts, *target)
            })
            || !in_tests && blocks_unseen(world, verdicts, site, callers))
}

/// Is it in a function that is not known to block, which a coroutine calls as it is?
fn blocks_unseen(world: World, verdicts: &Verdicts, site: &Site, callers: &mut Callers) -> bool {
    let Some(owner) = world.owner(site.id).filter(|owner| !world.index.func(*owner).is_async) else { return false };
    let is_known = verdicts.stays.contains_key(&owner) || verdicts.converts.contains_key(&owner);
    let blocks = site.targets.iter().any(|target| verdicts.stays.contains_key(target));
    site.kind.runs() && blocks && !is_known && is_reached(world, verdicts, owner, callers)
}

/// Does a coroutine call the function, or what calls it? By names alone, so it may be one too many.
fn is_reached(world: World, verdicts: &Verdicts, func: FuncId, known: &mut Callers) -> bool {
    let (mut pending, mut seen) = (vec![func], FxHashSet::default());
    while let Some(at) = pending.pop() {
        if !seen.insert(at) || seen.len() > CALLERS {
            continue;
        }
        if !known.of.contains_key(&at) {
            let found = callers(world, at, &mut known.calls);
            known.of.insert(at, found);
        }
        for &caller in &known.of[&at] {
            if world.index.func(caller).is_async || verdicts.converts.contains_key(&caller) {
                return true;
            }
            // What is known to block is run in a thread.
            if !verdicts.stays.contains_key(&caller) {
                pending.push(caller);
            }
        }
    }
    false
}

fn callers(world: World, func: FuncId, known: &mut FxHashMap<Name, Vec<NamedCall>>) -> Vec<FuncId> {
    let facts = world.index.func(func);
    let mut found = vec![];
    let mut named = |name: &Name, meant: &Meaning, is_method: bool| {
        let is_call_of =
            |call: &&NamedCall| call.is_of_member && is_method || world.names().evaluate(call.callee).contains(meant);
        let imports = world.index.imports_of(name).iter();
        let renamed = imports.filter_map(|(file, at)| world.index.file(*file).imports[*at as usize].alias.as_ref());
        for name in renamed.chain([name]).collect::<BTreeSet<_>>() {
            let calls = known.entry(name.clone()).or_insert_with(|| calls_by(world, name));
            found.extend(calls.iter().filter(is_call_of).map(|call| call.caller).filter(|caller| *caller != func));
        }
    };
    named(&facts.name, &Meaning::Func(func), facts.class.is_some());
    // `Cache(x)` calls `Cache.__init__`, and so may what makes an object of a class below it.
    if let Some(class) = facts.class.filter(|_| site::is_constructor(&facts.name)) {
        for made in world.graph.hierarchy.descendants(class) {
            named(&world.index.class(made).name, &Meaning::Class(made), false);
        }
    }
    found
}

fn calls_by(world: World, name: &Name) -> Vec<NamedCall> {
    let call = |id: &RefId| {
        let site = world.index.site(*id);
        let Usage::Called(call) = site.usage else { return None };
        let caller = world.owner(*id).filter(|_| !world.in_tests(id.file))?;
        Some(NamedCall { caller, callee: world.index.call(call).func, is_of_member: site.receiver.is_some() })
    };
    world.index.refs_of(name).iter().filter_map(call).collect()
}

/// Does a function stay sync because it is not certain what some site calls?
fn held_by_uncertain(verdicts: &Verdicts, func: FuncId) -> bool {
    let mut seen = vec![func];
    let mut cause = verdicts.stays.get(&func);
    while let Some(here) = cause {
        let next = match here {
            Cause::Uncertain { .. } => return true,
            Cause::CallerStays { caller, .. } => *caller,
            Cause::Family { member } => *member,
            _ => return false,
        };
        if seen.contains(&next) {
            return false;
        }
        seen.push(next);
        cause = verdicts.stays.get(&next);
    }
    false
}
