//! Python versions as users and `requires-python` write them.

use ruff_python_ast::PythonVersion;

/// Reads `3.12` or `py312`.
///
/// # Errors
/// A message that says what a version looks like.
pub fn parse(text: &str) -> Result<PythonVersion, String> {
    let version = match text.strip_prefix("py3") {
        Some(minor) => format!("3.{minor}").parse(),
        None => text.parse::<PythonVersion>(),
    };
    match version {
        Ok(version) if version.major == 3 && version >= PythonVersion::lowest() => Ok(version),
        Ok(_) => Err(format!("`{text}` is not supported; the lowest version is {}", PythonVersion::lowest())),
        Err(_) => Err(format!("`{text}` is not a Python version; write `3.12`")),
    }
}

/// The lowest version that a `requires-python` (PEP 440, or Poetry's `^3.10`, `>=3.10 <4.0` and `^2.7 || ^3.6`) allows, but
/// at least the lowest that is supported. `None` when it has no lower bound.
pub(super) fn lower_bound(requires: &str) -> Option<PythonVersion> {
    let bounds =
        requires.split("||").map(|clauses| clauses_bound(clauses).map(|bound| bound.max(PythonVersion::lowest())));
    bounds.min().flatten()
}

/// The highest of the bounds of clauses that all hold.
fn clauses_bound(clauses: &str) -> Option<PythonVersion> {
    let is_operator = |word: &str| word.chars().all(|char| "<>=!~^".contains(char));
    let mut operator = "";
    let mut highest = None;
    for word in clauses.split([',', ' ']).filter(|word| !word.is_empty()) {
        if is_operator(word) {
            operator = word;
            continue;
        }
        let is_upper = operator.starts_with(['<', '!']);
        operator = "";
        highest = highest.max(if is_upper { None } else { clause_bound(word) });
    }
    highest
}

fn clause_bound(clause: &str) -> Option<PythonVersion> {
    if clause.starts_with(['<', '!']) {
        return None;
    }
    let mut parts = clause.trim_start_matches(['>', '=', '~', '^']).split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0);
    (major <= 3).then_some(PythonVersion { major, minor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_parse() {
        assert_eq!(parse("3.12"), Ok(PythonVersion::PY312));
        assert_eq!(parse("py39"), Ok(PythonVersion::PY39));
        assert_eq!(parse("3.12.1"), Err("`3.12.1` is not a Python version; write `3.12`".to_owned()));
        assert_eq!(parse("2.7"), Err("`2.7` is not supported; the lowest version is 3.7".to_owned()));
    }

    #[test]
    fn requires_python_gives_its_lower_bound() {
        for (requires, bound) in [
            (">=3.9", Some((3, 9))),
            (">= 3.9.1, <4", Some((3, 9))),
            ("~=3.10", Some((3, 10))),
            ("==3.11.*", Some((3, 11))),
            ("^3.10", Some((3, 10))),
            (">=3.10 <4.0", Some((3, 10))),
            ("> 3.9 < 3.13", Some((3, 9))),
            ("^3.8 || ^3.11", Some((3, 8))),
            ("<4 || ^3.11", None),
            (">=2.7,!=3.0.*,!=3.1.*", Some((3, 7))),
            ("<4", None),
            ("", None),
        ] {
            assert_eq!(lower_bound(requires).map(PythonVersion::as_tuple), bound, "{requires}");
        }
    }
}
