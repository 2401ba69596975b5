//! Sites whose receiver nobody knows: settled when every definition that fits agrees, uncertain otherwise.

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::builder::Builder;
use super::names::Meaning;
use super::{
    Elsewhere, Evidence, Site, SiteKind, boundary, flow, loggers, plain, programs, proxy, receiver, signature, site,
    unrelated,
};
use crate::index::facts::*;
use crate::py::infer;

/// Modules whose methods a value of unknown type may have in any program.
const EVERYWHERE: [&str; 9] =
    ["builtins", "typing", "types", "collections", "collections.abc", "io", "_typeshed", "enum", "datetime"];

/// Methods of what HTTP clients answer with. Nearly every program that has a client at all meets such an object without a type.
const OF_RESPONSES: [&str; 4] = ["json", "raise_for_status", "iter_content", "iter_lines"];

/// Method names of the standard library that the program can meet; filled when first asked.
#[derive(Debug, Default)]
pub(crate) struct ExternalNames {
    names: Option<FxHashSet<Name>>,
    everywhere: Option<FxHashSet<Name>>,
    /// Functions of its modules, by the last name of the module.
    functions: FxHashMap<Name, FxHashSet<Name>>,
}

/// Settles open sites whose candidates agree. Returns whether anything came of it.
pub(crate) fn settle(builder: &mut Builder) -> bool {
    let open: Vec<RefId> = builder.open.keys().copied().collect();
    let mut changed = false;
    for id in open {
        let receiver = builder.index.site(id).receiver;
        let is_foreign = |builder: &Builder| receiver.is_some_and(|receiver| flow::begins_outside(builder, receiver));
        if builder.open[&id].mixed.is_some()
            || is_taken(builder, id)
            || is_foreign(builder)
            || is_made_here(builder, id)
        {
            continue;
        }
        let mut candidates = candidates(builder, id);
        leave_out(builder, id, &mut candidates);
        plain::leave_out_never_awaited(builder, id, &mut candidates);
        let agreed = !candidates.is_empty()
            && candidates.iter().all(|func| builder.graph.nodes.contains(func) || builder.index.func(*func).is_async)
            && candidates.iter().any(|func| builder.graph.nodes.contains(func))
            && !is_data(builder, id)
            && !receiver.is_some_and(|receiver| flow::is_made_outside(builder, receiver));
        if agreed {
            builder.open.remove(&id);
            site::settle(builder, id, site::Found::Targets(candidates), Evidence::Agreement);
            changed = true;
        }
    }
    changed
}

/// Leaves out what the receiver is not, by what is known of it.
fn leave_out(builder: &mut Builder, id: RefId, candidates: &mut Vec<FuncId>) {
    unrelated::leave_out(builder, id, candidates);
    loggers::leave_out(builder, id, candidates);
    programs::leave_out(builder, id, candidates);
    unrelated::leave_out_of_makers(builder, id, candidates);
}

/// Settles what is still open in tests by the names of the receivers. Returns whether anything came of it.
pub(crate) fn guess(builder: &mut Builder) -> bool {
    let open = builder.open.iter().filter(|(id, open)| open.mixed.is_none() && builder.in_tests(id.file));
    let open: Vec<RefId> = open.map(|(id, _)| *id).collect();
    let mut changed = false;
    for id in open {
        let candidates = candidates(builder, id);
        let found = by_receiver_name(builder, id, &candidates).or_else(|| by_kept_name(builder, id, &candidates));
        if let Some(found) = found {
            builder.open.remove(&id);
            site::settle(builder, id, site::Found::Targets(found), Evidence::Agreement);
            changed = true;
        }
    }
    changed
}

/// Functions that return (part of) what they are given.
const PASS_ON: [&str; 7] = ["next", "iter", "cast", "copy", "deepcopy", "getattr", "partial"];

