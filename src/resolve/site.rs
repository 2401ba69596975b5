//! One site: which functions its name stands for. What it does with them is in `site/kind.rs`.

mod kind;

use super::builder::Builder;
use super::names::{Meaning, Names};
use super::{Elsewhere, Evidence, Site, SiteKind};
use super::{intercepted, overriding, plain};
use crate::index::Defined;
use crate::index::facts::*;
use crate::py::infer::{self, Answer, Certainty, Definition};

pub(crate) use self::kind::{carrier, is_exit_callback, is_offload_of, kind_of, runs_elsewhere, under_carrier};

/// Methods that run when a class is called.
pub(crate) fn is_constructor(name: &str) -> bool {
    matches!(name, "__init__" | "__new__" | "__post_init__")
}

/// What a site was found to stand for.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Targets(Vec<FuncId>),
    Foreign,
}

/// The method that Python calls together with this one.
pub(crate) fn paired(name: &str) -> Option<&'static str> {
    match name {
        "__enter__" => Some("__exit__"),
        "__exit__" => Some("__enter__"),
        "__iter__" => Some("__next__"),
        "__next__" => Some("__iter__"),
        _ => None,
    }
}

/// Resolves a plain name, or an attribute of an imported module, by scopes and imports. None: ask ty.
pub(crate) fn by_scopes(builder: &Builder, id: RefId) -> Option<Found> {
    let site = builder.index.site(id);
    if site.is_implicit() {
        return None;
    }
    if is_of_super(builder.names(), id) {
        return by_super(builder, id);
    }
    let meanings = meanings(builder, id);
    if meanings.is_empty() {
        return None;
    }
    let mut targets = vec![];
    for meaning in &meanings {
        match meaning {
            Meaning::Func(func) => targets.push(*func),
            Meaning::Class(class) => targets.extend(constructors(builder, *class)),
            Meaning::External(_) | Meaning::Module(_) => {}
            // A local variable or parameter of that name: what flows into it was a site where it was named.
            Meaning::Value(_) | Meaning::Param { .. } | Meaning::Annotated { .. } if site.receiver.is_none() => {}
            Meaning::Value(_) | Meaning::Param { .. } | Meaning::Annotated { .. } | Meaning::Unknown => return None,
        }
    }
    if targets.is_empty() { Some(Found::Foreign) } else { Some(Found::Targets(targets)) }
}

/// What the name of a site means by scopes and imports; nothing when that does not say.
fn meanings(builder: &Builder, id: RefId) -> Vec<Meaning> {
    let (site, names) = (builder.index.site(id), builder.names());
    let Some(receiver) = site.receiver else {
        return names.lookup(builder.index.context(site.context).scope, &site.name);
    };
    if !matches!(builder.index.value(receiver), Value::Name { .. } | Value::Attribute { .. }) {
        return vec![];
    }
    let member = |meaning| match meaning {
        Meaning::Module(module) => module_member(builder, &module, &site.name),
        Meaning::External(path) => Meaning::External(format!("{path}.{}", site.name)),
        _ => Meaning::Unknown,
    };
    names.evaluate(receiver).into_iter().map(member).collect()
}

/// Does the name also stand for something that is not ours, as a fallback leaves it: `try: from os.path import samefile` /
/// `except ImportError: from .compat import samefile`? The same module by a path that is not found is no other one.
fn means_others(builder: &Builder, id: RefId, targets: &[FuncId]) -> bool {
    let is_target = |path: &str| {
        targets.iter().any(|target| {
            let own = builder.names().qualified_func(*target);
            let ends = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.ends_with('.'));
            own == path || ends(&own, path) || ends(path, &own)
        })
    };
    let is_external = |meaning: &Meaning| matches!(meaning, Meaning::External(path) if !is_target(path));
    let is_other = |meaning: &Meaning| match meaning {
        // `try: load = fast.load`, `load = lambda: 1`
        Meaning::Value(value) => match builder.index.value(*value) {
            Value::Lambda { func, .. } => !builder.graph.nodes.contains(func),
            Value::Name { .. } | Value::Attribute { .. } => builder.names().evaluate(*value).iter().any(is_external),
            _ => false,
        },
        meaning => is_external(meaning),
    };
    !builder.index.site(id).is_implicit() && meanings(builder, id).iter().any(is_other)
}

fn module_member(builder: &Builder, module: &str, name: &str) -> Meaning {
    let Some(file) = builder.index.module(module) else { return Meaning::Unknown };
    let scope = ScopeId { file, index: 0 };
    if builder.index.loaded(file).is_none() {
        return Meaning::Unknown;
    }
    let binds = |name: &str| !builder.index.scope(scope).bindings_of(name).is_empty();
    if !binds(name) && binds("__getattr__") {
        return found_below(builder, module, name);
    }
    match builder.names().lookup(scope, name).as_slice() {
        [meaning] => meaning.clone(),
        _ => Meaning::Unknown,
    }
}

