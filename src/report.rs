//! Turns results into words, and into diffs. Only here and in run.rs anything is printed.

pub mod diff;
