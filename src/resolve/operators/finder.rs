//! The operands of operators and builtins in a file whose special methods are looked for.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::{Visitor, walk_comprehension, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, CmpOp, Expr, Operator, Stmt, UnaryOp};
use ruff_text_size::{Ranged, TextSize};

use super::library;
use super::spelled::Spelled;
use crate::py::statement;

/// What every object has: no `__getattr__` is asked for it.
const OF_EVERY_OBJECT: [&str; 6] = ["__class__", "__dict__", "__doc__", "__module__", "__hash__", "__sizeof__"];

/// What Python tries, in this order: the first that there is runs.
type Chain = &'static [&'static str];

const TRUTH: Chain = &["__bool__", "__len__"];
const TEXT: Chain = &["__str__", "__repr__"];
const FORMATTED: Chain = &["__format__", "__str__", "__repr__"];
const ITERATION: Chain = &["__iter__", "__getitem__"];
const SEARCH: Chain = &["__contains__", "__iter__", "__getitem__"];

/// Finds the operands in a file.
pub(super) struct Finder<'w> {
    wanted: &'w BTreeSet<Name>,
    /// Attributes that are objects with methods of their own to read and write them.
    described: &'w BTreeSet<Name>,
    spelled: Spelled<'w>,
    /// The operands, with the methods that are tried.
    pub(super) found: BTreeSet<(TextSize, TextSize, Vec<Name>)>,
}

impl<'w> Finder<'w> {
    pub(super) fn new(wanted: &'w BTreeSet<Name>, described: &'w BTreeSet<Name>, body: &'w [Stmt]) -> Self {
        Self { wanted, described, spelled: Spelled::of(body), found: BTreeSet::new() }
    }