/// What a package that looks names up by itself (PEP 562) finds in its modules, where one of them alone has such a function.
fn found_below(builder: &Builder, package: &str, name: &str) -> Meaning {
    let is_below = |func: &FuncId| {
        let module = builder.project.file(func.file).module.strip_prefix(package);
        let facts = builder.index.func(*func);
        facts.class.is_none() && facts.parent.is_none() && module.is_some_and(|rest| rest.starts_with('.'))
    };
    let found: Vec<FuncId> = builder.index.funcs_of(name).iter().copied().filter(is_below).collect();
    match found.as_slice() {
        [func] => Meaning::Func(*func),
        _ => Meaning::Unknown,
    }
}

/// `super().name`
pub(crate) fn is_of_super(names: Names, id: RefId) -> bool {
    names.index.site(id).receiver.is_some_and(|receiver| is_super(names, names.index.value(receiver)))
}

/// `super()`, or a name that stands for it.
pub(super) fn is_super(names: Names, value: &Value) -> bool {
    match value {
        Value::Call { call } => {
            let func = names.index.call(*call).func;
            matches!(names.index.value(func), Value::Name { name, .. } if name == "super")
        }
        Value::Name { name, scope } => match names.lookup(*scope, name).as_slice() {
            [Meaning::Value(bound)] => {
                let bound = names.index.value(*bound);
                matches!(bound, Value::Call { .. }) && is_super(names, bound)
            }
            _ => false,
        },
        _ => false,
    }
}

/// `super().name`: the definition above the class around the site. None where a class above it is made in a way that is not
/// followed.
fn by_super(builder: &Builder, id: RefId) -> Option<Found> {
    let Some(class) = class_around(builder, id) else { return Some(Found::Foreign) };
    let hierarchy = &builder.graph.hierarchy;
    let above = hierarchy.above(builder.index, class, &builder.index.site(id).name);
    if !above.is_empty() {
        return Some(Found::Targets(above));
    }
    let mut bases = hierarchy.ancestors(class).into_iter().flat_map(|id| &builder.index.class(id).bases);
    let is_open = |value| {
        let names = builder.names();
        names.class_meanings(value).iter().any(Meaning::is_variable) && !names.is_made_outside(value)
    };
    if bases.any(|base| is_open(base.value)) { None } else { Some(Found::Foreign) }
}

/// The class of the method that a site stands in.
pub(crate) fn class_around(builder: &Builder, id: RefId) -> Option<ClassId> {
    let innermost = builder.index.context(builder.index.site(id).context).func;
    let mut around = std::iter::successors(innermost, |func| builder.index.func(*func).parent);
    around.find_map(|func| builder.index.func(func).class)
}

/// The project's functions that run when `class` is called.
pub(crate) fn constructors(builder: &Builder, class: ClassId) -> Vec<FuncId> {
    let ancestors = builder.graph.hierarchy.ancestors(class);
    let method = |name: &str| ancestors.iter().find_map(|id| super::hierarchy::method(builder.index, *id, name));
    let mut found: Vec<FuncId> = ["__new__", "__init__", "__post_init__"].into_iter().filter_map(method).collect();
    if method("__init__").is_none() {
        found.extend(ancestors.iter().flat_map(|id| factories(builder, *id)));
    }
    found
}

/// Resolves a site by what ty says of it.
pub(crate) fn by_type(builder: &mut Builder, id: RefId, answer: Option<&Answer>) {
    let Some(answer) = answer else {
        builder.open.entry(id).or_default();
        return;
    };
    let site = builder.index.site(id);
    if site.is_implicit() && site.name == "__call__" && answer.may_be_class() {
        builder.open.entry(id).or_default();
        return;
    }
    let targets = targets_of(builder, answer);
    let is_outside = |definition: &Definition| match &definition.path {
        Some(path) => builder.project.find(path).is_none(),
        None => true,
    };
    if !targets.is_empty() && answer.definitions.iter().any(is_outside) {
        builder.mixed.insert(id);
    }
    if targets.is_empty() {
        overriding::note(builder, id, answer);
    }
    let site = builder.index.site(id);
    // A member that ty has a type for, and no definition of, is made up: `get` of a `TypedDict`. Of `super()` it finds none.
    let is_made_up = || {
        let is_member = site.receiver.is_some() && site.member_of().is_none();
        is_member && infer::is_known(&answer.own) && !answer.shown.starts_with("<super")
    };
    let foreign_only = targets.is_empty() && (!answer.definitions.is_empty() || is_made_up());
    if foreign_only && matches!(site.usage, Usage::Called(_)) && site.receiver.is_some() && names_data(builder, answer)
    {
        return builder.open_data(id);
    }
    // An attribute without annotation is `Unknown | X`: flow may know what else is written to it.
    let may_be_more =
        answer.certainty == Certainty::Partly || is_taken_out(builder, id) || are_of_protocol(builder, &targets);
    match (answer.certainty, targets.is_empty()) {
        (Certainty::Known | Certainty::Partly, false) if may_be_more => builder.open_with(id, Found::Targets(targets)),
        (Certainty::Known | Certainty::Partly, true) if foreign_only && may_be_more => {
            builder.open_with(id, Found::Foreign);
        }
        (Certainty::Known | Certainty::Partly, false) => settle(builder, id, Found::Targets(targets), Evidence::Type),
        (Certainty::Known | Certainty::Partly, true) if foreign_only => {
            settle(builder, id, Found::Foreign, Evidence::Type);
        }
        (Certainty::Known, true) if MOCKS.contains(&&*answer.shown) => builder.open_mock(id),
        (Certainty::Known, true) if !may_be_ours(&answer.shown) => {
            settle(builder, id, Found::Foreign, Evidence::Type);
        }
        (Certainty::Known | Certainty::Partly | Certainty::Unknown, _) => {
            builder.open.entry(id).or_default();
        }
    }
}

