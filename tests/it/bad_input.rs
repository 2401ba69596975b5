//! Files that no careful tool should trip over: each is reported by name or migrated, and the rest goes on.

use std::fs;

use crate::support::{Project, check_round};

/// A file that is migrated whatever stands beside it.
const GOOD: &str = "async def f():\n    return persistence.get('a')\n";
const MIGRATED: &str = "import asyncio\n\n\nasync def f():\n    return await asyncio.to_thread(persistence.get, 'a')\n";

/// `bytes` cannot be read as Python: the run says so in `words`, leaves the file, migrates the other, and returns 2.
#[track_caller]
fn check_refused(bytes: &[u8], words: &[&str]) {
    let project = Project::of_bytes(&[("bad.py", bytes), ("good.py", GOOD.as_bytes())]);
    check_round(&project);
    let run = project.run("apply --allow-dirty").returned(2).says(&["bad.py"]).says(words);
    assert_eq!(project.bytes("bad.py"), bytes, "the file is left alone");
    assert_eq!(project.text("good.py"), MIGRATED, "{}", run.stderr);
    let stopped = project.run("diff --keep-going=no").returned(2).says(&["bad.py"]).says(words);
    assert_eq!(stopped.text(), "");
}

/// `bytes` are migrated to `after`, and everything that `check_round` proves holds.
#[track_caller]
fn check_migrated(bytes: &[u8], after: &[u8]) {
    let project = Project::of_bytes(&[("odd.py", bytes)]);
    check_round(&project);
    project.run("apply --allow-dirty").returned(0);
    let (new, after) = (project.bytes("odd.py"), after.to_vec());
    assert_eq!(new, after, "{}\nbut should be\n{}", String::from_utf8_lossy(&new), String::from_utf8_lossy(&after));
}

#[test]
fn a_file_that_does_not_parse() {
    check_refused(b"def f(:\n    persistence.get('a')\n", &["bad.py:1"]);
}

#[test]
fn undecodable_bytes() {
    check_refused(b"x = '\xe4'\npersistence.get(1)\n", &["not valid `utf-8`", "PEP 263"]);
}

#[test]
fn nul_bytes() {
    check_refused(b"x = 1\npersistence.get(1)\n\0", &["NUL byte"]);
}

#[test]
fn utf_16() {
    let bytes: Vec<u8> = "\u{feff}persistence.get(1)\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let project = Project::of_bytes(&[("bad.py", &bytes), ("good.py", GOOD.as_bytes())]);
    project.run("apply --allow-dirty").returned(2).says(&["bad.py", "UTF-16"]);
    assert_eq!(project.text("good.py"), MIGRATED);
}

#[test]
fn an_encoding_nobody_knows() {
    check_refused(b"# coding: klingon\npersistence.get(1)\n", &["`klingon`", "save the file as UTF-8"]);
}

#[test]
fn two_thousand_parentheses() {
    let deep = format!("persistence.get({}1{})\n", "(".repeat(2_000), ")".repeat(2_000));
    check_refused(deep.as_bytes(), &["deep"]);
}

#[test]
fn nothing_at_all() {
    let project = Project::of_bytes(&[("empty.py", b""), ("blank.py", b"\n"), ("good.py", GOOD.as_bytes())]);
    check_round(&project).returned(1);
}

#[test]
fn latin_1_with_a_cookie() {
    check_migrated(
        b"# coding: latin-1\nasync def f():\n    return persistence.get('\xe4')  # \xfc\n",
        b"# coding: latin-1\n\nimport asyncio\n\n\nasync def f():\n    return await asyncio.to_thread(persistence.get, '\xe4')  # \xfc\n",
    );
}

#[test]
fn a_byte_order_mark() {
    check_migrated(
        "\u{feff}async def f():\n    return persistence.get('a')\n".as_bytes(),
        format!("\u{feff}{MIGRATED}").as_bytes(),
    );
}

#[test]
fn carriage_returns() {
    check_migrated(GOOD.replace('\n', "\r\n").as_bytes(), MIGRATED.replace('\n', "\r\n").as_bytes());
}

#[test]
fn mixed_line_ends() {
    check_migrated(
        b"import asyncio\r\n\nasync def f():\n    x = 1\r\n    return persistence.get('a')\r\n",
        b"import asyncio\r\n\nasync def f():\n    x = 1\r\n    return await asyncio.to_thread(persistence.get, 'a')\r\n",
    );
}

#[test]
fn bare_carriage_returns() {
    check_migrated(
        b"import asyncio\rasync def f():\r    return persistence.get('a')\r",
        b"import asyncio\rasync def f():\r    return await asyncio.to_thread(persistence.get, 'a')\r",
    );
}

