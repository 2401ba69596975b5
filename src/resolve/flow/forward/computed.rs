//! Attributes that are read by a name that the program computes: `getattr(self, kind)`, `vars(handlers)[kind]`.

use ruff_python_ast::name::Name;

use super::holder::{Counting, FORWARDS};
use super::{Owner, Spot, Token, Until, Walk, trace_from};
use crate::index::facts::*;
use crate::resolve::computed::{self, Reader};
use crate::resolve::flow::object::{Node, Object};

impl Walk<'_, '_> {
    /// `getattr(self, f"{kind}_store")`
    pub(super) fn read_by_computed_name(&mut self, name: &Name, owner: Owner, depth: u32) {
        match self.token {
            Token::Instance(_) | Token::Function(_) | Token::Generator(_) | Token::Manager(_) => {}
            // Nothing that runs it waits for anything.
            Token::Class(_) | Token::Layer => return,
        }
        for reader in computed::readers(self.builder, name, owner) {
            let Some(reader) = reader else {
                self.escape((FileId(0), ruff_text_size::TextRange::default()));
                continue;
            };
            // Any name at all says something only of an object that is known.
            let counting = if reader.fits { Counting::All } else { Counting::Known };
            if self.has(reader.object, owner, counting, FORWARDS) {
                self.read_there(&reader, depth);
            }
        }
    }

    /// `getattr(module, "HANDLERS")`, `vars(module)[name]`: a global that is read by a string.
    pub(super) fn global_by_string(&mut self, file: FileId, name: &Name, depth: u32) {
        for (from, at) in self.builder.index.lookups_of(name).to_vec() {
            let call = self.builder.index.file(from).lookups[at as usize].call;
            let object = self.builder.index.call(call).args.first().map(|arg| arg.value);
            if object.is_some_and(|object| self.may_be_module(object, file, Counting::All)) {
                self.looked_up(from, at, depth);
            }
        }
        if let Token::Class(_) | Token::Layer = self.token {
            return;
        }
        for reader in computed::readers_of_global(self.builder, name, file).into_iter().flatten() {
            let counting = if reader.fits { Counting::All } else { Counting::Known };
            if self.may_be_module(reader.object, file, counting) {
                self.read_there(&reader, depth);
            }
        }
    }

    fn may_be_module(&mut self, object: ValueId, file: FileId, counting: Counting) -> bool {
        if self.builder.solver().self_class(object).is_some() {
            return false;
        }
        let set = self.builder.solver().solve(Node::Value(object), vec![]);
        let is_it = |object: Object| match object {
            Object::Module(other) => other == file,
            Object::Unknown => counting == Counting::All,
            _ => false,
        };
        set.objects().any(is_it)
    }

    fn read_there(&mut self, reader: &Reader, depth: u32) {
        let depth = depth + reader.depth;
        if reader.fits || self.is_object() {
            self.reach_value(reader.value, depth);
        } else if self.until != Until::Run && self.is_run_from(reader.value, depth) {
            self.escape_at(reader.value);
        }
    }

    /// Is what is read there run? What may be any attribute is mostly data.
    fn is_run_from(&mut self, value: ValueId, depth: u32) -> bool {
        let from = (value, depth);
        if let Some(known) = self.runs.get(&from) {
            return *known;
        }
        if self.builder.computed.endless.contains(&from) {
            return false;
        }
        let trace = trace_from(self.builder, self.token, value.file, vec![(Spot::Value(value), depth)], Until::Run);
        self.builder.computed.note_endless(&trace, value, depth);
        let is_run = trace.is_run();
        self.runs.insert(from, is_run);
        is_run
    }
}
