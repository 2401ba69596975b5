//! Rewrites every node of real files in every way: nothing may panic, overlap, or fail to parse, and verification must see
//! each change as what it is recorded as.
//!
//! Runs on the directory in `AWAITIFY_CORPUS`; with `AWAITIFY_CORPUS_OUT` it writes `<n>.before.py` and `<n>.after.py` there,
//! for a check with another parser: `AWAITIFY_CORPUS=/usr/lib/python3 cargo test --lib corpus -- --ignored`.

use std::path::{Path, PathBuf};

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_node};
use ruff_python_ast::{AnyNodeRef, PythonVersion};
use ruff_python_parser::parse_module;
use ruff_text_size::{Ranged, TextRange};

use super::rewrite;
use crate::config::OffloadVia;
use crate::edit::FileEdits;
use crate::plan::{Action, UnwrapForm, YieldSource};
use crate::verify;

/// The nodes of a file that actions are about.
#[derive(Default)]
struct Nodes {
    calls: Vec<TextRange>,
    functions: Vec<TextRange>,
    withs: Vec<TextRange>,
    fors: Vec<TextRange>,
    clauses: Vec<TextRange>,
    generators: Vec<TextRange>,
    expressions: Vec<TextRange>,
    yields: Vec<TextRange>,
}

impl<'a> SourceOrderVisitor<'a> for Nodes {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        let list = match node {
            AnyNodeRef::ExprCall(_) => &mut self.calls,
            AnyNodeRef::StmtFunctionDef(_) => &mut self.functions,
            AnyNodeRef::StmtWith(_) => &mut self.withs,
            AnyNodeRef::StmtFor(_) => &mut self.fors,
            AnyNodeRef::Comprehension(_) => &mut self.clauses,
            AnyNodeRef::ExprGenerator(_) => &mut self.generators,
            AnyNodeRef::ExprName(name) if name.ctx.is_load() => &mut self.expressions,
            AnyNodeRef::StmtExpr(statement) if statement.value.is_yield_from_expr() => &mut self.yields,
            // What a pattern names cannot be awaited.
            _ if node.is_pattern() => return TraversalSignal::Skip,
            _ => return TraversalSignal::Traverse,
        };
        list.push(node.range());
        TraversalSignal::Traverse
    }
}

/// One set of actions for each way to rewrite.
fn plans(nodes: &Nodes) -> Vec<(&'static str, Vec<Action>)> {
    let calls = |action: &dyn Fn(TextRange) -> Action| nodes.calls.iter().map(|call| action(*call)).collect::<Vec<_>>();
    let offload = |via: OffloadVia| calls(&move |call| Action::Offload { call, via: via.clone() });
    let unwrap = |form: UnwrapForm| calls(&move |call| Action::Unwrap { call, form });
    let colors = [
        nodes.functions.iter().map(|function| Action::AsyncDef { function: *function }).collect::<Vec<_>>(),
        nodes
            .functions
            .iter()
            .map(|f| Action::Decorator { function: *f, decorator: "pytest.mark.asyncio".into() })
            .collect(),
        nodes.withs.iter().map(|statement| Action::AsyncWith { statement: *statement }).collect(),
        nodes.fors.iter().map(|statement| Action::AsyncFor { statement: *statement }).collect(),
        nodes.clauses.iter().map(|clause| Action::AsyncComprehension { clause: *clause }).collect(),
        nodes.generators.iter().map(|generator| Action::ListComprehension { generator: *generator }).collect(),
        nodes.expressions.iter().map(|call| Action::Await { call: *call }).collect(),
        nodes.yields.iter().map(|s| Action::YieldFrom { statement: *s, source: YieldSource::Sync }).collect(),
    ];
    vec![
        ("asyncio", offload(OffloadVia::Asyncio)),
        ("anyio", offload(OffloadVia::Anyio)),
        ("asgiref", offload(OffloadVia::Asgiref)),
        ("await", calls(&|call| Action::Await { call })),
        ("native", calls(&|call| Action::Native { call, method: "twin".into() })),
        ("replace", calls(&|call| Action::Replace { call, function: "anyio.sleep".into() })),
        ("first", unwrap(UnwrapForm::First)),
        ("second", unwrap(UnwrapForm::Second)),
        ("lambda", unwrap(UnwrapForm::Lambda { argument: 0 })),
        ("partial", unwrap(UnwrapForm::Partial { argument: 0 })),
        ("curried", unwrap(UnwrapForm::Curried)),
        ("run", calls(&|call| Action::UnwrapRun { call })),
        ("entry", calls(&|call| Action::EntryPoint { call })),
        ("collect", calls(&|call| Action::Collect { call })),
        ("colors", colors.concat()),
    ]
}

