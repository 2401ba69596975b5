//! Names that are computed: `getattr(client, command)`, where the program passes `"touch"` as `command`. Where every name is
//! known, in parts at least, what is looked up is followed to its calls. Where it goes out of sight, and where the name may
//! be any, whatever it may be is called without an `await`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::builder::Builder;
use super::flow::{self, LookedInto, Owner, Runs, Spelled, Token};
use super::names::Meaning;
use super::{Evidence, PickSite, carried, hierarchy, looked_up, signature};
use crate::index::facts::*;
use crate::py::source;

/// The nodes that a computed name may stand for, where nobody sees what comes of it. Those in tests are by the function
/// around them.
#[derive(Debug, Default)]
pub struct Computed {
    pub code: BTreeMap<FuncId, PickSite>,
    pub tests: BTreeMap<FuncId, Vec<(PickSite, FuncId)>>,
}

/// The places that compute names.
#[derive(Debug, Default)]
struct Places {
    /// Those where something is known of the name.
    named: Vec<PickSite>,
    /// Those where it may be any: of an object, and a global.
    open: Vec<(PickSite, ValueId)>,
    globals: Vec<PickSite>,
}

/// What is known of the places that compute names.
#[derive(Default)]
pub(crate) struct State {
    /// Set once their files were parsed.
    places: Option<Rc<Places>>,
    /// What the places look into that may look up any name, with the state of the index and the hierarchy that says so.
    open: Option<((usize, u32), Rc<LookedInto>)>,
    spelled: FxHashMap<PickSite, Rc<Spelled>>,
    /// The places outside of tests that may read an attribute of a name by one of the names that are known of them, or by any
    /// other: whether they fit it.
    readers: FxHashMap<Name, Rc<BTreeMap<PickSite, bool>>>,
    /// Whether a file has a name as a whole string.
    strings: FxHashMap<(FileId, Name), bool>,
    /// Places where what may be more than is known goes out of sight, with the calls of it.
    lost: FxHashMap<(PickSite, Fit), BTreeSet<RefId>>,
    /// Reads from which a walk passed more places than are looked at, and found none that runs what is read there: that is data, whatever
    /// else is followed from there.
    pub(super) endless: FxHashSet<(ValueId, u32)>,
    /// The calls of the program that may be of a function, where it may be another one.
    doubtful: BTreeMap<RefId, BTreeSet<FuncId>>,
    /// Functions that were asked about.
    asked: FxHashSet<FuncId>,
    /// Whether what codemods name was looked for.
    pub(super) layer_done: bool,
    /// Whether a hook gives what it looks up other arguments than it is called with.
    pub(super) changes_arguments: Option<bool>,
}

impl State {
    /// Remembers what a walk from a read of a computed name came to.
    pub(super) fn note_endless(&mut self, trace: &flow::Trace, from: ValueId, depth: u32) {
        if trace.is_endless && !trace.is_run() {
            self.endless.insert((from, depth));
        }
    }
}

/// Looks for the places that may look up what became a node since the last time. Returns whether anything came of it.
pub(crate) fn follow(builder: &mut Builder) -> bool {
    let nodes: Vec<FuncId> = builder.graph.nodes.iter().copied().collect();
    let mut changed = looked_up::follow(builder);
    for func in nodes {
        if builder.computed.asked.insert(func) && !builder.in_tests(func.file) {
            changed |= follow_func(builder, func);
        }
    }
    changed
}

/// `getattr(self, f"do_{name}")` and the like.
fn follow_func(builder: &mut Builder, func: FuncId) -> bool {
    let mut changed = false;
    for (place, fit) in of(builder, func) {
        let in_tests = builder.in_tests(place.file);
        let (is_lost, calls) = outcome(builder, place, fit, func);
        if in_tests {
            let around = builder.index.context(builder.index.pick(place.file, place.index).context).func;
            if let Some(around) = around.filter(|_| is_lost || !calls.is_empty()) {
                builder.graph.computed.tests.entry(around).or_default().push((place, func));
            }
            continue;
        }
        if is_lost {
            builder.graph.computed.code.entry(func).or_insert(place);
        }
        for call in calls {
            match fit {
                Fit::Known => changed |= carried::add_place(builder, call, BTreeSet::from([func]), Runs::Calls),
                Fit::Among | Fit::Any => drop(builder.computed.doubtful.entry(call).or_default().insert(func)),
            }
        }
    }
    changed
}

