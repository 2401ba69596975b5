//! Names as strings: what text an expression may be, where `getattr(x, name)` looks a name up.

use std::collections::BTreeSet;
use std::rc::Rc;

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::caller::Caller;
use super::object::Object;
use super::solver::Solver;
use crate::index::facts::*;
use crate::resolve::boundary;
use crate::resolve::names::Meaning;

/// Steps from an expression to what it is made from.
const DEPTH: usize = 8;

/// More strings than this count as any string.
const MOST: usize = 64;

/// The strings that an expression may be, with `*` for what is not known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spelled {
    texts: BTreeSet<Name>,
}

impl Spelled {
    /// May it be others than are known?
    pub(crate) fn is_open(&self) -> bool {
        self.texts.contains(ANY)
    }

    /// Is nothing known of it?
    pub(crate) fn is_any(&self) -> bool {
        self.is_open() && self.texts.len() == 1
    }

    /// The identifiers in code.
    pub(crate) fn identifiers(&self) -> Self {
        let is_part = |char: char| char.is_alphanumeric() || matches!(char, '_' | '*');
        let words = self.texts.iter().flat_map(|text| text.split(move |char| !is_part(char)));
        let is_name = |word: &&str| word.contains(|char: char| char.is_alphabetic() || char == '_');
        Self { texts: words.filter(is_name).map(Name::new).collect() }
    }

    /// May it be this name, for all that is known? What is quite open fits no name.
    pub(crate) fn fits(&self, name: &str) -> bool {
        self.texts.iter().any(|text| text != ANY && fits(text, name))
    }
}

/// A string of which nothing is known.
pub(super) const ANY: &str = "*";

/// Does the name fit the pattern, where each `*` stands for anything?
pub(super) fn fits(pattern: &str, name: &str) -> bool {
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

impl Solver<'_> {
    /// The strings that an expression may be, with `*` for what is not known.
    pub(super) fn patterns(&mut self, value: ValueId) -> Rc<[Name]> {
        if let Some(known) = self.state.patterns.get(&value) {
            return known.clone();
        }
        let texts = Reader::read(self, value).texts;
        let found: Rc<[Name]> = match texts.len() {
            0 => [Name::new_static(ANY)].into(),
            MOST.. => [Name::new_static(ANY)].into(),
            _ => texts.into_iter().collect(),
        };
        self.state.patterns.insert(value, found.clone());
        found
    }
}

/// Finds the strings behind one expression.
pub(super) struct Reader<'a, 'b> {
    pub(super) solver: &'b mut Solver<'a>,
    found: Spelled,
    /// What was read, and how many steps it was away: from further away it adds nothing.
    seen: FxHashMap<ValueId, usize>,
    seen_params: FxHashSet<(FuncId, u32)>,
    /// The same for what has a `__name__`.
    seen_named: FxHashMap<ValueId, usize>,
}

impl<'a, 'b> Reader<'a, 'b> {
    pub(super) fn read(solver: &'b mut Solver<'a>, value: ValueId) -> Spelled {
        let (found, seen, seen_params, seen_named) = Default::default();
        let mut reader = Self { solver, found, seen, seen_params, seen_named };
        reader.value(value, 0);
        reader.found
    }

    fn open(&mut self) {
        self.text(ANY);
    }

    fn text(&mut self, text: &str) {
        let is_any = text.bytes().all(|byte| byte == b'*') && !text.is_empty();
        self.found.texts.insert(Name::new(if is_any { ANY } else { text }));
    }

    fn value(&mut self, value: ValueId, depth: usize) {
        if depth > DEPTH {
            return self.open();
        }
        if !is_nearer(&mut self.seen, value, depth) {
            return;
        }
        match self.solver.index.value(value).clone() {
            Value::Text(text) | Value::Pattern(text) => self.text(&text),
            Value::Either(values) => values.into_iter().for_each(|value| self.value(value, depth + 1)),
            Value::Name { .. } => self.name(value, depth),
            Value::Attribute { receiver, name } => self.attribute(receiver, &name, depth),
            Value::ElementOf(container) => self.elements(container, depth),
            Value::PartOf(whole, at) => self.part(whole, at as usize, depth),
            Value::Subscript { value: container, key, .. } => self.item(container, key.as_ref(), depth),
            Value::Call { call } => self.result(call, depth),
            Value::None => {}
            _ => self.open(),
        }
    }

