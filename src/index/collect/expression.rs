//! Expressions: every name used becomes a [`Ref`], every call a [`Call`], everything else a summary [`Value`].

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::super::facts::*;
use super::Collector;
use super::call::is_named;
use super::narrow::Holds;

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

    pub(super) fn next_value(&self) -> ValueId {
        ValueId { file: self.file, index: self.facts.values.len() as u32 }
    }

    fn all(&mut self, exprs: &[Expr], usage: Usage) -> Vec<ValueId> {
        exprs.iter().map(|expr| self.expression(expr, usage)).collect()
    }

    pub(super) fn push_ref(
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

    /// A method that Python calls on the value of an expression without naming it, or an attribute that it reads.
    pub(super) fn implicit_ref(&mut self, name: &str, range: TextRange, value: ValueId, usage: Usage) {
        self.push_ref(&Name::new(name), TextRange::empty(range.start()), range, (Some(value), value), usage);
    }

    /// Python iterates over the value of an expression. What is spelled out there is no object of a class.
    pub(super) fn iterated(&mut self, expr: &Expr, value: ValueId, usage: Usage) {
        if matches!(expr, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_) | Expr::Await(_)) {
            self.implicit_ref("__iter__", expr.range(), value, usage);
        }
    }

    /// What a call gives is iterated over where it stands: a place apart from that of the call. A name has one already.
    pub(super) fn used_up(&mut self, expr: &Expr, value: ValueId, usage: Usage) {
        if expr.is_call_expr() {
            self.iterated(expr, value, usage);
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
                self.used_up(&node.value, inner, Usage::Starred { taker: None });
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

    fn interpolated_element(&mut self, element: &ast::InterpolatedStringElement, usage: Usage) {
        let ast::InterpolatedStringElement::Interpolation(node) = element else { return };
        self.expression(&node.expression, usage);
        for inner in node.format_spec.iter().flat_map(|spec| spec.elements.iter()) {
            self.interpolated_element(inner, usage);
        }
    }
}
