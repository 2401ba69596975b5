//! Coloring: which functions convert, which stay, and what happens at each site (DESIGN section 6).
//!
//! A greatest fixpoint: every function that leads to a blocking call is assumed to convert; then each that cannot is taken
//! back with its cause, and what that breaks is taken back in turn, until nothing changes. A function that was taken back
//! blocks itself: async callers offload it.

mod acquire;
mod beside;
pub mod boundary;
pub mod bridge;
mod by_base;
pub mod cause;
mod coloring;
pub mod confined;
pub mod consumer;
pub mod decision;
mod entered;
pub mod exit_stack;
pub mod frameworks;
pub mod guard;
pub mod hazard;
pub mod iteration;
pub mod nesting;
pub mod obstacle;
mod on_purpose;
mod outside;
pub mod selected;
pub mod shape;
pub mod swap;
mod take_back;
mod taken;
pub mod tests;
pub mod other_loops;
mod unseen;
mod used_up;
mod verdict;
pub mod worker;

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use self::cause::Cause;
use self::coloring::Coloring;
use self::selected::Selected;
use self::shape::Adaptation;
use crate::config::{Config, Uncertain};
use crate::index::Index;
use crate::index::facts::*;
use crate::plan::{IteratedBy, UnwrapForm};
use crate::project::Project;
use crate::resolve::names::Names;
use crate::resolve::{Graph, Site};

/// What happens at a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteVerdict {
    /// The target converts: `await f(x)`.
    Await,
    /// `lambda: f(x)`, where `f` converts: who calls the lambda awaits, and nothing changes.
    HandedOn,
    /// The call blocks: `await asyncio.to_thread(f, x)`.
    Offload,
    /// `lambda: f(x)` to `lambda: asyncio.to_thread(f, x)`.
    OffloadHandedOn,
    Native(String),
    Replace(String),
    /// It blocks in a generator: the call that takes the generator is offloaded.
    OffloadConsumer {
        call: CallId,
    },
    /// It blocks in what is iterated over and stays sync. A worker makes a list of it, or begins the iteration.
    OffloadIterable {
        iterable: TextRange,
        by: IteratedBy,
    },
    /// It blocks without a call (a property, `x[k]`): the whole expression is offloaded.
    OffloadExpression {
        expression: TextRange,
    },
    /// The target becomes an async generator or context manager.
    Adapt(Adaptation),
    /// An offload of a function that converts.
    Unwrap {
        call: CallId,
        form: UnwrapForm,
    },
    /// `asyncio.run(c())` in a function that converts: `await c()`.
    UnwrapRun {
        call: CallId,
    },
    /// `main()` under an `if __name__` guard: `asyncio.run(main())`.
    EntryPoint,
    /// `self.assertRaises(E, f, x)` in a test: `with self.assertRaises(E): await f(x)`. The call that takes the function.
    Raises {
        call: CallId,
    },
    /// Nothing to do: awaited already, accepted, only mentioned, or in a function that stays sync.
    AsIs,
    /// It blocks, or may break, and is left: the reason.
    Left(Cause),
}

/// The outcome for every node and site of the graph.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Functions that become `async def`, with what demands it.
    pub converts: BTreeMap<FuncId, Cause>,
    /// Functions that keep their sync face over an async body, with what demands it.
    pub bridges: BTreeMap<FuncId, Cause>,
    /// Functions that lead to a blocking call and stay sync, with what keeps them.
    pub stays: BTreeMap<FuncId, Cause>,
    pub sites: BTreeMap<RefId, SiteVerdict>,
    /// `__main__` guards that become functions.
    pub guards: BTreeSet<guard::GuardId>,
    /// What becomes of the tests around that.
    pub tests: tests::Tests,
    /// The functions of the code that become async, where they reach blocking calls that did not count so far: those run on a loop now.
    pub reaching_more: BTreeSet<FuncId>,
}

impl Verdicts {
    /// The files in which something becomes async.
    pub fn converting_files(&self) -> FxHashSet<FileId> {
        self.converts.keys().map(|func| func.file).collect()
    }
}

/// What the decisions read.
#[derive(Clone, Copy)]
pub struct World<'a> {
    pub project: &'a Project,
    pub config: &'a Config,
    pub index: &'a Index,
    pub graph: &'a Graph,
    /// Renames of classes that are not carried out.
    pub kept: &'a swap::Kept,
    /// Calls that a rewriter could not express, by file and range.
    pub vetoes: &'a FxHashSet<(FileId, TextRange)>,
    /// Sync functions that are known to become async: what they reach runs on a loop.
    pub converting: &'a BTreeSet<FuncId>,
    /// What was found out about offloading functions: it does not depend on colors.
    pub hazards: &'a hazard::Memo,
    /// The part of the migration that this run is about; none is all of it.
    pub selected: Option<&'a Selected>,
}

impl<'a> World<'a> {
    /// The look-up context.
    pub fn names(&self) -> Names<'a> {
        Names::noting(self.project, self.index, &self.hazards.unloaded)
    }

    /// Is the site uncertain, and only to be listed? Then it decides about no color, and stays as it is.
    pub fn only_lists(&self, site: &Site) -> bool {
        site.uncertain && self.config.uncertain == Uncertain::Report
    }

    /// The context of a site.
    pub fn context(&self, id: RefId) -> &'a Context {
        self.index.context(self.index.site(id).context)
    }

    /// What runs a site: the lambda or function around it. In tests the function, whatever lambdas are in between.
    pub fn owner(&self, id: RefId) -> Option<FuncId> {
        let context = self.context(id);
        if self.in_tests(id.file) { context.func } else { context.owner() }
    }

    /// What is done with the result of the call at a site; none when it is not called.
    pub fn result_usage(&self, id: RefId) -> Option<Usage> {
        match self.index.site(id).usage {
            Usage::Called(call) => Some(self.index.call(call).usage),
            _ => None,
        }
    }

    /// May the file be edited?
    pub fn is_editable(&self, file: FileId) -> bool {
        self.project.file(file).editable
    }

    /// Is the function, or the site, in a test file?
    pub fn in_tests(&self, file: FileId) -> bool {
        self.project.file(file).is_test
    }
}

/// Colors the graph.
pub fn color(world: World) -> Verdicts {
    let mut coloring = Coloring::new(world);
    coloring.take_back_boundaries();
    loop {
        coloring.propagate();
        let is_done = !coloring.take_back_what_blocks_within()
            && !coloring.take_back_unsupported()
            && !coloring.take_back_offloaded();
        if is_done {
            break;
        }
    }
    coloring.follow_in_tests();
    let reaching_more = coloring.reaching_more();
    Verdicts { reaching_more, ..coloring.verdicts() }
}