    fn name(&mut self, value: ValueId, depth: usize) {
        for meaning in self.solver.names().evaluate(value) {
            match meaning {
                Meaning::Value(bound) if bound != value => self.value(bound, depth + 1),
                Meaning::Annotated { value: Some(bound), .. } => self.value(bound, depth + 1),
                Meaning::Param { func, index } => self.param(func, index, depth),
                _ => self.open(),
            }
        }
    }

    /// What is written to an attribute of that name: of the classes that `self` may be, or of whatever object.
    fn attribute(&mut self, receiver: ValueId, name: &Name, depth: usize) {
        if name == "__name__" {
            return self.name_of(receiver, depth);
        }
        for value in self.written_to(receiver, name) {
            match value {
                Some(value) => self.value(value, depth + 1),
                None => self.open(),
            }
        }
    }

    /// The expressions that are written to such an attribute; none for what nobody knows.
    fn written_to(&mut self, receiver: ValueId, name: &Name) -> Vec<Option<ValueId>> {
        if !self.solver.load_name(name) {
            return vec![None];
        }
        let own = self.solver.self_class(receiver).map(|(class, _)| self.solver.cohort(class));
        let solver = &*self.solver;
        let index = &*solver.index;
        let is_own = |class: ClassId| own.as_ref().is_none_or(|own| own.contains(&class));
        let writes = index.writes_of(name).iter().map(|(file, at)| &index.file(*file).attribute_writes[*at as usize]);
        let writes = writes.filter(|write| solver.self_class(write.receiver).is_none_or(|(class, _)| is_own(class)));
        let in_class = |class: ClassId| {
            let bindings = index.scope(index.class(class).scope).bindings_of(name);
            bindings.iter().map(|binding| match binding.bound {
                Bound::Value(value) | Bound::Annotated { value: Some(value), .. } => Some(value),
                _ => None,
            })
        };
        let classes = index.members_of(name).iter().copied().filter(|class| is_own(*class));
        let values: Vec<Option<ValueId>> = writes.map(|write| write.value).chain(classes.flat_map(in_class)).collect();
        if values.is_empty() { vec![None] } else { values }
    }

    /// The display that a container is, through names; what is put there later may be any string.
    fn display(&mut self, container: ValueId) -> Option<Value> {
        if self.is_filled(container) {
            self.open();
        }
        let value = self.solver.index.value(container);
        match value {
            Value::Elements(_) | Value::Dict(_) => Some(value.clone()),
            Value::Name { .. } | Value::Attribute { .. } => {
                let meanings = self.solver.names().evaluate(container);
                let [Meaning::Value(bound) | Meaning::Annotated { value: Some(bound), .. }] = meanings.as_slice()
                else {
                    return None;
                };
                let bound = self.solver.index.value(*bound);
                matches!(bound, Value::Elements(_) | Value::Dict(_)).then(|| bound.clone())
            }
            _ => None,
        }
    }

    /// `TABLE.update(more)`
    fn is_filled(&self, container: ValueId) -> bool {
        let solver = &*self.solver;
        let is_name = matches!(solver.index.value(container), Value::Name { .. } | Value::Attribute { .. });
        let name = solver.names().last_name(container).filter(|_| is_name).map(Name::new);
        name.is_some_and(|name| {
            let mut mutations = solver.index.mutations_of(&name).iter();
            mutations.any(|mutation| {
                let is_here = mutation.file == container.file || mutation.scope.is_none();
                is_here && !solver.project.file(mutation.file).is_test
            })
        })
    }

    /// `for name in names or self.NAMES`
    fn elements(&mut self, container: ValueId, depth: usize) {
        if depth > DEPTH {
            return self.open();
        }
        match (self.display(container), self.solver.index.value(container).clone()) {
            (Some(Value::Elements(values)), _) => values.into_iter().for_each(|value| self.value(value, depth + 1)),
            (Some(Value::Dict(items)), _) => self.keys(items),
            (_, Value::Either(sides)) => sides.into_iter().for_each(|side| self.elements(side, depth + 1)),
            (_, Value::Attribute { receiver, name }) => {
                for value in self.written_to(receiver, &name) {
                    match value {
                        Some(value) => self.elements(value, depth + 1),
                        None => self.open(),
                    }
                }
            }
            _ => self.open(),
        }
    }

    fn keys(&mut self, items: Vec<(Option<Name>, ValueId)>) {
        for (key, _) in items {
            match key {
                Some(key) => self.text(&key),
                None => self.open(),
            }
        }
    }

