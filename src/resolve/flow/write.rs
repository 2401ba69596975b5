//! Everything that is written to attributes of one name, by any statement or constructor, narrowed by whose attribute it can
//! be (field-based flow: Feldthaus et al., ICSE 2013).

use ruff_python_ast::name::Name;

use super::object::{Node, Object, Owner, Path, Place};
use super::solver::{Keep, Solver};
use crate::index::facts::*;
use crate::resolve::boundary;
use crate::resolve::hierarchy;

/// More writes of one name than this count as unknown.
pub(super) const WRITES: usize = 800;

/// Functions whose keyword arguments become attributes of what they return, or of what they are called on.
const SETTERS: [&str; 8] =
    ["replace", "_replace", "model_copy", "evolve", "update", "model_construct", "configure_mock", "namespace"];

impl Solver<'_> {
    /// Values from a test do not count for the program, only classes do: a fake has to follow what it stands for.
    pub(super) fn keep(&self, from: FileId, to: FileId) -> Keep {
        let is_test = |file: FileId| self.project.file(file).is_test;
        if is_test(from) && !is_test(to) { Keep::Project } else { Keep::All }
    }

    /// Everything written to attributes of that name, of that owner.
    pub(super) fn attribute(&mut self, name: &Name, owner: Owner, path: Path) {
        if !self.load_name(name) {
            return self.push(Object::Unknown, None);
        }
        let writes = self.index.writes_of(name).to_vec();
        let keywords = self.index.keywords_of(name).to_vec();
        if writes.len() > WRITES || keywords.len() > WRITES {
            return self.push(Object::Unknown, None);
        }
        let in_program = writes.iter().any(|(file, _)| !self.project.file(*file).is_test)
            || keywords.iter().any(|(call, _)| !self.project.file(call.file).is_test);
        if !in_program && owner == Owner::Anything && self.is_written_for_code(name, &writes, &keywords) {
            // What tests write says nothing of what the code has.
            self.push(Object::Unknown, None);
        }
        for (file, at) in writes {
            let write = &self.index.file(file).attribute_writes[at as usize];
            let (receiver, value, annotation, range) = (write.receiver, write.value, write.annotation, write.range);
            let scope = self.index.context(write.context).scope;
            if self.is_saturated() {
                return;
            }
            if !self.may_own(owner, receiver) {
                continue;
            }
            if annotation.is_some_and(|annotation| self.annotation(annotation, scope, &path)) {
                continue;
            }
            if annotation.is_some() && value.is_none() {
                continue;
            }
            let keep = if in_program && self.project.file(file).is_test { Keep::Project } else { Keep::All };
            self.written(value, &path, (file, range), keep);
        }
        for (call, at) in keywords {
            if self.is_saturated() {
                return;
            }
            let keep = if in_program && self.project.file(call.file).is_test { Keep::Project } else { Keep::All };
            self.keyword_write(owner, call, at, &path, keep);
        }
        if owner == Owner::Anything {
            self.members_of_anything(name, &path);
        }
        if !path.is_empty() {
            self.mutated_attribute(name, owner, &path);
        }
    }

    /// Do tests alone write the attribute, of what no class of the project says that it has, and does the code name it?
    fn is_written_for_code(&self, name: &Name, writes: &[(FileId, u32)], keywords: &[(CallId, u32)]) -> bool {
        let makes = |call: CallId| {
            let maker = self.names().last_name(self.index.call(call).func);
            maker.is_some_and(|maker| maker.starts_with(char::is_uppercase))
        };
        (!writes.is_empty() || keywords.iter().any(|(call, _)| makes(*call)))
            && self.index.members_of(name).is_empty()
            && self.index.words.files(name).any(|file| !self.project.file(file).is_test)
    }

    pub(super) fn written(&mut self, value: Option<ValueId>, path: &Path, place: Place, keep: Keep) {
        match value {
            Some(value) => self.flow_from(Node::Value(value), path.clone(), Some(place), keep),
            None if keep == Keep::All => self.push(Object::Unknown, Some(place)),
            None => {}
        }
    }

    /// Can an object of `owner` be what the attribute is written on?
    pub(super) fn may_own(&mut self, owner: Owner, receiver: ValueId) -> bool {
        if owner == Owner::Anything {
            return true;
        }
        if let Some((class, _)) = self.self_class(receiver) {
            return self.may_be(owner, Object::Below(class));
        }
        let receivers = self.read_value(receiver);
        receivers.objects().any(|object| self.may_be(owner, object))
    }

    pub(super) fn may_be(&mut self, owner: Owner, object: Object) -> bool {
        match (owner, object) {
            (Owner::Anything, _) | (_, Object::Unknown | Object::ExternalMember(_) | Object::Made(_)) => true,
            (Owner::Foreign, Object::External(_) | Object::ExternalInstance(_)) => true,
            (Owner::Foreign, _) => false,
            (Owner::Exactly(class), Object::Instance(other)) => class == other,
            (Owner::Exactly(class), Object::Below(other) | Object::Class(other) | Object::ClassBelow(other)) => {
                self.close(class);
                self.hierarchy.ancestors(class).contains(&other)
            }
            (
                Owner::Below(class),
                Object::Instance(other) | Object::Below(other) | Object::Class(other) | Object::ClassBelow(other),
            ) => self.cohort(class).contains(&other),
            (Owner::Exactly(_) | Owner::Below(_), _) => false,
        }
    }

    /// `C(name=value)`: a field, where nothing of the project takes the argument.
    fn keyword_write(&mut self, owner: Owner, call: CallId, at: u32, path: &Path, keep: Keep) {
        let func = self.index.call(call).func;
        let arg = &self.index.call(call).args[at as usize];
        let (value, place) = (arg.value, Some((call.file, arg.range)));
        let last = self.names().last_name(func).unwrap_or_default().to_owned();
        let is_setter = SETTERS.contains(&last.as_str());
        let is_class_like = last.trim_start_matches('_').starts_with(char::is_uppercase);
        let mut taken: Option<Keep> = None;
        for object in self.read_value(func).objects() {
            let counts = match object {
                Object::Class(class) | Object::ClassBelow(class) => {
                    self.close(class);
                    let ancestors = self.hierarchy.ancestors(class);
                    let constructs = |id: &ClassId| hierarchy::method(self.index, *id, "__init__").is_some();
                    let made =
                        if let Object::Class(_) = object { Object::Instance(class) } else { Object::Below(class) };
                    (!ancestors.iter().any(constructs) && self.may_be(owner, made)).then_some(Keep::All)
                }
                Object::External(_) | Object::ExternalInstance(_) | Object::ExternalMember(_) | Object::Made(_) => {
                    (is_setter
                        || last == "__init__"
                        || is_class_like && matches!(owner, Owner::Foreign | Owner::Anything))
                    .then_some(Keep::All)
                }
                Object::Unknown if is_setter || is_class_like => Some(Keep::All),
                Object::Unknown => matches!(owner, Owner::Foreign | Owner::Anything).then_some(Keep::Project),
                _ => None,
            };
            taken = match (taken, counts) {
                (Some(Keep::All), _) | (_, Some(Keep::All)) => Some(Keep::All),
                (known, counts) => known.or(counts),
            };
        }
        if let Some(taken) = taken {
            let keep = if taken == Keep::Project { taken } else { keep };
            self.flow_from(Node::Value(value), path.clone(), place, keep);
        }
    }

    /// What classes anywhere bind under a name. A method is a candidate, no more.
    fn members_of_anything(&mut self, name: &Name, path: &Path) {
        for class in self.index.members_of(name).to_vec() {
            let is_method =
                hierarchy::method(self.index, class, name).is_some_and(|func| !boundary::is_property(self.index, func));
            self.class_bindings(class, name, path);
            if is_method {
                self.push(Object::Unknown, None);
            }
        }
    }
}
