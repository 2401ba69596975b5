//! Finding the groups that break a gate, by delta debugging (Zeller and Hildebrandt, TSE 2002) made simple by an order: what
//! is known to pass grows from the leaves up, and a bisection finds the first group that makes it fail. That group is
//! dropped with all that need it, and the rest is tried again. Every culprit costs at most log2(n) + 2 runs, one of `n`
//! groups with the first two runs (all groups, none) log2(n) + 4; and what is kept has passed the gate as it is.

use crate::group::{self, Group, GroupId, LeftOut};

/// What bisection found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Isolated {
    /// The gate passed with exactly these.
    pub kept: Vec<GroupId>,
    pub culprits: Vec<GroupId>,
    /// They need a culprit.
    pub left_out: Vec<LeftOut>,
    /// No gate runs were left for these.
    pub untested: Vec<GroupId>,
}

/// Looks for the culprits among `groups`, which fail together. `passes` applies the groups it is given and runs the gate; it
/// is called at most `max_runs` times. `None`: the gate fails without any of them.
pub(crate) fn isolate<E>(
    groups: &[Group],
    max_runs: usize,
    passes: &mut dyn FnMut(&[GroupId]) -> Result<bool, E>,
) -> Result<Option<Isolated>, E> {
    let mut runs = 0;
    // `None` when there are no runs left.
    let mut test = |ids: &[GroupId]| {
        runs += 1;
        if runs > max_runs { Ok(None) } else { passes(&closed(groups, ids)).map(Some) }
    };
    let mut open: Vec<GroupId> = group::needs_first(groups).into_iter().map(|group| group.id.clone()).collect();
    let mut found = Isolated { kept: Vec::new(), culprits: Vec::new(), left_out: Vec::new(), untested: Vec::new() };
    match test(&[])? {
        Some(true) => {}
        Some(false) => return Ok(None),
        None => return Ok(Some(Isolated { untested: open, ..found })),
    }
    // `kept` passes, and `kept` with `open` fails.
    while !open.is_empty() {
        let (mut passing, mut failing) = (0, open.len());
        while failing - passing > 1 {
            let middle = passing + (failing - passing) / 2;
            match test(&[&found.kept, &open[..middle]].concat())? {
                Some(true) => passing = middle,
                Some(false) => failing = middle,
                None => {
                    found.untested = open.split_off(passing);
                    found.kept.extend(open);
                    return Ok(Some(found));
                }
            }
        }
        let rest = open.split_off(failing);
        found.culprits.extend(open.pop());
        found.kept.extend(open);
        let (standing, left_out) = group::without(groups, &found.culprits);
        found.left_out = left_out;
        open = rest.into_iter().filter(|id| standing.contains(id)).collect();
        if open.is_empty() {
            break;
        }
        match test(&[found.kept.as_slice(), &open].concat())? {
            Some(true) => found.kept.append(&mut open),
            Some(false) => {}
            None => {
                found.untested = open;
                break;
            }
        }
    }
    Ok(Some(found))
}

