//! The census on its own.

use std::collections::HashSet;

use ruff_text_size::TextSize;

use crate::verify::{CensusFile, Counts, SiteVerdict, Verdict, census};

/// Gives every place marked `<<` in `text` the verdict `Awaited`, and returns the failures and counts.
fn check(marked: &str) -> (Vec<String>, Counts) {
    let mut text = String::new();
    let mut verdicts = Vec::new();
    for piece in marked.split_inclusive("<<") {
        text.push_str(piece.trim_end_matches("<<"));
        if piece.ends_with("<<") {
            let offset = TextSize::try_from(text.len()).expect("short");
            verdicts.push(SiteVerdict { file: 0, offset, verdict: Verdict::Awaited });
        }
    }
    let names = HashSet::from(["load".to_string(), "fetch".to_string()]);
    let counted = census(&names, &[CensusFile { path: "app.py", text: &text }], &verdicts);
    let describe = |failure: &super::Failure| format!("{}: {}", failure.offset.to_usize(), failure.message);
    (counted.failures.iter().map(describe).collect(), counted.counts)
}

#[test]
fn every_token_needs_a_verdict() {
    let (failures, counts) = check("def <<load(): ...\nx = a.<<load(load_all, f'{<<fetch()} load')  # load\n'load'\n");
    assert_eq!(failures, [""; 0]);
    assert_eq!((counts.awaited, counts.places), (3, 3));
    assert_eq!(check("a.load()").0, ["2: `load` has no verdict"]);
}

#[test]
fn strings_count_where_names_are_looked_up() {
    let lookups = [
        "getattr(x, <<'load', None)",
        "methodcaller(<<\"load\")(x)",
        "@mock.patch(<<'pkg.mod.load')\ndef f(): ...",
        "patch.object(x, <<r'load', 'load')",
        "monkeypatch.setattr(<<'pkg.load', 1)",
        "import_string(<<'''a.fetch''')",
        "getattr(\n    x,  # load\n    <<'load',\n)",
    ];
    for text in lookups {
        let (failures, counts) = check(text);
        assert_eq!(failures, [""; 0], "{text}");
        assert_eq!(counts.places, 1, "{text}");
    }
    for text in [
        "print('load')",
        "getattr(x, 'load_all')",
        "getattr(x, y, 'load')",
        "getattr(x, 'load it')",
        "['load']",
        "getattr(x, f('load'))",
    ] {
        assert_eq!(check(text), (vec![], Counts::default()), "{text}");
    }
}

#[test]
fn verdicts_without_a_place_and_double_ones_are_failures() {
    assert_eq!(check("<<other()").0, ["0: [Awaited] was given to a place that names no converted function"]);
    assert_eq!(check("<<<<load()").0, ["0: `load` has [Awaited, Awaited]"]);
}
