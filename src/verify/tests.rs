//! Fixtures are edits built by hand; each must pass, and every mutation of it must be caught.

mod fixtures;
mod mutate;

use std::collections::BTreeMap;

use ruff_python_ast::PythonVersion;
use ruff_text_size::{TextRange, TextSize};

use super::*;
use crate::edit::EditKind;
use fixtures::Fixture;

const TARGET: PythonVersion = PythonVersion::PY312;

fn check(old: &str, new: &str, edits: &FileEdits) -> Vec<Failure> {
    let offloads = ["app.metrics.offload".to_string()];
    verify(&Rewritten { path: "pkg/app.py", old, new, edits, target: TARGET, offloads: &offloads })
}

/// The edits applied, by a few lines that verification does not share.
pub(super) fn apply(old: &str, edits: &FileEdits) -> String {
    let mut order: Vec<_> = edits.edits.iter().collect();
    order.sort_by_key(|edit| (edit.range.start(), edit.range.end()));
    let mut new = old.to_string();
    for edit in order.iter().rev() {
        new.replace_range(edit.range.start().to_usize()..edit.range.end().to_usize(), &edit.text);
    }
    new
}

#[test]
fn fixtures_pass() {
    for Fixture { name, old, edits } in fixtures::all() {
        let new = apply(&old, &edits);
        let failures = check(&old, &new, &edits);
        assert!(failures.is_empty(), "{name}: {failures:#?}\n{new}");
    }
}

/// Breaks the new text. Every mutation changes bytes outside of what is recorded, so all are caught.
#[test]
fn mutations_of_the_text_are_caught() {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut survivors = Vec::new();
    for Fixture { name, old, edits } in fixtures::all() {
        let new = apply(&old, &edits);
        for mutation in mutate::mutations(&new) {
            let entry = counts.entry(mutation.kind).or_default();
            entry.1 += 1;
            let failures = check(&old, &mutation.text, &edits);
            // The bytes alone catch everything; what changes the program must be caught by the structure too.
            let structure = failures.iter().any(|failure| failure.check != Check::Tokens);
            let trivia = mutation.kind.ends_with("comment") || mutation.kind == "change whitespace";
            if failures.is_empty() || (!structure && !trivia) {
                survivors.push(format!("{name}: {}\n{}", mutation.kind, mutation.text));
            } else {
                entry.0 += 1;
            }
        }
    }
    print_rates("mutations of the new text", &counts);
    assert!(survivors.is_empty(), "{}", survivors.join("\n---\n"));
}

/// Breaks the text of the edits themselves, as a bug in a rewriter would: the bytes agree, only the structure does not.
#[test]
fn mutations_of_the_edits_are_caught() {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut survivors = Vec::new();
    for Fixture { name, old, edits } in fixtures::all() {
        let new = apply(&old, &edits);
        let offsets = Offsets::new(&old, &edits).expect("good edits");
        for mutation in mutate::mutations(&new) {
            let Some(broken) = rewrite_edit(&edits, &offsets, &mutation) else { continue };
            if mutate::says_so_itself(&edits, &broken, &mutation) {
                continue;
            }
            let entry = counts.entry(mutation.kind).or_default();
            entry.1 += 1;
            assert_eq!(apply(&old, &broken), mutation.text);
            if check(&old, &mutation.text, &broken).is_empty() {
                survivors.push(format!("{name}: {}\n{}", mutation.kind, mutation.text));
            } else {
                entry.0 += 1;
            }
        }
    }
    print_rates("mutations of the edits", &counts);
    assert!(survivors.is_empty(), "{}", survivors.join("\n---\n"));
}

/// The edits with the text of one changed so that they produce the mutation; `None` when it touches other text too.
fn rewrite_edit(edits: &FileEdits, offsets: &Offsets, mutation: &mutate::Mutation) -> Option<FileEdits> {
    let span = offsets.spans().iter().find(|span| !span.new.is_empty() && span.new.contains_range(mutation.place))?;
    let at = (mutation.place - span.new.start()).start().to_usize();
    let mut broken = edits.clone();
    broken.edits[span.edit].text.replace_range(at..at + mutation.place.len().to_usize(), &mutation.with);
    Some(broken)
}

