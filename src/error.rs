//! What stops a run ([`Error`]) and what is only reported ([`Problem`]).
//!
//! `Err` is for I/O, configuration and awaitify's own bugs. Python code that does not parse is never an error: a stage
//! returns its value beside a `Vec<Problem>`.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A remark about one file: a syntax error in Python, an unknown key in a config file, a setting that has no effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// The path as it is shown; `command line` for a flag.
    pub path: PathBuf,
    /// Counted from 1; `None` when the remark is about the whole file.
    pub line: Option<usize>,
    /// In characters, counted from 1; `None` when only the line is known.
    pub column: Option<usize>,
    /// What is wrong and what to do about it, without the place.
    pub message: String,
}

impl Problem {
    /// A remark about the whole file.
    pub fn whole_file(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self { path: path.into(), line: None, column: None, message: message.into() }
    }

    /// A remark about the byte `offset` of `text`, the contents of `path`.
    pub fn at_offset(path: impl Into<PathBuf>, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
        Self { path: path.into(), line: Some(line), column: Some(column), message: message.into() }
    }

    /// A remark about a flag.
    pub fn command_line(message: impl Into<String>) -> Self {
        Self::whole_file("command line", message)
    }
}

/// `pyproject.toml:3:1: message`, the form editors turn into a link.
impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(out, ":{column}")?;
        }
        write!(out, ": {}", self.message)
    }
}

/// What ends a run with exit code 2 and nothing written.
#[derive(Debug)]
pub enum Error {
    /// The file system refused.
    Io {
        path: PathBuf,
        /// A verb: `read`, `write`, `rename`.
        action: &'static str,
        source: io::Error,
    },
    /// The config, a codemod or a flag is wrong. Never empty.
    Config(Vec<Problem>),
    /// A check of awaitify's own work failed.
    Internal(String),
}

impl Error {
    /// The error for a failed `action` (a verb) on `path`.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), action, source }
    }
}

/// Bytes of a file that turned out not to be UTF-8 read as [`io::ErrorKind::InvalidData`].
fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "; check the path",
        io::ErrorKind::PermissionDenied => "; check the permissions",
        io::ErrorKind::InvalidData => "; save the file as UTF-8",
        _ => "",
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, action, source } => {
                write!(out, "cannot {action} `{}`: {source}{}", path.display(), advice(source.kind()))
            }
            Self::Config(problems) => {
                let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
                out.write_str(&lines.join("\n"))
            }
            Self::Internal(message) => {
                write!(out, "{message} (a bug in awaitify; nothing was written, please report it)")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Config(_) | Self::Internal(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_becomes_line_and_column_in_characters() {
        let text = "a = 1\n\"ü\" = 2\n";
        let offset = text.find("= 2").unwrap();
        assert_eq!(Problem::at_offset("x.toml", text, offset, "here").to_string(), "x.toml:2:5: here");
        assert_eq!(Problem::at_offset("x.toml", text, 0, "here").to_string(), "x.toml:1:1: here");
        assert_eq!(Problem::whole_file("x.toml", "here").to_string(), "x.toml: here");
    }

    #[test]
    fn an_io_error_names_path_action_and_next_step() {
        let error = Error::io("read", Path::new("a.toml"), io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(error.to_string(), "cannot read `a.toml`: entity not found; check the path");
    }
}
