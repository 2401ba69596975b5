use std::os::unix::fs::symlink;

use super::*;

fn written() -> TempDir {
    let root = project(&OLD);
    write(root.path(), &[], &patches(root.path())).unwrap();
    root
}

#[test]
fn edited_file_stops_it_and_is_named() {
    let root = written();
    let path = root.path().canonicalize().unwrap().join("pkg/b.py");
    fs::write(&path, "mine\n").unwrap();
    let before = snapshot(root.path());
    let Err(UndoError::Edited { files, .. }) = undo(root.path(), None, Edited::Refuse) else { panic!() };
    assert_eq!(files, [path]);
    assert_eq!(snapshot(root.path()), before);
}

#[test]
fn force_keeps_the_edited_text() {
    let root = written();
    fs::write(root.path().join("pkg/b.py"), "mine\n").unwrap();
    fs::write(root.path().join("pkg/b.py.awaitify-edited"), "an older one\n").unwrap();
    let undone = undo(root.path(), None, Edited::KeepCopy).unwrap();
    assert!(undone.kept[0].1.ends_with("pkg/b.py.awaitify-edited-2"));
    let mut expected = old_tree();
    expected.insert("pkg/b.py.awaitify-edited".to_owned(), b"an older one\n".to_vec());
    expected.insert("pkg/b.py.awaitify-edited-2".to_owned(), b"mine\n".to_vec());
    assert_eq!(snapshot(root.path()), expected);
}

#[test]
fn deleted_file_counts_as_edited_and_force_brings_it_back() {
    let root = written();
    fs::remove_file(root.path().join("a.py")).unwrap();
    assert!(matches!(undo(root.path(), None, Edited::Refuse), Err(UndoError::Edited { .. })));
    assert_eq!(undo(root.path(), None, Edited::KeepCopy).unwrap().kept, []);
    assert_eq!(snapshot(root.path()), old_tree());
}

#[test]
fn file_that_is_old_again_is_fine() {
    let root = written();
    fs::write(root.path().join("a.py"), OLD[0].1).unwrap();
    assert_eq!(undo(root.path(), None, Edited::Refuse).unwrap().restored.len(), 2);
    assert_eq!(snapshot(root.path()), old_tree());
}

#[test]
fn several_go_back_one_by_one() {
    let root = written();
    write(root.path(), &[], &[patch(root.path(), "a.py")]).unwrap();
    let second = undo(root.path(), None, Edited::Refuse).unwrap();
    assert_eq!(second.id, id("2"));
    assert_eq!(undo(root.path(), None, Edited::Refuse).unwrap().id, id("1"));
    assert_eq!(snapshot(root.path()), old_tree());
    assert!(matches!(undo(root.path(), None, Edited::Refuse), Err(UndoError::Nothing)));
    assert!(list(root.path()).unwrap().iter().all(|journal| journal.state == State::Undone));
}

#[test]
fn older_one_under_a_newer_one_is_refused() {
    let root = written();
    write(root.path(), &[], &[patch(root.path(), "a.py")]).unwrap();
    assert!(matches!(undo(root.path(), Some("1"), Edited::Refuse), Err(UndoError::Edited { .. })));
}

#[test]
fn unknown_and_undone_ids() {
    let root = written();
    for unknown in ["2", "01", "../1", "x"] {
        let Err(UndoError::Unknown { known, .. }) = undo(root.path(), Some(unknown), Edited::Refuse) else { panic!() };
        assert_eq!(known, [id("1")]);
    }
    undo(root.path(), Some("1"), Edited::Refuse).unwrap();
    assert!(matches!(undo(root.path(), Some("1"), Edited::Refuse), Err(UndoError::Already { .. })));
}

#[test]
fn tree_may_have_moved_since() {
    let outer = project(&[("first/a.py", OLD[0].1), ("first/pkg/b.py", OLD[1].1), ("first/pkg/c.py", OLD[2].1)]);
    let (first, second) = (outer.path().join("first"), outer.path().join("second"));
    write(&first, &[], &patches(&first)).unwrap();
    fs::rename(&first, &second).unwrap();
    undo(&second, None, Edited::Refuse).unwrap();
    assert_eq!(snapshot(&second), old_tree());
}

#[test]
fn folder_that_became_a_symlink_is_not_followed() {
    let root = written();
    let outside = project(&[("b.py", "async def b(): pass\n"), ("c.py", "async def c():\r\n\tpass")]);
    fs::remove_dir_all(root.path().join("pkg")).unwrap();
    symlink(outside.path(), root.path().join("pkg")).unwrap();
    let before = snapshot(outside.path());
    for edited in [Edited::Refuse, Edited::KeepCopy] {
        undo(root.path(), None, edited).unwrap_err();
        assert_eq!(snapshot(outside.path()), before);
    }
}

#[test]
fn damaged_journals_change_nothing() {
    let root = written();
    let folder = root.path().join(".awaitify/journal/1");
    let check = |reason: &str| {
        let Err(UndoError::Damaged { reason: said, .. }) = undo(root.path(), None, Edited::KeepCopy) else { panic!() };
        assert!(said.contains(reason), "{said}");
        assert_eq!(snapshot(root.path()), new_tree());
    };
    let before = fs::read(folder.join("before")).unwrap();
    fs::write(folder.join("before"), &before[..before.len() - 1]).unwrap();
    check("not what was saved");
    let header = fs::read_to_string(folder.join("header.json")).unwrap();
    for path in ["../a.py", "/etc/passwd", ".git/config", ""] {
        fs::write(folder.join("header.json"), header.replace("\"a.py\"", &format!("\"{path}\""))).unwrap();
        check("which no write can have touched");
    }
    fs::write(folder.join("header.json"), header.replace("\"version\": 1", "\"version\": 2")).unwrap();
    check("newer awaitify");
    fs::write(folder.join("header.json"), "{").unwrap();
    check("EOF");
}

#[test]
fn forget_drops_only_what_is_not_needed() {
    let root = written();
    undo(root.path(), None, Edited::Refuse).unwrap();
    forget(root.path(), id("1")).unwrap();
    assert!(list(root.path()).unwrap().is_empty());
}
