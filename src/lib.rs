//! awaitify moves a Python code base from sync to async.
//!
//! The modules stand in the order of the pipeline; a stage imports what stands above it, never below.

pub mod batch;
pub mod config;
pub mod edit;
pub mod group;
pub mod interactive;
pub mod journal;
pub mod plan;
pub mod saved;
