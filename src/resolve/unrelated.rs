//! Members of a class of the project that come from a base outside of it: `bot.get_channel(1)` with `class Bot(discord.Bot)` is no
//! method of another class of that name, whoever else has one.

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
