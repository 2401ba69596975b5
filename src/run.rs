//! The commands: each takes the stages it needs, in order, prints, and writes last.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::analysis::{self, Analysis, Rewritten};
use crate::cli::options::{Format, KeepGoing, Output, Overrides, Selection};
use crate::cli::{ApplyArgs, Args, CodemodsArgs, Command, Console, DiffArgs, UndoArgs, WhyArgs};
use crate::config::{builtin, codemod, show};
use crate::index::facts::FileId;
use crate::journal::{self, Patch};
use crate::plan::Counts;
use crate::report::{diff, json, text};
use crate::verify;

/// What a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to do, or done.
    Clean,
    /// Changes are pending, or there are findings.
    Pending,
    /// Something could not be read, or a check failed.
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Clean => ExitCode::SUCCESS,
            Outcome::Pending => ExitCode::from(1),
            Outcome::Failed => ExitCode::from(2),
        }
    }
}

/// Deeply nested code is walked by recursion: [`crate::py::source::too_deep`] lets pass what these stacks hold.
const MAIN_STACK: usize = 16 << 20;
const WORKER_STACK: usize = 8 << 20;

/// Runs the command.
///
/// # Errors
/// Bad config, I/O, or a check of our own work that failed; main prints them and exits with 2.
pub fn run(args: &Args) -> Result<Outcome> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(args.console.jobs.map_or(0, NonZeroUsize::get))
        .stack_size(WORKER_STACK)
        .build_global()
        .context("cannot start the threads")?;
    std::thread::scope(|scope| {
        let main = std::thread::Builder::new().stack_size(MAIN_STACK).spawn_scoped(scope, || run_command(args));
        let main = main.context("cannot start the threads")?;
        main.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn run_command(args: &Args) -> Result<Outcome> {
    match &args.command {
        Command::Diff(diff) => run_diff(&args.console, diff),
        Command::Apply(apply) => run_apply(&args.console, apply),
        Command::Why(why) => run_why(why),
        Command::Undo(undo) => run_undo(&args.console, undo),
        Command::Codemods(codemods) => run_codemods(codemods),
        Command::Check(_) | Command::Batch(_) | Command::Init(_) => bail!("this command is not built yet"),
    }
}

/// Analyzes, rewrites and verifies.
fn migrate(console: &Console, selection: &Selection, overrides: &Overrides) -> Result<(Analysis, Vec<Rewritten>)> {
    let mut analysis = analysis::analyze(&selection.paths, &overrides.flags(selection))?;
    if selection.keep_going == KeepGoing::No
        && let Some(problem) = analysis.unreadable.first()
    {
        bail!("{problem}");
    }
    let rewritten = analysis::rewrite_all(&mut analysis)?;
    let failures = analysis::verify_all(&analysis, &rewritten);
    if !failures.is_empty() {
        bail!("{}", failed_checks(&analysis, &failures));
    }
    for problem in analysis.problems.iter().chain(&analysis.unreadable) {
        say(console, &format!("{problem}\n"));
    }
    Ok((analysis, rewritten))
}

fn failed_checks(analysis: &Analysis, failures: &[verify::Failure]) -> String {
    let mut out = String::from(
        "a check of awaitify's own work failed, so nothing was shown or written. This is a bug: please report these lines\n",
    );
    for failure in failures.iter().take(20) {
        let line = analysis
            .project
            .files
            .iter()
            .find(|file| file.relative == failure.path)
            .and_then(|file| std::fs::read(&file.path).ok())
            .map_or(0, |bytes| {
                let end = bytes.len().min(usize::from(failure.offset));
                bytes[..end].iter().filter(|byte| **byte == b'\n').count() + 1
            });
        out += &format!("  {}:{line}: {}: {}\n", failure.path, failure.check.name(), failure.message);
    }
    if failures.len() > 20 {
        out += &format!("  and {} more\n", failures.len() - 20);
    }
    out
}

fn say(console: &Console, text: &str) {
    if !console.quiet {
        anstream::eprint!("{text}");
    }
}

/// Writes data to stdout or to `--output`.
fn emit(output: &Output, bytes: &[u8]) -> Result<()> {
    match &output.output {
        Some(path) => std::fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display())),
        None => match std::io::stdout().lock().write_all(bytes) {
            // `awaitify diff | head` closes the pipe early.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => result.context("cannot write to stdout"),
        },
    }
}

fn diff_of(analysis: &Analysis, rewritten: &[Rewritten], color: diff::Color) -> Vec<u8> {
    let mut out = vec![];
    for done in rewritten {
        let file = analysis.project.file(done.file);
        let blocks = diff::blocks(&done.source.text, &done.edits);
        out.extend(diff::unified(Path::new(&file.relative), &done.before, &done.after, Some(&blocks), color));
    }
    out
}

fn color_of(console: &Console, output: &Output) -> diff::Color {
    use crate::cli::Color;
    let terminal = || {
        output.output.is_none()
            && std::io::IsTerminal::is_terminal(&std::io::stdout())
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    };
    match console.color {
        Color::Always => diff::Color::Always,
        Color::Auto if terminal() => diff::Color::Always,
        Color::Auto | Color::Never => diff::Color::Never,
    }
}

