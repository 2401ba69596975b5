//! Commands, exit codes, and which stream says what.

use std::path::Path;

use crate::support::{Project, run, snapshots};

const BLOCKS: &str = "#- app.py
class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    def load(self, key):
        return self.persistence.get(key)

async def show(store: Store):
    print(store.load('a'))
";

#[test]
fn zero_is_nothing_to_do_one_is_pending_two_is_an_error() {
    let project = Project::new(BLOCKS);
    project.run("diff").returned(1);
    project.run("diff --exit-zero").returned(0);
    project.run("apply --allow-dirty").returned(0);
    project.run("diff").returned(0);
    project.run("apply --allow-dirty").returned(0);
    project.run("undo").returned(0);
    project.run("diff").returned(1);
    project.run("diff nowhere").returned(2);
    project.run("diff --no-such-flag").returned(2);
    project.run("no-such-command").returned(2);
    project.run("why nothing.of_that.name").returned(0);
}

#[test]
fn stdout_has_only_the_diff() {
    let project = Project::new(BLOCKS);
    let diff = project.run("diff").returned(1).says(&["1 file to change"]);
    assert!(diff.text().starts_with("--- a/app.py\n+++ b/app.py\n@@ "), "{}", diff.text());
    let quiet = project.run("diff --quiet").returned(1);
    assert_eq!((quiet.text(), quiet.stderr.as_str()), (diff.text(), ""));
    let apply = project.run("apply --allow-dirty").returned(0).says(&["awaitify undo"]);
    assert_eq!(apply.text(), "");
    let clean = project.run("diff").returned(0).says(&["0 files to change"]);
    assert_eq!(clean.text(), "");
}

#[test]
fn the_report_goes_to_a_file() {
    let project = Project::new(BLOCKS);
    let shown = project.run("diff").returned(1);
    let kept = project.run("diff --output ../kept.diff").returned(1);
    assert_eq!(kept.text(), "");
    assert_eq!(project.text("../kept.diff"), shown.text());
    let json = project.run("diff --format json").returned(1);
    project.run("diff --format json --output ../kept.json").returned(1);
    assert_eq!(project.text("../kept.json"), json.text());
    project.run("diff --output no/such/folder.diff").returned(2).says(&["`no/such/folder.diff`"]);
}

#[test]
fn colors_only_when_asked_for() {
    let project = Project::new(BLOCKS);
    assert!(!project.run("diff").text().contains('\u{1b}'));
    assert!(project.run("diff --color always").text().contains("\u{1b}["));
}

#[test]
fn json_has_a_schema() {
    let run = Project::new(BLOCKS).run("diff --format json").returned(1);
    let json: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
    assert_eq!(json["version"], 1);
    snapshots().bind(|| insta::assert_snapshot!("json_of_a_small_project", run.text()));
}

#[test]
fn why_tells_the_chain() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let mut out = String::new();
    for target in [
        "shop.customers.CustomerService.is_keeper",
        "is_keeper",
        "shop.till.Till.balance",
        "shop.catalog.Catalog.refresh_names",
        "shop.stock.StockService._change_left",
        "shop.routes.read_till",
        "shop.models",
        "shop/routes.py:1",
        "shop/commands.py:23",
    ] {
        let why = run(&shop, &["why", target], b"").returned(0);
        out += &format!("$ awaitify why {target}\n{}\n", why.text());
    }
    snapshots().bind(|| insta::assert_snapshot!("why_in_the_shop", out));
    run(&shop, &["why", "shop/nowhere.py:3"], b"").returned(2).says(&["shop/nowhere.py"]);
    run(&shop, &["why", "shop/routes.py:three"], b"").returned(2).says(&["`three`"]);
}

#[test]
fn the_shop_is_migrated() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let diff = run(&shop, &["diff"], b"").returned(1);
    snapshots().bind(|| {
        insta::assert_snapshot!("diff_of_the_shop", diff.text());
        insta::assert_snapshot!("summary_of_the_shop", diff.stderr);
    });
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let json = |jobs: &str| run(&shop, &["diff", "--format", "json", "-j", jobs], b"").returned(1).stdout;
    assert_eq!(json("1"), json("7"));
}

#[test]
fn codemods_are_listed_and_shown() {
    let project = Project::new("");
    let list = project.run("codemods").returned(0);
    assert!(list.text().contains("persistence") && list.text().contains("fastapi"), "{}", list.text());
    let one = project.run("codemods persistence").returned(0);
    assert!(one.text().contains("get_persistence"), "{}", one.text());
    project.run("codemods persistance").returned(2).says(&["`persistance`", "`persistence`"]);
}

#[test]
fn a_dirty_tree_is_refused() {
    let project = Project::new(BLOCKS);
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
        let output =
            std::process::Command::new("git").args(identity).args(arguments).current_dir(project.root()).output();
        assert!(output.expect("git runs").status.success(), "git {arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    let before = project.tree();
    project.run("apply").returned(2).says(&["--allow-dirty"]);
    assert_eq!(project.tree(), before);
    git(&["commit", "-qm", "first"]);
    project.run("apply").returned(0);
    assert_ne!(project.tree(), before);
}

/// Paths in the diff are those of the folder that the program runs in, so that `git apply` takes them there.
#[test]
fn git_applies_the_diff_where_it_was_made() {
    let project = Project::new(&BLOCKS.replace("app.py", "pkg/app.py"));
    let from_above = run(project.root().parent().expect("a parent"), &["diff", "app"], b"").returned(1);
    assert!(from_above.text().starts_with("--- a/app/pkg/app.py\n+++ b/app/pkg/app.py\n"), "{}", from_above.text());
    let inside = run(&project.root().join("pkg"), &["diff"], b"").returned(1);
    assert!(inside.text().starts_with("--- a/app.py\n+++ b/app.py\n"), "{}", inside.text());
    let elsewhere =
        run(Path::new("/"), &["diff", project.root().join("pkg").to_str().expect("UTF-8")], b"").returned(1);
    assert!(elsewhere.text().contains("/app/pkg/app.py\n"), "{}", elsewhere.text());
}

#[test]
fn undo_lists_chooses_and_forces() {
    let project = Project::new(BLOCKS);
    project.run("undo").returned(2).says(&["nothing was applied"]);
    let before = project.tree();
    project.run("apply --allow-dirty").returned(0);
    let list = project.run("undo --list").returned(0);
    let words: Vec<&str> = list.text().split_whitespace().collect();
    assert!(list.text().contains("UTC  apply  1 file  applied"), "{}", list.text());
    project.run("undo 987654").returned(2).says(&["`987654`", words[0]]);

    let applied = project.text("app.py");
    project.write("app.py", format!("{applied}# mine\n").as_bytes());
    project.run("undo").returned(2).says(&["app.py", "--force"]);
    assert_eq!(project.text("app.py"), format!("{applied}# mine\n"), "nothing was put back");
    project.run(&format!("undo {} --force", words[0])).returned(0).says(&["app.py.awaitify-edited"]);
    assert_eq!(project.bytes("app.py"), before["app.py"]);
    assert_eq!(project.text("app.py.awaitify-edited"), format!("{applied}# mine\n"));
    assert!(project.run("undo --list").text().contains("undone"));
    project.run("undo").returned(2).says(&["nothing to undo"]);
    project.run("apply --resume").returned(2).says(&["nothing to finish"]);
    project.run("undo --list --force").returned(2);
}
