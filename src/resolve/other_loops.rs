//! Files that import what runs coroutines on a loop of its own kind: what `asyncio` hands to a thread finds no loop there.

use super::builder::Builder;
use crate::index::facts::{FileFacts, FileId};

/// A library that runs coroutines, and has no loop of asyncio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherLoop {
    /// `anyio` runs there, too.
    Trio,
    Curio,
    /// With its reactor for asyncio, too: what awaits a `Deferred` cannot await a future.
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
    let libraries = [OtherLoop::Trio, OtherLoop::Curio, OtherLoop::Twisted];
    builder.index.load_words(builder.project, libraries.map(OtherLoop::name));
    let library = |facts| libraries.into_iter().find(|library| imports(facts, library.name()));
    let files = builder.index.loaded_files().filter_map(|(file, facts)| Some((file, library(facts)?)));
    builder.graph.other_loops = files.collect();
    let in_code = |file: &FileId| !builder.in_tests(*file);
    let others = builder.graph.other_loops.iter().filter(|(file, _)| in_code(file));
    let (count, first) = (others.clone().count(), others.map(|(_, library)| *library).min());
    // Beside twisted, code runs on what more files import.
    let on_asyncio = builder.index.words.files("asyncio").filter(in_code).count();
    builder.graph.elsewhere = first.filter(|library| *library != OtherLoop::Twisted || count > on_asyncio);
}

/// Does the file import the package, or something of it?
pub fn imports(facts: &FileFacts, package: &str) -> bool {
    let top = |module: &str| module.split('.').next() == Some(package);
    facts.imports.iter().any(|import| import.level == 0 && import.module.as_deref().is_some_and(top))
}
