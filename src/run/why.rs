//! `awaitify why`: the chain that converts a function, or what keeps it sync.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::migrate::{no_stdin, request};
use super::output::emit;
use super::{Outcome, notes};
use crate::analysis::{self, Analysis};
use crate::cli::WhyArgs;
use crate::cli::options::Format;
use crate::index::facts::FileId;
use crate::report::text;
use crate::resolve::boundary::decorator_name;

pub(super) fn run(args: &WhyArgs) -> Result<Outcome> {
    notes::check_flags(&args.output, &[Format::Human])?;
    no_stdin(&args.selection.paths)?;
    let flags = args.overrides.flags(&args.selection);
    let analysis = analysis::answer(request(&args.selection, &flags))?;
    let text = match args.target.rsplit_once(':') {
        Some((path, line)) => why_line(&analysis, path, line)?,
        None => why_name(&analysis, &args.target)?,
    };
    emit(&args.output, text.as_bytes())?;
    Ok(Outcome::Clean)
}

fn why_line(analysis: &Analysis, path: &str, line: &str) -> Result<String> {
    let line: usize = line.parse().with_context(|| format!("`{line}` is no line number; write `file.py:LINE`"))?;
    let wanted = path.trim_start_matches("./");
    let file = analysis
        .project
        .files
        .iter()
        .position(|file| file.relative == wanted || file.path == Path::new(path) || file.path.ends_with(wanted))
        .with_context(|| format!("no file of the project is named `{path}`"))?;
    let text = text::why_line(analysis.world(), &analysis.verdicts, FileId(file as u32), line);
    Ok(if text.is_empty() { format!("{path}:{line}: nothing here leads to a blocking call\n") } else { text })
}

fn why_name(analysis: &Analysis, name: &str) -> Result<String> {
    let world = analysis.world();
    let last = name.rsplit('.').next().unwrap_or(name);
    let mut found = vec![];
    for (file, facts) in analysis.index.loaded_files() {
        for (index, func) in facts.funcs.iter().enumerate().filter(|(_, func)| func.name == last) {
            let id = crate::index::facts::FuncId { file, index: index as u32 };
            let qualified = world.names().qualified_func(id);
            if qualified == name || func.qualname == name || qualified.ends_with(&format!(".{name}")) {
                found.push(id);
            }
        }
    }
    if found.is_empty() {
        return Ok(format!("`{name}`: no function of that name leads to a blocking call\n"));
    }
    // Of overloads, the one with the body.
    let is_body = |id: &crate::index::facts::FuncId| {
        let func = world.index.func(*id);
        !func.decorators.iter().any(|decorator| decorator_name(world.index, decorator) == Some("overload"))
    };
    if found.iter().any(is_body) {
        found.retain(is_body);
    }
    Ok(found.into_iter().map(|id| text::why(world, &analysis.verdicts, id)).collect())
}
