//! Operators: `a[k]`, `k in a`, `len(a)`, `a + b`, `if a:` run a special method without naming it. They are looked for once
//! such a method blocks, in all files, by the types of the operands. Python can await none of them, so a sync function with one
//! is offloaded as a whole, and one in async code is listed.

mod descriptor;
mod finder;
mod hook;
pub(crate) mod library;
mod spelled;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::Visitor as _;
use ruff_text_size::{TextRange, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};

use self::finder::Finder;
use super::builder::Builder;
use super::{Evidence, Site, SiteKind, boundary, flow, hierarchy, site};
use crate::index::facts::*;
use crate::py::infer::{Definition, Questions};
use crate::py::source;

/// What was looked for so far.
#[derive(Debug, Default)]
pub(super) struct Search {
    asked: BTreeSet<Name>,
    /// What runs a method that is no node yet.
    waiting: Vec<Operand>,
}

/// An operand, with the methods that are tried there.
#[derive(Debug)]
struct Use {
    operand: TextRange,
    chain: Vec<Name>,
}

/// An operand of an operator, with what runs there.
#[derive(Debug)]
struct Operand {
    file: FileId,
    site: Ref,
    targets: Vec<FuncId>,
    evidence: Evidence,
}

/// The special methods that operators and builtins run.
const METHODS: [&str; 83] = [
    "__exit__",
    "__format__",
    "__index__",
    "__iadd__",
    "__getitem__",
    "__setitem__",
    "__delitem__",
    "__contains__",
    "__len__",
    "__bool__",
    "__str__",
    "__repr__",
    "__int__",
    "__float__",
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__add__",
    "__radd__",
    "__sub__",
    "__rsub__",
    "__mul__",
    "__rmul__",
    "__truediv__",
    "__floordiv__",
    "__mod__",
    "__pow__",
    "__and__",
    "__or__",
    "__xor__",
    "__lshift__",
    "__rshift__",
    "__matmul__",
    "__neg__",
    "__iter__",
    "__next__",
    "__reversed__",
    "__isub__",
    "__imul__",
    "__imatmul__",
    "__itruediv__",
    "__imod__",
    "__ipow__",
    "__ilshift__",
    "__irshift__",
    "__ior__",
    "__ixor__",
    "__iand__",
    "__ifloordiv__",
    "__abs__",
    "__round__",
    "__hash__",
    "__pos__",
    "__invert__",
    "__rmatmul__",
    "__rtruediv__",
    "__rmod__",
    "__rpow__",
    "__rlshift__",
    "__rrshift__",
    "__ror__",
    "__rxor__",
    "__rand__",
    "__rfloordiv__",
    "__bytes__",
    "__missing__",
    "__class_getitem__",
    "__init_subclass__",
    "__reduce_ex__",
    "__reduce__",
    "__getstate__",
    "__setstate__",
    "__copy__",
    "__deepcopy__",
    "__setattr__",
    "__delattr__",
    "__getattr__",
    "__get__",
    "__set__",
    "__delete__",
];

/// Those of them that containers, libraries and Python itself run elsewhere, too.
const RUN_ELSEWHERE: [&str; 14] = [
    "__add__",
    "__radd__",
    "__init_subclass__",
    "__reduce_ex__",
    "__reduce__",
    "__getstate__",
    "__setstate__",
    "__repr__",
    "__hash__",
    "__eq__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
];

/// Does Python run the special method at operators and builtins only, which are looked for?
pub(crate) fn is_looked_for(name: &str) -> bool {
    METHODS.contains(&name) && !RUN_ELSEWHERE.contains(&name)
}

/// The definitions of members of operands.
type Members = FxHashMap<(TextRange, Name), Vec<Definition>>;