/// What stays open is uncertain for every node of the name that it may mean.
pub(crate) fn leave_open(builder: &mut Builder) {
    for (id, open) in std::mem::take(&mut builder.open) {
        // What flow brings there is there, whatever the receiver looks like.
        let is_known = open.mixed.is_some() && !open.has_unknown;
        let mut candidates = open.mixed.unwrap_or_else(|| candidates(builder, id));
        match is_known {
            true => unrelated::leave_out(builder, id, &mut candidates),
            false => leave_out(builder, id, &mut candidates),
        }
        plain::leave_out_never_awaited(builder, id, &mut candidates);
        let may_run = |func: &FuncId| builder.graph.nodes.contains(func) && !is_seen_elsewhere(builder, id, *func);
        let mut targets: Vec<FuncId> = candidates.iter().copied().filter(may_run).collect();
        targets.retain(|func| receiver::may_be_of(builder, id, *func));
        let (usage, receiver) = (builder.index.site(id).usage, builder.index.site(id).receiver);
        let is_out = targets.is_empty()
            || matches!(usage, Usage::Store | Usage::Delete)
            || is_made_elsewhere(builder, id)
            || is_made_here(builder, id)
            || flow::is_known_outside(builder, id)
            || builder.in_tests(id.file)
                && receiver.is_some_and(|receiver| flow::is_object_from_outside(builder, receiver));
        if is_out {
            builder.graph.foreign.insert(id, Elsewhere::outside(None));
            if candidates.iter().any(|func| builder.graph.renames.new_names.contains_key(func)) {
                builder.graph.unsettled.insert(id, candidates);
            }
            continue;
        }
        let kind = site::kind_of(builder, id, &targets);
        if kind == SiteKind::Mention {
            builder.graph.foreign.insert(id, Elsewhere::outside(None));
            continue;
        }
        let annotate = flow::annotation_place(builder, id);
        let site = Site::new(id, kind, targets, Evidence::Agreement);
        let support = open.support;
        builder.graph.sites.insert(id, Site { uncertain: true, support, candidates, annotate, ..site });
    }
}

/// Where something that was followed there may be run, and something unknown: the unknown may be any node of that name, too.
pub(crate) fn widen_unknown(builder: &mut Builder) {
    let is_named = |site: &&Site| {
        let facts = builder.index.site(site.id);
        let is_method_call =
            facts.receiver.is_some() && !facts.is_implicit() && matches!(facts.usage, Usage::Called(_));
        site.uncertain && site.evidence == Evidence::Flow && is_method_call
    };
    let places: Vec<RefId> = builder.graph.sites.values().filter(is_named).map(|site| site.id).collect();
    for id in places {
        let mut named = candidates(builder, id);
        leave_out(builder, id, &mut named);
        plain::leave_out_never_awaited(builder, id, &mut named);
        named.retain(|func| builder.graph.nodes.contains(func));
        named.retain(|func| receiver::may_be_of(builder, id, *func));
        let site = builder.graph.sites.get_mut(&id).expect("it was found there");
        named.retain(|func| !site.targets.contains(func));
        site.targets.extend(named);
    }
}

/// Is every place known that iterates over an object of the class, and this site none of them?
fn is_seen_elsewhere(builder: &Builder, id: RefId, func: FuncId) -> bool {
    let site = builder.index.site(id);
    let is_iteration = site.is_implicit() && matches!(site.name.as_str(), "__iter__" | "__next__");
    let followed = builder.graph.iterators.get(&func);
    is_iteration && !builder.in_tests(id.file) && followed.is_some_and(|used| used.lost_at.is_none())
}

/// In a test, is what is entered or iterated over made by a call of somebody else's function, as in `with pytest.raises(E):`?
/// Those that give back what they are given are left to the candidates.
fn is_made_elsewhere(builder: &Builder, id: RefId) -> bool {
    let site = builder.index.site(id);
    let Some(Value::Call { call }) = site.receiver.map(|value| builder.index.value(value)) else { return false };
    if !site.is_implicit() || !builder.in_tests(id.file) {
        return false;
    }
    let names = builder.names();
    let func = builder.index.call(*call).func;
    let is_external = |meaning: &Meaning| matches!(meaning, Meaning::External(_));
    let meanings = names.evaluate(func);
    let passes_on = names.last_name(func).is_some_and(|name| PASS_ON.contains(&name));
    !meanings.is_empty() && meanings.iter().all(is_external) && !passes_on
}

