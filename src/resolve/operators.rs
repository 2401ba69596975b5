//! Operators: `a[k]`, `k in a`, `len(a)`, `a + b`, `if a:` run a special method without naming it. They are looked for once
//! such a method blocks, in all files, by the types of the operands. Python can await none of them, so a sync function with one
//! is offloaded as a whole, and one in async code is listed.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, CmpOp, Expr, Operator, Stmt, UnaryOp};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};

use super::builder::Builder;
use super::{Evidence, Site, SiteKind, flow, hierarchy, site};
use crate::index::facts::*;
use crate::py::infer::Questions;
use crate::py::{source, statement};

/// What was looked for so far.
#[derive(Debug, Default)]
pub(super) struct Search {
    asked: BTreeSet<Name>,
    /// What runs a method that is no node yet.
    waiting: Vec<Operand>,
}

/// An operand of an operator, with what runs there.
#[derive(Debug)]
struct Operand {
    file: FileId,
    site: Ref,
    targets: Vec<FuncId>,
    evidence: Evidence,
}

/// The special methods that operators and builtins run.
const METHODS: [&str; 36] = [
    "__getitem__",
    "__setitem__",
    "__delitem__",
    "__contains__",
    "__len__",
    "__bool__",
    "__str__",
    "__repr__",
    "__int__",
    "__float__",
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__add__",
    "__radd__",
    "__sub__",
    "__rsub__",
    "__mul__",
    "__rmul__",
    "__truediv__",
    "__floordiv__",
    "__mod__",
    "__pow__",
    "__and__",
    "__or__",
    "__xor__",
    "__lshift__",
    "__rshift__",
    "__matmul__",
    "__neg__",
    "__iter__",
    "__next__",
    "__reversed__",
];

/// Looks for the operators that run a special method which became a node. Returns whether anything new came of it.
pub(super) fn enumerate(builder: &mut Builder) -> bool {
    let names = builder.graph.nodes.iter().map(|func| &builder.index.func(*func).name);
    let wanted: BTreeSet<Name> = names
        .filter(|name| METHODS.contains(&name.as_str()) && !builder.operators.asked.contains(*name))
        .cloned()
        .collect();
    if !wanted.is_empty() {
        builder.operators.asked.extend(wanted.iter().cloned());
        let found = find(builder, &wanted);
        builder.operators.waiting.extend(found);
    }
    let nodes = &builder.graph.nodes;
    let runs = |operand: &Operand| operand.targets.iter().any(|target| nodes.contains(target));
    let (ready, waiting) = std::mem::take(&mut builder.operators.waiting).into_iter().partition(runs);
    builder.operators.waiting = waiting;
    let ready: Vec<Operand> = ready;
    let any = !ready.is_empty();
    for Operand { file, site, targets, evidence } in ready {
        let id = builder.index.add_ref(file, site);
        builder.resolved.insert(id);
        builder.add_site(Site::new(id, SiteKind::Read, targets, evidence));
    }
    any
}

/// The operands for which methods of these names are methods of the project.
fn find(builder: &mut Builder, wanted: &BTreeSet<Name>) -> Vec<Operand> {
    let every: Vec<FileId> = builder.project.ids().collect();
    builder.index.load(builder.project, &every);
    let uses = find_uses(builder, wanted);
    let mut by_file: BTreeMap<FileId, Questions> = BTreeMap::new();
    for (file, found) in &uses {
        by_file.entry(*file).or_default().members.extend(found.iter().cloned());
    }
    let answers = builder.ask(by_file);
    let mut operands = vec![];
    for (file, found) in uses {
        let Some(members) = answers.get(&file).map(|answers| &answers.members) else { continue };
        let names = names_by_start(builder.index.file(file));
        let known: FxHashSet<(TextRange, Name)> =
            builder.index.file(file).refs.iter().map(|site| (site.range, site.name.clone())).collect();
        for (operand, name) in found.into_iter().filter(|asked| !known.contains(asked)) {
            let Some(&Start { context, value, range }) = names.get(&operand.start()) else { continue };
            let definitions = members.get(&(operand, name.clone())).cloned().unwrap_or_default();
            let (targets, evidence) = match definitions.as_slice() {
                [] if range == operand => (by_flow(builder, value, &name), Evidence::Flow),
                found => (found.iter().flat_map(|one| site::defined(builder, one)).collect(), Evidence::Type),
            };
            let (name_range, usage) = (TextRange::empty(operand.start()), Usage::Other);
            let (receiver, looked_up_on) = (Some(value), None);
            let site = Ref { name, name_range, range: operand, receiver, looked_up_on, value, context, usage };
            operands.extend((!targets.is_empty()).then_some(Operand { file, site, targets, evidence }));
        }
    }
    operands
}

/// ty knows no type: the methods of the objects that get there.
fn by_flow(builder: &mut Builder, value: ValueId, name: &str) -> Vec<FuncId> {
    let mut found = vec![];
    for class in flow::classes(builder, value) {
        builder.index_close(class);
        let ancestors = builder.graph.hierarchy.ancestors(class);
        found.extend(ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, name)));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The operands in each file whose type may have one of the methods, with the method.
fn find_uses(builder: &Builder, wanted: &BTreeSet<Name>) -> Vec<(FileId, Vec<(TextRange, Name)>)> {
    let files: Vec<FileId> = builder.index.loaded_files().map(|(file, _)| file).collect();
    files
        .par_iter()
        .filter_map(|file| {
            let bytes = std::fs::read(&builder.project.file(*file).path).ok()?;
            let text = source::decode(&bytes).ok()?.text;
            let module = ruff_python_parser::parse_module(&text).ok()?;
            let mut finder = Finder { wanted, found: BTreeSet::new() };
            finder.visit_body(module.suite());
            let found = finder.found.into_iter().map(|(start, end, name)| (TextRange::new(start, end), name)).collect();
            Some((*file, found))
        })
        .collect()
}

