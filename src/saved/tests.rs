use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

const SOURCE: &str = "def load(): pass\n\ndef main():\n    load()\n";
const AFTER: &str = "async def load(): pass\n\nasync def main():\n    await load()\n";

/// A project with `app.py` and `lib.py`, and a plan: `load`, which needs `main`, and `lib`.
fn saved() -> (TempDir, SavedPlan) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    fs::write(root.join("app.py"), SOURCE).unwrap();
    fs::write(root.join("lib.py"), "x = 1\n").unwrap();
    let groups = vec![
        group("load", &["main"], vec![change("app.py", 1, "def load(): pass", "async def load(): pass")]),
        SavedGroup {
            carried: true,
            ..group("main", &[], vec![change("app.py", 3, "def main():", "async def main():")])
        },
        group("lib", &[], vec![change("lib.py", 1, "x = 1", "x = 2")]),
    ];
    let files = [
        ("app.py".to_owned(), SOURCE.as_bytes(), AFTER.as_bytes()),
        ("lib.py".to_owned(), b"x = 1\n".as_slice(), b"x = 2\n".as_slice()),
    ];
    let along = vec![change("app.py", 1, "", "import asyncio")];
    let plan = SavedPlan::new(&root, vec!["--reach".into(), "async".into()], &files, groups, along);
    (folder, plan)
}

fn group(id: &str, depends_on: &[&str], changes: Vec<SavedChange>) -> SavedGroup {
    let depends_on = depends_on.iter().map(|id| GroupId((*id).to_owned())).collect();
    let (id, title) = (GroupId(id.to_owned()), id.to_uppercase());
    SavedGroup { id, title, functions: vec!["f".into()], depends_on, carried: false, changes }
}

fn change(file: &str, line: usize, before: &str, after: &str) -> SavedChange {
    SavedChange { file: file.to_owned(), line, before: before.to_owned(), after: after.to_owned() }
}

fn text(ids: &[GroupId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn plan_survives_the_file_and_is_readable() {
    let (folder, plan) = saved();
    let path = folder.path().join("plan.json");
    plan.write(&path).unwrap();
    assert_eq!(SavedPlan::read(&path).unwrap(), plan);
    let text = fs::read_to_string(&path).unwrap();
    let line = r#"        {"file":"app.py","line":3,"before":"def main():","after":"async def main():"}"#;
    assert!(text.lines().any(|found| found == line), "{text}");
}

#[test]
fn deleted_groups_are_not_applied_nor_what_needs_them() {
    let (_folder, mut plan) = saved();
    assert_eq!(text(&plan.kept().groups), "load main lib");
    plan.groups.remove(1);
    let kept = plan.kept();
    assert_eq!(text(&kept.groups), "lib");
    assert_eq!(kept.left_out, [LeftOut { id: GroupId("load".to_owned()), needs: GroupId("main".to_owned()) }]);
    let (_folder, mut plan) = saved();
    plan.groups.remove(0);
    assert_eq!(text(&plan.kept().groups), "lib");
}

#[test]
fn stale_files_are_named() {
    let (folder, plan) = saved();
    plan.check_files(folder.path()).unwrap();
    fs::write(folder.path().join("app.py"), "x").unwrap();
    fs::remove_file(folder.path().join("lib.py")).unwrap();
    let Err(PlanError::Stale { files }) = plan.check_files(folder.path()) else { panic!() };
    assert_eq!(files, ["app.py", "lib.py"]);
}

#[test]
fn other_root_is_refused() {
    let (_folder, plan) = saved();
    let (other, _) = saved();
    assert!(matches!(plan.check_files(other.path()), Err(PlanError::OtherRoot { .. })));
}

#[test]
fn paths_out_of_the_root_are_refused() {
    let (folder, plan) = saved();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("app.py"), SOURCE).unwrap();
    symlink(outside.path(), folder.path().join("link")).unwrap();
    let absolute = outside.path().join("app.py");
    for path in ["../app.py", "a/../../app.py", "", "/etc/passwd", "link/app.py", absolute.to_str().unwrap()] {
        let mut bad = plan.clone();
        path.clone_into(&mut bad.files[0].path);
        assert!(matches!(bad.check_files(folder.path()), Err(PlanError::BadPath { .. })), "{path}");
    }
}

#[test]
fn names_must_be_unique() {
    let (folder, plan) = saved();
    let mut twice = plan.clone();
    twice.groups.push(plan.groups[0].clone());
    assert!(matches!(twice.check_files(folder.path()), Err(PlanError::Twice { .. })));
    let mut twice = plan.clone();
    twice.files.push(plan.files[0].clone());
    assert!(matches!(twice.check_files(folder.path()), Err(PlanError::Twice { .. })));
}

#[test]
fn a_plan_that_comes_out_differently_is_refused() {
    let (_folder, plan) = saved();
    plan.check_same(&plan).unwrap();
    let mut fresh = plan.clone();
    fresh.files[1].after = digest(b"x = 3\n");
    fresh.files[0].path = "moved.py".into();
    let Err(PlanError::Outdated { files }) = plan.check_same(&fresh) else { panic!() };
    assert_eq!(files, ["app.py", "lib.py", "moved.py"]);
}

#[test]
fn whole_groups_may_go_but_not_parts_of_them() {
    let (_folder, plan) = saved();
    let mut shorter = plan.clone();
    shorter.groups.remove(2);
    shorter.check_same(&plan).unwrap();
    let mut edited = plan.clone();
    edited.groups[0].changes[0].after = "async def other(): pass".into();
    assert!(matches!(edited.check_same(&plan), Err(PlanError::Edited { .. })));
}

#[test]
fn broken_files_name_the_line() {
    let (folder, plan) = saved();
    let path = folder.path().join("plan.json");
    let check = |from: &str, to: &str, expected: &str| {
        fs::write(&path, plan.to_json().replacen(from, to, 1)).unwrap();
        let error = SavedPlan::read(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("\"tool\"", "tool", "plan.json:4: not a plan");
    check("\"title\"", "\"tilte\"", "unknown field `tilte`");
    check("awaitify-plan", "something", "its `format` is not");
    check("\"version\": 1", "\"version\": 7", "has version 7");
}
