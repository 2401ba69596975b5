use super::*;

/// Decodes, checks that the bytes come back, and returns the text.
fn check(bytes: &[u8]) -> String {
    let source = decode(bytes).expect("accepted");
    assert_eq!(source.encode(&source.text).as_deref(), Ok(bytes));
    source.text
}

fn refused(bytes: &[u8]) -> String {
    decode(bytes).expect_err("refused").to_string()
}

#[test]
fn utf8_is_the_default() {
    assert_eq!(check("x = 'é'\r\n".as_bytes()), "x = 'é'\r\n");
    assert!(refused(b"x = '\xe9'\n").contains("offset 5"));
}

#[test]
fn byte_order_mark_is_kept_out_of_the_text() {
    assert_eq!(check(b"\xef\xbb\xbfx = 1"), "x = 1");
    assert_eq!(check(b"\xef\xbb\xbf# coding: utf-8\nx = 1"), "# coding: utf-8\nx = 1");
    assert!(refused(b"\xef\xbb\xbf# coding: latin-1\n").contains("remove one"));
}

#[test]
fn latin_1_keeps_all_bytes() {
    for name in ["latin-1", "iso-8859-1", "ISO_8859_1", "latin1", "iso-8859-1-unix"] {
        let mut bytes = format!("# -*- coding: {name} -*-\n").into_bytes();
        bytes.extend(1..=255u8);
        let text = check(&bytes);
        assert!(text.ends_with("\u{80}\u{81}") || text.contains("\u{80}\u{81}"));
    }
}

#[test]
fn other_encodings_round_trip() {
    assert_eq!(check(b"# vim: set fileencoding=cp1252 :\n'\x80'"), "# vim: set fileencoding=cp1252 :\n'€'");
    assert_eq!(check(b"#!/usr/bin/python\n# coding=koi8-r\n'\xc1'"), "#!/usr/bin/python\n# coding=koi8-r\n'а'");
    assert_eq!(check(b"# coding: euc_jp\r\n'\xb0\xa1'"), "# coding: euc_jp\r\n'亜'");
}

#[test]
fn cookie_counts_in_the_first_two_lines_only() {
    assert!(decode(b"\r\n# coding: latin-1\r\n\xe9").is_ok());
    assert!(decode(b"x = 1\n# coding: latin-1\n\xe9").is_err());
    assert!(decode(b"\n\n# coding: latin-1\n\xe9").is_err());
    assert!(decode(b"x = 'coding: latin-1'\n\xe9").is_err());
    assert!(decode(b"# encoding; coding: latin-1\n\xe9").is_ok());
}

#[test]
fn what_python_does_not_read_is_refused() {
    assert!(refused(b"\xff\xfex\0").contains("UTF-16"));
    assert!(refused(b"x = 1\0").contains("NUL byte at offset 5"));
    assert!(refused(b"# coding: utf-16\n").contains("UTF-16"));
    assert!(refused(b"# coding: rot13\n").contains("`rot13`"));
    assert!(refused(b"# coding: ascii\n\xe9").contains("offset 16"));
}

#[test]
fn text_without_bytes_is_an_error() {
    let error =
        |bytes: &[u8], text: &str| decode(bytes).expect("accepted").encode(text).expect_err("no bytes").to_string();
    assert!(error(b"# coding: latin-1\n", "'€'").contains('€'));
    assert!(error(b"# coding: cp1252\n", "'中'").contains('中'));
    assert!(error(b"# coding: ascii\n", "é").contains('é'));
}

#[test]
fn random_bytes_come_back_or_are_refused() {
    let names = [
        "latin-1",
        "cp1252",
        "shift_jis",
        "gb18030",
        "big5",
        "euc-kr",
        "iso-2022-jp",
        "utf-8",
        "koi8-u",
        "gbk",
        "cp932",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..20_000 {
        let mut bytes = format!("# coding: {}\n", names[round % names.len()]).into_bytes();
        let length = next() % 40;
        bytes.extend((0..length).map(|_| (next() >> 16) as u8));
        if let Ok(source) = decode(&bytes) {
            assert_eq!(source.encode(&source.text).as_deref(), Ok(bytes.as_slice()));
            too_deep(&source.text);
        }
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = |open: &str, core: &str, close: &str, count: usize| {
        too_deep(&format!("x = {}{core}{}\n", open.repeat(count), close.repeat(count)))
    };
    for (open, core, close) in
        [("(", "1", ")"), ("[", "", "]"), ("f(", "1", ")"), ("{1: ", "2", "}"), ("f'{", "1", "}'")]
    {
        assert!(!deep(open, core, close, 50), "{open}");
        assert!(deep(open, core, close, 2_000), "{open}");
    }
    for link in [
        "not ",
        "-",
        "~",
        "lambda: ",
        "await ",
        "1 if x else ",
        "a.",
        "a ** ",
        "a + ",
        "f()(",
        "a[0].",
        "x = ",
        "\\\r\n-",
    ] {
        assert!(!deep(link, "1", "", 50), "{link}");
        assert!(deep(link, "1", "", 2_000), "{link}");
    }
}

#[test]
fn indentation_is_bounded() {
    let nested = |levels: usize| (0..levels).map(|level| format!("{}if x:\n", " ".repeat(level))).collect::<String>();
    assert!(!too_deep(&nested(100)));
    assert!(too_deep(&nested(102)));
}

#[test]
fn wide_code_is_not_deep() {
    assert!(!too_deep(&format!("x = [{}]\n", "(1, 'a'), f(x, y=-1), ".repeat(20_000))));
    assert!(!too_deep(&"x = a.b(c)[0] + 1\n".repeat(20_000)));
    assert!(!too_deep(&format!("x = '{}'  # {}\n", "(".repeat(5_000), "(".repeat(5_000))));
    assert!(!too_deep(&format!("x = f'{}'\ny = 1\n", "( ".repeat(150)).repeat(10)));
}

/// The standard library of the interpreter at hand, when there is one.
#[test]
fn standard_library_round_trips() {
    let stdlib = "import sysconfig; print(sysconfig.get_path('stdlib'), end='')";
    let Ok(output) = std::process::Command::new("python3").args(["-c", stdlib]).output() else { return };
    let root = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut deep = Vec::new();
    let own = |path: &std::path::Path| !path.components().any(|part| part.as_os_str() == "site-packages");
    let python = |path: &std::path::Path| path.extension().is_some_and(|end| end == "py") && own(path);
    for file in ignore::Walk::new(root).flatten().filter(|file| python(file.path())) {
        let bytes = std::fs::read(file.path()).expect("readable");
        if let Ok(source) = decode(&bytes) {
            assert_eq!(source.encode(&source.text).as_deref(), Ok(bytes.as_slice()), "{}", file.path().display());
            if too_deep(&source.text) {
                deep.push(file.into_path());
            }
        }
    }
    assert!(deep.is_empty(), "{deep:?}");
}
