//! Small programs with every construct around a blocking call, migrated and run: what they print and what they ask of the layer
//! is the same, nothing blocks the event loop, and no coroutine is left un-awaited.
//!
//! A case is a file in `tests/constructs`: comment lines, then files under `#- path` headers. Its `expect.toml` says which functions
//! are coroutine functions afterwards (`async`) or not (`sync`), which text a file `contains` or `lacks`, what the report `says`, and for a program that
//! goes on blocking by Python's own rules `strict = false`, for one whose calls run side by side `calls = false`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rayon::prelude::*;
use serde_json::Value;

use crate::support::{Project, sections};

struct Case {
    name: String,
    before: Project,
    after: Project,
    expect: toml::Table,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/constructs")
}

#[test]
fn every_construct_runs_as_before() {
    let entries = fs::read_dir(folder()).expect("the cases").flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|kind| kind == "case")).collect();
    paths.sort();
    let migrated: Vec<Result<Case, String>> = paths.par_iter().map(|path| migrate(path)).collect();
    let mut problems: Vec<String> = vec![];
    let mut cases = vec![];
    for result in migrated {
        match result {
            Ok(case) => cases.push(case),
            Err(problem) => problems.push(problem),
        }
    }
    assert!(!cases.is_empty() || !problems.is_empty(), "there are cases");
    problems.extend(run_all(&cases));
    assert!(problems.is_empty(), "{} of {} cases:\n\n{}", problems.len(), paths.len(), problems.join("\n\n"));
}

/// The project of a case before and after.
fn migrate(path: &Path) -> Result<Case, String> {
    let name = path.file_stem().expect("a file").to_string_lossy().into_owned();
    let fixture = fs::read_to_string(path).expect("a case");
    let start = fixture.find("#- ").expect("a file in the case");
    let mut files = sections(&fixture[start..]);
    let at = files.iter().position(|(path, _)| *path == "expect.toml").expect("expectations");
    let expect: toml::Table = files.remove(at).1.parse().expect("TOML");
    let layer = fs::read_to_string(folder().join("layer.py")).expect("the layer");
    files.push(("layer.py", layer.clone()));
    if !files.iter().any(|(path, _)| *path == "awaitify.toml") {
        files.push((
            "awaitify.toml",
            "codemods = [\"persistence\", \"asyncio-run\"]\nkeep_sync = [\"layer.*\"]\n".into(),
        ));
    }
    let bytes: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let before = Project::of_bytes(&bytes);
    let after = before.copy();
    let apply = after.run("apply --allow-dirty");
    let again = after.run("diff");
    let mut wrong = vec![];
    if apply.code != 0 {
        wrong.push(format!("`apply` returned {}:\n{}", apply.code, apply.stderr));
    }
    if again.code != 0 || !again.stdout.is_empty() {
        wrong.push(format!("a second run is not empty:\n{}", String::from_utf8_lossy(&again.stdout)));
    }
    let unsaid = strings(expect.get("says")).into_iter().filter(|part| !apply.stderr.contains(part));
    wrong.extend(unsaid.map(|part| format!("the report does not say `{part}`:\n{}", apply.stderr)));
    wrong.extend(text_problems(&after, &expect));
    match wrong.is_empty() {
        true => Ok(Case { name, before, after, expect }),
        false => Err(format!("{name}: {}\n{}", wrong.join("\n"), sources(&after))),
    }
}

fn strings(value: Option<&toml::Value>) -> Vec<&str> {
    value.and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str).collect()
}

fn text_problems(after: &Project, expect: &toml::Table) -> Vec<String> {
    let mut found = vec![];
    for (key, keyword) in [("async", "async def "), ("sync", "def ")] {
        for function in strings(expect.get(key)) {
            let (path, name) = function.split_once('.').expect("`module.name`");
            let last = name.rsplit('.').next().unwrap_or(name);
            let text = after.text(&format!("{path}.py"));
            let is_there = text.lines().any(|line| line.trim_start().starts_with(&format!("{keyword}{last}(")));
            if !is_there {
                found.push(format!("`{function}` should be {key}"));
            }
        }
    }
    for (key, wanted) in [("contains", true), ("lacks", false)] {
        for (path, texts) in expect.get(key).and_then(toml::Value::as_table).into_iter().flatten() {
            let fold = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let text = fold(&after.text(path));
            let wrong = strings(Some(texts)).into_iter().filter(|part| text.contains(&fold(part)) != wanted);
            found.extend(wrong.map(|part| format!("`{path}` {key} `{part}`: no")));
        }
    }
    found
}

fn sources(project: &Project) -> String {
    let tree = project.tree().into_iter().filter(|(path, _)| path.ends_with(".py") && path != "layer.py");
    tree.map(|(path, bytes)| format!("#- {path}\n{}", String::from_utf8_lossy(&bytes))).collect()
}

/// Runs all programs before and after. Python: `AWAITIFY_PYTHON`, else `python3`.
fn run_all(cases: &[Case]) -> Vec<String> {
    let flag = |case: &Case, key: &str| case.expect.get(key).and_then(toml::Value::as_bool).unwrap_or(true);
    let Some(before) = run(cases.iter().map(|case| &case.before), false) else {
        eprintln!("SKIPPED every_construct_runs_as_before: AWAITIFY_PYTHON names no Python");
        return vec![];
    };
    let mut after: BTreeMap<&str, Value> = BTreeMap::new();
    for strict in [true, false] {
        let some: Vec<&Case> = cases.iter().filter(|case| flag(case, "strict") == strict).collect();
        let ran = run(some.iter().map(|case| &case.after), strict).expect("it ran before");
        after.extend(some.iter().map(|case| case.name.as_str()).zip(ran));
    }
    let mut problems = vec![];
    for (case, before) in cases.iter().zip(&before) {
        let after = &after[case.name.as_str()];
        let error = after["err"].as_str().unwrap_or_default();
        let output = |ran: &Value| {
            let text = ran["out"].as_str().unwrap_or_default();
            let lines = text.lines().filter(|line| flag(case, "calls") || !line.starts_with("LAYER "));
            lines.map(|line| format!("{line}\n")).collect::<String>()
        };
        let problem = if before["code"] != 0 {
            format!("fails before the migration:\n{}", before["err"].as_str().unwrap_or_default())
        } else if after["code"] != 0 {
            format!("fails after the migration:\n{error}")
        } else if error.contains("never awaited") {
            format!("leaves a coroutine un-awaited:\n{error}")
        } else if output(before) != output(after) {
            format!("does something else:\n{}---\n{}", output(before), output(after))
        } else {
            continue;
        };
        problems.push(format!("{}: {problem}\n{}", case.name, sources(&case.after)));
    }
    problems
}

/// What each program did; none without a Python.
fn run<'a>(projects: impl Iterator<Item = &'a Project>, strict: bool) -> Option<Vec<Value>> {
    let python = std::env::var("AWAITIFY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.args(["-W", "always"]).arg(folder().join("driver.py")).env("PYTHONDONTWRITEBYTECODE", "1");
    if strict {
        command.env("STRICT", "1");
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let folders: String = projects.map(|project| format!("{}\n", project.root().display())).collect();
    child.stdin.take().expect("it is piped").write_all(folders.as_bytes()).expect("the driver reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "the driver fails");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}
