//! Migrates one generated program after the other in one process: `run.py` writes the path of a folder to stdin, and reads one
//! line of JSON: the exit code and the report of `apply`, and what a second `diff` says. The database is kept in between, so
//! a program costs a few milliseconds; `run.py --plain` runs the command itself.

use std::io::{BufRead as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use awaitify::analysis::{Analysis, Request, Rewritten, answer_again, rewrite_all, verify_all};
use awaitify::config::flags::Flags;
use awaitify::py::db::Kept;
use awaitify::report::{json, text};

fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(8 << 20).build_global().expect("the first pool");
    let worker = std::thread::Builder::new().stack_size(16 << 20).spawn(serve).expect("a thread");
    worker.join().expect("panics are caught");
}

fn serve() {
    let mut kept = Kept::default();
    for line in std::io::stdin().lock().lines() {
        let folder = PathBuf::from(line.expect("stdin is read"));
        let done = catch_unwind(AssertUnwindSafe(|| program(&folder, &mut kept)));
        if done.is_err() {
            kept = Kept::default();
        }
        let answer = match done {
            Ok(answer) => answer,
            Err(_) => serde_json::json!({"exit": 101, "report": "panicked at: see stderr"}),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}").and_then(|()| out.flush()).expect("stdout is open");
    }
}

/// `apply`, and `diff` on what it wrote.
fn program(folder: &Path, kept: &mut Kept) -> serde_json::Value {
    answer(folder, kept).unwrap_or_else(|error| serde_json::json!({"exit": 2, "report": format!("{error:#}")}))
}

fn answer(folder: &Path, kept: &mut Kept) -> Result<serde_json::Value> {
    let (analysis, rewritten) = migrate(folder, kept)?;
    let counts = analysis.counts();
    let report = text::summary(analysis.world(), &analysis.verdicts, counts, text::Length::Short);
    let beside = json::Beside { groups: &[], chosen: None, hazards: &[], problems: &[], unreadable: &[] };
    let all: serde_json::Value =
        serde_json::from_str(&json::report(analysis.world(), &analysis.verdicts, counts, &beside))?;
    for done in &rewritten {
        std::fs::write(&analysis.project.file(done.file).path, &done.after).expect("the program is written");
    }
    let exit = if analysis.unreadable.is_empty() { 0 } else { 2 };
    let second = match migrate(folder, kept) {
        Ok((_, again)) => again.iter().map(|done| done.text.as_str()).collect::<Vec<_>>().join("\n"),
        Err(error) => format!("{error:#}"),
    };
    Ok(
        serde_json::json!({"exit": exit, "report": report, "second": second, "told": {"sites": all["sites"], "functions": all["functions"]}}),
    )
}

fn migrate(folder: &Path, kept: &mut Kept) -> Result<(Analysis, Vec<Rewritten>)> {
    let paths = [folder.to_path_buf()];
    let request = Request { paths: &paths, flags: &Flags::default(), since: None, config_of: None };
    let mut analysis = answer_again(request, kept)?;
    let rewritten = rewrite_all(&mut analysis)?;
    let failures = verify_all(&analysis, &rewritten);
    if !failures.is_empty() {
        let lines: Vec<String> = failures
            .iter()
            .map(|failure| {
                format!("{}:{:?}: {}: {}", failure.path, failure.offset, failure.check.name(), failure.message)
            })
            .collect();
        bail!("a check of awaitify's own work failed\n{}", lines.join("\n"));
    }
    Ok((analysis, rewritten))
}
