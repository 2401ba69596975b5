//! awaitify moves a Python code base from sync to async.
//!
//! The modules stand in the order of the pipeline; a stage imports what stands above it, never below.
//!
//! A program of your own can plan, check and write a migration (`examples/migrate.rs` is a whole one):
//!
//! ```no_run
//! use awaitify::analysis::{analyze, rewrite_all, verify_all};
//! use awaitify::config::flags::Flags;
//!
//! # fn main() -> anyhow::Result<()> {
//! let mut analysis = analyze(&["src".into()], &Flags::default())?;
//! let rewritten = rewrite_all(&mut analysis)?;
//! assert!(verify_all(&analysis, &rewritten).is_empty(), "a bug in awaitify: write nothing");
//! for done in &rewritten {
//!     println!("{}: {} edits", analysis.project.file(done.file).relative, done.edits.edits.len());
//! }
//! # Ok(())
//! # }
//! ```

pub mod error;
pub mod interrupt;
pub mod config;
pub mod cli;
pub mod py;
pub mod project;
pub mod index;
pub mod plan;
pub mod resolve;
pub mod color;
pub mod edit;
pub mod rewrite;
pub mod verify;
pub mod check;
pub mod proposal;
pub mod journal;
pub mod group;
pub mod saved;
pub mod batch;
pub mod interactive;
pub mod report;
pub mod analysis;
pub mod run;