/// Looks for the operators that run a special method which became a node. Returns whether anything new came of it.
pub(super) fn enumerate(builder: &mut Builder) -> bool {
    // What tests define blocks nothing but tests.
    let is_run = |func: &&FuncId| {
        let name = builder.index.func(**func).name.as_str();
        let is_special = METHODS.contains(&name)
            || library::is_run(name)
            || boundary::accessor(builder.index, **func) == boundary::Accessor::Setter;
        is_special && !builder.in_tests(func.file)
    };
    // A declared layer has sites for operators of its own.
    let is_run_by_library = |func: &&FuncId| library::is_run(&builder.index.func(**func).name);
    let layer = builder.graph.layer.iter().filter(is_run_by_library);
    let funcs = builder.graph.nodes.iter().filter(is_run).chain(layer);
    let names = funcs.map(|func| &builder.index.func(*func).name);
    let wanted: BTreeSet<Name> = names.filter(|name| !builder.operators.asked.contains(*name)).cloned().collect();
    if !wanted.is_empty() {
        builder.operators.asked.extend(wanted.iter().cloned());
        let found = find(builder, &wanted);
        builder.operators.waiting.extend(found);
    }
    let waiting = std::mem::take(&mut builder.operators.waiting);
    let graph = &builder.graph;
    let blocks = |target: &FuncId| graph.nodes.contains(target) || graph.layer.contains(target);
    let runs = |operand: &Operand| operand.targets.iter().any(blocks);
    let is_ready = |operand: &Operand| runs(operand) && !is_entered(builder, operand);
    let (ready, waiting) = waiting.into_iter().partition(is_ready);
    builder.operators.waiting = waiting;
    let ready: Vec<Operand> = ready;
    let any = !ready.is_empty();
    for Operand { file, site, targets, evidence } in ready {
        let id = builder.index.add_ref(file, site);
        builder.resolved.insert(id);
        builder.add_site(Site::new(id, SiteKind::Read, targets, evidence));
    }
    any
}

/// The operands for which methods of these names are methods of the project.
fn find(builder: &mut Builder, wanted: &BTreeSet<Name>) -> Vec<Operand> {
    load(builder, wanted);
    let descriptors = descriptor::find(builder, wanted);
    let mut uses = find_uses(builder, wanted, &descriptors.names);
    for (file, found) in &mut uses {
        hook::leave_out(builder, *file, found);
    }
    let answers = ask(builder, &uses);
    let mut operands = vec![];
    for (file, found) in uses {
        let Some(members) = answers.get(&file) else { continue };
        let names = names_by_start(file, builder.index.file(file));
        let results = results_by_range(file, builder.index.file(file));
        let refs = builder.index.file(file).refs.iter().filter(|site| !site.is_implicit());
        let objects: FxHashMap<TextRange, ValueId> = refs.map(|site| (site.range, site.value)).collect();
        let known: FxHashSet<(TextRange, Name)> =
            builder.index.file(file).refs.iter().map(|site| (site.range, site.name.clone())).collect();
        for Use { operand, chain } in found {
            let Some(&Start { context, value, range }) = names.get(&operand.start()) else { continue };
            let exact = || results.get(&operand).or_else(|| objects.get(&operand)).copied();
            let value = if range == operand { Some(value) } else { exact() };
            let typed = |name: &Name| members.get(&(operand, name.clone())).map_or(&[][..], Vec::as_slice);
            let is_typed = chain.iter().any(|name| !typed(name).is_empty());
            let described = chain.last().is_some_and(|name| descriptor::is_method(name));
            let found = match (is_typed, value) {
                (true, _) if described => descriptor::of_attribute(builder, &descriptors, typed(&chain[0]), &chain[1])
                    .map(|targets| (chain[1].clone(), targets, Evidence::Type)),
                (true, _) => first_of(builder, &chain, typed).map(|(name, targets)| (name, targets, Evidence::Type)),
                (false, Some(value)) if described => {
                    descriptor::by_flow(builder, &descriptors, value, &chain[0], &chain[1])
                        .map(|targets| (chain[1].clone(), targets, Evidence::Flow))
                }
                (false, Some(value)) => {
                    by_flow(builder, value, &chain).map(|(name, targets)| (name, targets, Evidence::Flow))
                }
                (false, _) => None,
            };
            let Some((name, targets, evidence)) = found else { continue };
            if !wanted.contains(&name) || known.contains(&(operand, name.clone())) {
                continue;
            }
            let (name_range, usage) = (TextRange::empty(operand.start()), Usage::Other);
            let (value, looked_up_on) = (value.unwrap_or(names[&operand.start()].value), None);
            let site =
                Ref { name, name_range, range: operand, receiver: Some(value), looked_up_on, value, context, usage };
            operands.push(Operand { file, site, targets, evidence });
        }
    }
    operands
}

