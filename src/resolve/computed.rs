//! Names that are computed: `getattr(client, command)`, where the program passes `"touch"` as `command`. Whatever function
//! such an expression may name is called there, or handed on, without an `await`.

use std::collections::{BTreeMap, BTreeSet};

use super::builder::Builder;
use super::flow;
use super::names::Meaning;
use crate::index::facts::*;
use crate::py::source;

/// Functions that look a name up on what they are given, with the positions of the object and of the name.
const FINDERS: [(&str, Option<usize>, usize); 2] = [("getattr", Some(0), 1), ("methodcaller", None, 0)];

/// The nodes that a computed name may stand for, with the first call that computes it. Those in tests are by the function
/// around them.
#[derive(Debug, Default)]
pub struct Computed {
    pub code: BTreeMap<FuncId, CallId>,
    pub tests: BTreeMap<FuncId, Vec<(CallId, FuncId)>>,
}

/// Looks through every place of the program that computes a name.
pub(crate) fn find(builder: &mut Builder) -> Computed {
    let mut found = Computed::default();
    if builder.graph.nodes.is_empty() {
        return found;
    }
    load(builder);
    for call in calls(builder) {
        let targets = targets(builder, call);
        let owner = builder.index.context(builder.index.call(call).context).func;
        for target in targets {
            if !builder.in_tests(call.file) {
                found.code.entry(target).or_insert(call);
            } else if let Some(owner) = owner {
                found.tests.entry(owner).or_default().push((call, target));
            }
        }
    }
    found
}

/// Parses the files in which a name may be computed.
fn load(builder: &mut Builder) {
    let words = FINDERS.iter().flat_map(|(word, _, _)| builder.index.words.files(word));
    let mut files: BTreeSet<FileId> = words.filter(|file| builder.index.loaded(*file).is_none()).collect();
    files.retain(|file| {
        let bytes = std::fs::read(&builder.project.file(*file).path).unwrap_or_default();
        source::decode(&bytes).is_ok_and(|source| computes(&source.text))
    });
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
    }) || text.contains("methodcaller(")
}

/// The look-ups of computed names, but for those whose result is only looked at.
fn calls(builder: &Builder) -> Vec<CallId> {
    let mut found = vec![];
    for (file, facts) in builder.index.loaded_files() {
        for (index, call) in facts.calls.iter().enumerate() {
            let id = CallId { file, index: index as u32 };
            let Some((_, _, name)) = finder(builder, id) else { continue };
            let Some(name) = call.args.get(name) else { continue };
            let is_literal = matches!(builder.index.value(name.value), Value::Text(_));
            if !is_literal && !forwards(builder, id) && may_run(builder, id) {
                found.push(id);
            }
        }
    }
    found
}

fn finder(builder: &Builder, call: CallId) -> Option<(&'static str, Option<usize>, usize)> {
    let name = builder.names().last_name(builder.index.call(call).func)?;
    FINDERS.into_iter().find(|(word, _, _)| *word == name)
}

/// `return getattr(self.inner, name)` in `__getattr__`: what is called has its name at the site.
fn forwards(builder: &Builder, call: CallId) -> bool {
    let owner = builder.index.context(builder.index.call(call).context).func;
    owner.is_some_and(|owner| matches!(builder.index.func(owner).name.as_str(), "__getattr__" | "__getattribute__"))
}

/// Is what was looked up called, or handed on to where it may be?
fn may_run(builder: &Builder, call: CallId) -> bool {
    match builder.index.call(call).usage {
        Usage::Called(_) | Usage::Returned | Usage::Yielded | Usage::Element { .. } | Usage::Starred { .. } => true,
        Usage::Argument { call, .. } => {
            let taker = builder.names().last_name(builder.index.call(call).func);
            !taker.is_some_and(|name| {
                matches!(name, "callable" | "print" | "str" | "repr" | "isinstance" | "len" | "bool")
            })
        }
        Usage::Assigned => assigned_names(builder, call).is_none_or(|names| names.iter().any(|id| runs(builder, *id))),
        _ => false,
    }
}

/// The uses of the local name that the result is assigned to; none when it goes elsewhere.
fn assigned_names(builder: &Builder, call: CallId) -> Option<Vec<RefId>> {
    let facts = builder.index.file(call.file);
    let is_it = |value: ValueId| match builder.index.value(value) {
        Value::Call { call: own } => *own == call,
        Value::Either(values) => {
            values.iter().any(|value| matches!(facts[*value], Value::Call { call: own } if own == call))
        }
        _ => false,
    };
    let scope = facts[facts[call].context].scope;
    let name =
        facts[scope].bindings.iter().find(|binding| matches!(binding.bound, Bound::Value(value) if is_it(value)));
    let refs = builder.index.refs_of(&name?.name).iter().copied();
    Some(refs.filter(|id| id.file == call.file && builder.index.site(*id).receiver.is_none()).collect())
}

fn runs(builder: &Builder, id: RefId) -> bool {
    matches!(
        builder.index.site(id).usage,
        Usage::Called(_) | Usage::Argument { .. } | Usage::Returned | Usage::Element { .. } | Usage::Assigned
    )
}

/// The nodes that a look-up may find: by the strings that reach it, on the objects that reach it. Of a name that is quite
/// open, every method of a known object.
fn targets(builder: &mut Builder, call: CallId) -> Vec<FuncId> {
    let Some((_, object, name)) = finder(builder, call) else { return vec![] };
    let args: Vec<ValueId> = builder.index.call(call).args.iter().map(|arg| arg.value).collect();
    let spelled = flow::spelled(builder, args[name]);
    let owners = object.and_then(|object| flow::owners(builder, args[object]));
    let of_owner = |builder: &mut Builder, func: FuncId| match &owners {
        None => None,
        Some((classes, modules)) => {
            let class = builder.index.func(func).class;
            let related = class.is_some_and(|class| classes.iter().any(|own| are_related(builder, class, *own)));
            let in_module =
                class.is_none() && (modules.contains(&func.file) || !modules.is_empty() && is_exported(builder, func));
            Some(related || in_module)
        }
    };
    let is_called = match builder.index.call(call).usage {
        Usage::Called(_) => true,
        Usage::Assigned => assigned_names(builder, call)
            .is_some_and(|names| names.iter().any(|id| matches!(builder.index.site(*id).usage, Usage::Called(_)))),
        _ => false,
    };
    let nodes: Vec<FuncId> = builder.graph.nodes.iter().copied().filter(|func| !builder.in_tests(func.file)).collect();
    let mut found = vec![];
    for func in nodes {
        let name = &builder.index.func(func).name;
        let fits = spelled.fits(name);
        let is_any = spelled.is_open && spelled.parts.is_empty() && is_called && !name.starts_with("__");
        let is_found = match of_owner(builder, func) {
            Some(is_owned) => is_owned && (fits || is_any),
            None => fits,
        };
        if is_found {
            found.push(func);
        }
    }
    found
}

fn are_related(builder: &mut Builder, left: ClassId, right: ClassId) -> bool {
    builder.index_close(right);
    let hierarchy = &builder.graph.hierarchy;
    left == right || hierarchy.ancestors(right).contains(&left) || hierarchy.descendants(right).contains(&left)
}

/// Does another module import the function, so that it may be found there?
fn is_exported(builder: &Builder, func: FuncId) -> bool {
    let name = &builder.index.func(func).name;
    builder.index.imports_of(name).iter().any(|(file, at)| {
        let binds = &builder.index.file(*file).imports[*at as usize].binds;
        let scope = ScopeId { file: *file, index: 0 };
        builder.names().lookup(scope, binds).contains(&Meaning::Func(func))
    })
}
