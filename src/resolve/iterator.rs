//! Classes that are iterated over: `__iter__` and `__next__`. No name stands where they run, so the objects are followed, from
//! where they are made, up to every place that iterates over one.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use super::builder::Builder;
use super::carried;
use super::flow::{self, Arrives, Owner, Runs, Spot, Token, Trace};
use super::names::Meaning;
use super::{IteratorUse, boundary, hierarchy};
use crate::index::facts::*;

/// What iterating over an object of the class runs first.
pub(crate) fn of_class(builder: &mut Builder, class: ClassId) -> Option<FuncId> {
    builder.index_close(class);
    let ancestors = builder.graph.hierarchy.ancestors(class);
    let find = |name: &str| ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, name));
    find("__iter__").or_else(|| find("__next__"))
}

/// Follows the objects of classes whose iteration leads to something blocking. Returns whether anything came of it.
pub(super) fn follow(builder: &mut Builder) -> bool {
    let nodes = builder.graph.nodes.iter().copied();
    let new: Vec<FuncId> = nodes
        .filter(|func| !builder.graph.iterators.contains_key(func) && !builder.in_tests(func.file))
        .filter(|func| matches!(builder.index.func(*func).name.as_str(), "__iter__" | "__next__"))
        .collect();
    let mut by_class: BTreeMap<ClassId, BTreeSet<FuncId>> = BTreeMap::new();
    for func in new {
        if let Some(class) = builder.index.func(func).class {
            by_class.entry(class).or_default().insert(func);
        }
    }
    let mut changed = false;
    for (class, funcs) in by_class {
        changed |= follow_class(builder, class, &funcs);
    }
    changed
}

/// `funcs`: the methods of the class that lead to something blocking.
fn follow_class(builder: &mut Builder, class: ClassId, funcs: &BTreeSet<FuncId>) -> bool {
    let trace = trace(builder, class);
    let annotations: Vec<_> = trace
        .annotations
        .iter()
        .filter_map(|(file, value)| carried::annotation_range(builder, *file, *value))
        .collect();
    let shares_place = carried::shares_place(builder, trace.uses.iter());
    let mut changed = false;
    for func in funcs {
        let returned = returned(builder, *func);
        let together: BTreeSet<FuncId> = returned.funcs.iter().copied().chain([*func]).collect();
        builder.tie(&together);
        let used = IteratorUse {
            lost_at: trace.escape,
            annotations: annotations.clone(),
            through: if shares_place { trace.through.clone() } else { BTreeSet::new() },
            hands_on_others: returned.others || returned.unknown,
        };
        builder.graph.iterators.insert(*func, used);
        for func in returned.funcs {
            changed |= !builder.graph.nodes.contains(&func);
            builder.add_node(func);
        }
    }
    let Some(runs) = of_class(builder, class) else { return changed };
    for place in trace.uses {
        changed |= carried::add_place(builder, place, BTreeSet::from([runs]), Runs::Iterates);
    }
    for method in trace.handed_on {
        if builder.index.func(method).class.is_some_and(|owner| !is_related(builder, owner, class)) {
            let together = funcs.iter().copied().chain([method]).collect();
            builder.tie(&together);
            builder.add_node(method);
            changed = true;
        }
    }
    changed
}

/// What a plain `__iter__` returns, as far as it is iterated over.
fn returned(builder: &mut Builder, func: FuncId) -> Arrives {
    let facts = builder.index.func(func);
    let mut found = Arrives::default();
    if facts.name != "__iter__" || facts.traits.is_generator || facts.traits.is_stub {
        return found;
    }
    let values: Vec<ValueId> = facts.returns.iter().map(|returned| returned.value).collect();
    for value in values {
        let Arrives { funcs, others, unknown } = flow::arriving(builder, value, Runs::Iterates);
        found.funcs.extend(funcs);
        found.others |= others;
        found.unknown |= unknown;
    }
    found
}

