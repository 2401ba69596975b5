//! One round of the worklist: the sites of some names, and the other names that go with them.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;

use super::Builder;
use crate::index::facts::*;
use crate::resolve::{Evidence, LookupSite, builtin, fixtures, receiver, site};

impl Builder<'_> {
    /// Resolves all sites of these names.
    pub(super) fn round(&mut self, names: &BTreeSet<Name>) {
        self.index.load_words(self.project, names.iter().map(Name::as_str));
        self.add_aliases(names);
        self.open_aliases_in_tests(names);
        self.graph.hierarchy.register(self.project, self.index);
        fixtures::add_stand_ins(self, names);
        let refs: Vec<RefId> = names
            .iter()
            .flat_map(|name| self.index.refs_of(name).iter().copied())
            .filter(|id| !self.graph.sites.contains_key(id) && self.resolved.insert(*id))
            .collect();
        let (settled, asked): (Vec<_>, Vec<_>) =
            refs.into_iter().map(|id| (id, site::by_scopes(self, id))).partition(|(_, found)| found.is_some());
        for (id, found) in settled {
            site::settle(self, id, found.expect("partitioned"), Evidence::Import);
        }
        self.builtin_names();
        let is_builtin = |id: &RefId| builtin::is_receiver(self, *id, |name| self.flow.is_builtin_method(name));
        let (plain, asked): (Vec<RefId>, Vec<RefId>) = asked.into_iter().map(|(id, _)| id).partition(is_builtin);
        for id in plain {
            site::settle(self, id, site::Found::Foreign, Evidence::Type);
        }
        let asked = receiver::leave_out(self, asked);
        for (id, answer) in self.ask_sites(&asked) {
            site::by_type(self, id, answer.as_ref());
        }
        self.find_lookups(names);
    }

    /// `from m import load as fetch`: the alias is a name of the function too.
    fn add_aliases(&mut self, names: &BTreeSet<Name>) {
        for name in names {
            let aliases: Vec<Name> = self
                .index
                .imports_of(name)
                .iter()
                .filter_map(|&(file, at)| self.index.file(file).imports[at as usize].alias.clone())
                .filter(|alias| alias != name)
                .collect();
            for alias in aliases {
                self.want(&alias);
            }
        }
    }

    /// `set_multi = set_many` in a class, `function.refresh = refresh`: what a test calls by the other name is a site.
    fn open_aliases_in_tests(&mut self, names: &BTreeSet<Name>) {
        let mut aliases: BTreeSet<Name> = BTreeSet::new();
        for name in names {
            for func in self.index.funcs_of(name).iter().filter(|func| self.graph.nodes.contains(func)) {
                let Some(class) = self.index.func(*func).class else { continue };
                let scope = self.index.scope(self.index.class(class).scope);
                let is_it =
                    |value: ValueId| matches!(self.index.value(value), Value::Name { name: own, .. } if own == name);
                let bound =
                    scope.bindings.iter().filter(|own| matches!(own.bound, Bound::Value(value) if is_it(value)));
                aliases.extend(bound.map(|binding| binding.name.clone()));
            }
            for id in self.index.refs_of(name) {
                let site = self.index.site(*id);
                if site.usage == Usage::Assigned && !self.in_tests(id.file) {
                    let writes = self.index.file(id.file).attribute_writes.iter();
                    let attributes = writes.filter(|write| write.value == Some(site.value));
                    aliases.extend(attributes.map(|write| write.name.clone()));
                }
            }
        }
        self.index.load_words(self.project, aliases.iter().map(Name::as_str));
        for id in aliases.iter().flat_map(|name| self.index.refs_of(name).to_vec()) {
            let is_called = matches!(self.index.site(id).usage, Usage::Called(_));
            if self.in_tests(id.file) && is_called && !self.graph.sites.contains_key(&id) && self.resolved.insert(id) {
                self.open.entry(id).or_default();
            }
        }
    }

    /// Strings that name a function where names are looked up.
    fn find_lookups(&mut self, names: &BTreeSet<Name>) {
        for name in names {
            let targets: Vec<FuncId> =
                self.index.funcs_of(name).iter().copied().filter(|id| self.graph.nodes.contains(id)).collect();
            for &(file, index) in self.index.lookups_of(name) {
                self.graph.lookups.insert(LookupSite { file, index }, targets.clone());
            }
        }
    }
}
