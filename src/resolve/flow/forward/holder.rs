//! What holds the value: names, attributes, parameters, results. Everybody who reads them gets it.

use ruff_python_ast::name::Name;

use super::{Spot, Token, Walk, typed};
use crate::index::consumers::Consumer;
use crate::index::facts::*;
use crate::resolve::flow::caller::Caller;
use crate::resolve::flow::object::{Node, Object, Owner, Place, Selector};
use crate::resolve::flow::scope::Home;
use crate::resolve::{boundary, dispatcher, flow};

/// Names of a module that Python looks up by itself.
const MODULE_HOOKS: [&str; 2] = ["__getattr__", "__dir__"];

/// Objects that hand names on to one another are followed this far.
pub(super) const FORWARDS: u32 = 4;

/// Which receivers count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    All,
    /// Those of which nobody knows what they are count as nothing.
    Known,
}

impl Walk<'_, '_> {
    pub(super) fn name(&mut self, scope: ScopeId, name: &Name, depth: u32) {
        let here = self.builder.index.scope(scope);
        let is_module = here.parent.is_none();
        if let ScopeKind::Class(class) = here.kind {
            // What an enumeration keeps comes out of its member, which has its own name for it.
            if self.is_enumeration(class) {
                return self.escape((scope.file, self.builder.index.class(class).name_range));
            }
            if self.is_for_base(class, name) || self.runs_unnamed(name, depth) {
                self.escape((scope.file, self.builder.index.class(class).name_range));
            }
            // Also read in the class body itself.
            self.reach(Spot::Attribute(name.clone(), Owner::Below(class)), depth);
        }
        self.annotated_names(scope, name);
        if is_module && !self.builder.solver().load_name(name) {
            return self.escape((scope.file, ruff_text_size::TextRange::default()));
        }
        if is_module && MODULE_HOOKS.contains(&name.as_str()) {
            return self.escape((scope.file, ruff_text_size::TextRange::default()));
        }
        let mut is_read = false;
        for id in self.builder.index.refs_from(scope, name) {
            let site = self.builder.index.site(id);
            let (value, receiver, is_test) =
                (site.value, site.receiver, self.builder.in_tests(id.file) && !self.builder.in_tests(scope.file));
            if site.is_implicit() || !site.usage.is_read() {
                continue;
            }
            if is_test {
                is_read = true;
                continue;
            }
            let used_in = self.builder.index.context(site.context).scope;
            let reads = match receiver {
                None if id.file == scope.file || self.builder.index.file(id.file).imports_all() => {
                    let home = self.builder.solver().home(used_in, name);
                    matches!(home, Home::Scope(home) if home == scope)
                }
                Some(receiver) if is_module => {
                    let set = self.builder.solver().solve(Node::Value(receiver), vec![]);
                    let names = self.builder.names();
                    set.objects().any(|object| match object {
                        Object::Module(file) => names.hands_on(file, name, scope.file),
                        _ => false,
                    })
                }
                _ => false,
            };
            if reads {
                is_read = true;
                self.reach_value(value, depth);
            }
        }
        if is_module {
            is_read |= self.importers(scope.file, name, depth);
            let count = self.seen.len();
            self.global_by_string(scope.file, name, depth);
            is_read |= self.seen.len() > count;
            // A table that nothing in the project reads is for whoever does. Another name may be there for imports alone.
            if depth > 0 && !is_read && self.follows_function() {
                self.escape((scope.file, ruff_text_size::TextRange::default()));
            }
        }
    }

    fn is_enumeration(&mut self, class: ClassId) -> bool {
        self.builder.index_close(class);
        self.builder.graph.hierarchy.external_bases(class).iter().any(|(_, base)| base.is_enumeration())
    }

    /// `from module import name`. Is there any?
    fn importers(&mut self, file: FileId, name: &Name, depth: u32) -> bool {
        let mut found = false;
        let module = self.builder.project.file(file).module.clone();
        for (from, at) in self.builder.index.imports_of(name).to_vec() {
            let import = &self.builder.index.file(from).imports[at as usize];
            let (scope, binds) = (import.scope, import.binds.clone());
            let names = self.builder.names();
            let is_it = names
                .absolute(from, import)
                .is_some_and(|path| path == module || names.is_handed_on(&path, name, file));
            if is_it {
                found = true;
                self.reach_in(from, Spot::Name(scope, binds), depth);
            }
        }
        found
    }

    fn annotated_names(&mut self, scope: ScopeId, name: &Name) {
        for (bound, _) in self.builder.solver().bindings(scope, name) {
            if let Bound::Annotated { annotation, .. } = bound {
                self.trace.annotations.insert((scope.file, annotation));
            }
        }
    }

