//! `diff --save` and `apply --plan`: what was reviewed is applied exactly, or nothing is.

use serde_json::Value;

use crate::support::{Project, run};

/// `load` needs `both`, and so does `save`; `keep` needs nothing.
const APP: &str = "#- app.py
def load(key):
    return persistence.get(key)

def save(key):
    return persistence.put(key)

def both(key):
    return load(key), save(key)

async def show(key):
    return both(key)

async def keep(key):
    persistence.keep(key)
#- other.py
x = 1
";

fn saved(project: &Project) -> Value {
    project.run("diff --save plan.json").returned(1);
    serde_json::from_str(&project.text("plan.json")).expect("JSON")
}

fn write(project: &Project, plan: &Value) {
    project.write("plan.json", serde_json::to_string_pretty(plan).expect("JSON").as_bytes());
}

/// The groups of a plan.
fn groups(plan: &mut Value) -> &mut Vec<Value> {
    plan["groups"].as_array_mut().expect("groups")
}

/// Nothing was written, and stderr has each of `words`.
#[track_caller]
fn check_refused(project: &Project, words: &[&str]) {
    let before = project.tree();
    project.run("apply --allow-dirty --plan plan.json").returned(2).says(words);
    assert_eq!(project.tree(), before);
}

#[test]
fn a_plan_is_applied_as_it_was_shown() {
    let project = Project::new(APP);
    let shown = project.run("diff --save plan.json").returned(1);
    let patched = project.copy();
    patched.git_apply(&shown.stdout);
    project.run("apply --allow-dirty --plan plan.json").returned(0).says(&["1 file written"]);
    assert_eq!(project.text("app.py"), patched.text("app.py"));
    project.run("undo").returned(0);
    project.run("apply --allow-dirty --plan plan.json").returned(0);
}

#[test]
fn a_plan_keeps_its_flags() {
    let project = Project::new(&format!("#- awaitify.toml\n{APP}"));
    let flags = "--codemod persistence --keep-sync app.save";
    project.run(&format!("diff sub/.. {flags} --save sub/plan.json")).returned(2);
    std::fs::create_dir(project.root().join("sub")).expect("a folder");
    let shown = project.run(&format!("diff {flags} --save sub/plan.json")).returned(1);
    let patched = project.copy();
    patched.git_apply(&shown.stdout);
    run(&project.root().join("sub"), &["apply", "--allow-dirty", "--plan", "plan.json"], b"").returned(0);
    assert_eq!(project.text("app.py"), patched.text("app.py"));
    assert!(project.text("app.py").contains("\ndef save"));
    project.run("apply --plan sub/plan.json --codemod persistence").returned(2).says(&["cannot be used with"]);
}

#[test]
fn groups_can_be_deleted_and_the_rest_is_applied() {
    for (deleted, left_out) in [("app.load", ""), ("app.keep", ""), ("app.both", "app.load"), ("app.both", "app.save")]
    {
        let project = Project::new(APP);
        let mut plan = saved(&project);
        let expected = project.copy();
        groups(&mut plan).retain(|group| group["id"] != deleted);
        write(&project, &plan);
        let run = project.run("apply --allow-dirty --plan plan.json").returned(0);
        if left_out.is_empty() {
            assert!(!run.stderr.contains("left out"), "{}", run.stderr);
        } else {
            run.says(&[&format!("group `{left_out}` is left out: it needs `{deleted}`")]);
        }
        let rest: Vec<&str> = match deleted {
            "app.load" => vec!["--only", "app.save", "--only", "app.keep"],
            "app.keep" => vec!["--only", "app.save", "--only", "app.load"],
            _ => vec!["--only", "app.keep"],
        };
        crate::support::run(&expected.root(), &[&["apply", "--allow-dirty"], &rest[..]].concat(), b"").returned(0);
        assert_eq!(project.text("app.py"), expected.text("app.py"), "{deleted}");
    }
}

#[test]
fn a_part_of_a_plan_is_chosen_by_flags() {
    let project = Project::new(APP);
    saved(&project);
    project.run("apply --allow-dirty --plan plan.json --only app.keep").returned(0);
    assert!(project.text("app.py").contains("await asyncio.to_thread(persistence.keep, key)"));
    assert!(project.text("app.py").contains("\ndef load"));
    let project = Project::new(APP);
    saved(&project);
    project.run("apply --allow-dirty --plan plan.json --max-functions 1").returned(0);
    project.run("diff").returned(1);
}

