//! Functions and classes, with what stands in their heads.

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use super::*;

/// A function definition.
#[derive(Debug)]
pub struct Func {
    pub name: Name,
    /// The whole statement, decorators included.
    pub range: TextRange,
    pub name_range: TextRange,
    /// Dotted path inside the module: `Class.method`, `outer.inner`.
    pub qualname: String,
    pub is_async: bool,
    pub class: Option<ClassId>,
    /// The function whose body holds this `def`.
    pub parent: Option<FuncId>,
    /// The scope that the `def` binds its name in.
    pub outer_scope: ScopeId,
    pub scope: ScopeId,
    pub decorators: Vec<Decorator>,
    pub params: Vec<Param>,
    /// Values of its `return` statements with their ranges, and where they stand.
    pub returns: Vec<Return>,
    /// Operands of `yield`; elements of what `yield from` is given.
    pub yields: Vec<ValueId>,
    pub returns_annotation: Option<ValueId>,
    pub returns_annotation_range: Option<TextRange>,
    pub traits: FuncTraits,
    /// Where `# awaitify: keep` stands on it.
    pub keep: bool,
    /// For a lambda: the expression itself, and whether it stands in a statement that a definition can be put before.
    pub lambda: Option<Lambda>,
}

/// A lambda as a function without a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lambda {
    pub value: ValueId,
    /// The range of its body.
    pub body: TextRange,
    /// No comprehension, lambda or class body around it binds names that a definition before the statement would lack.
    pub is_hoistable: bool,
}

/// Properties of a function's own body (nested functions excluded).
#[derive(Clone, Copy, Debug, Default)]
pub struct FuncTraits {
    /// Has `yield` or `yield from`.
    pub is_generator: bool,
    /// A generator that uses `x = yield`, or has `return value`, or a `yield from` that is not a statement of its own.
    pub is_coroutine_like_generator: bool,
    /// A `yield` stands inside `try` or `with`.
    pub yields_under_try: bool,
    /// Writes attributes, subscripts, or globals.
    pub writes_state: bool,
    /// Body is `...`, `pass`, a docstring, or raises `NotImplementedError`.
    pub is_stub: bool,
    /// Uses `super()` without arguments.
    pub uses_super: bool,
    /// Has `global` or `nonlocal`.
    pub declares_outer_names: bool,
    /// A bare `raise` or `sys.exc_info` outside of an `except` of its own.
    pub reads_current_exception: bool,
    /// Calls `locals()`, `eval`, `exec` or `sys._getframe`, or inspects the stack.
    pub inspects_frames: bool,
    /// Looks at its caller's frame: `sys._getframe`, `inspect.currentframe`, `inspect.stack`.
    pub reads_callers: bool,
    /// It has a `raise` with an exception.
    pub raises: bool,
    /// It names `KeyboardInterrupt`.
    pub names_interrupt: bool,
    /// Raises `StopIteration` by name, and does not catch it.
    pub raises_stop_iteration: bool,
}

#[derive(Debug)]
pub struct Return {
    /// Range of the returned expression.
    pub range: TextRange,
    pub value: ValueId,
}

#[derive(Debug)]
pub struct Decorator {
    /// Range of the expression after the `@`.
    pub range: TextRange,
    /// The decorator as a value; a call for `@decorator(...)`.
    pub value: ValueId,
}

#[derive(Debug)]
pub struct Param {
    pub name: Name,
    pub kind: ParamKind,
    pub annotation: Option<ValueId>,
    pub default: Option<ValueId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    PositionalOnly,
    Standard,
    KeywordOnly,
    Variadic,
    Keywords,
}

#[derive(Debug)]
pub struct Class {
    pub name: Name,
    pub range: TextRange,
    pub name_range: TextRange,
    pub qualname: String,
    /// Base expressions, `metaclass=` left out.
    pub bases: Vec<Base>,
    /// The scope of its body; methods are bound there.
    pub scope: ScopeId,
    pub outer_scope: ScopeId,
    pub decorators: Vec<Decorator>,
    pub methods: Vec<FuncId>,
    pub metaclass: Option<ValueId>,
}

#[derive(Debug)]
pub struct Base {
    pub range: TextRange,
    pub value: ValueId,
}
