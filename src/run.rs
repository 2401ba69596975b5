//! The commands: each takes the stages it needs, in order, prints, and writes last.

mod unbuilt;
mod undo;

use std::io::{Read as _, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::analysis::{self, Analysis, Request, Rewritten};
use crate::cli::options::{Format, KeepGoing, Output, Overrides, Selection};
use crate::cli::{ApplyArgs, Args, CodemodsArgs, Command, Console, DiffArgs, EditArgs, WhyArgs};
use crate::config::flags::Flags;
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
        Command::Undo(undo) => undo::run(&args.console, undo),
        Command::Codemods(codemods) => run_codemods(codemods),
        Command::Check(_) | Command::Batch(_) | Command::Init(_) => bail!("this command is not built yet"),
    }
}

/// Analyzes, rewrites and verifies.
fn migrate(console: &Console, selection: &Selection, overrides: &Overrides) -> Result<(Analysis, Vec<Rewritten>)> {
    unbuilt::no_stdin(&selection.paths)?;
    let flags = overrides.flags(selection);
    carry_out(console, selection, request(selection, &flags))
}

fn request<'a>(selection: &'a Selection, flags: &'a Flags) -> Request<'a> {
    Request { paths: &selection.paths, flags, since: selection.since.as_deref(), config_of: None }
}

/// The one file that is read from stdin, in a project of its own with the config of the current folder.
fn migrate_stdin(
    console: &Console,
    selection: &Selection,
    overrides: &Overrides,
) -> Result<(Analysis, Vec<Rewritten>)> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let path = folder.path().join("stdin.py");
    let mut bytes = vec![];
    std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read stdin")?;
    std::fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
    let flags = overrides.flags(selection);
    let request = Request { paths: &[path], flags: &flags, since: None, config_of: Some(Path::new(".")) };
    carry_out(console, selection, request)
}

fn carry_out(console: &Console, selection: &Selection, request: Request) -> Result<(Analysis, Vec<Rewritten>)> {
    let mut analysis = analysis::answer(request)?;
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
    let base = diff_base(analysis, rewritten);
    let mut out = vec![];
    for done in rewritten {
        let path = &analysis.project.file(done.file).path;
        let blocks = diff::blocks(&done.source.text, &done.edits);
        let shown = path.strip_prefix(&base).unwrap_or(path);
        out.extend(diff::unified(shown, &done.before, &done.after, Some(&blocks), color));
    }
    out
}

/// The folder that paths in the diff start from: the current one, where `git apply` will look, else the project's root.
fn diff_base(analysis: &Analysis, rewritten: &[Rewritten]) -> PathBuf {
    let current = std::env::current_dir().and_then(std::fs::canonicalize);
    let holds_all =
        |folder: &PathBuf| rewritten.iter().all(|done| analysis.project.file(done.file).path.starts_with(folder));
    current.ok().filter(holds_all).unwrap_or_else(|| analysis.project.root.clone())
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
    unbuilt::refuse(&args.selection, &args.edits, &args.output)?;
    if args.save.is_some() {
        bail!("`--save` is not built yet");
    }
    let migrate = if args.selection.paths == [Path::new("-")] { migrate_stdin } else { migrate };
    let (analysis, rewritten) = migrate(console, &args.selection, &args.overrides)?;
    if args.output.format == Format::Human {
        emit(&args.output, &diff_of(&analysis, &rewritten, color_of(console, &args.output)))?;
    }
    report(&analysis, &args.output, console)?;
    Ok(outcome(&analysis, !rewritten.is_empty(), args.output.exit_zero))
}

fn run_apply(console: &Console, args: &ApplyArgs) -> Result<Outcome> {
    unbuilt::refuse(&args.selection, &args.edits, &args.output)?;
    if args.plan.is_some() {
        bail!("`--plan` is not built yet");
    }
    if args.resume {
        let start = args.selection.paths.first().context("name at least one path")?;
        return undo::resume(console, start);
    }
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
    // The report reads the lines of the files as they were.
    report(&analysis, &args.output, console)?;
    if !patches.is_empty() {
        let written = journal::write(root, &[], &patches).map_err(|error| anyhow::anyhow!("{error}"))?;
        for note in &written.notes {
            say(console, &format!("{note}\n"));
        }
        let files = text::plural(written.files, "file");
        say(console, &format!("{files} written; `awaitify undo` puts the old bytes back\n"));
    }
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
    unbuilt::refuse(&args.selection, &EditArgs::default(), &args.output)?;
    unbuilt::no_stdin(&args.selection.paths)?;
    let flags = args.overrides.flags(&args.selection);
    let analysis = analysis::answer(request(&args.selection, &flags))?;
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

fn run_codemods(args: &CodemodsArgs) -> Result<Outcome> {
    let text = match &args.name {
        None => show::list(&builtin::all()),
        Some(name) => show::one(&codemod::named(name)?),
    };
    anstream::print!("{text}");
    Ok(Outcome::Clean)
}
