//! The objects that computed names are looked up on, by their classes: of many places that may read any attribute, few concern
//! those of one class.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::forward::Owner;
use super::object::Object;
use crate::index::facts::*;
use crate::resolve::PickSite;
use crate::resolve::builder::Builder;

/// Places by what they look into. A superset: what each place comes to is asked there.
#[derive(Debug, Default)]
pub(crate) struct LookedInto {
    by_class: FxHashMap<ClassId, Vec<PickSite>>,
    by_module: FxHashMap<FileId, Vec<PickSite>>,
    /// Objects from outside the project.
    foreign: Vec<PickSite>,
    /// Objects that hand names on, and `super()`.
    others: Vec<PickSite>,
}

impl LookedInto {
    /// Sorts places, each with the object that it looks into.
    pub(crate) fn new(builder: &mut Builder, places: &[(PickSite, ValueId)]) -> Self {
        let mut found = Self::default();
        for (place, object) in places {
            let mut solver = builder.solver();
            for object in solver.receivers(*object) {
                found.add(*place, object);
                if solver.forwards(object).is_none_or(|others| !others.is_empty()) {
                    found.others.push(*place);
                }
            }
        }
        found
    }

    fn add(&mut self, place: PickSite, object: Object) {
        match object {
            Object::Instance(class) | Object::Below(class) | Object::Class(class) | Object::ClassBelow(class) => {
                self.by_class.entry(class).or_default().push(place);
            }
            Object::Super(class) => {
                self.by_class.entry(class).or_default().push(place);
                self.others.push(place);
            }
            Object::Module(file) => self.by_module.entry(file).or_default().push(place),
            Object::External(_) | Object::ExternalInstance(_) => self.foreign.push(place),
            _ => {}
        }
    }

    /// The places that may find a method of the class, in order.
    pub(crate) fn members_of(&self, builder: &mut Builder, class: ClassId) -> BTreeSet<PickSite> {
        self.of_classes(&builder.solver().cohort(class)).collect()
    }

    /// The places that look into a module, in order.
    pub(crate) fn in_modules(&self) -> BTreeSet<PickSite> {
        self.by_module.values().flatten().copied().collect()
    }

    /// The places that look into this module.
    pub(crate) fn in_module(&self, file: FileId) -> &[PickSite] {
        self.by_module.get(&file).map_or(&[], Vec::as_slice)
    }

    /// The places that may read an attribute of what the owner is, in order.
    pub(crate) fn owned_by(&self, builder: &mut Builder, owner: Owner) -> BTreeSet<PickSite> {
        let others = self.others.iter().copied();
        match owner {
            Owner::Anything => BTreeSet::new(),
            Owner::Foreign => others.chain(self.foreign.iter().copied()).collect(),
            Owner::Below(class) | Owner::Exactly(class) => {
                others.chain(self.of_classes(&builder.solver().cohort(class))).collect()
            }
        }
    }

    fn of_classes(&self, classes: &FxHashSet<ClassId>) -> impl Iterator<Item = PickSite> {
        classes.iter().filter_map(|class| self.by_class.get(class)).flatten().copied()
    }
}
