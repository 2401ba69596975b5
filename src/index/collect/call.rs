//! Calls: their arguments, what builtins run on these without naming it, and names that are looked up by strings.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_python_stdlib::identifiers::is_identifier;
use ruff_text_size::Ranged;

use super::super::facts::*;
use super::Collector;

/// Functions that look names up, with the positions of the arguments that name attributes or end dotted paths.
const LOOKUPS: [(&str, &[usize]); 18] = [
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
    ("should_receive", &[0]), // flexmock
    ("should_call", &[0]),
    ("import_string", &[0]),
    ("import_from_string", &[0]),
    ("import_module", &[0]),
    ("resolve_name", &[0]),
    ("locate", &[0]),
];

/// Functions and methods that iterate over an argument.
const ITERATING: [&str; 21] = [
    "DictReader",
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

/// Functions that run a method of their first argument: `stack.push(lease)` runs its `__exit__` later, and enters nothing.
const RUN_ON_FIRST: [(&str, &str); 3] = [("enter_context", "__enter__"), ("next", "__next__"), ("push", "__exit__")];

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

/// Does the function take what its first argument gives, whenever that may be?
fn iterates(func: &Expr) -> bool {
    match func {
        Expr::Attribute(node) if node.attr.id == "reader" => is_named(&node.value, "csv"),
        _ => is_named(func, "reader") || ITERATING.iter().any(|name| is_named(func, name)),
    }
}

/// Is the function called by that name, of whatever it may be an attribute?
pub(super) fn is_named(expr: &Expr, name: &str) -> bool {
    match expr {
        Expr::Name(node) => node.id == name,
        Expr::Attribute(node) => node.attr.id == name,
        _ => false,
    }
}

impl Collector<'_> {
    pub(super) fn call(&mut self, node: &ast::ExprCall, usage: Usage) -> ValueId {
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
            let arg = Arg { keyword, is_star, is_mapping, value: value_id, range: value.range() };
            self.run_on(&node.func, index, value, &arg, inner);
            args.push(arg);
        }
        self.note_builtin_call(node);
        if !self.literal_attribute(node, &args, usage) {
            self.lookup(node, id, context);
        }
        self.setattr(node, &args, context);
        self.members_named_by_strings(node, &args, usage);
        let value = self.value(Value::Call { call: id });
        self.pick_of_member(node, &args, func, value);
        let call = &mut self.facts.calls[id.index as usize];
        (call.func, call.args) = (func, args);
        value
    }

    /// Methods that the callee, or `*`, runs on an argument without naming them.
    fn run_on(&mut self, func: &Expr, index: usize, expr: &Expr, arg: &Arg, usage: Usage) {
        if let (0, false, Some(name)) = (index, arg.is_star, run_by_builtin(func)) {
            self.implicit_ref(name, expr.range(), arg.value, usage);
        }
        if arg.is_star && !arg.is_mapping || iterates(func) {
            self.iterated(expr, arg.value, usage);
        }
        for (_, method) in RUN_ON_FIRST.iter().filter(|(name, _)| index == 0 && is_named(func, name)) {
            self.implicit_ref(method, expr.range(), arg.value, usage);
        }
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
                    "_getframe" | "currentframe" => {
                        traits.inspects_frames = true;
                        traits.reads_callers = true;
                    }
                    "stack" if is_named(&attribute.value, "inspect") => traits.reads_callers = true,
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
}
