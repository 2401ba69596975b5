//! A node as a flat list of parts: what it is made of, without its place in the text.
//!
//! Every field of every node is here but ranges, node indices, expression contexts (they follow from the structure), quotes
//! and parentheses. Lists start with their length and optional parts say when they are missing, so two lists of parts are
//! equal only if the nodes are.

use ruff_python_ast::{
    Alias, Arguments, Comprehension, Decorator, ElifElseClause, ExceptHandler, Expr, FString, FStringPart, Identifier,
    InterpolatedStringElement, Keyword, Number, Parameter, ParameterWithDefault, Parameters, Pattern, Stmt,
    StmtFunctionDef, StringLiteral, TypeParam, TypeParams,
};
use ruff_text_size::{Ranged, TextRange};

/// One part of a node.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    Expr(&'a Expr),
    Body(&'a [Stmt]),
    Name(&'a Identifier),
    /// A literal part of a string; names may be looked up in it.
    Text(&'a StringLiteral),
    /// The text of `f"{x=}"`, and the range of the whole replacement field.
    Debug(&'a str, TextRange),
    Word(&'a str),
    Bytes(&'a [u8]),
    Number(&'a Number),
    Flag(bool),
    /// `async` or not: what some changes toggle.
    Async(bool),
    /// How many follow, or which variant.
    Count(usize),
    Missing,
    Clause(&'a Comprehension),
    Pattern(&'a Pattern),
    Handler(&'a ExceptHandler),
    Aliases(&'a [Alias]),
    /// Decorators, and the range of the statement they belong to.
    Decorators(&'a [Decorator], TextRange),
}

use Part::{Async, Body, Clause, Count, Decorators, Flag, Missing, Name, Text, Word};

/// Collects the parts of one node.
#[derive(Default)]
struct Parts<'a>(Vec<Part<'a>>);

pub(super) fn of_expr(expr: &Expr) -> Vec<Part<'_>> {
    let mut parts = Parts::default();
    parts.expr(expr);
    parts.0
}

pub(super) fn of_stmt(stmt: &Stmt) -> Vec<Part<'_>> {
    let mut parts = Parts::default();
    parts.stmt(stmt);
    parts.0
}

/// The same for a function definition; its body is the last part.
pub(super) fn of_function(function: &StmtFunctionDef) -> Vec<Part<'_>> {
    let mut parts = Parts::default();
    parts.function(function);
    parts.0
}

pub(super) fn of_clause(clause: &Comprehension) -> Vec<Part<'_>> {
    let mut parts = Parts::default();
    parts
        .push(Async(clause.is_async))
        .push(Part::Expr(&clause.target))
        .push(Part::Expr(&clause.iter))
        .exprs(&clause.ifs);
    parts.0
}

/// All but the body.
pub(super) fn of_handler(handler: &ExceptHandler) -> Vec<Part<'_>> {
    let ExceptHandler::ExceptHandler(handler) = handler;
    let mut parts = Parts::default();
    parts.optional(handler.type_.as_deref()).name(handler.name.as_ref());
    parts.0
}

pub(super) fn of_pattern(pattern: &Pattern) -> Vec<Part<'_>> {
    let mut parts = Parts::default();
    match pattern {
        Pattern::MatchValue(value) => parts.push(Part::Expr(&value.value)),
        Pattern::MatchSingleton(singleton) => parts.push(Count(singleton.value as usize)),
        Pattern::MatchSequence(sequence) => parts.patterns(&sequence.patterns),
        Pattern::MatchMapping(mapping) => {
            parts.exprs(&mapping.keys).patterns(&mapping.patterns).name(mapping.rest.as_ref())
        }
        Pattern::MatchClass(class) => {
            parts.push(Part::Expr(&class.cls)).patterns(&class.arguments.patterns);
            parts.push(Count(class.arguments.keywords.len()));
            for keyword in &class.arguments.keywords {
                parts.push(Name(&keyword.attr)).push(Part::Pattern(&keyword.pattern));
            }
            &mut parts
        }
        Pattern::MatchStar(star) => parts.name(star.name.as_ref()),
        Pattern::MatchAs(binding) => {
            parts.push(binding.pattern.as_deref().map_or(Missing, Part::Pattern)).name(binding.name.as_ref())
        }
        Pattern::MatchOr(or) => parts.patterns(&or.patterns),
    };
    parts.0
}

impl<'a> Parts<'a> {
    fn push(&mut self, part: Part<'a>) -> &mut Self {
        self.0.push(part);
        self
    }

    fn optional(&mut self, expr: Option<&'a Expr>) -> &mut Self {
        self.push(expr.map_or(Missing, Part::Expr))
    }

    fn name(&mut self, name: Option<&'a Identifier>) -> &mut Self {
        self.push(name.map_or(Missing, Name))
    }

    fn names(&mut self, names: &'a [Identifier]) -> &mut Self {
        self.push(Count(names.len()));
        self.0.extend(names.iter().map(Name));
        self
    }

    fn exprs(&mut self, exprs: &'a [Expr]) -> &mut Self {
        self.push(Count(exprs.len()));
        self.0.extend(exprs.iter().map(Part::Expr));
        self
    }

    fn patterns(&mut self, patterns: &'a [Pattern]) -> &mut Self {
        self.push(Count(patterns.len()));
        self.0.extend(patterns.iter().map(Part::Pattern));
        self
    }

    fn clauses(&mut self, clauses: &'a [Comprehension]) -> &mut Self {
        self.push(Count(clauses.len()));
        self.0.extend(clauses.iter().map(Clause));
        self
    }

    /// Positional and keyword arguments in the order of the text: `f(*a, k=v)` and `f(k=v, *a)` evaluate differently.
    fn arguments(&mut self, arguments: &'a Arguments) -> &mut Self {
        self.push(Count(arguments.len()));
        for argument in arguments.iter_source_order() {
            match argument {
                ruff_python_ast::ArgOrKeyword::Arg(argument) => self.push(Flag(false)).push(Part::Expr(argument)),
                ruff_python_ast::ArgOrKeyword::Keyword(keyword) => self.push(Flag(true)).keyword(keyword),
            };
        }
        self
    }

    fn keyword(&mut self, keyword: &'a Keyword) -> &mut Self {
        self.name(keyword.arg.as_ref()).push(Part::Expr(&keyword.value))
    }

    fn parameters(&mut self, parameters: &'a Parameters) -> &mut Self {
        let Parameters { posonlyargs, args, vararg, kwonlyargs, kwarg, range: _, node_index: _ } = parameters;
        for list in [posonlyargs, args, kwonlyargs] {
            self.push(Count(list.len()));
            for ParameterWithDefault { parameter, default, range: _, node_index: _ } in list {
                self.parameter(parameter).optional(default.as_deref());
            }
        }
        for variadic in [vararg, kwarg] {
            match variadic {
                Some(parameter) => self.parameter(parameter),
                None => self.push(Missing),
            };
        }
        self
    }

    fn parameter(&mut self, parameter: &'a Parameter) -> &mut Self {
        self.push(Name(&parameter.name)).optional(parameter.annotation.as_deref())
    }

    fn type_params(&mut self, params: Option<&'a TypeParams>) -> &mut Self {
        let params = params.map_or(&[][..], |params| &params.type_params);
        self.push(Count(params.len()));
        for param in params {
            match param {
                TypeParam::TypeVar(var) => self
                    .push(Count(0))
                    .push(Name(&var.name))
                    .optional(var.bound.as_deref())
                    .optional(var.default.as_deref()),
                TypeParam::TypeVarTuple(tuple) => {
                    self.push(Count(1)).push(Name(&tuple.name)).optional(tuple.default.as_deref())
                }
                TypeParam::ParamSpec(spec) => {
                    self.push(Count(2)).push(Name(&spec.name)).optional(spec.default.as_deref())
                }
            };
        }
        self
    }

    fn interpolated<'e>(&mut self, elements: impl Iterator<Item = &'a InterpolatedStringElement>) -> &mut Self
    where
        'a: 'e,
    {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => self.push(Word(&literal.value)),
                InterpolatedStringElement::Interpolation(field) => {
                    self.push(Part::Expr(&field.expression));
                    let debug = field.debug_text.as_ref();
                    self.push(debug.map_or(Missing, |debug| Part::Debug(debug.as_str(), field.range)));
                    self.push(Count(field.conversion.to_byte().map_or(0, usize::from)));
                    match &field.format_spec {
                        Some(spec) => self.push(Flag(true)).interpolated(spec.elements.iter()),
                        None => self.push(Missing),
                    }
                }
            };
        }
        self.push(Missing)
    }

    fn f_string(&mut self, string: &'a FString) -> &mut Self {
        self.interpolated(string.elements.iter())
    }

    fn elif_clauses(&mut self, clauses: &'a [ElifElseClause]) -> &mut Self {
        self.push(Count(clauses.len()));
        for clause in clauses {
            self.optional(clause.test.as_ref()).push(Body(&clause.body));
        }
        self
    }

    fn expr(&mut self, expr: &'a Expr) -> &mut Self {
        match expr {
            Expr::BoolOp(node) => self.push(Word(node.op.as_str())).exprs(&node.values),
            Expr::Named(node) => self.push(Part::Expr(&node.target)).push(Part::Expr(&node.value)),
            Expr::BinOp(node) => {
                self.push(Part::Expr(&node.left)).push(Word(node.op.as_str())).push(Part::Expr(&node.right))
            }
            Expr::UnaryOp(node) => self.push(Word(node.op.as_str())).push(Part::Expr(&node.operand)),
            Expr::Lambda(node) => {
                match &node.parameters {
                    Some(parameters) => self.parameters(parameters),
                    None => self.push(Count(0)).push(Count(0)).push(Count(0)).push(Missing).push(Missing),
                };
                self.push(Part::Expr(&node.body))
            }
            Expr::If(node) => {
                self.push(Part::Expr(&node.test)).push(Part::Expr(&node.body)).push(Part::Expr(&node.orelse))
            }
            Expr::Dict(node) => {
                self.push(Count(node.items.len()));
                for item in &node.items {
                    self.optional(item.key.as_ref()).push(Part::Expr(&item.value));
                }
                self
            }
            Expr::Set(node) => self.exprs(&node.elts),
            Expr::ListComp(node) => self.push(Part::Expr(&node.elt)).clauses(&node.generators),
            Expr::SetComp(node) => self.push(Part::Expr(&node.elt)).clauses(&node.generators),
            Expr::DictComp(node) => {
                self.optional(node.key.as_deref()).push(Part::Expr(&node.value)).clauses(&node.generators)
            }
            Expr::Generator(node) => self.push(Part::Expr(&node.elt)).clauses(&node.generators),
            Expr::Await(node) => self.push(Part::Expr(&node.value)),
            Expr::Yield(node) => self.optional(node.value.as_deref()),
            Expr::YieldFrom(node) => self.push(Part::Expr(&node.value)),
            Expr::Compare(node) => {
                self.push(Part::Expr(&node.left)).push(Count(node.ops.len()));
                self.0.extend(node.ops.iter().map(|op| Word(op.as_str())));
                self.exprs(&node.comparators)
            }
            Expr::Call(node) => self.push(Part::Expr(&node.func)).arguments(&node.arguments),
            Expr::FString(node) => {
                for part in &node.value {
                    match part {
                        FStringPart::Literal(literal) => self.push(Count(0)).push(Text(literal)),
                        FStringPart::FString(string) => self.push(Count(1)).f_string(string),
                    };
                }
                self
            }
            Expr::TString(node) => {
                for string in &node.value {
                    self.interpolated(string.elements.iter());
                }
                self
            }
            Expr::StringLiteral(node) => {
                self.0.extend(node.value.iter().map(Text));
                self
            }
            Expr::BytesLiteral(node) => {
                self.0.extend(node.value.iter().map(|literal| Part::Bytes(&literal.value)));
                self
            }
            Expr::NumberLiteral(node) => self.push(Part::Number(&node.value)),
            Expr::BooleanLiteral(node) => self.push(Flag(node.value)),
            Expr::NoneLiteral(_) | Expr::EllipsisLiteral(_) => self,
            Expr::Attribute(node) => self.push(Part::Expr(&node.value)).push(Name(&node.attr)),
            Expr::Subscript(node) => self.push(Part::Expr(&node.value)).push(Part::Expr(&node.slice)),
            Expr::Starred(node) => self.push(Part::Expr(&node.value)),
            Expr::Name(node) => self.push(Word(&node.id)),
            Expr::List(node) => self.exprs(&node.elts),
            Expr::Tuple(node) => self.exprs(&node.elts),
            Expr::Slice(node) => {
                self.optional(node.lower.as_deref()).optional(node.upper.as_deref()).optional(node.step.as_deref())
            }
            Expr::IpyEscapeCommand(node) => self.push(Word(node.kind.as_str())).push(Word(&node.value)),
        }
    }

    fn function(&mut self, node: &'a StmtFunctionDef) -> &mut Self {
        self.push(Async(node.is_async))
            .push(Decorators(&node.decorator_list, node.range()))
            .push(Name(&node.name))
            .type_params(node.type_params.as_deref())
            .parameters(&node.parameters)
            .optional(node.returns.as_deref())
            .push(Body(&node.body))
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> &mut Self {
        match stmt {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => {
                self.push(Decorators(&node.decorator_list, node.range())).push(Name(&node.name));
                self.type_params(node.type_params.as_deref());
                match &node.arguments {
                    Some(arguments) => self.arguments(arguments),
                    None => self.push(Count(0)),
                };
                self.push(Body(&node.body))
            }
            Stmt::Return(node) => self.optional(node.value.as_deref()),
            Stmt::Delete(node) => self.exprs(&node.targets),
            Stmt::TypeAlias(node) => {
                self.push(Part::Expr(&node.name)).type_params(node.type_params.as_deref()).push(Part::Expr(&node.value))
            }
            Stmt::Assign(node) => self.exprs(&node.targets).push(Part::Expr(&node.value)),
            Stmt::AugAssign(node) => {
                self.push(Part::Expr(&node.target)).push(Word(node.op.as_str())).push(Part::Expr(&node.value))
            }
            Stmt::AnnAssign(node) => self
                .push(Part::Expr(&node.target))
                .push(Part::Expr(&node.annotation))
                .optional(node.value.as_deref())
                .push(Flag(node.simple)),
            Stmt::For(node) => self
                .push(Async(node.is_async))
                .push(Part::Expr(&node.target))
                .push(Part::Expr(&node.iter))
                .push(Body(&node.body))
                .push(Body(&node.orelse)),
            Stmt::While(node) => self.push(Part::Expr(&node.test)).push(Body(&node.body)).push(Body(&node.orelse)),
            Stmt::If(node) => {
                self.push(Part::Expr(&node.test)).push(Body(&node.body)).elif_clauses(&node.elif_else_clauses)
            }
            Stmt::With(node) => {
                self.push(Async(node.is_async)).push(Count(node.items.len()));
                for item in &node.items {
                    self.push(Part::Expr(&item.context_expr)).optional(item.optional_vars.as_deref());
                }
                self.push(Body(&node.body))
            }
            Stmt::Match(node) => {
                self.push(Part::Expr(&node.subject)).push(Count(node.cases.len()));
                for case in &node.cases {
                    self.push(Part::Pattern(&case.pattern)).optional(case.guard.as_deref()).push(Body(&case.body));
                }
                self
            }
            Stmt::Raise(node) => self.optional(node.exc.as_deref()).optional(node.cause.as_deref()),
            Stmt::Try(node) => {
                self.push(Flag(node.is_star)).push(Body(&node.body)).push(Count(node.handlers.len()));
                self.0.extend(node.handlers.iter().map(Part::Handler));
                self.push(Body(&node.orelse)).push(Body(&node.finalbody))
            }
            Stmt::Assert(node) => self.push(Part::Expr(&node.test)).optional(node.msg.as_deref()),
            Stmt::Import(node) => self.push(Flag(node.is_lazy)).push(Part::Aliases(&node.names)),
            Stmt::ImportFrom(node) => self
                .push(Flag(node.is_lazy))
                .push(Count(node.level as usize))
                .name(node.module.as_ref())
                .push(Part::Aliases(&node.names)),
            Stmt::Global(node) => self.names(&node.names),
            Stmt::Nonlocal(node) => self.names(&node.names),
            Stmt::Expr(node) => self.push(Part::Expr(&node.value)),
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) => self,
            Stmt::IpyEscapeCommand(node) => self.push(Word(node.kind.as_str())).push(Word(&node.value)),
        }
    }
}
