//! Findings in words: one sentence, the chain a line a step, and the edit if there is one. The formats print what is here.

pub mod card;
pub mod json;
pub mod text;

use super::words::{self, Places};
use crate::check::chain::{Chain, Outcome};
use crate::check::coroutine::Use;
use crate::check::{Code, Detail, Finding};
use crate::color::World;
use crate::index::facts::*;
use crate::resolve::SiteKind;

/// A finding as it is printed. Lines and columns are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub code: Code,
    /// Below the project's root.
    pub path: String,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
    /// A sentence without its period.
    pub message: String,
    pub chain: Vec<Step>,
    /// The expression, and what the migration makes of it.
    pub edit: Option<(String, String)>,
    /// Why the migration leaves it.
    pub reason: Option<String>,
    /// Another place that belongs to it.
    pub related: Option<Step>,
}

/// One line of a chain, or another place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub path: String,
    pub line: usize,
    pub text: String,
}

/// The findings in words, in their order.
pub fn shown(world: World, findings: &[Finding]) -> Vec<Shown> {
    let mut places = Places::new(world);
    findings.iter().map(|finding| one(world, &mut places, finding)).collect()
}

fn one(world: World, places: &mut Places, finding: &Finding) -> Shown {
    let (line, column) = places.line_and_column(finding.file, finding.range.start());
    let (end_line, end_column) = places.line_and_column(finding.file, finding.range.end());
    let mut shown = Shown {
        code: finding.code,
        path: world.project.file(finding.file).relative.clone(),
        line,
        column,
        end_line,
        end_column,
        message: sentence(world, places, finding),
        chain: vec![],
        edit: None,
        reason: None,
        related: None,
    };
    match &finding.detail {
        Detail::Chain(chain) => {
            if chain.steps.len() > 1 {
                shown.chain = steps(world, places, chain);
            }
            match &chain.outcome {
                Outcome::Edit { before, after } => shown.edit = Some((before.clone(), after.clone())),
                Outcome::Left(cause) => shown.reason = Some(words::sentence(world, places, cause)),
                Outcome::Nothing => {}
            }
        }
        Detail::Elsewhere { file, range } => {
            shown.related = Some(Step {
                path: world.project.file(*file).relative.clone(),
                line: places.line(*file, range.start()),
                text: places.excerpt(*file, *range),
            });
        }
        Detail::Function(func) => {
            shown.related = Some(Step {
                path: world.project.file(func.file).relative.clone(),
                line: places.line(func.file, world.index.func(*func).name_range.start()),
                text: world.names().qualified_func(*func),
            });
        }
        Detail::Plain | Detail::Name(_) | Detail::Coroutine { .. } | Detail::Ignored { .. } => {}
    }
    shown
}

/// The name of a function in a sentence: with its class, without its module.
fn short(world: World, func: FuncId) -> String {
    world.index.func(func).qualname.clone()
}

fn steps(world: World, places: &mut Places, chain: &Chain) -> Vec<Step> {
    chain
        .steps
        .iter()
        .map(|id| {
            let site = &world.graph.sites[id];
            let owner =
                world.context(*id).func.map_or_else(|| "<module>".into(), |func| world.names().qualified_func(func));
            let what = places.excerpt(id.file, world.index.site(*id).range);
            let verb = match site.kind {
                _ if world.index.site(*id).runs_unseen() => "uses an operator on",
                SiteKind::Read => "reads",
                SiteKind::Callback { .. } => "passes on",
                _ => "calls",
            };
            let blocks = if matches!(site.kind, SiteKind::Blocking { .. }) { ", which blocks" } else { "" };
            Step {
                path: world.project.file(id.file).relative.clone(),
                line: places.line(id.file, world.index.site(*id).name_range.start()),
                text: format!("`{owner}` {verb} `{what}`{blocks}"),
            }
        })
        .collect()
}

fn sentence(world: World, places: &mut Places, finding: &Finding) -> String {
    let excerpt = |places: &mut Places| places.excerpt(finding.file, finding.range);
    match (&finding.detail, finding.code) {
        (Detail::Chain(chain), code) => chain_sentence(world, places, chain, code),
        (Detail::Coroutine { shown, usage }, _) => coroutine_sentence(&excerpt(places), shown, *usage),
        (Detail::Function(func), Code::Override) => {
            format!("`{}` is async in the base class and sync here, so whoever awaits it fails", short(world, *func))
        }
        (Detail::Function(func), Code::OffloadWrites) => {
            format!("`{}` writes attributes or globals, and now does so in a thread beside the loop", short(world, *func))
        }
        (Detail::Function(func), _) => {
            let name = short(world, *func);
            format!("`{name}` is async now and runs on the loop, where a thread ran it before")
        }
        (Detail::Ignored { unused, unknown }, _) => ignored_sentence(unused, unknown),
        (Detail::Name(name), code) => named_sentence(name, code, &excerpt(places)),
        (Detail::Elsewhere { .. }, Code::AwaitUnderLock) => {
            format!("the lock `{}` belongs to threads and is held over an await, which can deadlock", excerpt(places))
        }
        (Detail::Elsewhere { .. }, Code::SplitUpdate) => {
            format!("an await stands between reading and writing in `{}`: what another task writes there is lost", excerpt(places))
        }
        (Detail::Elsewhere { .. }, Code::SkippedError) => {
            "the handler goes on with the loop inside of a transaction, so the failed step is skipped and the rest committed".into()
        }
        (Detail::Elsewhere { .. } | Detail::Plain, code) => plain_sentence(code, &excerpt(places)),
    }
}

