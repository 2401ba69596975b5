//! The command line: commands, flags and their help texts. No decision is taken here.

pub mod arguments;
pub mod options;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use options::{Output, Overrides, Selection};

const EXIT_CODES: &str = "\
Exit codes: 0 nothing to do, or done; 1 changes pending, or findings; 2 an error.
Config: `[tool.awaitify]` in pyproject.toml, or awaitify.toml. Flags win over it.
Try first: `awaitify init`, then `awaitify diff`.";

/// Moves Python code from sync to async: every call to a function it makes async is awaited, or the function stays sync and
/// the report says why.
#[derive(Clone, Debug, Parser)]
#[command(name = "awaitify", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub console: Console,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Show what would change, as a unified diff; nothing is written
    ///
    /// The diff goes to stdout, where `git apply` can take it, the summary to stderr.
    #[command(after_help = "Example: awaitify diff src --codemod requests > migration.diff")]
    Diff(DiffArgs),
    /// Write the changes: all files or none
    ///
    /// `awaitify undo` puts the old bytes back.
    #[command(after_help = "Example: awaitify apply src --codemod requests")]
    Apply(ApplyArgs),
    /// Look for blocking calls, missing awaits and the like; nothing is edited
    #[command(after_help = "Example: awaitify check src --scorecard")]
    Check(CheckArgs),
    /// Tell why a function converts, or what keeps it sync
    #[command(
        after_help = "Example: awaitify why shop.service.PlayerService.load\n         awaitify why shop/service.py:42"
    )]
    Why(WhyArgs),
    /// Put back what the last apply replaced
    #[command(after_help = "Example: awaitify undo\n         awaitify undo --list")]
    Undo(UndoArgs),
    /// Run a migration plan: steps, each with a gate such as the tests
    #[command(
        after_help = "Example: awaitify batch migration.toml --dry-run\n         awaitify batch migration.toml -j 4"
    )]
    Batch(BatchArgs),
    /// Look at a project and propose a config for it
    #[command(after_help = "Example: awaitify init . --write")]
    Init(InitArgs),
    /// List the codemods, or show one with its examples
    #[command(after_help = "Example: awaitify codemods fastapi")]
    Codemods(CodemodsArgs),
}

/// How awaitify talks on a terminal; the same for every command.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Console {
    /// Use colors; `NO_COLOR` in the environment turns them off too
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    pub color: Color,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Work on N files at a time [default: as many as there are cores]; of a batch, on N roots at a time [default: 1]
    #[arg(short, long, global = true, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    Always,
    Never,
}

/// Flags of `awaitify diff`.
#[derive(Clone, Debug, ClapArgs)]
pub struct DiffArgs {
    #[command(flatten)]
    pub selection: Selection,
    /// Keep what was shown in a file, for `apply --plan`
    #[arg(long, value_name = "PLAN.json", help_heading = "Output")]
    pub save: Option<PathBuf>,
    #[command(flatten)]
    pub edits: EditArgs,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub overrides: Overrides,
}

/// What a saved plan has of its own.
const SETTINGS: [&str; 17] = [
    "exclude",
    "since",
    "keep_going",
    "config",
    "codemod",
    "reach",
    "offload",
    "uncertain",
    "exported",
    "offload_project",
    "tests",
    "fallback",
    "target_version",
    "keep_sync",
    "python",
    "no_bridge",
    "allow_unsafe",
];

/// Flags of `awaitify apply`.
#[derive(Clone, Debug, ClapArgs)]
pub struct ApplyArgs {
    #[command(flatten)]
    pub selection: Selection,
    /// Apply exactly what `diff --save` kept; refuses if a file changed since then
    ///
    /// Groups may be deleted from the file, or chosen from it with --only, --max-functions and -i.
    #[arg(long, value_name = "PLAN.json", help_heading = "Edits", conflicts_with_all = SETTINGS)]
    pub plan: Option<PathBuf>,
    /// Write although git has uncommitted changes
    #[arg(long, help_heading = "Edits")]
    pub allow_dirty: bool,
    /// Finish a run that was killed while it wrote, and do nothing else
    #[arg(long, help_heading = "Edits")]
    pub resume: bool,
    #[command(flatten)]
    pub edits: EditArgs,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub overrides: Overrides,
}

