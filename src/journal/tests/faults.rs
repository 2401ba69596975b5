//! Every step of a transaction fails, or is the last thing its process does.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

/// The steps that a write of `OLD` takes when nothing fails.
fn write_steps() -> Vec<Step> {
    let root = project(&OLD);
    let mut seen = Vec::new();
    let mut note = |step| {
        seen.push(step);
        Ok(())
    };
    commit::write_with(root.path(), &[], "", &patches(root.path()), &mut note).unwrap();
    seen
}

/// Fails at the steps for which `fails` says so, given how many came before.
fn failing(mut fails: impl FnMut(usize) -> bool, kind: ErrorKind) -> impl FnMut(Step) -> io::Result<()> {
    let mut count = 0;
    move |_| {
        count += 1;
        if fails(count - 1) { Err(kind.into()) } else { Ok(()) }
    }
}

/// Ends the "process" before step number `last`: nothing after it happens, as in a kill. True when it got that far.
fn dies_at<T>(last: usize, work: impl FnOnce(&mut Steps) -> T) -> bool {
    let mut count = 0;
    let mut steps = |_| {
        if count == last {
            // Not a panic message a test: `resume_unwind` does not call the hook.
            std::panic::resume_unwind(Box::new(()));
        }
        count += 1;
        Ok(())
    };
    catch_unwind(AssertUnwindSafe(|| drop(work(&mut steps)))).is_err()
}

fn check_whole_again(root: &Path) {
    if unfinished(root).is_some() {
        assert!(matches!(write(root, &[], &patches(root)), Err(WriteError::Unfinished { .. })));
        undo(root, None, Edited::Refuse).unwrap();
        assert_eq!(snapshot(root), old_tree());
    }
    assert_eq!(unfinished(root), None);
    if snapshot(root) == old_tree() {
        write(root, &[], &patches(root)).unwrap();
    }
    assert_eq!(snapshot(root), new_tree());
    undo(root, None, Edited::Refuse).unwrap();
    assert_eq!(snapshot(root), old_tree());
}

#[test]
fn failure_at_any_step_changes_nothing() {
    let steps = write_steps();
    assert_eq!(steps.len(), 20);
    for (at, step) in steps.iter().enumerate() {
        for kind in [ErrorKind::StorageFull, ErrorKind::PermissionDenied] {
            let root = project(&OLD);
            let mut fault = failing(|count| count == at, kind);
            let result = commit::write_with(root.path(), &[], "", &patches(root.path()), &mut fault);
            if *step == Step::Prune {
                result.unwrap();
                assert_eq!(snapshot(root.path()), new_tree());
            } else {
                assert!(
                    matches!(result, Err(WriteError::Failed(failure)) if failure.source.kind() == kind),
                    "{step:?}"
                );
                assert_eq!(snapshot(root.path()), old_tree(), "{step:?}");
                assert!(list(root.path()).unwrap().is_empty(), "{step:?}");
            }
            check_whole_again(root.path());
        }
    }
}

#[test]
fn failure_of_the_rollback_is_one_undo_away() {
    let steps = write_steps();
    let mut torn = 0;
    for (at, step) in steps.iter().enumerate() {
        for second in at + 1..at + 20 {
            for forever in [false, true] {
                let root = project(&OLD);
                let fails = |count| count == at || count == second || (forever && count > second);
                let mut fault = failing(fails, ErrorKind::StorageFull);
                match commit::write_with(root.path(), &[], "", &patches(root.path()), &mut fault) {
                    Ok(_) => assert_eq!(*step, Step::Prune),
                    Err(WriteError::Failed(_)) => assert_eq!(snapshot(root.path()), old_tree()),
                    Err(WriteError::Torn { id, .. }) => {
                        torn += 1;
                        assert_eq!(unfinished(root.path()), Some(id));
                    }
                    Err(other) => panic!("{other}"),
                }
                check_whole_again(root.path());
            }
        }
    }
    assert!(torn > 50);
}

#[test]
fn death_at_any_step_is_one_undo_away() {
    for at in 0..write_steps().len() {
        let root = project(&OLD);
        let patches = patches(root.path());
        assert!(dies_at(at, |steps| commit::write_with(root.path(), &[], "", &patches, steps)));
        let tree = snapshot(root.path());
        assert!(tree == old_tree() || tree == new_tree() || unfinished(root.path()).is_some(), "{at}");
        check_whole_again(root.path());
    }
}

#[test]
fn death_of_the_undo_is_one_undo_away() {
    let mut deaths = 0;
    for at in 0..write_steps().len() {
        for second in 0.. {
            let root = project(&OLD);
            let patches = patches(root.path());
            dies_at(at, |steps| commit::write_with(root.path(), &[], "", &patches, steps));
            if !dies_at(second, |steps| undo::undo_with(root.path(), None, Edited::Refuse, steps)) {
                break;
            }
            deaths += 1;
            check_whole_again(root.path());
        }
    }
    assert!(deaths > 100);
}

#[test]
fn failure_of_the_undo_changes_nothing_or_is_one_undo_away() {
    for at in 0.. {
        let root = project(&OLD);
        write(root.path(), &[], &patches(root.path())).unwrap();
        let mut fault = failing(|count| count == at, ErrorKind::StorageFull);
        match undo::undo_with(root.path(), None, Edited::Refuse, &mut fault) {
            Ok(_) => break,
            Err(UndoError::Failed(_)) => assert_eq!(snapshot(root.path()), new_tree()),
            Err(UndoError::Partly { id, .. }) => assert_eq!(unfinished(root.path()), Some(id)),
            Err(other) => panic!("{other}"),
        }
        check_whole_again(root.path());
    }
}

#[test]
fn resume_finishes_once_all_new_texts_are_on_disk() {
    let steps = write_steps();
    let staged = steps.iter().position(|step| matches!(step, Step::Flush(_))).unwrap();
    for at in 0..steps.len() {
        let root = project(&OLD);
        let patches = patches(root.path());
        dies_at(at, |steps| commit::write_with(root.path(), &[], "", &patches, steps));
        let Some(id) = unfinished(root.path()) else { continue };
        match resume(root.path(), id) {
            Ok(_) => assert_eq!(snapshot(root.path()), new_tree()),
            Err(error) => assert!(at < staged && matches!(error, UndoError::CannotResume { .. }), "{at}: {error}"),
        }
        check_whole_again(root.path());
    }
}
