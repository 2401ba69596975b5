//! The examples of every built-in codemod, run: `before` is a module of a project with that codemod and those in `with`.

use awaitify::config::{Example, builtin};
use rayon::prelude::*;
use similar::TextDiff;

use crate::support::{Project, check_round};

#[test]
fn every_example_does_what_it_says() {
    let codemods = builtin::all();
    for codemod in &codemods {
        assert!(!codemod.examples.is_empty(), "`{}` has no example", codemod.name);
    }
    let numbered = |codemod: &'static str, examples: &[Example]| -> Vec<_> {
        examples.iter().cloned().enumerate().map(|(number, example)| (codemod, number + 1, example)).collect()
    };
    let examples: Vec<_> =
        builtin::names().zip(&codemods).flat_map(|(name, codemod)| numbered(name, &codemod.examples)).collect();
    let check = |(codemod, number, example): &(&str, usize, Example)| {
        let name = format!("{codemod} {number}");
        match run_example(codemod, example) {
            Ok(result) if result == example.after => String::new(),
            Ok(result) => difference(&name, &example.after, &result),
            Err(message) => format!("{name}: {message}\n"),
        }
    };
    let wrong: Vec<String> = examples.par_iter().map(check).collect();
    // FIXME: the examples below give another result than they say. None is wrong code, all are less than promised.
    let settings = crate::support::snapshots();
    settings.bind(|| insta::assert_snapshot!("codemods_that_do_not_do_what_they_say_yet", wrong.concat()));
}

/// The module afterwards, or how the run ended.
fn run_example(codemod: &str, example: &Example) -> Result<String, String> {
    let names: Vec<&str> = [codemod].into_iter().chain(example.with.iter().map(String::as_str)).collect();
    let config = format!("codemods = {names:?}\n");
    let files = [("awaitify.toml", config.as_bytes()), ("module.py", example.before.as_bytes())];
    let project = Project::of_bytes(&files);
    let diff = project.run("diff");
    if diff.code == 2 {
        return Err(diff.stderr);
    }
    check_round(&project);
    project.run("apply --allow-dirty").returned(0);
    Ok(project.text("module.py"))
}

fn difference(name: &str, expected: &str, result: &str) -> String {
    let diff = TextDiff::from_lines(expected, result);
    diff.unified_diff().context_radius(2).header(&format!("{name}, as it says"), "as it is").to_string()
}

/// The text of a module need not say its own name: `store.py` is found by `store.*` all the same.
#[test]
fn a_pattern_names_the_functions_and_classes_of_a_module() {
    let code = "#- store.py
class Persistence:
    def get(self, key):
        return key

def load(key):
    return key
#- app.py
from store import Persistence as P
from store import load as fetch

async def run(p: P):
    return p.get(1), fetch(2)
#- awaitify.toml
[[blocking]]
";
    let diff = |entry: &str| {
        let project = Project::new(&format!("{code}{entry}\n"));
        project.run("diff .").returned(1).text().to_owned()
    };
    let both = "+    return await asyncio.to_thread(p.get, 1), await asyncio.to_thread(fetch, 2)";
    for entry in ["function = \"store.*\"", "function = [\"*.load\", \"store.P*.get\"]"] {
        let found = diff(entry);
        assert!(found.contains(both), "{entry}: {found}");
    }
    let found = diff("class = \"store.P*\"");
    assert!(found.contains("+    return await asyncio.to_thread(p.get, 1), fetch(2)"), "{found}");
}
