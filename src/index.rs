//! The index: which identifiers stand in which files, and the facts of the files that were looked into.
//!
//! Files are parsed on demand, once: a file comes in when it mentions a name that matters.

pub mod collect;
pub mod consumers;
pub mod facts;
pub mod joined;
pub mod modules;
pub mod mutations;
mod property_makers;
pub mod texts;
pub mod words;

use std::fs;

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use ruff_text_size::TextSize;
use rustc_hash::{FxHashMap, FxHashSet};

use self::facts::*;
use self::modules::Modules;
use self::mutations::Mutation;
use self::words::Words;
use crate::error::Problem;
use crate::project::Project;
use crate::py::source;

/// What a place in a file defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Defined {
    Func(FuncId),
    Class(ClassId),
}

/// A file that could not be looked into; it is left alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreadable {
    pub file: FileId,
    /// What is wrong, and where.
    pub problem: Problem,
}

/// Facts by file and by name.
#[derive(Debug, Default)]
pub struct Index {
    pub words: Words,
    facts: Vec<Option<FileFacts>>,
    loaded: usize,
    tried: Vec<bool>,
    pub unreadable: Vec<Unreadable>,
    refs: FxHashMap<Name, Vec<RefId>>,
    funcs: FxHashMap<Name, Vec<FuncId>>,
    classes: FxHashMap<Name, Vec<ClassId>>,
    writes: FxHashMap<Name, Vec<(FileId, u32)>>,
    lookups: FxHashMap<Name, Vec<(FileId, u32)>>,
    imports: FxHashMap<Name, Vec<(FileId, u32)>>,
    keywords: FxHashMap<Name, Vec<(CallId, u32)>>,
    mutations: FxHashMap<Name, Vec<Mutation>>,
    members: FxHashMap<Name, Vec<ClassId>>,
    defined: FxHashMap<(FileId, TextSize), Defined>,
    bulk_writes: Vec<(FileId, u32)>,
    /// Names of decorators under which reading an attribute runs the method.
    property_makers: FxHashSet<Name>,
    pub modules: Modules,
}

macro_rules! by_id {
    ($($name:ident($id:ident) -> $row:ty;)*) => {$(
        /// The row of this id; its file was loaded, or there would be no id.
        pub fn $name(&self, id: $id) -> &$row {
            &self.file(id.file)[id]
        }
    )*};
}

macro_rules! by_name {
    ($($name:ident in $table:ident -> $row:ty;)*) => {$(
        /// Everything of that name in the loaded files, in file order of each loading round.
        pub fn $name(&self, name: &str) -> &[$row] {
            self.$table.get(name).map_or(&[], Vec::as_slice)
        }
    )*};
}

impl Index {
    /// An index without any facts: no file is parsed yet.
    pub fn new(project: &Project, words: Words) -> Self {
        let count = project.files.len();
        Self {
            words,
            facts: (0..count).map(|_| None).collect(),
            tried: vec![false; count],
            modules: Modules::new(project),
            ..Self::default()
        }
    }

    by_id! {
        func(FuncId) -> Func;
        class(ClassId) -> Class;
        site(RefId) -> Ref;
        call(CallId) -> Call;
        value(ValueId) -> Value;
        scope(ScopeId) -> Scope;
        context(ContextId) -> Context;
    }

    by_name! {
        refs_of in refs -> RefId;
        funcs_of in funcs -> FuncId;
        classes_of in classes -> ClassId;
        writes_of in writes -> (FileId, u32);
        lookups_of in lookups -> (FileId, u32);
        imports_of in imports -> (FileId, u32);
        keywords_of in keywords -> (CallId, u32);
        mutations_of in mutations -> Mutation;
        members_of in members -> ClassId;
    }

    /// The sites of a name in one loaded file, in the order of the text.
    pub fn refs_in(&self, file: FileId, name: &str) -> impl Iterator<Item = RefId> + Clone + use<> {
        let facts = self.file(file);
        let name_at = |index: &u32| facts.refs[*index as usize].name.as_str();
        let start = facts.refs_by_name.partition_point(|index| name_at(index) < name);
        let length = facts.refs_by_name[start..].iter().take_while(|index| name_at(index) == name).count();
        let found = facts.refs_by_name[start..start + length].to_vec();
        found.into_iter().map(move |index| RefId { file, index })
    }

    /// The sites that may name what a scope binds: those of its file, and of all loaded files for a module.
    pub fn refs_from(&self, scope: ScopeId, name: &str) -> Vec<RefId> {
        match self.scope(scope).parent {
            Some(_) => self.refs_in(scope.file, name).collect(),
            None => self.refs_of(name).to_vec(),
        }
    }

