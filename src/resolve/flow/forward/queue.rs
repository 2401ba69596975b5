//! Values in queues: what `put` fills, and what `get` gives back, at once or when it is awaited.

use super::Walk;
use crate::index::consumers::Consumer;
use crate::index::facts::*;
use crate::resolve::flow::object::{Node, Object};
use crate::resolve::names::Meaning;

const QUEUES: [&str; 7] = [
    "asyncio.Queue",
    "asyncio.LifoQueue",
    "asyncio.PriorityQueue",
    "queue.Queue",
    "queue.LifoQueue",
    "queue.PriorityQueue",
    "queue.SimpleQueue",
];

impl Walk<'_, '_> {
    /// Does the call make a queue?
    pub(super) fn makes_queue(&self, call: CallId) -> bool {
        let func = self.builder.index.call(call).func;
        let meanings = self.builder.names().evaluate(func);
        matches!(meanings.as_slice(), [Meaning::External(path)] if QUEUES.contains(&path.as_str()))
    }

    /// Is the receiver of the method a queue, and nothing else?
    pub(super) fn is_of_queue(&mut self, method: ValueId) -> bool {
        let Value::Attribute { receiver, .. } = *self.builder.index.value(method) else { return false };
        let mut solver = self.builder.solver();
        let set = solver.solve(Node::Value(receiver), vec![]);
        !set.is_empty()
            && set.objects().all(|object| match object {
                Object::ExternalInstance(symbol) => QUEUES.contains(&&*solver.text(symbol)),
                _ => false,
            })
    }

    /// What `get` gives: `await queue.get()` and `await wait_for(queue.get(), 1)` too.
    pub(super) fn taken_out(&mut self, result: ValueId, depth: u32) {
        let consumers = self.consumers(result.file);
        match consumers.of_value(result) {
            [Consumer::Await(item)] => self.reach_value(*item, depth),
            [Consumer::Argument(call, 0)] if self.waits(*call) => {
                consumers.result(*call).into_iter().for_each(|waited| self.taken_out(waited, depth));
            }
            _ => self.reach_value(result, depth),
        }
    }

    fn waits(&self, call: CallId) -> bool {
        let path = self.builder.names().dotted(self.builder.index.call(call).func);
        path.is_some_and(|path| path == "asyncio.wait_for")
    }
}
