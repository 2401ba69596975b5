//! AW201 to AW207: coroutines that nobody awaits, by the type that inference gives to a call.
//!
//! The walk collects calls that stand where a coroutine can do no good (a statement, a condition, an operand); types say which
//! of them give one.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use super::code::Code;
use super::parsed::{self, Asked, Body, Node, Parsed, Scan, own_nodes};
use super::{Detail, Finding};
use crate::color::World;
use crate::index::facts::FileId;
use crate::py::infer::{Answers, Certainty, Definition, Questions, union_parts};
use crate::py::statement;

/// What is done with the value of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// An expression statement.
    Dropped,
    Condition,
    Compared,
    /// An operand of arithmetic.
    Operand,
    /// Before a dot.
    Attribute,
    /// Before `[`.
    Item,
    /// Unpacked into several names, or with `*`.
    Unpacked,
    /// In an f-string.
    Formatted,
    /// Given to a builtin that wants a value: `len`, `int`.
    Argument,
    /// Assigned to a name that nothing reads.
    Unread,
    /// The iterable of a sync `for`.
    Iterated,
    /// The context manager of a sync `with`.
    Entered,
    Awaited,
}

/// An expression that a type has to tell about.
#[derive(Clone, Debug)]
pub struct Place {
    pub range: TextRange,
    pub usage: Use,
    /// The attribute that is read, for [`Use::Attribute`].
    pub attribute: Option<String>,
    /// What the called name stands for, where it decides.
    pub callee: Callee,
}

/// What a call calls, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// `asyncio.gather` or `asyncio.shield`: it gives a future.
    Gathers,
    /// It may be an async generator function of the project: the range of the callee, which ty is asked about.
    Generates(TextRange),
    Other,
}

impl Place {
    /// Asks for the type, and for the members that matter.
    pub fn add_to(&self, questions: &mut Questions) {
        questions.ranges.push(self.range);
        if let Callee::Generates(callee) = self.callee {
            questions.ranges.push(callee);
        }
        let members: &[&'static str] = match self.usage {
            Use::Iterated => &["__aiter__", "__iter__", "__getitem__"],
            Use::Entered => &["__aenter__", "__enter__"],
            Use::Awaited => &["__await__"],
            _ => &[],
        };
        questions.members.extend(members.iter().map(|name| (self.range, ast::name::Name::new_static(name))));
    }
}

/// Builtins that want the value itself.
const BUILTINS: [&str; 17] = [
    "len",
    "int",
    "float",
    "str",
    "bool",
    "list",
    "tuple",
    "set",
    "frozenset",
    "dict",
    "sorted",
    "sum",
    "min",
    "max",
    "any",
    "all",
    "round",
];

/// What a coroutine has.
const COROUTINE_MEMBERS: [&str; 9] =
    ["send", "throw", "close", "cr_await", "cr_code", "cr_frame", "cr_running", "cr_origin", "cr_suspended"];

/// Collects the places of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    let mut collector =
        Collector { parsed, places: vec![], seen: FxHashSet::default(), is_async: parsed.text.contains("async") };
    collector.visit_body(parsed.suite);
    for body in parsed.bodies().into_iter().filter(|body| body.def.is_some()) {
        collector.unread(body);
    }
    scan.asked.extend(collector.places.into_iter().map(Asked::Coroutine));
}

struct Collector<'p, 'a> {
    parsed: &'p Parsed<'a>,
    places: Vec<Place>,
    seen: FxHashSet<TextRange>,
    /// Does the file have to do with async code? Elsewhere only names of the project's own coroutine functions count.
    is_async: bool,
}

impl Collector<'_, '_> {
    fn note(&mut self, expr: &Expr, usage: Use) {
        self.note_with(expr, usage, None);
    }

    fn note_with(&mut self, expr: &Expr, usage: Use, attribute: Option<&str>) {
        let is_candidate = match (expr, usage) {
            (_, Use::Awaited) => matches!(expr, Expr::Call(_)),
            (Expr::Call(call), _) => self.may_be_async(call),
            (Expr::Name(_) | Expr::Attribute(_), Use::Iterated | Use::Entered) => self.is_async,
            _ => false,
        };
        if is_candidate && self.seen.insert(expr.range()) {
            let callee = self.callee(expr, usage);
            self.places.push(Place { range: expr.range(), usage, attribute: attribute.map(str::to_owned), callee });
        }
    }