/// Leaves one edit out while its change stays recorded, and the other way round.
#[test]
fn lost_edits_and_lost_changes_are_caught() {
    for Fixture { name, old, edits } in fixtures::all() {
        for index in 0..edits.edits.len() {
            let mut broken = edits.clone();
            broken.edits.remove(index);
            let new = apply(&old, &broken);
            assert!(!check(&old, &new, &broken).is_empty(), "{name}: edit {index} is missing\n{new}");
        }
        for index in 0..edits.changes.len() {
            let mut broken = edits.clone();
            broken.changes[index] = EditKind::Await { operand: TextRange::empty(TextSize::new(0)) };
            assert!(!check(&old, &apply(&old, &broken), &broken).is_empty(), "{name}: change {index} is missing");
        }
    }
}

fn print_rates(title: &str, counts: &BTreeMap<&str, (usize, usize)>) {
    println!("{title}");
    for (kind, (killed, total)) in counts {
        println!("  {kind:24} {killed:5} of {total:5} caught, {}%", 100 * killed / total);
    }
}

/// Names of the checks that fail.
fn failing(old: &str, new: &str, edits: &FileEdits) -> Vec<&'static str> {
    let mut checks: Vec<_> = check(old, new, edits).iter().map(|failure| failure.check.name()).collect();
    checks.dedup();
    checks
}

/// All of the syntax, to be broken token by token.
const SYNTAX: &str = r#"from __future__ import annotations
import a.b as c, d
from ..e import f as g, h
@deco(1)
class K[T: int, *Ts, **P](Base, metaclass=M):
    x: int = 1; (y): str
    def m(self, a, /, b: int = 2, *args: t, c=3, d, **kw) -> None: global q; del a, b
type Alias[V = int] = list[V]
async def co[R](p):
    nonlocal_ = lambda x, *y, z=1: (x, *y)
    async with u as v, w: await v
    async for i, j in k: yield i
    else: return
    [l async for l in m if n if o]; {k: v for k, v in r}; {s for s in t}; (u for u in w)
def sync():
    yield from ((x := 5), -1 if not b else ~c)
    assert a < b <= c != d is not e not in f, 'msg'
    try: raise E from e
    except (A, B) as err: pass
    except* C: ...
    finally: x += 1 ** 2 // 3 @ 4
    while a and b or c: break
    else: continue
    for a, *b in c: x[1:2, ::3] = y.z = {1, 2.5, 3j, None, True, b'x', *d} if 0 else {'k': v, **w}
    if a: ...
    elif b: f"{a!r:>{w}} {b=} t" 'tail' r"raw"
    else: t"{x}" ; print(*a, k=v, **kw)
    match s:
        case [1, *rest] | {'k': v, **more} | P(a, b=2) | None | (x as y) if z: pass
        case -1 | 'a' | a.b: pass
"#;

