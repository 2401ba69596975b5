//! Calls that run an event loop until something is done. Under a loop they fail, so a function that makes one, and is called
//! by code that becomes async, becomes async too and awaits, or runs in a thread.

use super::builder::Builder;
use super::names::{Meaning, Names};
use super::{Evidence, Site, SiteKind};
use rustc_hash::FxHashSet;

use crate::index::facts::*;

/// What a runner runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// `asyncio.run(c())`: the coroutine can be awaited in its place.
    Plain,
    /// A loop that is configured, kept, or belongs to a framework.
    Own,
}

/// Functions of frameworks that run a loop.
const FRAMEWORKS: [&str; 12] = [
    "anyio.run",
    "trio.run",
    "uvicorn.run",
    "uvicorn.main",
    "uvicorn.Server.run",
    "uvloop.run",
    "aiohttp.web.run_app",
    "discord.Client.run",
    "discord.ext.commands.Bot.run",
    "discord.Bot.run",
    "asyncio.Runner",
    "asyncio.runners.Runner",
];

/// Words that files with a runner have, apart from `run` itself.
const WORDS: [&str; 10] = [
    "run_until_complete",
    "run_forever",
    "run_app",
    "uvicorn",
    "uvloop",
    "trio",
    "anyio",
    "discord",
    "Runner",
    "hypercorn",
];

/// Does the call run an event loop?
pub fn runner(names: &Names, call: &Call) -> Option<Runner> {
    let name = names.last_name(call.func)?;
    let sole = matches!(call.args.as_slice(), [arg] if arg.keyword.is_none() && !arg.is_star);
    match name {
        "run_until_complete" if sole && on_current_loop(names, call) => Some(Runner::Plain),
        "run_until_complete" | "run_forever" => Some(Runner::Own),
        "run" | "main" | "run_app" | "Runner" => {
            let path = names.dotted(call.func)?;
            match path.as_str() {
                "asyncio.run" if sole => Some(Runner::Plain),
                "asyncio.run" => Some(Runner::Own),
                path => FRAMEWORKS.contains(&path).then_some(Runner::Own),
            }
        }
        _ => None,
    }
}

/// `asyncio.get_event_loop().run_until_complete(c())`, also through a name that stands for nothing else.
fn on_current_loop(names: &Names, call: &Call) -> bool {
    let Value::Attribute { receiver, .. } = names.index.value(call.func) else { return false };
    let is_current = |value: ValueId| match names.index.value(value) {
        Value::Call { call } => {
            let path = names.dotted(names.index.call(*call).func);
            path.is_some_and(|path| matches!(path.as_str(), "asyncio.get_event_loop" | "asyncio.events.get_event_loop"))
        }
        _ => false,
    };
    match names.index.value(*receiver) {
        Value::Name { name, scope } => match names.lookup(*scope, name).as_slice() {
            [Meaning::Value(value)] => is_current(*value),
            _ => false,
        },
        _ => is_current(*receiver),
    }
}

/// Puts the runners in sync functions into the graph.
pub(super) fn find(builder: &mut Builder) {
    let both: Vec<FileId> = {
        let words = &builder.index.words;
        let running: FxHashSet<FileId> = words.files("run").collect();
        words.files("asyncio").filter(|file| running.contains(file)).collect()
    };
    builder.index.load(builder.project, &both);
    builder.index.load_words(builder.project, WORDS);
    let mut found = vec![];
    for (file, facts) in builder.index.loaded_files().filter(|(file, _)| !builder.in_tests(*file)) {
        for (index, site) in facts.refs.iter().enumerate() {
            let Usage::Called(call) = site.usage else { continue };
            let context = &facts[site.context];
            let in_sync = match context.func {
                Some(func) => !facts[func].is_async,
                None => context.main_guard,
            };
            let in_fallback = || facts.fallbacks.iter().any(|fallback| fallback.run == facts[call].range);
            if let Some(runner) = runner(&builder.names(), &facts[call])
                && in_sync
                && context.barrier.is_none()
                && !in_fallback()
            {
                found.push((RefId { file, index: index as u32 }, runner));
            }
        }
    }
    for (id, runner) in found {
        if !builder.graph.sites.contains_key(&id) {
            builder.add_site(Site::new(id, SiteKind::Runs { runner }, vec![], Evidence::Import));
        }
    }
}
