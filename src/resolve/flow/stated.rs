//! What the user says of open sites: `# awaitify: is pkg.mod.Class.method` and `# awaitify: not` on the line of the site,
//! and `settled` entries of the config.

use ruff_source_file::LineIndex;
use ruff_text_size::TextRange;

use crate::error::Problem;
use crate::index::facts::*;
use crate::py::source;
use crate::resolve::builder::Builder;
use crate::resolve::flow;
use crate::resolve::site::Found;

/// What somebody says of the sites of one line.
#[derive(Debug)]
pub(crate) struct Stated {
    file: FileId,
    line: TextRange,
    /// None: nothing of ours.
    is: Option<String>,
}

/// The config's `settled` entries, with lines turned into ranges.
pub(crate) fn from_config(builder: &mut Builder) {
    for settled in &builder.config.settled {
        let path = builder.config.root.join(&settled.path);
        let found = builder.project.find(&path);
        let text = std::fs::read(&path).ok().and_then(|bytes| source::decode(&bytes).ok()).map(|source| source.text);
        let (Some(file), Some(text)) = (found, text) else {
            let message = format!("`settled` names `{}`, which is no file of the project", settled.path.display());
            builder.graph.problems.push(Problem::whole_file(&settled.path, message));
            continue;
        };
        let lines = LineIndex::from_source_text(&text);
        let Some(line) =
            ruff_source_file::OneIndexed::new(settled.line).filter(|line| line.get() <= lines.line_count())
        else {
            let message = format!("`settled` names line {} of a file with {}", settled.line, lines.line_count());
            builder.graph.problems.push(Problem::whole_file(&settled.path, message));
            continue;
        };
        let line = lines.line_range(line, &text);
        let is = (settled.is != "not").then(|| settled.is.clone());
        builder.stated.push(Stated { file, line, is });
    }
}

/// What is said of a site; a name that is no function of the project is a problem.
pub(super) fn found(builder: &mut Builder, id: RefId) -> Option<Found> {
    let site = builder.index.site(id);
    let at = site.name_range.start();
    let comments = &builder.index.file(id.file).statements;
    let said =
        comments.iter().find(|comment| comment.line.contains_inclusive(at)).map(|comment| comment.is.clone()).or_else(
            || {
                let stated = builder.stated.iter().find(|stated| stated.file == id.file && stated.line.contains(at));
                stated.map(|stated| stated.is.clone())
            },
        )?;
    let Some(said) = said else { return Some(Found::Foreign) };
    let last = said.rsplit('.').next().unwrap_or_default().to_owned();
    let own_name = site.name.clone();
    builder.index.load_words(builder.project, [last.as_str()]);
    let names = builder.names();
    let named: Vec<FuncId> =
        builder.index.funcs_of(&last).iter().copied().filter(|func| names.qualified_func(*func) == said).collect();
    if named.is_empty() {
        let path = builder.project.file(id.file).relative.clone();
        let message =
            format!("`{said}` (said of `{own_name}` by a comment or `settled`) is no function of the project");
        let problem = Problem::whole_file(path, message);
        if !builder.graph.problems.contains(&problem) {
            builder.graph.problems.push(problem);
        }
        return None;
    }
    // Another name on the same line is another site, unless it is a field that holds the function.
    if own_name != last {
        let answer = flow::answer(builder, id);
        if !answer.has_unknown
            || builder.index.funcs_of(&own_name).iter().any(|func| builder.graph.nodes.contains(func))
        {
            return None;
        }
    }
    Some(Found::Targets(named))
}
