use super::*;

/// What is wrong with a plan beside the folders `a`, `b`, `a/inner` and `.hidden`.
fn check(plan: &str) -> String {
    let folder = folder();
    let path = folder.path().join("plan.toml");
    fs::write(&path, plan).unwrap();
    let problem = BatchPlan::read(&path).unwrap_err().to_string();
    problem.strip_prefix(&format!("{}:", path.display())).unwrap().to_owned()
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    ["a/inner", "b", ".hidden"].iter().for_each(|name| fs::create_dir_all(folder.path().join(name)).unwrap());
    folder
}

fn roots(patterns: &str) -> Vec<String> {
    let folder = folder();
    let path = folder.path().join("plan.toml");
    fs::write(&path, format!("roots = {patterns}\n[[step]]\nname = 's'\n")).unwrap();
    let base = folder.path().canonicalize().unwrap();
    let roots = BatchPlan::read(&path).unwrap().roots;
    roots.iter().map(|root| root.strip_prefix(&base).unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn unknown_keys_name_the_line_and_the_nearest() {
    assert_eq!(check("\nrots = []"), "2: unknown key `rots`; did you mean `roots`?");
    let step = check("[[step]]\nname = 's'\n\non_failure = 'stop'");
    assert_eq!(step, "4: unknown key `on_failure`; did you mean `on-failure`?");
    assert_eq!(check("xyz = 1"), "1: unknown key `xyz`; there are: `roots`, `timeout`, `max-gate-runs`, `step`");
}

#[test]
fn wrong_values_name_the_line() {
    assert_eq!(check("roots = 1\n[[step]]\nname = 's'"), "1: `roots` is an array of strings: `[\"...\", \"...\"]`");
    assert_eq!(check("[step]\nname = 's'"), "1: a step is written as `[[step]]`");
    assert_eq!(check(""), "1: there is no `[[step]]`");
    assert_eq!(check("[[step]]\n\n[[step]]"), "1: a step needs a `name`");
    assert_eq!(check("[[step]]\nname = 's'\n[[step]]\nname = 's'"), "4: there is a step `s` already");
    let gate = check("[[step]]\nname = 's'\ngate = 'pytest -q'");
    assert_eq!(gate, "3: `gate` is an array of strings: `[\"...\", \"...\"]`");
    assert_eq!(check("[[step]]\nname = 's'\ngate = []"), "3: `gate` is empty; it is a program and its arguments");
    let failure = check("[[step]]\nname = 's'\ngate = ['a']\non-failure = 'isolat'");
    assert_eq!(failure, "4: `isolat` is none of `stop`, `undo`, `isolate`; did you mean `isolate`?");
    assert!(check("[[step]]\nname = 's'\non-failure = 'stop'").starts_with("3: `on-failure` says what a failing"));
    assert!(check("[[step]]\nname = 's'\npaths = ['../x']").starts_with("3: `../x` leads out of the root"));
    assert!(check("timeout = '5 days'").starts_with("1: `timeout` is a number of seconds"));
    assert_eq!(check("max-gate-runs = 0"), "1: `max-gate-runs` is a number above 0");
    assert!(check("a = = 1").starts_with("1: "));
}

#[test]
fn roots_are_folders_or_patterns() {
    assert_eq!(roots("['.']"), [""]);
    assert_eq!(roots("['*']"), ["a", "b"]);
    assert_eq!(roots("['a/*', 'b', './b']"), ["a/inner", "b"]);
    let step = "[[step]]\nname = 's'";
    assert_eq!(check(&format!("roots = ['no']\n{step}")), "1: no folder fits `no`");
    assert!(check(&format!("roots = ['a/**']\n{step}")).contains("says how deep"));
    assert!(check(&format!("roots = ['a', 'a/inner']\n{step}")).contains("is inside the root"));
}

#[test]
fn steps_are_read() {
    let text = "timeout = '2m'\n[[step]]\nname = 'one'\n[[step]]\nname = 'two'\ncodemods = ['x']\npaths = ['src']\n\
                options = { reach = 'async' }\ngate = ['make', 'test']\ntimeout = 7\nmax-gate-runs = 9\n\
                commit = 'Two'\non-failure = 'isolate'\n";
    let (_folder, plan) = batch(text, &[], 0);
    let [one, two] = &plan.steps[..] else { panic!() };
    assert_eq!((one.timeout, one.max_gate_runs, one.on_failure), (Some(Duration::from_secs(120)), 40, OnFailure::Undo));
    assert_eq!((two.timeout, two.max_gate_runs, two.line), (Some(Duration::from_secs(7)), 9, 4));
    assert_eq!(two.options["reach"].as_str(), Some("async"));
    assert_eq!(two.gate.as_deref(), Some(&["make".to_owned(), "test".to_owned()][..]));
}
