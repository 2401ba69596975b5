//! Import requests: a rewriter asks for a dotted path and gets the expression that names it at that point.
//!
//! What is bound already is reused (`import asyncio as aio` gives `aio.to_thread`); what is not is imported, in the form
//! the file uses. The statements are written once, by [`Imports::finish`].

mod bindings;
mod members;
mod place;
mod stdlib;
#[cfg(test)]
mod tests;

use ruff_python_ast::ModModule;
use ruff_python_ast::token::Tokens;
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashMap;

use super::FileEdits;
use bindings::{Binding, Bindings, Scope, Statement};
use members::MemberEdits;
pub(crate) use place::newline;
use stdlib::is_stdlib;

/// The imports of one module, and what is asked for on top of them.
#[derive(Debug)]
pub struct Imports<'a> {
    text: &'a str,
    tokens: &'a Tokens,
    module: &'a ModModule,
    bindings: Bindings<'a>,
    /// Statements to write.
    added: Vec<NewImport>,
    /// Names to add to from-imports that are there, by the range of the statement.
    members: FxHashMap<TextRange, MemberEdits<'a>>,
    /// The name of the module logger to write.
    logger: Option<String>,
}

/// One import statement to write, with one name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NewImport {
    form: Form,
    /// The name it binds.
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// `import module`.
    Module { module: String },
    /// `from module import member`.
    From { module: String, member: String },
}

/// Whether other uses of a replaced name stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherUses {
    /// The old name is still needed.
    Stay,
    /// All uses are replaced: the name in the import may be replaced too.
    Replaced,
}

/// A module-level logger, or the lack of one.
const LOGGER_NAMES: [&str; 2] = ["logger", "_logger"];

impl<'a> Imports<'a> {
    /// Looks at all bindings of the module.
    pub fn new(parsed: &'a Parsed<ModModule>, text: &'a str) -> Self {
        let module = parsed.syntax();
        Self {
            text,
            tokens: parsed.tokens(),
            module,
            bindings: bindings::collect(module),
            added: Vec::new(),
            members: FxHashMap::default(),
            logger: None,
        }
    }

    /// The expression for the dotted `path` at the offset `at`: `asyncio.to_thread`, `aio.to_thread`, `to_thread`. A path
    /// without a dot is a builtin.
    pub fn request(&mut self, path: &str, at: TextSize) -> String {
        if !path.contains('.') {
            return path.to_owned();
        }
        let path = &self.in_the_files_form(path);
        self.reuse(path, at).unwrap_or_else(|| self.add(form(path), path, at))
    }

    /// As [`Self::request`], but what has to be imported is imported as `from module import name`.
    pub fn request_from(&mut self, module: &str, name: &str, at: TextSize) -> String {
        let path = format!("{module}.{name}");
        let form = Form::From { module: module.to_owned(), member: name.to_owned() };
        self.reuse(&path, at).unwrap_or_else(|| self.add(form, &path, at))
    }

    /// The expression for `path` where `reference` stands: in the same form, from the same module when that has it too
    /// (`typing` and `collections.abc` have the same names).
    pub fn request_like(&mut self, reference: TextRange, path: &str, other_uses: OtherUses) -> String {
        let old = &self.text[reference.to_std_range()];
        let Some((module, new)) = path.rsplit_once('.') else { return path.to_owned() };
        if let Some((base, _)) = old.rsplit_once('.') {
            if self.resolve(base).is_some_and(|base| same_names(&base, module)) {
                return format!("{base}.{new}");
            }
            return self.request(path, reference.start());
        }
        match self.binding_of_module(old, module) {
            Some(index) => self.request_member(index, new, reference.start(), other_uses),
            None => self.request(path, reference.start()),
        }
    }

    /// What a dotted expression stands for, as far as imports of any scope say: `aio.run` is `asyncio.run`.
    pub fn resolve(&self, dotted: &str) -> Option<String> {
        let (root, rest) = dotted.split_at(dotted.find('.').unwrap_or(dotted.len()));
        let binding = self.bindings.imports.iter().find(|binding| binding.name == root)?;
        Some(format!("{}{rest}", binding.path))
    }

    /// The name of a new `logger = logging.getLogger(__name__)`, which stands below the imports.
    pub fn request_logger(&mut self) -> String {
        if let Some(name) = &self.logger {
            return name.clone();
        }
        let free = LOGGER_NAMES.iter().find(|name| !self.is_bound(name)).unwrap_or(&"_awaitify_logger");
        self.request("logging.getLogger", self.module.range().end());
        self.logger = Some((*free).to_owned());
        (*free).to_owned()
    }

