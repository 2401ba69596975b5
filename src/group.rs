//! Groups of changes by name: which of them can be taken without the others, and in what order.
//!
//! A group needs others (the functions that call what it converts), and leaves a working program once those are taken too.
//! A *carried* group changes nothing that blocks: it is there only for the groups that need it.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// The name of a group, unique in its plan: the qualified name of a function in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(pub String);

/// What there is to know about a group without its edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    /// A line for people.
    pub title: String,
    /// Qualified names of the functions that it changes.
    pub functions: Vec<String>,
    /// Groups without which this one leaves no working program.
    pub depends_on: Vec<GroupId>,
    /// It is there only for the groups that depend on it.
    pub carried: bool,
}

/// A group that cannot be taken, because it needs one that is not taken or not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub id: GroupId,
    pub needs: GroupId,
}

/// In which order [`piece`] takes groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they stand in the plan.
    Plan,
    /// Those first that come down to a blocking call with the fewest functions.
    LeafFirst,
}

/// All groups, each after those that it depends on; otherwise in the order given. In a ring of dependencies, the first
/// comes last.
pub fn needs_first(groups: &[Group]) -> Vec<&Group> {
    let needs = Needs::new(groups);
    let mut taken = BTreeSet::new();
    (0..groups.len()).flat_map(|start| needs.added(&mut taken, start)).map(|at| &groups[at]).collect()
}

/// `wanted` and all that they depend on, in the order of `groups`. A dependency that is not there is returned as an error.
pub fn with_dependencies(groups: &[Group], wanted: &[GroupId]) -> Result<Vec<GroupId>, LeftOut> {
    let needs = Needs::new(groups);
    let mut taken = BTreeSet::new();
    for id in wanted {
        if let Some(start) = needs.by_id.get(id) {
            needs.added(&mut taken, *start);
        }
    }
    for at in &taken {
        if let Some(missing) = groups[*at].depends_on.iter().find(|id| !needs.by_id.contains_key(id)) {
            return Err(LeftOut { id: groups[*at].id.clone(), needs: missing.clone() });
        }
    }
    Ok(ids(groups, &taken))
}

/// What is left of `groups` without `dropped`, and which of them fall with those (or with groups that are not there at all).
/// What would only be carried for nothing is dropped too, without a word.
pub fn without(groups: &[Group], dropped: &[GroupId]) -> (Vec<GroupId>, Vec<LeftOut>) {
    let mut kept: Vec<&Group> = groups.iter().filter(|group| !dropped.contains(&group.id)).collect();
    let mut left_out = Vec::new();
    loop {
        let ids: HashSet<_> = kept.iter().map(|group| &group.id).collect();
        let missing = |group: &Group| group.depends_on.iter().find(|needs| !ids.contains(needs)).cloned();
        let falls = |group: &&Group| missing(group).map(|needs| LeftOut { id: group.id.clone(), needs });
        let fallen: Vec<_> = kept.iter().filter_map(falls).collect();
        if fallen.is_empty() {
            let kept: Vec<GroupId> = kept.into_iter().map(|group| group.id.clone()).collect();
            return (useful(groups, &kept), left_out);
        }
        let gone: HashSet<_> = fallen.iter().map(|out| &out.id).collect();
        kept.retain(|group| !gone.contains(&group.id));
        left_out.extend(fallen);
    }
}

/// `chosen` without what is carried for none of them.
pub fn useful(groups: &[Group], chosen: &[GroupId]) -> Vec<GroupId> {
    let needs = Needs::new(groups);
    let chosen: BTreeSet<usize> = chosen.iter().filter_map(|id| needs.by_id.get(id).copied()).collect();
    let mut used = BTreeSet::new();
    for start in chosen.iter().filter(|at| !groups[**at].carried) {
        needs.added(&mut used, *start);
    }
    ids(groups, &chosen.intersection(&used).copied().collect())
}

