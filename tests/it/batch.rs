//! `awaitify batch`: real migrations as scripts of steps.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Project, run};

/// A module with an async function that blocks, for each of the names.
fn modules(root: &str, names: &[&str]) -> String {
    let module =
        |name: &&str| format!("#- {root}{name}.py\nasync def {name}():\n    return persistence.get('{name}')\n");
    names.iter().map(module).collect()
}

fn step(name: &str, rest: &str) -> String {
    format!("[[step]]\nname = \"{name}\"\ncodemods = [\"persistence\"]\n{rest}\n")
}

/// The modules that were migrated.
fn migrated(project: &Project) -> Vec<String> {
    let tree = project.tree();
    let is_new = |(path, bytes): &(&String, &Vec<u8>)| {
        path.ends_with(".py") && String::from_utf8_lossy(bytes).contains("to_thread")
    };
    tree.iter().filter(is_new).map(|(path, _)| path.clone()).collect()
}

fn events(run: &crate::support::Run) -> Vec<Value> {
    run.text().lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

#[test]
fn steps_are_applied_in_every_root() {
    let project = Project::new(&format!(
        "#- plan.toml\nroots = [\"services/*\"]\n{}#- services/a/awaitify.toml\n{}#- services/b/awaitify.toml\n{}",
        step("storage", ""),
        modules("services/a/", &["x", "y"]),
        modules("services/b/", &["z"]),
    ));
    let dry = project.run("batch plan.toml --dry-run").returned(1);
    assert!(dry.text().contains("services/a  storage  planned"), "{}", dry.text());
    assert!(migrated(&project).is_empty());
    let run = project.run("batch plan.toml -j 2").returned(0).says(&["services/b: storage: applied"]);
    assert!(run.text().contains("services/a  storage  applied  2/2     2"), "{}", run.text());
    assert_eq!(migrated(&project), ["services/a/x.py", "services/a/y.py", "services/b/z.py"]);
    let again = project.run("batch plan.toml").returned(0);
    assert!(again.text().contains("nothing to do"), "{}", again.text());
    run_in(&project, "services/a", &["undo"]);
    assert_eq!(migrated(&project), ["services/b/z.py"]);
}

fn run_in(project: &Project, folder: &str, arguments: &[&str]) {
    run(&project.root().join(folder), arguments, b"").returned(0);
}

#[test]
fn the_bad_group_of_twenty_is_found() {
    let names: Vec<String> = (0..20).map(|index| format!("m{index:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for bad in ["m00", "m13", "m19"] {
        let gate = format!("gate = [\"sh\", \"-c\", \"! grep to_thread {bad}.py\"]\non-failure = \"isolate\"");
        let project = Project::new(&format!("#- plan.toml\n{}{}", step("storage", &gate), modules("", &names)));
        let run = project.run("batch plan.toml --json").returned(1);
        let events = events(&run);
        let gates = events.iter().filter(|event| event["event"] == "gate").count();
        assert!(gates as f64 <= 2.0 * f64::log2(20.0) + 2.0, "{gates}");
        let last = events.iter().find(|event| event["event"] == "step-finished").expect("the step ends");
        assert_eq!(
            (&last["outcome"], &last["applied"], &last["gate-runs"]),
            (&"partly".into(), &19.into(), &gates.into())
        );
        let culprit = &last["culprits"][0];
        assert_eq!(culprit["id"], format!("{bad}.{bad}"));
        let why = culprit["why"].as_str().expect("a reason");
        assert!(why.contains("it makes the blocking call `persistence.get` "), "{why}");
        assert!(why.contains(&format!("({bad}.py:2)")), "{why}");
        assert_eq!(migrated(&project).len(), 19);
        assert!(!project.text(&format!("{bad}.py")).contains("to_thread"));
    }
}

#[test]
fn a_step_has_options_of_its_own() {
    let project = Project::new(&format!(
        "#- plan.toml\n{}#- awaitify.toml\nreach = \"all\"\n#- app.py\ndef f():\n    return persistence.get(1)\n",
        step("nothing", "options = { reach = \"async\" }"),
    ));
    project.run("batch plan.toml").returned(0);
    assert!(migrated(&project).is_empty());
    project.write("plan.toml", step("all", "paths = [\"app.py\"]").as_bytes());
    project.run("batch plan.toml").returned(0);
    assert_eq!(migrated(&project), ["app.py"]);
}

#[test]
fn mistakes_name_the_line() {
    let check = |plan: &str, words: &[&str]| {
        let project = Project::new(&format!("#- plan.toml\n{plan}{}", modules("", &["a"])));
        let run = project.run("batch plan.toml").returned(2);
        let said = format!("{}{}", run.stderr, run.text());
        words.iter().for_each(|word| assert!(said.contains(word), "`{word}`: {said}"));
        assert!(migrated(&project).is_empty());
    };
    check("[[step]]\nnmae = \"a\"\n", &["plan.toml:2: unknown key `nmae`; did you mean `name`?"]);
    check(&step("a", "options = { raech = \"all\" }"), &["plan.toml:1: unknown key `raech`; did you mean `reach`?"]);
    check("[[step]]\nname = \"a\"\ncodemods = [\"persistnce\"]\n", &["`persistnce`", "did you mean `persistence`?"]);
    check(&step("a", "gate = [\"no-such-program\"]"), &["cannot run `no-such-program`"]);
}

#[test]
fn a_file_that_does_not_parse_is_told_of() {
    let project = Project::new(&format!(
        "#- plan.toml\n{}{}#- broken.py\npersistence.get(\n",
        step("a", ""),
        modules("", &["a"])
    ));
    let run = project.run("batch plan.toml").returned(2);
    assert!(run.text().contains("broken.py:"), "{}", run.text());
    assert_eq!(migrated(&project), ["a.py"]);
}

#[test]
fn a_killed_batch_goes_on() {
    let project = Project::new(&format!(
        "#- plan.toml\n{}{}{}",
        step("first", "paths = [\"a.py\"]"),
        step("second", "gate = [\"sh\", \"-c\", \"test -e calm || kill -9 $PPID\"]"),
        modules("", &["a", "b", "c"]),
    ));
    let mut command = Command::new(env!("CARGO_BIN_EXE_awaitify"));
    let status = command.args(["batch", "plan.toml"]).current_dir(project.root());
    let status = status.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it starts");
    assert_eq!(status.code(), None, "it was killed");
    assert_eq!(migrated(&project), ["a.py", "b.py", "c.py"]);
    project.write("calm", b"");
    let run = project.run("batch plan.toml --json").returned(0);
    let found: Vec<String> =
        events(&run).iter().map(|event| event["event"].as_str().expect("a name").to_owned()).collect();
    assert_eq!(
        found,
        ["root-started", "trial-undone", "step-skipped", "step-planned", "gate", "step-finished", "root-finished"]
    );
    assert_eq!(migrated(&project), ["a.py", "b.py", "c.py"]);
}

#[test]
fn what_a_killed_batch_tried_goes_even_when_the_plan_is_another() {
    let killer = step("a", "gate = [\"sh\", \"-c\", \"kill -9 $PPID\"]");
    let project = Project::new(&format!("#- plan.toml\n{killer}{}", modules("", &["a"])));
    let mut command = Command::new(env!("CARGO_BIN_EXE_awaitify"));
    let status = command.args(["batch", "plan.toml"]).current_dir(project.root());
    status.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it starts");
    assert_eq!(migrated(&project), ["a.py"]);
    project.write("plan.toml", step("b", "gate = [\"false\"]").as_bytes());
    project.run("batch plan.toml").returned(1).says(&["took back what an earlier run was trying"]);
    assert!(migrated(&project).is_empty());
}

/// The three projects of `examples/batch`, with the Python of `AWAITIFY_PYTHON` as `python3`.
#[test]
fn the_example_runs() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/batch");
    let python = std::env::var("AWAITIFY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let probe = "import asyncio, sys; asyncio.to_thread; print(sys.executable)";
    let answer = Command::new(&python).args(["-c", probe]).stderr(Stdio::null()).output();
    let Some(answer) = answer.ok().filter(|answer| answer.status.success()) else {
        eprintln!("SKIPPED the_example_runs: `{python}` is no Python from 3.9; AWAITIFY_PYTHON names one");
        return;
    };
    // The script below is a `python3` itself: it must not find itself.
    let python = String::from_utf8(answer.stdout).expect("a path");
    let python = python.trim();
    let bin = tempfile::tempdir().expect("a folder");
    let script = format!("#!/bin/sh\nexec \"{python}\" \"$@\"\n");
    std::fs::write(bin.path().join("python3"), script).expect("a script");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(bin.path().join("python3"), mode).expect("a mode");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(PathBuf::from(bin.path())).chain(std::env::split_paths(&path)));
    let output = Command::new(examples.join("migrate.sh"))
        .arg(env!("CARGO_BIN_EXE_awaitify"))
        .env("PATH", path.expect("a path"))
        .output()
        .expect("the script runs");
    let (out, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}\n{log}");
    for line in [
        "projects/clinic   storage  applied         4/4",
        "projects/clinic   sleeps   applied         1/1",
        "projects/library  storage  applied         3/3",
        "projects/parcels  storage  partly applied  2/3",
        "`parcels.counter.Counter.next_number` breaks the gate",
        "+            await asyncio.sleep(self.pause)",
        "+        if await self.is_lent(title):",
        "+    await counter.put(number, place)",
    ] {
        assert!(out.contains(line), "the script shows `{line}`:\n{out}\n{log}");
    }
    assert_eq!(out.lines().filter(|line| *line == "OK").count(), 3, "{out}");
    assert!(!out.contains("+    number = await"), "{out}");
}
