//! Objects that a foreign package made, where nobody has installed it: `boto3.client("s3")`, `response.json()`. They are nothing of
//! the project as long as nothing of the project was handed in.

use std::collections::{BTreeSet, VecDeque};

use ruff_python_ast::PythonVersion;
use ruff_python_ast::name::Name;
use ruff_python_stdlib::sys::is_known_standard_library;
use rustc_hash::{FxHashMap, FxHashSet};

use super::object::{Node, Object};
use crate::index::facts::*;
use crate::resolve::Builder;
use crate::resolve::hierarchy::BaseClass;
use crate::resolve::names::Meaning;

/// Values are followed through this many names and calls.
const DEPTH: usize = 16;

/// The packages that made what a value is; none when something else may have, or something of the project got into it.
pub(crate) fn makers(builder: &mut Builder, value: ValueId) -> Option<Vec<String>> {
    let made = made(builder, value, DEPTH)?;
    made.is_foreign().then_some(made.tops)
}

/// Is it an object of a foreign class, by what is declared, and no module?
pub(crate) fn is_foreign_object(builder: &mut Builder, value: ValueId) -> bool {
    made(builder, value, DEPTH).is_some_and(|made| made.kind == Kind::Object && made.is_foreign())
}

/// What the program gives to packages.
#[derive(Debug, Default)]
pub(crate) struct Feeding {
    /// Whether a package gets anything that is not plainly data.
    known: FxHashMap<String, bool>,
    /// Packages that decorate something of the program.
    decorating: FxHashSet<String>,
    /// The calls whose paths begin in each package.
    calls: FxHashMap<String, Vec<CallId>>,
    read: FxHashSet<FileId>,
}

/// Does the program give the package anything that is not plainly data, or decorate something with it?
pub(crate) fn is_fed(builder: &mut Builder, top: &str) -> bool {
    if let Some(known) = builder.flow.feeding.known.get(top) {
        return *known;
    }
    let is_seen = builder.solver().load_name(top);
    read_feeding(builder);
    let feeding = &builder.flow.feeding;
    let is_fed = !is_seen || feeding.decorating.contains(top) || {
        let calls = feeding.calls.get(top).cloned().unwrap_or_default();
        calls.into_iter().any(|call| !takes_data(builder, call, DEPTH))
    };
    builder.flow.feeding.known.insert(top.to_owned(), is_fed);
    is_fed
}

/// Reads the files that were loaded since the last time, once for all packages.
fn read_feeding(builder: &mut Builder) {
    let mut feeding = std::mem::take(&mut builder.flow.feeding);
    for (file, facts) in builder.index.loaded_files() {
        if builder.in_tests(file) || !feeding.read.insert(file) {
            continue;
        }
        let classes = facts.classes.iter().flat_map(|class| &class.decorators);
        for decorator in facts.funcs.iter().flat_map(|func| &func.decorators).chain(classes) {
            feeding.decorating.extend(tops(builder, decorator.value));
        }
        for (index, call) in facts.calls.iter().enumerate() {
            let id = CallId { file, index: index as u32 };
            for top in tops(builder, call.func) {
                feeding.calls.entry(top).or_default().push(id);
            }
        }
    }
    builder.flow.feeding = feeding;
}

/// The packages that the path to a value may begin in. A name is looked at once, from where it is nearest: a module may bind `x`
/// a hundred times, each time by another call of `x`.
fn tops(builder: &Builder, value: ValueId) -> BTreeSet<String> {
    let (mut found, mut seen) = (BTreeSet::new(), FxHashSet::default());
    let mut pending = VecDeque::from([(value, DEPTH)]);
    while let Some((value, depth)) = pending.pop_front() {
        let Some(depth) = depth.checked_sub(1) else { continue };
        match builder.index.value(value) {
            Value::Name { name, scope } if seen.insert((*scope, name)) => {
                for meaning in builder.names().lookup(*scope, name) {
                    match meaning {
                        Meaning::External(path) => drop(found.insert(top(&path).to_owned())),
                        Meaning::Value(value) => pending.push_back((value, depth)),
                        _ => {}
                    }
                }
            }
            Value::Attribute { receiver: value, .. }
            | Value::Subscript { value, .. }
            | Value::Await { value }
            | Value::Entered(value) => pending.push_back((*value, depth)),
            Value::Call { call } => pending.push_back((builder.index.call(*call).func, depth)),
            _ => {}
        }
    }
    found
}

/// Does the path to the value begin in a package that is neither the project's nor the standard library's: `ctx.guild`, where an
/// annotation says what `ctx` is? What there is on the way, nobody knows who has not installed it.
pub(crate) fn begins_outside(builder: &Builder, value: ValueId) -> bool {
    root(builder, value, DEPTH).is_some_and(|path| is_foreign(top(&path)))
}

