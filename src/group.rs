//! Groups of changes that stand or fall together, and which of them can be taken without the others.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a group, unique in its plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(pub String);

/// What there is to know about a group without its edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    /// A line for people.
    pub title: String,
    /// Qualified names of the functions that it converts.
    pub functions: Vec<String>,
    /// Groups without which this one leaves no working program.
    pub depends_on: Vec<GroupId>,
}

/// A group that cannot be taken, because it needs one that is not taken or not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub id: GroupId,
    pub needs: GroupId,
}

/// All groups, each after those that it depends on; otherwise in the order given. In a ring of dependencies, the first
/// comes last.
pub fn leaf_first(groups: &[Group]) -> Vec<&Group> {
    let mut seen = HashSet::new();
    let mut order = Vec::with_capacity(groups.len());
    for group in groups {
        visit(groups, group, &mut seen, &mut order);
    }
    order
}

/// `wanted` and all that they depend on, in the order of `groups`. A dependency that is not there is returned as an error.
pub fn with_dependencies(groups: &[Group], wanted: &[GroupId]) -> Result<Vec<GroupId>, LeftOut> {
    let mut taken = HashSet::new();
    let mut open: Vec<&GroupId> = wanted.iter().collect();
    while let Some(id) = open.pop() {
        if !taken.insert(id) {
            continue;
        }
        let group = groups.iter().find(|group| group.id == *id);
        for needs in group.map_or(&[][..], |group| &group.depends_on) {
            if !groups.iter().any(|other| other.id == *needs) {
                return Err(LeftOut { id: id.clone(), needs: needs.clone() });
            }
            open.push(needs);
        }
    }
    Ok(groups.iter().filter(|group| taken.contains(&group.id)).map(|group| group.id.clone()).collect())
}

/// What is left of `groups` without `dropped`, and which of them fall with those (or with groups that are not there at all).
pub fn without(groups: &[Group], dropped: &[GroupId]) -> (Vec<GroupId>, Vec<LeftOut>) {
    let mut kept: Vec<&Group> = groups.iter().filter(|group| !dropped.contains(&group.id)).collect();
    let mut left_out = Vec::new();
    loop {
        let ids: HashSet<_> = kept.iter().map(|group| &group.id).collect();
        let missing = |group: &Group| group.depends_on.iter().find(|needs| !ids.contains(needs)).cloned();
        let falls = |group: &&Group| missing(group).map(|needs| LeftOut { id: group.id.clone(), needs });
        let fallen: Vec<_> = kept.iter().filter_map(falls).collect();
        if fallen.is_empty() {
            return (kept.into_iter().map(|group| group.id.clone()).collect(), left_out);
        }
        kept.retain(|group| fallen.iter().all(|out| out.id != group.id));
        left_out.extend(fallen);
    }
}

/// A piece of a large plan that works by itself: groups from the leaves up, with what they need, while they convert at most
/// `max_functions` functions. The first group is taken even when it is too large, so that there is always a next piece.
pub fn piece(groups: &[Group], max_functions: usize) -> Vec<GroupId> {
    let mut taken: Vec<GroupId> = Vec::new();
    for group in leaf_first(groups) {
        let wanted = [taken.as_slice(), std::slice::from_ref(&group.id)].concat();
        let Ok(next) = with_dependencies(groups, &wanted) else { continue };
        if taken.is_empty() || functions(groups, &next) <= max_functions {
            taken = next;
        }
    }
    taken
}

fn functions(groups: &[Group], ids: &[GroupId]) -> usize {
    groups.iter().filter(|group| ids.contains(&group.id)).map(|group| group.functions.len()).sum()
}

fn visit<'a>(groups: &'a [Group], group: &'a Group, seen: &mut HashSet<&'a GroupId>, order: &mut Vec<&'a Group>) {
    // A stack of its own: a chain of dependencies can be as long as the plan.
    let mut stack = vec![(group, 0)];
    if !seen.insert(&group.id) {
        return;
    }
    while let Some((group, next)) = stack.pop() {
        let Some(needs) = group.depends_on.get(next) else {
            order.push(group);
            continue;
        };
        stack.push((group, next + 1));
        if let Some(needed) = groups.iter().find(|other| other.id == *needs)
            && seen.insert(&needed.id)
        {
            stack.push((needed, 0));
        }
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

    /// Reads `a:2 b:1>a c>a,b`: names, numbers of functions, what they depend on.
    fn groups(text: &str) -> Vec<Group> {
        let parse = |word: &str| {
            let (head, needs) = word.split_once('>').unwrap_or((word, ""));
            let (id, count) = head.split_once(':').unwrap_or((head, "1"));
            let functions = (0..count.parse().unwrap()).map(|index| format!("{id}.f{index}")).collect();
            let depends_on = needs.split_terminator(',').map(|id| GroupId(id.to_owned())).collect();
            Group { id: GroupId(id.to_owned()), title: String::new(), functions, depends_on }
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
    fn leaves_come_first() {
        let check = |given: &str, expected: &str| {
            let groups = groups(given);
            let order: Vec<_> = leaf_first(&groups).into_iter().map(|group| group.id.clone()).collect();
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
    fn pieces_are_closed_and_bounded() {
        let groups = groups("top:1>left,right left:2 right:3 alone:2");
        assert_eq!(text(&piece(&groups, 4)), "left alone");
        assert_eq!(text(&piece(&groups, 6)), "top left right");
        assert_eq!(text(&piece(&groups, 1)), "left");
    }
}
