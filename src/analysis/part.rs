//! A part of a migration: the verdicts and the plan of some of its groups, as if nobody had asked for the others.

use super::Analysis;
use crate::color::selected::{self, Selected};
use crate::color::{self, Verdicts, World, swap};
use crate::index::facts::FuncId;
use crate::plan::{self, groups};

impl Analysis {
    /// The groups of all that would change, whatever part is chosen. What [`super::rewrite_all`] finds out is known by then.
    pub fn groups(&self) -> Vec<groups::Group> {
        let (world, verdicts) = self.whole();
        groups::groups(world, verdicts)
    }

    /// Narrows verdicts and plan down to the functions of some groups, with all that those groups need. A later call chooses
    /// anew.
    pub fn choose(&mut self, functions: impl IntoIterator<Item = FuncId>) {
        let functions: Vec<FuncId> = functions.into_iter().collect();
        let mut whole = match self.part.take() {
            Some((_, whole)) => whole,
            None => std::mem::take(&mut self.verdicts),
        };
        let verdicts = loop {
            let part = Selected::new(functions.iter().copied(), &whole);
            self.part = Some((part, whole));
            let (_, all) = self.part.as_ref().expect("it was put there");
            let verdicts = selected::color_part(self.world(), all);
            // A class is not replaced for a part of its uses.
            let mut broken = swap::broken(self.world(), &verdicts);
            if broken.is_empty() {
                break verdicts;
            }
            self.kept.append(&mut broken);
            whole = color::color(World { selected: None, ..self.world() });
        };
        let plan = plan::plan(self.world(), &verdicts);
        (self.verdicts, self.plan) = (verdicts, plan);
    }

    /// The world and the verdicts without a choice.
    pub fn whole(&self) -> (World<'_>, &Verdicts) {
        let world = World { selected: None, ..self.world() };
        match &self.part {
            Some((_, whole)) => (world, whole),
            None => (world, &self.verdicts),
        }
    }
}
