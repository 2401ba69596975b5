//! Expressions: every name used becomes a [`Ref`], every call a [`Call`], everything else a summary [`Value`].

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_python_stdlib::identifiers::is_identifier;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::super::facts::*;
use super::Collector;
use super::narrow::Holds;

/// Functions that look names up, with the positions of the arguments that name attributes or end dotted paths.
const LOOKUPS: [(&str, &[usize]); 16] = [
    ("getattr", &[1]),
    ("getattr_static", &[1]),
    ("hasattr", &[1]),
    ("setattr", &[0, 1]),
    ("delattr", &[0, 1]),
    ("methodcaller", &[0]),
    ("attrgetter", &[0, 1, 2, 3]),
    ("patch", &[0]),
    ("object", &[1]),
    ("multiple", &[0]),
    ("spy", &[1]),
    ("import_string", &[0]),
    ("import_from_string", &[0]),
    ("import_module", &[0]),
    ("resolve_name", &[0]),
    ("locate", &[0]),
];

/// Functions and methods that iterate over an argument.
const ITERATING: [&str; 20] = [
    "all",
    "any",
    "chain",
    "deque",
    "dict",
    "enumerate",
    "extend",
    "filter",
    "frozenset",
    "iter",
    "join",
    "list",
    "map",
    "max",
    "min",
    "set",
    "sorted",
    "sum",
    "tuple",
    "zip",
];

/// The method that a builtin runs on its argument.
fn run_by_builtin(func: &Expr) -> Option<&'static str> {
    let Expr::Name(name) = func else { return None };
    match name.id.as_str() {
        "len" => Some("__len__"),
        "str" => Some("__str__"),
        "repr" => Some("__repr__"),
        "bool" => Some("__bool__"),
        "int" => Some("__int__"),
        "float" => Some("__float__"),
        "hash" => Some("__hash__"),
        "reversed" => Some("__reversed__"),
        _ => None,
    }
}

fn is_named(expr: &Expr, name: &str) -> bool {
    match expr {
        Expr::Name(node) => node.id == name,
        Expr::Attribute(node) => node.attr.id == name,
        _ => false,
    }
}

/// `"%s_%(kind)s"`, with `*` for each field.
fn without_fields(text: &str) -> String {
    let mut pattern = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        pattern.push_str(&rest[..at]);
        pattern.push('*');
        let field = &rest[at + 1..];
        let field = field.strip_prefix('(').and_then(|field| field.split_once(')')).map_or(field, |(_, after)| after);
        let end = field.find(|char: char| char.is_ascii_alphabetic()).map_or(field.len(), |at| at + 1);
        rest = &field[end..];
    }
    pattern.push_str(rest);
    pattern
}

/// The call that is given an expression, whole or with `*`.
fn taker(usage: Usage) -> Option<CallId> {
    match usage {
        Usage::Argument { call, .. } => Some(call),
        Usage::Starred { taker } | Usage::Element { taker } => taker,
        _ => None,
    }
}