fn chain_sentence(world: World, places: &mut Places, chain: &Chain, code: Code) -> String {
    let (first, last) = (chain.steps[0], *chain.steps.last().unwrap_or(&chain.steps[0]));
    let text = |places: &mut Places, id: RefId| places.excerpt(id.file, world.index.site(id).range);
    let called = text(places, first);
    let leaf = text(places, last);
    let owner = world.context(first).func.map_or_else(String::new, |func| short(world, func));
    let verb = match code {
        Code::NestedLoop => "runs an event loop inside the running one",
        Code::BlockingFile => "reads or writes a file on the event loop",
        _ => "blocks the event loop",
    };
    if first == last {
        format!("`{called}` {verb} in `async def {owner}`")
    } else {
        format!("`{called}` {verb} in `async def {owner}`: it leads to `{leaf}`")
    }
}

fn coroutine_sentence(excerpt: &str, shown: &str, usage: Use) -> String {
    let what = match usage {
        Use::Dropped if shown.starts_with("Future") => {
            return format!("the future of `{excerpt}` is dropped, and its errors with it");
        }
        Use::Dropped if shown.starts_with("Async") => {
            return format!("`{excerpt}` is never iterated, so it does nothing");
        }
        Use::Dropped => return format!("`{excerpt}` is never awaited, so it does not run"),
        Use::Unread => return format!("`{excerpt}` is never awaited: nothing reads the name that it is assigned to"),
        Use::Awaited => return format!("`{excerpt}` cannot be awaited: it gives `{shown}`"),
        Use::Iterated if !shown.starts_with("Coroutine") => {
            return format!("`{excerpt}` can only be iterated with `async for`: it is `{shown}`");
        }
        Use::Entered if !shown.starts_with("Coroutine") => {
            return format!("`{excerpt}` can only be entered with `async with`: it is `{shown}`");
        }
        Use::Condition => return format!("`{excerpt}` is not awaited: a coroutine is always true"),
        Use::Compared => "compared",
        Use::Operand => "calculated with",
        Use::Attribute => "asked for an attribute",
        Use::Item => "asked for an item",
        Use::Unpacked => "unpacked",
        Use::Formatted => "formatted",
        Use::Argument => "given to a builtin",
        Use::Iterated => "iterated",
        Use::Entered => "entered",
    };
    format!("`{excerpt}` is not awaited: its coroutine is {what}")
}

fn ignored_sentence(unused: &[String], unknown: &[String]) -> String {
    match (unused, unknown) {
        ([], []) => "nothing here is to be ignored".into(),
        (unused, []) => format!("nothing here is a finding of {}", unused.join(", ")),
        (_, unknown) => format!("there is no code {}", unknown.join(", ")),
    }
}

fn named_sentence(name: &str, code: Code, excerpt: &str) -> String {
    match code {
        Code::Affine => format!("a {name} belongs to the thread that made it, and is used in another"),
        Code::TaskForgotten => {
            format!("the task in `.{name}` is never awaited, cancelled or asked, so its errors are lost")
        }
        Code::NeverClosed => format!("what `{name}` makes here is never closed"),
        Code::PoolUnguarded => format!("`{name}` connects here, and nothing handles that it cannot"),
        Code::PoolSize => format!("`{name}` is written into the code, where only a new release can change it"),
        Code::AsyncioImport if name == "used" => "`asyncio` is not imported".into(),
        Code::AsyncioImport => "`asyncio` is imported and not used".into(),
        _ => format!("{}: `{excerpt}`", code.rule().title),
    }
}

fn plain_sentence(code: Code, excerpt: &str) -> String {
    match code {
        Code::Swallow => {
            format!("`{excerpt}` takes the cancellation of the await in its `try` and does not hand it on")
        }
        Code::Run => {
            format!("`{excerpt}` runs a loop of its own in library code, which fails where a loop runs already")
        }
        Code::GetEventLoop => {
            format!("`{excerpt}` is deprecated: in async code `asyncio.get_running_loop()`, elsewhere hand the loop on")
        }
        Code::TaskDropped => format!("nothing keeps the task of `{excerpt}`, so it may vanish before it is done"),
        Code::SqlText => format!("SQL is put together from text: `{excerpt}`; pass values as parameters"),
        Code::LogText => format!("the log message is an f-string: `{excerpt}`; pass values as arguments"),
        Code::ErrorSilenced => format!("`{excerpt}` around an await drops the error without a word"),
        _ => format!("{}: `{excerpt}`", code.rule().title),
    }
}
