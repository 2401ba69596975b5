//! Breaks correct migrations on purpose, and tells how many of the broken ones verification refuses, by kind:
//! `cargo run --release --locked --example fuzz_mutate -- FOLDER...` for folders with a config (`run.py --write` makes some).

#[path = "breakage.rs"]
mod breakage;

use std::collections::BTreeMap;
use std::path::PathBuf;

use awaitify::analysis::{Analysis, Request, Rewritten, answer_again, rewrite_all, verify_all};
use awaitify::config::flags::Flags;
use awaitify::py::db::Kept;
use awaitify::verify;

/// How many were refused, of how many, and by which checks.
#[derive(Default)]
struct Rate {
    refused: usize,
    total: usize,
    by: BTreeMap<&'static str, usize>,
}

fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(8 << 20).build_global().expect("the first pool");
    let mut rates = BTreeMap::new();
    let mut survivors = 0;
    let show: usize = std::env::var("SHOW").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let only = std::env::var("ONLY").ok();
    for folder in std::env::args().skip(1) {
        let mut kept = Kept::default();
        let paths = [PathBuf::from(&folder)];
        let request = Request { paths: &paths, flags: &Flags::default(), since: None, config_of: None };
        let mut analysis = answer_again(request, &mut kept).expect("the folder is analyzed");
        let mut rewritten = rewrite_all(&mut analysis).expect("the plan is carried out");
        assert!(verify_all(&analysis, &rewritten).is_empty(), "{folder} verifies");
        break_all(&analysis, &mut rewritten, &mut rates, &mut |kind, text, right| {
            survivors += 1;
            if survivors <= show && only.as_deref().is_none_or(|only| kind.contains(only)) {
                println!("SURVIVOR {folder} {kind}\n{}", difference(right, text));
            }
        });
    }
    let (mut refused, mut total) = (0, 0);
    for (kind, rate) in &rates {
        println!("{kind:32} {:6} of {:6}  {:?}", rate.refused, rate.total, rate.by);
        (refused, total) = (refused + rate.refused, total + rate.total);
    }
    println!("{refused} of {total} broken migrations are refused");
    std::process::exit(i32::from(refused != total));
}

fn break_all(
    analysis: &Analysis,
    rewritten: &mut Vec<Rewritten>,
    rates: &mut BTreeMap<String, Rate>,
    survivor: &mut dyn FnMut(&str, &str, &str),
) {
    for at in 0..rewritten.len() {
        let right = (rewritten[at].edits.clone(), rewritten[at].text.clone());
        for broken in breakage::breaks(&rewritten[at].source.text, &right.0) {
            let applied = match broken.text {
                Some(text) => Some(text),
                None => broken.edits.apply(&rewritten[at].source.text).ok().map(|applied| applied.text),
            };
            let rate = rates.entry(broken.kind.clone()).or_default();
            let Some(text) = applied else {
                // What cannot be applied never reaches verification.
                continue;
            };
            if !breakage::differs(&right.1, &text) && !broken.kind.starts_with("un") {
                continue;
            }
            rate.total += 1;
            (rewritten[at].edits, rewritten[at].text) = (broken.edits, text);
            match refusal(analysis, rewritten, at) {
                Some(check) => {
                    rate.refused += 1;
                    *rate.by.entry(check).or_default() += 1;
                }
                None => survivor(&broken.kind, &rewritten[at].text, &right.1),
            }
        }
        (rewritten[at].edits, rewritten[at].text) = right;
    }
    for at in 0..rewritten.len() {
        let lost = rewritten.remove(at);
        let rate = rates.entry("lose a file".to_owned()).or_default();
        rate.total += 1;
        match verify_all(analysis, rewritten).first() {
            Some(failure) => {
                rate.refused += 1;
                *rate.by.entry(failure.check.name()).or_default() += 1;
            }
            None => survivor("lose a file", &lost.source.text, &lost.text),
        }
        rewritten.insert(at, lost);
    }
}

/// The check that refuses the program. The file by itself first: that is quick.
fn refusal(analysis: &Analysis, rewritten: &[Rewritten], at: usize) -> Option<&'static str> {
    let done = &rewritten[at];
    let file = verify::Rewritten {
        path: &analysis.project.file(done.file).relative,
        old: &done.source.text,
        new: &done.text,
        edits: &done.edits,
        target: analysis.config.target_version,
        offloads: &[],
    };
    let first = |failures: Vec<verify::Failure>| failures.first().map(|failure| failure.check.name());
    first(verify::verify(&file)).or_else(|| first(verify_all(analysis, rewritten)))
}

fn difference(right: &str, broken: &str) -> String {
    similar::TextDiff::from_lines(right, broken).unified_diff().context_radius(2).to_string()
}