    /// Records the edits that write what was requested.
    pub fn finish(mut self, edits: &mut FileEdits) {
        let logger = self.logger.take().map(|name| {
            let get_logger = self.request("logging.getLogger", self.module.range().end());
            format!("{name} = {get_logger}(__name__)")
        });
        let mut members: Vec<_> = self.members.into_values().collect();
        members.sort_by_key(|members| members.statement.start());
        for members in &members {
            members.write(self.text, self.tokens, edits);
        }
        place::write(self.text, self.tokens, self.module, &self.added, logger, edits);
    }

    fn is_bound(&self, name: &str) -> bool {
        self.bindings.others.contains(name)
            || self.bindings.imports.iter().any(|binding| binding.name == name)
            || self.added.iter().any(|new| new.name == name)
    }

    /// The expression that names `path` at `at` through a binding that is there or was requested before.
    fn reuse(&self, path: &str, at: TextSize) -> Option<String> {
        let bound = self
            .bindings
            .imports
            .iter()
            .filter(|binding| {
                binding.is_usable(at) && loads(binding, path) && self.is_free(binding.name, &binding.path, at)
            })
            .find_map(|binding| expression(binding.name, &binding.path, path));
        let added = || self.added.iter().find_map(|new| new.expression(path).filter(|_| !self.hidden(&new.name, at)));
        let member = || self.members.values().find_map(|members| members.added_as(path));
        bound.or_else(added).or_else(member)
    }

    /// True when `name` means `path`, or nothing, everywhere in the module and at `at`.
    fn is_free(&self, name: &str, path: &str, at: TextSize) -> bool {
        let mut imports = self.bindings.imports.iter().filter(|binding| binding.name == name);
        !self.bindings.others.contains(name) && imports.all(|binding| binding.path == path) && !self.hidden(name, at)
    }

    fn hidden(&self, name: &str, at: TextSize) -> bool {
        self.bindings.imports.iter().any(|binding| binding.name == name && binding.hides(at))
    }

    fn add(&mut self, form: Form, path: &str, at: TextSize) -> String {
        if let Some((module, member)) = path.rsplit_once('.')
            && form.may_be_member()
            && let Some(index) = self.statement_to_extend(module)
            && self.is_free(member, path, at)
        {
            return self.request_member(index, member, at, OtherUses::Stay);
        }
        let plain = form.plain_name();
        let mut name = plain.to_owned();
        while !self.is_free(&name, form.bound_path(path), at) {
            name.insert(0, '_');
        }
        let new = NewImport { form, name };
        let expression = new.expression(path).expect("the import was made for this path");
        self.added.push(new);
        expression
    }

    /// A from-import of the module's body that takes another name.
    fn statement_to_extend(&self, module: &str) -> Option<usize> {
        self.bindings.imports.iter().position(|binding| {
            matches!(binding.statement, Statement::From(statement)
                if statement.level == 0 && statement.module.as_deref() == Some(module))
                && binding.scope == Scope::Module
                && binding.alias.name.as_str() != "*"
        })
    }

    /// Adds `new` to the from-import of a binding, or replaces the binding's name there.
    fn request_member(&mut self, index: usize, new: &str, at: TextSize, other_uses: OtherUses) -> String {
        let binding = &self.bindings.imports[index];
        let Statement::From(statement) = binding.statement else { unreachable!("the caller looked for a from-import") };
        let module = binding.path.rsplit_once('.').map_or("", |(module, _)| module);
        let path = format!("{module}.{new}");
        let existing = self
            .bindings
            .imports
            .iter()
            .find(|other| other.path == path && (other.is_usable(at) || other.scope == binding.scope));
        if let Some(existing) = existing {
            return existing.name.to_owned();
        }
        if !self.is_free(new, &path, at) {
            let form = Form::From { module: module.to_owned(), member: new.to_owned() };
            return self.reuse(&path, at).unwrap_or_else(|| self.add(form, &path, at));
        }
        let members =
            self.members.entry(statement.range()).or_insert_with(|| MemberEdits::new(statement, module.to_owned()));
        match other_uses {
            OtherUses::Stay => members.add(new),
            OtherUses::Replaced => members.replace(binding.alias, new),
        }
        new.to_owned()
    }

