//! `-i`: the groups one by one, each with its diff, and what to do about it. A plain dialog of lines, so it works in any
//! terminal, over a pipe and in a test.

use std::collections::{HashSet, VecDeque};
use std::io::{BufRead, Write};

use anyhow::Result;

use crate::group::{self, Group, GroupId};

const HELP: &str = "\
y - apply this
n - leave it out, with the groups that need it
a - apply this and all that follows
q - apply what was chosen so far, leave out the rest
e - explain why it is there
s - split it into smaller groups
d - show all of the diff
? - print this help
";
/// So many lines of a diff are shown when it can be split or asked for.
const SHOWN: usize = 120;

/// What the dialog shows.
pub trait Preview {
    /// The unified diff, without colors, from the project with the groups `taken` to the one with `more` too. Both are closed.
    ///
    /// # Errors
    /// When the new texts cannot be made.
    fn diff(&mut self, taken: &[GroupId], more: &[GroupId]) -> Result<String>;

    /// Why the group is there.
    fn explanation(&self, id: &GroupId) -> String;
}

/// How the dialog looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Plain,
    /// ANSI colors.
    Color,
}

/// What was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Closed: what they depend on is among them. In the order of the groups.
    pub accepted: Vec<GroupId>,
    /// Answered with no, or dependent on one that was.
    pub refused: Vec<GroupId>,
    /// Not asked about any more, after `q` or the end of the input.
    pub skipped: Vec<GroupId>,
}

/// Groups to ask about at once: they hang together.
type Question = Vec<GroupId>;

/// Where the dialog stands.
struct Dialog<'a, P> {
    groups: &'a [Group],
    preview: &'a mut P,
    /// Still to ask, each after those it depends on.
    open: VecDeque<Question>,
    chosen: Chosen,
    asked: usize,
    total: usize,
    paint: Paint,
}

/// Asks about all groups but the carried ones, which come with those that need them. Groups that hang together are one
/// question, until it is split. Nobody needs to answer for what hangs on an answer given: a group whose dependency was
/// refused is left out, and says so.
///
/// # Errors
/// When the terminal cannot be read or written, or a diff cannot be made.
pub fn choose(
    groups: &[Group],
    preview: &mut impl Preview,
    reader: &mut impl BufRead,
    writer: &mut impl Write,
    paint: Paint,
) -> Result<Chosen> {
    let open = questions(groups);
    let mut dialog = Dialog { groups, preview, total: open.len(), open, chosen: Chosen::default(), asked: 0, paint };
    while let Some(question) = dialog.open.pop_front() {
        dialog.asked += 1;
        let question = dialog.without_refused(question, writer)?;
        if !question.is_empty() {
            dialog.ask(question, reader, writer)?;
        }
    }
    Ok(dialog.chosen)
}

fn questions(groups: &[Group]) -> VecDeque<Question> {
    let order: Vec<&Group> = group::needs_first(groups).into_iter().filter(|group| !group.carried).collect();
    let bundles = group::bundles(groups).into_iter();
    let asked = bundles.map(|bundle| {
        let inside: HashSet<GroupId> = bundle.into_iter().collect();
        order.iter().map(|group| &group.id).filter(|id| inside.contains(*id)).cloned().collect()
    });
    asked.filter(|question: &Question| !question.is_empty()).collect()
}

