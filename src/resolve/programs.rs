//! Scripts that nothing imports are programs of their own: what they define gets to what they import, and no further.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::builder::Builder;
use crate::index::facts::*;

/// What loads modules by names that nobody sees here.
const LOADERS: [&str; 6] = ["import_module", "__import__", "exec_module", "load_module", "load_extension", "runpy"];

/// Leaves out the methods of classes that a script of its own defines, and that the code at the site never meets.
pub(super) fn leave_out(builder: &mut Builder, id: RefId, candidates: &mut Vec<FuncId>) {
    if builder.in_tests(id.file) {
        return;
    }
    let mut kept = std::mem::take(candidates);
    kept.retain(|func| {
        func.file == id.file || program(builder, func.file).is_none_or(|loaded| loaded.contains(&id.file))
    });
    *candidates = kept;
}

/// The files that a script loads; none when the file may be part of something else.
fn program(builder: &mut Builder, file: FileId) -> Option<Rc<FxHashSet<FileId>>> {
    if let Some(known) = builder.programs.get(&file) {
        return known.clone();
    }
    let loaded = is_script(builder, file).then(|| loaded_by(builder, file));
    let sees_all = |loaded: &FxHashSet<FileId>| {
        let mut by_name = LOADERS.iter().flat_map(|word| builder.index.words.files(word));
        !by_name.any(|file| loaded.contains(&file))
    };
    let found = loaded.filter(sees_all).map(Rc::new);
    builder.programs.insert(file, found.clone());
    found
}

/// A file with a `__main__` guard whose name stands nowhere else.
fn is_script(builder: &Builder, file: FileId) -> bool {
    let module = &builder.project.file(file).module;
    let name = module.rsplit('.').next().unwrap_or(module);
    let named_like_it = builder.project.file(file).relative.ends_with(&format!("{name}.py"));
    named_like_it
        && name != "__main__"
        && !builder.in_tests(file)
        && !builder.index.file(file).main_guards.is_empty()
        && builder.index.words.files(name).all(|other| other == file)
}

fn loaded_by(builder: &mut Builder, script: FileId) -> FxHashSet<FileId> {
    let mut loaded = FxHashSet::from_iter([script]);
    let mut pending = vec![script];
    while let Some(file) = pending.pop() {
        builder.index.load(builder.project, &[file]);
        let names = builder.names();
        let mut modules: Vec<String> = vec![];
        for import in &builder.index.file(file).imports {
            let Some(module) = names.absolute(file, import) else { continue };
            modules.extend(import.name.as_ref().map(|name| format!("{module}.{name}")));
            // Importing `a.b` loads `a`, too.
            modules.extend(module.match_indices('.').map(|(at, _)| module[..at].to_owned()));
            modules.push(module);
        }
        let found: Vec<FileId> = modules.iter().filter_map(|module| builder.index.modules.file(module)).collect();
        pending.extend(found.into_iter().filter(|file| loaded.insert(*file)));
    }
    loaded
}