    fn note(&mut self, operand: &Expr, chain: Chain) {
        let may_be_object =
            matches!(operand, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_) | Expr::Await(_));
        if may_be_object {
            self.note_names(operand, chain.iter().copied().map(Name::new_static).collect());
        }
    }

    fn note_names(&mut self, operand: &Expr, chain: Vec<Name>) {
        if chain.iter().any(|name| self.wanted.contains(name)) {
            self.found.insert((operand.start(), operand.end(), chain));
        }
    }

    fn test(&mut self, test: &Expr) {
        match test {
            Expr::BoolOp(node) => node.values.iter().for_each(|value| self.test(value)),
            Expr::UnaryOp(node) if node.op == UnaryOp::Not => self.test(&node.operand),
            Expr::Named(node) => self.test(&node.value),
            _ => self.note(test, TRUTH),
        }
    }

    /// Methods that a function runs on what it is given.
    fn call(&mut self, call: &ast::ExprCall) {
        library::runs(call, &self.spelled, |arg, method| {
            let name = Name::new_static(method);
            if matches!(arg, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_)) && self.wanted.contains(&name) {
                self.found.insert((arg.start(), arg.end(), vec![name]));
            }
        });
        match &*call.func {
            Expr::Name(name) => self.builtin(&name.id, &call.arguments.args),
            Expr::Attribute(callee) => self.method(callee, &call.arguments.args),
            _ => {}
        }
    }

    fn method(&mut self, callee: &ast::ExprAttribute, args: &[Expr]) {
        match callee.attr.as_str() {
            // The stack leaves it later.
            "enter_context" => args.iter().take(1).for_each(|arg| self.note(arg, &["__exit__"])),
            "get" | "setdefault" | "pop" | "add" | "discard" | "remove" | "index" | "count" => {
                args.iter().take(1).for_each(|arg| self.looked_up(arg));
            }
            "format" if callee.value.is_string_literal_expr() => args.iter().for_each(|arg| self.note(arg, FORMATTED)),
            "debug" | "info" | "warning" | "error" | "exception" | "critical" => {
                args.iter().for_each(|arg| self.note(arg, TEXT));
            }
            _ => {}
        }
    }

    fn builtin(&mut self, name: &str, args: &[Expr]) {
        let [argument, rest @ ..] = args else { return };
        let chain: Chain = match name {
            "setattr" => return self.setter(argument, rest),
            "getattr" => return self.getter(argument, rest),
            "print" => return args.iter().for_each(|arg| self.note(arg, TEXT)),
            "len" => &["__len__"],
            "bool" => TRUTH,
            "str" => TEXT,
            "format" => FORMATTED,
            "repr" => &["__repr__"],
            "range" | "hex" | "bin" | "oct" | "chr" => {
                return args.iter().for_each(|arg| self.note(arg, &["__index__"]));
            }
            "bytes" => &["__bytes__", "__index__"],
            "int" => &["__int__", "__index__"],
            "float" => &["__float__", "__index__"],
            "iter" | "list" | "tuple" | "set" | "frozenset" | "sorted" | "sum" | "any" | "all" | "min" | "max" => {
                ITERATION
            }
            "next" => &["__next__"],
            "reversed" => &["__reversed__", "__getitem__"],
            "abs" => &["__abs__"],
            "round" => &["__round__"],
            "hash" => &["__hash__"],
            _ => return,
        };
        if matches!(name, "sorted" | "min" | "max") {
            self.compared(args);
        }
        // They ask how much there will be.
        if matches!(name, "list" | "tuple" | "sorted") {
            self.note(argument, &["__len__"]);
        }
        if let (
            "set" | "frozenset",
            Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }),
        ) = (name, argument)
        {
            elts.iter().for_each(|part| self.looked_up(part));
        }
        self.note(argument, chain);
    }

    /// `x < y` runs a method of `x`, or the other way round of `y`. `functools.total_ordering` makes all four of one.
    fn ordered(&mut self, left: &Expr, right: &Expr, own: &'static str, reflected: &'static str) {
        for (operand, first) in [(left, own), (right, reflected)] {
            let others = ["__lt__", "__gt__", "__le__", "__ge__"].into_iter().filter(|name| *name != first);
            let chain = [first].into_iter().chain(others).map(Name::new_static).collect();
            if matches!(operand, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_)) {
                self.note_names(operand, chain);
            }
        }
    }

    /// A key of a table, or what is looked for in a list.
    fn looked_up(&mut self, key: &Expr) {
        match key {
            Expr::Tuple(parts) => parts.elts.iter().for_each(|part| self.looked_up(part)),
            _ => {
                self.note(key, &["__hash__"]);
                self.note(key, &["__eq__"]);
            }
        }
    }

    fn subscript(&mut self, node: &ast::ExprSubscript) {
        match node.ctx {
            ast::ExprContext::Store => self.note(&node.value, &["__setitem__"]),
            ast::ExprContext::Del => self.note(&node.value, &["__delitem__"]),
            ast::ExprContext::Load | ast::ExprContext::Invalid => {
                self.note(&node.value, &["__getitem__"]);
                self.note(&node.value, &["__missing__"]);
                self.note(&node.value, &["__class_getitem__"]);
            }
        }
        match &*node.slice {
            Expr::Slice(slice) => {
                let parts = [&slice.lower, &slice.upper, &slice.step];
                parts.into_iter().flatten().for_each(|part| self.note(part, &["__index__"]));
            }
            key => {
                self.looked_up(key);
                self.note(key, &["__index__"]);
            }
        }
    }

    fn attribute(&mut self, node: &ast::ExprAttribute) {
        let (of_object, of_attribute) = match node.ctx {
            ast::ExprContext::Store => ("__setattr__", "__set__"),
            ast::ExprContext::Del => ("__delattr__", "__delete__"),
            ast::ExprContext::Load | ast::ExprContext::Invalid => ("__getattr__", "__get__"),
        };
        let named = |method: &'static str| vec![node.attr.id.clone(), Name::new_static(method)];
        self.described(&node.value, &node.attr.id, of_attribute);
        // What a class defines is not asked for.
        let is_found = of_object == "__getattr__" && OF_EVERY_OBJECT.contains(&node.attr.as_str());
        if self.wanted.contains(of_object) && !is_found {
            let chain = if of_object == "__getattr__" { named(of_object) } else { vec![Name::new_static(of_object)] };
            self.note_names(&node.value, chain);
        }
    }

    /// `sys.stdout = x`
    fn written(&mut self, target: &Expr, value: &Expr) {
        if let Expr::Attribute(target) = target
            && matches!(target.attr.as_str(), "stdout" | "stderr")
        {
            self.note(value, &["write"]);
            self.note(value, &["flush"]);
        }
    }

    /// `max(a, b)`, `sorted([a, b])`
    fn compared(&mut self, args: &[Expr]) {
        match args {
            [Expr::List(display)] => display.elts.iter().for_each(|part| self.note(part, &["__lt__"])),
            [_] => {}
            _ => args.iter().for_each(|arg| self.note(arg, &["__lt__", "__gt__"])),
        }
    }

    /// `setattr(x, "size", 1)` runs the setter of a property, or the `__set__` of what is there.
    fn setter(&mut self, object: &Expr, rest: &[Expr]) {
        if let [Expr::StringLiteral(name), ..] = rest {
            let name = Name::new(name.value.to_str());
            self.described(object, &name, "__set__");
            self.note_names(object, vec![name]);
            self.note(object, &["__setattr__"]);
        }
    }

    fn getter(&mut self, object: &Expr, rest: &[Expr]) {
        if let [Expr::StringLiteral(name), ..] = rest {
            let name = Name::new(name.value.to_str());
            self.described(object, &name, "__get__");
            if self.wanted.contains("__getattr__") {
                self.note_names(object, vec![name, Name::new_static("__getattr__")]);
            }
        }
    }

    fn described(&mut self, object: &Expr, attribute: &Name, method: &'static str) {
        if self.described.contains(attribute) && self.wanted.contains(method) {
            self.note_names(object, vec![attribute.clone(), Name::new_static(method)]);
        }
    }
}

