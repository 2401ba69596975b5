//! Reading a plan file. Every mistake names its line, and an unknown key the nearest one there is.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{BatchPlan, OnFailure, PlanProblem, Step, roots};
use crate::journal::digest;

const PLAN_KEYS: [&str; 4] = ["roots", "timeout", "max-gate-runs", "step"];
const STEP_KEYS: [&str; 9] =
    ["name", "codemods", "paths", "options", "gate", "timeout", "max-gate-runs", "commit", "on-failure"];
const MAX_GATE_RUNS: usize = 40;

/// The file that is read, for messages.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

/// A table and the keys that it may have.
struct Fields<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    /// Offset of the table, for what is missing in it.
    offset: usize,
}

/// What the steps have when they do not say it themselves.
struct Defaults {
    timeout: Option<Duration>,
    max_gate_runs: usize,
}

pub(crate) fn read(path: &Path) -> Result<BatchPlan, PlanProblem> {
    let problem = |message: String| PlanProblem { path: path.to_path_buf(), line: 1, message };
    let text = fs::read_to_string(path).map_err(|error| problem(format!("cannot read it: {error}")))?;
    let source = Source { path, text: &text };
    let document = DeTable::parse(&text)
        .map_err(|error| source.problem(error.span().map_or(0, |span| span.start), error.message()))?;
    let fields = source.fields(document.get_ref(), 0, &PLAN_KEYS)?;
    let defaults = Defaults {
        timeout: fields.duration("timeout")?,
        max_gate_runs: fields.count("max-gate-runs")?.unwrap_or(MAX_GATE_RUNS),
    };
    let steps = read_steps(&fields, &defaults)?;
    let (patterns, offset) = match fields.get("roots") {
        Some(value) => (fields.strings("roots")?.unwrap_or_default(), value.span().start),
        None => (vec![".".to_owned()], 0),
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let roots = roots::expand(folder, &patterns).map_err(|message| source.problem(offset, &message))?;
    let folder = folder.canonicalize().map_err(|error| problem(format!("cannot find its folder: {error}")))?;
    Ok(BatchPlan { path: path.to_path_buf(), folder, roots, steps, hash: digest(text.as_bytes())[..16].to_owned() })
}

fn read_steps(fields: &Fields, defaults: &Defaults) -> Result<Vec<Step>, PlanProblem> {
    let source = fields.source;
    let values = match fields.get("step").map(|value| (value, value.get_ref())) {
        Some((_, DeValue::Array(values))) => values,
        Some((value, _)) => return Err(source.problem(value.span().start, "a step is written as `[[step]]`")),
        None => return Err(source.problem(0, "there is no `[[step]]`")),
    };
    // The values of `options` are the config's business, so they are taken over as they are.
    let plain: toml::Table = toml::from_str(source.text).expect("the text was parsed before");
    let mut steps: Vec<Step> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(source.problem(value.span().start, "a step is written as `[[step]]`"));
        };
        let fields = source.fields(table, value.span().start, &STEP_KEYS)?;
        let options = plain["step"][index].get("options").cloned();
        let step = read_step(&fields, defaults, options)?;
        if steps.iter().any(|other| other.name == step.name) {
            return Err(fields.problem("name", &format!("there is a step `{}` already", step.name)));
        }
        steps.push(step);
    }
    Ok(steps)
}

fn read_step(fields: &Fields, defaults: &Defaults, options: Option<toml::Value>) -> Result<Step, PlanProblem> {
    let name = fields.string("name")?.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| fields.problem("name", "a step needs a `name`"))?;
    let options = match options {
        None => toml::Table::new(),
        Some(toml::Value::Table(options)) => options,
        Some(_) => return Err(fields.problem("options", "`options` is a table of keys of `[tool.awaitify]`")),
    };
    let gate = fields.strings("gate")?;
    if gate.as_ref().is_some_and(|gate| gate.first().is_none_or(String::is_empty)) {
        return Err(fields.problem("gate", "`gate` is empty; it is a program and its arguments"));
    }
    if gate.is_none() && fields.get("on-failure").is_some() {
        return Err(fields.problem("on-failure", "`on-failure` says what a failing `gate` does, and there is none"));
    }
    let paths: Vec<_> = fields.strings("paths")?.unwrap_or_default().into_iter().map(PathBuf::from).collect();
    let is_inside =
        |path: &PathBuf| path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if let Some(outside) = paths.iter().find(|path| !is_inside(path)) {
        let outside = outside.display();
        return Err(fields.problem("paths", &format!("`{outside}` leads out of the root; paths are relative to it")));
    }
    Ok(Step {
        name,
        codemods: fields.strings("codemods")?.unwrap_or_default(),
        paths,
        options,
        line: fields.source.line(fields.offset),
        gate,
        timeout: fields.duration("timeout")?.or(defaults.timeout),
        max_gate_runs: fields.count("max-gate-runs")?.unwrap_or(defaults.max_gate_runs),
        commit: fields.string("commit")?,
        on_failure: on_failure(fields)?,
    })
}

