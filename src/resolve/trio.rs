//! Files that import trio: what `asyncio` hands to a thread finds no loop there.

use super::builder::Builder;
use crate::index::facts::{FileFacts, FileId};

/// The files of the project that import trio.
pub(crate) fn find(builder: &mut Builder) {
    builder.index.load_words(builder.project, ["trio"]);
    let files = builder.index.loaded_files().filter(|(_, facts)| imports(facts, "trio"));
    let files: Vec<FileId> = files.map(|(file, _)| file).collect();
    builder.graph.trio.extend(files);
}

/// Does the file import the package, or something of it?
pub fn imports(facts: &FileFacts, package: &str) -> bool {
    let top = |module: &str| module.split('.').next() == Some(package);
    facts.imports.iter().any(|import| import.level == 0 && import.module.as_deref().is_some_and(top))
}