    pub(super) fn attribute(&mut self, name: &Name, owner: Owner, depth: u32) {
        if !self.builder.solver().load_name(name) {
            return self.escape((FileId(0), ruff_text_size::TextRange::default()));
        }
        for (file, at) in self.builder.index.writes_of(name).to_vec() {
            if let Some(annotation) = self.builder.index.file(file).attribute_writes[at as usize].annotation {
                self.trace.annotations.insert((file, annotation));
            }
        }
        for class in self.builder.index.members_of(name).to_vec() {
            let scope = self.builder.index.class(class).scope;
            self.annotated_names(scope, name);
        }
        for (file, at) in self.builder.index.lookups_of(name).to_vec() {
            self.looked_up(file, at, depth);
        }
        self.read_by_computed_name(name, owner, depth);
        let mut reads = vec![];
        for id in self.builder.index.refs_of(name).to_vec() {
            let site = self.builder.index.site(id);
            let (receiver, usage) = (site.receiver, site.usage);
            let Some(receiver) = receiver.filter(|_| !site.is_implicit()) else { continue };
            let is_skipped = self.ends_before_tests() && self.is_apart(id.file);
            if !usage.is_read() || is_skipped {
                continue;
            }
            if self.may_have(receiver, owner) && self.may_read(receiver, name, depth) {
                reads.push(id);
            }
        }
        for id in typed::may_own(self.builder, owner, reads) {
            self.reach_in(id.file, Spot::Value(self.builder.index.site(id).value), depth);
        }
    }

    /// Whose attributes are written to this receiver.
    pub(super) fn owner(&mut self, receiver: ValueId) -> Owner {
        let class = self.builder.solver().self_class(receiver);
        class.map_or(Owner::Anything, |(class, _)| Owner::Below(class))
    }

    /// May the receiver be what has the value as its attribute?
    pub(super) fn may_have(&mut self, receiver: ValueId, owner: Owner) -> bool {
        self.has(receiver, owner, Counting::All, FORWARDS)
    }

    pub(super) fn has(&mut self, receiver: ValueId, owner: Owner, counting: Counting, fuel: u32) -> bool {
        if owner == Owner::Anything {
            return counting == Counting::All;
        }
        if counting == Counting::Known && !flow::is_known(self.builder, receiver) {
            return false;
        }
        let mut solver = self.builder.solver();
        let objects = solver.receivers(receiver);
        let is_owner = |object: &Object| matches!(object, Object::Super(_)) || solver.may_be(owner, *object);
        if objects.is_empty() || objects.iter().any(is_owner) {
            return true;
        }
        objects.into_iter().any(|object| match (self.builder.solver().forwards(object), fuel.checked_sub(1)) {
            (Some(others), _) if others.is_empty() => false,
            (Some(others), Some(fuel)) => others.iter().any(|other| self.has(*other, owner, counting, fuel)),
            _ => true,
        })
    }

    /// May reading the attribute of this receiver give the value?
    fn may_read(&mut self, receiver: ValueId, name: &Name, depth: u32) -> bool {
        let token = self.token;
        let path = vec![Selector::Item; depth as usize];
        let set = self.builder.solver().solve(Node::Member(receiver, name.clone()), path);
        if token == Token::Layer {
            // Of what nobody knows, nothing is moved to a thread.
            let is_ours = |object: Object| matches!(object, Object::Unknown | Object::Class(_) | Object::Generator(_));
            return !set.is_empty() && !set.objects().any(is_ours);
        }
        set.is_empty()
            || set.objects().any(|object| match (object, token) {
                (Object::Unknown, _) => true,
                (Object::Func(func), Token::Function(wanted))
                | (Object::Generator(func), Token::Generator(wanted) | Token::Manager(wanted)) => func == wanted,
                (Object::Class(class), Token::Class(wanted)) => class == wanted,
                (Object::Lambda(func), Token::Function(wanted)) => func == wanted,
                (Object::ClassBelow(_), Token::Class(_)) => true,
                (object, _) => self.may_be(object),
            })
    }

    /// `getattr(x, "name")` reads it too.
    pub(super) fn looked_up(&mut self, file: FileId, at: u32, depth: u32) {
        let lookup = &self.builder.index.file(file).lookups[at as usize];
        let (call, range) = (lookup.call, lookup.range);
        let finder = self.builder.names().last_name(self.builder.index.call(call).func).unwrap_or_default();
        match finder {
            "getattr" => {
                let consumers = self.consumers(file);
                let result = consumers.result(call);
                result.into_iter().for_each(|result| self.reach_in(file, Spot::Value(result), depth));
            }
            "methodcaller" | "attrgetter" if !self.is_apart(file) => self.escape((file, range)),
            _ => {}
        }
    }