/// Is what is entered or iterated over made by a call that is tied to generator functions of the project? It is no object of
/// a class then: the site of the call stands for it.
fn is_made_here(builder: &Builder, id: RefId) -> bool {
    let site = builder.index.site(id);
    if !site.is_implicit() || !matches!(site.name.as_str(), "__enter__" | "__exit__" | "__iter__") {
        return false;
    }
    let Some(Value::Call { call }) = site.receiver.map(|value| builder.index.value(value)) else { return false };
    let Some(name) = builder.names().last_name(builder.index.call(*call).func) else { return false };
    let mut callees = builder.index.refs_in(id.file, name);
    let Some(callee) = callees.find(|callee| builder.index.site(*callee).usage == Usage::Called(*call)) else {
        return false;
    };
    let targets = match builder.graph.sites.get(&callee).filter(|site| !site.uncertain) {
        Some(known) => &known.targets,
        None => match builder.graph.foreign.get(&callee) {
            Some(elsewhere) => &elsewhere.targets,
            None => return false,
        },
    };
    let is_generator = |func: &FuncId| {
        let facts = builder.index.func(*func);
        let is_plain = facts.traits.is_generator && !facts.is_async;
        is_plain && boundary::is_manager(builder.index, *func) != (site.name == "__iter__")
    };
    !targets.is_empty() && targets.iter().all(is_generator)
}

/// In a test, where a wrong guess breaks nothing but the test: the candidates of the classes that the receiver is named after,
/// as in `client.stats()`. None when nothing bears its name.
pub(super) fn by_receiver_name(builder: &Builder, id: RefId, candidates: &[FuncId]) -> Option<Vec<FuncId>> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let receiver = plain(builder.names().last_name(builder.index.site(id).receiver?)?);
    let is_named = |func: &FuncId| {
        let class = builder.index.func(*func).class;
        class.is_some_and(|class| {
            let name = plain(&builder.index.class(class).name);
            receiver.len() > 2 && (name == receiver || name.ends_with(&receiver) || receiver.ends_with(&name))
        })
    };
    let found: Vec<FuncId> = candidates.iter().copied().filter(is_named).collect();
    let may_run = |func: &FuncId| builder.graph.nodes.contains(func) || builder.index.func(*func).is_async;
    let agree = found.iter().all(may_run) || !found.iter().any(may_run);
    (!found.is_empty() && agree).then_some(found)
}

/// In a test, what the code keeps under another name, when nothing else has that name: `go.refresh()`.
fn by_kept_name(builder: &Builder, id: RefId, candidates: &[FuncId]) -> Option<Vec<FuncId>> {
    let name = &builder.index.site(id).name;
    let kept = stored_under(builder, name);
    let is_sure = |func: &FuncId| kept.contains(func) && builder.graph.nodes.contains(func);
    (!candidates.is_empty() && candidates.iter().all(is_sure)).then(|| candidates.to_vec())
}