    /// The from-import that binds `name` to a name of `module`, or of a module with the same names.
    fn binding_of_module(&self, name: &str, module: &str) -> Option<usize> {
        self.bindings.imports.iter().position(|binding| {
            binding.name == name
                && matches!(binding.statement, Statement::From(_))
                && matches!(binding.scope, Scope::Module | Scope::TypeChecking)
                && binding.path.rsplit_once('.').is_some_and(|(base, _)| same_names(base, module))
        })
    }

    /// `collections.abc.X` is `typing.X` in a file that takes such names from `typing`.
    fn in_the_files_form(&self, path: &str) -> String {
        let Some(name) = path.strip_prefix("collections.abc.") else { return path.to_owned() };
        let takes = |module: &str| {
            self.bindings.imports.iter().any(|binding| {
                binding.scope == Scope::Module
                    && binding.path.rsplit_once('.').is_some_and(|(base, name)| base == module && is_abstract(name))
            })
        };
        if takes("typing") && !takes("collections.abc") { format!("typing.{name}") } else { path.to_owned() }
    }
}

impl Form {
    /// The name that the statement binds without an `as`.
    fn plain_name(&self) -> &str {
        match self {
            Self::Module { module } => module,
            Self::From { member, .. } => member,
        }
    }

    /// Whether a from-import of the module that is there may take the name. Packages beside the standard library have names
    /// like `open`, which would hide a builtin.
    fn may_be_member(&self) -> bool {
        match self {
            Self::Module { module } => is_stdlib(module),
            Self::From { .. } => true,
        }
    }

    /// What that name stands for.
    fn bound_path<'p>(&'p self, path: &'p str) -> &'p str {
        match self {
            Self::Module { module } => module,
            Self::From { .. } => path,
        }
    }
}

impl NewImport {
    fn expression(&self, path: &str) -> Option<String> {
        match &self.form {
            Form::Module { module } => expression(&self.name, module, path),
            Form::From { module, member } => expression(&self.name, &format!("{module}.{member}"), path),
        }
    }

    fn statement(&self) -> String {
        let (head, plain) = match &self.form {
            Form::Module { module } => (format!("import {module}"), module),
            Form::From { module, member } => (format!("from {module} import {member}"), member),
        };
        if *plain == self.name { head } else { format!("{head} as {}", self.name) }
    }
}

/// `path` through `name`, which stands for `bound`.
fn expression(name: &str, bound: &str, path: &str) -> Option<String> {
    let rest = path.strip_prefix(bound)?;
    (rest.is_empty() || rest.starts_with('.')).then(|| format!("{name}{rest}"))
}

/// Packages that make all their submodules available.
const WHOLE: [&str; 3] = ["anyio", "asyncio", "pytest"];

/// The form of a new import: `import package` where attributes of the package are used, else `from module import name`.
fn form(path: &str) -> Form {
    let root = path.split('.').next().unwrap_or(path);
    let (module, member) = path.rsplit_once('.').expect("builtins are not imported");
    let by_name = ["collections.abc", "contextlib", "typing"].contains(&module);
    if WHOLE.contains(&root) || (module == root && !by_name) {
        Form::Module { module: root.to_owned() }
    } else {
        Form::From { module: module.to_owned(), member: member.to_owned() }
    }
}

/// True when the statement of `binding` loads the module that `path` is in.
fn loads(binding: &Binding, path: &str) -> bool {
    let module = path.rsplit_once('.').map_or(path, |(module, _)| module);
    WHOLE.contains(&binding.path.as_str())
        || !module.starts_with(&format!("{}.", binding.path))
        || format!("{}.", binding.loaded).starts_with(&format!("{module}."))
}

/// True when the two modules offer the same names for this tool's purposes.
fn same_names(left: &str, right: &str) -> bool {
    const ABSTRACT: [&str; 3] = ["collections.abc", "typing", "typing_extensions"];
    left == right || (ABSTRACT.contains(&left) && ABSTRACT.contains(&right))
}

/// Names that `typing` and `collections.abc` share.
fn is_abstract(name: &str) -> bool {
    const NAMES: [&str; 18] = [
        "AsyncGenerator",
        "AsyncIterable",
        "AsyncIterator",
        "Awaitable",
        "Callable",
        "Collection",
        "Container",
        "Coroutine",
        "Generator",
        "Hashable",
        "Iterable",
        "Iterator",
        "Mapping",
        "MutableMapping",
        "MutableSequence",
        "Reversible",
        "Sequence",
        "Sized",
    ];
    NAMES.contains(&name)
}