/// `getattr(client, name)(key)`, where the name may be any of the client's: what may block there is listed.
pub(super) fn leave_open(builder: &mut Builder) {
    for (id, funcs) in std::mem::take(&mut builder.computed.doubtful) {
        let Usage::Called(call) = builder.index.site(id).usage else { continue };
        let call = builder.index.call(call);
        let targets: Vec<FuncId> =
            funcs.into_iter().filter(|func| signature::fits(builder.index, *func, call)).collect();
        if !builder.in_tests(id.file) {
            builder.leave_uncertain(id, targets, Evidence::Flow);
        }
    }
}

/// Whether nobody sees what comes of a function that is looked up at a place; else its calls.
fn outcome(builder: &mut Builder, place: PickSite, fit: Fit, func: FuncId) -> (bool, BTreeSet<RefId>) {
    // What one function may be lost through, any other may.
    if let Some(calls) = builder.computed.lost.get(&(place, fit)) {
        return (true, calls.clone());
    }
    let pick = builder.index.pick(place.file, place.index);
    let (from, depth, holder) = (pick.value, pick.depth, pick.holder);
    if fit == Fit::Any && builder.computed.endless.contains(&(from, depth)) {
        return (false, BTreeSet::new());
    }
    let trace = flow::trace_inside(builder, Token::Function(func), from, depth);
    builder.computed.note_endless(&trace, from, depth);
    let is_lost = match fit {
        _ if holder == Holder::Code => true,
        Fit::Known => trace.escape.is_some(),
        // What may be anything is mostly data.
        Fit::Any => !trace.calls.is_empty(),
        Fit::Among => !trace.calls.is_empty() || trace.escape.is_some(),
    };
    if is_lost && fit != Fit::Known {
        builder.computed.lost.insert((place, fit), trace.calls.clone());
    }
    (is_lost, trace.calls)
}

/// How the name at a place goes with that of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Fit {
    /// All names that are looked up there are known, in parts at least, and this is one.
    Known,
    /// This is one, and there are others.
    Among,
    /// It may be any name, and the object has the function.
    Any,
}

/// The places in the program that may look a function up.
fn of(builder: &mut Builder, func: FuncId) -> Vec<(PickSite, Fit)> {
    let mut found = vec![];
    let name = builder.index.func(func).name.clone();
    let is_dunder = name.starts_with("__");
    for place in places_of_member(builder, func) {
        let spelled = spelled(builder, place);
        let fits = spelled.fits(&name);
        if !fits && (!spelled.is_open() || is_dunder) {
            continue;
        }
        let fit = match has(builder, place, func) {
            Some(false) => continue,
            None if !fits => continue,
            _ if !fits && is_string(builder, place.file, &name) => Fit::Among,
            _ if !fits => Fit::Any,
            _ if spelled.is_open() => Fit::Among,
            _ => Fit::Known,
        };
        found.push((place, fit));
    }
    found
}

/// May the class be found by a name that the program computes?
pub(super) fn may_find_class(builder: &mut Builder, class: ClassId) -> bool {
    let name = builder.index.class(class).name.clone();
    let places = places(builder);
    let candidates = [places.named.as_slice(), &places.globals, open(builder).in_module(class.file)].concat();
    candidates.into_iter().any(|place| {
        let spelled = spelled(builder, place);
        if builder.in_tests(place.file) || !spelled.fits(&name) && !spelled.is_open() {
            return false;
        }
        match builder.index.pick(place.file, place.index).holder {
            Holder::Globals => place.file == class.file || spelled.fits(&name),
            Holder::Object(object) if !spelled.fits(&name) => flow::may_be_module(builder, object, class.file),
            // A class is looked up in a module.
            Holder::Object(object) => !flow::is_foreign_object(builder, object),
            Holder::Anything | Holder::Code => spelled.fits(&name),
        }
    })
}

/// A place that may read an attribute by a computed name.
pub(super) struct Reader {
    /// What it reads, with how many containers around it, and of what.
    pub(super) value: ValueId,
    pub(super) depth: u32,
    pub(super) object: ValueId,
    /// The name is one of those that are known; else it may be any.
    pub(super) fits: bool,
}

