//! Types of expressions that stand nowhere in the program: what `psycopg.connect().cursor()` gives.

use ruff_db::parsed::parsed_module;
use ruff_db::system::SystemVirtualPath;
use ruff_python_ast::Stmt;

use super::db::Db;
use super::infer::{Answer, Asker, Certainty, guarded};

/// What ty says of the member `name` of an expression: a dotted path as an absolute import has it, then calls and members
/// (`psycopg.connect(_).cursor()`), where `_` is anything. None when ty does not know all of the expression's type.
pub fn member(db: &Db, expression: &str, name: &str) -> Option<Answer> {
    guarded(|| look_up(db, &program(expression, name)?))
}

/// A module whose expressions at the top are the ways to read the path: any of its dots may be the last one of the module's name.
fn program(expression: &str, name: &str) -> Option<String> {
    let head = expression.split(['(', '[']).next()?;
    let read = |(dot, _): (usize, &str)| {
        let (module, rest) = (&expression[..dot], &expression[dot + 1..]);
        let first = rest.split(['.', '(', '[']).next().unwrap_or(rest);
        format!("from {module} import {first}\n{rest}.{name}\n")
    };
    Some(head.match_indices('.').map(read).collect())
}

fn look_up(db: &Db, program: &str) -> Option<Answer> {
    // The text of a virtual file is its path.
    let file = ruff_db::Db::files(db).virtual_file(db, SystemVirtualPath::new(program)).file();
    let program_file = db.program_file(file);
    let module = parsed_module(db, program_file.python_file(db)).load(db);
    let asker = Asker::new(db, program_file);
    module.suite().iter().find_map(|statement| {
        let Stmt::Expr(statement) = statement else { return None };
        Some(asker.answer(&statement.value)).filter(|answer| answer.certainty == Certainty::Known)
    })
}

#[cfg(test)]
mod tests {
    use ruff_python_ast::PythonVersion;

    use super::*;
    use crate::project::homes::Roots;
    use crate::py::db::Asked;

    #[test]
    fn ty_knows_what_functions_of_the_standard_library_give() {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots { source_roots: &[folder.path().to_path_buf()], homes: &[], site_packages: &[] };
        let db = Db::open(folder.path(), roots, PythonVersion::PY312, Asked::Types).unwrap();
        let check = |expression: &str, name: &str, expected: Option<&str>| {
            let found = member(&db, expression, name);
            assert_eq!(found.as_ref().map(|answer| answer.shown.as_str()), expected, "{expression}.{name}");
        };
        check("sqlite3.connect(_, timeout=_)", "execute", Some("Connection"));
        check("sqlite3.connect(_).cursor()", "execute", Some("Cursor"));
        check("sqlite3.Connection().__enter__()", "execute", Some("Connection"));
        check("nowhere.connect(_)", "execute", None);
    }
}