impl<P: Preview> Dialog<'_, P> {
    /// The question without the groups that need a refused one.
    fn without_refused(&mut self, question: Question, writer: &mut impl Write) -> Result<Question> {
        let mut left = vec![];
        for id in question {
            let needed = self.with_needs(std::slice::from_ref(&id));
            match needed.into_iter().find(|needed| self.chosen.refused.contains(needed)) {
                Some(refused) => {
                    writeln!(writer, "`{id}` is left out, because it needs `{refused}`.\n")?;
                    self.chosen.refused.push(id);
                }
                None => left.push(id),
            }
        }
        Ok(left)
    }

    /// Shows the question and asks until there is an answer that settles it.
    fn ask(&mut self, question: Question, reader: &mut impl BufRead, writer: &mut impl Write) -> Result<()> {
        let added = self.added(&question);
        let diff = self.preview.diff(&self.chosen.accepted, &added)?;
        writeln!(writer, "{}", self.title(&question, &added))?;
        self.show(&diff, SHOWN, writer)?;
        let letters = if question.len() == 1 { "y,n,a,q,e,?" } else { "y,n,a,q,e,s,?" };
        loop {
            write!(writer, "Apply this [{letters}]? ")?;
            writer.flush()?;
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                // The input ended: nobody agreed to the rest.
                writeln!(writer)?;
                "q".clone_into(&mut line);
            }
            match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => self.accept(&question),
                "n" | "no" => self.chosen.refused.extend(question),
                "a" | "all" => self.accept_all(question),
                "q" | "quit" => {
                    self.chosen.skipped.extend(question);
                    self.chosen.skipped.extend(self.open.drain(..).flatten());
                }
                "s" | "split" if question.len() > 1 => {
                    writeln!(writer, "Split into {} groups.", question.len())?;
                    self.split(question);
                }
                other => {
                    match other {
                        "e" | "explain" => self.explain(&question, writer)?,
                        "d" | "diff" => self.show(&diff, usize::MAX, writer)?,
                        "s" | "split" => {
                            writeln!(writer, "It cannot be split: its changes stand or fall together.")?;
                        }
                        _ => write!(writer, "{HELP}")?,
                    }
                    continue;
                }
            }
            writeln!(writer)?;
            return Ok(());
        }
    }

    fn explain(&self, question: &Question, writer: &mut impl Write) -> Result<()> {
        for id in question {
            writeln!(writer, "{}", self.preview.explanation(id).trim_end())?;
        }
        Ok(())
    }

    fn accept(&mut self, question: &[GroupId]) {
        self.chosen.accepted = self.with_needs(&[&self.chosen.accepted, question].concat());
    }

    fn accept_all(&mut self, question: Question) {
        let rest: Vec<GroupId> = question.into_iter().chain(self.open.drain(..).flatten()).collect();
        for id in rest {
            let needed = self.with_needs(std::slice::from_ref(&id));
            match needed.iter().any(|needed| self.chosen.refused.contains(needed)) {
                true => self.chosen.refused.push(id),
                false => self.accept(&[id]),
            }
        }
    }

    /// The groups of the question take its place in the dialog.
    fn split(&mut self, question: Question) {
        self.asked -= 1;
        self.total += question.len() - 1;
        for id in question.into_iter().rev() {
            self.open.push_front(vec![id]);
        }
    }

    fn with_needs(&self, ids: &[GroupId]) -> Vec<GroupId> {
        group::with_dependencies(self.groups, ids).expect("nothing was taken out of the groups")
    }

    /// What a yes adds to what is accepted.
    fn added(&self, question: &[GroupId]) -> Vec<GroupId> {
        let mut added = self.with_needs(question);
        added.retain(|id| !self.chosen.accepted.contains(id));
        added
    }

    fn title(&self, question: &[GroupId], added: &[GroupId]) -> String {
        let group = |id: &GroupId| self.groups.iter().find(|group| group.id == *id);
        let functions: usize = added.iter().filter_map(group).map(|group| group.functions.len()).sum();
        let first = question.first().and_then(group).map_or("", |group| group.title.as_str());
        let more = if question.len() == 1 { String::new() } else { format!(", and {} more", question.len() - 1) };
        let noun = if functions == 1 { "function" } else { "functions" };
        let text = format!("({}/{}) {first}{more} ({functions} {noun})", self.asked, self.total);
        style(&text, "1", self.paint)
    }

    fn show(&self, diff: &str, limit: usize, writer: &mut impl Write) -> Result<()> {
        let lines: Vec<&str> = diff.lines().collect();
        // A few lines more are no reason to leave them out.
        let shown = if lines.len() > limit.saturating_add(limit / 4) { limit } else { lines.len() };
        for line in &lines[..shown] {
            writeln!(writer, "{}", style(line, color(line), self.paint))?;
        }
        if shown < lines.len() {
            writeln!(writer, "... and {} more lines; `d` shows them all", lines.len() - shown)?;
        }
        Ok(())
    }
}

fn color(line: &str) -> &'static str {
    match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => "1",
        [b'+', ..] => "32",
        [b'-', ..] => "31",
        [b'@', ..] => "36",
        _ => "",
    }
}

fn style(text: &str, code: &str, paint: Paint) -> String {
    match paint {
        Paint::Color if !code.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
        Paint::Color | Paint::Plain => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
