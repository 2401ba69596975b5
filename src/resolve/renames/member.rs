//! Places that name a method: definitions of its family, sites by type, strings where attributes are looked up.

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;

use super::text::Texts;
use super::{Entry, Found, Gate, How, Meant, docstring};
use crate::index::facts::*;
use crate::py::infer::{self, Certainty};
use crate::resolve::builder::Builder;
use crate::resolve::site;

/// Completes the families of the methods that an entry names, and queues their names.
pub(super) fn add_families(builder: &mut Builder, number: usize) {
    let entry = builder.graph.renames.entries[number].clone();
    let mut functions: BTreeSet<FuncId> = BTreeSet::new();
    for meant in &entry.meant {
        match meant {
            Meant::Members(members) => functions.extend(families(builder, &entry, members)),
            Meant::ForeignMember(_) => {
                builder.index.load_words(builder.project, [entry.old.as_str()]);
                builder.want(&entry.old);
            }
            Meant::Definitions(_) | Meant::Module(_) | Meant::External(_) => {}
        }
    }
    for func in &functions {
        builder.graph.renames.new_names.insert(*func, entry.new.to_string());
    }
    if !functions.is_empty() {
        builder.want(&entry.old);
        let meant = &mut builder.graph.renames.entries[number].meant;
        for members in meant.iter_mut() {
            if let Meant::Members(members) = members {
                members.extend(functions.iter().copied());
            }
        }
    }
}

/// The methods with all that override them. A plain name leaves out what a codemod calls through an async twin.
fn families(builder: &mut Builder, entry: &Entry, members: &BTreeSet<FuncId>) -> BTreeSet<FuncId> {
    let mut all = BTreeSet::new();
    for member in members {
        let Some(class) = builder.index.func(*member).class else { continue };
        builder.index_close(class);
        if builder.graph.swapped.contains(&class) && !entry.from.contains('.') {
            continue;
        }
        all.extend(builder.graph.hierarchy.family(builder.index, class, &entry.old));
        all.insert(*member);
    }
    all.retain(|func| builder.project.file(func.file).editable);
    all
}

/// Finds the places of methods of the project.
pub(super) fn find(builder: &mut Builder, texts: &Texts, number: usize, members: &BTreeSet<FuncId>, found: &mut Found) {
    let entry = builder.graph.renames.entries[number].clone();
    let new = || How::Name(entry.new.to_string());
    let members: BTreeSet<FuncId> =
        members.iter().copied().filter(|func| builder.graph.renames.new_names.contains_key(func)).collect();
    for func in &members {
        found.add(func.file, builder.index.func(*func).name_range, new(), Gate::Stays(*func));
    }
    let mut renamed = BTreeSet::new();
    for id in builder.index.refs_of(&entry.old).to_vec() {
        let facts = builder.index.site(id);
        if facts.is_implicit() || !builder.project.file(id.file).editable {
            continue;
        }
        let (mut range, mut how) = (facts.name_range, new());
        if facts.looked_up_on.is_some() {
            let Some(word) = texts.last_word(id.file, range, &entry.old) else { continue };
            (range, how) = (word, How::Mention(entry.new.to_string()));
        }
        match meaning_of(builder, id, &members) {
            Means::Member(func) => {
                renamed.insert(id);
                found.add(id.file, range, how, Gate::Stays(func));
            }
            Means::Perhaps => found.keep(id.file, range, number),
            Means::Other => {}
        }
    }
    lookups(builder, texts, number, &entry, &renamed, found);
    let files: Vec<FileId> = builder.index.words.files(&entry.old).collect();
    for file in files {
        if builder.index.loaded(file).is_none() || !builder.project.file(file).editable {
            continue;
        }
        for range in docstring::members(builder, texts, file, &entry.old, &members) {
            found.add(file, range, How::Mention(entry.new.to_string()), Gate::Always);
        }
    }
}

/// What a site of the old name means.
enum Means {
    Member(FuncId),
    Perhaps,
    Other,
}

fn meaning_of(builder: &Builder, id: RefId, members: &BTreeSet<FuncId>) -> Means {
    let (targets, uncertain) = match (builder.graph.sites.get(&id), builder.parked_sites.get(&id)) {
        (Some(site), _) => (site.targets.clone(), site.uncertain),
        (None, Some((targets, _))) => (targets.clone(), false),
        (None, None) => match builder.graph.unsettled.get(&id) {
            Some(candidates) => (candidates.clone(), true),
            None => return Means::Other,
        },
    };
    let ours = targets.iter().filter(|target| members.contains(target)).count();
    match (ours, uncertain) {
        (0, _) => Means::Other,
        (ours, false) if ours == targets.len() => Means::Member(targets[0]),
        _ => Means::Perhaps,
    }
}