#[test]
fn no_final_newline() {
    check_migrated(GOOD.trim_end().as_bytes(), MIGRATED.trim_end().as_bytes());
}

#[test]
fn a_form_feed() {
    check_migrated(
        b"import asyncio\n\x0c\nasync def f():\n\x0c    return persistence.get('a')\n",
        b"import asyncio\n\x0c\nasync def f():\n\x0c    return await asyncio.to_thread(persistence.get, 'a')\n",
    );
}

#[test]
fn tabs() {
    check_migrated(GOOD.replace("    ", "\t").as_bytes(), MIGRATED.replace("    ", "\t").as_bytes());
}

/// Offsets of type inference and of the text agree behind a byte order mark and in another encoding.
#[test]
fn types_behind_a_byte_order_mark_and_a_cookie() {
    for (start, umlaut) in [(&b"\xef\xbb\xbf"[..], &b"'\xc3\xa4'"[..]), (b"# coding: latin-1\n", b"'\xe4'")] {
        let store = [
            start,
            b"class Store:\n    label = ",
            umlaut,
            b"\n    def load(self, key):\n        return persistence.get(key)\n",
        ]
        .concat();
        let user = [
            start,
            b"from store import Store\n\ndef make() -> Store: return Store()\n\nasync def f():\n    x = ",
            umlaut,
            b"; return make().load(x)\n",
        ]
        .concat();
        let project = Project::of_bytes(&[("store.py", &store), ("user.py", &user)]);
        check_round(&project).returned(1);
        project.run("apply --allow-dirty").returned(0);
        let user = String::from_utf8_lossy(&project.bytes("user.py")).into_owned();
        assert!(user.contains("return await make().load(x)"), "{user}");
    }
}

#[test]
fn a_hundred_thousand_lines() {
    let mut long = String::from("import asyncio\n");
    for number in 0..50_000 {
        long += &format!("x{number} = {number}\n# {number}\n");
    }
    let before = format!("{long}\nasync def f():\n    return persistence.get('a')\n");
    let after = format!("{long}\nasync def f():\n    return await asyncio.to_thread(persistence.get, 'a')\n");
    check_migrated(before.as_bytes(), after.as_bytes());
}

#[test]
fn a_loop_of_links() {
    let project = Project::of_bytes(&[("pkg/good.py", GOOD.as_bytes())]);
    std::os::unix::fs::symlink(project.root(), project.root().join("pkg/loop")).expect("a link");
    std::os::unix::fs::symlink("self.py", project.root().join("self.py")).expect("a link");
    let run = project.run("diff").returned(1);
    assert_eq!(run.text().matches("+++ ").count(), 1, "{}", run.text());
}

#[test]
fn a_path_that_does_not_exist() {
    Project::new("").run("diff nowhere.py").returned(2).says(&["`nowhere.py`", "check the path"]);
}

#[test]
fn a_folder_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::of_bytes(&[("closed/secret.py", GOOD.as_bytes()), ("good.py", GOOD.as_bytes())]);
    let closed = project.root().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("permissions");
    if fs::read_dir(&closed).is_ok() {
        eprintln!("SKIPPED a_folder_that_may_not_be_read: this user may read everything");
        return;
    }
    let run = project.run("diff");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).expect("permissions");
    run.returned(2).says(&["closed"]);
}

#[test]
fn a_misspelled_key_names_its_neighbor() {
    let project = Project::new("#- awaitify.toml\ncodemods = []\nkeep_snyc = []\n#- a.py\n");
    project.run("diff").returned(2).says(&["awaitify.toml:2", "`keep_snyc`", "`keep_sync`"]);
    let project = Project::new("#- awaitify.toml\ncodemods = [\"persistance\"]\n#- a.py\n");
    project.run("diff").returned(2).says(&["awaitify.toml:1", "`persistance`", "`persistence`"]);
    let project = Project::new("#- pyproject.toml\n[tool.awaitify]\nreach = \"al\"\n#- a.py\n");
    project.run("diff").returned(2).says(&["pyproject.toml:2", "`al`", "`all`"]);
    let project = Project::new("#- awaitify.toml\ncodemods = [\n#- a.py\n");
    project.run("diff").returned(2).says(&["awaitify.toml:1"]);
}

/// A container that is taken out of itself, again and again, and filled.
#[test]
fn a_name_that_is_bound_to_its_own_elements() {
    let tree = "def load(key):\n    return persistence.get(key)\n\n\ndef fill(tree, path):\n    tree = {}\n    other = tree\n    for key in path:\n        tree = other.setdefault(key, {})\n        other = tree[key]\n        tree[key] = load\n        other.update(x=load)\n    return tree\n";
    let project = Project::of_bytes(&[("tree.py", tree.as_bytes()), ("good.py", GOOD.as_bytes())]);
    check_round(&project).returned(1);
}
