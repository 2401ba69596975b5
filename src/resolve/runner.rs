//! Calls that run an event loop until something is done. Under a loop they fail, so a function that makes one, and is called
//! by code that becomes async, becomes async too and awaits, or runs in a thread.

use super::builder::Builder;
use super::names::{Meaning, Names};
use super::{Evidence, Site, SiteKind, command};
use rustc_hash::FxHashSet;

use crate::index::facts::*;

/// What a runner runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// `asyncio.run(c())`: the coroutine can be awaited in its place.
    Plain,
    /// A loop that is configured, kept, or belongs to a framework; or a process that has none.
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

/// Packages whose programs run in a loop that the package starts, or fails to start under another one.
const PACKAGES: [&str; 60] = [
    "InquirerPy",
    "agents",
    "aiogram",
    "aiomisc",
    "aiorun",
    "aiosmtpd",
    "arq",
    "asgiref",
    "bokeh",
    "botbuilder",
    "chainlit",
    "channels",
    "curio",
    "daphne",
    "discord",
    "disnake",
    "distributed",
    "fastmcp",
    "faststream",
    "faust",
    "flet",
    "gradio",
    "granian",
    "gunicorn",
    "hikari",
    "hypercorn",
    "interactions",
    "jupyter_server",
    "kopf",
    "livekit",
    "mcp",
    "mitmproxy",
    "nextcord",
    "nicegui",
    "nonebot",
    "panel",
    "playwright",
    "prompt_toolkit",
    "pydantic_ai",
    "pyppeteer",
    "pyrogram",
    "pytest",
    "pywebio",
    "quart",
    "questionary",
    "requests_html",
    "robyn",
    "sanic",
    "scrapy",
    "slack_bolt",
    "slixmpp",
    "solara",
    "telegram",
    "telethon",
    "textual",
    "tornado",
    "trame",
    "twisted",
    "twitchio",
    "vkbottle",
];

/// What such a package calls a function that runs the loop.
const STARTERS: [&str; 24] = [
    "ask",
    "unsafe_ask",
    "execute",
    "run",
    "start",
    "launch",
    "serve",
    "main",
    "app",
    "process",
    "prompt",
    "run_app",
    "run_sync",
    "run_worker",
    "run_server",
    "launch_instance",
    "launch_new_instance",
    "start_polling",
    "start_server",
    "run_until_shutdown",
    "mitmdump",
    "mitmweb",
    "sync_playwright",
    "render",
];

/// Methods of these names run a loop, whatever package they are of.
const METHODS: [&str; 6] =
    ["run_until_complete", "run_forever", "run_polling", "run_webhook", "run_until_disconnected", "run_coroutine"];

/// What goes on as another process, in which the loop of this one is none any more.
const FORKS: [&str; 5] = ["os.fork", "os.forkpty", "pty.fork", "daemon.DaemonContext", "daemon.daemon.DaemonContext"];

/// What refuses to work under a running loop, beside the managers of models: Django's connections and what asks them.
const DJANGO: [&str; 5] = [
    "django.db.connection.cursor",
    "django.db.transaction.atomic",
    "django.core.management.call_command",
    "django.shortcuts.get_object_or_404",
    "django.shortcuts.get_list_or_404",
];

/// Words that files with a runner have, apart from `run` itself.
const WORDS: [&str; 10] =
    ["run_app", "uvicorn", "uvloop", "trio", "anyio", "Runner", "async_to_sync", "fork", "forkpty", "DaemonContext"];

/// Words of files with commands.
const COMMANDS: [&str; 3] = ["click", "typer", "cyclopts"];

/// Does the call run an event loop?
pub fn runner(names: &Names, call: &Call) -> Option<Runner> {
    let name = names.last_name(call.func)?;
    let sole = matches!(call.args.as_slice(), [arg] if arg.keyword.is_none() && !arg.is_star);
    match name {
        "run_until_complete" if sole && on_current_loop(names, call) => return Some(Runner::Plain),
        // `async_to_sync(f)(x)`
        "async_to_sync" => return matches!(call.usage, Usage::Called(_)).then_some(Runner::Own),
        name if METHODS.contains(&name) && !is_of_project(names, call.func) => return Some(Runner::Own),
        _ => {}
    }
    if takes_coroutine(names, call, name) || asks_django(names, call, name) {
        return Some(Runner::Own);
    }
    if !STARTERS.contains(&name) && !matches!(name, "Runner" | "fork" | "forkpty" | "DaemonContext") {
        return None;
    }
    let path = names.dotted(call.func)?;
    match path.as_str() {
        "asyncio.run" if sole => Some(Runner::Plain),
        "asyncio.run" => Some(Runner::Own),
        path if FRAMEWORKS.contains(&path) => Some(Runner::Own),
        _ if is_of_project(names, call.func) => None,
        path if is_fork(path) => Some(Runner::Own),
        path => names.inherited_paths(path).iter().any(|path| is_of_framework(path, name)).then_some(Runner::Own),
    }
}

