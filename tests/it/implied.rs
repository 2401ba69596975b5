//! What is read and run where no name or no call says it: attributes of patterns, members of enumerations, keys.

use crate::support::{Project, check_round};

/// Migrates `files`, in which nothing may change; stderr has `words`.
#[track_caller]
fn check_stays(files: &str, words: &[&str]) {
    let diff = check_round(&Project::new(files)).says(words);
    assert_eq!(diff.text(), "");
}

/// What a member of an enumeration has comes out by names of the enumeration's own.
#[test]
fn what_an_enumeration_keeps_stays() {
    for (value, read) in [
        ("functools.partial(leaf)", "K.A.value(1)"),
        ("functools.partial(leaf)", "K.A()"),
        ("('a', leaf)", "k.value[1](1)"),
    ] {
        check_stays(
            &format!(
                "#- app.py
import enum
import functools

def leaf(k):
    return persistence.get(k)

class K(enum.Enum):
    A = {value}

    def __call__(self):
        return self.value(1)

async def main(k):
    return {read}
"
            ),
            &["escapes (1)", "app.py:4 app.leaf: it is passed on as a value: `leaf` (app.py:8)"],
        );
    }
}
