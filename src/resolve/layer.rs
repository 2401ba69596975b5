//! The classes that a blocking entry names: of the project, and of other packages, where re-exports lead to.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;

use super::builder::Builder;
use super::names::last;
use super::{function, site};
use crate::config::{Blocking, BlockingAction, Names as Patterns};
use crate::index::Defined;
use crate::index::facts::*;
use crate::py::classes::{self, FoundClass};
use crate::py::infer::Answer;

/// The classes of one entry.
pub(crate) struct Layer {
    patterns: Patterns,
    /// Those of the project.
    pub(crate) classes: Vec<ClassId>,
    /// Those of other packages.
    found: Vec<FoundClass>,
}

impl Layer {
    /// Looks for the classes; none when the entry names no class.
    pub(crate) fn find(builder: &mut Builder, entry: &Blocking) -> Option<Self> {
        let patterns = entry.class.clone()?;
        load_named(builder, &patterns);
        let mut classes: BTreeSet<ClassId> = builder
            .index
            .loaded_files()
            .flat_map(|(file, facts)| (0..facts.classes.len() as u32).map(move |index| ClassId { file, index }))
            .filter(|class| patterns.matches(&builder.names().qualified_class(*class)))
            .collect();
        let mut found = vec![];
        for path in spelled_out(&patterns) {
            let Some(class) = look_up(builder, &path) else { continue };
            match project_class(builder, &class) {
                Some(id) => drop(classes.insert(id)),
                None => found.push(class),
            }
        }
        Some(Self { patterns, classes: classes.into_iter().collect(), found })
    }

    /// The names of the methods that block. Files that call them are not all loaded: an entry that takes every method of a
    /// foreign class and moves calls to a thread is looked for where the class is named.
    pub(crate) fn method_names(&self, builder: &mut Builder, entry: &Blocking) -> BTreeSet<Name> {
        let mut names: BTreeSet<Name> = BTreeSet::new();
        for class in &self.classes {
            builder.index_close(*class);
            for above in builder.graph.hierarchy.ancestors(*class) {
                for func in builder.index.class(above).methods.iter().map(|id| builder.index.func(*id)) {
                    if !func.is_async && takes(entry, &func.name) {
                        names.insert(func.name.clone());
                    }
                }
            }
        }
        let literal = included(&entry.method).filter(|name| is_literal(name)).map(Name::new);
        if self.classes.is_empty() {
            names.extend(literal);
        }
        if matches!(entry.action, BlockingAction::Native { .. }) {
            let inherited = self.found.iter().flat_map(|class| class.methods.keys());
            names.extend(inherited.filter(|name| takes(entry, name)).cloned());
        }
        // A `with` stands for both.
        if names.contains("__exit__") && self.classes.is_empty() {
            names.insert(Name::new_static("__enter__"));
        }
        names
    }

    /// One of the methods that block.
    pub(crate) fn some_method(&self, builder: &mut Builder, entry: &Blocking) -> Option<Name> {
        let of_project = self.method_names(builder, entry).pop_first();
        let foreign = self.found.iter().flat_map(|class| class.methods.keys()).filter(|name| takes(entry, name)).min();
        of_project.or_else(|| foreign.cloned())
    }

    /// Does the program import the package of one of the classes?
    pub(crate) fn is_imported(&self, builder: &Builder) -> bool {
        let tops = included(&self.patterns).filter_map(|pattern| pattern.split('.').next());
        let tops: BTreeSet<&str> = tops.filter(|top| builder.index.words.files(top).next().is_some()).collect();
        if tops.is_empty() {
            return false;
        }
        let imports = builder.index.loaded_files().flat_map(|(_, facts)| &facts.imports);
        let mut modules = imports.filter(|import| import.level == 0).filter_map(|import| import.module.as_deref());
        modules.any(|module| tops.contains(module.split('.').next().unwrap_or(module)))
    }

    /// Is what ty found a method of one of the classes?
    pub(crate) fn has(&self, builder: &Builder, name: &Name, answer: &Answer) -> bool {
        self.has_ours(builder, answer) || self.has_foreign(name, answer)
    }

    fn has_ours(&self, builder: &Builder, answer: &Answer) -> bool {
        let hierarchy = &builder.graph.hierarchy;
        site::targets_of(builder, answer).into_iter().any(|target| {
            builder.index.func(target).class.is_some_and(|class| {
                self.classes.iter().any(|wanted| {
                    // What is below a class that is replaced converts by itself, or stays.
                    let below =
                        || !builder.graph.swapped.contains(wanted) && hierarchy.ancestors(class).contains(wanted);
                    class == *wanted || below() || hierarchy.ancestors(*wanted).contains(&class)
                })
            })
        })
    }

