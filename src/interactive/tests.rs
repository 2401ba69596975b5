use super::*;

/// Reads `a b>a (c)>a`: names and what they depend on; in parentheses what is carried.
fn groups(text: &str) -> Vec<Group> {
    text.split_whitespace()
        .map(|word| {
            let (head, needs) = word.split_once('>').unwrap_or((word, ""));
            let id = head.trim_matches(['(', ')']);
            Group {
                id: GroupId(id.to_owned()),
                title: format!("`{id}` becomes async"),
                functions: vec![format!("m.{id}")],
                depends_on: needs.split_terminator(',').map(|id| GroupId(id.to_owned())).collect(),
                carried: head.starts_with('('),
            }
        })
        .collect()
}

/// A line for each group of a diff.
#[derive(Default)]
struct Lines {
    asked: Vec<String>,
}

fn text(ids: &[GroupId]) -> String {
    ids.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(" ")
}

impl Preview for Lines {
    fn diff(&mut self, taken: &[GroupId], more: &[GroupId]) -> Result<String> {
        self.asked.push(format!("{} + {}", text(taken), text(more)));
        let lines = more.iter().map(|id| format!("-def {id}():\n+async def {id}():\n"));
        Ok(format!("--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n{}", lines.collect::<String>()))
    }

    fn explanation(&self, id: &GroupId) -> String {
        format!("{id} blocks\n")
    }
}

fn run(text: &str, answers: &str, paint: Paint) -> (Chosen, String, Vec<String>) {
    let mut screen = Vec::new();
    let input = answers.replace(' ', "\n");
    let mut preview = Lines::default();
    let chosen = choose(&groups(text), &mut preview, &mut input.as_bytes(), &mut screen, paint).unwrap();
    (chosen, String::from_utf8(screen).unwrap(), preview.asked)
}

/// Answers are parted by spaces; expected is `accepted | refused | skipped`.
#[track_caller]
fn check(groups: &str, answers: &str, expected: &str) {
    let (chosen, ..) = run(groups, answers, Paint::Plain);
    let found = [text(&chosen.accepted), text(&chosen.refused), text(&chosen.skipped)].join(" | ");
    assert_eq!(found, expected);
}

#[test]
fn yes_no_all_quit() {
    check("a b c", "y n y", "a c | b | ");
    check("a b c", "n a", "b c | a | ");
    check("a b c", "y q", "a |  | b c");
    check("a b c", "YES No All", "a c | b | ");
}

#[test]
fn end_of_input_is_quit() {
    check("a b c", "y", "a |  | b c");
    check("a", "", " |  | a");
    check("", "", " |  | ");
}

#[test]
fn what_hangs_together_is_one_question() {
    check("a>b b c", "y n", "a b | c | ");
    check("a>b b c", "n y", "c | b a | ");
    check("a b>a c>b d", "q", " |  | a b c d");
}

#[test]
fn split_asks_about_each_in_the_order_of_their_needs() {
    check("a>b b c", "s y n y", "b c | a | ");
    check("a>b b c", "s n y", "c | b a | ");
    check("a b>a c>b d", "s n a", "d | a b c | ");
    let (_, screen, _) = run("a>b b c", "s y y n", Paint::Plain);
    assert!(screen.contains("Split into 2 groups.") && screen.contains("(2/3) `a` becomes async"), "{screen}");
}

#[test]
fn carried_groups_come_with_those_that_need_them() {
    check("(top) a>top b>top", "y", "top a b |  | ");
    check("(top) a>top b>top", "s n y", "top b | a | ");
    check("(top) a>top b>top", "s n n", " | a b | ");
    let (.., asked) = run("(top) a>top b>top", "s y y", Paint::Plain);
    assert_eq!(asked, [" + top a b", " + top a", "top a + b"]);
}

#[test]
fn other_answers_print_the_help_and_ask_again() {
    let (chosen, screen, _) = run("a", "x ? y", Paint::Plain);
    assert_eq!(chosen.accepted.len(), 1);
    assert_eq!(screen.matches("y - apply this\n").count(), 2);
}

#[test]
fn explain_prints_the_reason_and_asks_again() {
    let (chosen, screen, _) = run("a", "e n", Paint::Plain);
    assert_eq!(chosen.refused.len(), 1);
    assert!(screen.contains("? a blocks\nApply this"), "{screen}");
}

#[test]
fn group_that_cannot_be_split_says_so() {
    let (chosen, screen, _) = run("a", "s y", Paint::Plain);
    assert_eq!(chosen.accepted.len(), 1);
    assert!(screen.contains("It cannot be split"));
}

#[test]
fn a_long_diff_is_shown_when_asked_for() {
    let names: Vec<String> = (0..100).map(|index| format!("f{index}>f0")).collect();
    let (_, screen, _) = run(&names.join(" "), "d y", Paint::Plain);
    assert!(screen.contains("... and 83 more lines; `d` shows them all\n"), "{screen}");
    assert_eq!(screen.matches("+async def f99():").count(), 1);
}

#[test]
fn screen() {
    let (_, screen, _) = run("a b>a", "s n", Paint::Plain);
    assert_eq!(
        screen,
        "(1/1) `a` becomes async, and 1 more (2 functions)\n--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n-def a():\n+async def a():\n\
         -def b():\n+async def b():\nApply this [y,n,a,q,e,s,?]? Split into 2 groups.\n\n\
         (1/2) `a` becomes async (1 function)\n--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n-def a():\n+async def a():\n\
         Apply this [y,n,a,q,e,?]? \n`b` is left out, because it needs `a`.\n\n"
    );
}

#[test]
fn colors() {
    let (_, screen, _) = run("a", "y", Paint::Color);
    assert!(screen.contains("\x1b[31m-def a():\x1b[0m\n\x1b[32m+async def a():\x1b[0m\n"));
    assert!(!run("a", "y", Paint::Plain).1.contains('\x1b'));
}
