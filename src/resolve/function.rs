//! Blocking functions by qualified name, and what a `*` in such a name reaches: the functions of a module, and the methods of
//! the objects that calling a class of it makes. Not the making of an object, and not what a call gives or an object holds:
//! a reply, its text and the pieces of that are values.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::name::Name;

use super::blocking::{add, calls, is_something_else};
use super::builder::Builder;
use super::layer::{self, Layer};
use super::names::last;
use super::site;
use super::spelling::{Origin, Spelling};
use super::{Evidence, flow};
use crate::config::{Blocking, BlockingAction, Names as Patterns, filled};
use crate::error::Problem;
use crate::index::facts::*;
use crate::py::infer::Answer;
use crate::py::source;

/// Finds the calls of the functions that an entry names.
pub(super) fn find(builder: &mut Builder, number: usize, patterns: &Patterns) {
    layer::load_named(builder, patterns);
    let names = builder.names();
    let spelling = |site: &Ref| {
        let is_function = |spelling: &Spelling| !spelling.ends_in_object() && patterns.matches(&spelling.dotted());
        Spelling::of(&names, site).filter(is_function)
    };
    // The path ends in the name of the site, but for a function that is imported under another.
    let may_end = |site: &Ref| {
        let mut ends = layer::included(patterns).map(|pattern| last(pattern));
        site.receiver.is_none() || ends.any(|end| !layer::is_literal(end) || site.name == end)
    };
    let found = calls(builder, |site| !site.is_implicit() && may_end(site) && spelling(site).is_some());
    let spelled: BTreeMap<RefId, Spelling> =
        found.iter().filter_map(|id| Some((*id, spelling(builder.index.site(*id))?))).collect();
    let made = made(builder, &spelled);
    let mut left: BTreeMap<&str, Vec<(RefId, String)>> = BTreeMap::new();
    for (id, answer) in builder.ask_sites(&found) {
        if answer.as_ref().is_some_and(|answer| is_async(builder, answer)) {
            continue;
        }
        let spelling = &spelled[&id];
        let is_member = spelling.objects().next().is_some();
        if is_member && answer.as_ref().is_some_and(is_something_else) {
            continue;
        }
        match reached(patterns, spelling, &made) {
            Ok(()) => {
                let number = for_function(builder, number, &spelling.dotted());
                add(builder, number, id, answer.as_ref(), Evidence::Import);
            }
            Err(_) if is_defined_there(builder, patterns, id, answer.as_ref()) => {
                let number = for_function(builder, number, &spelling.dotted());
                add(builder, number, id, answer.as_ref(), Evidence::Type);
            }
            Err(_) if is_exception(spelling) || spelling.names_class() && !is_call(builder, id) => {}
            Err((pattern, wanted)) => left.entry(pattern).or_default().push((id, wanted)),
        }
    }
    for (pattern, calls) in left {
        tell(builder, pattern, &calls);
    }
}

/// The entry for one function: `replace = "{module}.async_{name}"` says another one for each.
fn for_function(builder: &mut Builder, number: usize, path: &str) -> usize {
    let entry = &builder.graph.entries[number];
    let BlockingAction::Replace { function } = &entry.action else { return number };
    let action = BlockingAction::Replace { function: filled(function, path) };
    let is_one =
        |other: &Blocking| other.action == action && other.codemod == entry.codemod && other.reach == entry.reach;
    if let Some(made) = builder.graph.entries.iter().position(is_one) {
        return made;
    }
    let own = Blocking { action, ..entry.clone() };
    builder.graph.entries.push(own);
    builder.graph.entries.len() - 1
}

/// The methods of classes of the project that the patterns name, as an entry for each class: whoever has such an object may
/// call them, under any name.
pub(super) fn methods(builder: &mut Builder, entry: &Blocking, patterns: &Patterns) -> Vec<(Blocking, Layer)> {
    if matches!(&entry.action, BlockingAction::Replace { function } if function.contains('{')) {
        return vec![];
    }
    let heads = layer::included(patterns).filter_map(|pattern| without_last(pattern));
    let paths: BTreeSet<String> = heads.flat_map(layer::alternatives).collect();
    let named = |path: &str| Patterns::new([path.to_owned()]).ok();
    let mut found = vec![];
    for path in paths.into_iter().filter(|path| is_in_project(builder, path)).collect::<Vec<_>>() {
        let every = Blocking { class: named(&path), method: patterns.clone(), ..entry.clone() };
        let Some(layer) = Layer::find(builder, &every).filter(|layer| !layer.classes.is_empty()) else { continue };
        let spelled = |name: &str| layer::spelled_out(patterns).any(|path| path == name);
        let is_named = |name: &Name| {
            let own = format!("{path}.{name}");
            patterns.matches(&own) && (!name.starts_with('_') || spelled(&own))
        };
        let classes = layer.classes.iter().flat_map(|class| builder.graph.hierarchy.ancestors(*class));
        let funcs = classes.flat_map(|class| builder.index.class(class).methods.iter());
        let names: BTreeSet<&Name> =
            funcs.map(|id| &builder.index.func(*id).name).filter(|name| is_named(name)).collect();
        let Ok(method) = Patterns::new(names.into_iter().map(|name| name.to_string())) else { continue };
        if !method.is_empty() {
            found.push((Blocking { method, ..every }, layer));
        }
    }
    found
}

