//! Words: the only place where causes, evidence and counts become text.

pub mod diff;
pub mod groups;
pub mod json;
pub mod tests;
pub mod text;
mod uncertain;
pub mod words;