    /// `for name, x in [("get", 1)]`, `for name, x in TABLE.items()`.
    fn part(&mut self, whole: ValueId, at: usize, depth: usize) {
        let Value::ElementOf(container) = *self.solver.index.value(whole) else { return self.open() };
        if let Some(Value::Elements(rows)) = self.display(container) {
            for row in rows {
                match self.solver.index.value(row).clone() {
                    Value::Elements(parts) if at < parts.len() => self.value(parts[at], depth + 1),
                    _ => self.open(),
                }
            }
            return;
        }
        let Value::Call { call } = *self.solver.index.value(container) else { return self.open() };
        let Value::Attribute { receiver, name } = self.solver.index.value(self.solver.index.call(call).func).clone()
        else {
            return self.open();
        };
        match (self.display(receiver), name.as_str(), at) {
            (Some(Value::Dict(items)), "items", 0) => self.keys(items),
            (Some(Value::Dict(items)), "items", 1) => {
                items.into_iter().for_each(|(_, value)| self.value(value, depth + 1))
            }
            _ => self.open(),
        }
    }

    fn item(&mut self, container: ValueId, key: Option<&Name>, depth: usize) {
        match self.display(container) {
            Some(Value::Dict(items)) => {
                for (own, value) in items {
                    if key.is_none() || own.is_none() || own.as_ref() == key {
                        self.value(value, depth + 1);
                    }
                }
            }
            Some(Value::Elements(values)) => values.into_iter().for_each(|value| self.value(value, depth + 1)),
            _ => self.open(),
        }
    }

    /// `"do_{}".format(x)`, `TABLE.get(x)`, a function of the project that returns a string.
    fn result(&mut self, call: CallId, depth: usize) {
        let func = self.solver.index.call(call).func;
        if let Value::Attribute { receiver, name } = self.solver.index.value(func).clone() {
            match (self.solver.index.value(receiver).clone(), name.as_str()) {
                (Value::Text(text), "format") => self.text(&formatted(&text)),
                (_, "get" | "pop") if matches!(self.display(receiver), Some(Value::Dict(_))) => {
                    self.item(receiver, None, depth);
                }
                (_, "lower" | "strip" | "upper" | "title" | "replace") => self.changed(receiver, &name, depth),
                _ => self.open(),
            }
            return;
        }
        let meanings = self.solver.names().evaluate(func);
        let [Meaning::Func(func)] = meanings.as_slice() else { return self.open() };
        let returns: Vec<ValueId> =
            self.solver.index.func(*func).returns.iter().map(|returned| returned.value).collect();
        if returns.is_empty() {
            self.open();
        }
        returns.into_iter().for_each(|value| self.value(value, depth + 1));
    }

    /// `command.lower()`: the strings are others.
    fn changed(&mut self, receiver: ValueId, method: &str, depth: usize) {
        let before =
            (std::mem::take(&mut self.found), std::mem::take(&mut self.seen), std::mem::take(&mut self.seen_named));
        self.value(receiver, depth + 1);
        let changed = std::mem::replace(&mut self.found, before.0);
        (self.seen, self.seen_named) = (before.1, before.2);
        for text in changed.texts {
            match method {
                "lower" => self.text(&text.to_lowercase()),
                "upper" => self.text(&text.to_uppercase()),
                "strip" => self.text(text.trim()),
                _ => self.open(),
            }
        }
    }

    fn param(&mut self, func: FuncId, at: u32, depth: usize) {
        if !self.seen_params.insert((func, at)) {
            return;
        }
        let facts = self.solver.index.func(func);
        let (name, kind) = (facts.params[at as usize].name.clone(), facts.params[at as usize].kind);
        if let Some(default) = facts.params[at as usize].default {
            self.value(default, depth + 1);
        }
        if self.parametrized(func, &name, depth) {
            return;
        }
        if matches!(kind, ParamKind::Variadic | ParamKind::Keywords) {
            return self.open();
        }
        for caller in self.solver.callers(func).iter() {
            // What is decorated is no text.
            if matches!(caller, Caller::Decorates { .. }) {
                continue;
            }
            match self.given(func, at, caller) {
                Given::Value(value) => self.value(value, depth + 1),
                Given::Nothing => {}
                Given::Anything => self.open(),
            }
        }
    }