#[test]
fn a_plan_of_a_part_applies_the_part() {
    let project = Project::new(APP);
    let shown = project.run("diff --only app.keep --save plan.json").returned(1);
    let patched = project.copy();
    patched.git_apply(&shown.stdout);
    project.run("apply --allow-dirty --plan plan.json").returned(0);
    assert_eq!(project.text("app.py"), patched.text("app.py"));
}

#[test]
fn a_changed_file_makes_it_stale() {
    let project = Project::new(APP);
    saved(&project);
    project.write("app.py", format!("{}\n", project.text("app.py")).as_bytes());
    check_refused(&project, &["stale", "`app.py`"]);
}

#[test]
fn what_the_plan_rests_on_may_change_only_without_a_difference() {
    let project = Project::new(APP);
    saved(&project);
    project.write("other.py", b"x = 2\n");
    project.run("apply --allow-dirty --plan plan.json").returned(0);
    project.run("undo").returned(0);
    // A new caller: the plan would leave it without an await.
    project.write("other.py", b"from app import both\n\nasync def f():\n    both(1)\n");
    check_refused(&project, &["comes out differently", "`other.py`"]);
    project.write("other.py", b"from app import load\n\nload(1)\n");
    check_refused(&project, &["comes out differently"]);
    project.write("other.py", b"x = 1\n");
    project.write("awaitify.toml", b"codemods = [\"persistence\"]\nkeep_sync = [\"app.load\"]\n");
    check_refused(&project, &["comes out differently"]);
}

#[test]
fn parts_of_groups_cannot_be_edited() {
    let project = Project::new(APP);
    let mut plan = saved(&project);
    groups(&mut plan)[0]["changes"][0]["after"] = "evil()".into();
    write(&project, &plan);
    check_refused(&project, &["`app.load` was edited by hand"]);
}

#[test]
fn paths_lead_nowhere_else() {
    let outside = Project::new("#- app.py\nx = 1\n");
    for path in ["../app.py", "link/app.py", "/etc/hostname", "a/../../app.py"] {
        let project = Project::new(APP);
        let mut plan = saved(&project);
        std::os::unix::fs::symlink(outside.root(), project.root().join("link")).expect("a link");
        plan["files"][0]["path"] = path.into();
        write(&project, &plan);
        check_refused(&project, &[path]);
    }
    let other = Project::new(APP);
    saved(&other);
    let here = Project::new(APP);
    here.write("plan.json", other.text("plan.json").as_bytes());
    check_refused(&here, &["the plan was made in"]);
    // Not even when it says that it belongs here.
    let mut plan: Value = serde_json::from_str(&other.text("plan.json")).expect("JSON");
    plan["root"] = here.root().canonicalize().expect("a folder").to_str().expect("UTF-8").into();
    write(&here, &plan);
    check_refused(&here, &["the plan was made in"]);
    assert_eq!(other.text("app.py"), Project::new(APP).text("app.py"));
}

#[test]
fn the_plan_file_itself_makes_no_tree_dirty() {
    let project = Project::new(APP);
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
        let output =
            std::process::Command::new("git").args(identity).args(arguments).current_dir(project.root()).output();
        assert!(output.expect("git runs").status.success(), "git {arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "first"]);
    saved(&project);
    project.run("apply --plan plan.json").returned(0);
}

#[test]
fn stdin_has_no_plan() {
    let project = Project::new("");
    let run = project.run_with_stdin("diff - --save plan.json", b"async def f():\n    persistence.get(1)\n");
    run.returned(2).says(&["`--save`"]);
    assert!(!project.root().join("plan.json").exists());
}

#[test]
fn the_format_is_a_contract() {
    let project = Project::new(APP);
    saved(&project);
    let root = project.root().canonicalize().expect("a folder");
    let text = project.text("plan.json").replace(root.to_str().expect("UTF-8"), "ROOT");
    crate::support::snapshots().bind(|| insta::assert_snapshot!("plan_of_a_small_project", text));
}
