//! The proposal of `awaitify init` as TOML with comments.

use super::text::plural;
use crate::check::leaves;
use crate::color::{World, hazard};
use crate::plan::Counts;
use crate::project::plugin::TestPlugin;
use crate::proposal::{Calls, Layer, Proposal};

/// What is said beside the codemods and layers.
pub struct Around {
    pub plugin: TestPlugin,
    /// As the project states it.
    pub version: Option<String>,
    /// The environment that was found, below the project's root.
    pub environment: Option<String>,
    /// What a first run would do, once that is known.
    pub first_run: Option<Counts>,
}

/// The config file.
pub fn toml(world: World, proposal: &Proposal, around: &Around) -> String {
    let mut out = format!(
        "# Proposed by `awaitify init` for {} with {}. Read `awaitify diff` before you apply anything.\n",
        plural(proposal.files, "Python file"),
        plural(proposal.async_functions, "async function"),
    );
    if let Some(counts) = around.first_run {
        out += &format!(
            "# A first run would change {}: move {} off the loop, make {} async and await {}.\n",
            plural(counts.files, "file"),
            plural(counts.offloaded, "blocking call"),
            plural(counts.converted, "function"),
            plural(counts.awaited, "call"),
        );
    }
    out.push('\n');
    out += &codemods(proposal, around);
    out += &settings(world, proposal, around);
    out += &layers(world, proposal);
    out += &receivers(proposal);
    out
}

fn codemods(proposal: &Proposal, around: &Around) -> String {
    let mut lines = vec![];
    let mut left = vec![];
    let mut bound = None;
    for (name, calls) in proposal.drivers.iter().filter(|(name, _)| leaves::DRIVERS.contains(&name.as_str())) {
        let line = (name.clone(), counted(calls));
        if let ("sqlalchemy", true, Some(_)) = (name.as_str(), calls.matter(), &proposal.sqlite) {
            bound = Some(line);
        } else if calls.matter() {
            lines.push(line)
        } else {
            left.push(line)
        }
    }
    for (name, files) in &proposal.frameworks {
        let told = match *name {
            "pytest" => format!("{}, {}", imported(*files), plugin(around.plugin)),
            _ => imported(*files),
        };
        lines.push(((*name).to_owned(), told));
    }
    if proposal.receivers.iter().any(|receiver| receiver.name.ends_with("persistence")) {
        lines.push(("persistence".into(), "calls on `persistence` and `*_persistence`, see below".into()));
    }
    if proposal.fallbacks > 0 {
        lines.push((
            "asyncio-run".into(),
            format!("{} to rewrite", plural(proposal.fallbacks, "`asyncio.run` fallback")),
        ));
    }
    let mut out = String::from("codemods = [\n");
    for (name, told) in lines {
        out += &format!("    {:<16} # {told}\n", format!("\"{name}\","));
    }
    out += "]\n";
    if !left.is_empty() {
        out += "# Found where no async code gets, and so not proposed:\n";
        for (name, told) in left {
            out += &format!("#   \"{name}\": {told}\n");
        }
    }
    if let (Some((name, told)), Some(address)) = (bound, &proposal.sqlite) {
        out += &format!(
            "# Not proposed, as `{address}` may be opened, and SQLite refuses other threads than the one that opened it:\n\
             # let it take them (`check_same_thread`), then add this.\n#   \"{name}\": {told}\n"
        );
    }
    let others: Vec<String> =
        proposal.others.iter().map(|(name, files)| format!("{name} ({})", plural(*files, "file"))).collect();
    if !others.is_empty() {
        out += &format!(
            "# Sync packages without a codemod: {}.\n# Where they block async code (`awaitify check` tells), declare the class around them as below.\n",
            others.join(", ")
        );
    }
    out
}

fn counted(calls: &Calls) -> String {
    let all = plural(calls.all, "call");
    match (calls.in_async, calls.reached) {
        (0, 0) => all,
        (here, 0) => format!("{all}, {here} in async functions"),
        (0, below) => format!("{all}, {below} in sync functions that async code calls"),
        (here, below) => format!("{all}, {here} in async functions, {below} in sync functions that those call"),
    }
}