impl<'a> Visitor<'a> for Finder<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::If(node) => {
                statement::tests(node).for_each(|test| self.test(test));
            }
            Stmt::While(node) => self.test(&node.test),
            Stmt::Assert(node) => self.test(&node.test),
            Stmt::For(node) if !node.is_async => self.note(&node.iter, ITERATION),
            Stmt::AugAssign(node) => self.note(&node.target, in_place(node.op)),
            Stmt::Assign(node) => node.targets.iter().for_each(|target| self.written(target, &node.value)),
            Stmt::ClassDef(node) => {
                let bases = node.arguments.iter().flat_map(|arguments| &arguments.args);
                bases.for_each(|base| self.note(base, &["__init_subclass__"]));
            }
            // `__enter__` has a reference of its own; the class may leave that to a base which is not the project's.
            Stmt::With(node) if !node.is_async => {
                node.items.iter().for_each(|item| self.note(&item.context_expr, &["__exit__"]));
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Attribute(node) => self.attribute(node),
            Expr::Subscript(node) => self.subscript(node),
            Expr::Compare(node) => {
                let mut left = &*node.left;
                for (operator, right) in node.ops.iter().zip(&node.comparators) {
                    match operator {
                        CmpOp::In | CmpOp::NotIn => {
                            self.note(right, SEARCH);
                            self.note(left, &["__eq__"]);
                            self.note(left, &["__hash__"]);
                        }
                        CmpOp::Is | CmpOp::IsNot => {}
                        CmpOp::Eq => {
                            self.note(left, &["__eq__"]);
                            self.note(right, &["__eq__"]);
                        }
                        CmpOp::NotEq => self.note(left, &["__ne__", "__eq__"]),
                        CmpOp::Lt => self.ordered(left, right, "__lt__", "__gt__"),
                        CmpOp::LtE => self.ordered(left, right, "__le__", "__ge__"),
                        CmpOp::Gt => self.ordered(left, right, "__gt__", "__lt__"),
                        CmpOp::GtE => self.ordered(left, right, "__ge__", "__le__"),
                    }
                    left = right;
                }
            }
            // `"%s" % x`
            Expr::BinOp(node) if node.op == Operator::Mod && node.left.is_string_literal_expr() => match &*node.right {
                Expr::Tuple(parts) => parts.elts.iter().for_each(|part| self.note(part, TEXT)),
                right => self.note(right, TEXT),
            },
            Expr::BinOp(node) => {
                self.note(&node.left, of_operator(node.op));
                self.note(&node.right, reflected(node.op));
                if node.op == Operator::Mult {
                    self.note(&node.right, &["__index__"]);
                }
            }
            Expr::UnaryOp(node) => match node.op {
                UnaryOp::Not => self.test(&node.operand),
                UnaryOp::USub => self.note(&node.operand, &["__neg__"]),
                UnaryOp::UAdd => self.note(&node.operand, &["__pos__"]),
                UnaryOp::Invert => self.note(&node.operand, &["__invert__"]),
            },
            Expr::Set(node) => node.elts.iter().for_each(|part| self.looked_up(part)),
            Expr::Dict(node) => node.items.iter().flat_map(|item| &item.key).for_each(|key| self.looked_up(key)),
            Expr::Starred(node) if node.ctx == ast::ExprContext::Load => self.note(&node.value, &["__len__"]),
            Expr::If(node) => self.test(&node.test),
            // `x or y` asks all but the last.
            Expr::BoolOp(node) => node.values.iter().rev().skip(1).for_each(|value| self.test(value)),
            Expr::Call(call) => self.call(call),
            Expr::FString(node) => {
                for element in node.value.elements() {
                    if let ast::InterpolatedStringElement::Interpolation(part) = element {
                        let chain: Chain = match part.conversion {
                            ast::ConversionFlag::None => FORMATTED,
                            ast::ConversionFlag::Str => TEXT,
                            ast::ConversionFlag::Repr | ast::ConversionFlag::Ascii => &["__repr__"],
                        };
                        self.note(&part.expression, chain);
                    }
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }

    fn visit_comprehension(&mut self, clause: &'a ast::Comprehension) {
        if !clause.is_async {
            self.note(&clause.iter, ITERATION);
        }
        clause.ifs.iter().for_each(|test| self.test(test));
        walk_comprehension(self, clause);
    }
}

/// `x + y`
fn of_operator(operator: Operator) -> Chain {
    &in_place(operator)[1..]
}

/// `x + y`, where `x` has no method for it.
fn reflected(operator: Operator) -> Chain {
    match operator {
        Operator::Add => &["__radd__"],
        Operator::Sub => &["__rsub__"],
        Operator::Mult => &["__rmul__"],
        Operator::MatMult => &["__rmatmul__"],
        Operator::Div => &["__rtruediv__"],
        Operator::Mod => &["__rmod__"],
        Operator::Pow => &["__rpow__"],
        Operator::LShift => &["__rlshift__"],
        Operator::RShift => &["__rrshift__"],
        Operator::BitOr => &["__ror__"],
        Operator::BitXor => &["__rxor__"],
        Operator::BitAnd => &["__rand__"],
        Operator::FloorDiv => &["__rfloordiv__"],
    }
}

/// `x += y`: its own method, else that of `x + y`.
fn in_place(operator: Operator) -> Chain {
    match operator {
        Operator::Add => &["__iadd__", "__add__"],
        Operator::Sub => &["__isub__", "__sub__"],
        Operator::Mult => &["__imul__", "__mul__"],
        Operator::MatMult => &["__imatmul__", "__matmul__"],
        Operator::Div => &["__itruediv__", "__truediv__"],
        Operator::Mod => &["__imod__", "__mod__"],
        Operator::Pow => &["__ipow__", "__pow__"],
        Operator::LShift => &["__ilshift__", "__lshift__"],
        Operator::RShift => &["__irshift__", "__rshift__"],
        Operator::BitOr => &["__ior__", "__or__"],
        Operator::BitXor => &["__ixor__", "__xor__"],
        Operator::BitAnd => &["__iand__", "__and__"],
        Operator::FloorDiv => &["__ifloordiv__", "__floordiv__"],
    }
}