/// Asks ty for the methods. Where an attribute is found, no hook is run, and none is asked for.
fn ask(builder: &Builder, uses: &[(FileId, Vec<Use>)]) -> BTreeMap<FileId, Members> {
    let mut found: BTreeMap<FileId, Members> = uses.iter().map(|(file, _)| (*file, Members::default())).collect();
    let mut ask_for = |names: for<'u> fn(&'u Use, &Members) -> &'u [Name]| {
        let mut by_file: BTreeMap<FileId, Questions> = BTreeMap::new();
        for (file, uses) in uses {
            let known = &found[file];
            let members: Vec<(TextRange, Name)> =
                uses.iter().flat_map(|one| names(one, known).iter().map(|name| (one.operand, name.clone()))).collect();
            if !members.is_empty() {
                by_file.entry(*file).or_default().members = members;
            }
        }
        for (file, answers) in builder.ask(by_file) {
            found.entry(file).or_default().extend(answers.members);
        }
    };
    ask_for(|one, _| if hook::is_asked_last(one) { &one.chain[..1] } else { &one.chain });
    ask_for(|one, known| {
        let is_found = known.get(&(one.operand, one.chain[0].clone())).is_some_and(|found| !found.is_empty());
        if hook::is_asked_last(one) && !is_found { &one.chain[1..] } else { &[] }
    });
    found
}

/// The first of the methods that is defined, where it is one of the project.
fn first_of<'d>(
    builder: &Builder,
    chain: &[Name],
    typed: impl Fn(&Name) -> &'d [Definition],
) -> Option<(Name, Vec<FuncId>)> {
    for name in chain {
        // An attribute that a class defines is not asked for.
        if chain.len() > 1 && !name.starts_with("__") {
            if typed(name).is_empty() {
                continue;
            }
            return None;
        }
        let targets = by_type(builder, typed(name), name);
        if !targets.is_empty() {
            return Some((name.clone(), targets));
        }
    }
    None
}

/// The methods of the project among the definitions. A property is named where something is written to it.
fn by_type(builder: &Builder, definitions: &[Definition], name: &Name) -> Vec<FuncId> {
    let defined = definitions.iter().flat_map(|one| site::defined(builder, one));
    if METHODS.contains(&name.as_str()) || library::is_run(name) {
        return defined.collect();
    }
    let classes: BTreeSet<ClassId> = defined.filter_map(|func| builder.index.func(func).class).collect();
    classes.into_iter().flat_map(|class| setters(builder, class, name)).collect()
}

fn setters(builder: &Builder, class: ClassId, name: &str) -> Vec<FuncId> {
    let all = hierarchy::methods(builder.index, class, name);
    all.filter(|func| boundary::accessor(builder.index, *func) == boundary::Accessor::Setter).collect()
}

/// Loads the files that may run the methods. Operators name nothing.
fn load(builder: &mut Builder, wanted: &BTreeSet<Name>) {
    if wanted.iter().all(|name| library::is_run(name)) {
        // Most of `print` writes to the console.
        let words: BTreeSet<&str> =
            wanted.iter().flat_map(|name| library::words(name)).filter(|word| *word != "print").collect();
        let printing = ["file", "print"].map(|word| builder.index.words.files(word).collect::<FxHashSet<FileId>>());
        let both: Vec<FileId> = printing[0].intersection(&printing[1]).copied().collect();
        builder.index.load_words(builder.project, words);
        if wanted.iter().any(|name| matches!(name.as_str(), "write" | "flush")) {
            builder.index.load(builder.project, &both);
        }
        return;
    }
    let every: Vec<FileId> = builder.project.ids().collect();
    builder.index.load(builder.project, &every);
}

/// Is it the `__exit__` beside an `__enter__` of the project, whose own site stands for both?
fn is_entered(builder: &Builder, operand: &Operand) -> bool {
    let enters = || builder.index.refs_in(operand.file, "__enter__");
    operand.site.name == "__exit__"
        && enters()
            .any(|id| builder.index.site(id).range == operand.site.range && builder.graph.sites.contains_key(&id))
}

