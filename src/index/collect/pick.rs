//! Members that nobody names where they are read or written: `getattr(x, name)`, `vars(x)[name]`, `setattr(x, name, value)`, and
//! code in strings.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::super::facts::*;
use super::Collector;

impl Collector<'_> {
    /// `globals()[name]`, `vars(module)[name]`, `x.__dict__[name]`.
    pub(super) fn pick_of_namespace(&mut self, namespace: ValueId, name: ValueId, value: ValueId, range: TextRange) {
        if let Some(holder) = self.holder(namespace) {
            self.pick(holder, name, value, 0, range);
        }
    }

    /// `getattr(x, name)`, `methodcaller(name)`, `vars(x).get(name)`; all members at once: `vars(x).values()`,
    /// `inspect.getmembers(x)`; `eval(code)`.
    pub(super) fn pick_of_member(&mut self, node: &ast::ExprCall, args: &[Arg], func: ValueId, value: ValueId) {
        let (function, receiver) = match &self.facts[func] {
            Value::Name { name, .. } => (name.clone(), None),
            Value::Attribute { receiver, name } => (name.clone(), Some(*receiver)),
            _ => return,
        };
        let is_known = |name: &Arg| matches!(self.facts[name.value], Value::Text(_));
        let range = node.range();
        match (function.as_str(), receiver, args) {
            ("getattr", None, [object, name, ..]) if !object.is_star && !is_known(name) => {
                self.pick(Holder::Object(object.value), name.value, value, 0, range);
            }
            ("methodcaller", _, [name, ..]) if !is_known(name) => {
                self.pick(Holder::Anything, name.value, value, 0, range);
            }
            ("attrgetter", _, [name, ..]) if !is_known(name) => {
                self.pick(Holder::Anything, name.value, value, 0, range);
            }
            ("get" | "pop" | "setdefault" | "__getitem__", Some(namespace), [name, ..]) => {
                if let Some(holder) = self.holder(namespace) {
                    self.pick(holder, name.value, value, 0, range);
                }
            }
            ("values" | "items", Some(namespace), []) => {
                let depth = if function == "items" { 2 } else { 1 };
                if let Some(holder) = self.holder(namespace) {
                    self.pick_all(holder, value, depth, range);
                }
            }
            ("getmembers" | "getmembers_static", _, [object, ..]) => {
                self.pick_all(Holder::Object(object.value), value, 2, range);
            }
            // Of `dataclasses` and `attrs`; of a pydantic model.
            ("asdict" | "astuple", _, [object, ..]) => self.pick_all(Holder::Object(object.value), value, 1, range),
            ("model_dump", Some(object), _) => self.pick_all(Holder::Object(object), value, 1, range),
            ("eval" | "exec", None, [code, ..]) => self.pick(Holder::Code, code.value, value, 0, range),
            ("runctx" | "runeval" | "timeit" | "repeat" | "Timer", _, [code, ..]) => {
                self.pick(Holder::Code, code.value, value, 0, range);
            }
            ("run", Some(module), [code, ..]) if self.runs_code(module) => {
                self.pick(Holder::Code, code.value, value, 0, range);
            }
            _ => {}
        }
    }

    pub(super) fn pick(&mut self, holder: Holder, name: ValueId, value: ValueId, depth: u32, range: TextRange) {
        let context = self.context();
        let holder = match holder {
            Holder::Object(object) if self.is_own_module(object) => Holder::Globals,
            holder => holder,
        };
        self.facts.picks.push(Pick { holder, name, value, depth, range, context });
    }

    pub(super) fn pick_all(&mut self, holder: Holder, value: ValueId, depth: u32, range: TextRange) {
        let any = self.value(Value::Unknown);
        self.pick(holder, any, value, depth, range);
    }

    /// `sys.modules[__name__]`
    fn is_own_module(&self, object: ValueId) -> bool {
        let Value::Subscript { value, index, .. } = &self.facts[object] else { return false };
        matches!(&self.facts[*index], Value::Name { name, .. } if name == "__name__")
            && matches!(&self.facts[*value], Value::Attribute { name, .. } if name == "modules")
    }

    /// Profilers and debuggers: `cProfile.run("main()")`.
    fn runs_code(&self, module: ValueId) -> bool {
        matches!(&self.facts[module], Value::Name { name, .. } if matches!(name.as_str(), "profile" | "cProfile" | "pdb" | "bdb"))
    }

    /// Whose members a mapping holds: `globals()`, `vars(x)`, `x.__dict__`.
    fn holder(&self, namespace: ValueId) -> Option<Holder> {
        match &self.facts[namespace] {
            Value::Attribute { receiver, name } if name == "__dict__" => Some(Holder::Object(*receiver)),
            Value::Call { call } => {
                let call = &self.facts[*call];
                let Value::Name { name, .. } = &self.facts[call.func] else { return None };
                match (name.as_str(), call.args.as_slice()) {
                    ("globals", []) => Some(Holder::Globals),
                    ("vars", [object]) => Some(Holder::Object(object.value)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `setattr(x, "name", value)` writes an attribute.
    pub(super) fn setattr(&mut self, node: &ast::ExprCall, args: &[Arg], context: ContextId) {
        if !matches!(&*node.func, Expr::Name(name) if name.id == "setattr") {
            return self.update_of_namespace(node, args, context);
        }
        if let ([_, name, _], [receiver, key, value]) = (&*node.arguments.args, args)
            && !name.is_string_literal_expr()
        {
            self.facts.bulk_writes.push(BulkWrite {
                receiver: receiver.value,
                name: Some(key.value),
                value: value.value,
            });
        }
        if let ([_, Expr::StringLiteral(name), _], [receiver, _, value]) = (&*node.arguments.args, args) {
            self.facts.attribute_writes.push(AttributeWrite {
                name: Name::new(name.value.to_str()),
                receiver: receiver.value,
                value: Some(value.value),
                annotation: None,
                range: node.range(),
                context,
            });
        }
    }

    /// `x.__dict__.update(values, name=value)`, `vars(x).update(values)`.
    fn update_of_namespace(&mut self, node: &ast::ExprCall, args: &[Arg], context: ContextId) {
        let Expr::Attribute(method) = &*node.func else { return };
        let Some(receiver) = (method.attr.id == "update").then(|| self.namespace_of(&method.value)).flatten() else {
            return;
        };
        for arg in args.iter().filter(|arg| !arg.is_star || arg.is_mapping) {
            match &arg.keyword {
                Some(name) => self.facts.attribute_writes.push(AttributeWrite {
                    name: name.clone(),
                    receiver,
                    value: Some(arg.value),
                    annotation: None,
                    range: arg.range,
                    context,
                }),
                None => self.facts.bulk_writes.push(BulkWrite { receiver, name: None, value: arg.value }),
            }
        }
    }

    /// The object whose attributes `x.__dict__` or `vars(x)` holds, once the expression was walked.
    pub(super) fn namespace_of(&self, namespace: &Expr) -> Option<ValueId> {
        match namespace {
            Expr::Attribute(node) if node.attr.id == "__dict__" => {
                let site = self.facts.refs.iter().rfind(|site| site.range == node.range && !site.is_implicit())?;
                site.receiver
            }
            Expr::Call(node) if matches!(&*node.func, Expr::Name(name) if name.id == "vars") => {
                let call = self.facts.calls.iter().rfind(|call| call.range == node.range())?;
                call.args.first().map(|arg| arg.value)
            }
            _ => None,
        }
    }
}
