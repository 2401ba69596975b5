//! How long each stage takes on one tree, by criterion: `cargo bench --locked --bench stages`. The tree is that of the environment variable
//! `AWAITIFY_BENCH_TREE` (a folder with an awaitify.toml), else the example project, which is tiny: good for a look at one stage, while
//! `benches/compare` measures whole runs.

use std::hint::black_box;
use std::path::PathBuf;

use awaitify::analysis::{analyze, rewrite_all, verify_all};
use awaitify::config::flags::Flags;
use awaitify::config::{self, Config};
use awaitify::index::Index;
use awaitify::index::words::Words;
use awaitify::project::{self, Project};
use awaitify::py::db::Kept;
use awaitify::report::diff;
use awaitify::{color, plan, resolve};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn tree() -> PathBuf {
    let folder = std::env::var_os("AWAITIFY_BENCH_TREE").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/shop"));
    folder.canonicalize().expect("AWAITIFY_BENCH_TREE is a folder")
}

fn project(config: &Config) -> Project {
    project::walk(&config.root, std::slice::from_ref(&config.root), &config.exclude, &config.roots).0
}

/// Everything up to the call graph.
fn look(criterion: &mut Criterion) {
    let (config, _) = config::load(&tree(), &Flags::default()).expect("the tree has a config");
    let project = project(&config);
    criterion.bench_function("walk", |bencher| bencher.iter(|| self::project(black_box(&config))));
    criterion.bench_function("index", |bencher| bencher.iter(|| Words::build(black_box(&project))));
    let empty = || Index::new(&project, Words::build(&project).0);
    let all: Vec<_> = project.ids().collect();
    criterion.bench_function("collect", |bencher| {
        bencher.iter_batched_ref(empty, |index| index.load(&project, &all), BatchSize::LargeInput);
    });
    criterion.bench_function("resolve", |bencher| {
        let fresh = || (empty(), Kept::default());
        bencher.iter_batched_ref(
            fresh,
            |(index, kept)| {
                let db = kept.open(&config.root, project.roots(&[]), config.target_version).expect("it opened before");
                resolve::resolve(&project, &config, index, db).expect("it resolved before")
            },
            BatchSize::LargeInput,
        );
    });
}

/// Everything behind it.
fn change(criterion: &mut Criterion) {
    let fresh = || analyze(&[tree()], &Flags::default()).expect("the tree can be analyzed");
    let analysis = fresh();
    criterion.bench_function("color", |bencher| bencher.iter(|| color::color(black_box(analysis.world()))));
    criterion.bench_function("plan", |bencher| {
        bencher.iter(|| plan::plan(analysis.world(), black_box(&analysis.verdicts)));
    });
    criterion.bench_function("edit", |bencher| bencher.iter_batched_ref(fresh, rewrite_all, BatchSize::LargeInput));
    let mut analysis = fresh();
    let rewritten = rewrite_all(&mut analysis).expect("the tree can be rewritten");
    criterion.bench_function("verify", |bencher| bencher.iter(|| verify_all(&analysis, black_box(&rewritten))));
    criterion.bench_function("diff", |bencher| {
        bencher.iter(|| {
            for done in &rewritten {
                let blocks = diff::blocks(&done.source.text, &done.edits);
                let path = &analysis.project.file(done.file).path;
                black_box(diff::unified(path, &done.before, &done.after, Some(&blocks), diff::Color::Never));
            }
        });
    });
}

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = look, change }
criterion_main!(benches);
