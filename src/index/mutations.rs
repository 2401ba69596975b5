//! Where containers are filled: `x.append(v)`, `x[k] = v`, `x.setdefault(k, []).append(v)`, by the last name of the container.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashMap;

use super::facts::*;

/// What a mutation puts into a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    Element(ValueId),
    /// The elements of this iterable, or the values of this mapping.
    Elements(ValueId),
    /// Something that is not followed.
    Unknown,
}

/// One place where a container is filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    pub file: FileId,
    pub added: Added,
    /// The key, when it is a string literal.
    pub key: Option<Name>,
    /// Where the container is used as a plain name; none when it is an attribute of something.
    pub scope: Option<ScopeId>,
    /// What has the container as its attribute.
    pub owner: Option<ValueId>,
    /// 1 when an element of the named container is filled: `x[k].append(v)`.
    pub depth: u32,
}

/// Aliases and layers are followed this far.
const DEPTH: u32 = 6;

/// All mutations of one file, with the name of the container. A container known by two names is told twice.
pub fn find(facts: &FileFacts) -> Vec<(Name, Mutation)> {
    let mut finder = Finder { facts, kept: kept(facts), found: vec![] };
    for write in &facts.item_writes {
        let added = write.value.map_or(Added::Unknown, Added::Element);
        finder.note(write.container, added, write.key.as_ref());
    }
    for call in &facts.calls {
        let Value::Attribute { receiver, name } = &facts[call.func] else { continue };
        finder.patched(call, *receiver, name);
        for added in added_by(name, &call.args) {
            finder.note(*receiver, added, None);
        }
    }
    finder.found
}

/// What methods write to attributes of their object, by the class and the name of the attribute.
type Kept<'f> = FxHashMap<(ClassId, &'f Name), Vec<ValueId>>;

struct Finder<'f> {
    facts: &'f FileFacts,
    kept: Kept<'f>,
    found: Vec<(Name, Mutation)>,
}

/// `self.handlers = handlers`: the object keeps what is known by the other name.
fn kept(facts: &FileFacts) -> Kept<'_> {
    let mut kept = Kept::default();
    for write in &facts.attribute_writes {
        if let (Some(value), Some(class)) = (write.value, class_of_object(facts, write.receiver))
            && let Value::Name { .. } = facts[value]
        {
            kept.entry((class, &write.name)).or_default().push(value);
        }
    }
    kept
}

/// The class of the method that the first parameter stands in, where that is what an expression names.
fn class_of_object(facts: &FileFacts, value: ValueId) -> Option<ClassId> {
    let Value::Name { name, scope } = &facts[value] else { return None };
    let ScopeKind::Function(func) = facts[*scope].kind else { return None };
    let func = &facts[func];
    func.class.filter(|_| func.params.first().is_some_and(|param| param.name == *name))
}

impl Finder<'_> {
    /// What a test puts into a container while it runs: `monkeypatch.setitem(x, k, v)`, `patch.dict(x, {k: v}, k=v)`.
    fn patched(&mut self, call: &Call, receiver: ValueId, method: &str) {
        let facts = self.facts;
        let is_patch = match &facts[receiver] {
            Value::Name { name, .. } | Value::Attribute { name, .. } => name == "patch",
            _ => false,
        };
        let Some((container, rest)) = call.args.split_first() else { return };
        let mut add = |added: Added, key: Option<&Name>| match &facts[container.value] {
            Value::Text(path) => {
                let name = Name::new(path.rsplit('.').next().unwrap_or_default());
                let file = container.value.file;
                self.found
                    .push((name, Mutation { file, added, key: key.cloned(), scope: None, owner: None, depth: 0 }));
            }
            _ => self.note(container.value, added, key),
        };
        match (method, rest) {
            ("setitem", [key, value]) => match &facts[key.value] {
                Value::Text(key) => add(Added::Element(value.value), Some(key)),
                _ => add(Added::Element(value.value), None),
            },
            ("dict", items) if is_patch => {
                for item in items {
                    match &item.keyword {
                        Some(keyword) if keyword == "clear" => {}
                        Some(keyword) if keyword == "values" => add(Added::Elements(item.value), None),
                        Some(keyword) => add(Added::Element(item.value), Some(keyword)),
                        None => add(Added::Elements(item.value), None),
                    }
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, container: ValueId, added: Added, key: Option<&Name>) {
        let mut bases = vec![];
        self.named(container, 0, DEPTH, &mut bases);
        for Base { name, scope, owner, depth } in bases {
            self.found.push((name, Mutation { file: container.file, added, key: key.cloned(), scope, owner, depth }));
        }
    }

    /// The names of a container.
    fn named(&self, value: ValueId, depth: u32, fuel: u32, found: &mut Vec<Base>) {
        let facts = self.facts;
        let Some(fuel) = fuel.checked_sub(1) else { return };
        match &facts[value] {
            Value::Attribute { receiver, name } => {
                found.push(Base { name: name.clone(), scope: None, owner: Some(*receiver), depth });
                let kept = class_of_object(facts, *receiver).and_then(|class| self.kept.get(&(class, name)));
                kept.into_iter().flatten().for_each(|value| self.named(*value, depth, fuel, found));
            }
            Value::Name { name, scope } => {
                found.push(Base { name: name.clone(), scope: Some(*scope), owner: None, depth });
                // `handlers = self.handlers` and then `handlers.append(x)`.
                for binding in facts[*scope].bindings_of(name) {
                    if let Bound::Value(alias) = binding.bound {
                        self.named(alias, depth, fuel, found);
                    }
                }
            }
            Value::Subscript { value, .. } | Value::ElementOf(value) => self.named(*value, depth + 1, fuel, found),
            Value::PartOf(value, _) => match &facts[*value] {
                Value::ElementOf(inner) => self.named(*inner, depth + 1, fuel, found),
                _ => self.named(*value, depth + 1, fuel, found),
            },
            Value::Either(values) => values.iter().for_each(|value| self.named(*value, depth, fuel, found)),
            Value::Call { call } => {
                let Value::Attribute { receiver, name } = &facts[facts[*call].func] else { return };
                match name.as_str() {
                    "values" | "items" => self.named(*receiver, depth, fuel, found),
                    "get" | "setdefault" | "pop" => self.named(*receiver, depth + 1, fuel, found),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

fn added_by(method: &str, args: &[Arg]) -> Vec<Added> {
    let starred = args.iter().any(|arg| arg.is_star);
    let at = |index: usize| args.get(index).filter(|_| !starred).map(|arg| arg.value);
    let one = |value: Option<ValueId>| vec![value.map_or(Added::Unknown, Added::Element)];
    match method {
        "append" | "add" | "appendleft" | "put" | "put_nowait" => one(at(0)),
        // Of a context variable; others take a name as well.
        "set" if args.len() == 1 => one(at(0)),
        "insert" => one(at(1)),
        "setdefault" => at(1).map(Added::Element).into_iter().collect(),
        "extend" | "extendleft" => vec![at(0).map_or(Added::Unknown, Added::Elements)],
        "update" => args
            .iter()
            .map(|arg| match (&arg.keyword, arg.is_star && !arg.is_mapping) {
                (_, true) => Added::Unknown,
                (Some(_), false) => Added::Element(arg.value),
                (None, false) => Added::Elements(arg.value),
            })
            .collect(),
        _ => vec![],
    }
}

/// A name of a container.
struct Base {
    name: Name,
    /// What uses it as a plain name.
    scope: Option<ScopeId>,
    owner: Option<ValueId>,
    /// How many layers below it the value stands.
    depth: u32,
}
