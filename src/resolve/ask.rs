//! What ty is asked: about sites, about functions that become nodes, about the `with` statements around sites.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::builder::Builder;
use super::hierarchy::BaseClass;
use super::{site, unknown};
use crate::index::facts::*;
use crate::py::infer::{self, Answer, Answers, Questions};

impl Builder<'_> {
    /// Asks ty about sites, in parallel by file; the answers come back in the order of `sites`.
    pub(crate) fn ask_sites(&self, sites: &[RefId]) -> Vec<(RefId, Option<Answer>)> {
        let unknown: FxHashSet<RefId> = sites.iter().copied().filter(|id| unknown::is_receiver(self, *id)).collect();
        let mut by_file: BTreeMap<FileId, Questions> = BTreeMap::new();
        for id in sites.iter().filter(|id| !unknown.contains(id)) {
            let questions = by_file.entry(id.file).or_default();
            let site = self.index.site(*id);
            match site.member_of() {
                Some(object) => {
                    questions.ranges.push(object);
                    questions.members.push((object, site.name.clone()));
                }
                None => questions.ranges.push(site.range),
            }
        }
        let answers = self.ask(by_file);
        sites
            .iter()
            .map(|id| {
                if unknown.contains(id) {
                    return (*id, Some(unknown::answer()));
                }
                let site = self.index.site(*id);
                let Some(found) = answers.get(&id.file) else { return (*id, None) };
                let answer = match site.member_of() {
                    Some(object) => {
                        let member = found.members.get(&(object, site.name.clone()));
                        found.expressions.get(&object).map(|answer| answer.of_member(member))
                    }
                    None => found.expressions.get(&site.range).cloned(),
                };
                (*id, answer)
            })
            .collect()
    }

    pub(crate) fn ask(&self, mut by_file: BTreeMap<FileId, Questions>) -> BTreeMap<FileId, Answers> {
        for (file, questions) in &mut by_file {
            questions.path = self.project.file(*file).path.clone();
        }
        let (files, questions): (Vec<FileId>, Vec<Questions>) = by_file.into_iter().unzip();
        files.into_iter().zip(infer::ask(self.db, &questions)).collect()
    }

    /// For new nodes: do they override a foreign member, do they return awaitables?
    pub(super) fn ask_about_nodes(&mut self) {
        let nodes = std::mem::take(&mut self.unasked);
        let mut by_file: BTreeMap<FileId, Questions> = BTreeMap::new();
        let mut members = vec![];
        for &id in &nodes {
            let func = self.index.func(id);
            let returned = func.returns.iter().filter(|returned| {
                matches!(self.index.value(returned.value), Value::Call { .. } | Value::Name { .. } | Value::Either(_))
            });
            by_file.entry(id.file).or_default().ranges.extend(returned.map(|returned| returned.range));
            let Some(class) = func.class else { continue };
            let owners: BTreeSet<ClassId> =
                self.graph.hierarchy.external_bases(class).into_iter().map(|(owner, _)| owner).collect();
            for owner in owners {
                for base in &self.index.class(owner).bases {
                    by_file.entry(owner.file).or_default().members.push((base.range, func.name.clone()));
                    members.push((id, owner, base.range));
                }
            }
        }
        let answers = self.ask(by_file);
        for id in nodes {
            if let Some(path) = self.extends_foreign(id) {
                self.graph.overrides_external.insert(id, path);
            }
            let func = self.index.func(id);
            let Some(found) = answers.get(&id.file) else { continue };
            let awaitable: Vec<_> = func
                .returns
                .iter()
                .map(|returned| returned.range)
                .filter(|range| found.expressions.get(range).is_some_and(|answer| is_awaitable(&answer.own)))
                .collect();
            if !awaitable.is_empty() {
                self.graph.awaitable_returns.insert(id, awaitable);
            }
        }
        for (id, owner, range) in members {
            let key = (range, self.index.func(id).name.clone());
            let Some(found) = answers.get(&owner.file).and_then(|answers| answers.members.get(&key)) else { continue };
            let foreign = found.iter().find(|definition| {
                let in_project = definition.path.as_ref().is_some_and(|path| path.starts_with(&self.project.root));
                let of_class_itself = definition.name.starts_with("type.") && !self.may_be_metaclass(owner);
                !in_project && !definition.name.starts_with("object.") && !of_class_itself
            });
            if let Some(definition) = foreign {
                let path = format!("{}.{}", definition.module, definition.name);
                self.graph.overrides_external.insert(id, path);
            }
        }
    }

    /// The foreign method that a method runs by `super()`, as far as the text says it: its package may not be installed.
    fn extends_foreign(&self, id: FuncId) -> Option<String> {
        let func = self.index.func(id);
        let class = func.class?;
        let hierarchy = &self.graph.hierarchy;
        let runs_above = self.index.refs_in(id.file, &func.name).any(|site| {
            self.index.context(self.index.site(site).context).func == Some(id) && site::is_of_super(self.names(), site)
        });
        if !runs_above || !hierarchy.above(self.index, class, &func.name).is_empty() {
            return None;
        }
        let below = hierarchy.descendants(class).into_iter();
        let (_, base) = below.flat_map(|id| hierarchy.external_bases(id)).find(|(_, base)| !base.is_plain())?;
        Some(match base {
            BaseClass::External(path) => format!("{path}.{}", func.name),
            BaseClass::Class(_) | BaseClass::Unknown => format!("super().{}", func.name),
        })
    }

    /// `abc.ABC.__call__` is what calls the class, not its objects.
    fn may_be_metaclass(&self, class: ClassId) -> bool {
        const PLAIN: [&str; 4] = ["builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"];
        let is_plain = |base: &BaseClass| matches!(base, BaseClass::External(path) if PLAIN.contains(&path.as_str()));
        !self.graph.hierarchy.external_bases(class).into_iter().all(|(_, base)| is_plain(base))
    }

    pub(super) fn ask_about_withs(&mut self) {
        let mut by_file: BTreeMap<FileId, Questions> = BTreeMap::new();
        let mut wanted = vec![];
        for site in self.graph.sites.values() {
            for with in &self.index.context(self.index.site(site.id).context).withs {
                by_file.entry(site.id.file).or_default().ranges.push(with.range);
                wanted.push((site.id.file, *with));
            }
        }
        let mut entered = vec![];
        for site in self.graph.sites.values() {
            let Usage::Called(call) = self.index.site(site.id).usage else { continue };
            let call = self.index.call(call);
            if let Usage::WithItem { .. } = call.usage {
                by_file.entry(site.id.file).or_default().ranges.push(call.range);
                entered.push((site.id.file, call.range));
            }
        }
        let answers = self.ask(by_file);
        for (file, range) in entered {
            if let Some(answer) = answers.get(&file).and_then(|answers| answers.expressions.get(&range)) {
                self.graph.entered_types.insert((file, range), answer.own.clone());
            }
        }
        for (file, with) in wanted {
            if let Some(answer) = answers.get(&file).and_then(|answers| answers.expressions.get(&with.range)) {
                self.graph.with_types.insert(with.value, answer.own.clone());
            }
        }
    }
}

/// Does a printed type say that the value is awaited later?
fn is_awaitable(shown: &str) -> bool {
    let shown = shown.trim_start_matches("Unknown | ");
    ["CoroutineType[", "Coroutine[", "Awaitable[", "Future[", "Task[", "Generator[Any, None"]
        .iter()
        .any(|start| shown.starts_with(start))
}
