//! What is entered: `with` statements of which some items become async, exit stacks and what is entered on them.

use ruff_text_size::{TextRange, TextSize};

use super::{Action, Plan};
use crate::color::shape::Adaptation;
use crate::color::{SiteVerdict, Verdicts, World, exit_stack};
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

/// What becomes of each `with` that enters something asynchronous: all of it does, or it is taken apart.
pub(super) fn plan(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    for (file, actions) in plan.iter_mut() {
        let mut stacks = vec![];
        for action in actions.iter_mut() {
            let Action::AsyncWith { statement } = *action else { continue };
            let mut entered = entered_by_sites(world, verdicts, *file, statement);
            for facts in stacks_in(world, *file, statement) {
                entered.push(facts.range);
                let is_sync = world.names().last_name(facts.func) == Some("ExitStack");
                stacks.extend(is_sync.then_some(facts.func_range));
            }
            let statements = &world.index.file(*file).with_statements;
            let Some(with) = statements.iter().find(|with| with.range == statement) else { continue };
            if with.items.iter().any(|item| !entered.contains(item)) {
                *action = Action::SplitWith { statement, entered };
            }
        }
        let to_async = |name| Action::RenameImported { name, to: "contextlib.AsyncExitStack".into() };
        actions.extend(stacks.into_iter().map(to_async));
    }
}

/// The items of a `with` that convert.
fn entered_by_sites(world: World, verdicts: &Verdicts, file: FileId, statement: TextRange) -> Vec<TextRange> {
    let sites = world.graph.sites_in_file(file).map(|site| world.index.site(site.id));
    let adapts = |site: &Ref, id: RefId| {
        let (usage, range) = match site.usage {
            Usage::Called(call) => (world.index.call(call).usage, world.index.call(call).range),
            usage => (usage, site.range),
        };
        let is_item = matches!(usage, Usage::WithItem { statement: own, .. } if own == statement);
        (is_item && verdicts.sites[&id] == SiteVerdict::Adapt(Adaptation::With)).then_some(range)
    };
    let ids = world.graph.sites_in_file(file).map(|site| site.id);
    sites.zip(ids).filter_map(|(site, id)| adapts(site, id)).collect()
}

fn stacks_in(world: World<'_>, file: FileId, statement: TextRange) -> impl Iterator<Item = &Call> {
    let calls = world.index.file(file).calls.iter().enumerate();
    let ids = calls.map(move |(index, call)| (CallId { file, index: index as u32 }, call));
    ids.filter(move |(id, call)| {
        let is_item = matches!(call.usage, Usage::WithItem { statement: own, .. } if own == statement);
        is_item && exit_stack::is_stack(world, *id) && exit_stack::adapts(world, *id)
    })
    .map(|(_, call)| call)
}
