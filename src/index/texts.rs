//! Strings that name things of the program: types in quotes, `__all__`, docstrings. Only files in which something is renamed
//! are looked at, so this is no part of the facts.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, Expr, Stmt, StringFlags, StringLiteral};
use ruff_text_size::{TextRange, TextSize};

/// What a string is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// It is evaluated as a type: an annotation, `cast("T", x)`, `Optional["T"]`.
    Type,
    /// An element of `__all__`.
    Export,
    /// A string that is a statement.
    Docstring,
}

/// One string, or one part of a concatenated one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    pub kind: TextKind,
    /// What stands between the quotes.
    pub contents: TextRange,
}

/// All such strings of a module, in the order of the text.
pub fn find(body: &[Stmt]) -> Vec<Text> {
    let mut finder = Finder { found: vec![], in_type: false };
    finder.visit_body(body);
    finder.found
}

struct Finder {
    found: Vec<Text>,
    /// Strings are types here.
    in_type: bool,
}

impl Finder {
    fn push(&mut self, kind: TextKind, literal: &StringLiteral) {
        let flags = literal.flags;
        let (open, close) = (flags.opener_len(), flags.closer_len());
        let contents = TextRange::new(literal.range.start() + open, literal.range.end() - close);
        self.found.push(Text { kind, contents });
    }

    fn strings(&mut self, kind: TextKind, expr: &Expr) {
        if let Expr::StringLiteral(string) = expr {
            string.value.iter().for_each(|literal| self.push(kind, literal));
        }
    }

    fn exports(&mut self, value: &Expr) {
        let elements = match value {
            Expr::List(list) => &list.elts,
            Expr::Tuple(tuple) => &tuple.elts,
            other => return self.strings(TextKind::Export, other),
        };
        elements.iter().for_each(|element| self.strings(TextKind::Export, element));
    }

    fn within_type(&mut self, in_type: bool, body: impl FnOnce(&mut Self)) {
        let saved = std::mem::replace(&mut self.in_type, in_type);
        body(self);
        self.in_type = saved;
    }

    fn subscript(&mut self, node: &ast::ExprSubscript) {
        self.visit_expr(&node.value);
        let name = last_name(&node.value).unwrap_or_default();
        match (name, &*node.slice) {
            ("Literal", slice) => self.within_type(false, |this| this.visit_expr(slice)),
            ("Annotated", Expr::Tuple(tuple)) => {
                for (index, element) in tuple.elts.iter().enumerate() {
                    self.within_type(self.in_type && index == 0, |this| this.visit_expr(element));
                }
            }
            (_, slice) => {
                let is_generic = name.starts_with(char::is_uppercase) || GENERIC.contains(&name);
                self.within_type(self.in_type || is_generic, |this| this.visit_expr(slice));
            }
        }
    }

    fn call(&mut self, node: &ast::ExprCall) {
        let name = last_name(&node.func).unwrap_or_default();
        if let (Some("__all__"), "extend" | "append") = (receiver(&node.func), name) {
            node.arguments.args.iter().for_each(|argument| self.exports(argument));
            return;
        }
        self.visit_expr(&node.func);
        let types = TAKE_TYPES.iter().find(|(taker, _)| *taker == name).map_or(usize::MAX, |(_, position)| *position);
        for (index, argument) in node.arguments.args.iter().enumerate() {
            self.within_type(index == types, |this| this.visit_expr(argument));
        }
        for keyword in &node.arguments.keywords {
            let is_bound = name == "TypeVar" && keyword.arg.as_ref().is_some_and(|name| name == "bound");
            self.within_type(is_bound, |this| this.visit_expr(&keyword.value));
        }
    }
}

/// Builtin classes that take types in brackets.
const GENERIC: [&str; 6] = ["dict", "frozenset", "list", "set", "tuple", "type"];

/// Functions of `typing` that take a type, and where.
const TAKE_TYPES: [(&str, usize); 4] = [("cast", 0), ("NewType", 1), ("ForwardRef", 0), ("assert_type", 1)];

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(&name.id),
        Expr::Attribute(attribute) => Some(&attribute.attr),
        _ => None,
    }
}

fn receiver(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Attribute(attribute) => last_name(&attribute.value),
        _ => None,
    }
}

fn names_exports(targets: &[Expr]) -> bool {
    targets.iter().any(|target| matches!(target, Expr::Name(name) if name.id == "__all__"))
}

impl Visitor<'_> for Finder {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Expr(node) if node.value.is_string_literal_expr() => self.strings(TextKind::Docstring, &node.value),
            Stmt::Assign(node) if names_exports(&node.targets) => self.exports(&node.value),
            Stmt::AugAssign(node) if names_exports(std::slice::from_ref(&node.target)) => self.exports(&node.value),
            Stmt::AnnAssign(node) => {
                self.visit_annotation(&node.annotation);
                self.visit_expr(&node.target);
                node.value.iter().for_each(|value| self.visit_expr(value));
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_annotation(&mut self, expr: &Expr) {
        self.within_type(true, |this| this.visit_expr(expr));
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::StringLiteral(_) if self.in_type => self.strings(TextKind::Type, expr),
            Expr::Subscript(node) => self.subscript(node),
            Expr::Call(node) => self.call(node),
            _ => walk_expr(self, expr),
        }
    }
}

/// The words of a piece of text that stand at `offset`, with their ranges.
pub fn words(text: &str, offset: TextSize) -> impl Iterator<Item = (&str, TextRange)> {
    let is_part = |char: char| char == '_' || char.is_alphanumeric();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(is_part)?;
        let end = text[start..].find(|char| !is_part(char)).map_or(text.len(), |length| start + length);
        at = end;
        let range = TextRange::new(TextSize::new(start as u32), TextSize::new(end as u32)) + offset;
        Some((&text[start..end], range))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(TextKind, &str)]) {
        let parsed = ruff_python_parser::parse_module(text).unwrap();
        let found: Vec<_> = find(parsed.suite()).into_iter().map(|found| (found.kind, &text[found.contents])).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn types_in_quotes() {
        use TextKind::Type;
        check(
            "def f(a: 'A', b: list['B'] = d['no']) -> \"C\": x: 'D' = cast('E', g('no'))\nT = Union['F', Literal['no']]\n",
            &[(Type, "A"), (Type, "B"), (Type, "C"), (Type, "D"), (Type, "E"), (Type, "F")],
        );
        check("x: Annotated['A', 'no']\nT = TypeVar('no', bound='B')\n", &[(Type, "A"), (Type, "B")]);
    }

    #[test]
    fn exports_and_docstrings() {
        check(
            "'''D'''\n__all__ = ['a', \"b\"]\n__all__ += ('c',)\n__all__.append('d')\nprint('no')\n",
            &[
                (TextKind::Docstring, "D"),
                (TextKind::Export, "a"),
                (TextKind::Export, "b"),
                (TextKind::Export, "c"),
                (TextKind::Export, "d"),
            ],
        );
    }

    #[test]
    fn words_have_ranges() {
        let found: Vec<_> =
            words("a.b_1, c", TextSize::new(10)).map(|(word, range)| (word, range.start().into())).collect();
        assert_eq!(found, [("a", 10u32), ("b_1", 12), ("c", 17)]);
    }
}
