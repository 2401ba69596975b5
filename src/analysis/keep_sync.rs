//! A name in `keep_sync` that matches nothing is a slip of the pen: the function it was meant for would convert.

use std::path::Path;

use crate::config::Config;
use crate::error::Problem;
use crate::index::Index;
use crate::index::facts::*;
use crate::project::Project;
use crate::resolve::names::Names;

/// A problem for each name that no function of the project has, with the nearest one that there is.
pub(super) fn unmatched(project: &Project, config: &Config, index: &mut Index) -> Vec<Problem> {
    let mut problems = vec![];
    for pattern in config.keep_sync.patterns.iter().filter(|pattern| !pattern.starts_with('!')) {
        if matches_module(project, index, pattern) || literal_words(pattern).is_empty() {
            continue;
        }
        let words = literal_words(pattern);
        index.load_words(project, words.iter().map(String::as_str));
        let names = Names::new(project, index);
        let Ok(own) = crate::config::Names::new([pattern.clone()]) else { continue };
        let mut known = qualified(&names);
        if known.iter().any(|name| own.matches(name)) {
            continue;
        }
        let every: Vec<FileId> = project.ids().collect();
        index.load(project, &every);
        known = qualified(&Names::new(project, index));
        if !known.iter().any(|name| own.matches(name)) {
            problems.push(problem(config, pattern, &known));
        }
    }
    problems
}

/// `shop.cli.*`: all that a module holds.
fn matches_module(project: &Project, index: &Index, pattern: &str) -> bool {
    let Some(module) = pattern.strip_suffix(".*") else { return false };
    let is_below = |name: &str| name == module || name.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'));
    index.module(module).is_some()
        || index.is_package(module)
        || project.ids().any(|id| is_below(&project.file(id).module))
}

/// The last part that is an identifier.
fn literal_words(pattern: &str) -> Vec<String> {
    let literal = |part: &&str| !part.is_empty() && part.chars().all(|char| char.is_alphanumeric() || char == '_');
    pattern.split('.').rfind(literal).map(str::to_owned).into_iter().collect()
}

/// The qualified names of all functions that are loaded.
fn qualified(names: &Names) -> Vec<String> {
    let mut found = vec![];
    for (file, facts) in names.index.loaded_files() {
        found.extend((0..facts.funcs.len() as u32).map(|index| names.qualified_func(FuncId { file, index })));
    }
    found
}

fn problem(config: &Config, pattern: &str, known: &[String]) -> Problem {
    let near = |name: &String| strsim::jaro_winkler(pattern, name);
    let nearest = known.iter().max_by(|left, right| near(left).total_cmp(&near(right)));
    let hint = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    let message = format!("`keep_sync`: no function of the project is named `{pattern}`{hint}");
    let text = config.path.as_deref().and_then(|path: &Path| Some((path, std::fs::read_to_string(path).ok()?)));
    let quoted = [format!("\"{pattern}\""), format!("'{pattern}'")];
    let place = text.and_then(|(path, text)| {
        let offset = quoted.iter().find_map(|quoted| text.find(quoted))?;
        Some(Problem::at_offset(path, &text, offset, message.clone()))
    });
    place.unwrap_or_else(|| Problem::command_line(message))
}