    fn callee(&self, expr: &Expr, usage: Use) -> Callee {
        let (Expr::Call(call), Use::Dropped | Use::Iterated) = (expr, usage) else { return Callee::Other };
        let index = self.parsed.world.index;
        let name = super::parsed::last_name(&call.func).unwrap_or_default();
        let generates = |func: &crate::index::facts::FuncId| {
            let func = index.func(*func);
            func.is_async && func.traits.is_generator
        };
        match name {
            "gather" | "shield"
                if usage == Use::Dropped
                    && self.parsed.callee(call).is_some_and(|path| path.starts_with("asyncio.")) =>
            {
                Callee::Gathers
            }
            _ if index.funcs_of(name).iter().any(generates) => Callee::Generates(call.func.range()),
            _ => Callee::Other,
        }
    }

    fn may_be_async(&self, call: &ast::ExprCall) -> bool {
        if self.is_async {
            return true;
        }
        let index = self.parsed.world.index;
        super::parsed::last_name(&call.func)
            .is_some_and(|name| index.funcs_of(name).iter().any(|func| index.func(*func).is_async))
    }

    /// A test: all operands of `and`, `or` and `not` are tested with it.
    fn condition(&mut self, expr: &Expr) {
        match expr {
            Expr::BoolOp(node) => node.values.iter().for_each(|value| self.condition(value)),
            Expr::UnaryOp(node) if node.op == ast::UnaryOp::Not => self.condition(&node.operand),
            Expr::Named(node) => self.condition(&node.value),
            _ => self.note(expr, Use::Condition),
        }
    }

    fn call(&mut self, call: &ast::ExprCall) {
        let Expr::Name(name) = &*call.func else { return };
        if !BUILTINS.contains(&name.id.as_str())
            || self.parsed.callee(call).is_none_or(|path| path != format!("builtins.{}", name.id))
        {
            return;
        }
        if let [argument, ..] = &*call.arguments.args {
            self.note(argument, Use::Argument);
        }
    }

    fn clauses(&mut self, clauses: &[ast::Comprehension]) {
        for clause in clauses {
            if !clause.is_async {
                self.note(&clause.iter, Use::Iterated);
            }
            clause.ifs.iter().for_each(|test| self.condition(test));
        }
    }

    /// Names of a function that hold the result of a call and are never read.
    fn unread(&mut self, body: Body) {
        let Some(func) = body.def.and_then(|def| self.parsed.func(def)) else { return };
        let facts = self.parsed.facts;
        let scope = &facts[facts[func].scope];
        let mut found = vec![];
        own_nodes(body.statements, &mut |node| {
            if let Node::Stmt(Stmt::Assign(assign)) = node
                && let [Expr::Name(target)] = assign.targets.as_slice()
                && let Expr::Call(_) = &*assign.value
            {
                found.push((target, &*assign.value));
            }
        });
        for (target, value) in found {
            let bindings = scope.bindings_of(&target.id);
            let is_local = bindings.iter().all(|binding| !matches!(binding.bound, crate::index::facts::Bound::Outer));
            // The name is looked for in the whole file: a nested function may read it.
            let is_read = self.parsed.world.index.refs_in(self.parsed.file, &target.id).any(|id| {
                let site = self.parsed.world.index.site(id);
                site.receiver.is_none()
                    && site.range != target.range
                    && site.usage != crate::index::facts::Usage::Store
                    && facts[func].range.contains_range(site.range)
            });
            if is_local && !is_read && !facts[func].traits.inspects_frames && bindings.len() == 1 {
                self.note(value, Use::Unread);
            }
        }
    }
}

impl<'a> Visitor<'a> for Collector<'_, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Expr(node) => self.note(&node.value, Use::Dropped),
            Stmt::If(node) => {
                statement::tests(node).for_each(|test| self.condition(test));
            }
            Stmt::While(node) => self.condition(&node.test),
            Stmt::Assert(node) => self.condition(&node.test),
            Stmt::For(node) if !node.is_async => self.note(&node.iter, Use::Iterated),
            Stmt::With(node) if !node.is_async => {
                node.items.iter().for_each(|item| self.note(&item.context_expr, Use::Entered));
            }
            Stmt::Assign(node)
                if node.targets.iter().any(|target| matches!(target, Expr::Tuple(_) | Expr::List(_))) =>
            {
                self.note(&node.value, Use::Unpacked);
            }
            Stmt::AugAssign(node) => self.note(&node.value, Use::Operand),
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Await(node) => self.note(&node.value, Use::Awaited),
            Expr::BoolOp(node) => {
                if let [tested @ .., _] = node.values.as_slice() {
                    tested.iter().for_each(|value| self.condition(value));
                }
            }
            Expr::UnaryOp(node) => match node.op {
                ast::UnaryOp::Not => self.condition(&node.operand),
                _ => self.note(&node.operand, Use::Operand),
            },
            Expr::If(node) => self.condition(&node.test),
            Expr::Compare(node) => {
                self.note(&node.left, Use::Compared);
                node.comparators.iter().for_each(|value| self.note(value, Use::Compared));
            }
            Expr::BinOp(node) => {
                self.note(&node.left, Use::Operand);
                self.note(&node.right, Use::Operand);
            }
            Expr::Attribute(node) => self.note_with(&node.value, Use::Attribute, Some(&node.attr)),
            Expr::Subscript(node) => self.note(&node.value, Use::Item),
            Expr::Starred(node) => self.note(&node.value, Use::Unpacked),
            Expr::FString(node) => {
                for element in node.value.elements() {
                    if let ast::InterpolatedStringElement::Interpolation(part) = element {
                        self.note(&part.expression, Use::Formatted);
                    }
                }
            }
            Expr::Call(call) => self.call(call),
            Expr::ListComp(node) => self.clauses(&node.generators),
            Expr::SetComp(node) => self.clauses(&node.generators),
            Expr::DictComp(node) => self.clauses(&node.generators),
            Expr::Generator(node) => self.clauses(&node.generators),
            _ => {}
        }
        walk_expr(self, expr);
    }
}