/// Does a function of this path fork the process?
pub fn is_fork(path: &str) -> bool {
    FORKS.contains(&path)
}

/// Does a function of this path ask Django's database, which refuses where a loop runs?
pub fn is_of_django(path: &str) -> bool {
    DJANGO.contains(&path) || path.contains(".objects.")
}

/// `Room.objects.get(pk=1)`
fn asks_django(names: &Names, call: &Call, name: &str) -> bool {
    let is_own = |path: &&&str| path.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    if let Some(path) = DJANGO.iter().find(is_own) {
        return names.dotted(call.func).as_deref() == Some(path);
    }
    let Value::Attribute { receiver, .. } = names.index.value(call.func) else { return false };
    let Value::Attribute { receiver: model, name } = names.index.value(*receiver) else { return false };
    let is_of_django = |path: &str| path.starts_with("django.");
    name == "objects"
        && names.evaluate(*model).iter().any(|meaning| match meaning {
            Meaning::Class(class) => names.foreign_bases(*class).iter().any(|path| is_of_django(path)),
            Meaning::External(path) => is_of_django(path),
            _ => false,
        })
}

fn is_of_framework(path: &str, name: &str) -> bool {
    let package = path.split('.').next().unwrap_or_default();
    FRAMEWORKS.contains(&path) || STARTERS.contains(&name) && PACKAGES.contains(&package)
}

/// Does the project define what is called?
fn is_of_project(names: &Names, func: ValueId) -> bool {
    names.dotted(func).is_some_and(|path| names.func_of_path(&path).is_some())
}

/// `runner.run(main())`: who takes a coroutine of the project in sync code, and is neither the project's nor asyncio's, runs it.
fn takes_coroutine(names: &Names, call: &Call, name: &str) -> bool {
    let is_coroutine = |value: ValueId| {
        let Value::Call { call } = names.index.value(value) else { return false };
        let meanings = names.evaluate(names.index.call(*call).func);
        matches!(meanings.as_slice(), [Meaning::Func(func)] if {
            let facts = names.index.func(*func);
            facts.is_async && !facts.traits.is_generator
        })
    };
    matches!(
        name,
        "run" | "start" | "main" | "launch" | "serve" | "run_sync" | "run_async" | "run_coroutine" | "sync" | "syncify"
    ) && call.args.iter().any(|arg| is_coroutine(arg.value))
        && names.index.funcs_of(name).is_empty()
        && names.dotted(call.func).is_none_or(|path| !path.starts_with("asyncio."))
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
    builder.index.load_words(builder.project, WORDS.into_iter().chain(PACKAGES).chain(METHODS).chain(COMMANDS));
    if builder.index.words.files("django").next().is_some() {
        let last = |path: &'static str| path.rsplit('.').next().unwrap_or(path);
        builder.index.load_words(builder.project, DJANGO.into_iter().map(last).chain(["objects"]));
    }
    let has_commands = COMMANDS.iter().any(|word| builder.index.words.files(word).next().is_some())
        || builder.config.codemods.iter().any(|codemod| codemod.commands.is_some());
    let mut found = vec![];
    for (file, facts) in builder.index.loaded_files().filter(|(file, _)| !builder.in_tests(*file)) {
        for (index, site) in facts.refs.iter().enumerate() {
            let Usage::Called(call) = site.usage else { continue };
            let context = &facts[site.context];
            let in_sync = match context.func {
                Some(func) => !facts[func].is_async,
                None => context.main_guard,
            };
            let is_runner = || {
                let names = builder.names();
                let runs_command =
                    || has_commands && context.func.is_some() && command::is_run(names, builder.config, &facts[call]);
                runner(&names, &facts[call]).or_else(|| runs_command().then_some(Runner::Own))
            };
            let in_fallback = || facts.fallbacks.iter().any(|fallback| fallback.run == facts[call].range);
            if in_sync
                && context.barrier.is_none()
                && let Some(runner) = is_runner()
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
