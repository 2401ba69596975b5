//! Facts of one file: plain owned data that one visitor collects, so that the syntax tree can be dropped.
//!
//! Ids name a file and an index in one of its tables, so facts of different files are collected apart, in any order, and
//! still sort the same. All ranges are byte ranges of the decoded text.

use ruff_python_ast::name::Name;
use ruff_text_size::{TextRange, TextSize};

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

/// `if __name__ == "__main__":` at module level.
#[derive(Debug)]
pub struct MainGuard {
    pub range: TextRange,
    /// There is no `elif` and no `else`, and nothing around it.
    pub is_plain: bool,
}

/// A `yield from` that is a statement.
#[derive(Debug)]
pub struct Delegation {
    /// The whole expression.
    pub range: TextRange,
    pub context: ContextId,
}

/// A `with` statement: its range and the expressions of its items.
#[derive(Debug)]
pub struct WithStatement {
    pub range: TextRange,
    pub items: Vec<TextRange>,
}

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
    pub has_metaclass: bool,
}

#[derive(Debug)]
pub struct Base {
    pub range: TextRange,
    pub value: ValueId,
}

/// A name used: a `Name`, or the last part of an attribute expression. A method that Python calls without naming it
/// (`__enter__` at a `with`) has one too, with an empty name range at the start of the expression.
#[derive(Debug)]
pub struct Ref {
    pub name: Name,
    /// The identifier token.
    pub name_range: TextRange,
    /// The whole expression: `a.b.name`.
    pub range: TextRange,
    /// What stands before the dot.
    pub receiver: Option<ValueId>,
    /// `getattr(x, "name")`: the expression `x`; the identifier token is the string then.
    pub looked_up_on: Option<TextRange>,
    /// The expression itself; the object whose method it is, for one that Python calls without naming it.
    pub value: ValueId,
    pub context: ContextId,
    pub usage: Usage,
}

/// What is done with the value of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// It is the callee.
    Called(CallId),
    Argument {
        call: CallId,
        index: u32,
    },
    /// The operand of `await`.
    Awaited,
    /// An expression statement.
    Statement,
    Returned,
    /// Assigned to a name, attribute or item.
    Assigned,
    /// Assigned to several targets at once: `a, *b = x`.
    Unpacked,
    /// Added in place: `x += y`.
    Added,
    /// Only looked at: an operand of a comparison with `is`, `==` and the like, a part of an f-string.
    Compared,
    /// The iterable of a `for` statement.
    ForIter {
        statement: TextRange,
        is_async: bool,
    },
    /// The iterable of a comprehension clause.
    ComprehensionIter {
        clause: TextRange,
        kind: ComprehensionKind,
        is_async: bool,
        /// The first clause of its comprehension: evaluated in the enclosing scope.
        first: bool,
    },
    /// The context expression of a `with` item.
    WithItem {
        statement: TextRange,
        is_async: bool,
    },
    /// `yield from x`; `statement` when nothing uses its value.
    YieldFrom {
        statement: Option<TextRange>,
    },
    /// Before a dot.
    Receiver,
    /// Before `[`.
    Subscripted,
    /// What Python runs without a call: the whole expression, `x[k]` or `k in x`.
    Implied {
        whole: TextRange,
    },
    Decorator,
    Default,
    Annotation,
    /// A base class, or a keyword of a class statement.
    Base,
    /// An element of a display or comprehension; `taker` is the call that is given it, or its elements with `*`.
    Element {
        taker: Option<CallId>,
    },
    /// `*x` in a call (the taker) or display.
    Starred {
        taker: Option<CallId>,
    },
    /// Only tested, for truth or for `None`: the test of `if`, `while`, `assert`, of a conditional expression or a
    /// comprehension, the operand of `not`, the argument of `bool`, the operands of `and` and `or` in there.
    Condition,
    /// A `yield` operand.
    Yielded,
    /// Assigned to: `x.name = ...`.
    Store,
    Delete,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator(GeneratorExpression),
}

/// A call expression.
#[derive(Debug)]
pub struct Call {
    pub range: TextRange,
    /// The callee expression.
    pub func: ValueId,
    pub func_range: TextRange,
    pub args: Vec<Arg>,
    pub context: ContextId,
    /// What is done with the result.
    pub usage: Usage,
}

#[derive(Debug)]
pub struct Arg {
    pub keyword: Option<Name>,
    /// `*args` or `**kwargs`.
    pub is_star: bool,
    /// `**kwargs`.
    pub is_mapping: bool,
    pub value: ValueId,
    pub range: TextRange,
}

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
}

