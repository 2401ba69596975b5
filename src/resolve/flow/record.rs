//! Records: `Point = namedtuple("Point", "x y")`, and what calling it makes.

use ruff_python_ast::name::Name;

use super::object::{Object, Path, Selector};
use super::solver::Solver;
use crate::index::facts::*;

impl Solver<'_> {
    /// A record made at `call`, of the class made at `class`; or a part of it.
    pub(super) fn record(&mut self, class: CallId, call: CallId, path: &Path) {
        let Some((step, rest)) = path.split_first() else { return self.push(Object::Record(class, call), None) };
        let fields = self.record_fields(class);
        let wanted = match step {
            Selector::Index(at) => Some(*at as usize),
            Selector::Element | Selector::Item | Selector::Value | Selector::Key(_) => None,
        };
        for (at, field) in fields.iter().enumerate() {
            if wanted.is_none_or(|wanted| wanted == at) {
                self.record_argument(call, at, field, rest.to_vec());
            }
        }
    }

    /// `record.name`.
    pub(super) fn record_member(&mut self, class: CallId, call: CallId, name: &Name, path: Path) {
        let fields = self.record_fields(class);
        match fields.iter().position(|field| field == name) {
            Some(at) => self.record_argument(call, at, name, path),
            None if name.starts_with('_') || matches!(name.as_str(), "count" | "index") => {
                let symbol = self.symbol(&format!("builtins.{name}"));
                self.push(Object::ExternalMember(symbol), None);
            }
            None => self.push(Object::Unknown, None),
        }
    }

    fn record_argument(&mut self, call: CallId, at: usize, name: &Name, path: Path) {
        let args = &self.index.call(call).args;
        let is_moved = args.iter().any(|arg| arg.is_star);
        let given = args
            .iter()
            .find(|arg| arg.keyword.as_ref() == Some(name))
            .or_else(|| args.get(at).filter(|arg| arg.keyword.is_none()))
            .map(|arg| arg.value);
        match given {
            _ if is_moved => self.push(Object::Unknown, None),
            Some(value) => self.flow_value(value, path),
            None => self.push(Object::Unknown, None),
        }
    }

    /// `"x y"`, `["x", "y"]`, `[("x", int), ("y", int)]`; nothing when it is put together.
    fn record_fields(&self, class: CallId) -> Vec<Name> {
        let Some(fields) = self.arg(class, 1) else { return vec![] };
        match self.index.value(fields) {
            Value::Text(text) => text.replace(',', " ").split_whitespace().map(Name::new).collect(),
            Value::Elements(all) => all.iter().filter_map(|value| self.field_name(*value)).collect(),
            _ => vec![],
        }
    }

    fn field_name(&self, value: ValueId) -> Option<Name> {
        match self.index.value(value) {
            Value::Text(text) => Some(text.clone()),
            Value::Elements(pair) => self.index.value(*pair.first()?).text().cloned(),
            _ => None,
        }
    }
}
