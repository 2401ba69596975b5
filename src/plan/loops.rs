//! `get_event_loop()` in code that runs under a loop: what it gives there is the running one, by its own name.

use super::{Action, Plan, fallbacks, is_coroutine};
use crate::color::{Verdicts, World};
use crate::index::facts::*;

/// Plans the renames. A codemod for `asyncio.run` fallbacks asks for them.
pub fn plan(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    if !world.config.codemods.iter().any(|codemod| codemod.rewrites_run_fallbacks) {
        return;
    }
    let files: Vec<FileId> = world.index.words.files("get_event_loop").collect();
    for file in files.into_iter().filter(|file| world.is_editable(*file) && !world.in_tests(*file)) {
        let Some(facts) = world.index.loaded(file) else { continue };
        for call in facts.calls.iter().filter(|call| call.args.is_empty()) {
            let context = &facts[call.context];
            let runs_under_loop =
                context.barrier.is_none() && context.func.is_some_and(|func| is_planned(world, verdicts, func));
            let names = world.names();
            if runs_under_loop
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

fn is_planned(world: World, verdicts: &Verdicts, func: FuncId) -> bool {
    !fallbacks::is_kept(world, func)
        && world.selected.is_none_or(|selected| selected.has(func))
        && is_coroutine(world, verdicts, func)
}