/// `hasattr(x, "close")`, `getattr(x, "close")`: when `x.close` is renamed in the same function, or the type of `x` says so.
fn lookups(
    builder: &mut Builder,
    texts: &Texts,
    number: usize,
    entry: &Entry,
    renamed: &BTreeSet<RefId>,
    found: &mut Found,
) {
    for (file, index) in builder.index.lookups_of(&entry.old).to_vec() {
        let lookup = &builder.index.file(file).lookups[index as usize];
        if !builder.project.file(file).editable {
            continue;
        }
        let Some(range) = texts.last_word(file, lookup.range, &entry.old) else { continue };
        let is_meant = match lookup.text.rsplit_once('.') {
            Some((class, _)) => names_member(builder, class, &entry.old),
            None => looks_up(builder, file, index, renamed),
        };
        match is_meant {
            Some(true) => found.add(file, range, How::Mention(entry.new.to_string()), Gate::Always),
            Some(false) => {}
            None => found.keep(file, range, number),
        }
    }
}

/// `patch("pkg.mod.Class.method")`.
fn names_member(builder: &Builder, class: &str, old: &Name) -> Option<bool> {
    let last = class.rsplit('.').next()?;
    let found = builder.index.classes_of(last).iter().find(|id| builder.names().qualified_class(**id) == class);
    let Some(class) = found else { return Some(false) };
    let ancestors = builder.graph.hierarchy.ancestors(*class);
    let method = ancestors.into_iter().find_map(|id| crate::resolve::hierarchy::method(builder.index, id, old));
    Some(method.is_some_and(|method| builder.graph.renames.new_names.contains_key(&method)))
}

/// None when nothing tells.
fn looks_up(builder: &Builder, file: FileId, index: u32, renamed: &BTreeSet<RefId>) -> Option<bool> {
    let facts = builder.index.file(file);
    let lookup = &facts.lookups[index as usize];
    let first = builder.index.call(lookup.call).args.first()?;
    let func = facts[lookup.context].func;
    let is_same = |id: RefId| {
        let site = builder.index.site(id);
        site.receiver.is_some_and(|receiver| same_path(builder, receiver, first.value))
            && builder.index.context(site.context).func == func
    };
    let in_file = || builder.index.refs_in(file, &lookup.name);
    if in_file().any(|id| is_same(id) && renamed.contains(&id)) {
        return Some(true);
    }
    if in_file().any(is_same) {
        return Some(false);
    }
    let questions = infer::Questions { members: vec![(first.range, lookup.name.clone())], ..Default::default() };
    let answers = builder.ask(std::collections::BTreeMap::from([(file, questions)]));
    let definitions = answers.get(&file)?.members.get(&(first.range, lookup.name.clone()))?;
    let targets: Vec<FuncId> = definitions.iter().flat_map(|definition| site::defined(builder, definition)).collect();
    if definitions.is_empty() {
        return None;
    }
    Some(!targets.is_empty() && targets.iter().all(|target| builder.graph.renames.new_names.contains_key(target)))
}

/// Are both values the same chain of names?
fn same_path(builder: &Builder, left: ValueId, right: ValueId) -> bool {
    match (builder.index.value(left), builder.index.value(right)) {
        (Value::Name { name: left, .. }, Value::Name { name: right, .. }) => left == right,
        (Value::Attribute { receiver: left, name }, Value::Attribute { receiver: right, name: other }) => {
            name == other && same_path(builder, *left, *right)
        }
        _ => false,
    }
}

/// Finds the places of a method of a class outside of the project, and of what overrides it.
pub(super) fn find_foreign(builder: &mut Builder, number: usize, definitions: &[infer::Definition], found: &mut Found) {
    let entry = builder.graph.renames.entries[number].clone();
    let ids: Vec<RefId> = builder.index.refs_of(&entry.old).to_vec();
    let asked: Vec<RefId> = ids
        .into_iter()
        .filter(|id| {
            let site = builder.index.site(*id);
            !site.is_implicit() && site.receiver.is_some() && builder.project.file(id.file).editable
        })
        .collect();
    let overrides: BTreeSet<FuncId> = builder
        .graph
        .overrides_external
        .iter()
        .filter(|(func, path)| {
            let own = |definition: &infer::Definition| format!("{}.{}", definition.module, definition.name) == **path;
            builder.index.func(**func).name == entry.old && definitions.iter().any(own)
        })
        .map(|(func, _)| *func)
        .collect();
    for func in &overrides {
        builder.graph.renames.new_names.insert(*func, entry.new.to_string());
        let gate = Gate::Stays(*func);
        found.add(func.file, builder.index.func(*func).name_range, How::Name(entry.new.to_string()), gate);
    }
    for (id, answer) in builder.ask_sites(&asked) {
        let range = builder.index.site(id).name_range;
        let blocking = matches!(
            builder.graph.sites.get(&id).map(|site| &site.kind),
            Some(crate::resolve::SiteKind::Blocking { .. })
        );
        let Some(answer) = answer else { continue };
        let is_it = answer.definitions.iter().any(|definition| definitions.contains(definition))
            || site::targets_of(builder, &answer).iter().any(|target| overrides.contains(target));
        if is_it {
            found.add(id.file, range, How::Name(entry.new.to_string()), Gate::Always);
        } else if answer.certainty == Certainty::Unknown && !blocking {
            found.keep(id.file, range, number);
        }
    }
}
