//! What flow analysis follows: expressions, the scopes and attributes that hold them, imports.

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use super::*;
use crate::index::words::hash;

/// An expression, as far as flow analysis follows it. Children are ids in the same file.
#[derive(Clone, Debug)]
pub enum Value {
    Name {
        name: Name,
        scope: ScopeId,
    },
    Attribute {
        receiver: ValueId,
        name: Name,
    },
    Call {
        call: CallId,
    },
    Await {
        value: ValueId,
    },
    Subscript {
        value: ValueId,
        key: Option<Name>,
        index: ValueId,
    },
    /// `a or b`, `a if c else b`, `a and b`: any of them.
    Either(Vec<ValueId>),
    /// `a + b`, also by `+=`: numbers, or the elements of both.
    Sum(Vec<ValueId>),
    /// A tuple, list or set display.
    Elements(Vec<ValueId>),
    /// `*x` or `**x` in a display: all that is in it.
    Spread(ValueId),
    /// A dict display: its values, with keys that are string literals.
    Dict(Vec<(Option<Name>, ValueId)>),
    /// A comprehension or generator expression that gives this value, again and again.
    Comprehension {
        element: ValueId,
        /// The range of a generator expression, which does its work later.
        generator: Option<TextRange>,
    },
    /// An element of an iterable: a loop variable.
    ElementOf(ValueId),
    /// The n-th part of an unpacked value.
    PartOf(ValueId, u32),
    /// What `with x as name` binds.
    Entered(ValueId),
    /// A string literal.
    Text(Name),
    /// A string that is known in parts, with `*` for the rest: `f"do_{x}"`.
    Pattern(Name),
    /// `None`.
    None,
    /// Any other literal, arithmetic, comparison, f-string: never a project object.
    Builtin,
    Lambda {
        func: FuncId,
        result: ValueId,
    },
    Unknown,
}

/// A scope that binds names.
#[derive(Debug)]
pub struct Scope {
    pub kind: ScopeKind,
    pub parent: Option<ScopeId>,
    /// Sorted by name; bindings of one name in the order of the text.
    pub bindings: Vec<Binding>,
    /// Hashes of the names, each with its first binding, in the order of the hashes.
    hashes: Vec<(u32, u32)>,
}

impl Scope {
    pub fn new(kind: ScopeKind, parent: Option<ScopeId>) -> Self {
        Self { kind, parent, bindings: vec![], hashes: vec![] }
    }

    /// Sorts the bindings, once all are there.
    pub fn sort(&mut self) {
        self.bindings.sort_by(|left, right| left.name.cmp(&right.name));
        self.bindings.shrink_to_fit();
        let mut first = 0;
        for same in self.bindings.chunk_by(|left, right| left.name == right.name) {
            self.hashes.push((hash(same[0].name.as_bytes()), first));
            first += same.len() as u32;
        }
        self.hashes.sort_unstable();
        self.hashes.shrink_to_fit();
    }

    /// The bindings of `name` in this scope, in the order of the text.
    pub fn bindings_of(&self, name: &str) -> &[Binding] {
        let wanted = hash(name.as_bytes());
        let at = self.hashes.partition_point(|(hash, _)| *hash < wanted);
        let same = self.hashes[at..].iter().take_while(|(hash, _)| *hash == wanted);
        let found = same.map(|(_, first)| &self.bindings[*first as usize..]).find(|all| all[0].name == name);
        let found = found.unwrap_or_default();
        &found[..found.iter().take_while(|binding| binding.name == name).count()]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    Module,
    Class(ClassId),
    Function(FuncId),
    Lambda,
    Comprehension,
}

#[derive(Debug)]
pub struct Binding {
    pub name: Name,
    pub range: TextRange,
    pub bound: Bound,
}

/// What a name is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Value(ValueId),
    /// An annotated name, with or without a value.
    Annotated {
        annotation: ValueId,
        value: Option<ValueId>,
    },
    Param {
        func: FuncId,
        index: u32,
    },
    Func(FuncId),
    Class(ClassId),
    /// Index into [`FileFacts::imports`].
    Import(u32),
    /// `global x` or `nonlocal x`: look outside.
    Outer,
    /// Something that is not followed: `except ... as e`, `del`, match captures, lambda parameters.
    Unknown,
}

/// One name of an import statement.
#[derive(Debug)]
pub struct Import {
    /// Module as written, without leading dots.
    pub module: Option<String>,
    /// Number of leading dots.
    pub level: u32,
    /// The module part of the statement, without leading dots.
    pub module_range: Option<TextRange>,
    /// `None` for `import module`.
    pub name: Option<Name>,
    pub alias: Option<Name>,
    /// The name it binds; `*` for star imports.
    pub binds: Name,
    /// Token range of the imported name.
    pub range: TextRange,
    /// Token of the alias.
    pub alias_range: Option<TextRange>,
    pub scope: ScopeId,
}

/// `receiver.name = value`, also through `setattr` with a literal name.
#[derive(Debug)]
pub struct AttributeWrite {
    pub name: Name,
    pub receiver: ValueId,
    pub value: Option<ValueId>,
    pub annotation: Option<ValueId>,
    pub range: TextRange,
    pub context: ContextId,
}

/// Attributes that are written without their names: `setattr(receiver, name, value)`, or all that a mapping has.
#[derive(Debug)]
pub struct BulkWrite {
    pub receiver: ValueId,
    /// The name; none when `value` is a mapping.
    pub name: Option<ValueId>,
    pub value: ValueId,
}

/// `container[key] = value`.
#[derive(Debug)]
pub struct ItemWrite {
    pub container: ValueId,
    /// The key, when it is a string literal.
    pub key: Option<Name>,
    /// None when it is not followed: `container[key] += value`, `del`.
    pub value: Option<ValueId>,
}

impl Value {
    /// The string, with `*` for what is not known of it.
    pub fn text(&self) -> Option<&Name> {
        match self {
            Value::Text(text) | Value::Pattern(text) => Some(text),
            _ => None,
        }
    }
}