/// A piece of a large plan that works by itself and changes at most `max_functions` functions: groups with what they need,
/// as many as fit. When none fits, the callers that the first of them needs come first, as far as they fit: they become
/// async before there is something to await in them. A single group that is too large is taken all the same, so that there
/// is always a next piece.
pub fn piece(groups: &[Group], max_functions: usize, order: Order) -> Vec<GroupId> {
    let needs = Needs::new(groups);
    let size = |at: &usize| groups[*at].functions.len();
    let whole = |start: usize| needs.added(&mut BTreeSet::new(), start);
    let mut starts: Vec<usize> = (0..groups.len()).filter(|at| !groups[*at].carried).collect();
    if order == Order::LeafFirst {
        starts.sort_by_cached_key(|start| whole(*start).iter().map(size).sum::<usize>());
    }
    let (mut taken, mut count) = (BTreeSet::new(), 0);
    for start in &starts {
        let mut next = taken.clone();
        let added: usize = needs.added(&mut next, *start).iter().map(size).sum();
        if count + added <= max_functions {
            (taken, count) = (next, count + added);
        }
    }
    if taken.is_empty()
        && let Some(first) = starts.first()
    {
        for at in whole(*first) {
            if taken.is_empty()
                || count + size(&at) <= max_functions
                    && groups[at].depends_on.iter().all(|id| needs.by_id.get(id).is_none_or(|at| taken.contains(at)))
            {
                count += size(&at);
                taken.insert(at);
            }
        }
    }
    ids(groups, &taken)
}

/// Groups that hang together, in one way or another: each of the sets can be taken without the others. In the order of
/// their first groups.
pub fn bundles(groups: &[Group]) -> Vec<Vec<GroupId>> {
    let needs = Needs::new(groups);
    let mut bundle_of: Vec<usize> = (0..groups.len()).collect();
    for (at, needed) in needs.of.iter().enumerate() {
        for other in needed {
            let (from, to) = (root(&mut bundle_of, *other), root(&mut bundle_of, at));
            bundle_of[from.max(to)] = from.min(to);
        }
    }
    let mut bundles: Vec<Vec<GroupId>> = vec![vec![]; groups.len()];
    for (at, group) in groups.iter().enumerate() {
        bundles[root(&mut bundle_of, at)].push(group.id.clone());
    }
    bundles.retain(|bundle| !bundle.is_empty());
    bundles
}

/// The representative of a set, with path halving.
fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

fn ids(groups: &[Group], taken: &BTreeSet<usize>) -> Vec<GroupId> {
    taken.iter().map(|at| groups[*at].id.clone()).collect()
}

/// Dependencies by index; those that are not there are left out.
struct Needs<'a> {
    by_id: FxHashMap<&'a GroupId, usize>,
    of: Vec<Vec<usize>>,
}

