//! `awaitify init`: looks at a project and proposes a config.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::Outcome;
use super::output::say;
use crate::analysis::{self, Request};
use crate::cli::{Console, InitArgs};
use crate::config;
use crate::config::flags::Flags;
use crate::plan::Counts;
use crate::proposal;
use crate::py::db::Kept;
use crate::report::proposal::{self as words, Around};

pub(super) fn run(console: &Console, args: &InitArgs) -> Result<Outcome> {
    let flags = Flags::default();
    let (config, _) = config::load(&args.path, &flags)?;
    if let Some(path) = config.path.as_deref() {
        let told = format!("`{}` configures awaitify already", path.display());
        if args.write {
            bail!("{told}, so nothing was written; leave `--write` out to see the proposal");
        }
        say(console, &format!("{told}; this is what a new one could say\n"));
    }
    let paths = [args.path.clone()];
    let mut kept = Kept::default();
    let analysis = analysis::look(Request { paths: &paths, flags: &flags, since: None, config_of: None }, &mut kept)?;
    for problem in &analysis.unreadable {
        say(console, &format!("{problem}\n"));
    }
    let proposal = proposal::propose(analysis.world());
    let around = Around {
        plugin: analysis.project.pytest.plugin,
        version: config::stated_python(&config.root),
        environment: [".venv", "venv"].into_iter().find(|name| config.root.join(name).is_dir()).map(str::to_owned),
        first_run: None,
    };
    let bare = words::toml(analysis.world(), &proposal, &around);
    let around = Around { first_run: Some(first_run(&args.path, &bare, &mut kept)?), ..around };
    let text = words::toml(analysis.world(), &proposal, &around);
    if args.write {
        let path = config.root.join("awaitify.toml");
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        let mut file = file.with_context(|| format!("cannot write `{}`", path.display()))?;
        file.write_all(text.as_bytes()).with_context(|| format!("cannot write `{}`", path.display()))?;
        say(console, &format!("`{}` written; `awaitify diff` shows what it does\n", path.display()));
    } else {
        std::io::stdout().lock().write_all(text.as_bytes()).context("cannot write to stdout")?;
    }
    Ok(Outcome::Clean)
}

/// What a run with the proposal would do.
fn first_run(path: &Path, text: &str, kept: &mut Kept) -> Result<Counts> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let file = folder.path().join("awaitify.toml");
    std::fs::write(&file, text).with_context(|| format!("cannot write `{}`", file.display()))?;
    let flags = Flags { config: Some(file), ..Flags::default() };
    let paths = [path.to_path_buf()];
    let request = Request { paths: &paths, flags: &flags, since: None, config_of: None };
    let analysis = analysis::answer_again(request, kept)?;
    Ok(analysis.counts())
}