/// Every definition of the name in the project that fits how the site uses it.
fn candidates(builder: &mut Builder, id: RefId) -> Vec<FuncId> {
    let site = builder.index.site(id);
    let (value, given) = (site.value, signature::given(builder, id).map(<[Arg]>::to_vec));
    let defined = builder.index.funcs_of(&site.name).iter().copied();
    let mut found: Vec<FuncId> = defined
        .filter(|func| may_meet(builder, id.file, *func))
        .filter(|func| match site.receiver {
            Some(_) => is_member(builder, *func),
            // `case Shape(size=size)` binds a name: nobody reads a property without its object.
            None => !boundary::is_property(builder.index, *func),
        })
        .collect();
    if builder.in_tests(id.file) && site.receiver.is_some() {
        found.extend(stored_under(builder, &site.name));
    }
    if let Some(args) = given.filter(|_| !found.is_empty() && !proxy::change_arguments(builder)) {
        found.retain(|func| signature::takes(builder.index, *func, value, &args));
        found.retain(|func| signature::suits(builder, *func, value, &args));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The functions of the code that are kept under another name: `set_multi = set_many` in a class, `function.refresh = refresh`.
fn stored_under(builder: &Builder, name: &Name) -> Vec<FuncId> {
    let index = &builder.index;
    let written =
        index.writes_of(name).iter().filter_map(|(file, at)| index.file(*file).attribute_writes[*at as usize].value);
    let bound =
        index.members_of(name).iter().flat_map(|class| index.scope(index.class(*class).scope).bindings_of(name));
    let bound = bound.filter_map(|binding| if let Bound::Value(value) = binding.bound { Some(value) } else { None });
    let values = written.chain(bound).filter(|value| !builder.in_tests(value.file));
    let funcs = values.flat_map(|value| builder.names().evaluate(value));
    funcs.filter_map(|meaning| if let Meaning::Func(func) = meaning { Some(func) } else { None }).collect()
}

/// May code in the file come by the function, or an object of its class? What a test module defines is of no interest to the
/// code that is tested, nor to other tests that do not name it, and nobody calls a fixture.
pub(super) fn may_meet(builder: &Builder, file: FileId, func: FuncId) -> bool {
    let facts = builder.index.func(func);
    let is_named = || {
        let name = facts.class.map_or(&facts.name, |class| &builder.index.class(class).name);
        builder.index.words.files(name).any(|other| other == file)
    };
    let is_shared = || {
        let name = builder.project.file(func.file).relative.rsplit('/').next().unwrap_or_default();
        !name.starts_with("test") && !name.ends_with("_test.py")
    };
    !super::fixtures::is_fixture(builder, func)
        && (func.file == file || !builder.in_tests(func.file) || builder.in_tests(file) && (is_shared() || is_named()))
}

/// Methods, and functions of modules (the receiver may be a module, if one can import it).
fn is_member(builder: &Builder, func: FuncId) -> bool {
    let facts = builder.index.func(func);
    facts.class.is_some() || facts.parent.is_none() && builder.project.file(func.file).is_importable()
}

/// Is the name stored as a data attribute anywhere in the code: written on an object, or a field of a class? Tests write
/// their fakes there. Where the attribute is called, only what may be called counts.
fn is_data(builder: &Builder, id: RefId) -> bool {
    let site = builder.index.site(id);
    if matches!(site.usage, Usage::Called(_)) {
        return plain::may_be_called(builder, &site.name);
    }
    let is_field = |class: &ClassId| {
        let scope = builder.index.scope(builder.index.class(*class).scope);
        let bindings = scope.bindings_of(&site.name);
        bindings.iter().any(|binding| matches!(binding.bound, Bound::Value(_) | Bound::Annotated { .. }))
    };
    builder.index.writes_of(&site.name).iter().any(|(file, _)| !builder.in_tests(*file))
        || builder.index.members_of(&site.name).iter().filter(|class| !builder.in_tests(class.file)).any(is_field)
}

/// May the name be that of something else, for all that is known? In a test a wrong guess breaks nothing but the test, so
/// there only what every program has under that name counts.
fn is_taken(builder: &mut Builder, id: RefId) -> bool {
    let site = builder.index.site(id);
    let (name, is_implicit) = (site.name.clone(), site.is_implicit());
    // `self.host.path.isfile(name)`: an object that hands out what a module has.
    let receiver = site.receiver.and_then(|receiver| builder.names().last_name(receiver)).map(Name::new);
    if receiver.is_some_and(|receiver| functions(builder, receiver).contains(&name)) {
        return true;
    }
    let known = if builder.in_tests(id.file) { everywhere(builder) } else { external(builder) };
    known.contains(&name) || OF_RESPONSES.contains(&name.as_str()) || is_implicit && builder.in_tests(id.file)
}

/// Functions of the standard library's module of that last name; none when there is no such module.
fn functions<'a>(builder: &'a mut Builder, module: Name) -> &'a FxHashSet<Name> {
    let db = builder.db;
    let found = |module: &Name| infer::stdlib_functions(db, module);
    builder.external_names.functions.entry(module).or_insert_with_key(found)
}

/// Methods of types that every program has.
fn everywhere<'a>(builder: &'a mut Builder) -> &'a FxHashSet<Name> {
    let db = builder.db;
    builder.external_names.everywhere.get_or_insert_with(|| infer::stdlib_methods(db, EVERYWHERE))
}

/// Methods of types of the standard library that the program can meet.
fn external<'a>(builder: &'a mut Builder) -> &'a FxHashSet<Name> {
    if builder.external_names.names.is_none() {
        let mut modules: Vec<String> = EVERYWHERE.iter().map(ToString::to_string).collect();
        for (_, facts) in builder.index.loaded_files() {
            for import in facts.imports.iter().filter(|import| import.level == 0) {
                modules.extend(import.module.clone());
            }
        }
        modules.sort_unstable();
        modules.dedup();
        builder.external_names.names = Some(infer::stdlib_methods(builder.db, modules.iter().map(String::as_str)));
    }
    builder.external_names.names.get_or_insert_default()
}
