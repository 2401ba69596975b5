//! The only door to ty, salsa and `ruff_db`, and to the bytes of Python files. What comes out is plain data.

pub mod classes;
pub mod db;
pub mod expression;
pub mod functions;
pub mod infer;
pub mod lint;
pub mod module;
mod narrowing;
pub mod source;
pub mod statement;
pub mod system;