    /// The facts of a loaded file.
    pub fn file(&self, id: FileId) -> &FileFacts {
        self.facts[id.0 as usize].as_ref().expect("ids are only made for loaded files")
    }

    /// The facts of a file, if it was loaded.
    pub fn loaded(&self, id: FileId) -> Option<&FileFacts> {
        self.facts[id.0 as usize].as_ref()
    }

    /// How many files are loaded.
    pub fn loaded_count(&self) -> usize {
        self.loaded
    }

    /// All loaded files, in path order.
    pub fn loaded_files(&self) -> impl Iterator<Item = (FileId, &FileFacts)> {
        self.facts.iter().enumerate().filter_map(|(index, facts)| Some((FileId(index as u32), facts.as_ref()?)))
    }

    /// Does a decorator of this name, in a loaded file, make a property of a method?
    pub fn gives_property(&self, name: &str) -> bool {
        self.property_makers.contains(name)
    }

    /// The file of a dotted module name.
    pub fn module(&self, name: &str) -> Option<FileId> {
        self.modules.file(name)
    }

    /// Is this the name of a folder that holds modules?
    pub fn is_package(&self, name: &str) -> bool {
        self.modules.is_package(name)
    }

    /// What is defined by the name at this offset; for what a stub file declares, the definition in its module.
    pub fn defined_at(&self, file: FileId, offset: TextSize) -> Option<Defined> {
        let found = *self.defined.get(&(file, offset))?;
        let Some(module) = self.modules.described_by(file) else { return Some(found) };
        let defined = match found {
            Defined::Func(id) => self.same_func(id, module).map(Defined::Func),
            Defined::Class(id) => {
                let class = self.class(id);
                let mut all = self.classes_of(&class.name).iter().rev();
                let same = all.find(|other| other.file == module && self.class(**other).qualname == class.qualname);
                same.copied().map(Defined::Class)
            }
        };
        Some(defined.unwrap_or(found))
    }

    /// The function of the same qualified name in another loaded file, the last of several.
    pub fn same_func(&self, id: FuncId, file: FileId) -> Option<FuncId> {
        let func = self.func(id);
        let mut all = self.funcs_of(&func.name).iter().rev();
        all.find(|other| other.file == file && self.func(**other).qualname == func.qualname).copied()
    }

    /// Parses the files that mention one of `names` and were not loaded yet. Returns what was added, in path order.
    pub fn load_words<'a>(&mut self, project: &Project, names: impl IntoIterator<Item = &'a str>) -> Vec<FileId> {
        let mut wanted: Vec<FileId> = names.into_iter().flat_map(|name| self.words.files(name)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.load(project, &wanted)
    }

    /// Parses files that were not loaded yet. Returns the ones that were added, in path order.
    pub fn load(&mut self, project: &Project, files: &[FileId]) -> Vec<FileId> {
        let new: Vec<FileId> = files.iter().copied().filter(|id| !self.tried[id.0 as usize]).collect();
        let results: Vec<_> = new.par_iter().map(|&id| (id, collect_file(project, id))).collect();
        let mut added = vec![];
        for (id, result) in results {
            self.tried[id.0 as usize] = true;
            match result {
                Ok(facts) => {
                    self.register(id, &facts);
                    self.facts[id.0 as usize] = Some(facts);
                    self.loaded += 1;
                    added.push(id);
                }
                Err(problem) => self.unreadable.push(Unreadable { file: id, problem }),
            }
        }
        added
    }

    /// Adds a site that the text does not name, to a loaded file.
    pub fn add_ref(&mut self, file: FileId, site: Ref) -> RefId {
        let facts = self.facts[file.0 as usize].as_mut().expect("the file is loaded");
        let id = RefId { file, index: facts.refs.len() as u32 };
        self.refs.entry(site.name.clone()).or_default().push(id);
        let behind = facts.refs_by_name.partition_point(|index| facts.refs[*index as usize].name <= site.name);
        facts.refs_by_name.insert(behind, id.index);
        facts.refs.push(site);
        id
    }

    fn register(&mut self, file: FileId, facts: &FileFacts) {
        let numbers = |count: usize| 0..count as u32;
        for index in numbers(facts.refs.len()) {
            let name = facts.refs[index as usize].name.clone();
            self.refs.entry(name).or_default().push(RefId { file, index });
        }
        for index in numbers(facts.funcs.len()) {
            let func = &facts.funcs[index as usize];
            let id = FuncId { file, index };
            self.funcs.entry(func.name.clone()).or_default().push(id);
            self.defined.insert((file, func.name_range.start()), Defined::Func(id));
        }
        for index in numbers(facts.classes.len()) {
            let class = &facts.classes[index as usize];
            let id = ClassId { file, index };
            self.classes.entry(class.name.clone()).or_default().push(id);
            self.defined.insert((file, class.name_range.start()), Defined::Class(id));
        }
        self.bulk_writes.extend(numbers(facts.bulk_writes.len()).map(|index| (file, index)));
        self.property_makers.extend(property_makers::names(facts).cloned());
        for (scope, class) in facts.scopes.iter().filter_map(|scope| match scope.kind {
            ScopeKind::Class(class) => Some((scope, class)),
            _ => None,
        }) {
            for binding in &scope.bindings {
                if let Some(func) = facts.aliased(class, binding) {
                    self.defined.insert((file, binding.range.start()), Defined::Func(func));
                }
            }
        }
        for index in numbers(facts.attribute_writes.len()) {
            let name = facts.attribute_writes[index as usize].name.clone();
            self.writes.entry(name).or_default().push((file, index));
        }
        for index in numbers(facts.lookups.len()) {
            let name = facts.lookups[index as usize].name.clone();
            self.lookups.entry(name).or_default().push((file, index));
        }
        for index in numbers(facts.imports.len()) {
            if let Some(name) = facts.imports[index as usize].name.clone() {
                self.imports.entry(name).or_default().push((file, index));
            }
        }
        for index in numbers(facts.calls.len()) {
            for (at, arg) in facts.calls[index as usize].args.iter().enumerate() {
                if let Some(keyword) = arg.keyword.clone() {
                    self.keywords.entry(keyword).or_default().push((CallId { file, index }, at as u32));
                }
            }
        }
        for scope in &facts.scopes {
            let ScopeKind::Class(class) = scope.kind else { continue };
            for bindings in scope.bindings.chunk_by(|left, right| left.name == right.name) {
                self.members.entry(bindings[0].name.clone()).or_default().push(class);
            }
        }
        for (name, mutation) in mutations::find(facts) {
            self.mutations.entry(name).or_default().push(mutation);
        }
    }
}

