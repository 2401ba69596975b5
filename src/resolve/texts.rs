//! Which strings an expression may be, as far as literals tell: names that are put together before they are looked up.

use ruff_python_ast::name::Name;

use super::names::{Meaning, Names};
use crate::index::facts::*;

/// Names and displays are followed this far.
const DEPTH: u32 = 6;

/// More strings than this count as any string.
const MOST: usize = 64;

/// The strings of an expression, with `*` for what is not known.
pub(crate) fn texts(names: Names, value: ValueId) -> Vec<Name> {
    let mut found = vec![];
    collect(names, value, DEPTH, &mut found);
    found.sort_unstable();
    found.dedup();
    if found.len() > MOST || found.is_empty() { vec![Name::new_static("*")] } else { found }
}

fn collect(names: Names, value: ValueId, depth: u32, found: &mut Vec<Name>) {
    let any = |found: &mut Vec<Name>| found.push(Name::new_static("*"));
    let Some(depth) = depth.checked_sub(1) else { return any(found) };
    match names.index.value(value) {
        Value::Text(text) | Value::Pattern(text) => found.push(text.clone()),
        Value::Either(sides) => sides.iter().for_each(|side| collect(names, *side, depth, found)),
        Value::Name { name, scope } => {
            for meaning in names.lookup(*scope, name) {
                match meaning {
                    Meaning::Value(value) => collect(names, value, depth, found),
                    Meaning::Annotated { value: Some(value), .. } => collect(names, value, depth, found),
                    _ => any(found),
                }
            }
        }
        Value::ElementOf(container) | Value::Subscript { value: container, .. } => {
            elements(names, *container, depth, found);
        }
        Value::Call { call } => match formatted(names, *call) {
            Some(text) => found.push(text),
            None => any(found),
        },
        Value::None | Value::Builtin => {}
        _ => any(found),
    }
}

/// The strings in a display: `for kind in ("a", "b")`.
fn elements(names: Names, container: ValueId, depth: u32, found: &mut Vec<Name>) {
    let Some(inner) = depth.checked_sub(1) else { return found.push(Name::new_static("*")) };
    match names.index.value(container) {
        Value::Elements(values) => values.iter().for_each(|value| collect(names, *value, inner, found)),
        Value::Dict(items) => items.iter().for_each(|(key, value)| {
            found.extend(key.clone());
            collect(names, *value, inner, found);
        }),
        Value::Name { name, scope } => {
            for meaning in names.lookup(*scope, name) {
                match meaning {
                    Meaning::Value(value) => elements(names, value, inner, found),
                    _ => found.push(Name::new_static("*")),
                }
            }
        }
        _ => found.push(Name::new_static("*")),
    }
}

/// `"do_{}".format(x)`.
fn formatted(names: Names, call: CallId) -> Option<Name> {
    let Value::Attribute { receiver, name } = names.index.value(names.index.call(call).func) else { return None };
    let text = names.index.value(*receiver).text().filter(|_| name == "format")?;
    let mut pattern = String::new();
    let mut rest = text.as_str();
    while let Some((before, field)) = rest.split_once('{') {
        pattern.push_str(before);
        pattern.push('*');
        rest = field.split_once('}').map_or("", |(_, after)| after);
    }
    pattern.push_str(rest);
    Some(Name::new(pattern))
}

/// Does the name fit the pattern, where each `*` stands for anything?
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut is_open = false;
    for part in parts {
        is_open = true;
        match rest.find(part) {
            Some(at) if !part.is_empty() => rest = &rest[at + part.len()..],
            Some(_) => {}
            None => return false,
        }
    }
    // The last literal part has to stand at the end.
    let last = pattern.rsplit('*').next().unwrap_or_default();
    if is_open { last.is_empty() || name.ends_with(last) } else { rest.is_empty() }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns() {
        assert!(fits("do_*", "do_who") && fits("*_handler", "on_handler") && fits("on_*_done", "on_x_done"));
        assert!(fits("*", "x") && fits("load", "load") && fits("do_*", "do_"));
        assert!(!fits("do_*", "undo_who") && !fits("load", "loads") && !fits("on_*_done", "on_x"));
    }
}
