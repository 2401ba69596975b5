//! Files that import what runs coroutines on a loop of its own kind: what `asyncio` hands to a thread finds no loop there.

use super::builder::Builder;
use crate::index::facts::{FileFacts, FileId};

/// A library that runs coroutines, and has no loop of asyncio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherLoop {
    /// `anyio` runs there, too.
    Trio,
    Curio,
    /// Without its reactor for asyncio.
    Twisted,
}

impl OtherLoop {
    /// The package.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trio => "trio",
            Self::Curio => "curio",
            Self::Twisted => "twisted",
        }
    }
}

/// The files of the project that import one.
pub(crate) fn find(builder: &mut Builder) {
    let has_reactor = ["asyncioreactor", "AsyncioSelectorReactor"]
        .iter()
        .any(|name| builder.index.words.files(name).any(|file| !builder.in_tests(file)));
    for library in [OtherLoop::Twisted, OtherLoop::Curio, OtherLoop::Trio] {
        if library == OtherLoop::Twisted && has_reactor {
            continue;
        }
        builder.index.load_words(builder.project, [library.name()]);
        let files = builder.index.loaded_files().filter(|(_, facts)| imports(facts, library.name()));
        let files: Vec<FileId> = files.map(|(file, _)| file).collect();
        builder.graph.other_loops.extend(files.into_iter().map(|file| (file, library)));
    }
}

/// Does the file import the package, or something of it?
pub fn imports(facts: &FileFacts, package: &str) -> bool {
    let top = |module: &str| module.split('.').next() == Some(package);
    facts.imports.iter().any(|import| import.level == 0 && import.module.as_deref().is_some_and(top))
}