    fn has_foreign(&self, name: &Name, answer: &Answer) -> bool {
        answer.definitions.iter().any(|definition| {
            let path = format!("{}.{}", definition.module, definition.name);
            let Some((class, _)) = path.rsplit_once('.') else { return false };
            self.patterns.matches(class)
                || self.found.iter().any(|found| {
                    let defines = || found.methods.get(name).is_some_and(|methods| methods.contains(definition));
                    found.path() == class || defines() && words(&answer.shown).any(|word| word == found.definition.name)
                })
        })
    }

    /// Does the dotted path name one of the classes?
    pub(crate) fn names(&self, path: &str) -> bool {
        self.patterns.matches(path) || self.found.iter().any(|found| found.path() == path)
    }
}

impl FoundClass {
    fn path(&self) -> String {
        format!("{}.{}", self.definition.module, self.definition.name)
    }
}

/// Does the entry declare a method of this name? One that Python calls by itself must be named.
pub(crate) fn takes(entry: &Blocking, name: &str) -> bool {
    let is_named = || included(&entry.method).any(|pattern| pattern == name);
    entry.method.matches(name) && (!name.starts_with('_') || is_named())
}

/// The patterns that include.
pub(crate) fn included(patterns: &Patterns) -> impl Iterator<Item = &String> {
    patterns.patterns.iter().filter(|pattern| !pattern.starts_with('!'))
}

/// Loads the files that may define what the patterns name, or name it themselves: those that hold its words, and the modules
/// of `pkg.store.*`, whose own text need not say `store`.
pub(crate) fn load_named(builder: &mut Builder, patterns: &Patterns) {
    let words: BTreeSet<String> = included(patterns).flat_map(|pattern| search_words(pattern)).collect();
    builder.index.load_words(builder.project, words.iter().map(String::as_str));
    let open: Vec<&String> = included(patterns).filter(|pattern| !is_literal(last(pattern))).collect();
    let heads = open.iter().filter_map(|pattern| function::without_last(pattern));
    let whole = open.iter().map(|pattern| pattern.as_str());
    let Ok(modules) = Patterns::new(heads.chain(whole).map(str::to_owned)) else { return };
    let named: Vec<FileId> = match modules.is_empty() {
        true => vec![],
        false => builder.project.ids().filter(|id| modules.matches(&builder.project.file(*id).module)).collect(),
    };
    builder.index.load(builder.project, &named);
}

/// The literal identifiers of a dotted pattern: the last one when it is literal, else all literal parts.
pub(crate) fn search_words(pattern: &str) -> Vec<String> {
    let parts: Vec<&str> = pattern.split('.').collect();
    match parts.last() {
        Some(last) if is_literal(last) => vec![(*last).to_owned()],
        _ => parts.into_iter().filter(|part| is_literal(part)).map(str::to_owned).collect(),
    }
}

pub(crate) fn is_literal(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|char| char.is_alphanumeric() || char == '_')
}

/// The identifiers in a printed type.
fn words(shown: &str) -> impl Iterator<Item = &str> {
    shown.split(|char: char| !char.is_alphanumeric() && char != '_')
}

/// The paths that the patterns spell without a glob.
pub(crate) fn spelled_out(patterns: &Patterns) -> impl Iterator<Item = String> {
    included(patterns).flat_map(|pattern| alternatives(pattern))
}

/// What a pattern spells without a glob: `a.{B,C}` is `a.B` and `a.C`; nothing for other globs.
pub(crate) fn alternatives(pattern: &str) -> Vec<String> {
    if let Some((head, rest)) = pattern.split_once('{')
        && let Some((choices, tail)) = rest.split_once('}')
        && !choices.contains('{')
    {
        return choices.split(',').flat_map(|choice| alternatives(&format!("{head}{choice}{tail}"))).collect();
    }
    let is_path = pattern.contains('.') && pattern.split('.').all(is_literal);
    if is_path { vec![pattern.to_owned()] } else { vec![] }
}

/// The class at a dotted path. The program need not name the package to get objects of it: `open(path).read`.
fn look_up(builder: &Builder, path: &str) -> Option<FoundClass> {
    let package = path.split('.').next()?;
    let anchor = builder.index.words.files(package).next().or_else(|| builder.project.ids().next())?;
    classes::find(builder.db, &builder.project.file(anchor).path, path)
}

fn project_class(builder: &mut Builder, class: &FoundClass) -> Option<ClassId> {
    let path = class.definition.path.as_ref()?;
    let file = builder.project.find(path)?;
    let module = builder.index.modules.described_by(file).unwrap_or(file);
    builder.index.load(builder.project, &[file, module]);
    match builder.index.defined_at(file, class.definition.offset) {
        Some(Defined::Class(id)) => Some(id),
        Some(Defined::Func(_)) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_of_patterns() {
        assert_eq!(alternatives("a.{B,c.C}.D"), ["a.B.D", "a.c.C.D"]);
        assert_eq!(alternatives("a.B"), ["a.B"]);
        assert!(alternatives("a.*").is_empty() && alternatives("B").is_empty());
    }
}
