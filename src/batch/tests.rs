//! Batches over toy projects: a group of the toy analysis turns one file's `x = 0` into `x = 1`.

mod plans;
mod runs;

use std::fs;

use tempfile::TempDir;

use super::*;

/// A folder with a plan and the roots that it names, each with `files` modules.
fn batch(plan: &str, roots: &[&str], files: usize) -> (TempDir, BatchPlan) {
    let folder = tempfile::tempdir().unwrap();
    for root in roots {
        let root = folder.path().join(root);
        fs::create_dir_all(&root).unwrap();
        (0..files).for_each(|index| fs::write(root.join(format!("m{index:02}.py")), "x = 0\n").unwrap());
    }
    let path = folder.path().join("plan.toml");
    fs::write(&path, plan).unwrap();
    let plan = BatchPlan::read(&path).unwrap();
    (folder, plan)
}

/// One group for each file that is not new yet; the step's `options.needs = { m04 = "m02" }` are its dependencies.
fn analyze(root: &Path, step: &Step) -> anyhow::Result<StepPlan> {
    if root.join("broken").exists() {
        anyhow::bail!("cannot analyze `{}`", root.display());
    }
    let root = root.to_path_buf();
    let is_old = |name: &String| fs::read(root.join(format!("{name}.py"))).unwrap() == b"x = 0\n";
    let needs = |name: &str| step.options.get("needs").and_then(|needs| needs.get(name)?.as_str().map(str::to_owned));
    let groups = names(&root).into_iter().filter(is_old).map(|name| Group {
        title: format!("Convert {name}"),
        functions: vec![format!("{name}.f")],
        depends_on: needs(&name).map(GroupId).into_iter().collect(),
        carried: false,
        id: GroupId(name),
    });
    let groups = groups.collect();
    let patch = move |id: &GroupId| {
        let path = root.join(format!("{id}.py"));
        Patch { path, before: b"x = 0\n".to_vec(), after: b"x = 1\n".to_vec() }
    };
    let patches = Box::new(move |ids: &[GroupId]| Ok(ids.iter().map(&patch).collect()));
    Ok(StepPlan { unreadable: vec![], groups, patches, why: Box::new(|id| format!("because of {id}")) })
}

fn names(root: &Path) -> Vec<String> {
    let files = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "py"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The numbers of the modules that are old.
fn old(root: &Path) -> Vec<usize> {
    let is_old = |name: &String| fs::read(root.join(format!("{name}.py"))).unwrap() == b"x = 0\n";
    names(root).into_iter().filter(is_old).map(|name| name[1..].parse().unwrap()).collect()
}

fn options() -> Options {
    let jobs = NonZeroUsize::new(2).unwrap();
    Options { jobs, mode: Mode::Apply, dirty: Dirty::Refuse, earlier: Earlier::Continue }
}

/// Runs a plan; returns the reports and the log.
fn carry_out(plan: &BatchPlan, options: &Options) -> (Vec<RootReport>, Vec<Event>) {
    let events = Mutex::new(Vec::new());
    let reports = run(plan, options, &analyze, &|event| events.lock().unwrap().push(event));
    (reports, events.into_inner().unwrap())
}

fn outcomes(report: &RootReport) -> Vec<Outcome> {
    report.steps.iter().map(|step| step.outcome).collect()
}
