//! The examples of every built-in codemod, run: `before` is a module of a project with that codemod and those in `with`.

use awaitify::config::{Example, builtin};
use rayon::prelude::*;
use similar::TextDiff;

use crate::support::{Project, check_project, check_round};

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

/// `call.method` of a base from outside may run what overrides it, once that may be async.
#[test]
fn a_call_by_the_base_of_what_may_be_async_is_uncertain() {
    let project = Project::new(
        "#- awaitify.toml
codemods = ['persistence']
[[accepts_async]]
method = 'logging.Handler.flush'
#- app.py
import logging

class Handler(logging.Handler):
    def flush(self):
        persistence.save(1)

async def ours(handler: Handler):
    handler.flush()

async def any(handler: logging.Handler):
    handler.flush()
",
    );
    let diff = check_round(&project).says(&["uncertain (1)", "app.py:11: `handler.flush` may be `app.Handler.flush`"]);
    assert!(diff.text().contains("+    await asyncio.to_thread(handler.flush)"), "{}", diff.text());
}

#[test]
fn what_a_codemod_runs_on_the_loop_converts_though_no_async_code_calls_it() {
    let app = "import threading

from server import Bot, Cog, on_event

def prefix(bot):
    return persistence.get(1)

class Own(Bot):
    def __init__(self):
        super().__init__(prefix=prefix)

class Plain(Bot):
    pass

def other(bot):
    return persistence.get(2)

Plain(prefix=other)

class Admin(Cog):
    def check(self):
        return persistence.get(3)

@on_event
def start():
    persistence.get(4)
";
    let entry = |loops: bool| {
        format!(
            "#- awaitify.toml
codemods = ['persistence']
reach = 'async'
[[accepts_async]]
on_loop = {loops}
decorator = 'server.on_event'
parameter = 'server.Bot:prefix'
method = 'server.Cog.check'
#- app.py
{app}"
        )
    };
    check_stays(&entry(false));
    let converted = ["prefix(bot)", "other(bot)", "check(self)", "start()"]
        .iter()
        .fold(app.replace("import threading", "import asyncio\nimport threading"), |text, name| {
            text.replace(&format!("def {name}"), &format!("async def {name}"))
        });
    let converted = (1..5).fold(converted, |text, key| {
        text.replace(&format!("persistence.get({key})"), &format!("await asyncio.to_thread(persistence.get, {key})"))
    });
    check_project(&entry(true), &format!("#- app.py\n{converted}"));
}

/// A class of the project that initializes its objects itself takes the argument, whatever the foreign one above it would do.
#[test]
fn an_argument_of_a_class_in_between_is_its_own() {
    check_stays(
        "#- awaitify.toml
codemods = ['persistence']
[[accepts_async]]
parameter = 'server.Bot:prefix'
#- app.py
from server import Bot

class Base(Bot):
    def __init__(self, prefix):
        self.prefix = prefix(self)

class Plain(Base):
    pass

class Own(Base):
    def __init__(self):
        super().__init__(prefix=other)

def given(bot):
    return persistence.get(1)

def other(bot):
    return persistence.get(2)

Plain(prefix=given)
Own()
",
    );
}

fn check_stays(files: &str) {
    assert_eq!(check_round(&Project::new(files)).text(), "");
}