/// The finding at a place, by what ty says of it.
pub fn judge(world: World, file: FileId, place: &Place, answers: &Answers) -> Option<Finding> {
    let answer = answers.expressions.get(&place.range)?;
    let generates = generates(world, place, answers);
    let parts = union_parts(&answer.own);
    let code = match place.usage {
        Use::Awaited => not_awaitable(place, answers, &parts).then_some(Code::NotAwaitable),
        _ if parts.iter().all(|part| is_coroutine(part)) => match place.usage {
            Use::Dropped => Some(Code::Dropped),
            Use::Condition => Some(Code::Condition),
            Use::Unread => Some(Code::Unread),
            Use::Attribute if place.attribute.as_deref().is_some_and(is_member) => None,
            _ => Some(Code::Used),
        },
        Use::Dropped if generates => Some(Code::Dropped),
        Use::Dropped if place.callee == Callee::Gathers => Some(Code::FutureDropped),
        Use::Iterated if generates => Some(Code::SyncProtocol),
        Use::Iterated => {
            is_only_async(place, answers, "__aiter__", &["__iter__", "__getitem__"]).then_some(Code::SyncProtocol)
        }
        Use::Entered => is_only_async(place, answers, "__aenter__", &["__enter__"]).then_some(Code::SyncProtocol),
        _ => None,
    }?;
    let shown = if generates { "AsyncGenerator".to_owned() } else { answer.own.clone() };
    let detail = Detail::Coroutine { shown, usage: place.usage };
    Some(Finding { code, file, range: place.range, detail })
}

fn is_member(name: &str) -> bool {
    COROUTINE_MEMBERS.contains(&name) || name.starts_with("__")
}

fn is_coroutine(shown: &str) -> bool {
    ["CoroutineType[", "Coroutine["].iter().any(|start| shown.starts_with(start))
}

/// Does everything that the callee stands for give an async generator?
fn generates(world: World, place: &Place, answers: &Answers) -> bool {
    let Callee::Generates(callee) = place.callee else { return false };
    let Some(answer) = answers.expressions.get(&callee) else { return false };
    let generates = |definition: &Definition| {
        parsed::defined_func(world, definition).is_some_and(|func| {
            let func = world.index.func(func);
            func.is_async && func.traits.is_generator && func.decorators.is_empty()
        })
    };
    !answer.definitions.is_empty() && answer.definitions.iter().all(generates)
}

/// Does the type have the async method and none of the sync ones?
fn is_only_async(place: &Place, answers: &Answers, wanted: &'static str, others: &[&'static str]) -> bool {
    let has = |name: &'static str| {
        let key = (place.range, ast::name::Name::new_static(name));
        answers.members.get(&key).is_some_and(|found| !found.is_empty())
    };
    let certain = answers.expressions.get(&place.range).is_some_and(|answer| certainty(answer) == Certainty::Known);
    certain && has(wanted) && !others.iter().any(|name| has(name))
}

fn certainty(answer: &crate::py::infer::Answer) -> Certainty {
    answer.of_member(None).certainty
}

/// Plain values that nobody can await.
const PLAIN: [&str; 10] = ["None", "int", "str", "bytes", "bool", "float", "list", "dict", "tuple", "set"];

fn not_awaitable(_: &Place, _: &Answers, parts: &[&str]) -> bool {
    let is_plain = |part: &&str| {
        let name = part.split('[').next().unwrap_or(part);
        PLAIN.contains(&name) || part.starts_with("Literal[")
    };
    !parts.is_empty() && parts.iter().all(is_plain)
}
