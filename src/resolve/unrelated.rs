//! Members of a class of the project that come from a base outside of it: `bot.get_channel(1)` with `class Bot(discord.Bot)` is no
//! method of another class of that name, whoever else has one. Nor is `boto3.client("s3").get(...)`.

use rustc_hash::FxHashSet;

use super::builder::Builder;
use super::flow;
use super::hierarchy::{self, BaseClass};
use crate::index::facts::*;

/// Leaves out the candidates whose class has nothing to do with any class that the receiver is known to be of.
pub(super) fn leave_out(builder: &mut Builder, id: RefId, candidates: &mut Vec<FuncId>) {
    let Some(receiver) = builder.index.site(id).receiver.filter(|_| !candidates.is_empty()) else { return };
    let Some(classes) = flow::known_classes(builder, receiver) else { return };
    let mut related: FxHashSet<ClassId> = FxHashSet::default();
    for class in classes {
        builder.index_close(class);
        let hierarchy = &builder.graph.hierarchy;
        for below in hierarchy.descendants(class) {
            let ancestors = hierarchy.ancestors(below);
            if ancestors.iter().any(|class| hierarchy::computes_attributes(builder.index, *class)) {
                return;
            }
            related.extend(ancestors);
            for (_, base) in hierarchy.external_bases(below) {
                match base {
                    // Its objects are classes: they have the members of their own.
                    base if base.is_metaclass() => return,
                    BaseClass::External(path) => {
                        let name = path.rsplit('.').next().unwrap_or(path);
                        // It may be a class of the project, imported in a way that nobody sees through, or hand all on.
                        if ["Proxy", "Lazy", "Wrapper"].iter().any(|word| name.contains(word)) {
                            return;
                        }
                        for same in builder.index.classes_of(name) {
                            related.extend(hierarchy.ancestors(*same));
                        }
                    }
                    BaseClass::Class(_) => {}
                    BaseClass::Unknown => return,
                }
            }
        }
    }
    candidates.retain(|func| builder.index.func(*func).class.is_none_or(|class| related.contains(&class)));
}

/// Leaves out the candidates that no object is of which a foreign package made: it knows no class but those below its own, and what
/// the program gives it.
pub(super) fn leave_out_of_makers(builder: &mut Builder, id: RefId, candidates: &mut Vec<FuncId>) {
    let receiver = builder.index.site(id).receiver.filter(|_| !candidates.is_empty() && !builder.in_tests(id.file));
    let Some(makers) = receiver.and_then(|receiver| flow::makers(builder, receiver)) else { return };
    let is_fed = makers.iter().any(|top| flow::is_fed(builder, top));
    let kept = candidates.drain(..).filter(|func| match builder.index.func(*func).class {
        Some(class) => is_fed || is_below(builder, class, &makers),
        None => is_fed,
    });
    *candidates = kept.collect();
}

/// Is the class, or one below it, below one of these packages' classes?
fn is_below(builder: &mut Builder, class: ClassId, packages: &[String]) -> bool {
    builder.index_close(class);
    let hierarchy = &builder.graph.hierarchy;
    let family = hierarchy.descendants(class);
    family.iter().flat_map(|class| hierarchy.external_bases(*class)).any(|(_, base)| match base {
        BaseClass::External(path) => packages.iter().any(|top| path.split('.').next() == Some(top)),
        BaseClass::Unknown => true,
        BaseClass::Class(_) => false,
    })
}
