//! Modules by name.

use std::path::Path;

use ty_module_resolver::{ImportingFile, ModuleName, resolve_module};

use super::db::Db;
use super::infer::open;

/// Does an import in a file find a module of that name, of the project, the standard library or a package that is installed?
pub fn is_found(db: &Db, importer: &Path, name: &str) -> bool {
    let (Some(file), Some(name)) = (open(db, importer), ModuleName::new(name)) else { return true };
    let importing = ImportingFile::ResolverFile(db.program_file(file).resolver_file(db));
    resolve_module(db, importing, &name).is_some()
}
