//! `-i`: asks on the terminal which groups to carry out.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use anyhow::Result;

use super::migrate::Migration;
use super::output::{diff_base, say};
use crate::cli::{Color, Console};
use crate::group::GroupId;
use crate::index::facts::FileId;
use crate::interactive::{self, Paint, Preview};
use crate::report::diff;
use crate::report::{self, text::plural};

/// Asks about what the migration would carry out, and narrows it down to the answers. The dialog goes to stderr: stdout has
/// the data.
pub(super) fn ask(console: &Console, migration: &mut Migration) -> Result<()> {
    let ids = migration.chosen.clone().unwrap_or_else(|| migration.groups.ids());
    let groups: Vec<_> = migration.groups.named.iter().filter(|group| ids.contains(&group.id)).cloned().collect();
    let base = diff_base(&migration.analysis, &migration.rewritten);
    let mut preview = Screen { migration, base, texts: BTreeMap::new() };
    let (mut reader, mut writer) = (io::stdin().lock(), io::stderr());
    let chosen = interactive::choose(&groups, &mut preview, &mut reader, &mut writer, paint(console))?;
    migration.choose(&chosen.accepted)?;
    let left = chosen.refused.len() + chosen.skipped.len();
    if left > 0 {
        say(console, &format!("{} left out\n", plural(left, "group")));
    }
    Ok(())
}

fn paint(console: &Console) -> Paint {
    let wanted = || io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    match console.color {
        Color::Always => Paint::Color,
        Color::Auto if wanted() => Paint::Color,
        Color::Auto | Color::Never => Paint::Plain,
    }
}

/// The migration as it would be with some of the groups.
struct Screen<'a> {
    migration: &'a mut Migration,
    /// The folder that paths are shown from.
    base: PathBuf,
    /// The new texts of choices that were looked at. The last two are asked for again.
    texts: BTreeMap<Vec<GroupId>, Texts>,
}

/// Bytes before and after, for each file that changes.
type Texts = BTreeMap<FileId, (Vec<u8>, Vec<u8>)>;

impl Screen<'_> {
    fn texts(&mut self, ids: &[GroupId]) -> Result<Texts> {
        if ids.is_empty() {
            return Ok(Texts::new());
        }
        if let Some(texts) = self.texts.get(ids) {
            return Ok(texts.clone());
        }
        self.migration.choose(ids)?;
        let changed = self.migration.rewritten.iter();
        Ok(changed.map(|done| (done.file, (done.before.clone(), done.after.clone()))).collect())
    }
}

impl Preview for Screen<'_> {
    fn diff(&mut self, taken: &[GroupId], more: &[GroupId]) -> Result<String> {
        let both: Vec<GroupId> =
            self.migration.groups.ids().into_iter().filter(|id| taken.contains(id) || more.contains(id)).collect();
        let (old, new) = (self.texts(taken)?, self.texts(&both)?);
        let mut out = vec![];
        for (file, (before, after)) in &new {
            let (_, now) = old.get(file).unwrap_or(&(vec![], before.clone())).clone();
            let path = &self.migration.analysis.project.file(*file).path;
            out.extend(diff::unified(diff::relative(&self.base, path), &now, after, None, diff::Color::Never));
        }
        self.texts = BTreeMap::from([(taken.to_vec(), old), (both, new)]);
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    fn explanation(&self, id: &GroupId) -> String {
        let groups = &self.migration.groups;
        let (world, verdicts) = self.migration.analysis.whole();
        let found = groups.named.iter().zip(&groups.planned).find(|(group, _)| group.id == *id);
        found.map_or_else(String::new, |(_, planned)| report::groups::explanation(world, verdicts, planned))
    }
}