impl Scope {
    /// The bindings of `name` in this scope, in the order of the text.
    pub fn bindings_of(&self, name: &str) -> &[Binding] {
        let start = self.bindings.partition_point(|binding| binding.name.as_str() < name);
        let length = self.bindings[start..].iter().take_while(|binding| binding.name.as_str() == name).count();
        &self.bindings[start..start + length]
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

/// `# awaitify: is pkg.mod.Class.method` or `# awaitify: not`: the user says what the sites of this line call.
#[derive(Debug)]
pub struct Statement {
    /// The line, without its end.
    pub line: TextRange,
    /// The qualified name; none for `not`.
    pub is: Option<String>,
}

/// A string where a name is looked up.
#[derive(Debug)]
pub struct Lookup {
    /// The last part of the dotted path.
    pub name: Name,
    /// The whole string.
    pub text: String,
    pub range: TextRange,
    pub call: CallId,
    pub context: ContextId,
}

/// Where a computed name is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Object(ValueId),
    /// `globals()[name]`.
    Globals,
    /// `methodcaller(name)`: whatever it is given.
    Anything,
    /// `eval(code)`: the string is no name, but may name anything.
    Code,
}

/// A place that picks a member by a name that is computed: `getattr(self, f"do_{x}")`, `globals()[name]`.
#[derive(Debug)]
pub struct Pick {
    /// Whose member.
    pub holder: Holder,
    /// The name.
    pub name: ValueId,
    /// What is picked: the whole expression.
    pub value: ValueId,
    /// How many containers are around it there.
    pub depth: u32,
    pub range: TextRange,
    pub context: ContextId,
}

/// Where something stands: what it takes to put an `await` there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The function whose body runs it; none at module level and in class bodies there.
    pub func: Option<FuncId>,
    pub scope: ScopeId,
    /// What an `await` cannot cross between here and the function.
    pub barrier: Option<Barrier>,
    /// `with` statements around it inside the function, outermost first.
    pub withs: Vec<With>,
    /// Generator expressions around it inside the function, outermost first; not around what their first iterable is.
    pub generators: Vec<GeneratorExpression>,
    /// The call that the innermost lambda is an argument of.
    pub lambda: Option<TextRange>,
    /// The innermost lambda around it: that runs it, not the function.
    pub lambda_func: Option<FuncId>,
    /// In an `if __name__ == "__main__":` block at module level.
    pub main_guard: bool,
    /// Inside a `try` that catches `KeyboardInterrupt`.
    pub catches_interrupt: bool,
    /// Inside a `try` that catches `StopIteration`.
    pub catches_stop: bool,
    /// Inside a `try` with a bare or `BaseException` handler that does not re-raise.
    pub swallows_cancel: bool,
    /// Inside a `try` statement, any part of it.
    pub in_try: bool,
    /// Inside a handler.
    pub in_handler: bool,
    /// Under `if TYPE_CHECKING:`.
    pub type_checking: bool,
}

impl Context {
    /// What runs the code: the innermost lambda or function.
    pub fn owner(&self) -> Option<FuncId> {
        self.lambda_func.or(self.func)
    }
}

/// A generator expression around a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratorExpression {
    pub range: TextRange,
    /// The call that takes it as an argument.
    pub consumer: Option<CallId>,
    /// `*(x for x in y)`.
    pub is_starred: bool,
}

/// A `with` item around a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct With {
    pub value: ValueId,
    pub range: TextRange,
    pub is_async: bool,
}

/// A place that an `await` cannot cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    Lambda {
        range: TextRange,
    },
    /// A class body inside a function, or at module level.
    ClassBody,
    /// The element, condition or later clause of generator expressions: see [`Context::generators`].
    Generator,
    Annotation,
}

/// `try: get_running_loop()...create_task(c()) except RuntimeError: asyncio.run(c())`, or an `if` that asks for the loop.
#[derive(Debug)]
pub struct Fallback {
    pub statement: TextRange,
    pub context: ContextId,
    /// The `asyncio.run` call in the handler, or in the branch without a loop; what runs it on a thread.
    pub run: TextRange,
    pub kind: FallbackKind,
}

/// Where a fallback runs its coroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FallbackKind {
    /// Here, when no loop runs.
    Alone,
    /// On another thread, which is waited for. `statement` is the last of the statements that do it.
    Joined,
}

/// `StopIteration` where it is raised.
#[derive(Debug)]
pub struct Stop {
    /// The range of the name.
    pub name: TextRange,
    pub context: ContextId,
}

/// `try: ...` / `except StopIteration: ...`
#[derive(Debug)]
pub struct StopHandler {
    /// The statements that it stands around.
    pub body: TextRange,
    /// Where the handlers name `StopIteration`.
    pub names: Vec<TextRange>,
}

impl Ref {
    /// Python calls the method, no token names it.
    pub fn is_implicit(&self) -> bool {
        self.name_range.is_empty()
    }

    /// The expression whose type has the member, where no attribute expression names it.
    pub fn member_of(&self) -> Option<TextRange> {
        if self.is_implicit() { Some(self.range) } else { self.looked_up_on }
    }

    /// Neither a token nor a call of its own says that the method runs: `__enter__` at a `with`.
    pub fn runs_unseen(&self) -> bool {
        self.is_implicit() && !matches!(self.usage, Usage::Called(_))
    }
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

    /// The innermost function around an offset (its whole statement counts).
    pub fn func_at(&self, offset: TextSize) -> Option<usize> {
        self.funcs
            .iter()
            .enumerate()
            .filter(|(_, func)| func.lambda.is_none() && func.range.contains_inclusive(offset))
            .min_by_key(|(_, func)| func.range.len())
            .map(|(index, _)| index)
    }
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

impl FileFacts {
    /// The method that a name in a class body stands for: `get = fetch`.
    pub fn aliased(&self, class: ClassId, binding: &Binding) -> Option<FuncId> {
        let Bound::Value(value) = binding.bound else { return None };
        let Value::Name { name, scope } = &self[value] else { return None };
        let own = &self[class];
        let is_it = |id: &&FuncId| self[**id].name == *name;
        (*scope == own.scope && *name != binding.name).then(|| own.methods.iter().rfind(is_it).copied()).flatten()
    }
}
