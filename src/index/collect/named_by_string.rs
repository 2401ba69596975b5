//! Members that a string names, of what is given beside it: `attrgetter("size")(x)`, `sorted(xs, key=methodcaller("load", 2))`,
//! `"{x.size}".format(x=x)`.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_python_stdlib::identifiers::is_identifier;
use ruff_text_size::{Ranged, TextRange};

use super::super::facts::*;
use super::Collector;
use super::call::is_named;

/// The paths that `attrgetter` reads, or the method that `methodcaller` calls; none for another call.
fn paths(call: &ast::ExprCall) -> Vec<Vec<Name>> {
    let count = match () {
        () if is_named(&call.func, "attrgetter") => usize::MAX,
        () if is_named(&call.func, "methodcaller") => 1,
        () => 0,
    };
    let texts = call.arguments.args.iter().take(count).filter_map(|arg| arg.as_string_literal_expr());
    texts.filter_map(|text| path(text.value.to_str())).collect()
}

/// `a.b`
fn path(text: &str) -> Option<Vec<Name>> {
    text.split('.').map(|part| is_identifier(part).then(|| Name::new(part))).collect()
}

/// The fields of a format string that read attributes: which argument, and the path from there.
fn fields(text: &str) -> impl Iterator<Item = (&str, Vec<Name>)> {
    let unescaped = text.split("{{").flat_map(|part| part.split('{').skip(1));
    unescaped.filter_map(|field| {
        let end = field.find(['}', ':', '!', '['])?;
        let (key, rest) = field[..end].split_once('.')?;
        Some((key, path(rest)?))
    })
}

impl Collector<'_> {
    /// What a call runs of what it is given, where strings say the names.
    pub(super) fn members_named_by_strings(&mut self, node: &ast::ExprCall, args: &[Arg], usage: Usage) {
        let at_once = Usage::Implied { whole: node.range() };
        match (&*node.func, args) {
            (Expr::Call(getter), [arg]) if !arg.is_star => {
                self.members(&paths(getter), (arg.value, arg.range), getter.range(), at_once);
            }
            (Expr::Attribute(method), _) if method.attr.id == "format" => {
                let Expr::StringLiteral(text) = &*method.value else { return };
                let mut position = 0;
                for (key, path) in fields(text.value.to_str()) {
                    let index = if key.is_empty() { position } else { key.parse().unwrap_or(usize::MAX) };
                    position += usize::from(key.is_empty());
                    let is_it = |arg: &&Arg| arg.keyword.as_ref().is_some_and(|keyword| keyword == key);
                    let positional = || args.get(index).filter(|arg| arg.keyword.is_none() && !arg.is_star);
                    if let Some(arg) = args.iter().find(is_it).or_else(positional) {
                        self.members(&[path], (arg.value, arg.range), method.value.range(), at_once);
                    }
                }
            }
            _ => {}
        }
        let given = node.arguments.iter_source_order().enumerate();
        for (index, argument) in given {
            let found = argument.value().as_call_expr().map(paths).unwrap_or_default();
            if found.is_empty() {
                continue;
            }
            let is_lazy = index == 0 && ["map", "filter"].iter().any(|name| is_named(&node.func, name));
            let is_key = args[index].keyword.as_ref().is_some_and(|name| name == "key");
            let usage = if is_lazy { Usage::Other } else { at_once };
            let elements = match (is_lazy, is_key, args) {
                (true, _, [_, from, ..]) | (false, true, [from, ..]) if !from.is_star && from.keyword.is_none() => {
                    Value::ElementOf(from.value)
                }
                _ => Value::Unknown,
            };
            let range = argument.value().range();
            let element = self.value(elements);
            self.members(&found, (element, range), range, usage);
        }
        if !matches!(usage, Usage::Called(_) | Usage::Argument { .. }) {
            // It is called elsewhere, with nobody knows what.
            let range = node.range();
            let unknown = paths(node);
            if !unknown.is_empty() {
                let object = self.value(Value::Unknown);
                self.members(&unknown, (object, range), range, Usage::Other);
            }
        }
    }

    /// `object` stands at the range beside it, unless no expression does. What is read further on the path stands nowhere.
    fn members(&mut self, paths: &[Vec<Name>], object: (ValueId, TextRange), getter: TextRange, usage: Usage) {
        for path in paths {
            let (mut value, mut range) = object;
            for name in path {
                self.push_ref(name, TextRange::empty(range.start()), range, (Some(value), value), usage);
                value = self.value(Value::Attribute { receiver: value, name: name.clone() });
                range = getter;
            }
        }
    }
}
