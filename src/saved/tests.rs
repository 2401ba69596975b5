use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

const SOURCE: &str = "def load(): pass\n\ndef main():\n    load()\n";

/// A project with `app.py` (`SOURCE`) and `lib.py`, and a plan: `load` (a leaf) and `main` (which depends on it).
fn saved() -> (TempDir, SavedPlan) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    fs::write(root.join("app.py"), SOURCE).unwrap();
    fs::write(root.join("lib.py"), "x = 1\n").unwrap();
    let import = SavedEdit { once: true, ..edit("app.py", 0, 0, "import asyncio\n") };
    let groups = vec![
        group("load", &[], vec![import.clone(), SavedEdit { rank: 1, ..edit("app.py", 0, 0, "async ") }]),
        group("main", &["load"], vec![import, edit("app.py", 18, 18, "async "), edit("app.py", 34, 34, "await ")]),
        group("lib", &[], vec![edit("lib.py", 4, 5, "2")]),
    ];
    let files = [("app.py".to_owned(), SOURCE.as_bytes()), ("lib.py".to_owned(), b"x = 1\n".as_slice())];
    let plan = SavedPlan::new(&root, &files, groups);
    (folder, plan)
}

fn group(id: &str, depends_on: &[&str], edits: Vec<SavedEdit>) -> SavedGroup {
    let depends_on = depends_on.iter().map(|id| GroupId((*id).to_owned())).collect();
    SavedGroup { id: GroupId(id.to_owned()), title: id.to_uppercase(), functions: vec![], depends_on, edits }
}

fn edit(file: &str, start: usize, end: usize, text: &str) -> SavedEdit {
    let text = Text::Utf8(text.to_owned());
    SavedEdit { file: file.to_owned(), line: Some(1), start, end, text, rank: 0, once: false }
}

fn ids(text: &str) -> Vec<GroupId> {
    text.split_whitespace().map(|id| GroupId(id.to_owned())).collect()
}

/// What `app.py` and the rest become, each file on its own.
fn texts(selection: &Selection) -> Vec<String> {
    selection.patches.iter().map(|patch| String::from_utf8(patch.after.clone()).unwrap()).collect()
}

#[test]
fn plan_survives_the_file_and_is_readable() {
    let (folder, mut plan) = saved();
    plan.groups[2].edits.push(SavedEdit { text: Text::new(vec![0xe4]), ..edit("lib.py", 6, 6, "") });
    let path = folder.path().join("plan.json");
    plan.write(&path).unwrap();
    assert_eq!(SavedPlan::read(&path).unwrap(), plan);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(r#"        {"file":"app.py","line":1,"start":18,"end":18,"text":"async "},"#), "{text}");
    assert!(text.contains(r#""text":[228]"#));
}

#[test]
fn all_groups() {
    let (folder, plan) = saved();
    let selection = plan.to_patches(folder.path(), &[]).unwrap();
    let app = "import asyncio\nasync def load(): pass\n\nasync def main():\n    await load()\n";
    assert_eq!(texts(&selection), [app, "x = 2\n"]);
    assert_eq!(selection.applied, ids("load main lib"));
    crate::journal::write(folder.path(), &[], &selection.patches).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("app.py")).unwrap(), app);
}

#[test]
fn only_pulls_in_dependencies() {
    let (folder, plan) = saved();
    assert_eq!(plan.to_patches(folder.path(), &ids("main")).unwrap().applied, ids("load main"));
    assert_eq!(texts(&plan.to_patches(folder.path(), &ids("lib")).unwrap()), ["x = 2\n"]);
}

#[test]
fn deleted_groups_are_not_applied_nor_what_needs_them() {
    let (folder, mut plan) = saved();
    plan.groups.remove(0);
    let selection = plan.to_patches(folder.path(), &[]).unwrap();
    assert_eq!(texts(&selection), ["x = 2\n"]);
    assert_eq!(selection.left_out, [LeftOut { id: GroupId("main".to_owned()), needs: GroupId("load".to_owned()) }]);
    assert!(matches!(plan.to_patches(folder.path(), &ids("main")), Err(PlanError::Needs(_))));
}

#[test]
fn unknown_group_names_the_nearest() {
    let (folder, plan) = saved();
    let error = plan.to_patches(folder.path(), &ids("mian")).unwrap_err();
    assert_eq!(error.to_string(), "the plan has no group `mian`; did you mean `main`?");
}

#[test]
fn stale_files_are_refused_even_for_other_groups() {
    let (folder, plan) = saved();
    fs::write(folder.path().join("app.py"), "x").unwrap();
    fs::remove_file(folder.path().join("lib.py")).unwrap();
    let Err(PlanError::Stale { files }) = plan.to_patches(folder.path(), &ids("lib")) else { panic!() };
    assert_eq!(files, ["app.py", "lib.py"]);
}

#[test]
fn other_root_is_refused() {
    let (_folder, plan) = saved();
    let (other, _) = saved();
    assert!(matches!(plan.to_patches(other.path(), &[]), Err(PlanError::OtherRoot { .. })));
}

#[test]
fn paths_out_of_the_root_are_refused() {
    let (folder, plan) = saved();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("lib.py"), "x = 1\n").unwrap();
    symlink(outside.path(), folder.path().join("link")).unwrap();
    let absolute = outside.path().join("lib.py").to_str().unwrap().to_owned();
    for path in ["../lib.py", "a/../../lib.py", &absolute, "link/lib.py", "", "."] {
        let mut plan = plan.clone();
        plan.files[1].path = path.to_owned();
        plan.groups[2].edits[0].file = path.to_owned();
        assert!(matches!(plan.to_patches(folder.path(), &[]), Err(PlanError::BadPath { .. })), "{path}");
    }
}

#[test]
fn edits_that_do_not_fit_are_refused() {
    let (folder, plan) = saved();
    for bad in [edit("lib.py", 5, 7, ""), edit("lib.py", 3, 2, ""), edit("other.py", 0, 0, "")] {
        let mut plan = plan.clone();
        plan.groups[2].edits.push(bad);
        assert!(matches!(plan.to_patches(folder.path(), &ids("load")), Err(PlanError::BadEdit { .. })));
    }
}

#[test]
fn overlaps_are_refused_and_neighbors_are_not() {
    let check = |edits: Vec<SavedEdit>| {
        let (folder, mut plan) = saved();
        plan.groups.push(group("more", &[], edits));
        plan.to_patches(folder.path(), &ids("lib more")).map(|selection| texts(&selection)[0].clone())
    };
    for overlapping in [edit("lib.py", 4, 5, "3"), edit("lib.py", 0, 6, ""), edit("lib.py", 3, 5, "")] {
        assert!(matches!(check(vec![overlapping]), Err(PlanError::Overlap { .. })));
    }
    let around = vec![edit("lib.py", 5, 5, ")"), edit("lib.py", 4, 4, "("), edit("lib.py", 0, 4, "y = ")];
    assert_eq!(check(around).unwrap(), "y = (2)\n");
}

#[test]
fn names_must_be_unique() {
    let (folder, plan) = saved();
    let mut twice = plan.clone();
    twice.groups.push(plan.groups[0].clone());
    assert!(matches!(twice.to_patches(folder.path(), &[]), Err(PlanError::Twice { .. })));
    let mut twice = plan.clone();
    twice.files.push(plan.files[0].clone());
    assert!(matches!(twice.to_patches(folder.path(), &[]), Err(PlanError::Twice { .. })));
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
