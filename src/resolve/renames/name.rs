//! Places that name a class, a function or a variable of a module, by scopes and imports.

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use super::text::Texts;
use super::{Entry, Found, Gate, How, docstring};
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::names::{Meaning, Names};

/// Finds the places of all definitions of an entry.
pub(super) fn find(builder: &mut Builder, texts: &Texts, number: usize, definitions: &[Meaning], found: &mut Found) {
    let entry = builder.graph.renames.entries[number].clone();
    let is_meant = |meaning: &Meaning| definitions.contains(meaning);
    let search = Search { builder, old: &entry.old, new: &entry.new, is_meant: &is_meant };
    let homes: Vec<FileId> = definitions.iter().filter_map(file_of).collect();
    let files: Vec<FileId> = builder.index.words.files(&entry.old).collect();
    let mut taken = None;
    let all = found;
    let found = &mut Found { entry: number, ..Found::default() };
    for file in files.into_iter().filter(|file| builder.index.loaded(*file).is_some()) {
        let is_home = entry.is_swap && homes.contains(&file);
        if is_home || !builder.project.file(file).editable {
            continue;
        }
        let places = search.places(file);
        let is_shared = search.knows_both(file) || places.names.iter().any(|named| named.gate.is_some());
        let gate = if entry.is_swap && is_shared { Gate::FileConverts } else { Gate::Always };
        if let Some(range) = places.taken {
            taken.get_or_insert((file, range));
            continue;
        }
        for named in places.names {
            let gate = if entry.is_swap { named.gate.unwrap_or(gate) } else { Gate::Always };
            let Some((range, how)) = named.written(file, texts, &entry) else { continue };
            found.add(file, range, how, gate);
        }
        if places.binds {
            for range in texts.exports(file, &entry.old) {
                found.add(file, range, How::Name(entry.new.to_string()), gate);
            }
        }
        let names_it = |scope: ScopeId, root: &str, path: &[&str]| search.spelled(scope, root, path);
        for range in texts.types(builder, file, &entry.old, &names_it) {
            found.add(file, range, How::Name(entry.new.to_string()), gate);
        }
        for range in docstring::references(builder, texts, file, &entry.old, definitions) {
            found.add(file, range, How::Mention(entry.new.to_string()), gate);
        }
        for range in search.lookups(file, texts) {
            found.add(file, range, How::Mention(entry.new.to_string()), gate);
        }
    }
    match taken {
        // A definition changes with everything that names it, or not at all.
        Some((file, range)) if !entry.is_swap => all.refuse(number, file, range),
        Some((file, range)) => {
            all.keep(file, range, number);
            all.take(found);
        }
        None => all.take(found),
    }
}

fn file_of(meaning: &Meaning) -> Option<FileId> {
    match meaning {
        Meaning::Class(class) => Some(class.file),
        Meaning::Func(func) => Some(func.file),
        Meaning::Value(value) => Some(value.file),
        Meaning::Annotated { annotation, .. } => Some(annotation.file),
        Meaning::Module(_) | Meaning::External(_) | Meaning::Param { .. } | Meaning::Unknown => None,
    }
}

/// What is looked for in a file.
pub(super) struct Search<'a> {
    pub(super) builder: &'a Builder<'a>,
    pub(super) old: &'a Name,
    pub(super) new: &'a Name,
    pub(super) is_meant: &'a dyn Fn(&Meaning) -> bool,
}

/// The names of one file.
#[derive(Default)]
pub(super) struct Places {
    pub(super) names: Vec<Named>,
    /// The module itself binds the name.
    pub(super) binds: bool,
    /// The new name stands for something else where the old one is used.
    pub(super) taken: Option<TextRange>,
}

/// A place where the name stands.
pub(super) struct Named {
    pub(super) range: TextRange,
    /// The gate of a base class.
    pub(super) gate: Option<Gate>,
    /// It is a string: `getattr(module, "Name")`.
    is_text: bool,
}

impl Named {
    fn plain(range: TextRange) -> Self {
        Self { range, gate: None, is_text: false }
    }

    /// The range of the name itself, and what is written there.
    pub(super) fn written(&self, file: FileId, texts: &Texts, entry: &Entry) -> Option<(TextRange, How)> {
        if self.is_text {
            return Some((texts.last_word(file, self.range, &entry.old)?, How::Mention(entry.new.to_string())));
        }
        Some((self.range, How::Name(entry.new.to_string())))
    }
}

