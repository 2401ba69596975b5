use std::process::{Command, Stdio};

use super::*;

const CHILD: &str = "AWAITIFY_TEST_BATCH_PLAN";

/// A gate that fails while one of these modules is new.
fn gate(bad: &[usize]) -> String {
    let names: Vec<_> = bad.iter().map(|index| format!("m{index:02}.py")).collect();
    format!("gate = ['sh', '-c', '! grep -h 1 {} /dev/null']\n", names.join(" "))
}

fn git(root: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").current_dir(root).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn repository(root: &Path) {
    git(root, &["init", "-q"]);
    git(root, &["config", "user.name", "t"]);
    git(root, &["config", "user.email", "t@t"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "first"]);
}

#[test]
fn step_without_a_gate() {
    let (folder, plan) = batch("[[step]]\nname = 's'", &["."], 3);
    let (reports, events) = carry_out(&plan, &options());
    assert_eq!(outcomes(&reports[0]), [Outcome::Applied]);
    assert_eq!((old(folder.path()), exit_code(&reports)), (vec![], 0));
    let lines: Vec<_> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    assert!(lines[0].starts_with(r#"{"event":"root-started","root":""#));
    assert!(lines[2].contains(r#""step":"s","outcome":"applied","groups":3,"applied":3,"files":3,"gate-runs":0"#));
    assert_eq!(outcomes(&carry_out(&plan, &options()).0[0]), [Outcome::Nothing]);
}

#[test]
fn isolation_finds_one_of_twenty_within_the_bound() {
    let bound = (2.0 * f64::log2(20.0) + 2.0) as usize;
    for bad in [0, 7, 19] {
        let text = format!("[[step]]\nname = 's'\non-failure = 'isolate'\n{}", gate(&[bad]));
        let (folder, plan) = batch(&text, &["."], 20);
        let (reports, events) = carry_out(&plan, &options());
        let step = &reports[0].steps[0];
        assert_eq!((step.outcome, step.applied, step.files), (Outcome::Partly, 19, 19));
        assert_eq!(step.culprits.len(), 1);
        assert_eq!(step.culprits[0].why, format!("because of m{bad:02}"));
        assert!(step.culprits[0].output.contains("x = 1"));
        assert!(step.gate_runs <= bound, "{}", step.gate_runs);
        assert_eq!(events.iter().filter(|event| matches!(event, Event::Gate { .. })).count(), step.gate_runs);
        assert_eq!((old(folder.path()), exit_code(&reports)), (vec![bad], 1));
        // One journal is left, and it takes everything back.
        crate::journal::undo(folder.path(), None, crate::journal::Edited::Refuse).unwrap();
        assert_eq!(old(folder.path()).len(), 20);
        assert_eq!(crate::journal::list(folder.path()).unwrap().len(), 1);
    }
}

#[test]
fn isolation_drops_what_needs_a_culprit() {
    let text = format!("[[step]]\nname = 's'\non-failure = 'isolate'\noptions.needs.m04 = 'm02'\n{}", gate(&[2, 5]));
    let (folder, plan) = batch(&text, &["."], 8);
    let (reports, _) = carry_out(&plan, &options());
    assert_eq!(reports[0].steps[0].left_out.len(), 1);
    assert_eq!(old(folder.path()), [2, 4, 5]);
    let table = summary(&plan, &reports);
    assert!(table.contains("partly applied  5/8     5      "), "{table}");
    assert!(table.contains("`m02` breaks the gate: Convert m02\n    because of m02\n    x = 1\n"), "{table}");
    assert!(table.contains("`m04` is left out, because it needs `m02`"), "{table}");
}

#[test]
fn isolation_within_its_bound() {
    let text = format!("[[step]]\nname = 's'\non-failure = 'isolate'\nmax-gate-runs = 4\n{}", gate(&[15]));
    let (folder, plan) = batch(&text, &["."], 20);
    let step = carry_out(&plan, &options()).0.remove(0).steps.remove(0);
    assert_eq!((step.gate_runs, step.applied, step.untested.len()), (4, 15, 5));
    assert_eq!(old(folder.path()), [15, 16, 17, 18, 19]);
}

#[test]
fn gate_that_fails_anyway_is_an_error() {
    let text = "[[step]]\nname = 's'\non-failure = 'isolate'\ngate = ['false']";
    let (folder, plan) = batch(text, &["."], 4);
    let (reports, _) = carry_out(&plan, &options());
    assert_eq!(outcomes(&reports[0]), [Outcome::Failed]);
    assert!(reports[0].steps[0].message.as_ref().unwrap().contains("fails without any change"));
    assert_eq!((old(folder.path()).len(), exit_code(&reports)), (4, 2));
}

#[test]
fn undo_goes_on_with_the_next_step() {
    let text = format!("[[step]]\nname = 'a'\n{}[[step]]\nname = 'b'\n", gate(&[1]));
    let (folder, plan) = batch(&text, &["."], 4);
    let (reports, _) = carry_out(&plan, &options());
    assert_eq!(outcomes(&reports[0]), [Outcome::Undone, Outcome::Applied]);
    assert_eq!((old(folder.path()), exit_code(&reports)), (vec![], 1));
}

#[test]
fn stop_leaves_the_changes_and_goes_on_once_they_are_mended() {
    let text = format!("[[step]]\nname = 'a'\non-failure = 'stop'\n{}[[step]]\nname = 'b'\n", gate(&[1]));
    let (folder, plan) = batch(&text, &["."], 4);
    let (reports, _) = carry_out(&plan, &options());
    assert_eq!(outcomes(&reports[0]), [Outcome::Stopped]);
    assert_eq!((old(folder.path()), exit_code(&reports)), (vec![], 1));
    fs::write(folder.path().join("m01.py"), "x = 2\n").unwrap();
    assert_eq!(outcomes(&carry_out(&plan, &options()).0[0]), [Outcome::Nothing, Outcome::Nothing]);
}

#[test]
fn gate_that_edits_the_files_is_an_error_and_loses_nothing() {
    let text = "[[step]]\nname = 's'\ngate = ['sh', '-c', 'echo mine > m00.py; exit 1']";
    let (folder, plan) = batch(text, &["."], 2);
    let (reports, _) = carry_out(&plan, &options());
    assert!(reports[0].steps[0].message.as_ref().unwrap().contains("the gate changed files"), "{reports:?}");
    assert_eq!(fs::read(folder.path().join("m00.py")).unwrap(), b"mine\n");
    assert_eq!(exit_code(&reports), 2);
}

#[test]
fn one_roots_failure_does_not_stop_the_others() {
    let (folder, plan) = batch("roots = ['r*']\n[[step]]\nname = 's'", &["r1", "r2", "r3"], 2);
    fs::write(folder.path().join("r2/broken"), "").unwrap();
    let (reports, _) = carry_out(&plan, &options());
    let outcomes: Vec<_> = reports.iter().map(|report| report.steps[0].outcome).collect();
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Failed, Outcome::Applied]);
    assert_eq!((old(&folder.path().join("r3")), exit_code(&reports)), (vec![], 2));
}

#[test]
fn dry_run_writes_nothing() {
    let text = format!("[[step]]\nname = 's'\n{}", gate(&[]));
    let (folder, plan) = batch(&text, &["."], 2);
    let (reports, _) = carry_out(&plan, &Options { mode: Mode::DryRun, ..options() });
    assert_eq!(outcomes(&reports[0]), [Outcome::Planned]);
    assert_eq!((old(folder.path()).len(), exit_code(&reports)), (2, 1));
    assert!(!folder.path().join(".awaitify").exists());
}

#[test]
fn commit_takes_the_files_of_the_step_only() {
    let text = format!("[[step]]\nname = 's'\ncommit = 'Convert'\non-failure = 'isolate'\n{}", gate(&[1]));
    let (folder, plan) = batch(&text, &["."], 3);
    let root = folder.path();
    repository(root);
    fs::write(root.join("staged.txt"), "").unwrap();
    git(root, &["add", "staged.txt"]);
    let (reports, _) = carry_out(&plan, &options());
    assert!(reports[0].error.as_ref().unwrap().contains("`--allow-dirty`"), "{reports:?}");
    let (reports, _) = carry_out(&plan, &Options { dirty: Dirty::Allow, ..options() });
    assert_eq!(outcomes(&reports[0]), [Outcome::Partly]);
    assert_eq!(git(root, &["show", "--name-only", "--format=%s"]), "Convert\n\nm00.py\nm02.py\n");
    assert_eq!(git(root, &["status", "--porcelain"]), "A  staged.txt\n");
}

#[test]
fn commit_needs_a_repository() {
    let (folder, plan) = batch("[[step]]\nname = 's'\ncommit = 'Convert'", &["."], 3);
    let (reports, _) = carry_out(&plan, &options());
    assert!(reports[0].steps[0].message.as_ref().unwrap().contains("no git repository"));
    assert_eq!(old(folder.path()).len(), 3);
}

/// Not a test: a batch in a process of its own, for the next test to kill.
#[test]
fn child() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    carry_out(&BatchPlan::read(Path::new(&path)).unwrap(), &options());
}

#[test]
fn killed_batch_takes_its_trial_back_and_goes_on() {
    // The gate of the second step kills the batch in its first, second, ... run, with a trial in the tree.
    for fatal in 1..=5 {
        let killer = format!("echo run >> {{}}; [ $(wc -l < {{}}) = {fatal} ] && kill -9 $PPID; ! grep -h 1 m02.py");
        let counter = tempfile::NamedTempFile::new().unwrap();
        let killer = killer.replace("{}", counter.path().to_str().unwrap());
        let text = format!(
            "[[step]]\nname = 'a'\ngate = ['false']\n[[step]]\nname = 'b'\non-failure = 'isolate'\n\
             gate = ['sh', '-c', '{killer}']"
        );
        let (folder, plan) = batch(&text, &["."], 4);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "batch::tests::runs::child"]).env(CHILD, &plan.path);
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(!status.success());

        let (reports, events) = carry_out(&plan, &options());
        assert!(events.iter().any(|event| matches!(event, Event::StepSkipped { step, .. } if step == "a")));
        // The second run asks about the tree as it is without the step.
        let undone = events.iter().any(|event| matches!(event, Event::TrialUndone { .. }));
        assert_eq!(undone, fatal != 2, "killed in run {fatal}");
        assert_eq!(outcomes(&reports[0]), [Outcome::Undone, Outcome::Partly]);
        assert_eq!(old(folder.path()), [2]);
        assert_eq!(outcomes(&carry_out(&plan, &options()).0[0]), [Outcome::Undone, Outcome::Undone]);
    }
}
