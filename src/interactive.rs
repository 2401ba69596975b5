//! `-i`: the groups one by one, each with its diff, and what to do about it. A plain dialog of lines, so it works in any
//! terminal, over a pipe and in a test.

use std::collections::{HashSet, VecDeque};
use std::io::{self, BufRead, Write};

use crate::group::{self, Group, GroupId};

const HELP: &str = "\
y - apply this group
n - leave it out, with the groups that need it
a - apply this group and all that follow
q - apply what was chosen so far, leave out the rest
e - explain why it is there
s - split it into smaller groups
? - print this help
";

/// A group to ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub group: Group,
    /// Unified, without colors.
    pub diff: String,
    /// What `e` prints.
    pub explanation: String,
    /// The smaller groups that it can be split into, in place of which it stands. Empty when it stands or falls as one.
    pub parts: Vec<Choice>,
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
    /// Closed: what they depend on is among them. In the order of the questions.
    pub accepted: Vec<GroupId>,
    /// Answered with no, or dependent on one that was.
    pub refused: Vec<GroupId>,
    /// Not asked about any more, after `q` or the end of the input.
    pub skipped: Vec<GroupId>,
}

/// Where the dialog stands.
struct Dialog<'a> {
    choices: &'a [Choice],
    /// Still to ask, each after those it depends on.
    open: VecDeque<&'a Choice>,
    chosen: Chosen,
    asked: usize,
    total: usize,
    paint: Paint,
}

/// Asks about all choices. Nobody needs to answer for what hangs on an answer given: a group whose dependency was refused is
/// left out, and says so.
pub fn choose(
    choices: &[Choice],
    reader: &mut impl BufRead,
    writer: &mut impl Write,
    paint: Paint,
) -> io::Result<Chosen> {
    let open = leaf_first(choices);
    let mut dialog = Dialog { choices, total: open.len(), open, chosen: Chosen::default(), asked: 0, paint };
    while let Some(choice) = dialog.open.pop_front() {
        dialog.asked += 1;
        if let Some(needs) = dialog.refused_need(choice) {
            writeln!(writer, "{} is left out, because it needs `{needs}`.\n", dialog.title(choice))?;
            dialog.chosen.refused.push(choice.group.id.clone());
            continue;
        }
        writeln!(writer, "{}", dialog.title(choice))?;
        write!(writer, "{}", painted(&choice.diff, paint))?;
        dialog.ask(choice, reader, writer)?;
    }
    Ok(dialog.chosen)
}

impl<'a> Dialog<'a> {
    /// Asks until there is an answer that settles the choice.
    fn ask(&mut self, choice: &'a Choice, reader: &mut impl BufRead, writer: &mut impl Write) -> io::Result<()> {
        let letters = if choice.parts.is_empty() { "y,n,a,q,e,?" } else { "y,n,a,q,e,s,?" };
        loop {
            write!(writer, "Apply this group [{letters}]? ")?;
            writer.flush()?;
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                // The input ended: nobody agreed to the rest.
                writeln!(writer)?;
                "q".clone_into(&mut line);
            }
            match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => self.chosen.accepted.push(choice.group.id.clone()),
                "n" | "no" => self.chosen.refused.push(choice.group.id.clone()),
                "a" | "all" => self.accept_all(choice),
                "q" | "quit" => {
                    let rest = std::iter::once(choice).chain(self.open.drain(..));
                    self.chosen.skipped.extend(rest.map(|choice| choice.group.id.clone()));
                }
                "e" | "explain" => {
                    writeln!(writer, "{}", choice.explanation.trim_end())?;
                    continue;
                }
                "s" | "split" if choice.parts.is_empty() => {
                    writeln!(writer, "It cannot be split: its changes stand or fall together.")?;
                    continue;
                }
                "s" | "split" => {
                    writeln!(writer, "Split into {} groups.", choice.parts.len())?;
                    self.split(choice);
                }
                _ => {
                    write!(writer, "{HELP}")?;
                    continue;
                }
            }
            return writeln!(writer);
        }
    }

    fn accept_all(&mut self, choice: &'a Choice) {
        self.open.push_front(choice);
        while let Some(choice) = self.open.pop_front() {
            let id = choice.group.id.clone();
            match self.refused_need(choice) {
                Some(_) => self.chosen.refused.push(id),
                None => self.chosen.accepted.push(id),
            }
        }
    }

    /// The parts take the choice's place in the dialog.
    fn split(&mut self, choice: &'a Choice) {
        for part in leaf_first(&choice.parts).into_iter().rev() {
            self.open.push_front(part);
        }
        self.asked -= 1;
        self.total += choice.parts.len() - 1;
    }

    /// A dependency that is not going to be applied. A group that was split is represented by its parts: the group that
    /// needs it needs all of them.
    fn refused_need(&self, choice: &Choice) -> Option<GroupId> {
        let refused: HashSet<_> = self.chosen.refused.iter().collect();
        let parts = |id: &GroupId| {
            let split = self.choices.iter().find(|choice| choice.group.id == *id);
            split.map_or(&[][..], |choice| &choice.parts).iter().map(|part| part.group.id.clone())
        };
        let needs = choice.group.depends_on.iter().flat_map(|id| std::iter::once(id.clone()).chain(parts(id)));
        needs.into_iter().find(|id| refused.contains(id))
    }

    fn title(&self, choice: &Choice) -> String {
        let Group { title, functions, .. } = &choice.group;
        let noun = if functions.len() == 1 { "function" } else { "functions" };
        let text = format!("({}/{}) {title} ({} {noun})", self.asked, self.total, functions.len());
        style(&text, "1", self.paint)
    }
}

/// Orders choices so that a dependency is asked about first.
fn leaf_first(choices: &[Choice]) -> VecDeque<&Choice> {
    let groups: Vec<_> = choices.iter().map(|choice| choice.group.clone()).collect();
    let order = group::needs_first(&groups);
    let find = |id: &GroupId| choices.iter().find(|choice| choice.group.id == *id);
    order.into_iter().filter_map(|group| find(&group.id)).collect()
}

fn painted(diff: &str, paint: Paint) -> String {
    let color = |line: &str| match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => "1",
        [b'+', ..] => "32",
        [b'-', ..] => "31",
        [b'@', ..] => "36",
        _ => "",
    };
    diff.lines().map(|line| style(line, color(line), paint) + "\n").collect()
}

fn style(text: &str, code: &str, paint: Paint) -> String {
    match paint {
        Paint::Color if !code.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
        Paint::Color | Paint::Plain => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