impl<'a> Needs<'a> {
    fn new(groups: &'a [Group]) -> Needs<'a> {
        let by_id: FxHashMap<&GroupId, usize> = groups.iter().enumerate().map(|(at, group)| (&group.id, at)).collect();
        let needs = |group: &Group| group.depends_on.iter().filter_map(|id| by_id.get(id).copied()).collect();
        Needs { of: groups.iter().map(needs).collect(), by_id }
    }

    /// Adds a group to `taken` with all that it needs; returns what was not there yet, each after those that it needs.
    fn added(&self, taken: &mut BTreeSet<usize>, start: usize) -> Vec<usize> {
        let mut added = vec![];
        if !taken.insert(start) {
            return added;
        }
        // A stack of its own: a chain of dependencies can be as long as the plan.
        let mut stack = vec![(start, 0)];
        while let Some((at, next)) = stack.pop() {
            let Some(needed) = self.of[at].get(next) else {
                added.push(at);
                continue;
            };
            stack.push((at, next + 1));
            if taken.insert(*needed) {
                stack.push((*needed, 0));
            }
        }
        added
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `a:2 b:1>a (c)>a,b`: names, numbers of functions, what they depend on; in parentheses when it is carried.
    fn groups(text: &str) -> Vec<Group> {
        let parse = |word: &str| {
            let (head, needs) = word.split_once('>').unwrap_or((word, ""));
            let carried = head.starts_with('(');
            let (id, count) =
                head.trim_matches(['(', ')']).split_once(':').unwrap_or((head.trim_matches(['(', ')']), "1"));
            let functions = (0..count.parse().unwrap()).map(|index| format!("{id}.f{index}")).collect();
            let depends_on = needs.split_terminator(',').map(|id| GroupId(id.to_owned())).collect();
            Group { id: GroupId(id.to_owned()), title: String::new(), functions, depends_on, carried }
        };
        text.split_whitespace().map(parse).collect()
    }

    fn ids(text: &str) -> Vec<GroupId> {
        text.split_whitespace().map(|id| GroupId(id.to_owned())).collect()
    }

    fn text(ids: &[GroupId]) -> String {
        ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_needed_comes_first() {
        let check = |given: &str, expected: &str| {
            let groups = groups(given);
            let order: Vec<_> = needs_first(&groups).into_iter().map(|group| group.id.clone()).collect();
            assert_eq!(text(&order), expected);
        };
        check("a b c", "a b c");
        check("a>c b c>b", "b c a");
        check("a>b b>a c", "b a c");
        check("a>gone b", "a b");
    }

    #[test]
    fn dependencies_are_pulled_in() {
        let groups = groups("a b>a c>b d e>gone");
        assert_eq!(text(&with_dependencies(&groups, &ids("c")).unwrap()), "a b c");
        assert_eq!(with_dependencies(&groups, &ids("e")).unwrap_err().needs, GroupId("gone".to_owned()));
    }

    #[test]
    fn dependents_fall_with_what_they_need() {
        let groups = groups("a b>a c>b d e>gone");
        let (kept, left_out) = without(&groups, &ids("a"));
        assert_eq!(text(&kept), "d");
        assert_eq!(left_out.iter().map(|out| out.id.0.as_str()).collect::<Vec<_>>(), ["b", "e", "c"]);
    }

    #[test]
    fn nothing_is_carried_for_nobody() {
        let groups = groups("(top) left>top right>top (deep)>top user>deep");
        let check = |dropped: &str, expected: &str| assert_eq!(text(&without(&groups, &ids(dropped)).0), expected);
        check("", "top left right deep user");
        check("left", "top right deep user");
        check("user", "top left right");
        check("left right user", "");
        assert_eq!(text(&useful(&groups, &ids("top deep right"))), "top right");
    }

    #[test]
    fn pieces_are_closed_and_bounded() {
        let check = |given: &str, max: usize, order: Order, expected: &str| {
            let groups = groups(given);
            let found = piece(&groups, max, order);
            assert_eq!(text(&found), expected, "{given}");
            let count: usize =
                groups.iter().filter(|group| found.contains(&group.id)).map(|group| group.functions.len()).sum();
            assert!(count <= max, "{given}");
            assert_eq!(with_dependencies(&groups, &found).unwrap(), found);
        };
        let tree = "(top:1) left:2>top right:3>top alone:2";
        check(tree, 4, Order::Plan, "top left");
        check(tree, 5, Order::Plan, "top left alone");
        check(tree, 6, Order::Plan, "top left right");
        check(tree, 100, Order::Plan, "top left right alone");
        check(tree, 4, Order::LeafFirst, "alone");
        check(tree, 5, Order::LeafFirst, "top left alone");
        // Not even the smallest fits: from the callers down.
        check("(a) (b)>a (c)>b leaf>c", 1, Order::Plan, "a");
        check("(a) (b)>a (c)>b leaf>c", 3, Order::LeafFirst, "a b c");
        check("", 3, Order::Plan, "");
    }

    #[test]
    fn a_group_that_is_too_large_by_itself_is_taken() {
        assert_eq!(text(&piece(&groups("a:7 b:8"), 3, Order::Plan)), "a");
    }

    #[test]
    fn bundles_hang_together() {
        let check = |given: &str, expected: &str| {
            let found: Vec<String> = bundles(&groups(given)).iter().map(|bundle| text(bundle)).collect();
            assert_eq!(found.join(" | "), expected);
        };
        check("a b c", "a | b | c");
        check("(top) a>top b c>top d>b", "top a c | b d");
        check("a>b b c>b e>gone", "a b c | e");
    }
}
