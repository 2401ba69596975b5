use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use ruff_text_size::TextRange;

use super::*;
use crate::edit::EditKind;

/// The diff makes `git apply` turn the old bytes into the new ones. Returns the diff.
fn check(path: &str, old: &[u8], new: &[u8]) -> Vec<u8> {
    let patch = unified(Path::new(path), old, new, None, Color::Never);
    apply(path, old, new, &patch);
    patch
}

fn apply(path: &str, old: &[u8], new: &[u8], patch: &[u8]) {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join(path);
    fs::create_dir_all(file.parent().expect("a parent")).expect("created");
    fs::write(&file, old).expect("written");
    let mut git = Command::new("git")
        .args(["-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"])
        .current_dir(dir.path())
        .env("GIT_CEILING_DIRECTORIES", dir.path().parent().expect("a parent"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("git runs");
    git.stdin.take().expect("a pipe").write_all(patch).expect("written");
    let output = git.wait_with_output().expect("git ends");
    let shown = String::from_utf8_lossy(patch);
    assert!(output.status.success(), "{}\n{shown}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read(&file).expect("readable"), new, "{shown}");
}

/// As `check`, with edits (old, new) whose lines are handed over.
fn check_edits(old: &str, edits: &[(&str, &str)]) -> String {
    let mut recorded = FileEdits::default();
    let change = recorded.change(EditKind::Import);
    let mut new = old.to_string();
    for (from, to) in edits {
        let at = old.find(from).expect("the edit fits");
        let offset = |at: usize| TextSize::try_from(at).expect("short");
        recorded.replace(change, TextRange::new(offset(at), offset(at + from.len())), *to);
        new = new.replacen(from, to, 1);
    }
    let patch = unified(Path::new("a.py"), old.as_bytes(), new.as_bytes(), Some(&blocks(old, &recorded)), Color::Never);
    assert_eq!(patch, unified(Path::new("a.py"), old.as_bytes(), new.as_bytes(), None, Color::Never));
    let hinted = operations(&lines(old.as_bytes()), &lines(new.as_bytes()), &blocks(old, &recorded));
    assert!(hinted.is_some(), "the blocks hold");
    apply("a.py", old.as_bytes(), new.as_bytes(), &patch);
    String::from_utf8(patch).expect("text")
}

fn numbered(count: usize) -> String {
    (1..=count).map(|line| format!("line {line}\n")).collect()
}

#[test]
fn equal_texts_have_no_diff() {
    assert!(unified(Path::new("a.py"), b"x\n", b"x\n", None, Color::Never).is_empty());
}

#[test]
fn three_lines_of_context() {
    let patch = check("pkg/a.py", b"1\n2\n3\n4\n5\n6\n7\n8\n9\n", b"1\n2\n3\n4\nfive\n6\n7\n8\n9\n");
    let expected = "--- a/pkg/a.py\n+++ b/pkg/a.py\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n";
    assert_eq!(String::from_utf8_lossy(&patch), expected);
}

#[test]
fn line_ends_are_kept() {
    check("a.py", b"a\r\nb\r\nc\r\n", b"a\r\nawait b\r\nc\r\n");
    check("a.py", b"a\r\nb\nc\rd\r\n\x0c\ne", b"a\r\nb2\nc\rd\r\n\x0c\ne");
    check("a.py", b"a\r\nb\n", b"a\nb\r\n");
}

#[test]
fn missing_newline_at_the_end() {
    check("a.py", b"a\nb", b"a\nc");
    check("a.py", b"a\nb", b"a\nb\n");
    check("a.py", b"a\nb\n", b"a\nb");
    check("a.py", b"a\nb\r\nc", b"x\nb\r\nc");
    check("a.py", b"a", b"import x\na");
    let patch = check("a.py", b"a\nb", b"a\nc");
    assert!(
        String::from_utf8_lossy(&patch)
            .ends_with("-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n")
    );
}

#[test]
fn bytes_of_the_encoding() {
    let patch = check("a.py", b"# coding: latin-1\nx = '\xe9'\nf()\n", b"# coding: latin-1\nx = '\xe9'\nawait f()\n");
    assert!(patch.windows(2).any(|pair| pair == b"'\xe9"));
    check("a.py", b"\xef\xbb\xbfx = 1\n", b"\xef\xbb\xbfimport y\nx = 1\n");
}

#[test]
fn unusual_paths_are_quoted_as_git_does() {
    for path in
        ["my file.py", "dir with space/é.py", "na\u{ef}ve.py", "a\"b\\c.py", "tab\there.py", "中/文.py", "a\u{1}b c.py"]
    {
        check(path, b"x\n", b"y\n");
    }
    let header =
        |path: &str| String::from_utf8(check(path, b"x\n", b"y\n")).expect("ASCII").lines().next().map(str::to_string);
    assert_eq!(header("my file.py").as_deref(), Some("--- a/my file.py\t"));
    assert_eq!(header("é.py").as_deref(), Some("--- \"a/\\303\\251.py\""));
}

#[test]
fn blocks_come_from_the_edits() {
    let text = numbered(60);
    check_edits(&text, &[("line 1\n", "import x\nline 1\n"), ("line 30\n", "a\nb\nc\n")]);
    check_edits(&text, &[("line 20\nline 21\n", ""), ("line 22\n", "x\n"), ("line 59\nline 60\n", "y")]);
    check_edits(&text, &[("5\nline 6\n", "5\nline 6\nline 6\n"), ("60\n", "60\nmore\n")]);
    check_edits("a\nb", &[("b", "b\nc")]);
    check_edits("a\nb\n", &[("b\n", "")]);
    assert!(check_edits(&text, &[("line 2\n", "2\n"), ("line 50\n", "50\n")]).matches("@@ -").count() == 2);
}

#[test]
fn blocks_that_do_not_hold_are_not_trusted() {
    let wrong = [Block { old: 0..1, new: 0..1 }];
    let patch = unified(Path::new("a.py"), b"a\nb\nc\n", b"a\nB\nc\n", Some(&wrong), Color::Never);
    apply("a.py", b"a\nb\nc\n", b"a\nB\nc\n", &patch);
}

#[test]
fn large_files_with_few_changes_are_fast() {
    let old = numbered(200_000);
    let begin = std::time::Instant::now();
    check_edits(&old, &[("line 2\n", "import x\nline 2\n"), ("line 150000\n", "line 15e4\n"), ("line 199999\n", "")]);
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
}

#[test]
fn color_only_when_asked() {
    let patch = unified(Path::new("a.py"), b"x\n", b"y\n", None, Color::Always);
    let shown = String::from_utf8(patch).expect("text");
    assert!(shown.contains("\x1b[31m-x\x1b[0m\n\x1b[32m+y\x1b[0m\n"), "{shown:?}");
}
