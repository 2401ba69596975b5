//! Entries that name nothing in the program: a slip of the pen, after which what was meant would keep its name.

use std::collections::BTreeSet;

use super::entry::{Entry, Meant};
use crate::error::Problem;
use crate::index::facts::*;
use crate::resolve::builder::Builder;

/// A problem for each entry of a user's codemod that names nothing, with the nearest name that there is. What stands there
/// by its new name was renamed by an earlier run.
pub(super) fn find(builder: &mut Builder) -> Vec<Problem> {
    let numbers = 0..builder.graph.renames.entries.len();
    let unmatched: Vec<Entry> = numbers
        .map(|number| &builder.graph.renames.entries[number])
        .filter(|entry| entry.place.is_some() && !names_something(builder, entry))
        .cloned()
        .collect();
    if unmatched.is_empty() {
        return vec![];
    }
    let every: Vec<FileId> = builder.project.ids().collect();
    builder.index.load(builder.project, &every);
    unmatched
        .iter()
        .filter(|entry| !is_taken(builder, &entry.from, &entry.to))
        .filter_map(|entry| problem(builder, entry))
        .collect()
}

/// Does a `from module import name` of the program spell the path, or what is to stand there? The module may have it from where
/// nobody looks.
fn is_taken(builder: &Builder, from: &str, to: &str) -> bool {
    let Some((module, name)) = from.rsplit_once('.') else { return false };
    let new = to.rsplit('.').next().unwrap_or(to);
    [name, new].iter().flat_map(|name| builder.index.imports_of(name)).any(|&(file, at)| {
        let import = &builder.index.file(file).imports[at as usize];
        builder.names().absolute(file, import).as_deref() == Some(module)
    })
}

fn names_something(builder: &Builder, entry: &Entry) -> bool {
    let is_of_project = |path: &str| {
        let first = path.split('.').next().unwrap_or(path);
        builder.index.module(first).is_some()
            || builder.index.is_package(first)
            || !builder.index.classes_of(first).is_empty()
    };
    let is_found = entry.meant.iter().any(|meant| match meant {
        Meant::Definitions(_) | Meant::Members(_) | Meant::ForeignMember(_) | Meant::Module(_) => true,
        Meant::External(paths) => paths.iter().any(|path| !is_of_project(path) && is_imported(builder, path)),
    });
    is_found || is_there(builder, &entry.to)
}

/// Does the program name the package that the path begins with, and is a single name one that is imported?
fn is_imported(builder: &Builder, path: &str) -> bool {
    let Some((package, _)) = path.split_once('.') else {
        return builder.index.loaded_files().any(|(_, facts)| facts.imports.iter().any(|import| begins(import, path)));
    };
    builder.index.words.files(package).next().is_some()
}

/// Does the import lead into this package?
fn begins(import: &Import, package: &str) -> bool {
    let first = |path: &str| path.split('.').next() == Some(package);
    import.level == 0 && import.module.as_deref().is_some_and(first)
}

/// Is the new name that of something in the program?
fn is_there(builder: &Builder, to: &str) -> bool {
    let name = to.rsplit('.').next().unwrap_or(to);
    let defines = !builder.index.classes_of(name).is_empty() || !builder.index.funcs_of(name).is_empty();
    defines || builder.index.module(to).is_some() || builder.index.is_package(to) || is_imported(builder, to)
}

fn problem(builder: &Builder, entry: &Entry) -> Option<Problem> {
    let near = |name: &&String| (strsim::jaro_winkler(&entry.from, name) * 1000.0) as u32;
    let known = known(builder, entry.from.contains('.'));
    let nearest = known.iter().max_by_key(near);
    let hint = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    let message = format!("`rename`: nothing in the program is named `{}`{hint}", entry.from);
    entry.place.clone().map(|place| Problem { message, ..place })
}

/// What an entry may name: with the modules in front, or by itself.
fn known(builder: &Builder, is_dotted: bool) -> BTreeSet<String> {
    let names = builder.names();
    let mut paths: BTreeSet<String> = BTreeSet::new();
    for (file, facts) in builder.index.loaded_files() {
        paths.insert(builder.project.file(file).module.clone());
        paths.extend((0..facts.classes.len() as u32).map(|index| names.qualified_class(ClassId { file, index })));
        let funcs = (0..facts.funcs.len() as u32).map(|index| FuncId { file, index });
        paths.extend(funcs.filter(|id| facts[*id].lambda.is_none()).map(|id| names.qualified_func(id)));
    }
    if is_dotted {
        return paths;
    }
    paths.iter().map(|path| path.rsplit('.').next().unwrap_or(path).to_owned()).collect()
}
