//! Connections that a function opens and gives away, by themselves, in something, or as what belongs to one.

use super::{Handles, SQLITE};
use crate::color::World;
use crate::color::cause::Cause;
use crate::color::hazard::{NESTING, resolved_in};
use crate::index::facts::*;
use crate::resolve::names::Meaning;

impl Handles {
    /// Does the function give away a connection that it opened, or what belongs to one? In a worker it would be the worker's.
    pub fn given_away(&self, world: World, func: FuncId) -> Option<Cause> {
        if self.one_thread.is_empty() {
            return None;
        }
        self.returns_one(world, func, NESTING).then_some(Cause::ThreadBound { func, what: SQLITE })
    }

    fn returns_one(&self, world: World, func: FuncId, depth: usize) -> bool {
        world.index.func(func).returns.iter().any(|returned| self.has_one(world, returned.value, depth))
    }

    /// Is the value a connection or a cursor, or may it keep one? Followed `depth` steps far.
    fn has_one(&self, world: World, value: ValueId, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let has = |value: &ValueId| self.has_one(world, *value, depth);
        match world.index.value(value) {
            Value::Either(parts) | Value::Elements(parts) => parts.iter().any(has),
            Value::Dict(items) => items.iter().any(|(_, value)| has(value)),
            Value::PartOf(whole, _) => has(whole),
            Value::Name { name, scope } => world.names().lookup(*scope, name).iter().any(|meaning| match meaning {
                Meaning::Value(value) | Meaning::Annotated { value: Some(value), .. } => has(value),
                _ => false,
            }),
            Value::Call { call } => self.gives_one(world, *call, depth),
            _ => false,
        }
    }

    fn gives_one(&self, world: World, call: CallId, depth: usize) -> bool {
        let facts = world.index.call(call);
        let is_declared = || {
            world.graph.sites_in_file(call.file).any(|site| {
                let facts = world.index.site(site.id);
                facts.usage == Usage::Called(call) && gives(&facts.name) && self.is_of_one_thread(world, site)
            })
        };
        let is_member = || match world.index.value(facts.func) {
            Value::Attribute { receiver, name } => gives(name) && self.has_one(world, *receiver, depth),
            _ => false,
        };
        let keeps = || {
            let taker = world.names().evaluate(facts.func);
            let keeps = taker.iter().any(|meaning| match meaning {
                Meaning::Class(_) => true,
                Meaning::External(path) => path == "contextlib.closing",
                _ => false,
            });
            keeps && facts.args.iter().any(|arg| self.has_one(world, arg.value, depth))
        };
        let hands_on = || {
            let targets = resolved_in(world, call.file).get(&call).cloned().unwrap_or_default();
            targets.into_iter().any(|target| self.returns_one(world, target, depth))
        };
        is_declared() || is_member() || keeps() || hands_on()
    }
}

/// Methods that give a connection, or what belongs to one.
fn gives(name: &str) -> bool {
    matches!(name, "connect" | "cursor" | "execute" | "executemany" | "executescript")
}
