//! The library: plans a migration, verifies it, and prints the diff. Nothing is written.
//!
//! ```sh
//! cargo run --locked --example migrate -- examples/shop
//! ```

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use awaitify::analysis::{analyze, rewrite_all, verify_all};
use awaitify::config::flags::Flags;
use awaitify::report::diff::{Color, unified};
use awaitify::report::words::{Places, sentence};

fn main() -> anyhow::Result<ExitCode> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    // The config of the project counts; flags would beat it.
    let mut analysis = analyze(&paths, &Flags::default())?;
    let rewritten = rewrite_all(&mut analysis)?;

    // Write nothing when a check fails: it is a bug in awaitify.
    let failures = verify_all(&analysis, &rewritten);
    for failure in &failures {
        eprintln!("{}: {}", failure.path, failure.message);
    }
    if !failures.is_empty() {
        return Ok(ExitCode::from(2));
    }

    let mut out = stdout().lock();
    for done in &rewritten {
        let path = &analysis.project.file(done.file).relative;
        out.write_all(&unified(path.as_ref(), &done.before, &done.after, None, Color::Never))?;
    }
    let world = analysis.world();
    let mut places = Places::new(world);
    for (func, cause) in &analysis.verdicts.stays {
        eprintln!("{} stays sync: {}", world.names().qualified_func(*func), sentence(world, &mut places, cause));
    }
    Ok(ExitCode::SUCCESS)
}
