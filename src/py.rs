//! The only door to ty, salsa and ruff_db, and to the bytes of Python files.

pub mod source;
