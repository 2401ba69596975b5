use super::*;

/// Reads `a b>a c(d,e)`: names, what they depend on, what they can be split into.
fn choices(text: &str) -> Vec<Choice> {
    text.split_whitespace()
        .map(|word| {
            let (word, parts) = word.split_once('(').unwrap_or((word, ")"));
            let (id, needs) = word.split_once('>').unwrap_or((word, ""));
            let parts = parts.trim_end_matches(')').split_terminator(',');
            choice(id, needs.split_terminator(',').collect(), parts.map(|id| choice(id, vec![], vec![])).collect())
        })
        .collect()
}

fn choice(id: &str, needs: Vec<&str>, parts: Vec<Choice>) -> Choice {
    let depends_on = needs.into_iter().map(|id| GroupId(id.to_owned())).collect();
    let functions = vec![format!("m.{id}")];
    Choice {
        group: Group {
            id: GroupId(id.to_owned()),
            title: format!("Convert {id}"),
            functions,
            depends_on,
            carried: false,
        },
        diff: format!("--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n-def {id}():\n+async def {id}():\n"),
        explanation: format!("{id} blocks\n"),
        parts,
    }
}

fn run(groups: &str, answers: &str, paint: Paint) -> (Chosen, String) {
    let mut screen = Vec::new();
    let input = answers.replace(' ', "\n");
    let chosen = choose(&choices(groups), &mut input.as_bytes(), &mut screen, paint).unwrap();
    (chosen, String::from_utf8(screen).unwrap())
}

/// Answers are parted by spaces; expected is `accepted | refused | skipped`.
#[track_caller]
fn check(groups: &str, answers: &str, expected: &str) {
    let (chosen, _) = run(groups, answers, Paint::Plain);
    let text = |ids: &[GroupId]| ids.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(" ");
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
fn dependencies_are_asked_first_and_a_no_takes_the_dependents() {
    check("a>b b c", "n y", "c | b a | ");
    check("a>b b", "y y", "b a |  | ");
    check("a b>a c>b d", "n a", "d | a b c | ");
    check("a c>d d e", "y n a", "a e | d c | ");
}

#[test]
fn other_answers_print_the_help_and_ask_again() {
    let (chosen, screen) = run("a", "x ? y", Paint::Plain);
    assert_eq!(chosen.accepted.len(), 1);
    assert_eq!(screen.matches("y - apply this group\n").count(), 2);
}

#[test]
fn explain_prints_the_reason_and_asks_again() {
    let (chosen, screen) = run("a", "e n", Paint::Plain);
    assert_eq!(chosen.refused.len(), 1);
    assert!(screen.contains("? a blocks\nApply this group"), "{screen}");
}

#[test]
fn split_asks_about_the_parts() {
    check("a b(c,d) e", "n s y n y", "c e | a d | ");
    let (_, screen) = run("a b(c,d) e", "n s y n y", Paint::Plain);
    assert!(screen.contains("Split into 2 groups.") && screen.contains("(2/4) Convert c"), "{screen}");
}

#[test]
fn dependents_of_a_split_group_need_all_its_parts() {
    check("b(c,d) e>b f", "s y n y", "c f | d e | ");
    check("b(c,d) e>b f", "s y y y y", "c d e f |  | ");
    check("b(c,d) e>b f", "s n a", "d f | c e | ");
}

#[test]
fn group_that_cannot_be_split_says_so() {
    let (chosen, screen) = run("a", "s y", Paint::Plain);
    assert_eq!(chosen.accepted.len(), 1);
    assert!(screen.contains("It cannot be split"));
}

#[test]
fn screen() {
    let (_, screen) = run("a b>a", "n", Paint::Plain);
    assert_eq!(
        screen,
        "(1/2) Convert a (1 function)\n--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n-def a():\n+async def a():\n\
         Apply this group [y,n,a,q,e,?]? \n(2/2) Convert b (1 function) is left out, because it needs `a`.\n\n"
    );
}

#[test]
fn colors() {
    let (_, screen) = run("a", "y", Paint::Color);
    assert!(screen.contains("\x1b[31m-def a():\x1b[0m\n\x1b[32m+async def a():\x1b[0m\n"));
    assert!(!run("a", "y", Paint::Plain).1.contains('\x1b'));
}