/// In the plan's order. Dependencies stand in `ids` already, but for rings of them.
fn closed(groups: &[Group], ids: &[GroupId]) -> Vec<GroupId> {
    group::with_dependencies(groups, ids).unwrap_or_else(|_| ids.to_vec())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn groups(count: usize, needs: &[(usize, usize)]) -> Vec<Group> {
        let depends_on = |index| needs.iter().filter(|(from, _)| *from == index).map(|(_, to)| id(*to)).collect();
        (0..count)
            .map(|index| Group {
                id: id(index),
                title: String::new(),
                functions: vec![],
                depends_on: depends_on(index),
                carried: false,
            })
            .collect()
    }

    fn id(index: usize) -> GroupId {
        GroupId(format!("g{index}"))
    }

    /// Isolates with a gate that fails for every one of `bad` (sets of groups that fail together). Returns what was found and
    /// the number of runs, the first one of all groups included.
    fn check(groups: &[Group], bad: &[&[usize]], max_runs: usize) -> (Isolated, usize) {
        let passes = |ids: &[GroupId]| bad.iter().all(|set| set.iter().any(|index| !ids.contains(&id(*index))));
        let mut runs = 1;
        let mut test = |ids: &[GroupId]| {
            runs += 1;
            let has = |needs: &GroupId| ids.contains(needs);
            assert!(groups.iter().filter(|group| has(&group.id)).all(|group| group.depends_on.iter().all(has)));
            Ok::<_, Infallible>(passes(ids))
        };
        let Ok(found) = isolate(groups, max_runs, &mut test);
        let found = found.unwrap();
        assert!(passes(&found.kept));
        let parts = [found.kept.len(), found.culprits.len(), found.left_out.len(), found.untested.len()];
        assert_eq!(parts.into_iter().sum::<usize>(), groups.len());
        (found, runs)
    }

    #[test]
    fn one_of_twenty_within_the_bound() {
        let bound = (2.0 * f64::log2(20.0) + 2.0) as usize;
        for culprit in 0..20 {
            let (found, runs) = check(&groups(20, &[]), &[&[culprit]], 40);
            assert_eq!(found.culprits, [id(culprit)]);
            assert_eq!(found.kept.len(), 19);
            assert!(runs <= bound, "{runs}");
        }
    }

    #[test]
    fn cost_of_a_culprit_is_logarithmic() {
        for count in [1, 2, 3, 7, 64, 100, 1000] {
            let bound = f64::log2(count as f64).ceil() as usize + 4;
            for culprit in [0, count / 2, count - 1] {
                assert!(check(&groups(count, &[]), &[&[culprit]], 100).1 <= bound);
            }
        }
    }

    #[test]
    fn several_culprits() {
        let (found, _) = check(&groups(20, &[]), &[&[0], &[7], &[8], &[19]], 40);
        assert_eq!(found.culprits, [id(0), id(7), id(8), id(19)]);
    }

    #[test]
    fn pair_that_only_fails_together_loses_one() {
        let (found, _) = check(&groups(20, &[]), &[&[3, 12]], 40);
        assert_eq!(found.culprits, [id(12)]);
        assert_eq!(found.kept.len(), 19);
    }

    #[test]
    fn what_needs_a_culprit_falls_with_it() {
        let (found, _) = check(&groups(6, &[(1, 2), (4, 1)]), &[&[2]], 40);
        assert_eq!(found.culprits, [id(2)]);
        assert_eq!(found.left_out.iter().map(|out| &out.id).collect::<Vec<_>>(), [&id(1), &id(4)]);
    }

    #[test]
    fn ring_of_dependencies_falls_as_one() {
        let (found, _) = check(&groups(6, &[(1, 2), (2, 1)]), &[&[2]], 40);
        assert_eq!(found.culprits.len() + found.left_out.len(), 2);
        assert_eq!(found.kept.len(), 4);
    }

    #[test]
    fn all_bad() {
        let groups = groups(8, &[]);
        let bad: Vec<_> = (0..8).collect();
        let bad: Vec<_> = bad.chunks(1).collect();
        assert_eq!(check(&groups, &bad, 100).0.culprits.len(), 8);
    }

    #[test]
    fn bound_on_runs_is_kept_and_what_passed_stays() {
        for max_runs in 0..12 {
            let (found, runs) = check(&groups(20, &[]), &[&[9], &[15]], max_runs);
            assert!(runs <= max_runs + 1);
            assert!(!found.untested.is_empty() || found.culprits.len() == 2);
        }
        assert_eq!(check(&groups(20, &[]), &[&[15]], 4).0.kept.len(), 15);
    }

    #[test]
    fn gate_that_fails_anyway() {
        let found = isolate::<Infallible>(&groups(5, &[]), 40, &mut |_| Ok(false));
        assert_eq!(found, Ok(None));
    }
}