/// Does an operator or a builtin run the method, without naming it?
pub(crate) fn runs_operator(builder: &Builder, id: RefId) -> bool {
    let site = builder.index.site(id);
    site.is_implicit()
        && match site.usage {
            Usage::Implied { .. } => true,
            Usage::Argument { .. } => site.name != "__enter__",
            _ => false,
        }
}

/// Is one of the definitions an attribute or a variable of the project?
fn names_data(builder: &Builder, answer: &Answer) -> bool {
    answer.definitions.iter().any(|definition| is_data(builder, definition))
}

/// Is it an attribute or a variable of the project?
pub(super) fn is_data(builder: &Builder, definition: &Definition) -> bool {
    let file = definition.path.as_ref().and_then(|path| builder.project.find(path));
    file.is_some_and(|file| builder.index.defined_at(file, definition.offset).is_none())
}

/// A Protocol says what a value has, and not whose it is: flow may know more than those that satisfy all of it.
fn are_of_protocol(builder: &Builder, targets: &[FuncId]) -> bool {
    targets.iter().any(|target| {
        let class = builder.index.func(*target).class;
        class.is_some_and(|class| builder.graph.hierarchy.is_protocol(class))
    })
}

/// Does the receiver come out of a container? ty reads `[Other()]` as a list of nothing else, whatever is appended later.
fn is_taken_out(builder: &Builder, id: RefId) -> bool {
    let Some(receiver) = builder.index.site(id).receiver else { return false };
    let comes_out = |value: ValueId| match builder.index.value(value) {
        Value::ElementOf(_) | Value::PartOf(..) | Value::Subscript { .. } => true,
        Value::Call { call } => match builder.index.value(builder.index.call(*call).func) {
            Value::Attribute { name, .. } => matches!(name.as_str(), "get" | "pop" | "popleft" | "setdefault"),
            Value::Name { name, .. } => name == "next",
            _ => false,
        },
        _ => false,
    };
    match builder.index.value(receiver) {
        Value::Name { name, scope } => builder.names().lookup(*scope, name).into_iter().any(|meaning| match meaning {
            Meaning::Value(value) => comes_out(value),
            _ => false,
        }),
        _ => comes_out(receiver),
    }
}

/// Builtin types that nobody derives services from.
const PLAIN: [&str; 12] =
    ["str", "bytes", "bytearray", "int", "float", "complex", "bool", "list", "tuple", "set", "frozenset", "dict"];

/// Mocks, which have every member.
const MOCKS: [&str; 5] = ["Mock", "MagicMock", "NonCallableMock", "NonCallableMagicMock", "AsyncMock"];

/// Can a value of a type without that member have it? It may be a child, have it from a base that nobody knows or from
/// `setattr`, or hand the call on (`__getattr__`); only a plain value cannot.
fn may_be_ours(shown: &str) -> bool {
    let is_plain = |part: &str| {
        let head = part.trim().split(['[', ' ']).next().unwrap_or_default();
        PLAIN.contains(&head) || matches!(head, "Literal" | "LiteralString")
    };
    !shown.split(" | ").all(is_plain)
}

