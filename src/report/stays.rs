//! The functions that block and stay sync, by reason: most frequent first, with a few examples of each.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::text::{Length, plural};
use super::words::{self, Places};
use crate::color::cause::Cause;
use crate::color::{Verdicts, World};
use crate::index::facts::*;

/// Examples of a reason in a short summary.
const EXAMPLES: usize = 3;

/// The section of the summary; empty when there is none.
pub fn section(world: World, verdicts: &Verdicts, places: &mut Places, length: Length) -> String {
    let mut by_key: BTreeMap<&str, Vec<(FuncId, &Cause)>> = BTreeMap::new();
    let told = verdicts.stays.iter().filter(|(func, cause)| {
        !world.in_tests(func.file) && !matches!(cause, Cause::Layer | Cause::KeepSync | Cause::NoAwait)
    });
    for (func, cause) in told {
        by_key.entry(words::key(cause)).or_default().push((*func, cause));
    }
    let total: usize = by_key.values().map(Vec::len).sum();
    if total == 0 {
        return String::new();
    }
    let verb = if total == 1 {
        "blocks and stays sync, where async code runs it"
    } else {
        "block and stay sync, where async code runs them"
    };
    let mut out = format!("{} {verb} in a thread:\n", plural(total, "function"));
    let mut reasons: Vec<_> = by_key.into_iter().collect();
    reasons.sort_by_key(|(key, funcs)| (Reverse(funcs.len()), *key));
    for (key, funcs) in reasons {
        out += &format!("  {key} ({}){}\n", funcs.len(), by_name(&funcs));
        let shown = shown(funcs[0].1, length);
        for (func, cause) in funcs.iter().take(shown) {
            let sentence = words::sentence(world, places, cause);
            out += &format!("    {} {}: {sentence}\n", places.func(*func), world.names().qualified_func(*func));
        }
        if funcs.len() > shown && shown > 0 {
            out += &format!("    and {} more\n", funcs.len() - shown);
        }
    }
    match length {
        Length::Short => out + "  `awaitify why NAME` tells of one, `-v` lists all\n",
        Length::Whole => out,
    }
}

/// A reason that only follows from another function's is counted, no more.
fn shown(cause: &Cause, length: Length) -> usize {
    match (length, cause) {
        (Length::Whole, _) => usize::MAX,
        (Length::Short, Cause::CallerStays { .. } | Cause::Family { .. }) => 0,
        (Length::Short, _) => EXAMPLES,
    }
}

/// `: 93 under `validate`, 6 under `lru_cache``.
fn by_name(funcs: &[(FuncId, &Cause)]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, cause) in funcs {
        if let Cause::Decorator { name } = cause {
            *counts.entry(name).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(name, count)| (Reverse(*count), *name));
    let parts: Vec<String> = counts.iter().take(5).map(|(name, count)| format!("{count} under `{name}`")).collect();
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}
