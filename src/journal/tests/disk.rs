//! A disk that is really full: a small tmpfs, mounted in a namespace of its own.

use std::process::Command;

use super::*;

const ROOT: &str = "AWAITIFY_TEST_DISK_ROOT";

/// Not a test: what the test executable does inside the namespace.
#[test]
fn child() {
    let Some(root) = std::env::var_os(ROOT).map(PathBuf::from) else { return };
    let line = "value = 1\n".repeat(400);
    let names: Vec<_> = (0..8).map(|index| format!("m{index}.py")).collect();
    names.iter().for_each(|name| fs::write(root.join(name), &line).unwrap());
    let old = snapshot(&root);
    let patches: Vec<_> = names.iter().map(|name| patch(&root, name)).collect();
    let filler = root.join(".git");
    fs::create_dir(&filler).unwrap();
    let (mut failed, mut written) = (0, 0);
    // From no free page to enough of them.
    for free in 0..40 {
        fill(&filler.join("filler"), free);
        match write(&root, &[], &patches) {
            Err(WriteError::Failed(failure)) => {
                assert_eq!(failure.source.kind(), io::ErrorKind::StorageFull);
                failed += 1;
            }
            Ok(_) => {
                undo_with_some_space(&root, &filler.join("filler"));
                written += 1;
            }
            Err(other) => panic!("{other}"),
        }
        assert!(snapshot(&root) == old, "with {free} free pages");
        let _ = fs::remove_file(filler.join("filler"));
        let _ = fs::remove_dir_all(root.join(".awaitify"));
    }
    assert!(failed > 10 && written > 5, "{failed} failed, {written} written");
}

#[test]
fn full_disk_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let script = r#"mount -t tmpfs -o size=400k tmpfs "$0" && exec "$1" --exact journal::tests::disk::child"#;
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script]).arg(root.path()).arg(std::env::current_exe().unwrap());
    let Ok(output) = command.env(ROOT, root.path()).output() else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("unshare:") || said.contains("mount:") {
        return; // Not allowed here.
    }
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && out.contains("1 passed"), "{said}{out}");
}

/// Fills the disk up to `free` pages.
fn fill(path: &Path, free: usize) {
    let page = vec![b'x'; 4096];
    let mut file = fs::File::create(path).unwrap();
    let mut pages = 0u64;
    while io::Write::write_all(&mut file, &page).is_ok() {
        pages += 1;
    }
    file.set_len(pages.saturating_sub(free as u64) * 4096).unwrap();
}

/// An undo with too little space must change nothing; with enough of it, it goes through.
fn undo_with_some_space(root: &Path, filler: &Path) {
    let new = snapshot(root);
    fill(filler, 0);
    if let Err(error) = undo(root, None, Edited::Refuse) {
        assert!(matches!(error, UndoError::Failed(_)), "{error}");
        assert!(snapshot(root) == new);
        fs::remove_file(filler).unwrap();
        undo(root, None, Edited::Refuse).unwrap();
    }
}
