//! What an annotation says of a value. It ends the search when it names a class of the project; `Any`, `object`,
//! protocols, type variables and foreign classes do not, for a class of the project may stand behind them.

use ruff_python_ast::name::Name;

use super::object::{Object, Path, Selector};
use super::solver::Solver;
use crate::index::facts::*;
use crate::resolve::hierarchy::BaseClass;
use crate::resolve::names::Meaning;

/// Builtin types whose values are no objects of the project and hold none.
const PLAIN: [&str; 8] = ["str", "int", "float", "bool", "bytes", "complex", "bytearray", "range"];

/// Modules whose names in annotations (`Any`, `Mapping`) do not say of which class an object is.
const SAYING_NOTHING: [&str; 6] = ["builtins", "typing", "typing_extensions", "collections.abc", "types", "abc"];

impl Solver<'_> {
    /// Pushes what the annotation says. Returns false, and pushes nothing, when the search must go on.
    pub(super) fn annotation(&mut self, value: ValueId, scope: ScopeId, path: &Path) -> bool {
        let from = self.pushed();
        let is_definite = self.annotated(value, scope, path);
        if !is_definite {
            self.take_back(from);
        }
        is_definite
    }

    /// Is it a parameter whose annotation names a class of another package?
    pub(super) fn is_annotated_foreign(&self, value: ValueId) -> bool {
        let names = self.names();
        let Value::Name { name, scope } = self.index.value(value) else { return false };
        let found = names.lookup(*scope, name);
        let [Meaning::Param { func, index }] = found.as_slice() else { return false };
        self.index.func(*func).params[*index as usize].annotation.is_some_and(|annotation| self.is_foreign(annotation))
    }

    /// `Request`, `Request | None`, `Optional[Request]`, by the custom that classes are written so (PEP 8).
    fn is_foreign(&self, annotation: ValueId) -> bool {
        match self.index.value(annotation) {
            Value::Either(sides) => {
                sides.iter().all(|side| matches!(self.index.value(*side), Value::None) || self.is_foreign(*side))
            }
            Value::Subscript { value, index, .. } => {
                self.names().last_name(*value) == Some("Optional") && self.is_foreign(*index)
            }
            Value::Name { .. } | Value::Attribute { .. } => match self.names().evaluate(annotation).as_slice() {
                [Meaning::External(path)] => {
                    let (package, name) = path.rsplit_once('.').unwrap_or_default();
                    !SAYING_NOTHING.contains(&package) && name.starts_with(char::is_uppercase)
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn annotated(&mut self, value: ValueId, scope: ScopeId, path: &Path) -> bool {
        match self.index.value(value).clone() {
            Value::Name { .. } | Value::Attribute { .. } => {
                let meaning = self.meaning(value);
                self.annotated_by(meaning, scope, path)
            }
            Value::Text(text) => self.annotated_by_text(&text, scope, path),
            Value::None => {
                if path.is_empty() {
                    self.push(Object::None, None);
                }
                true
            }
            Value::Either(sides) => sides.into_iter().all(|side| self.annotated(side, scope, path)),
            Value::Subscript { value, index, .. } => self.annotated_generic(value, index, scope, path),
            _ => false,
        }
    }

    fn annotated_by(&mut self, meaning: Meaning, scope: ScopeId, path: &Path) -> bool {
        match meaning {
            Meaning::Class(class) if path.is_empty() && !self.is_protocol(class) => {
                self.push(Object::Below(class), None);
                true
            }
            Meaning::External(name) => match name.rsplit_once('.') {
                Some(("builtins", plain)) if PLAIN.contains(&plain) => {
                    self.push(Object::Builtin, None);
                    true
                }
                Some(("builtins", "list" | "dict" | "set" | "tuple" | "frozenset")) if path.is_empty() => {
                    self.push(Object::Builtin, None);
                    true
                }
                Some(("typing" | "typing_extensions", "Self")) if path.is_empty() => match self.class_around(scope) {
                    Some(class) => {
                        self.push(Object::Below(class), None);
                        true
                    }
                    None => false,
                },
                _ => false,
            },
            // An alias: `Service = Union[A, B]`.
            Meaning::Value(value) if !matches!(self.index.value(value), Value::Name { .. }) => {
                matches!(self.index.value(value), Value::Subscript { .. } | Value::Either(_))
                    && self.annotated(value, ScopeId { file: value.file, index: 0 }, path)
            }
            _ => false,
        }
    }

    fn is_protocol(&mut self, class: ClassId) -> bool {
        self.hierarchy.close(self.project, self.index, class);
        self.hierarchy.bases(class).iter().any(BaseClass::is_protocol)
    }

    pub(super) fn class_around(&self, scope: ScopeId) -> Option<ClassId> {
        let mut at = Some(scope);
        while let Some(id) = at {
            let here = self.index.scope(id);
            match here.kind {
                ScopeKind::Class(class) => return Some(class),
                ScopeKind::Function(func) if self.index.func(func).class.is_some() => {
                    return self.index.func(func).class;
                }
                _ => at = here.parent,
            }
        }
        None
    }

    fn annotated_generic(&mut self, head: ValueId, index: ValueId, scope: ScopeId, path: &Path) -> bool {
        let parts = match self.index.value(index) {
            Value::Elements(parts) => parts.clone(),
            _ => vec![index],
        };
        let name = match self.meaning(head) {
            Meaning::External(name) => name,
            Meaning::Class(class) => return self.annotated_by(Meaning::Class(class), scope, path),
            _ => return false,
        };
        let (Some(first), Some(last)) = (parts.first().copied(), parts.last().copied()) else { return false };
        match (name.rsplit('.').next().unwrap_or_default(), path.as_slice()) {
            ("Optional", _) => {
                if path.is_empty() {
                    self.push(Object::None, None);
                }
                self.annotated(first, scope, path)
            }
            ("Union", _) => parts.into_iter().all(|part| self.annotated(part, scope, path)),
            ("Annotated" | "ClassVar" | "Final" | "Required" | "NotRequired" | "ReadOnly" | "InitVar", _) => {
                self.annotated(first, scope, path)
            }
            ("type" | "Type", []) => match self.meaning(first) {
                Meaning::Class(class) => {
                    self.push(Object::ClassBelow(class), None);
                    true
                }
                _ => false,
            },
            (
                "list" | "List" | "set" | "Set" | "frozenset" | "FrozenSet" | "deque" | "Deque" | "tuple" | "Tuple"
                | "dict" | "Dict" | "defaultdict" | "DefaultDict" | "OrderedDict",
                [],
            ) => {
                self.push(Object::Builtin, None);
                true
            }
            ("tuple" | "Tuple", [Selector::Index(at), rest @ ..]) if parts.len() > *at as usize => {
                let part = parts[*at as usize];
                self.annotated(part, scope, &rest.to_vec())
            }
            (
                "list" | "List" | "set" | "Set" | "frozenset" | "FrozenSet" | "deque" | "Deque" | "Sequence"
                | "MutableSequence" | "Iterable" | "Collection" | "Iterator" | "AsyncIterator" | "AsyncIterable"
                | "Generator" | "AsyncGenerator",
                [_, rest @ ..],
            ) => self.annotated(first, scope, &rest.to_vec()),
            ("tuple" | "Tuple", [_, rest @ ..]) => parts
                .into_iter()
                .filter(|part| !matches!(self.index.value(*part), Value::Builtin))
                .collect::<Vec<_>>()
                .into_iter()
                .all(|part| self.annotated(part, scope, &rest.to_vec())),
            (
                "dict" | "Dict" | "Mapping" | "MutableMapping" | "defaultdict" | "DefaultDict" | "OrderedDict",
                [step, rest @ ..],
            ) => match step {
                Selector::Element => {
                    self.push(Object::Builtin, None);
                    true
                }
                _ => self.annotated(last, scope, &rest.to_vec()),
            },
            _ => false,
        }
    }

    /// `"pkg.Store | None"`, `"Optional[Store]"`.
    fn annotated_by_text(&mut self, text: &str, scope: ScopeId, path: &Path) -> bool {
        let text = text.trim();
        let inner = ["Optional[", "typing.Optional["]
            .iter()
            .find_map(|start| text.strip_prefix(start).and_then(|rest| rest.strip_suffix(']')));
        if let Some(inner) = inner {
            self.push(Object::None, None);
            return self.annotated_by_text(inner, scope, path);
        }
        if text.contains('[') {
            return false;
        }
        text.split('|').all(|part| {
            let part = part.trim();
            if part == "None" {
                self.push(Object::None, None);
                return true;
            }
            let mut steps = part.split('.');
            let first = steps.next().unwrap_or_default();
            let mut meaning = self.name_meaning(scope, first, 12);
            for step in steps {
                meaning = match meaning {
                    Meaning::Module(module) => self.text_member(&module, step),
                    Meaning::External(path) => Meaning::External(format!("{path}.{step}")),
                    _ => Meaning::Unknown,
                };
            }
            self.annotated_by(meaning, scope, path)
        })
    }

    fn text_member(&mut self, module: &str, name: &str) -> Meaning {
        match self.index.module(module) {
            Some(file) if self.load(file) => self.name_meaning(ScopeId { file, index: 0 }, &Name::new(name), 12),
            _ => Meaning::Unknown,
        }
    }
}
