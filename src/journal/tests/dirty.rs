use std::process::Command;

use super::super::git::dirty_files;
use super::*;

fn git(root: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"];
    let status = Command::new("git").current_dir(root).args(identity).args(arguments).output().unwrap().status;
    assert!(status.success());
}

fn repository() -> TempDir {
    let root = project(&OLD);
    git(root.path(), &["init", "-q"]);
    git(root.path(), &["add", "."]);
    git(root.path(), &["commit", "-qm", "first"]);
    root
}

fn dirty(root: &Path, paths: &[&str]) -> Vec<String> {
    let paths: Vec<_> = paths.iter().map(|path| root.join(path)).collect();
    let root = root.canonicalize().unwrap();
    let files = dirty_files(&root, &paths).unwrap();
    files.iter().map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn clean_tree_and_our_own_folder() {
    let root = repository();
    fs::create_dir(root.path().join(".awaitify")).unwrap();
    fs::write(root.path().join(".awaitify/lock"), "").unwrap();
    assert_eq!(dirty(root.path(), &[]), [""; 0]);
}

#[test]
fn changed_staged_untracked_and_odd_names() {
    let root = repository();
    fs::write(root.path().join("a.py"), "changed").unwrap();
    fs::write(root.path().join("pkg/c.py"), "staged").unwrap();
    git(root.path(), &["add", "pkg/c.py"]);
    fs::write(root.path().join("pkg/ä new\n.py"), "").unwrap();
    assert_eq!(dirty(root.path(), &[]), ["a.py", "pkg/c.py", "pkg/ä new\n.py"]);
    assert_eq!(dirty(root.path(), &["pkg"]), ["pkg/c.py", "pkg/ä new\n.py"]);
    assert_eq!(dirty(root.path(), &["a.py", "pkg/b.py"]), ["a.py"]);
    assert_eq!(dirty(root.path(), &["pkg/b.py"]), [""; 0]);
}

#[test]
fn root_below_the_top_of_the_repository() {
    let root = repository();
    fs::write(root.path().join("a.py"), "changed").unwrap();
    fs::write(root.path().join("pkg/b.py"), "changed").unwrap();
    assert_eq!(dirty(&root.path().join("pkg"), &[]), ["b.py"]);
}

#[test]
fn no_repository() {
    let root = project(&OLD);
    assert_eq!(dirty(root.path(), &[]), [""; 0]);
}