impl Search<'_> {
    fn names(&self) -> Names<'_> {
        self.builder.names()
    }

    fn facts(&self, file: FileId) -> &FileFacts {
        self.builder.index.file(file)
    }

    /// Does the module bind the old name and the new one?
    pub(super) fn knows_both(&self, file: FileId) -> bool {
        let scope = &self.facts(file)[ScopeId { file, index: 0 }];
        !scope.bindings_of(self.old).is_empty() && !scope.bindings_of(self.new).is_empty()
    }

    pub(super) fn places(&self, file: FileId) -> Places {
        let mut places = Places::default();
        for index in 0..self.facts(file).scopes.len() as u32 {
            self.bindings(ScopeId { file, index }, &mut places);
        }
        for import in self.facts(file).imports.iter().filter(|import| import.alias.is_some()) {
            if import.name.as_ref() == Some(self.old) && self.imports_it(file, import) {
                places.names.push(Named::plain(import.range));
            }
        }
        for id in self.builder.index.refs_in(file, self.old) {
            let site = self.builder.index.site(id);
            let scope = self.builder.index.context(site.context).scope;
            let meanings = match site.receiver {
                None => self.names().lookup(scope, self.old),
                Some(receiver) => self.names().member_of(receiver, self.old),
            };
            if site.is_implicit() || !meanings.iter().any(|meaning| (self.is_meant)(meaning)) {
                continue;
            }
            if site.receiver.is_none() && self.is_hidden(scope) {
                places.taken.get_or_insert(site.name_range);
            }
            let gate = (site.usage == Usage::Base).then(|| self.class_around(file, site.range)).flatten();
            let is_text = site.looked_up_on.is_some();
            places.names.push(Named { range: site.name_range, gate: gate.map(Gate::ClassConverts), is_text });
        }
        places
    }

    /// All bindings of the name in a scope that one of them gives the meaning.
    fn bindings(&self, scope: ScopeId, places: &mut Places) {
        let facts = self.facts(scope.file);
        let bindings = facts[scope].bindings_of(self.old);
        let binds_it = |binding: &Binding| match binding.bound {
            Bound::Import(index) => {
                let import = &facts.imports[index as usize];
                import.alias.is_none() && self.imports_it(scope.file, import)
            }
            Bound::Class(id) => (self.is_meant)(&Meaning::Class(id)),
            Bound::Func(id) => (self.is_meant)(&Meaning::Func(id)),
            Bound::Value(value) => (self.is_meant)(&Meaning::Value(value)),
            Bound::Annotated { annotation, value } => (self.is_meant)(&Meaning::Annotated { annotation, value }),
            Bound::Outer => self.names().lookup(scope, self.old).iter().any(|meaning| (self.is_meant)(meaning)),
            Bound::Param { .. } | Bound::Unknown => false,
        };
        if !bindings.iter().any(binds_it) {
            return;
        }
        places.binds |= scope.index == 0;
        // What binds the new name here already is the same thing: the other import may stay as it is.
        let others = facts[scope].bindings_of(self.new);
        let is_import = |binding: &Binding| matches!(binding.bound, Bound::Import(_));
        if let Some(other) = others.iter().find(|other| !is_import(other)) {
            places.taken.get_or_insert(other.range);
        }
        for binding in bindings {
            let keeps = is_import(binding) && !others.is_empty();
            let foreign = is_import(binding) && !binds_it(binding);
            if foreign {
                places.taken.get_or_insert(binding.range);
            } else if !keeps {
                places.names.push(Named::plain(binding.range));
            }
        }
    }

    fn imports_it(&self, file: FileId, import: &Import) -> bool {
        import.name.as_ref() == Some(self.old)
            && self.names().imported(file, import).iter().any(|meaning| (self.is_meant)(meaning))
    }

    /// Does a scope between a use and the module bind the new name to something of its own?
    fn is_hidden(&self, scope: ScopeId) -> bool {
        let mut at = Some(scope);
        while let Some(id) = at {
            let here = self.builder.index.scope(id);
            if !here.bindings_of(self.old).is_empty() {
                return false;
            }
            if !here.bindings_of(self.new).is_empty() {
                return true;
            }
            at = here.parent;
        }
        false
    }

    fn class_around(&self, file: FileId, base: TextRange) -> Option<ClassId> {
        let classes = &self.facts(file).classes;
        let at = classes.iter().position(|class| class.bases.iter().any(|own| own.range.contains_range(base)))?;
        Some(ClassId { file, index: at as u32 })
    }

    /// Does `root.path` mean it, where it is used in `scope`?
    pub(super) fn spelled(&self, scope: ScopeId, root: &str, path: &[&str]) -> bool {
        let mut meanings = self.names().lookup(scope, root);
        for part in path {
            meanings = meanings.iter().flat_map(|meaning| self.names().attribute_of(meaning, part)).collect();
        }
        meanings.iter().any(|meaning| (self.is_meant)(meaning))
    }

    /// Strings that name it where names are looked up: `patch("pkg.mod.Name")`, `getattr(module, "Name")`.
    pub(super) fn lookups(&self, file: FileId, texts: &Texts) -> Vec<TextRange> {
        let mut found = vec![];
        for lookup in self.facts(file).lookups.iter().filter(|lookup| lookup.name == *self.old) {
            let meanings = match lookup.text.rsplit_once('.') {
                Some((module, name)) => self.names().attribute_of(&Meaning::Module(module.to_owned()), name),
                None => {
                    let first = self.builder.index.call(lookup.call).args.first();
                    first.map(|arg| self.names().member_of(arg.value, self.old)).unwrap_or_default()
                }
            };
            if meanings.iter().any(|meaning| (self.is_meant)(meaning)) {
                found.extend(texts.last_word(file, lookup.range, self.old));
            }
        }
        found
    }
}
