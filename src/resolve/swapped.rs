//! Classes that a codemod replaces by their async twins: what a method of the twin gives, by its own definition.

use ruff_python_ast::name::Name;

use super::builder::Builder;
use super::renames::Entry;
use super::{Gives, replaced};
use crate::index::facts::*;
use crate::py::{classes, functions};

/// What calling `method` on what takes the place of the classes of an entry gives; none where the definitions do not say, or
/// not the same. `site` is a call of it: its file imports what takes the place.
pub(crate) fn gives(builder: &Builder, number: usize, site: RefId, method: &Name) -> Option<Gives> {
    let renames = builder.graph.swaps.get(&number)?;
    let anchor = &builder.project.file(site.file).path;
    let paths: Vec<String> =
        renames.iter().filter_map(|number| path_of_twin(builder, &builder.graph.renames.entries[*number])).collect();
    let twins = paths.iter().filter_map(|path| classes::find(builder.db, anchor, path));
    let definitions = twins.filter_map(|twin| twin.methods.get(method).cloned()).flatten();
    let mut given = definitions.map(|definition| {
        functions::signature(builder.db, &definition).and_then(|signature| replaced::of_function(&signature))
    });
    let first = given.next()??;
    let is_plain = matches!(first, Gives::Awaitable | Gives::Iterator | Gives::Manager);
    (is_plain && given.all(|other| other == Some(first))).then_some(first)
}

/// The dotted path of the class that takes the place of another.
fn path_of_twin(builder: &Builder, rename: &Entry) -> Option<String> {
    if rename.to.contains('.') {
        return Some(rename.to.clone());
    }
    let own = || rename.classes().next().map(|class| builder.names().qualified_class(class));
    let from = if rename.from.contains('.') { rename.from.clone() } else { own()? };
    from.rsplit_once('.').map(|(module, _)| format!("{module}.{}", rename.to))
}