fn imported(files: usize) -> String {
    format!("imported by {}", plural(files, "file"))
}

fn plugin(plugin: TestPlugin) -> &'static str {
    match plugin {
        TestPlugin::AsyncioAuto => "async tests run by pytest-asyncio in auto mode",
        TestPlugin::AsyncioStrict => "async tests run by pytest-asyncio with markers",
        TestPlugin::Anyio => "async tests run by anyio",
        TestPlugin::Missing => "no plugin for async tests found",
    }
}

fn settings(world: World, proposal: &Proposal, around: &Around) -> String {
    let mut out = String::from(
        "\n# all: convert whatever leads to a blocking call | async: only what async code reaches | none: only wrap calls\n",
    );
    out += if proposal.async_functions == 0 {
        "# There is no async code yet, so everything would convert.\nreach = \"all\"\n"
    } else {
        "reach = \"async\"\n"
    };
    match &around.version {
        Some(version) => {
            out += &format!("# The project asks for Python {version}, which is the target by itself.\n");
            if !hazard::can_offload(world) {
                out += "# That has no `asyncio.to_thread`, so nothing is moved to a thread. If newer ones are enough, take the `#` away:\n\
                    # target-version = \"3.9\"\n";
            }
        }
        None => {
            out += "# The oldest Python that the code must run on; the project does not say it.\n# target-version = \"3.12\"\n"
        }
    }
    match &around.environment {
        Some(path) => out += &format!("# Types of installed packages come from `{path}`.\n"),
        None => {
            out += "# The environment with the packages that the code imports: types make less uncertain.\n# python = \".venv\"\n"
        }
    }
    out + "# keep_sync = [\"pkg.cli.*\"]\n"
}

fn layers(world: World, proposal: &Proposal) -> String {
    if proposal.layers.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "\n# Classes that look like blocking layers: each is left as it is, and every call of it goes to a thread.\n",
    );
    for layer in proposal.layers.iter().filter(|layer| layer.calls.matter()) {
        out += &entry(world, layer);
    }
    for layer in proposal.layers.iter().filter(|layer| !layer.calls.matter()).take(10) {
        let class = world.names().qualified_class(layer.class);
        out += &format!("# `{class}`: {}; no async code calls it.\n", told(layer));
    }
    out
}

fn told(layer: &Layer) -> String {
    format!(
        "{} of {} block, {} from outside",
        layer.blocking,
        plural(layer.methods, "public method"),
        counted(&layer.calls)
    )
}

fn entry(world: World, layer: &Layer) -> String {
    let class = world.names().qualified_class(layer.class);
    let told = told(layer);
    match layer.bound {
        None => format!("# {told}.\n[[blocking]]\nclass = \"{class}\"\nreach = \"async\"\n\n"),
        Some(what) => format!(
            "# {told}. It holds a {what}, which belongs to the thread that made it: let other threads use it, then take the `#` away.\n# [[blocking]]\n# class = \"{class}\"\n# reach = \"async\"\n\n"
        ),
    }
}

fn receivers(proposal: &Proposal) -> String {
    let shown: Vec<_> =
        proposal.receivers.iter().filter(|receiver| !receiver.name.ends_with("persistence")).take(8).collect();
    if shown.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "\n# Calls on names that blocking layers often go by, of a type that nobody knows. Take the `#` away from those that block.\n",
    );
    for receiver in shown {
        out += &format!(
            "# {} on `{}`, {} in async functions.\n# [[blocking]]\n# receiver = \"{}\"\n# reach = \"async\"\n",
            plural(receiver.calls, "call"),
            receiver.name,
            receiver.in_async,
            receiver.name,
        );
    }
    out
}

/// Is the codemod one that only the audit knows?
pub fn is_internal(codemod: &str) -> bool {
    [leaves::CALLS, leaves::FILES, leaves::LOOPS].contains(&codemod)
}
