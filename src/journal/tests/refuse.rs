use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use super::*;

/// Writes patches for all of `OLD` and `bad`; asserts that nothing was written, and returns why.
fn check_refused(root: &Path, allowed: &[PathBuf], bad: Patch) -> Why {
    let before = snapshot(root);
    let mut patches = patches(root);
    patches.retain(|patch| patch.path != bad.path);
    patches.push(bad);
    let Err(WriteError::Refused(refusals)) = write(root, allowed, &patches) else { panic!("it was written") };
    assert_eq!(snapshot(root), before);
    assert!(list(root).unwrap().is_empty());
    refusals.last().unwrap().why.clone()
}

fn any_patch(path: PathBuf) -> Patch {
    Patch { path, before: b"x".to_vec(), after: b"y".to_vec() }
}

#[test]
fn changed_file() {
    let root = project(&OLD);
    let stale = patch(root.path(), "a.py");
    fs::write(&stale.path, "def A(): pass\n").unwrap();
    assert_eq!(check_refused(root.path(), &[], stale), Why::Changed);
}

#[test]
fn vanished_file_and_folder() {
    let root = project(&OLD);
    assert_eq!(check_refused(root.path(), &[], any_patch(root.path().join("no.py"))), Why::Vanished);
    assert_eq!(check_refused(root.path(), &[], any_patch(root.path().join("a.py/no.py"))), Why::Vanished);
}

#[test]
fn folder_in_place_of_the_file() {
    let root = project(&OLD);
    assert_eq!(check_refused(root.path(), &[], any_patch(root.path().join("pkg"))), Why::NotAFile);
}

#[test]
fn read_only_file() {
    let root = project(&OLD);
    let bad = patch(root.path(), "a.py");
    fs::set_permissions(&bad.path, fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(check_refused(root.path(), &[], bad), Why::ReadOnly);
}

#[test]
fn symlink_to_outside() {
    let outside = project(&[("secret.py", "x")]);
    let root = project(&OLD);
    let target = outside.path().join("secret.py");
    symlink(&target, root.path().join("link.py")).unwrap();
    symlink(outside.path(), root.path().join("folder")).unwrap();
    for path in ["link.py", "folder/secret.py"] {
        let why = check_refused(root.path(), &[], any_patch(root.path().join(path)));
        assert_eq!(why, Why::Outside { real: target.canonicalize().unwrap() });
    }
    assert_eq!(fs::read(&target).unwrap(), b"x");
}

#[test]
fn dots_to_outside() {
    let outer = project(&[("inner/a.py", "a"), ("inner/pkg/b.py", "b"), ("inner/pkg/c.py", "c"), ("x.py", "x")]);
    let why = check_refused(&outer.path().join("inner"), &[], any_patch(outer.path().join("inner/../x.py")));
    assert!(matches!(why, Why::Outside { .. }));
}

#[test]
fn outside_of_the_allowed_roots() {
    let root = project(&OLD);
    let allowed = [root.path().join("pkg"), std::env::temp_dir()];
    let Err(WriteError::Refused(refusals)) = write(root.path(), &allowed, &patches(root.path())) else { panic!() };
    assert_eq!(refusals.len(), 1);
    assert!(refusals[0].path.ends_with("a.py"));
}

#[test]
fn files_of_git_and_our_own() {
    let root = project(&[OLD[0], OLD[1], OLD[2], (".git/hooks/pre-commit", "x"), (".awaitify/lock", "x")]);
    for path in [".git/hooks/pre-commit", ".awaitify/lock"] {
        assert_eq!(check_refused(root.path(), &[], any_patch(root.path().join(path))), Why::Protected);
    }
}

#[test]
fn one_file_under_two_names() {
    let root = project(&OLD);
    symlink("a.py", root.path().join("link.py")).unwrap();
    let why = check_refused(root.path(), &[], patch(root.path(), "link.py"));
    assert_eq!(why, Why::SameFile { other: root.path().join("a.py") });
}

#[test]
fn symlink_in_place_of_our_folder() {
    let elsewhere = tempfile::tempdir().unwrap();
    let root = project(&OLD);
    symlink(elsewhere.path(), root.path().join(".awaitify")).unwrap();
    assert!(matches!(write(root.path(), &[], &patches(root.path())), Err(WriteError::Failed(_))));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn file_edited_between_check_and_rename() {
    let root = project(&OLD);
    let path = root.path().join("pkg/c.py");
    let mut edit = |step| if step == Step::Rename(1) { fs::write(&path, "edited") } else { Ok(()) };
    let result = commit::write_with(root.path(), &[], "", &patches(root.path()), &mut edit);
    assert!(matches!(result, Err(WriteError::Failed(_))));
    let mut expected = old_tree();
    expected.insert("pkg/c.py".to_owned(), b"edited".to_vec());
    assert_eq!(snapshot(root.path()), expected);
}

#[test]
fn second_run_is_refused_while_the_first_writes() {
    let root = project(&OLD);
    let place = place::prepare(root.path()).unwrap();
    let held = lock::acquire(&place).ok().unwrap();
    let busy = lock::acquire_within(&place, Duration::from_millis(50));
    assert!(matches!(busy, Err(lock::LockError::Busy { holder: Some(pid) }) if pid == std::process::id()));
    drop(held);
    // A process that another test is starting may have the lock file open for a moment.
    assert!(lock::acquire_within(&place, Duration::from_secs(5)).is_ok());
}

#[test]
fn second_run_waits_for_the_first() {
    let root = project(&OLD);
    let place = place::prepare(root.path()).unwrap();
    let held = lock::acquire(&place).ok().unwrap();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| write(root.path(), &[], &patches(root.path())));
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(snapshot(root.path()), old_tree());
        drop(held);
        second.join().unwrap().unwrap();
    });
    assert_eq!(snapshot(root.path()), new_tree());
}