/// The functions of the project among the definitions.
pub(crate) fn targets_of(builder: &Builder, answer: &Answer) -> Vec<FuncId> {
    let mut targets: Vec<FuncId> =
        answer.definitions.iter().flat_map(|definition| defined(builder, definition)).collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

pub(crate) fn defined(builder: &Builder, definition: &Definition) -> Vec<FuncId> {
    let Some(path) = &definition.path else { return vec![] };
    let Some(file) = builder.project.find(path) else { return vec![] };
    match builder.index.defined_at(file, definition.offset) {
        Some(Defined::Func(id)) => vec![id],
        Some(Defined::Class(id)) => constructors(builder, id),
        None => vec![],
    }
}

/// Records a resolved site. Only sites of nodes (or of functions that a node's site names as well) are kept.
pub(crate) fn settle(builder: &mut Builder, id: RefId, found: Found, evidence: Evidence) {
    let Found::Targets(mut targets) = found else {
        builder.graph.foreign.insert(id, Elsewhere::outside(Some(evidence)));
        return;
    };
    intercepted::add(builder, id, &mut targets);
    targets.sort_unstable();
    targets.dedup();
    plain::leave_out_never_awaited(builder, id, &mut targets);
    let wanted = super::boundary::accessor_for(builder.index.site(id).usage);
    let has_property = targets.iter().any(|target| super::boundary::is_property(builder.index, *target));
    targets.retain(|target| !has_property || super::boundary::accessor(builder.index, *target) == wanted);
    if !targets.iter().any(|target| builder.leads_on(id, *target)) {
        builder.park(id, targets, evidence);
        return;
    }
    builder.graph.foreign.remove(&id);
    targets.retain(|target| builder.graph.nodes.contains(target) || !is_constructor(&builder.index.func(*target).name));
    let kind = kind_of(builder, id, &targets);
    if kind == SiteKind::Value {
        want_constructions(builder, id);
    }
    let support = builder.support.get(&id).cloned().unwrap_or_default();
    let candidates = if evidence == Evidence::Agreement { targets.clone() } else { vec![] };
    let others = runs(&kind)
        && (builder.mixed.contains(&id) || evidence == Evidence::Import && means_others(builder, id, &targets));
    builder.add_site(Site { support, candidates, others, ..Site::new(id, kind, targets, evidence) });
}

/// Is what the site names called, there or in a thread?
fn runs(kind: &SiteKind) -> bool {
    matches!(kind, SiteKind::Call | SiteKind::Iterated | SiteKind::Offloaded { .. } | SiteKind::Callback { .. })
}

/// `keys: list = field(default_factory=load)`: who makes an object of the class runs `load`.
fn want_constructions(builder: &mut Builder, id: RefId) {
    let site = builder.index.site(id);
    let Usage::Argument { call, index } = site.usage else { return };
    let scope = builder.index.context(site.context).scope;
    let ScopeKind::Class(class) = builder.index.scope(scope).kind else { return };
    if is_factory(&builder.index.call(call).args[index as usize]) {
        want_class(builder, class);
    }
}

fn want_class(builder: &mut Builder, class: ClassId) {
    builder.index_close(class);
    for below in builder.graph.hierarchy.descendants(class) {
        let name = builder.index.class(below).name.clone();
        builder.want(&name);
    }
}

/// `keys: list = field(default_factory=lambda: load())`
pub(crate) fn want_constructions_of_lambda(builder: &mut Builder, lambda: FuncId) {
    let file = builder.index.file(lambda.file);
    let is_it = |arg: &Arg| matches!(builder.index.value(arg.value), Value::Lambda { func, .. } if *func == lambda);
    let calls = file.calls.iter().filter(|call| call.args.iter().any(|arg| is_factory(arg) && is_it(arg)));
    let class = calls.into_iter().find_map(|call| match builder.index.scope(file[call.context].scope).kind {
        ScopeKind::Class(class) => Some(class),
        _ => None,
    });
    if let Some(class) = class {
        want_class(builder, class);
    }
}

fn is_factory(arg: &Arg) -> bool {
    arg.keyword.as_ref().is_some_and(|name| matches!(name.as_str(), "default_factory" | "factory"))
}

/// The functions that make the values of fields which a construction leaves out.
fn factories(builder: &Builder, class: ClassId) -> Vec<FuncId> {
    let scope = builder.index.scope(builder.index.class(class).scope);
    let calls = scope.bindings.iter().filter_map(|binding| match binding.bound {
        Bound::Annotated { value: Some(value), .. } => Some(value),
        Bound::Value(value) => Some(value),
        _ => None,
    });
    let given = calls.filter_map(|value| match builder.index.value(value) {
        Value::Call { call } => builder.index.call(*call).args.iter().find(|arg| is_factory(arg)),
        _ => None,
    });
    let funcs = given.flat_map(|arg| match builder.index.value(arg.value) {
        Value::Lambda { func, .. } => vec![*func],
        _ => {
            let meanings = builder.names().evaluate(arg.value).into_iter();
            meanings.filter_map(|meaning| if let Meaning::Func(func) = meaning { Some(func) } else { None }).collect()
        }
    });
    funcs.collect()
}