    /// `f.__name__`: the names of the functions and classes that `f` may be.
    fn name_of(&mut self, value: ValueId, depth: usize) {
        if depth > DEPTH {
            return self.open();
        }
        if !is_nearer(&mut self.seen_named, value, depth) {
            return;
        }
        for meaning in self.solver.names().evaluate(value) {
            match meaning {
                Meaning::Func(func) => self.own_name(func),
                Meaning::Class(class) => self.text(&self.solver.index.class(class).name.clone()),
                Meaning::Value(bound) if bound != value => self.name_of(bound, depth + 1),
                Meaning::Param { func, index } => self.name_given(func, index, depth),
                _ => self.open(),
            }
        }
    }

    fn own_name(&mut self, func: FuncId) {
        let index = &*self.solver.index;
        let facts = index.func(func);
        let is_copy = |decorator| boundary::decorator_name(index, decorator) == Some("wraps");
        if facts.decorators.iter().any(is_copy) { self.open() } else { self.text(&facts.name.clone()) }
    }

    /// The names of what a parameter is given: of what is decorated, too.
    fn name_given(&mut self, func: FuncId, at: u32, depth: usize) {
        let callers = self.solver.callers(func);
        if callers.is_empty() {
            self.open();
        }
        for caller in callers.iter() {
            match (caller, self.given(func, at, caller)) {
                (Caller::Decorates { object: Object::Func(decorated), .. }, _) if at == 0 => self.own_name(*decorated),
                (_, Given::Value(value)) => self.name_of(value, depth + 1),
                _ => self.open(),
            }
        }
    }

    /// What a parameter is given by a caller.
    fn given(&self, func: FuncId, at: u32, caller: &Caller) -> Given {
        let Caller::Call { call, receiver, from, .. } = caller else { return Given::Anything };
        let index = &*self.solver.index;
        let facts = index.func(func);
        let name = &facts.params[at as usize].name;
        let is_static =
            facts.decorators.iter().any(|decorator| boundary::decorator_name(index, decorator) == Some("staticmethod"));
        let skip = usize::from(facts.class.is_some() && !is_static && receiver.is_some());
        let args = &index.call(*call).args[*from..];
        if let Some(arg) = args.iter().find(|arg| arg.keyword.as_ref() == Some(name)) {
            return Given::Value(arg.value);
        }
        let Some(position) = (at as usize).checked_sub(skip) else { return Given::Anything };
        match args.iter().filter(|arg| arg.keyword.is_none() || arg.is_star).nth(position) {
            Some(arg) if !arg.is_star => Given::Value(arg.value),
            None if !args.iter().any(|arg| arg.is_star) => Given::Nothing,
            _ => Given::Anything,
        }
    }

    /// `@pytest.mark.parametrize("name", ["get", "set"])`.
    fn parametrized(&mut self, func: FuncId, name: &Name, depth: usize) -> bool {
        let index = &*self.solver.index;
        let mut rows: Vec<(ValueId, usize)> = vec![];
        for decorator in &index.func(func).decorators {
            let Value::Call { call } = index.value(decorator.value) else { continue };
            let [names, values, ..] = index.call(*call).args.as_slice() else { continue };
            let is_parametrize = boundary::decorator_name(index, decorator) == Some("parametrize");
            let Value::Text(names) = index.value(names.value) else { continue };
            let mut names = names.split(',').map(str::trim);
            if let Some(at) = names.position(|own| own == name.as_str()).filter(|_| is_parametrize) {
                rows.push((values.value, at));
            }
        }
        for (values, at) in &rows {
            let Some(Value::Elements(values)) = self.display(*values) else {
                self.open();
                continue;
            };
            for value in values {
                match self.solver.index.value(value).clone() {
                    Value::Elements(parts) if *at < parts.len() => self.value(parts[*at], depth + 1),
                    _ => self.value(value, depth + 1),
                }
            }
        }
        !rows.is_empty()
    }
}

/// Was it not read before, or only from further away? Notes that it is read now.
fn is_nearer(seen: &mut FxHashMap<ValueId, usize>, value: ValueId, depth: usize) -> bool {
    let seen = seen.entry(value).or_insert(usize::MAX);
    let is_nearer = depth < *seen;
    *seen = depth.min(*seen);
    is_nearer
}

/// What a parameter is given.
enum Given {
    Value(ValueId),
    /// Its default.
    Nothing,
    Anything,
}

/// What `"do_{}".format(x)` may be.
fn formatted(text: &str) -> String {
    let mut pattern = String::new();
    let mut rest = text;
    while let Some((before, field)) = rest.split_once('{') {
        pattern.push_str(before);
        pattern.push('*');
        rest = field.split_once('}').map_or("", |(_, after)| after);
    }
    pattern + rest
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
