//! Places that name something of another package: what is imported from it, and attributes of its modules.

use ruff_text_size::TextRange;

use super::name::Search;
use super::text::Texts;
use super::{Found, Gate, How, structural};
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::names::Meaning;

/// Finds the places of something that goes by these dotted paths.
pub(super) fn find(builder: &mut Builder, texts: &Texts, number: usize, paths: &[String], found: &mut Found) {
    let entry = builder.graph.renames.entries[number].clone();
    let is_meant = |meaning: &Meaning| match meaning {
        Meaning::External(path) => paths.iter().any(|wanted| match wanted.contains('.') {
            true => path == wanted,
            false => path == wanted || path.ends_with(&format!(".{wanted}")) && !path.starts_with("builtins."),
        }),
        _ => false,
    };
    let receivers = structural::receivers(builder, number);
    let search = Search { builder, old: &entry.old, new: &entry.new, is_meant: &is_meant };
    let files: Vec<FileId> = builder.index.words.files(&entry.old).collect();
    for file in files.into_iter().filter(|file| builder.index.loaded(*file).is_some()) {
        if !builder.project.file(file).editable {
            continue;
        }
        let places = search.places(file);
        if let Some(taken) = places.taken {
            found.keep(file, taken, number);
            continue;
        }
        if let Some(receivers) = &receivers {
            let named = places.names.iter().map(|named| named.range);
            let quoted = texts.types(builder, file, &entry.old, &|scope, root, path| search.spelled(scope, root, path));
            for range in named.chain(quoted) {
                if structural::is_said_of(builder, file, range, receivers) {
                    let whole = whole_reference(builder, file, range).unwrap_or(range);
                    found.add(file, whole, How::Imported(entry.to.clone()), Gate::FileConverts);
                }
            }
            continue;
        }
        let dual = search.knows_both(file);
        let gate_of = |gate: Option<Gate>| gate.unwrap_or(if dual { Gate::FileConverts } else { Gate::Always });
        let moved = entry.new_path().map(|path| (path, module_of(path)));
        for named in places.names {
            let Some((range, how)) = named.written(file, texts, &entry) else { continue };
            let gate = named.gate;
            let how = match &moved {
                // The statement may import other things too: then its names get an import of their own.
                Some((_, Some(module))) if import_at(builder, file, range).is_some() => {
                    let import = import_at(builder, file, range).expect("just found");
                    let Some(module_range) = sole_module(builder, file, import) else { continue };
                    found.add(file, module_range, How::Name((*module).to_owned()), gate_of(gate));
                    How::Name(entry.new.to_string())
                }
                Some((path, _)) if !is_imported_alone(builder, file, &search, range) => {
                    let whole = whole_reference(builder, file, range).unwrap_or(range);
                    found.add(file, whole, How::Imported((*path).to_owned()), gate_of(gate));
                    continue;
                }
                _ => how,
            };
            found.add(file, range, how, gate_of(gate));
        }
        for (range, rest) in imported_modules(builder, file, paths) {
            found.add(file, range, How::Name(format!("{}{rest}", entry.to)), gate_of(None));
        }
        let spelled = |scope: ScopeId, root: &str, path: &[&str]| search.spelled(scope, root, path);
        if moved.is_none() || places.binds {
            for range in texts.types(builder, file, &entry.old, &spelled) {
                found.add(file, range, How::Name(entry.new.to_string()), gate_of(None));
            }
        }
        for range in search.lookups(file, texts) {
            found.add(file, range, How::Mention(entry.new.to_string()), gate_of(None));
        }
    }
}

fn module_of(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(module, _)| module)
}

/// The import whose name stands at `range`.
fn import_at<'a>(builder: &'a Builder, file: FileId, range: TextRange) -> Option<&'a Import> {
    let imports = &builder.index.file(file).imports;
    imports.iter().find(|import| import.name.is_some() && import.range == range)
}

/// The module of a `from module import name` with this name alone.
fn sole_module(builder: &Builder, file: FileId, import: &Import) -> Option<TextRange> {
    let module = import.module_range?;
    let imports = &builder.index.file(file).imports;
    let others = imports.iter().filter(|other| other.module_range == Some(module)).count();
    (others == 1 && import.level == 0).then_some(module)
}

/// Is the plain name at `range` bound by imports that change as a whole?
fn is_imported_alone(builder: &Builder, file: FileId, search: &Search, range: TextRange) -> bool {
    let facts = builder.index.file(file);
    let is_plain = facts.refs.iter().any(|site| site.name_range == range && site.receiver.is_none());
    let mut imports = facts.imports.iter().filter(|import| {
        import.name.as_ref() == Some(search.old)
            && builder.names().imported(file, import).iter().any(|meaning| (search.is_meant)(meaning))
    });
    let mut any = false;
    let alone = imports.all(|import| {
        any = true;
        sole_module(builder, file, import).is_some()
    });
    is_plain && any && alone
}

/// `threading.Lock` around `Lock`.
fn whole_reference(builder: &Builder, file: FileId, name: TextRange) -> Option<TextRange> {
    let facts = builder.index.file(file);
    facts.refs.iter().find(|site| site.name_range == name && !site.is_implicit()).map(|site| site.range)
}

/// The module parts of import statements that are, or begin with, what is renamed, and what follows it there.
fn imported_modules<'a>(builder: &'a Builder, file: FileId, paths: &[String]) -> Vec<(TextRange, &'a str)> {
    let imports = builder.index.file(file).imports.iter().filter(|import| import.level == 0);
    let rest = |module: &'a str| {
        let mut rests = paths.iter().filter_map(|path| module.strip_prefix(path.as_str()));
        rests.find(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    imports.filter_map(|import| Some((import.module_range?, rest(import.module.as_deref()?)?))).collect()
}