fn report(analysis: &Analysis, output: &Output, console: &Console) -> Result<()> {
    let counts = Counts::of(&analysis.plan);
    let world = analysis.world();
    match output.format {
        Format::Json => {
            let text = json::report(world, &analysis.verdicts, counts, &analysis.problems, &analysis.unreadable);
            emit(output, text.as_bytes())
        }
        Format::Human | Format::Sarif | Format::Github | Format::Markdown | Format::Html => {
            say(console, &text::summary(world, &analysis.verdicts, counts));
            Ok(())
        }
    }
}

fn outcome(analysis: &Analysis, pending: bool, exit_zero: bool) -> Outcome {
    if !analysis.unreadable.is_empty() {
        Outcome::Failed
    } else if pending && !exit_zero {
        Outcome::Pending
    } else {
        Outcome::Clean
    }
}

fn run_diff(console: &Console, args: &DiffArgs) -> Result<Outcome> {
    let (analysis, rewritten) = migrate(console, &args.selection, &args.overrides)?;
    if args.output.format == Format::Human {
        emit(&args.output, &diff_of(&analysis, &rewritten, color_of(console, &args.output)))?;
    }
    report(&analysis, &args.output, console)?;
    Ok(outcome(&analysis, !rewritten.is_empty(), args.output.exit_zero))
}

fn run_apply(console: &Console, args: &ApplyArgs) -> Result<Outcome> {
    let (analysis, rewritten) = migrate(console, &args.selection, &args.overrides)?;
    let root = &analysis.project.root;
    let patches: Vec<Patch> = rewritten
        .into_iter()
        .map(|done| Patch {
            path: analysis.project.file(done.file).path.clone(),
            before: done.before,
            after: done.after,
        })
        .collect();
    if !args.allow_dirty {
        let paths: Vec<PathBuf> = patches.iter().map(|patch| patch.path.clone()).collect();
        refuse_dirty(root, &paths)?;
    }
    if !patches.is_empty() {
        let written = journal::write(root, &[], &patches).map_err(|error| anyhow::anyhow!("{error}"))?;
        for note in &written.notes {
            say(console, &format!("{note}\n"));
        }
        say(console, &format!("{} files written; `awaitify undo` puts the old bytes back\n", written.files));
    }
    report(&analysis, &args.output, console)?;
    Ok(outcome(&analysis, false, args.output.exit_zero))
}

fn refuse_dirty(root: &Path, paths: &[PathBuf]) -> Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    let dirty = journal::git::dirty_files(root, &[]).map_err(|error| anyhow::anyhow!("{error}"))?;
    if dirty.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = dirty.iter().take(5).map(|path| format!("  {}", path.display())).collect();
    bail!(
        "git has uncommitted changes, so nothing was written; commit or stash them, or pass `--allow-dirty`:\n{}",
        shown.join("\n")
    );
}

fn run_why(args: &WhyArgs) -> Result<Outcome> {
    let analysis = analysis::analyze(&args.selection.paths, &args.overrides.flags(&args.selection))?;
    let text = match args.target.rsplit_once(':') {
        Some((path, line)) => why_line(&analysis, path, line)?,
        None => why_name(&analysis, &args.target)?,
    };
    emit(&args.output, text.as_bytes())?;
    Ok(Outcome::Clean)
}

fn why_line(analysis: &Analysis, path: &str, line: &str) -> Result<String> {
    let line: usize = line.parse().with_context(|| format!("`{line}` is no line number; write `file.py:LINE`"))?;
    let wanted = path.trim_start_matches("./");
    let file = analysis
        .project
        .files
        .iter()
        .position(|file| file.relative == wanted || file.path == Path::new(path) || file.path.ends_with(wanted))
        .with_context(|| format!("no file of the project is named `{path}`"))?;
    let text = text::why_line(analysis.world(), &analysis.verdicts, FileId(file as u32), line);
    Ok(if text.is_empty() { format!("{path}:{line}: nothing here leads to a blocking call\n") } else { text })
}

fn why_name(analysis: &Analysis, name: &str) -> Result<String> {
    let world = analysis.world();
    let last = name.rsplit('.').next().unwrap_or(name);
    let mut found = vec![];
    for (file, facts) in analysis.index.loaded_files() {
        for (index, func) in facts.funcs.iter().enumerate().filter(|(_, func)| func.name == last) {
            let id = crate::index::facts::FuncId { file, index: index as u32 };
            let qualified = world.names().qualified_func(id);
            if qualified == name || func.qualname == name || qualified.ends_with(&format!(".{name}")) {
                found.push(id);
            }
        }
    }
    if found.is_empty() {
        return Ok(format!("`{name}`: no function of that name leads to a blocking call\n"));
    }
    Ok(found.into_iter().map(|id| text::why(world, &analysis.verdicts, id)).collect())
}

fn run_undo(console: &Console, args: &UndoArgs) -> Result<Outcome> {
    let start = std::path::absolute(&args.path).with_context(|| format!("cannot find `{}`", args.path.display()))?;
    let root = start
        .ancestors()
        .find(|folder| folder.join(".awaitify").is_dir())
        .with_context(|| format!("nothing was applied in `{}`, so there is nothing to undo", start.display()))?;
    let undone = journal::undo(root, None, journal::Edited::Refuse).map_err(|error| anyhow::anyhow!("{error}"))?;
    say(console, &format!("{} files have their old bytes back\n", undone.restored.len()));
    Ok(Outcome::Clean)
}

fn run_codemods(args: &CodemodsArgs) -> Result<Outcome> {
    let text = match &args.name {
        None => show::list(&builtin::all()),
        Some(name) => show::one(&codemod::named(name)?),
    };
    anstream::print!("{text}");
    Ok(Outcome::Clean)
}
