//! Words: the only place where causes, evidence and counts become text.

pub mod diff;
pub mod groups;
pub mod findings;
pub mod github;
pub mod html;
mod idle;
mod left;
pub mod json;
pub mod markdown;
pub mod proposal;
pub mod sarif;
mod stays;
pub mod tests;
pub mod text;
mod uncertain;
pub mod words;