fn is_related(builder: &mut Builder, one: ClassId, other: ClassId) -> bool {
    builder.index_close(one);
    let hierarchy = &builder.graph.hierarchy;
    hierarchy.ancestors(one).contains(&other) || hierarchy.ancestors(other).contains(&one)
}

/// Do objects of the class get somewhere that nobody sees?
pub(super) fn is_lost(builder: &mut Builder, class: ClassId) -> bool {
    if let Some(known) = builder.lost.get(&class) {
        return *known;
    }
    let is_lost = trace(builder, class).escape.is_some();
    builder.lost.insert(class, is_lost);
    is_lost
}

/// Follows the objects of the class and its children.
fn trace(builder: &mut Builder, class: ClassId) -> Trace {
    builder.index_close(class);
    let classes = builder.graph.hierarchy.descendants(class);
    let names: BTreeSet<Name> = classes.iter().map(|id| builder.index.class(*id).name.clone()).collect();
    let mut names: Vec<Name> = names.into_iter().collect();
    let mut at = 0;
    while let Some(name) = names.get(at).cloned() {
        builder.index.load_words(builder.project, [name.as_str()]);
        for &(file, import) in builder.index.imports_of(&name) {
            let alias = builder.index.file(file).imports[import as usize].alias.clone();
            names.extend(alias.filter(|alias| !names.contains(alias)));
        }
        at += 1;
    }
    let mut seeds = Seeds { classes, spots: vec![], lost_at: None };
    for name in &names {
        for id in builder.index.refs_of(name).to_vec() {
            seeds.named(builder, id);
        }
    }
    seeds.receivers(builder, class);
    seeds.annotated(builder, &names);
    let mut trace = flow::trace_from(builder, Token::Instance(class), class.file, seeds.spots);
    trace.escape = seeds.lost_at.or(trace.escape);
    trace
}

/// Where the objects come from.
struct Seeds {
    classes: Vec<ClassId>,
    spots: Vec<(Spot, u32)>,
    lost_at: Option<(FileId, TextRange)>,
}

impl Seeds {
    /// A name that may be one of the classes.
    fn named(&mut self, builder: &mut Builder, id: RefId) {
        if builder.in_tests(id.file) {
            return;
        }
        let facts = builder.index.site(id);
        let (value, usage, range) = (facts.value, facts.usage, facts.range);
        if matches!(usage, Usage::Store | Usage::Delete | Usage::Base | Usage::Annotation | Usage::Receiver) {
            return;
        }
        let meanings = builder.names().evaluate(value);
        if meanings.contains(&Meaning::Unknown) {
            self.lost_at.get_or_insert((id.file, range));
        }
        // `try: from app import Rows`, `except ImportError: Rows = list`: it may be the class.
        let class = meanings.iter().find_map(|meaning| match meaning {
            Meaning::Class(class) if self.classes.contains(class) => Some(*class),
            _ => None,
        });
        match (class, usage) {
            (Some(_), Usage::Called(call)) => self.made(builder, call),
            (Some(class), _) => self.class_value(builder, class, value),
            (None, _) => {}
        }
    }

    fn made(&mut self, builder: &Builder, call: CallId) {
        let result = carried::result_of(builder, call);
        self.spots.extend(result.map(|result| (Spot::Value(result), 0)));
    }

    /// The class named as a value: what calls it makes an object.
    fn class_value(&mut self, builder: &mut Builder, class: ClassId, value: ValueId) {
        let trace = flow::trace(builder, Token::Class(class), value);
        self.called(builder, trace);
    }

    fn called(&mut self, builder: &mut Builder, trace: Trace) {
        for place in trace.calls {
            if let Usage::Called(call) = builder.index.site(place).usage {
                self.made(builder, call);
            }
        }
        self.lost_at = self.lost_at.or(trace.escape);
    }

