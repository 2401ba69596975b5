//! Uncertain sites that a user has something to decide about: what converts depends on the answer.

use super::cause::Cause;
use super::{Verdicts, World};
use crate::index::facts::FuncId;
use crate::resolve::{Site, SiteKind};

/// Would saying what the site calls change what converts, or what is awaited? In tests only what converts matters: they hold
/// nothing back.
pub fn is_open(world: World, verdicts: &Verdicts, site: &Site) -> bool {
    let in_tests = world.in_tests(site.id.file);
    let is_leaf = matches!(site.kind, SiteKind::Blocking { .. });
    site.uncertain
        && (is_leaf && !in_tests
            || site.targets.iter().any(|target| {
                verdicts.converts.contains_key(target) || !in_tests && held_by_uncertain(verdicts, *target)
            }))
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