/// ty knows no type: the methods of the objects that get there.
fn by_flow(builder: &mut Builder, value: ValueId, chain: &[Name]) -> Option<(Name, Vec<FuncId>)> {
    let mut found: BTreeMap<usize, BTreeSet<FuncId>> = BTreeMap::new();
    let classes: BTreeSet<ClassId> = flow::arriving_classes(builder, value).into_iter().collect();
    for class in classes {
        builder.index_close(class);
        let ancestors = builder.graph.hierarchy.ancestors(class);
        let of_class = |name: &Name| match METHODS.contains(&name.as_str()) || library::is_run(name) {
            true => ancestors.iter().find_map(|id| hierarchy::method(builder.index, *id, name)),
            false => ancestors.iter().find_map(|id| setters(builder, *id, name).pop()),
        };
        let first = chain.iter().enumerate().find_map(|(at, name)| Some((at, of_class(name)?)));
        if let Some((at, func)) = first {
            found.entry(at).or_default().insert(func);
        }
    }
    let nodes = &builder.graph.nodes;
    let (at, funcs) = found.into_iter().find(|(_, funcs)| funcs.iter().any(|func| nodes.contains(func)))?;
    Some((chain[at].clone(), funcs.into_iter().collect()))
}

/// The operands in each file whose type may have one of the methods, with the method.
fn find_uses(builder: &Builder, wanted: &BTreeSet<Name>, described: &BTreeSet<Name>) -> Vec<(FileId, Vec<Use>)> {
    let files: Vec<FileId> = builder.index.loaded_files().map(|(file, _)| file).collect();
    files
        .par_iter()
        .filter_map(|file| {
            let bytes = std::fs::read(&builder.project.file(*file).path).ok()?;
            let text = source::decode(&bytes).ok()?.text;
            let module = ruff_python_parser::parse_module(&text).ok()?;
            let mut finder = Finder::new(wanted, described, module.suite());
            finder.visit_body(module.suite());
            let found = finder
                .found
                .into_iter()
                .map(|(start, end, chain)| Use { operand: TextRange::new(start, end), chain })
                .collect();
            Some((*file, found))
        })
        .collect()
}

/// The longest name that starts at a place.
#[derive(Clone, Copy)]
struct Start {
    context: ContextId,
    value: ValueId,
    range: TextRange,
}

fn names_by_start(file: FileId, facts: &FileFacts) -> FxHashMap<TextSize, Start> {
    let mut names: Vec<&Ref> = facts.refs.iter().filter(|site| !site.is_implicit()).collect();
    names.sort_by_key(|site| site.range.len());
    let start = |site: &Ref| Start { context: site.context, value: site.value, range: site.range };
    let mut found: FxHashMap<TextSize, Start> = bound_names(file, facts).collect();
    found.extend(names.into_iter().map(|site| (site.range.start(), start(site))));
    found
}

/// Names that are bound: `x += y` runs a method of what `x` was.
fn bound_names(file: FileId, facts: &FileFacts) -> impl Iterator<Item = (TextSize, Start)> {
    let mut contexts: FxHashMap<ScopeId, ContextId> = FxHashMap::default();
    for (index, context) in facts.contexts.iter().enumerate() {
        contexts.entry(context.scope).or_insert(ContextId { file, index: index as u32 });
    }
    let mut values: FxHashMap<(ScopeId, &Name), ValueId> = FxHashMap::default();
    for (index, value) in facts.values.iter().enumerate() {
        if let Value::Name { name, scope } = value {
            values.entry((*scope, name)).or_insert(ValueId { file, index: index as u32 });
        }
    }
    let scopes =
        facts.scopes.iter().enumerate().map(move |(index, scope)| (ScopeId { file, index: index as u32 }, scope));
    scopes.flat_map(move |(id, scope)| {
        let context = contexts.get(&id).copied();
        let named = scope.bindings.iter().filter_map(|binding| {
            let (context, value) = (context?, *values.get(&(id, &binding.name))?);
            Some((binding.range.start(), Start { context, value, range: binding.range }))
        });
        named.collect::<Vec<_>>()
    })
}

fn results_by_range(file: FileId, facts: &FileFacts) -> FxHashMap<TextRange, ValueId> {
    let values = facts.values.iter().enumerate();
    let results = values.filter_map(|(index, value)| match value {
        Value::Call { call } => Some((facts[*call].range, ValueId { file, index: index as u32 })),
        _ => None,
    });
    results.collect()
}