/// Is all that flow knows an expression to be made by packages that [`begins_outside`] speaks of?
pub(crate) fn is_made_outside(builder: &mut Builder, value: ValueId) -> bool {
    let set = builder.solve_made(value);
    let mut is_made = false;
    for object in set.objects() {
        match object {
            Object::Made(symbol) | Object::ExternalInstance(symbol) if is_foreign(top(&builder.made_text(symbol))) => {
                is_made = true;
            }
            Object::None => {}
            _ => return false,
        }
    }
    is_made
}

/// Is it something that another package gives, by its text or by flow: `client`, from a fixture's `with TestClient(app) as client`?
pub(crate) fn comes_from_outside(builder: &mut Builder, value: ValueId) -> bool {
    begins_outside(builder, value) || is_made_outside(builder, value)
}

/// Is it an object of a class of another package, or what `with` makes of one: `with TestClient(app) as client`? A package that
/// is not installed may give anything there, and hardly does.
pub(crate) fn is_object_from_outside(builder: &mut Builder, value: ValueId) -> bool {
    if !is_made_outside(builder, value) {
        return false;
    }
    let set = builder.solve_made(value);
    set.objects().all(|object| match object {
        Object::Made(symbol) => {
            let text = builder.made_text(symbol);
            let class = text.strip_suffix(".__enter__()").and_then(|made| made.strip_suffix("()"));
            class.is_some_and(|class| class.rsplit('.').next().is_some_and(|name| name.starts_with(char::is_uppercase)))
        }
        _ => true,
    })
}

/// Is it no package of the standard library?
fn is_foreign(top: &str) -> bool {
    !is_known_standard_library(PythonVersion::latest().minor, top) && top != "builtins"
}

/// The package of a dotted path.
fn top(path: &str) -> &str {
    path.split('.').next().unwrap_or_default()
}

fn root(builder: &Builder, value: ValueId, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match builder.index.value(value) {
        Value::Name { name, scope } => match builder.names().lookup(*scope, name).as_slice() {
            [Meaning::External(path)] => Some(path.clone()),
            [Meaning::Value(value)] => root(builder, *value, depth),
            [Meaning::Annotated { annotation, .. }] => external(builder, *annotation),
            [Meaning::Param { func, index }] => {
                external(builder, builder.index.func(*func).params.get(*index as usize)?.annotation?)
            }
            _ => None,
        },
        Value::Attribute { receiver, .. } => root(builder, *receiver, depth),
        Value::Call { call } => root(builder, builder.index.call(*call).func, depth),
        Value::Subscript { value, .. }
        | Value::Await { value }
        | Value::Entered(value)
        | Value::ElementOf(value)
        | Value::PartOf(value, _) => root(builder, *value, depth),
        _ => None,
    }
}

/// What is known of an object from outside.
struct Made {
    /// The first names of the paths of what made it.
    tops: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A module, function or class, by its path.
    Path,
    /// An object.
    Object,
    /// What a call just gave: nobody put anything in.
    Fresh,
}

impl Made {
    fn of_path(path: &str) -> Self {
        Self { tops: vec![top(path).to_owned()], kind: Kind::Path }
    }