    /// `self` in the methods of the classes and of what they inherit from, and what `cls` makes.
    fn receivers(&mut self, builder: &mut Builder, class: ClassId) {
        let above = builder.graph.hierarchy.ancestors(class);
        let classes: BTreeSet<ClassId> = above.into_iter().chain(self.classes.iter().copied()).collect();
        for class in classes {
            for func in builder.index.class(class).methods.clone() {
                let facts = builder.index.func(func);
                let has = |wanted: &str| {
                    let names = facts.decorators.iter().map(|one| boundary::decorator_name(builder.index, one));
                    names.into_iter().any(|name| name == Some(wanted))
                };
                if facts.params.is_empty() || has("staticmethod") {
                    continue;
                }
                if has("classmethod") || facts.name == "__new__" {
                    let trace = flow::trace_param(builder, Token::Class(class), func, 0);
                    self.called(builder, trace);
                } else {
                    self.spots.push((Spot::Param(func, 0), 0));
                }
            }
        }
    }

    /// What is annotated with one of the classes: it may come from outside.
    fn annotated(&mut self, builder: &Builder, names: &[Name]) {
        let files: BTreeSet<FileId> = names.iter().flat_map(|name| builder.index.words.files(name)).collect();
        for file in files.into_iter().filter(|file| !builder.in_tests(*file)) {
            let Some(facts) = builder.index.loaded(file) else { continue };
            let depths = |annotation: ValueId| {
                let mut found = vec![];
                depths(builder, &self.classes, annotation, 0, &mut found);
                found
            };
            let mut spots = vec![];
            for (index, func) in facts.funcs.iter().enumerate() {
                let id = FuncId { file, index: index as u32 };
                for (at, param) in func.params.iter().enumerate() {
                    let found = param.annotation.map(depths).unwrap_or_default();
                    spots.extend(found.into_iter().map(|depth| (Spot::Param(id, at as u32), depth)));
                }
                let found = func.returns_annotation.map(depths).unwrap_or_default();
                spots.extend(found.into_iter().map(|depth| (Spot::Returned(id), depth)));
            }
            for write in &facts.attribute_writes {
                let found = write.annotation.map(depths).unwrap_or_default();
                spots.extend(
                    found.into_iter().map(|depth| (Spot::Attribute(write.name.clone(), Owner::Anything), depth)),
                );
            }
            for (index, scope) in facts.scopes.iter().enumerate() {
                let id = ScopeId { file, index: index as u32 };
                for binding in &scope.bindings {
                    let Bound::Annotated { annotation, .. } = binding.bound else { continue };
                    let found = depths(annotation).into_iter();
                    spots.extend(found.map(|depth| (Spot::Name(id, binding.name.clone()), depth)));
                }
            }
            self.spots.extend(spots);
        }
    }
}

/// Where an annotation names one of the classes: with how many containers around it.
fn depths(builder: &Builder, classes: &[ClassId], annotation: ValueId, depth: u32, found: &mut Vec<u32>) {
    match builder.index.value(annotation) {
        Value::Name { .. } | Value::Attribute { .. } => {
            let meanings = builder.names().evaluate(annotation);
            let is_it = meanings.iter().any(|meaning| matches!(meaning, Meaning::Class(id) if classes.contains(id)));
            found.extend(is_it.then_some(depth));
        }
        Value::Text(text) => {
            let words: Vec<&str> = text.split(|char: char| char != '_' && !char.is_alphanumeric()).collect();
            let is_it = classes.iter().any(|class| words.contains(&builder.index.class(*class).name.as_str()));
            let is_plain = !text.contains('[') || text.starts_with("Optional") || text.starts_with("Union");
            found.extend(is_it.then_some(if is_plain { depth } else { depth + 1 }));
        }
        Value::Either(parts) | Value::Elements(parts) => {
            parts.iter().for_each(|part| depths(builder, classes, *part, depth, found));
        }
        Value::Subscript { value, index, .. } => match builder.names().last_name(*value) {
            Some("Optional" | "Union" | "Annotated" | "ClassVar" | "Final" | "Awaitable" | "Coroutine") => {
                depths(builder, classes, *index, depth, found);
            }
            Some("Callable" | "type" | "Type" | "Literal") => {}
            _ => {
                depths(builder, classes, *value, depth, found);
                depths(builder, classes, *index, depth + 1, found);
            }
        },
        _ => {}
    }
}