/// The longest name that starts at a place.
#[derive(Clone, Copy)]
struct Start {
    context: ContextId,
    value: ValueId,
    range: TextRange,
}

fn names_by_start(facts: &FileFacts) -> FxHashMap<TextSize, Start> {
    let mut names: Vec<&Ref> = facts.refs.iter().filter(|site| !site.is_implicit()).collect();
    names.sort_by_key(|site| site.range.len());
    let start = |site: &Ref| Start { context: site.context, value: site.value, range: site.range };
    names.into_iter().map(|site| (site.range.start(), start(site))).collect()
}

struct Finder<'w> {
    wanted: &'w BTreeSet<Name>,
    found: BTreeSet<(TextSize, TextSize, Name)>,
}

impl Finder<'_> {
    fn note(&mut self, operand: &Expr, method: &'static str) {
        let may_be_object = matches!(operand, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_));
        let name = Name::new_static(method);
        if may_be_object && self.wanted.contains(&name) {
            self.found.insert((operand.start(), operand.end(), name));
        }
    }

    fn test(&mut self, test: &Expr) {
        match test {
            Expr::BoolOp(node) => node.values.iter().for_each(|value| self.test(value)),
            Expr::UnaryOp(node) if node.op == UnaryOp::Not => self.test(&node.operand),
            _ => {
                self.note(test, "__bool__");
                self.note(test, "__len__");
            }
        }
    }

    fn builtin(&mut self, call: &ast::ExprCall) {
        let (Expr::Name(name), [argument, ..]) = (&*call.func, &*call.arguments.args) else { return };
        let method = match name.id.as_str() {
            "len" => "__len__",
            "bool" => "__bool__",
            "str" | "print" | "format" => "__str__",
            "repr" => "__repr__",
            "int" => "__int__",
            "float" => "__float__",
            "iter" | "list" | "tuple" | "set" | "sorted" | "sum" | "any" | "all" | "min" | "max" => "__iter__",
            "next" => "__next__",
            "reversed" => "__reversed__",
            _ => return,
        };
        self.note(argument, method);
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
            Stmt::For(node) if !node.is_async => self.note(&node.iter, "__iter__"),
            Stmt::AugAssign(node) => self.note(&node.target, of_operator(node.op)),
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Subscript(node) => self.note(
                &node.value,
                match node.ctx {
                    ast::ExprContext::Store => "__setitem__",
                    ast::ExprContext::Del => "__delitem__",
                    ast::ExprContext::Load | ast::ExprContext::Invalid => "__getitem__",
                },
            ),
            Expr::Compare(node) => {
                let mut left = &*node.left;
                for (operator, right) in node.ops.iter().zip(&node.comparators) {
                    match operator {
                        CmpOp::In | CmpOp::NotIn => self.note(right, "__contains__"),
                        CmpOp::Is | CmpOp::IsNot => {}
                        CmpOp::Eq => self.note(left, "__eq__"),
                        CmpOp::NotEq => self.note(left, "__ne__"),
                        CmpOp::Lt => self.note(left, "__lt__"),
                        CmpOp::LtE => self.note(left, "__le__"),
                        CmpOp::Gt => self.note(left, "__gt__"),
                        CmpOp::GtE => self.note(left, "__ge__"),
                    }
                    left = right;
                }
            }
            Expr::BinOp(node) => {
                self.note(&node.left, of_operator(node.op));
                match node.op {
                    Operator::Add => self.note(&node.right, "__radd__"),
                    Operator::Sub => self.note(&node.right, "__rsub__"),
                    Operator::Mult => self.note(&node.right, "__rmul__"),
                    _ => {}
                }
            }
            Expr::UnaryOp(node) => match node.op {
                UnaryOp::Not => self.test(&node.operand),
                UnaryOp::USub => self.note(&node.operand, "__neg__"),
                UnaryOp::UAdd | UnaryOp::Invert => {}
            },
            Expr::If(node) => self.test(&node.test),
            // `x or y` asks all but the last.
            Expr::BoolOp(node) => node.values.iter().rev().skip(1).for_each(|value| self.test(value)),
            Expr::Call(call) => self.builtin(call),
            Expr::FString(node) => {
                for element in node.value.elements() {
                    if let ast::InterpolatedStringElement::Interpolation(part) = element {
                        self.note(&part.expression, "__str__");
                    }
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }

    fn visit_comprehension(&mut self, clause: &'a ast::Comprehension) {
        if !clause.is_async {
            self.note(&clause.iter, "__iter__");
        }
        clause.ifs.iter().for_each(|test| self.test(test));
        ruff_python_ast::visitor::walk_comprehension(self, clause);
    }
}

fn of_operator(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "__add__",
        Operator::Sub => "__sub__",
        Operator::Mult => "__mul__",
        Operator::MatMult => "__matmul__",
        Operator::Div => "__truediv__",
        Operator::Mod => "__mod__",
        Operator::Pow => "__pow__",
        Operator::LShift => "__lshift__",
        Operator::RShift => "__rshift__",
        Operator::BitOr => "__or__",
        Operator::BitXor => "__xor__",
        Operator::BitAnd => "__and__",
        Operator::FloorDiv => "__floordiv__",
    }
}
