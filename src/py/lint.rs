//! What ty's own checker says of awaitables that nobody awaits.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use ruff_text_size::TextRange;
use ty_python_semantic::check_file;

use super::db::Db;
use super::infer::{guarded, open};

/// The expression statements of each file that ty reports as `unused-awaitable`, in the order of the paths. A file that cannot
/// be read, or that makes ty panic, has none.
pub fn unused_awaitables(db: &Db, paths: &[PathBuf]) -> Vec<Vec<TextRange>> {
    paths.par_iter().map_with(db.clone(), |db, path| guarded(|| Some(in_file(db, path))).unwrap_or_default()).collect()
}

fn in_file(db: &Db, path: &Path) -> Vec<TextRange> {
    let Some(file) = open(db, path) else { return vec![] };
    let found = check_file(db, db.program_file(file)).unwrap_or_default();
    let found = found.iter().filter(|diagnostic| diagnostic.id().is_lint_named("unused-awaitable"));
    found.filter_map(|diagnostic| diagnostic.primary_span()?.range()).collect()
}