/// What `diff` and `apply` share beyond the selection: which edits, and how they are verified.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Edits")]
pub struct EditArgs {
    /// Ask group by group: y(es), n(o), a(ll), q(uit), e(xplain), s(plit)
    #[arg(short, long)]
    pub interactive: bool,
    /// Convert at most N functions in this run, for a migration in small steps
    #[arg(long, value_name = "N")]
    pub max_functions: Option<NonZeroUsize>,
    /// With --max-functions: begin with the functions nearest to the blocking calls
    #[arg(long, requires = "max_functions")]
    pub leaf_first: bool,
    /// How much to verify before anything is shown or written
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    pub verify: Verify,
}

/// How much verification runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Verify {
    /// Parse, erase and compare, closed world, name census.
    #[default]
    Standard,
    /// Also infer the types of the new text, and prove that a second run plans nothing.
    Full,
}

/// Flags of `awaitify check`.
#[derive(Clone, Debug, ClapArgs)]
pub struct CheckArgs {
    #[command(flatten)]
    pub selection: Selection,
    /// Print the ten practices of an async review as PASS or FAIL, with a grade
    #[arg(long, help_heading = "Output")]
    pub scorecard: bool,
    /// Only findings of these codes, or beginnings of them, as `--select AW1,AW201`
    #[arg(long, value_name = "CODE", value_delimiter = ',', help_heading = "Output")]
    pub select: Vec<String>,
    /// No findings of these codes, as `--ignore AW702`
    #[arg(long, value_name = "CODE", value_delimiter = ',', help_heading = "Output")]
    pub ignore: Vec<String>,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub overrides: Overrides,
}

/// Flags of `awaitify why`.
#[derive(Clone, Debug, ClapArgs)]
pub struct WhyArgs {
    /// A qualified name (`pkg.mod.Class.method`) or a place (`file.py:LINE`)
    pub target: String,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub overrides: Overrides,
}

/// Flags of `awaitify undo`.
#[derive(Clone, Debug, ClapArgs)]
pub struct UndoArgs {
    /// Which apply to take back, by its number in `--list` [default: the last one]
    pub id: Option<String>,
    /// List what was applied, and take nothing back
    #[arg(long, conflicts_with_all = ["id", "force"])]
    pub list: bool,
    /// Put files back although they changed since; each changed text is kept as `NAME.awaitify-edited`
    #[arg(long)]
    pub force: bool,
    /// A path in the project, when it is not the current folder
    #[arg(long, default_value = ".", value_name = "PATH")]
    pub project: PathBuf,
}

/// Flags of `awaitify batch`.
#[derive(Clone, Debug, ClapArgs)]
pub struct BatchArgs {
    /// The plan: steps with codemods, paths, options and gates
    #[arg(value_name = "PLAN.toml")]
    pub plan: PathBuf,
    /// Plan every step on the code as it is now, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Begin with the first step, whatever an earlier run of the plan has done
    #[arg(long)]
    pub restart: bool,
    /// Log every event as a line of JSON on stdout
    #[arg(long)]
    pub json: bool,
    /// Write although git has uncommitted changes
    #[arg(long)]
    pub allow_dirty: bool,
}

/// Flags of `awaitify init`.
#[derive(Clone, Debug, ClapArgs)]
pub struct InitArgs {
    /// The project
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Write the proposal to the project's config instead of printing it
    #[arg(long)]
    pub write: bool,
}

/// Flags of `awaitify codemods`.
#[derive(Clone, Debug, ClapArgs)]
pub struct CodemodsArgs {
    /// The one to show: a name from the list, or the path of your own
    pub name: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_command_explains_itself_with_an_example() {
        for command in Args::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.starts_with(&format!("Example: awaitify {}", command.get_name())), "{after}");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
        }
    }

    #[test]
    fn the_examples_parse() {
        for command in Args::command().get_subcommands() {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in after.lines() {
                let words = line.trim_start_matches("Example:").split_whitespace().take_while(|word| *word != ">");
                Args::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
            }
        }
    }
}
