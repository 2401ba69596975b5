//! Groups of flags that several commands share.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use ruff_python_ast::PythonVersion;

use crate::config::flags::Flags;
use crate::config::{Exported, Fallback, OffloadProject, OffloadVia, Reach, Tests, Uncertain, version};

/// Which files and functions a run is about.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Selection")]
pub struct Selection {
    /// Files and directories to edit; the rest of the project is read all the same. `diff -` reads one file from stdin
    #[arg(default_value = ".", help_heading = None::<&str>)]
    pub paths: Vec<PathBuf>,
    /// Never edit what matches, as `--exclude migrations/`; adds to the config
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Only edit what changed since a git revision, as `--since main`
    #[arg(long, value_name = "REF")]
    pub since: Option<String>,
    /// Only edit what these functions need, by qualified name or glob, as `--only 'shop.orders.*'`
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Go on with the other files when one cannot be read or parsed, as `--keep-going=no`
    #[arg(
        long,
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_value_t,
        default_missing_value = "yes"
    )]
    pub keep_going: KeepGoing,
}

/// What happens when a file cannot be read or parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeepGoing {
    /// It is reported and left alone, and the run ends with exit code 2.
    #[default]
    Yes,
    /// The run ends there.
    No,
}

/// What is printed, and what counts as failure.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// The form of the report, as `--format sarif`
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Write the report to a file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Exit with 0 even when changes are pending or there are findings
    #[arg(long)]
    pub exit_zero: bool,
    /// Exit with 1 only for findings of these codes, as `--fail-on AW101,AW4`
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub fail_on: Vec<String>,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people; for `diff` a unified diff.
    #[default]
    Human,
    Json,
    /// For code scanning.
    Sarif,
    /// Annotations in a GitHub workflow.
    Github,
    /// Tables for a pull request or a wiki; only for `check`.
    Markdown,
    /// A page of its own; only for `check`.
    Html,
}

/// Settings that win over the config file.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Config (these win over the file)")]
pub struct Overrides {
    /// Read this config file and look for no other
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A codemod to use, by name or path; repeat for more. Takes the place of the config's
    #[arg(long, value_name = "NAME")]
    pub codemod: Vec<String>,
    /// How far conversion reaches
    #[arg(long, value_enum)]
    pub reach: Option<Reach>,
    /// What carries a blocking call: asyncio, anyio, starlette, asgiref or your own `pkg.mod:function`
    #[arg(long, value_name = "CARRIER")]
    pub offload: Option<OffloadVia>,
    /// What happens to a function when one of its calls cannot be told for certain
    #[arg(long, value_enum)]
    pub uncertain: Option<Uncertain>,
    /// What happens to functions that the package exports and nothing here calls
    #[arg(long, value_enum)]
    pub exported: Option<Exported>,
    /// Which functions of the project itself may run in a thread
    #[arg(long, value_enum)]
    pub offload_project: Option<OffloadProject>,
    /// What happens to tests
    #[arg(long, value_enum)]
    pub tests: Option<Tests>,
    /// What takes the place of `asyncio.run` where a fallback ran a coroutine without a loop
    #[arg(long, value_enum)]
    pub fallback: Option<Fallback>,
    /// The lowest Python version the code must run on, as `--target-version 3.11`
    #[arg(long, value_name = "VERSION", value_parser = version::parse)]
    pub target_version: Option<PythonVersion>,
    /// Never convert these functions, by qualified name or glob, as `--keep-sync 'shop.cli.*'`; adds to the config
    #[arg(long, value_name = "NAME")]
    pub keep_sync: Vec<String>,
    /// The environment with the packages the code imports, as `--python .venv`
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,
    /// Let commands and console scripts be, instead of running an async body from them
    #[arg(long)]
    pub no_bridge: bool,
    /// Allow rewrites that may change behavior, as `any` over awaits
    #[arg(long = "unsafe")]
    pub allow_unsafe: bool,
}

impl Overrides {
    /// The settings among the flags, for [`crate::config::load`].
    pub fn flags(&self, selection: &Selection) -> Flags {
        let Self { config, codemod, reach, offload, uncertain, exported, offload_project, tests, fallback, .. } =
            self.clone();
        Flags {
            config,
            codemods: codemod,
            reach,
            offload,
            uncertain,
            exported,
            offload_project,
            bridge: self.no_bridge.then_some(false),
            tests,
            fallback,
            keep_sync: self.keep_sync.clone(),
            exclude: selection.exclude.clone(),
            python: self.python.clone(),
            target_version: self.target_version,
            allow_unsafe: self.allow_unsafe.then_some(true),
            layer: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Args, Command, DiffArgs};

    fn diff(line: &str) -> Result<DiffArgs, String> {
        let words = ["awaitify", "diff"].into_iter().chain(line.split_whitespace());
        match Args::try_parse_from(words).map_err(|error| error.to_string())?.command {
            Command::Diff(diff) => Ok(diff),
            other => panic!("{other:?}"),
        }
    }

    fn flags(line: &str) -> Flags {
        let diff = diff(line).unwrap();
        diff.overrides.flags(&diff.selection)
    }

    #[test]
    fn no_flag_says_nothing() {
        assert_eq!(flags(""), Flags::default());
    }

    #[test]
    fn flags_become_settings() {
        let found = flags(
            "src --codemod requests --codemod own.toml --reach async --offload app.io:run --no-bridge --unsafe \
             --target-version 3.9 --keep-sync a.* --exclude gen/ --tests ignore --fallback raise --config x.toml",
        );
        let wanted = Flags {
            config: Some("x.toml".into()),
            codemods: vec!["requests".into(), "own.toml".into()],
            reach: Some(Reach::Async),
            offload: Some(OffloadVia::Custom { module: "app.io".into(), function: "run".into() }),
            bridge: Some(false),
            tests: Some(Tests::Ignore),
            fallback: Some(Fallback::Raise),
            keep_sync: vec!["a.*".into()],
            exclude: vec!["gen/".into()],
            target_version: Some(PythonVersion::PY39),
            allow_unsafe: Some(true),
            ..Flags::default()
        };
        assert_eq!(found, wanted);
    }

    #[test]
    fn keep_going_is_yes_unless_told() {
        assert_eq!(diff("").unwrap().selection.keep_going, KeepGoing::Yes);
        assert_eq!(diff("--keep-going").unwrap().selection.keep_going, KeepGoing::Yes);
        assert_eq!(diff("--keep-going=no").unwrap().selection.keep_going, KeepGoing::No);
    }

    #[test]
    fn a_wrong_carrier_is_explained() {
        let error = diff("--offload trio").unwrap_err();
        assert!(error.contains("unknown carrier `trio`; write your own `pkg.mod:function` or one of"), "{error}");
    }

    #[test]
    fn stdin_and_codes() {
        let diff = diff("- --fail-on AW101,AW4").unwrap();
        assert_eq!(diff.selection.paths, [PathBuf::from("-")]);
        assert_eq!(diff.output.fail_on, ["AW101", "AW4"]);
    }
}
