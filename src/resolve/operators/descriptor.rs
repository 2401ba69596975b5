//! Attributes that are objects with a `__get__` or `__set__`: reading or writing one runs that.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use ruff_text_size::TextSize;
use rustc_hash::FxHashMap;

use crate::index::facts::*;
use crate::py::infer::Definition;
use crate::resolve::builder::Builder;
use crate::resolve::{flow, hierarchy};

/// The attributes of classes that are such objects.
#[derive(Default)]
pub(super) struct Descriptors {
    pub(super) names: BTreeSet<Name>,
    /// By where the attribute is defined: the classes of the object.
    classes: FxHashMap<(FileId, TextSize), Vec<ClassId>>,
}

/// Does a method of this name make its objects descriptors?
pub(super) fn is_method(name: &str) -> bool {
    matches!(name, "__get__" | "__set__" | "__delete__")
}

/// Looks for attributes that are descriptors, where one of their methods is asked for.
pub(super) fn find(builder: &mut Builder, wanted: &BTreeSet<Name>) -> Descriptors {
    let mut found = Descriptors::default();
    if !wanted.iter().any(|name| is_method(name)) {
        return found;
    }
    let mut attributes = vec![];
    for (file, facts) in builder.index.loaded_files() {
        let bindings = facts.classes.iter().flat_map(|class| &builder.index.scope(class.scope).bindings);
        attributes.extend(bindings.filter_map(|binding| match binding.bound {
            Bound::Value(value) | Bound::Annotated { value: Some(value), .. } => {
                Some((file, binding.name.clone(), binding.range.start(), value))
            }
            _ => None,
        }));
    }
    for (file, name, start, value) in attributes {
        let mut classes = flow::classes(builder, value);
        classes.retain(|class| {
            builder.index_close(*class);
            let ancestors = builder.graph.hierarchy.ancestors(*class);
            wanted.iter().filter(|name| is_method(name)).any(|name| {
                ancestors.iter().any(|ancestor| hierarchy::method(builder.index, *ancestor, name).is_some())
            })
        });
        if !classes.is_empty() {
            found.names.insert(name);
            found.classes.insert((file, start), classes);
        }
    }
    found
}

/// What reading or writing the attribute runs, by its definitions.
pub(super) fn of_attribute(
    builder: &Builder,
    descriptors: &Descriptors,
    definitions: &[Definition],
    method: &Name,
) -> Option<Vec<FuncId>> {
    let places = definitions.iter().filter_map(|one| Some((builder.project.find(one.path.as_ref()?)?, one.offset)));
    of_places(builder, descriptors, places, method)
}

/// The same, by the objects that get there.
pub(super) fn by_flow(
    builder: &mut Builder,
    descriptors: &Descriptors,
    value: ValueId,
    attribute: &Name,
    method: &Name,
) -> Option<Vec<FuncId>> {
    let mut places = vec![];
    for class in flow::arriving_classes(builder, value) {
        builder.index_close(class);
        let scopes = builder.graph.hierarchy.ancestors(class).into_iter().map(|id| builder.index.class(id).scope);
        places.extend(scopes.flat_map(|scope| {
            let bindings = builder.index.scope(scope).bindings_of(attribute).iter();
            bindings.map(move |binding| (scope.file, binding.range.start()))
        }));
    }
    of_places(builder, descriptors, places.into_iter(), method)
}

fn of_places(
    builder: &Builder,
    descriptors: &Descriptors,
    places: impl Iterator<Item = (FileId, TextSize)>,
    method: &Name,
) -> Option<Vec<FuncId>> {
    let classes = places.filter_map(|place| descriptors.classes.get(&place)).flatten();
    let funcs = classes.filter_map(|class| {
        let ancestors = builder.graph.hierarchy.ancestors(*class);
        ancestors.iter().find_map(|ancestor| hierarchy::method(builder.index, *ancestor, method))
    });
    let funcs: BTreeSet<FuncId> = funcs.collect();
    (!funcs.is_empty()).then(|| funcs.into_iter().collect())
}
