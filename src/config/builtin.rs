//! The codemods that are compiled in.
