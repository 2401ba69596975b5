//! Projects in temporary folders, and the built program run on them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// What fixtures without a config get.
pub const CONFIG: &str = "codemods = [\"persistence\", \"asyncio-run\"]\n";

/// A project on disk; it goes away with the value.
pub struct Project {
    folder: TempDir,
}

/// What a run printed and returned.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Run {
    /// stdout, which must be UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("stdout is UTF-8")
    }

    /// The run, when it returned `code`.
    #[track_caller]
    pub fn returned(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", String::from_utf8_lossy(&self.stdout), self.stderr);
        self
    }

    /// The run, when stderr has each of `texts`.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "stderr does not say `{text}`:\n{}", self.stderr);
        }
        self
    }
}

impl Project {
    /// A project of the files in `fixture`, which stand under `#- path` headers. Without a config it gets [`CONFIG`].
    pub fn new(fixture: &str) -> Self {
        let files = sections(fixture);
        let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
        Self::of_bytes(&files)
    }

    /// A project of files with these bytes.
    pub fn of_bytes(files: &[(&str, &[u8])]) -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(project.root()).expect("a new folder");
        if !files.iter().any(|(path, _)| matches!(*path, "awaitify.toml" | "pyproject.toml")) {
            project.write("awaitify.toml", CONFIG.as_bytes());
        }
        for (path, bytes) in files {
            project.write(path, bytes);
        }
        project
    }

    /// The root, with links resolved.
    pub fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder is there").join("app")
    }

    pub fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("inside the root")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    pub fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.bytes(path)).expect("UTF-8")
    }

    /// Runs the program in the project's root. The words of `line` are its arguments.
    pub fn run(&self, line: &str) -> Run {
        self.run_with_stdin(line, b"")
    }

    pub fn run_with_stdin(&self, line: &str, stdin: &[u8]) -> Run {
        run(&self.root(), &line.split_whitespace().collect::<Vec<_>>(), stdin)
    }

    /// Every file but the journal's, by path.
    pub fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        let mut tree = BTreeMap::new();
        read_tree(&self.root(), "", &mut tree);
        tree
    }

    /// A copy of the project as it stands.
    pub fn copy(&self) -> Self {
        Self::copy_of(&self.root())
    }

    /// A copy of the files in `folder`.
    pub fn copy_of(folder: &Path) -> Self {
        let mut tree = BTreeMap::new();
        read_tree(folder, "", &mut tree);
        let files: Vec<(&str, &[u8])> = tree.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        Self::of_bytes(&files)
    }

    /// Applies a diff with git, which must take it.
    #[track_caller]
    pub fn git_apply(&self, diff: &[u8]) {
        let output =
            piped(Command::new("git").args(["apply", "--whitespace=nowarn", "-"]).current_dir(self.root()), diff);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git apply: {message}\n{}", String::from_utf8_lossy(diff));
    }
}

/// Runs the program in `folder`.
pub fn run(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_awaitify"));
    let output = piped(command.args(arguments).current_dir(folder).env("NO_COLOR", "1"), stdin);
    Run {
        code: output.status.code().expect("no signal"),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn piped(command: &mut Command, stdin: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut pipe = child.stdin.take().expect("stdin is piped");
    std::thread::scope(|scope| {
        // A program that reads nothing may close its end early.
        scope.spawn(move || drop(std::io::Write::write_all(&mut pipe, stdin)));
        child.wait_with_output().expect("the program ends")
    })
}

/// `diff` and `apply` agree on `project`: git takes the diff, and it makes the bytes that `apply` writes. Both return `code`
/// or its counterpart, a second diff is empty, and undo restores every byte. Returns the run of `diff`.
#[track_caller]
pub fn check_round(project: &Project) -> Run {
    let before = project.tree();
    let diff = project.run("diff");
    assert_eq!(project.tree(), before, "`diff` writes nothing");
    let patched = project.copy();
    if !diff.stdout.is_empty() {
        patched.git_apply(&diff.stdout);
    }
    let unreadable = diff.code == 2;
    assert_eq!(diff.code, if unreadable { 2 } else { i32::from(!diff.stdout.is_empty()) }, "{}", diff.stderr);
    let apply = project.run("apply --allow-dirty").returned(if unreadable { 2 } else { 0 });
    let after = project.tree();
    assert_eq!(patched.tree(), after, "`git apply` and `apply` make the same bytes\n{}", apply.stderr);
    for (path, bytes) in after.iter().filter(|(path, bytes)| path.ends_with(".py") && before[*path] != **bytes) {
        let text = awaitify::py::source::decode(bytes).unwrap_or_else(|error| panic!("{path}: {error}")).text;
        ruff_python_parser::parse_module(&text).unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
    }
    let again = project.run("diff");
    // What cannot be read is looked into, and named, only while something in it matters.
    assert!(again.code == 0 || unreadable && again.code == 2, "{}", again.stderr);
    assert_eq!(again.text(), "", "a second diff plans nothing");
    if before != after {
        project.run("undo").returned(0);
    }
    assert_eq!(project.tree(), before, "`undo` restores every byte");
    diff
}

/// Migrates `fixture`; `expect` has the files that change, as they are afterwards. All others stay as they are.
#[track_caller]
pub fn check_project(fixture: &str, expect: &str) {
    let project = Project::new(fixture);
    let mut expected = project.tree();
    for (path, text) in sections(expect) {
        assert!(expected.insert(path.to_owned(), text.into_bytes()).is_some(), "`{path}` is no file of the fixture");
    }
    let migrated = project.copy();
    check_round(&project);
    migrated.run("apply --allow-dirty").returned(0);
    for (path, bytes) in migrated.tree() {
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text, String::from_utf8_lossy(&expected[&path]), "`{path}`");
    }
}

/// The files of a fixture, in its order.
pub fn sections(fixture: &str) -> Vec<(&str, String)> {
    let mut files: Vec<(&str, String)> = vec![];
    for line in fixture.split_inclusive('\n') {
        match line.strip_prefix("#- ") {
            Some(path) => files.push((path.trim_end(), String::new())),
            None => match files.last_mut() {
                Some((_, text)) => text.push_str(line),
                None => assert_eq!(line.trim(), "", "a fixture starts with a `#- path` line"),
            },
        }
    }
    files
}

fn read_tree(folder: &Path, prefix: &str, tree: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().into_string().expect("UTF-8");
        let kind = entry.file_type().expect("a file type");
        if kind.is_dir() && name != ".awaitify" && name != ".git" {
            read_tree(&entry.path(), &format!("{prefix}{name}/"), tree);
        } else if kind.is_file() {
            tree.insert(format!("{prefix}{name}"), fs::read(entry.path()).unwrap_or_default());
        }
    }
}

/// Snapshots stand at the top level of the repository.
pub fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
