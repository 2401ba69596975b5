//! Running a gate: a program in the root, with a time limit, its output kept in a file.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::interrupt;
use crate::journal::Failure;

/// How many lines of a gate's output a report shows.
const TAIL: usize = 20;
/// Between two looks whether a gate has ended.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What a gate said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub passed: bool,
    pub seconds: f64,
    /// The last lines of its output.
    pub tail: String,
}

/// Runs `command` (program and arguments) in `root`. Its output goes to `output`, which is replaced.
pub(crate) fn run(
    root: &Path,
    command: &[String],
    timeout: Option<Duration>,
    output: &Path,
) -> Result<Verdict, Failure> {
    let folder = output.parent().expect("the output file has a folder");
    fs::create_dir_all(folder).map_err(|error| Failure::new("create", folder, error))?;
    let log = File::create(output).map_err(|error| Failure::new("create", output, error))?;
    let (program, arguments) = command.split_first().expect("the parser lets no empty gate through");
    let start = Instant::now();
    let mut child = spawn(root, program, arguments, log)?;
    let status = wait(&mut child, timeout).map_err(|error| Failure::new("wait for", Path::new(program), error))?;
    let text = fs::read(output).map_err(|error| Failure::new("read", output, error))?;
    let mut tail = tail(&String::from_utf8_lossy(&text));
    if status.is_none() {
        tail.push_str("\n(stopped: it ran out of time)");
    }
    let passed = status.is_some_and(|status| status.success());
    Ok(Verdict { passed, seconds: start.elapsed().as_secs_f64(), tail })
}

fn spawn(root: &Path, program: &str, arguments: &[String], log: File) -> Result<Child, Failure> {
    let failed = |error| Failure::new("run", Path::new(program), error);
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root).stdin(Stdio::null());
    command.stdout(log.try_clone().map_err(failed)?).stderr(log);
    // A group of its own, so that a gate that runs out of time goes with all that it started.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(failed)
}

/// `None` when it ran out of time and was killed.
fn wait(child: &mut Child, timeout: Option<Duration>) -> io::Result<Option<std::process::ExitStatus>> {
    let end = timeout.map(|timeout| Instant::now() + timeout);
    let mut pause = Duration::from_millis(1);
    while end.is_none_or(|end| Instant::now() < end) {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if let Err(error) = interrupt::check() {
            kill(child)?;
            child.wait()?;
            return Err(error);
        }
        sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    kill(child)?;
    child.wait()?;
    Ok(None)
}

#[cfg(unix)]
fn kill(child: &mut Child) -> io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = Pid::from_raw(child.id().cast_signed()).expect("a child has a process id");
    Ok(kill_process_group(group, Signal::KILL)?)
}

#[cfg(not(unix))]
fn kill(child: &mut Child) -> io::Result<()> {
    child.kill()
}

fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, timeout: Option<Duration>) -> Verdict {
        let root = tempfile::tempdir().unwrap();
        let command = ["sh", "-c", script].map(str::to_owned);
        run(root.path(), &command, timeout, &root.path().join("logs/gate.log")).unwrap()
    }

    #[test]
    fn exit_code_decides() {
        assert!(check("exit 0", None).passed);
        assert!(!check("exit 3", None).passed);
        assert!(!check("kill -9 $$", None).passed);
    }

    #[test]
    fn output_is_kept_to_its_last_lines() {
        let verdict = check("seq 100; echo oops >&2", None);
        assert!(verdict.tail.starts_with("82\n") && verdict.tail.ends_with("100\noops"), "{}", verdict.tail);
    }

    #[test]
    fn time_runs_out_for_it_and_all_it_started() {
        let verdict = check("sleep 60 & sleep 60", Some(Duration::from_millis(200)));
        assert!(!verdict.passed && verdict.seconds < 10.0);
        assert!(verdict.tail.contains("ran out of time"));
    }

    #[test]
    fn program_that_is_not_there_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let error = run(root.path(), &["no-such-gate".to_owned()], None, &root.path().join("log")).unwrap_err();
        assert!(error.to_string().starts_with("cannot run `no-such-gate`"));
    }
}