    pub(super) fn param(&mut self, func: FuncId, at: u32, depth: u32) {
        let facts = self.builder.index.func(func);
        let param = &facts.params[at as usize];
        let (scope, name, annotation) = (facts.scope, param.name.clone(), param.annotation);
        if let (Token::Function(_) | Token::Layer, 0) = (self.token, depth)
            && self.takes_both(func)
        {
            // It takes both colors.
            self.trace.accepted.get_or_insert(dispatcher::accepts(self.builder.names(), func));
            return;
        }
        self.trace.annotations.extend(annotation.map(|annotation| (func.file, annotation)));
        self.reach(Spot::Name(scope, name), depth);
    }

    /// Is it a dispatcher that takes both colors, as far as the files tell that are loaded by now?
    fn takes_both(&mut self, func: FuncId) -> bool {
        let loaded = self.builder.index.loaded_count();
        let known = self.builder.flow.testers.get(&func).filter(|(at, _)| *at == loaded);
        if let Some((_, known)) = known {
            return *known;
        }
        let found = dispatcher::takes_both(self.builder.names(), func);
        self.builder.flow.testers.insert(func, (loaded, found));
        found
    }

    /// The results of all calls of a function.
    pub(super) fn returned(&mut self, func: FuncId, depth: u32) {
        let facts = self.builder.index.func(func);
        let (name, is_async, annotation) = (facts.name.clone(), facts.is_async, facts.returns_annotation);
        let class = facts.class;
        let place = (func.file, facts.name_range);
        match self.token {
            Token::Instance(_) if depth == 0 && is_implied(&name) => {
                self.trace.handed_on.extend((name == "__iter__").then_some(func));
                return;
            }
            // `def __iter__(self): return self.rows()`
            Token::Generator(_) if depth == 0 && name == "__iter__" => {
                self.trace.handed_on.insert(func);
                return;
            }
            _ => {}
        }
        self.trace.through.insert(func);
        self.trace.annotations.extend(annotation.map(|annotation| (func.file, annotation)));
        if boundary::is_property(self.builder.index, func) {
            let owner = class.map_or(Owner::Anything, Owner::Below);
            return self.reach(Spot::Attribute(name, owner), depth);
        }
        let is_manager = facts.decorators.iter().any(|decorator| {
            boundary::decorator_name(self.builder.index, decorator)
                .is_some_and(|name| matches!(name, "contextmanager" | "asynccontextmanager" | "fixture"))
        });
        if is_manager && self.requested(func, depth) {
            return;
        }
        if is_manager || !self.builder.solver().is_transparent(func) {
            return self.escape(place);
        }
        let callers = self.builder.solver().callers(func);
        self.decorates(&callers, depth, place);
        for caller in callers.iter() {
            match caller {
                Caller::Anyone => self.escape(place),
                Caller::Escape { callee, place } => {
                    if self.may_run(callee, func) {
                        self.escape(*place);
                    }
                }
                Caller::Decorates { .. } => {}
                Caller::Call { callee, call, from, .. } => {
                    if self.may_run(callee, func) {
                        match *from {
                            0 => self.result(*call, is_async, depth),
                            _ if self.is_apart(call.file) => {}
                            _ => self.escape(place),
                        }
                    }
                }
            }
        }
    }

    /// What a decorator returns stands in the place of what is decorated, whose sites are its sites.
    fn decorates(&mut self, callers: &[Caller], depth: u32, place: Place) {
        let objects = callers.iter().filter_map(|caller| match caller {
            Caller::Decorates { object, .. } => Some(*object),
            _ => None,
        });
        let objects: Vec<Object> = objects.collect();
        // What is decorated may be handed on by its own decorator.
        let token = match self.token {
            Token::Function(token) if objects.contains(&Object::Func(token)) => return,
            Token::Function(_) => Some(depth),
            Token::Class(_) | Token::Layer | Token::Generator(_) | Token::Manager(_) | Token::Instance(_) => None,
        };
        for object in objects {
            match (object, token) {
                (Object::Func(func), Some(0)) => drop(self.trace.decorates.insert(func)),
                _ => self.escape(place),
            }
        }
    }

    fn may_run(&mut self, callee: &Node, func: FuncId) -> bool {
        let mut solver = self.builder.solver();
        solver.solve(callee.clone(), vec![]);
        solver.runs(callee, func)
    }

    fn result(&mut self, call: CallId, is_async: bool, depth: u32) {
        let consumers = self.consumers(call.file);
        let Some(result) = consumers.result(call) else { return };
        if !is_async {
            return self.reach_in(call.file, Spot::Value(result), depth);
        }
        for consumer in consumers.of_value(result) {
            match consumer {
                Consumer::Await(awaited) => self.reach_in(call.file, Spot::Value(*awaited), depth),
                _ if self.is_apart(call.file) => {}
                _ => self.escape_at(result),
            }
        }
    }
}

/// Methods that Python calls by itself, where something else follows what they return.
fn is_implied(name: &str) -> bool {
    matches!(name, "__iter__" | "__enter__" | "__aenter__" | "__new__")
}
