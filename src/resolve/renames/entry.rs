//! What a `[[rename]]` entry names: things of the project by their dotted path or their plain name, or things of others.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;

use crate::config::Rename;
use crate::error::Problem;
use crate::index::facts::*;
use crate::py::classes;
use crate::py::infer;
use crate::resolve::builder::Builder;
use crate::resolve::hierarchy;
use crate::resolve::names::Meaning;

/// A resolved entry.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// As written.
    pub(crate) from: String,
    pub(crate) to: String,
    /// The last parts of both.
    pub(crate) old: Name,
    pub(crate) new: Name,
    pub(crate) meant: Vec<Meant>,
    /// The new name is there already: the definition stays.
    pub(crate) is_swap: bool,
    /// Where a user's codemod says so, as a remark without words.
    pub(crate) place: Option<Problem>,
}

/// Something that an entry names.
#[derive(Clone, Debug)]
pub(crate) enum Meant {
    /// Classes, functions and variables of modules.
    Definitions(Vec<Meaning>),
    /// Methods.
    Members(BTreeSet<FuncId>),
    /// A method of a class outside of the project.
    ForeignMember(Vec<infer::Definition>),
    /// A module or package of the project.
    Module(String),
    /// Something outside of the project, by the dotted paths it goes by.
    External(Vec<String>),
}

impl Entry {
    /// The classes among what it names.
    pub(crate) fn classes(&self) -> impl Iterator<Item = ClassId> {
        let definitions = self.meant.iter().flat_map(|meant| match meant {
            Meant::Definitions(definitions) => definitions.as_slice(),
            _ => &[],
        });
        definitions.filter_map(|meaning| match meaning {
            Meaning::Class(class) => Some(*class),
            _ => None,
        })
    }

    /// Does it name something of another package?
    pub(crate) fn is_external(&self) -> bool {
        self.meant.iter().any(|meant| matches!(meant, Meant::External(_)))
    }

    /// The dotted path of the new name, when it stands in another module.
    pub(crate) fn new_path(&self) -> Option<&str> {
        let module = |path: &str| path.rsplit_once('.').map(|(module, _)| module.to_owned());
        (self.to.contains('.') && module(&self.to) != module(&self.from)).then_some(self.to.as_str())
    }
}

/// Looks for what the entry names.
pub(super) fn resolve(builder: &mut Builder, rename: &Rename) -> Entry {
    let last = |path: &str| Name::new(path.rsplit('.').next().unwrap_or(path));
    let (old, new) = (last(&rename.from), last(&rename.to));
    builder.index.load_words(builder.project, [old.as_str(), new.as_str()]);
    let mut meant = of_project(builder, &rename.from, &old);
    if meant.is_empty() {
        meant.extend(foreign(builder, &rename.from));
    }
    let mut entry = Entry {
        from: rename.from.clone(),
        to: rename.to.clone(),
        old,
        new,
        meant,
        is_swap: false,
        place: rename.place.clone(),
    };
    entry.is_swap = is_swap(builder, &entry);
    entry
}

fn of_project(builder: &mut Builder, from: &str, old: &Name) -> Vec<Meant> {
    let mut meant = vec![];
    if builder.index.module(from).is_some() || builder.index.is_package(from) {
        meant.push(Meant::Module(from.to_owned()));
    }
    let is_meant = |path: &str| match from.contains('.') {
        true => path == from || path.ends_with(&format!(".{from}")),
        false => true,
    };
    let names = builder.names();
    let mut definitions: Vec<Meaning> = vec![];
    let mut members = BTreeSet::new();
    let classes = builder.index.classes_of(old).iter().filter(|class| is_meant(&names.qualified_class(**class)));
    definitions.extend(classes.map(|class| Meaning::Class(*class)));
    for func in builder.index.funcs_of(old).iter().filter(|func| is_meant(&names.qualified_func(**func))) {
        let facts = builder.index.func(*func);
        if facts.class.is_some() {
            members.insert(*func);
        } else if facts.parent.is_none() {
            definitions.push(Meaning::Func(*func));
        }
    }
    definitions.extend(variables(builder, from, old));
    if definitions.is_empty() && members.is_empty() {
        re_exported(builder, from, old, &mut definitions, &mut members);
    }
    if !definitions.is_empty() {
        meant.push(Meant::Definitions(definitions));
    }
    if !members.is_empty() {
        meant.push(Meant::Members(members));
    }
    meant
}