/// The places that may read an attribute of what the owner is by a computed name; none for one of which nobody knows what it
/// reads that of.
pub(super) fn readers(builder: &mut Builder, name: &Name, owner: Owner) -> Vec<Option<Reader>> {
    let open = open(builder).owned_by(builder, owner);
    readers_at(builder, name, open)
}

/// The same for a global of a module.
pub(super) fn readers_of_global(builder: &mut Builder, name: &Name, file: FileId) -> Vec<Option<Reader>> {
    let open = open(builder).in_module(file).iter().copied().collect();
    readers_at(builder, name, open)
}

/// Of the places that may read any name, and those where something is known of it, the ones that may read this one.
fn readers_at(builder: &mut Builder, name: &Name, open: BTreeSet<PickSite>) -> Vec<Option<Reader>> {
    let mut found = vec![];
    let mut places = (*named_readers(builder, name)).clone();
    for place in open {
        if !places.contains_key(&place) && !builder.in_tests(place.file) {
            let spelled = spelled(builder, place);
            let fits = spelled.fits(name);
            places.extend((fits || spelled.is_open()).then_some((place, fits)));
        }
    }
    for (place, fits) in places {
        let pick = builder.index.pick(place.file, place.index);
        match pick.holder {
            Holder::Object(object) => found.push(Some(Reader { value: pick.value, depth: pick.depth, object, fits })),
            Holder::Globals | Holder::Anything | Holder::Code => found.extend(fits.then_some(None)),
        }
    }
    found
}

/// Of the places where something is known of the name, those that may read this one.
fn named_readers(builder: &mut Builder, name: &Name) -> Rc<BTreeMap<PickSite, bool>> {
    if let Some(known) = builder.computed.readers.get(name) {
        return known.clone();
    }
    let mut found = BTreeMap::new();
    for &place in &places(builder).named {
        let spelled = spelled(builder, place);
        let fits = spelled.fits(name);
        if (fits || spelled.is_open()) && !builder.in_tests(place.file) {
            found.insert(place, fits);
        }
    }
    let found = Rc::new(found);
    builder.computed.readers.insert(name.clone(), found.clone());
    found
}

/// Is the function a member of the object at the place? None when nobody knows the object.
fn has(builder: &mut Builder, place: PickSite, func: FuncId) -> Option<bool> {
    match builder.index.pick(place.file, place.index).holder {
        Holder::Anything | Holder::Code => None,
        Holder::Globals => Some(flow::is_global(builder, func, place.file)),
        Holder::Object(object) => flow::may_have_member(builder, object, func),
    }
}

pub(crate) fn spelled(builder: &mut Builder, place: PickSite) -> Rc<Spelled> {
    if let Some(known) = builder.computed.spelled.get(&place) {
        return known.clone();
    }
    let (name, holder) =
        (builder.index.pick(place.file, place.index).name, builder.index.pick(place.file, place.index).holder);
    let found = flow::spelled(builder, name);
    let found = Rc::new(if holder == Holder::Code { found.identifiers() } else { found });
    builder.computed.spelled.insert(place, found.clone());
    found
}

/// Does a string in the file of the place say the name, and nothing else? It may be in a table that the place goes through.
fn is_string(builder: &mut Builder, file: FileId, name: &Name) -> bool {
    if let Some(known) = builder.computed.strings.get(&(file, name.clone())) {
        return *known;
    }
    let quoted = ["\"", "'"].map(|quote| format!("{quote}{name}{quote}"));
    let is_mentioned = builder.index.words.files(name).any(|other| other == file);
    let text = if is_mentioned { text(builder, file) } else { None };
    let found = text.is_some_and(|text| quoted.iter().any(|quoted| text.contains(quoted)));
    builder.computed.strings.insert((file, name.clone()), found);
    found
}

fn text(builder: &Builder, file: FileId) -> Option<String> {
    let bytes = std::fs::read(&builder.project.file(file).path).unwrap_or_default();
    source::decode(&bytes).ok().map(|source| source.text)
}

