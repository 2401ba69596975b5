//! `get_event_loop()` in code that runs under a loop: what it gives there is the running one, by its own name.

use ruff_text_size::TextRange;

use super::{Action, Plan, fallbacks, is_coroutine};
use crate::color::{SiteVerdict, Verdicts, World};
use crate::index::facts::*;

/// Plans the renames. A codemod for `asyncio.run` fallbacks asks for them.
pub fn plan(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    if !world.config.codemods.iter().any(|codemod| codemod.rewrites_run_fallbacks) {
        return;
    }
    let removed = removed_callees(world, verdicts);
    let files: Vec<FileId> = world.index.words.files("get_event_loop").collect();
    for file in files.into_iter().filter(|file| world.is_editable(*file) && !world.in_tests(*file)) {
        let Some(facts) = world.index.loaded(file) else { continue };
        for call in facts.calls.iter().filter(|call| call.args.is_empty()) {
            let context = &facts[call.context];
            let runs_under_loop =
                context.barrier.is_none() && context.func.is_some_and(|func| is_planned(world, verdicts, func));
            let names = world.names();
            let goes = removed.iter().any(|(at, callee)| *at == file && callee.contains_range(call.func_range));
            if runs_under_loop
                && !goes
                && names.last_name(call.func) == Some("get_event_loop")
                && names.dotted(call.func).as_deref() == Some("asyncio.get_event_loop")
            {
                plan.entry(file)
                    .or_default()
                    .push(Action::RenameImported { name: call.func_range, to: "asyncio.get_running_loop".into() });
            }
        }
    }
}

/// The callees of the calls that give way to what they run: `asyncio.get_event_loop().run_in_executor`.
fn removed_callees(world: World, verdicts: &Verdicts) -> Vec<(FileId, TextRange)> {
    let unwrapped = verdicts.sites.values().filter_map(|verdict| match verdict {
        SiteVerdict::Unwrap { call, .. } | SiteVerdict::UnwrapRun { call } => Some(*call),
        _ => None,
    });
    unwrapped.map(|call| (call.file, world.index.call(call).func_range)).collect()
}

fn is_planned(world: World, verdicts: &Verdicts, func: FuncId) -> bool {
    !fallbacks::is_kept(world, func)
        && world.selected.is_none_or(|selected| selected.has(func))
        && is_coroutine(world, verdicts, func)
}
