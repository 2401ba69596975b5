//! `awaitify batch`: plans each step with the pipeline, and prints what becomes of it.

use std::cell::RefCell;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context as _, Result, anyhow};

use super::Outcome;
use super::apply::patches;
use super::migrate::{self, Migration};
use super::output::say;
use crate::analysis::Request;
use crate::batch::{self, BatchPlan, Dirty, Earlier, Event, Mode, Options, RootReport, Step, StepPlan};
use crate::cli::{BatchArgs, Console};
use crate::config::flags::{Flags, Layer};
use crate::group::GroupId;
use crate::interrupt;
use crate::report;

pub(super) fn run(console: &Console, args: &BatchArgs) -> Result<Outcome> {
    let plan = BatchPlan::read(&args.plan).map_err(|problem| anyhow!("{problem}"))?;
    let options = Options {
        jobs: console.jobs.unwrap_or(NonZeroUsize::MIN),
        mode: if args.dry_run { Mode::DryRun } else { Mode::Apply },
        dirty: if args.allow_dirty { Dirty::Allow } else { Dirty::Refuse },
        earlier: if args.restart { Earlier::Restart } else { Earlier::Continue },
    };
    let folder = args.plan.parent().map(Path::to_path_buf).unwrap_or_default();
    let analysis = |root: &Path, step: &Step| plan_step(root, step, &args.plan, &folder);
    let log = |event: Event| log(console, args, &plan, &event);
    let reports = {
        let _guard = interrupt::put_off();
        batch::run(&plan, &options, &analysis, &log)
    };
    if args.json {
        return Ok(outcome(&reports));
    }
    anstream::print!("{}", batch::summary(&plan, &reports));
    Ok(outcome(&reports))
}

fn outcome(reports: &[RootReport]) -> Outcome {
    match batch::exit_code(reports) {
        _ if interrupt::is_requested() => Outcome::Interrupted,
        0 => Outcome::Clean,
        1 => Outcome::Pending,
        _ => Outcome::Failed,
    }
}

/// A line of JSON on stdout, or a line for people on stderr.
fn log(console: &Console, args: &BatchArgs, plan: &BatchPlan, event: &Event) {
    if args.json {
        let line = serde_json::to_string(event).expect("an event is plain data");
        // Nobody reads the log any more: that is no reason to leave a step half done.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    } else {
        say(console, &format!("{}\n", batch::line(plan, event)));
    }
}

/// Analyzes a root for one step, with everything verified that comes of it.
fn plan_step(root: &Path, step: &Step, plan: &Path, folder: &Path) -> Result<StepPlan> {
    let flags = Flags {
        codemods: step.codemods.iter().map(|name| codemod(folder, name)).collect(),
        layer: Some(Layer {
            path: plan.to_path_buf(),
            line: step.line,
            directory: root.to_path_buf(),
            text: toml::to_string(&step.options).context("`options` of the step")?,
        }),
        ..Flags::default()
    };
    let paths: Vec<PathBuf> = match step.paths.as_slice() {
        [] => vec![root.to_path_buf()],
        paths => paths.iter().map(|path| root.join(path)).collect(),
    };
    let request = Request { paths: &paths, flags: &flags, since: None, config_of: None };
    let migration = migrate::plain(request)?;
    let groups = migration.groups.named.clone();
    let unreadable = migration.analysis.unreadable.iter().map(ToString::to_string).collect();
    let (all, shared) = (migration.groups.ids(), Rc::new(RefCell::new(migration)));
    let asked = Rc::clone(&shared);
    Ok(StepPlan {
        groups,
        unreadable,
        patches: Box::new(move |ids| {
            let mut migration = shared.borrow_mut();
            if ids.len() < all.len() || migration.chosen.is_some() {
                migration.choose(ids)?;
            }
            Ok(patches(&migration.analysis, &migration.rewritten))
        }),
        why: Box::new(move |id| why(&asked.borrow(), id)),
    })
}

/// A codemod of the user's own, by its path beside the plan; or the name of a built-in one.
fn codemod(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    if path.is_file() { path.to_string_lossy().into_owned() } else { name.to_owned() }
}

fn why(migration: &Migration, id: &GroupId) -> String {
    let (world, verdicts) = migration.analysis.whole();
    let found = migration.groups.named.iter().zip(&migration.groups.planned).find(|(group, _)| group.id == *id);
    let text = found.map(|(_, planned)| report::groups::explanation(world, verdicts, planned));
    text.unwrap_or_default().trim_end().to_owned()
}