/// Whatever ruff's own comparison tells apart, ours does.
#[test]
fn comparison_is_as_strict_as_the_one_of_ruff() {
    use ruff_python_ast::comparable::ComparableMod;
    let syntax = SYNTAX.replace("    except* C: ...\n", "");
    let parsed = |text: &str| {
        ruff_python_parser::parse_unchecked(
            text,
            ruff_python_parser::ParseOptions::from(ruff_python_parser::Mode::Module),
        )
    };
    let (old, edits) = (parsed(&syntax), FileEdits::default());
    assert!(old.has_valid_syntax(), "{:?}", old.errors());
    let offsets = Offsets::new(&syntax, &edits).expect("no edits");
    let body = |parsed: &ruff_python_parser::Parsed<ruff_python_ast::Mod>| {
        parsed.syntax().as_module().expect("a module").body.to_vec()
    };
    let mut compared = 0;
    for token in old.tokens().iter().filter(|token| !ruff_text_size::Ranged::range(*token).is_empty()) {
        let range = ruff_text_size::Ranged::range(token);
        let text = &syntax[range.start().to_usize()..range.end().to_usize()];
        let all = ["", "not", "async", "await ", "q", "7", "-", "+", "or", "*", "**", "()", "<", "is", "r'z'", ","];
        for with in all.iter().map(ToString::to_string).chain([
            format!("{text}_1"),
            format!("({text})"),
            format!("{text} {text}"),
        ]) {
            let mut new_text = syntax.clone();
            new_text.replace_range(range.start().to_usize()..range.end().to_usize(), &with);
            let new = parsed(&new_text);
            if new.has_valid_syntax() && ComparableMod::from(old.syntax()) != ComparableMod::from(new.syntax()) {
                let file =
                    Rewritten { path: "", old: &syntax, new: &new_text, edits: &edits, target: TARGET, offloads: &[] };
                assert!(
                    !erase::check(&file, &offsets, &body(&old), &body(&new)).is_empty(),
                    "{text} to {with}\n{new_text}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 800, "{compared}");
}

/// Records one change of the node that reads `node` in `old`, which is written as `text`.
fn one(old: &str, kind: fn(TextRange) -> EditKind, node: &str, text: &str) -> FileEdits {
    let start = TextSize::try_from(old.find(node).expect("the node is there")).expect("short");
    let mut edits = FileEdits::default();
    let change = edits.change(kind(TextRange::at(start, ruff_text_size::TextLen::text_len(node))));
    edits.insert(change, start, text);
    edits
}

#[test]
fn new_syntax_errors_are_failures() {
    let failing_with = |old: &str, edits: &FileEdits| failing(old, &apply(old, edits), edits);
    let awaited = |old: &str, node| failing_with(old, &one(old, |operand| EditKind::Await { operand }, node, "await "));
    assert_eq!(failing("x = 1\n", "x = \n", &FileEdits::default()), ["tokens", "parse"]);
    assert_eq!(awaited("async def f(): return g()\n", "g()"), [""; 0]);
    assert_eq!(awaited("def f(): return g()\n", "g()"), ["parse"]);
    assert_eq!(awaited("async def f(x=g()): pass\n", "g()"), ["parse"]);
    assert_eq!(awaited("async def f(): return lambda: g()\n", "g()"), ["parse"]);
    assert_eq!(awaited("async def f():\n    class A: x = g()\n", "g()"), ["parse"]);
    assert_eq!(awaited("def f(): return [g(x) for x in y]\n", "g(x)"), ["parse"]);
    assert_eq!(awaited("async def f(): return [g(x) for x in y]\n", "g(x)"), [""; 0]);
    let converted =
        |old: &str| failing_with(old, &one(old, |function| EditKind::AsyncDef { function }, old.trim_end(), "async "));
    assert_eq!(converted("def f(): return 1\n"), [""; 0]);
    assert_eq!(converted("def f(): yield from g()\n"), ["parse"]);
    assert_eq!(converted("def f():\n    yield 1\n    return 2\n"), ["parse"]);
}

/// `any` would get an async generator, which is always true.
#[test]
fn await_in_a_generator_expression_is_a_failure() {
    let old = "async def f(y): return any(g(x) for x in y)\n";
    let edits = one(old, |operand| EditKind::Await { operand }, "g(x)", "await ");
    assert_eq!(failing(old, &apply(old, &edits), &edits), ["erase"]);
    let old = "async def f(y): return any(x for x in g(y))\n";
    let edits = one(old, |operand| EditKind::Await { operand }, "g(y)", "await ");
    assert_eq!(failing(old, &apply(old, &edits), &edits), [""; 0]);
}

/// What is bound for annotations only must not be needed anywhere else.
#[test]
fn a_name_under_type_checking_takes_the_place_of_another_one() {
    let imports = "if TYPE_CHECKING:\n    from a import Iterator\n";
    let with = |body: &str, node: &str| {
        let old = format!("{imports}{body}");
        let mut edits = one(&old, |name| EditKind::Rename { name, to: "Async".into() }, node, "");
        let start = TextSize::try_from(old.rfind(node).expect("the node is there")).expect("short");
        let range = TextRange::at(start, ruff_text_size::TextLen::text_len(node));
        edits.changes[0] = EditKind::Rename { name: range, to: "Async".into() };
        edits.edits.clear();
        edits.replace(0, range, "Async");
        let import = edits.change(EditKind::Import);
        let at = TextSize::try_from(old.find("Iterator").expect("it is imported")).expect("short");
        edits.insert(import, at, "Async, ");
        failing(&old, &apply(&old, &edits), &edits)
    };
    assert_eq!(with("def f(x: Iterator): pass\ndef g(x: Iterator): pass\n", "Iterator"), [""; 0]);
    assert_eq!(with("def f(x: Iterator): return load\n", "load"), ["erase"]);
}

/// Errors that were there before are no failures of ours.
#[test]
fn old_syntax_errors_are_excused() {
    for text in ["return 1\n", "async def f(): yield 1; return 2\n", "def f(): await g()\n"] {
        assert_eq!(failing(text, text, &FileEdits::default()), [""; 0]);
    }
    let (old, new) = ("def f(): await g()\n", "def f(): await g(); await h()\n");
    assert_eq!(failing(old, new, &FileEdits::default()), ["tokens", "parse", "erase"]);
}

#[test]
fn edits_that_write_over_each_other_are_failures() {
    let text = "x = f(1)\n";
    let mut edits = one(text, |operand| EditKind::Await { operand }, "f(1)", "await ");
    edits.replace(0, TextRange::new(TextSize::new(4), TextSize::new(6)), "a");
    edits.replace(0, TextRange::new(TextSize::new(5), TextSize::new(7)), "b");
    assert_eq!(failing(text, text, &edits), ["edits"]);
}

/// An edit that turns the text behind it into a comment or a string leaves the bytes alone, but not the tokens.
#[test]
fn tokens_behind_an_edit_stay_tokens() {
    let text = "async def f(): return g() + h()\n";
    let edits = one(text, |operand| EditKind::Await { operand }, "g()", "await g() # ");
    assert!(failing(text, &apply(text, &edits), &edits).contains(&"tokens"));
}

#[test]
fn nothing_panics() {
    let texts = [
        "",
        "\u{feff}",
        "def",
        "x = '",
        "f'{",
        "\r",
        "é",
        "\0",
        "(((",
        "if x:\n\t y\n  z",
        "async",
        "@",
        "\\",
        "await await",
    ];
    let at = |start, end| TextRange::new(TextSize::new(start), TextSize::new(end));
    for old in texts {
        for new in texts {
            for range in [at(0, 0), at(0, 1), at(1, 1), at(0, 9), at(3, 4)] {
                let mut edits = FileEdits::default();
                let change = edits.change(EditKind::Fallback { statement: range });
                edits.replace(change, range, "x");
                edits.insert(change + 1, TextSize::new(1), "y");
                check(old, new, &edits);
                edits.edits.truncate(1);
                check(old, new, &edits);
            }
        }
    }
}

/// Real code: what is not changed verifies, and a dropped token does not. The standard library, when there is one.
#[test]
fn real_code_verifies() {
    let stdlib = "import sysconfig; print(sysconfig.get_path('stdlib'), end='')";
    let Ok(output) = std::process::Command::new("python3").args(["-c", stdlib]).output() else { return };
    let root = std::path::PathBuf::from(String::from_utf8_lossy(&output.stdout).into_owned());
    for package in ["asyncio", "concurrent", "unittest", "email", "test"] {
        for file in ignore::Walk::new(root.join(package)).flatten().filter(|file| file.depth() == 1) {
            let Ok(text) = std::fs::read_to_string(file.path()) else { continue };
            if file.path().extension().is_none_or(|end| end != "py") || text.len() > 40_000 {
                continue;
            }
            let failures = check(&text, &text, &FileEdits::default());
            let ours = failures.iter().any(|failure| failure.check != Check::Parse);
            assert!(!ours && (failures.is_empty() || package == "test"), "{}: {failures:#?}", file.path().display());
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    let deep = "x = ".to_string() + &"-".repeat(100_000) + "1\n";
    assert_eq!(failing(&deep, &deep, &FileEdits::default()), ["parse"]);
    // What passes the guard fits the stack of a main thread.
    let within = "x = ".to_string()
        + &"not ".repeat(900)
        + "1\ny = "
        + &"a.".repeat(900)
        + "b\nz = "
        + &"f(".repeat(150)
        + &")".repeat(150);
    let verified =
        std::thread::Builder::new().stack_size(8 << 20).spawn(move || failing(&within, &within, &FileEdits::default()));
    assert!(verified.expect("a thread").join().expect("no overflow").is_empty());
}

mod census;