fn on_failure(fields: &Fields) -> Result<OnFailure, PlanProblem> {
    const VALUES: [&str; 3] = ["stop", "undo", "isolate"];
    match fields.string("on-failure")?.as_deref() {
        Some("stop") => Ok(OnFailure::Stop),
        None | Some("undo") => Ok(OnFailure::Undo),
        Some("isolate") => Ok(OnFailure::Isolate),
        Some(other) => {
            let message = format!("`{other}` is none of `stop`, `undo`, `isolate`{}", suggestion(other, &VALUES));
            Err(fields.problem("on-failure", &message))
        }
    }
}

impl<'a> Source<'a> {
    fn fields(
        &'a self,
        table: &'a DeTable<'a>,
        offset: usize,
        keys: &'static [&'static str],
    ) -> Result<Fields<'a>, PlanProblem> {
        if let Some(unknown) = table.keys().find(|key| !keys.contains(&key.get_ref().as_ref())) {
            let message = format!("unknown key `{}`{}", unknown.get_ref(), suggestion(unknown.get_ref(), keys));
            return Err(self.problem(unknown.span().start, &message));
        }
        Ok(Fields { source: self, table, offset })
    }

    fn problem(&self, offset: usize, message: &str) -> PlanProblem {
        PlanProblem { path: self.path.to_path_buf(), line: self.line(offset), message: message.to_owned() }
    }

    fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

impl<'a> Fields<'a> {
    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// A problem with the value of `key`, or with the table when it has none.
    fn problem(&self, key: &str, message: &str) -> PlanProblem {
        self.source.problem(self.get(key).map_or(self.offset, |value| value.span().start), message)
    }

    fn string(&self, key: &str) -> Result<Option<String>, PlanProblem> {
        match self.get(key).map(Spanned::get_ref) {
            None => Ok(None),
            Some(DeValue::String(text)) => Ok(Some(text.to_string())),
            Some(_) => Err(self.problem(key, &format!("`{key}` is a string"))),
        }
    }

    fn strings(&self, key: &str) -> Result<Option<Vec<String>>, PlanProblem> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || self.problem(key, &format!("`{key}` is an array of strings: `[\"...\", \"...\"]`"));
        let DeValue::Array(values) = value.get_ref() else { return Err(wrong()) };
        let text = |value: &Spanned<DeValue>| match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(wrong()),
        };
        values.iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    fn count(&self, key: &str) -> Result<Option<usize>, PlanProblem> {
        match self.get(key).map(Spanned::get_ref) {
            None => Ok(None),
            Some(DeValue::Integer(number)) if number.as_str().parse::<usize>().is_ok_and(|number| number > 0) => {
                Ok(number.as_str().parse().ok())
            }
            Some(_) => Err(self.problem(key, &format!("`{key}` is a number above 0"))),
        }
    }

    fn duration(&self, key: &str) -> Result<Option<Duration>, PlanProblem> {
        let wrong =
            || self.problem(key, &format!("`{key}` is a number of seconds, or a text like \"90s\", \"20m\", \"2h\""));
        let text = match self.get(key).map(Spanned::get_ref) {
            None => return Ok(None),
            Some(DeValue::Integer(number)) => number.as_str().to_owned(),
            Some(DeValue::String(text)) => text.to_string(),
            Some(_) => return Err(wrong()),
        };
        let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
        let seconds = match unit.trim() {
            "" | "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return Err(wrong()),
        };
        let number: u32 = number.parse().map_err(|_| wrong())?;
        Ok(Some(Duration::from_secs(u64::from(number) * seconds)))
    }
}

/// `; did you mean ...` with the nearest of `known`, or all of them.
fn suggestion(given: &str, known: &[&str]) -> String {
    let likeness = |known: &&&str| (strsim::jaro_winkler(given, known) * 1000.0) as u32;
    match known.iter().filter(|known| likeness(known) > 750).max_by_key(likeness) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => format!("; there are: {}", known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")),
    }
}