/// Variables of modules.
fn variables(builder: &Builder, from: &str, old: &Name) -> Vec<Meaning> {
    let module = from.rsplit_once('.').map(|(module, _)| module);
    let mut found = vec![];
    for (file, facts) in builder.index.loaded_files() {
        if module.is_some_and(|module| builder.project.file(file).module != module) {
            continue;
        }
        for binding in facts[ScopeId { file, index: 0 }].bindings_of(old) {
            match binding.bound {
                Bound::Value(value) => found.push(Meaning::Value(value)),
                Bound::Annotated { annotation, value } => found.push(Meaning::Annotated { annotation, value }),
                _ => {}
            }
        }
    }
    found
}

/// `package.Class` and `package.Class.method` where the package only re-exports the class.
fn re_exported(
    builder: &Builder,
    from: &str,
    old: &Name,
    definitions: &mut Vec<Meaning>,
    members: &mut BTreeSet<FuncId>,
) {
    let Some((parent, _)) = from.rsplit_once('.') else { return };
    let lookup = |module: &str, name: &str| -> Vec<Meaning> {
        let file = builder.index.module(module).filter(|file| builder.index.loaded(*file).is_some());
        file.map(|file| builder.names().lookup(ScopeId { file, index: 0 }, name)).unwrap_or_default()
    };
    let is_ours = |meaning: &Meaning| !matches!(meaning, Meaning::External(_) | Meaning::Unknown | Meaning::Module(_));
    definitions.extend(lookup(parent, old).into_iter().filter(is_ours));
    let Some((module, class)) = parent.rsplit_once('.') else { return };
    for meaning in lookup(module, class) {
        if let Meaning::Class(class) = meaning {
            let ancestors = builder.graph.hierarchy.ancestors(class);
            members.extend(ancestors.into_iter().find_map(|id| hierarchy::method(builder.index, id, old)));
        }
    }
}

/// Something outside of the project: a class, a member of one, or whatever is imported under that path.
fn foreign(builder: &Builder, from: &str) -> Vec<Meant> {
    let Some(package) = from.split('.').next() else { return vec![] };
    let anchor = builder.index.words.files(package).next().map(|file| builder.project.file(file).path.clone());
    let found = |path: &str| classes::find(builder.db, anchor.as_deref()?, path);
    if let Some((class, member)) = from.rsplit_once('.')
        && let Some(class) = found(class)
    {
        let methods = class.methods.get(member).cloned();
        return methods.map(Meant::ForeignMember).into_iter().collect();
    }
    let mut paths = vec![from.to_owned()];
    if let Some(class) = found(from) {
        let own = format!("{}.{}", class.definition.module, class.definition.name);
        paths.extend((own != from).then_some(own));
    }
    vec![Meant::External(paths)]
}

/// Is the new name that of something which is there already, where the old one is defined or beside it where both are
/// exported?
fn is_swap(builder: &Builder, entry: &Entry) -> bool {
    let definitions = entry.meant.iter().flat_map(|meant| match meant {
        Meant::Definitions(definitions) => definitions.as_slice(),
        _ => &[],
    });
    let names = builder.names();
    let is_ours = |meaning: &Meaning| !matches!(meaning, Meaning::External(_) | Meaning::Unknown);
    let exists = |scope: ScopeId| names.lookup(scope, &entry.new).iter().any(is_ours);
    let both = |file: FileId, meaning: &Meaning| {
        let scope = ScopeId { file, index: 0 };
        let imports = |name: &str| {
            let bindings = builder.index.scope(scope).bindings_of(name);
            bindings.iter().any(|binding| matches!(binding.bound, Bound::Import(_)))
        };
        let is_home = !imports(&entry.old);
        names.lookup(scope, &entry.old).contains(meaning) && (is_home || imports(&entry.new)) && exists(scope)
    };
    if let Some(path) = entry.new_path() {
        let class = |id: &ClassId| names.qualified_class(*id) == path;
        let func = |id: &FuncId| names.qualified_func(*id) == path;
        return builder.index.classes_of(&entry.new).iter().any(class)
            || builder.index.funcs_of(&entry.new).iter().any(func);
    }
    let is_module = entry.meant.iter().any(|meant| matches!(meant, Meant::Module(_)));
    if is_module && (builder.index.module(&entry.to).is_some() || builder.index.is_package(&entry.to)) {
        return true;
    }
    definitions.into_iter().any(|meaning| builder.index.loaded_files().any(|(file, _)| both(file, meaning)))
}
