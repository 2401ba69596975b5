//! The dialog in a real pseudo-terminal.

use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

use crate::support::Project;

/// `load` brings `both`, and so does `save`; `keep` stands alone.
const APP: &str = "#- app.py
def load(key):
    return persistence.get(key)

def save(key):
    return persistence.put(key)

def both(key):
    return load(key), save(key)

async def show(key):
    return both(key)

async def keep(key):
    persistence.keep(key)
";
const PROMPT: &str = ",?]? ";
const PATIENCE: Duration = Duration::from_secs(120);

/// awaitify, talking to a terminal.
struct Terminal {
    child: Child,
    pty: Arc<Pty>,
    screen: Arc<(Mutex<String>, Condvar)>,
    /// How much of the screen was looked at.
    seen: usize,
}

impl Terminal {
    fn start(project: &Project, line: &str) -> Terminal {
        let (pty, pts) = open().expect("a pseudo-terminal");
        pty.resize(Size::new(40, 120)).expect("a size");
        let command = Command::new(env!("CARGO_BIN_EXE_awaitify")).args(line.split_whitespace());
        let command = command.current_dir(project.root()).env("TERM", "xterm-256color").env_remove("NO_COLOR");
        let child = command.spawn(pts).expect("it starts");
        let (pty, screen) = (Arc::new(pty), Arc::new((Mutex::new(String::new()), Condvar::new())));
        let (reader, shared) = (Arc::clone(&pty), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The read fails when the program and its end of the terminal are gone.
            while let Ok(count @ 1..) = (&*reader).read(&mut bytes) {
                shared.0.lock().expect("a screen").push_str(&String::from_utf8_lossy(&bytes[..count]));
                shared.1.notify_all();
            }
        });
        Terminal { child, pty, screen, seen: 0 }
    }

    /// Waits until `text` appears behind what was looked at, and returns all up to it.
    #[track_caller]
    fn expect(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        let mut screen = self.screen.0.lock().expect("a screen");
        loop {
            if let Some(at) = screen[self.seen..].find(text) {
                let shown = screen[self.seen..self.seen + at + text.len()].to_owned();
                self.seen += shown.len();
                return shown;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "`{text}` does not appear:\n{}", &screen[self.seen..]);
            screen = self.screen.1.wait_timeout(screen, left.min(Duration::from_millis(100))).expect("a screen").0;
        }
    }

    fn type_keys(&mut self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    fn end(mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }
}

#[test]
fn groups_are_asked_for_one_by_one_in_color() {
    let project = Project::new(APP);
    let mut terminal = Terminal::start(&project, "apply -i --allow-dirty");
    let first = terminal.expect(PROMPT);
    assert!(first.contains("\u{1b}[1m(1/2) `app.load` becomes async, and 1 more (3 functions)\u{1b}[0m"), "{first}");
    assert!(first.contains("\u{1b}[31m-def load(key):\u{1b}[0m"), "{first}");
    assert!(first.contains("\u{1b}[32m+async def load(key):\u{1b}[0m"), "{first}");
    assert!(first.contains("\u{1b}[36m@@ "), "{first}");
    terminal.type_keys("e\n");
    let why = terminal.expect(PROMPT);
    assert!(why.contains("`app.load` (app.py:1) becomes async: it makes the blocking call"), "{why}");
    terminal.type_keys("s\n");
    assert!(terminal.expect(PROMPT).contains("(1/3) `app.load` becomes async (2 functions)"));
    terminal.type_keys("y\n");
    // `both` is async by now, and is not shown again.
    let second = terminal.expect(PROMPT);
    assert!(second.contains("(2/3) `app.save` becomes async (1 function)"), "{second}");
    assert!(!second.contains("+async def both"), "{second}");
    terminal.type_keys("n\n");
    assert!(terminal.expect(PROMPT).contains("(3/3) blocking calls in `app.keep`"));
    terminal.type_keys("a\n");
    terminal.expect("1 group left out");
    assert!(terminal.end().success());
    let expected = Project::new(APP);
    expected.run("apply --allow-dirty --only app.load --only app.keep").returned(0);
    assert_eq!(project.text("app.py"), expected.text("app.py"));
    project.run("undo").returned(0);
    assert_eq!(project.text("app.py"), Project::new(APP).text("app.py"));
}

#[test]
fn quit_leaves_the_rest() {
    let project = Project::new(APP);
    let mut terminal = Terminal::start(&project, "diff -i --save plan.json");
    terminal.expect(PROMPT);
    terminal.type_keys("n\n");
    terminal.expect(PROMPT);
    terminal.type_keys("y\n");
    terminal.expect("2 groups left out");
    assert_eq!(terminal.end().code(), Some(1));
    project.run("apply --allow-dirty --plan plan.json").returned(0);
    assert!(project.text("app.py").contains("await asyncio.to_thread(persistence.keep, key)"));
    assert!(project.text("app.py").contains("\ndef load"));
}

#[test]
fn control_c_and_the_end_of_the_input_write_nothing() {
    for keys in ["\u{3}", "y\n\u{3}", "\u{4}", "q\n"] {
        let project = Project::new(APP);
        let before = project.tree();
        let mut terminal = Terminal::start(&project, "apply -i --allow-dirty");
        terminal.expect(PROMPT);
        terminal.type_keys(keys);
        let status = terminal.end();
        assert_eq!(status.success(), !keys.contains('\u{3}'), "{keys:?}: {status}");
        assert_eq!(project.tree(), before, "{keys:?}");
    }
}

#[test]
fn control_c_takes_back_what_a_batch_is_trying() {
    let project = Project::new(
        "#- plan.toml
[[step]]
name = \"a\"
codemods = [\"persistence\"]
gate = [\"sh\", \"-c\", \"touch running; sleep 600\"]
#- app.py
async def keep(key):
    persistence.keep(key)
",
    );
    let before = project.text("app.py");
    let mut terminal = Terminal::start(&project, "batch plan.toml");
    terminal.expect("1 groups");
    let end = Instant::now() + PATIENCE;
    while !project.root().join("running").exists() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(project.text("app.py").contains("to_thread"));
    terminal.type_keys("\u{3}");
    assert!(terminal.expect("interrupted").contains("a: error"));
    assert_eq!(terminal.end().code(), Some(130));
    assert_eq!(project.text("app.py"), before);
    let journals = project.run("undo --list").returned(0);
    assert_eq!(journals.text(), "");
}

#[test]
fn the_dialog_works_over_a_pipe() {
    let project = Project::new(APP);
    let run = project.run_with_stdin("apply -i --allow-dirty", b"n\ny\n").returned(0);
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
    let expected = Project::new(APP);
    expected.run("apply --allow-dirty --only app.keep").returned(0);
    assert_eq!(project.text("app.py"), expected.text("app.py"));
}
