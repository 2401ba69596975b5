//! Globs over names and over paths, compiled once.

use std::path::Path;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::{Names, PathGlobs};

impl Names {
    /// Compiles `patterns`; those that begin with `!` exclude.
    ///
    /// # Errors
    /// A message that names the pattern that is not a glob, or says that there are only exclusions.
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let patterns: Vec<String> = patterns.into_iter().collect();
        let (excluded, included): (Vec<&str>, Vec<&str>) =
            patterns.iter().map(String::as_str).partition(|pattern| pattern.starts_with('!'));
        if included.is_empty() && !excluded.is_empty() {
            return Err("only exclusions, so nothing matches; add `\"*\"` to begin with everything".to_owned());
        }
        let include = name_set(&included)?;
        let exclude = name_set(&excluded)?;
        Ok(Self { patterns, include, exclude })
    }

    /// True when some pattern includes `name` and no `!` pattern excludes it.
    pub fn matches(&self, name: &str) -> bool {
        self.include.is_match(name) && !self.exclude.is_match(name)
    }

    /// True when it matches one of them.
    pub fn matches_any(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.matches(name))
    }

    /// The patterns that include `name`, in their order.
    pub fn including(&self, name: &str) -> impl Iterator<Item = &str> {
        let matching = self.include.matches(name);
        let included = self.patterns.iter().filter(|pattern| !pattern.starts_with('!')).enumerate();
        included.filter(move |(at, _)| matching.contains(at)).map(|(_, pattern)| pattern.as_str())
    }

    /// True when there is no pattern, and so no match.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}

impl PathGlobs {
    /// Compiles `patterns`.
    ///
    /// # Errors
    /// A message that names the pattern that is not a glob.
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let patterns: Vec<String> = patterns.into_iter().collect();
        let mut builder = GlobSetBuilder::new();
        for pattern in &patterns {
            for glob in path_globs(pattern)? {
                builder.add(glob);
            }
        }
        Ok(Self { globs: build(&builder)?, patterns })
    }

    /// True when `relative`, a path below the config's root, or a directory above it matches.
    pub fn is_match(&self, relative: impl AsRef<Path>) -> bool {
        self.globs.is_match(relative)
    }
}

/// One pattern of [`Names`], with or without its `!`. The error says what is wrong with it.
pub(super) fn name_glob(pattern: &str) -> Result<Glob, String> {
    let bare = pattern.strip_prefix('!').unwrap_or(pattern);
    if bare.trim().is_empty() {
        return Err(format!("`{pattern}` is empty; write a name or a glob"));
    }
    GlobBuilder::new(bare).literal_separator(false).build().map_err(|error| bad_glob(pattern, &error))
}

/// The globs that one pattern of [`PathGlobs`] stands for. The error says what is wrong with it.
pub(super) fn path_globs(pattern: &str) -> Result<[Glob; 2], String> {
    let trimmed = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
    if trimmed.is_empty() {
        return Err(format!("`{pattern}` names no path; write a path or a glob below the project"));
    }
    let anchored = match trimmed.strip_prefix('/') {
        Some(below_root) => below_root.to_owned(),
        None if trimmed.contains('/') => trimmed.to_owned(),
        None => format!("**/{trimmed}"),
    };
    let glob =
        |text: &str| GlobBuilder::new(text).literal_separator(true).build().map_err(|error| bad_glob(pattern, &error));
    Ok([glob(&anchored)?, glob(&format!("{anchored}/**"))?])
}

fn name_set(patterns: &[&str]) -> Result<GlobSet, String> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        builder.add(name_glob(pattern)?);
    }
    build(&builder)
}

fn build(builder: &GlobSetBuilder) -> Result<GlobSet, String> {
    builder.build().map_err(|error| format!("the globs are too large together: {error}"))
}

fn bad_glob(pattern: &str, error: &globset::Error) -> String {
    format!("`{pattern}` is not a glob: {}", error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(patterns: &[&str]) -> Names {
        Names::new(patterns.iter().map(|pattern| (*pattern).to_owned())).unwrap()
    }

    #[test]
    fn a_star_crosses_dots() {
        let requests = names(&["requests.*"]);
        assert!(requests.matches("requests.get"));
        assert!(requests.matches("requests.api.get"));
        assert!(!requests.matches("requests_mock.get"));
        assert!(!requests.matches("requests"));
    }

    #[test]
    fn exclusions_win_wherever_they_stand() {
        let receivers = names(&["!async_persistence", "persistence", "*_persistence"]);
        assert!(receivers.matches("persistence"));
        assert!(receivers.matches("room_persistence"));
        assert!(!receivers.matches("async_persistence"));
    }

    #[test]
    fn only_exclusions_are_an_error() {
        let error = Names::new(["!a".to_owned()]).unwrap_err();
        assert_eq!(error, "only exclusions, so nothing matches; add `\"*\"` to begin with everything");
        assert!(Names::new([]).unwrap().is_empty());
    }

    #[test]
    fn a_bad_glob_is_named() {
        let error = Names::new(["ok".to_owned(), "a[".to_owned()]).unwrap_err();
        assert!(error.starts_with("`a[` is not a glob: "), "{error}");
    }

    #[test]
    fn path_globs_follow_gitignore() {
        let globs = PathGlobs::new(["migrations/", "src/gen", "/setup.py", "*_pb2.py"].map(str::to_owned)).unwrap();
        for path in ["migrations/0001.py", "app/migrations/x/y.py", "src/gen/a.py", "setup.py", "deep/er/x_pb2.py"] {
            assert!(globs.is_match(path), "{path}");
        }
        for path in ["app/setup.py", "lib/src/gen/a.py", "app/migrations.py"] {
            assert!(!globs.is_match(path), "{path}");
        }
    }
}
