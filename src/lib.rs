//! awaitify moves a Python code base from sync to async.
//!
//! The modules stand in the order of the pipeline; a stage imports what stands above it, never below.

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
