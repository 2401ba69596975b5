//! What `awaitify codemods` prints.

use super::{AcceptsAsync, Blocking, BlockingAction, Codemod, Example, FoundByName, Names, Reach};

/// The list: a line for each codemod, names in one column and descriptions in the other.
pub fn list(codemods: &[Codemod]) -> String {
    let width = codemods.iter().map(|codemod| codemod.name.chars().count()).max().unwrap_or(0);
    codemods.iter().map(|codemod| format!("{:width$}  {}\n", codemod.name, codemod.description)).collect()
}

/// One codemod with all its entries and examples.
pub fn one(codemod: &Codemod) -> String {
    let mut text = format!("{}: {}\n", codemod.name, codemod.description);
    section(&mut text, "Blocking", codemod.blocking.iter().flat_map(blocking_lines));
    section(&mut text, "May be async", codemod.accepts_async.iter().flat_map(accepts_async_lines));
    let threaded = codemod.threaded.iter().flat_map(|names| names.patterns.clone());
    section(&mut text, "Run in threads by the framework, so blocking there is no fault", threaded);
    section(
        &mut text,
        "Called by their names without an await, so they stay",
        codemod.found_by_name.iter().map(found_line),
    );
    let renames = codemod.renames.iter().map(|rename| format!("{} -> {}", rename.from, rename.to));
    section(&mut text, "Renamed once the code around is async", renames);
    let fallbacks = codemod.rewrites_run_fallbacks.then(|| "`asyncio.run` fallbacks".to_owned());
    section(&mut text, "Rewritten", fallbacks.into_iter());
    for example in &codemod.examples {
        show_example(&mut text, example);
    }
    text
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    text.push_str(&format!("\n{title}:\n"));
    for line in lines {
        text.push_str(&format!("  {line}\n"));
    }
}

fn blocking_lines(entry: &Blocking) -> Vec<String> {
    let what = [("receiver", &entry.receiver), ("class", &entry.class), ("function", &entry.function)];
    let mut lines: Vec<String> = what
        .iter()
        .filter_map(|(label, names)| names.as_ref().map(|names| format!("{label} {}", joined(names))))
        .collect();
    if entry.method.patterns != ["*"] {
        lines.push(format!("method {}", joined(&entry.method)));
    }
    let reach = match entry.reach {
        Some(Reach::All) => ", and whatever leads to it converts",
        Some(Reach::Async) => ", where async code reaches it",
        Some(Reach::None) => ", inside of `async def` only",
        None => "",
    };
    lines.push(format!("  {}{reach}", action(&entry.action)));
    lines
}

fn action(action: &BlockingAction) -> String {
    match action {
        BlockingAction::Offload => "offloaded".to_owned(),
        BlockingAction::Native { template } => {
            format!("becomes the method `{template}` where there is one, else offloaded")
        }
        BlockingAction::Replace { function } => format!("becomes `{function}`"),
        BlockingAction::Tell => "told of by `check`".to_owned(),
    }
}

fn accepts_async_lines(entry: &AcceptsAsync) -> Vec<String> {
    let where_it_runs = if entry.on_loop { " (sync ones run on the loop)" } else { "" };
    let lines = |label: &str, names: &Option<Names>| match names {
        Some(names) => names.patterns.iter().map(|pattern| format!("{label} {pattern}{where_it_runs}")).collect(),
        None => Vec::new(),
    };
    [
        lines("decorator", &entry.decorator),
        lines("parameter", &entry.parameter),
        lines("awaitable", &entry.awaitable),
        lines("method", &entry.method),
    ]
    .concat()
}

fn found_line(entry: &FoundByName) -> String {
    let parameters = entry.parameters.as_ref().map(|all| {
        let names = all.names.iter().map(joined).chain(all.is_open.then(|| "...".to_owned()));
        format!("({})", names.collect::<Vec<_>>().join(", "))
    });
    let parameters = parameters.unwrap_or_default();
    let file = entry.file.as_ref().map(|names| format!(", in {}", joined(names))).unwrap_or_default();
    let binds = match entry.binds.as_slice() {
        [] => String::new(),
        names => format!(", in a module with {}", names.join(" and ")),
    };
    format!("function {}{parameters}{file}{binds}", joined(&entry.function))
}

fn joined(names: &Names) -> String {
    names.patterns.join(", ")
}

/// An example whose text stays the same shows it once.
fn show_example(text: &mut String, example: &Example) {
    let with = match example.with.as_slice() {
        [] => String::new(),
        names => format!(", with {} on", names.join(" and ")),
    };
    if example.before == example.after {
        text.push_str(&format!("\nExample{with}, stays as it is:\n"));
        indented(text, "  ", &example.before);
        return;
    }
    text.push_str(&format!("\nExample{with}:\n"));
    indented(text, "- ", &example.before);
    text.push('\n');
    indented(text, "+ ", &example.after);
}

fn indented(text: &mut String, prefix: &str, block: &str) {
    for line in block.lines() {
        text.push_str(format!("  {prefix}{line}").trim_end());
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::builtin;

    #[test]
    fn the_list_has_two_columns() {
        let text = list(&builtin::all());
        assert!(
            text.contains("\ntime-sleep     `time.sleep` where async code reaches it becomes `asyncio.sleep`.\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), builtin::names().count());
    }

    #[test]
    fn one_codemod_is_shown_with_entries_and_examples() {
        let text = one(&builtin::get("time-sleep").unwrap());
        let expected = "\
time-sleep: `time.sleep` where async code reaches it becomes `asyncio.sleep`.

Blocking:
  function time.sleep
    becomes `asyncio.sleep`, where async code reaches it

Example:
  - import time
  -
  -
  - def pause(seconds):
  -     time.sleep(seconds)
";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn an_example_that_stays_is_shown_once() {
        let text = one(&builtin::get("celery").unwrap());
        let expected = "\
Run in threads by the framework, so blocking there is no fault:
  celery.task
  celery.shared_task
  celery.app.shared_task
  celery.{Celery,app.Celery,app.base.Celery}.task

Example, with persistence on, stays as it is:
    from celery import shared_task
";
        assert!(text.contains(expected), "{text}");
    }
}
