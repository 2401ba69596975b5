//! The `asyncio.run` fallbacks: which are rewritten, and which are left because somebody relies on them.

use rustc_hash::FxHashSet;

use super::{Action, Plan, is_coroutine};
use crate::color::{Verdicts, World, bridge};
use crate::config::Fallback as Style;
use crate::error::Problem;
use crate::index::facts::*;
use crate::rewrite::{Leave, Left};

/// Plans the fallbacks that no certain caller without a running loop needs.
pub fn plan(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    for (file, fallback, func) in rewritten(world, verdicts) {
        plan.entry(file).or_default().push(Action::Fallback {
            statement: fallback.statement,
            style: world.config.fallback,
            in_async: is_coroutine(world, verdicts, func),
        });
    }
}

/// The fallbacks that are rewritten, each with the function around it.
pub fn rewritten<'a>(world: World<'a>, verdicts: &Verdicts) -> impl Iterator<Item = (FileId, &'a Fallback, FuncId)> {
    wanted(world).filter(move |(_, fallback, func)| {
        is_coroutine(world, verdicts, *func)
            || fallback.kind == FallbackKind::Alone && needed_by(world, verdicts, *func).is_none()
    })
}

/// The fallbacks that a codemod asks to rewrite.
fn wanted(world: World<'_>) -> impl Iterator<Item = (FileId, &Fallback, FuncId)> {
    let is_on = world.config.codemods.iter().any(|codemod| codemod.rewrites_run_fallbacks);
    let files = world.index.loaded_files().filter(move |(file, _)| is_on && world.is_editable(*file));
    files.filter(move |(file, _)| !world.in_tests(*file)).flat_map(move |(file, facts)| {
        facts.fallbacks.iter().filter_map(move |fallback| {
            let func = facts[fallback.context].func.filter(|func| !is_kept(world, *func))?;
            world.selected.is_none_or(|selected| selected.has(func)).then_some((file, fallback, func))
        })
    })
}

/// Does a comment or the config say that the function stays as it is?
pub fn is_kept(world: World, func: FuncId) -> bool {
    world.index.func(func).keep || world.config.keep_sync.matches(&world.names().qualified_func(func))
}

/// Who calls the function, directly or through others, where no loop runs.
enum Alone {
    /// At module level, or on a thread.
    Site(RefId),
    /// A console script runs this function.
    Script(FuncId),
}

fn needed_by(world: World, verdicts: &Verdicts, func: FuncId) -> Option<Alone> {
    let hands_over = world.config.fallback == Style::Threadsafe;
    let mut seen = FxHashSet::from_iter([func]);
    let mut waiting = vec![func];
    while let Some(at) = waiting.pop() {
        let facts = world.index.func(at);
        if facts.class.is_none() && bridge::is_script(world, at) {
            return Some(Alone::Script(at));
        }
        for id in world.graph.callers.get(&at).into_iter().flatten() {
            let context = world.context(*id);
            let on_thread = !matches!(world.index.site(*id).usage, Usage::Called(_));
            match context.func {
                // What runs on a thread is handed over to the loop.
                _ if on_thread && hands_over => {}
                _ if on_thread => return Some(Alone::Site(*id)),
                Some(owner) if is_coroutine(world, verdicts, owner) => {}
                Some(owner) => waiting.extend(seen.insert(owner).then_some(owner)),
                None if in_moved_guard(world, verdicts, *id) => {}
                None => return Some(Alone::Site(*id)),
            }
        }
    }
    None
}

/// Does the guard that the site stands in become a coroutine function?
fn in_moved_guard(world: World, verdicts: &Verdicts, id: RefId) -> bool {
    let at = world.index.site(id).range;
    verdicts
        .guards
        .iter()
        .any(|(file, guard)| *file == id.file && world.index.file(*file).main_guards[*guard].range.contains_range(at))
}

/// Remarks on the fallbacks that are left because they are needed.
pub fn problems(world: World, verdicts: &Verdicts) -> Vec<Problem> {
    let mut found = vec![];
    for (file, fallback, func) in wanted(world) {
        if is_coroutine(world, verdicts, func) {
            continue;
        }
        if fallback.kind == FallbackKind::Joined {
            let name = world.names().qualified_func(func);
            found.push(remark(world, file, fallback, &format!("it waits for a thread, and `{name}` stays sync")));
            continue;
        }
        let why = match needed_by(world, verdicts, func) {
            None => continue,
            Some(Alone::Script(script)) => {
                format!("the console script `{}` calls it where no loop runs", world.names().qualified_func(script))
            }
            Some(Alone::Site(id)) => {
                let path = world.project.file(id.file).relative.clone();
                let text = std::fs::read_to_string(&world.project.file(id.file).path).unwrap_or_default();
                let place = Problem::at_offset(path, &text, world.index.site(id).range.start().into(), "");
                let line = place.line.unwrap_or_default();
                format!("`{}:{line}` calls it where no loop runs", place.path.display())
            }
        };
        found.push(remark(world, file, fallback, &why));
    }
    found
}

/// The remark on a fallback that a rewriter left.
pub fn left(world: World, file: FileId, left: &Left) -> Option<Problem> {
    let Action::Fallback { statement, .. } = &left.action else { return None };
    let fallback = world.index.file(file).fallbacks.iter().find(|fallback| fallback.statement == *statement)?;
    let why = match left.reason {
        Leave::ResultUsed => "what it returns is used",
        Leave::LoopUsed => "the loop is used behind it as well",
        Leave::NoLoopHandle => "neither the class nor the module keeps a loop that the work could be handed to",
        Leave::SharedLine => "it shares a line with something else",
        _ => "it does more than to schedule one coroutine",
    };
    Some(remark(world, file, fallback, why))
}

fn remark(world: World, file: FileId, fallback: &Fallback, why: &str) -> Problem {
    let source = world.project.file(file);
    let text = std::fs::read_to_string(&source.path).unwrap_or_default();
    let message = format!("this `asyncio.run` fallback is left: {why}");
    Problem::at_offset(source.relative.clone(), &text, fallback.run.start().into(), message)
}