/// Reads, decodes and parses one file.
fn collect_file(project: &Project, id: FileId) -> Result<FileFacts, Problem> {
    let file = project.file(id);
    let whole = |message: String| Problem::whole_file(&file.relative, format!("{message}; it is left alone"));
    let bytes = fs::read(&file.path).map_err(|error| whole(format!("cannot be read: {error}")))?;
    let source = source::decode(&bytes).map_err(|error| whole(error.to_string()))?;
    if source::too_deep(&source.text) {
        return Err(whole("is nested too deeply to be analyzed".into()));
    }
    let parsed = ruff_python_parser::parse_module(&source.text).map_err(|error| {
        let message = format!("does not parse: {}; the file is left alone", error.error);
        Problem::at_offset(&file.relative, &source.text, error.location.start().to_usize(), message)
    })?;
    Ok(collect::collect(id, &source.text, parsed.suite()))
}

impl Index {
    /// A place that picks a member by a computed name.
    pub fn pick(&self, file: FileId, index: u32) -> &Pick {
        &self.file(file).picks[index as usize]
    }

    /// All places that write attributes without their names, of the loaded files.
    pub fn bulk_writes(&self) -> &[(FileId, u32)] {
        &self.bulk_writes
    }

    /// What is called, of a call; else the value itself: what stands behind the `@` of a decorator, with arguments or without.
    pub fn callee(&self, value: ValueId) -> ValueId {
        match self.value(value) {
            Value::Call { call } => self.call(*call).func,
            _ => value,
        }
    }

    /// Does the body of the class bind the name?
    pub fn binds(&self, class: ClassId, name: &str) -> bool {
        !self.scope(self.class(class).scope).bindings_of(name).is_empty()
    }

    /// The method or module-level function that a nested function stands in.
    pub fn outermost(&self, mut func: FuncId) -> FuncId {
        while let Some(parent) = self.func(func).parent {
            func = parent;
        }
        func
    }

    /// Is it named as a decorator, with arguments or without?
    pub fn is_decorator(&self, id: RefId) -> bool {
        match self.site(id).usage {
            Usage::Decorator => true,
            Usage::Called(call) => self.call(call).usage == Usage::Decorator,
            _ => false,
        }
    }

    /// The function whose body holds a site.
    pub fn func_of(&self, id: RefId) -> Option<&Func> {
        self.context(self.site(id).context).func.map(|func| self.func(func))
    }
}
