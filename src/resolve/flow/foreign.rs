//! Objects of foreign classes where no type says so: by flow, by an annotation or a `with`, and by what ty knows of what makes them.

use std::rc::Rc;

use ruff_python_ast::name::Name;

use super::object::{Node, Object, Place, Set, Symbol};
use crate::index::facts::*;
use crate::resolve::Builder;
use crate::resolve::hierarchy::{self, BaseClass};
use crate::resolve::layer::Layer;
use crate::resolve::names::Meaning;
use crate::resolve::site;
use crate::resolve::spelling::Spelling;

/// Are all objects that reach the receiver of a site of foreign classes of the layer, or of classes of the project below those
/// that do not define the member themselves? The places that bring them there.
pub(crate) fn is_of_foreign(builder: &mut Builder, id: RefId, layer: &Layer) -> Option<Vec<Place>> {
    let site = builder.index.site(id);
    let (receiver, name) = (site.receiver?, site.name.clone());
    if site::is_of_super(builder.names(), id) {
        let class = site::class_around(builder, id)?;
        return is_above(builder, class, &name, layer).then(Vec::new);
    }
    is_foreign_receiver(builder, receiver, &name, layer)
}

/// The same of a receiver and the name of a member.
pub(crate) fn is_foreign_receiver(
    builder: &mut Builder,
    receiver: ValueId,
    name: &Name,
    layer: &Layer,
) -> Option<Vec<Place>> {
    if let Some(found) = as_known(builder, receiver, name, layer) {
        return found;
    }
    let made = builder.solve_made(receiver);
    if let Some(found) = all_of_layer(builder, &made, name, layer, |builder, symbol| builder.made_text(symbol)) {
        return Some(found);
    }
    let entered = entered(builder, receiver);
    as_known(builder, entered, name, layer).unwrap_or_else(|| is_written_so(builder, receiver, layer).then(Vec::new))
}

/// The answer of [`all_of_layer`] where all that gets there is known.
fn as_known(builder: &mut Builder, value: ValueId, name: &Name, layer: &Layer) -> Option<Option<Vec<Place>>> {
    let set = builder.solver().solve(Node::Value(value), vec![]);
    let is_known = !set.has_unknown() && !is_nothing(&set);
    is_known.then(|| all_of_layer(builder, &set, name, layer, |builder, symbol| builder.solver().text(symbol)))
}

/// Does nothing get there that the program runs with?
fn is_nothing(set: &Set) -> bool {
    set.objects().all(|object| matches!(object, Object::None | Object::Mock))
}

/// The places that bring the objects of a set there, when there are some, and all are of the layer. `text` has the symbols of the
/// set.
fn all_of_layer(
    builder: &mut Builder,
    set: &Set,
    name: &Name,
    layer: &Layer,
    text: impl Fn(&mut Builder, Symbol) -> Rc<str>,
) -> Option<Vec<Place>> {
    let mut places = vec![];
    for (object, place) in set.iter() {
        let is_of_it = match object {
            Object::ExternalInstance(symbol) => layer.names(&text(builder, symbol)),
            Object::Instance(class) | Object::Below(class) => is_below(builder, class, name, layer),
            Object::Made(symbol) => {
                builder.made_member(symbol, name).is_some_and(|answer| layer.has(builder, name, &answer))
            }
            Object::None | Object::Mock => continue,
            _ => false,
        };
        if !is_of_it {
            return None;
        }
        places.push(place);
    }
    (!places.is_empty()).then(|| places.into_iter().flatten().collect())
}

/// `with Session() as s`: a class of that kind gives itself, by all custom.
fn entered(builder: &Builder, value: ValueId) -> ValueId {
    let Value::Name { name, scope } = builder.index.value(value) else { return value };
    match builder.names().lookup(*scope, name).as_slice() {
        [Meaning::Value(bound)] => match builder.index.value(*bound) {
            Value::Entered(inner) => *inner,
            _ => value,
        },
        _ => value,
    }
}

/// A class of the project below a foreign one that is named, where no class of the project defines the member.
fn is_below(builder: &mut Builder, class: ClassId, name: &str, layer: &Layer) -> bool {
    builder.index_close(class);
    let ancestors = builder.graph.hierarchy.ancestors(class);
    let is_defined = ancestors.iter().any(|class| hierarchy::method(builder.index, *class, name).is_some());
    !is_defined && derive_from(builder, &[class], layer)
}

/// Does `super().name` in a class of the project come from a foreign class that is named? In a mixin, that is a base of what is
/// below.
fn is_above(builder: &mut Builder, class: ClassId, name: &str, layer: &Layer) -> bool {
    builder.index_close(class);
    let hierarchy = &builder.graph.hierarchy;
    hierarchy.above(builder.index, class, name).is_empty() && derive_from(builder, &hierarchy.descendants(class), layer)
}

fn derive_from(builder: &Builder, classes: &[ClassId], layer: &Layer) -> bool {
    let bases: Vec<_> = classes.iter().flat_map(|class| builder.graph.hierarchy.external_bases(*class)).collect();
    let is_named = |base: &BaseClass| matches!(base, BaseClass::External(path) if layer.names(path));
    bases.iter().any(|(_, base)| is_named(base)) && bases.iter().all(|(_, base)| !matches!(base, BaseClass::Unknown))
}

/// `self.session`, where the class writes to it only what an annotation or a call spells as such an object.
fn is_written_so(builder: &mut Builder, receiver: ValueId, layer: &Layer) -> bool {
    let Value::Attribute { receiver, name } = builder.index.value(receiver).clone() else { return false };
    let Some((class, _)) = builder.solver().self_class(receiver) else { return false };
    let writes: Vec<(FileId, u32)> = builder.index.writes_of(&name).to_vec();
    let (mut found, mut others) = (false, false);
    for (file, at) in writes {
        let write = &builder.index.file(file).attribute_writes[at as usize];
        let (value, annotation, on) = (write.value, write.annotation, write.receiver);
        if builder.solver().self_class(on).is_none_or(|(owner, _)| owner != class) {
            continue;
        }
        let names = builder.names();
        let spelled = match (annotation, value) {
            (Some(annotation), _) => Spelling::of_annotation(&names, annotation),
            (None, Some(value)) if matches!(builder.index.value(value), Value::None) => continue,
            (None, Some(value)) => Spelling::of_value(&names, value),
            (None, None) => None,
        };
        let is_object = spelled.is_some_and(|spelling| spelling.is_object() && layer.names(&spelling.dotted()));
        found |= is_object;
        others |= !is_object;
    }
    found && !others
}
