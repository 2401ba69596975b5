//! The tests that may break: what could not follow the code, and mocks that nobody can tell about.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{self, Places};
use ruff_text_size::TextRange;

use crate::color::cause::Cause;
use crate::color::tests::stand_in::Unfit;
use crate::color::{SiteVerdict, Verdicts, World};
use crate::index::facts::*;
use crate::plan::fallbacks;

/// One line of the report.
#[derive(Debug, PartialEq, Eq)]
pub struct MayBreak {
    pub file: FileId,
    pub line: usize,
    /// The test, or the code at the place.
    pub what: String,
    pub cause: &'static str,
    pub reason: String,
}

/// Everything in tests that could not follow, in file order.
pub fn may_break(world: World, verdicts: &Verdicts, places: &mut Places) -> Vec<MayBreak> {
    let left = |(id, verdict): (&RefId, &SiteVerdict)| match verdict {
        SiteVerdict::Left(_) if world.in_tests(id.file) => world.context(*id).func,
        _ => None,
    };
    let mocks = verdicts.tests.stand_ins.unclear.iter();
    let mocks = mocks
        .filter_map(|(file, (start, end), _)| around(world, *file, TextRange::new((*start).into(), (*end).into())));
    let unfit = verdicts.tests.stand_ins.unfit.keys();
    let unfit =
        unfit.filter_map(|(file, (start, end))| around(world, *file, TextRange::new((*start).into(), (*end).into())));
    let partly: BTreeSet<FuncId> = verdicts.sites.iter().filter_map(left).chain(mocks).chain(unfit).collect();
    let funcs: BTreeMap<FuncId, Cause> = verdicts.tests.may_break(world, &partly);
    let mut found: Vec<MayBreak> = funcs
        .iter()
        .map(|(func, cause)| MayBreak {
            file: func.file,
            line: places.line(func.file, world.index.func(*func).name_range.start()),
            what: world.index.func(*func).qualname.clone(),
            cause: words::key(cause),
            reason: words::sentence(world, places, cause),
        })
        .collect();
    let told = |id: &RefId| world.context(*id).func.is_some_and(|func| funcs.contains_key(&func));
    for (id, verdict) in verdicts.sites.iter().filter(|(id, _)| world.in_tests(id.file) && !told(id)) {
        let SiteVerdict::Left(cause) = verdict else { continue };
        let site = world.index.site(*id);
        let func = world.context(*id).func.or_else(|| around(world, id.file, site.range));
        found.push(MayBreak {
            file: id.file,
            line: places.line(id.file, site.name_range.start()),
            what: func.map_or_else(|| "<module>".into(), |func| name_of(world, func)),
            cause: words::key(cause),
            reason: words::sentence(world, places, cause),
        });
    }
    for (file, (start, end), name) in &verdicts.tests.stand_ins.unclear {
        let range = TextRange::new((*start).into(), (*end).into());
        found.push(MayBreak {
            file: *file,
            line: places.line(*file, range.start()),
            what: around(world, *file, range).map_or_else(|| places.excerpt(*file, range), |func| name_of(world, func)),
            cause: "mock",
            reason: format!(
                "it is not clear how the code uses `{name}` of the mock or fake `{}`, which is left as it is",
                places.excerpt(*file, range)
            ),
        });
    }
    for ((file, (start, end)), why) in &verdicts.tests.stand_ins.unfit {
        let range = TextRange::new((*start).into(), (*end).into());
        let excerpt = places.excerpt(*file, range);
        found.push(MayBreak {
            file: *file,
            line: places.line(*file, range.start()),
            what: around(world, *file, range).map_or_else(|| excerpt.clone(), |func| name_of(world, func)),
            cause: "handed",
            reason: match why {
                Unfit::CalledToo => {
                    format!("the code awaits `{excerpt}` where it calls it, and it is called without, too")
                }
                Unfit::Named => format!("the code awaits `{excerpt}` where it calls it, and the test names it again"),
                Unfit::Replaced => {
                    format!("the code awaits the function that `{excerpt}` replaces by one that gives no awaitable")
                }
            },
        });
    }
    found.extend(without_fallback(world, verdicts, places));
    found.sort_by(|left, right| (left.file, left.line, &left.what).cmp(&(right.file, right.line, &right.what)));
    // One line a test: the first of its places.
    found.dedup_by(|next, first| (next.file, &next.what) == (first.file, &first.what));
    found
}

/// The function around a place.
fn around(world: World, file: FileId, range: TextRange) -> Option<FuncId> {
    let index = world.index.file(file).func_at(range.start())?;
    Some(FuncId { file, index: index as u32 })
}

fn name_of(world: World, func: FuncId) -> String {
    world.index.func(func).qualname.clone()
}

/// Sync tests that call a function whose `asyncio.run` fallback goes: no loop runs there.
fn without_fallback(world: World, verdicts: &Verdicts, places: &mut Places) -> Vec<MayBreak> {
    let is_sync = |func: &FuncId| !world.index.func(*func).is_async && !verdicts.converts.contains_key(func);
    let dropping = fallbacks::rewritten(world, verdicts).map(|(_, _, func)| func);
    let dropping: BTreeSet<FuncId> = dropping.filter(is_sync).collect();
    let mut found = vec![];
    for target in &dropping {
        let name = &world.index.func(*target).name;
        if !world.index.funcs_of(name).iter().all(|func| dropping.contains(func)) {
            continue;
        }
        for id in world.index.refs_of(name).iter().filter(|id| world.in_tests(id.file)) {
            let site = world.index.site(*id);
            let (Some(func), Usage::Called(_)) = (world.context(*id).func, site.usage) else { continue };
            if !is_sync(&func) {
                continue;
            }
            found.push(MayBreak {
                file: id.file,
                line: places.line(id.file, site.name_range.start()),
                what: world.index.func(func).qualname.clone(),
                cause: "fallback",
                reason: format!("it calls `{name}` without a running loop, where its work is dropped now"),
            });
        }
    }
    found
}

/// The tests that stay sync, and why.
fn running(world: World, verdicts: &Verdicts, places: &mut Places, shown: usize) -> String {
    let funcs = &verdicts.tests.runs;
    if funcs.is_empty() {
        return String::new();
    }
    let mut out = format!("tests that stay sync and run what they call with `asyncio.run` ({}):\n", funcs.len());
    for (func, cause) in funcs.iter().take(shown) {
        let name = &world.index.func(*func).qualname;
        out += &format!("  {} {name}: {}\n", places.func(*func), words::sentence(world, places, cause));
    }
    if funcs.len() > shown {
        out += &format!("  and {} more\n", funcs.len() - shown);
    }
    out
}

/// The section of the summary.
pub fn section(world: World, verdicts: &Verdicts, places: &mut Places, shown: usize) -> String {
    let mut out = running(world, verdicts, places, shown);
    let found = may_break(world, verdicts, places);
    if found.is_empty() {
        return out;
    }
    out += &format!("tests that may break ({}):\n", found.len());
    for one in found.iter().take(shown) {
        let path = &world.project.file(one.file).relative;
        out += &format!("  {path}:{} {}: {}\n", one.line, one.what, one.reason);
    }
    if found.len() > shown {
        out += &format!("  and {} more (`--format json` lists all)\n", found.len() - shown);
    }
    out
}
