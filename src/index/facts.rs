//! Facts of one file: plain owned data that one visitor collects, so that the syntax tree can be dropped.
//!
//! Ids name a file and an index in one of its tables, so facts of different files are collected apart, in any order, and
//! still sort the same. All ranges are byte ranges of the decoded text.

mod definition;
mod lookup;
mod site;
mod statement;
mod value;

use ruff_python_ast::name::Name;
use ruff_text_size::{TextRange, TextSize};

pub use self::definition::*;
pub use self::lookup::*;
pub use self::site::*;
pub use self::statement::*;
pub use self::value::*;

/// A file of the project (or a foreign file that was looked into), numbered in path order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident in $table:ident: $row:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name {
            pub file: FileId,
            pub index: u32,
        }

        impl std::ops::Index<$name> for FileFacts {
            type Output = $row;

            fn index(&self, id: $name) -> &$row {
                &self.$table[id.index as usize]
            }
        }
    )*};
}

ids! {
    /// A `def` or `async def`.
    FuncId in funcs: Func;
    /// A `class`.
    ClassId in classes: Class;
    /// A place where a name is used: a site, once its name is one that matters.
    RefId in refs: Ref;
    /// A call expression.
    CallId in calls: Call;
    /// An expression, summarized for flow analysis.
    ValueId in values: Value;
    /// A scope that binds names.
    ScopeId in scopes: Scope;
    /// Where in a function something stands.
    ContextId in contexts: Context;
}

/// Everything that one file tells.
#[derive(Debug, Default)]
pub struct FileFacts {
    pub funcs: Vec<Func>,
    pub classes: Vec<Class>,
    pub refs: Vec<Ref>,
    /// The positions in `refs`, by name; those of one name in the order of the text.
    pub refs_by_name: Vec<u32>,
    pub calls: Vec<Call>,
    pub values: Vec<Value>,
    pub scopes: Vec<Scope>,
    /// Names that a scope declares `global` or `nonlocal`. Sorted.
    pub outer_names: Vec<Name>,
    pub contexts: Vec<Context>,
    pub imports: Vec<Import>,
    pub attribute_writes: Vec<AttributeWrite>,
    pub bulk_writes: Vec<BulkWrite>,
    pub item_writes: Vec<ItemWrite>,
    /// Comments that say what the sites of their line call.
    pub statements: Vec<Statement>,
    /// Strings where names are looked up: `getattr(x, "name")`, `patch("pkg.mod.name")`.
    pub lookups: Vec<Lookup>,
    /// The same with names that are computed.
    pub picks: Vec<Pick>,
    /// Statement-level facts that boundaries and fallbacks need.
    pub fallbacks: Vec<Fallback>,
    /// `raise StopIteration`
    pub stops: Vec<Stop>,
    /// `except StopIteration`
    pub stop_handlers: Vec<StopHandler>,
    /// Names in `__all__`.
    pub exports: Vec<Name>,
    /// Name tokens that stand for no object: keywords of calls and patterns, parts of module paths.
    pub inert: Vec<(Name, TextSize)>,
    pub with_statements: Vec<WithStatement>,
    /// `for` and `while` statements.
    pub loops: Vec<TextRange>,
    /// `if __name__ == "__main__":` at module level.
    pub main_guards: Vec<MainGuard>,
    pub delegations: Vec<Delegation>,
    /// Names whose value is an instance of a class, as a test says: the expression, and that of the class or classes. In the
    /// order of the text.
    pub narrowed: Vec<(ValueId, ValueId)>,
    /// Values that go where no other table follows them: a key, the subject of a `match`, a starred element.
    pub lost: Vec<ValueId>,
    /// Annotations with their ranges, in the order of the text.
    pub annotations: Vec<(ValueId, TextRange)>,
    /// `T` of each `Callable[..., T]` in annotations.
    pub callable_results: Vec<TextRange>,
}

impl FileFacts {
    /// Does the module have a `from x import *`?
    pub fn imports_all(&self) -> bool {
        !self.scopes[0].bindings_of("*").is_empty()
    }

    /// Does a scope say `global name` or `nonlocal name`?
    pub fn declares_outer(&self, name: &str) -> bool {
        self.outer_names.binary_search_by(|own| own.as_str().cmp(name)).is_ok()
    }

    /// Where an annotation stands.
    pub fn annotation_range(&self, annotation: ValueId) -> Option<TextRange> {
        self.annotations.iter().find(|(own, _)| *own == annotation).map(|(_, range)| *range)
    }

    /// The class or classes that a test says an expression is an instance of.
    pub fn narrowed_to(&self, value: ValueId) -> Option<ValueId> {
        let at = self.narrowed.binary_search_by_key(&value, |(value, _)| *value).ok()?;
        Some(self.narrowed[at].1)
    }

    /// The innermost function around an offset (its whole statement counts).
    pub fn func_at(&self, offset: TextSize) -> Option<usize> {
        self.funcs
            .iter()
            .enumerate()
            .filter(|(_, func)| func.lambda.is_none() && func.range.contains_inclusive(offset))
            .min_by_key(|(_, func)| func.range.len())
            .map(|(index, _)| index)
    }

    /// The method that a name in a class body stands for: `get = fetch`.
    pub fn aliased(&self, class: ClassId, binding: &Binding) -> Option<FuncId> {
        let Bound::Value(value) = binding.bound else { return None };
        let Value::Name { name, scope } = &self[value] else { return None };
        let own = &self[class];
        let is_it = |id: &&FuncId| self[**id].name == *name;
        (*scope == own.scope && *name != binding.name).then(|| own.methods.iter().rfind(is_it).copied()).flatten()
    }
}