    fn becomes(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    fn is_foreign(&self) -> bool {
        let foreign =
            |top: &String| is_foreign(top) && !matches!(top.as_str(), "mock" | "pytest_mock" | "typing_extensions");
        !self.tops.is_empty() && self.tops.iter().all(foreign)
    }
}

fn made(builder: &mut Builder, value: ValueId, depth: usize) -> Option<Made> {
    let depth = depth.checked_sub(1)?;
    match builder.index.value(value).clone() {
        Value::Name { name, scope } => named(builder, scope, &name, depth),
        Value::Call { call } => {
            let func = builder.index.call(call).func;
            let made = made(builder, func, depth)?;
            takes_data(builder, call, depth).then(|| made.becomes(Kind::Fresh))
        }
        Value::Attribute { receiver, name } => {
            if let Some(path) = external(builder, value) {
                return Some(Made::of_path(&path));
            }
            if let Some((class, _)) = builder.solver().self_class(receiver) {
                return inherited(builder, class, &name);
            }
            let made = made(builder, receiver, depth)?;
            match made.kind {
                Kind::Path => Some(made),
                Kind::Object | Kind::Fresh => is_its_own(builder, &name).then(|| made.becomes(Kind::Object)),
            }
        }
        Value::Subscript { value, .. } | Value::ElementOf(value) | Value::PartOf(value, _) => {
            made(builder, value, depth).filter(|made| made.kind == Kind::Fresh)
        }
        Value::Await { value } | Value::Entered(value) => {
            made(builder, value, depth).filter(|made| made.kind != Kind::Path)
        }
        _ => None,
    }
}

/// A name with one meaning.
fn named(builder: &mut Builder, scope: ScopeId, name: &Name, depth: usize) -> Option<Made> {
    let mut meanings = builder.names().lookup(scope, name);
    meanings.dedup();
    let [meaning] = meanings.as_slice() else { return None };
    match meaning.clone() {
        Meaning::External(path) => Some(Made::of_path(&path)),
        Meaning::Annotated { annotation, .. } => annotated(builder, annotation),
        Meaning::Param { func, index } => {
            let annotation = builder.index.func(func).params.get(index as usize)?.annotation?;
            annotated(builder, annotation)
        }
        Meaning::Value(value) => {
            let made = made(builder, value, depth)?;
            (made.kind == Kind::Path || !is_filled(builder, scope, name, depth)).then_some(made)
        }
        Meaning::Func(_) | Meaning::Class(_) | Meaning::Module(_) | Meaning::Unknown => None,
    }
}

/// `request: Request`, `client: redis.Redis | None`.
fn annotated(builder: &Builder, annotation: ValueId) -> Option<Made> {
    let annotation = match builder.index.value(annotation) {
        Value::Either(sides) => match sides.as_slice() {
            [one, none] | [none, one] if matches!(builder.index.value(*none), Value::None) => *one,
            _ => return None,
        },
        _ => annotation,
    };
    Some(Made::of_path(&external(builder, annotation)?).becomes(Kind::Object))
}

/// The path of what is imported from outside.
fn external(builder: &Builder, value: ValueId) -> Option<String> {
    match builder.names().evaluate(value).as_slice() {
        [Meaning::External(path)] => Some(path.clone()),
        _ => None,
    }
}

/// `self.request` of a base from outside, where the project has no attribute of that name.
fn inherited(builder: &mut Builder, class: ClassId, name: &Name) -> Option<Made> {
    if !is_its_own(builder, name) {
        return None;
    }
    builder.index_close(class);
    let mut tops = vec![];
    for (_, base) in builder.graph.hierarchy.external_bases(class) {
        match base {
            BaseClass::External(path) => tops.push(top(path).to_owned()),
            BaseClass::Unknown => return None,
            BaseClass::Class(_) => {}
        }
    }
    tops.retain(|top| !matches!(top.as_str(), "builtins" | "abc" | "typing"));
    Some(Made { tops, kind: Kind::Object })
}

/// Does nothing in the project write, pass or define an attribute of that name?
fn is_its_own(builder: &mut Builder, name: &Name) -> bool {
    builder.solver().load_name(name)
        && builder.index.writes_of(name).is_empty()
        && builder.index.keywords_of(name).is_empty()
        && builder.index.members_of(name).is_empty()
}

/// Is something that is not plainly data given to a method of what the name holds, or written to it?
fn is_filled(builder: &mut Builder, scope: ScopeId, name: &Name, depth: usize) -> bool {
    let home = builder.names().home(scope, name);
    let facts = builder.index.file(scope.file);
    let is_it = |value: ValueId| match builder.index.value(value) {
        Value::Name { name: own, scope } => own == name && builder.names().home(*scope, name) == home,
        _ => false,
    };
    let is_on_it = |call: &Call| match builder.index.value(call.func) {
        Value::Attribute { receiver, .. } => is_it(*receiver),
        _ => false,
    };
    let calls: Vec<CallId> = (0..facts.calls.len() as u32)
        .map(|index| CallId { file: scope.file, index })
        .filter(|call| is_on_it(builder.index.call(*call)))
        .collect();
    let is_written = facts.attribute_writes.iter().any(|write| is_it(write.receiver));
    is_written || calls.into_iter().any(|call| !takes_data(builder, call, depth))
}

/// Is everything that a call is given data?
fn takes_data(builder: &mut Builder, call: CallId, depth: usize) -> bool {
    let args: Vec<ValueId> = builder.index.call(call).args.iter().map(|arg| arg.value).collect();
    args.into_iter().all(|arg| is_data(builder, arg, depth))
}

/// Nothing of the project, and nothing that holds something of it: a literal, what came from outside, or what flow knows to be
/// that. A string that ends in the name of a class may be a path to it.
fn is_data(builder: &mut Builder, value: ValueId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match builder.index.value(value).clone() {
        Value::Text(text) => {
            let last = text.rsplit(['.', ':']).next().unwrap_or_default();
            builder.index.classes_of(last).is_empty()
        }
        Value::Pattern(_) | Value::Builtin | Value::None => true,
        Value::Elements(values) | Value::Either(values) | Value::Sum(values) => {
            values.into_iter().all(|value| is_data(builder, value, depth))
        }
        Value::Dict(items) => items.into_iter().all(|(_, value)| is_data(builder, value, depth)),
        Value::Spread(value) | Value::Await { value } => is_data(builder, value, depth),
        Value::Subscript { value, .. } if external(builder, value).is_some() => true,
        Value::Name { name, .. } if name == "__name__" || name == "__file__" => true,
        Value::Lambda { .. } | Value::Comprehension { .. } | Value::Unknown => false,
        _ if external(builder, value).is_some() || made(builder, value, depth).is_some() => true,
        _ => is_known_data(builder, value),
    }
}

/// Does flow know all that gets there, and is it data?
fn is_known_data(builder: &mut Builder, value: ValueId) -> bool {
    let set = builder.solver().solve(Node::Value(value), vec![]);
    let mut objects = set.objects();
    !set.is_empty() && objects.all(|object| matches!(object, Object::Builtin | Object::None | Object::External(_)))
}
