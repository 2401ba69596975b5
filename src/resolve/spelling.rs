//! How an expression spells a dotted path: the names on the way, and where the path leaves the module for an object.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashMap;

use super::names::{Meaning, Names};
use crate::index::facts::*;

/// A dotted path as [`Names::dotted`] makes it, with the places in it where an object begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// `requests.Session`, `get`.
    names: Vec<String>,
    /// What comes after so many names is a member of an object.
    objects: Vec<(usize, Origin)>,
}

/// What the object is whose members follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Calling a class made it.
    Made,
    /// An annotation says that it is of this class.
    Annotated,
    /// Calling a function gave it.
    Given,
    /// An attribute or an item of another object.
    Held,
}

/// Chains of imports and assignments are followed this far.
const DEPTH: usize = 12;

impl Spelling {
    /// The spelling of what a site names.
    pub(crate) fn of(names: &Names, site: &Ref) -> Option<Self> {
        match site.receiver {
            Some(receiver) => Some(spell(names, receiver, &mut Way::default())?.member(&site.name)),
            None => {
                let scope = names.index.context(site.context).scope;
                let mut way = Way::default();
                names.lookup(scope, &site.name).iter().find_map(|meaning| spell_meaning(names, meaning, &mut way))
            }
        }
    }

    /// The spelling of an expression.
    pub(crate) fn of_value(names: &Names, value: ValueId) -> Option<Self> {
        spell(names, value, &mut Way::default())
    }

    /// The spelling of an object that an annotation describes.
    pub(crate) fn of_annotation(names: &Names, annotation: ValueId) -> Option<Self> {
        spell_annotated(names, annotation, &mut Way::default())
    }

    /// Is it an object of the class whose path it is?
    pub(crate) fn is_object(&self) -> bool {
        matches!(self.objects.as_slice(), [(length, Origin::Made | Origin::Annotated)] if *length == self.names.len())
    }

    /// Is it an object, and no member of one?
    pub(crate) fn ends_in_object(&self) -> bool {
        self.objects.last().is_some_and(|(length, _)| *length == self.names.len())
    }

    pub(crate) fn dotted(&self) -> String {
        self.names.join(".")
    }

    pub(crate) fn last(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// The number of names.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The objects on the way, each with the dotted path that leads there, and the number of names in it.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (usize, String, Origin)> {
        self.objects.iter().map(|(length, origin)| (*length, self.names[..*length].join("."), *origin))
    }

    fn member(mut self, name: &str) -> Self {
        if !self.objects.is_empty() {
            self.enter(Origin::Held);
        }
        self.names.push(name.to_owned());
        self
    }

    /// What follows is a member of an object, if that is not known already.
    fn enter(&mut self, origin: Origin) {
        if self.objects.last().is_none_or(|(length, _)| *length < self.names.len()) {
            self.objects.push((self.names.len(), origin));
        }
    }

    fn entered(mut self, origin: Origin) -> Self {
        self.enter(origin);
        self
    }

    /// Does the last name look like that of a class (PEP 8)?
    pub(crate) fn names_class(&self) -> bool {
        let name = self.last().trim_start_matches('_');
        name.starts_with(char::is_uppercase) && (name.len() == 1 || name.contains(char::is_lowercase))
    }
}

/// The way from the expression that is spelled.
#[derive(Default)]
struct Way {
    depth: usize,
    /// Names on it, and the depth of each. A module may bind one name over and over to something of itself.
    seen: FxHashMap<(ScopeId, Name), usize>,
}

impl Way {
    /// One step further; none where it was followed far enough.
    fn further<T>(&mut self, step: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= DEPTH {
            return None;
        }
        self.depth += 1;
        let found = step(self);
        self.depth -= 1;
        found
    }

    /// Was the name met as close to the beginning before? What it spells was looked for then.
    fn was_met(&mut self, scope: ScopeId, name: &Name) -> bool {
        let met = self.seen.entry((scope, name.clone())).or_insert(usize::MAX);
        let was_met = *met <= self.depth;
        *met = self.depth.min(*met);
        was_met
    }
}

fn spell(names: &Names, value: ValueId, way: &mut Way) -> Option<Spelling> {
    match names.index.value(value) {
        Value::Name { name, scope } if way.was_met(*scope, name) => None,
        Value::Name { name, scope } => {
            names.lookup(*scope, name).iter().find_map(|meaning| spell_meaning(names, meaning, way))
        }
        Value::Attribute { receiver, name } => Some(way.further(|way| spell(names, *receiver, way))?.member(name)),
        Value::Call { call } => {
            let func = names.index.call(*call).func;
            let spelled = way.further(|way| spell(names, func, way))?;
            let is_class = || names.evaluate(func).iter().any(|meaning| meaning.class().is_some());
            let origin = if spelled.names_class() || is_class() { Origin::Made } else { Origin::Given };
            Some(spelled.entered(origin))
        }
        Value::Subscript { value, .. } => Some(way.further(|way| spell(names, *value, way))?.entered(Origin::Held)),
        _ => None,
    }
}

fn spell_meaning(names: &Names, meaning: &Meaning, way: &mut Way) -> Option<Spelling> {
    let plain = |path: String| Some(Spelling { names: path.split('.').map(str::to_owned).collect(), objects: vec![] });
    let mut annotated = |annotation| way.further(|way| spell_annotated(names, annotation, way));
    match meaning {
        Meaning::Func(id) => plain(names.qualified_func(*id)),
        Meaning::Class(id) => plain(names.qualified_class(*id)),
        Meaning::Module(path) => plain(names.own_name(path)),
        Meaning::External(path) => plain(path.clone()),
        Meaning::Annotated { annotation, value: None } => annotated(*annotation),
        Meaning::Param { func, index } => annotated(names.index.func(*func).params.get(*index as usize)?.annotation?),
        Meaning::Value(value) | Meaning::Annotated { value: Some(value), .. } => {
            way.further(|way| spell(names, *value, way))
        }
        Meaning::Unknown => None,
    }
}

/// `Session`, `Session | None`, `Optional[Session]`, `Annotated[Session, ...]`.
fn spell_annotated(names: &Names, annotation: ValueId, way: &mut Way) -> Option<Spelling> {
    match names.index.value(annotation) {
        Value::Either(sides) => match sides.as_slice() {
            [one, none] | [none, one] if matches!(names.index.value(*none), Value::None) => {
                way.further(|way| spell_annotated(names, *one, way))
            }
            _ => None,
        },
        Value::Subscript { value, index, .. } => {
            let inner = match names.index.value(*index) {
                Value::Elements(parts) => *parts.first()?,
                _ => *index,
            };
            match names.last_name(*value) {
                Some("Optional" | "Annotated" | "Final" | "ClassVar") => {
                    way.further(|way| spell_annotated(names, inner, way))
                }
                _ => Some(way.further(|way| spell(names, *value, way))?.entered(Origin::Annotated)),
            }
        }
        _ => Some(way.further(|way| spell(names, annotation, way))?.entered(Origin::Annotated)),
    }
}
