//! Transactions over small real trees: what comes through, what is refused, and what is left when they are stopped.

mod apply;
mod dirty;
mod disk;
mod faults;
mod kill;
mod refuse;
mod taken_back;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

/// Path below the root to bytes; symlinks read as `-> target`. `.awaitify` and `.git` are left out, temp files are not.
type Tree = BTreeMap<String, Vec<u8>>;

const OLD: [(&str, &str); 3] =
    [("a.py", "def a(): pass\n"), ("pkg/b.py", "def b(): pass\n"), ("pkg/c.py", "def c():\r\n\tpass")];

/// In memory where there is such a place: a flush takes its time, and nothing here survives a power cut anyway.
fn temp_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn project(files: &[(&str, &str)]) -> TempDir {
    let root = temp_folder();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// A patch that puts `async ` before the file's text.
fn patch(root: &Path, path: &str) -> Patch {
    let path = root.join(path);
    let before = fs::read(&path).unwrap();
    Patch { path, after: [b"async ", before.as_slice()].concat(), before }
}

fn patches(root: &Path) -> Vec<Patch> {
    OLD.iter().map(|(path, _)| patch(root, path)).collect()
}

fn snapshot(root: &Path) -> Tree {
    let mut tree = Tree::new();
    collect(root, root, &mut tree);
    tree
}

fn collect(root: &Path, folder: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if name == ".awaitify" || name == ".git" {
            continue;
        }
        if let Ok(target) = fs::read_link(&path) {
            tree.insert(name, format!("-> {}", target.display()).into_bytes());
        } else if path.is_dir() {
            collect(root, &path, tree);
        } else {
            tree.insert(name, fs::read(&path).unwrap());
        }
    }
}

fn old_tree() -> Tree {
    OLD.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn new_tree() -> Tree {
    OLD.iter().map(|(path, text)| ((*path).to_owned(), format!("async {text}").into_bytes())).collect()
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}
