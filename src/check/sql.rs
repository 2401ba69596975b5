//! AW701: SQL that is put together from text, where a parameter would do.

use ruff_python_ast::{self as ast, Expr, Operator, Stmt};
use ruff_text_size::Ranged;

use super::Finding;
use super::code::Code;
use super::parsed::{Node, Parsed, Scan, last_name, own_nodes};

/// Methods that run SQL.
const RUNS: [&str; 12] = [
    "execute",
    "executemany",
    "executescript",
    "fetch",
    "fetchrow",
    "fetchval",
    "fetch_all",
    "fetch_one",
    "fetch_val",
    "exec_driver_sql",
    "text",
    "raw",
];

/// Looks at the queries of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    for body in parsed.bodies() {
        let mut texts: Vec<(&str, &Expr)> = vec![];
        own_nodes(body.statements, &mut |node| match node {
            Node::Stmt(Stmt::Assign(node)) => {
                if let [Expr::Name(name)] = node.targets.as_slice() {
                    texts.push((&name.id, &node.value));
                }
            }
            Node::Expr(Expr::Call(call)) if last_name(&call.func).is_some_and(|name| RUNS.contains(&name)) => {
                let Some(mut query) = call.arguments.args.first() else { return };
                if let Expr::Name(name) = query {
                    let last = texts.iter().rev().find(|(bound, _)| *bound == name.id);
                    query = last.map_or(query, |(_, value)| value);
                }
                if is_built(query) {
                    scan.findings.push(Finding::plain(Code::SqlText, parsed.file, query.range()));
                }
            }
            _ => {}
        });
    }
}

/// Does the expression put values into SQL?
fn is_built(query: &Expr) -> bool {
    match query {
        Expr::FString(text) => {
            let mut start = String::new();
            let mut values = vec![];
            for element in text.value.elements() {
                match element {
                    ast::InterpolatedStringElement::Literal(literal) => start += &literal.value,
                    ast::InterpolatedStringElement::Interpolation(part) => {
                        start.push('?');
                        values.push(&*part.expression);
                    }
                }
            }
            is_sql(&start) && values.into_iter().any(is_value)
        }
        Expr::BinOp(node) if node.op == Operator::Mod => {
            let values: Vec<&Expr> = match &*node.right {
                Expr::Tuple(tuple) => tuple.elts.iter().collect(),
                other => vec![other],
            };
            literal(&node.left).is_some_and(|text| is_sql(&text)) && values.into_iter().any(is_value)
        }
        Expr::BinOp(node) if node.op == Operator::Add => {
            let mut operands = vec![];
            flatten(query, &mut operands);
            let text: String = operands.iter().map(|part| literal(part).unwrap_or_else(|| "?".into())).collect();
            is_sql(&text)
                && operands.iter().any(|part| literal(part).is_none() && is_value(part))
                && node.range.len() > 0.into()
        }
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(method) if method.attr.as_str() == "format" => {
                literal(&method.value).is_some_and(|text| is_sql(&text))
                    && call.arguments.iter_source_order().any(|argument| is_value(argument.value()))
            }
            _ => false,
        },
        _ => false,
    }
}

fn flatten<'a>(expr: &'a Expr, parts: &mut Vec<&'a Expr>) {
    match expr {
        Expr::BinOp(node) if node.op == Operator::Add => {
            flatten(&node.left, parts);
            flatten(&node.right, parts);
        }
        _ => parts.push(expr),
    }
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
        _ => None,
    }
}

/// A statement that takes parameters. Definitions of tables take none.
fn is_sql(text: &str) -> bool {
    let upper = text.trim_start().to_ascii_uppercase();
    let words: Vec<&str> = upper.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    match words.first() {
        Some(&"SELECT") => has("FROM"),
        Some(&"INSERT" | &"REPLACE") => has("INTO"),
        Some(&"UPDATE") => has("SET"),
        Some(&"DELETE") => has("FROM"),
        Some(&"WITH") => has("AS") && has("SELECT"),
        _ => false,
    }
}

/// Something a parameter could carry: not a constant, a number, the name of a table, or placeholders.
fn is_value(expr: &Expr) -> bool {
    match expr {
        Expr::Name(_) | Expr::Attribute(_) => {
            let name = last_name(expr).unwrap_or_default();
            let lower = name.to_ascii_lowercase();
            let is_constant = name.chars().any(char::is_alphabetic) && !name.chars().any(char::is_lowercase);
            let names_structure = [
                "table",
                "schema",
                "column",
                "cols",
                "field",
                "placeholder",
                "where",
                "clause",
                "condition",
                "order",
                "direction",
                "limit",
                "offset",
                "select",
                "query",
                "sql",
                "filter",
                "sort",
                "join",
                "index",
                "set_",
            ];
            !is_constant && !names_structure.iter().any(|word| lower.contains(word))
        }
        Expr::Call(call) => {
            let name = last_name(&call.func).unwrap_or_default();
            !matches!(name, "join" | "int" | "len" | "float" | "repeat")
                && !name.contains("quote")
                && !name.contains("placeholder")
        }
        Expr::Subscript(_) => true,
        _ => false,
    }
}
