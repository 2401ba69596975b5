//! Text in, text out: the one door through which the rewriters' tests go.

use ruff_python_ast::PythonVersion;
use ruff_python_parser::parse_module;
use ruff_text_size::{TextRange, TextSize};

use super::{Leave, Rewritten, rewrite};
use crate::edit::FileEdits;
use crate::plan::Action;
use crate::verify;

/// Rewrites `before`, in which `«` and `»` mark nodes, and compares with `after`. `actions` gets the ranges of the marked
/// nodes, in the order of their `«`. Also proves that the output parses, that nothing outside of the edits changed, and that
/// verification, which shares no code with the rewriters, accepts the result.
#[track_caller]
pub(super) fn check_all(before: &str, actions: impl Fn(&[TextRange]) -> Vec<Action>, after: &str) {
    let (text, ranges) = unmark(before);
    let Rewritten { edits, left } = rewrite(&text, &actions(&ranges)).unwrap();
    assert_eq!(left, []);
    let new = apply(&edits, &text);
    assert_eq!(new, after);
    let file = verify::Rewritten {
        path: "app.py",
        old: &text,
        new: &new,
        edits: &edits,
        target: PythonVersion::PY312,
        offloads: &["app.threads.off".to_owned()],
    };
    let failures = verify::verify(&file);
    assert!(failures.is_empty(), "verification refuses it: {failures:#?}\n{edits:#?}");
}

/// As [`check_all`], with the same kind of action at each mark.
#[track_caller]
pub(super) fn check(before: &str, action: impl Fn(TextRange) -> Action, after: &str) {
    check_all(before, |ranges| ranges.iter().map(|range| action(*range)).collect(), after);
}

/// Expects the first marked node to be left, and no edit to be made.
#[track_caller]
pub(super) fn check_left(before: &str, action: impl Fn(TextRange) -> Action, reason: Leave) {
    let (text, ranges) = unmark(before);
    let Rewritten { edits, left } = rewrite(&text, &[action(ranges[0])]).unwrap();
    assert_eq!(left.iter().map(|left| left.reason).collect::<Vec<_>>(), [reason]);
    assert_eq!(edits.edits, []);
}

/// The text without marks, and the marked ranges in the order they start.
pub(super) fn unmark(marked: &str) -> (String, Vec<TextRange>) {
    let mut text = String::new();
    let (mut ranges, mut open) = (Vec::new(), Vec::new());
    for char in marked.chars() {
        let here = TextSize::of(&*text);
        match char {
            '«' => {
                open.push(ranges.len());
                ranges.push(TextRange::empty(here));
            }
            '»' => {
                let index = open.pop().expect("each » has its «");
                ranges[index] = TextRange::new(ranges[index].start(), here);
            }
            _ => text.push(char),
        }
    }
    assert!(open.is_empty(), "each « has its »");
    (text, ranges)
}

#[track_caller]
fn apply(edits: &FileEdits, text: &str) -> String {
    let applied = edits.apply(text).unwrap();
    if let Err(error) = parse_module(&applied.text) {
        panic!("the output does not parse: {error}\n{}", applied.text);
    }
    let (mut old_end, mut new_end) = (TextSize::default(), TextSize::default());
    for (old, new) in applied.map.edited() {
        assert_eq!(
            text[old_end.to_usize()..old.start().to_usize()],
            applied.text[new_end.to_usize()..new.start().to_usize()]
        );
        (old_end, new_end) = (old.end(), new.end());
    }
    assert_eq!(text[old_end.to_usize()..], applied.text[new_end.to_usize()..]);
    assert!(edits.edits.iter().all(|edit| edit.change < edits.changes.len()));
    applied.text
}
