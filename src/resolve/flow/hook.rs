//! Classes that compute attributes: the objects to which `__getattr__` and `__getattribute__` hand the names on.

use std::rc::Rc;

use super::object::Object;
use super::scope::Home;
use super::solver::{Forwards, Solver};
use crate::index::facts::*;
use crate::resolve::hierarchy;
use crate::resolve::names::Meaning;

/// Methods of strings that say something of a name, and nothing else.
const LOOKING: [&str; 4] = ["startswith", "endswith", "isidentifier", "isupper"];

impl Solver<'_> {
    /// The objects that `__getattr__` hands every name on to: `return getattr(self.table, name)`.
    pub(super) fn forwarded(&self, ancestors: &[ClassId]) -> Option<Vec<ValueId>> {
        let find = |name: &str| ancestors.iter().find_map(|id| hierarchy::method(self.index, *id, name));
        let func = find("__getattr__").filter(|_| find("__getattribute__").is_none())?;
        let facts = self.index.func(func);
        let param = &facts.params.get(1)?.name;
        let object = |returned: &Return| {
            let Value::Call { call } = self.index.value(returned.value) else { return None };
            let call = self.index.call(*call);
            let is_getattr = matches!(self.index.value(call.func), Value::Name { name, .. } if name == "getattr");
            let [object, name] = call.args.as_slice() else { return None };
            let is_param = matches!(self.index.value(name.value), Value::Name { name, .. } if name == param);
            (is_getattr && is_param && !object.is_star).then_some(object.value)
        };
        let objects: Option<Vec<ValueId>> = facts.returns.iter().map(object).collect();
        objects.filter(|objects| !objects.is_empty())
    }

    /// The other objects of which reading an attribute of this one may read an attribute.
    pub(super) fn forwards(&mut self, object: Object) -> Forwards {
        let (Object::Instance(class) | Object::Below(class)) = object else { return Some(Rc::default()) };
        self.close(class);
        let version = self.hierarchy.version();
        if let Some((_, known)) = self.state.forwards.get(&object).filter(|(at, _)| *at == version) {
            return known.clone();
        }
        let below = if matches!(object, Object::Below(_)) { self.hierarchy.descendants(class) } else { vec![] };
        let classes = self.hierarchy.ancestors(class).into_iter().chain(below);
        let hooks: Vec<FuncId> = classes.flat_map(|class| hierarchy::hooks(self.index, class)).collect();
        let objects: Option<Vec<Vec<ValueId>>> = hooks.into_iter().map(|hook| self.handed_to(hook)).collect();
        let found: Forwards = objects.map(|objects| objects.concat().into());
        self.state.forwards.insert(object, (version, found.clone()));
        found
    }

    /// The objects that a hook looks its name up in, besides its own; none when the name goes elsewhere.
    fn handed_to(&mut self, hook: FuncId) -> Option<Vec<ValueId>> {
        let facts = self.index.func(hook);
        let (scope, name) = (facts.scope, facts.params.get(1)?.name.clone());
        if self.index.scope(scope).bindings_of(&name).len() != 1 {
            return None;
        }
        let mut objects = vec![];
        for id in self.index.refs_in(hook.file, &name).collect::<Vec<_>>() {
            let site = self.index.site(id);
            let (usage, used_in) = (site.usage, self.index.context(site.context).scope);
            let is_name = site.receiver.is_none() && !site.is_implicit();
            if !is_name || !matches!(self.home(used_in, &name), Home::Scope(home) if home == scope) {
                continue;
            }
            match usage {
                Usage::Compared | Usage::Condition | Usage::Annotation => {}
                Usage::Receiver if self.is_looked_at(id) => {}
                Usage::Argument { call, index } => objects.extend(self.looked_up_in(call, index)?),
                _ => return None,
            }
        }
        objects.retain(|object| self.self_class(*object).is_none());
        Some(objects)
    }

    /// `name.startswith("_")`
    fn is_looked_at(&self, id: RefId) -> bool {
        let value = self.index.site(id).value;
        let facts = self.index.file(id.file);
        facts.refs.iter().any(|site| site.receiver == Some(value) && LOOKING.contains(&site.name.as_str()))
    }

    /// The object in which a call looks up the name that is its argument; empty for what only the object itself has, and for what
    /// says that there is no such name.
    fn looked_up_in(&self, call: CallId, at: u32) -> Option<Vec<ValueId>> {
        let call = self.index.call(call);
        let first = call.args.first().filter(|arg| !arg.is_star)?.value;
        if let Value::Attribute { receiver, name } = self.index.value(call.func)
            && hierarchy::is_hook(name)
        {
            let is_super = matches!(self.index.value(*receiver), Value::Call { call } if self.names().last_name(self.index.call(*call).func) == Some("super"));
            return match (is_super, at) {
                (true, _) => Some(vec![]),
                // `object.__getattribute__(self, name)`
                (false, 1) => Some(vec![first]),
                (false, _) => Some(vec![*receiver]),
            };
        }
        match self.names().evaluate(call.func).as_slice() {
            [Meaning::External(path)] => match path.strip_prefix("builtins.")? {
                "getattr" | "hasattr" if at == 1 => Some(vec![first]),
                name if name.ends_with("Error") => Some(vec![]),
                _ => None,
            },
            _ => None,
        }
    }
}