impl Collector<'_> {
    pub(super) fn value(&mut self, value: Value) -> ValueId {
        let id = ValueId { file: self.file, index: self.facts.values.len() as u32 };
        self.facts.values.push(value);
        id
    }

    pub(super) fn optional(&mut self, expr: Option<&Expr>, usage: Usage) {
        if let Some(expr) = expr {
            self.expression(expr, usage);
        }
    }

    pub(super) fn annotation(&mut self, expr: &Expr) -> ValueId {
        let mut id = None;
        self.within(
            |context| context.barrier = Some(Barrier::Annotation),
            |this| id = Some(this.expression(expr, Usage::Annotation)),
        );
        let id = id.expect("the closure ran");
        self.facts.annotations.push((id, expr.range()));
        id
    }

    /// An expression whose value goes where nothing follows it.
    pub(super) fn lost(&mut self, expr: Option<&Expr>, usage: Usage) {
        if let Some(expr) = expr {
            let value = self.expression(expr, usage);
            self.facts.lost.push(value);
        }
    }

    /// A method that an operator runs: `x[k]`, `k in x`. No display or literal is an object of the project.
    pub(super) fn operator(&mut self, name: &'static str, object: &Expr, value: ValueId, whole: TextRange) {
        if matches!(object, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_) | Expr::Await(_)) {
            self.implicit_ref(name, object.range(), value, Usage::Implied { whole });
        }
    }

    fn next_value(&self) -> ValueId {
        ValueId { file: self.file, index: self.facts.values.len() as u32 }
    }

    fn all(&mut self, exprs: &[Expr], usage: Usage) -> Vec<ValueId> {
        exprs.iter().map(|expr| self.expression(expr, usage)).collect()
    }

    fn push_ref(
        &mut self,
        name: &Name,
        name_range: TextRange,
        range: TextRange,
        (receiver, value): (Option<ValueId>, ValueId),
        usage: Usage,
    ) {
        let context = self.context();
        let looked_up_on = None;
        self.facts.refs.push(Ref {
            name: name.clone(),
            name_range,
            range,
            receiver,
            looked_up_on,
            value,
            context,
            usage,
        });
    }

    /// A method that Python calls on the value of an expression without naming it.
    pub(super) fn implicit_ref(&mut self, name: &'static str, range: TextRange, value: ValueId, usage: Usage) {
        let name = Name::new_static(name);
        self.push_ref(&name, TextRange::empty(range.start()), range, (Some(value), value), usage);
    }

    /// Python iterates over the value of an expression. What is spelled out there is no object of a class.
    pub(super) fn iterated(&mut self, expr: &Expr, value: ValueId, usage: Usage) {
        if matches!(expr, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_) | Expr::Await(_)) {
            self.implicit_ref("__iter__", expr.range(), value, usage);
        }
    }

    pub(super) fn expression(&mut self, expr: &Expr, usage: Usage) -> ValueId {
        match expr {
            Expr::Name(name) => {
                let value = self.next_value();
                self.push_ref(&name.id, name.range, name.range, (None, value), usage);
                let value = self.value(Value::Name { name: name.id.clone(), scope: self.scope });
                self.note_narrowed(&name.id, value);
                value
            }
            Expr::Attribute(node) => {
                let receiver = self.expression(&node.value, Usage::Receiver);
                let value = self.next_value();
                self.push_ref(&node.attr.id, node.attr.range, node.range, (Some(receiver), value), usage);
                self.value(Value::Attribute { receiver, name: node.attr.id.clone() })
            }
            Expr::Call(node) => self.call(node, usage),
            Expr::Await(node) => {
                let value = self.expression(&node.value, Usage::Awaited);
                self.value(Value::Await { value })
            }
            Expr::Named(node) => {
                // Outside of a test, the value goes on from here as well.
                let inner = if usage == Usage::Condition { Usage::Assigned } else { Usage::Other };
                let value = self.expression(&node.value, inner);
                self.walrus(&node.target, value);
                value
            }
            Expr::BoolOp(node) => {
                // Outside of a test, `a or b` is the value of an operand.
                let inner = if usage == Usage::Condition { Usage::Condition } else { Usage::Other };
                let holds = if node.op == ast::BoolOp::And { Holds::Yes } else { Holds::No };
                let before = self.narrowed.len();
                let mut values = vec![];
                for value in &node.values {
                    values.push(self.expression(value, inner));
                    self.learn(value, holds);
                }
                self.narrowed.truncate(before);
                self.value(Value::Either(values))
            }
            Expr::If(node) => {
                self.expression(&node.test, Usage::Condition);
                let mut values = vec![];
                self.knowing(&node.test, Holds::Yes, |this| values.push(this.expression(&node.body, Usage::Other)));
                values.push(self.expression(&node.orelse, Usage::Other));
                self.value(Value::Either(values))
            }
            Expr::UnaryOp(node) => {
                let inner = if node.op == ast::UnaryOp::Not { Usage::Condition } else { Usage::Other };
                self.expression(&node.operand, inner);
                self.value(Value::Builtin)
            }
            Expr::BinOp(node) => self.binary(node),
            Expr::Compare(node) => {
                let is_identity = |op: &ast::CmpOp| matches!(op, ast::CmpOp::Is | ast::CmpOp::IsNot);
                let to_none =
                    node.comparators.iter().all(Expr::is_none_literal_expr) && node.ops.iter().all(is_identity);
                self.expression(&node.left, if to_none { Usage::Condition } else { Usage::Compared });
                let values = self.all(&node.comparators, Usage::Compared);
                let compared = node.ops.iter().zip(&*node.comparators).zip(values);
                for ((_, container), value) in compared.filter(|((op, _), _)| op.is_in() || op.is_not_in()) {
                    self.operator("__contains__", container, value, node.range());
                }
                self.value(Value::Builtin)
            }
            Expr::Lambda(node) => self.lambda(node, usage),
            Expr::Dict(node) => self.dict(node),
            Expr::Set(node) => self.elements(&node.elts, taker(usage)),
            Expr::List(node) => self.elements(&node.elts, taker(usage)),
            Expr::Tuple(node) => self.elements(&node.elts, taker(usage)),
            Expr::ListComp(node) => {
                self.comprehension(&[&node.elt], &node.generators, ComprehensionKind::List, taker(usage))
            }
            Expr::SetComp(node) => {
                self.comprehension(&[&node.elt], &node.generators, ComprehensionKind::Set, taker(usage))
            }
            Expr::DictComp(node) => {
                let parts: Vec<&Expr> = node.key.as_deref().into_iter().chain([&*node.value]).collect();
                self.comprehension(&parts, &node.generators, ComprehensionKind::Dict, None)
            }
            Expr::Generator(node) => {
                let is_starred = matches!(usage, Usage::Starred { .. });
                let generator = GeneratorExpression { range: node.range, consumer: taker(usage), is_starred };
                let kind = ComprehensionKind::Generator(generator);
                self.comprehension(&[&node.elt], &node.generators, kind, taker(usage))
            }
            Expr::Yield(node) => self.yield_expression(node, usage),
            Expr::YieldFrom(node) => self.yield_from(node, usage),
            Expr::FString(node) => self.f_string(node),
            Expr::TString(node) => {
                node.value.elements().for_each(|element| self.interpolated_element(element, Usage::Other));
                self.value(Value::Builtin)
            }
            Expr::Subscript(node) => self.subscript(node, usage),
            Expr::Starred(node) => {
                let inner = self.expression(&node.value, Usage::Starred { taker: None });
                self.value(Value::Spread(inner))
            }
            Expr::Slice(node) => {
                for part in [&node.lower, &node.upper, &node.step].into_iter().flatten() {
                    self.expression(part, Usage::Other);
                }
                self.value(Value::Builtin)
            }
            Expr::StringLiteral(node) => self.value(Value::Text(Name::new(node.value.to_str()))),
            Expr::NoneLiteral(_) => self.value(Value::None),
            Expr::BytesLiteral(_) | Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) | Expr::EllipsisLiteral(_) => {
                self.value(Value::Builtin)
            }
            Expr::IpyEscapeCommand(_) => self.value(Value::Unknown),
        }
    }

    /// A walrus binds in the nearest scope that is not a comprehension (PEP 572).
    fn walrus(&mut self, target: &Expr, value: ValueId) {
        let saved = self.scope;
        while self.facts[self.scope].kind == ScopeKind::Comprehension {
            self.scope = self.facts[self.scope].parent.expect("a comprehension has a parent");
        }
        self.target(target, Some(value));
        self.scope = saved;
    }

    fn binary(&mut self, node: &ast::ExprBinOp) -> ValueId {
        let sides = vec![self.expression(&node.left, Usage::Other), self.expression(&node.right, Usage::Other)];
        // `A | B` in annotations, and sets or dicts merged: any of them.
        if node.op == ast::Operator::BitOr {
            return self.value(Value::Either(sides));
        }
        // A class may define any operator; with a number or text on one side it rarely does.
        let [left, right] = &*sides else { return self.value(Value::Unknown) };
        let value = match (node.op, &self.facts[*left], &self.facts[*right]) {
            (ast::Operator::Mod, Value::Text(text), _) => Value::Pattern(Name::new(without_fields(text))),
            (ast::Operator::Add, left, right) if left.text().is_some() || right.text().is_some() => {
                let part = |side: &Value| side.text().map_or("*", Name::as_str).to_owned();
                Value::Pattern(Name::new(part(left) + &part(right)))
            }
            (_, Value::Builtin | Value::Text(_) | Value::Pattern(_), _)
            | (_, _, Value::Builtin | Value::Text(_) | Value::Pattern(_)) => Value::Builtin,
            (ast::Operator::Add, _, _) => return self.value(Value::Sum(sides)),
            _ => Value::Unknown,
        };
        self.facts.lost.extend(&sides);
        self.value(value)
    }

    /// An f-string, with `*` for what is put in: it looks at its parts.
    fn f_string(&mut self, node: &ast::ExprFString) -> ValueId {
        let mut pattern = String::new();
        for element in node.value.elements() {
            self.interpolated_element(element, Usage::Compared);
            match element {
                ast::InterpolatedStringElement::Literal(literal) => pattern.push_str(&literal.value),
                ast::InterpolatedStringElement::Interpolation(_) => pattern.push('*'),
            }
        }
        self.value(Value::Pattern(Name::new(pattern)))
    }

    fn elements(&mut self, elements: &[Expr], taker: Option<CallId>) -> ValueId {
        let values = self.all(elements, Usage::Element { taker });
        self.value(Value::Elements(values))
    }

    fn dict(&mut self, node: &ast::ExprDict) -> ValueId {
        let mut items = vec![];
        for item in &node.items {
            self.lost(item.key.as_ref(), Usage::Element { taker: None });
            let mut value = self.expression(&item.value, Usage::Element { taker: None });
            if item.key.is_none() {
                value = self.value(Value::Spread(value));
            }
            let key = match &item.key {
                Some(Expr::StringLiteral(text)) => Some(Name::new(text.value.to_str())),
                _ => None,
            };
            items.push((key, value));
        }
        self.value(Value::Dict(items))
    }

    fn subscript(&mut self, node: &ast::ExprSubscript, usage: Usage) -> ValueId {
        let inner = if usage == Usage::Annotation || usage == Usage::Base { usage } else { Usage::Subscripted };
        let value = self.expression(&node.value, inner);
        if let (true, Expr::Tuple(parts)) = (is_named(&node.value, "Callable"), &*node.slice)
            && let [_, result] = parts.elts.as_slice()
        {
            self.facts.callable_results.push(result.range());
        }
        if inner == Usage::Subscripted {
            self.operator("__getitem__", &node.value, value, node.range());
        }
        let index = self.expression(&node.slice, if usage == Usage::Annotation { usage } else { Usage::Other });
        let key = match &*node.slice {
            Expr::StringLiteral(text) => Some(Name::new(text.value.to_str())),
            _ => None,
        };
        let picked = self.value(Value::Subscript { value, key, index });
        self.pick_of_namespace(value, index, picked, node.range);
        picked
    }

    fn call(&mut self, node: &ast::ExprCall, usage: Usage) -> ValueId {
        let id = CallId { file: self.file, index: self.facts.calls.len() as u32 };
        let context = self.context();
        self.facts.calls.push(Call {
            range: node.range(),
            func: ValueId { file: self.file, index: 0 },
            func_range: node.func.range(),
            args: vec![],
            context,
            usage,
        });
        let func = self.expression(&node.func, Usage::Called(id));
        if !matches!(&*node.func, Expr::Name(_) | Expr::Attribute(_)) {
            self.implicit_ref("__call__", node.func.range(), func, Usage::Called(id));
        }
        let mut args = vec![];
        for (index, argument) in node.arguments.iter_source_order().enumerate() {
            let is_mapping = matches!(argument, ast::ArgOrKeyword::Keyword(keyword) if keyword.arg.is_none());
            let (keyword, is_star, value) = match argument {
                ast::ArgOrKeyword::Arg(Expr::Starred(starred)) => (None, true, &*starred.value),
                ast::ArgOrKeyword::Arg(expr) => (None, false, expr),
                ast::ArgOrKeyword::Keyword(keyword) => {
                    self.inert(keyword.arg.as_ref());
                    (keyword.arg.as_ref().map(|name| name.id.clone()), is_mapping, &keyword.value)
                }
            };
            let inner = if is_star {
                Usage::Starred { taker: Some(id) }
            } else if is_named(&node.func, "bool") {
                Usage::Condition
            } else {
                Usage::Argument { call: id, index: index as u32 }
            };
            let value_id = self.expression(value, inner);
            if let (0, Some(name)) = (index, run_by_builtin(&node.func))
                && !is_star
            {
                self.implicit_ref(name, value.range(), value_id, inner);
            }
            if index == 0 && is_named(&node.func, "enter_context") {
                self.implicit_ref("__enter__", value.range(), value_id, inner);
            }
            if is_star && !is_mapping || ITERATING.iter().any(|name| is_named(&node.func, name)) {
                self.iterated(value, value_id, inner);
            }
            if index == 0 && is_named(&node.func, "next") {
                self.implicit_ref("__next__", value.range(), value_id, inner);
            }
            // `stack.push(lease)` runs its `__exit__` later, and enters nothing.
            if index == 0 && is_named(&node.func, "push") {
                self.implicit_ref("__exit__", value.range(), value_id, inner);
            }
            args.push(Arg { keyword, is_star, is_mapping, value: value_id, range: value.range() });
        }
        self.note_builtin_call(node);
        if !self.literal_attribute(node, &args, usage) {
            self.lookup(node, id, context);
        }
        self.setattr(node, &args, context);
        let value = self.value(Value::Call { call: id });
        self.pick_of_member(node, &args, func, value);
        let call = &mut self.facts.calls[id.index as usize];
        (call.func, call.args) = (func, args);
        value
    }

    /// Calls that say something about the function around them.
    fn note_builtin_call(&mut self, node: &ast::ExprCall) {
        let in_handler = self.context.in_handler;
        match &*node.func {
            Expr::Name(name) => {
                let Some(traits) = self.traits() else { return };
                match name.id.as_str() {
                    "super" => traits.uses_super = true,
                    "locals" | "eval" | "exec" | "vars" => traits.inspects_frames = true,
                    "setattr" | "delattr" => traits.writes_state = true,
                    _ => {}
                }
            }
            Expr::Attribute(attribute) => {
                let Some(traits) = self.traits() else { return };
                match attribute.attr.as_str() {
                    "exc_info" => traits.reads_current_exception |= !in_handler,
                    "_getframe" | "currentframe" => traits.inspects_frames = true,
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// `getattr(x, "load")` and `hasattr(x, "load")` name an attribute as `x.load` does. Returns whether it is one.
    fn literal_attribute(&mut self, node: &ast::ExprCall, args: &[Arg], usage: Usage) -> bool {
        let ([_, Expr::StringLiteral(text), default @ ..], Expr::Name(function)) = (&*node.arguments.args, &*node.func)
        else {
            return false;
        };
        let name = Name::new(text.value.to_str());
        // What stands in for a missing attribute is called, too.
        let is_plain = match (usage, default) {
            (Usage::Called(_), [default]) => default.is_none_literal_expr(),
            (_, []) | (_, [_]) => true,
            _ => false,
        };
        let usage = match function.id.as_str() {
            "getattr" if is_plain => usage,
            "hasattr" => Usage::Condition,
            _ => return false,
        };
        let is_attribute = is_identifier(&name) && !name.starts_with("__") && !text.value.is_implicit_concatenated();
        let [receiver, ..] = args else { return false };
        if !is_attribute || receiver.is_star {
            return false;
        }
        let context = self.context();
        // The caller adds the value of the call next.
        let value = self.next_value();
        self.facts.refs.push(Ref {
            name,
            name_range: text.range,
            range: node.range(),
            receiver: Some(receiver.value),
            looked_up_on: Some(receiver.range),
            value,
            context,
            usage,
        });
        true
    }

    fn lookup(&mut self, node: &ast::ExprCall, call: CallId, context: ContextId) {
        let function = match &*node.func {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return,
        };
        let Some((_, positions)) = LOOKUPS.iter().find(|(name, _)| *name == function) else { return };
        for argument in positions.iter().filter_map(|at| node.arguments.args.get(*at)) {
            let Expr::StringLiteral(text) = argument else { continue };
            let text = text.value.to_str().to_owned();
            let name = Name::new(text.rsplit('.').next().unwrap_or_default());
            self.facts.lookups.push(Lookup { name, text, range: argument.range(), call, context });
        }
    }

    fn lambda(&mut self, node: &ast::ExprLambda, usage: Usage) -> ValueId {
        let id = self.anonymous(node);
        let scope = self.facts[id].scope;
        let taker = match usage {
            Usage::Argument { call, .. } => Some(self.facts[call].range),
            _ => None,
        };
        let mut result = None;
        self.within(
            |context| {
                context.scope = scope;
                context.barrier = Some(Barrier::Lambda { range: node.range });
                context.lambda = taker;
                context.lambda_func = Some(id);
                // It runs when it is called, wherever it stands.
                context.withs = vec![];
                context.generators = vec![];
                (context.catches_interrupt, context.catches_stop) = (false, false);
                (context.in_try, context.in_handler, context.swallows_cancel) = (false, false, false);
            },
            |this| {
                let names: Vec<_> = node.parameters.iter().flat_map(|list| list.iter()).map(|one| one.name()).collect();
                for (index, name) in names.into_iter().enumerate() {
                    this.bind_name(name.id.clone(), name.range, Bound::Param { func: id, index: index as u32 });
                }
                result = Some(this.expression(&node.body, Usage::Returned));
            },
        );
        let result = result.expect("the closure ran");
        let value = self.value(Value::Lambda { func: id, result });
        let is_hoistable = self.context.barrier.is_none()
            && self.context.lambda_func.is_none()
            && matches!(self.facts[self.scope].kind, ScopeKind::Function(_) | ScopeKind::Module);
        let func = &mut self.facts.funcs[id.index as usize];
        func.lambda = Some(Lambda { value, body: node.body.range(), is_hoistable });
        func.returns = vec![Return { range: node.body.range(), value: result }];
        value
    }

    /// The function that a lambda is, still without its body.
    fn anonymous(&mut self, node: &ast::ExprLambda) -> FuncId {
        let id = FuncId { file: self.file, index: self.facts.funcs.len() as u32 };
        let scope = self.push_scope(ScopeKind::Lambda);
        let qualname = self.qualname.iter().map(String::as_str).chain(["<lambda>"]).collect::<Vec<_>>().join(".");
        self.facts.funcs.push(Func {
            name: Name::new_static("<lambda>"),
            range: node.range,
            name_range: TextRange::at(node.start(), TextSize::new(6)),
            qualname,
            is_async: false,
            class: None,
            parent: self.context.owner(),
            outer_scope: self.scope,
            scope,
            decorators: vec![],
            params: vec![],
            returns: vec![],
            yields: vec![],
            returns_annotation: None,
            returns_annotation_range: None,
            traits: FuncTraits::default(),
            keep: false,
            lambda: None,
        });
        if let Some(parameters) = node.parameters.as_deref() {
            let params = self.parameters(parameters, id);
            self.facts.funcs[id.index as usize].params = params;
        }
        id
    }

    fn comprehension(
        &mut self,
        elements: &[&Expr],
        clauses: &[ast::Comprehension],
        kind: ComprehensionKind,
        consumer: Option<CallId>,
    ) -> ValueId {
        let [first, ..] = clauses else { return self.value(Value::Unknown) };
        let usage = |clause: &ast::Comprehension, first: bool| Usage::ComprehensionIter {
            clause: clause.range,
            kind,
            is_async: clause.is_async,
            first,
        };
        let iterable = self.expression(&first.iter, usage(first, true));
        if !first.is_async {
            self.iterated(&first.iter, iterable, usage(first, true));
        }
        let scope = self.push_scope(ScopeKind::Comprehension);
        let mut element = None;
        self.within(
            |context| {
                context.scope = scope;
                if let ComprehensionKind::Generator(generator) = kind {
                    if !matches!(context.barrier, Some(Barrier::Lambda { .. })) {
                        context.barrier = Some(Barrier::Generator);
                    }
                    context.generators.push(generator);
                }
            },
            |this| {
                let loop_value = this.value(Value::ElementOf(iterable));
                this.target(&first.target, Some(loop_value));
                for condition in &first.ifs {
                    this.expression(condition, Usage::Condition);
                }
                for clause in &clauses[1..] {
                    let inner = this.expression(&clause.iter, usage(clause, false));
                    if !clause.is_async {
                        this.iterated(&clause.iter, inner, usage(clause, false));
                    }
                    let loop_value = this.value(Value::ElementOf(inner));
                    this.target(&clause.target, Some(loop_value));
                    for condition in &clause.ifs {
                        this.expression(condition, Usage::Condition);
                    }
                }
                for part in elements {
                    // The key of a dict comprehension comes before its value.
                    this.facts.lost.extend(element);
                    element = Some(this.expression(part, Usage::Element { taker: consumer }));
                }
            },
        );
        match element {
            Some(element) => {
                let generator = match kind {
                    ComprehensionKind::Generator(generator) => Some(generator.range),
                    ComprehensionKind::List | ComprehensionKind::Set | ComprehensionKind::Dict => None,
                };
                self.value(Value::Comprehension { element, generator })
            }
            None => self.value(Value::Unknown),
        }
    }

    fn yields(&mut self, value: ValueId) {
        if let Some(func) = self.context.func {
            self.facts.funcs[func.index as usize].yields.push(value);
        }
    }

    fn yield_expression(&mut self, node: &ast::ExprYield, usage: Usage) -> ValueId {
        let value = match node.value.as_deref() {
            Some(value) => self.expression(value, Usage::Yielded),
            None => self.value(Value::None),
        };
        self.yields(value);
        let protected = self.protected > 0;
        if let Some(traits) = self.traits() {
            traits.is_generator = true;
            traits.is_coroutine_like_generator |= usage != Usage::Statement;
            traits.yields_under_try |= protected;
        }
        self.value(Value::Unknown)
    }

    fn yield_from(&mut self, node: &ast::ExprYieldFrom, usage: Usage) -> ValueId {
        let statement = (usage == Usage::Statement).then_some(node.range);
        let iterable = self.expression(&node.value, Usage::YieldFrom { statement });
        self.iterated(&node.value, iterable, Usage::YieldFrom { statement });
        let element = self.value(Value::ElementOf(iterable));
        self.yields(element);
        if let Some(range) = statement {
            let context = self.context();
            self.facts.delegations.push(Delegation { range, context });
        }
        let protected = self.protected > 0;
        if let Some(traits) = self.traits() {
            traits.is_generator = true;
            traits.is_coroutine_like_generator |= statement.is_none();
            traits.yields_under_try |= protected;
        }
        self.value(Value::Unknown)
    }

    fn interpolated_element(&mut self, element: &ast::InterpolatedStringElement, usage: Usage) {
        let ast::InterpolatedStringElement::Interpolation(node) = element else { return };
        self.expression(&node.expression, usage);
        for inner in node.format_spec.iter().flat_map(|spec| spec.elements.iter()) {
            self.interpolated_element(inner, usage);
        }
    }
}
