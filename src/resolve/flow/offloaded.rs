//! What awaiting an offload gives: `await to_thread(f, x)` is `f(x)`, so that a second run knows what the first one knew.

use super::object::{Object, Path};
use super::solver::Solver;
use crate::index::facts::*;

impl Solver<'_> {
    /// The call of a carrier, and the function that it runs: `to_thread(f, x)`, `sync_to_async(f)(x)`.
    pub(super) fn offloaded(&mut self, value: ValueId) -> Option<(CallId, ValueId)> {
        let Value::Call { call } = *self.index.value(value) else { return None };
        let func = self.index.call(call).func;
        if let Value::Call { call: curried } = *self.index.value(func) {
            return self
                .is_carrier(curried, &["sync_to_async", "database_sync_to_async"])
                .then(|| self.arg(curried, 0))?
                .map(|value| (call, value));
        }
        let carries = self.is_carrier(call, &["to_thread", "run_sync", "run_in_threadpool"]);
        carries.then(|| self.arg(call, 0))?.map(|value| (call, value))
    }

    fn is_carrier(&mut self, call: CallId, names: &[&str]) -> bool {
        let func = self.index.call(call).func;
        let set = self.read_value(func);
        let mut objects = set.objects();
        match (objects.next(), objects.next()) {
            (Some(Object::Func(func)), None) => {
                let own = self.state.own_carrier();
                own.is_some_and(|path| *path == self.names().qualified_func(func))
            }
            (Some(Object::External(symbol)), None) => {
                names.contains(&self.text(symbol).rsplit('.').next().unwrap_or_default())
            }
            _ => false,
        }
    }

    /// Is it, by scopes and imports, the project's own offload?
    pub(super) fn is_own_carrier(&self, callee: ValueId) -> bool {
        let own = self.state.own_carrier();
        own.is_some_and(|path| self.names().dotted(callee).as_ref() == Some(path))
    }

    /// What awaiting an offload of `target` gives: what calling it gives.
    pub(super) fn offloaded_result(&mut self, call: CallId, target: ValueId, path: &Path) {
        for object in self.read_value(target).objects() {
            match object {
                Object::Func(func) if self.index.func(func).is_async => self.push(Object::Unknown, None),
                Object::Func(_)
                | Object::Class(_)
                | Object::ClassBelow(_)
                | Object::Lambda(_)
                | Object::Instance(_)
                | Object::Below(_) => {
                    self.result(object, call, path);
                }
                Object::Mock => self.push(Object::Mock, None),
                Object::None => {}
                _ => self.push(Object::Unknown, None),
            }
        }
    }
}
