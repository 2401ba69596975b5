//! A real process, killed with SIGKILL at random points of a write.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

const ROOT: &str = "AWAITIFY_TEST_KILL_ROOT";

/// Not a test: what the test executable does when the tests below start it again.
#[test]
fn child() {
    let Some(root) = std::env::var_os(ROOT).map(PathBuf::from) else { return };
    interrupt::listen();
    let names = (0..count_files(&root)).map(file_name);
    let patches: Vec<_> = names.map(|name| patch(&root, &name)).collect();
    let written = write(&root, &[], &patches);
    assert!(written.is_ok() || interrupt::is_requested());
}

#[test]
fn two_hundred_files_killed_at_random_points() {
    check_kills(200, 25);
}

#[test]
#[ignore = "takes minutes"]
fn two_thousand_files_killed_at_random_points() {
    check_kills(2000, 500);
}

/// Ctrl-C is heard: the write is finished or put back, and nothing is left to undo.
#[test]
fn interrupts_leave_nothing_to_put_back() {
    let (root, old, new) = tree_of(200);
    let root = root.path();
    let whole = check_whole(root, &old, &new);
    let mut taken_back = 0;
    for done in 0..10 {
        let mut child = spawn(root);
        std::thread::sleep(whole.mul_f64(f64::from(done) / 10.0));
        let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
        // It may have ended by then.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        child.wait().unwrap();
        assert!(unfinished(root).is_none());
        let tree = snapshot(root);
        if tree == new {
            undo(root, None, Edited::Refuse).unwrap();
        } else {
            taken_back += 1;
        }
        assert!(snapshot(root) == old);
    }
    assert!(taken_back > 0);
}

/// A tree of old files, and what it is to become.
fn tree_of(files: usize) -> (TempDir, Tree, Tree) {
    let folder = temp_folder();
    let root = folder.path();
    for index in 0..files {
        let path = root.join(file_name(index));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("def function_{index}(): pass\n").repeat(index % 50 + 1)).unwrap();
    }
    let old = snapshot(root);
    let new: Tree = old.iter().map(|(name, text)| (name.clone(), [b"async ", text.as_slice()].concat())).collect();
    (folder, old, new)
}

fn check_kills(files: usize, kills: u32) {
    let (root, old, new) = tree_of(files);
    let root = root.path();

    // The quickest of a few runs: the first one may wait for the disk or for another test.
    let whole = (0..3).map(|_| check_whole(root, &old, &new)).min().unwrap();

    let mut midway = 0;
    let mut done = 0;
    // On a busy machine every kill may come too early or too late; then there are some more.
    while done < kills || (midway == 0 && done < 8 * kills) {
        let mut child = spawn(root);
        // Spread over the whole run, in an order that does not follow it.
        let part = f64::from((done * 197) % kills) / f64::from(kills);
        std::thread::sleep(whole.mul_f64(part) + Duration::from_micros(137));
        done += 1;
        child.kill().unwrap();
        child.wait().unwrap();
        let tree = snapshot(root);
        if tree != old && tree != new {
            midway += 1;
            assert!(unfinished(root).is_some());
        }
        if tree == new || unfinished(root).is_some() {
            undo(root, None, Edited::Refuse).unwrap();
        }
        assert!(snapshot(root) == old, "kill {done}");
    }
    assert!(midway > 0, "no kill hit the write");
}

/// A run that nobody kills, and its undo; returns how long the run took.
fn check_whole(root: &Path, old: &Tree, new: &Tree) -> Duration {
    let start = Instant::now();
    assert!(spawn(root).wait().unwrap().success());
    let whole = start.elapsed();
    assert!(snapshot(root) == *new);
    undo(root, None, Edited::Refuse).unwrap();
    assert!(snapshot(root) == *old);
    whole
}

fn spawn(root: &Path) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "journal::tests::kill::child"]).env(ROOT, root);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn file_name(index: usize) -> String {
    format!("package_{}/module_{index}.py", index % 20)
}

fn count_files(root: &Path) -> usize {
    snapshot(root).len()
}
