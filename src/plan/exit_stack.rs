//! Exit stacks that become async: their `with`, and what is entered on them.

use ruff_text_size::{TextRange, TextSize};

use super::{Action, Plan};
use crate::color::shape::Adaptation;
use crate::color::{World, exit_stack};
use crate::index::facts::*;

/// What happens around a context manager or a callback that a stack takes.
pub(super) fn actions(world: World, adaptation: Adaptation) -> Vec<Action> {
    let (call, to) = match adaptation {
        Adaptation::Stack { call } => (call, "enter_async_context"),
        Adaptation::Push { call } => (call, "push_async_callback"),
        _ => return vec![],
    };
    let facts = world.index.call(call);
    let Value::Attribute { name, .. } = world.index.value(facts.func) else { return vec![] };
    let end = facts.func_range.end();
    let name = TextRange::new(end - TextSize::of(name.as_str()), end);
    let mut actions = vec![Action::Rename { name, to: to.into() }];
    if let Adaptation::Stack { .. } = adaptation {
        actions.push(Action::Await { call: facts.range });
    }
    let opened = exit_stack::of_call(world, call).filter(|opened| !opened.is_async);
    actions.extend(opened.map(|opened| Action::AsyncWith { statement: opened.statement }));
    actions
}

/// The stacks whose `with` became an `async with`.
pub(super) fn stacks(world: World, plan: &mut Plan) {
    for (file, actions) in plan.iter_mut() {
        let facts = world.index.file(*file);
        let opened: Vec<TextRange> = actions
            .iter()
            .filter_map(|action| match action {
                Action::AsyncWith { statement } => Some(*statement),
                _ => None,
            })
            .collect();
        for (index, call) in facts.calls.iter().enumerate() {
            let Usage::WithItem { statement, .. } = call.usage else { continue };
            let id = CallId { file: *file, index: index as u32 };
            if opened.contains(&statement)
                && exit_stack::is_stack(world, id)
                && world.names().last_name(call.func) == Some("ExitStack")
            {
                actions.push(Action::RenameImported { name: call.func_range, to: "contextlib.AsyncExitStack".into() });
            }
        }
    }
}