/// `a.{b,c.d}` of `a.{b,c.d}.e`
pub(super) fn without_last(pattern: &str) -> Option<&str> {
    let mut depth = 0;
    let dot = pattern.char_indices().rev().find(|(_, char)| {
        depth += i32::from(*char == '}') - i32::from(*char == '{');
        *char == '.' && depth == 0
    });
    dot.map(|(at, _)| &pattern[..at])
}

/// Does a module of the project, or a package, stand at the beginning of the path?
fn is_in_project(builder: &Builder, path: &str) -> bool {
    let project = builder.project;
    project.ids().any(|file| {
        let module = project.file(file).module.as_str();
        path.strip_prefix(module).is_some_and(|rest| !module.is_empty() && rest.starts_with('.'))
    })
}

/// Does one of the patterns reach what is spelled? Else the first that matches it, with one that would. What a pattern says
/// without a `*` it means.
fn reached<'p>(patterns: &'p Patterns, spelling: &Spelling, made: &BTreeSet<String>) -> Result<(), (&'p str, String)> {
    let mut first = None;
    for pattern in patterns.including(&spelling.dotted()) {
        let literal = pattern.split('.').take_while(|part| !part.contains(['*', '?', '['])).count();
        let beyond = spelling.objects().find(|(length, path, origin)| {
            let is_followed = match origin {
                Origin::Made => true,
                Origin::Annotated => made.contains(last(path)),
                Origin::Given | Origin::Held => false,
            };
            *length > literal && !is_followed
        });
        let wanted = match beyond {
            Some((_, path, _)) => format!("{path}.*"),
            None if spelling.names_class() && spelling.len() > literal => spelling.dotted(),
            None => return Ok(()),
        };
        first.get_or_insert((pattern, wanted));
    }
    first.map_or(Ok(()), Err)
}

/// The classes that the program calls to make objects, by last name. What is only ever handed to it, like a reply, is none.
fn made(builder: &Builder, spelled: &BTreeMap<RefId, Spelling>) -> BTreeSet<String> {
    let calls = spelled.iter().filter(|(id, _)| !builder.in_tests(id.file) && is_call(builder, **id));
    let own = calls.filter(|(_, spelling)| spelling.names_class()).map(|(_, spelling)| spelling.last().to_owned());
    own.collect()
}

/// Is it a function of the project that has such a name itself, whatever the call spells?
fn is_defined_there(builder: &mut Builder, patterns: &Patterns, id: RefId, answer: Option<&Answer>) -> bool {
    let mut targets = answer.map(|answer| site::targets_of(builder, answer)).unwrap_or_default();
    if targets.is_empty() {
        let flowing = flow::answer(builder, id);
        targets = if flowing.has_unknown || flowing.has_foreign { vec![] } else { flowing.funcs };
    }
    let is_named = |target: &FuncId| patterns.matches(&builder.names().qualified_func(*target));
    let is_constructor = |target: &FuncId| site::is_constructor(&builder.index.func(*target).name);
    !targets.is_empty() && targets.iter().all(|target| is_named(target) && !is_constructor(target))
}

fn is_async(builder: &Builder, answer: &Answer) -> bool {
    answer.own.starts_with("async ")
        || site::targets_of(builder, answer).iter().any(|target| builder.index.func(*target).is_async)
}

fn is_call(builder: &Builder, id: RefId) -> bool {
    matches!(builder.index.site(id).usage, Usage::Called(_))
}

fn is_exception(spelling: &Spelling) -> bool {
    ["Error", "Exception", "Warning"].iter().any(|ending| spelling.last().ends_with(ending))
}

/// Names shown in a remark before the rest is counted.
const SHOWN: usize = 4;

/// Says which calls a pattern leaves, and how they are named.
fn tell(builder: &mut Builder, pattern: &str, left: &[(RefId, String)]) {
    let left: Vec<&(RefId, String)> = left.iter().filter(|(id, _)| !builder.in_tests(id.file)).collect();
    let Some((first, _)) = left.first() else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, name) in &left {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(name, count)| (Reverse(*count), *name));
    let shown: Vec<String> = counts.iter().take(SHOWN).map(|(name, count)| format!("`{name}` ({count})")).collect();
    let more = if counts.len() > SHOWN { format!(" and {} more", counts.len() - SHOWN) } else { String::new() };
    let message = format!(
        "`{pattern}` does not reach what makes an object, or what a call gives: {}{more}; name in `function` what blocks",
        shown.join(", ")
    );
    let file = builder.project.file(first.file);
    let offset = builder.index.site(*first).name_range.start();
    let text = std::fs::read(&file.path).ok().and_then(|bytes| source::decode(&bytes).ok());
    let problem = match text {
        Some(source) => Problem::at_offset(&file.relative, &source.text, offset.to_usize(), message),
        None => Problem::whole_file(&file.relative, message),
    };
    builder.graph.problems.push(problem);
}
