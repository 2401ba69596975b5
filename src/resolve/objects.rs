//! The objects of a class, followed from everywhere that one is made.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::builder::Builder;
use super::flow::{self, Owner, Spot, Token, Trace, Until};
use super::names::Meaning;
use super::{boundary, carried};
use crate::index::facts::*;

/// Follows the objects of the class and its children.
pub(super) fn trace(builder: &mut Builder, class: ClassId) -> Trace {
    trace_as(builder, class, Following::Code).0
}

/// Which objects are followed, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Following {
    /// What the code makes, to the end.
    Code,
    /// What the code makes, until one is lost sight of.
    InSight,
    /// What tests make.
    Tests,
}

/// The same, with the classes that are seen to be called.
pub(super) fn trace_as(builder: &mut Builder, class: ClassId, following: Following) -> (Trace, BTreeSet<ClassId>) {
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
    let mut seeds = Seeds {
        classes,
        made: BTreeSet::new(),
        asked: BTreeSet::new(),
        members: FxHashSet::default(),
        spots: vec![],
        lost_at: None,
        given: None,
    };
    let mut from = class.file;
    for name in &names {
        for id in builder.index.refs_of(name).to_vec() {
            if builder.in_tests(id.file) == (following == Following::Tests) {
                seeds.named(builder, id);
                from = if following == Following::Tests { id.file } else { from };
            }
        }
    }
    if following != Following::Tests {
        seeds.receivers(builder, class);
        seeds.annotated(builder, &names);
    }
    let mut trace = match (following, seeds.lost_at) {
        (Following::InSight, Some(_)) => Trace::default(),
        (Following::InSight, None) => flow::trace_from(builder, Token::Instance(class), from, seeds.spots, Until::Lost),
        _ => flow::trace_from(builder, Token::Instance(class), from, seeds.spots, Until::TheEnd),
    };
    trace.escape = seeds.lost_at.or(trace.escape);
    trace.given = seeds.given.or(trace.given);
    trace.members.extend(seeds.members);
    (trace, seeds.made)
}

/// Where the objects come from.
struct Seeds {
    classes: Vec<ClassId>,
    /// Those that are called.
    made: BTreeSet<ClassId>,
    /// Those whose members are named: methods that make an object of `cls`, it may be.
    asked: BTreeSet<ClassId>,
    /// The attributes that are read of one of the classes itself, where it is held as a value.
    members: FxHashSet<ValueId>,
    spots: Vec<(Spot, u32)>,
    lost_at: Option<(FileId, TextRange)>,
    /// Where something outside is given the class.
    given: Option<(FileId, TextRange)>,
}

impl Seeds {
    /// A name that may be one of the classes.
    fn named(&mut self, builder: &mut Builder, id: RefId) {
        let facts = builder.index.site(id);
        let (value, usage, range) = (facts.value, facts.usage, facts.range);
        if matches!(usage, Usage::Store | Usage::Delete | Usage::Base | Usage::Annotation) {
            return;
        }
        let meanings = builder.names().evaluate(value);
        if meanings.contains(&Meaning::Unknown) && usage != Usage::Receiver {
            self.lost_at.get_or_insert((id.file, range));
        }
        // `try: from app import Rows`, `except ImportError: Rows = list`: it may be the class.
        let class = meanings.iter().find_map(|meaning| match meaning {
            Meaning::Class(class) if self.classes.contains(class) => Some(*class),
            _ => None,
        });
        match (class, usage) {
            (_, Usage::Receiver) => {
                self.asked.extend(class);
                if class.is_some() || meanings.contains(&Meaning::Unknown) {
                    let any = class.unwrap_or(self.classes[0]);
                    self.members.extend(flow::trace(builder, Token::Class(any), value).members);
                }
            }
            (Some(class), Usage::Called(call)) => {
                self.made.insert(class);
                self.makes(builder, call);
            }
            (Some(class), _) => self.class_value(builder, class, value),
            (None, _) => {}
        }
    }

    fn makes(&mut self, builder: &Builder, call: CallId) {
        let result = carried::result_of(builder, call);
        self.spots.extend(result.map(|result| (Spot::Value(result), 0)));
    }

    /// The class named as a value: what calls it makes an object.
    fn class_value(&mut self, builder: &mut Builder, class: ClassId, value: ValueId) {
        let trace = flow::trace(builder, Token::Class(class), value);
        self.made.extend((!trace.calls.is_empty()).then_some(class));
        self.called(builder, trace);
    }

    fn called(&mut self, builder: &mut Builder, trace: Trace) {
        self.members.extend(trace.members);
        for place in trace.calls {
            if let Usage::Called(call) = builder.index.site(place).usage {
                self.makes(builder, call);
            }
        }
        self.lost_at = self.lost_at.or(trace.escape);
        self.given = self.given.or(trace.given);
    }

    /// `self` in the methods of the classes and of what they inherit from, and what `cls` makes.
    fn receivers(&mut self, builder: &mut Builder, class: ClassId) {
        let above = builder.graph.hierarchy.ancestors(class);
        let classes: BTreeSet<ClassId> = above.into_iter().chain(self.classes.iter().copied()).collect();
        let mut makes_own = false;
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
                if has("classmethod") || matches!(facts.name.as_str(), "__new__" | "__init_subclass__") {
                    let trace = flow::trace_param(builder, Token::Class(class), func, 0);
                    makes_own |= !trace.calls.is_empty();
                    self.called(builder, trace);
                } else {
                    self.spots.push((Spot::Param(func, 0), 0));
                }
            }
        }
        if makes_own {
            self.made.extend(&self.asked);
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