/// Takes one action at a time where nested ones of the same kind delete each other's nodes.
fn is_nestable(name: &str) -> bool {
    !matches!(name, "first" | "second" | "lambda" | "partial" | "curried" | "run" | "replace" | "collect" | "native")
}

#[test]
#[ignore = "needs a directory of Python files"]
fn every_node_of_a_corpus() {
    let root = std::env::var("AWAITIFY_CORPUS").expect("AWAITIFY_CORPUS names a directory");
    let out = std::env::var("AWAITIFY_CORPUS_OUT").ok().map(PathBuf::from);
    let mut count = 0;
    for path in python_files(Path::new(&root)) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let Ok(parsed) = parse_module(&text) else { continue };
        let mut nodes = Nodes::default();
        walk_node(&mut nodes, AnyNodeRef::from(parsed.syntax()));
        for (name, actions) in plans(&nodes) {
            let actions = if is_nestable(name) { actions } else { outermost(actions) };
            let after = apply(&path, name, &text, &actions);
            count += 1;
            if let Some(out) = &out {
                std::fs::write(out.join(format!("{count}.{name}.before.py")), &text).unwrap();
                std::fs::write(out.join(format!("{count}.{name}.after.py")), after).unwrap();
            }
        }
    }
    assert!(count > 0, "no Python files in {root}");
}

fn apply(path: &Path, name: &str, text: &str, actions: &[Action]) -> String {
    let rewritten = rewrite(text, actions).unwrap_or_else(|error| panic!("{} {name}: {error}", path.display()));
    let applied = rewritten.edits.apply(text).unwrap_or_else(|error| panic!("{} {name}: {error}", path.display()));
    if let Err(error) = parse_module(&applied.text) {
        let at = error.location.start().to_usize();
        let lines = applied.text[..at].rsplit('\n').take(4).collect::<Vec<_>>();
        panic!("{} {name}: {error}\n{lines:#?}", path.display());
    }
    if is_any_call_of_its_kind(name) {
        verify_structure(path, name, text, &rewritten.edits, &applied.text);
    }
    applied.text
}

/// Verification knows which calls may be unwrapped, and refuses the others.
fn is_any_call_of_its_kind(name: &str) -> bool {
    !matches!(name, "first" | "second" | "lambda" | "partial" | "curried" | "run")
}

/// Everything but where an `await` may stand: any node is awaited here.
fn verify_structure(path: &Path, name: &str, old: &str, edits: &FileEdits, new: &str) {
    let target = PythonVersion::latest();
    let file = verify::Rewritten { path: "corpus.py", old, new, edits, target, offloads: &[] };
    let misplaced = |failure: &verify::Failure| {
        failure.check == verify::Check::Parse || failure.message.contains("an async generator")
    };
    let failures: Vec<_> = verify::verify(&file).into_iter().filter(|failure| !misplaced(failure)).collect();
    assert!(failures.is_empty(), "{} {name}: {failures:#?}", path.display());
}

/// The actions whose nodes do not lie in those of others.
fn outermost(actions: Vec<Action>) -> Vec<Action> {
    let range = |action: &Action| match action {
        Action::Unwrap { call, .. }
        | Action::UnwrapRun { call }
        | Action::Replace { call, .. }
        | Action::Native { call, .. }
        | Action::Collect { call } => *call,
        _ => unreachable!("only calls are filtered"),
    };
    let mut end = ruff_text_size::TextSize::default();
    let mut kept = Vec::new();
    for action in actions {
        if range(&action).start() >= end {
            end = range(&action).end();
            kept.push(action);
        }
    }
    kept
}

fn python_files(root: &Path) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(root).standard_filters(false).sort_by_file_name(Ord::cmp).build();
    let paths = walk.filter_map(Result::ok).map(ignore::DirEntry::into_path);
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "py")).collect()
}
