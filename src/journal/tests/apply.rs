use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;

#[test]
fn all_files_are_written_and_come_back() {
    let root = project(&OLD);
    let written = write(root.path(), &[], &patches(root.path())).unwrap();
    assert_eq!(written, Written { id: Some(id("1")), files: 3, notes: vec![] });
    assert_eq!(snapshot(root.path()), new_tree());
    assert_eq!(unfinished(root.path()), None);

    let undone = undo(root.path(), None, Edited::Refuse).unwrap();
    assert_eq!((undone.restored.len(), undone.kept.len()), (3, 0));
    assert_eq!(snapshot(root.path()), old_tree());
}

#[test]
fn own_folder_is_ignored_by_git() {
    let root = project(&OLD);
    write(root.path(), &[], &patches(root.path())).unwrap();
    assert_eq!(fs::read_to_string(root.path().join(".awaitify/.gitignore")).unwrap(), "*\n");
}

#[test]
fn patches_that_change_nothing_leave_no_trace() {
    let root = project(&OLD);
    let mut patch = patch(root.path(), "a.py");
    patch.after = patch.before.clone();
    assert_eq!(write(root.path(), &[], &[patch]).unwrap().id, None);
    assert!(!root.path().join(".awaitify").exists());
}

#[test]
fn mode_and_owner_are_kept() {
    let root = project(&OLD);
    let path = root.path().join("a.py");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o2755)).unwrap();
    // Only root may give a file away; for anyone else the owner is their own and is kept all the same.
    let _ = std::os::unix::fs::chown(&path, Some(1234), Some(2345));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o2755)).unwrap();
    let look = || fs::metadata(&path).map(|now| (now.mode(), now.uid(), now.gid())).unwrap();
    let before = look();
    write(root.path(), &[], &patches(root.path())).unwrap();
    assert_eq!(look(), before);
    undo(root.path(), None, Edited::Refuse).unwrap();
    assert_eq!(look(), before);
}

#[test]
fn extended_attributes_are_kept() {
    use rustix::fs::{XattrFlags, getxattr, setxattr};
    let root = project(&OLD);
    let path = root.path().join("a.py");
    if setxattr(&path, "user.origin", b"here", XattrFlags::empty()).is_err() {
        return; // This file system has none.
    }
    write(root.path(), &[], &patches(root.path())).unwrap();
    let mut value = [0u8; 16];
    let length = getxattr(&path, "user.origin", &mut value).unwrap();
    assert_eq!(&value[..length], b"here");
}

#[test]
fn untouched_files_keep_their_times() {
    let root = project(&OLD);
    let time = || fs::metadata(root.path().join("pkg/b.py")).unwrap().modified().unwrap();
    let before = time();
    write(root.path(), &[], &[patch(root.path(), "a.py"), patch(root.path(), "pkg/c.py")]).unwrap();
    assert_eq!(time(), before);
}

#[test]
fn symlink_is_kept_and_its_target_edited() {
    let root = project(&OLD);
    symlink("pkg/b.py", root.path().join("link.py")).unwrap();
    let written = write(root.path(), &[], &[patch(root.path(), "link.py")]).unwrap();
    assert!(matches!(&written.notes[..], [Note::Symlink { real, .. }] if real.ends_with("pkg/b.py")));
    let tree = snapshot(root.path());
    assert_eq!(tree["link.py"], b"-> pkg/b.py");
    assert_eq!(tree["pkg/b.py"], b"async def b(): pass\n");
    undo(root.path(), None, Edited::Refuse).unwrap();
    assert_eq!(snapshot(root.path())["pkg/b.py"], b"def b(): pass\n");
}

#[test]
fn hard_links_are_noted() {
    let root = project(&OLD);
    fs::hard_link(root.path().join("a.py"), root.path().join("twin.py")).unwrap();
    let written = write(root.path(), &[], &[patch(root.path(), "a.py")]).unwrap();
    assert!(matches!(&written.notes[..], [Note::HardLink { other_names: 1, .. }]));
    assert_eq!(snapshot(root.path())["twin.py"], b"def a(): pass\n");
}

#[test]
fn names_as_long_as_a_name_can_be() {
    let name = format!("{}.py", "n".repeat(252));
    let root = project(&[(&name, "x = 1\n")]);
    write(root.path(), &[], &[patch(root.path(), &name)]).unwrap();
    undo(root.path(), None, Edited::Refuse).unwrap();
    assert_eq!(snapshot(root.path())[&name], b"x = 1\n");
}

#[test]
fn last_twenty_journals_are_kept() {
    let root = project(&OLD);
    for _ in 0..23 {
        write(root.path(), &[], &[patch(root.path(), "a.py")]).unwrap();
    }
    let listed = list(root.path()).unwrap();
    assert_eq!(listed.len(), 20);
    assert_eq!((listed[0].id, listed[19].id), (id("4"), id("23")));
    assert!(listed.iter().all(|journal| journal.state == State::Committed && journal.files == 1));
}

#[test]
fn journal_can_be_read_by_people() {
    let root = project(&OLD);
    write(root.path(), &[], &patches(root.path())).unwrap();
    let folder = root.path().join(".awaitify/journal/1");
    let header: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("header.json")).unwrap()).unwrap();
    assert_eq!((&header["format"], &header["version"]), (&"awaitify-journal".into(), &1.into()));
    assert_eq!(header["files"][1]["path"], "pkg/b.py");
    assert_eq!(header["files"][1]["before"]["sha256"], digest(b"def b(): pass\n"));
    let before: String = OLD.iter().map(|(_, text)| *text).collect();
    assert_eq!(fs::read_to_string(folder.join("before")).unwrap(), before);
}
