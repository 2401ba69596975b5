//! Sites: names that are used, the calls around them, and where in a function they stand.

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use super::*;

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

impl Usage {
    /// Does it read what the name stands for? An annotation only names it.
    pub fn is_read(&self) -> bool {
        !matches!(self, Self::Store | Self::Delete | Self::Annotation)
    }
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

#[derive(Clone, Debug)]
pub struct Arg {
    pub keyword: Option<Name>,
    /// `*args` or `**kwargs`.
    pub is_star: bool,
    /// `**kwargs`.
    pub is_mapping: bool,
    pub value: ValueId,
    pub range: TextRange,
}

/// Where something stands: what it takes to put an `await` there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// Of a scope at module level, with nothing around it.
    pub fn plain(scope: ScopeId) -> Self {
        Self {
            func: None,
            scope,
            barrier: None,
            withs: vec![],
            generators: vec![],
            lambda: None,
            lambda_func: None,
            main_guard: false,
            catches_interrupt: false,
            catches_stop: false,
            swallows_cancel: false,
            in_try: false,
            in_handler: false,
            type_checking: false,
        }
    }

    /// What runs the code: the innermost lambda or function.
    pub fn owner(&self) -> Option<FuncId> {
        self.lambda_func.or(self.func)
    }
}

/// A generator expression around a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GeneratorExpression {
    pub range: TextRange,
    /// The call that takes it as an argument.
    pub consumer: Option<CallId>,
    /// `*(x for x in y)`.
    pub is_starred: bool,
}

/// A `with` item around a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct With {
    pub value: ValueId,
    pub range: TextRange,
    pub is_async: bool,
}

/// A place that an `await` cannot cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
