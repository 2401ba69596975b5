//! `awaitify undo` and `apply --resume`: the journal alone.

use std::fmt::Write as _;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context as _, Result, anyhow};

use super::Outcome;
use super::output::say;
use crate::cli::{Console, UndoArgs};
use crate::journal::{self, Edited, Listing, State};
use crate::report::text::plural;

pub(super) fn run(console: &Console, args: &UndoArgs) -> Result<Outcome> {
    let root = root_of(&args.project)?;
    if args.list {
        anstream::print!("{}", listing(&journal::list(&root).map_err(|error| anyhow!("{error}"))?));
        return Ok(Outcome::Clean);
    }
    let edited = if args.force { Edited::KeepCopy } else { Edited::Refuse };
    let undone = journal::undo(&root, args.id.as_deref(), edited).map_err(|error| anyhow!("{error}"))?;
    for (path, kept) in &undone.kept {
        say(console, &format!("`{}` had changed since; that text is in `{}`\n", path.display(), kept.display()));
    }
    say(console, &format!("{} put back as before\n", plural(undone.restored.len(), "file")));
    Ok(Outcome::Clean)
}

/// Finishes a write that was killed.
pub(super) fn resume(console: &Console, start: &Path) -> Result<Outcome> {
    let root = root_of(start)?;
    let id = journal::unfinished(&root).context("no run was stopped halfway, so there is nothing to finish")?;
    let written = journal::resume(&root, id).map_err(|error| anyhow!("{error}"))?;
    say(console, &format!("{} written; `awaitify undo` puts the old bytes back\n", plural(written.files, "file")));
    Ok(Outcome::Clean)
}

/// The folder with the journal, at or above `start`.
fn root_of(start: &Path) -> Result<PathBuf> {
    let start = absolute(start).with_context(|| format!("cannot find `{}`", start.display()))?;
    let root = start.ancestors().find(|folder| folder.join(".awaitify").is_dir()).map(Path::to_path_buf);
    root.with_context(|| format!("nothing was applied in `{}`, so there is nothing to undo", start.display()))
}

/// A line for each journal, the newest last.
fn listing(journals: &[Listing]) -> String {
    let mut out = String::new();
    for journal in journals {
        let state = match journal.state {
            State::Unfinished => "was stopped halfway",
            State::Committed => "applied",
            State::Undoing => "its undo was stopped halfway",
            State::Undone => "undone",
        };
        let (files, created) = (plural(journal.files, "file"), utc(journal.created));
        writeln!(out, "{}  {created}  {}  {files}  {state}", journal.id, journal.label).expect("a String takes it");
    }
    out
}

/// `2024-05-17 09:30 UTC`, by the civil-from-days algorithm (Hinnant).
fn utc(seconds: u64) -> String {
    let (days, rest) = ((seconds / 86_400).cast_signed(), seconds % 86_400);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3_600, rest / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(utc(0), "1970-01-01 00:00 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(utc(1_715_938_259), "2024-05-17 09:30 UTC");
    }
}