/// The places that may look up a name, and have the function where they look.
fn places_of_member(builder: &mut Builder, func: FuncId) -> BTreeSet<PickSite> {
    let places = places(builder);
    let open = open(builder);
    let mut found = match builder.index.func(func).class {
        Some(class) => open.members_of(builder, class),
        None => open.in_modules(),
    };
    found.extend(places.named.iter().chain(&places.globals));
    found
}

/// Every place that computes a name.
fn places(builder: &mut Builder) -> Rc<Places> {
    if let Some(known) = &builder.computed.places {
        return known.clone();
    }
    load(builder);
    let all = builder.index.loaded_files().flat_map(|(file, facts)| {
        let indexes = 0..facts.picks.len() as u32;
        indexes.map(move |index| PickSite { file, index })
    });
    let all: Vec<PickSite> = all.filter(|place| !forwards(builder, *place)).collect();
    let mut found = Places::default();
    for place in all {
        let holder = builder.index.pick(place.file, place.index).holder;
        match holder {
            _ if !spelled(builder, place).is_any() => found.named.push(place),
            Holder::Object(object) => found.open.push((place, object)),
            Holder::Globals => found.globals.push(place),
            // Any name of nobody knows what says nothing.
            Holder::Anything | Holder::Code => {}
        }
    }
    let found = Rc::new(found);
    builder.computed.places = Some(found.clone());
    found
}

/// What the places look into that may look up any name.
fn open(builder: &mut Builder) -> Rc<LookedInto> {
    let version = (builder.index.loaded_count(), builder.graph.hierarchy.version());
    if let Some((_, known)) = builder.computed.open.as_ref().filter(|(at, _)| *at == version) {
        return known.clone();
    }
    let places = places(builder);
    let found = Rc::new(LookedInto::new(builder, &places.open));
    let version = (builder.index.loaded_count(), builder.graph.hierarchy.version());
    builder.computed.open = Some((version, found.clone()));
    found
}

/// Words of what gives all fields of an object.
const FIELDS: [&str; 3] = ["asdict", "astuple", "model_dump"];

/// Words of what runs code that is a string.
const CODE: [&str; 6] = ["runctx", "cProfile", "profile", "pdb", "timeit", "Timer"];

/// Parses the files in which a name may be computed.
fn load(builder: &mut Builder) {
    let words =
        ["getattr", "methodcaller", "attrgetter", "globals", "vars", "__dict__", "getmembers", "eval", "exec", "case"];
    let words = words.iter().chain(&CODE).chain(&FIELDS).flat_map(|word| builder.index.words.files(word));
    let mut files: BTreeSet<FileId> = words.filter(|file| builder.index.loaded(*file).is_none()).collect();
    files.retain(|file| text(builder, *file).is_some_and(|text| computes(&text)));
    builder.index.load(builder.project, &Vec::from_iter(files));
}

/// Does the text hold a look-up of something else than a string literal? Wrong only for calls that are spelled oddly, in
/// the direction of a needless parse.
fn computes(text: &str) -> bool {
    text.match_indices("getattr(").any(|(at, word)| {
        let inner = &text[at + word.len()..];
        let mut depth = 0_usize;
        let comma = inner.char_indices().find(|(_, char)| {
            match char {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            *char == ',' && depth == 0
        });
        comma.is_none_or(|(at, _)| !inner[at + 1..].trim_start().starts_with(['"', '\'']))
    }) || has_class_pattern(text)
        || ["methodcaller(", "attrgetter(", "globals()", "vars(", "__dict__", "getmembers", "eval(", "exec("]
            .iter()
            .chain(&CODE)
            .chain(&FIELDS)
            .any(|word| text.contains(word))
}

/// `case Box(item=service):` reads an attribute.
fn has_class_pattern(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().strip_prefix("case ").is_some_and(|pattern| pattern.contains('(')))
}

/// `return getattr(self.inner, name)` in `__getattr__`: what is called has its name at the site.
pub(super) fn forwards(builder: &Builder, place: PickSite) -> bool {
    let pick = builder.index.pick(place.file, place.index);
    let Some(func) = builder.index.context(pick.context).func else { return false };
    hierarchy::is_hook(&builder.index.func(func).name)
        && matches!(builder.names().evaluate(pick.name).as_slice(),
            [Meaning::Param { func: of, index: 1 }] if *of == func)
}
